//! The program `pthbs`: scripts -> sources -> sandboxed builds -> installs -> environments -> profiles.

mod activate;
mod anew;
mod build;
mod changes;
mod check;
mod clean;
mod conditions;
mod context;
mod delete;
mod diff;
mod doctor;
mod enter;
mod env;
mod env_file;
mod fetch;
mod files;
mod gc;
mod history;
mod import;
mod install;
mod items;
mod kept;
mod license;
mod list;
mod log;
mod owns;
mod pin;
mod plan;
mod profile;
mod refs;
mod remove;
mod repair;
mod reproduce;
mod rollback;
mod roots;
mod run;
mod sbom;
mod shell;
mod size;
mod source;
mod switch;
mod wanted;
mod weak;
mod within;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use super::report;
use crate::base::{Error, Result};

/// Build packages from hashed scripts, combine them into environments, switch profiles
#[derive(Debug, Parser)]
#[command(name = "pthbs", version, disable_help_subcommand = true, arg_required_else_help = true)]
pub struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, clap::Args)]
struct Global {
    /// The store [default: $PTHBS_ROOT, else $XDG_DATA_HOME/pthbs, for root /var/lib/pthbs]
    #[arg(long, global = true, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Use the scripts in this directory as they are, instead of those of the nearest pthbs.toml
    #[arg(long, global = true, value_name = "DIR")]
    rendered: Option<PathBuf>,
    /// Use the scripts as they were rendered last, even if a definition has changed since
    #[arg(long, global = true)]
    no_render: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Plan(plan::Arguments),
    Build(build::Arguments),
    Fetch(fetch::Arguments),
    #[command(subcommand)]
    Env(env::Command),
    Switch(switch::Arguments),
    Install(install::Arguments),
    Remove(remove::Arguments),
    Rollback(rollback::Arguments),
    #[command(subcommand)]
    Profile(profile::Command),
    Run(run::Arguments),
    Shell(shell::Arguments),
    Activate(activate::Arguments),
    List(list::Arguments),
    Files(files::Arguments),
    Owns(owns::Arguments),
    License(license::Arguments),
    Source(source::Arguments),
    Refs(refs::Arguments),
    Diff(diff::Arguments),
    Size(size::Arguments),
    Sbom(sbom::Arguments),
    Check(check::Arguments),
    Repair(repair::Arguments),
    Reproduce(reproduce::Arguments),
    Gc(gc::Arguments),
    Pin(pin::Arguments),
    Roots(roots::Arguments),
    Delete(delete::Arguments),
    Import(import::Arguments),
    Log(log::Arguments),
    History(history::Arguments),
    Clean(clean::Arguments),
    Doctor(doctor::Arguments),
    #[command(hide = true)]
    Enter(enter::Arguments),
}

/// Runs the program; the exit code is the error's.
pub fn main() -> ExitCode {
    // clap ends the process by itself: 0 for --help, 2 for wrong use.
    let arguments = Arguments::parse();
    match arguments.command.run(&arguments.global) {
        Ok(code) => report::unwritten().map_or(code, failed),
        Err(error) => failed(&error),
    }
}

/// Tells an error; its kind is the exit code.
fn failed(error: &Error) -> ExitCode {
    report::say(&error.to_string());
    ExitCode::from(error.kind().exit_code())
}

impl Command {
    fn run(self, global: &Global) -> Result<ExitCode> {
        match self {
            Command::Plan(arguments) => plan::run(global, &arguments)?,
            Command::Build(arguments) => build::run(global, &arguments)?,
            Command::Fetch(arguments) => fetch::run(global, &arguments)?,
            Command::Env(command) => env::run(global, &command)?,
            Command::Switch(arguments) => switch::run(global, &arguments)?,
            Command::Install(arguments) => install::run(global, &arguments)?,
            Command::Remove(arguments) => remove::run(global, &arguments)?,
            Command::Rollback(arguments) => rollback::run(global, &arguments)?,
            Command::Profile(command) => profile::run(global, &command)?,
            Command::List(arguments) => list::run(global, &arguments)?,
            Command::Files(arguments) => files::run(global, &arguments)?,
            Command::Owns(arguments) => owns::run(global, &arguments)?,
            Command::License(arguments) => license::run(global, &arguments)?,
            Command::Source(arguments) => source::run(global, &arguments)?,
            Command::Refs(arguments) => refs::run(global, &arguments)?,
            Command::Diff(arguments) => diff::run(global, &arguments)?,
            Command::Size(arguments) => size::run(global, &arguments)?,
            Command::Sbom(arguments) => sbom::run(global, &arguments)?,
            Command::Check(arguments) => check::run(global, &arguments)?,
            Command::Repair(arguments) => repair::run(global, &arguments)?,
            Command::Reproduce(arguments) => reproduce::run(global, &arguments)?,
            Command::Gc(arguments) => gc::run(global, &arguments)?,
            Command::Pin(arguments) => pin::run(global, &arguments)?,
            Command::Roots(arguments) => roots::run(global, &arguments)?,
            Command::Delete(arguments) => delete::run(global, &arguments)?,
            Command::Log(arguments) => log::run(global, &arguments)?,
            Command::History(arguments) => history::run(global, &arguments)?,
            Command::Clean(arguments) => clean::run(global, &arguments)?,
            Command::Import(arguments) => import::run(global, &arguments)?,
            Command::Doctor(arguments) => return doctor::run(global, &arguments),
            Command::Run(arguments) => return run::run(global, &arguments),
            Command::Shell(arguments) => return shell::run(global, &arguments),
            Command::Enter(arguments) => return enter::run(&arguments),
            Command::Activate(arguments) => activate::run(global, &arguments)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
