//! The caller's side of the helper: starting it, starting sandboxes from any thread, waiting for their end.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid};

use super::serve::serve;
use super::{Answer, Ask, Request};
use crate::error::{Error, Named as _, Result};
use crate::launch::{Job, vanished};
use crate::report::{self, hear, tell};
use crate::spec::Spec;
use crate::watch::{Outcome, Timeout, patience};
use crate::{identity, sys};

/// The process that starts sandboxes. One per run of a program; dropping it ends every sandbox that is left.
#[derive(Debug)]
pub struct Helper {
    /// Gone in `drop` alone.
    socket: Option<OwnedFd>,
    pid: Pid,
}

/// The descriptors a command gets besides /dev/null as its stdin. They are closed here once it has them.
#[derive(Debug)]
pub struct Stdio {
    /// Its stdout and stderr.
    pub output: OwnedFd,
    /// A make jobserver, to become 198 (read) and 199 (write).
    pub jobserver: Option<[OwnedFd; 2]>,
}

/// A sandbox that was started. Dropping it kills what still runs.
#[derive(Debug)]
pub struct Running {
    control: Arc<OwnedFd>,
    pid: i32,
    silence: Option<Duration>,
    heard: Heard,
    ended: Option<Result<Outcome>>,
}

/// Stops one sandbox, from any thread, while another waits for it.
#[derive(Debug, Clone)]
pub struct Stopper {
    control: Arc<OwnedFd>,
}

/// Where the reader of a sandbox's output notes that there was some; the silence timeout counts from the last note.
///
/// The output goes from the command straight to the caller, so the helper cannot see it. What is never noted is silent.
#[derive(Debug, Clone)]
pub struct Heard {
    begin: Instant,
    /// Milliseconds from `begin` to the last output.
    last: Arc<AtomicU64>,
}

/// How much output is taken in at once.
const OUTPUT_BYTES: usize = 32 << 10;

impl Helper {
    /// Forks the helper. To be called before the first thread is started: a lock that another thread holds at that moment
    /// would stay locked in the helper for ever.
    pub fn start() -> Result<Helper> {
        let (ours, theirs) = report::pair()?;
        match sys::fork().named(|| "fork(the sandbox helper)".to_string())? {
            ForkResult::Child => serve(theirs),
            ForkResult::Parent { child } => Ok(Helper { socket: Some(ours), pid: child }),
        }
    }

    /// Starts one sandbox; returns when its command is executed, or with the reason why there is no sandbox.
    pub fn run(&self, spec: &Spec, stdio: Stdio) -> Result<Running> {
        spec.validate()?;
        if spec.terminal {
            return Err(Error::new("a sandbox with a terminal is run in the foreground, not by a helper"));
        }
        let (identity, lease) = identity::choose(spec)?;
        for fd in stdio.jobserver.iter().flatten().chain([&stdio.output]) {
            identity.give_pipe(fd.as_fd())?;
        }
        let job = job_file(&Job { spec: spec.clone(), identity })?;
        let (ours, theirs) = report::pair()?;
        let request = Request::Run { jobserver: stdio.jobserver.is_some(), lease: lease.is_some() };
        let fds = [&theirs, &job, &stdio.output];
        let fds: Vec<_> = fds.into_iter().chain(stdio.jobserver.iter().flatten()).chain(&lease).collect();
        self.send(&request, &fds.into_iter().map(|fd| fd.as_fd()).collect::<Vec<_>>())?;
        // Only the helper may keep these open: the end of the last one is how a caller knows that it is gone.
        drop((theirs, stdio, job));
        let mut running = Running {
            control: Arc::new(ours),
            pid: 0,
            silence: spec.limits.silence.map(Duration::from_secs),
            heard: Heard::new(),
            ended: None,
        };
        match running.answer()? {
            Answer::Started(pid) => running.pid = pid,
            Answer::Ended(outcome) => {
                running.ended = Some(outcome.clone());
                // Without a start there is no outcome but an error, or a stop that came first.
                outcome?;
            }
        }
        Ok(running)
    }

    /// Stops every sandbox, each with its own grace time, and lets no further one start. For Ctrl-C.
    pub fn stop_all(&self) -> Result<()> {
        self.send(&Request::StopAll, &[])
    }

    fn send(&self, request: &Request, fds: &[BorrowedFd<'_>]) -> Result<()> {
        let socket = self.socket.as_ref().expect("the socket is there until drop");
        let bytes = serde_json::to_vec(request).expect("a request is plain data");
        sys::send_with_descriptors(socket.as_fd(), &bytes, fds).map_err(|errno| match errno {
            Errno::EPIPE | Errno::ECONNRESET => vanished("the sandbox helper"),
            other => Error::call("sendmsg(the sandbox helper)", other),
        })
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        // The closed socket tells it to end; it does so when every sandbox is reaped.
        drop(self.socket.take());
        // ECHILD: the caller reaps children by itself.
        let _ = waitpid(self.pid, None);
    }
}

/// A file in memory with the text of `job`.
fn job_file(job: &Job) -> Result<OwnedFd> {
    let call = || "memfd_create(the job)".to_string();
    let mut file: File = memfd_create(c"pthbs-job", MFdFlags::MFD_CLOEXEC).named(call)?.into();
    let text =
        serde_json::to_vec(job).map_err(|cause| Error::new(format!("the spec is no text: {cause}")))?;
    file.write_all(&text).named(call)?;
    Ok(file.into())
}

impl Running {
    /// The host's number of the sandbox's pid 1; 0 if it ended before it was known.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Waits for the end: afterwards no process of the sandbox is left. Asked again, it says the same.
    pub fn wait(&mut self) -> Result<Outcome> {
        self.wait_while(None, |_| {})
    }

    /// Waits for the end, and meanwhile passes the output on, from the pipe that its other end was given to as `Stdio`.
    ///
    /// All of it: what the command wrote is passed on even where the helper vanishes. An end of the pipe before that of the
    /// sandbox says only that the command has closed it.
    pub fn wait_reading(&mut self, output: File, mut take: impl FnMut(&[u8])) -> Result<Outcome> {
        let heard = self.heard();
        self.wait_while(Some(output), |bytes| {
            heard.now();
            take(bytes);
        })
    }

    fn wait_while(&mut self, mut output: Option<File>, mut take: impl FnMut(&[u8])) -> Result<Outcome> {
        let mut bytes = vec![0; if output.is_some() { OUTPUT_BYTES } else { 0 }];
        let mut is_silent = false;
        while self.ended.is_none() || output.is_some() {
            let silence = self.silence.filter(|_| !is_silent && self.ended.is_none());
            let deadline = silence.map(|silence| self.heard.last() + silence);
            let [has_answer, has_output] = self.ready_before(output.as_ref(), deadline)?;
            if let Some(pipe) = output.as_mut().filter(|_| has_output) {
                match pipe.read(&mut bytes) {
                    Ok(0) => output = None,
                    Ok(length) => take(&bytes[..length]),
                    Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(cause) => return Err(Error::new(format!("cannot read the output: {cause}"))),
                }
            }
            if has_answer {
                match self.answer() {
                    Ok(Answer::Started(_)) => {}
                    Ok(Answer::Ended(outcome)) => self.ended = Some(outcome),
                    Err(error) => self.ended = Some(Err(error)),
                }
            // Looked at again: there may have been output while this thread slept.
            } else if silence.is_some_and(|silence| self.heard.last() + silence <= Instant::now()) {
                is_silent = true;
                self.stopper().ask(Ask::Stop(Some(Timeout::Silence)));
            }
        }
        self.ended.clone().expect("the loop ends with an outcome")
    }

    /// TERM to every process of the sandbox, KILL after the grace time. Does not wait.
    pub fn stop(&self) {
        self.stopper().stop();
    }

    /// A handle for stopping that does not keep this one from waiting.
    pub fn stopper(&self) -> Stopper {
        Stopper { control: Arc::clone(&self.control) }
    }

    /// For whoever reads the output; see [`Limits::silence`](crate::Limits::silence).
    pub fn heard(&self) -> Heard {
        self.heard.clone()
    }

    /// Waits until `deadline`, or for ever; says whether there is an answer, and whether there is output.
    fn ready_before(&self, output: Option<&File>, deadline: Option<Instant>) -> Result<[bool; 2]> {
        // One that has ended has nothing more to say, but its closed end would always be readable.
        let control = self.ended.is_none().then(|| (*self.control).as_fd());
        let output = output.map(File::as_fd);
        let watched = control.into_iter().chain(output);
        let mut fds: Vec<PollFd<'_>> = watched.map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
        match poll(&mut fds, patience(deadline.into_iter())) {
            Ok(_) => {}
            Err(Errno::EINTR) => return Ok([false; 2]),
            Err(errno) => return Err(Error::call("poll(the sandbox helper)", errno)),
        }
        let mut ready = fds.iter().map(|fd| fd.any().unwrap_or(true));
        let has_answer = control.is_some() && ready.next().unwrap_or(false);
        Ok([has_answer, ready.next().unwrap_or(false)])
    }

    fn answer(&self) -> Result<Answer> {
        match hear(&*self.control, true)? {
            report::Heard::Message(answer) => Ok(answer),
            _ => Err(vanished("the sandbox helper")),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Stoppers may hold the socket open, so its end alone would not tell the helper.
        if self.ended.is_none() {
            self.stopper().ask(Ask::Kill);
            self.silence = None;
            let _ = self.wait();
        }
    }
}

impl Stopper {
    /// TERM to every process of the sandbox, KILL after the grace time. Does not wait.
    pub fn stop(&self) {
        self.ask(Ask::Stop(None));
    }

    /// KILL, now.
    pub fn kill(&self) {
        self.ask(Ask::Kill);
    }

    fn ask(&self, ask: Ask) {
        // EPIPE: the sandbox has ended, or the helper and so the sandbox.
        let _ = tell(&*self.control, &ask);
    }
}

impl Heard {
    fn new() -> Heard {
        Heard { begin: Instant::now(), last: Arc::default() }
    }

    /// There was output.
    pub fn now(&self) {
        let elapsed = self.begin.elapsed().as_millis();
        self.last.store(u64::try_from(elapsed).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn last(&self) -> Instant {
        self.begin + Duration::from_millis(self.last.load(Ordering::Relaxed))
    }
}
