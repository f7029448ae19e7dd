//! `pthbs activate`: the text by which a shell finds a profile's programs.

use super::{Global, context, env};
use crate::base::Result;
use crate::cli::{config, report};
use crate::environment::{self, Profile, Shell};

/// Print what makes a shell find a profile's programs, manuals and completions: for `eval`
///
/// Puts the profile before the lists in PATH, MANPATH, TERMINFO_DIRS, XDG_DATA_DIRS and, for zsh and fish, those of their
/// functions and completions. Later switches need no new shell. Static programs run without `/versions`; for others see
/// `pthbs env show --at-run-time` and `pthbs run`.
///
/// Example: eval "$(pthbs activate home)"        in fish: pthbs activate home | source
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The profile
    #[arg(default_value = "default", value_name = "PROFILE")]
    profile: String,
    /// sh, bash, zsh or fish [default: the shell that has called, else $SHELL, else sh]
    #[arg(long, value_name = "SHELL")]
    shell: Option<Shell>,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let store = context::store_to_read(global)?;
    let profile = Profile::open(&store, &arguments.profile.parse()?);
    if profile.current()?.is_none() {
        return Err(env::shows_nothing(profile.name()));
    }
    let shell = arguments.shell.or_else(calling).or_else(usual).unwrap_or(Shell::Sh);
    report::data(&environment::activate(shell, &profile.link())?);
    Ok(())
}

/// The shell that runs this program, if it is one.
fn calling() -> Option<Shell> {
    let parent = nix::unistd::getppid();
    let name = std::fs::read_to_string(format!("/proc/{parent}/comm")).ok()?;
    name.trim_end().parse().ok()
}

/// The user's usual shell.
fn usual() -> Option<Shell> {
    config::shell_variable()?.file_name()?.to_str()?.parse().ok()
}
