//! `pthbs env show`: what an environment holds.

use super::super::{Global, context};
use crate::base::Result;
use crate::cli::report;
use crate::environment::{self, Bound, When};
use crate::store::Item;

/// Print the installs that an environment holds, one a line
///
/// With --at-run-time it prints the programs that name something below `/versions`: by path alone they find less than under
/// `pthbs run`, or do not start. One line each, columns separated by tabs: `start` or `later` (when it is needed), the
/// install, the path in it, and what it names (`current` is the environment that one is in).
///
/// Example: pthbs env show --at-run-time home
#[derive(Debug, clap::Args)]
pub(in super::super) struct Arguments {
    /// A profile, a generation of one (`home:14`), or an environment (`env.` and 8 digits or more)
    #[arg(default_value = "default", value_name = "PROFILE|ENVIRONMENT")]
    environment: String,
    /// The programs that name something below `/versions`
    #[arg(long)]
    at_run_time: bool,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let store = &context::store_to_read(global)?;
    let id = super::find(store, &arguments.environment)?;
    if arguments.at_run_time {
        environment::bound(store, id)?.iter().for_each(|bound| _ = report::data(&line(bound)));
        return Ok(());
    }
    for install in environment::installs(&store.manifest(&Item::Environment(id))?) {
        report::data(&format!("{install}\n"));
    }
    Ok(())
}

fn line(bound: &Bound) -> String {
    let when = match bound.when {
        When::AtStart => "start",
        When::Later => "later",
    };
    let mut names: Vec<String> = bound.names.iter().map(ToString::to_string).collect();
    names.extend(bound.names_current.then(|| "current".to_string()));
    format!("{when}\t{}\t{}\t{}\n", bound.install, bound.path.display(), names.join(" "))
}
