//! How two items differ, file by file.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use rustix::fs::Mode;

use super::cursor::{DIRECTORY, open_beneath};
use super::mask;
use super::{Item, Manifest, Store, What, trouble};
use crate::base::{Result, Sha256};

/// One path at which two items differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The path below both.
    pub path: PathBuf,
    /// What the first has there.
    pub old: Option<What>,
    /// What the second has there.
    pub new: Option<What>,
    /// Whether only the hashes in store names differ, as in every file of two builds of one thing.
    pub is_in_hashes_alone: bool,
}

/// Two files, and where they part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apart {
    /// How many bytes they have in common at their beginnings.
    pub offset: usize,
    /// The first one's bytes.
    pub old: Vec<u8>,
    /// The second one's bytes.
    pub new: Vec<u8>,
}

impl Manifest {
    /// The paths at which another manifest says something else, sorted.
    pub fn changes(&self, newer: &Manifest) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut change = |path: &PathBuf, old: Option<&What>, new: Option<&What>| {
            let (path, old, new) = (path.clone(), old.cloned(), new.cloned());
            changes.push(Change { path, old, new, is_in_hashes_alone: false });
        };
        let (mut old, mut new) = (self.entries.iter().peekable(), newer.entries.iter().peekable());
        loop {
            match (old.peek(), new.peek()) {
                (None, None) => return changes,
                (Some(a), Some(b)) if a.path == b.path => {
                    if a.what != b.what {
                        change(&a.path, Some(&a.what), Some(&b.what));
                    }
                    old.next();
                    new.next();
                }
                (Some(a), b) if b.is_none_or(|b| a.path.as_os_str() < b.path.as_os_str()) => {
                    change(&a.path, Some(&a.what), None);
                    old.next();
                }
                (_, Some(b)) => {
                    change(&b.path, None, Some(&b.what));
                    new.next();
                }
                (Some(_), None) => unreachable!("an entry without a counterpart was taken above"),
            }
        }
    }
}

impl Store {
    /// How an item differs from another one, sorted by path. Files that name other installs are read.
    pub fn difference(&self, old: &Item, new: &Item) -> Result<Vec<Change>> {
        self.difference_with(old, self, new)
    }

    /// `difference`, of an item of another store.
    pub fn difference_with(&self, old: &Item, other: &Store, new: &Item) -> Result<Vec<Change>> {
        let mut changes = self.manifest(old)?.changes(&other.manifest(new)?);
        let tops = (self.top(old)?, other.top(new)?);
        changes.par_iter_mut().try_for_each(|change| {
            change.is_in_hashes_alone = self.differs_in_hashes_alone(change, &tops)?;
            Ok(())
        })?;
        Ok(changes)
    }

    /// The first bytes at which a file differs from that of another store; nothing where they are the same, or either is
    /// none.
    pub fn first_apart(&self, item: &Item, other: &Store, path: &Path) -> Result<Option<Apart>> {
        let open = |store: &Store| -> Result<Vec<u8>> {
            let read = open_beneath(store.top(item)?.as_fd(), path).and_then(|file| {
                let mut bytes = Vec::new();
                File::from(file).read_to_end(&mut bytes).map(|_| bytes)
            });
            read.map_err(|cause| trouble("read", &store.path(item).join(path), &cause))
        };
        let (old, new) = (open(self)?, open(other)?);
        let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
        if same == old.len() && same == new.len() {
            return Ok(None);
        }
        Ok(Some(Apart { offset: same, old, new }))
    }

    fn top(&self, item: &Item) -> Result<OwnedFd> {
        let place = self.path(item);
        rustix::fs::open(&place, DIRECTORY, Mode::empty())
            .map_err(|cause| trouble("open", &place, &cause.into()))
    }

    fn differs_in_hashes_alone(&self, change: &Change, tops: &(OwnedFd, OwnedFd)) -> Result<bool> {
        let (
            Some(What::File { executable: a, size: s, .. }),
            Some(What::File { executable: b, size: t, .. }),
        ) = (&change.old, &change.new)
        else {
            return Ok(false);
        };
        if (a, s) != (b, t) {
            return Ok(false);
        }
        let sum = |top: &OwnedFd, what: &Option<What>| -> Result<Option<Sha256>> {
            let Some(What::File { references, .. }) = what else { return Ok(None) };
            if references.is_empty() {
                return Ok(None);
            }
            mask::sum_without_hashes(top.as_fd(), &change.path, references)
                .map(Some)
                .map_err(|cause| trouble("read", &change.path, &cause))
        };
        let old = sum(&tops.0, &change.old)?;
        Ok(old.is_some() && old == sum(&tops.1, &change.new)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Sha256;
    use crate::store::testing::{self, Tree};

    #[test]
    fn two_installs_differ_path_by_path() {
        let (_dir, store) = testing::store();
        let items = [1, 2].map(|number: u32| {
            let mut tree = Tree::new();
            tree.own = format!("x.{}", Sha256::of(&number.to_be_bytes())).parse().unwrap();
            tree.file("bin/x", 0o755, format!("#!/versions/{}/bin/sh", tree.own))
                .file("bin/y", 0o755, format!("#!/versions/{}/bin/sh {number}", tree.own))
                .file("same", 0o644, "same")
                .file("mode", if number == 1 { 0o644 } else { 0o755 }, "")
                .file(&format!("only-{number}"), 0o644, "")
                .link("link", &number.to_string());
            tree.publish(&store)
        });
        let changes = store.difference(&items[0], &items[1]).unwrap();
        let lines: Vec<String> = changes
            .iter()
            .map(|change| {
                let side = |what: &Option<What>| if what.is_some() { "1" } else { "0" };
                let (old, new) = (side(&change.old), side(&change.new));
                format!("{old}{new} {} {}", change.path.display(), change.is_in_hashes_alone)
            })
            .collect();
        assert_eq!(
            lines,
            [
                "11 bin/x true",
                "11 bin/y false",
                "11 link false",
                "11 mode false",
                "10 only-1 false",
                "01 only-2 false"
            ]
        );
        assert_eq!(store.difference(&items[0], &items[0]).unwrap(), []);
        store.remove_all(&items).unwrap();
    }
}
