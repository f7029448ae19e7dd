//! `genpkg lint`: what is allowed but seldom meant.

use super::{OptionArguments, ProjectArguments};
use crate::base::{Error, Result};
use crate::cli::report;

/// Look for what is allowed but seldom meant: values outside of quotes, `make -j`, downloads in a build, unused files.
///
/// Findings go to stdout; the exit status is 1 when there are any.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Packages to look at; all when none is named.
    names: Vec<String>,
    #[command(flatten)]
    options: OptionArguments,
}

pub(super) fn run(project: &ProjectArguments, arguments: &Arguments) -> Result<()> {
    let opened = project.open()?;
    let output = project.render(&arguments.options, &arguments.names)?;
    let mut findings = opened.lint(&output)?;
    if !arguments.names.is_empty() {
        let is_asked =
            |text: &str| arguments.names.iter().any(|name| text.contains(&format!(": packages/{name}/")));
        findings.retain(|finding| is_asked(&finding.to_string()));
    }
    let texts: Vec<String> =
        findings.iter().map(|finding| finding.to_string().replacen("error:", "warning:", 1)).collect();
    super::print(&texts.iter().map(|text| format!("{text}\n\n")).collect::<String>())?;
    if findings.is_empty() {
        report::say("nothing found");
        return Ok(());
    }
    Err(Error::failed(format!("lint found {}", report::count(findings.len(), "thing"))))
}
