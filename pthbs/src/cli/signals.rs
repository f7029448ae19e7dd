//! Turns SIGINT, SIGTERM and SIGHUP into a request that the work itself carries out.

use std::sync::{Mutex, MutexGuard, PoisonError};

use nix::sys::signal::{SigSet, Signal};

use crate::base::{Error, Result};
use crate::build::Stop;

/// What a signal stops: a process does one thing after another, and one thread takes the signals for all of them.
static WATCHED: Mutex<Option<Stop>> = Mutex::new(None);

/// Starts to watch. Call it before other threads exist: they inherit the blocked signals, so that only the watcher takes
/// them. The second signal of the impatient ends the process at once; the sandbox helper then ends every build.
pub fn watch(stop: &Stop) -> Result<()> {
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
    Ok(())
}

fn watched() -> MutexGuard<'static, Option<Stop>> {
    WATCHED.lock().unwrap_or_else(PoisonError::into_inner)
}
