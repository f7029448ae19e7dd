//! The state of every step, changed in one place. Knows no thread.
//!
//! ```text
//! Blocked(n) --> Ready --> Running --> Done(Made | Found | Failed | Skipped)
//!     |            ^ |        |          ^
//!     |            | |        v          |
//!     |            | |    Elsewhere -----+
//!     |            +-|--------+          |
//!     +--------------+-------------------+   (Skipped: what it needs failed, or nothing more is begun)
//! ```

use crate::base::Error;
use crate::build::plan::Plan;

/// Where a step stands.
#[derive(Debug)]
pub enum State {
    /// It waits for so many steps.
    Blocked(usize),
    /// It can be done: a task will take it.
    Ready,
    /// A thread works on it.
    Running,
    /// Another process works on it; it is looked at again soon.
    Elsewhere,
    /// Nothing changes any more.
    Done(Outcome),
}

/// What became of a step.
#[derive(Debug)]
pub enum Outcome {
    /// It was done.
    Made,
    /// What it would make was there when it was looked at.
    Found,
    /// It was tried.
    Failed(Error),
    /// It was not begun, or given up.
    Skipped(Because),
}

/// Why a step was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because {
    /// It needs this step, which failed.
    Failed(usize),
    /// Another step had failed, and the first failure was to end everything.
    FirstFailure,
    /// There was a request to stop.
    Stopped,
}

/// All states; `observe` sees each change.
pub(super) struct States<F> {
    states: Vec<State>,
    users: Vec<Vec<usize>>,
    observe: F,
    /// How many steps are not done, and how many of these another process works on.
    open: usize,
    elsewhere: usize,
}

impl<F: FnMut(usize, &State)> States<F> {
    pub(super) fn new(plan: &Plan, observe: F) -> States<F> {
        let count = plan.steps.len();
        let states = (0..count).map(|step| State::Blocked(plan.after(step).len())).collect();
        States { states, users: plan.users(), observe, open: count, elsewhere: 0 }
    }

    /// Makes ready what waits for nothing.
    pub(super) fn begin(&mut self) -> Vec<usize> {
        let free = |step: &usize| matches!(self.states[*step], State::Blocked(0));
        let free: Vec<usize> = (0..self.states.len()).filter(free).collect();
        free.iter().for_each(|step| drop(self.set(*step, State::Ready)));
        free
    }

    /// The only place where a state changes. What follows for other steps is changed with it; gives those that became
    /// ready by it.
    pub(super) fn set(&mut self, step: usize, state: State) -> Vec<usize> {
        let mut became_ready = Vec::new();
        let mut changes = vec![(step, state)];
        while let Some((step, state)) = changes.pop() {
            assert!(!self.is_done(step), "step {step} is done and cannot become {state:?}");
            (self.observe)(step, &state);
            if let State::Done(outcome) = &state {
                self.open -= 1;
                changes.extend(self.consequences(step, outcome));
            }
            if matches!(state, State::Ready) {
                became_ready.push(step);
            }
            self.elsewhere += usize::from(matches!(state, State::Elsewhere));
            let before = std::mem::replace(&mut self.states[step], state);
            self.elsewhere -= usize::from(matches!(before, State::Elsewhere));
        }
        became_ready.sort_unstable();
        became_ready
    }

    /// What a finished step means to those that wait for it.
    fn consequences(&mut self, step: usize, outcome: &Outcome) -> Vec<(usize, State)> {
        let because = match outcome {
            Outcome::Made | Outcome::Found => None,
            Outcome::Failed(_) => Some(Because::Failed(step)),
            Outcome::Skipped(because) => Some(*because),
        };
        let mut changes = Vec::new();
        for user in &self.users[step] {
            match (&mut self.states[*user], because) {
                // Counting down is no change that anybody acts on.
                (State::Blocked(left @ 2..), None) => *left -= 1,
                (State::Blocked(1), None) => changes.push((*user, State::Ready)),
                (State::Blocked(left @ 1..), Some(because)) => {
                    // Nothing left to count: whatever else it waits for makes no difference any more.
                    *left = 0;
                    changes.push((*user, State::Done(Outcome::Skipped(because))));
                }
                _ => {}
            }
        }
        changes
    }

    /// Makes ready again what another process worked on.
    pub(super) fn come_back(&mut self) -> Vec<usize> {
        let elsewhere = |step: &usize| matches!(self.states[*step], State::Elsewhere);
        let elsewhere: Vec<usize> = (0..self.states.len()).filter(elsewhere).collect();
        elsewhere.iter().for_each(|step| drop(self.set(*step, State::Ready)));
        elsewhere
    }

    /// Gives up every step but those that are done or go on.
    pub(super) fn end(&mut self, because: Because, goes_on: impl Fn(usize, &State) -> bool) {
        for step in 0..self.states.len() {
            if !self.is_done(step) && !goes_on(step, &self.states[step]) {
                self.set(step, State::Done(Outcome::Skipped(because)));
            }
        }
    }

    pub(super) fn is_done(&self, step: usize) -> bool {
        matches!(self.states[step], State::Done(_))
    }

    pub(super) fn is_anything_open(&self) -> bool {
        self.open > 0
    }

    pub(super) fn is_any_elsewhere(&self) -> bool {
        self.elsewhere > 0
    }

    pub(super) fn into_outcomes(self) -> Vec<Outcome> {
        let outcomes = self.states.into_iter().map(|state| match state {
            State::Done(outcome) => outcome,
            state => unreachable!("a step is left {state:?}"),
        });
        outcomes.collect()
    }
}
