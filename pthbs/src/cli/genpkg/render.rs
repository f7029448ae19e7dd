//! `genpkg render`: every package to a script in `rendered/`.

use super::{ProjectArguments, count, options, say};
use crate::base::Result;

/// Render packages to scripts in `rendered/`.
///
/// Only changed files are written, and nothing at all where anything is wrong. Options given with -o are kept by
/// later automatic renders, until the next `genpkg render`. With names, only these packages and what they use are
/// rendered, and `rendered/` holds nothing else afterwards.
///
/// Example: genpkg render -o toolchain=host
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Packages to render; all when none is named.
    names: Vec<String>,
    /// Set an option: NAME=VALUE or PACKAGE.NAME=VALUE.
    #[arg(short, long = "option", value_name = "NAME=VALUE")]
    option: Vec<String>,
}

pub(super) fn run(project: &ProjectArguments, arguments: &Arguments) -> Result<()> {
    let opened = project.open()?;
    let mut options = options(&arguments.option)?;
    options.only.clone_from(&arguments.names);
    let output = opened.render(&options)?;
    let written = output.write(&project.rendered_dir(&opened))?;
    let total = count(output.scripts.len(), "script");
    match (written.changed, written.removed) {
        (0, 0) => say(&format!("rendered {total}, nothing to do")),
        (changed, 0) => say(&format!("rendered {total}, {changed} changed")),
        (changed, removed) => say(&format!("rendered {total}, {changed} changed, {removed} removed")),
    }
    Ok(())
}
