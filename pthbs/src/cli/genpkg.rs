//! The program `genpkg`: names and templates in, scripts out.

mod bump;
mod diff;
mod fetching;
mod graph;
mod lint;
mod list;
mod manual;
mod new;
mod render;
mod show;
mod since;
mod update;
mod why;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use super::memory::Watch;
use super::{config, report};
use crate::base::{Error, Kind, Result};
use crate::genpkg::{Options, Output, Project, Snapshot};
use crate::script::Rendered;

/// Render packages to build scripts.
///
/// A package is a template; rendering gives one plain POSIX shell script that names every source and dependency by
/// its hash. `pthbs` builds the scripts.
#[derive(Parser)]
#[command(name = "genpkg", version, arg_required_else_help = true)]
struct Arguments {
    #[command(flatten)]
    project: ProjectArguments,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Render(render::Arguments),
    Show(show::Arguments),
    List(list::Arguments),
    Graph(graph::Arguments),
    Diff(diff::Arguments),
    Why(why::Arguments),
    Lint(lint::Arguments),
    New(new::Arguments),
    Bump(bump::Arguments),
    Update(update::Arguments),
    Manual(manual::Arguments),
}

/// Which project, and where its scripts go.
#[derive(Args)]
struct ProjectArguments {
    /// The project's directory, instead of the nearest one upward that has a `pthbs.toml`.
    #[arg(short = 'C', long = "project", value_name = "DIR", global = true)]
    project: Option<PathBuf>,
    /// Where the rendered scripts lie, instead of `rendered/` in the project.
    #[arg(long, value_name = "DIR", global = true)]
    rendered: Option<PathBuf>,
}

/// Options to render with.
#[derive(Args)]
struct OptionArguments {
    /// Set an option: NAME=VALUE, or PACKAGE.NAME=VALUE for one of a package.
    #[arg(short, long = "option", value_name = "NAME=VALUE")]
    option: Vec<String>,
}

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() {
                ExitCode::from(Kind::Usage.exit_code())
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let _watch = Watch::begin();
    let project = &arguments.project;
    let result = match &arguments.command {
        Command::Render(arguments) => render::run(project, arguments),
        Command::Show(arguments) => show::run(project, arguments),
        Command::List(arguments) => list::run(project, arguments),
        Command::Graph(arguments) => graph::run(project, arguments),
        Command::Diff(arguments) => diff::run(project, arguments),
        Command::Why(arguments) => why::run(project, arguments),
        Command::Lint(arguments) => lint::run(project, arguments),
        Command::New(arguments) => new::run(project, arguments),
        Command::Bump(arguments) => bump::run(project, arguments),
        Command::Update(arguments) => update::run(project, arguments),
        Command::Manual(arguments) => manual::run(arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::say(&error.to_string());
            ExitCode::from(error.kind().exit_code())
        }
    }
}

impl ProjectArguments {
    /// Opens the project.
    fn open(&self) -> Result<Project> {
        let found = self.project.clone().or_else(config::find_project);
        let dir = found.ok_or_else(|| {
            Error::usage(format!("no directory from here upward has a `{}`", Project::FILE))
                .hint("`-C DIR` names the project's directory")
        })?;
        Project::open(&dir)
    }

    /// Where a project's scripts lie.
    fn rendered_dir(&self, project: &Project) -> PathBuf {
        self.rendered.clone().unwrap_or_else(|| project.root().join("rendered"))
    }

    /// Renders in memory, with the options that `-o` gave to the last `genpkg render`.
    fn render(&self, given: &OptionArguments, only: &[String]) -> Result<Output> {
        let project = self.open()?;
        let options = Options { only: only.to_vec(), ..self.kept(&project, given)? };
        project.render(&options)
    }

    /// The same, with the origin of every line.
    fn traced(&self, project: &Project, given: &OptionArguments) -> Result<Output> {
        project.render(&Options { traces: true, ..self.kept(project, given)? })
    }

    /// What was rendered before, or what a commit renders to; and what the project renders to as it is.
    fn before_and_after(&self, given: &OptionArguments, since: Option<&str>) -> Result<(Snapshot, Snapshot)> {
        let project = self.open()?;
        let options = self.kept(&project, given)?;
        let before = match since {
            None => Snapshot::read(&Rendered::open(&self.rendered_dir(&project))?)?,
            Some(revision) => {
                let files = since::files_at(project.root(), revision)?;
                Snapshot::of(&Project::from_files(files)?.render(&options)?)
            }
        };
        Ok((before, Snapshot::of(&project.render(&options)?)))
    }

    /// Given options, and those that the last `genpkg render` was given.
    fn kept(&self, project: &Project, given: &OptionArguments) -> Result<Options> {
        let mut options = given.read()?;
        if let Ok(rendered) = Rendered::open(&self.rendered_dir(project)) {
            options.keep(&rendered.index);
        }
        Ok(options)
    }
}

impl OptionArguments {
    /// The options as values.
    fn read(&self) -> Result<Options> {
        let mut options = Options::default();
        self.option.iter().try_for_each(|assignment| options.give(assignment))?;
        Ok(options)
    }
}

/// Writes data to stdout. A reader that has gone away is no error.
fn print(text: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(cause) if cause.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::io("write to", Path::new("stdout"), &cause).of_kind(Kind::Failed))
        }
        _ => Ok(()),
    }
}
