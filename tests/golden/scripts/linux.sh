#!/bin/sh
#@ pthbs 1
#@ name linux
#@ version 6.12.112
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:164dc9d1f6c93c61a15e1f071c48379b467f2b17c469cce7223471968208ed03 linux-6.12.112.tar.xz
#@ tool bison.6b4af2a2e9818224c468756101ea31382d5ec0708b7e2f7639dc22b5d8cea703
#@ tool busybox.8efcb74ad6e490a3e3b3afb675e98af0888ccd530fe1c3268a5324f5e63387fe
#@ tool flex.bca96638783c2034a758e577053fe89b9e82449388cac451afe62c4b9b015c04
#@ tool gnu-make.258e9f5c018ee9e96336e71b7afadfb9f6d941966aabcbaaa77ef587463bf5f4
#@ tool musl-cross-make.938349c4209476926861e39acca2c48bf84c65df3ad2a6ee974aa1b8f116340e
#@ dep libelf.573274e67f69622d93db6c25868e52261bd2f7396d7111d1b4638c7d2b769b58
#@ build sandbox=on set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2"
export CXX=x86_64-linux-musl-g++ CXXFLAGS="$CFLAGS"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

# Libraries, and what they use in turn: a static library brings nothing along.
deps="
	/versions/libelf.573274e67f69622d93db6c25868e52261bd2f7396d7111d1b4638c7d2b769b58
	/versions/zlib.8a40da72f55f5915a5d957716b17345331c0874ba684ce69c09893792713be97
"
for dep in $deps; do
	CPPFLAGS="$CPPFLAGS -I$dep/include"
	LDFLAGS="$LDFLAGS -L$dep/lib"
	PKG_CONFIG_LIBDIR="$PKG_CONFIG_LIBDIR:$dep/lib/pkgconfig"
done

cd "$src/linux-6.12.112"

phase_configure() {
	make ARCH=x86_64 CC="$CC" HOSTCC="$CC" HOSTCFLAGS="$CPPFLAGS" HOSTLDFLAGS="$LDFLAGS -lz" KBUILD_BUILD_TIMESTAMP=1980-01-02 KBUILD_BUILD_USER=pthbs KBUILD_BUILD_HOST=pthbs tinyconfig
	cat >config.wanted <<'EOF'
CONFIG_ACPI=y
CONFIG_ADVISE_SYSCALLS=y
CONFIG_AIO=y
CONFIG_BINFMT_ELF=y
CONFIG_BINFMT_SCRIPT=y
CONFIG_BLK_DEV=y
CONFIG_BLK_DEV_INITRD=y
CONFIG_BLOCK=y
CONFIG_CGROUPS=y
CONFIG_CGROUP_PIDS=y
CONFIG_DEVTMPFS=y
CONFIG_DEVTMPFS_MOUNT=y
CONFIG_EPOLL=y
CONFIG_EVENTFD=y
CONFIG_EXT4_FS=y
CONFIG_EXT4_FS_POSIX_ACL=y
CONFIG_FILE_LOCKING=y
CONFIG_FUTEX=y
CONFIG_HW_RANDOM=y
CONFIG_HW_RANDOM_VIRTIO=y
CONFIG_HYPERVISOR_GUEST=y
CONFIG_INET=y
CONFIG_INOTIFY_USER=y
CONFIG_IPC_NS=y
CONFIG_IPV6=y
CONFIG_KERNEL_GZIP=y
CONFIG_KVM_GUEST=y
CONFIG_MEMBARRIER=y
CONFIG_MEMCG=y
CONFIG_MEMFD_CREATE=y
CONFIG_MULTIUSER=y
CONFIG_NAMESPACES=y
CONFIG_NET=y
CONFIG_NETDEVICES=y
CONFIG_NET_CORE=y
CONFIG_NET_NS=y
CONFIG_OVERLAY_FS=y
CONFIG_PACKET=y
CONFIG_PARAVIRT=y
CONFIG_PCI=y
CONFIG_PID_NS=y
CONFIG_POSIX_MQUEUE=y
CONFIG_POSIX_TIMERS=y
CONFIG_PRINTK=y
CONFIG_PROC_FS=y
CONFIG_PROC_SYSCTL=y
CONFIG_RD_GZIP=y
CONFIG_SECCOMP=y
CONFIG_SECCOMP_FILTER=y
CONFIG_SERIAL_8250=y
CONFIG_SERIAL_8250_CONSOLE=y
CONFIG_SHMEM=y
CONFIG_SIGNALFD=y
CONFIG_SMP=y
CONFIG_SYSFS=y
CONFIG_SYSVIPC=y
CONFIG_TIMERFD=y
CONFIG_TMPFS=y
CONFIG_TMPFS_POSIX_ACL=y
CONFIG_TMPFS_XATTR=y
CONFIG_TTY=y
CONFIG_UNIX=y
CONFIG_UNIX98_PTYS=y
CONFIG_USER_NS=y
CONFIG_UTS_NS=y
CONFIG_VIRTIO_BLK=y
CONFIG_VIRTIO_CONSOLE=y
CONFIG_VIRTIO_MENU=y
CONFIG_VIRTIO_NET=y
CONFIG_VIRTIO_PCI=y
EOF
	# Each symbol once: whether the first or the last line counts depends on the program. What is asked about anew gets
	# its default.
	mv .config config.default
	sed -e 's/^# //' -e 's/[ =].*//' config.wanted >config.symbols
	grep -vwFf config.symbols config.default | cat - config.wanted >.config
	yes '' | make ARCH=x86_64 CC="$CC" HOSTCC="$CC" HOSTCFLAGS="$CPPFLAGS" HOSTLDFLAGS="$LDFLAGS -lz" KBUILD_BUILD_TIMESTAMP=1980-01-02 KBUILD_BUILD_USER=pthbs KBUILD_BUILD_HOST=pthbs oldconfig >config.log
	# A symbol whose dependencies are not met is dropped without a word.
	while read -r line; do
		symbol=${line#'# '} symbol=${symbol%%[ =]*}
		case $line in
			'#'*) ! grep "^$symbol=" .config ;;
			*) grep -qxF "$line" .config ;;
		esac || { echo "configuration: $symbol did not take" >&2; exit 1; }
	done <config.wanted
}

phase_build() {
	make ARCH=x86_64 CC="$CC" HOSTCC="$CC" HOSTCFLAGS="$CPPFLAGS" HOSTLDFLAGS="$LDFLAGS -lz" KBUILD_BUILD_TIMESTAMP=1980-01-02 KBUILD_BUILD_USER=pthbs KBUILD_BUILD_HOST=pthbs bzImage
}

phase_install() {
	mkdir -p "$out/boot"
	cp arch/x86/boot/bzImage "$out/boot/vmlinuz"
	cp .config "$out/boot/config"
}

echo '#@ phase configure'
phase_configure
echo '#@ phase build'
phase_build
echo '#@ phase install'
phase_install
