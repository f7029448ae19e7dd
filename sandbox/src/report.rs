//! What a half-built sandbox tells its supervisor, one message each over a SOCK_SEQPACKET pair.

use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, send, socketpair};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::error::{Error, Named as _, Result};

/// From pid 1 of the sandbox.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Report {
    /// Nothing ran.
    Failed(Error),
    /// The root stands, the rights are gone, and the command's process has begun.
    Started,
    /// The command's status as wait(2) gives it.
    Ended(i32),
}

/// Two ends for whole messages, closed by exec.
pub(crate) fn pair() -> Result<(OwnedFd, OwnedFd)> {
    socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)
        .named(|| "socketpair(SOCK_SEQPACKET)".to_string())
}

/// Sends one message; EPIPE says that the other end is gone.
pub(crate) fn tell(socket: impl AsFd, message: &impl Serialize) -> nix::Result<()> {
    let bytes = serde_json::to_vec(message).expect("messages have no keys but strings");
    patiently(|| send(socket.as_fd().as_raw_fd(), &bytes, MsgFlags::MSG_NOSIGNAL)).map(drop)
}

/// What can be read from the other end.
pub(crate) enum Heard<T> {
    Message(T),
    /// Nothing yet (with `wait` false).
    Nothing,
    /// The other end is closed.
    End,
}

/// Receives one message, waiting for it or not.
pub(crate) fn hear<T: DeserializeOwned>(socket: impl AsFd, wait: bool) -> Result<Heard<T>> {
    let fd = socket.as_fd().as_raw_fd();
    let flags = if wait { MsgFlags::empty() } else { MsgFlags::MSG_DONTWAIT };
    // Its length first: a buffer for the longest there may be would cost each fork a copy of every page of it.
    let length = match patiently(|| recv(fd, &mut [], flags | MsgFlags::MSG_PEEK | MsgFlags::MSG_TRUNC)) {
        Ok(0) | Err(Errno::ECONNRESET) => return Ok(Heard::End),
        Err(Errno::EAGAIN) => return Ok(Heard::Nothing),
        length => length.named(|| "recv".to_string())?,
    };
    let mut bytes = vec![0; length];
    patiently(|| recv(fd, &mut bytes, MsgFlags::empty())).named(|| "recv".to_string())?;
    serde_json::from_slice(&bytes)
        .map(Heard::Message)
        .map_err(|cause| Error::new(format!("a damaged message of {length} bytes: {cause}")))
}

/// Makes a call until no signal interrupts it.
fn patiently<T>(mut call: impl FnMut() -> nix::Result<T>) -> nix::Result<T> {
    loop {
        match call() {
            Err(Errno::EINTR) => {}
            done => return done,
        }
    }
}
