//! What was made of a wish before, so that an environment that exists is found without reading what it consists of.
//!
//! A memory, no truth: `profile/.made/KEY`, where KEY is the sum of the wish, has the environment's id and a line for each
//! install in it. It counts as long as all of them are the very ones that were read; whatever is wrong with it, the
//! environment is made anew, and comes out the same.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use super::wish::Wish;
use crate::base::{self, Sha256};
use crate::script::InstallId;
use crate::store::{EnvironmentId, Item, Store};

/// The environment that a wish gave, if it is there and so is all that it was made of.
pub(super) fn find(store: &Store, wish: &Wish) -> Option<EnvironmentId> {
    let text = fs::read_to_string(place(store, wish)).ok()?;
    let (first, rest) = text.split_once('\n')?;
    let Ok(Item::Environment(environment)) = first.parse() else { return None };
    let is_same = |line: &str| {
        let install = line.split_once(' ')?.0.parse().ok()?;
        (stamp(store, &install)? == line).then_some(())
    };
    rest.lines().filter(|line| !line.is_empty()).try_for_each(is_same)?;
    store.has(&Item::Environment(environment)).then_some(environment)
}

/// What tells that installs are still the same; nothing where one is not there.
pub(super) fn stamps(store: &Store, installs: &BTreeSet<InstallId>) -> Option<Vec<String>> {
    installs.iter().map(|install| stamp(store, install)).collect()
}

/// Remembers what a wish gave, and forgets what is gone. What fails here costs time later and nothing else.
pub(super) fn note(store: &Store, wish: &Wish, environment: EnvironmentId, stamps: Option<Vec<String>>) {
    let Some(stamps) = stamps else { return };
    let text = format!("{environment}\n{}\n", stamps.join("\n"));
    let dir = dir(store);
    for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
        let text = fs::read_to_string(entry.path()).unwrap_or_default();
        let is_there =
            text.lines().next().and_then(|line| line.parse().ok()).is_some_and(|item| store.has(&item));
        if !is_there {
            let _ = fs::remove_file(entry.path());
        }
    }
    let _ = fs::create_dir(&dir);
    let _ = base::fs::write_whole(&place(store, wish), text.as_bytes());
}

/// `NAME.HASH INODE TIME`: an install that is built anew gets another directory for what is known of it.
fn stamp(store: &Store, install: &InstallId) -> Option<String> {
    let found = fs::symlink_metadata(store.meta(&Item::Install(install.clone()))).ok()?;
    Some(format!("{install} {} {}.{:09}", found.ino(), found.mtime(), found.mtime_nsec()))
}

fn place(store: &Store, wish: &Wish) -> PathBuf {
    // Another version of the program may see the same wish otherwise.
    let version = env!("CARGO_PKG_VERSION");
    let wish = serde_json::to_string(wish).expect("a wish has only texts, lists and maps");
    dir(store).join(Sha256::of(format!("{version}\n{wish}").as_bytes()).to_string())
}

fn dir(store: &Store) -> PathBuf {
    // No profile has such a name.
    store.profiles().join(".made")
}

#[cfg(test)]
mod tests {
    use super::super::fake::{self, Package, file};
    use super::super::make::make_wish;
    use super::*;

    #[test]
    fn what_was_made_is_found_until_something_of_it_changes() {
        let (_dir, store) = fake::store();
        let data = Package::new("data").entry("share/d", file("one")).publish(&store);
        let a = Package::new("a").entry("bin/a", file("one")).needs(&data).publish(&store);
        let wish = Wish { asked: [("a".to_string(), a.clone())].into(), ..Wish::default() };
        assert_eq!(find(&store, &wish), None);
        let environment = make_wish(&store, &wish).unwrap();
        assert_eq!(find(&store, &wish), Some(environment));
        assert_eq!(make_wish(&store, &wish).unwrap(), environment);
        let mut other = wish.clone();
        other.rules.exclude.insert("a".into(), ["bin/a".to_string()].into());
        assert_eq!(find(&store, &other), None);

        // One of its installs is built anew.
        store.remove(&data.clone().into()).unwrap();
        assert_eq!(find(&store, &wish), None);
        assert!(make_wish(&store, &wish).is_err());
        assert_eq!(Package::new("data").entry("etc/e", file("two")).publish(&store), data);
        let changed = make_wish(&store, &wish).unwrap();
        assert_ne!(changed, environment);
        assert_eq!(find(&store, &wish), Some(changed));

        // The environment is collected: the next note forgets it.
        store.remove(&changed.into()).unwrap();
        assert_eq!(find(&store, &wish), None);
        make_wish(&store, &other).unwrap();
        assert_eq!(fs::read_dir(dir(&store)).unwrap().count(), 1);
        fs::write(place(&store, &other), "env.x\n").unwrap();
        assert_eq!(find(&store, &other), None);
    }
}
