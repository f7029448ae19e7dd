//! Shows events, one plain line each, verb first, on stderr. stdout is for data.

mod fetching;
mod live;
mod progress;
mod stream;
mod view;

use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use crate::base::event::{Event, Sink};
use crate::base::{Error, Kind, text};
pub use fetching::Fetching;
pub use live::Live;
pub use progress::Progress;
pub use stream::stream;

/// A sink that prints what is worth a line.
pub fn lines() -> Sink {
    Arc::new(|event| {
        if let Some(line) = line(&event) {
            say(&line);
        }
    })
}

/// How a run is shown while it goes on.
pub enum Shown {
    /// Rows below what is finished, on a terminal.
    Live(Live),
    /// Plain lines.
    Lines,
    /// For programs, on stdout.
    Stream,
}

impl Shown {
    /// As fits who looks at stderr. May start a thread.
    pub fn to_people() -> Shown {
        if live::is_possible() { Shown::Live(Live::start()) } else { Shown::Lines }
    }

    /// Where the events go.
    pub fn sink(&self) -> Sink {
        match self {
            Shown::Live(live) => live.sink(),
            Shown::Lines => lines(),
            Shown::Stream => stream(),
        }
    }
}

/// Prints one line on stderr in a single write, so that lines of several threads never mix. A closed stderr is no
/// reason to fail.
pub fn say(line: &str) {
    // Names, messages of servers, the contents of files: what others wrote must not act on the terminal.
    let line = &*text::shown(line);
    if !live::print_above(line) {
        let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
    }
}

/// A line with its verb in color: only what a terminal shows, and only by the leave of NO_COLOR.
fn paint(line: &str) -> String {
    static IS_COLORED: LazyLock<bool> =
        LazyLock::new(|| std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()));
    let (word, rest) = line.split_at(line.find([' ', ':']).unwrap_or(line.len()));
    let color = match word {
        "built" | "fetched" => 32,
        "failed" | "error" => 31,
        "warning" | "waits" | "skipped" | "not" => 33,
        "building" | "fetching" => 36,
        _ => return line.to_string(),
    };
    if *IS_COLORED { format!("\x1b[{color}m{word}\x1b[0m{rest}") } else { line.to_string() }
}

/// Prints data on stdout: one thing a line. False when nobody reads it any more.
pub fn data(text: &str) -> bool {
    bytes(text.as_bytes())
}

/// Prints bytes on stdout as they are. False when nobody reads them any more, or they cannot be written (`unwritten`).
pub fn bytes(bytes: &[u8]) -> bool {
    let mut stdout = std::io::stdout().lock();
    let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
    if let Err(cause) = &written
        && cause.kind() != ErrorKind::BrokenPipe
    {
        let error = Error::io("write to", Path::new("stdout"), cause).of_kind(Kind::Failed);
        let _ = UNWRITTEN.set(error.line("what was asked for is done, but not all of it is told"));
    }
    written.is_ok()
}

/// The first failure to write data, as on a full disk: whoever reads it must not take the rest for nothing.
static UNWRITTEN: OnceLock<Error> = OnceLock::new();

/// Why some of the data is missing, if it is. A reader that has gone away is no such reason.
pub fn unwritten() -> Option<&'static Error> {
    UNWRITTEN.get()
}

/// A verb in its column, and the rest.
pub fn verb(verb: &str, rest: impl std::fmt::Display) -> String {
    format!("{verb:<8} {rest}")
}

fn line(event: &Event) -> Option<String> {
    Some(match event {
        Event::Planned { .. }
        | Event::FetchStarted { .. }
        | Event::FetchProgress { .. }
        | Event::Left { .. }
        | Event::BuildPhase { .. } => {
            return None;
        }
        Event::FetchRetried { source, url, why } => verb("skipped", format!("{source} from {url}: {why}")),
        Event::Fetched { source, bytes, elapsed } => {
            verb("fetched", format!("{source} {} {}", size(*bytes), seconds(*elapsed)))
        }
        Event::FetchFailed { source } => verb("failed", source),
        Event::BuildWaits { name, id, holder } => verb("waits", format!("{name} {} for {holder}", short(id))),
        Event::BuildStarted { name, id, .. } => verb("building", format!("{name} {}", short(id))),
        Event::Built { name, id, elapsed } => {
            verb("built", format!("{name} {} {}", short(id), seconds(*elapsed)))
        }
        Event::BuildFailed { name, id, elapsed } => {
            verb("failed", format!("{name} {} {}", short(id), seconds(*elapsed)))
        }
        Event::BuildFound { name, id } => {
            verb("kept", format!("{name} {}: another pthbs has built it", short(id)))
        }
        Event::NotBuilt { name, id, because } => verb("not done", format!("{name} {}: {because}", short(id))),
        Event::NeverOpened { name, id, never } if never.is_empty() => {
            verb("traced", format!("{name} {}: it opened all that it declares", short(id)))
        }
        Event::NeverOpened { name, id, never } => {
            let never: Vec<String> = never.iter().map(|install| short_install(install)).collect();
            verb("traced", format!("{name} {}: never opened: {}", short(id), never.join(", ")))
        }
        Event::Warning(text) => format!("warning: {text}"),
    })
}

/// `NAME.HASH` with eight digits.
fn short_install(install: &str) -> String {
    match install.rsplit_once('.') {
        Some((name, id)) => format!("{name}.{}", short(id)),
        None => install.to_string(),
    }
}

/// Eight digits are enough for people.
fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// `0.4s`, `12s`, `3m05s`, `1h02m`
pub fn seconds(elapsed: Duration) -> String {
    let tenths = elapsed.as_millis() / 100;
    if tenths < 100 {
        return format!("{}.{}s", tenths / 10, tenths % 10);
    }
    let whole = elapsed.as_secs_f64().round() as u64;
    match whole {
        0..60 => format!("{whole}s"),
        60..3600 => format!("{}m{:02}s", whole / 60, whole % 60),
        _ => format!("{}h{:02}m", whole / 3600, whole % 3600 / 60),
    }
}

/// `512 B`, `1.2 KiB`, `34 MiB`
pub fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut units = ["B", "KiB", "MiB", "GiB", "TiB"].into_iter();
    let mut unit = units.next().expect("there are units");
    for next in units {
        if value < 1024.0 {
            break;
        }
        (value, unit) = (value / 1024.0, next);
    }
    if unit == "B" || value >= 9.95 { format!("{value:.0} {unit}") } else { format!("{value:.1} {unit}") }
}

/// `1 step`, `2 steps`
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_short() {
        let cases =
            [(40, "0.0s"), (9_940, "9.9s"), (12_300, "12s"), (185_000, "3m05s"), (3_720_000, "1h02m")];
        for (millis, text) in cases {
            assert_eq!(seconds(Duration::from_millis(millis)), text);
        }
        for (bytes, text) in [(512, "512 B"), (1_229, "1.2 KiB"), (35_651_584, "34 MiB")] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn a_finished_build_is_one_line_verb_first() {
        let event =
            Event::Built { name: "zlib".into(), id: "3f9c1b2eaaaa".into(), elapsed: Duration::from_secs(12) };
        assert_eq!(line(&event).unwrap(), "built    zlib 3f9c1b2e 12s");
    }
}
