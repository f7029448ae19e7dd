//! Shows a run that only fetches: what is finished is a line each, and how far the rest is.
//!
//! On a terminal the latter is one more line that is rewritten; elsewhere a plain one every half minute, so that a log
//! of a long download shows that it lives.

use std::io::{IsTerminal, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::progress::Progress;
use super::{line, verb};
use crate::base::event::{Event, Sink};

const ON_TERMINAL: Duration = Duration::from_millis(100);
const ELSEWHERE: Duration = Duration::from_secs(30);

/// The view of one run; cheap to clone.
#[derive(Clone)]
pub struct Fetching(Arc<Shared>);

struct Shared {
    is_terminal: bool,
    start: Instant,
    state: Mutex<State>,
}

struct State {
    progress: Progress,
    /// When the line about progress was written last.
    last: Duration,
    is_line_there: bool,
}

impl Fetching {
    /// A view of so many fetches on stderr.
    pub fn of(all: usize) -> Fetching {
        let is_dumb = std::env::var_os("TERM").is_none_or(|terminal| terminal == "dumb");
        let state = State { progress: Progress::of(all), last: Duration::ZERO, is_line_there: false };
        Fetching(Arc::new(Shared {
            is_terminal: std::io::stderr().is_terminal() && !is_dumb,
            start: Instant::now(),
            state: Mutex::new(state),
        }))
    }

    /// Where the events go.
    pub fn sink(&self) -> Sink {
        let view = self.clone();
        Arc::new(move |event| view.take(&event))
    }

    /// A source needs nothing more.
    pub fn end(&self, source: &str) {
        let mut state = self.state();
        state.progress.end(source);
        self.show(&mut state, String::new());
    }

    /// Takes the line about progress away, for whoever prints next.
    pub fn finish(&self) {
        let mut state = self.state();
        if std::mem::take(&mut state.is_line_there) {
            write("\r\x1b[K");
        }
    }

    fn take(&self, event: &Event) {
        let mut state = self.state();
        state.progress.take(event, self.0.start.elapsed());
        let finished = line(event).map(|line| line + "\n").unwrap_or_default();
        self.show(&mut state, finished);
    }

    /// Writes what is finished, and when it is time how far the rest is; all in a single write.
    fn show(&self, state: &mut State, finished: String) {
        let now = self.0.start.elapsed();
        let pause = if self.0.is_terminal { ON_TERMINAL } else { ELSEWHERE };
        let is_due = now.saturating_sub(state.last) >= pause;
        if finished.is_empty() && !is_due {
            return;
        }
        let progress = state.progress.line().map(|line| verb("fetching", line));
        let mut text = finished;
        if self.0.is_terminal {
            let clear = if std::mem::take(&mut state.is_line_there) { "\r\x1b[K" } else { "" };
            text = clear.to_string() + &text;
            if let Some(line) = progress {
                // With wrapping switched off the terminal cuts the line, whatever its width is by then.
                text += &format!("\x1b[?7l{line}\x1b[?7h");
                state.is_line_there = true;
                state.last = now;
            }
        } else if let Some(line) = progress.filter(|_| is_due) {
            text += &format!("{line}\n");
            state.last = now;
        }
        if !text.is_empty() {
            write(&text);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A closed stderr is no reason to fail.
fn write(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}
