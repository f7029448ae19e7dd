//! `pthbs run`: a command in an environment, with the store at `/versions`.

use std::ffi::OsString;
use std::process::ExitCode;

use super::{Global, context, env, within};
use crate::base::Result;

/// Run a command with the programs of a profile
///
/// The command sees the machine as it is, and besides `/versions`, which is the store, and `/versions/current`, which is
/// the environment; that comes first in PATH, MANPATH, TERMINFO_DIRS and XDG_DATA_DIRS. User, working directory and
/// terminal stay the caller's, the command takes the place of pthbs, and its exit status is passed on: 126 if it cannot
/// be executed, 127 if there is none, 125 if the view cannot be made.
///
/// Example: pthbs run --profile home -- zsh
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The profile; or one of its generations (`home:3`), or any environment (`env.3f9c1b2e`)
    #[arg(short, long, default_value = "default", value_name = "PROFILE")]
    profile: String,
    /// Only the environment's programs in PATH, and no variable of the caller's but who one is and which terminal
    #[arg(long)]
    pure: bool,
    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<ExitCode> {
    let store = context::store_to_read(global)?;
    let environment = env::find(&store, &arguments.profile)?;
    within::become_command(&store, environment, arguments.pure, &arguments.command)
}
