//! Clones one sandbox and introduces it to the kernel: the only thing a sandbox cannot do for itself.

use std::os::fd::OwnedFd;

use nix::sched::CloneFlags;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::cgroup::{Cgroup, Delegated};
use crate::error::{Error, Named as _, Result};
use crate::identity::Identity;
use crate::report;
use crate::spec::{Boundary, Spec};
use crate::sys::{self, Cloned};
use crate::{diagnose, inside, seccomp, weak};

/// Everything about a sandbox that is a plain value.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) spec: Spec,
    pub(crate) identity: Identity,
}

/// Everything about a sandbox that is a descriptor. Without stdin it reads /dev/null.
pub(crate) struct Descriptors {
    pub(crate) stdin: Option<OwnedFd>,
    pub(crate) stdout: OwnedFd,
    pub(crate) stderr: OwnedFd,
    pub(crate) jobserver: Option<[OwnedFd; 2]>,
    /// With it the command gets a terminal of its own instead of the three, whose master goes out by this socket.
    pub(crate) terminal: Option<OwnedFd>,
}

/// A sandbox that was cloned: its pid 1, and what it reports.
pub(crate) struct Launched {
    pub(crate) pid: Pid,
    pub(crate) pidfd: OwnedFd,
    pub(crate) report: OwnedFd,
    boundary: Boundary,
    /// Removed with the rest of this, once the sandbox is reaped.
    _cgroup: Option<Cgroup>,
}

/// All of them: what is shared with the host is shared with every other sandbox too.
pub(crate) fn namespaces() -> CloneFlags {
    CloneFlags::CLONE_NEWUSER
        | CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWCGROUP
}

/// Starts `job`. The caller has one thread, and has blocked [`inside::wanted_signals`].
pub(crate) fn launch(job: &Job, stdio: &Descriptors, cgroups: Option<&Delegated>) -> Result<Launched> {
    let boundary = job.spec.boundary;
    seccomp::program(boundary);
    let (ours, theirs) = report::pair()?;
    let flags = match boundary {
        Boundary::Namespaces => namespaces(),
        Boundary::Landlock => CloneFlags::empty(),
    };
    match sys::clone3(flags) {
        Ok(Cloned::Child) => inside::run(job, stdio, &theirs),
        Ok(Cloned::Parent { pid, pidfd }) => {
            let _cgroup = cgroups.and_then(|cgroups| cgroups.enclose(pid, &job.spec.limits));
            let sandbox = Launched { pid, pidfd, report: ours, boundary, _cgroup };
            match introduce(&sandbox, job) {
                Ok(()) => Ok(sandbox),
                Err(error) => {
                    sandbox.abandon();
                    Err(error)
                }
            }
        }
        Err(errno) if boundary == Boundary::Landlock => Err(Error::call("clone3", errno)),
        Err(errno) => Err(diagnose::no_namespaces("clone3(user, mount, pid, net, ipc, uts, cgroup)", errno)),
    }
}

/// Writes the maps and gives the word to go on.
fn introduce(sandbox: &Launched, job: &Job) -> Result<()> {
    if sandbox.boundary == Boundary::Namespaces {
        job.identity.write_maps(sandbox.pid).map_err(diagnose::powerless)?;
    }
    report::tell(&sandbox.report, &()).named(|| "send(go)".to_string())
}

impl Launched {
    /// The signal that ends every process of it at once.
    pub(crate) fn end(&self) -> Signal {
        match self.boundary {
            // The namespace goes with its pid 1.
            Boundary::Namespaces => Signal::SIGKILL,
            Boundary::Landlock => weak::END,
        }
    }

    /// Ends a sandbox that has not begun.
    fn abandon(&self) {
        use std::os::fd::AsFd as _;
        let killed = sys::pidfd_send_signal(self.pidfd.as_fd(), Signal::SIGKILL);
        debug_assert!(killed.is_ok(), "the child is ours and not reaped: {killed:?}");
        let _ = nix::sys::wait::waitpid(self.pid, None);
    }
}

/// What to say where something that must be there is not.
pub(crate) fn vanished(what: &str) -> Error {
    Error::new(format!("{what} ended without a word")).hint("the kernel's log may say why (out of memory?)")
}
