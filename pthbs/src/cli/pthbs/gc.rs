//! `pthbs gc`: removes what nothing needs.

use std::time::{Duration, Instant, SystemTime};

use serde_json::json;

use super::Global;
use super::items::{self, Items};
use super::kept;
use crate::base::{Error, Result};
use crate::cli::report;
use crate::store::{Depth, Graph, Item, Role};

/// Remove installs and environments that nothing needs
///
/// What profiles show or can go back to stays, and what is pinned, what a running build uses, what was asked for in the
/// last 7 days; with all of that what it uses, and the tools and libraries it was built with, so that it can be built
/// again. So do the tools and libraries of every script in the index of the project here. Prints what is removed, one
/// item a line. `pthbs roots NAME` says why something stays.
///
/// Example: pthbs gc --dry-run
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Say what would be removed, and how large it is, and remove nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Keep what was made within this time, such as `30d`, `12h` or `2w`
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "0d", hide_default_value = true)]
    older_than: Duration,
    /// Do not keep what things were built with
    #[arg(long)]
    deep: bool,
    /// Print an array of objects with `item`, and with --dry-run `bytes`
    #[arg(long)]
    json: bool,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let begun = Instant::now();
    let items = Items::open_to_change(global)?;
    let store = &items.store;
    let depth = if arguments.deep { Depth::Deep } else { Depth::Builds };
    let before = free_bytes(store.root());
    // Nobody makes an environment, switches a profile or begins a build from here until the dead are out of the way.
    let collection = store.begin_collection()?;
    let graph = Graph::read(store)?;
    let items = Items { all: store.items()?, ..items };
    let store = &items.store;
    let mut reasons = kept::reasons(&items, depth)?;
    let in_use = store.items_in_use(&collection)?.into_iter();
    reasons.extend(in_use.map(|item| kept::Reason { item, role: Role::Link, why: "a running build".into() }));
    let youngest = SystemTime::now() - arguments.older_than;
    let dead = graph.dead(&kept::keep(&graph, &reasons, depth), youngest);
    if arguments.dry_run {
        return show(&items, &dead, arguments.json);
    }
    let removed = store.take_away(&dead)?;
    drop(collection);
    removed.delete()?;
    store.sweep()?;
    print(&dead, arguments.json, |item| json!({"item": item.to_string()}));
    let freed = free_bytes(store.root()).saturating_sub(before);
    let (count, time) = (report::count(dead.len(), "item"), report::seconds(begun.elapsed()));
    report::say(&match dead.len() {
        0 => "nothing to remove".to_string(),
        _ => format!("{count} removed, about {} freed, in {time}", report::size(freed)),
    });
    Ok(())
}

fn show(items: &Items, dead: &[Item], is_json: bool) -> Result<()> {
    let size = |item: &Item| items.store.manifest(item).map_or(0, |manifest| manifest.size().bytes);
    let bytes: u64 = dead.iter().map(size).sum();
    print(dead, is_json, |item| json!({"item": item.to_string(), "bytes": size(item)}));
    let count = report::count(dead.len(), "item");
    report::say(&format!("{count} would be removed, {}", report::size(bytes)));
    Ok(())
}

fn print(dead: &[Item], is_json: bool, value: impl Fn(&Item) -> serde_json::Value) {
    if is_json {
        return items::print_json(&dead.iter().map(value).collect());
    }
    let lines: String = dead.iter().map(|item| format!("{item}\n")).collect();
    report::data(&lines);
}

/// Room on the store's file system. Others write to it too: what a collection freed is known only about.
fn free_bytes(root: &std::path::Path) -> u64 {
    nix::sys::statvfs::statvfs(root).map_or(0, |stat| stat.blocks_free() * stat.fragment_size())
}

/// Reads `30d`, `12h`, `2w`.
fn duration(text: &str) -> Result<Duration, Error> {
    let wrong = || Error::usage(format!("`{text}` is no time: write 30d, 12h or 2w"));
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let seconds: u64 = match unit {
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        _ => return Err(wrong()),
    };
    let number: u32 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    // A hundred years are as good as forever, and a time before 1970 is none.
    Ok(Duration::from_secs((seconds * u64::from(number)).min(50 * 365 * 86_400)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        let days = |text| duration(text).unwrap().as_secs() / 3600;
        assert_eq!([days("30d"), days("12h"), days("2w"), days("120m")], [720, 12, 336, 2]);
        for wrong in ["", "d", "3", "3 d", "-1d", "3y", "3ä"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
