//! A directory of files that one run writes: whole at every moment for whoever believes its index.
//!
//! A file that no index names is written straight to its place: nobody looks for it, and moving it there would cost
//! as much as writing it. Every other is written beside its place and moved there, the index last. What a run that was
//! killed has left is listed in `.writing`, and swept by the next run.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags};

use super::threads::{self, Threads};
use crate::base::{Error, Result, fs};

/// Lists the files that are being written or removed.
const NOTE: &str = ".writing";
/// Files that one thread takes at a time: fewer are not worth a thread.
const SHARE: usize = 128;

/// The directory, held by one writer at a time.
pub(super) struct Directory {
    path: PathBuf,
    /// Locked until it is closed, by `kill -9` too.
    held: File,
}

/// What a file is to hold.
pub(super) struct Wanted<'a> {
    pub name: String,
    pub bytes: &'a [u8],
    /// Whether somebody may look for it while it is written.
    pub is_known: bool,
}

/// Files that lie ready. Without `publish` they are taken back.
pub(super) struct Staged<'a> {
    directory: &'a Directory,
    /// Those that differ from what is there, in the order to publish them.
    pub changed: Vec<&'a Wanted<'a>>,
    /// How each of them lies ready.
    states: Vec<State>,
    removed: &'a [String],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// It has these bytes already.
    There,
    /// At its place.
    Placed,
    /// Beside its place.
    Beside,
}

impl Directory {
    /// Makes the directory if need be; waits for another writer.
    pub(super) fn open(path: &Path) -> Result<Directory> {
        fs::create_dir_all(path)?;
        let held = File::open(path).map_err(|cause| Error::io("open", path, &cause))?;
        match held.lock() {
            // Not every file system has locks; there two writers at once are the user's to avoid.
            Err(cause) if cause.kind() != io::ErrorKind::Unsupported => Err(Error::io("lock", path, &cause)),
            _ => Ok(Directory { path: path.to_path_buf(), held }),
        }
    }

    /// Removes what a killed run has left: all that it was about to write or remove, but for what `is_known`.
    pub(super) fn sweep(&self, is_known: impl Fn(&str) -> bool) -> Result<()> {
        let note = self.path.join(NOTE);
        if !note.exists() {
            return Ok(());
        }
        for name in fs::read_file(&note)?.lines() {
            self.remove(&beside(name))?;
            if !is_known(name) {
                self.remove(name)?;
            }
        }
        self.remove(NOTE)
    }

    /// Writes what differs from what is there, so that nobody sees it yet; `removed` is to go.
    pub(super) fn stage<'a>(&'a self, wanted: &'a [Wanted<'a>], removed: &'a [String]) -> Result<Staged<'a>> {
        let threads = Threads { count: threads::available(), share: SHARE, stack: None };
        let differs = |file: &&Wanted<'_>| !(file.is_known && self.holds(file));
        let differing = |share: &'a [Wanted<'a>]| share.iter().filter(differs).collect::<Vec<_>>();
        let changed: Vec<&Wanted<'_>> = if wanted.iter().any(|file| file.is_known) {
            threads.over(wanted, differing).concat()
        } else {
            wanted.iter().collect()
        };
        let mut staged = Staged { directory: self, changed, states: Vec::new(), removed };
        if staged.is_nothing() {
            return Ok(staged);
        }
        let names = staged.changed.iter().map(|file| &file.name).chain(removed);
        let note: String = names.flat_map(|name| [name, "\n"]).collect();
        self.put(NOTE, note.as_bytes())?;
        let written = threads
            .over(&staged.changed, |share| share.iter().map(|file| self.lay(file)).collect::<Vec<_>>());
        let written: Vec<Result<State>> = written.into_iter().flatten().collect();
        // What could not be written was begun perhaps: it is taken back like the rest.
        staged.states = staged
            .changed
            .iter()
            .zip(&written)
            .map(|(file, state)| match (state, file.is_known) {
                (Ok(state), _) => *state,
                (Err(_), true) => State::Beside,
                (Err(_), false) => State::There,
            })
            .collect();
        written.into_iter().collect::<Result<Vec<_>>>()?;
        Ok(staged)
    }

    /// Writes one small file, by way of one beside it.
    pub(super) fn put(&self, name: &str, bytes: &[u8]) -> Result<()> {
        self.write_new(&beside(name), bytes, OFlags::TRUNC)
            .map_err(|cause| self.failed("write", name, cause))?;
        self.move_in(name)
    }

    /// Removes a file, if it is there.
    pub(super) fn remove(&self, name: &str) -> Result<()> {
        match rustix::fs::unlinkat(&self.held, name, AtFlags::empty()) {
            Err(cause) if cause != rustix::io::Errno::NOENT => Err(self.failed("remove", name, cause.into())),
            _ => Ok(()),
        }
    }

    /// Writes a file so that nobody sees it who believes the index.
    fn lay(&self, file: &Wanted<'_>) -> Result<State> {
        if !file.is_known {
            match self.write_new(&file.name, file.bytes, OFlags::EXCL) {
                Ok(()) => return Ok(State::Placed),
                // A file of that name that is none of ours: the bytes are there, or it is replaced at the end.
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
                    if self.holds(file) {
                        return Ok(State::There);
                    }
                }
                Err(cause) => {
                    let _ = self.remove(&file.name);
                    return Err(self.failed("write", &file.name, cause));
                }
            }
        }
        let written = match self.path.join(&file.name).is_dir() {
            true => Err(io::ErrorKind::IsADirectory.into()),
            false => self.write_new(&beside(&file.name), file.bytes, OFlags::TRUNC),
        };
        written.map_err(|cause| self.failed("write", &file.name, cause))?;
        Ok(State::Beside)
    }

    fn write_new(&self, name: &str, bytes: &[u8], how: OFlags) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW | how;
        let mode = Mode::from_raw_mode(0o666);
        File::from(rustix::fs::openat(&self.held, name, flags, mode)?).write_all(bytes)
    }

    fn move_in(&self, name: &str) -> Result<()> {
        rustix::fs::renameat(&self.held, beside(name), &self.held, name)
            .map_err(|cause| self.failed("write", name, cause.into()))
    }

    fn holds(&self, file: &Wanted<'_>) -> bool {
        fs::file_bytes(&self.path.join(&file.name)).is_ok_and(|old| old == file.bytes)
    }

    fn failed(&self, doing: &str, name: &str, cause: io::Error) -> Error {
        Error::io(doing, &self.path.join(name), &cause)
    }
}

impl Staged<'_> {
    /// Whether everything is as it is to be.
    pub(super) fn is_nothing(&self) -> bool {
        self.changed.is_empty() && self.removed.is_empty()
    }

    /// Moves all files into their places, in their order, and removes what is to go.
    pub(super) fn publish(mut self) -> Result<()> {
        let mut beside = self.changed.iter().zip(&self.states).filter(|(_, state)| **state == State::Beside);
        beside.try_for_each(|(file, _)| self.directory.move_in(&file.name))?;
        // The index is in its place: nothing is taken back any more.
        self.states.clear();
        self.removed.iter().try_for_each(|name| self.directory.remove(name))?;
        self.directory.remove(NOTE)
    }
}

impl Drop for Staged<'_> {
    fn drop(&mut self) {
        if self.states.is_empty() {
            return;
        }
        for (file, state) in self.changed.iter().zip(&self.states) {
            let _ = match state {
                State::There => Ok(()),
                State::Placed => self.directory.remove(&file.name),
                State::Beside => self.directory.remove(&beside(&file.name)),
            };
        }
        let _ = self.directory.remove(NOTE);
    }
}

/// Where a file lies before it is moved to its place.
fn beside(name: &str) -> String {
    format!(".{name}.new")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn content(dir: &Path) -> BTreeMap<String, String> {
        let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
        let text = |path: &Path| std::fs::read_to_string(path).unwrap_or_else(|_| "none".into());
        entries.map(|entry| (entry.file_name().into_string().unwrap(), text(&entry.path()))).collect()
    }

    fn wanted<'a>(files: &[(&str, &'a str)], is_known: bool) -> Vec<Wanted<'a>> {
        let one = |(name, text): &(&str, &'a str)| Wanted {
            name: name.to_string(),
            bytes: text.as_bytes(),
            is_known,
        };
        files.iter().map(one).collect()
    }

    fn pairs(files: &[(&str, &str)]) -> BTreeMap<String, String> {
        files.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect()
    }

    #[test]
    fn files_are_written_replaced_and_removed() {
        let temporary = tempfile::tempdir().unwrap();
        let dir = temporary.path().join("a/b");
        let directory = Directory::open(&dir).unwrap();
        let first = wanted(&[("x", "1"), ("y", "2")], false);
        directory.stage(&first, &[]).unwrap().publish().unwrap();
        assert_eq!(content(&dir), pairs(&[("x", "1"), ("y", "2")]));
        assert!(directory.stage(&wanted(&[("x", "1")], true), &[]).unwrap().is_nothing());

        let second = wanted(&[("x", "3"), ("z", "4")], true);
        let removed = ["y".to_string()];
        let staged = directory.stage(&second, &removed).unwrap();
        assert_eq!(content(&dir)["x"], "1", "nobody sees what is staged");
        drop(staged);
        assert_eq!(content(&dir), pairs(&[("x", "1"), ("y", "2")]), "it is taken back");
        directory.stage(&second, &removed).unwrap().publish().unwrap();
        assert_eq!(content(&dir), pairs(&[("x", "3"), ("z", "4")]));
    }

    #[test]
    fn a_failure_leaves_the_directory_as_it_was() {
        let temporary = tempfile::tempdir().unwrap();
        let dir = temporary.path();
        std::fs::write(dir.join("mine"), "1").unwrap();
        let directory = Directory::open(dir).unwrap();
        let before = content(dir);
        // A name that no directory can be asked for.
        let files = wanted(&[("new", "2"), ("mine", "2"), ("no/such", "2")], false);
        assert!(directory.stage(&files, &[]).is_err());
        assert_eq!(content(dir), before);
    }

    #[test]
    fn what_a_killed_run_leaves_is_swept() {
        let temporary = tempfile::tempdir().unwrap();
        let dir = temporary.path();
        let directory = Directory::open(dir).unwrap();
        for (name, text) in
            [("old", "1"), ("mine", "1"), (".old.new", "2"), ("new", "ha"), (NOTE, "old\nnew\ngone\n")]
        {
            std::fs::write(dir.join(name), text).unwrap();
        }
        directory.sweep(|name| name == "old").unwrap();
        assert_eq!(content(dir), pairs(&[("old", "1"), ("mine", "1")]));
    }

    #[test]
    fn a_pipe_in_a_files_place_is_replaced_and_a_directory_told() {
        let temporary = tempfile::tempdir().unwrap();
        let dir = temporary.path();
        let directory = Directory::open(dir).unwrap();
        nix::unistd::mkfifo(&dir.join("x"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        directory.stage(&wanted(&[("x", "1")], true), &[]).unwrap().publish().unwrap();
        assert_eq!(content(dir), pairs(&[("x", "1")]));
        std::fs::create_dir(dir.join("y")).unwrap();
        let files = wanted(&[("y", "1")], false);
        let error = directory.stage(&files, &[]).err().unwrap().to_string();
        assert!(error.contains("/y`: is a directory"), "{error}");
    }
}
