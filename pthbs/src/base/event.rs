//! What the lower parts tell while they work. Only `cli` shows it; nobody decides anything by it.

use std::sync::Arc;
use std::time::Duration;

/// One thing that happened. Names are as a person knows them: `zlib`, `zlib-1.3.1.tar.gz`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A run begins; `usual` is what it would take if every step took its usual time.
    Planned { fetches: usize, builds: usize, usual: Duration },
    /// What a run will still take, by what is known of its steps and how they went so far.
    Left { left: Duration },
    /// A source is being fetched.
    FetchStarted { source: String },
    /// Bytes have arrived; `total` where the server told it.
    FetchProgress { source: String, bytes: u64, total: Option<u64> },
    /// One place did not have the source; the next is tried.
    FetchRetried { source: String, url: String, why: String },
    /// The source is in the store, verified.
    Fetched { source: String, bytes: u64, elapsed: Duration },
    /// No place had the source, or something else went wrong; the error itself is returned by the run.
    FetchFailed { source: String },
    /// A build waits for another pthbs that builds the same script.
    BuildWaits { name: String, id: String, holder: String },
    /// A build has started; `usual` is how long it took before.
    BuildStarted { name: String, id: String, usual: Option<Duration> },
    /// The script announced a phase.
    BuildPhase { name: String, id: String, phase: String },
    /// The install is published.
    Built { name: String, id: String, elapsed: Duration },
    /// The build has failed; the error itself is returned by the run.
    BuildFailed { name: String, id: String, elapsed: Duration },
    /// Somebody else had built it meanwhile.
    BuildFound { name: String, id: String },
    /// It is not built: something that it needs has failed, or nothing more is begun.
    NotBuilt { name: String, id: String, because: String },
    /// What a build declares and never opened, by id.
    NeverOpened { name: String, id: String, never: Vec<String> },
    /// Something to know that stops nothing.
    Warning(String),
}

/// Where events go; cheap to clone and to call from any thread.
pub type Sink = Arc<dyn Fn(Event) + Send + Sync>;

/// A sink that forgets everything, for tests and for quiet callers.
pub fn ignore() -> Sink {
    Arc::new(|_| {})
}
