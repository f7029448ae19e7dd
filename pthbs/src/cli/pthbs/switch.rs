//! `pthbs switch`: a profile goes to another environment, by one rename.

use super::build::Width;
use super::{Global, context, env, profile};
use crate::base::Result;
use crate::environment::{Profile, Wish};

/// Make a profile hold exactly the named packages
///
/// Builds what is missing, makes the environment, and moves the profile to it in one step: a program that starts
/// meanwhile finds the old environment or the new one. Prints the profile's path.
///
/// Example: pthbs switch --profile home zsh
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    which: profile::Which,
    /// Packages, variants, ids, paths of scripts; or one environment (`env.3f9c1b2e`)
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    #[command(flatten)]
    width: Width,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let store = context::store(global)?;
    let profile = Profile::open(&store, &arguments.which.name()?);
    let (environment, wish) = match &arguments.names[..] {
        [name] if name.starts_with("env.") => (env::find(&store, name)?, Wish::default()),
        names => env::made(&store, global, names, &arguments.width)?,
    };
    let switched = profile.switch(environment, &wish)?;
    profile::show(&profile, switched);
    Ok(())
}
