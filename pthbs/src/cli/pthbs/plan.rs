//! `pthbs plan`: what `build` would do.

use super::{Global, build, context};
use crate::base::Result;
use crate::build::Step;
use crate::cli::report;

/// Print the steps that `build` would take, without taking any
///
/// One line for each step on stdout: a fetch or a build, in an order in which they could be done.
///
/// Example: pthbs plan zsh
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Packages, variants, ids, or paths of scripts
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let store = context::store(global)?;
    let scripts = context::Scripts::open(global)?;
    let asked = scripts.all_asked(&arguments.names)?;
    let known = context::known(&store, &scripts, &asked);
    let plan = build::plan(&store, &known, &asked)?;
    for step in &plan.steps {
        report::data(&match step {
            Step::Fetch(source) => format!("fetch {} {}\n", source.name(), &source.key()[..8]),
            Step::Build(build) => format!("build {} {}\n", build.script.header.name, build.script.id.short()),
        });
    }
    let steps = plan.steps.len();
    report::say(&match steps {
        0 => "nothing to do".to_string(),
        _ => report::count(steps, "step"),
    });
    Ok(())
}
