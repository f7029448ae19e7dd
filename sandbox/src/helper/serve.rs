//! The helper's own side: one loop over all sockets and all sandboxes, waiting in poll(2) alone.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::prctl;
use nix::sys::stat::Mode;

use super::{Answer, Ask, Request};
use crate::cgroup::Delegated;
use crate::error::{Error, Named as _, Result};
use crate::launch::{Descriptors, Job, launch};
use crate::report::{Heard, hear, tell};
use crate::spec::Boundary;
use crate::watch::{News, Watched, patience};
use crate::{inside, seccomp, sys};

/// One sandbox and who asked for it.
struct Run {
    control: OwnedFd,
    watched: Watched,
    /// The caller has closed its end: the sandbox was killed and only remains to be reaped.
    is_orphan: bool,
    /// Keeps the sandbox's uid taken until it is reaped, even if the caller dies.
    _lease: Option<OwnedFd>,
}

/// The helper's life, in the process just forked. It ends with the caller.
pub(super) fn serve(socket: OwnedFd) -> ! {
    // A panic must not unwind into the caller's frames. Sandboxes end with this process.
    let ended = catch_unwind(AssertUnwindSafe(|| settle(&socket).and_then(|()| Serving::new(socket).run())));
    sys::exit_now(if matches!(ended, Ok(Ok(()))) { 0 } else { 1 })
}

/// Cuts every tie to the caller but the socket (and stderr).
fn settle(socket: &OwnedFd) -> Result<()> {
    // Signals from the keyboard reach the caller, who decides what is to end.
    nix::unistd::setsid().named(|| "setsid".to_string())?;
    prctl::set_name(c"pthbs-helper").named(|| "prctl(PR_SET_NAME)".to_string())?;
    sys::default_signals().named(|| "sigaction".to_string())?;
    inside::wanted_signals().thread_block().named(|| "sigprocmask".to_string())?;
    let null = open("/dev/null", OFlag::O_RDWR | OFlag::O_CLOEXEC, Mode::empty())
        .named(|| "open(/dev/null)".into())?;
    for number in [0, 1] {
        sys::place_descriptor(null.as_fd(), number).named(|| format!("dup2(/dev/null, {number})"))?;
    }
    // The caller's locks and pipes stay open while any process has them.
    sys::close_all_but(3, &[socket.as_raw_fd(), null.as_raw_fd()]).named(|| "close_range".to_string())?;
    // The weak one is compiled where it is asked for.
    seccomp::program(Boundary::Namespaces);
    Ok(())
}

struct Serving {
    /// Gone once the caller is.
    socket: Option<OwnedFd>,
    runs: Vec<Run>,
    is_stopping: bool,
    cgroups: Option<Delegated>,
}

/// What a descriptor that became readable belongs to.
#[derive(Clone, Copy)]
enum Ready {
    Socket,
    Control(usize),
    Sandbox,
}

impl Serving {
    fn new(socket: OwnedFd) -> Serving {
        Serving {
            socket: Some(socket),
            runs: Vec::new(),
            is_stopping: false,
            cgroups: Delegated::take_with_caller(),
        }
    }

    fn run(&mut self) -> Result<()> {
        while self.socket.is_some() || !self.runs.is_empty() {
            for ready in self.wait()? {
                match ready {
                    Ready::Socket => self.request()?,
                    Ready::Control(index) => self.asked(index)?,
                    // Every sandbox is looked at below.
                    Ready::Sandbox => {}
                }
            }
            let now = Instant::now();
            self.runs.iter_mut().for_each(|run| run.watched.tick(now));
            self.pass_news_on()?;
        }
        Ok(())
    }

    /// Waits until something is readable or a deadline has come.
    fn wait(&self) -> Result<Vec<Ready>> {
        let mut watched: Vec<(BorrowedFd<'_>, Ready)> = Vec::with_capacity(1 + 3 * self.runs.len());
        watched.extend(self.socket.iter().map(|socket| (socket.as_fd(), Ready::Socket)));
        for (index, run) in self.runs.iter().enumerate() {
            if !run.is_orphan {
                watched.push((run.control.as_fd(), Ready::Control(index)));
            }
            watched.push((run.watched.pidfd(), Ready::Sandbox));
            watched.extend(run.watched.report().map(|report| (report, Ready::Sandbox)));
        }
        let mut polled: Vec<PollFd<'_>> =
            watched.iter().map(|(fd, _)| PollFd::new(*fd, PollFlags::POLLIN)).collect();
        match poll(&mut polled, patience(self.runs.iter().filter_map(|run| run.watched.deadline()))) {
            Ok(_) => {}
            Err(Errno::EINTR) => return Ok(Vec::new()),
            Err(errno) => return Err(Error::call("poll", errno)),
        }
        let ready = polled.iter().zip(&watched).filter(|(fd, _)| fd.any().unwrap_or(true));
        Ok(ready.map(|(_, (_, ready))| *ready).collect())
    }

    /// Reads one message from the caller.
    fn request(&mut self) -> Result<()> {
        let Some(socket) = &self.socket else { return Ok(()) };
        let mut bytes = [0; 256];
        let (length, fds) =
            sys::receive_with_descriptors(socket.as_fd(), &mut bytes).named(|| "recvmsg".to_string())?;
        if length == 0 {
            self.socket = None;
            self.runs.iter_mut().for_each(|run| run.watched.kill());
            return Ok(());
        }
        match serde_json::from_slice(&bytes[..length]) {
            Ok(Request::Run { jobserver, lease }) => self.start(fds, jobserver, lease),
            Ok(Request::StopAll) => {
                self.is_stopping = true;
                self.runs.iter_mut().for_each(|run| run.watched.stop(None));
            }
            Err(cause) => return Err(Error::new(format!("a damaged request: {cause}"))),
        }
        Ok(())
    }

    /// Starts one sandbox. Too few descriptors (this process had no room for them) drop the control socket, which tells
    /// the caller that it failed.
    fn start(&mut self, fds: Vec<OwnedFd>, jobserver: bool, lease: bool) {
        let mut fds = fds.into_iter();
        let (Some(control), Some(job), Some(output)) = (fds.next(), fds.next(), fds.next()) else { return };
        let jobserver =
            if jobserver { fds.next().zip(fds.next()).map(|(read, write)| [read, write]) } else { None };
        let lease = if lease { fds.next() } else { None };
        match self.launch(job, output, jobserver) {
            Ok(watched) => self.runs.push(Run { control, watched, is_orphan: false, _lease: lease }),
            // EPIPE: nobody is waiting for it any more.
            Err(error) => drop(tell(&control, &Answer::Ended(Err(error)))),
        }
    }

    fn launch(&self, job: OwnedFd, output: OwnedFd, jobserver: Option<[OwnedFd; 2]>) -> Result<Watched> {
        if self.is_stopping {
            return Err(Error::new("no sandbox is started any more: all were told to stop"));
        }
        let job = read_job(job)?;
        let stderr = output.try_clone().named(|| "dup".to_string())?;
        let stdio = Descriptors { stdin: None, stdout: output, stderr, jobserver, terminal: None };
        Ok(Watched::new(launch(&job, &stdio, self.cgroups.as_ref())?, &job.spec.limits))
    }

    /// Reads one word from who started sandbox `index`.
    fn asked(&mut self, index: usize) -> Result<()> {
        let run = &mut self.runs[index];
        match hear(&run.control, false)? {
            Heard::Message(Ask::Stop(timeout)) => run.watched.stop(timeout),
            Heard::Message(Ask::Kill) => run.watched.kill(),
            Heard::Nothing => {}
            Heard::End => {
                run.is_orphan = true;
                run.watched.kill();
            }
        }
        Ok(())
    }

    /// Tells each caller what became of its sandbox; those that have ended leave the list.
    fn pass_news_on(&mut self) -> Result<()> {
        let mut index = 0;
        while let Some(run) = self.runs.get_mut(index) {
            let mut is_over = false;
            while let Some(news) = run.watched.look()? {
                let answer = match news {
                    News::Started => Answer::Started(run.watched.pid()),
                    News::Ended(outcome) => {
                        is_over = true;
                        Answer::Ended(outcome)
                    }
                };
                // EPIPE: nobody is waiting for it any more.
                let _ = tell(&run.control, &answer);
                if is_over {
                    break;
                }
            }
            match is_over {
                true => drop(self.runs.swap_remove(index)),
                false => index += 1,
            }
        }
        Ok(())
    }
}

/// Reads a job from the memory file the caller wrote it to: a spec with hundreds of binds is too long for a message.
fn read_job(file: OwnedFd) -> Result<Job> {
    let (mut file, mut text) = (File::from(file), Vec::new());
    file.rewind().and_then(|()| file.read_to_end(&mut text)).named(|| "read(the job)".to_string())?;
    serde_json::from_slice(&text).map_err(|cause| Error::new(format!("a damaged job: {cause}")))
}
