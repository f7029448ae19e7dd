//! `pthbs profile`: which profiles there are, and where they pointed.

use super::wanted::Made;
use super::{Global, changes, context};
use crate::base::{Error, Result};
use crate::cli::report;
use crate::environment::{self, Difference, Generation, Profile, ProfileName, Switched, Wish};
use crate::store::{EnvironmentId, Item, Store};

/// Look at profiles and their generations
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    List(List),
    History(History),
    Path(Path),
    Delete(Delete),
}

/// Print the names of all profiles, one a line
#[derive(Debug, clap::Args)]
pub(super) struct List {}

/// Print a profile's generations, oldest first
///
/// One line each: the number, `*` for the current one, when it was made (seconds since 1970), where it came from, its
/// environment, and what was asked for. Columns are separated by tabs.
#[derive(Debug, clap::Args)]
pub(super) struct History {
    /// The profile
    #[arg(default_value = "default", value_name = "PROFILE")]
    profile: String,
}

/// Print the path to open a profile's programs by: PATH/bin/zsh
#[derive(Debug, clap::Args)]
pub(super) struct Path {
    /// The profile
    #[arg(default_value = "default", value_name = "PROFILE")]
    profile: String,
}

/// Delete a profile with its history, or some generations of it
///
/// Nothing keeps their environments then: the next collection may take them. The current generation stays as long as the
/// profile does.
///
/// Example: pthbs profile delete home 3 4
#[derive(Debug, clap::Args)]
pub(super) struct Delete {
    /// The profile
    #[arg(value_name = "PROFILE")]
    profile: String,
    /// Only these generations
    #[arg(value_name = "GENERATION")]
    generations: Vec<u64>,
}

/// A profile, as an option of a command.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// The profile
    #[arg(short, long, default_value = "default", value_name = "PROFILE")]
    profile: String,
}

impl Which {
    /// The name, checked.
    pub(super) fn name(&self) -> Result<ProfileName> {
        self.profile.parse()
    }
}

pub(super) fn run(global: &Global, command: &Command) -> Result<()> {
    let store = match command {
        Command::Delete(_) => context::store(global)?,
        _ => context::store_to_read(global)?,
    };
    match command {
        Command::List(_) => {
            for name in Profile::list(&store)? {
                report::data(&format!("{name}\n"));
            }
        }
        Command::History(History { profile }) => {
            let profile = open(&store, profile)?;
            let current = profile.current()?.map(|generation| generation.number);
            for generation in profile.history()? {
                report::data(&history_line(&generation, Some(generation.number) == current));
            }
        }
        Command::Path(Path { profile }) => {
            report::data(&format!("{}\n", open(&store, profile)?.link().display()));
        }
        Command::Delete(Delete { profile, generations }) => {
            let profile = open(&store, profile)?;
            match &generations[..] {
                [] => profile.delete()?,
                numbers => profile.forget(numbers)?,
            }
            let what = match generations.len() {
                0 => profile.name().to_string(),
                count => format!("{} of {}", report::count(count, "generation"), profile.name()),
            };
            report::say(&report::verb("deleted", what));
        }
    }
    Ok(())
}

fn open(store: &Store, name: &str) -> Result<Profile> {
    Ok(Profile::open(store, &name.parse()?))
}

fn history_line(generation: &Generation, is_current: bool) -> String {
    let Generation { number, environment, record } = generation;
    let parent = record.parent.map_or("-".to_string(), |parent| parent.to_string());
    let asked: Vec<&str> = record.wish.asked.keys().map(String::as_str).collect();
    let mark = if is_current { "*" } else { "-" };
    format!("{number}\t{mark}\t{}\t{parent}\t{environment}\t{}\n", record.time, asked.join(" "))
}

/// Changes what a profile is asked to hold, and switches it. Begins again where somebody else was faster, so that neither
/// undoes what the other has done.
pub(super) fn edit(
    store: &Store,
    profile: &Profile,
    change: impl Fn(Option<Wish>) -> Result<Made>,
) -> Result<()> {
    loop {
        let found = profile.current()?;
        let made = change(found.as_ref().map(|found| asked_of(store, profile, found)).transpose()?)?;
        if let Some(switched) = profile.switch_from(found.as_ref(), made.environment, &made.wish)? {
            return show(store, profile, switched);
        }
    }
}

/// What a generation was asked to hold.
fn asked_of(store: &Store, profile: &Profile, generation: &Generation) -> Result<Wish> {
    let Generation { number, environment, record } = generation;
    let is_known = !record.wish.asked.is_empty()
        || environment::installs(&store.manifest(&Item::Environment(*environment))?).is_empty();
    if is_known {
        return Ok(record.wish.clone());
    }
    Err(Error::usage(format!(
        "nobody knows what generation {number} of `{}` was asked to hold",
        profile.name()
    ))
    .line(format!("it was switched to `{environment}` as it is"))
    .hint("`pthbs switch FILE|NAME...` says what it is to hold"))
}

/// Moves a profile to an environment, and says what changes.
pub(super) fn switch(store: &Store, profile: &Profile, made: &Made) -> Result<()> {
    let switched = profile.switch(made.environment, &made.wish)?;
    show(store, profile, switched)
}

/// Says what a switch or rollback has done, and prints the profile's path.
pub(super) fn show(store: &Store, profile: &Profile, switched: Switched) -> Result<()> {
    let Switched { from, to } = switched;
    let name = profile.name();
    if switched.is_change() {
        let environment = |number| profile.generation(number).map(|generation| generation.environment);
        let difference = difference(store, from.map(environment).transpose()?, environment(to)?)?;
        changes::lines(&difference).iter().for_each(|line| report::say(line));
        let steps = from.map_or(format!("to {to}"), |from| format!("{from} -> {to}"));
        let growth =
            changes::growth(difference.growth()).map_or(String::new(), |growth| format!(", {growth}"));
        let same = if difference.is_empty() { ": the same packages, seen otherwise" } else { "" };
        report::say(&report::verb("switched", format_args!("{name} {steps}{growth}{same}")));
    } else {
        report::say(&report::verb("kept", format_args!("{name} {to}: it shows this environment already")));
    }
    report::data(&format!("{}\n", profile.link().display()));
    Ok(())
}

fn difference(store: &Store, from: Option<EnvironmentId>, to: EnvironmentId) -> Result<Difference> {
    let packages = |environment| environment::packages(store, environment);
    Ok(Difference::between(&from.map_or(Ok(Vec::new()), packages)?, &packages(to)?))
}
