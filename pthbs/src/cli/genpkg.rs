//! The program `genpkg`: names and templates in, scripts out.

mod list;
mod render;
mod show;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::base::{Error, Kind, Result};
use crate::genpkg::{Options, Output, Project};
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
    let project = &arguments.project;
    let result = match &arguments.command {
        Command::Render(arguments) => render::run(project, arguments),
        Command::Show(arguments) => show::run(project, arguments),
        Command::List(arguments) => list::run(project, arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::from(error.kind().exit_code())
        }
    }
}

impl ProjectArguments {
    /// Opens the project.
    fn open(&self) -> Result<Project> {
        match &self.project {
            Some(dir) => Project::open(dir),
            None => Project::open(&nearest_project(Path::new("."))?),
        }
    }

    /// Where a project's scripts lie.
    fn rendered_dir(&self, project: &Project) -> PathBuf {
        self.rendered.clone().unwrap_or_else(|| project.root().join("rendered"))
    }

    /// Renders in memory, with the options that `-o` gave to the last `genpkg render`.
    fn render(&self, given: &[String], only: &[String]) -> Result<Output> {
        let project = self.open()?;
        let mut options = options(given)?;
        if let Ok(rendered) = Rendered::open(&self.rendered_dir(&project)) {
            options.keep(&rendered.index);
        }
        options.only = only.to_vec();
        project.render(&options)
    }
}

/// Options as they stand on a command line.
fn options(given: &[String]) -> Result<Options> {
    let mut options = Options::default();
    given.iter().try_for_each(|assignment| options.give(assignment))?;
    Ok(options)
}

/// The nearest directory upward that has a `pthbs.toml`, as a path relative to where one is.
pub(super) fn nearest_project(start: &Path) -> Result<PathBuf> {
    let absolute = start.canonicalize().map_err(|cause| Error::io("find directory", start, &cause))?;
    let mut relative = start.to_path_buf();
    for dir in absolute.ancestors() {
        if dir.join(Project::FILE).is_file() {
            return Ok(relative);
        }
        relative.push("..");
    }
    Err(Error::usage(format!("no `{}` here or in any directory above", Project::FILE))
        .with("searched from", format!("`{}`", absolute.display()))
        .hint("`-C DIR` names the project's directory"))
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

/// Says something to the person: progress, never data.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// `1 script`, `2 scripts`
fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}
