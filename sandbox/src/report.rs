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
    /// The root stands, the rights are gone; the command is about to be executed.
    Started,
    /// The command's status as wait(2) gives it.
    Ended(i32),
}

/// A message is a word or an error; one that names a thousand missing binds is cut by the kernel and read as damaged.
pub(crate) const MESSAGE_BYTES: usize = 128 << 10;

/// Two ends for whole messages, closed by exec.
pub(crate) fn pair() -> Result<(OwnedFd, OwnedFd)> {
    socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)
        .named(|| "socketpair(SOCK_SEQPACKET)".to_string())
}

/// Sends one message; EPIPE says that the other end is gone.
pub(crate) fn tell(socket: impl AsFd, message: &impl Serialize) -> nix::Result<()> {
    let bytes = serde_json::to_vec(message).expect("messages have no keys but strings");
    loop {
        match send(socket.as_fd().as_raw_fd(), &bytes, MsgFlags::MSG_NOSIGNAL) {
            Err(Errno::EINTR) => {}
            sent => return sent.map(drop),
        }
    }
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
    let mut bytes = vec![0; MESSAGE_BYTES];
    let flags = if wait { MsgFlags::empty() } else { MsgFlags::MSG_DONTWAIT };
    loop {
        match recv(socket.as_fd().as_raw_fd(), &mut bytes, flags) {
            Ok(0) | Err(Errno::ECONNRESET) => return Ok(Heard::End),
            Ok(length) => {
                return serde_json::from_slice(&bytes[..length])
                    .map(Heard::Message)
                    .map_err(|cause| Error::new(format!("a damaged message of {length} bytes: {cause}")));
            }
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) => return Ok(Heard::Nothing),
            Err(errno) => return Err(Error::call("recv", errno)),
        }
    }
}
