//! `pthbs files`: what an install or an environment consists of.

use serde_json::json;

use super::Global;
use super::items::{self, Items};
use crate::base::Result;
use crate::cli::report;
use crate::store::{Entry, Reference, What};

/// Print the files of an install, one path a line
///
/// Directories end in `/`, links show where they lead. The list is the manifest: nothing is read but that.
///
/// Example: pthbs files zsh
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A package, variant, id, environment, generation or path in the store
    #[arg(value_name = "NAME")]
    name: String,
    /// Print mode, size and sha256 too
    #[arg(short, long)]
    long: bool,
    /// Print an array of objects
    #[arg(long)]
    json: bool,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let items = Items::open(global)?;
    let manifest = items.store.manifest(&items.find(&arguments.name)?)?;
    if arguments.json {
        items::print_json(&manifest.entries.iter().map(as_json).collect());
    } else if arguments.long {
        items::print_table(&manifest.entries.iter().map(cells).collect::<Vec<_>>(), &[1]);
    } else {
        report::data(&manifest.entries.iter().map(|entry| format!("{}\n", path(entry))).collect::<String>());
    }
    Ok(())
}

fn path(entry: &Entry) -> String {
    let path = entry.path.display();
    match &entry.what {
        What::Directory => format!("{path}/"),
        What::File { .. } => path.to_string(),
        What::Link { target } => format!("{path} -> {}", target.display()),
    }
}

fn cells(entry: &Entry) -> Vec<String> {
    let (mode, size, sum) = match &entry.what {
        What::Directory => ("0555", String::new(), String::new()),
        What::Link { .. } => ("link", String::new(), String::new()),
        What::File { executable, size, sha256, .. } => {
            (if *executable { "0555" } else { "0444" }, size.to_string(), sha256.to_string())
        }
    };
    vec![mode.to_string(), size, sum, path(entry)]
}

fn as_json(entry: &Entry) -> serde_json::Value {
    let path = entry.path.to_string_lossy();
    match &entry.what {
        What::Directory => json!({"path": path, "kind": "directory"}),
        What::Link { target } => json!({"path": path, "kind": "link", "target": target.to_string_lossy()}),
        What::File { executable, size, sha256, references } => {
            let names = |Reference { install, .. }: &Reference| install.to_string();
            let references: Vec<String> = references.iter().map(names).collect();
            json!({
                "path": path,
                "kind": "file",
                "executable": executable,
                "size": size,
                "sha256": sha256.to_string(),
                "references": references,
            })
        }
    }
}
