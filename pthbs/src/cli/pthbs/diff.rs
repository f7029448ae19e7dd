//! `pthbs diff`: how two items differ.

use serde_json::json;
use similar::TextDiff;

use super::Global;
use super::items::{self, Items};
use crate::base::Result;
use crate::cli::report;
use crate::environment::{self, Difference};
use crate::store::{Change, Item, What};

/// Print how two installs, environments or generations differ
///
/// For installs: the difference of their scripts, then each file that is new (+), gone (-) or different (~), with sizes. A
/// file in which only hashes of store names differ is counted, and named with --all. For environments: the packages. Ends
/// with 0 whether or not they differ.
///
/// Example: pthbs diff home:3 home:4
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A package, variant, id, environment, generation (`home:3`) or path in the store
    #[arg(value_name = "A")]
    old: String,
    /// The other one
    #[arg(value_name = "B")]
    new: String,
    /// Name files in which only hashes differ too; for environments, list the links as well
    #[arg(short, long)]
    all: bool,
    /// Print an array of objects with `path`, `old`, `new`
    #[arg(long)]
    json: bool,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let items = Items::open(global)?;
    let (old, new) = (items.find(&arguments.old)?, items.find(&arguments.new)?);
    if let (Item::Environment(a), Item::Environment(b)) = (&old, &new)
        && !arguments.json
    {
        let [a, b] = [environment::packages(&items.store, *a)?, environment::packages(&items.store, *b)?];
        print_packages(&Difference::between(&a, &b));
        if !arguments.all {
            return Ok(());
        }
    }
    let changes = items.store.difference(&old, &new)?;
    if arguments.json {
        items::print_json(&changes.iter().map(as_json).collect());
        return Ok(());
    }
    if let (Item::Install(a), Item::Install(b)) = (&old, &new) {
        let [a, b] = [items.store.script(a)?.text, items.store.script(b)?.text];
        let names = (items::short(&old), items::short(&new));
        let diff = TextDiff::from_lines(&a, &b);
        report::data(&diff.unified_diff().header(&names.0, &names.1).to_string());
    }
    let (in_hashes, shown): (Vec<_>, Vec<_>) =
        changes.iter().partition(|change| change.is_in_hashes_alone && !arguments.all);
    let lines: String = shown.iter().map(|change| format!("{}\n", line(change))).collect();
    report::data(&lines);
    report::say(&summary(changes.len(), in_hashes.len()));
    Ok(())
}

fn summary(all: usize, in_hashes: usize) -> String {
    let but = if in_hashes == 0 { String::new() } else { format!(", {in_hashes} of them in hashes alone") };
    match all {
        0 => "no difference in files".to_string(),
        _ => format!("{} in files{but}", report::count(all, "difference")),
    }
}

fn print_packages(difference: &Difference) {
    let Difference { added, removed, changed } = difference;
    let mut rows = Vec::new();
    let row = |sign: &str, package: &environment::Package| {
        vec![
            sign.to_string(),
            package.install.name.to_string(),
            package.version.clone(),
            report::size(package.size),
        ]
    };
    rows.extend(removed.iter().map(|package| row("-", package)));
    rows.extend(added.iter().map(|package| row("+", package)));
    for change in changed {
        rows.extend(change.from.iter().map(|package| row("-", package)));
        rows.extend(change.to.iter().map(|package| row("+", package)));
    }
    items::print_table(&rows, &[3]);
    let growth = difference.growth();
    let sign = if growth < 0 { "-" } else { "+" };
    let bytes = report::size(u64::try_from(growth.unsigned_abs()).unwrap_or(u64::MAX));
    report::say(&match difference.is_empty() {
        true => "no difference in packages".to_string(),
        false => format!("{}, {sign}{bytes}", report::count(rows.len(), "line")),
    });
}

/// `~ bin/zsh  1.2 MiB -> 1.3 MiB`
fn line(change: &Change) -> String {
    let path = change.path.display();
    match (&change.old, &change.new) {
        (Some(old), None) => format!("- {path}  {}", described(old)),
        (None, Some(new)) => format!("+ {path}  {}", described(new)),
        (Some(old), Some(new)) => {
            let (old, new) = (described(old), described(new));
            let words = if old == new { old } else { format!("{old} -> {new}") };
            let note = if change.is_in_hashes_alone { " (hashes alone)" } else { "" };
            format!("~ {path}  {words}{note}")
        }
        (None, None) => unreachable!("a change has a side"),
    }
}

fn described(what: &What) -> String {
    match what {
        What::Directory => "directory".to_string(),
        What::Link { target } => format!("link to {}", target.display()),
        What::File { executable: true, size, .. } => format!("{} program", report::size(*size)),
        What::File { size, .. } => report::size(*size),
    }
}

fn as_json(change: &Change) -> serde_json::Value {
    let value = |what: &Option<What>| match what {
        None => serde_json::Value::Null,
        Some(What::Directory) => json!({"kind": "directory"}),
        Some(What::Link { target }) => json!({"kind": "link", "target": target.to_string_lossy()}),
        Some(What::File { executable, size, sha256, .. }) => json!({
            "kind": "file", "executable": executable, "size": size, "sha256": sha256.to_string(),
        }),
    };
    json!({
        "path": change.path.to_string_lossy(),
        "old": value(&change.old),
        "new": value(&change.new),
        "in_hashes_alone": change.is_in_hashes_alone,
    })
}
