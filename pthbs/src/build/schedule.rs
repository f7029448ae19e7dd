//! Does the steps of a plan as soon as they can be done, the longest way to the end first. Knows nothing of what a step
//! does; `docs/schedule.md` draws its states.
//!
//! One thread, the caller's, owns all states. Pool threads tell it what became of the steps they took. A task that is
//! given to a pool carries no step: it takes the best ready one at the moment it starts, so that a step that became
//! ready last need not be done last.

mod ready;
mod states;

use std::collections::HashSet;
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use rayon::{Scope, ThreadPool, ThreadPoolBuilder};

use super::plan::{Build, Plan, Step};
use super::stop::Stop;
use crate::base::{Error, Kind, Result};
use crate::script::Source;
use ready::Ready;
use states::States;
pub use states::{Because, Outcome, State};

/// How long until a step that another process works on is looked at again.
const AGAIN: Duration = Duration::from_millis(200);

/// What a build came to.
#[derive(Debug)]
pub enum Turn {
    /// It was built.
    Built,
    /// Somebody else had built it meanwhile.
    Found,
    /// Another process builds it at this moment.
    Elsewhere,
    /// It was interrupted by a request to stop.
    Stopped,
}

/// How builds are done.
pub trait Builder: Sync {
    /// What a build must hold while it runs.
    type Seat: Send;
    /// Waits for a seat; none after `stop`.
    fn seat(&self) -> Result<Option<Self::Seat>>;
    /// Builds one step.
    fn build(&self, step: usize, build: &Build, seat: Self::Seat) -> Result<Turn>;
    /// Makes running builds end soon, and gives no further seat.
    fn stop(&self);
}

/// How a source is fetched.
pub type Fetch = Arc<dyn Fn(usize, &Source) -> Result<()> + Send + Sync>;

/// How the work is shared out.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Builds at once.
    pub builds: usize,
    /// Fetches at once.
    pub fetches: usize,
    /// Whether nothing is begun after the first failure.
    pub fail_fast: bool,
}

/// What a pool thread, or whoever asks to stop, tells the schedule.
enum Message {
    Taken(usize),
    /// The thread goes on when the last part is dropped: before it takes another step, those that became ready by this one
    /// are to lie there, or it would take a worse one.
    Ended(usize, Result<Turn>, Sender<Infallible>),
    Stop,
}

/// Does the steps. `ranks` are the lengths of their ways to the end; `observe` sees every change of a state.
///
/// A failed step keeps those back that need it, and no others. After a request to stop this returns as soon as no build
/// runs any more; a fetch under way is left to itself, for it may wait long for a server and leaves nothing half done.
pub fn schedule<B: Builder>(
    plan: &Arc<Plan>,
    ranks: &[f64],
    settings: Settings,
    builder: &B,
    fetch: &Fetch,
    stop: &Stop,
    observe: impl FnMut(usize, &State),
) -> Result<Vec<Outcome>> {
    let pools = Pools { steps: pool("step", settings.builds)?, fetches: pool("fetch", settings.fetches)? };
    let (tell, told) = mpsc::channel();
    let tell_stop = tell.clone();
    // Nobody listens any more once the schedule has ended.
    stop.listen(move |_| drop(tell_stop.send(Message::Stop)));
    let ready = Arc::new([Ready::new(ranks), Ready::new(ranks)]);
    let outcomes = pools.steps.in_place_scope(|scope| {
        let states = States::new(plan, observe);
        let pools = &pools;
        let ending = None;
        Dispatcher { plan, settings, builder, fetch, ready, pools, scope, tell, states, ending }.run(&told)
    });
    Ok(outcomes)
}

struct Pools {
    steps: ThreadPool,
    fetches: ThreadPool,
}

fn pool(name: &'static str, threads: usize) -> Result<ThreadPool> {
    let named = ThreadPoolBuilder::new().thread_name(move |number| format!("{name}-{number}"));
    named
        .num_threads(threads.max(1))
        .build()
        .map_err(|cause| Error::usage(format!("cannot start {threads} threads: {cause}")))
}

/// What the calling thread does: it hands steps out and takes in what became of them.
struct Dispatcher<'s, 'env, B, F> {
    plan: &'env Arc<Plan>,
    settings: Settings,
    builder: &'env B,
    fetch: &'env Fetch,
    /// Builds, and fetches.
    ready: Arc<[Ready; 2]>,
    pools: &'s Pools,
    scope: &'s Scope<'env>,
    tell: Sender<Message>,
    states: States<F>,
    /// Why nothing more is begun, if that is so.
    ending: Option<Because>,
}

impl<'env, B: Builder, F: FnMut(usize, &State)> Dispatcher<'_, 'env, B, F> {
    fn run(mut self, told: &Receiver<Message>) -> Vec<Outcome> {
        let begin = self.states.begin();
        self.hand_out(begin);
        let mut look_again = Instant::now() + AGAIN;
        while self.states.is_anything_open() {
            // Without a step elsewhere there is no other reason to wake up than a message.
            let message = match self.states.is_any_elsewhere() {
                true => told.recv_timeout(look_again.saturating_duration_since(Instant::now())),
                false => told.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match message {
                // A fetch may have been given up in the moment in which it was taken.
                Ok(Message::Taken(step)) if self.states.is_done(step) => {}
                Ok(Message::Taken(step)) => drop(self.states.set(step, State::Running)),
                Ok(Message::Ended(step, turn, _go_on)) => self.take_in(step, turn),
                Ok(Message::Stop) => {
                    self.builder.stop();
                    self.begin_nothing_more(Because::Stopped);
                }
                Err(RecvTimeoutError::Timeout) => {
                    let again = self.states.come_back();
                    self.hand_out(again);
                    look_again = Instant::now() + AGAIN;
                }
                Err(RecvTimeoutError::Disconnected) => unreachable!("the dispatcher itself holds a sender"),
            }
        }
        self.states.into_outcomes()
    }

    /// Lays ready steps where a task takes them from, and starts as many tasks.
    fn hand_out(&self, steps: Vec<usize>) {
        let [builds, fetches] = &*self.ready;
        for step in steps {
            let (plan, ready, tell) = (self.plan, Arc::clone(&self.ready), self.tell.clone());
            match &self.plan.steps[step] {
                Step::Build(_) => {
                    builds.put(step);
                    let builder = self.builder;
                    self.scope.spawn(move |_| build_best(plan, builder, &ready[0], &tell));
                }
                Step::Fetch(_) => {
                    fetches.put(step);
                    let (plan, fetch) = (Arc::clone(plan), Arc::clone(self.fetch));
                    self.pools.fetches.spawn(move || fetch_best(&plan, &fetch, &ready[1], &tell));
                }
            }
        }
    }

    fn take_in(&mut self, step: usize, turn: Result<Turn>) {
        if self.states.is_done(step) {
            // A fetch that was left to itself.
            return;
        }
        let state = match (turn, self.ending) {
            (Ok(Turn::Built), _) => State::Done(Outcome::Made),
            (Ok(Turn::Found), _) => State::Done(Outcome::Found),
            (Ok(Turn::Stopped), _) => State::Done(Outcome::Skipped(Because::Stopped)),
            (Ok(Turn::Elsewhere), None) => State::Elsewhere,
            (Ok(Turn::Elsewhere), Some(because)) => State::Done(Outcome::Skipped(because)),
            (Err(error), _) => State::Done(Outcome::Failed(error)),
        };
        // Where one sandbox cannot start, none can: one error says it better than hundreds.
        let ends_all = match &state {
            State::Done(Outcome::Failed(error)) => self.settings.fail_fast || error.kind() == Kind::Sandbox,
            _ => false,
        };
        let ready = self.states.set(step, state);
        if ends_all && self.ending.is_none() {
            self.begin_nothing_more(Because::FirstFailure);
        }
        if self.ending.is_none() {
            self.hand_out(ready);
        }
    }

    /// From here on builds that run come to their end, and nothing else happens.
    fn begin_nothing_more(&mut self, because: Because) {
        self.ending = Some(because);
        let untaken: HashSet<usize> = self.ready.iter().flat_map(Ready::take_all).collect();
        let is_build = |step: usize| matches!(self.plan.steps[step], Step::Build(_));
        self.states.end(because, |step, state| match state {
            State::Running => is_build(step),
            // Taken, but the message is still under way.
            State::Ready => is_build(step) && !untaken.contains(&step),
            _ => false,
        });
    }
}

/// A task of the pool for steps. First the seat: what is best is decided when the build can really start.
fn build_best<B: Builder>(plan: &Plan, builder: &B, ready: &Ready, tell: &Sender<Message>) {
    let seat = match builder.seat() {
        Ok(None) => return,
        Ok(Some(seat)) => Ok(seat),
        Err(error) => Err(error),
    };
    let Some(step) = ready.take() else { return };
    let Step::Build(build) = &plan.steps[step] else { unreachable!("builds alone lie here") };
    let _ = tell.send(Message::Taken(step));
    let turn = guarded(|| builder.build(step, build, seat?));
    tell_end(tell, step, turn);
}

/// A task of the pool for fetches.
fn fetch_best(plan: &Plan, fetch: &Fetch, ready: &Ready, tell: &Sender<Message>) {
    let Some(step) = ready.take() else { return };
    let Step::Fetch(source) = &plan.steps[step] else { unreachable!("fetches alone lie here") };
    let _ = tell.send(Message::Taken(step));
    let turn = guarded(|| fetch(step, source).map(|()| Turn::Built));
    tell_end(tell, step, turn);
}

/// Returns when the schedule has drawn its conclusions, or has ended.
fn tell_end(tell: &Sender<Message>, step: usize, turn: Result<Turn>) {
    let (go_on, wait) = mpsc::channel();
    let _ = tell.send(Message::Ended(step, turn, go_on));
    let _ = wait.recv();
}

/// A step that panics must still end: the schedule would wait for it for ever.
fn guarded(act: impl FnOnce() -> Result<Turn>) -> Result<Turn> {
    catch_unwind(AssertUnwindSafe(act))
        .unwrap_or_else(|_| Err(Error::failed("a step panicked: this is a bug in pthbs")))
}

#[cfg(test)]
mod tests;
