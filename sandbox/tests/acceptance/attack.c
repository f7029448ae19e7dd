/* Tries one forbidden thing and says what the kernel answered: "NAME ok" or "NAME ENOENT". Raw system calls where the C
   library would stand in between. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/io_uring.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static char **arg;

static int octal(const char *s) { return (int)strtol(s, 0, 8); }
static int number(const char *s) { return (int)strtol(s, 0, 0); }

/* files */
static int do_write(void) { int fd = open(arg[0], O_WRONLY); return fd < 0 ? -1 : (int)write(fd, "x", 1); }
static int do_open_write(void) { return open(arg[0], O_WRONLY); }
/* Succeeds if any of many files can be opened. */
static int do_open_write_any(void) {
    for (; *arg; arg++) if (open(*arg, O_WRONLY) >= 0) return 0;
    return -1;
}
static int do_read(void) { char c; int fd = open(arg[0], O_RDONLY); return fd < 0 ? -1 : (int)read(fd, &c, 1); }
static int do_create(void) { return open(arg[0], O_WRONLY | O_CREAT | O_EXCL, 0644); }
static int do_link(void) { return link(arg[0], arg[1]); }
static int do_rename(void) { return rename(arg[0], arg[1]); }
static int do_unlink(void) { return unlink(arg[0]); }
static int do_truncate(void) { return truncate(arg[0], 0); }
static int do_utimes(void) { return utimensat(AT_FDCWD, arg[0], 0, 0); }

/* set-id modes, by every way in */
static int has_setid(const char *path) { struct stat st; return stat(path, &st) == 0 && (st.st_mode & 06000); }
static int do_chmod(void) { return (int)syscall(SYS_fchmodat, AT_FDCWD, arg[0], octal(arg[1])); }
static int do_fchmod(void) { return (int)syscall(SYS_fchmod, open(arg[0], O_RDONLY), octal(arg[1])); }
static int do_fchmodat2(void) { return (int)syscall(452, AT_FDCWD, arg[0], octal(arg[1]), 0); }
static int do_open_mode(void) { return open(arg[0], O_WRONLY | O_CREAT | O_EXCL, octal(arg[1])); }
static int do_openat2_mode(void) {
    uint64_t how[3] = { O_WRONLY | O_CREAT | O_EXCL, (uint64_t)octal(arg[1]), 0 };
    return (int)syscall(437, AT_FDCWD, arg[0], how, sizeof how);
}
static int do_mknod_mode(void) { return mknod(arg[0], S_IFREG | octal(arg[1]), 0); }
#ifdef __x86_64__
static int do_chmod_old(void) { return (int)syscall(SYS_chmod, arg[0], octal(arg[1])); }
static int do_creat_mode(void) { return (int)syscall(SYS_creat, arg[0], octal(arg[1])); }
/* The 32-bit entry, with 32-bit numbers: 15 is chmod. The path must lie below 4 GiB. */
static int do_chmod_int80(void) {
    static char low[256] __attribute__((aligned(16)));
    long result;
    strncpy(low, arg[0], sizeof low - 1);
    if ((uintptr_t)low >> 32) { errno = EFAULT; return -1; }
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(15), "b"(low), "c"(octal(arg[1])) : "memory", "r8", "r9", "r10", "r11");
    if (result < 0) { errno = (int)-result; return -1; }
    return 0;
}
/* x32: the same architecture to a filter, other numbers. */
static int do_chmod_x32(void) { return (int)syscall(0x40000000 | SYS_chmod, arg[0], octal(arg[1])); }
#endif
static int do_is_setid(void) { if (has_setid(arg[0])) return 0; errno = ENOENT; return -1; }
static int do_device(void) { return mknod(arg[0], S_IFCHR | 0666, makedev(1, 3)); }
/* Flags of a file (nodump), the old way and the new one. */
static int do_flags(void) { long flags = 0x40; return ioctl(open(arg[0], O_RDONLY), 0x40086602, &flags); }
static int do_file_setattr(void) { uint64_t attr[3] = { 0x80, 0, 0 }; return (int)syscall(469, AT_FDCWD, arg[0], attr, sizeof attr, 0); }
static int do_setxattr(void) { return setxattr(arg[0], "user.x", "y", 1, 0); }

/* mounts */
static int do_remount(void) { return mount(0, arg[0], 0, MS_REMOUNT | MS_BIND, 0); }
static int do_umount(void) { return umount2(arg[0], MNT_DETACH); }
static int do_bind(void) { return mount(arg[0], arg[1], 0, MS_BIND, 0); }
static int do_move(void) { return mount(arg[0], arg[1], 0, MS_MOVE, 0); }
static int do_tmpfs(void) { return mount("tmpfs", arg[0], "tmpfs", 0, 0); }
static int do_open_tree(void) { return (int)syscall(428, AT_FDCWD, arg[0], 1); }
static int do_mount_setattr(void) {
    uint64_t attr[4] = { 0, 1 /* clear read-only */, 0, 0 };
    return (int)syscall(442, AT_FDCWD, arg[0], 0, attr, sizeof attr);
}
static int do_fsopen(void) { return (int)syscall(430, "tmpfs", 0); }
static int do_pivot_root(void) { return (int)syscall(SYS_pivot_root, arg[0], arg[0]); }
static int do_chroot(void) { return chroot(arg[0]); }
static int do_handle(void) {
    struct { struct file_handle head; char room[128]; } handle;
    int id;
    memset(&handle, 0, sizeof handle);
    handle.head.handle_bytes = sizeof handle.room;
    if (name_to_handle_at(AT_FDCWD, arg[0], &handle.head, &id, 0) < 0) return -1;
    return open_by_handle_at(open(arg[0], O_RDONLY), &handle.head, O_RDONLY);
}
/* Upwards from a held descriptor, then the file. */
static int do_dotdot(void) {
    int fd = open(arg[0], O_RDONLY | O_DIRECTORY);
    if (fd < 0 || fchdir(fd) < 0) return -1;
    for (int i = 0; i < 64; i++) if (chdir("..") < 0) return -1;
    return open(arg[1], O_RDONLY);
}

/* namespaces */
static int in_child(long pid) {
    if (pid == 0) _exit(0);
    if (pid > 0) waitpid((pid_t)pid, 0, __WALL);
    return pid < 0 ? -1 : 0;
}
static int do_unshare(void) { return unshare(number(arg[0])); }
static int do_clone(void) { return in_child(syscall(SYS_clone, (long)number(arg[0]) | SIGCHLD, 0, 0, 0, 0)); }
static int do_clone3(void) {
    struct clone_args args;
    memset(&args, 0, sizeof args);
    args.flags = (uint64_t)number(arg[0]);
    args.exit_signal = SIGCHLD;
    return in_child(syscall(SYS_clone3, &args, sizeof args));
}
static int do_setns(void) { return setns(open(arg[0], O_RDONLY), 0); }

/* the kernel's side doors */
static int do_keyctl(void) { return (int)syscall(SYS_keyctl, 0 /* GET_KEYRING_ID */, -3 /* session */, 1); }
static int do_add_key(void) { return (int)syscall(SYS_add_key, "user", "pthbs", "x", 1, -2 /* process */); }
static int do_bpf(void) { return (int)syscall(SYS_bpf, 0, 0, 0); }
static int do_perf(void) {
    struct perf_event_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.size = sizeof attr;
    attr.type = PERF_TYPE_SOFTWARE;
    attr.config = PERF_COUNT_SW_TASK_CLOCK;
    attr.exclude_kernel = 1;
    return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}
static int do_userfaultfd(void) { return (int)syscall(SYS_userfaultfd, 1 /* user mode only */); }
static int do_io_uring(void) {
    struct io_uring_params params;
    memset(&params, 0, sizeof params);
    return (int)syscall(SYS_io_uring_setup, 1, &params);
}
static int do_syscall(void) { return (int)syscall(number(arg[0]), -1, 0, 0, 0, 0, 0); }

/* other processes */
static int do_ptrace(void) { return (int)ptrace(PTRACE_ATTACH, number(arg[0]), 0, 0); }
static int do_ptrace_child(void) {
    pid_t pid = fork();
    if (pid == 0) { pause(); _exit(0); }
    int result = (int)ptrace(PTRACE_ATTACH, pid, 0, 0), why = errno;
    kill(pid, SIGKILL);
    waitpid(pid, 0, __WALL);
    errno = why;
    return result;
}
static int do_kill(void) { return kill(number(arg[0]), number(arg[1])); }
static int do_shm_make(void) { return shmget(number(arg[0]), 1, IPC_CREAT | 0600); }
static int do_shm_remove(void) { return shmctl(shmget(number(arg[0]), 1, 0), IPC_RMID, 0); }
static int do_shm(void) { return shmget(number(arg[0]), 1, 0); }

/* sockets */
static int do_socket(void) { return socket(number(arg[0]), number(arg[1]), 0); }
/* With a protocol. */
static int do_socket_of(void) { return socket(number(arg[0]), number(arg[1]), number(arg[2])); }
/* Names the interfaces, through NETLINK_ROUTE: succeeds if they are "lo" alone. */
static int do_interfaces(void) {
    struct ifaddrs *first, *one;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0), count = 0;
    if (fd < 0 || getifaddrs(&first) < 0) return -1;
    for (one = first; one; one = one->ifa_next, count++)
        if (strcmp(one->ifa_name, "lo")) { errno = EEXIST; return -1; }
    return count > 0 ? 0 : -1;
}
/* Asks NETLINK_ROUTE to take an interface down: what the kernel answers. */
static int do_link_down(void) {
    struct { struct nlmsghdr head; struct ifinfomsg info; } ask;
    struct { struct nlmsghdr head; struct nlmsgerr error; } answer;
    int fd = socket(AF_NETLINK, SOCK_RAW, 0);
    memset(&ask, 0, sizeof ask);
    ask.head.nlmsg_len = sizeof ask;
    ask.head.nlmsg_type = RTM_NEWLINK;
    ask.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    ask.info.ifi_index = 1;
    ask.info.ifi_change = IFF_UP;
    if (fd < 0 || send(fd, &ask, sizeof ask, 0) < 0 || recv(fd, &answer, sizeof answer, 0) < 0) return -1;
    errno = -answer.error.error;
    return errno ? -1 : 0;
}
static int do_tcp(void) {
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)number(arg[1])) };
    inet_pton(AF_INET, arg[0], &to.sin_addr);
    return connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof to);
}
static int do_udp(void) {
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)number(arg[1])) };
    inet_pton(AF_INET, arg[0], &to.sin_addr);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0 || send(fd, "x", 1, 0) < 0) return -1;
    return (int)send(fd, "x", 1, 0); /* the first one's ICMP answer */
}
static int do_abstract(void) {
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    memcpy(to.sun_path + 1, arg[0], strlen(arg[0]));
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(arg[0]));
    return connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&to, length);
}
static int do_loopback(void) {
    struct sockaddr_in me = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t length = sizeof me;
    int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(server, (struct sockaddr *)&me, length) < 0 || listen(server, 1) < 0) return -1;
    getsockname(server, (struct sockaddr *)&me, &length);
    return connect(client, (struct sockaddr *)&me, length);
}

/* terminals */
static int do_tiocsti(void) { char c = '!'; return ioctl(number(arg[0]), TIOCSTI, &c); }
static int do_tiocsti_high(void) { char c = '!'; return (int)syscall(SYS_ioctl, number(arg[0]), 0x100000000UL | TIOCSTI, &c); }
static int do_line_discipline(void) { int n = 13 /* N_HDLC */; return ioctl(posix_openpt(O_RDWR | O_NOCTTY), TIOCSETD, &n); }
static int do_take_terminal(void) { return ioctl(number(arg[0]), TIOCSCTTY, 0); }
static int do_ptmx(void) { int fd = posix_openpt(O_RDWR | O_NOCTTY); return fd < 0 || grantpt(fd) < 0 || unlockpt(fd) < 0 ? -1 : open(ptsname(fd), O_RDWR | O_NOCTTY); }

static const struct { const char *name; int (*run)(void); } attacks[] = {
    { "write", do_write }, { "open-write", do_open_write },
    { "open-write-any", do_open_write_any }, { "read", do_read }, { "create", do_create },
    { "link", do_link }, { "rename", do_rename }, { "unlink", do_unlink }, { "truncate", do_truncate },
    { "utimes", do_utimes }, { "chmod", do_chmod }, { "fchmod", do_fchmod }, { "fchmodat2", do_fchmodat2 },
    { "open-mode", do_open_mode }, { "openat2-mode", do_openat2_mode }, { "mknod-mode", do_mknod_mode },
#ifdef __x86_64__
    { "chmod-old", do_chmod_old }, { "creat-mode", do_creat_mode }, { "chmod-int80", do_chmod_int80 },
    { "chmod-x32", do_chmod_x32 },
#endif
    { "is-setid", do_is_setid }, { "device", do_device }, { "setxattr", do_setxattr },
    { "flags", do_flags }, { "file-setattr", do_file_setattr }, { "remount", do_remount },
    { "umount", do_umount }, { "bind", do_bind }, { "move", do_move }, { "tmpfs", do_tmpfs },
    { "open-tree", do_open_tree }, { "mount-setattr", do_mount_setattr }, { "fsopen", do_fsopen },
    { "pivot-root", do_pivot_root }, { "chroot", do_chroot }, { "handle", do_handle }, { "dotdot", do_dotdot },
    { "unshare", do_unshare }, { "clone", do_clone }, { "clone3", do_clone3 }, { "setns", do_setns },
    { "keyctl", do_keyctl }, { "add-key", do_add_key }, { "bpf", do_bpf }, { "perf", do_perf },
    { "userfaultfd", do_userfaultfd }, { "io-uring", do_io_uring }, { "syscall", do_syscall },
    { "ptrace", do_ptrace }, { "ptrace-child", do_ptrace_child }, { "kill", do_kill }, { "shm", do_shm },
    { "shm-make", do_shm_make }, { "shm-remove", do_shm_remove },
    { "socket", do_socket }, { "socket-of", do_socket_of }, { "interfaces", do_interfaces },
    { "link-down", do_link_down }, { "tcp", do_tcp }, { "udp", do_udp }, { "abstract", do_abstract },
    { "loopback", do_loopback }, { "tiocsti", do_tiocsti }, { "tiocsti-high", do_tiocsti_high }, { "line-discipline", do_line_discipline },
    { "take-terminal", do_take_terminal }, { "ptmx", do_ptmx },
};

static const struct { int number; const char *name; } words[] = {
    { EPERM, "EPERM" }, { ENOENT, "ENOENT" }, { ESRCH, "ESRCH" }, { EIO, "EIO" }, { EBADF, "EBADF" },
    { EACCES, "EACCES" }, { EFAULT, "EFAULT" }, { EBUSY, "EBUSY" }, { EEXIST, "EEXIST" }, { EXDEV, "EXDEV" },
    { ENODEV, "ENODEV" }, { ENOTDIR, "ENOTDIR" }, { EINVAL, "EINVAL" }, { ENOTTY, "ENOTTY" }, { EFBIG, "EFBIG" },
    { ENOSPC, "ENOSPC" }, { EROFS, "EROFS" }, { ENOSYS, "ENOSYS" }, { ELOOP, "ELOOP" },
    { ENETUNREACH, "ENETUNREACH" }, { ECONNREFUSED, "ECONNREFUSED" }, { EOPNOTSUPP, "EOPNOTSUPP" },
    { EAFNOSUPPORT, "EAFNOSUPPORT" }, { EAGAIN, "EAGAIN" },
};

int main(int argc, char **argv) {
    static char *none[4] = { "", "", "", 0 };
    if (argc < 2) return 2;
    arg = argc > 2 ? argv + 2 : none;
    for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++) {
        if (strcmp(argv[1], attacks[i].name)) continue;
        errno = 0;
        umask(0);
        if (attacks[i].run() >= 0) { printf("%s ok\n", argv[1]); return 0; }
        for (size_t j = 0; j < sizeof words / sizeof *words; j++)
            if (words[j].number == errno) { printf("%s %s\n", argv[1], words[j].name); return 1; }
        printf("%s errno %d\n", argv[1], errno);
        return 1;
    }
    printf("%s: no such attack\n", argv[1]);
    return 2;
}
