//! Passes bytes from one descriptor to another, a piece at a time, so that one loop can serve several and its clock.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};

use nix::poll::{PollFd, PollFlags};

use crate::error::{Named as _, Result};

/// One direction.
#[derive(Debug)]
pub(crate) struct Relay {
    from: File,
    to: File,
    /// Read, and not yet taken by `to`.
    pending: Vec<u8>,
    /// What passes is the command's output, not its input.
    pub(crate) is_output: bool,
}

impl Relay {
    /// From the command, or to it.
    pub(crate) fn new(from: OwnedFd, to: OwnedFd, is_output: bool) -> Relay {
        Relay { from: from.into(), to: to.into(), pending: Vec::new(), is_output }
    }

    /// A pipe before `to`: the end for the command to write to, and its relay.
    pub(crate) fn before(to: OwnedFd) -> Result<(OwnedFd, Relay)> {
        let (from, end) = std::io::pipe().named(|| "pipe".to_string())?;
        Ok((end.into(), Relay::new(from.into(), to, true)))
    }

    /// A pipe behind `from`: the end for the command to read, and its relay.
    pub(crate) fn behind(from: OwnedFd) -> Result<(OwnedFd, Relay)> {
        use nix::fcntl::{FcntlArg, OFlag, fcntl};
        let (end, to) = std::io::pipe().named(|| "pipe".to_string())?;
        // There may be room for a part of a piece, and the loop must not wait for the rest.
        fcntl(&to, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).named(|| "fcntl(O_NONBLOCK)".to_string())?;
        Ok((end.into(), Relay::new(from, to.into(), false)))
    }

    /// What to wait for: something to read, or room for what was read.
    pub(crate) fn waits_for(&self) -> PollFd<'_> {
        match self.pending.is_empty() {
            true => PollFd::new(self.from.as_fd(), PollFlags::POLLIN),
            false => PollFd::new(self.to.as_fd(), PollFlags::POLLOUT),
        }
    }

    /// Passes a piece on; false at the end, or when nobody takes it: a pipe then closed tells the command.
    pub(crate) fn pass_on(&mut self) -> bool {
        if self.pending.is_empty() {
            let mut bytes = [0; 16 << 10];
            match self.from.read(&mut bytes) {
                // A terminal whose last user is gone says EIO for the end.
                Ok(0) => return false,
                Ok(length) => self.pending.extend_from_slice(&bytes[..length]),
                Err(cause) => return is_passing(&cause),
            }
        }
        match self.to.write(&self.pending) {
            Ok(length) => {
                self.pending.drain(..length);
                true
            }
            Err(cause) => is_passing(&cause),
        }
    }

    /// Passes on all that is left, once nothing more can come.
    pub(crate) fn drain(&mut self) {
        use nix::fcntl::{FcntlArg, OFlag, fcntl};
        // Of the reading end alone, which nobody shares.
        let _ = fcntl(self.from.as_fd(), FcntlArg::F_SETFL(OFlag::O_NONBLOCK));
        while self.is_ready() && self.pass_on() {}
    }

    fn is_ready(&self) -> bool {
        nix::poll::poll(&mut [self.waits_for()], nix::poll::PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
            || !self.pending.is_empty()
    }
}

fn is_passing(cause: &std::io::Error) -> bool {
    matches!(cause.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock)
}
