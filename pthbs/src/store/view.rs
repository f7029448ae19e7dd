//! What the machine's own `/versions` leads to, for builds by the weak sandbox: nothing is mounted for those.
//!
//! A directory of links: to installs in the store, and, while a build runs, to the tree that becomes its install. So the
//! build finds its output at its final path, and the store's rule that present means complete stays true.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use super::{Item, LOGICAL, Store, trouble};
use crate::base::{Error, Result};

/// The output of one build, shown at its final path until this is dropped.
#[derive(Debug)]
pub struct Shown {
    link: PathBuf,
}

impl Drop for Shown {
    fn drop(&mut self) {
        // A killed process leaves it; the next build of the same script replaces it, and nothing else follows it.
        let _ = fs::remove_file(&self.link);
    }
}

impl Store {
    /// The directory of links.
    pub fn view(&self) -> PathBuf {
        self.root().join("view")
    }

    /// Makes the view, and says so where `/versions` does not lead to it.
    pub fn expect_view(&self) -> Result<()> {
        let view = self.view();
        match fs::create_dir(&view) {
            Err(cause) if cause.kind() != ErrorKind::AlreadyExists => {
                return Err(trouble("make directory", &view, &cause));
            }
            _ => {}
        }
        let own = fs::metadata(&view).map_err(|cause| trouble("open", &view, &cause))?;
        let place = |found: &fs::Metadata| (found.dev(), found.ino());
        if fs::metadata(LOGICAL).is_ok_and(|found| place(&found) == place(&own)) {
            return Ok(());
        }
        let what =
            format!("the weak sandbox needs `{LOGICAL}`, and this machine's does not lead to this store");
        Err(Error::new(crate::base::Kind::Sandbox, what)
            .line("without namespaces nothing can be mounted there for a build alone")
            .hint(format!("as root, once: ln -sfnT {} {LOGICAL}", view.display())))
    }

    /// Shows installs, and `tree` as what `own` is to be.
    pub fn show(&self, installs: &BTreeSet<Item>, own: &Item, tree: &Path) -> Result<Shown> {
        for item in installs {
            self.link_in_view(item, &self.path(item))?;
        }
        self.link_in_view(own, tree)?;
        Ok(Shown { link: self.view().join(own.to_string()) })
    }

    /// Absolute, because `/versions` may be a mount of the view. By rename: another build may look at this moment.
    fn link_in_view(&self, item: &Item, to: &Path) -> Result<()> {
        let link = self.view().join(item.to_string());
        if fs::read_link(&link).is_ok_and(|found| found == to) {
            return Ok(());
        }
        let beside = self.view().join(format!(".{item}.{}", std::process::id()));
        let _ = fs::remove_file(&beside);
        symlink(to, &beside)
            .and_then(|()| fs::rename(&beside, &link))
            .map_err(|cause| trouble("make link", &link, &cause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Sha256;

    #[test]
    fn an_output_is_shown_as_long_as_it_is_built() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("store")).unwrap();
        let item = |name: &str| Item::Install(format!("{name}.{}", Sha256::of(b"x")).parse().unwrap());
        let (dep, own) = (item("dep"), item("own"));
        let refused = store.expect_view().unwrap_err().to_string();
        assert!(refused.contains(&format!("ln -sfnT {} /versions", store.view().display())), "{refused}");
        for _ in 0..2 {
            let shown = store.show(&[dep.clone()].into(), &own, dir.path()).unwrap();
            assert_eq!(fs::read_link(store.view().join(dep.to_string())).unwrap(), store.path(&dep));
            assert_eq!(fs::read_link(store.view().join(own.to_string())).unwrap(), dir.path());
            assert!(!store.has(&own), "what is being built is not there");
            drop(shown);
            assert_eq!(fs::read_dir(store.view()).unwrap().count(), 1);
        }
    }
}
