//! `pthbs remove`: fewer packages in a profile.

use super::{Global, context, env, profile, wanted};
use crate::base::Result;
use crate::cli::report;
use crate::environment::{self, Profile};

/// Take packages out of a profile
///
/// What was asked for is taken out, with what only it needed. It stays in the store, and `pthbs rollback` brings it back.
/// Prints the profile's path.
///
/// Example: pthbs remove --profile home tree
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    which: profile::Which,
    /// Packages, by the words they were asked for (`pthbs profile history`)
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let store = context::store(global)?;
    let profile = Profile::open(&store, &arguments.which.name()?);
    profile::edit(&store, &profile, |wish| {
        let wish = wish.ok_or_else(|| env::shows_nothing(profile.name()))?;
        let left = environment::without(&store, &wish, &arguments.names)?;
        if left.rules != wish.rules {
            report::say("warning: rules for packages that are gone are dropped");
        }
        wanted::made(&store, left)
    })
}
