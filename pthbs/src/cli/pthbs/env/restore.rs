//! `pthbs env restore`: the environment of a lock file, or none.

use std::path::PathBuf;

use super::super::build::Width;
use super::super::context::{self, Scripts};
use super::super::{Global, wanted};
use crate::base::Result;

/// Make the environment of a lock file, exactly, and print its path
///
/// Builds what is missing, by the scripts that the tree of packages here renders and those that the file carries. Refuses
/// what differs: a script that is not there any more, another content of an install, another environment at the end.
///
/// Example: pthbs env restore home.lock
#[derive(Debug, clap::Args)]
pub(in super::super) struct Arguments {
    /// What `pthbs env lock` has written
    #[arg(value_name = "LOCK")]
    lock: PathBuf,
    #[command(flatten)]
    width: Width,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let store = &context::store(global)?;
    let made = wanted::restore(store, Scripts::open(global)?, &arguments.lock, &arguments.width)?;
    super::print(store, made.environment);
    Ok(())
}
