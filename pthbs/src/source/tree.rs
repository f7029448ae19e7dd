//! Writes files, directories and links below one directory, and nothing anywhere else.
//!
//! Every path is opened from the top's descriptor with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS, and nothing that is
//! there already is ever opened for writing, so that no order of entries, however hostile, leaves the directory.
//! Modes are 0644, 0755 for programs and directories, whatever the umask; all times are `TIME`.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, Timespec, Timestamps, fchmod, fstat, futimens,
    linkat, mkdirat, openat, openat2, statat, symlinkat, utimensat,
};
use rustix::io::Errno;

use super::inside::Inside;
use crate::base::error::system_word;

/// The modification time of everything: 1980-01-01, as SOURCE_DATE_EPOCH has it in scripts.
///
/// One time for all, because make rebuilds only what is strictly older: with equal times a shipped `configure` or
/// parser is never made anew, whatever order an archive or a repository brought its files in.
const TIME: i64 = 315_619_200;
const TIMES: Timestamps = Timestamps {
    last_access: Timespec { tv_sec: TIME, tv_nsec: 0 },
    last_modification: Timespec { tv_sec: TIME, tv_nsec: 0 },
};
const CONFINED: ResolveFlags = ResolveFlags::BENEATH.union(ResolveFlags::NO_SYMLINKS);
const PLAIN: Mode = Mode::from_raw_mode(0o644);
const PROGRAM: Mode = Mode::from_raw_mode(0o755);

/// A directory that is being filled.
pub(super) struct Tree {
    top: OwnedFd,
    /// The directory of the last entry: most entries have the same one as the one before.
    last: Option<(Vec<u8>, OwnedFd)>,
    /// Every directory made, to set its time when nothing is added to it any more.
    made: BTreeSet<Vec<u8>>,
    /// Whether a file of mode 0644, and of 0755, comes out with that mode: a umask or a default ACL may take bits away.
    modes_hold: [bool; 2],
}

/// A file that is being written.
pub(super) struct NewFile(OwnedFd);

impl Tree {
    /// Opens the directory at `path`, making it where it is missing.
    pub(super) fn open(path: &Path) -> io::Result<Tree> {
        match mkdirat(CWD, path, PROGRAM) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(cause) => return Err(cause.into()),
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let top = openat(CWD, path, flags, Mode::empty())?;
        fchmod(&top, PROGRAM)?;
        Ok(Tree { top, last: None, made: BTreeSet::new(), modes_hold: [false; 2] })
    }

    /// Makes a directory; one that is there already is fine.
    pub(super) fn directory(&mut self, path: &Inside) -> Result<(), String> {
        self.enter(path.as_bytes()).map(|_| ())
    }

    /// Makes a file, which must not be there yet.
    pub(super) fn file(&mut self, path: &Inside, is_program: bool) -> Result<NewFile, String> {
        let (parent, name) = path.split();
        let mode = if is_program { PROGRAM } else { PLAIN };
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let dir = self.parent(parent)?;
        let file = openat(dir, name, flags, mode).map_err(why)?;
        let holds = &mut self.modes_hold[usize::from(is_program)];
        if !*holds {
            *holds = fstat(&file).map_err(why)?.st_mode & 0o7777 == mode.as_raw_mode();
        }
        if !*holds {
            fchmod(&file, mode).map_err(why)?;
        }
        Ok(NewFile(file))
    }

    /// Makes a symbolic link. Its text is free: nothing here ever follows it.
    pub(super) fn symlink(&mut self, path: &Inside, text: &[u8]) -> Result<(), String> {
        let (parent, name) = path.split();
        let dir = self.parent(parent)?;
        symlinkat(text, dir, name).map_err(why)?;
        utimensat(dir, name, &TIMES, AtFlags::SYMLINK_NOFOLLOW).map_err(why)
    }

    /// Makes a further name for a file that was made here.
    pub(super) fn hard_link(&mut self, path: &Inside, target: &Inside) -> Result<(), String> {
        let (target_parent, target_name) = target.split();
        let target_dir = match target_parent {
            Some(parent) => self
                .resolve(parent)
                .map_err(|cause| format!("it is a hard link to `{target}`: {}", why(cause)))?,
            None => self.top.try_clone().map_err(|cause| system_word(&cause))?,
        };
        match statat(&target_dir, target_name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) if FileType::from_raw_mode(found.st_mode) == FileType::RegularFile => {}
            Ok(_) => return Err(format!("it is a hard link to `{target}`, which is no file")),
            Err(Errno::NOENT) => return Err(format!("it is a hard link to `{target}`, which is not there")),
            Err(cause) => return Err(why(cause)),
        }
        let (parent, name) = path.split();
        let dir = self.parent(parent)?;
        linkat(&target_dir, target_name, dir, name, AtFlags::empty()).map_err(why)
    }

    /// Sets the times of all directories, the innermost first. Nothing may be added afterwards.
    pub(super) fn finish(mut self) -> io::Result<()> {
        for dir in std::mem::take(&mut self.made).iter().rev() {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let opened = openat2(&self.top, &dir[..], flags, Mode::empty(), CONFINED)?;
            futimens(&opened, &TIMES)?;
        }
        Ok(futimens(&self.top, &TIMES)?)
    }

    fn parent(&mut self, path: Option<&[u8]>) -> Result<&OwnedFd, String> {
        match path {
            None => Ok(&self.top),
            Some(path) => self.enter(path),
        }
    }

    /// The directory at `path`, made with all above it where it is missing, and remembered as the last one.
    fn enter(&mut self, path: &[u8]) -> Result<&OwnedFd, String> {
        if self.last.as_ref().is_none_or(|(last, _)| last != path) {
            let dir = match self.resolve(path) {
                Err(Errno::NOENT) => self.make(path)?,
                opened => opened.map_err(why)?,
            };
            self.last = Some((path.to_vec(), dir));
        }
        Ok(self.last.as_ref().map(|(_, dir)| dir).expect("it was just set"))
    }

    fn resolve(&self, path: &[u8]) -> Result<OwnedFd, Errno> {
        openat2(&self.top, path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty(), CONFINED)
    }

    fn make(&mut self, path: &[u8]) -> Result<OwnedFd, String> {
        let mut dir: Option<OwnedFd> = None;
        let mut start = 0;
        while start < path.len() {
            let end =
                path[start..].iter().position(|byte| *byte == b'/').map_or(path.len(), |end| start + end);
            let parent = dir.as_ref().unwrap_or(&self.top).as_fd();
            let name = &path[start..end];
            let is_new = match mkdirat(parent, name, PROGRAM) {
                Ok(()) => true,
                Err(Errno::EXIST) => false,
                Err(cause) => return Err(why(cause)),
            };
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let opened = openat2(parent, name, flags, Mode::empty(), CONFINED).map_err(why)?;
            if is_new {
                // Also against a set-group-id bit that came down from above.
                if fstat(&opened).map_err(why)?.st_mode & 0o7777 != PROGRAM.as_raw_mode() {
                    fchmod(&opened, PROGRAM).map_err(why)?;
                }
                self.made.insert(path[..end].to_vec());
            }
            dir = Some(opened);
            start = end + 1;
        }
        Ok(dir.expect("a path inside has a component"))
    }
}

impl NewFile {
    /// Writes all of the bytes.
    pub(super) fn write(&self, mut bytes: &[u8]) -> Result<(), String> {
        while !bytes.is_empty() {
            match rustix::io::write(&self.0, bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(Errno::INTR) => {}
                Err(cause) => return Err(why(cause)),
            }
        }
        Ok(())
    }

    /// Ends it, with its time set.
    pub(super) fn finish(self) -> Result<(), String> {
        futimens(&self.0, &TIMES).map_err(why)
    }
}

/// What a failed call means for an entry.
fn why(cause: Errno) -> String {
    match cause {
        Errno::EXIST => "there is such an entry already".to_string(),
        Errno::LOOP | Errno::XDEV => "it lies behind a symbolic link".to_string(),
        Errno::NOTDIR => "it lies below something that is no directory".to_string(),
        cause => system_word(&cause.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, symlink};

    use super::*;

    fn inside(name: &str) -> Inside {
        Inside::new(name.as_bytes(), 0).unwrap().unwrap()
    }

    #[test]
    fn modes_and_times_are_the_same_for_everybody() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().join("top");
        let mut tree = Tree::open(&top).unwrap();
        for (name, is_program) in [("a/b/plain", false), ("a/program", true), ("z", false)] {
            let file = tree.file(&inside(name), is_program).unwrap();
            file.write(b"x").unwrap();
            file.finish().unwrap();
        }
        tree.symlink(&inside("a/link"), b"/nowhere").unwrap();
        tree.hard_link(&inside("a/again"), &inside("a/b/plain")).unwrap();
        tree.finish().unwrap();
        for (name, mode) in [
            ("", 0o755),
            ("a", 0o755),
            ("a/b", 0o755),
            ("a/b/plain", 0o644),
            ("a/program", 0o755),
            ("a/again", 0o644),
        ] {
            let metadata = fs::symlink_metadata(top.join(name)).unwrap();
            assert_eq!((metadata.mode() & 0o7777, metadata.mtime()), (mode, TIME), "{name}");
        }
        assert_eq!(fs::symlink_metadata(top.join("a/link")).unwrap().mtime(), TIME);
    }

    #[test]
    fn nothing_is_written_through_a_link_or_over_what_is_there() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("outside"), "old").unwrap();
        let mut tree = Tree::open(&dir.path().join("top")).unwrap();
        symlink("..", dir.path().join("top/up")).unwrap();
        symlink("../outside", dir.path().join("top/file")).unwrap();
        let refused = |result: Result<NewFile, String>| result.err().unwrap();
        assert_eq!(refused(tree.file(&inside("up/outside"), false)), "it lies behind a symbolic link");
        assert_eq!(refused(tree.file(&inside("up/new/x"), false)), "it lies behind a symbolic link");
        assert_eq!(refused(tree.file(&inside("file"), false)), "there is such an entry already");
        assert_eq!(refused(tree.file(&inside("file/x"), false)), "it lies behind a symbolic link");
        assert_eq!(tree.directory(&inside("up")).unwrap_err(), "it lies behind a symbolic link");
        assert!(tree.hard_link(&inside("x"), &inside("file")).unwrap_err().contains("is no file"));
        assert!(tree.hard_link(&inside("x"), &inside("up/outside")).unwrap_err().contains("symbolic link"));
        assert_eq!(fs::read_to_string(dir.path().join("outside")).unwrap(), "old");
    }
}
