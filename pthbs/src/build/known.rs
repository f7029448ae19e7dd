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
