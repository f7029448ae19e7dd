//! A place in a tree, held by descriptor: nothing here follows a link or leaves the tree it was given.
//!
//! Trees that a build wrote may be thousands of directories deep, so a walk holds the descriptors of the first few; below
//! those it goes up by `..`, and makes sure that it came back to where it had been.

use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RawDir, ResolveFlags};
use rustix::io::Errno;

/// What it takes to open a directory and never a link to one.
pub(super) const DIRECTORY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// A directory below a top, and the way that led there.
pub(super) struct Cursor {
    dir: OwnedFd,
    names: Vec<CString>,
    above: Vec<Above>,
}

/// How many directories above are held: nearly all trees are less deep, and going up by `..` takes three calls.
const HELD: usize = 8;

/// A directory that the walk comes back to.
enum Above {
    Held(OwnedFd),
    Known(Identity),
}

/// What tells one directory from every other.
#[derive(PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    fn of(dir: BorrowedFd<'_>) -> io::Result<Identity> {
        let stat = rustix::fs::fstat(dir)?;
        Ok(Identity { device: stat.st_dev, inode: stat.st_ino })
    }
}

impl Cursor {
    /// Stands at the top of a tree. A top that is a link is an error.
    pub(super) fn open(top: &Path) -> io::Result<Cursor> {
        Cursor::open_at(CWD, &c_string(top.as_os_str())?)
    }

    /// Stands at the top of the tree called `name` in `parent`.
    pub(super) fn open_at(parent: BorrowedFd<'_>, name: &CStr) -> io::Result<Cursor> {
        Ok(Cursor { dir: open_directory(parent, name)?, names: Vec::new(), above: Vec::new() })
    }

    /// Goes down into a directory of this one, opening its mode where it keeps its own owner out.
    pub(super) fn enter(&mut self, name: &CStr) -> io::Result<()> {
        let below = open_directory(self.dir.as_fd(), name)?;
        let here = std::mem::replace(&mut self.dir, below);
        self.above.push(match self.above.len() < HELD {
            true => Above::Held(here),
            false => Above::Known(Identity::of(here.as_fd())?),
        });
        self.names.push(name.to_owned());
        Ok(())
    }

    /// Goes up again; gives the name of the directory it was in, or nothing at the top.
    pub(super) fn leave(&mut self) -> io::Result<Option<CString>> {
        let (Some(above), Some(name)) = (self.above.pop(), self.names.pop()) else { return Ok(None) };
        self.dir = match above {
            Above::Held(dir) => dir,
            Above::Known(identity) => {
                let above = rustix::fs::openat(&self.dir, c"..", DIRECTORY, Mode::empty())?;
                if Identity::of(above.as_fd())? != identity {
                    return Err(io::Error::other("a directory was moved while its tree was walked"));
                }
                above
            }
        };
        Ok(Some(name))
    }

    /// The path below the top of the directory itself.
    pub(super) fn path(&self) -> PathBuf {
        self.names.iter().map(|name| os_str(name)).collect()
    }

    /// The path below the top of an entry here.
    pub(super) fn path_of(&self, name: &CStr) -> PathBuf {
        self.names.iter().map(CString::as_c_str).chain([name]).map(os_str).collect()
    }
}

impl AsFd for Cursor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.dir.as_fd()
    }
}

/// A directory's entries but `.` and `..`, in the order the file system gives them.
///
/// `take` may unlink what it is given, but makes nothing.
pub(super) fn each_entry(
    dir: BorrowedFd<'_>,
    buffer: &mut Vec<u8>,
    mut take: impl FnMut(&CStr, FileType) -> io::Result<()>,
) -> io::Result<()> {
    buffer.clear();
    buffer.reserve(32 * 1024);
    rustix::fs::seek(dir, rustix::fs::SeekFrom::Start(0))?;
    let mut entries = RawDir::new(dir, buffer.spare_capacity_mut());
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let name = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        let kind = match entry.file_type() {
            FileType::Unknown => {
                let stat = rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
                FileType::from_raw_mode(stat.st_mode)
            }
            kind => kind,
        };
        take(name, kind)?;
    }
    Ok(())
}

/// Opens a directory; one that its owner may not read is made readable first.
fn open_directory(parent: BorrowedFd<'_>, name: &CStr) -> io::Result<OwnedFd> {
    match rustix::fs::openat(parent, name, DIRECTORY, Mode::empty()) {
        Err(Errno::ACCESS) => {
            chmod_unopened(parent, name, 0o700)?;
            Ok(rustix::fs::openat(parent, name, DIRECTORY, Mode::empty())?)
        }
        opened => Ok(opened?),
    }
}

/// Changes the mode of an entry that cannot be opened; never of what a link points to.
///
/// `fchmodat` has no way not to follow links before Linux 6.6. A descriptor opened with O_PATH needs no right on the
/// entry, and `/proc` leads from it to the entry itself.
pub(super) fn chmod_unopened(parent: BorrowedFd<'_>, name: &CStr, mode: u32) -> io::Result<()> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let entry = rustix::fs::openat(parent, name, flags, Mode::empty())?;
    if FileType::from_raw_mode(rustix::fs::fstat(&entry)?.st_mode) == FileType::Symlink {
        return Err(Errno::LOOP.into());
    }
    let path = format!("/proc/self/fd/{}", entry.as_raw_fd());
    Ok(rustix::fs::chmod(path, Mode::from_raw_mode(mode))?)
}

/// Opens a file or directory by its path below `top`; links on the way or at its end, and ways out, are errors.
pub(super) fn open_beneath(top: BorrowedFd<'_>, path: &Path) -> io::Result<OwnedFd> {
    // O_NONBLOCK: should a fifo stand there after all, the open must not wait for a writer.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
    Ok(rustix::fs::openat2(top, path, flags, Mode::empty(), resolve)?)
}

pub(super) fn os_str(name: &CStr) -> &OsStr {
    OsStr::from_bytes(name.to_bytes())
}

pub(super) fn c_string(name: &OsStr) -> io::Result<CString> {
    Ok(CString::new(name.as_bytes())?)
}
