//! `genpkg show`: the text of a script.

use super::{OptionArguments, ProjectArguments};
use crate::base::{Error, Result};
use crate::genpkg::Output;
use crate::script::Rendered;

/// Print a package's script, exactly the bytes that its id is the sha256 of.
///
/// NAME may be NAME, NAME@LABEL, or NAME.HASHPREFIX with 8 digits or more. Nothing is written.
///
/// Example: genpkg show zsh | sha256sum
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The package.
    name: String,
    #[command(flatten)]
    options: OptionArguments,
}

pub(super) fn run(project: &ProjectArguments, arguments: &Arguments) -> Result<()> {
    let output = render_for(project, &arguments.options, &arguments.name)?;
    let label = resolve(&output, &arguments.name)?;
    super::print(&output.scripts[&label].script.text)
}

/// Renders what an argument can mean: the package alone where the argument is a name, everything for a variant.
pub(super) fn render_for(
    project: &ProjectArguments,
    given: &OptionArguments,
    argument: &str,
) -> Result<Output> {
    let only = if argument.contains(['@', '.']) { Vec::new() } else { vec![argument.to_string()] };
    project.render(given, &only)
}

/// The label that an argument means.
pub(super) fn resolve(output: &Output, argument: &str) -> Result<String> {
    let rendered = Rendered { dir: std::path::PathBuf::new(), index: output.index.clone() };
    let label = rendered.resolve(argument).map(str::to_string)?;
    if output.scripts.contains_key(&label) {
        Ok(label)
    } else {
        Err(Error::usage(format!("`{label}` has no script")))
    }
}
