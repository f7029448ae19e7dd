//! The process that starts every sandbox of a run and is their only parent.
//!
//! Forking a process of many threads is unsafe, and a fresh program for each build would cost more than the sandbox. So
//! the main program forks one helper while it has a single thread. The two share a socket pair; for each sandbox the
//! caller sends one message with descriptors, among them one end of a control socket of that sandbox alone:
//!
//! ```text
//! caller  --- Request + [control, job, output, jobserver r w, lease] --->  helper     (the shared socket)
//! caller  <-- Started(pid), Ended(outcome) --  control  --- Ask --------->  helper     (one pair per sandbox)
//! ```
//!
//! A closed control socket means that nobody wants the sandbox any more, a closed shared socket that the caller is dead:
//! either way the sandboxes are killed. `serve` is the helper's side, `client` the caller's.

mod client;
mod serve;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::watch::{Outcome, Timeout};

pub use client::{Heard, Helper, Running, Stdio, Stopper};

/// What the caller sends over the shared socket.
#[derive(Debug, Serialize, Deserialize)]
enum Request {
    /// Start the job whose text the second descriptor holds.
    Run { jobserver: bool, lease: bool },
    /// Stop every sandbox, and start no further one.
    StopAll,
}

/// What the caller sends over a control socket.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum Ask {
    /// TERM, and KILL after the grace time.
    Stop(Option<Timeout>),
    Kill,
}

/// What the helper sends over a control socket.
#[derive(Debug, Serialize, Deserialize)]
enum Answer {
    Started(i32),
    Ended(Result<Outcome>),
}
