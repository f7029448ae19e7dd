//! `genpkg update`: newer versions of packages.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::bump::bump;
use super::fetching::FetchArguments;
use super::{OptionArguments, ProjectArguments};
use crate::base::{Error, Result};
use crate::cli::report;
use crate::genpkg::{Options, Rendering, UpdateRule, compare_versions};
use crate::script::PackageName;
use crate::source::Fetcher;

/// Look for newer versions by each package's own rule, and change the packages to them.
///
/// A rule is the `url` of a page and a `pattern`, a regular expression whose group is a version there: that of
/// `meta.update`, else the directory of the package's first source and the name of that file. Prints a line for each newer
/// version: name, old, new, with tabs between. What cannot be looked up is told on stderr, and the exit status is 1.
///
/// Example: genpkg update --check
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Packages to look at; all that have a rule when none is named.
    names: Vec<String>,
    /// Only report; change nothing.
    #[arg(long)]
    check: bool,
    /// Print JSON: an object for each package that was looked at.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    options: OptionArguments,
    #[command(flatten)]
    fetch: FetchArguments,
}

/// Pages asked for at once: they cost waiting, not work.
const AT_ONCE: usize = 8;

/// What was found out about one package.
struct Found {
    name: PackageName,
    old: String,
    /// The newest version that its page has.
    newest: Result<String>,
}

impl Found {
    /// The newest version, where it is newer than ours.
    fn newer(&self) -> Option<&str> {
        let newest = self.newest.as_ref().ok()?;
        compare_versions(newest, &self.old).is_gt().then_some(newest)
    }
}

pub(super) fn run(project: &ProjectArguments, arguments: &Arguments) -> Result<()> {
    let opened = project.open()?;
    let options = project.kept(&opened, &arguments.options)?;
    let output = opened.render(&Options { only: arguments.names.clone(), ..options.clone() })?;
    let is_asked =
        |name: &str| arguments.names.is_empty() || arguments.names.iter().any(|asked| asked == name);
    let asked = output.scripts.iter().filter(|(label, _)| !label.contains('@') && is_asked(label));
    let with_rule: Vec<(&Rendering, UpdateRule)> =
        asked.filter_map(|(_, one)| Some((one.as_ref(), one.update_rule()?))).collect();
    let has_rule =
        |name: &&String| with_rule.iter().any(|(one, _)| one.script.header.name.as_str() == **name);
    if let Some(without) = arguments.names.iter().find(|name| !has_rule(name)) {
        return Err(Error::usage(format!("`{without}` has no rule for updates"))
            .hint("write `\"update\": {\"url\": ..., \"pattern\": ...}` into its `meta`"));
    }
    let fetcher = arguments.fetch.fetcher()?;
    let mut found = look_up(&with_rule, &fetcher);
    let mut failures = Vec::new();
    let mut text = String::new();
    for one in &mut found {
        let newer = one.newer().map(str::to_string);
        if let Some(newer) = &newer {
            text.push_str(&format!("{}\t{}\t{newer}\n", one.name, one.old));
            if !arguments.check
                && let Err(error) = bump(&opened, &options, &one.name, newer, &fetcher)
            {
                failures.push(error);
            }
        }
        if let Err(error) = &one.newest {
            failures.push(error.clone());
        }
    }
    super::print(&if arguments.json { json(&found) } else { text.clone() })?;
    if text.is_empty() && failures.is_empty() {
        report::say(&format!("looked at {}, nothing is newer", report::count(found.len(), "package")));
    }
    Error::all(failures).map_or(Ok(()), Err)
}

/// The newest version of every package, in their order.
fn look_up(packages: &[(&Rendering, UpdateRule)], fetcher: &Fetcher) -> Vec<Found> {
    let next = AtomicUsize::new(0);
    let found: Vec<Mutex<Option<Found>>> = packages.iter().map(|_| Mutex::new(None)).collect();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(packages.len()) {
            scope.spawn(|| {
                while let Some((position, (one, rule))) = {
                    let position = next.fetch_add(1, Ordering::Relaxed);
                    packages.get(position).map(|one| (position, one))
                } {
                    let header = &one.script.header;
                    let newest = newest(rule, fetcher).map_err(|error| error.with("package", &header.name));
                    let (name, old) = (header.name.clone(), header.version.clone());
                    *found[position].lock().unwrap_or_else(PoisonError::into_inner) =
                        Some(Found { name, old, newest });
                }
            });
        }
    });
    found.into_iter().filter_map(|cell| cell.into_inner().unwrap_or_else(PoisonError::into_inner)).collect()
}

/// The newest version that a page has.
fn newest(rule: &UpdateRule, fetcher: &Fetcher) -> Result<String> {
    let UpdateRule { url, pattern } = rule;
    let regex = rule.regex()?;
    let page = fetcher.page(url)?;
    let versions = regex.captures_iter(&page).filter_map(|found| Some(found.get(1)?.as_str()));
    let newest = versions.max_by(|a, b| compare_versions(a, b));
    newest.map(str::to_string).ok_or_else(|| {
        Error::failed("the page has no version")
            .with("address", url)
            .with("pattern", pattern)
            .hint("look at the page; where it has moved, `meta.update` names the new one")
    })
}

fn json(found: &[Found]) -> String {
    let one = |found: &Found| {
        serde_json::json!({
            "name": found.name.as_str(),
            "version": found.old,
            "newest": found.newest.as_ref().ok(),
            "is_newer": found.newer().is_some(),
            "error": found.newest.as_ref().err().map(Error::what),
        })
    };
    format!("{:#}\n", serde_json::Value::Array(found.iter().map(one).collect()))
}
