//! Turns SIGINT, SIGTERM and SIGHUP into a request that the work itself carries out.

use nix::sys::signal::{SigSet, Signal};

use crate::base::{Error, Result};
use crate::build::Stop;

/// Starts to watch. Call it before other threads exist: they inherit the blocked signals, so that only the watcher takes
/// them. The second signal of the impatient ends the process at once; the sandbox helper then ends every build.
pub fn watch(stop: &Stop) -> Result<()> {
    let signals = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP]);
    signals
        .thread_block()
        .map_err(|errno| Error::usage(format!("cannot block signals: {}", errno.desc())))?;
    let stop = stop.clone();
    std::thread::spawn(move || {
        while let Ok(signal) = signals.wait() {
            if stop.requested().is_some() {
                std::process::exit(128 + signal as i32);
            }
            stop.request(signal as i32);
        }
    });
    Ok(())
}
