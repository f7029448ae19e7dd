//! The host as it is, with a few more directories in it: a view of one process and its children, not a boundary.
//!
//! A ramfs becomes the root, and every top-level entry of the host is shown in it, so that a mount point that the host's
//! root lacks (`/versions`) can be there. Uid, terminal, processes and network stay the caller's.

use std::fs::FileType;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::stat::{Mode, fstat, fstatat};
use nix::unistd::{chdir, fchdir, getegid, geteuid};

use crate::error::{Named as _, Result};
use crate::mount::{Api, Forbid, NOWHERE};
use crate::root::{Item, Plan};
use crate::spec::{Bind, validate_binds};
use crate::{diagnose, identity};

/// Gives this process a root of its own: the host's top-level entries, and `binds` on top of them.
///
/// Root needs a mount namespace alone and keeps all its rights. An ordinary user needs a user namespace too, in which it
/// has its own uid and no other: set-uid programs have no effect there. For a process of one thread; the caller then
/// executes what it wants to run.
pub fn overlay(binds: &[Bind]) -> Result<()> {
    validate_binds(binds)?;
    let cwd = Cwd::remember()?;
    enter_namespaces()?;
    let api = Api::choose(false);
    let mut items = Vec::new();
    for bind in binds {
        items.push((bind.target.clone(), Item::Tree(api.take(NOWHERE, &bind.source, bind.access.into())?)));
    }
    for (path, kind) in top_level()? {
        if binds.iter().all(|bind| bind.target != path)
            && let Some(item) = host_item(api, &path, kind)
        {
            items.push((path, item));
        }
    }
    Plan::of(api, items).enter()?;
    cwd.restore()
}

/// Root's own mount namespace, or an ordinary user's in a user namespace that holds that user alone.
fn enter_namespaces() -> Result<()> {
    let (uid, gid) = (geteuid(), getegid());
    match unshare(CloneFlags::CLONE_NEWNS) {
        Ok(()) => {}
        Err(Errno::EPERM) => {
            let both = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS;
            unshare(both).map_err(|errno| diagnose::no_namespaces("unshare(user, mount)", errno))?;
            identity::write_own_maps(uid, gid).map_err(diagnose::powerless)?;
        }
        Err(errno) => return Err(errno).named(|| "unshare(mount)".to_string()),
    }
    // What the host mounts later still appears here; nothing mounted here reaches the host.
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_SLAVE, None::<&str>)
        .named(|| "mount(/, MS_REC|MS_SLAVE)".to_string())
}

/// What lies in the host's root directory.
fn top_level() -> Result<Vec<(PathBuf, FileType)>> {
    let read = || -> std::io::Result<Vec<_>> {
        std::fs::read_dir("/")?
            .map(|entry| entry.and_then(|entry| Ok((entry.path(), entry.file_type()?))))
            .collect()
    };
    read().named(|| "readdir(/)".to_string())
}

/// How an entry of the host's root is shown. One that cannot be taken (a dead network mount) is left out: whoever needs it
/// would have met the same error, and everybody else need not.
fn host_item(api: Api, path: &Path, kind: FileType) -> Option<Item> {
    if kind.is_symlink() {
        return std::fs::read_link(path).ok().map(Item::Link);
    }
    api.take(NOWHERE, path, Forbid::NOTHING).ok().map(Item::Tree)
}

/// The directory one is in, by name and by descriptor: it may have no name, or a name that means another one soon.
struct Cwd {
    path: Option<PathBuf>,
    fd: OwnedFd,
}

impl Cwd {
    fn remember() -> Result<Cwd> {
        let fd = open(".", OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())
            .named(|| "open(the current directory)".to_string())?;
        Ok(Cwd { path: std::env::current_dir().ok(), fd })
    }

    /// Goes back by name where that leads to the same directory, else by descriptor: then it is one of the host's tree,
    /// which works, though `pwd` may not find its name.
    fn restore(&self) -> Result<()> {
        let same = self.path.as_ref().filter(|path| self.is_at(path));
        match same.map(|path| chdir(path.as_path())) {
            Some(Ok(())) => Ok(()),
            _ => fchdir(&self.fd).named(|| "fchdir(the current directory)".to_string()),
        }
    }

    fn is_at(&self, path: &Path) -> bool {
        let there = fstatat(NOWHERE, path, AtFlags::empty());
        let here = fstat(self.fd.as_fd());
        matches!((there, here), (Ok(a), Ok(b)) if (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino))
    }
}
