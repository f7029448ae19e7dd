//! One lock per source, so that two processes that want it share one download.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;

use crate::base::{Error, Result};
use crate::store::Store;

/// Held as long as it lives; the kernel drops it when the process ends, however that happens.
pub(super) struct Lock(#[allow(dead_code, reason = "closing the file is what releases the lock")] File);

impl Lock {
    /// Waits for the lock on a source, named by its hash or commit.
    pub(super) fn take(store: &Store, key: &str) -> Result<Lock> {
        let path = store.lock_path(&format!("source.{key}"));
        loop {
            let file = File::options().create(true).append(true).open(&path);
            let file = file.map_err(|cause| Error::io("open lock", &path, &cause))?;
            match file.lock() {
                Err(cause) if cause.kind() == ErrorKind::Interrupted => continue,
                locked => locked.map_err(|cause| Error::io("lock", &path, &cause))?,
            }
            let held = file.metadata().map_err(|cause| Error::io("look at", &path, &cause))?;
            // Whoever held it before may have removed the file: then this lock is on a name that nobody else opens.
            if fs::metadata(&path).is_ok_and(|there| (there.dev(), there.ino()) == (held.dev(), held.ino())) {
                return Ok(Lock(file));
            }
        }
    }
}
