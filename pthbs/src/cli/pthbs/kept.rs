//! What a collection of garbage keeps, and for whose sake.

use std::time::{Duration, SystemTime};

use super::items::Items;
use crate::base::Result;
use crate::environment::{self, Why};
use crate::script::InstallId;
use crate::store::{Depth, Graph, Item, Kept, Role};

/// How long something that was asked for stays although no profile shows it.
pub(super) const GRACE: Duration = Duration::from_secs(7 * 24 * 3600);

/// One reason to keep something, and all that it reaches.
#[derive(Debug, Clone)]
pub(super) struct Reason {
    /// What is kept.
    pub item: Item,
    /// As what, and so what is kept with it.
    pub role: Role,
    /// `profile home:3`, `pin`, `asked for`, `tool of zsh`
    pub why: String,
}

/// Every reason that can be read from the store and the project here, the most telling first.
pub(super) fn reasons(items: &Items, depth: Depth) -> Result<Vec<Reason>> {
    let mut reasons = Vec::new();
    for root in environment::roots(&items.store)? {
        let why = describe(&root.why);
        reasons.push(Reason { item: root.item, role: Role::Rooted, why });
    }
    // What profiles show now comes before what they showed.
    reasons.sort_by_key(|reason| reason.why.ends_with(')'));
    for item in items.store.asked_since(SystemTime::now() - GRACE)? {
        reasons.push(Reason { item, role: Role::Rooted, why: "asked for in the last 7 days".to_string() });
    }
    if depth == Depth::Builds {
        reasons.extend(of_index(items)?);
    }
    Ok(reasons)
}

/// Who keeps a root, in a few words.
pub(super) fn describe(why: &Why) -> String {
    match why {
        Why::Pin => "pin".to_string(),
        Why::Generation { profile, number, is_current: true } => format!("profile {profile}:{number}"),
        Why::Generation { profile, number, .. } => format!("profile {profile}:{number} (not current)"),
    }
}

/// The tools and libraries of every script in the current index: what the next build would begin with.
fn of_index(items: &Items) -> Result<Vec<Reason>> {
    let Some(rendered) = &items.rendered else { return Ok(Vec::new()) };
    let mut reasons = Vec::new();
    for label in rendered.index.scripts.keys() {
        let header = rendered.script(label)?.header;
        let mut add = |install: &InstallId, role, word: &str| {
            let item = Item::Install(install.clone());
            if items.all.binary_search(&item).is_ok() {
                reasons.push(Reason { item, role, why: format!("{word} of {label} in the index") });
            }
        };
        header.tools.iter().for_each(|tool| add(tool, Role::Run, "tool"));
        header.deps.iter().for_each(|dep| add(dep, Role::Link, "dep"));
        header.needs.iter().for_each(|need| add(need, Role::Run, "needed"));
    }
    Ok(reasons)
}

/// What reasons keep.
pub(super) fn keep(graph: &Graph, reasons: &[Reason], depth: Depth) -> Kept {
    let roots: Vec<(Item, Role)> = reasons.iter().map(|reason| (reason.item.clone(), reason.role)).collect();
    graph.keep(&roots, depth)
}
