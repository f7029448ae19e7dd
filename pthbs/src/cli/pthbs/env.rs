//! `pthbs env`: environments, many installs seen as one tree.

mod list;
mod lock;
mod make;
mod restore;
mod show;

use super::Global;
use crate::base::{Error, Result};
use crate::cli::report;
use crate::environment::{Profile, ProfileName};
use crate::store::{EnvironmentId, Item, Store};

/// Make and look at environments
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    Make(make::Arguments),
    Show(show::Arguments),
    List(list::Arguments),
    Lock(lock::Arguments),
    Restore(restore::Arguments),
}

pub(super) fn run(global: &Global, command: &Command) -> Result<()> {
    match command {
        Command::Make(arguments) => make::run(global, arguments),
        Command::Show(arguments) => show::run(global, arguments),
        Command::List(_) => list::run(global),
        Command::Lock(arguments) => lock::run(global, arguments),
        Command::Restore(arguments) => restore::run(global, arguments),
    }
}

/// The environment that an argument means: `env.PREFIX`, PROFILE, or PROFILE:GENERATION.
pub(super) fn find(store: &Store, argument: &str) -> Result<EnvironmentId> {
    if argument.starts_with("env.") {
        return find_by_id(store, argument);
    }
    let (name, number) = match argument.split_once(':') {
        Some((name, number)) => (name, Some(number)),
        None => (argument, None),
    };
    let name: ProfileName = name.parse()?;
    let profile = Profile::open(store, &name);
    let generation = match number {
        Some(number) => {
            let number = number
                .parse()
                .map_err(|_| Error::usage(format!("`{}` is no generation", number.escape_debug())))?;
            Some(profile.generation(number)?)
        }
        None => profile.current()?,
    };
    generation.map(|generation| generation.environment).ok_or_else(|| shows_nothing(&name))
}

/// The error for a profile that was never switched.
pub(super) fn shows_nothing(profile: &ProfileName) -> Error {
    Error::usage(format!("profile `{profile}` shows nothing yet"))
        .hint(format!("`pthbs switch --profile {profile} NAME` gives it an environment"))
}

fn find_by_id(store: &Store, argument: &str) -> Result<EnvironmentId> {
    let matching = |id: &EnvironmentId| id.to_string().starts_with(argument);
    let hits: Vec<EnvironmentId> = all(store)?.into_iter().filter(matching).collect();
    match hits[..] {
        [id] if argument.len() >= "env.".len() + 8 => Ok(id),
        [] => Err(Error::usage(format!("no environment `{argument}`")).hint("`pthbs env list` shows all")),
        _ => {
            Err(Error::usage(format!("`{argument}` is not unique")).hint("give `env.` and 8 digits or more"))
        }
    }
}

fn all(store: &Store) -> Result<Vec<EnvironmentId>> {
    let items = store.items()?.into_iter();
    Ok(items.filter_map(|item| if let Item::Environment(id) = item { Some(id) } else { None }).collect())
}

/// Prints where an environment lies.
fn print(store: &Store, id: EnvironmentId) {
    report::data(&format!("{}\n", store.path(&Item::Environment(id)).display()));
}
