//! `pthbs clean`: removes what failed builds have left.

use super::Global;
use super::items::{self, Items};
use crate::base::{Error, Result};
use crate::cli::report;
use crate::store::Item;

/// Remove the trees that failed builds have left to look at
///
/// Each takes as much of the disk as its build did. A later success of the same script removes it, too.
///
/// Example: pthbs clean --dry-run
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Packages or `NAME.HASH` [default: all]
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Print what would be removed, and remove nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let items = Items::open_to_change(global)?;
    let failures = items.store.failures()?;
    let is_meant = |item: &Item, name: &str| {
        let text = item.to_string();
        text.starts_with(name) && (name.contains('.') || text[name.len()..].starts_with('.'))
    };
    for name in &arguments.names {
        if !failures.iter().any(|item| is_meant(item, name)) {
            return Err(Error::usage(format!("no failed build of `{name}` is kept"))
                .hint("`pthbs clean --dry-run` shows all"));
        }
    }
    let meant =
        |item: &&Item| arguments.names.is_empty() || arguments.names.iter().any(|name| is_meant(item, name));
    let mut count = 0;
    for item in failures.iter().filter(meant) {
        count += 1;
        if arguments.dry_run {
            report::data(&format!("{}\n", items.store.failed(item).display()));
            continue;
        }
        match items.store.try_lock(item)? {
            Ok(_lock) => {
                items.store.remove_failure(item)?;
                report::say(&report::verb("removed", items::short(item)));
            }
            // Somebody is in there, or builds it anew.
            Err(holder) => {
                report::say(&report::verb("kept", format!("{}: in use by {holder}", items::short(item))));
            }
        }
    }
    if count == 0 {
        report::say("nothing is kept of failed builds");
    }
    Ok(())
}
