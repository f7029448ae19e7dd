//! A terminal of the sandbox's own, connected to the caller's: what is typed goes in, what is written comes out.
//!
//! The caller's terminal itself never gets in. A command that had it could type into it and, once the sandbox is gone, be
//! obeyed by the caller's shell.

use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};

use nix::fcntl::{FcntlArg, OFlag, fcntl, open};
use nix::pty::{posix_openpt, ptsname_r, unlockpt};
use nix::sys::stat::Mode;
use nix::sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};

use crate::error::{Error, Named as _, Result};
use crate::relay::Relay;
use crate::report;
use crate::sys;

/// In the sandbox: makes the terminal, hands its master out by `socket`, gives the end for the command.
pub(crate) fn make(socket: &OwnedFd) -> Result<OwnedFd> {
    let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let master = posix_openpt(flags).named(|| "open(/dev/ptmx)".to_string())?;
    unlockpt(&master).named(|| "unlockpt".to_string())?;
    let name = ptsname_r(&master).named(|| "ptsname".to_string())?;
    sys::send_with_descriptors(socket.as_fd(), b"master", &[master.as_fd()])
        .named(|| "sendmsg(the terminal)".to_string())?;
    open(name.as_str(), flags, Mode::empty()).named(|| format!("open({name})"))
}

/// The caller's side: its own terminal, raw while this lives.
pub(crate) struct Terminal {
    input: OwnedFd,
    master: OwnedFd,
    before: Termios,
}

/// The socket pair by which the master comes out: ours, the sandbox's.
pub(crate) fn way_out() -> Result<(OwnedFd, OwnedFd)> {
    report::pair()
}

impl Terminal {
    /// Waits for the master, and connects this process's terminal with it; nothing if the sandbox ended before, which it
    /// reports by itself.
    pub(crate) fn connect(socket: &OwnedFd) -> Result<Option<(Terminal, Vec<Relay>)>> {
        let (_, mut fds) =
            sys::receive_with_descriptors(socket.as_fd(), &mut [0; 16]).named(|| "recvmsg".to_string())?;
        let Some(master) = fds.pop() else { return Ok(None) };
        let copy = |fd: std::os::fd::BorrowedFd<'_>| fd.try_clone_to_owned().named(|| "dup".to_string());
        let (input, output) = (copy(std::io::stdin().as_fd())?, copy(std::io::stdout().as_fd())?);
        // Writing must not wait: the command may be waiting for its own output to be read.
        fcntl(&master, FcntlArg::F_SETFL(OFlag::O_RDWR | OFlag::O_NONBLOCK))
            .named(|| "fcntl(O_NONBLOCK)".to_string())?;
        let before = tcgetattr(&input).map_err(no_terminal)?;
        tcsetattr(&master, SetArg::TCSANOW, &before)
            .named(|| "tcsetattr(the sandbox's terminal)".to_string())?;
        let relays = vec![
            Relay::new(copy(input.as_fd())?, copy(master.as_fd())?, false),
            Relay::new(copy(master.as_fd())?, output, true),
        ];
        let terminal = Terminal { input, master, before };
        terminal.resize();
        let mut raw = terminal.before.clone();
        cfmakeraw(&mut raw);
        tcsetattr(&terminal.input, SetArg::TCSADRAIN, &raw).named(|| "tcsetattr".to_string())?;
        Ok(Some((terminal, relays)))
    }

    /// Gives the sandbox's terminal the size of the caller's.
    pub(crate) fn resize(&self) {
        // A terminal without a size has none to give.
        let _ = sys::copy_window_size(self.input.as_fd(), self.master.as_fd());
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Nothing else could be done about a terminal that is gone.
        let _ = tcsetattr(&self.input, SetArg::TCSADRAIN, &self.before);
    }
}

/// Refuses a request for a terminal from a caller without one, before anything is started.
pub(crate) fn check() -> Result<()> {
    tcgetattr(std::io::stdin()).map(drop).map_err(no_terminal)
}

fn no_terminal(errno: nix::errno::Errno) -> Error {
    let number = std::io::stdin().as_raw_fd();
    Error::call(format!("a terminal for the sandbox needs one as stdin: tcgetattr({number})"), errno)
}
