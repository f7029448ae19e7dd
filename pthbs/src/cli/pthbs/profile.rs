//! `pthbs profile`: which profiles there are, and where they pointed.

use super::{Global, context};
use crate::base::Result;
use crate::cli::report;
use crate::environment::{Generation, Profile, ProfileName, Switched};
use crate::store::Store;

/// Look at profiles and their generations
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    List(List),
    History(History),
    Path(Path),
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
    let store = context::store(global)?;
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

/// Says what a switch or rollback has done, and prints the profile's path.
pub(super) fn show(profile: &Profile, switched: Switched) {
    let Switched { from, to } = switched;
    let name = profile.name();
    let line = match from {
        Some(from) if switched.is_change() => report::verb("switched", format_args!("{name} {from} -> {to}")),
        None => report::verb("switched", format_args!("{name} to {to}")),
        Some(_) => report::verb("kept", format_args!("{name} {to}: it shows this environment already")),
    };
    report::say(&line);
    report::data(&format!("{}\n", profile.link().display()));
}
