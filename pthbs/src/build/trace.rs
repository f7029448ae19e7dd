//! What ran when: written as a Chrome trace, for chrome://tracing, Perfetto and their like.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::jobserver::Held;
use super::plan::Plan;
use super::schedule::State;

/// Collects while a run goes on; nothing where no trace is wanted.
#[derive(Debug)]
pub(super) struct Tracer {
    begun: Instant,
    seen: Option<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    /// When each step began and ended.
    steps: Vec<(Option<Instant>, Option<Instant>)>,
    parts: Vec<Part>,
    /// Which step had which seat.
    seats: BTreeMap<u64, usize>,
}

#[derive(Debug)]
struct Part {
    step: usize,
    name: String,
    start: Instant,
    end: Instant,
}

/// A finished trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace(Value);

impl Trace {
    /// That of a run that had nothing to do.
    pub fn empty() -> Trace {
        Trace(json!({ "traceEvents": [] }))
    }

    /// Its text.
    pub fn to_json(&self) -> String {
        self.0.to_string()
    }
}

impl Tracer {
    pub(super) fn new(is_wanted: bool, steps: usize) -> Tracer {
        let seen = || Mutex::new(Seen { steps: vec![(None, None); steps], ..Seen::default() });
        Tracer { begun: Instant::now(), seen: is_wanted.then(seen) }
    }

    fn note(&self, note: impl FnOnce(&mut Seen)) {
        if let Some(seen) = &self.seen {
            note(&mut seen.lock().expect("nobody panics while holding it"));
        }
    }

    /// A part of a step that ends at this moment.
    pub(super) fn span(&self, step: usize, part: &str, start: Instant) {
        let end = Instant::now();
        self.note(|seen| seen.parts.push(Part { step, name: part.to_string(), start, end }));
    }

    /// The phases of a script that ends at this moment, by their seconds.
    pub(super) fn phases(&self, step: usize, phases: &[(String, f64)]) {
        let mut end = Instant::now();
        self.note(|seen| {
            for (name, seconds) in phases.iter().rev() {
                let seconds = Duration::try_from_secs_f64(*seconds).unwrap_or_default();
                let start = end.checked_sub(seconds).unwrap_or(end);
                seen.parts.push(Part { step, name: name.clone(), start, end });
                end = start;
            }
        });
    }

    pub(super) fn seat(&self, step: usize, seat: u64) {
        self.note(|seen| {
            seen.seats.insert(seat, step);
        });
    }

    pub(super) fn state(&self, step: usize, state: &State) {
        let now = Instant::now();
        self.note(|seen| match state {
            State::Running => seen.steps[step].0 = Some(now),
            State::Done(_) => seen.steps[step].1 = Some(now),
            _ => {}
        });
    }

    /// The trace, where one was wanted.
    pub(super) fn finish(&self, plan: &Plan, journal: &[Held]) -> Option<Trace> {
        let seen = self.seen.as_ref()?.lock().expect("nobody panics while holding it");
        let micros = |at: Instant| at.saturating_duration_since(self.begun).as_micros() as u64;
        let lanes = lanes(&seen.steps);
        let critical = critical_path(plan, &seen.steps);
        let mut events = Vec::new();
        let mut span = |name: &str, kind: &str, lane: usize, start: Instant, end: Instant| {
            let length = micros(end) - micros(start).min(micros(end));
            events.push(json!({
                "name": name, "cat": kind, "ph": "X", "pid": 1, "tid": lane, "ts": micros(start), "dur": length,
            }));
        };
        for (step, times) in seen.steps.iter().enumerate() {
            let ((Some(start), Some(end)), Some(lane)) = (times, lanes[step]) else { continue };
            span(plan.steps[step].name(), "step", lane, *start, *end);
            if critical.contains(&step) {
                span(plan.steps[step].name(), "critical path", 0, *start, *end);
            }
        }
        for part in &seen.parts {
            if let Some(lane) = lanes[part.step] {
                span(&part.name, "part", lane, part.start, part.end);
            }
        }
        for held in journal {
            if let Some(step) = seen.seats.get(&held.seat) {
                let name = format!("tokens of {}", plan.steps[*step].name());
                events.push(json!({
                    "name": name, "ph": "C", "pid": 1, "ts": micros(held.at), "args": { "held": held.tokens },
                }));
            }
        }
        let named = |lane: usize, name: &str| json!({ "name": "thread_name", "ph": "M", "pid": 1, "tid": lane, "args": { "name": name } });
        events.push(named(0, "critical path"));
        let used = lanes.iter().flatten().max().copied().unwrap_or(0);
        events.extend((1..=used).map(|lane| named(lane, &format!("lane {lane}"))));
        Some(Trace(json!({ "traceEvents": events, "displayTimeUnit": "ms" })))
    }
}

/// A lane for each step that ran, from 1: steps of one lane do not overlap.
fn lanes(steps: &[(Option<Instant>, Option<Instant>)]) -> Vec<Option<usize>> {
    let mut ran: Vec<(Instant, Instant, usize)> = steps
        .iter()
        .enumerate()
        .filter_map(|(step, (start, end))| Some(((*start)?, (*end)?, step)))
        .collect();
    ran.sort_unstable();
    let mut busy_until: Vec<Instant> = Vec::new();
    let mut lanes = vec![None; steps.len()];
    for (start, end, step) in ran {
        let free = busy_until.iter().position(|until| *until <= start);
        let lane = free.unwrap_or(busy_until.len());
        if lane == busy_until.len() {
            busy_until.push(end);
        }
        busy_until[lane] = end;
        lanes[step] = Some(lane + 1);
    }
    lanes
}

/// The steps that the end waited for: from the last one back, each time to the one before that ended last.
fn critical_path(plan: &Plan, steps: &[(Option<Instant>, Option<Instant>)]) -> Vec<usize> {
    let ended = |step: &usize| steps[*step].1.filter(|_| steps[*step].0.is_some());
    let mut path = Vec::new();
    let mut at = (0..steps.len()).filter(|step| ended(step).is_some()).max_by_key(|step| ended(step));
    while let Some(step) = at {
        path.push(step);
        at = plan
            .after(step)
            .iter()
            .copied()
            .filter(|before| ended(before).is_some())
            .max_by_key(|step| ended(step));
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_one_lane_do_not_overlap() {
        let zero = Instant::now();
        let at = |start: u64, end: u64| {
            (Some(zero + Duration::from_secs(start)), Some(zero + Duration::from_secs(end)))
        };
        let steps = [at(0, 5), at(1, 2), (None, None), at(2, 4), at(5, 6), (Some(zero), None)];
        assert_eq!(lanes(&steps), [Some(1), Some(2), None, Some(2), Some(1), None]);
    }

    #[test]
    fn without_a_wish_for_it_there_is_no_trace() {
        let tracer = Tracer::new(false, 1);
        tracer.span(0, "script", Instant::now());
        assert_eq!(tracer.finish(&Plan::default(), &[]), None);
    }
}
