//! `pthbs roots`: why a collection of garbage keeps something.

use serde_json::json;

use super::Global;
use super::items::{self, Items};
use super::kept::{self, Reason};
use crate::base::Result;
use crate::cli::report;
use crate::store::{Depth, Graph, Item};

/// Print every reason why `gc` keeps an item, each with the way from there to the item
///
/// Without a name, prints all that is kept for its own sake.
///
/// Example: pthbs roots gcc
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A package, variant, id, environment, generation or path in the store
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// As `gc --deep` sees it: not what things were built with
    #[arg(long)]
    deep: bool,
    /// Print an array of objects with `why` and `way`
    #[arg(long)]
    json: bool,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let items = Items::open(global)?;
    let depth = if arguments.deep { Depth::Deep } else { Depth::Builds };
    let reasons = kept::reasons(&items, depth)?;
    let ways: Vec<(&Reason, Vec<Item>)> = match &arguments.name {
        None => reasons.iter().map(|reason| (reason, vec![reason.item.clone()])).collect(),
        Some(name) => ways(&Graph::read(&items.store)?, &reasons, depth, &items.find(name)?),
    };
    if arguments.json {
        let value = |(reason, way): &(&Reason, Vec<Item>)| json!({"why": reason.why, "way": way.iter().map(ToString::to_string).collect::<Vec<_>>()});
        items::print_json(&ways.iter().map(value).collect());
        return Ok(());
    }
    for (reason, way) in &ways {
        let way: Vec<String> = way.iter().map(items::short).collect();
        report::data(&format!("{}: {}\n", reason.why, way.join(" -> ")));
    }
    if ways.is_empty() {
        report::say("nothing keeps it: `pthbs gc` would remove it");
    }
    Ok(())
}

/// For each reason that keeps an item, the shortest way there.
fn ways<'a>(graph: &Graph, reasons: &'a [Reason], depth: Depth, item: &Item) -> Vec<(&'a Reason, Vec<Item>)> {
    let way = |reason: &'a Reason| {
        let kept = kept::keep(graph, std::slice::from_ref(reason), depth);
        kept.why(item).map(|(_, way)| (reason, way))
    };
    reasons.iter().filter_map(way).collect()
}
