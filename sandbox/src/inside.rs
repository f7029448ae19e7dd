//! Pid 1 of a sandbox: builds the root, gives up every right, starts the command, reaps, and ends with it.
//!
//! It runs in a copy of the supervisor's memory and never returns into it.

use std::ffi::CString;
use std::io::Write as _;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::prctl;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Gid, Pid, Uid, chdir, setgroups, sethostname, setresgid, setresuid, setsid};

use crate::error::{Error, Named as _, Result};
use crate::launch::{Descriptors, Job};
use crate::report::{Report, tell};
use crate::root::Plan;
use crate::spec::{Boundary, INSIDE_ID, Spec};
use crate::{diagnose, rights, seccomp, sys, terminal, weak};

/// Where the jobserver's descriptors lie inside: configure scripts use 3 to 9 for themselves.
const JOBSERVER: [i32; 2] = [198, 199];

/// The whole life of pid 1. `go` is both: the word that the maps are written, and the way to report.
pub(crate) fn run(job: &Job, stdio: &Descriptors, report: &OwnedFd) -> ! {
    // A panic must not unwind into the supervisor's frames: there, this process would go on as a second supervisor.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        introduce(stdio, report)?;
        match job.spec.boundary {
            Boundary::Namespaces => {
                start(job, stdio, report).and_then(|command| reap_until_end(command, report))
            }
            Boundary::Landlock => weak::live(job, stdio, report),
        }
    }));
    let error = match outcome {
        Ok(Ok(())) => sys::exit_now(0),
        Ok(Err(error)) => error,
        Err(_) => Error::new("a bug in the sandbox: pid 1 panicked"),
    };
    // A supervisor that is gone needs no report.
    let _ = tell(report, &Report::Failed(error));
    sys::exit_now(125)
}

/// A name of its own, nothing of the supervisor's, and the word to go on.
fn introduce(stdio: &Descriptors, report: &OwnedFd) -> Result<()> {
    close_foreign(stdio, report)?;
    prctl::set_name(c"pthbs-sandbox").named(|| "prctl(PR_SET_NAME)".to_string())?;
    wait_for_maps(report)
}

/// Every step from the fresh namespaces to the running command, in order.
fn start(job: &Job, stdio: &Descriptors, report: &OwnedFd) -> Result<Pid> {
    let spec = &job.spec;
    die_with_supervisor()?;
    rights::raise_open_files()?;
    prefer_as_victim();
    // The first steps that need rights over the new namespaces: a machine may give the namespaces and not the rights.
    name_the_host(&spec.host_name).and_then(|()| bring_loopback_up()).map_err(diagnose::powerless)?;
    // The last step that walks the host's paths, and with the caller's own uid.
    let plan = Plan::new(spec)?;
    become_inside_user(job.identity.changes)?;
    die_with_supervisor()?; // The kernel forgets it when the uid changes.
    prctl::set_dumpable(false).named(|| "prctl(PR_SET_DUMPABLE, 0)".to_string())?;
    umask(Mode::from_bits_truncate(0o022));
    plan.enter()?;
    chdir(&spec.cwd).named(|| format!("chdir({}) inside the sandbox", spec.cwd.display()))?;
    rights::limit(&spec.limits)?;
    if stdio.jobserver.is_some() {
        need_room_for_jobserver()?;
    }
    rights::drop_all()?;
    seccomp::apply(spec.boundary)?;
    let slave = stdio.terminal.as_ref().map(terminal::make).transpose()?;
    let command = sys::vfork(|| become_command(spec, stdio, slave.as_ref()))
        .named(|| "clone(the command)".to_string())?;
    match tell(report, &Report::Started) {
        Ok(()) => Ok(command),
        // Nobody is left to want it; the command ends with this process.
        Err(_) => sys::exit_now(125),
    }
}

/// Five more descriptors are needed while they are put into their places.
pub(crate) fn need_room_for_jobserver() -> Result<()> {
    rights::need_open_files(JOBSERVER[1] as u64 + 6)
}

/// Closes what belongs to the supervisor: other sandboxes' sockets above all.
fn close_foreign(stdio: &Descriptors, report: &OwnedFd) -> Result<()> {
    let mut keep: Vec<i32> = stdio.all().map(|fd| fd.as_raw_fd()).collect();
    keep.push(report.as_raw_fd());
    sys::close_all_but(3, &keep).named(|| "close_range".to_string())
}

/// Until the supervisor has written the maps, this process is nobody and can do nothing.
fn wait_for_maps(report: &OwnedFd) -> Result<()> {
    match crate::report::hear::<()>(report, true)? {
        crate::report::Heard::Message(()) => Ok(()),
        _ => sys::exit_now(125),
    }
}

pub(crate) fn die_with_supervisor() -> Result<()> {
    prctl::set_pdeathsig(Signal::SIGKILL).named(|| "prctl(PR_SET_PDEATHSIG)".to_string())
}

/// When memory runs out the kernel ends a build before anything else. What cannot be written is not needed.
fn prefer_as_victim() {
    let _ = std::fs::write("/proc/self/oom_score_adj", "500");
}

fn name_the_host(name: &str) -> Result<()> {
    sethostname(name).named(|| format!("sethostname({name})"))?;
    sys::set_domain_name("(none)").named(|| "setdomainname".to_string())
}

fn bring_loopback_up() -> Result<()> {
    let any = socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)
        .named(|| "socket(AF_INET)".to_string())?;
    sys::loopback_up(any.as_fd()).named(|| "ioctl(lo, SIOCSIFFLAGS, up)".to_string())
}

fn become_inside_user(changes: bool) -> Result<()> {
    let (uid, gid) = (Uid::from_raw(INSIDE_ID), Gid::from_raw(INSIDE_ID));
    if changes {
        // An ordinary user may not leave its groups: they stay, and mean nothing to the files of a store.
        setgroups(&[]).named(|| "setgroups(none)".to_string())?;
    }
    setresgid(gid, gid, gid).named(|| format!("setresgid({gid})"))?;
    setresuid(uid, uid, uid).named(|| format!("setresuid({uid})"))
}

/// Reaps whatever ends, until the command does; tells its status. Then pid 1 ends, and the kernel everything else.
fn reap_until_end(command: Pid, report: &OwnedFd) -> Result<()> {
    // Blocked since before the clone, so that none is lost.
    let signals =
        SignalFd::with_flags(&wanted_signals(), SfdFlags::SFD_CLOEXEC).named(|| "signalfd".to_string())?;
    loop {
        while let Some((pid, status)) = sys::reap(None).or_else(none_left).named(|| "waitpid".to_string())? {
            if pid == command {
                let _ = tell(report, &Report::Ended(status));
                return Ok(());
            }
        }
        let Some(signal) = signals.read_signal().named(|| "read(signalfd)".to_string())? else { continue };
        // Sender 0 is outside of the pid namespace: the supervisor. The build's own processes cannot ask for this.
        if signal.ssi_signo == Signal::SIGTERM as u32 && signal.ssi_pid == 0 {
            // To every process but this one. ESRCH: they are gone already.
            let _ = kill(Pid::from_raw(-1), Signal::SIGTERM);
        }
    }
}

pub(crate) fn none_left(errno: Errno) -> nix::Result<Option<(Pid, i32)>> {
    match errno {
        Errno::ECHILD => Ok(None),
        other => Err(other),
    }
}

/// The signals that pid 1 waits for; blocked by the supervisor before it clones.
pub(crate) fn wanted_signals() -> SigSet {
    [Signal::SIGCHLD, Signal::SIGTERM].into_iter().collect()
}

/// The command's process: descriptors, signals, exec. It has no way to report but its stderr and its status.
pub(crate) fn become_command(spec: &Spec, stdio: &Descriptors, terminal: Option<&OwnedFd>) -> ! {
    let errno = match arrange(stdio, terminal) {
        Ok(()) => execute(spec),
        Err(errno) => {
            complain(&format!("cannot arrange the descriptors: {}", errno.desc()));
            sys::exit_now(125)
        }
    };
    complain(&format!("cannot execute `{}`: {}", spec.argv[0], errno.desc()));
    sys::exit_now(if errno == Errno::ENOENT { 127 } else { 126 })
}

fn complain(text: &str) {
    // Stderr may be closed; the status says the same.
    let _ = std::io::stderr().write_all(format!("pthbs-sandbox: {text}\n").as_bytes());
}

/// Descriptors 0, 1, 2 and the jobserver's two; everything else is closed by exec.
fn arrange(stdio: &Descriptors, terminal: Option<&OwnedFd>) -> nix::Result<()> {
    // A session of its own: the caller's terminal, if that is its output, is not its controlling one.
    setsid()?;
    let null = open("/dev/null", OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty())?;
    let [stdin, stdout, stderr] = match terminal {
        Some(terminal) => [terminal; 3],
        None => [stdio.stdin.as_ref().unwrap_or(&null), &stdio.stdout, &stdio.stderr],
    };
    // First above every place that is to be filled, so that none is taken by one of them.
    let above = 1 + if stdio.jobserver.is_some() { JOBSERVER[1] } else { 2 };
    let moved = |fd: &OwnedFd| sys::duplicate_from(fd, above);
    let mut placed = vec![(moved(stdin)?, 0), (moved(stdout)?, 1), (moved(stderr)?, 2)];
    if let Some(jobserver) = &stdio.jobserver {
        for (fd, number) in jobserver.iter().zip(JOBSERVER) {
            placed.push((moved(fd)?, number));
        }
    }
    sys::close_on_exec_from(3)?;
    for (fd, number) in &placed {
        sys::place_descriptor(fd.as_fd(), *number)?;
    }
    if terminal.is_some() {
        sys::take_terminal(std::io::stdin().as_fd())?;
    }
    sys::default_signals()
}

/// Executes the command; returns only why that failed.
fn execute(spec: &Spec) -> Errno {
    let word = |text: &str| CString::new(text).expect("a validated spec has no NUL");
    let argv: Vec<CString> = spec.argv.iter().map(|text| word(text)).collect();
    let env: Vec<CString> = spec.env.iter().map(|(name, value)| word(&format!("{name}={value}"))).collect();
    let program = &spec.argv[0];
    if program.contains('/') {
        return sys::execve(&argv[0], &argv, &env);
    }
    // As execvp does: a directory that cannot be searched does not end the search, but it is remembered.
    let path = spec.env.iter().find(|(name, _)| name == "PATH").map_or("", |(_, value)| value.as_str());
    let mut result = Errno::ENOENT;
    for dir in path.split(':').filter(|dir| !dir.is_empty()) {
        match sys::execve(&word(&format!("{dir}/{program}")), &argv, &env) {
            Errno::ENOENT | Errno::ENOTDIR => {}
            Errno::EACCES => result = Errno::EACCES,
            other => return other,
        }
    }
    result
}

/// The descriptors a command gets, as borrowed ones.
impl Descriptors {
    fn all(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let jobserver = self.jobserver.iter().flatten();
        let others = [&self.stdout, &self.stderr].into_iter().chain(jobserver).chain(&self.terminal);
        self.stdin.iter().chain(others).map(OwnedFd::as_fd)
    }
}
