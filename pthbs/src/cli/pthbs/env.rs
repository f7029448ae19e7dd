//! `pthbs env`: environments, many installs seen as one tree.

use super::build::Width;
use super::context::{self, Scripts};
use super::{Global, build};
use crate::base::{Error, Result};
use crate::cli::report;
use crate::environment::{self, Wish};
use crate::script::Script;
use crate::store::{EnvironmentId, Item, Store};

/// Make and look at environments
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    Make(Make),
    Show(Show),
    List(List),
}

/// Make the environment that holds the named packages, and print its path
///
/// Builds what is missing first. The same packages make the same environment; one that exists is only looked up.
///
/// Example: pthbs env make zsh zsh-startup
#[derive(Debug, clap::Args)]
pub(super) struct Make {
    /// Packages, variants, ids, or paths of scripts
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    #[command(flatten)]
    width: Width,
}

/// Print the installs that an environment holds, one a line
///
/// Example: pthbs env show env.3f9c1b2e
#[derive(Debug, clap::Args)]
pub(super) struct Show {
    /// An environment: `env.` and 8 digits or more
    #[arg(value_name = "ENVIRONMENT")]
    environment: String,
}

/// Print the paths of all environments, one a line
#[derive(Debug, clap::Args)]
pub(super) struct List {}

pub(super) fn run(global: &Global, command: &Command) -> Result<()> {
    let store = context::store(global)?;
    match command {
        Command::Make(make) => {
            let (id, _) = made(&store, global, &make.names, &make.width)?;
            report::data(&format!("{}\n", store.path(&Item::Environment(id)).display()));
        }
        Command::Show(show) => {
            let id = find(&store, &show.environment)?;
            for install in environment::installs(&store.manifest(&Item::Environment(id))?) {
                report::data(&format!("{install}\n"));
            }
        }
        Command::List(_) => {
            for id in all(&store)? {
                report::data(&format!("{}\n", store.path(&Item::Environment(id)).display()));
            }
        }
    }
    Ok(())
}

/// The environment of some packages, built and made where it is missing; and the wish that it fulfils.
pub(super) fn made(
    store: &Store,
    global: &Global,
    names: &[String],
    width: &Width,
) -> Result<(EnvironmentId, Wish)> {
    let scripts = Scripts::open(global)?;
    let asked = scripts.all_asked(names)?;
    build::ensure(store, &scripts, &asked, width)?;
    let asked = names.iter().cloned().zip(asked.iter().map(Script::install_id)).collect();
    let wish = Wish { asked, ..Wish::default() };
    Ok((environment::make_wish(store, &wish)?, wish))
}

/// The environment that `env.PREFIX` means.
pub(super) fn find(store: &Store, argument: &str) -> Result<EnvironmentId> {
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
