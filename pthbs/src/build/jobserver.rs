//! One make jobserver for all builds: never more than the given number of jobs at once, and all of them where work is.
//!
//! Each build has a FIFO of its own, so that what it breaks is its own. One thread keeps at most one token lying in each
//! of them (an *offer*) and learns from edge-triggered epoll when it is taken or when tokens come back: no polling. A
//! running build holds a *seat*, the token that make's first job needs no permission for.

mod fifo;
mod pool;

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::{EfdFlags, EventFd};

pub use pool::Held;

use crate::base::{Error, Result};
use fifo::Fifo;
use pool::Pool;

/// The descriptors that carry the jobserver into a build in the combined form: high, because configure uses 3, 5, 6, 7.
pub const DESCRIPTORS: [i32; 2] = [198, 199];
/// The wake-up's number among the events; seats count from 1.
const WAKE: u64 = 0;

/// How MAKEFLAGS names the jobserver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// By the FIFO's path: GNU make from 4.4, ninja from 1.13. Nothing is inherited, so nothing can be lost on the way.
    Fifo,
    /// The path, then the descriptors: the last one that a client knows wins, so GNU make 4.3 and 4.4 both understand it.
    Combined,
    /// Not at all: each make is as wide as all of them should be together.
    None,
}

/// The broker. Dropping it ends its thread; seats given out stay valid, but nobody is offered anything any more.
#[derive(Debug)]
pub struct Jobserver {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    /// Where the FIFOs are made.
    dir: PathBuf,
    pool: Mutex<Pool>,
    granted: Condvar,
    epoll: Epoll,
    wake: EventFd,
}

/// The right to run one build. Drop it when all processes of the build are gone: whatever it held is free from then on.
#[derive(Debug)]
pub struct Seat {
    number: u64,
    shared: Arc<Shared>,
}

impl Jobserver {
    /// A jobserver for `width` jobs in all, at least one. FIFOs are made in `dir`, which nobody else may enter.
    pub fn new(width: usize, dir: &Path) -> Result<Jobserver> {
        let failed =
            |call: &str, errno: Errno| Error::usage(format!("cannot start the jobserver: {call}: {errno}"));
        let epoll =
            Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(|errno| failed("epoll_create1", errno))?;
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        let wake = EventFd::from_flags(flags).map_err(|errno| failed("eventfd", errno))?;
        let readable = EpollEvent::new(EpollFlags::EPOLLIN | EpollFlags::EPOLLET, WAKE);
        epoll.add(&wake, readable).map_err(|errno| failed("epoll_ctl", errno))?;
        let pool = Mutex::new(Pool::new(width.max(1)));
        let shared = Arc::new(Shared { dir: dir.to_path_buf(), pool, granted: Condvar::new(), epoll, wake });
        let broker = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("jobserver".into()).spawn(move || broker.serve());
        let thread =
            thread.map_err(|cause| Error::usage(format!("cannot start the jobserver's thread: {cause}")))?;
        Ok(Jobserver { shared, thread: Some(thread) })
    }

    /// Waits for a seat. None when the jobserver was closed meanwhile.
    pub fn seat(&self) -> Result<Option<Seat>> {
        let mut pool = self.shared.lock();
        let number = pool.queue();
        let mut fifo = match Fifo::make(self.shared.dir.join(number.to_string())) {
            Ok(fifo) => fifo,
            Err(error) => {
                pool.leave(number);
                self.shared.rouse();
                return Err(error);
            }
        };
        // Others may have been granted theirs by this, and the broker is to watch the offers that lie.
        self.shared.settle(&mut pool);
        loop {
            if pool.closed {
                pool.leave(number);
                return Ok(None);
            }
            match pool.sit(number, fifo) {
                Ok(()) => break,
                Err(ours) => fifo = ours,
            }
            pool = self.shared.granted.wait(pool).expect("no holder of the pool panics");
        }
        let seat = Seat { number, shared: Arc::clone(&self.shared) };
        let edges = EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT | EpollFlags::EPOLLET;
        let fifo = pool.fifo(number).expect("a build that sits has its FIFO");
        let watched = self.shared.epoll.add(fifo, EpollEvent::new(edges, number));
        self.shared.settle(&mut pool);
        drop(pool);
        watched
            .map_err(|errno| Error::usage(format!("cannot watch a build's jobserver: epoll_ctl: {errno}")))?;
        Ok(Some(seat))
    }

    /// Gives no seat to anybody any more, and sends home those who wait for one.
    pub fn close(&self) {
        self.shared.lock().closed = true;
        self.shared.granted.notify_all();
    }

    /// Begins to write down who holds how many tokens.
    pub fn keep_journal(&self) {
        self.shared.lock().journal.get_or_insert_default();
    }

    /// What was written down so far.
    pub fn journal(&self) -> Vec<Held> {
        self.shared.lock().journal.clone().unwrap_or_default()
    }
}

impl Drop for Jobserver {
    fn drop(&mut self) {
        self.close();
        self.shared.lock().ended = true;
        self.shared.rouse();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Seat {
    /// Its number in the journal.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Where its FIFO lies on the host.
    pub fn fifo(&self) -> PathBuf {
        self.with_fifo(|fifo| fifo.path().to_path_buf())
    }

    /// Read and write ends for a build that gets descriptors.
    pub fn descriptors(&self) -> Result<[OwnedFd; 2]> {
        self.with_fifo(Fifo::open_ends)
    }

    /// The value of MAKEFLAGS; `path` is where the build sees the FIFO.
    pub fn makeflags(&self, form: Form, path: &Path) -> String {
        let width = self.shared.lock().width;
        let [read, write] = DESCRIPTORS;
        let fifo = format!("-j{width} --jobserver-auth=fifo:{}", path.display());
        match form {
            Form::Fifo => fifo,
            Form::Combined => format!("{fifo} --jobserver-auth={read},{write}"),
            Form::None => format!("-j{width}"),
        }
    }

    fn with_fifo<T>(&self, look: impl FnOnce(&Fifo) -> T) -> T {
        let pool = self.shared.lock();
        look(pool.fifo(self.number).expect("a seat has its FIFO until it is dropped"))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut pool = self.shared.lock();
        if let Some(fifo) = pool.stand_up(self.number) {
            let _ = self.shared.epoll.delete(&fifo);
        }
        self.shared.settle(&mut pool);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().expect("no holder of the pool panics")
    }

    /// Hands out what is free, and tells whoever must know.
    fn settle(&self, pool: &mut Pool) {
        let now = Instant::now();
        pool.settle(now);
        self.granted.notify_all();
        if pool.is_overslept(now) {
            self.rouse();
        }
    }

    /// Makes the broker's thread look at the clock and at whom it may serve.
    fn rouse(&self) {
        // Only a counter near 2^64 could refuse it.
        // Tried again: whoever closes it waits for the broker, which waits for this.
        let _ = (0..3).find(|_| self.wake.write(1).is_ok());
    }

    /// The broker's thread.
    fn serve(&self) {
        let mut events = [EpollEvent::empty(); 32];
        let mut timeout = EpollTimeout::NONE;
        loop {
            let count = match self.epoll.wait(&mut events, timeout) {
                Ok(count) => count,
                Err(Errno::EINTR) => continue,
                Err(errno) => unreachable!("epoll_wait on a descriptor of our own: {errno}"),
            };
            let mut pool = self.lock();
            if pool.ended {
                return;
            }
            // The wake-up's own number is no seat's, and looking at no seat does nothing.
            events[..count].iter().for_each(|event| pool.look(event.data()));
            if count == 0 {
                pool.look_at_all();
            }
            let now = Instant::now();
            pool.settle(now);
            pool.sleeps_until = pool.wake_at(now);
            timeout = pool.sleeps_until.map_or(EpollTimeout::NONE, |at| whole_milliseconds(at - now));
            drop(pool);
            self.granted.notify_all();
        }
    }
}

/// Rounded up: a wait that ends a little too early would find nothing to do.
fn whole_milliseconds(wait: Duration) -> EpollTimeout {
    let milliseconds = wait.as_micros().div_ceil(1000);
    EpollTimeout::from(u16::try_from(milliseconds).unwrap_or(u16::MAX))
}

#[cfg(test)]
mod tests;
