//! Installs for tests: as manifests, and as directories that look like a store's.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::merge::Member;
use crate::base::Sha256;
use crate::script::{InstallId, Script};
use crate::store::{Entry, Item, Manifest, Meta, Record, Staging, Store, What};

/// An install id; the hash is that of the name.
pub(super) fn install(name: &str) -> InstallId {
    format!("{name}.{}", Sha256::of(name.as_bytes())).parse().unwrap()
}

pub(super) fn file(text: &str) -> What {
    let (size, sha256) = (text.len() as u64, Sha256::of(text.as_bytes()));
    What::File { executable: false, size, sha256, references: Vec::new() }
}

pub(super) fn link(target: &str) -> What {
    What::Link { target: target.into() }
}

pub(super) fn directory() -> What {
    What::Directory
}

/// A member with these entries and the directories above them.
pub(super) fn member(name: &str, entries: &[(&str, What)]) -> Member {
    member_of(install(name), entries.iter().map(|(path, what)| (PathBuf::from(path), what.clone())))
}

fn member_of(install: InstallId, entries: impl Iterator<Item = (PathBuf, What)>) -> Member {
    let mut all: BTreeMap<std::ffi::OsString, What> = BTreeMap::new();
    for (path, what) in entries {
        for above in path.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty()) {
            all.insert(above.into(), What::Directory);
        }
        all.insert(path.into(), what);
    }
    let entries = all.into_iter().map(|(path, what)| Entry { path: path.into(), what }).collect();
    Member { install, manifest: Manifest { entries } }
}

/// A temporary directory that is deleted whatever is in it: only root may delete from a 0555 directory.
pub(super) struct Scratch(pub(super) tempfile::TempDir);

impl Drop for Scratch {
    fn drop(&mut self) {
        for entry in walkdir::WalkDir::new(self.0.path()).into_iter().flatten() {
            if entry.file_type().is_dir() {
                let _ = fs::set_permissions(entry.path(), fs::Permissions::from_mode(0o755));
            }
        }
    }
}

/// An empty store in a temporary directory.
pub(super) fn store() -> (Scratch, Store) {
    store_in(&std::env::temp_dir())
}

pub(super) fn store_in(place: &Path) -> (Scratch, Store) {
    let dir = Scratch(tempfile::tempdir_in(place).unwrap());
    let store = Store::open(&dir.0.path().join("store")).unwrap();
    (dir, store)
}

/// A package that is published without being built.
pub(super) struct Package {
    name: &'static str,
    entries: Vec<(&'static str, What)>,
    needs: BTreeSet<InstallId>,
    tree_key: Option<Sha256>,
}

impl Package {
    pub(super) fn new(name: &'static str) -> Package {
        Package { name, entries: Vec::new(), needs: BTreeSet::new(), tree_key: None }
    }

    pub(super) fn entry(mut self, path: &'static str, what: What) -> Package {
        self.entries.push((path, what));
        self
    }

    pub(super) fn needs(mut self, install: &InstallId) -> Package {
        self.needs.insert(install.clone());
        self
    }

    pub(super) fn tree_key(mut self, of: &[u8]) -> Package {
        self.tree_key = Some(Sha256::of(of));
        self
    }

    pub(super) fn publish(self, store: &Store) -> InstallId {
        let mut text = format!("#!/bin/sh\n#@ pthbs 1\n#@ name {}\n#@ version 1\n", self.name);
        text += "#@ system x86_64-linux\n#@ target x86_64-linux-musl\n";
        text.extend(self.needs.iter().map(|need| format!("#@ needs {need}\n")));
        text += "#@ build sandbox=on set_path=on static=on\n";
        let script = Script::parse(text, self.name).unwrap();
        let install = script.install_id();
        let manifest = member(self.name, &self.entries).manifest;
        let record = Record { tree_key: self.tree_key, ..Record::default() };
        let meta = Meta { script: Some(&script), record: Some(&record) };
        let item = Item::Install(install.clone());
        let staging = Staging::new(store, &item).unwrap();
        lay_into(&staging.tree(), &manifest);
        store.publish(staging, &item, &manifest, meta).unwrap();
        install
    }
}

/// Lays a member's files into `versions`.
pub(super) fn lay(versions: &Path, member: &Member) {
    let top = versions.join(member.install.to_string());
    fs::create_dir(&top).unwrap();
    lay_into(&top, &member.manifest);
}

/// Makes all that a manifest lists; every file's text is found again by its sum.
fn lay_into(top: &Path, manifest: &Manifest) {
    for Entry { path, what } in &manifest.entries {
        let path = top.join(path);
        match what {
            What::Directory => fs::create_dir(&path).unwrap(),
            What::Link { target } => symlink(target, &path).unwrap(),
            What::File { sha256, executable, .. } => {
                fs::write(&path, TEXTS.iter().find(|text| Sha256::of(text.as_bytes()) == *sha256).unwrap())
                    .unwrap();
                let mode = if *executable { 0o555 } else { 0o444 };
                fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            }
        }
    }
}

const TEXTS: [&str; 3] = ["one", "two", "three"];

/// Members that agree on every path that two of them have: each takes some leaves of one tree.
pub(super) fn universe() -> impl Strategy<Value = Vec<Member>> {
    let long = "n".repeat(50);
    let name = prop_oneof![
        6 => "[a-c]", 1 => "[a-c][-.+ ][ab]", 1 => Just(".p".to_string()), 1 => "[0-2]", 2 => "[a-c]".prop_map(move |s| s + &long)
    ];
    let path = prop::collection::vec(name, 1..5).prop_map(|names| names.join("/"));
    let path = path.prop_filter("kept for the table", |path| path != ".p" && !path.starts_with(".p/"));
    let what = prop_oneof![
        6 => (0..TEXTS.len(), any::<bool>()).prop_map(|(text, executable)| {
            let What::File { size, sha256, references, .. } = file(TEXTS[text]) else { unreachable!() };
            What::File { executable, size, sha256, references }
        }),
        1 => Just(directory()),
        2 => "(\\.\\./){0,3}([abc]/){0,2}[abc]".prop_map(|target| link(&target)),
        1 => "/nowhere/[abc]".prop_map(|target| link(&target)),
    ];
    // Two of one name, one that is a number, one so long that nearly every link of it is.
    let ids: Vec<InstallId> = ["1", "a", "b", &"long-".repeat(12)].map(install).into();
    let twin = format!("a.{}", Sha256::of(b"twin")).parse().unwrap();
    let ids: Vec<InstallId> = ids.into_iter().chain([twin]).collect();
    let leaves = prop::collection::btree_map(path, (what, 1..1_u32 << ids.len()), 0..24);
    leaves.prop_map(move |leaves| {
        let is_leaf = |path: &str| !leaves.keys().any(|other| other.starts_with(&format!("{path}/")));
        let leaves: Vec<_> = leaves.iter().filter(|(path, _)| is_leaf(path)).collect();
        let members = ids.iter().enumerate().map(|(i, id)| {
            let taken = leaves.iter().filter(|(_, (_, owners))| owners & (1 << i) != 0);
            member_of(id.clone(), taken.map(|(path, (what, _))| (PathBuf::from(path), what.clone())))
        });
        members.collect()
    })
}
