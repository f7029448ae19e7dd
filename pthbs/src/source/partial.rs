//! A file on its way into the store: hashed as it grows, and given its final name only when the hash is right.
//!
//! A killed fetch leaves it behind, and the next one goes on from its end. Whoever uses one holds the source's lock.

use std::fs::{self, File, Permissions};
use std::io::{ErrorKind, Read, Seek, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::base::hash::Hasher;
use crate::base::{Error, Result, Sha256};
use crate::store::Store;

/// An unfinished file and the sum of what it holds.
pub(super) struct Partial {
    path: PathBuf,
    file: File,
    hasher: Hasher,
    length: u64,
}

impl Partial {
    /// Opens what an earlier run left under this key, or a new one.
    pub(super) fn open(store: &Store, key: &str) -> Result<Partial> {
        let path = store.partial_source(key);
        if let Some(dir) = path.parent() {
            crate::base::fs::create_dir_all(dir)?;
        }
        let opened = File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let file = opened.map_err(|cause| Error::io("open", &path, &cause))?;
        let mut partial = Partial { path, file, hasher: Hasher::default(), length: 0 };
        partial.hash_what_is_there().map_err(|cause| Error::io("read", &partial.path, &cause))?;
        Ok(partial)
    }

    fn hash_what_is_there(&mut self) -> std::io::Result<()> {
        let mut buffer = vec![0; 256 * 1024];
        loop {
            match self.file.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(n) => {
                    self.hasher.update(&buffer[..n]);
                    self.length += n as u64;
                }
                Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
                Err(cause) => return Err(cause),
            }
        }
    }

    /// How many bytes there are.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The sum of the bytes that are there.
    pub(super) fn sum(&self) -> Sha256 {
        self.hasher.clone().finish()
    }

    /// The file beside it that says where its bytes came from.
    pub(super) fn origin_path(&self) -> PathBuf {
        origin_path(&self.path)
    }

    /// Takes more bytes in.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(|cause| self.unwritable(&cause))?;
        self.hasher.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }

    fn unwritable(&self, cause: &std::io::Error) -> Error {
        let error = Error::io("write", &self.path, cause);
        match cause.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                error.hint("make room there; a download goes on where it stopped")
            }
            _ => error,
        }
    }

    /// Begins again with nothing.
    pub(super) fn restart(&mut self) -> Result<()> {
        let emptied = self.file.set_len(0).and_then(|()| self.file.rewind());
        emptied.map_err(|cause| Error::io("empty", &self.path, &cause))?;
        (self.hasher, self.length) = (Hasher::default(), 0);
        Ok(())
    }

    /// Gives it its final name.
    ///
    /// Synced before it is renamed: after a power cut an empty file must not stand under a good hash.
    pub(super) fn keep(self, store: &Store) -> Result<PathBuf> {
        let kept = store.source(&self.sum());
        let sealed =
            self.file.set_permissions(Permissions::from_mode(0o444)).and_then(|()| self.file.sync_data());
        sealed.map_err(|cause| self.unwritable(&cause))?;
        crate::base::fs::rename(&self.path, &kept)?;
        let _ = fs::remove_file(origin_path(&self.path));
        Ok(kept)
    }

    /// Removes it: its bytes are good for nothing.
    pub(super) fn discard(self) {
        remove(&self.path);
    }

    /// Removes what may lie there under this key.
    pub(super) fn remove(store: &Store, key: &str) {
        remove(&store.partial_source(key));
    }
}

fn origin_path(path: &Path) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(".from");
    path.into()
}

fn remove(path: &Path) {
    let _ = fs::remove_file(origin_path(path));
    let _ = fs::remove_file(path);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_behind_is_continued() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let mut partial = Partial::open(&store, "x").unwrap();
        partial.write(b"hello ").unwrap();
        drop(partial);
        let mut partial = Partial::open(&store, "x").unwrap();
        assert_eq!(partial.length(), 6);
        partial.write(b"world").unwrap();
        let sum = Sha256::of(b"hello world");
        assert_eq!(partial.sum(), sum);
        let kept = partial.keep(&store).unwrap();
        assert_eq!(kept, store.source(&sum));
        assert_eq!(fs::read(kept).unwrap(), b"hello world");
        assert!(!store.partial_source("x").exists());
    }
}
