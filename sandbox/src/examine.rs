//! What this machine has of all that a sandbox needs, found by trying. Changes nothing that lasts. For `pthbs doctor`.

use std::os::fd::AsFd as _;

use nix::sched::CloneFlags;

use crate::cgroup::cgroup_absence;
use crate::error::{Error, Named as _, Result};
use crate::helper::{Helper, Stdio};
use crate::launch::namespaces;
use crate::spec::Spec;
use crate::sys::{self, Cloned};
use crate::watch::Outcome;
use crate::{diagnose, weak};

/// The answers, each with the reason where it is no.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Whether this user may make every namespace.
    pub namespaces: Result<(), Error>,
    /// Whether mounts are made in the way of Linux 5.12, which is fast; without it they are made in the old one.
    pub has_mount_api: bool,
    /// Whether the kernel filters system calls.
    pub has_seccomp: bool,
    /// The version of Landlock; only the weak sandbox needs it.
    pub landlock: Option<u32>,
    /// The oldest version that the weak sandbox takes.
    pub least_landlock: u32,
    /// Why no sandbox gets a cgroup of its own, if so.
    pub cgroup_absence: Option<String>,
    /// Whether a whole sandbox started and ended: the one answer that counts.
    pub sandbox: Result<(), Error>,
}

/// Looks at this machine. For a process of one thread: it forks.
pub fn examine() -> Machine {
    Machine {
        namespaces: try_namespaces(),
        has_mount_api: sys::has_mount_setattr(),
        has_seccomp: sys::has_seccomp_filter(),
        landlock: sys::landlock_version().ok(),
        least_landlock: weak::LEAST,
        cgroup_absence: cgroup_absence(),
        sandbox: try_sandbox(),
    }
}

/// A child in namespaces of its own that ends at once.
fn try_namespaces() -> Result<()> {
    match sys::clone3(namespaces()) {
        Ok(Cloned::Child) => sys::exit_now(0),
        Ok(Cloned::Parent { pid, .. }) => {
            nix::sys::wait::waitpid(pid, None).map(drop).named(|| "waitpid".to_string())
        }
        Err(errno) => {
            let what = "clone3(user, mount, pid, net, ipc, uts, cgroup)";
            // A kernel that lacks one kind only says so; without the user namespace nothing else is refused first.
            debug_assert!(namespaces().contains(CloneFlags::CLONE_NEWUSER));
            Err(diagnose::no_namespaces(what, errno))
        }
    }
}

/// A sandbox in which nothing is: its command cannot be found, and everything before that has worked.
fn try_sandbox() -> Result<()> {
    const NOT_FOUND: i32 = 127;
    let spec = Spec { argv: vec!["/nothing".to_string()], ..Spec::default() };
    let null =
        std::fs::File::options().write(true).open("/dev/null").named(|| "open(/dev/null)".to_string())?;
    let output = null.as_fd().try_clone_to_owned().named(|| "dup".to_string())?;
    let helper = Helper::start()?;
    match helper.run(&spec, Stdio { output, jobserver: None })?.wait()? {
        Outcome::Exited(NOT_FOUND) => Ok(()),
        other => Err(Error::new(format!("a trial ended otherwise than it must: {other:?}"))),
    }
}
