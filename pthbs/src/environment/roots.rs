//! What must be kept because a person said so: what profiles show or have shown, and pins.
//!
//! A pin is a link named after what it keeps: `profile/.pin/NAME.HASH -> ../../versions/NAME.HASH`.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::profile::links::{make_directory, names_in};
use super::profile::{Profile, ProfileName};
use crate::base::{Error, Result};
use crate::store::{Item, Store};

/// Something that garbage collection must keep, with all that it reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// What is kept.
    pub item: Item,
    /// Who keeps it.
    pub why: Why,
}

/// Who keeps a root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// A profile shows it, or has shown it and can go back.
    Generation { profile: ProfileName, number: u64, is_current: bool },
    /// Somebody pinned it.
    Pin,
}

/// Every root of the store: all generations of all profiles, then all pins.
pub fn roots(store: &Store) -> Result<Vec<Root>> {
    let mut roots = Vec::new();
    for name in Profile::list(store)? {
        let profile = Profile::open(store, &name);
        let current = profile.current()?.map(|generation| generation.number);
        roots.extend(profile.history()?.into_iter().map(|generation| Root {
            item: Item::Environment(generation.environment),
            why: Why::Generation {
                profile: name.clone(),
                number: generation.number,
                is_current: current == Some(generation.number),
            },
        }));
    }
    roots.extend(pins(store)?.into_iter().map(|item| Root { item, why: Why::Pin }));
    Ok(roots)
}

/// Everything that is pinned, sorted.
pub fn pins(store: &Store) -> Result<Vec<Item>> {
    let mut pins: Vec<Item> = names_in(&place(store))?.iter().filter_map(|name| name.parse().ok()).collect();
    pins.sort_unstable();
    Ok(pins)
}

/// Pins an item of the store; says whether it was not pinned before.
pub fn pin(store: &Store, item: &Item) -> Result<bool> {
    let _none = store.without_collection()?;
    if !store.has(item) {
        return Err(
            Error::usage(format!("`{item}` is not in the store")).with("store", store.root().display())
        );
    }
    let place = place(store);
    make_directory(&place)?;
    let link = place.join(item.to_string());
    match symlink(Path::new("../../versions").join(item.to_string()), &link) {
        Err(cause) if cause.kind() == ErrorKind::AlreadyExists => Ok(false),
        made => made.map(|()| true).map_err(|cause| Error::io("make link", &link, &cause)),
    }
}

/// Takes a pin away; says whether there was one.
pub fn unpin(store: &Store, item: &Item) -> Result<bool> {
    let link = place(store).join(item.to_string());
    match fs::remove_file(&link) {
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(false),
        removed => removed.map(|()| true).map_err(|cause| Error::io("delete", &link, &cause)),
    }
}

fn place(store: &Store) -> PathBuf {
    // No profile has such a name.
    store.profiles().join(".pin")
}

#[cfg(test)]
mod tests {
    use super::super::fake::{Package, file, store};
    use super::super::make::make;
    use super::super::wish::Wish;
    use super::*;

    #[test]
    fn generations_and_pins_are_roots() {
        let (_dir, store) = store();
        let a = Package::new("a").entry("bin/a", file("one")).publish(&store);
        let b = Package::new("b").entry("bin/b", file("two")).publish(&store);
        let envs = [&a, &b].map(|install| make(&store, &[install.clone()].into()).unwrap());
        assert_eq!(roots(&store).unwrap(), []);

        let profile = Profile::open(&store, &"home".parse().unwrap());
        for env in envs {
            profile.switch(env, &Wish::default()).unwrap();
        }
        let (a, b) = (Item::Install(a), Item::Install(b));
        assert!(pin(&store, &b).unwrap() && pin(&store, &a).unwrap());
        assert!(!pin(&store, &a).unwrap());
        assert!(fs::metadata(place(&store).join(a.to_string())).unwrap().is_dir(), "the link leads to it");
        let generation = |number: u64, env: usize| Root {
            item: envs[env].into(),
            why: Why::Generation { profile: "home".parse().unwrap(), number, is_current: number == 2 },
        };
        let pinned = |item: &Item| Root { item: item.clone(), why: Why::Pin };
        assert_eq!(roots(&store).unwrap(), [generation(1, 0), generation(2, 1), pinned(&a), pinned(&b)]);
        assert_eq!(Profile::list(&store).unwrap().len(), 1, "pins are no profile");

        assert!(unpin(&store, &a).unwrap());
        assert!(!unpin(&store, &a).unwrap());
        assert_eq!(pins(&store).unwrap(), [b]);
        let absent = Item::Install(super::super::fake::install("absent"));
        assert!(pin(&store, &absent).unwrap_err().what().ends_with("is not in the store"));
    }
}
