//! Where an unfinished thing lives: a directory below `tmp/` that no other user enters, alive as long as it is locked.

use std::fs::{self, File, TryLockError};
use std::hash::BuildHasher;
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::delete::delete;
use super::lock::is_at;
use super::{Item, Store, trouble};
use crate::base::Result;

/// A directory below `tmp/`, deleted when this is dropped.
///
/// Its own descriptor carries the lock that keeps `Store::sweep` away; a killed process holds none.
#[derive(Debug)]
pub struct Staging {
    dir: PathBuf,
    name: String,
    // Being open is what holds the lock; it is released after the directory is gone.
    _lock: File,
    store: Store,
    /// How many names under `versions/` it may have used for its trees on their way.
    outside: usize,
}

/// The ending of a failed build's directory, which a sweep leaves alone.
const KEPT: &str = ".failed";

impl Staging {
    /// A place to make an item in, with an empty `tree/`.
    pub fn new(store: &Store, item: &Item) -> Result<Staging> {
        let staging = Staging::scratch(store, &item.to_string())?;
        let tree = staging.tree();
        fs::create_dir(&tree)
            .and_then(|()| fs::set_permissions(&tree, fs::Permissions::from_mode(0o755)))
            .map_err(|cause| trouble("make directory", &tree, &cause))?;
        Ok(staging)
    }

    /// An empty place for anything else that is unfinished; `word` says what, in the directory's name.
    pub fn scratch(store: &Store, word: &str) -> Result<Staging> {
        loop {
            let name = format!("{word}.{:016x}", random());
            let dir = store.tmp().join(&name);
            let made = fs::DirBuilder::new().mode(0o700).create(&dir).and_then(|()| File::open(&dir));
            let opened = match made {
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => continue,
                // A sweep may have come between the two.
                Err(cause) if cause.kind() == io::ErrorKind::NotFound && store.tmp().is_dir() => continue,
                opened => opened.map_err(|cause| trouble("make directory", &dir, &cause))?,
            };
            if let Some(lock) = lock_at(&dir, opened)? {
                return Ok(Staging { dir, name, _lock: lock, store: store.clone(), outside: 0 });
            }
        }
    }

    /// The directory itself, 0700.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The directory that becomes the install.
    pub fn tree(&self) -> PathBuf {
        self.dir.join("tree")
    }

    /// Leaves everything as it is, for a person to look at; gives the place, which is `Store::failed`.
    ///
    /// What an earlier failure of the same item left is deleted.
    pub fn keep(mut self) -> Result<PathBuf> {
        let kept = kept_place(&self.dir);
        delete(&kept)?;
        fs::rename(&self.dir, &kept).map_err(|cause| trouble("rename", &self.dir, &cause))?;
        self.dir.clone_from(&kept);
        self.name.clear();
        Ok(kept)
    }

    /// A name under `versions/` for a tree that is not an install yet, or no longer.
    ///
    /// It holds this directory's name, so that a sweep can tell whether somebody still works on it.
    pub(super) fn outside(&mut self) -> PathBuf {
        self.outside += 1;
        self.store.versions().join(format!(".{}~{}", self.name, self.outside))
    }

    /// Nothing stands any more at the names that were used under `versions/`.
    pub(super) fn is_emptied(&mut self) {
        self.outside = 0;
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if self.name.is_empty() {
            return;
        }
        // Whatever cannot be deleted here is met again by the next sweep.
        for number in 1..=self.outside {
            let _ = delete(&self.store.versions().join(format!(".{}~{number}", self.name)));
        }
        let _ = delete(&self.dir);
    }
}

impl Store {
    /// Where the last failed build of an item was left, whether or not there is one.
    pub fn failed(&self, item: &Item) -> PathBuf {
        self.tmp().join(format!("{item}{KEPT}"))
    }

    /// Every item of which a failed build was left, sorted.
    pub fn failures(&self) -> Result<Vec<Item>> {
        let tmp = self.tmp();
        let names: Vec<_> = fs::read_dir(&tmp)
            .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.file_name())).collect())
            .map_err(|cause: io::Error| trouble("list", &tmp, &cause))?;
        let kept = names.iter().filter_map(|name| name.to_str()?.strip_suffix(KEPT)?.parse().ok());
        let mut items: Vec<Item> = kept.collect();
        items.sort_unstable();
        Ok(items)
    }

    /// Deletes what a failed build left; nothing there is fine.
    pub fn remove_failure(&self, item: &Item) -> Result<()> {
        delete(&self.failed(item))
    }
}

/// `tmp/WORD.UNIQUE` -> `tmp/WORD.failed`
fn kept_place(dir: &Path) -> PathBuf {
    let name = dir.file_stem().unwrap_or_default().to_string_lossy();
    dir.with_file_name(format!("{name}{KEPT}"))
}

pub(super) fn is_kept(name: &str) -> bool {
    name.ends_with(KEPT)
}

/// Whether a name below `tmp/` is one of those given here: `WORD.UNIQUE`.
pub(super) fn is_staging(name: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, end)| end.len() == 16 && end.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Locks a directory that was opened; nothing if somebody holds it, or if it is no longer at its path.
pub(super) fn lock_at(path: &Path, opened: File) -> Result<Option<File>> {
    match opened.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(cause)) => return Err(trouble("lock", path, &cause)),
    }
    let is_there = opened.metadata().and_then(|opened| is_at(path, &opened));
    Ok(is_there.map_err(|cause| trouble("lock", path, &cause))?.then_some(opened))
}

/// Never the same twice, so that no name below `tmp/` or `versions/.` is ever used again.
pub(super) fn random() -> u64 {
    std::hash::RandomState::new().hash_one(std::process::id())
}
