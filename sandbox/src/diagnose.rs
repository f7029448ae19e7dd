//! Why a machine refuses user namespaces, and what to do about it.

use nix::errno::Errno;

use crate::error::Error;

/// Explains a refused clone3.
pub(crate) fn no_namespaces(errno: Errno) -> Error {
    Error::call("cannot make a user namespace: clone3", errno)
}
