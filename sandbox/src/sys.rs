//! The system calls that no crate wraps safely. All the unsafe code of the project is in this file.
#![allow(unsafe_code)] // Each block is one call of the kernel's or C's interface and says why it is sound.

use std::convert::Infallible;
use std::ffi::{CStr, CString, c_int, c_long, c_uint, c_void};
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::Result;
use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::sys::signal::Signal;
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, RecvMsg, recvmsg, sendmsg};
use nix::unistd::{ForkResult, Pid};

/// `struct clone_args` of the kernel, version 0: all that is needed here.
#[repr(C)]
#[derive(Default)]
struct CloneArgs {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
}

/// Who one is after [`clone3`].
pub(crate) enum Cloned {
    Parent { pid: Pid, pidfd: OwnedFd },
    Child,
}

/// Forks into the namespaces that `flags` names, and gives the parent a descriptor of the child.
///
/// For processes of one thread: the child goes on with a copy of the whole memory, locks included.
pub(crate) fn clone3(flags: CloneFlags) -> Result<Cloned> {
    let mut pidfd: RawFd = -1;
    let args = CloneArgs {
        flags: (flags.bits() as u32 as u64) | (libc::CLONE_PIDFD as u64),
        pidfd: (&raw mut pidfd) as u64,
        exit_signal: libc::SIGCHLD as u64,
        ..CloneArgs::default()
    };
    // SAFETY: without CLONE_VM and without a stack this is a fork: the child has its own copy of everything. `args` and
    // `pidfd` outlive the call, and the size given is that of the struct.
    match unsafe { libc::syscall(libc::SYS_clone3, &raw const args, size_of::<CloneArgs>()) } {
        -1 => Err(Errno::last()),
        0 => Ok(Cloned::Child),
        pid => {
            // SAFETY: the kernel has just made `pidfd` for this process alone.
            let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
            Ok(Cloned::Parent { pid: Pid::from_raw(pid as i32), pidfd })
        }
    }
}

/// fork(2). For processes of one thread.
pub(crate) fn fork() -> Result<ForkResult> {
    // SAFETY: the callers have one thread, so that no lock can be held by a thread the child does not have.
    unsafe { nix::unistd::fork() }
}

/// Starts a child that runs `life` in this process's own memory, and waits until it has executed a program or ended.
///
/// As posix_spawn does it: a fork would copy the page tables, fault in again what it touches, and exec throw all of that
/// away. For processes of one thread.
pub(crate) fn vfork(mut life: impl FnMut() -> Infallible) -> Result<Pid> {
    const STACK: usize = 256 << 10;
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK;
    // Mapped, not allocated: a page that nobody touches is never made.
    // SAFETY: a new mapping at a place of the kernel's choice touches no other memory.
    let stack = unsafe { libc::mmap(std::ptr::null_mut(), STACK, access, kind, -1, 0) };
    if stack == libc::MAP_FAILED {
        return Err(Errno::last());
    }
    // SAFETY: the mapping is that long, new and zero, belongs to nobody else and is never unmapped.
    let stack = unsafe { std::slice::from_raw_parts_mut(stack.cast::<u8>(), STACK) };
    let flags = CloneFlags::CLONE_VM | CloneFlags::CLONE_VFORK;
    // SAFETY: with CLONE_VFORK this thread, the only one, sleeps while the child is in its memory; the child has a stack of
    // its own and never returns from `life`.
    unsafe { nix::sched::clone(Box::new(|| match life() {}), stack, flags, Some(libc::SIGCHLD)) }
}

/// Ends this process at once: no destructors, no buffers, nothing of the parent's that was copied.
pub(crate) fn exit_now(status: i32) -> ! {
    // SAFETY: never returns and touches no memory.
    unsafe { libc::_exit(status) }
}

/// The error that a raw system call left, if any.
fn checked(result: c_long) -> Result<c_long> {
    Errno::result(result)
}

/// Takes over a descriptor that a system call has just made.
fn owned(result: c_long) -> Result<OwnedFd> {
    // SAFETY: only called with the result of a call that returns a new descriptor or -1, which `checked` filters.
    checked(result).map(|fd| unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

/// A detached copy of the mount tree at `path` (below `dir`, if it is relative), submounts included.
pub(crate) fn open_tree(dir: BorrowedFd<'_>, path: &CStr) -> Result<OwnedFd> {
    let flags = libc::OPEN_TREE_CLONE | libc::OPEN_TREE_CLOEXEC | (libc::AT_RECURSIVE as c_uint);
    // SAFETY: `path` is a C string that outlives the call.
    owned(unsafe { libc::syscall(libc::SYS_open_tree, dir.as_raw_fd(), path.as_ptr(), flags) })
}

/// Mounts the detached tree `tree` on the entry `name` of `parent`, and never on what a symlink there leads to.
pub(crate) fn move_mount(tree: BorrowedFd<'_>, parent: BorrowedFd<'_>, name: &CStr) -> Result<()> {
    const FROM_EMPTY_PATH: c_uint = 0x4;
    let (from, to) = (c"".as_ptr(), name.as_ptr());
    // SAFETY: both paths are C strings that outlive the call.
    let moved = unsafe {
        libc::syscall(libc::SYS_move_mount, tree.as_raw_fd(), from, parent.as_raw_fd(), to, FROM_EMPTY_PATH)
    };
    checked(moved).map(drop)
}

/// `struct mount_attr` of the kernel.
#[repr(C)]
#[derive(Default)]
struct MountAttr {
    attr_set: u64,
    attr_clr: u64,
    propagation: u64,
    userns_fd: u64,
}

/// Sets the MOUNT_ATTR flags `set` on the tree `tree`, with its submounts or without them, and makes it private.
pub(crate) fn mount_setattr(tree: BorrowedFd<'_>, set: u64, recursive: bool) -> Result<()> {
    let attr = MountAttr { attr_set: set, propagation: libc::MS_PRIVATE, ..MountAttr::default() };
    let flags = libc::AT_EMPTY_PATH | if recursive { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: `attr` outlives the call and the size given is its own.
    let done = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            tree.as_raw_fd(),
            c"".as_ptr(),
            flags as c_uint,
            &raw const attr,
            size_of::<MountAttr>(),
        )
    };
    checked(done).map(drop)
}

/// Whether the kernel has mount_setattr(2), and so all of the mount API of 5.12.
pub(crate) fn has_mount_setattr() -> bool {
    // SAFETY: a null attribute of size 0 is refused before it is read.
    let refused = unsafe {
        libc::syscall(libc::SYS_mount_setattr, -1, c"".as_ptr(), 0, std::ptr::null::<c_void>(), 0usize)
    };
    // A container's system call filter may say EPERM for what it does not know.
    checked(refused).is_err_and(|errno| !matches!(errno, Errno::ENOSYS | Errno::EPERM))
}

/// Whether the kernel takes system call filters that answer with an error.
pub(crate) fn has_seccomp_filter() -> bool {
    const SECCOMP_GET_ACTION_AVAIL: c_uint = 2;
    let action: u32 = libc::SECCOMP_RET_ERRNO;
    // SAFETY: this operation reads the one word, which outlives the call.
    let asked = unsafe { libc::syscall(libc::SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &raw const action) };
    checked(asked).is_ok()
}

/// Puts this process and all that come of it under a system call filter. It has given up new privileges before.
pub(crate) fn filter_calls(program: &[libc::sock_filter]) -> Result<()> {
    let length = program.len().try_into().map_err(|_| Errno::E2BIG)?;
    let program = libc::sock_fprog { len: length, filter: program.as_ptr().cast_mut() };
    // SAFETY: the kernel copies the filter, and writes to none of it; both outlive the call.
    checked(unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const program) })
        .map(drop)
}

/// The version of Landlock that the kernel has and has not switched off.
pub(crate) fn landlock_version() -> Result<u32> {
    const VERSION: c_uint = 1;
    // SAFETY: with this flag the attributes must be null and of size 0.
    let version = unsafe {
        libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<c_void>(), 0usize, VERSION)
    };
    checked(version).map(|version| version as u32)
}

/// A new detached mount of a file system without a device; `options` as in mount(8), an empty value sets a flag.
pub(crate) fn fsmount(fs: &CStr, options: &[(&CStr, &CStr)], attributes: u64) -> Result<OwnedFd> {
    const FSCONFIG_SET_FLAG: c_uint = 0;
    const FSCONFIG_SET_STRING: c_uint = 1;
    const FSCONFIG_CMD_CREATE: c_uint = 6;
    const CLOEXEC: c_uint = 1;
    let null = std::ptr::null::<libc::c_char>();
    // SAFETY: `fs` is a C string that outlives the call.
    let context = owned(unsafe { libc::syscall(libc::SYS_fsopen, fs.as_ptr(), CLOEXEC) })?;
    for (key, value) in options {
        let (command, value) = match value.is_empty() {
            true => (FSCONFIG_SET_FLAG, null),
            false => (FSCONFIG_SET_STRING, value.as_ptr()),
        };
        // SAFETY: key and value are C strings that outlive the call; a flag has the null value the kernel wants.
        let set = unsafe {
            libc::syscall(libc::SYS_fsconfig, context.as_raw_fd(), command, key.as_ptr(), value, 0)
        };
        checked(set)?;
    }
    // SAFETY: the create command takes neither key nor value.
    checked(unsafe {
        libc::syscall(libc::SYS_fsconfig, context.as_raw_fd(), FSCONFIG_CMD_CREATE, null, null, 0)
    })?;
    // SAFETY: plain numbers.
    owned(unsafe { libc::syscall(libc::SYS_fsmount, context.as_raw_fd(), CLOEXEC, attributes as c_uint) })
}

/// Makes the current directory the root and stacks the old root on the same place, to be unmounted next.
pub(crate) fn pivot_root_here() -> Result<()> {
    // SAFETY: static C strings.
    checked(unsafe { libc::syscall(libc::SYS_pivot_root, c".".as_ptr(), c".".as_ptr()) }).map(drop)
}

/// Sends a signal to the process behind `pidfd`: never to another one that got its number.
pub(crate) fn pidfd_send_signal(pidfd: BorrowedFd<'_>, signal: Signal) -> Result<()> {
    let info = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: a null siginfo asks for that of kill(2).
    let sent = unsafe {
        libc::syscall(libc::SYS_pidfd_send_signal, pidfd.as_raw_fd(), signal as c_int, info, 0 as c_uint)
    };
    checked(sent).map(drop)
}

/// Closes every descriptor from `first` on that is not in `keep`.
///
/// Only for a process just forked, which never drops what its parent's objects own.
pub(crate) fn close_all_but(first: RawFd, keep: &[RawFd]) -> Result<()> {
    let mut keep: Vec<RawFd> = keep.iter().copied().filter(|&fd| fd >= first).collect();
    keep.sort_unstable();
    let mut from = first;
    for fd in keep {
        if from < fd {
            close_range(from, fd - 1, 0)?;
        }
        from = fd + 1;
    }
    close_range(from, RawFd::MAX, 0)
}

/// Marks every descriptor from `first` on to be closed by exec.
pub(crate) fn close_on_exec_from(first: RawFd) -> Result<()> {
    const CLOSE_RANGE_CLOEXEC: c_uint = 4;
    close_range(first, RawFd::MAX, CLOSE_RANGE_CLOEXEC)
}

fn close_range(first: RawFd, last: RawFd, flags: c_uint) -> Result<()> {
    // SAFETY: plain numbers. That no object goes on using a closed descriptor is what the callers promise.
    checked(unsafe { libc::syscall(libc::SYS_close_range, first as c_uint, last as c_uint, flags) }).map(drop)
}

/// Makes `fd` also the descriptor `number`, open across exec.
pub(crate) fn place_descriptor(fd: BorrowedFd<'_>, number: RawFd) -> Result<()> {
    // SAFETY: plain numbers; the only caller is about to exec and owns nothing at `number`.
    Errno::result(unsafe { libc::dup2(fd.as_raw_fd(), number) }).map(drop)
}

/// Sends one message with descriptors over a SOCK_SEQPACKET socket.
pub(crate) fn send_with_descriptors(
    socket: BorrowedFd<'_>,
    bytes: &[u8],
    fds: &[BorrowedFd<'_>],
) -> Result<()> {
    let raw: Vec<RawFd> = fds.iter().map(AsRawFd::as_raw_fd).collect();
    let rights = [ControlMessage::ScmRights(&raw)];
    let control: &[ControlMessage<'_>] = if raw.is_empty() { &[] } else { &rights };
    loop {
        match sendmsg::<()>(socket.as_raw_fd(), &[IoSlice::new(bytes)], control, MsgFlags::MSG_NOSIGNAL, None)
        {
            Err(Errno::EINTR) => {}
            sent => return sent.map(drop),
        }
    }
}

/// Receives one message and its descriptors into `bytes`; its length is 0 when the other end is closed.
pub(crate) fn receive_with_descriptors(
    socket: BorrowedFd<'_>,
    bytes: &mut [u8],
) -> Result<(usize, Vec<OwnedFd>)> {
    let mut space = nix::cmsg_space!([RawFd; 16]);
    let mut parts = [IoSliceMut::new(bytes)];
    let message: RecvMsg<'_, '_, ()> = loop {
        match recvmsg(socket.as_raw_fd(), &mut parts, Some(&mut space), MsgFlags::MSG_CMSG_CLOEXEC) {
            Err(Errno::EINTR) => space.clear(),
            received => break received?,
        }
    };
    let mut fds = Vec::new();
    for part in message.cmsgs()? {
        if let ControlMessageOwned::ScmRights(raw) = part {
            // SAFETY: the kernel has just made these descriptors for this process, and nothing else holds them.
            fds.extend(raw.into_iter().map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }));
        }
    }
    Ok((message.bytes, fds))
}

/// Sets every signal back to what a fresh process has: default action, none blocked.
///
/// Rust ignores SIGPIPE, a caller may ignore SIGCHLD or SIGINT, and exec keeps what is ignored.
pub(crate) fn default_signals() -> Result<()> {
    for number in 1..=libc::SIGRTMAX() {
        // SAFETY: the default action runs no code of this process. KILL, STOP and the C library's own are refused.
        unsafe { libc::signal(number, libc::SIG_DFL) };
    }
    nix::sys::signal::SigSet::empty().thread_set_mask()
}

/// Reaps one child that has ended, without waiting: its pid and its status as wait(2) gives it.
///
/// Raw, because nix refuses the status of a process that a real-time signal killed.
pub(crate) fn reap(pid: Option<Pid>) -> Result<Option<(Pid, i32)>> {
    let mut status = 0;
    loop {
        // SAFETY: `status` outlives the call.
        let ended = unsafe { libc::waitpid(pid.map_or(-1, Pid::as_raw), &raw mut status, libc::WNOHANG) };
        match Errno::result(ended) {
            Err(Errno::EINTR) => {}
            Ok(0) => return Ok(None),
            ended => return ended.map(|pid| Some((Pid::from_raw(pid), status))),
        }
    }
}

/// Sets SIGCHLD to its default action: while it is ignored, the kernel reaps children itself and their status is lost.
pub(crate) fn default_sigchld() {
    // SAFETY: the default action runs no code of this process.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
}

/// Empties the effective, permitted and inheritable capability sets of this thread.
pub(crate) fn drop_capability_sets() -> Result<()> {
    const VERSION_3: u32 = 0x2008_0522;
    let header: [u32; 2] = [VERSION_3, 0];
    let sets = [0u32; 6];
    // SAFETY: version 3 has a header of two and data of six 32-bit words; both outlive the call.
    checked(unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), sets.as_ptr()) }).map(drop)
}

/// Drops capability `number` from the bounding set; EINVAL says that the kernel has no such capability.
pub(crate) fn drop_from_bounding_set(number: c_int) -> Result<()> {
    // SAFETY: plain numbers.
    Errno::result(unsafe { libc::prctl(libc::PR_CAPBSET_DROP, number, 0, 0, 0) }).map(drop)
}

/// Empties the ambient capability set.
pub(crate) fn clear_ambient_set() -> Result<()> {
    // SAFETY: plain numbers.
    Errno::result(unsafe { libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) })
        .map(drop)
}

/// Sets the NIS domain name of this UTS namespace, which begins as a copy of the host's.
pub(crate) fn set_domain_name(name: &str) -> Result<()> {
    // SAFETY: pointer and length are those of `name`.
    Errno::result(unsafe { libc::setdomainname(name.as_ptr().cast(), name.len()) }).map(drop)
}

/// Brings the loopback interface up, through any internet socket of its network namespace.
pub(crate) fn loopback_up(socket: BorrowedFd<'_>) -> Result<()> {
    // SAFETY: zero is a valid value of every member of this C struct.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(c"lo".to_bytes_with_nul()) {
        *to = *from as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    // SAFETY: the request is an `ifreq`, as this ioctl wants, and outlives the call.
    Errno::result(unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS as _, &raw const request) })
        .map(drop)
}

/// Makes `terminal` the controlling terminal of this session, which has none.
pub(crate) fn take_terminal(terminal: BorrowedFd<'_>) -> Result<()> {
    // SAFETY: plain numbers.
    Errno::result(unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSCTTY as _, 0) }).map(drop)
}

/// Gives terminal `to` the size of terminal `from`.
pub(crate) fn copy_window_size(from: BorrowedFd<'_>, to: BorrowedFd<'_>) -> Result<()> {
    // SAFETY: zero is a valid value of every member of this C struct.
    let mut size: libc::winsize = unsafe { std::mem::zeroed() };
    // SAFETY: this ioctl fills in a `winsize`, which outlives the call.
    Errno::result(unsafe { libc::ioctl(from.as_raw_fd(), libc::TIOCGWINSZ as _, &raw mut size) })?;
    // SAFETY: this ioctl reads a `winsize`, which outlives the call.
    Errno::result(unsafe { libc::ioctl(to.as_raw_fd(), libc::TIOCSWINSZ as _, &raw const size) }).map(drop)
}

/// Runs a program in place of this process; returns only the reason why it could not.
pub(crate) fn execve(program: &CStr, argv: &[CString], env: &[CString]) -> Errno {
    match nix::unistd::execve(program, argv, env) {
        Ok(never) => match never {},
        Err(errno) => errno,
    }
}

/// A further, close-on-exec descriptor of what `fd` is open on, numbered `least` or above.
pub(crate) fn duplicate_from(fd: impl AsFd, least: RawFd) -> Result<OwnedFd> {
    let raw = nix::fcntl::fcntl(fd.as_fd(), nix::fcntl::FcntlArg::F_DUPFD_CLOEXEC(least))?;
    owned(c_long::from(raw))
}
