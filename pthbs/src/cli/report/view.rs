//! What a person sees of a run of builds while it goes on: rows of text. Prints nothing and reads no clock.

use std::time::Duration;

use super::progress::Progress;
use super::{seconds, size, verb};
use crate::base::event::Event;

/// A run of builds, as far as it has come.
#[derive(Debug, Default)]
pub(super) struct View {
    fetches: Progress,
    fetched: u64,
    builds: usize,
    built: usize,
    failed: Vec<String>,
    given_up: usize,
    running: Vec<Running>,
    /// What is still to come, and when that was said.
    left: Option<(Duration, Duration)>,
}

/// A build that goes on here, or one that another pthbs does.
#[derive(Debug)]
struct Running {
    name: String,
    id: String,
    since: Duration,
    usual: Option<Duration>,
    phase: String,
    /// Who does it, if it is another process.
    holder: Option<String>,
}

/// Rows besides those of builds: downloads, failures, the bar, how many builds are not shown.
const OTHER_ROWS: usize = 4;

impl View {
    /// Takes in what happened at a time since the start.
    pub(super) fn take(&mut self, event: &Event, now: Duration) {
        self.fetches.take(event, now);
        match event {
            Event::Planned { fetches, builds, usual } => {
                self.fetches = Progress::of(*fetches);
                self.builds = *builds;
                self.left = Some((*usual, now));
            }
            Event::Left { left } => self.left = Some((*left, now)),
            Event::Fetched { source, bytes, .. } => {
                self.fetches.end(source);
                self.fetched += bytes;
            }
            Event::FetchFailed { source } => {
                self.fetches.end(source);
                self.failed.push(source.clone());
            }
            Event::BuildWaits { name, id, holder } => {
                self.begin(name, id, now).holder = Some(holder.clone());
            }
            Event::BuildStarted { name, id, usual } => {
                let running = self.begin(name, id, now);
                (running.usual, running.since, running.holder) = (*usual, now, None);
            }
            Event::BuildPhase { id, phase, .. } => {
                if let Some(running) = self.running.iter_mut().find(|running| running.id == *id) {
                    running.phase.clone_from(phase);
                }
            }
            Event::Built { id, .. } | Event::BuildFound { id, .. } => {
                self.end(id);
                self.built += 1;
            }
            Event::BuildFailed { name, id, .. } => {
                self.end(id);
                self.failed.push(name.clone());
            }
            Event::NotBuilt { id, .. } => {
                self.end(id);
                self.given_up += 1;
            }
            Event::FetchStarted { .. }
            | Event::FetchProgress { .. }
            | Event::FetchRetried { .. }
            | Event::NeverOpened { .. }
            | Event::Warning(_) => {}
        }
    }

    fn begin(&mut self, name: &str, id: &str, now: Duration) -> &mut Running {
        let place = self.running.iter().position(|running| running.id == id).unwrap_or_else(|| {
            self.running.push(Running {
                name: name.to_string(),
                id: id.to_string(),
                since: now,
                usual: None,
                phase: String::new(),
                holder: None,
            });
            self.running.len() - 1
        });
        &mut self.running[place]
    }

    fn end(&mut self, id: &str) {
        self.running.retain(|running| running.id != id);
    }

    /// The rows for a terminal of this size; none is longer than it is wide, and together they leave room for more.
    pub(super) fn rows(&self, now: Duration, columns: usize, rows: usize) -> Vec<String> {
        let room = (rows / 2).saturating_sub(OTHER_ROWS).max(1);
        let width = self.running.iter().map(|running| running.name.chars().count()).max().unwrap_or(0);
        let mut text: Vec<String> =
            self.running.iter().take(room).map(|running| running.row(now, width.min(30))).collect();
        if self.running.len() > room {
            text.push(verb("", format!("and {} more", self.running.len() - room)));
        }
        text.extend(self.fetches.line().map(|line| verb("fetching", line)));
        if !self.failed.is_empty() {
            text.push(self.failures());
        }
        text.push(self.bar(now, columns));
        text.into_iter().map(|row| cut(&row, columns.saturating_sub(1))).collect()
    }

    /// `failed   curl, git: 3 builds need them`
    fn failures(&self) -> String {
        let names = self.failed.join(", ");
        let plural = self.failed.len() > 1;
        verb(
            "failed",
            match (self.given_up, plural) {
                (0, _) => names,
                (1, false) => format!("{names}: 1 build needs it"),
                (1, true) => format!("{names}: 1 build needs them"),
                (count, false) => format!("{names}: {count} builds need it"),
                (count, true) => format!("{names}: {count} builds need them"),
            },
        )
    }

    /// `[=====>     ] 12 of 55 built, 2 failed, 34 MiB fetched, 5m12s, about 14m20s left`
    fn bar(&self, now: Duration, columns: usize) -> String {
        let mut words = vec![format!("{} of {} built", self.built, self.builds)];
        if !self.failed.is_empty() {
            words.push(format!("{} failed", self.failed.len()));
        }
        if self.fetched > 0 {
            words.push(format!("{} fetched", size(self.fetched)));
        }
        words.push(whole(now));
        let left = self.left.map(|(left, said)| left.saturating_sub(now.saturating_sub(said)));
        if let Some(left) = left.filter(|left| left.as_secs() > 0) {
            words.push(format!("about {} left", whole(left)));
        }
        // By time: of a hundred builds one may be half of the work.
        let share = match left {
            Some(left) if !(now + left).is_zero() => now.as_secs_f64() / (now + left).as_secs_f64(),
            _ => 0.0,
        };
        let words = words.join(", ");
        let inside = columns.saturating_sub(words.chars().count() + 4).min(40);
        if inside < 5 {
            return words;
        }
        let full = ((share * inside as f64) as usize).min(inside - 1);
        format!("[{}>{}] {words}", "=".repeat(full), " ".repeat(inside - 1 - full))
    }
}

impl Running {
    /// `building gcc      configure  3m12s of 12m`
    fn row(&self, now: Duration, width: usize) -> String {
        let elapsed = whole(now.saturating_sub(self.since));
        let name = cut(&self.name, width);
        match &self.holder {
            Some(holder) => verb("waits", format!("{name:<width$}  for {holder}, {elapsed}")),
            None => {
                let usual = self.usual.map(|usual| format!(" of {}", whole(usual))).unwrap_or_default();
                verb("building", format!("{name:<width$}  {:<9}  {elapsed}{usual}", self.phase))
            }
        }
    }
}

/// Whole seconds: tenths would only flicker.
fn whole(time: Duration) -> String {
    match time.as_secs() {
        short @ 0..10 => format!("{short}s"),
        long => seconds(Duration::from_secs(long)),
    }
}

/// No more than so many characters.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_string(),
        Some(_) if most == 0 => String::new(),
        Some(_) => text.chars().take(most - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn started(name: &str, usual: Option<u64>) -> Event {
        Event::BuildStarted { name: name.into(), id: format!("id of {name}"), usual: usual.map(at) }
    }

    fn phase(name: &str, phase: &str) -> Event {
        Event::BuildPhase { name: name.into(), id: format!("id of {name}"), phase: phase.into() }
    }

    fn failed(name: &str) -> Event {
        Event::BuildFailed { name: name.into(), id: format!("id of {name}"), elapsed: at(3) }
    }

    #[test]
    fn a_run_shows_what_runs_what_failed_and_how_far_it_is() {
        let mut view = View::default();
        let events = [
            (0, Event::Planned { fetches: 2, builds: 9, usual: at(600) }),
            (0, Event::FetchStarted { source: "linux.tar.xz".into() }),
            (1, Event::Fetched { source: "gcc.tar.xz".into(), bytes: 35_651_584, elapsed: at(1) }),
            (2, started("gcc", Some(720))),
            (2, started("ncurses", None)),
            (3, phase("gcc", "configure")),
            (4, Event::BuildWaits { name: "zlib".into(), id: "z".into(), holder: "process 7".into() }),
            (5, started("curl", None)),
            (6, failed("curl")),
            (6, Event::NotBuilt { name: "git".into(), id: "g".into(), because: "`curl` failed".into() }),
            (9, Event::Left { left: at(300) }),
        ];
        events.iter().for_each(|(time, event)| view.take(event, at(*time)));
        assert_eq!(
            view.rows(at(100), 100, 40),
            [
                "building gcc      configure  1m38s of 12m00s",
                "building ncurses             1m38s",
                "waits    zlib     for process 7, 1m36s",
                "fetching 34 MiB, 1 of 2 sources done: linux.tar.xz",
                "failed   curl: 1 build needs it",
                "[==========>                      ] 0 of 9 built, 1 failed, 34 MiB fetched, 1m40s, about 3m29s left",
            ]
        );
        view.take(&Event::Built { name: "gcc".into(), id: "id of gcc".into(), elapsed: at(9) }, at(100));
        assert!(view.rows(at(100), 80, 40).last().unwrap().contains("1 of 9 built"));
        // Narrow, and low: what does not fit is counted or cut.
        let rows = view.rows(at(100), 30, 10);
        assert_eq!(rows[..2], ["building ncurses            …", "         and 1 more"]);
        assert_eq!(rows.last().unwrap(), "1 of 9 built, 1 failed, 34 M…");
    }

    #[test]
    fn one_that_waited_may_be_built_here_after_all() {
        let mut view = View::default();
        view.take(&Event::BuildWaits { name: "a".into(), id: "id of a".into(), holder: "x".into() }, at(1));
        view.take(&started("a", None), at(5));
        assert_eq!(view.rows(at(8), 80, 24)[0], "building a             3s");
    }

    proptest! {
        // A failure means that lines of builds would be drawn over, or that a terminal scrolls by itself.
        #[test]
        fn rows_fit_into_any_terminal(
            names in prop::collection::vec("[a-z]{1,60}", 0..30), columns in 1usize..250, rows in 1usize..80,
        ) {
            let mut view = View::default();
            view.take(&Event::Planned { fetches: 3, builds: names.len(), usual: at(100_000) }, at(0));
            for (n, name) in names.iter().enumerate() {
                view.take(&started(name, Some(n as u64)), at(1));
                if n % 3 == 0 {
                    view.take(&failed(name), at(2));
                }
            }
            let text = view.rows(at(5), columns, rows);
            prop_assert!(text.iter().all(|row| row.chars().count() < columns.max(2)), "{text:?}");
            prop_assert!(text.len() <= (rows / 2).max(OTHER_ROWS + 1), "{text:?}");
        }
    }
}
