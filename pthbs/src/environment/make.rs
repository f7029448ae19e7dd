//! Makes the environment of some installs: finds all that belongs to it, merges, and publishes it once per content.

use std::collections::BTreeSet;

use super::made;
use super::merge::{Folding, Member, merge_with};
use super::rules::Rules;
use super::wish::Wish;
use crate::base::{Error, Result};
use crate::script::InstallId;
use crate::store::{EnvironmentId, Item, Meta, Staging, Store};

/// The environment of the asked installs and of what they need, transitively. One that is there is found by its name.
pub fn make(store: &Store, asked: &BTreeSet<InstallId>) -> Result<EnvironmentId> {
    let asked = asked.iter().map(|install| (install.to_string(), install.clone())).collect();
    make_wish(store, &Wish { asked, ..Wish::default() })
}

/// `make`, by what somebody wants: the rules name packages as they were asked for.
pub fn make_wish(store: &Store, wish: &Wish) -> Result<EnvironmentId> {
    // From before anything is looked up until it is published.
    let _none = store.without_collection()?;
    let environment = match made::find(store, wish) {
        Some(environment) => environment,
        None => make_anew(store, wish)?,
    };
    // A collection that comes before a profile shows it leaves it alone.
    store.note_asked(&Item::Environment(environment))?;
    Ok(environment)
}

fn make_anew(store: &Store, wish: &Wish) -> Result<EnvironmentId> {
    let installs = closure(store, &wish.installs())?;
    // Before anything else of them is read: what is built anew meanwhile is another one.
    let stamps = made::stamps(store, &installs);
    let environment = make_of(store, &read(store, &installs)?, &wish.resolve(&installs)?)?;
    made::note(store, wish, environment, stamps);
    Ok(environment)
}

fn make_of(store: &Store, members: &[Member], rules: &Rules) -> Result<EnvironmentId> {
    // All conflicts are known before anything is made.
    let forest = merge_with(members, rules, Folding::On)?;
    let item = Item::Environment(forest.id());
    if !store.has(&item) {
        let staging = Staging::new(store, &item)?;
        forest.write_sealed(&staging.tree())?;
        // Whoever else makes it at this moment makes the same: the first is kept.
        store.publish(staging, &item, forest.manifest(), Meta::default())?;
    }
    Ok(forest.id())
}

/// The asked installs and all that they need, with their manifests: what `merge` takes.
pub fn members(store: &Store, asked: &BTreeSet<InstallId>) -> Result<Vec<Member>> {
    read(store, &closure(store, asked)?)
}

fn read(store: &Store, installs: &BTreeSet<InstallId>) -> Result<Vec<Member>> {
    let member = |install: &InstallId| {
        let manifest = store.manifest(&Item::Install(install.clone()))?;
        Ok(Member { install: install.clone(), manifest })
    };
    installs.iter().map(member).collect()
}

/// The asked installs and all that they need at run time, by the scripts that the store keeps.
pub fn closure(store: &Store, asked: &BTreeSet<InstallId>) -> Result<BTreeSet<InstallId>> {
    let mut all = asked.clone();
    let mut ahead: Vec<(InstallId, Option<InstallId>)> = asked.iter().map(|id| (id.clone(), None)).collect();
    let mut errors = Vec::new();
    while let Some((id, needed_by)) = ahead.pop() {
        let script = match store.script(&id) {
            Ok(script) => script,
            Err(error) => {
                errors.push(match needed_by {
                    Some(user) => error.with("needed by", user),
                    None => error,
                });
                continue;
            }
        };
        for need in script.header.needs {
            if all.insert(need.clone()) {
                ahead.push((need, Some(id.clone())));
            }
        }
    }
    Error::all(errors).map_or(Ok(all), Err)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt;
    use std::path::{Path, PathBuf};

    use super::super::fake::{Package, file, link};
    use super::*;
    use crate::store::{MTIME, Seal};

    fn set(ids: &[&InstallId]) -> BTreeSet<InstallId> {
        ids.iter().map(|id| (*id).clone()).collect()
    }

    #[test]
    fn an_environment_holds_what_was_asked_for_and_its_needs() {
        let (_dir, store) = super::super::fake::store();
        let data = Package::new("data").entry("share/d/x", file("one")).publish(&store);
        let library = Package::new("lib").entry("lib/l", file("two")).needs(&data).publish(&store);
        let tool =
            Package::new("tool").entry("bin/t", file("three")).entry("bin/s", link("t")).needs(&library);
        let tool = tool.publish(&store);
        let other = Package::new("other").entry("bin/o", file("one")).publish(&store);

        let id = make(&store, &set(&[&tool])).unwrap();
        let place = store.path(&id.into());
        assert_eq!(fs::read(place.join("bin/s")).unwrap(), b"three");
        assert_eq!(fs::read(place.join("share/d/x")).unwrap(), b"one");
        assert_eq!(fs::read(place.join("lib/l")).unwrap(), b"two");
        let rows: Vec<_> =
            fs::read_dir(place.join(".p")).unwrap().map(|row| row.unwrap().file_name()).collect();
        assert_eq!(rows.len(), 3);
        assert_eq!(
            make(&store, &set(&[&tool, &data])).unwrap(),
            id,
            "what was needed anyway changes nothing"
        );
        assert_ne!(make(&store, &set(&[&tool, &other])).unwrap(), id);
        assert_eq!(
            store.manifest(&id.into()).unwrap().to_bytes(),
            fs::read(store.meta(&id.into()).join("manifest")).unwrap()
        );
    }

    /// Path, mode and time of everything below a directory.
    fn sealed(dir: &Path) -> Vec<(PathBuf, u32, i64, i64)> {
        let entries = walkdir::WalkDir::new(dir).min_depth(1).sort_by_file_name().into_iter();
        let found = entries.map(|entry| {
            let entry = entry.unwrap();
            let found = entry.metadata().unwrap();
            (entry.into_path(), found.mode(), found.mtime(), found.mtime_nsec())
        });
        found.collect()
    }

    // A failure means that an environment is not what the same directory would be as a build's result.
    #[test]
    fn an_environment_is_sealed_as_an_install_is() {
        let (_dir, store) = super::super::fake::store();
        let a = Package::new("a").entry("bin/a", file("one")).entry("lib64", link("lib")).publish(&store);
        let b = Package::new("b").entry("bin/b", file("two")).entry("lib64", link("lib")).publish(&store);
        let known = set(&[&a, &b]);
        let forest = merge_with(&members(&store, &known).unwrap(), &Rules::default(), Folding::On).unwrap();
        let staging = Staging::new(&store, &forest.id().into()).unwrap();
        forest.write_sealed(&staging.tree()).unwrap();
        let ours = sealed(&staging.tree());
        let top = fs::metadata(staging.tree()).unwrap();
        assert_eq!((top.mode() & 0o7777, top.mtime(), top.mtime_nsec()), (0o755, MTIME, 0));

        let silenced = BTreeSet::new();
        let seal =
            Seal { tree: &staging.tree(), own: None, known: &known, is_static: true, silenced: &silenced };
        let theirs = seal.run().unwrap();
        assert_eq!(theirs.manifest, *forest.manifest());
        assert_eq!(theirs.warnings, [""; 0]);
        assert_eq!(sealed(&staging.tree()), ours);
    }

    #[test]
    fn an_environment_that_is_there_is_not_touched() {
        let (_dir, store) = super::super::fake::store();
        let a = Package::new("a").entry("bin/a", file("one")).publish(&store);
        let id = make(&store, &set(&[&a])).unwrap();
        let before = fs::metadata(store.path(&id.into())).unwrap();
        assert_eq!(make(&store, &set(&[&a])).unwrap(), id);
        let after = fs::metadata(store.path(&id.into())).unwrap();
        assert_eq!((before.ino(), before.ctime_nsec()), (after.ino(), after.ctime_nsec()));
        assert_eq!(fs::read_dir(store.tmp()).unwrap().count(), 0);
    }

    #[test]
    fn a_conflict_or_a_missing_install_changes_nothing() {
        let (_dir, store) = super::super::fake::store();
        let missing = super::super::fake::install("gone");
        let a = Package::new("a").entry("bin/x", file("one")).publish(&store);
        let b = Package::new("b").entry("bin/x", file("two")).needs(&missing).publish(&store);
        let c = Package::new("c").entry("bin/x", file("two")).publish(&store);
        let before = store.items().unwrap();
        assert!(make(&store, &set(&[&a, &c])).unwrap_err().to_string().contains("bin/x"));
        let text = make(&store, &set(&[&a, &b])).unwrap_err().to_string();
        assert!(text.starts_with(&format!("error: `{missing}` is not in the store\n")), "{text}");
        assert!(text.ends_with(&format!("\n  needed by: {b}")), "{text}");
        assert_eq!(store.items().unwrap(), before);
        assert_eq!(fs::read_dir(store.tmp()).unwrap().count(), 0);
    }
}
