//! The steps that can be done now, the one with the longest way to the end on top.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard};

/// Ready steps of one kind. Laid in by the schedule, taken by the pool's tasks.
#[derive(Debug)]
pub(super) struct Ready {
    /// Steps from the best to the worst, and the place of each in that order.
    order: Vec<usize>,
    places: Vec<usize>,
    waiting: Mutex<BTreeSet<usize>>,
}

impl Ready {
    /// The better of two steps has the higher rank; of equals, the one that stands first in the plan.
    pub(super) fn new(ranks: &[f64]) -> Ready {
        let mut order: Vec<usize> = (0..ranks.len()).collect();
        order.sort_by(|a, b| ranks[*b].total_cmp(&ranks[*a]));
        let mut places = vec![0; order.len()];
        order.iter().enumerate().for_each(|(place, step)| places[*step] = place);
        Ready { order, places, waiting: Mutex::default() }
    }

    pub(super) fn put(&self, step: usize) {
        self.lock().insert(self.places[step]);
    }

    pub(super) fn take(&self) -> Option<usize> {
        self.lock().pop_first().map(|place| self.order[place])
    }

    /// Takes all that nobody has taken.
    pub(super) fn take_all(&self) -> Vec<usize> {
        std::mem::take(&mut *self.lock()).into_iter().map(|place| self.order[place]).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<usize>> {
        self.waiting.lock().expect("nobody panics while holding it")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_way_is_taken_first_and_equals_in_their_order() {
        let ready = Ready::new(&[1.0, 5.0, 5.0, 9.0]);
        [0, 2, 1].into_iter().for_each(|step| ready.put(step));
        assert_eq!(ready.take(), Some(1));
        ready.put(3);
        assert_eq!(
            (ready.take(), ready.take(), ready.take(), ready.take()),
            (Some(3), Some(2), Some(0), None)
        );
        [1, 3].into_iter().for_each(|step| ready.put(step));
        assert_eq!((ready.take_all(), ready.take()), (vec![3, 1], None));
    }
}
