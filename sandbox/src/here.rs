//! Runs one sandbox from a process of one thread, with its own stdin, stdout and stderr.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::cgroup::Delegated;
use crate::error::{Error, Named as _, Result};
use crate::launch::{Descriptors, Job, launch};
use crate::spec::Spec;
use crate::watch::{News, Outcome, Timeout, Watched, patience};
use crate::{identity, inside, sys};

/// Runs the command and waits for its end. HUP, INT and TERM that this process gets stop it, and it ends with it.
///
/// For a process of one thread: it forks, and goes on in the child with a copy of its memory.
pub fn run_here(spec: &Spec) -> Result<Outcome> {
    spec.validate()?;
    let (identity, _lease) = identity::choose(spec)?;
    let job = Job { spec: spec.clone(), identity };
    let (stdio, relays) = descriptors(spec)?;
    for fd in stdio.stdin.iter().chain([&stdio.stdout, &stdio.stderr]) {
        identity.give_pipe(fd.as_fd())?;
    }
    sys::default_sigchld();
    let asks: SigSet = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM].into_iter().collect();
    let blocked: SigSet = asks.iter().chain(inside::wanted_signals().iter()).collect();
    let before = blocked.thread_swap_mask(SigmaskHow::SIG_BLOCK).named(|| "sigprocmask".to_string())?;
    let outcome = supervise(&job, stdio, relays, &asks);
    before.thread_set_mask().named(|| "sigprocmask".to_string())?;
    outcome
}

/// This process's own descriptors; where silence counts, pipes stand before its stdout and stderr.
fn descriptors(spec: &Spec) -> Result<(Descriptors, Vec<Relay>)> {
    let copy = |fd: BorrowedFd<'_>| fd.try_clone_to_owned().named(|| "dup".to_string());
    let (out, err) = (copy(std::io::stdout().as_fd())?, copy(std::io::stderr().as_fd())?);
    let (stdout, stderr, relays) = match spec.limits.silence {
        None => (out, err, Vec::new()),
        Some(_) => {
            let (stdout, out) = Relay::before(out)?;
            let (stderr, err) = Relay::before(err)?;
            (stdout, stderr, vec![out, err])
        }
    };
    Ok((
        Descriptors { stdin: Some(copy(std::io::stdin().as_fd())?), stdout, stderr, jobserver: None },
        relays,
    ))
}

fn supervise(job: &Job, stdio: Descriptors, mut relays: Vec<Relay>, asks: &SigSet) -> Result<Outcome> {
    let signals = SignalFd::with_flags(asks, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
        .named(|| "signalfd".to_string())?;
    let mut watched = Watched::new(launch(job, &stdio, Delegated::take(&[]).as_ref())?, &job.spec.limits);
    // Else a pipe would have a writer for ever.
    drop(stdio);
    let silence = job.spec.limits.silence.map(Duration::from_secs);
    let mut heard = Instant::now();
    loop {
        while let Some(news) = watched.look()? {
            if let News::Ended(outcome) = news {
                // Every writer is gone: what lies in the pipes is the rest.
                relays.iter_mut().for_each(|relay| while relay.pass_on() {});
                return outcome;
            }
        }
        if signals.read_signal().named(|| "read(signalfd)".to_string())?.is_some() {
            watched.stop(None);
        }
        let silent_at = silence.map(|silence| heard + silence).filter(|_| !watched.is_stopping());
        let ready = [signals.as_fd(), watched.pidfd()].into_iter().chain(watched.report());
        let mut ready: Vec<_> = ready.map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
        let own = ready.len();
        ready.extend(relays.iter().map(|relay| PollFd::new(relay.from.as_fd(), PollFlags::POLLIN)));
        match poll(&mut ready, patience(watched.deadline().into_iter().chain(silent_at))) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(Error::call("poll", errno)),
        }
        let speaks: Vec<bool> = ready[own..].iter().map(|fd| fd.any().unwrap_or(false)).collect();
        drop(ready);
        if speaks.contains(&true) {
            heard = Instant::now();
        }
        let mut speaks = speaks.into_iter();
        relays.retain_mut(|relay| !speaks.next().unwrap_or(false) || relay.pass_on());
        if silent_at.is_some_and(|at| at <= Instant::now() && heard + silence.unwrap_or_default() <= at) {
            watched.stop(Some(Timeout::Silence));
        }
        watched.tick(Instant::now());
    }
}

/// A pipe whose content is passed on, so that it is seen when there is some.
struct Relay {
    from: File,
    to: File,
}

impl Relay {
    /// The end for the command to write to, and the relay that passes on to `to`.
    fn before(to: OwnedFd) -> Result<(OwnedFd, Relay)> {
        let (from, end) = std::io::pipe().named(|| "pipe".to_string())?;
        Ok((end.into(), Relay { from: OwnedFd::from(from).into(), to: to.into() }))
    }

    /// Passes some bytes on; false at the end, or when nobody takes them: the closed pipe then tells the command.
    fn pass_on(&mut self) -> bool {
        let mut bytes = [0; 16 << 10];
        match self.from.read(&mut bytes) {
            Ok(0) => false,
            Ok(length) => self.to.write_all(&bytes[..length]).is_ok(),
            Err(cause) => cause.kind() == std::io::ErrorKind::Interrupted,
        }
    }
}
