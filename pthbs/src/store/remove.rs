//! Removal: first the install goes, by one rename, then what is kept of it, then its files.
//!
//! A kill or a power cut in between leaves no half install: what has been renamed is an install no longer, and what is
//! left of it is swept.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use rayon::prelude::*;

use super::delete::delete;
use super::publish::{Turn, sync_directory};
use super::{Item, Staging, Store, trouble};
use crate::base::{Error, Result};

/// Items that are gone, and whose files still take room.
#[derive(Debug)]
#[must_use = "`delete` does it in parallel and tells what could not be deleted"]
pub struct Removed {
    // Dropping it deletes what is left.
    _staging: Staging,
    trees: Vec<PathBuf>,
    errors: Vec<Error>,
}

impl Store {
    /// Removes an item; one that is not there is fine.
    pub fn remove(&self, item: &Item) -> Result<()> {
        self.remove_all(std::slice::from_ref(item))
    }

    /// Removes many items. One that cannot be removed keeps no other from it.
    pub fn remove_all(&self, items: &[Item]) -> Result<()> {
        self.take_away(items)?.delete()
    }

    /// Makes items be there no longer, which is quick; their files are left for `Removed::delete`.
    pub fn take_away(&self, items: &[Item]) -> Result<Removed> {
        let mut staging = Staging::scratch(self, "removed")?;
        let (mut trees, mut errors) = (Vec::new(), Vec::new());
        for item in items {
            match self.move_out(item, staging.outside()) {
                Ok(tree) => trees.push(tree),
                Err(error) => errors.push(error),
            }
        }
        // The names must be gone from the disk before the rest is: a power cut must not bring back half an install.
        sync_directory(&self.versions())?;
        let kept: Vec<Error> = items.par_iter().filter_map(|item| self.forget(item).err()).collect();
        errors.extend(kept);
        Ok(Removed { _staging: staging, trees, errors })
    }

    fn move_out(&self, item: &Item, outside: PathBuf) -> Result<PathBuf> {
        let (_turn, place) = (Turn::wait(self, item)?, self.path(item));
        match fs::rename(&place, &outside) {
            Err(cause) if cause.kind() == ErrorKind::NotFound => {}
            renamed => renamed.map_err(|cause| trouble("remove", &place, &cause))?,
        }
        Ok(outside)
    }

    /// Deletes what is kept of an item, unless it was published anew meanwhile.
    fn forget(&self, item: &Item) -> Result<()> {
        match Turn::wait(self, item)? {
            Some(turn) if !self.has(item) => turn.take_back(),
            _ => Ok(()),
        }
    }
}

impl Removed {
    /// Deletes the files, in parallel: to be called in the pool for such work.
    pub fn delete(mut self) -> Result<()> {
        let errors = self.trees.par_iter().filter_map(|tree| delete(tree).err());
        let errors: Vec<Error> = errors.collect();
        self.errors.extend(errors);
        Error::all(std::mem::take(&mut self.errors)).map_or(Ok(()), Err)
    }
}
