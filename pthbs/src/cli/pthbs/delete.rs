//! `pthbs delete`: removes an item at once, whatever its age.

use super::Global;
use super::items::{self, Items};
use super::kept;
use crate::base::{Error, Result};
use crate::cli::report;
use crate::environment;
use crate::store::{Graph, Item};

/// Remove installs or environments now
///
/// What a profile or a pin keeps, or another item uses, is refused without --force; what a running build uses always is.
///
/// Example: pthbs delete zlib.3f9c1b2e
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Packages, variants, ids, environments, generations or paths in the store
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// Even if something uses it: that is broken afterwards, until it is built again
    #[arg(short, long)]
    force: bool,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let items = Items::open_to_change(global)?;
    let store = &items.store;
    let asked = items.find_all(&arguments.names)?;
    let collection = store.begin_collection()?;
    let in_use = store.items_in_use(&collection)?;
    let mut errors = Vec::new();
    for item in asked.iter().filter(|item| in_use.contains(item)) {
        let error = Error::failed(format!("`{}` is in use by a running build", items::short(item)));
        errors.push(error.hint("wait for its end"));
    }
    if !arguments.force {
        // What is deleted together may use each other.
        errors.extend(objections(&items, &asked)?);
    }
    if let Some(error) = Error::all(errors) {
        return Err(error);
    }
    let removed = store.take_away(&asked)?;
    drop(collection);
    for item in &asked {
        environment::unpin(store, item)?;
        report::say(&report::verb("deleted", items::short(item)));
    }
    removed.delete()
}

fn objections(items: &Items, asked: &[Item]) -> Result<Vec<Error>> {
    let graph = Graph::read(&items.store)?;
    let mut errors = Vec::new();
    let roots = environment::roots(&items.store)?;
    for item in asked {
        let name = items::short(item);
        if let Some(root) = roots.iter().find(|root| root.item == *item) {
            let why = kept::describe(&root.why);
            errors.push(Error::failed(format!("`{name}` is kept by {why}")).hint("--force deletes it"));
        }
        let Item::Install(install) = item else { continue };
        let users = graph.users(install).into_iter().filter(|user| !asked.contains(user));
        let users: Vec<String> = users.map(items::short).collect();
        if !users.is_empty() {
            let error = Error::failed(format!("`{name}` is used")).with("by", users.join(", "));
            errors.push(error.hint("delete those first, or --force"));
        }
    }
    Ok(errors)
}
