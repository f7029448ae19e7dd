//! Many things done on several threads, which end before anybody goes on: nobody else meets a process with threads.

use std::num::NonZero;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many threads this machine runs at once.
pub(super) fn available() -> usize {
    // The answer is read from a dozen files of the system, which takes as long as rendering a package.
    static FOUND: OnceLock<usize> = OnceLock::new();
    *FOUND.get_or_init(|| std::thread::available_parallelism().map_or(1, NonZero::get))
}

/// What is done, how many things at once, and with how much stack for each thread.
pub(super) struct Threads {
    pub count: usize,
    /// Things that one thread takes at a time.
    pub share: usize,
    /// Bytes; none for what needs no more than any thread has. Only what is touched costs memory.
    pub stack: Option<usize>,
}

impl Threads {
    /// Applies `act` to shares of the items; the results come in the items' order.
    pub(super) fn over<'a, T: Sync, R: Send>(
        &self,
        items: &'a [T],
        act: impl Fn(&'a [T]) -> R + Sync,
    ) -> Vec<R> {
        let shares: Vec<&[T]> = items.chunks(self.share.max(1)).collect();
        let count = self.count.clamp(1, shares.len().max(1));
        if count == 1 && self.stack.is_none() {
            return shares.into_iter().map(act).collect();
        }
        let next = AtomicUsize::new(0);
        let work = || {
            let mut done = Vec::new();
            loop {
                let position = next.fetch_add(1, Ordering::Relaxed);
                let Some(share) = shares.get(position) else { return done };
                done.push((position, act(share)));
            }
        };
        let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
            let start = |_| {
                let thread = std::thread::Builder::new().name("genpkg".to_string());
                let thread = match self.stack {
                    Some(stack) => thread.stack_size(stack),
                    None => thread,
                };
                thread.spawn_scoped(scope, work).expect("a thread can be started")
            };
            // Where this thread's stack is enough it does its part: one thread less to start.
            let own = usize::from(self.stack.is_none());
            let threads: Vec<_> = (own..count).map(start).collect();
            let mut done = if own == 1 { work() } else { Vec::new() };
            let others = threads.into_iter().map(|thread| thread.join().expect("rendering does not panic"));
            others.for_each(|other| done.extend(other));
            done
        });
        done.sort_by_key(|(position, _)| *position);
        done.into_iter().map(|(_, result)| result).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order() {
        let items: Vec<usize> = (0..100).collect();
        for (count, share, stack) in [(1, 7, None), (3, 7, None), (9, 1, Some(1 << 20)), (2, 1000, None)] {
            let threads = Threads { count, share, stack };
            let sums: Vec<usize> = threads.over(&items, |share| share.iter().sum());
            let expected: Vec<usize> = items.chunks(share).map(|share| share.iter().sum()).collect();
            assert_eq!(sums, expected);
        }
        let none: Vec<usize> = Threads { count: 2, share: 3, stack: None }.over(&[] as &[u8], |_| 1);
        assert!(none.is_empty());
    }
}
