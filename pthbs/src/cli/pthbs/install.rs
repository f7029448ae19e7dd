//! `pthbs install`: more packages in a profile.

use super::build::Width;
use super::context::{self, Scripts};
use super::{Global, profile, wanted};
use crate::base::Result;
use crate::environment::Profile;
use crate::script::Script;

/// Add packages to a profile, or replace them by what the tree of packages makes of them today
///
/// Everything else in the profile stays as it is. Prints the profile's path.
///
/// Example: pthbs install --profile home tree
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    which: profile::Which,
    /// Packages, variants, ids, paths of scripts
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    #[command(flatten)]
    width: Width,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let store = context::store(global)?;
    let profile = Profile::open(&store, &arguments.which.name()?);
    let scripts = Scripts::open(global)?;
    let asked = wanted::named(&scripts, &arguments.names)?;
    let new: Vec<Script> = asked.values().cloned().collect();
    profile::edit(&store, &profile, |wish| {
        let mut wish = wish.unwrap_or_default();
        wish.asked.extend(asked.iter().map(|(word, script)| (word.clone(), script.install_id())));
        wanted::fulfil(&store, &scripts, &new, wish, &arguments.width)
    })
}
