//! Becoming a command that sees an environment: what it is shown, and with which variables.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use sandbox::Bind;

use super::context;
use crate::base::{Error, Result};
use crate::cli::report;
use crate::environment;
use crate::store::{EnvironmentId, Item, LOGICAL, LOGICAL_CURRENT, Store};

/// What a pure command keeps of the caller's variables: who one is, the terminal and the screen.
const KEPT: [&str; 9] =
    ["HOME", "USER", "LOGNAME", "TERM", "TZ", "LANG", "DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR"];

/// Tells a command in which environment it is.
const NAME: &str = "PTHBS_ENVIRONMENT";

/// Becomes the command. For a process of one thread; returns only if that cannot be, with the status that says why.
pub(super) fn become_command(
    store: &Store,
    id: EnvironmentId,
    is_pure: bool,
    command: &[OsString],
) -> Result<ExitCode> {
    let current = Path::new(LOGICAL_CURRENT);
    let binds = [
        Bind::read_only(store.versions(), LOGICAL),
        Bind::read_only(store.path(&Item::Environment(id)), current),
    ];
    sandbox::overlay(&binds).map_err(context::from_sandbox)?;

    let (program, rest) = command.split_first().ok_or_else(|| Error::usage("no command"))?;
    let mut command = Command::new(program);
    command.args(rest).env(NAME, id.to_string());
    if is_pure {
        command.env_clear().env(NAME, id.to_string());
        command.envs(KEPT.iter().filter_map(|name| Some((name, env::var_os(name)?))));
    }
    let before = |name: &str| env::var_os(name).filter(|value| !is_pure && !value.is_empty());
    let variables = environment::activate::variables(current, before);
    // A pure command has the environment's programs and no others; its other lists may still end with the system's.
    let path = |name: &str, value: OsString| match is_pure && name == "PATH" {
        true => current.join("bin").into_os_string(),
        false => value,
    };
    command.envs(variables.into_iter().map(|(name, value)| (name, path(name, value))));
    // The command is looked for in the new PATH, because it is set for the command itself.
    let cause = command.exec();
    let is_missing = cause.kind() == ErrorKind::NotFound;
    report::say(&Error::io("run", Path::new(program), &cause).to_string());
    Ok(ExitCode::from(if is_missing { 127 } else { 126 }))
}

/// The caller's shell.
pub(super) fn shell() -> OsString {
    let shell = env::var_os("SHELL").filter(|shell| Path::new(shell).is_absolute());
    shell.unwrap_or_else(|| OsStr::new("/bin/sh").to_os_string())
}
