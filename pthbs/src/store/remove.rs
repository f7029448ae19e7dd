//! Removal: first the install goes, by one rename, then what is kept of it, then its files.
//!
//! A kill or a power cut in between leaves no half install: what has been renamed is an install no longer, and what is
//! left of it is swept.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::PathBuf;

use rayon::prelude::*;

use super::delete::delete;
use super::publish::Turn;
use super::{Item, Staging, Store, trouble};
use crate::base::{Error, Result};

/// How many items are held at once: each costs a descriptor, and each group one fsync.
const GROUP: usize = 256;

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
        for group in items.chunks(GROUP) {
            let moved: Vec<Result<(Option<Turn>, PathBuf)>> =
                group.iter().map(|item| self.move_out(item, staging.outside())).collect();
            // The names must be gone from the disk before the rest is: a power cut must not bring back half an install.
            File::open(self.versions())
                .and_then(|versions| versions.sync_all())
                .map_err(|cause| trouble("write to disk", &self.versions(), &cause))?;
            for moved in moved {
                let taken = moved.and_then(|(turn, tree)| {
                    trees.push(tree);
                    turn.map_or(Ok(()), Turn::take_back)
                });
                errors.extend(taken.err());
            }
        }
        Ok(Removed { _staging: staging, trees, errors })
    }

    fn move_out(&self, item: &Item, outside: PathBuf) -> Result<(Option<Turn>, PathBuf)> {
        let (turn, place) = (Turn::wait(self, item)?, self.path(item));
        match fs::rename(&place, &outside) {
            Err(cause) if cause.kind() == ErrorKind::NotFound => {}
            renamed => renamed.map_err(|cause| trouble("remove", &place, &cause))?,
        }
        Ok((turn, outside))
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
