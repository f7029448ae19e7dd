//! `genpkg why`: the cause of a changed id.

use std::collections::BTreeSet;

use super::{OptionArguments, ProjectArguments};
use crate::base::{Result, error};
use crate::cli::report;
use crate::genpkg::{Changes, Hunk, Origin, Snapshot};
use crate::script::rendered::OptionValue;

/// Explain why a package's id changed: the scripts whose own text changed, and the lines that changed it.
///
/// Without --since, what would be rendered is compared with what lies in `rendered/`. A script whose text changed
/// only by the ids of what it uses is followed to what it uses, until a cause is found.
///
/// Example: genpkg why zsh --since HEAD~3
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The package, or NAME@LABEL.
    name: String,
    /// Compare with the project as it was at this commit.
    #[arg(long, value_name = "REV")]
    since: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    options: OptionArguments,
}

/// One script that changed of its own.
struct Cause {
    label: String,
    old: Option<String>,
    new: String,
    hunks: Vec<(Option<Origin>, Hunk)>,
    followers: usize,
}

pub(super) fn run(project: &ProjectArguments, arguments: &Arguments) -> Result<()> {
    let (old, new) = project.before_and_after(&arguments.options, arguments.since.as_deref())?;
    let label = &arguments.name;
    let Some(script) = new.scripts.get(label) else {
        let unknown = crate::base::Error::usage(format!("package `{label}` not found"));
        return Err(match error::nearest(label, new.scripts.keys().map(String::as_str)) {
            Some(near) => unknown.hint(format!("did you mean `{near}`?")),
            None => unknown,
        });
    };
    let before = old.scripts.get(label).map(|script| script.id);
    if before == Some(script.id) {
        return super::print(&if arguments.json {
            format!("{}\n", serde_json::json!({ "label": label, "id": script.id.to_string(), "causes": [] }))
        } else {
            format!("{label} {} is unchanged\n", script.id.short())
        });
    }
    let opened = project.open()?;
    let traced = project.traced(&opened, &arguments.options)?;
    let origin = |label: &str, hunk: &Hunk| opened.origin(&traced, label, hunk);
    let changes = Changes::between(&old, &new);
    let roots = changes.roots(label).into_iter();
    let causes: Vec<Cause> = roots.map(|root| cause(root, &changes, &old, &new, &origin)).collect();
    let options = changed_options(&old, &new);
    super::print(&if arguments.json {
        json(label, &causes)
    } else {
        text(label, &causes, &options, before.is_some())
    })
}

fn cause(
    label: String,
    changes: &Changes<'_>,
    old: &Snapshot,
    new: &Snapshot,
    origin: &dyn Fn(&str, &Hunk) -> Option<Origin>,
) -> Cause {
    let hunks = changes.hunks(&label);
    let hunks = hunks.into_iter().map(|hunk| (origin(&label, &hunk), hunk)).collect();
    Cause {
        old: old.scripts.get(&label).map(|script| script.id.short()),
        new: new.scripts[&label].id.short(),
        hunks,
        followers: changes.followers(&label),
        label,
    }
}

/// Options that have another value than before, `name: old -> new`.
fn changed_options(old: &Snapshot, new: &Snapshot) -> Vec<String> {
    let value = |snapshot: &Snapshot, name: &String| {
        snapshot
            .options
            .get(name)
            .map_or("unset".to_string(), |OptionValue { value, .. }| format!("`{value}`"))
    };
    let names: BTreeSet<&String> = old.options.keys().chain(new.options.keys()).collect();
    let differs = names.into_iter().filter(|name| value(old, name) != value(new, name));
    differs.map(|name| format!("option `{name}`: {} -> {}", value(old, name), value(new, name))).collect()
}

fn text(label: &str, causes: &[Cause], options: &[String], was_there: bool) -> String {
    let mut text = String::new();
    if !was_there {
        text.push_str(&format!("{label} was not there before\n"));
    }
    for line in options {
        text.push_str(&format!("{line}\n"));
    }
    for cause in causes {
        match &cause.old {
            Some(old) => text.push_str(&format!("{} {old} -> {}\n", cause.label, cause.new)),
            None => text.push_str(&format!("{} {} is new\n", cause.label, cause.new)),
        }
        for (origin, hunk) in &cause.hunks {
            match origin {
                Some(Origin { file, line }) => text.push_str(&format!("  {file}:{line}\n")),
                None => text.push_str("  in the header\n"),
            }
            for line in &hunk.removed {
                text.push_str(&format!("  - {}\n", line.trim_start()));
            }
            for line in &hunk.added {
                text.push_str(&format!("  + {}\n", line.trim_start()));
            }
        }
        if cause.followers > 0 {
            let verb = if cause.followers == 1 { "has" } else { "have" };
            text.push_str(&format!(
                "  {} {verb} a new id because of it\n",
                report::count(cause.followers, "other script")
            ));
        }
    }
    text
}

fn json(label: &str, causes: &[Cause]) -> String {
    let hunk = |(origin, hunk): &(Option<Origin>, Hunk)| {
        serde_json::json!({
            "file": origin.as_ref().map(|origin| origin.file.clone()),
            "line": origin.as_ref().map(|origin| origin.line),
            "removed": hunk.removed,
            "added": hunk.added,
        })
    };
    let causes: Vec<_> = causes
        .iter()
        .map(|cause| {
            serde_json::json!({
                "label": cause.label,
                "old": cause.old,
                "new": cause.new,
                "changes": cause.hunks.iter().map(hunk).collect::<Vec<_>>(),
                "followers": cause.followers,
            })
        })
        .collect();
    format!("{:#}\n", serde_json::json!({ "label": label, "causes": causes }))
}
