//! A store for building anew what another one holds: everything is in it but what is to be built.
//!
//! What is there is linked, not copied: a build binds the installs that the links lead to, and finds their metas. So what
//! is built in it is built from the same inputs, and a damaged install is never an input of its own repair.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, lchown, symlink};
use std::path::{Path, PathBuf};

use super::delete::delete;
use super::staging::random;
use super::{Item, Meta, Staging, Store, trouble};
use crate::base::Result;

/// A scratch store. It is deleted when this is dropped; a killed process' is swept.
#[derive(Debug)]
pub struct Scratch {
    store: Store,
    place: Place,
}

/// What is deleted when it is dropped.
#[derive(Debug)]
enum Place {
    Staged { staging: Staging },
    Elsewhere(PathBuf),
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Place::Elsewhere(dir) = self {
            // It lies among temporary files: what cannot be deleted is nobody's but the system's to clear.
            let _ = delete(dir);
        }
    }
}

impl Store {
    /// A scratch store without some items, on the file system of this one: `adopt` takes from it.
    ///
    /// Sources and logs are this store's own.
    pub fn scratch(&self, without: &BTreeSet<Item>) -> Result<Scratch> {
        let staging = Staging::scratch(self, "scratch")?;
        let root = staging.dir().join("store");
        make(&root)?;
        link(&self.root().join("log"), &root.join("log"))?;
        let store = self.fill(&root, without)?;
        Ok(Scratch { store, place: Place::Staged { staging } })
    }

    /// A scratch store in a new directory below `dir`, perhaps on another file system and for another user.
    pub fn scratch_in(&self, dir: &Path, without: &BTreeSet<Item>) -> Result<Scratch> {
        let root = dir.join(format!("pthbs-scratch.{:016x}", random()));
        make(&root)?;
        let place = Place::Elsewhere(root.clone());
        Ok(Scratch { store: self.fill(&root, without)?, place })
    }

    fn fill(&self, root: &Path, without: &BTreeSet<Item>) -> Result<Store> {
        link(&self.sources(), &root.join("source"))?;
        let store = Store::open(root)?;
        for item in self.items()?.iter().filter(|item| !without.contains(item)) {
            // The meta first, here too: present means complete.
            link(&self.meta(item), &store.meta(item))?;
            link(&self.path(item), &store.path(item))?;
        }
        Ok(store)
    }

    /// Puts an install that was built in a scratch store in the place of the one that is here.
    pub fn adopt(&self, scratch: &Scratch, item: &Item) -> Result<()> {
        let (from, staging) = (&scratch.store, Staging::new(self, item)?);
        let Item::Install(id) = item else { unreachable!("environments are made, not built") };
        let (manifest, script, record) = (from.manifest(item)?, from.script(id)?, from.record(id)?);
        let (built, tree) = (from.path(item), staging.tree());
        // Its `..` is written when it gets another parent, which an ordinary user must be allowed to do.
        fs::set_permissions(&built, fs::Permissions::from_mode(0o755))
            .and_then(|()| fs::remove_dir(&tree))
            .and_then(|()| fs::rename(&built, &tree))
            .map_err(|cause| trouble("move", &built, &cause))?;
        self.replace(staging, item, &manifest, Meta { script: Some(&script), record: Some(&record) })
    }
}

impl Scratch {
    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Where the scripts that are built in it may be written, as `genpkg render` writes them.
    pub fn rendered(&self) -> PathBuf {
        self.store.root().join("rendered")
    }

    /// Lets another user walk through to what is built in it, as the weak sandbox of root's builds needs it.
    pub fn open_the_way(&self) -> Result<()> {
        let Place::Staged { staging } = &self.place else { return Ok(()) };
        let set = fs::set_permissions(staging.dir(), fs::Permissions::from_mode(0o711));
        set.map_err(|cause| trouble("set the mode of", staging.dir(), &cause))
    }

    /// Makes it another user's.
    pub fn give_to(&self, uid: u32) -> Result<()> {
        let root = self.store.root();
        let list = |dir: &Path| -> Result<Vec<PathBuf>> {
            let entries = fs::read_dir(dir).map_err(|cause| trouble("list", dir, &cause))?;
            Ok(entries.flatten().map(|entry| entry.path()).collect())
        };
        let mut paths = vec![root.to_path_buf(), self.store.current()];
        for path in list(root)? {
            paths.push(path);
        }
        for path in paths {
            // Links stay links: what they lead to is the first store's.
            lchown(&path, Some(uid), Some(uid)).map_err(|cause| trouble("give away", &path, &cause))?;
        }
        Ok(())
    }
}

fn make(dir: &Path) -> Result<()> {
    let made = fs::DirBuilder::new().mode(0o755).create(dir);
    made.map_err(|cause| trouble("make directory", dir, &cause))
}

fn link(to: &Path, at: &Path) -> Result<()> {
    symlink(to, at).map_err(|cause| trouble("make link", at, &cause))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{self, Tree, publish_script};

    #[test]
    fn it_holds_everything_but_what_is_to_be_built() {
        let (_dir, store) = testing::store();
        let [a, b] = ["a", "b"].map(|name| Item::Install(publish_script(&store, name, "", &[])));
        let Item::Install(b_id) = &b else { unreachable!("it is an install") };
        let place = {
            let scratch = store.scratch(&BTreeSet::from([a.clone()])).unwrap();
            let inner = scratch.store();
            assert!(inner.has(&b) && !inner.has(&a));
            assert_eq!(inner.manifest(&b).unwrap(), store.manifest(&b).unwrap());
            // Sweeps leave it alone, and its own leave alone what it is linked to.
            store.sweep().unwrap();
            inner.sweep().unwrap();
            assert!(inner.has(&b) && store.has(&b));
            inner.root().to_path_buf()
        };
        assert!(!place.exists() && store.script(b_id).is_ok(), "its links were followed");
        let elsewhere = tempfile::tempdir().unwrap();
        let scratch = store.scratch_in(elsewhere.path(), &BTreeSet::new()).unwrap();
        assert!(scratch.store().has(&a));
        drop(scratch);
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
        assert!(store.has(&a));
    }

    #[test]
    fn what_was_built_in_it_takes_the_place_of_what_is_there() {
        let (_dir, store) = testing::store();
        let script = testing::script("x", "");
        let item = Item::Install(script.install_id());
        let record = crate::store::Record::default();
        let publish = |store: &Store, text: &str| {
            let staging = Staging::new(store, &item).unwrap();
            let mut tree = Tree::new();
            tree.own = script.install_id();
            tree.fill(&staging);
            tree.file("bin/x", 0o755, text);
            let manifest = tree.seal().unwrap().manifest;
            let meta = Meta { script: Some(&script), record: Some(&record) };
            store.publish(staging, &item, &manifest, meta).unwrap();
        };
        publish(&store, "one");
        let scratch = store.scratch(&BTreeSet::from([item.clone()])).unwrap();
        publish(scratch.store(), "two");
        store.adopt(&scratch, &item).unwrap();
        drop(scratch);
        assert_eq!(store.check(&item).unwrap(), []);
        assert_eq!(fs::read(store.path(&item).join("bin/x")).unwrap(), b"two");
        assert_eq!(fs::read_dir(store.tmp()).unwrap().count(), 0);
        store.remove(&item).unwrap();
    }
}
