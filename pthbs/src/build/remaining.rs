//! How long a run will still take: what its steps usually take, corrected by how true that was so far.

use std::time::{Duration, Instant};

use super::estimate::Estimate;
use super::schedule::{Outcome, State};

/// No more often is it reckoned: each time looks at every step.
const PAUSE: Duration = Duration::from_millis(250);
/// So many expected seconds must be over until what was seen counts as much as what was known before.
const PRIOR: f64 = 10.0;

/// Kept by the schedule's thread.
#[derive(Debug)]
pub(super) struct Remaining {
    steps: Vec<Step>,
    builds: usize,
    /// What the finished steps were expected to take, and what they took.
    expected: f64,
    took: f64,
    last: Option<Instant>,
}

#[derive(Debug)]
struct Step {
    seconds: f64,
    /// To the end of everything that waits for it.
    rank: f64,
    started: Option<Instant>,
    is_done: bool,
}

impl Remaining {
    pub(super) fn of(estimate: &Estimate) -> Remaining {
        let pairs = estimate.seconds().iter().zip(estimate.ranks());
        let step = |(seconds, rank): (&f64, &f64)| Step {
            seconds: *seconds,
            rank: *rank,
            started: None,
            is_done: false,
        };
        let steps = pairs.map(step).collect();
        Remaining { steps, builds: estimate.builds(), expected: 0.0, took: 0.0, last: None }
    }

    /// Takes in a change of a step's state; says what is left when that is worth saying again.
    pub(super) fn note(&mut self, step: usize, state: &State, now: Instant) -> Option<Duration> {
        let step = &mut self.steps[step];
        match state {
            State::Running => step.started = Some(now),
            State::Done(outcome) => {
                step.is_done = true;
                if let (Outcome::Made, Some(started)) = (outcome, step.started) {
                    self.expected += step.seconds;
                    self.took += (now - started).as_secs_f64();
                }
            }
            _ => return None,
        }
        if self.last.is_some_and(|last| now - last < PAUSE) {
            return None;
        }
        self.last = Some(now);
        Some(self.left(now))
    }

    /// The longest way to the end, or all work shared out, whichever is more; of what runs, the rest.
    fn left(&self, now: Instant) -> Duration {
        let (mut longest, mut work) = (0.0f64, 0.0);
        for step in self.steps.iter().filter(|step| !step.is_done) {
            let elapsed = step.started.map_or(0.0, |started| (now - started).as_secs_f64());
            // In the time of the plan: one that goes at half the pace is half as far.
            let over = (elapsed / self.pace()).min(step.seconds);
            longest = longest.max(step.rank - over);
            work += step.seconds - over;
        }
        let left = longest.max(work / self.builds as f64) * self.pace();
        Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX)
    }

    /// How much longer than expected steps have taken.
    fn pace(&self) -> f64 {
        (self.took + PRIOR) / (self.expected + PRIOR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remaining(steps: &[(f64, f64)], builds: usize) -> Remaining {
        let step = |(seconds, rank): &(f64, f64)| Step {
            seconds: *seconds,
            rank: *rank,
            started: None,
            is_done: false,
        };
        let steps = steps.iter().map(step).collect();
        Remaining { steps, builds, expected: 0.0, took: 0.0, last: None }
    }

    #[test]
    fn what_is_left_shrinks_as_steps_end_as_expected() {
        let start = Instant::now();
        let after = |seconds: u64| start + Duration::from_secs(seconds);
        // Two before a third one.
        let mut run = remaining(&[(100.0, 160.0), (100.0, 160.0), (60.0, 60.0)], 1);
        assert_eq!(run.note(0, &State::Ready, start), None);
        assert_eq!(run.note(0, &State::Running, start), Some(Duration::from_secs(260)), "one at a time");
        assert_eq!(run.note(0, &State::Done(Outcome::Made), after(100)), Some(Duration::from_secs(160)));
        assert_eq!(run.note(1, &State::Running, after(100)), None, "said a moment ago");
        assert_eq!(run.note(1, &State::Done(Outcome::Found), after(150)), Some(Duration::from_secs(60)));
        assert_eq!(remaining(&[(100.0, 160.0), (100.0, 160.0), (60.0, 60.0)], 9).left(start).as_secs(), 160);
    }

    #[test]
    fn guesses_are_corrected_by_what_was_seen() {
        let start = Instant::now();
        let mut run = remaining(&[(30.0, 30.0); 101], 1);
        let before = run.left(start);
        for step in 0..100 {
            run.note(step, &State::Running, start);
            run.note(step, &State::Done(Outcome::Made), start + Duration::from_millis(300));
        }
        let left = run.left(start + Duration::from_secs(1));
        assert_eq!(before.as_secs(), 3030);
        assert!((0.3..0.6).contains(&left.as_secs_f64()), "{left:?}");
    }
}
