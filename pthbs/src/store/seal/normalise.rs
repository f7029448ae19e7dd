//! Brings a tree into the one form that an install has: modes, owner, times, no attributes, no hard links.
//!
//! The build's processes are dead by then, yet nothing that they wrote is believed: everything is opened from held
//! descriptors, and nothing is opened by a name that might lead elsewhere.

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, Stat, Timespec, Timestamps};
use rustix::io::Errno;

use super::finding::shown;
use crate::base::text::has_acted_on;
use crate::script::PackageName;
use crate::store::LOGICAL;
use crate::store::cursor::{Cursor, c_string, chmod_unopened, each_entry, open_beneath};

/// The time of everything in the store: 1980-01-02, the first day that every archive format can hold in every time zone.
pub const MTIME: i64 = 315_619_200;

/// The longest path that programs can open below `/versions/NAME.HASH/`, where the kernel takes 4,096 bytes with a NUL.
const LONGEST_PATH: usize = 4095 - (LOGICAL.len() + 1 + PackageName::MAX + 1 + 64 + 1);

/// What a walk through a tree found, by path; modes are still the build's.
#[derive(Default)]
pub(super) struct Found {
    pub(super) directories: Vec<PathBuf>,
    pub(super) files: Vec<FoundFile>,
    pub(super) links: Vec<(PathBuf, PathBuf)>,
    /// What no install may hold, one line each.
    pub(super) refused: Vec<String>,
    /// The names of each file that has more than one.
    hard_links: BTreeMap<(u64, u64), HardLinks>,
}

/// A file, and whether it is a program.
pub(super) struct FoundFile {
    pub(super) path: PathBuf,
    pub(super) size: u64,
    pub(super) is_executable: bool,
}

#[derive(Default)]
struct HardLinks {
    count: u64,
    size: u64,
    is_executable: bool,
    paths: Vec<PathBuf>,
}

/// A failed system call, and the path below the top that it was about.
pub(super) type Fault = (PathBuf, io::Error);

impl Found {
    /// Walks through the tree below `top`, opening up what keeps its owner out; links get their time already.
    pub(super) fn walk(top: &mut Cursor) -> Result<Found, Fault> {
        let mut found = Found::default();
        let mut buffer = Vec::new();
        // The directories still to enter, of this directory and of all above it.
        let mut pending = vec![found.directory(top, &mut buffer)?];
        loop {
            match pending.last_mut().and_then(Vec::pop) {
                Some(name) => {
                    let path = top.path_of(&name);
                    top.enter(&name).map_err(|cause| (path, cause))?;
                    pending.push(found.directory(top, &mut buffer)?);
                }
                None => {
                    pending.pop();
                    if top.leave().map_err(|cause| (PathBuf::new(), cause))?.is_none() {
                        break;
                    }
                }
            }
        }
        Ok(found)
    }

    /// The path of everything that was found.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        let files = self.files.iter().map(|file| file.path.as_path());
        let links = self.links.iter().map(|(path, _)| path.as_path());
        files.chain(links).chain(self.directories.iter().map(PathBuf::as_path))
    }

    /// Takes in the entries of one directory; gives the directories among them.
    fn directory(&mut self, here: &Cursor, buffer: &mut Vec<u8>) -> Result<Vec<std::ffi::CString>, Fault> {
        let fault = |cause| (here.path(), cause);
        open_up(here.as_fd()).map_err(fault)?;
        let mut directories = Vec::new();
        let mut at = None;
        let listed = each_entry(here.as_fd(), buffer, |name, _| {
            at = Some(name.to_owned());
            let stat = rustix::fs::statat(here, name, AtFlags::SYMLINK_NOFOLLOW)?;
            if self.take(here, name, &stat)? {
                directories.push(name.to_owned());
            }
            at = None;
            Ok(())
        });
        listed.map_err(|cause| (at.map_or_else(|| here.path(), |name| here.path_of(&name)), cause))?;
        Ok(directories)
    }

    /// Takes in one entry; whether it is a directory to enter.
    fn take(&mut self, here: &Cursor, name: &CStr, stat: &Stat) -> io::Result<bool> {
        let path = here.path_of(name);
        if has_acted_on(name.to_bytes()) {
            self.refused.push(format!("control character in a name: {}", shown(&path)));
        }
        if path.as_os_str().len() > LONGEST_PATH {
            self.refused.push(format!("path longer than {LONGEST_PATH} bytes: {}", shown(&path)));
            return Ok(false);
        }
        let what = match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => {
                self.directories.push(path);
                return Ok(true);
            }
            FileType::RegularFile => {
                // Root can open everything; its owner can not, unless the mode says so.
                if stat.st_mode & 0o400 == 0 && !rustix::process::geteuid().is_root() {
                    chmod_unopened(here.as_fd(), name, stat.st_mode & 0o777 | 0o400)?;
                }
                self.take_file(path, stat);
                return Ok(false);
            }
            FileType::Symlink => {
                self.take_link(here, name, path, stat)?;
                return Ok(false);
            }
            FileType::Fifo => "fifo",
            FileType::Socket => "socket",
            FileType::BlockDevice => "block device",
            FileType::CharacterDevice => "character device",
            FileType::Unknown => "something unknown",
        };
        self.refused.push(format!("{what}: {}", shown(&path)));
        Ok(false)
    }

    fn take_file(&mut self, path: PathBuf, stat: &Stat) {
        let (size, is_executable) = (stat.st_size as u64, stat.st_mode & 0o100 != 0);
        if stat.st_nlink > 1 {
            let links = self.hard_links.entry((stat.st_dev, stat.st_ino)).or_default();
            *links = HardLinks {
                count: stat.st_nlink,
                size,
                is_executable,
                paths: std::mem::take(&mut links.paths),
            };
            links.paths.push(path);
        } else {
            self.files.push(FoundFile { path, size, is_executable });
        }
    }

    fn take_link(&mut self, here: &Cursor, name: &CStr, path: PathBuf, stat: &Stat) -> io::Result<()> {
        let target = rustix::fs::readlinkat(here, name, Vec::new())?;
        if has_acted_on(target.to_bytes()) {
            self.refused.push(format!("control character in a link's text: {}", shown(&path)));
        }
        if let (Some(owner), Some(group)) = foreign(stat) {
            rustix::fs::chownat(here, name, Some(owner), Some(group), AtFlags::SYMLINK_NOFOLLOW)?;
        }
        rustix::fs::utimensat(here, name, &times(), AtFlags::SYMLINK_NOFOLLOW)?;
        self.links.push((path, std::ffi::OsStr::from_bytes(target.to_bytes()).into()));
        Ok(())
    }

    /// Leaves each file its first name, and makes relative links of the others.
    ///
    /// A copy would double git, whose hundred commands are one file; a hard link does not survive a transfer.
    pub(super) fn replace_hard_links(&mut self, top: BorrowedFd<'_>) -> Result<(), Fault> {
        for HardLinks { count, size, is_executable, mut paths } in
            std::mem::take(&mut self.hard_links).into_values()
        {
            paths.sort_unstable_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
            let (first, others) = paths.split_first().expect("a file that was found has a path");
            if count != paths.len() as u64 {
                self.refused.push(format!("hard link to something outside: {}", shown(first)));
            }
            for other in others {
                let target = relative(other, first);
                replace_by_link(top, other, &target).map_err(|cause| (other.clone(), cause))?;
                self.links.push((other.clone(), target));
            }
            self.files.push(FoundFile { path: first.clone(), size, is_executable });
        }
        Ok(())
    }
}

fn replace_by_link(top: BorrowedFd<'_>, path: &Path, target: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = open_beneath(top, parent.unwrap_or(Path::new(".")))?;
    let name = c_string(path.file_name().expect("a path below the top has a name"))?;
    rustix::fs::unlinkat(&parent, &name, AtFlags::empty())?;
    rustix::fs::symlinkat(target, &parent, &name)?;
    Ok(rustix::fs::utimensat(&parent, &name, &times(), AtFlags::SYMLINK_NOFOLLOW)?)
}

/// The text of a link at `from` that leads to `to`, both below one top.
fn relative(from: &Path, to: &Path) -> PathBuf {
    let from: Vec<_> = from.parent().into_iter().flat_map(Path::components).collect();
    let to: Vec<_> = to.components().collect();
    let common = from.iter().zip(&to[..to.len() - 1]).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n(std::path::Component::ParentDir, from.len() - common);
    up.chain(to[common..].iter().copied()).collect()
}

/// Gives what was opened its final owner, mode and time, and takes its attributes away.
pub(in crate::store) fn finish(entry: BorrowedFd<'_>, mode: u32) -> io::Result<()> {
    let stat = rustix::fs::fstat(entry)?;
    let mut is_settled = stat.st_mode & 0o7777 == mode;
    if let (Some(owner), Some(group)) = foreign(&stat) {
        rustix::fs::fchown(entry, Some(owner), Some(group))?;
        is_settled = false;
    }
    is_settled &= !drop_attributes(entry, mode)?;
    // After a change of owner, which may take bits away, and after the attributes, which may hold an access list.
    if !is_settled {
        rustix::fs::fchmod(entry, Mode::from_raw_mode(mode))?;
    }
    Ok(rustix::fs::futimens(entry, &times())?)
}

/// Lets its owner into a directory, whatever mode it has.
fn open_up(directory: BorrowedFd<'_>) -> io::Result<()> {
    let mode = rustix::fs::fstat(directory)?.st_mode;
    if mode & 0o700 != 0o700 && !rustix::process::geteuid().is_root() {
        rustix::fs::fchmod(directory, Mode::RWXU)?;
    }
    Ok(())
}

/// The store's owner and group, where something has another: root's builds run as nobody in particular.
fn foreign(stat: &Stat) -> (Option<rustix::fs::Uid>, Option<rustix::fs::Gid>) {
    let (owner, group) = (rustix::process::geteuid(), rustix::process::getegid());
    if (stat.st_uid, stat.st_gid) == (owner.as_raw(), group.as_raw()) {
        (None, None)
    } else {
        (Some(owner), Some(group))
    }
}

/// Takes extended attributes away, access lists and file capabilities among them; whether the mode was touched.
fn drop_attributes(entry: BorrowedFd<'_>, mode: u32) -> io::Result<bool> {
    let mut names = Vec::new();
    loop {
        let size = match rustix::fs::flistxattr_query(entry) {
            Ok(0) | Err(Errno::OPNOTSUPP) => return Ok(false),
            size => size?,
        };
        names.resize(size, 0);
        match rustix::fs::flistxattr(entry, &mut names[..]) {
            Ok(size) => {
                names.truncate(size);
                break;
            }
            Err(Errno::RANGE) => {}
            Err(cause) => return Err(cause.into()),
        }
    }
    // `user.` attributes of a file that cannot be written cannot be removed either.
    rustix::fs::fchmod(entry, Mode::from_raw_mode(mode | 0o200))?;
    for name in names.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        match rustix::fs::fremovexattr(entry, name) {
            // A label that the system's policy puts on every file is not the build's.
            Err(_) if name.starts_with(b"security.") && name != b"security.capability" => {}
            removed => removed?,
        }
    }
    Ok(true)
}

/// The time of everything in the store, as system calls take it.
pub(in crate::store) fn times() -> Timestamps {
    let time = Timespec { tv_sec: MTIME, tv_nsec: 0 };
    Timestamps { last_access: time, last_modification: time }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_link_leads_to_its_file() {
        for (from, to, expected) in [
            ("bin/b", "bin/a", "a"),
            ("b", "a", "a"),
            ("lib/x/b", "bin/a", "../../bin/a"),
            ("b", "bin/a", "bin/a"),
            ("bin/x", "a", "../a"),
            ("a/b/x", "a/c/d/y", "../c/d/y"),
            ("a/b", "a/b-/x", "b-/x"),
        ] {
            assert_eq!(relative(Path::new(from), Path::new(to)), Path::new(expected), "{from} -> {to}");
        }
    }
}
