//! How far several downloads are: bytes, rate and the time that is left. Prints nothing and reads no clock.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::{count, seconds, size};
use crate::base::event::Event;

/// The rate is that of the last few seconds: long enough to be calm, short enough to be true.
const WINDOW: Duration = Duration::from_secs(5);

/// The downloads of one run.
#[derive(Debug, Default)]
pub struct Progress {
    /// How many sources are to be fetched.
    all: usize,
    ended: usize,
    /// What the finished ones have.
    finished: u64,
    active: BTreeMap<String, Transfer>,
    /// What arrived in this run, whatever became of it.
    arrived: u64,
    /// Times, and what had arrived by then.
    samples: VecDeque<(Duration, u64)>,
}

/// One download.
#[derive(Debug, Default)]
struct Transfer {
    bytes: Option<u64>,
    total: Option<u64>,
}

impl Progress {
    /// Of so many sources.
    pub fn of(all: usize) -> Progress {
        Progress { all, ..Progress::default() }
    }

    /// Takes in what happened at a time since the start.
    pub fn take(&mut self, event: &Event, now: Duration) {
        match event {
            Event::FetchStarted { source } => {
                self.active.insert(source.clone(), Transfer::default());
            }
            Event::FetchProgress { source, bytes, total } => {
                let transfer = self.active.entry(source.clone()).or_default();
                // The first of them may tell of bytes that an earlier run left, and one after a new start of fewer.
                self.arrived += transfer.bytes.map_or(0, |before| bytes.saturating_sub(before));
                *transfer = Transfer { bytes: Some(*bytes), total: *total };
                self.samples.push_back((now, self.arrived));
                while self.samples.front().is_some_and(|(time, _)| now.saturating_sub(*time) > WINDOW) {
                    self.samples.pop_front();
                }
            }
            Event::Fetched { source, bytes, .. } => {
                self.active.remove(source);
                self.finished += bytes;
            }
            _ => {}
        }
    }

    /// A source needs nothing more: it is there, or it cannot be had.
    pub fn end(&mut self, source: &str) {
        self.active.remove(source);
        self.ended += 1;
    }

    /// `45 MiB of 120 MiB, 3.2 MiB/s, 24s left, 3 of 12 sources done: gcc.tar.xz, linux.tar.xz`; nothing while nothing
    /// is being fetched.
    pub fn line(&self) -> Option<String> {
        if self.active.is_empty() {
            return None;
        }
        let mut words = Vec::new();
        let under_way: u64 = self.active.values().filter_map(|transfer| transfer.bytes).sum();
        let bytes = self.finished + under_way;
        let total: Option<u64> = self.active.values().map(|transfer| transfer.total).sum();
        let total = total.map(|total| self.finished + total);
        match total {
            Some(total) => words.push(format!("{} of {}", size(bytes), size(total))),
            None if bytes > 0 => words.push(size(bytes)),
            None => {}
        }
        let rate = self.rate();
        if let Some(rate) = rate {
            words.push(format!("{}/s", size(rate)));
        }
        if let (Some(total), Some(rate)) = (total, rate.filter(|rate| *rate > 0)) {
            let left = seconds(Duration::from_secs_f64(total.saturating_sub(bytes) as f64 / rate as f64));
            // Of what has not begun nobody knows how large it is.
            let is_all = self.ended + self.active.len() >= self.all;
            words.push(if is_all { format!("{left} left") } else { format!("{left} or more left") });
        }
        if self.all > 1 {
            words.push(format!("{} of {} done", self.ended, count(self.all, "source")));
        }
        let names: Vec<&str> = self.active.keys().map(String::as_str).collect();
        let names = names.join(", ");
        Some(if words.is_empty() { names } else { format!("{}: {names}", words.join(", ")) })
    }

    /// Bytes a second; nothing before there is anything to measure.
    fn rate(&self) -> Option<u64> {
        let ((first, before), (last, arrived)) = (self.samples.front()?, self.samples.back()?);
        let span = last.saturating_sub(*first).as_secs_f64();
        (span >= 0.5).then(|| ((arrived - before) as f64 / span) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn started(source: &str) -> Event {
        Event::FetchStarted { source: source.to_string() }
    }

    fn at(source: &str, bytes: u64, total: Option<u64>) -> Event {
        Event::FetchProgress { source: source.to_string(), bytes, total }
    }

    fn after(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn bytes_rate_and_time_are_those_of_all_active_downloads() {
        let mut progress = Progress::of(3);
        assert_eq!(progress.line(), None);
        progress.take(&started("a"), after(0));
        assert_eq!(progress.line().unwrap(), "0 of 3 sources done: a");
        // Ten were there from an earlier run: they are progress, but not speed.
        progress.take(&at("a", 10 * MIB, Some(50 * MIB)), after(0));
        progress.take(&at("a", 14 * MIB, Some(50 * MIB)), after(2));
        assert_eq!(
            progress.line().unwrap(),
            "14 MiB of 50 MiB, 2.0 MiB/s, 18s or more left, 0 of 3 sources done: a"
        );
        progress.end("kept");
        progress.take(&started("b"), after(2));
        progress.take(&at("b", 0, Some(4 * MIB)), after(2));
        assert_eq!(
            progress.line().unwrap(),
            "14 MiB of 54 MiB, 2.0 MiB/s, 20s left, 1 of 3 sources done: a, b"
        );
        progress.take(&at("b", MIB, None), after(2));
        assert_eq!(progress.line().unwrap(), "15 MiB, 2.5 MiB/s, 1 of 3 sources done: a, b");
        let fetched =
            |source: &str, bytes| Event::Fetched { source: source.into(), bytes, elapsed: after(1) };
        progress.take(&fetched("b", 4 * MIB), after(3));
        progress.end("b");
        assert_eq!(
            progress.line().unwrap(),
            "18 MiB of 54 MiB, 2.5 MiB/s, 14s left, 2 of 3 sources done: a",
            "what is finished still counts"
        );
        progress.take(&fetched("a", 50 * MIB), after(3));
        assert_eq!(progress.line(), None);
    }

    #[test]
    fn a_download_that_starts_over_does_not_count_backwards() {
        let mut progress = Progress::of(1);
        for (bytes, time) in [(0, 0), (8 * MIB, 1), (0, 2), (8 * MIB, 3)] {
            progress.take(&at("a", bytes, Some(8 * MIB)), after(time));
        }
        assert_eq!(progress.line().unwrap(), "8.0 MiB of 8.0 MiB, 5.3 MiB/s, 0.0s left: a");
        // What lies longer back says nothing about the rate.
        progress.take(&at("a", 8 * MIB, Some(8 * MIB)), after(60));
        assert_eq!(progress.line().unwrap(), "8.0 MiB of 8.0 MiB: a");
    }
}
