//! Several things at once, in a number of threads that the caller chooses.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Does `act` with every item; gives the results in the items' order.
///
/// Plain threads and no pool: they wait for servers and disks, and end with the call.
pub(super) fn each<T: Sync, R: Send>(items: &[T], threads: usize, act: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(number) else { return done };
            done.push((number, act(item)));
        }
    };
    let mut results: Vec<(usize, R)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.clamp(1, items.len().max(1))).map(|_| scope.spawn(work)).collect();
        // A panic in one of them goes on in the caller.
        let done = workers.into_iter().map(thread::ScopedJoinHandle::join);
        done.flat_map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    results.sort_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn results_have_the_order_of_the_items_and_threads_work_at_once() {
        let items: Vec<usize> = (0..6).collect();
        // Passed only when three are there at the same time.
        let three = Barrier::new(3);
        let results = each(&items, 3, |item| {
            three.wait();
            item * 2
        });
        assert_eq!(results, [0, 2, 4, 6, 8, 10]);
        assert!(each(&[(); 0], 4, |()| ()).is_empty());
    }
}
