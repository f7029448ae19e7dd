//! Where a loop over the parts of a tree runs: in the pool for such work, or, where there are few, in the caller's thread.
//!
//! Waking a pool for a loop over three files takes longer than the loop. And a thread of another pool must not begin a
//! parallel loop at all: while it waits there it takes up further tasks of its own pool.

use rayon::prelude::*;

/// The choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spread {
    /// One after another.
    Here,
    /// Over the threads of the pool that the caller is in.
    Pool,
}

impl Spread {
    /// Does something to each, and gives what came of it in the same order, or the error of one.
    pub(super) fn each<T: Sync, R: Send, E: Send>(
        self,
        all: &[T],
        act: impl Fn(&T) -> Result<R, E> + Sync + Send,
    ) -> Result<Vec<R>, E> {
        match self {
            Spread::Here => all.iter().map(act).collect(),
            // One at a time: they differ too much in size to be shared out before.
            Spread::Pool => all.par_iter().with_max_len(1).map(act).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_give_the_same() {
        let all: Vec<u32> = (0..1000).collect();
        for spread in [Spread::Here, Spread::Pool] {
            let doubled = spread.each(&all, |number| Ok::<u32, ()>(number * 2)).unwrap();
            assert!(doubled.iter().enumerate().all(|(at, number)| *number as usize == at * 2));
            assert_eq!(spread.each(&all, |number| if *number == 7 { Err(*number) } else { Ok(()) }), Err(7));
        }
    }

    #[test]
    fn what_is_done_here_leaves_its_thread_alone() {
        let here = std::thread::current().id();
        let threads = Spread::Here.each(&[1, 2, 3], |_| Ok::<_, ()>(std::thread::current().id()));
        assert_eq!(threads, Ok(vec![here; 3]));
    }
}
