//! Lays manifests over each other: which directories are made, which are folded into one link, what is in conflict.
//! Pure: it sees no file, and the order of its members changes nothing.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::claims::{Claim, Claims};
use super::conflict::{self, Conflict};
use super::forest::Forest;
use super::rules::Rules;
use super::table::{self, Rows, Shown};
use crate::base::{Error, Result};
use crate::script::InstallId;
use crate::store::{Entry, Manifest, What};

/// One install to be shown.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its id: what links point to.
    pub install: InstallId,
    /// What it holds.
    pub manifest: Manifest,
}

/// Whether a directory that one install alone has becomes a single link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folding {
    /// It does: far fewer links.
    On,
    /// Every directory is made: for comparison.
    Off,
}

/// Lays the members over each other; every conflict is in the one error.
pub fn merge(members: &[Member]) -> Result<Forest> {
    merge_with(members, &Rules::default(), Folding::On)
}

/// `merge` by the rules of an environment file, with or without folding.
///
/// Both ways to fold show the same tree; only the links differ.
pub fn merge_with(members: &[Member], rules: &Rules, folding: Folding) -> Result<Forest> {
    let members: BTreeMap<&InstallId, &Manifest> =
        members.iter().map(|member| (&member.install, &member.manifest)).collect();
    let installs: Vec<&InstallId> = members.keys().copied().collect();

    let (claims, mut errors) = Claims::new(&members, rules);
    let choice: BTreeMap<&Path, usize> = rules
        .prefer
        .iter()
        .filter_map(|(path, owner)| Some((path.as_path(), installs.binary_search(&owner).ok()?)))
        .collect();
    let found = Found::new(&claims, &choice, folding);
    errors.extend(conflict::error(&installs, &found.conflicts));
    match Error::all(errors) {
        Some(error) => Err(error),
        None => Ok(found.forest(&installs)),
    }
}

/// Whether two entries of one path are as good as each other.
fn is_equal(a: &What, b: &What) -> bool {
    match (a, b) {
        (What::Directory, What::Directory) => true,
        (What::File { sha256: x, executable: e, .. }, What::File { sha256: y, executable: f, .. }) => {
            x == y && e == f
        }
        (What::Link { target: x }, What::Link { target: y }) => x.as_os_str() == y.as_os_str(),
        _ => false,
    }
}

/// What the walk over all paths has found.
struct Found<'a> {
    /// Whose entry is taken at a path and below it, where there is more than one.
    choice: &'a BTreeMap<&'a Path, usize>,
    folding: Folding,
    made: Vec<Entry>,
    links: Vec<Shown<'a>>,
    conflicts: Vec<Conflict<'a>>,
}

impl<'a> Found<'a> {
    fn new(claims: &'a Claims<'a>, choice: &'a BTreeMap<&'a Path, usize>, folding: Folding) -> Found<'a> {
        let (made, links, conflicts) = (Vec::new(), Vec::new(), Vec::new());
        let mut found = Found { choice, folding, made, links, conflicts };
        let mut ahead: Vec<_> = claims.below(None).map(|(name, node)| (PathBuf::from(name), node)).collect();
        while let Some((at, node)) = ahead.pop() {
            if found.take(&at, claims.at(node)) {
                ahead.extend(claims.below(Some(node)).map(|(name, child)| (at.join(name), child)));
            }
        }
        found
    }

    /// Decides what becomes of one path; says whether to look below it.
    fn take(&mut self, at: &Path, claims: &'a [Claim<'a>]) -> bool {
        let Some(mut first) = claims.first() else { return false };
        let mut is_alone = claims.len() == 1;
        if !claims.iter().all(|other| is_equal(first.what, other.what)) {
            let Some(chosen) = self.chosen(at, claims) else {
                self.conflicts.push(Conflict { path: at.into(), claims });
                // The directories among them may hold further conflicts, and all are told at once.
                return true;
            };
            let mut equal = claims.iter().filter(|claim| is_equal(chosen.what, claim.what));
            first = equal.next().expect("the chosen one equals itself");
            is_alone = equal.next().is_none();
        }
        match first.what {
            What::Directory if is_alone && first.is_whole && self.folding == Folding::On => {
                self.show(at, first);
            }
            What::Directory => {
                self.made.push(Entry { path: at.into(), what: What::Directory });
                return true;
            }
            What::Link { target } if !is_alone && stays_inside(at, target) => {
                self.made.push(Entry { path: at.into(), what: What::Link { target: target.clone() } });
            }
            _ => self.show(at, first),
        }
        false
    }

    /// The claim that the nearest choice at the path or above it is for.
    fn chosen(&self, at: &Path, claims: &'a [Claim<'a>]) -> Option<&'a Claim<'a>> {
        at.ancestors().find_map(|path| {
            let owner = self.choice.get(path)?;
            claims.iter().find(|claim| claim.owner == *owner)
        })
    }

    fn show(&mut self, at: &Path, claim: &Claim<'a>) {
        self.links.push(Shown { at: at.into(), owner: claim.owner, from: claim.from });
    }

    /// Writes the table, gives every link its text, and sorts all by path as a manifest is.
    fn forest(self, installs: &[&InstallId]) -> Forest {
        let rows = Rows::new(installs, &self.links);
        let mut entries = self.made;
        entries.push(Entry { path: table::DIR.into(), what: What::Directory });
        let table = rows.rows().map(|(key, target)| (Path::new(table::DIR).join(key), target));
        let links = self.links.iter().map(|link| (link.at.clone(), rows.text(link)));
        entries.extend(table.chain(links).map(|(path, target)| Entry { path, what: What::Link { target } }));
        entries.sort_unstable_by(|a, b| a.path.as_os_str().cmp(b.path.as_os_str()));
        Forest::new(Manifest { entries })
    }
}

/// Whether a link's text, read where the link is, never steps above the tree that holds it.
///
/// Such a link of several installs with one text is copied: it says the same in each of them (`sh -> dash`: the `dash`
/// beside me), and in the forest it then means the forest's `dash`, whoever that belongs to. Pointing at one owner's
/// link instead would take that owner's `dash`, which the other may not have or may have otherwise, and the order of
/// names would decide. Any other text (absolute, or out of the tree) means the same place in every install.
fn stays_inside(at: &Path, target: &Path) -> bool {
    let mut depth = at.as_os_str().as_bytes().iter().filter(|byte| **byte == b'/').count();
    for name in target.as_os_str().as_bytes().split(|byte| *byte == b'/') {
        match name {
            b"." => {}
            b"" if depth == 0 && target.is_absolute() => return false,
            b"" => {}
            b".." if depth == 0 => return false,
            b".." => depth -= 1,
            _ => depth += 1,
        }
    }
    !target.is_absolute()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fake::{directory, file, install, link, member, universe};
    use super::super::wish::Wish;
    use super::*;

    /// Every entry of the tree, without the table.
    fn tree(members: &[Member]) -> Vec<String> {
        let forest = merge(members).unwrap();
        let shown = |entry: &Entry| match &entry.what {
            What::Link { target } => format!("{} -> {}", entry.path.display(), target.display()),
            _ => entry.path.display().to_string(),
        };
        forest.manifest().entries.iter().map(shown).filter(|line| !line.starts_with(".p")).collect()
    }

    fn why(members: &[Member]) -> String {
        merge(members).unwrap_err().to_string()
    }

    #[test]
    fn a_directory_of_one_install_is_one_link() {
        let a = member("a", &[("bin/x", file("x")), ("share/a/doc/1", file("1"))]);
        let b = member("b", &[("bin/y", file("y")), ("share/b", file("b"))]);
        let expected = [
            "bin",
            "bin/x -> ../.p/a/bin/x",
            "bin/y -> ../.p/b/bin/y",
            "share",
            "share/a -> ../.p/a/share/a",
        ];
        let merged = tree(&[a.clone(), b]);
        assert_eq!(merged[..5], expected);
        assert_eq!(tree(&[a]), ["bin -> .p/a/bin", "share -> .p/a/share"]);
        assert_eq!(tree(&[]), [""; 0]);
    }

    #[test]
    fn equal_files_are_no_conflict_and_differing_ones_are() {
        let a = member("a", &[("bin/x", file("x"))]);
        let b = member("b", &[("bin/x", file("x"))]);
        assert_eq!(tree(&[b, a.clone()]), ["bin", "bin/x -> ../.p/a/bin/x"]);
        let text = why(&[a.clone(), member("c", &[("bin/x", file("other"))])]);
        assert!(text.starts_with("error: 1 path belongs to several packages and differs"), "{text}");
        let mut program = file("x");
        let What::File { executable, .. } = &mut program else { unreachable!() };
        *executable = true;
        assert!(why(&[a, member("c", &[("bin/x", program)])]).contains("bin/x\n    a "), "the mode counts");
    }

    #[test]
    fn links_of_installs_are_leaves() {
        let a = member("a", &[("lib/x", file("x")), ("lib64", link("lib")), ("sh", link("/bin/sh"))]);
        let b = member("b", &[("lib/y", file("y")), ("lib64", link("lib")), ("sh", link("/bin/sh"))]);
        // The shared text means the forest's own lib, with both files; what is absolute means the same everywhere.
        let expected =
            ["lib", "lib/x -> ../.p/a/lib/x", "lib/y -> ../.p/b/lib/y", "lib64 -> lib", "sh -> .p/a/sh"];
        assert_eq!(tree(&[a.clone(), b]), expected);
        for other in [link("lib/"), directory(), file("lib")] {
            assert!(why(&[a.clone(), member("b", &[("lib64", other)])]).contains("\n  lib64\n"));
        }
    }

    #[test]
    fn a_text_that_leaves_the_tree_is_not_copied() {
        for (at, target, inside) in [
            ("bin/sh", "dash", true),
            ("bin/sh", "../bin//./dash", true),
            ("bin/sh", "../../b.1/sh", false),
            ("sh", "../x", false),
            ("sh", "/x", false),
            ("a/b/c", "../../d", true),
            ("a/b/c", "../../../d", false),
        ] {
            assert_eq!(stays_inside(Path::new(at), Path::new(target)), inside, "{at} -> {target}");
        }
    }

    #[test]
    fn every_conflict_is_told_at_once_with_lines_to_paste() {
        let a = member("a", &[("bin/x", file("1")), ("etc", link("x")), ("share/s/t", file("1"))]);
        let b = member("b", &[("bin/x", file("2")), ("etc/y/z", file("2")), ("share/s", link("t"))]);
        let c = member("c", &[("bin/x", link("b")), ("etc/y/z", file("3")), ("share/u", file("1"))]);
        let text = why(&[c, a, b]);
        let (a, b, c) = (install("a").id.short(), install("b").id.short(), install("c").id.short());
        let expected = format!(
            "error: 4 paths belong to several packages and differ between them; nothing was linked
  bin/x
    a {a}: file, 1 bytes, sha256 6b86b273
    b {b}: file, 1 bytes, sha256 d4735e3a
    c {c}: link to `b`
  etc
    a {a}: link to `x`
    b {b}: directory
    c {c}: directory
  etc/y/z
    b {b}: file, 1 bytes, sha256 d4735e3a
    c {c}: file, 1 bytes, sha256 4e074085
  share/s
    a {a}: directory
    b {b}: link to `t`
  hint: choose in the environment file whose entry is taken:
    [prefer]
    \"bin/x\" = \"a\"  # or \"b\", \"c\"
    \"etc\" = \"a\"  # or \"b\", \"c\"
    \"etc/y/z\" = \"b\"  # or \"c\"
    \"share/s\" = \"a\"  # or \"b\"
    or leave entries out, or give them another place:
    [exclude]
    \"b\" = [\"bin/x\"]
    [rename]
    \"b\" = {{ \"bin/x\" = \"bin/x.b\" }}"
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn the_deepest_path_is_walked() {
        let deep = vec!["d"; 2000].join("/");
        let members = [member("a", &[(&deep, file("x"))]), member("b", &[(&deep, file("x"))])];
        let forest = merge(&members).unwrap();
        assert_eq!(forest.manifest().entries.len(), 2000 + 3);
    }

    proptest! {
        // A failure means that the same packages could get two ids, or one user a conflict that another does not see.
        #[test]
        fn order_does_not_matter((members, seed) in (universe(), any::<u64>())) {
            let mut shuffled = members.clone();
            let mut seed = seed;
            for i in (1..shuffled.len()).rev() {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                shuffled.swap(i, (seed >> 33) as usize % (i + 1));
            }
            shuffled.extend(members.first().cloned());
            prop_assert_eq!(merge(&members), merge(&shuffled));
        }

        // A failure means a winner that nobody chose, or a conflict where there is none.
        #[test]
        fn there_is_a_conflict_exactly_where_two_differ(members in universe(), other in universe()) {
            // Without the last, whose name is another's.
            let renamed = other.into_iter().take(4).map(|Member { install: id, manifest }| {
                Member { install: install(&format!("o-{}", id.name)), manifest }
            });
            let members: Vec<Member> = members.into_iter().chain(renamed).collect();
            let mut expected: Vec<&Path> = Vec::new();
            for (i, a) in members.iter().enumerate() {
                for b in &members[..i] {
                    let differ = a.manifest.entries.iter().filter(|entry| {
                        b.manifest.entry(&entry.path).is_some_and(|other| other.what != entry.what)
                    });
                    expected.extend(differ.map(|entry| entry.path.as_path()));
                }
            }
            expected.sort_by_key(|path| path.as_os_str());
            expected.dedup();
            let text = merge(&members).err().map_or(String::new(), |error| error.to_string());
            let told = text.lines().skip(1).take_while(|line| !line.starts_with("  hint"));
            let told: Vec<&Path> =
                told.filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' ')).map(Path::new).collect();
            prop_assert_eq!(told, expected);
        }

        // A failure means that somebody pastes what he was told to paste, and is told again.
        #[test]
        fn the_lines_to_paste_settle_every_conflict(members in universe(), other in universe()) {
            let others = other.into_iter().map(|Member { install: id, manifest }| {
                Member { install: install(&format!("o-{}", &id.to_string()[..7].replace('.', "-"))), manifest }
            });
            let members: Vec<Member> = members.into_iter().chain(others).collect();
            let ids: std::collections::BTreeSet<InstallId> = members.iter().map(|member| member.install.clone()).collect();
            let mut wish = Wish::default();
            // Preferring a link to a directory hides what is below, preferring the directory may show further conflicts.
            for _ in 0..6 {
                let rules = wish.resolve(&ids).unwrap();
                let Err(error) = merge_with(&members, &rules, Folding::On) else { return Ok(()) };
                let text = error.to_string();
                let lines = text.lines().skip_while(|line| line.trim() != "[prefer]").skip(1);
                let lines = lines.take_while(|line| !line.trim().starts_with("or leave"));
                let pasted: BTreeMap<String, String> = toml::from_str(&lines.collect::<Vec<_>>().join("\n")).unwrap();
                prop_assert!(pasted.keys().all(|path| !wish.rules.prefer.contains_key(path)), "{text}");
                wish.rules.prefer.extend(pasted);
            }
            prop_assert!(false, "it does not end");
        }
    }
}
