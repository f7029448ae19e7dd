//! `pthbs reproduce`: whether what is installed comes out of its script again.

use std::path::Path;
use std::process::Command;

use serde_json::json;
use similar::TextDiff;

use super::conditions::Conditions;
use super::items::{self, Items};
use super::weak::Weak;
use super::{Global, anew};
use crate::base::{Error, Result};
use crate::cli::report;
use crate::script::{InstallId, Script};
use crate::store::{Apart, Change, Item, Scratch, Store, What};

/// Build installs again in a scratch place, and compare
///
/// An install is reproducible if what is built again is what is installed, to the last bit. Where it is not, the files that
/// differ are named, with the first bytes that do, and a readable difference: by diffoscope where that is installed. With
/// --vary the rounds are run by another user (as root), with other umasks, time zones, locales, host names, numbers of
/// processors and jobs, and on another file system, which lists directories in another order; the clock goes on by itself.
/// Nothing in the store changes. Ends with 1 if an install differs. With --weak-sandbox each verdict says so: what is the
/// same there proves as much, but what differs may be the weak sandbox's doing.
///
/// Example: pthbs reproduce --vary --rounds 2 zlib
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Packages, variants or ids
    #[arg(required_unless_present = "all", value_name = "NAME")]
    names: Vec<String>,
    /// Everything in the store
    #[arg(long, conflicts_with = "names")]
    all: bool,
    /// How often to build each
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: u16,
    /// Vary the conditions
    #[arg(long)]
    vary: bool,
    /// Print an array of objects with `item`, `verdict` and `files`
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    weak: Weak,
}

/// What became of one install.
enum Verdict {
    Same,
    Differs(Vec<Change>),
    Failed,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let items = Items::open_to_change(global)?;
    arguments.weak.announce();
    let mut verdicts = Vec::new();
    for install in asked(&items, arguments)? {
        let script = anew::script_of(&items, &install)?;
        let _in_use = items.store.in_use(&anew::inputs(std::slice::from_ref(&script)))?;
        let verdict = judge(global, &items, &script, arguments)?;
        let item = Item::Install(install);
        if !arguments.json {
            let how = if arguments.weak.is_asked() { "\tweak sandbox" } else { "" };
            report::data(&format!("{}\t{}{how}\n", items::short(&item), verdict.word()));
        }
        verdicts.push((item, verdict));
    }
    if arguments.json {
        let is_weak = arguments.weak.is_asked();
        items::print_json(&verdicts.iter().map(|(item, verdict)| as_json(item, verdict, is_weak)).collect());
    }
    let good = verdicts.iter().filter(|(_, verdict)| matches!(verdict, Verdict::Same)).count();
    report::say(&format!("{good} of {} reproducible", report::count(verdicts.len(), "install")));
    match verdicts.len() - good {
        0 => Ok(()),
        bad => {
            let error = Error::failed(format!("{} did not come out again", report::count(bad, "install")));
            Err(match arguments.weak.is_asked() {
                true => error.line(
                    "the weak sandbox shows a build its directories where they lie, each time elsewhere",
                ),
                false => error,
            })
        }
    }
}

fn asked(items: &Items, arguments: &Arguments) -> Result<Vec<InstallId>> {
    if !arguments.all {
        return arguments.names.iter().map(|name| items.install(name)).collect();
    }
    items.store.installs()
}

/// Builds one install in rounds, until one differs.
fn judge(global: &Global, items: &Items, script: &Script, arguments: &Arguments) -> Result<Verdict> {
    let item = Item::Install(script.install_id());
    let scripts = std::slice::from_ref(script);
    anew::prepare(global, items, scripts, &arguments.weak)?;
    for round in 0..usize::from(arguments.rounds) {
        let conditions = match arguments.vary {
            // The links of the weak sandbox's view are this user's.
            true if arguments.weak.is_asked() => Conditions::varied(round, &items.store).for_this_user(),
            true => Conditions::varied(round, &items.store),
            false => Conditions::default(),
        };
        report::say(&report::verb(
            "round",
            format!("{} {}: {}", round + 1, script.header.name, conditions.words()),
        ));
        let scratch = scratch(items, scripts, &conditions, arguments)?;
        let status = conditions.run(anew::command(&scratch, items, scripts, &arguments.weak)?)?;
        if let Err(error) = anew::judge(status) {
            // One that fails does not keep the others from being tried; one that is stopped does.
            return if status.code() == Some(1) { Ok(Verdict::Failed) } else { Err(error) };
        }
        let changes = items.store.difference_with(&item, scratch.store(), &item)?;
        if !changes.is_empty() {
            explain(&items.store, scratch.store(), &item, &changes)?;
            return Ok(Verdict::Differs(changes));
        }
    }
    Ok(Verdict::Same)
}

fn scratch(
    items: &Items,
    scripts: &[Script],
    conditions: &Conditions,
    arguments: &Arguments,
) -> Result<Scratch> {
    let without = anew::asked(scripts);
    let scratch = match &conditions.place {
        Some(place) => items.store.scratch_in(place, &without)?,
        None if conditions.uid().is_some() => items.store.scratch_in(&std::env::temp_dir(), &without)?,
        None => items.store.scratch(&without)?,
    };
    if arguments.weak.is_asked() {
        scratch.open_the_way()?;
    }
    anew::write_scripts(&scratch, items, scripts)?;
    if let Some(uid) = conditions.uid() {
        scratch.give_to(uid)?;
    }
    Ok(scratch)
}

/// How many files are explained before the rest is only counted.
const NAMED: usize = 20;

/// Tells where the files part.
fn explain(store: &Store, again: &Store, item: &Item, changes: &[Change]) -> Result<()> {
    for change in changes.iter().take(NAMED) {
        let path = change.path.display();
        report::say(&match (&change.old, &change.new) {
            (Some(What::File { .. }), Some(What::File { .. })) => {
                match store.first_apart(item, again, &change.path)? {
                    Some(apart) => format!("  ~ {path}: {}", described(&apart)),
                    None => format!("  ~ {path}: the mode differs"),
                }
            }
            (Some(_), None) => format!("  - {path}: only what is installed has it"),
            (None, Some(_)) => format!("  + {path}: only what was built again has it"),
            _ => format!("  ~ {path}: another link or kind"),
        });
    }
    if changes.len() > NAMED {
        report::say(&format!("  and {} more", changes.len() - NAMED));
    }
    let (old, new) = (store.path(item), again.path(item));
    if Command::new("diffoscope").args([&old, &new]).stdout(std::io::stderr()).status().is_ok() {
        return Ok(());
    }
    let is_file = |what: &Option<What>| matches!(what, Some(What::File { .. }));
    let text = changes.iter().find(|change| is_file(&change.old) && is_file(&change.new));
    if let Some(change) = text
        && let Some(apart) = store.first_apart(item, again, &change.path)?
        && let (Ok(old), Ok(new)) = (String::from_utf8(apart.old), String::from_utf8(apart.new))
    {
        report::say(&readable(&change.path, &old, &new));
    }
    Ok(())
}

/// `from byte 12: 31 0a, not 32 0a`
fn described(apart: &Apart) -> String {
    let hex = |bytes: &[u8]| {
        let some = bytes.iter().skip(apart.offset).take(8).map(|byte| format!("{byte:02x}"));
        let some: Vec<String> = some.collect();
        if some.is_empty() { "the end".to_string() } else { some.join(" ") }
    };
    format!("from byte {}: {}, built again {}", apart.offset, hex(&apart.old), hex(&apart.new))
}

fn readable(path: &Path, old: &str, new: &str) -> String {
    const LINES: usize = 40;
    let diff = TextDiff::from_lines(old, new);
    let names = (format!("installed/{}", path.display()), format!("again/{}", path.display()));
    let text = diff.unified_diff().header(&names.0, &names.1).to_string();
    text.lines().take(LINES).collect::<Vec<_>>().join("\n")
}

impl Verdict {
    fn word(&self) -> &'static str {
        match self {
            Verdict::Same => "same",
            Verdict::Differs(_) => "differs",
            Verdict::Failed => "failed",
        }
    }
}

fn as_json(item: &Item, verdict: &Verdict, is_weak: bool) -> serde_json::Value {
    let files: Vec<_> = match verdict {
        Verdict::Differs(changes) => changes.iter().map(|change| change.path.to_string_lossy()).collect(),
        Verdict::Same | Verdict::Failed => Vec::new(),
    };
    json!({"item": item.to_string(), "verdict": verdict.word(), "files": files, "weak_sandbox": is_weak})
}
