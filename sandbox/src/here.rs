//! Runs one sandbox from a process of one thread, with its own stdin, stdout and stderr.

use std::os::fd::AsFd as _;
use std::time::Instant;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::error::{Error, Named as _, Result};
use crate::launch::{Descriptors, Job, launch};
use crate::spec::Spec;
use crate::watch::{News, Outcome, Watched, patience};
use crate::{identity, inside, sys};

/// Runs the command and waits for its end. HUP, INT and TERM that this process gets stop it, and it ends with it.
///
/// For a process of one thread: it forks, and goes on in the child with a copy of its memory.
pub fn run_here(spec: &Spec) -> Result<Outcome> {
    spec.validate()?;
    let (identity, _lease) = identity::choose(spec)?;
    let job = Job { spec: spec.clone(), identity };
    let copy = |fd: std::os::fd::BorrowedFd<'_>| fd.try_clone_to_owned().named(|| "dup".to_string());
    let stdio = Descriptors {
        stdin: Some(copy(std::io::stdin().as_fd())?),
        stdout: copy(std::io::stdout().as_fd())?,
        stderr: copy(std::io::stderr().as_fd())?,
        jobserver: None,
    };
    for fd in stdio.stdin.iter().chain([&stdio.stdout, &stdio.stderr]) {
        identity.give_pipe(fd.as_fd())?;
    }
    sys::default_sigchld();
    let asks: SigSet = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM].into_iter().collect();
    let blocked: SigSet = asks.iter().chain(inside::wanted_signals().iter()).collect();
    let before = blocked
        .thread_swap_mask(nix::sys::signal::SigmaskHow::SIG_BLOCK)
        .named(|| "sigprocmask".to_string())?;
    let outcome = supervise(&job, stdio, &asks);
    before.thread_set_mask().named(|| "sigprocmask".to_string())?;
    outcome
}

fn supervise(job: &Job, stdio: Descriptors, asks: &SigSet) -> Result<Outcome> {
    let signals = SignalFd::with_flags(asks, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
        .named(|| "signalfd".to_string())?;
    let mut watched = Watched::new(launch(job, &stdio)?, &job.spec.limits);
    drop(stdio);
    loop {
        while let Some(news) = watched.look()? {
            if let News::Ended(outcome) = news {
                return outcome;
            }
        }
        if signals.read_signal().named(|| "read(signalfd)".to_string())?.is_some() {
            watched.stop(None);
        }
        let ready = [signals.as_fd(), watched.pidfd()].into_iter().chain(watched.report());
        let mut ready: Vec<_> = ready.map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
        match poll(&mut ready, patience(watched.deadline().into_iter())) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(Error::call("poll", errno)),
        }
        watched.tick(Instant::now());
    }
}
