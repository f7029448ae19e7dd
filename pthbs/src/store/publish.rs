//! Publishing: a finished tree becomes an install or an environment. Present means complete.
//!
//! ```text
//! meta      tmp/X.U/meta -> meta/X                   locked from here to the end
//! tree      tmp/X.U/tree -> versions/.X.U~1          its top still 0755
//!           fchmod 0555, syncfs
//!           versions/.X.U~1 -> versions/X            without replacing anything
//!           fsync versions
//! ```
//!
//! Two renames, because an ordinary user cannot move a 0555 directory to another parent: its `..` would have to be
//! written. A kill or a power cut between any two lines leaves the item absent, and rests that a sweep knows.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, RenameFlags};
use rustix::io::Errno;

use super::cursor::DIRECTORY;
use super::delete::delete;
use super::lock::is_at;
use super::{Item, Manifest, Record, Staging, Store, trouble};
use crate::base::{Result, Sha256};
use crate::script::Script;

/// What is kept of an item beside its manifest.
#[derive(Debug, Clone, Copy, Default)]
pub struct Meta<'a> {
    /// The script that made it.
    pub script: Option<&'a Script>,
    /// How it was made.
    pub record: Option<&'a Record>,
}

/// What became of a publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// The item is there.
    New,
    /// It had been there before, and stays what it was.
    AlreadyThere,
}

impl Store {
    /// Moves a sealed tree to its final place, durably.
    pub fn publish(
        &self,
        mut staging: Staging,
        item: &Item,
        manifest: &Manifest,
        meta: Meta<'_>,
    ) -> Result<Published> {
        let Some(turn) = Turn::take(self, &staging, item, manifest, meta)? else {
            return Ok(Published::AlreadyThere);
        };
        let published = self.move_in(&mut staging, item);
        if matches!(published, Ok(Published::New)) {
            let _ = delete(&self.failed(item));
        } else if !self.has(item) {
            // It describes a tree that is not there. Should this fail too, a sweep finds it.
            let _ = turn.take_back();
        }
        published
    }

    /// Puts a sealed tree in the place of an item that is there, as when it was built anew.
    ///
    /// A kill between the two exchanges leaves a tree that is not its manifest's: a check tells, and another try cures.
    pub fn replace(
        &self,
        mut staging: Staging,
        item: &Item,
        manifest: &Manifest,
        meta: Meta<'_>,
    ) -> Result<()> {
        let turn = Turn::wait(self, item)?;
        if turn.is_none() || !self.has(item) {
            drop(turn);
            return self.publish(staging, item, manifest, meta).map(drop);
        }
        let (written, _locked) = Turn::prepare(&staging, manifest, meta)?;
        let waiting = self.move_beside(&mut staging)?;
        let (meta, place) = (self.meta(item), self.path(item));
        exchange(&written, &meta)?;
        exchange(&waiting, &place).inspect_err(|_| {
            // The old tree stays, and so must what describes it.
            let _ = exchange(&written, &meta);
        })?;
        sync_directory(&self.root().join("meta"))?;
        sync_directory(&self.versions())
    }

    fn move_in(&self, staging: &mut Staging, item: &Item) -> Result<Published> {
        let (waiting, place) = (self.move_beside(staging)?, self.path(item));
        match rename_to_nothing(&waiting, &place) {
            Err(cause) if is_occupied(&cause) => return Ok(Published::AlreadyThere),
            renamed => renamed.map_err(|cause| trouble("rename", &waiting, &cause))?,
        }
        sync_directory(&self.versions()).inspect_err(|_| {
            // Whether its name outlives a power cut is not known, and the caller is told that it failed: it is to be absent.
            let _ = fs::rename(&place, &waiting);
        })?;
        staging.is_emptied();
        Ok(Published::New)
    }

    /// Moves a tree to where installs are, under a name that is none, and brings everything to disk.
    fn move_beside(&self, staging: &mut Staging) -> Result<PathBuf> {
        let (tree, waiting) = (staging.tree(), staging.outside());
        fs::rename(&tree, &waiting).map_err(|cause| trouble("rename", &tree, &cause))?;
        let top = rustix::fs::open(&waiting, DIRECTORY, Mode::empty())
            .map_err(|cause| trouble("open", &waiting, &cause.into()))?;
        rustix::fs::fchmod(&top, Mode::from_raw_mode(0o555))
            .map_err(|cause| trouble("change the mode of", &waiting, &cause.into()))?;
        // One call for the tree, its meta, and the names of both; an fsync of each file would cost a hundred times more.
        rustix::fs::syncfs(&top).map_err(|cause| trouble("write to disk", &waiting, &cause.into()))?;
        Ok(waiting)
    }
}

/// The right to publish or remove an item: the lock of its `meta/X` directory.
///
/// Whoever holds it may rely on `versions/X` staying there or staying absent.
pub(super) struct Turn {
    place: PathBuf,
    _locked: File,
}

impl Turn {
    /// Writes the meta and puts it at its place; nothing if the item is there already.
    fn take(
        store: &Store,
        staging: &Staging,
        item: &Item,
        manifest: &Manifest,
        meta: Meta<'_>,
    ) -> Result<Option<Turn>> {
        if store.has(item) {
            return Ok(None);
        }
        let (place, (written, locked)) = (store.meta(item), Turn::prepare(staging, manifest, meta)?);
        loop {
            match rename_to_nothing(&written, &place) {
                Ok(()) => return Ok(Some(Turn { place, _locked: locked })),
                Err(cause) if is_occupied(&cause) => {}
                Err(cause) => return Err(trouble("rename", &written, &cause)),
            }
            // Either somebody is publishing or removing the item this moment, or somebody was killed while doing so.
            let Some(_other) = Turn::wait(store, item)? else { continue };
            if store.has(item) {
                return Ok(None);
            }
            delete(&place)?;
        }
    }

    /// Writes the meta where nobody sees it, and locks it.
    fn prepare(staging: &Staging, manifest: &Manifest, meta: Meta<'_>) -> Result<(PathBuf, File)> {
        let written = staging.dir().join("meta");
        write_meta(&written, manifest, meta).map_err(|cause| trouble("write", &written, &cause))?;
        let locked = File::open(&written).and_then(|dir| dir.lock().map(|()| dir));
        let locked = locked.map_err(|cause| trouble("lock", &written, &cause))?;
        Ok((written, locked))
    }

    /// Waits for the lock of an item's meta; nothing if there is no meta.
    pub(super) fn wait(store: &Store, item: &Item) -> Result<Option<Turn>> {
        let place = store.meta(item);
        let locked = || -> io::Result<File> {
            loop {
                let dir = File::open(&place)?;
                match dir.lock() {
                    Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
                    locked => locked?,
                }
                // Otherwise it was removed, and perhaps published anew, while we waited.
                if is_at(&place, &dir.metadata()?)? {
                    return Ok(dir);
                }
            }
        };
        match locked() {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(trouble("lock", &place, &cause)),
            Ok(locked) => Ok(Some(Turn { place, _locked: locked })),
        }
    }

    /// Deletes the meta of an item that is not there.
    pub(super) fn take_back(self) -> Result<()> {
        delete(&self.place)
    }
}

fn write_meta(dir: &Path, manifest: &Manifest, meta: Meta<'_>) -> io::Result<()> {
    fs::DirBuilder::new().mode(0o700).create(dir)?;
    let write = |name: &str, bytes: &[u8]| -> io::Result<()> {
        let mut file = File::create_new(dir.join(name))?;
        file.write_all(bytes)?;
        file.set_permissions(Permissions::from_mode(0o444))
    };
    let bytes = manifest.to_bytes();
    write("manifest", &bytes)?;
    if let Some(script) = meta.script {
        write("script", script.text.as_bytes())?;
    }
    if let Some(record) = meta.record {
        let record = Record { manifest: Some(Sha256::of(&bytes)), ..record.clone() };
        write("record.json", &record.to_bytes())?;
    }
    fs::set_permissions(dir, Permissions::from_mode(0o755))
}

/// Renames where nothing stands. Some file systems (NFS, 9p) do not know that flag; there a plain rename must do, which
/// replaces nothing either but an empty directory.
fn rename_to_nothing(from: &Path, to: &Path) -> io::Result<()> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS) => fs::rename(from, to),
        renamed => Ok(renamed?),
    }
}

/// Puts each in the other's place, at one moment.
fn exchange(new: &Path, old: &Path) -> Result<()> {
    rustix::fs::renameat_with(CWD, new, CWD, old, RenameFlags::EXCHANGE)
        .map_err(|cause| trouble("replace", old, &cause.into()))
}

/// Brings the names in a directory to disk.
pub(super) fn sync_directory(dir: &Path) -> Result<()> {
    let synced = File::open(dir).and_then(|dir| dir.sync_all());
    synced.map_err(|cause| trouble("write to disk", dir, &cause))
}

fn is_occupied(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;
    use crate::store::testing::{self, Tree, publish};

    #[test]
    fn an_item_is_published_whole_and_removed_whole() {
        let (_dir, store) = testing::store();
        let item = testing::item("zsh");
        assert!(!store.has(&item));
        assert_eq!(publish(&store, &item), Published::New);
        let top = fs::metadata(store.path(&item)).unwrap();
        assert_eq!(top.mode() & 0o7777, 0o555);
        assert_eq!(store.manifest(&item).unwrap(), Manifest::default());
        assert_eq!(store.items().unwrap(), std::slice::from_ref(&item));
        assert_eq!(publish(&store, &item), Published::AlreadyThere);
        assert_eq!(fs::read_dir(store.tmp()).unwrap().count(), 0, "nothing is left behind");

        store.remove(&item).unwrap();
        assert!(!store.has(&item) && !store.meta(&item).exists());
        assert!(store.manifest(&item).unwrap_err().to_string().contains("is not in the store"));
        store.remove(&item).unwrap();
        assert_eq!(fs::read_dir(store.versions()).unwrap().count(), 1, "only `current` is left");
    }

    #[test]
    fn script_and_record_are_kept_beside_the_manifest() {
        let (_dir, store) = testing::store();
        let text = "#!/bin/sh\n#@ pthbs 1\n#@ name x\n#@ version 1\n#@ system s\n#@ target t\n\
                    #@ build sandbox=on set_path=on static=on\n";
        let script = Script::parse(text.into(), "x.sh").unwrap();
        let (id, record) = (script.install_id(), Record { seconds: 2.0, ..Record::default() });
        let item = Item::Install(id.clone());
        let meta = Meta { script: Some(&script), record: Some(&record) };
        let staging = Staging::new(&store, &item).unwrap();
        store.publish(staging, &item, &Manifest::default(), meta).unwrap();
        assert_eq!(store.script(&id).unwrap().text, text);
        let manifest = Some(Sha256::of(&Manifest::default().to_bytes()));
        assert_eq!(store.record(&id).unwrap(), Record { manifest, ..record.clone() });
        assert_eq!(store.installs().unwrap(), std::slice::from_ref(&id));

        let path = store.meta(&item).join("script");
        fs::remove_file(&path).unwrap();
        fs::write(&path, text.replace("version 1", "version 2")).unwrap();
        assert!(store.script(&id).unwrap_err().to_string().contains("is damaged\n  expected: "));
    }

    #[test]
    fn an_item_can_be_replaced_by_another_tree() {
        let (_dir, store) = testing::store();
        let item = Item::Install(testing::install("x"));
        let manifests = [1, 2].map(|number: u32| {
            let staging = Staging::new(&store, &item).unwrap();
            let mut tree = Tree::new();
            tree.fill(&staging);
            tree.file("bin/x", 0o755, number.to_string());
            let manifest = tree.seal().unwrap().manifest;
            store.replace(staging, &item, &manifest, Meta::default()).unwrap();
            assert_eq!(store.check(&item).unwrap(), []);
            manifest
        });
        assert_ne!(manifests[0], manifests[1]);
        assert_eq!(store.manifest(&item).unwrap(), manifests[1]);
        assert_eq!(fs::read_dir(store.tmp()).unwrap().count(), 0);
        assert_eq!(fs::read_dir(store.versions()).unwrap().count(), 2, "`current` and the item");
        store.remove(&item).unwrap();
    }

    #[test]
    fn many_threads_publish_and_remove_one_item() {
        let (_dir, store) = testing::store();
        let item = testing::item("contended");
        std::thread::scope(|scope| {
            for number in 0..8 {
                let (store, item) = (&store, &item);
                scope.spawn(move || {
                    for round in 0..8 {
                        if (number + round) % 3 == 0 {
                            store.remove(item).unwrap();
                        } else {
                            publish(store, item);
                        }
                        store.sweep().unwrap();
                    }
                });
            }
        });
        publish(&store, &item);
        assert!(store.manifest(&item).is_ok(), "an install without its manifest was left");
        assert_eq!(fs::read_dir(store.tmp()).unwrap().count(), 0);
        assert_eq!(fs::read_dir(store.root().join("meta")).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_publication_leaves_nothing() {
        let (_dir, store) = testing::store();
        let item = Item::Environment(crate::store::EnvironmentId(Sha256::of(b"e")));
        let staging = Staging::new(&store, &item).unwrap();
        fs::remove_dir(staging.tree()).unwrap();
        assert!(store.publish(staging, &item, &Manifest::default(), Meta::default()).is_err());
        assert!(!store.has(&item) && !store.meta(&item).exists());
        assert_eq!(fs::read_dir(store.tmp()).unwrap().count(), 0);
    }
}
