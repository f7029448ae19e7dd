//! `pthbs list`: what is in the store.

use rayon::prelude::*;
use serde_json::json;

use super::Global;
use super::items::{self, Items};
use super::{kept, license};
use crate::base::Result;
use crate::cli::report;
use crate::store::{Depth, Graph, Item};

/// Print the installs in the store: size, age, license, taint, and what keeps them
///
/// The last column says why a collection of garbage would keep an install, or `-` where it would not. A tainted install
/// may depend on more than its script names.
///
/// Example: pthbs list zlib
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Only installs of these packages
    #[arg(value_name = "PACKAGE")]
    packages: Vec<String>,
    /// Environments too
    #[arg(short, long)]
    all: bool,
    /// Print an array of objects
    #[arg(long)]
    json: bool,
}

/// One line.
struct Row {
    item: Item,
    version: String,
    bytes: u64,
    published: std::time::SystemTime,
    license: String,
    taint: Vec<String>,
    kept_by: Option<String>,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let items = Items::open(global)?;
    let rows = rows(&items, arguments)?;
    if arguments.json {
        items::print_json(&rows.iter().map(as_json).collect());
        return Ok(());
    }
    if rows.is_empty() {
        report::say("nothing is there");
        return Ok(());
    }
    let head = ["install", "version", "size", "age", "license", "taint", "kept by"].map(str::to_string);
    let cells = rows.iter().map(|row| {
        let or_dash = |text: &str| if text.is_empty() { "-" } else { text }.to_string();
        vec![
            items::short(&row.item),
            or_dash(&row.version),
            report::size(row.bytes),
            items::age(row.published),
            or_dash(&row.license),
            or_dash(taint(&row.taint)),
            or_dash(row.kept_by.as_deref().unwrap_or("")),
        ]
    });
    let table: Vec<Vec<String>> = std::iter::once(head.to_vec()).chain(cells).collect();
    items::print_table(&table, &[2, 3]);
    let all: u64 = rows.iter().map(|row| row.bytes).sum();
    report::say(&format!("{}, {}", report::count(rows.len(), "item"), report::size(all)));
    Ok(())
}

/// One word for all reasons; a boundary that was weaker than asked for by the script is told apart.
fn taint(reasons: &[String]) -> &'static str {
    match reasons {
        [] => "",
        reasons if reasons.iter().any(|reason| reason.starts_with("weak-sandbox")) => {
            "tainted (weak sandbox)"
        }
        _ => "tainted",
    }
}

fn rows(items: &Items, arguments: &Arguments) -> Result<Vec<Row>> {
    let graph = Graph::read(&items.store)?;
    let reasons = kept::reasons(items, Depth::Builds)?;
    let kept = kept::keep(&graph, &reasons, Depth::Builds);
    let licenses = license::Licenses::of(items)?;
    let is_asked = |item: &Item| match item {
        Item::Environment(_) => arguments.all,
        Item::Install(id) => {
            arguments.packages.is_empty() || arguments.packages.iter().any(|name| name == id.name.as_str())
        }
    };
    let nodes: Vec<_> = graph.items().filter(|(item, _)| is_asked(item)).collect();
    let rows = nodes.par_iter().map(|(item, node)| {
        let kept_by = kept.why(item).map(|(root, _)| reasons[root].why.clone());
        let bytes = items.store.manifest(item)?.size().bytes;
        let mut row = Row {
            item: (*item).clone(),
            version: String::new(),
            bytes,
            published: node.published,
            license: String::new(),
            taint: Vec::new(),
            kept_by,
        };
        if let Item::Install(id) = item {
            row.version = items.store.script(id)?.header.version;
            row.taint = items.store.record(id)?.taint;
            row.license = licenses.of_install(items, id);
        }
        Ok(row)
    });
    rows.collect()
}

fn as_json(row: &Row) -> serde_json::Value {
    let published = row.published.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    json!({
        "item": row.item.to_string(),
        "version": row.version,
        "bytes": row.bytes,
        "published": published,
        "license": row.license,
        "taint": row.taint,
        "kept_by": row.kept_by,
    })
}
