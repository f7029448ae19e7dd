//! What an environment holds, read from its table, and how two of them differ.

use std::collections::BTreeMap;
use std::path::Path;

use super::table;
use crate::base::{Error, Result};
use crate::script::{InstallId, PackageName};
use crate::store::{EnvironmentId, Item, Manifest, Store, What};

/// An install as an environment's list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Which one.
    pub install: InstallId,
    /// Upstream's version.
    pub version: String,
    /// The bytes of its files.
    pub size: u64,
}

/// How two sets of packages differ, sorted by name. Packages in both are not mentioned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// Only in the second.
    pub added: Vec<Package>,
    /// Only in the first.
    pub removed: Vec<Package>,
    /// In both by name, but not the same installs.
    pub changed: Vec<Change>,
}

/// One name's installs in each of two sets, without those in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The name.
    pub name: PackageName,
    /// What the first set has; more than one only where a name occurs twice.
    pub from: Vec<Package>,
    /// What the second has.
    pub to: Vec<Package>,
}

impl Difference {
    /// Between two sets of packages, in whatever order they are given.
    pub fn between(old: &[Package], new: &[Package]) -> Difference {
        let mut names: BTreeMap<&PackageName, [Vec<Package>; 2]> = BTreeMap::new();
        for (side, (packages, others)) in [(old, new), (new, old)].into_iter().enumerate() {
            for package in
                packages.iter().filter(|package| others.iter().all(|o| o.install != package.install))
            {
                names.entry(&package.install.name).or_default()[side].push(package.clone());
            }
        }
        let mut difference = Difference::default();
        for (name, [mut from, mut to]) in names {
            from.sort_unstable_by(|a, b| a.install.cmp(&b.install));
            to.sort_unstable_by(|a, b| a.install.cmp(&b.install));
            match (from.is_empty(), to.is_empty()) {
                (true, _) => difference.added.extend(to),
                (_, true) => difference.removed.extend(from),
                _ => difference.changed.push(Change { name: name.clone(), from, to }),
            }
        }
        difference
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }

    /// By how many bytes the second set is larger.
    pub fn growth(&self) -> i128 {
        let size =
            |packages: &[Package]| packages.iter().map(|package| i128::from(package.size)).sum::<i128>();
        let changed = self.changed.iter().map(|change| size(&change.to) - size(&change.from));
        size(&self.added) - size(&self.removed) + changed.sum::<i128>()
    }
}

/// The installs in an environment, sorted: its table is the list.
pub fn installs(manifest: &Manifest) -> Vec<InstallId> {
    let rows = manifest.entries.iter().filter_map(|entry| match &entry.what {
        What::Link { target } if entry.path.parent() == Some(Path::new(table::DIR)) => target.to_str(),
        _ => None,
    });
    // A row that goes on into an install is no InstallId: it has a `/`.
    let mut installs: Vec<InstallId> =
        rows.filter_map(|text| text.strip_prefix(table::UP)?.strip_prefix('/')?.parse().ok()).collect();
    installs.sort_unstable();
    installs
}

/// The packages in an environment of the store, with what a list of them shows.
pub fn packages(store: &Store, environment: EnvironmentId) -> Result<Vec<Package>> {
    let installs = installs(&store.manifest(&Item::Environment(environment))?);
    let package = |install: InstallId| {
        let version = store.script(&install)?.header.version;
        let manifest = store.manifest(&Item::Install(install.clone()))?;
        let sizes = manifest.entries.iter().map(|entry| match entry.what {
            What::File { size, .. } => size,
            _ => 0,
        });
        Ok(Package { install, version, size: sizes.sum() })
    };
    installs
        .into_iter()
        .map(package)
        .collect::<Result<_>>()
        .map_err(|error: Error| error.with("in", environment))
}

#[cfg(test)]
mod tests {
    use super::super::fake::{self, file, install, member};
    use super::super::make::make;
    use super::super::merge::merge;
    use super::*;

    fn package(name: &str, of: &str, size: u64) -> Package {
        let mut install = install(of);
        install.name = name.parse().unwrap();
        Package { install, version: of.to_string(), size }
    }

    #[test]
    fn a_difference_tells_new_old_and_changed() {
        let old =
            [package("a", "a1", 10), package("b", "b1", 5), package("c", "c1", 1), package("c", "c2", 1)];
        let new =
            [package("c", "c3", 4), package("d", "d1", 7), package("c", "c2", 1), package("a", "a1", 10)];
        let difference = Difference::between(&old, &new);
        assert_eq!(difference.added, [package("d", "d1", 7)]);
        assert_eq!(difference.removed, [package("b", "b1", 5)]);
        let change = Change {
            name: "c".parse().unwrap(),
            from: [package("c", "c1", 1)].into(),
            to: [package("c", "c3", 4)].into(),
        };
        assert_eq!(difference.changed, [change]);
        assert_eq!(difference.growth(), 5);
        assert!(Difference::between(&old, &old).is_empty());
        assert_eq!(Difference::between(&new, &old).growth(), -5);
    }

    #[test]
    fn the_table_is_the_list() {
        let long = format!("share/{}", "x".repeat(60));
        let [one, two] = [format!("{long}/1"), format!("{long}/2")];
        let members =
            [member("b", &[(&one, file("1")), (&two, file("2"))]), member("a", &[("share/y", file("y"))])];
        let forest = merge(&members).unwrap();
        assert_eq!(installs(forest.manifest()), [install("a"), install("b")]);
    }

    #[test]
    fn a_list_has_versions_and_sizes() {
        let (_dir, store) = fake::store();
        let a = fake::Package::new("a").entry("x/1", file("one")).entry("x/2", file("three")).publish(&store);
        let env = make(&store, &[a.clone()].into()).unwrap();
        assert_eq!(packages(&store, env).unwrap(), [Package { install: a, version: "1".into(), size: 8 }]);
    }
}
