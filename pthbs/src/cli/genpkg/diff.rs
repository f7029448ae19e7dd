//! `genpkg diff`: what differs between two sets of scripts.

use std::path::Path;

use super::{OptionArguments, ProjectArguments};
use crate::base::{Error, Result, error, fs};
use crate::cli::report;
use crate::genpkg::{Change, Changes, Snapshot, unified};
use crate::script::Rendered;
use crate::script::rendered::Index;

/// Show how scripts differ from those rendered before.
///
/// Without --since, what would be rendered is compared with what lies in `rendered/`. Scripts that differ only in
/// the ids of what they use are counted, not shown. Two paths that name an `index` each (or its directory) are
/// compared with each other instead. The exit status is 0 whether anything differs or not.
///
/// Example: genpkg diff --since HEAD zsh
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Packages to show, all when none is named; or two index files.
    #[arg(value_name = "NAME|INDEX")]
    names: Vec<String>,
    /// Compare with the project as it was at this commit.
    #[arg(long, value_name = "REV")]
    since: Option<String>,
    #[command(flatten)]
    options: OptionArguments,
}

pub(super) fn run(project: &ProjectArguments, arguments: &Arguments) -> Result<()> {
    if let [old, new] = &arguments.names[..]
        && old.contains('/')
        && new.contains('/')
    {
        return indexes(Path::new(old), Path::new(new));
    }
    let (old, new) = project.before_and_after(&arguments.options, arguments.since.as_deref())?;
    let changes = Changes::between(&old, &new);
    check_names(&arguments.names, &old, &new)?;
    let is_asked = |label: &str| {
        let name = label.split('@').next().unwrap_or(label);
        arguments.names.is_empty() || arguments.names.iter().any(|asked| asked == label || asked == name)
    };
    let mut text = String::new();
    let mut follow = 0;
    for (label, change) in changes.by_label.iter().filter(|(label, _)| is_asked(label)) {
        let side = |snapshot: &Snapshot| snapshot.scripts.get(label).map(|script| script.text.clone());
        match change {
            Change::Follows(_) => follow += 1,
            _ => text.push_str(&script_diff(label, side(&old), side(&new))),
        }
    }
    super::print(&text)?;
    if follow > 0 {
        let (verb, they) = if follow == 1 { ("differs", "it uses") } else { ("differ", "they use") };
        report::say(&format!(
            "{} {verb} only by the ids of what {they}",
            report::count(follow, "other script")
        ));
    } else if text.is_empty() {
        report::say("nothing differs");
    }
    Ok(())
}

/// The difference of one script, `/dev/null` for the side that has none.
fn script_diff(label: &str, old: Option<String>, new: Option<String>) -> String {
    let name = |side: &str, text: &Option<String>| match text {
        Some(_) => format!("{side}/{label}.sh"),
        None => "/dev/null".to_string(),
    };
    let (old_name, new_name) = (name("a", &old), name("b", &new));
    unified(&old_name, &old.unwrap_or_default(), &new_name, &new.unwrap_or_default())
}

/// A name that neither side knows is a mistake.
fn check_names(names: &[String], old: &Snapshot, new: &Snapshot) -> Result<()> {
    let is_known = |name: &String| {
        let variants = format!("{name}@");
        let knows = |snapshot: &Snapshot| {
            snapshot.scripts.keys().any(|label| label == name || label.starts_with(&variants))
        };
        knows(old) || knows(new)
    };
    let Some(name) = names.iter().find(|name| !is_known(name)) else { return Ok(()) };
    let error = Error::usage(format!("package `{name}` not found"));
    let known = old.scripts.keys().chain(new.scripts.keys()).map(String::as_str);
    Err(match error::nearest(name, known) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("`genpkg list` shows all packages"),
    })
}

/// Compares two indexes: one line for each label.
fn indexes(old: &Path, new: &Path) -> Result<()> {
    let (old, new) = (open(old)?, open(new)?);
    let mut text = String::new();
    for (name, value) in &new.index.options {
        let before = old.index.options.get(name).map_or("", |value| value.value.as_str());
        if before != value.value {
            text.push_str(&format!("option {name}: `{before}` -> `{}`\n", value.value));
        }
    }
    let labels: std::collections::BTreeSet<&String> =
        old.index.scripts.keys().chain(new.index.scripts.keys()).collect();
    for label in labels {
        match (old.index.scripts.get(label), new.index.scripts.get(label)) {
            (Some(before), Some(after)) if before == after => {}
            (Some(before), Some(after)) => {
                text.push_str(&format!("changed  {label} {} -> {}\n", before.short(), after.short()));
            }
            (Some(before), None) => text.push_str(&format!("removed  {label} {}\n", before.short())),
            (None, Some(after)) => text.push_str(&format!("added    {label} {}\n", after.short())),
            (None, None) => unreachable!("a label comes from one of the two"),
        }
    }
    if text.is_empty() {
        report::say("nothing differs");
    }
    super::print(&text)
}

/// An index, by its own path or its directory's.
fn open(path: &Path) -> Result<Rendered> {
    let path = if path.is_dir() { path.join(Rendered::INDEX) } else { path.to_path_buf() };
    let index = Index::parse(&fs::read_text(&path)?, &path.display().to_string())?;
    Ok(Rendered { dir: path.parent().unwrap_or(Path::new(".")).to_path_buf(), index })
}
