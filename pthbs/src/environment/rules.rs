//! What an environment file says about entries: whose is taken, which are left out, which get another place.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::base::{Error, error};
use crate::script::InstallId;
use crate::store::Manifest;

/// Rules for a merge. Of several that a path lies under, the nearest counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// By path in the environment: whose entry is taken there, and below it, where several differ.
    pub prefer: BTreeMap<PathBuf, InstallId>,
    /// By install: its paths that are left out.
    pub exclude: BTreeMap<InstallId, BTreeSet<PathBuf>>,
    /// By install: its paths, and where they are shown instead.
    pub rename: BTreeMap<InstallId, BTreeMap<PathBuf, PathBuf>>,
}

/// The rules of one install.
#[derive(Clone, Copy)]
pub(super) struct Of<'a> {
    exclude: Option<&'a BTreeSet<PathBuf>>,
    rename: Option<&'a BTreeMap<PathBuf, PathBuf>>,
}

/// What becomes of an entry.
pub(super) enum Place<'a> {
    /// No rule is about it.
    Same,
    /// It is left out.
    Gone { rule: &'a Path },
    /// It is shown at `to`, or at `rest` below that.
    Moved { rule: &'a Path, to: &'a Path, rest: &'a Path },
}

impl Rules {
    /// The rules of one install.
    pub(super) fn of<'a>(&'a self, install: &InstallId) -> Of<'a> {
        Of { exclude: self.exclude.get(install), rename: self.rename.get(install) }
    }

    /// An error for each install that has rules but is not there.
    pub(super) fn unknown_installs(&self, members: &BTreeMap<&InstallId, &Manifest>) -> Vec<Error> {
        let named = self.prefer.values().chain(self.exclude.keys()).chain(self.rename.keys());
        let unknown: BTreeSet<&InstallId> = named.filter(|install| !members.contains_key(install)).collect();
        let error = |install: &InstallId| {
            Error::usage(format!(
                "there are rules for `{} {}`, which is not in this environment",
                install.name,
                install.id.short()
            ))
        };
        unknown.into_iter().map(error).collect()
    }

    /// An error for each rule of an install that no entry of it met: a typing error, or a rule that is out of date.
    pub(super) fn unused(
        &self,
        install: &InstallId,
        manifest: &Manifest,
        used: &BTreeSet<&Path>,
    ) -> Vec<Error> {
        let Of { exclude, rename } = self.of(install);
        let excluded = exclude.into_iter().flatten().map(|path| ("exclude", path));
        let renamed = rename.into_iter().flat_map(BTreeMap::keys).map(|path| ("rename", path));
        let unused = excluded.chain(renamed).filter(|(_, path)| !used.contains(path.as_path()));
        let error = |(rule, path): (&str, &PathBuf)| {
            let known = manifest.entries.iter().filter_map(|entry| entry.path.to_str());
            let error = absent(rule, install, path);
            match path.to_str().and_then(|path| error::nearest(path, known)) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error,
            }
        };
        unused.map(error).collect()
    }
}

/// A rule about a path that its install does not have.
pub(super) fn absent(rule: &str, install: &InstallId, path: &Path) -> Error {
    let (name, id) = (&install.name, install.id.short());
    Error::usage(format!("`{rule}` names `{}`, which `{name} {id}` does not have", path.display()))
}

impl<'a> Of<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.exclude.is_none() && self.rename.is_none()
    }

    /// Where an entry of the install belongs.
    pub(super) fn place(&self, path: &'a Path) -> Place<'a> {
        if self.is_empty() {
            return Place::Same;
        }
        for above in path.ancestors() {
            if let Some(rule) = self.exclude.and_then(|exclude| exclude.get(above)) {
                return Place::Gone { rule };
            }
            if let Some((rule, to)) = self.rename.and_then(|rename| rename.get_key_value(above)) {
                let rest = path.strip_prefix(above).expect("it is above");
                return Place::Moved { rule, to, rest };
            }
        }
        Place::Same
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fake::{file, install, link, member, universe};
    use super::super::merge::{Folding, Member, merge_with};
    use super::*;
    use crate::store::What;

    fn tree(members: &[Member], rules: &Rules) -> Vec<String> {
        let forest = merge_with(members, rules, Folding::On).unwrap_or_else(|error| panic!("{error}"));
        let shown = |entry: &crate::store::Entry| match &entry.what {
            What::Link { target } => format!("{} -> {}", entry.path.display(), target.display()),
            _ => entry.path.display().to_string(),
        };
        forest.manifest().entries.iter().map(shown).filter(|line| !line.starts_with(".p")).collect()
    }

    fn why(members: &[Member], rules: &Rules) -> String {
        merge_with(members, rules, Folding::On).unwrap_err().to_string()
    }

    fn prefer(rules: &[(&str, &str)]) -> Rules {
        let prefer = rules.iter().map(|(path, name)| (path.into(), install(name))).collect();
        Rules { prefer, ..Rules::default() }
    }

    fn exclude(name: &str, paths: &[&str]) -> Rules {
        let paths = paths.iter().map(PathBuf::from).collect();
        Rules { exclude: [(install(name), paths)].into(), ..Rules::default() }
    }

    fn rename(name: &str, paths: &[(&str, &str)]) -> Rules {
        let paths = paths.iter().map(|(from, to)| (from.into(), to.into())).collect();
        Rules { rename: [(install(name), paths)].into(), ..Rules::default() }
    }

    #[test]
    fn the_nearest_preference_decides() {
        let a = member("a", &[("bin/x", file("1")), ("bin/y", file("1")), ("etc", link("x"))]);
        let b = member("b", &[("bin/x", file("2")), ("bin/y", file("2")), ("etc/b", file("2"))]);
        let members = [a, b, member("c", &[("etc/c", file("3"))])];
        let rules = prefer(&[("bin", "a"), ("bin/y", "b"), ("etc", "b")]);
        let expected = [
            "bin",
            "bin/x -> ../.p/a/bin/x",
            "bin/y -> ../.p/b/bin/y",
            "etc",
            "etc/b -> ../.p/b/etc/b",
            "etc/c -> ../.p/c/etc/c",
        ];
        assert_eq!(tree(&members, &rules), expected);
        // Preferring the link hides both directories.
        assert_eq!(tree(&members, &prefer(&[("bin", "a"), ("etc", "a")]))[3..], ["etc -> .p/a/etc"]);
        assert!(why(&members, &prefer(&[("bin", "a")])).contains("1 path belongs"));
        assert!(
            why(&members, &prefer(&[("bin/z", "a")])).contains("`prefer` names `bin/z`, which `a ca978112`")
        );
        assert!(why(&members, &prefer(&[("bin", "d")])).contains("rules for `d 18ac3e73`, which is not in"));
    }

    #[test]
    fn a_copied_link_follows_the_preference_of_what_it_names() {
        let a = member("a", &[("bin/dash", file("1")), ("bin/sh", link("dash"))]);
        let b = member("b", &[("bin/dash", file("2")), ("bin/sh", link("dash"))]);
        let merged = tree(&[a, b], &prefer(&[("bin/dash", "b")]));
        assert_eq!(merged, ["bin", "bin/dash -> ../.p/b/bin/dash", "bin/sh -> dash"]);
    }

    #[test]
    fn what_is_excluded_is_not_seen_and_its_directory_not_folded() {
        let a = member("a", &[("bin/x", file("1")), ("bin/y", file("1")), ("share/a/1", file("1"))]);
        assert_eq!(
            tree(std::slice::from_ref(&a), &exclude("a", &["bin/y", "share"])),
            ["bin", "bin/x -> ../.p/a/bin/x"]
        );
        let text = why(&[a], &exclude("a", &["bin/z"]));
        assert_eq!(
            text,
            "error: `exclude` names `bin/z`, which `a ca978112` does not have\n  hint: did you mean `bin/x`?"
        );
    }

    #[test]
    fn what_is_renamed_is_seen_there_alone() {
        let a = member("a", &[("bin/x", file("1")), ("bin/y", file("1")), ("share/a/d/1", file("1"))]);
        let rules = rename("a", &[("bin/x", "bin/a-x"), ("share/a", "doc/a/old")]);
        let expected = [
            "bin",
            "bin/a-x -> ../.p/a/bin/x",
            "bin/y -> ../.p/a/bin/y",
            "doc",
            "doc/a",
            "doc/a/old -> ../../.p/a/share/a",
            "share",
        ];
        assert_eq!(tree(std::slice::from_ref(&a), &rules), expected);
        // A rule below a moved directory unfolds it where it is.
        let mut nested = rules;
        nested.exclude.insert(install("a"), [PathBuf::from("share/a/d/1")].into());
        assert_eq!(tree(std::slice::from_ref(&a), &nested)[5..], ["doc/a/old", "doc/a/old/d", "share"]);

        for (to, reason) in [
            ("bin/y", "two entries of the package would stand in one place"),
            ("bin/y/z", "what stands above this path is no directory"),
            (".p/z", "`.p` is kept"),
            ("../z", "no path below an install"),
            ("", "no path below an install"),
        ] {
            let later = member("a", &[("bin/x", file("1")), ("bin/y", file("1")), ("z", file("2"))]);
            let text = why(&[later], &rename("a", &[("z", to)]));
            assert!(text.contains("path: `z`") && text.contains(reason), "{to}: {text}");
        }
    }

    #[test]
    fn two_directories_of_one_package_may_become_one() {
        let a = member("a", &[("lib/x", file("1")), ("lib64/y", file("1"))]);
        let expected = ["lib", "lib/x -> ../.p/a/lib/x", "lib/y -> ../.p/a/lib64/y"];
        assert_eq!(tree(&[a], &rename("a", &[("lib64", "lib")])), expected);
    }

    /// Every path that a reader finds, by the manifests alone: a link to a directory shows all below it.
    fn seen(forest: &Manifest, members: &[Member]) -> BTreeSet<PathBuf> {
        let target = |path: &Path| match &forest.entry(path).unwrap().what {
            What::Link { target } => target.clone(),
            _ => panic!("{} is no link", path.display()),
        };
        let mut seen = BTreeSet::new();
        for entry in forest.entries.iter().filter(|entry| !entry.path.starts_with(".p")) {
            seen.insert(entry.path.clone());
            let What::Link { target: text } = &entry.what else { continue };
            let Some((_, shown)) = text.to_str().unwrap().split_once(".p/") else { continue };
            let (key, rest) = shown.split_once('/').unwrap();
            let row = target(&Path::new(".p").join(key));
            let own = row.strip_prefix("../..").unwrap().join(rest);
            let (id, own) = own.to_str().unwrap().split_once('/').unwrap();
            let member = members.iter().find(|member| member.install.to_string() == id).unwrap();
            let below = member.manifest.entries.iter().filter_map(|entry| entry.path.strip_prefix(own).ok());
            seen.extend(below.map(|rest| entry.path.join(rest)));
        }
        // Joining nothing to a path adds a `/`, which is no difference.
        seen
    }

    proptest! {
        // A failure means that an excluded program is still found, or that another one is not.
        #[test]
        fn exactly_what_is_excluded_is_missing(
            members in universe(),
            picks in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..6),
        ) {
            let mut rules = Rules::default();
            for (member, entry) in picks {
                let Member { install, manifest } = member.get(&members);
                // A path below an excluded one would be a rule that meets nothing, as would one that was picked before.
                let known = rules.exclude.entry(install.clone()).or_default();
                if let Some(entry) = manifest.entries.get(entry.index(manifest.entries.len().max(1))) {
                    let path = &entry.path;
                    if !known.iter().any(|other| path.starts_with(other) || other.starts_with(path)) {
                        known.insert(path.clone());
                    }
                }
            }
            let mut expected = BTreeSet::new();
            for Member { install, manifest } in &members {
                let excluded = rules.exclude.get(install);
                let is_excluded = |path: &Path| excluded.is_some_and(|paths| paths.iter().any(|other| path.starts_with(other)));
                expected.extend(manifest.entries.iter().map(|entry| &entry.path).filter(|path| !is_excluded(path)).cloned());
            }
            let forest = merge_with(&members, &rules, Folding::On).unwrap();
            prop_assert_eq!(seen(forest.manifest(), &members), expected);
        }
    }
}
