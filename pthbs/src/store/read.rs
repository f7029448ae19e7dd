//! What is kept of items: which there are, and the script, manifest and record of each.

use std::io;
use std::path::Path;

use super::{Item, Manifest, Masked, Record, Store, trouble};
use crate::base::{Error, Result, Sha256, fs};
use crate::script::{InstallId, Script};

impl Store {
    /// Every build that has a log, and when it last wrote to it.
    pub fn logs(&self) -> Result<Vec<(InstallId, std::time::SystemTime)>> {
        let dir = self.logs_dir();
        let fault = |cause| Error::io("list", &dir, &cause);
        let mut logs = Vec::new();
        for entry in std::fs::read_dir(&dir).map_err(fault)? {
            let entry = entry.map_err(fault)?;
            // Histories lie there, too.
            let Some(install) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            logs.push((install, entry.metadata().and_then(|metadata| metadata.modified()).map_err(fault)?));
        }
        Ok(logs)
    }

    /// The manifest of an item.
    pub fn manifest(&self, item: &Item) -> Result<Manifest> {
        let path = self.meta(item).join("manifest");
        Manifest::parse(&self.read(item, &path)?, &path)
    }

    /// The script of an install.
    pub fn script(&self, id: &InstallId) -> Result<Script> {
        let item = Item::Install(id.clone());
        let path = self.meta(&item).join("script");
        let damaged = |error: Error| error.of_kind(crate::base::Kind::Failed);
        let text = String::from_utf8(self.read(&item, &path)?);
        let text = text.map_err(|_| Error::failed(format!("`{}` is not UTF-8 text", path.display())))?;
        let script = Script::parse(text, &path.display().to_string()).map_err(damaged)?;
        if script.id != id.id {
            return Err(Error::failed(format!("`{}` is damaged", path.display()))
                .with("expected", id.id)
                .with("its sum", script.id));
        }
        Ok(script)
    }

    /// The build record of an install.
    pub fn record(&self, id: &InstallId) -> Result<Record> {
        let item = Item::Install(id.clone());
        let path = self.meta(&item).join("record.json");
        Record::parse(&self.read(&item, &path)?, &path)
    }

    /// The tree key of a tree that is to become the install `own`; nothing if one that it names has none.
    pub fn tree_key(&self, own: &InstallId, masked: &Masked) -> Result<Option<Sha256>> {
        masked.tree_key(own, |install| Ok(self.record(install)?.tree_key))
    }

    /// Every install, sorted.
    pub fn installs(&self) -> Result<Vec<InstallId>> {
        let ids = self.items()?.into_iter().filter_map(|item| match item {
            Item::Install(id) => Some(id),
            Item::Environment(_) => None,
        });
        Ok(ids.collect())
    }

    /// Every install and environment, sorted.
    pub fn items(&self) -> Result<Vec<Item>> {
        let versions = self.versions();
        let names = std::fs::read_dir(&versions)
            .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.file_name())).collect());
        let names: Vec<_> = names.map_err(|cause: io::Error| trouble("list", &versions, &cause))?;
        let mut items: Vec<Item> = names.iter().filter_map(|name| name.to_str()?.parse().ok()).collect();
        items.sort_unstable();
        Ok(items)
    }

    fn read(&self, item: &Item, path: &Path) -> Result<Vec<u8>> {
        fs::read(path).map_err(|error| match self.has(item) {
            true => error.hint("the store was changed by hand; `pthbs check` shows what is damaged"),
            false => {
                Error::usage(format!("`{item}` is not in the store")).with("store", self.root().display())
            }
        })
    }
}
