//! What surrounds a build that must not show in its result: user, umask, variables, processors, host name, file system.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use nix::sched::{CloneFlags, CpuSet, sched_getaffinity, sched_setaffinity, unshare};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Pid, geteuid};

use crate::base::{Error, Result};
use crate::store::Store;

/// The conditions of one round.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Conditions {
    /// Another user, where root may become one and that user can reach the store.
    uid: Option<u32>,
    umask: Option<u32>,
    variables: Vec<(&'static str, &'static str)>,
    /// How many processors are left to it.
    processors: Option<usize>,
    jobs: Option<usize>,
    host_name: Option<&'static str>,
    /// Another file system, which lists directories in another order.
    pub place: Option<PathBuf>,
}

/// A user id that belongs to nobody.
const STRANGER: u32 = 64_321;
/// A file system in memory: directories are listed there the last entry first.
const MEMORY: &str = "/dev/shm";
/// Less than this is not worth trying.
const ROOM: u64 = 1 << 30;

impl Conditions {
    /// Other conditions than those here, and other ones in each round.
    pub(super) fn varied(round: usize, store: &Store) -> Conditions {
        let (umask, variables, jobs) = match round % 3 {
            0 => (0o077, [("TZ", "Asia/Kathmandu"), ("LC_ALL", "tr_TR.UTF-8"), ("HOME", "/nonexistent")], 1),
            1 => (0o002, [("TZ", "Pacific/Apia"), ("LC_ALL", "fr_CH.UTF-8"), ("HOME", "/root")], 3),
            _ => (0o027, [("TZ", "UTC"), ("LC_ALL", "C"), ("HOME", "/")], 7),
        };
        let is_root = geteuid().is_root();
        Conditions {
            uid: (is_root && round.is_multiple_of(2) && is_open_to_all(store.root())).then_some(STRANGER),
            umask: Some(umask),
            variables: variables.to_vec(),
            processors: Some(1 + round % 2),
            jobs: Some(jobs),
            host_name: is_root.then_some("elsewhere"),
            place: has_room(Path::new(MEMORY)).then(|| MEMORY.into()),
        }
    }

    /// The same without another user.
    pub(super) fn for_this_user(self) -> Conditions {
        Conditions { uid: None, ..self }
    }

    /// `user 64321, umask 077, TZ=UTC`: what differs from here.
    pub(super) fn words(&self) -> String {
        let mut words = Vec::new();
        words.extend(self.uid.map(|uid| format!("user {uid}")));
        words.extend(self.umask.map(|umask| format!("umask {umask:03o}")));
        words.extend(self.variables.iter().map(|(name, value)| format!("{name}={value}")));
        words.extend(self.processors.map(|count| crate::cli::report::count(count, "processor")));
        words.extend(self.jobs.map(|jobs| format!("--jobs {jobs}")));
        words.extend(self.host_name.map(|name| format!("host name {name}")));
        words.extend(self.place.as_ref().map(|place| format!("files in {}", place.display())));
        if words.is_empty() { "as here".to_string() } else { words.join(", ") }
    }

    /// The user that the place of the build must belong to.
    pub(super) fn uid(&self) -> Option<u32> {
        self.uid
    }

    /// Runs a builder under these conditions.
    ///
    /// What a process inherits is set here and taken back: the child inherits it with the fork, and nothing has to run
    /// between fork and exec. Host name and processors are this thread's own; the umask is nobody else's business, because
    /// nothing else runs.
    pub(super) fn run(&self, mut command: Command) -> Result<ExitStatus> {
        command.envs(self.variables.iter().copied());
        if let Some(jobs) = self.jobs {
            command.arg("--jobs").arg(jobs.to_string());
        }
        if let Some(uid) = self.uid {
            command.uid(uid).gid(uid);
        }
        if let Some(name) = self.host_name {
            // Where a container forbids it, this one thing stays what it is.
            let _ = unshare(CloneFlags::CLONE_NEWUTS).and_then(|()| nix::unistd::sethostname(name));
        }
        let all = sched_getaffinity(Pid::from_raw(0)).ok();
        if let (Some(count), Some(all)) = (self.processors, &all) {
            let _ = sched_setaffinity(Pid::from_raw(0), &first_of(all, count));
        }
        let old = self.umask.map(|mask| umask(Mode::from_bits_truncate(mask)));
        let child = command.spawn();
        old.map(umask);
        if let Some(all) = all {
            let _ = sched_setaffinity(Pid::from_raw(0), &all);
        }
        let child = child.and_then(|mut child| child.wait());
        child.map_err(|cause| Error::io("run", Path::new("/proc/self/exe"), &cause))
    }
}

fn first_of(all: &CpuSet, count: usize) -> CpuSet {
    let mut some = CpuSet::new();
    let mine = (0..CpuSet::count()).filter(|cpu| all.is_set(*cpu).unwrap_or(false));
    for cpu in mine.take(count) {
        // It is within the set's size, because it came out of one.
        let _ = some.set(cpu);
    }
    some
}

/// Whether every user may go there.
fn is_open_to_all(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.ancestors().all(|dir| dir.metadata().is_ok_and(|found| found.permissions().mode() & 0o005 == 0o005))
}

fn has_room(dir: &Path) -> bool {
    nix::sys::statvfs::statvfs(dir).is_ok_and(|stat| stat.blocks_available() * stat.fragment_size() >= ROOM)
        && nix::unistd::access(dir, nix::unistd::AccessFlags::W_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_differ_from_here_and_from_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let rounds: Vec<Conditions> = (0..3).map(|round| Conditions::varied(round, &store)).collect();
        assert_ne!(rounds[0], rounds[1]);
        assert_ne!(rounds[1], rounds[2]);
        assert!(rounds[0].words().contains("umask 077, TZ=Asia/Kathmandu"));
        assert_eq!(Conditions::default().words(), "as here");
    }

    #[test]
    fn a_child_runs_under_them_and_we_do_not() {
        let conditions = Conditions {
            umask: Some(0o057),
            variables: vec![("TZ", "Asia/Kathmandu")],
            processors: Some(1),
            ..Conditions::default()
        };
        let mut command = Command::new("sh");
        command.args([
            "-c",
            "test \"$(umask)\" = 0057 && test \"$TZ\" = Asia/Kathmandu && test \"$(nproc)\" = 1",
        ]);
        assert!(conditions.run(command).unwrap().success());
        let plain = umask(Mode::from_bits_truncate(0o022));
        umask(plain);
        assert_ne!(plain, Mode::from_bits_truncate(0o057));
    }
}
