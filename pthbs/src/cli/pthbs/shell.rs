//! `pthbs shell`: an environment, a failed build, or a build that has not run yet, to walk about in.

mod build;
mod failed;

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use super::build::Width;
use super::{Global, context, env, wanted, within};
use crate::base::{Error, Result};
use crate::cli::config;
use crate::store::Item;

/// Open a shell with some packages, or inside of a build
///
/// With packages: they are built where they are missing, and the shell is your own, with their environment before
/// everything else, as `pthbs run` does it; no profile changes. Without any: the environment of a profile.
///
/// With --failed: the sandbox of a failed build, just as the script has left it. With --build: the sandbox of a build
/// before it runs; `sh /build/script` runs it. Both see what the build sees and nothing else, on a terminal of their own;
/// $out is writable. A failed build's tree stays until its script is tried again or `pthbs clean`; that of --build goes
/// when the shell ends.
///
/// After `--` stands a command instead of the shell. The exit status is passed on.
///
/// Example: pthbs shell --failed curl
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Packages, variants, ids, paths of scripts; or one environment file
    #[arg(value_name = "NAME", conflicts_with_all = ["failed", "build"])]
    names: Vec<String>,
    /// Enter what the last failed build of this package has left
    #[arg(long, value_name = "NAME", conflicts_with = "build")]
    failed: Option<String>,
    /// Enter the build of this package before it runs; what it needs is built first
    #[arg(long, value_name = "NAME")]
    build: Option<String>,
    /// Show this directory, writable, in the place of the build's source; `ENTRY=DIR` where there are several
    #[arg(long, value_name = "DIR", requires = "build")]
    src: Option<String>,
    /// The profile whose environment is shown; or a generation (`home:3`), or an environment (`env.3f9c1b2e`)
    #[arg(short, long, default_value = "default", value_name = "PROFILE", conflicts_with_all = ["names", "failed", "build"])]
    profile: String,
    /// Only the environment's programs in PATH, and no variable of the caller's but who one is and which terminal
    #[arg(long, conflicts_with_all = ["failed", "build"])]
    pure: bool,
    #[command(flatten)]
    width: Width,
    /// A command instead of a shell
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<ExitCode> {
    if let Some(name) = &arguments.failed {
        return failed::run(global, name, &words(&arguments.command)?, &arguments.width.weak);
    }
    if let Some(name) = &arguments.build {
        let command = words(&arguments.command)?;
        return build::run(global, name, arguments.src.as_deref(), &command, &arguments.width);
    }
    let command = match arguments.command.is_empty() {
        true => vec![within::shell()],
        false => arguments.command.clone(),
    };
    if arguments.names.is_empty() {
        let store = context::store_to_read(global)?;
        let environment = env::find(&store, &arguments.profile)?;
        return within::become_command(&store, environment, arguments.pure, &command);
    }
    let store = context::store(global)?;
    let made = wanted::make(&store, global, &arguments.names, &arguments.width)?;
    // The shell may live for days, and no profile keeps this environment.
    store.note_asked(&Item::Environment(made.environment))?;
    // Executed anew, because a process that has built something has threads, and one with threads enters no namespace.
    let mut again = Command::new("/proc/self/exe");
    again.arg("--root").arg(config::store_root(global.root.as_deref())?);
    again.args(["run", "--profile", &made.environment.to_string()]);
    if arguments.pure {
        again.arg("--pure");
    }
    let cause = again.arg("--").args(command).exec();
    Err(Error::io("execute", Path::new("/proc/self/exe"), &cause))
}

/// A sandbox's command is text, because its description is.
fn words(command: &[OsString]) -> Result<Vec<String>> {
    let word = |word: &OsString| {
        let text = word.to_str().map(str::to_string);
        text.ok_or_else(|| Error::usage(format!("`{}` is not UTF-8", word.display())))
    };
    command.iter().map(word).collect()
}
