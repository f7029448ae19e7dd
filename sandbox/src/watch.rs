//! One running sandbox as its supervisor sees it: reports, the end, and the clock. Waits for nothing itself.

use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use crate::error::{Named as _, Result};
use crate::launch::{Launched, vanished};
use crate::report::{Heard, Report, hear};
use crate::spec::Limits;
use crate::sys;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// By itself, with this status. 126 and 127 may also mean that it could not be executed; its stderr says so.
    Exited(i32),
    /// By this signal: of its own, of [`Running::stop`](crate::Running::stop), or of the kernel's memory killer.
    Killed(i32),
    /// It was stopped because it took too long.
    TimedOut(Timeout),
}

/// Which time ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Timeout {
    /// [`Limits::wall`].
    Wall,
    /// [`Limits::silence`].
    Silence,
}

/// What a look at a sandbox may bring.
pub(crate) enum News {
    Started,
    /// Reaped: no process of it is left.
    Ended(Result<Outcome>),
}

/// The state of one sandbox from clone to reaping.
pub(crate) struct Watched {
    sandbox: Launched,
    grace: Duration,
    /// When the wall-clock time is up.
    wall: Option<Instant>,
    /// When TERM was not enough; set once it was sent.
    kill_at: Option<Instant>,
    /// Why it was stopped, if for taking too long.
    timeout: Option<Timeout>,
    /// The last word of pid 1.
    last: Option<Result<i32>>,
    /// The status of pid 1 itself, once it is reaped.
    ended: Option<i32>,
    /// Pid 1 will say no more that cannot wait for its end.
    is_mute: bool,
}

impl Watched {
    pub(crate) fn new(sandbox: Launched, limits: &Limits) -> Watched {
        let wall = limits.wall.and_then(|seconds| Instant::now().checked_add(Duration::from_secs(seconds)));
        let grace = Duration::from_secs(limits.grace);
        Watched {
            sandbox,
            grace,
            wall,
            kill_at: None,
            timeout: None,
            last: None,
            ended: None,
            is_mute: false,
        }
    }

    /// Readable when pid 1 has something to say before it ends. Nothing once it has: the command's status is the last that
    /// it does say, and a closed end is always readable.
    pub(crate) fn report(&self) -> Option<BorrowedFd<'_>> {
        (!self.is_mute).then(|| self.sandbox.report.as_fd())
    }

    /// Readable when pid 1 has ended, and so every process of its namespace.
    pub(crate) fn pidfd(&self) -> BorrowedFd<'_> {
        self.sandbox.pidfd.as_fd()
    }

    /// The host's number of pid 1.
    pub(crate) fn pid(&self) -> i32 {
        self.sandbox.pid.as_raw()
    }

    /// The next thing that happened, if any; to be asked until there is none.
    pub(crate) fn look(&mut self) -> Result<Option<News>> {
        // First the child: all that it said lies in the socket once it has ended.
        if self.ended.is_none() {
            let reaped =
                sys::reap(Some(self.sandbox.pid)).named(|| "waitpid(pid 1 of a sandbox)".to_string())?;
            self.ended = reaped.map(|(_, status)| status);
        }
        loop {
            match hear(&self.sandbox.report, false)? {
                Heard::Message(Report::Started) => {
                    self.is_mute = true;
                    return Ok(Some(News::Started));
                }
                Heard::Message(Report::Failed(error)) => self.last = Some(Err(error)),
                // A process that could not become the command has ended too: that it failed stands.
                Heard::Message(Report::Ended(_)) if matches!(self.last, Some(Err(_))) => {}
                Heard::Message(Report::Ended(status)) => self.last = Some(Ok(status)),
                Heard::Nothing => break,
                Heard::End => {
                    self.is_mute = true;
                    break;
                }
            }
        }
        Ok(self.ended.map(|status| News::Ended(self.outcome(status))))
    }

    /// Joins what pid 1 said, how it ended, and why it was stopped.
    fn outcome(&mut self, pid_one: i32) -> Result<Outcome> {
        if let Some(timeout) = self.timeout {
            return Ok(Outcome::TimedOut(timeout));
        }
        match self.last.take() {
            Some(Ok(status)) => Ok(decoded(status)),
            Some(Err(error)) => Err(error),
            // Killed from outside: by `kill`, or for want of memory.
            None if libc::WIFSIGNALED(pid_one) => Ok(Outcome::Killed(libc::WTERMSIG(pid_one))),
            None => Err(vanished("pid 1 of the sandbox")),
        }
    }

    /// When to look at the clock again.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.kill_at.or(self.wall)
    }

    /// It was told to end.
    pub(crate) fn is_stopping(&self) -> bool {
        self.kill_at.is_some()
    }

    /// Stops what has taken too long, and kills what did not stop.
    pub(crate) fn tick(&mut self, now: Instant) {
        match self.kill_at {
            Some(at) if at <= now => self.kill(),
            Some(_) => {}
            None if self.wall.is_some_and(|at| at <= now) => self.stop(Some(Timeout::Wall)),
            None => {}
        }
    }

    /// Asks every process of the sandbox to end; after the grace time they are killed. Once is enough.
    pub(crate) fn stop(&mut self, timeout: Option<Timeout>) {
        if self.kill_at.is_none() {
            self.timeout = timeout;
            self.kill_at = Some(Instant::now() + self.grace);
            self.signal(Signal::SIGTERM);
        }
    }

    /// Ends every process of the sandbox now.
    pub(crate) fn kill(&mut self) {
        // Far away: nothing more is to be done at that time.
        self.kill_at = Some(Instant::now() + Duration::from_secs(3600));
        self.signal(self.sandbox.end());
    }

    fn signal(&self, signal: Signal) {
        // ESRCH: it has ended and waits to be reaped.
        let _ = sys::pidfd_send_signal(self.sandbox.pidfd.as_fd(), signal);
    }
}

/// A status of wait(2) as an outcome.
fn decoded(status: i32) -> Outcome {
    match libc::WIFSIGNALED(status) {
        true => Outcome::Killed(libc::WTERMSIG(status)),
        false => Outcome::Exited(libc::WEXITSTATUS(status)),
    }
}

/// How long poll(2) may wait for the earliest of some deadlines: rounded up, so that the time has really come.
pub(crate) fn patience(deadlines: impl Iterator<Item = Instant>) -> nix::poll::PollTimeout {
    let Some(earliest) = deadlines.min() else { return nix::poll::PollTimeout::NONE };
    let left = earliest.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
    nix::poll::PollTimeout::try_from(left).unwrap_or(nix::poll::PollTimeout::MAX)
}
