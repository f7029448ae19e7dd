//! The pool for work that never waits: unpacking, hashing, linking. Parallel loops run in it and nowhere else.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc;

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::base::{Error, Result};

/// The pool, as wide as the machine.
#[derive(Debug)]
pub(super) struct Work(ThreadPool);

impl Work {
    pub(super) fn new() -> Result<Work> {
        let pool = ThreadPoolBuilder::new().thread_name(|number| format!("work-{number}")).build();
        pool.map(Work).map_err(|cause| Error::usage(format!("cannot start threads: {cause}")))
    }

    /// Does something in the pool and waits for it, plainly.
    ///
    /// Not `ThreadPool::install`: a thread of another pool that waits there takes up further tasks of its own pool
    /// meanwhile, and so a finished build would wait for the end of one that was begun on top of it.
    pub(super) fn run<T: Send + 'static>(&self, act: impl FnOnce() -> T + Send + 'static) -> T {
        let (tell, told) = mpsc::channel();
        self.0.spawn(move || {
            let _ = tell.send(catch_unwind(AssertUnwindSafe(act)));
        });
        let done = told.recv().expect("a task of the pool tells its end");
        done.unwrap_or_else(|panic| resume_unwind(panic))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_done_in_the_pool_and_a_panic_comes_back() {
        let work = Work::new().unwrap();
        let name = work.run(|| std::thread::current().name().map(str::to_string));
        assert!(name.unwrap().starts_with("work-"));
        assert!(catch_unwind(AssertUnwindSafe(|| work.run(|| panic!("a bug")))).is_err());
        assert_eq!(work.run(|| 1), 1, "the pool lives on");
    }
}
