//! The weak sandbox, for machines that refuse user namespaces: Landlock, a system call filter and limits, nothing mounted.
//!
//! What it holds: files besides the binds' cannot be read or written, no socket can be made, no capability is left,
//! processes end with the command. What it does not: names and attributes of the host's files and processes can be seen
//! (Landlock forbids opening, not looking), paths are the host's own, and before Linux 6.12 signals reach the caller's
//! other processes. So it is taken on request alone.

use std::os::fd::OwnedFd;
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;
use std::time::Duration;

use landlock::{
    ABI, Access as _, AccessFs, BitFlags, CompatLevel, Compatible as _, PathBeneath, PathFd, Ruleset,
    RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetStatus, Scope,
};
use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{ForkResult, Gid, Pid, Uid, chdir, getpid, setgroups, setresgid, setresuid};

use crate::error::{Error, Named as _, Result};
use crate::identity::Identity;
use crate::launch::{Descriptors, Job};
use crate::report::{Report, tell};
use crate::spec::{Access, Bind, Boundary, Spec};
use crate::{inside, rights, seccomp, sys, terminal};

/// Before version 3 (Linux 6.2) nothing keeps a command from truncating whatever its user may write.
pub(crate) const LEAST: u32 = 3;
const LEAST_ABI: ABI = ABI::V3;
/// What later versions can forbid is forbidden where the kernel has them.
const NEWEST_ABI: ABI = ABI::V6;

/// Ends the supervisor and all that it watches over. Not KILL: that would end the supervisor alone.
pub(crate) const END: Signal = Signal::SIGUSR1;

/// What every command may open besides its binds.
const DEVICES: [&str; 5] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];
const READABLE: [&str; 4] = ["/proc", "/etc/passwd", "/etc/group", "/etc/hosts"];

/// Says so where the kernel cannot do it. Asked before anything is started.
pub(crate) fn check() -> Result<()> {
    let hint =
        "without Landlock there is no weak sandbox: allow user namespaces, or build on another machine";
    match sys::landlock_version() {
        Ok(version) if version >= LEAST => Ok(()),
        Ok(version) => {
            let what =
                format!("the weak sandbox needs version {LEAST} of Landlock, this kernel has {version}");
            Err(Error::new(what)
                .line("older ones let files be truncated that must not be written")
                .hint(hint))
        }
        Err(errno) => Err(Error::call("landlock_create_ruleset", errno).hint(hint)),
    }
}

/// The whole life of the supervisor, which stands where pid 1 does in the other sandbox.
pub(crate) fn live(job: &Job, stdio: &Descriptors, report: &OwnedFd) -> Result<()> {
    [END].into_iter().collect::<SigSet>().thread_block().named(|| "sigprocmask".to_string())?;
    prctl::set_pdeathsig(END).named(|| "prctl(PR_SET_PDEATHSIG)".to_string())?;
    // Whatever loses its parent becomes this process's child, and so is found at the end.
    prctl::set_child_subreaper(true).named(|| "prctl(PR_SET_CHILD_SUBREAPER)".to_string())?;
    prctl::set_dumpable(false).named(|| "prctl(PR_SET_DUMPABLE, 0)".to_string())?;
    std::fs::metadata("/proc/self/stat").named(|| "stat(/proc/self/stat)".to_string())?;
    rights::raise_open_files()?;
    let rules = rules(&job.spec)?;
    umask(Mode::from_bits_truncate(0o022));
    let slave = stdio.terminal.as_ref().map(terminal::make).transpose()?;
    match sys::fork().named(|| "fork(the command)".to_string())? {
        ForkResult::Parent { child } => {
            // A terminal ends with the last who has it.
            drop((rules, slave));
            watch_over(child, report)
        }
        ForkResult::Child => {
            let error = match become_harmless(job, rules, stdio) {
                Ok(()) if tell(report, &Report::Started).is_ok() => {
                    inside::become_command(&job.spec, stdio, slave.as_ref())
                }
                // Nobody is left to want it.
                Ok(()) => sys::exit_now(125),
                Err(error) => error,
            };
            let _ = tell(report, &Report::Failed(error));
            sys::exit_now(125)
        }
    }
}

/// The rules of Landlock: what may be opened, and how.
fn rules(spec: &Spec) -> Result<RulesetCreated> {
    let devices = AccessFs::ReadFile | AccessFs::WriteFile;
    let readable = AccessFs::ReadFile | AccessFs::ReadDir;
    let own =
        DEVICES.iter().map(|path| (*path, devices)).chain(READABLE.iter().map(|path| (*path, readable)));
    let mut rules = handled().map_err(|cause| Error::new(format!("landlock: {cause}")))?;
    for (path, access) in own.filter(|(path, _)| Path::new(path).exists()) {
        rules = allow(rules, Path::new(path), access)?;
    }
    if spec.terminal {
        // That of whoever opens it, which can only be its own.
        rules = allow(rules, Path::new("/dev/tty"), devices | AccessFs::IoctlDev)?;
    }
    for bind in &spec.binds {
        rules = allow(rules, &bind.source, access_to(bind)?)?;
    }
    Ok(rules)
}

/// Everything that Landlock can forbid is forbidden where no rule allows it.
fn handled() -> Result<RulesetCreated, landlock::RulesetError> {
    Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(LEAST_ABI))?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST_ABI))?
        .scope(Scope::from_all(NEWEST_ABI))?
        .create()
}

fn access_to(bind: &Bind) -> Result<BitFlags<AccessFs>> {
    let all = AccessFs::from_all(NEWEST_ABI);
    let made_elsewhere = AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::IoctlDev;
    let read = AccessFs::from_read(NEWEST_ABI);
    let found = std::fs::metadata(&bind.source).named(|| format!("stat({})", bind.source.display()))?;
    Ok(match bind.access {
        Access::Writable => all & !made_elsewhere,
        // As on a read-only mount, which a fifo ignores.
        Access::ReadOnly if found.file_type().is_fifo() => read | AccessFs::WriteFile,
        Access::ReadOnly => read,
    })
}

/// One rule. What a file cannot have (entries to list or make) is left out.
fn allow(rules: RulesetCreated, path: &Path, access: BitFlags<AccessFs>) -> Result<RulesetCreated> {
    let of_files = AccessFs::from_file(NEWEST_ABI);
    let access = if path.is_dir() { access } else { access & of_files };
    let fd = PathFd::new(path).map_err(|cause| Error::new(cause.to_string()))?;
    rules
        .add_rule(PathBeneath::new(fd, access))
        .map_err(|cause| Error::new(format!("landlock_add_rule({}): {cause}", path.display())))
}

/// In the command's process: another user where root starts it, limits, no capability, Landlock, the filter.
fn become_harmless(job: &Job, rules: RulesetCreated, stdio: &Descriptors) -> Result<()> {
    let spec = &job.spec;
    match rights::drop_bounding_set() {
        Ok(()) | Err(Errno::EPERM) => {}
        Err(errno) => return Err(Error::call("prctl(PR_CAPBSET_DROP)", errno)),
    }
    become_user(&job.identity)?;
    inside::die_with_supervisor()?;
    chdir(&spec.cwd).named(|| format!("chdir({})", spec.cwd.display()))?;
    rights::limit(&spec.limits)?;
    if stdio.jobserver.is_some() {
        inside::need_room_for_jobserver()?;
    }
    rights::drop_present()?;
    let status =
        rules.restrict_self().map_err(|cause| Error::new(format!("landlock_restrict_self: {cause}")))?;
    if status.ruleset == RulesetStatus::NotEnforced {
        return Err(Error::new("landlock_restrict_self: nothing is enforced"));
    }
    seccomp::apply(Boundary::Landlock)
}

fn become_user(identity: &Identity) -> Result<()> {
    if !identity.changes {
        return Ok(());
    }
    let (uid, gid) = (Uid::from_raw(identity.uid), Gid::from_raw(identity.gid));
    setgroups(&[]).named(|| "setgroups(none)".to_string())?;
    setresgid(gid, gid, gid).named(|| format!("setresgid({gid})"))?;
    setresuid(uid, uid, uid).named(|| format!("setresuid({uid})"))
}

/// Reaps until the command ends, then ends what it has left; tells its status.
fn watch_over(command: Pid, report: &OwnedFd) -> Result<()> {
    let wanted: SigSet = inside::wanted_signals().iter().chain([END]).collect();
    let signals = SignalFd::with_flags(&wanted, SfdFlags::SFD_CLOEXEC).named(|| "signalfd".to_string())?;
    loop {
        while let Some((pid, status)) =
            sys::reap(None).or_else(inside::none_left).named(|| "waitpid".to_string())?
        {
            if pid == command {
                end_all()?;
                let _ = tell(report, &Report::Ended(status));
                return Ok(());
            }
        }
        let Some(signal) = signals.read_signal().named(|| "read(signalfd)".to_string())? else { continue };
        if signal.ssi_signo == Signal::SIGTERM as u32 {
            send_all(Signal::SIGTERM)?;
        } else if signal.ssi_signo == END as u32 {
            end_all()?;
            sys::exit_now(125)
        }
    }
}

/// Ends every process below this one, however often they fork meanwhile; returns when none is left.
fn end_all() -> Result<()> {
    loop {
        send_all(Signal::SIGKILL)?;
        loop {
            match sys::reap(None) {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(Errno::ECHILD) => return Ok(()),
                Err(errno) => return Err(Error::call("waitpid", errno)),
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn send_all(signal: Signal) -> Result<()> {
    for pid in descendants().named(|| "readdir(/proc)".to_string())? {
        // ESRCH: it has ended since.
        let _ = kill(pid, signal);
    }
    Ok(())
}

/// Every process below this one.
fn descendants() -> std::io::Result<Vec<Pid>> {
    let mut all: Vec<(i32, i32)> = Vec::new();
    for entry in std::fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        all.extend(parent_in(&text).map(|parent| (pid, parent)));
    }
    let mut found = vec![getpid().as_raw()];
    let mut next = 0;
    while let Some(&above) = found.get(next) {
        found.extend(all.iter().filter(|(_, parent)| *parent == above).map(|(pid, _)| *pid));
        next += 1;
    }
    Ok(found.into_iter().skip(1).map(Pid::from_raw).collect())
}

/// The parent that a line of /proc/PID/stat names. The command's name in it may hold anything, brackets too.
fn parent_in(stat: &str) -> Option<i32> {
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_is_found_behind_any_name() {
        assert_eq!(parent_in("42 (a) (b 7) S 17 42 42 0 -1"), Some(17));
        assert_eq!(parent_in("42 (sh) Z 1 42"), Some(1));
        assert_eq!(parent_in(""), None);
    }
}
