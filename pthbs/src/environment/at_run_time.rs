//! Which programs of an environment open something below `/versions` when they run, so that by path alone, without
//! `pthbs run`, they find less than they look for, or do not start.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use memchr::memmem;

use super::contents;
use crate::base::{Result, fs};
use crate::script::InstallId;
use crate::store::{EnvironmentId, Item, LOGICAL, LOGICAL_CURRENT, Reference, Store, What};

/// A program that names something below `/versions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// The install that it belongs to.
    pub install: InstallId,
    /// Where it lies there.
    pub path: PathBuf,
    /// When it needs what it names.
    pub when: When,
    /// The installs that it names, its own included.
    pub names: BTreeSet<InstallId>,
    /// Whether it names the environment that it is run in, `/versions/current`.
    pub names_current: bool,
}

/// When a program needs what it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// Its interpreter lies there: without it, it does not start.
    AtStart,
    /// It starts, and may look there later.
    Later,
}

/// Every such program of an environment's installs, by install and path.
pub fn bound(store: &Store, environment: EnvironmentId) -> Result<Vec<Bound>> {
    let mut bound = Vec::new();
    for install in contents::installs(&store.manifest(&Item::Environment(environment))?) {
        let item = Item::Install(install.clone());
        let top = store.path(&item);
        for entry in store.manifest(&item)?.entries {
            let What::File { executable: true, references, .. } = &entry.what else { continue };
            let bytes = fs::read(&top.join(&entry.path))?;
            bound.extend(look(&install, &entry.path, references, &bytes));
        }
    }
    Ok(bound)
}

fn look(install: &InstallId, path: &Path, references: &[Reference], bytes: &[u8]) -> Option<Bound> {
    // The manifest knows installs only: what is under `current` changes with every switch.
    let names_current = memmem::find(bytes, LOGICAL_CURRENT.as_bytes()).is_some();
    if references.is_empty() && !names_current {
        return None;
    }
    let interpreter = bytes.strip_prefix(b"#!").map(<[u8]>::trim_ascii_start);
    let is_below =
        |path: &[u8]| path.strip_prefix(LOGICAL.as_bytes()).is_some_and(|rest| rest.starts_with(b"/"));
    Some(Bound {
        install: install.clone(),
        path: path.to_path_buf(),
        when: if interpreter.is_some_and(is_below) { When::AtStart } else { When::Later },
        names: references.iter().map(|reference| reference.install.clone()).collect(),
        names_current,
    })
}

#[cfg(test)]
mod tests {
    use super::super::fake;
    use super::*;

    #[test]
    fn a_program_is_bound_by_what_it_names() {
        let (own, other) = (fake::install("own"), fake::install("other"));
        let references = |install: &InstallId| vec![Reference { install: install.clone(), offsets: vec![1] }];
        let look = |references: &[Reference], text: &str| {
            look(&own, Path::new("bin/x"), references, text.as_bytes())
        };

        assert_eq!(look(&[], "#!/bin/sh\necho /versionsx/current\n"), None);
        let later = look(&references(&other), &format!("#!/bin/sh\ncat /versions/{other}/x\n")).unwrap();
        assert_eq!(
            (later.when, later.names, later.names_current),
            (When::Later, [other.clone()].into(), false)
        );
        let start = look(&references(&other), &format!("#! /versions/{other}/bin/sh\n")).unwrap();
        assert_eq!(start.when, When::AtStart);
        let current = look(&[], "\x7fELF /versions/current/share/terminfo").unwrap();
        assert_eq!((current.when, current.names.len(), current.names_current), (When::Later, 0, true));
    }
}
