//! Ends the program when rendering takes all memory: a text that is doubled forty times would otherwise take the machine along.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use super::report;
use crate::base::{Error, Kind};
use crate::genpkg;

/// What a rendering may take: some forty times what 10,000 packages do.
const MOST: usize = 2 << 30;

/// A watch over the process; it ends with this value.
///
/// The engine counts instructions and not bytes, and such a text needs few of them. Nothing is written before all is
/// rendered, so that the end may come at any moment of a rendering; at other times the watch does nothing.
pub struct Watch {
    /// Dropped first, which wakes the thread.
    over: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Begins it. Without the thread nothing is lost but the watch.
    pub fn begin() -> Watch {
        let (over, is_over) = mpsc::channel::<()>();
        let watch = move || {
            while is_over.recv_timeout(Duration::from_millis(50)) == Err(RecvTimeoutError::Timeout) {
                let labels = genpkg::underway();
                if !labels.is_empty() && taken().is_some_and(|bytes| bytes > MOST) {
                    report::say(&too_much(&labels).to_string());
                    std::process::exit(Kind::Usage.exit_code().into());
                }
            }
        };
        let thread = std::thread::Builder::new().name("memory".to_string()).spawn(watch).ok();
        Watch { over: Some(over), thread }
    }
}

impl Drop for Watch {
    /// Waits for the thread: a sandbox's helper is forked after a rendering, from a process of one thread.
    fn drop(&mut self) {
        drop(self.over.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The bytes that the process has in memory.
fn taken() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse::<usize>().ok().map(|kilobytes| kilobytes << 10)
}

fn too_much(labels: &[String]) -> Error {
    Error::usage(format!("rendering takes more than {} GiB of memory", MOST >> 30))
        .with("while rendering", labels.join(", "))
        .hint("look for a text that a loop makes longer and longer; `genpkg show NAME` renders one package")
}
