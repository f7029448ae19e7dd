//! Turns SIGINT, SIGTERM, SIGHUP and a closed pipe into a request that the work itself carries out.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::stat::{SFlag, fstat};
use nix::unistd::getppid;

use crate::base::{Error, Result};
use crate::build::Stop;
use crate::cli::report;

/// What a signal stops: a process does one thing after another, and one thread takes the signals for all of them.
static WATCHED: Mutex<Option<Stop>> = Mutex::new(None);
/// After this time whoever asked to stop is obeyed, whatever is still being done: builds are given five seconds to end
/// before they are killed, and their output may be of any size to be read and summed up. Nothing is lost by that, no more
/// than by a kill: what is not published is swept by the next run.
const LONGEST: Duration = Duration::from_secs(10);

/// Starts to watch. Call it before other threads exist: they inherit the blocked signals, so that only the watcher takes
/// them. The second signal of the impatient ends the process at once; the sandbox helper then ends every build.
pub fn watch(stop: &Stop) -> Result<()> {
    stop.listen(|signal| {
        // Where no thread can be had, a second signal does the same.
        let _ = std::thread::Builder::new().name("deadline".into()).spawn(move || {
            std::thread::sleep(LONGEST);
            report::say("error: stopped in the middle of something that took too long");
            std::process::exit(128 + signal);
        });
    });
    if watched().replace(stop.clone()).is_some() {
        return Ok(());
    }
    let signals = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP]);
    signals
        .thread_block()
        .map_err(|errno| Error::usage(format!("cannot block signals: {}", errno.desc())))?;
    std::thread::spawn(move || {
        while let Ok(signal) = signals.wait() {
            let stop = watched().clone().expect("it was set before this thread began");
            if stop.requested().is_some() {
                std::process::exit(128 + signal as i32);
            }
            stop.request(signal as i32);
        }
    });
    std::thread::spawn(watch_pipes);
    Ok(())
}

/// Asks to stop, too, when the process that started this one has ended, which had this id.
pub fn stop_with(parent: i32, stop: &Stop) -> Result<()> {
    let signal = Signal::SIGTERM;
    prctl::set_pdeathsig(signal)
        .map_err(|errno| Error::usage(format!("cannot watch the process {parent}: {}", errno.desc())))?;
    // It may have ended before it was watched.
    if getppid().as_raw() != parent {
        stop.request(signal as i32);
    }
    Ok(())
}

/// Waits until nobody reads stdout or stderr any more, where they are pipes: who does not want the end of it wants no
/// more of it. Nothing is written for hours while a compiler is built, so writing alone would tell too late.
fn watch_pipes() {
    let (stdout, stderr) = (std::io::stdout(), std::io::stderr());
    let is_pipe = |fd: &BorrowedFd<'_>| {
        fstat(fd).is_ok_and(|found| SFlag::from_bits_truncate(found.st_mode).contains(SFlag::S_IFIFO))
    };
    let pipes: Vec<BorrowedFd<'_>> = [stdout.as_fd(), stderr.as_fd()].into_iter().filter(is_pipe).collect();
    // Asked for nothing, poll tells errors alone: that the last reader is gone.
    let mut pipes: Vec<PollFd<'_>> =
        pipes.into_iter().map(|fd| PollFd::new(fd, PollFlags::empty())).collect();
    while !pipes.is_empty() {
        match poll(&mut pipes, PollTimeout::NONE) {
            Ok(_) => break,
            Err(Errno::EINTR) => {}
            Err(_) => return,
        }
    }
    if !pipes.is_empty()
        && let Some(stop) = &*watched()
    {
        stop.request(Signal::SIGPIPE as i32);
    }
}

fn watched() -> MutexGuard<'static, Option<Stop>> {
    WATCHED.lock().unwrap_or_else(PoisonError::into_inner)
}
