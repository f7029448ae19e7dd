//! The live view on a terminal: finished lines scroll by, and below them a few rows are drawn anew.
//!
//! Drawn by hand, in a dozen lines: what libraries for progress bars do is to keep a list of bars, while these rows are
//! one text whose parts share the space; and after a resize they leave pieces of old bars behind.

use std::io::{IsTerminal, Write as _};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::view::View;
use super::{line, paint};
use crate::base::event::{Event, Sink};

/// How often the rows are drawn although nothing happened: elapsed times are whole seconds.
const TICK: Duration = Duration::from_millis(250);
/// No more often are they drawn for something that is not worth a line.
const PAUSE: Duration = Duration::from_millis(50);

/// The rows of the one run that this process does. Everything that is printed on stderr goes by here.
static SCREEN: Mutex<Option<Screen>> = Mutex::new(None);

struct Screen {
    begun: Instant,
    view: View,
    /// How many characters each row had that was drawn last.
    drawn: Vec<usize>,
    last: Option<Instant>,
}

/// The live view of a run; dropping it takes the rows away.
pub struct Live {
    /// Dropped first: then the thread ends.
    tell: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Whether stderr is a terminal that can be drawn on.
pub(super) fn is_possible() -> bool {
    let is_dumb = std::env::var_os("TERM").is_none_or(|terminal| terminal.is_empty() || terminal == "dumb");
    !is_dumb && std::io::stderr().is_terminal()
}

impl Live {
    /// Begins to draw. Starts a thread.
    pub fn start() -> Live {
        *screen() =
            Some(Screen { begun: Instant::now(), view: View::default(), drawn: Vec::new(), last: None });
        let (tell, told) = mpsc::channel::<()>();
        let tick = move || {
            while told.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                if let Some(screen) = &mut *screen() {
                    screen.draw("");
                }
            }
        };
        // Without it the rows are drawn only when something happens.
        let thread = std::thread::Builder::new().name("screen".into()).spawn(tick).ok();
        Live { tell: Some(tell), thread }
    }

    /// Where the events go.
    pub fn sink(&self) -> Sink {
        std::sync::Arc::new(|event| {
            if let Some(screen) = &mut *screen() {
                screen.take(&event);
            }
        })
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        drop(self.tell.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        if let Some(screen) = screen().take() {
            write(&screen.erasure());
        }
    }
}

/// Prints a line above the rows, if there are any; false if somebody else has to print it.
pub(super) fn print_above(text: &str) -> bool {
    match &mut *screen() {
        Some(screen) => {
            screen.draw(&format!("{text}\n"));
            true
        }
        None => false,
    }
}

impl Screen {
    fn take(&mut self, event: &Event) {
        self.view.take(event, self.begun.elapsed());
        // That one has begun is shown by its row.
        let shown = line(event).filter(|_| !matches!(event, Event::BuildStarted { .. }));
        match shown {
            Some(text) => self.draw(&format!("{}\n", paint(&text))),
            None if self.last.is_none_or(|last| last.elapsed() >= PAUSE) => self.draw(""),
            None => {}
        }
    }

    /// Takes the old rows away, prints what is finished, draws the new ones: all in a single write.
    fn draw(&mut self, finished: &str) {
        let (columns, rows) = size();
        let text = self.erasure() + finished;
        let rows = self.view.rows(self.begun.elapsed(), columns, rows);
        self.drawn = rows.iter().map(|row| row.chars().count()).collect();
        self.last = Some(Instant::now());
        write(&(text + &rows.iter().map(|row| paint(row) + "\n").collect::<String>()));
    }

    /// What takes the rows away. A terminal that became narrower has broken them into more lines.
    ///
    /// Line by line: tmux takes an erasure of all from the top left corner for a wish to keep it in its history.
    fn erasure(&self) -> String {
        let (columns, _) = size();
        let lines: usize = self.drawn.iter().map(|length| length.div_ceil(columns).max(1)).sum();
        match lines {
            0 => String::new(),
            lines => format!("\r\x1b[{lines}A{}\x1b[{lines}A", "\x1b[2K\n".repeat(lines)),
        }
    }
}

/// Columns and rows of the terminal; one without a size is taken for a small one.
fn size() -> (usize, usize) {
    match rustix::termios::tcgetwinsize(std::io::stderr()) {
        Ok(size) if size.ws_col > 0 => (size.ws_col.into(), size.ws_row.into()),
        _ => (80, 24),
    }
}

fn screen() -> MutexGuard<'static, Option<Screen>> {
    SCREEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A closed stderr is no reason to fail here; who watches it stops the run.
fn write(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}
