//! Removal: first the install goes, by one rename, then what is kept of it. A kill in between leaves nothing half there.

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

impl Store {
    /// Removes an item; one that is not there is fine.
    pub fn remove(&self, item: &Item) -> Result<()> {
        self.remove_all(std::slice::from_ref(item))
    }

    /// Removes many items, deleting their files in parallel. One that cannot be removed keeps no other from it.
    pub fn remove_all(&self, items: &[Item]) -> Result<()> {
        let mut staging = Staging::scratch(self, "removed")?;
        let mut errors = Vec::new();
        for group in items.chunks(GROUP) {
            let group: Vec<(&Item, PathBuf)> = group.iter().map(|item| (item, staging.outside())).collect();
            errors.extend(self.remove_group(group)?);
        }
        Error::all(errors).map_or(Ok(()), Err)
    }

    fn remove_group(&self, group: Vec<(&Item, PathBuf)>) -> Result<Vec<Error>> {
        let moved: Vec<Result<(Option<Turn>, PathBuf)>> = group
            .into_iter()
            .map(|(item, outside)| {
                let (turn, place) = (Turn::wait(self, item)?, self.path(item));
                match fs::rename(&place, &outside) {
                    Err(cause) if cause.kind() == ErrorKind::NotFound => {}
                    renamed => renamed.map_err(|cause| trouble("remove", &place, &cause))?,
                }
                Ok((turn, outside))
            })
            .collect();
        // The names must be gone from the disk before the files are: a power cut must not bring back half an install.
        File::open(self.versions())
            .and_then(|versions| versions.sync_all())
            .map_err(|cause| trouble("write to disk", &self.versions(), &cause))?;
        let errors = moved.into_par_iter().filter_map(|moved| {
            let (turn, outside) = match moved {
                Ok(moved) => moved,
                Err(error) => return Some(error),
            };
            turn.map_or(Ok(()), Turn::take_back).and_then(|()| delete(&outside)).err()
        });
        Ok(errors.collect())
    }
}
