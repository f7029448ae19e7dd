//! Small stores and trees for the tests of this module.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;

use tempfile::TempDir;

use super::delete::delete;
use super::{EnvironmentId, Finding, Item, Manifest, Meta, Published, Record, Seal, Sealed, Staging, Store};
use crate::base::{Result, Sha256};
use crate::script::{InstallId, Script};

pub(super) fn store() -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("store")).unwrap();
    (dir, store)
}

pub(super) fn item(name: &str) -> Item {
    format!("{name}.{}", Sha256::of(name.as_bytes())).parse().unwrap()
}

pub(super) fn publish(store: &Store, item: &Item) -> Published {
    let staging = Staging::new(store, item).unwrap();
    store.publish(staging, item, &Manifest::default(), Meta::default()).unwrap()
}

/// A script with these lines in its header.
pub(super) fn script(name: &str, lines: &str) -> Script {
    let text = format!(
        "#!/bin/sh\n#@ pthbs 1\n#@ name {name}\n#@ version 1\n#@ system s\n#@ target t\n{lines}\
         #@ build sandbox=on set_path=on static=on\n"
    );
    Script::parse(text, name).unwrap()
}

/// Publishes an empty install of such a script, with a record that has these references.
pub(super) fn publish_script(store: &Store, name: &str, lines: &str, references: &[InstallId]) -> InstallId {
    let script = script(name, lines);
    let record = Record { references: references.iter().cloned().collect(), ..Record::default() };
    let item = Item::Install(script.install_id());
    let meta = Meta { script: Some(&script), record: Some(&record) };
    store.publish(Staging::new(store, &item).unwrap(), &item, &Manifest::default(), meta).unwrap();
    script.install_id()
}

/// Publishes an environment that is nothing but its table.
pub(super) fn publish_environment(store: &Store, installs: &[&InstallId]) -> Item {
    let mut tree = Tree::new();
    tree.known = installs.iter().map(|install| (*install).clone()).collect();
    for install in installs {
        tree.link(&format!(".p/{}", install.name), &format!("../../{install}"));
    }
    let Tree { top, known, silenced, .. } = &tree;
    let seal = Seal { tree: top, own: None, known, is_static: true, silenced };
    let manifest = seal.run().unwrap().manifest;
    let item = Item::Environment(EnvironmentId(Sha256::of(&manifest.to_bytes())));
    let staging = Staging::new(store, &item).unwrap();
    fs::remove_dir(staging.tree()).unwrap();
    fs::rename(&tree.top, staging.tree()).unwrap();
    store.publish(staging, &item, &manifest, Meta::default()).unwrap();
    item
}

/// A tree to fill, with what it may name.
pub(super) struct Tree {
    _dir: TempDir,
    pub(super) top: PathBuf,
    pub(super) own: InstallId,
    pub(super) known: BTreeSet<InstallId>,
    pub(super) is_static: bool,
    pub(super) silenced: BTreeSet<Finding>,
}

impl Drop for Tree {
    fn drop(&mut self) {
        // An ordinary user's TempDir cannot delete what is read-only.
        delete(&self.top).unwrap();
    }
}

pub(super) fn install(name: &str) -> InstallId {
    format!("{name}.{}", Sha256::of(name.as_bytes())).parse().unwrap()
}

impl Tree {
    pub(super) fn new() -> Tree {
        Tree::of("x")
    }

    pub(super) fn of(own: &str) -> Tree {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().join("tree");
        fs::create_dir(&top).unwrap();
        let known = BTreeSet::from([install("zlib"), install("musl")]);
        Tree { top, _dir: dir, own: install(own), known, is_static: true, silenced: BTreeSet::new() }
    }

    pub(super) fn file(&self, path: &str, mode: u32, bytes: impl AsRef<[u8]>) -> &Tree {
        let path = self.top.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        self
    }

    pub(super) fn link(&self, path: &str, target: &str) -> &Tree {
        let path = self.top.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
        self
    }

    pub(super) fn seal(&self) -> Result<Sealed> {
        let Tree { top, own, known, is_static, silenced, .. } = self;
        Seal { tree: top, own: Some(own), known, is_static: *is_static, silenced }.run()
    }

    pub(super) fn error(&self) -> String {
        self.seal().unwrap_err().to_string()
    }

    pub(super) fn mode(&self, path: &str) -> u32 {
        fs::symlink_metadata(self.top.join(path)).unwrap().mode() & 0o7777
    }

    /// Fills the tree of a staging directory from here on.
    pub(super) fn fill(&mut self, staging: &Staging) {
        delete(&self.top).unwrap();
        self.top = staging.tree();
    }

    /// Makes an install of what it holds.
    pub(super) fn publish(&self, store: &Store) -> Item {
        let item = Item::Install(self.own.clone());
        let staging = Staging::new(store, &item).unwrap();
        let tree = staging.tree();
        fs::remove_dir(&tree).unwrap();
        fs::rename(&self.top, &tree).unwrap();
        let Tree { own, known, is_static, silenced, .. } = self;
        let seal = Seal { tree: &tree, own: Some(own), known, is_static: *is_static, silenced };
        let manifest = seal.run().unwrap().manifest;
        store.publish(staging, &item, &manifest, Meta::default()).unwrap();
        item
    }
}
