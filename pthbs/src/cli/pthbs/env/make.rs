//! `pthbs env make`: an environment, without a profile.

use super::super::build::Width;
use super::super::{Global, context, wanted};
use crate::base::Result;

/// Make the environment of a file or of the named packages, and print its path
///
/// Builds what is missing first. The same packages make the same environment; one that exists is only looked up. A file
/// `NAME.env.toml` holds packages with options, rules for conflicts, and small files; `NAME.lock` is what `pthbs env lock`
/// has written.
///
/// Example: pthbs env make home.env.toml
#[derive(Debug, clap::Args)]
pub(in super::super) struct Arguments {
    /// One environment file or lock file; or packages, variants, ids, paths of scripts
    #[arg(required = true, value_name = "FILE|NAME")]
    names: Vec<String>,
    #[command(flatten)]
    width: Width,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let store = &context::store(global)?;
    let made = wanted::make(store, global, &arguments.names, &arguments.width)?;
    super::print(store, made.environment);
    Ok(())
}
