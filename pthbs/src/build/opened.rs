//! Which installs a build opens anything of, for `pthbs build --trace`.
//!
//! Watched with inotify, from outside: it costs the build nothing, no filter or tracer is in its way, and what the kernel
//! opens by itself (the interpreter of a `#!` line) counts too. atime says nothing, because read-only binds never update
//! it. An open by anybody counts, so traced builds run one at a time; another pthbs on the same store can hide an unused
//! install, and never makes a used one look unused.

use std::collections::{BTreeSet, HashMap};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::thread::JoinHandle;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rustix::fs::inotify::{CreateFlags, ReadFlags, Reader, WatchFlags, add_watch, init, remove_watch};
use rustix::io::Errno;

use crate::base::error::system_word;
use crate::base::{Error, Result};
use crate::script::InstallId;
use crate::store::{Item, Store};

/// A watch that goes on until it is asked.
#[derive(Debug)]
pub(super) struct Opened {
    thread: JoinHandle<Seen>,
    /// Closing it ends the thread.
    end: OwnedFd,
}

#[derive(Debug)]
struct Seen {
    never: BTreeSet<InstallId>,
    /// The kernel has dropped some of what happened.
    has_gap: bool,
}

impl Opened {
    /// Begins to watch every directory of some installs.
    pub(super) fn watch(store: &Store, installs: &BTreeSet<InstallId>) -> Result<Opened> {
        let fd = init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)
            .map_err(|errno| refused("inotify_init1", errno))?;
        // All of them are listed before the first is watched: listing opens them.
        let mut directories = Vec::new();
        for install in installs {
            let found = directories_of(store, install)?;
            directories.extend(found.into_iter().map(|dir| (dir, install.clone())));
        }
        let mut owners = HashMap::new();
        for (dir, install) in directories {
            let watch = add_watch(&fd, &dir, WatchFlags::OPEN | WatchFlags::ONLYDIR)
                .map_err(|errno| refused(&format!("inotify_add_watch({})", dir.display()), errno))?;
            owners.insert(watch, install);
        }
        let (ended, end) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)
            .map_err(|errno| Error::usage(format!("cannot trace a build: pipe2: {}", errno.desc())))?;
        let never = installs.clone();
        let thread = std::thread::Builder::new()
            .name("opened".into())
            .spawn(move || follow(&fd, &ended, owners, never))
            .map_err(|cause| Error::usage(format!("cannot start a thread for the trace: {cause}")))?;
        Ok(Opened { thread, end })
    }

    /// The installs of which nothing was opened; none where that cannot be told.
    pub(super) fn never(self) -> Option<BTreeSet<InstallId>> {
        drop(self.end);
        let seen = self.thread.join().ok()?;
        (!seen.has_gap).then_some(seen.never)
    }
}

fn directories_of(store: &Store, install: &InstallId) -> Result<Vec<PathBuf>> {
    let top = store.path(&Item::Install(install.clone()));
    // In a scratch store an install is a link.
    let top = top.canonicalize().map_err(|cause| Error::io("open", &top, &cause))?;
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(&top) {
        let entry =
            entry.map_err(|cause| Error::usage(format!("cannot list `{}`: {cause}", top.display())))?;
        if entry.file_type().is_dir() {
            found.push(entry.into_path());
        }
    }
    Ok(found)
}

/// Takes in events until the pipe is closed and nothing more lies there.
fn follow(
    fd: &OwnedFd,
    ended: &OwnedFd,
    mut owners: HashMap<i32, InstallId>,
    never: BTreeSet<InstallId>,
) -> Seen {
    use std::os::fd::AsFd;
    let mut seen = Seen { never, has_gap: false };
    loop {
        let mut ready = [fd, ended].map(|fd| PollFd::new(fd.as_fd(), PollFlags::POLLIN));
        let is_over = match poll(&mut ready, PollTimeout::NONE) {
            Ok(_) => ready[1].any().unwrap_or(true),
            Err(_) => false,
        };
        // What happened before the end lies there when the end is seen.
        take(fd, &mut owners, &mut seen);
        if is_over {
            return seen;
        }
    }
}

/// Takes in all events that lie there. An install that was opened once is watched no longer: a build opens its headers
/// a hundred thousand times.
fn take(fd: &OwnedFd, owners: &mut HashMap<i32, InstallId>, seen: &mut Seen) {
    let mut bytes = [MaybeUninit::uninit(); 16 << 10];
    let mut reader = Reader::new(fd, &mut bytes);
    loop {
        match reader.next() {
            Ok(event) if event.events().contains(ReadFlags::QUEUE_OVERFLOW) => seen.has_gap = true,
            Ok(event) => {
                let Some(install) = owners.get(&event.wd()).cloned() else { continue };
                if seen.never.remove(&install) {
                    let of_it: Vec<i32> = owners
                        .iter()
                        .filter(|(_, owner)| **owner == install)
                        .map(|(watch, _)| *watch)
                        .collect();
                    for watch in of_it {
                        owners.remove(&watch);
                        let _ = remove_watch(fd, watch);
                    }
                }
            }
            Err(Errno::INTR) => {}
            Err(_) => return,
        }
    }
}

fn refused(call: &str, errno: Errno) -> Error {
    let error = Error::usage(format!("cannot trace a build: {call}: {}", system_word(&errno.into())));
    match errno {
        Errno::NOSPC => error.hint("as root: sysctl -w fs.inotify.max_user_watches=1000000"),
        Errno::MFILE => error.hint("as root: sysctl -w fs.inotify.max_user_instances=1024"),
        _ => error,
    }
}
