//! The crate's own error: what failed, what is known about it, what to do next. Reads like every other error of pthbs.

use std::fmt;
use std::io;

use nix::errno::Errno;
use serde::{Deserialize, Serialize};

/// The result of everything that can fail in this crate.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// The sandbox itself failed (exit 125); the command's own failure is an [`Outcome`](crate::Outcome).
///
/// A plain value, because it travels from a half-built sandbox through two sockets to the thread that asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error {
    /// The first line: lower case, no full stop, the system's own word at the end.
    pub what: String,
    /// Further lines: what the cause is, where it was seen.
    pub lines: Vec<String>,
    /// What to do next.
    pub hint: Option<String>,
}

impl Error {
    /// An error with its first line alone.
    pub fn new(what: impl Into<String>) -> Error {
        Error { what: what.into(), lines: Vec::new(), hint: None }
    }

    /// A failed system call, named with its arguments: `mount_setattr(/usr, read-only): Invalid argument`.
    pub(crate) fn call(call: impl fmt::Display, errno: Errno) -> Error {
        Error::new(format!("{call}: {}", errno.desc()))
    }

    /// A failed operation of the standard library.
    pub(crate) fn io(doing: impl fmt::Display, cause: &io::Error) -> Error {
        match cause.raw_os_error() {
            Some(number) => Error::call(doing, Errno::from_raw(number)),
            None => Error::new(format!("{doing}: {cause}")),
        }
    }

    /// Adds a line of its own below the first one.
    #[must_use]
    pub fn line(mut self, line: impl Into<String>) -> Error {
        self.lines.push(line.into());
        self
    }

    /// Says what to do next; the last hint given stands.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.what)?;
        for line in self.lines.iter().flat_map(|line| line.lines()) {
            write!(f, "\n  {line}")?;
        }
        match &self.hint {
            Some(hint) => write!(f, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

/// Gives a failed system call its name and arguments.
pub(crate) trait Named<T> {
    fn named(self, call: impl FnOnce() -> String) -> Result<T>;
}

impl<T> Named<T> for nix::Result<T> {
    fn named(self, call: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|errno| Error::call(call(), errno))
    }
}

impl<T> Named<T> for io::Result<T> {
    fn named(self, call: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|cause| Error::io(call(), &cause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reads_like_those_of_pthbs() {
        let error = Error::call("clone3(user)", Errno::EPERM).line("the kernel refuses").hint("ask root");
        assert_eq!(
            error.to_string(),
            "error: clone3(user): Operation not permitted\n  the kernel refuses\n  hint: ask root"
        );
    }
}
