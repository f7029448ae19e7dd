//! The fingerprint of a project's files: as long as it is the same, what was rendered from them is too.

use std::ffi::{CString, OsStr};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RawDir};

use super::project::Project;
use super::threads::{self, Threads};
use crate::base::{Error, Result, Sha256};

/// Directories looked at by one thread at a time: fewer cost less than a thread.
const SHARE: usize = 256;

/// The sum over path, size, time and inode of everything that a rendering can read, as a line.
///
/// The version is part of it, because another engine may render the same files to other bytes.
pub(super) fn of(root: &Path) -> Result<String> {
    let version = format!("{} {}\n", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    let text = all(root, version.into_bytes())
        .map_err(|(path, cause)| Error::io("look at", &root.join(OsStr::from_bytes(&path)), &cause))?;
    Ok(format!("{}\n", Sha256::of(&text)))
}

/// The path below the project's root that could not be looked at, and why.
type Failed = (Vec<u8>, io::Error);

/// Adds all files of a project to a text.
fn all(root: &Path, text: Vec<u8>) -> Result<Vec<u8>, Failed> {
    let top = open(CWD, root.as_os_str().as_bytes(), OFlags::empty()).map_err(|cause| (Vec::new(), cause))?;
    let mut look = Look { text, ..Look::default() };
    look.add_file(top.as_fd(), Project::FILE.as_bytes(), b"")?;
    for part in [&b"packages"[..], b"templates"] {
        // These two may be links; nothing below them is followed.
        let dir = open(top.as_fd(), part, OFlags::empty()).map_err(|cause| (part.to_vec(), cause))?;
        let entries = look.entries(&dir, part)?;
        let threads = Threads { count: threads::available(), share: SHARE, stack: None };
        let texts = threads.over(&entries, |share| {
            let mut look = Look::default();
            share.iter().try_for_each(|entry| look.add(dir.as_fd(), entry, part)).map(|()| look.text)
        });
        for text in texts {
            look.text.extend(text?);
        }
    }
    Ok(look.text)
}

fn open(at: BorrowedFd<'_>, name: &[u8], more: OFlags) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | more;
    Ok(rustix::fs::openat(at, name, flags, Mode::empty())?)
}

/// A name in a directory, and whether it is a directory itself.
type Entry = (CString, bool);

/// What was seen so far.
#[derive(Default)]
struct Look {
    text: Vec<u8>,
    /// For the system's lists of names.
    buffer: Vec<MaybeUninit<u8>>,
}

impl Look {
    /// What lies in a directory, sorted by name.
    fn entries(&mut self, dir: &OwnedFd, path: &[u8]) -> Result<Vec<Entry>, Failed> {
        let failed = |cause: rustix::io::Errno| (path.to_vec(), io::Error::from(cause));
        self.buffer.resize(32 << 10, MaybeUninit::uninit());
        let mut listed = RawDir::new(dir, &mut self.buffer);
        let mut found = Vec::new();
        while let Some(entry) = listed.next() {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let is_dir = match entry.file_type() {
                FileType::Unknown => {
                    let found = rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW).map_err(failed)?;
                    FileType::from_raw_mode(found.st_mode).is_dir()
                }
                kind => kind.is_dir(),
            };
            found.push((name.to_owned(), is_dir));
        }
        found.sort();
        Ok(found)
    }

    /// Adds an entry of the directory that has the path `above`, and all below it.
    fn add(&mut self, at: BorrowedFd<'_>, (name, is_dir): &Entry, above: &[u8]) -> Result<(), Failed> {
        let name = name.to_bytes();
        if !is_dir {
            return self.add_file(at, name, above);
        }
        let path = [above, b"/", name].concat();
        let dir = open(at, name, OFlags::NOFOLLOW).map_err(|cause| (path.clone(), cause))?;
        // A directory's own size and time tell nothing that its entries do not.
        self.text.extend(&path);
        self.text.extend(b"/\0");
        self.entries(&dir, &path)?.iter().try_for_each(|entry| self.add(dir.as_fd(), entry, &path))
    }

    /// Adds a file: its path, which the only NUL ends, and numbers of fixed width.
    fn add_file(&mut self, at: BorrowedFd<'_>, name: &[u8], above: &[u8]) -> Result<(), Failed> {
        let found = rustix::fs::statat(at, name, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|cause| ([above, b"/", name].concat(), io::Error::from(cause)))?;
        for part in [above, b"/", name, b"\0"] {
            self.text.extend(part);
        }
        self.text.extend(found.st_size.to_ne_bytes());
        self.text.extend(found.st_mtime.to_ne_bytes());
        self.text.extend(found.st_mtime_nsec.to_ne_bytes());
        self.text.extend(found.st_ino.to_ne_bytes());
        Ok(())
    }
}
