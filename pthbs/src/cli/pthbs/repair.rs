//! `pthbs repair`: puts right what `check` finds.

use std::path::PathBuf;

use super::check::{self, Damaged};
use super::items::{self, Items};
use super::weak::Weak;
use super::{Global, anew, context};
use crate::base::{Error, Kind, Result};
use crate::cli::report;
use crate::store::{Item, Scratch, Store};

/// Replace what is damaged by what it should be
///
/// Sound copies come from other stores, named by --from or as `stores = [..]` in the section `[repair]` of pthbs.toml;
/// where none has one, the install is built anew. Each damaged file is replaced by one rename: whoever runs it meanwhile sees
/// it whole. Everything is checked again at the end.
///
/// Example: pthbs repair --from /mnt/backup/pthbs zsh
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Packages, variants, ids, environments, generations or paths in the store [default: everything]
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Another store to copy from; may be given more than once
    #[arg(long, value_name = "DIR")]
    from: Vec<PathBuf>,
    /// Build nothing: only copy
    #[arg(long)]
    no_build: bool,
    #[command(flatten)]
    weak: Weak,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let items = Items::open_to_change(global)?;
    let asked = items.all_or(&arguments.names)?;
    let mut damaged = check::find(&items, &asked)?;
    if damaged.is_empty() {
        report::say(&format!("{} sound: nothing to repair", report::count(asked.len(), "item")));
        return Ok(());
    }
    report::data(&check::text(&damaged));
    let configured = context::Scripts::of(None)?.file.repair.stores;
    for place in arguments.from.iter().chain(&configured) {
        let from = Store::open_existing(place)?;
        damaged.retain(|(item, _)| !is_copied(&items, &from, item));
    }
    // An environment consists of links, and its manifest says where each leads: nothing has to be copied.
    damaged
        .retain(|(item, _)| !(matches!(item, Item::Environment(_)) && is_copied(&items, &items.store, item)));
    let mut errors = Vec::new();
    if !damaged.is_empty() && !arguments.no_build {
        errors.extend(build(global, &items, &damaged, &arguments.weak).err());
    }
    let asked: Vec<Item> = asked.into_iter().filter(|item| items.store.has(item)).collect();
    let left = check::find(&items, &asked)?;
    errors.extend(left.iter().map(|(item, damages)| still_damaged(item, damages.len())));
    Error::all(errors).map_or(Ok(()), Err)
}

/// Repairs an item from a store that has a sound one; whether it did.
fn is_copied(items: &Items, from: &Store, item: &Item) -> bool {
    if from.root() != items.store.root() && !from.has(item) {
        return false;
    }
    // An item of one name has one manifest only where builds are reproducible: each file is judged by ours.
    let is_ours = items.store.repair(item, &from.path(item)).is_ok();
    if is_ours && items.store.check(item).is_ok_and(|damages| damages.is_empty()) {
        say(item, &format!("from {}", from.root().display()));
        return true;
    }
    false
}

/// Builds damaged installs anew; takes the files that are damaged, or the whole where its meta is.
fn build(global: &Global, items: &Items, damaged: &[Damaged], weak: &Weak) -> Result<()> {
    let (mut scripts, mut errors) = (Vec::new(), Vec::new());
    for (item, _) in damaged {
        let Item::Install(install) = item else { continue };
        match anew::script_of(items, install) {
            Ok(script) => scripts.push(script),
            Err(error) => errors.push(error.hint("its script is lost too: delete it, and build it again")),
        }
    }
    let _in_use = items.store.in_use(&anew::inputs(&scripts))?;
    let (scratch, failed) = anew::build(global, items, &scripts, weak)?;
    errors.extend(failed);
    for script in &scripts {
        let item = Item::Install(script.install_id());
        if scratch.store().has(&item)
            && let Err(error) = take(items, &scratch, &item)
        {
            errors.push(error);
        }
    }
    Error::all(errors).map_or(Ok(()), Err)
}

fn take(items: &Items, scratch: &Scratch, item: &Item) -> Result<()> {
    if !items.store.is_meta_sound(item) {
        items.store.adopt(scratch, item)?;
        say(item, "built anew as a whole: what described it was damaged");
        return Ok(());
    }
    let name = items::short(item);
    items.store.repair(item, &scratch.store().path(item)).map_err(|error| {
        error
            .of_kind(Kind::Failed)
            .line("built anew, it is not what it was: its build is not reproducible")
            .hint(format!("`pthbs build --rebuild {name}` puts the new one in its place as a whole"))
    })?;
    say(item, "built anew");
    Ok(())
}

fn say(item: &Item, how: &str) {
    report::say(&report::verb("repaired", format!("{}: {how}", items::short(item))));
}

fn still_damaged(item: &Item, places: usize) -> Error {
    let name = items::short(item);
    let error = Error::failed(format!("`{name}` is still damaged in {}", report::count(places, "place")));
    match item {
        Item::Environment(_) => error.hint("delete it with --force, and make it again: `pthbs switch`"),
        Item::Install(_) => error.hint(format!("`pthbs build --rebuild {name}` puts a new one in its place")),
    }
}
