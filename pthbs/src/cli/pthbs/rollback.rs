//! `pthbs rollback`: a profile goes back to where it came from.

use super::{Global, context, profile};
use crate::base::Result;
use crate::environment::Profile;

/// Move a profile back to the generation it was switched from
///
/// Example: pthbs rollback --profile home
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    which: profile::Which,
    /// Go to this generation instead; `pthbs profile history` shows all
    #[arg(long, value_name = "N")]
    to: Option<u64>,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let store = context::store(global)?;
    let profile = Profile::open(&store, &arguments.which.name()?);
    let switched = profile.rollback(arguments.to)?;
    profile::show(&store, &profile, switched)
}
