//! `pthbs log`: what a build wrote.

use super::Global;
use super::items::{self, Items};
use crate::base::{Error, Result};
use crate::build::{Log, plain};
use crate::cli::report;
use crate::script::InstallId;
use crate::store::Item;

/// Print what the last build of a package wrote
///
/// Control characters and escape sequences are left out: a log cannot write on your terminal. `--raw` prints the bytes.
///
/// Example: pthbs log zsh --phase configure
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Packages, variants, ids or paths of scripts
    #[arg(required_unless_present = "failed", value_name = "NAME")]
    names: Vec<String>,
    /// Only this phase
    #[arg(long, value_name = "PHASE")]
    phase: Option<String>,
    /// The logs of all builds whose failure is kept (`pthbs clean` removes those)
    #[arg(long, conflicts_with = "names")]
    failed: bool,
    /// The bytes as the build wrote them
    #[arg(long)]
    raw: bool,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let items = Items::open(global)?;
    let installs: Vec<InstallId> = match arguments.failed {
        true => items.store.failures()?.into_iter().filter_map(Item::into_install).collect(),
        false => arguments.names.iter().map(|name| logged(&items, name)).collect::<Result<_>>()?,
    };
    for install in &installs {
        if installs.len() > 1 {
            report::say(&report::verb("log of", items::short(&Item::Install(install.clone()))));
        }
        let log = Log::read(&items.store, install)?;
        let bytes = match &arguments.phase {
            Some(phase) => log.phase(phase)?,
            None => log.bytes().to_vec(),
        };
        if arguments.raw {
            report::bytes(&bytes);
            continue;
        }
        let lines: String =
            bytes.split_inclusive(|byte| *byte == b'\n').map(|line| plain(line) + "\n").collect();
        report::data(&lines);
    }
    Ok(())
}

/// The build that an argument means: that of the script as it is rendered now, else the latest one of that name.
fn logged(items: &Items, argument: &str) -> Result<InstallId> {
    let logs = items.store.logs()?;
    let has_log = |install: &InstallId| logs.iter().any(|(logged, _)| logged == install);
    if argument.contains('/') {
        return items.install(argument);
    }
    if let Some(rendered) =
        items.rendered.as_ref().filter(|rendered| rendered.index.scripts.contains_key(argument))
    {
        let install = rendered.script(argument)?.install_id();
        if has_log(&install) {
            return Ok(install);
        }
    }
    let means = |install: &InstallId| match argument.contains('.') {
        true => install.to_string().starts_with(argument),
        false => install.name.as_str() == argument,
    };
    let latest = logs.into_iter().filter(|(install, _)| means(install)).max_by_key(|(_, written)| *written);
    latest.map(|(install, _)| install).ok_or_else(|| {
        Error::usage(format!("`{argument}` has no log here"))
            .with("store", items.store.root().display())
            .hint("`pthbs build` writes one; `pthbs list` shows what is installed")
    })
}
