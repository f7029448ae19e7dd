//! Lays manifests over each other: which directories are made, which are folded into one link, what is in conflict.
//! Pure: it sees no file, and the order of its members changes nothing.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::conflict::{self, Conflict};
use super::forest::Forest;
use super::table::{self, Rows, Shown};
use crate::base::{Error, Result};
use crate::script::InstallId;
use crate::store::{Entry, Manifest, What};

/// The longest path that is shown: with the environment's own name before it, the system opens no longer one (4096
/// bytes). It also bounds how deep the walk can go.
const LONGEST: usize = 4000;

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
    merge_with(members, Folding::On)
}

/// `merge`, with or without folding. Both forests show the same tree; only their links differ.
pub fn merge_with(members: &[Member], folding: Folding) -> Result<Forest> {
    let members: BTreeMap<&InstallId, &Manifest> =
        members.iter().map(|member| (&member.install, &member.manifest)).collect();
    let installs: Vec<&InstallId> = members.keys().copied().collect();

    let mut tree = Tree { nodes: vec![Node::default()] };
    let mut errors = Vec::new();
    for (owner, (install, manifest)) in members.iter().enumerate() {
        for entry in &manifest.entries {
            if let Err(why) = tree.add(owner, entry) {
                errors.push(unfit(install, &entry.path, why));
            }
        }
    }
    let found = Found::new(&tree, folding);
    errors.extend(conflict::error(&installs, &found.conflicts));
    match Error::all(errors) {
        Some(error) => Err(error),
        None => Ok(found.forest(&installs)),
    }
}

fn unfit(install: &InstallId, path: &Path, why: &str) -> Error {
    Error::failed(format!("`{install}` cannot be shown in an environment"))
        .with("path", format!("`{}`", path.display()))
        .line(why)
}

/// All paths of all members. Flat, because a chain of nodes as deep as a path can be would not fit a thread's stack.
struct Tree<'a> {
    nodes: Vec<Node<'a>>,
}

/// A path, and every member's claim to it; the owners ascend.
#[derive(Default)]
struct Node<'a> {
    claims: Vec<Claim<'a>>,
    children: BTreeMap<&'a OsStr, usize>,
}

/// That one member has an entry here.
struct Claim<'a> {
    owner: usize,
    entry: &'a Entry,
}

impl<'a> Tree<'a> {
    /// Notes one entry of a member.
    fn add(&mut self, owner: usize, entry: &'a Entry) -> Result<(), &'static str> {
        let path = entry.path.as_os_str().as_bytes();
        if path.len() > LONGEST {
            return Err("the path is too long to be opened");
        }
        let mut at = 0;
        for name in path.split(|byte| *byte == b'/') {
            // The manifest is data from a disk, and a name such as `..` would lead a link out of the install.
            if matches!(name, b"" | b"." | b"..") {
                return Err("the manifest is damaged: this is no path below its install");
            }
            if at == 0 && name == table::DIR.as_bytes() {
                return Err("the name `.p` is kept for the environment's own table");
            }
            if at != 0 && !self.nodes[at].is_directory_of(owner) {
                return Err("the manifest is damaged: the directory of this path is missing");
            }
            at = self.child(at, OsStr::from_bytes(name));
        }
        let claims = &mut self.nodes[at].claims;
        if claims.last().is_some_and(|claim| claim.owner == owner) {
            return Err("the manifest is damaged: it names this path twice");
        }
        claims.push(Claim { owner, entry });
        Ok(())
    }

    fn child(&mut self, parent: usize, name: &'a OsStr) -> usize {
        let next = self.nodes.len();
        let child = *self.nodes[parent].children.entry(name).or_insert(next);
        if child == next {
            self.nodes.push(Node::default());
        }
        child
    }
}

impl Node<'_> {
    fn is_directory_of(&self, owner: usize) -> bool {
        self.claims.last().is_some_and(|claim| claim.owner == owner && claim.is_directory())
    }
}

impl Claim<'_> {
    fn is_directory(&self) -> bool {
        matches!(self.entry.what, What::Directory)
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
#[derive(Default)]
struct Found<'a> {
    made: Vec<Entry>,
    links: Vec<Shown<'a>>,
    conflicts: Vec<Conflict<'a>>,
}

impl<'a> Found<'a> {
    fn new(tree: &Tree<'a>, folding: Folding) -> Found<'a> {
        let mut found = Found::default();
        let mut ahead = vec![(PathBuf::new(), 0)];
        while let Some((at, node)) = ahead.pop() {
            let node = &tree.nodes[node];
            let children = node.children.iter().map(|(name, child)| (at.join(name), *child));
            if node.claims.is_empty() || found.take(&at, &node.claims, folding) {
                ahead.extend(children);
            }
        }
        found
    }

    /// Decides what becomes of one path; says whether to look below it.
    fn take(&mut self, at: &Path, claims: &[Claim<'a>], folding: Folding) -> bool {
        let (first, others) = (&claims[0], &claims[1..]);
        if !others.iter().all(|other| is_equal(&first.entry.what, &other.entry.what)) {
            let owners = claims.iter().map(|claim| (claim.owner, &claim.entry.what)).collect();
            self.conflicts.push(Conflict { path: at.into(), owners });
            // The directories among them may hold further conflicts, and all are told at once.
            return true;
        }
        match &first.entry.what {
            What::Directory if others.is_empty() && folding == Folding::On => self.show(at, first),
            What::Directory => {
                self.made.push(Entry { path: at.into(), what: What::Directory });
                return true;
            }
            What::Link { target } if !others.is_empty() && stays_inside(at, target) => {
                self.made.push(Entry { path: at.into(), what: What::Link { target: target.clone() } });
            }
            _ => self.show(at, first),
        }
        false
    }

    fn show(&mut self, at: &Path, claim: &Claim<'a>) {
        self.links.push(Shown { at: at.into(), owner: claim.owner, from: &claim.entry.path });
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
    fn an_unfit_manifest_is_an_error() {
        let raw = |path: &str| {
            let entries = vec![Entry { path: path.into(), what: file("x") }];
            Member { install: install("a"), manifest: Manifest { entries } }
        };
        assert!(why(&[raw(".p")]).contains("`.p` is kept"));
        for path in ["", "..", "../x", "/x", "x/", "a//b", "./x", "no/parent", &"x".repeat(4001)] {
            assert!(merge(&[raw(path)]).is_err(), "{path}");
        }
        let doubled =
            [Entry { path: "x".into(), what: file("x") }, Entry { path: "x".into(), what: file("x") }];
        let manifest = Manifest { entries: doubled.into() };
        assert!(why(&[Member { install: install("a"), manifest }]).contains("twice"));
        assert_eq!(tree(&[member("a", &[("x/.p", file("x"))])]), ["x -> .p/a/x"]);
    }

    #[test]
    fn the_deepest_path_is_walked() {
        let deep = vec!["d"; LONGEST / 2].join("/");
        let members = [member("a", &[(&deep, file("x"))]), member("b", &[(&deep, file("x"))])];
        let forest = merge(&members).unwrap();
        assert_eq!(forest.manifest().entries.len(), LONGEST / 2 + 3);
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
    }
}
