//! `pthbs pin`: keeps an item although no profile shows it.

use super::Global;
use super::items::{self, Items};
use crate::base::Result;
use crate::cli::report;
use crate::environment;

/// Keep installs and environments whatever profiles show, or no longer
///
/// Without a name, prints what is pinned, one item a line.
///
/// Example: pthbs pin zsh
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Packages, variants, ids, environments, generations or paths in the store
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Take the pins away
    #[arg(short = 'd', long, requires = "names")]
    delete: bool,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    if arguments.names.is_empty() {
        let pins = environment::pins(&Items::open(global)?.store)?;
        report::data(&pins.iter().map(|item| format!("{item}\n")).collect::<String>());
        return Ok(());
    }
    let items = Items::open_to_change(global)?;
    for item in items.find_all(&arguments.names)? {
        let (is_change, done, not) = if arguments.delete {
            (environment::unpin(&items.store, &item)?, "unpinned", "it was not pinned")
        } else {
            (environment::pin(&items.store, &item)?, "pinned", "it is pinned already")
        };
        let name = items::short(&item);
        report::say(&match is_change {
            true => report::verb(done, name),
            false => report::verb("kept", format!("{name}: {not}")),
        });
    }
    Ok(())
}
