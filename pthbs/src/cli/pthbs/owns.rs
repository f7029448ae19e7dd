//! `pthbs owns`: which install a file belongs to.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::Global;
use super::items::{self, Items, Stop};
use crate::base::{Error, Result};
use crate::cli::report;
use crate::store::Item;

/// Print the install that a file belongs to, and its path there
///
/// A path is followed through profiles and environments to the install that holds the file. What no path leads to, such as
/// `bin/zsh`, is looked for at the end of the paths of every install.
///
/// Example: pthbs owns /versions/current/bin/zsh
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A path in the store, through a profile, or the end of a path in an install
    #[arg(value_name = "PATH")]
    path: PathBuf,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let items = Items::open(global)?;
    let found = owners(&items, &arguments.path)?;
    let lines = found.iter().map(|(item, path)| format!("{item}\t{}\n", path.display()));
    report::data(&lines.collect::<String>());
    if found.is_empty() {
        return Err(Error::failed(format!("no install holds `{}`", arguments.path.display()))
            .with("store", items.store.root().display()));
    }
    Ok(())
}

/// Every install that has the path, with the path in it.
pub(super) fn owners(items: &Items, path: &Path) -> Result<Vec<(Item, PathBuf)>> {
    if let Some((item, rest)) = items::place(&items.store, path, Stop::AtInstall) {
        // A path below an install that is not there belongs to nobody.
        let is_there = items.store.has(&item)
            && (rest.as_os_str().is_empty() || items.store.manifest(&item)?.entry(&rest).is_some());
        return Ok(if is_there { vec![(item, rest)] } else { Vec::new() });
    }
    let installs = items.all.par_iter().filter(|item| matches!(item, Item::Install(_)));
    let hits = installs.map(|item| {
        let manifest = items.store.manifest(item)?;
        let hits = manifest.entries.into_iter().filter(|entry| entry.path.ends_with(path));
        Ok(hits.map(|entry| (item.clone(), entry.path)).collect::<Vec<_>>())
    });
    Ok(hits.collect::<Result<Vec<_>>>()?.concat())
}
