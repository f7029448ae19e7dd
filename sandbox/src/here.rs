//! Runs one sandbox from a process of one thread, with its own stdin, stdout and stderr.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::cgroup::Delegated;
use crate::error::{Error, Named as _, Result};
use crate::launch::{Descriptors, Job, launch};
use crate::relay::Relay;
use crate::spec::Spec;
use crate::terminal::{self, Terminal};
use crate::watch::{News, Outcome, Timeout, Watched, patience};
use crate::{identity, inside, sys};

/// Runs the command and waits for its end. HUP, INT and TERM that this process gets stop it, and it ends with it.
///
/// For a process of one thread: it forks, and goes on in the child with a copy of its memory.
pub fn run_here(spec: &Spec) -> Result<Outcome> {
    spec.validate()?;
    if spec.terminal {
        terminal::check()?;
    }
    let (identity, _lease) = identity::choose(spec)?;
    let job = Job { spec: spec.clone(), identity };
    let (stdio, around) = descriptors(spec)?;
    for fd in stdio.stdin.iter().chain([&stdio.stdout, &stdio.stderr]) {
        identity.give_pipe(fd.as_fd())?;
    }
    sys::default_sigchld();
    let asks: SigSet =
        [Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM, Signal::SIGWINCH].into_iter().collect();
    let blocked: SigSet = asks.iter().chain(inside::wanted_signals().iter()).collect();
    let before = blocked.thread_swap_mask(SigmaskHow::SIG_BLOCK).named(|| "sigprocmask".to_string())?;
    let outcome = Here::start(&job, stdio, around, &asks).and_then(Here::supervise);
    before.thread_set_mask().named(|| "sigprocmask".to_string())?;
    outcome
}

/// What stands between this process's descriptors and the command's.
enum Around {
    /// Perhaps pipes: before stdout and stderr, so that silence can be heard; behind a file as stdin.
    Pipes(Vec<Relay>),
    /// A terminal, whose master comes out by this socket.
    Terminal(OwnedFd),
}

fn descriptors(spec: &Spec) -> Result<(Descriptors, Around)> {
    let copy = |fd: BorrowedFd<'_>| fd.try_clone_to_owned().named(|| "dup".to_string());
    let (stdin, out, err) =
        (copy(std::io::stdin().as_fd())?, copy(std::io::stdout().as_fd())?, copy(std::io::stderr().as_fd())?);
    let mut relays = Vec::new();
    let mut kinds = Vec::new();
    for (fd, name) in [(&stdin, "stdin"), (&out, "stdout"), (&err, "stderr")] {
        kinds.push(kind(fd, name)?);
    }
    // A file that was opened to be read can be opened anew to be written, by its owner, through /proc/self/fd.
    let stdin = match kinds[0] {
        libc::S_IFREG => {
            let (stdin, relay) = Relay::behind(stdin)?;
            relays.push(relay);
            stdin
        }
        _ => stdin,
    };
    let plain =
        |stdout, stderr| Descriptors { stdin: Some(stdin), stdout, stderr, jobserver: None, terminal: None };
    if spec.terminal {
        let (ours, theirs) = terminal::way_out()?;
        return Ok((Descriptors { terminal: Some(theirs), ..plain(out, err) }, Around::Terminal(ours)));
    }
    if spec.limits.silence.is_none() {
        return Ok((plain(out, err), Around::Pipes(relays)));
    }
    let (stdout, out) = Relay::before(out)?;
    let (stderr, err) = Relay::before(err)?;
    relays.extend([out, err]);
    Ok((plain(stdout, stderr), Around::Pipes(relays)))
}

/// What a descriptor is open on. A directory is refused: from there every path leads out.
fn kind(fd: &OwnedFd, name: &str) -> Result<libc::mode_t> {
    let stat = nix::sys::stat::fstat(fd).named(|| format!("fstat({name})"))?;
    match stat.st_mode & libc::S_IFMT {
        libc::S_IFDIR => {
            Err(Error::new(format!("{name} is a directory, from which paths lead out of a sandbox"))
                .hint("give it a file, a pipe, a terminal or /dev/null"))
        }
        kind => Ok(kind),
    }
}

/// The one sandbox of this process.
struct Here {
    watched: Watched,
    signals: SignalFd,
    relays: Vec<Relay>,
    terminal: Option<Terminal>,
    silence: Option<Duration>,
    /// When there was output.
    heard: Instant,
}

impl Here {
    fn start(job: &Job, stdio: Descriptors, around: Around, asks: &SigSet) -> Result<Here> {
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        let signals = SignalFd::with_flags(asks, flags).named(|| "signalfd".to_string())?;
        let launched = launch(job, &stdio, Delegated::take(&[]).as_ref())?;
        // Else a pipe would have a writer for ever.
        drop(stdio);
        let (terminal, relays) = match around {
            Around::Pipes(relays) => (None, relays),
            Around::Terminal(socket) => match Terminal::connect(&socket)? {
                Some((terminal, relays)) => (Some(terminal), relays),
                None => (None, Vec::new()),
            },
        };
        let silence = job.spec.limits.silence.map(Duration::from_secs);
        let watched = Watched::new(launched, &job.spec.limits);
        Ok(Here { watched, signals, relays, terminal, silence, heard: Instant::now() })
    }

    fn supervise(mut self) -> Result<Outcome> {
        loop {
            while let Some(news) = self.watched.look()? {
                if let News::Ended(outcome) = news {
                    // Every writer is gone: what lies in the pipes is the rest.
                    self.relays.iter_mut().filter(|relay| relay.is_output).for_each(Relay::drain);
                    return outcome;
                }
            }
            self.wait()?;
            self.obey()?;
            self.watched.tick(Instant::now());
        }
    }

    /// Waits for the sandbox, a signal, the clock or something to pass on, and passes that on.
    fn wait(&mut self) -> Result<()> {
        let silent_at =
            self.silence.map(|silence| self.heard + silence).filter(|_| !self.watched.is_stopping());
        let own = [self.signals.as_fd(), self.watched.pidfd()].into_iter().chain(self.watched.report());
        let mut ready: Vec<_> = own.map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
        let first = ready.len();
        ready.extend(self.relays.iter().map(Relay::waits_for));
        match poll(&mut ready, patience(self.watched.deadline().into_iter().chain(silent_at))) {
            Ok(_) => {}
            Err(Errno::EINTR) => return Ok(()),
            Err(errno) => return Err(Error::call("poll", errno)),
        }
        let mut moves =
            ready[first..].iter().map(|fd| fd.any().unwrap_or(false)).collect::<Vec<_>>().into_iter();
        self.relays.retain_mut(|relay| {
            if !moves.next().unwrap_or(false) {
                return true;
            }
            if relay.is_output {
                self.heard = Instant::now();
            }
            relay.pass_on()
        });
        if silent_at
            .is_some_and(|at| at <= Instant::now() && self.heard + self.silence.unwrap_or_default() <= at)
        {
            self.watched.stop(Some(Timeout::Silence));
        }
        Ok(())
    }

    fn obey(&mut self) -> Result<()> {
        let Some(signal) = self.signals.read_signal().named(|| "read(signalfd)".to_string())? else {
            return Ok(());
        };
        match (signal.ssi_signo == Signal::SIGWINCH as u32, &self.terminal) {
            (true, Some(terminal)) => terminal.resize(),
            (true, None) => {}
            (false, _) => self.watched.stop(None),
        }
        Ok(())
    }
}
