//! `pthbs run`: a command in a profile's environment, with the store at `/versions`.

use std::env;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use sandbox::Bind;

use super::{Global, context, profile};
use crate::base::{Error, Result};
use crate::cli::report;
use crate::environment::Profile;
use crate::store::{Item, LOGICAL, LOGICAL_CURRENT};

/// Run a command with the programs of a profile
///
/// The command sees the machine as it is, and besides `/versions`, which is the store, and `/versions/current`, which is
/// the profile's environment; `/versions/current/bin` comes first in PATH. User, working directory and terminal stay the
/// caller's, and the command's exit status is passed on.
///
/// Example: pthbs run --profile home -- zsh
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    which: profile::Which,
    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<ExitCode> {
    let store = context::store(global)?;
    let profile = Profile::open(&store, &arguments.which.name()?);
    let Some(generation) = profile.current()? else {
        return Err(Error::usage(format!("profile `{}` shows nothing yet", profile.name()))
            .hint(format!("`pthbs switch --profile {} NAME` gives it an environment", profile.name())));
    };
    let environment = store.path(&Item::Environment(generation.environment));
    let current = Path::new(LOGICAL_CURRENT);
    let binds = [Bind::read_only(store.versions(), LOGICAL), Bind::read_only(environment, current)];
    sandbox::overlay(&binds).map_err(context::from_sandbox)?;

    let mut path = current.join("bin").into_os_string();
    if let Some(rest) = env::var_os("PATH").filter(|rest| !rest.is_empty()) {
        path.push(":");
        path.push(rest);
    }
    let (program, rest) = arguments.command.split_first().expect("clap requires a command");
    // The command is looked for in the new PATH, because it is set for the command itself.
    let cause = Command::new(program).args(rest).env("PATH", path).exec();
    let is_missing = cause.kind() == ErrorKind::NotFound;
    let error = Error::io("run", Path::new(program), &cause);
    report::say(&error.to_string());
    Ok(ExitCode::from(if is_missing { 127 } else { 126 }))
}
