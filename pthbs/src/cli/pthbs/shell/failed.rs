//! `pthbs shell --failed`: what a failed build has left, in the sandbox that it had.

use std::process::ExitCode;

use super::super::items::{self, Items};
use super::super::weak::Weak;
use super::super::{Global, enter};
use crate::base::{Error, Result, fs};
use crate::build::{Known, Place, visible};
use crate::cli::report;
use crate::script::Script;
use crate::store::Item;

pub(super) fn run(global: &Global, name: &str, command: &[String], weak: &Weak) -> Result<ExitCode> {
    let items = Items::open_to_change(global)?;
    let item = find(&items, name)?;
    let store = &items.store;
    // As long as somebody looks at it nobody builds it anew, which would take it away.
    let _lock = store.try_lock(&item)?.map_err(|holder| {
        Error::usage(format!("`{}` is in use by {holder}", items::short(&item)))
            .hint("it is being built at this moment, or somebody else has entered it")
    })?;
    let place = Place::of(&store.failed(&item));
    let path = place.build.join("script");
    let script = Script::parse(fs::read_text(&path)?, &path.display().to_string())?;
    let known = Known::new(store, items.rendered.as_ref());
    let lost = |error: Error| {
        error.hint(format!("`pthbs build {name}` brings back what it needs, and tries it again"))
    };
    let visible = visible(&script.header, &known).map_err(lost)?;
    if let Some(gone) = visible.all.iter().find(|install| !store.has(&Item::Install((*install).clone()))) {
        let what = format!("`{}` has used `{gone}`, which is no longer in the store", items::short(&item));
        return Err(lost(Error::usage(what)));
    }
    let _in_use = store.in_use(&visible.all.iter().cloned().map(Item::Install).collect())?;

    let view = enter::View { store, script: &script, visible: &visible, place: &place, weak };
    let spec = view.spec("failed", command)?;
    let _exposed = view.expose(&store.failed(&item))?;
    report::say(&report::verb("entering", format!("{} as its script left it", items::short(&item))));
    enter::here(&spec)
}

/// The failure that a name means: the one with this id, or the latest one of the package.
fn find(items: &Items, name: &str) -> Result<Item> {
    let failures = items.store.failures()?;
    let rendered = items.rendered.as_ref().and_then(|rendered| {
        let label = rendered.resolve(name).ok()?;
        Some(Item::Install(rendered.script(label).ok()?.install_id()))
    });
    if let Some(item) = rendered.filter(|item| failures.contains(item)) {
        return Ok(item);
    }
    let is_meant = |item: &&Item| {
        let text = item.to_string();
        text.strip_prefix(name).is_some_and(|rest| name.contains('.') || rest.starts_with('.'))
    };
    let left = |item: &&Item| items.store.failed(item).metadata().and_then(|found| found.modified()).ok();
    failures.iter().filter(is_meant).max_by_key(left).cloned().ok_or_else(|| {
        let error = Error::usage(format!("no failed build of `{name}` is kept"));
        match failures.is_empty() {
            true => error.line("nor of any other package"),
            false => error.with("kept are", failures.iter().map(items::short).collect::<Vec<_>>().join(", ")),
        }
    })
}
