//! `pthbs refs`: what an item uses at run time, and what uses it.

use std::collections::BTreeSet;

use super::Global;
use super::items::{self, Items};
use crate::base::Result;
use crate::cli::report;
use crate::script::InstallId;
use crate::store::{Graph, Item};

/// Print the installs that an install names in its files, links and paths, or needs at run time
///
/// Example: pthbs refs --closure zsh
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A package, variant, id, environment, generation or path in the store
    #[arg(value_name = "NAME")]
    name: String,
    /// What uses it instead
    #[arg(short, long)]
    reverse: bool,
    /// All the way, with the item itself
    #[arg(short, long)]
    closure: bool,
    /// Print an array of names
    #[arg(long)]
    json: bool,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let items = Items::open(global)?;
    let item = items.find(&arguments.name)?;
    let graph = Graph::read(&items.store)?;
    let found = match (arguments.reverse, arguments.closure, &item) {
        (false, true, item) => graph.closure(item),
        (true, true, Item::Install(id)) => graph.closure_of_users(id),
        (true, false, Item::Install(id)) => graph.users(id).into_iter().cloned().collect(),
        // Nothing names an environment but profiles.
        (true, is_closure, _) => is_closure.then(|| item.clone()).into_iter().collect(),
        (false, false, item) => uses(&graph, item),
    };
    // That an install names itself tells nothing.
    let shown: Vec<String> =
        found.iter().filter(|found| arguments.closure || **found != item).map(ToString::to_string).collect();
    if arguments.json {
        items::print_json(&shown.into());
    } else {
        report::data(&shown.iter().map(|name| format!("{name}\n")).collect::<String>());
    }
    Ok(())
}

fn uses(graph: &Graph, item: &Item) -> BTreeSet<Item> {
    let uses: BTreeSet<InstallId> = graph.node(item).map(|node| node.uses.clone()).unwrap_or_default();
    uses.into_iter().map(Item::Install).collect()
}
