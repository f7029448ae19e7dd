//! `pthbs size`: how large an item is, alone and with all that it uses.

use serde_json::json;

use super::Global;
use super::items::{self, Items};
use crate::base::Result;
use crate::cli::report;
use crate::store::{Graph, Item};

/// Print how large installs and environments are, alone and with what they use
///
/// The bytes of files, as manifests have them; the disk needs a little more.
///
/// Example: pthbs size zsh
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Packages, variants, ids, environments, generations or paths in the store [default: everything]
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Print an array of objects
    #[arg(long)]
    json: bool,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let items = Items::open(global)?;
    let asked = items.all_or(&arguments.names)?;
    let graph = Graph::read(&items.store)?;
    let size = |item: &Item| -> Result<u64> { Ok(items.store.manifest(item)?.size().bytes) };
    let mut rows = vec![["item", "files", "size", "with what it uses"].map(str::to_string).to_vec()];
    let mut values = Vec::new();
    for item in &asked {
        let own = items.store.manifest(item)?.size();
        let closure = graph.closure(item);
        let all: u64 = closure.iter().map(size).sum::<Result<u64>>()?;
        rows.push(vec![
            items::short(item),
            own.files.to_string(),
            report::size(own.bytes),
            format!("{} in {}", report::size(all), report::count(closure.len(), "item")),
        ]);
        values.push(json!({
            "item": item.to_string(),
            "files": own.files,
            "directories": own.directories,
            "links": own.links,
            "bytes": own.bytes,
            "closure_bytes": all,
            "closure_items": closure.len(),
        }));
    }
    match arguments.json {
        true => items::print_json(&values.into()),
        false => items::print_table(&rows, &[1, 2]),
    }
    Ok(())
}
