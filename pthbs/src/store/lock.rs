//! Locks between processes and threads: one file each, held as long as it is open. A killed holder holds nothing.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{Item, Store, trouble};
use crate::base::Result;

/// A lock that is held until this is dropped.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    // Being open is what holds the lock.
    file: File,
}

/// Who holds a lock. Shown, never acted upon: by the time it is read it may be somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// Its process, unless it had no time yet to write that down.
    pub pid: Option<u32>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            Some(pid) => write!(f, "process {pid}"),
            None => write!(f, "another process"),
        }
    }
}

impl Store {
    /// Takes the lock of an item, waiting for it.
    pub fn lock(&self, item: &Item) -> Result<Lock> {
        Lock::take(&self.lock_path(&item.to_string()))
    }

    /// Takes the lock of an item, or says who has it.
    pub fn try_lock(&self, item: &Item) -> Result<Result<Lock, Holder>> {
        Lock::try_take(&self.lock_path(&item.to_string()))
    }
}

impl Lock {
    /// Takes the lock at a path of `Store::lock_path`, waiting for it.
    pub fn take(path: &Path) -> Result<Lock> {
        let taken = || -> io::Result<Lock> {
            loop {
                let file = open(path)?;
                match file.lock() {
                    Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
                    locked => locked?,
                }
                if let Some(lock) = Lock::holding(path, file)? {
                    return Ok(lock);
                }
            }
        };
        taken().map_err(|cause| trouble("lock", path, &cause))
    }

    /// Takes the lock at a path of `Store::lock_path`, or says who has it.
    pub fn try_take(path: &Path) -> Result<Result<Lock, Holder>> {
        let taken = || -> io::Result<Result<Lock, Holder>> {
            loop {
                let file = open(path)?;
                match file.try_lock() {
                    Ok(()) => {}
                    Err(TryLockError::WouldBlock) => {
                        let text = fs::read_to_string(path).unwrap_or_default();
                        let pid = text.lines().next().and_then(|line| line.parse().ok());
                        return Ok(Err(Holder { pid }));
                    }
                    Err(TryLockError::Error(cause)) => return Err(cause),
                }
                if let Some(lock) = Lock::holding(path, file)? {
                    return Ok(Ok(lock));
                }
            }
        };
        taken().map_err(|cause| trouble("lock", path, &cause))
    }

    /// The lock's file, after the line that says who holds it.
    pub(super) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// The lock, unless its former holder unlinked the file while we waited: then the path's lock is another one.
    fn holding(path: &Path, mut file: File) -> io::Result<Option<Lock>> {
        let found = file.metadata()?;
        if !is_at(path, &found)? {
            return Ok(None);
        }
        // Shown to others, nothing more: on a full disk it is a lock all the same, and its file is to go with it.
        let emptied = if found.len() > 0 { file.set_len(0) } else { Ok(()) };
        let _ = emptied.and_then(|()| file.write_all(format!("{}\n", std::process::id()).as_bytes()));
        Ok(Some(Lock { path: path.to_path_buf(), file }))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // While it is still held: whoever waits for this file finds that the path is another one's and begins anew.
        let _ = fs::remove_file(&self.path);
    }
}

fn open(path: &Path) -> io::Result<File> {
    File::options().read(true).write(true).create(true).truncate(false).open(path)
}

/// Whether a path still leads to the file or directory that was opened.
pub(super) fn is_at(path: &Path, opened: &fs::Metadata) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok((found.dev(), found.ino()) == (opened.dev(), opened.ino())),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(cause) => Err(cause),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn a_lock_has_one_holder_and_says_who() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let lock = Lock::take(&path).unwrap();
        let holder = Lock::try_take(&path).unwrap().unwrap_err();
        assert_eq!(holder, Holder { pid: Some(std::process::id()) });
        assert_eq!(holder.to_string(), format!("process {}", std::process::id()));
        drop(lock);
        assert!(!path.exists(), "a free lock leaves no file");
        Lock::try_take(&path).unwrap().unwrap();
    }

    #[test]
    fn a_lock_holds_also_where_its_holder_cannot_be_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        fs::write(&path, "").unwrap();
        // As on a full disk: nothing can be written to it.
        let file = File::open(&path).unwrap();
        file.lock().unwrap();
        let lock = Lock::holding(&path, file).unwrap().unwrap();
        assert_eq!(Lock::try_take(&path).unwrap().unwrap_err(), Holder { pid: None });
        drop(lock);
        assert!(!path.exists(), "no file is left of it");
    }

    #[test]
    fn many_threads_hold_it_one_after_another() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let inside = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let _lock = Lock::take(&path).unwrap();
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two hold one lock");
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
    }
}
