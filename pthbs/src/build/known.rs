//! Where scripts are found: what the caller gives, then `rendered/`, then what the store keeps of its installs.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use super::visible::Scripts;
use crate::base::Result;
use crate::script::{InstallId, Rendered, Script};
use crate::store::{Item, Store};

/// All scripts that are known here; each is read once.
#[derive(Debug)]
pub struct Known<'a> {
    store: &'a Store,
    rendered: Option<&'a Rendered>,
    given: BTreeMap<InstallId, Arc<Script>>,
    read: Mutex<HashMap<InstallId, Arc<Script>>>,
}

impl<'a> Known<'a> {
    /// The scripts of the store's installs, and of `rendered/` where there is one.
    pub fn new(store: &'a Store, rendered: Option<&'a Rendered>) -> Known<'a> {
        Known { store, rendered, given: BTreeMap::new(), read: Mutex::default() }
    }

    /// A script that was given as a file.
    pub fn add(&mut self, script: Arc<Script>) {
        self.given.insert(script.install_id(), script);
    }
}

impl Scripts for Known<'_> {
    fn script(&self, install: &InstallId) -> Result<Option<Arc<Script>>> {
        if let Some(script) = self.given.get(install) {
            return Ok(Some(Arc::clone(script)));
        }
        let mut read = self.read.lock().expect("nobody panics while holding it");
        if let Some(script) = read.get(install) {
            return Ok(Some(Arc::clone(script)));
        }
        let label = self.rendered.and_then(|rendered| Some((rendered, rendered.label_of(install)?)));
        let script = match label {
            Some((rendered, label)) => rendered.script(label)?,
            None if self.store.has(&Item::Install(install.clone())) => self.store.script(install)?,
            None => return Ok(None),
        };
        let script = Arc::new(script);
        read.insert(install.clone(), Arc::clone(&script));
        Ok(Some(script))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Manifest, Meta, Staging};

    fn script(name: &str) -> Script {
        let text = format!(
            "#!/bin/sh\n#@ pthbs 1\n#@ name {name}\n#@ version 1\n#@ system s\n#@ target t\n\
             #@ build sandbox=on set_path=on static=on\n"
        );
        Script::parse(text, name).unwrap()
    }

    #[test]
    fn a_script_is_found_where_it_was_given_or_kept() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let (given, kept, nowhere) = (script("given"), script("kept"), script("nowhere"));
        let item = Item::Install(kept.install_id());
        let meta = Meta { script: Some(&kept), record: None };
        let staging = Staging::new(&store, &item).unwrap();
        store.publish(staging, &item, &Manifest::default(), meta).unwrap();

        let mut known = Known::new(&store, None);
        known.add(Arc::new(given.clone()));
        let found = |script: &Script| known.script(&script.install_id()).unwrap().map(|found| found.id);
        assert_eq!(found(&given), Some(given.id));
        assert_eq!((found(&kept), found(&kept)), (Some(kept.id), Some(kept.id)));
        assert_eq!(found(&nowhere), None);
    }
}
