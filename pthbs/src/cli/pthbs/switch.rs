//! `pthbs switch`: a profile goes to another environment, by one rename.

use super::build::Width;
use super::{Global, context, env, profile, wanted};
use crate::base::Result;
use crate::environment::{Profile, Wish};

/// Make a profile hold exactly what a file says, or the named packages
///
/// Builds what is missing, makes the environment, and moves the profile to it in one step: a program that starts
/// meanwhile finds the old environment or the new one. Prints the profile's path.
///
/// Example: pthbs switch --profile home home.env.toml
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    which: profile::Which,
    /// One environment file, lock file or environment (`env.3f9c1b2e`); or packages, variants, ids, paths of scripts
    #[arg(required = true, value_name = "FILE|NAME")]
    names: Vec<String>,
    #[command(flatten)]
    width: Width,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let store = context::store(global)?;
    let profile = Profile::open(&store, &arguments.which.name()?);
    match &arguments.names[..] {
        [name] if name.starts_with("env.") => {
            let switched = profile.switch(env::find(&store, name)?, &Wish::default())?;
            profile::show(&store, &profile, switched)
        }
        names => {
            let made = wanted::make(&store, global, names, &arguments.width)?;
            profile::switch(&store, &profile, &made)
        }
    }
}
