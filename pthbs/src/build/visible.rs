//! What a build sees below `/versions`: what it declares, and what that cannot do without. Pure.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::{Error, Result};
use crate::script::{Header, InstallId, Script};

/// Where scripts are found by the install that they make.
pub trait Scripts: Sync {
    /// The script of an install, or nothing where it is not known.
    fn script(&self, install: &InstallId) -> Result<Option<Arc<Script>>>;
}

/// The installs that one build sees.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Visible {
    /// The tools and what those need to run: the members of `/env`.
    pub tools: BTreeSet<InstallId>,
    /// Everything below `/versions`, the tools too.
    pub all: BTreeSet<InstallId>,
}

/// What the script with this header sees: each tool with its `needs`, each dep with its `dep` and `needs`, each need
/// with its `needs`, all the way down. Every one of them must have a script.
pub fn visible(header: &Header, scripts: &dyn Scripts) -> Result<Visible> {
    let mut tools = BTreeSet::new();
    reach(&mut tools, &header.tools, scripts, |header| header.needs.iter().collect())?;
    let mut all = tools.clone();
    // A set of its own for each manner of reaching: a tool that is a dep too brings its `dep` only as a dep.
    let mut deps = BTreeSet::new();
    reach(&mut deps, &header.deps, scripts, |header| header.deps.iter().chain(&header.needs).collect())?;
    all.extend(deps);
    let mut needs = BTreeSet::new();
    reach(&mut needs, &header.needs, scripts, |header| header.needs.iter().collect())?;
    all.extend(needs);
    Ok(Visible { tools, all })
}

fn reach(
    found: &mut BTreeSet<InstallId>,
    start: &[InstallId],
    scripts: &dyn Scripts,
    further: impl Fn(&Header) -> Vec<&InstallId>,
) -> Result<()> {
    let mut open: Vec<InstallId> = start.to_vec();
    while let Some(install) = open.pop() {
        if !found.insert(install.clone()) {
            continue;
        }
        let script = scripts.script(&install)?.ok_or_else(|| no_script(&install))?;
        open.extend(further(&script.header).into_iter().cloned());
    }
    Ok(())
}

/// Nobody has the script of this install.
pub(super) fn no_script(install: &InstallId) -> Error {
    Error::usage(format!("no script for `{} {}`", install.name, install.id.short()))
        .hint("`genpkg render` writes the scripts of all packages")
}
