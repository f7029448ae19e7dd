//! `genpkg render`: every package to a script in `rendered/`.

use std::path::{Path, PathBuf};

use super::{OptionArguments, ProjectArguments};
use crate::base::{Error, Result, fs};
use crate::cli::report;
use crate::genpkg::{Output, unified};

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
    #[command(flatten)]
    options: OptionArguments,
    /// Write only the scripts, to this directory; scripts there that are not rendered are removed.
    #[arg(long, value_name = "DIR", conflicts_with = "check")]
    output: Option<PathBuf>,
    /// Write nothing: compare with the scripts in this directory, print the differences, fail where there are any.
    #[arg(long, value_name = "DIR")]
    check: Option<PathBuf>,
}

pub(super) fn run(project: &ProjectArguments, arguments: &Arguments) -> Result<()> {
    let opened = project.open()?;
    let mut options = arguments.options.read()?;
    options.only.clone_from(&arguments.names);
    let output = opened.render(&options)?;
    if let Some(dir) = &arguments.check {
        return check(&output, dir);
    }
    let written = match &arguments.output {
        Some(dir) => output.write_scripts(dir)?,
        None => output.write(&project.rendered_dir(&opened))?,
    };
    let total = report::count(output.scripts.len(), "script");
    // The process ends here; giving back the memory of 10,000 scripts piece by piece takes its time.
    std::mem::forget((output, opened));
    match (written.changed, written.removed) {
        (0, 0) => report::say(&format!("rendered {total}, nothing to do")),
        (changed, 0) => report::say(&format!("rendered {total}, {changed} changed")),
        (changed, removed) => report::say(&format!("rendered {total}, {changed} changed, {removed} removed")),
    }
    Ok(())
}

/// Compares with what lies in a directory.
fn check(output: &Output, dir: &Path) -> Result<()> {
    let mut differences = Vec::new();
    for (label, one) in &output.scripts {
        let file = dir.join(format!("{label}.sh"));
        let old = if file.exists() { fs::read_file(&file)? } else { String::new() };
        let name = file.display().to_string();
        differences.push(unified(&name, &old, &format!("{label}.sh, rendered"), &one.script.text));
    }
    for stale in output.strangers(dir)? {
        differences.push(format!("{} is not rendered any more\n", dir.join(stale).display()));
    }
    differences.retain(|difference| !difference.is_empty());
    super::print(&differences.concat())?;
    if differences.is_empty() {
        report::say(&format!("rendered {}, no difference", report::count(output.scripts.len(), "script")));
        return Ok(());
    }
    Err(Error::failed(format!(
        "{} in `{}` differ from what is rendered",
        report::count(differences.len(), "script"),
        dir.display()
    ))
    .hint("`genpkg render --output DIR` writes them anew"))
}
