//! `pthbs env lock`: all that must be the same for an environment to be made again elsewhere.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::super::build::Width;
use super::super::context::{self, Scripts};
use super::super::profile::Which;
use super::super::{Global, wanted};
use crate::base::{Result, fs};
use crate::build::Scripts as _;
use crate::cli::report;
use crate::environment::{LockFile, Profile};
use crate::script::{InstallId, Script};
use crate::store::Store;

/// Print the lock file of an environment: every script id, source hash and tree key in it
///
/// Without FILE or NAME it is the environment that the profile shows. `pthbs env restore` makes the same environment
/// elsewhere. The file carries those scripts that the tree of packages does not render by itself.
///
/// Example: pthbs env lock --profile home -o home.lock
#[derive(Debug, clap::Args)]
pub(in super::super) struct Arguments {
    #[command(flatten)]
    which: Which,
    /// One environment file; or packages, variants, ids, paths of scripts
    #[arg(value_name = "FILE|NAME", conflicts_with = "profile")]
    names: Vec<String>,
    /// Carry every script, for a machine without a tree of packages
    #[arg(long)]
    whole: bool,
    /// Write to a file instead of stdout
    #[arg(short, long, value_name = "LOCK")]
    output: Option<PathBuf>,
    #[command(flatten)]
    width: Width,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let store = &context::store(global)?;
    let made;
    let (environment, wish) = if arguments.names.is_empty() {
        let name = arguments.which.name()?;
        let generation = Profile::open(store, &name).current()?.ok_or_else(|| super::shows_nothing(&name))?;
        (generation.environment, generation.record.wish)
    } else {
        made = wanted::make(store, global, &arguments.names, &arguments.width)?;
        (made.environment, made.wish.clone())
    };
    let lock = LockFile::of(store, environment, &wish)?;
    let mut scripts = Scripts::open(global)?;
    let carried = carried(store, &scripts, lock.installs()?, arguments.whole)?;
    scripts.extra.scripts.clone_from(&carried);
    let about = scripts.about()?;
    let about = |script: &Script| about.get(&script.install_id()).cloned().unwrap_or_default();
    let text = lock.carrying(carried.iter().map(|script| (&**script, about(script)))).to_text();
    match &arguments.output {
        Some(path) => _ = fs::write_whole(path, text.as_bytes())?,
        None => _ = report::data(&text),
    }
    Ok(())
}

/// The scripts of some installs and of all that it takes to build them; those that are rendered here only if the file
/// is to be whole. A script that is not known any more belongs to an install that is there and need not be built.
fn carried(
    store: &Store,
    scripts: &Scripts,
    installs: BTreeSet<InstallId>,
    whole: bool,
) -> Result<Vec<Arc<Script>>> {
    let known = context::known(store, scripts, &[]);
    let is_rendered =
        |install: &InstallId| scripts.rendered.as_ref().is_some_and(|r| r.label_of(install).is_some());
    let mut ahead: Vec<InstallId> = installs.iter().cloned().collect();
    let mut seen = installs;
    let mut found = Vec::new();
    while let Some(install) = ahead.pop() {
        if is_rendered(&install) && !whole {
            continue;
        }
        let Some(script) = known.script(&install)? else { continue };
        let header = &script.header;
        for used in [&header.tools, &header.deps, &header.needs].into_iter().flatten() {
            if seen.insert(used.clone()) {
                ahead.push(used.clone());
            }
        }
        found.push(script);
    }
    found.sort_by_key(|script| script.install_id());
    Ok(found)
}
