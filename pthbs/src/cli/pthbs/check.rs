//! `pthbs check`: whether what lies in the store is what was published.

use rayon::prelude::*;
use serde_json::json;

use super::Global;
use super::items::{self, Items};
use crate::base::{Error, Result};
use crate::cli::report;
use crate::store::{Damage, Graph, Item};

/// Compare installs and environments with their manifests, to the last bit
///
/// Reads every file and looks at every mode, time and link; all items of the store where none is named. Prints a line for
/// each damaged file, and ends with 1 if there is one.
///
/// Example: pthbs check zsh
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Packages, variants, ids, environments (`env.3f9c1b2e`), generations (`home:3`) or paths in the store
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Print an array of objects with `item`, `path` and `why`
    #[arg(long)]
    json: bool,
}

/// An item, and what is wrong with it.
pub(super) type Damaged = (Item, Vec<Damage>);

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let items = Items::open(global)?;
    let asked = items.all_or(&arguments.names)?;
    let mut damaged = find(&items, &asked)?;
    damaged.extend(dangling(&items, &asked, &damaged)?);
    if arguments.json {
        items::print_json(&as_json(&damaged));
    } else {
        report::data(&text(&damaged));
    }
    if damaged.is_empty() {
        report::say(&format!("{} sound", report::count(asked.len(), "item")));
        return Ok(());
    }
    let files = report::count(damaged.iter().map(|(_, damages)| damages.len()).sum(), "damaged place");
    let names: Vec<String> = damaged.iter().map(|(item, _)| items::short(item)).collect();
    Err(Error::failed(format!("{files} in {} of {}", names.len(), report::count(asked.len(), "item")))
        .hint(format!("pthbs repair {}", names.join(" "))))
}

/// What is damaged of some items. In parallel, over the items and over the files of each.
pub(super) fn find(items: &Items, asked: &[Item]) -> Result<Vec<Damaged>> {
    let checked = asked.par_iter().map(|item| match items.store.check(item) {
        // It was removed meanwhile.
        Err(_) if !items.store.has(item) => Ok((item.clone(), Vec::new())),
        checked => Ok((item.clone(), checked?)),
    });
    let all: Vec<Damaged> = checked.collect::<Result<_>>()?;
    Ok(all.into_iter().filter(|(_, damages)| !damages.is_empty()).collect())
}

/// Items that use what is not there, as after `delete --force`. What cannot be read at all was told already.
fn dangling(items: &Items, asked: &[Item], damaged: &[Damaged]) -> Result<Vec<Damaged>> {
    let Ok(graph) = Graph::read(&items.store) else { return Ok(Vec::new()) };
    let is_told = |item: &Item| damaged.iter().any(|(known, _)| known == item);
    let missing = asked.iter().filter(|item| !is_told(item)).filter_map(|item| {
        let uses = &graph.node(item)?.uses;
        let lost = uses.iter().map(|used| Item::Install(used.clone()));
        let lost = lost.filter(|used| used != item && !items.store.has(used));
        let lost: Vec<Damage> = lost
            .map(|used| Damage {
                path: Default::default(),
                why: format!("uses {}, which is not in the store", items::short(&used)),
            })
            .collect();
        (!lost.is_empty()).then(|| (item.clone(), lost))
    });
    Ok(missing.collect())
}

/// A line for each damaged place.
pub(super) fn text(damaged: &[Damaged]) -> String {
    let lines =
        damaged.iter().flat_map(|(item, damages)| damages.iter().map(move |damage| line(item, damage)));
    lines.map(|line| line + "\n").collect()
}

/// `zsh.3f9c1b2e/bin/zsh: its content differs`
fn line(item: &Item, damage: &Damage) -> String {
    let between = if damage.path.as_os_str().is_empty() { ": " } else { "/" };
    format!("{}{between}{damage}", items::short(item))
}

fn as_json(damaged: &[Damaged]) -> serde_json::Value {
    let of = |(item, damages): &Damaged| {
        let one = |damage: &Damage| json!({"item": item.to_string(), "path": damage.path.to_string_lossy(), "why": damage.why});
        damages.iter().map(one).collect::<Vec<_>>()
    };
    damaged.iter().flat_map(of).collect()
}
