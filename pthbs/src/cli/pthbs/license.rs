//! `pthbs license`: under which terms an install may be used.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;

use super::Global;
use super::items::{self, Items};
use super::owns;
use crate::base::{Error, Result};
use crate::script::about::About;
use crate::script::{InstallId, rendered};
use crate::store::Item;

/// Print the license of an install, or of the install that a file belongs to
///
/// As the definition has it, an SPDX expression; for an install whose script is no longer in the index, as it was when it was
/// built. What is linked into a static program counts too: --closure prints the licenses of all libraries it was built with.
///
/// Example: pthbs license --closure curl
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A package, variant or id, or the path of a file
    #[arg(value_name = "NAME|PATH")]
    name: String,
    /// Those of the libraries that it was built with too
    #[arg(short, long)]
    closure: bool,
    /// Print an array of objects
    #[arg(long)]
    json: bool,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let items = Items::open(global)?;
    let licenses = Licenses::of(&items)?;
    let asked = asked(&items, &arguments.name)?;
    let installs = if arguments.closure { linked(&items, &asked)? } else { vec![asked] };
    let found: Vec<(&InstallId, String)> =
        installs.iter().map(|install| (install, licenses.of_install(&items, install))).collect();
    if arguments.json {
        let value = |(install, license): &(&InstallId, String)| json!({"item": install.to_string(), "license": license});
        items::print_json(&found.iter().map(value).collect());
    } else {
        let or_unknown = |license: &str| if license.is_empty() { "unknown" } else { license }.to_string();
        let rows = found.iter().map(|(install, license)| {
            vec![items::short(&Item::Install((*install).clone())), or_unknown(license)]
        });
        items::print_table(&rows.collect::<Vec<_>>(), &[]);
    }
    Ok(())
}

/// The install that an argument means, or that a path leads into.
pub(super) fn asked(items: &Items, argument: &str) -> Result<InstallId> {
    let path = Path::new(argument);
    if !argument.contains('/') || path.is_file() && argument.ends_with(".sh") {
        return items.install(argument);
    }
    match &owns::owners(items, path)?[..] {
        [(Item::Install(install), _)] => Ok(install.clone()),
        [] => Err(Error::failed(format!("no install holds `{argument}`"))
            .with("store", items.store.root().display())),
        _ => Err(Error::usage(format!("more than one install holds `{argument}`"))
            .hint(format!("`pthbs owns {argument}` names them"))),
    }
}

/// An install, and the libraries that it was built with, all the way down, as far as they are in the store.
pub(super) fn linked(items: &Items, install: &InstallId) -> Result<Vec<InstallId>> {
    let mut found = vec![install.clone()];
    let mut at = 0;
    while let Some(next) = found.get(at) {
        for dep in items.store.script(next)?.header.deps {
            if !found.contains(&dep) && items.store.has(&Item::Install(dep.clone())) {
                found.push(dep);
            }
        }
        at += 1;
    }
    Ok(found)
}

/// What the index tells of packages.
pub(super) struct Licenses(BTreeMap<String, About>);

impl Licenses {
    /// What the index of the project here tells; nothing where there is none.
    pub(super) fn of(items: &Items) -> Result<Licenses> {
        let about = items.rendered.as_ref().map(rendered::Rendered::about).transpose()?;
        Ok(Licenses(about.unwrap_or_default()))
    }

    /// What the definition says of exactly this install.
    pub(super) fn about(&self, items: &Items, install: &InstallId) -> Option<&About> {
        self.0.get(items.label(install)?)
    }

    /// Empty where nobody knows.
    pub(super) fn of_install(&self, items: &Items, install: &InstallId) -> String {
        match self.about(items, install) {
            Some(about) => about.license.clone(),
            None => items.store.record(install).map(|record| record.license).unwrap_or_default(),
        }
    }
}
