//! One build's end of the jobserver: a FIFO of one page, in which each byte is a token. Knows nothing of the pool.
//!
//! A pipe of one page counts as full whenever it is not empty. So an edge-triggered epoll on it tells both things that
//! matter: "writable" is the moment at which the lying token was taken, "readable" the one at which a token came back.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::stat::Mode;

use crate::base::{Error, Result};

/// A FIFO, held open for reading and writing as long as the build runs. Its file goes with it.
#[derive(Debug)]
pub(super) struct Fifo {
    path: PathBuf,
    end: File,
}

impl Fifo {
    /// How many tokens fit: the least that a pipe can be made to hold, one page and so one slot.
    pub(super) const ROOM: usize = 4096;

    /// Makes the FIFO. Whoever reaches it may use it: its directory is the boundary.
    pub(super) fn make(path: PathBuf) -> Result<Fifo> {
        let error = |doing, cause: std::io::Error| Error::io(doing, &path, &cause);
        nix::unistd::mkfifo(&path, Mode::from_bits_truncate(0o666))
            .map_err(|errno| error("make the jobserver's FIFO", errno.into()))?;
        // The umask has taken bits away, and a build runs under a uid of its own.
        std::fs::set_permissions(&path, Permissions::from_mode(0o666))
            .map_err(|cause| error("set the mode of", cause))?;
        let end = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(OFlag::O_NONBLOCK.bits())
            .open(&path)
            .map_err(|cause| error("open", cause))?;
        fcntl(&end, FcntlArg::F_SETPIPE_SZ(Fifo::ROOM as i32))
            .map_err(|errno| error("shrink the pipe (F_SETPIPE_SZ 4096)", errno.into()))?;
        Ok(Fifo { path, end })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How many tokens lie in it.
    pub(super) fn lying(&self) -> usize {
        let bytes = rustix::io::ioctl_fionread(&self.end).expect("FIONREAD works on a pipe");
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }

    /// Lays one token in; false when the build has filled the page.
    pub(super) fn put(&self) -> bool {
        matches!((&self.end).write(b"+"), Ok(1))
    }

    /// Takes out all that lies there, and says how much it was.
    ///
    /// All of it, because only an empty page is given up: one that is never emptied is full after 4096 writes, and then
    /// whoever gives a token back blocks. Bounded, because a build may write without end.
    pub(super) fn drain(&self) -> usize {
        let mut buffer = [0; Fifo::ROOM];
        let reads = (0..8).map_while(|_| (&self.end).read(&mut buffer).ok().filter(|n| *n > 0));
        reads.sum()
    }

    /// An end to read and an end to write, opened anew so that a build's `O_NONBLOCK` stays its own.
    pub(super) fn open_ends(&self) -> Result<[OwnedFd; 2]> {
        let open = |options: &mut OpenOptions| {
            options.open(&self.path).map_err(|cause| Error::io("open", &self.path, &cause))
        };
        Ok([open(OpenOptions::new().read(true))?.into(), open(OpenOptions::new().write(true))?.into()])
    }
}

impl AsFd for Fifo {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.end.as_fd()
    }
}

impl Drop for Fifo {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
