{% extends "kconfig" %}
{%# A small kernel for virtual machines: it boots from an initramfs or a virtio disk, on a serial console. #%}
{% set version = "6.12.107" if sources == "debian" else "6.12.112" %}
{% set meta = {
	"description": "Linux kernel for virtual machines with virtio",
	"license": "GPL-2.0-only WITH Linux-syscall-note",
	"homepage": "https://www.kernel.org/",
	"update": {"url": "https://cdn.kernel.org/pub/linux/kernel/v6.x/", "pattern": "linux-(6\\.12\\.[0-9]+)\\.tar\\.xz"},
} %}
{% if sources == "debian" %}
{% set source = src("deb-src:trixie/linux/linux_6.12.107.orig.tar.xz", name="linux-6.12.107.tar.xz",
	sha256="efc76d3c78a5d65f42724118c437d11db1c9f6309a5f024ee9a8b1978fdc6919") %}
{% else %}
{% set source = src("https://cdn.kernel.org/pub/linux/kernel/v6.x/linux-6.12.112.tar.xz",
	sha256="164dc9d1f6c93c61a15e1f071c48379b467f2b17c469cce7223471968208ed03") %}
{% endif %}
{% do tool("flex") %}
{% do tool("bison") %}
{%# objtool, which the build runs, reads and writes ELF files. #%}
{% do dep("libelf") %}
{% set defconfig = "tinyconfig" %}
{% set make_flags = [
	"ARCH=x86_64 CC=\"$CC\" HOSTCC=\"$CC\" HOSTCFLAGS=\"$CPPFLAGS\" HOSTLDFLAGS=\"$LDFLAGS -lz\"",
	"KBUILD_BUILD_TIMESTAMP=1980-01-02 KBUILD_BUILD_USER=pthbs KBUILD_BUILD_HOST=pthbs",
] %}
{% set build_targets = ["bzImage"] %}
{% set config = {
	"PRINTK": true, "TTY": true, "UNIX98_PTYS": true, "SERIAL_8250": true, "SERIAL_8250_CONSOLE": true, "ACPI": true,
	"PCI": true, "HYPERVISOR_GUEST": true, "PARAVIRT": true, "KVM_GUEST": true, "SMP": true, "BINFMT_ELF": true,
	"BINFMT_SCRIPT": true, "BLK_DEV_INITRD": true, "RD_GZIP": true, "KERNEL_GZIP": true, "MULTIUSER": true,
	"FUTEX": true, "EPOLL": true, "SIGNALFD": true, "TIMERFD": true, "EVENTFD": true, "POSIX_TIMERS": true, "AIO": true,
	"INOTIFY_USER": true, "FILE_LOCKING": true, "SHMEM": true, "MEMFD_CREATE": true, "SYSVIPC": true,
	"POSIX_MQUEUE": true, "ADVISE_SYSCALLS": true, "MEMBARRIER": true, "NAMESPACES": true, "UTS_NS": true,
	"IPC_NS": true, "USER_NS": true, "PID_NS": true, "NET_NS": true, "CGROUPS": true, "MEMCG": true,
	"CGROUP_PIDS": true, "SECCOMP": true, "SECCOMP_FILTER": true, "BLOCK": true, "BLK_DEV": true, "VIRTIO_MENU": true,
	"VIRTIO_PCI": true, "VIRTIO_BLK": true, "VIRTIO_NET": true, "VIRTIO_CONSOLE": true, "HW_RANDOM": true,
	"HW_RANDOM_VIRTIO": true, "NET": true, "INET": true, "IPV6": true, "UNIX": true, "PACKET": true, "NETDEVICES": true,
	"NET_CORE": true, "DEVTMPFS": true, "DEVTMPFS_MOUNT": true, "PROC_FS": true, "PROC_SYSCTL": true, "SYSFS": true,
	"TMPFS": true, "TMPFS_POSIX_ACL": true, "TMPFS_XATTR": true, "EXT4_FS": true, "EXT4_FS_POSIX_ACL": true,
	"OVERLAY_FS": true,
} %}
{% block install %}
	mkdir -p "$out/boot"
	cp arch/x86/boot/bzImage "$out/boot/vmlinuz"
	cp .config "$out/boot/config"
{% endblock %}
