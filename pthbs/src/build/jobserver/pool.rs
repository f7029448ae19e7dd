//! Who holds how many tokens, and who gets the next one. No thread, no waiting: every call looks, moves tokens, returns.
//!
//! At every moment the free tokens, the seats, and the tokens put into FIFOs and not read back add up to the width.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use super::fifo::Fifo;

/// How long an offer may lie untaken while another build has none.
const PATIENCE: Duration = Duration::from_millis(5);
/// How long a build that left an offer lying waits for the next one; doubled each time up to the limit.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(640);
/// Kernels 5.5 to 5.13 can swallow the wake-up of an edge-triggered pipe; while somebody is hungry, look anyway.
const SAFETY: Duration = Duration::from_millis(200);
/// A journal ends here; a trace of more would be of no use to anybody.
const MOST_NOTED: usize = 200_000;

/// The tokens of one run.
#[derive(Debug, Default)]
pub(super) struct Pool {
    pub(super) width: usize,
    free: usize,
    builds: BTreeMap<u64, Build>,
    waiting: VecDeque<u64>,
    granted: BTreeSet<u64>,
    next: u64,
    /// No seat is given any more.
    pub(super) closed: bool,
    /// The broker's thread is to end.
    pub(super) ended: bool,
    /// When the broker wakes up by itself; `None`: not at all.
    pub(super) sleeps_until: Option<Instant>,
    /// Who held how many when, where somebody asked for it to be written down.
    pub(super) journal: Option<Vec<Held>>,
}

/// How many tokens a seat held from a moment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The moment.
    pub at: Instant,
    /// The seat's number.
    pub seat: u64,
    /// Tokens, with the seat itself; 0 when the seat is given up.
    pub tokens: usize,
}

/// One running build. Its seat is a token too and is not counted here.
#[derive(Debug)]
struct Build {
    fifo: Fifo,
    /// Tokens put in and not read back: those that its processes hold, and the one that lies there.
    out: usize,
    /// Since when a token lies there.
    offered: Option<Instant>,
    /// No offer before this moment, and how long the pause before it was.
    pause: Option<(Instant, Duration)>,
    /// It has written more tokens than there can be.
    has_overflowed: bool,
}

impl Build {
    /// Takes out everything; what is more than was put in was made up by the build and does not count.
    fn drain(&mut self) -> usize {
        self.offered = None;
        let drained = self.fifo.drain();
        // Somebody may be blocked writing, and a blocked writer goes on only when it finds the pipe empty: an offer laid
        // in before it wakes would hold it for ever. So a build that does this is offered nothing any more.
        self.has_overflowed |= drained >= Fifo::ROOM;
        let tokens = drained.min(self.out);
        self.out -= tokens;
        tokens
    }

    fn may_have_offer(&self, now: Instant) -> bool {
        !self.has_overflowed && self.offered.is_none() && self.pause.is_none_or(|(until, _)| until <= now)
    }
}

impl Pool {
    pub(super) fn new(width: usize) -> Pool {
        Pool { width, free: width, ..Pool::default() }
    }

    /// A place in the queue for a seat.
    pub(super) fn queue(&mut self) -> u64 {
        self.next += 1;
        self.waiting.push_back(self.next);
        self.next
    }

    /// Gives up a place in the queue.
    pub(super) fn leave(&mut self, seat: u64) {
        self.waiting.retain(|waiting| *waiting != seat);
        if self.granted.remove(&seat) {
            self.free += 1;
        }
    }

    /// Sits down, once the seat is granted; until then the FIFO comes back.
    pub(super) fn sit(&mut self, seat: u64, fifo: Fifo) -> Result<(), Fifo> {
        if !self.granted.remove(&seat) {
            return Err(fifo);
        }
        self.builds.insert(seat, Build { fifo, out: 0, offered: None, pause: None, has_overflowed: false });
        self.note(seat);
        Ok(())
    }

    /// Gets up: the seat and all that the build held are free, whatever became of its processes.
    pub(super) fn stand_up(&mut self, seat: u64) -> Option<Fifo> {
        let build = self.builds.remove(&seat)?;
        self.free += 1 + build.out;
        self.note(seat);
        Some(build.fifo)
    }

    pub(super) fn fifo(&self, seat: u64) -> Option<&Fifo> {
        self.builds.get(&seat).map(|build| &build.fifo)
    }

    /// Something happened in a FIFO: its token was taken, or tokens were given back.
    pub(super) fn look(&mut self, seat: u64) {
        let Some(build) = self.builds.get_mut(&seat) else { return };
        match build.fifo.lying() {
            0 if build.offered.is_some() => {
                build.offered = None;
                build.pause = None;
            }
            0 => return,
            1 if build.offered.is_some() => return,
            _ => self.free += build.drain(),
        }
        self.note(seat);
    }

    /// Hands out what is free: waiting seats first, then one offer to each build without one, the poorest first.
    pub(super) fn settle(&mut self, now: Instant) {
        self.take_back_stale(now);
        while !self.waiting.is_empty() && (self.free > 0 || self.take_back_any()) {
            self.free -= 1;
            let seat = self.waiting.pop_front().expect("it is not empty");
            self.granted.insert(seat);
        }
        while self.free > 0 {
            let hungry = self.builds.iter_mut().filter(|(_, build)| build.may_have_offer(now));
            let Some((&seat, build)) = hungry.min_by_key(|(_, build)| build.out) else { break };
            if build.fifo.put() {
                build.offered = Some(now);
                build.out += 1;
                self.free -= 1;
                self.note(seat);
            } else {
                // The build has filled the page; no offer lies there that could be waited for.
                self.free += build.drain();
                build.has_overflowed = true;
            }
        }
    }

    /// When to settle again though nothing happens; nothing to wait for when nobody is hungry or nothing is out.
    pub(super) fn wake_at(&self, now: Instant) -> Option<Instant> {
        if self.free > 0 {
            return self
                .builds
                .values()
                .filter_map(|build| Some(build.pause?.0))
                .filter(|at| *at > now)
                .min();
        }
        let is_hungry = |build: &Build| build.may_have_offer(now);
        let anybody_waits = !self.waiting.is_empty() || self.builds.values().any(is_hungry);
        let anything_out = self.builds.values().any(|build| build.out > 0);
        let stale = self.builds.values().filter_map(|build| Some(build.offered? + PATIENCE)).min();
        (anybody_waits && anything_out).then(|| stale.unwrap_or(now + SAFETY))
    }

    /// Whether the broker would sleep too long. It hears of the FIFOs by itself, and so is woken for the clock alone.
    pub(super) fn is_overslept(&self, now: Instant) -> bool {
        self.wake_at(now).is_some_and(|at| self.sleeps_until.is_none_or(|until| at < until))
    }

    /// Looks at every FIFO, for wake-ups that were swallowed.
    pub(super) fn look_at_all(&mut self) {
        let seats: Vec<u64> = self.builds.keys().copied().collect();
        seats.into_iter().for_each(|seat| self.look(seat));
    }

    /// Offers that nobody took for a while go to builds that have none.
    fn take_back_stale(&mut self, now: Instant) {
        let hungry = self.builds.values().filter(|build| build.may_have_offer(now)).count();
        for _ in self.free..hungry {
            let lying =
                self.builds.iter_mut().filter_map(|(seat, build)| Some((build.offered?, seat, build)));
            let Some((since, &seat, build)) = lying.min_by_key(|(since, ..)| *since) else { return };
            if now < since + PATIENCE {
                return;
            }
            let tokens = build.drain();
            self.free += tokens;
            let pause = build.pause.map_or(FIRST_PAUSE, |(_, pause)| (2 * pause).min(LONGEST_PAUSE));
            // Nothing there: it was taken at the last moment, and so is wanted.
            build.pause = (tokens > 0).then_some((now + pause, pause));
            self.note(seat);
        }
    }

    /// Takes one lying offer back at once, for a build that cannot even start; from the richest.
    fn take_back_any(&mut self) -> bool {
        let lying = self.builds.iter_mut().filter(|(_, build)| build.offered.is_some());
        let Some((&seat, build)) = lying.max_by_key(|(_, build)| build.out) else { return false };
        let tokens = build.drain();
        self.free += tokens;
        self.note(seat);
        tokens > 0 || self.take_back_any()
    }

    fn note(&mut self, seat: u64) {
        let tokens = self.builds.get(&seat).map_or(0, |build| {
            let lying = usize::from(build.offered.is_some());
            1 + build.out.saturating_sub(lying)
        });
        if let Some(journal) = &mut self.journal
            && journal.len() < MOST_NOTED
        {
            journal.push(Held { at: Instant::now(), seat, tokens });
        }
    }

    #[cfg(test)]
    pub(super) fn is_whole(&self) -> bool {
        let held: usize = self.builds.values().map(|build| 1 + build.out).sum();
        self.free + held + self.granted.len() == self.width
    }

    #[cfg(test)]
    pub(super) fn free(&self) -> usize {
        self.free
    }
}
