//! Small stores for the tests of this module.

use tempfile::TempDir;

use super::{Item, Manifest, Meta, Published, Staging, Store};
use crate::base::Sha256;

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
