//! All paths of all members, and who claims each of them, after the rules of an environment file.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::rules::{self, Place, Rules};
use super::table;
use crate::base::{Error, Result};
use crate::script::InstallId;
use crate::store::{Entry, Manifest, What};

/// The longest path that is shown: with the environment's own name before it, the system opens no longer one (4096
/// bytes).
const LONGEST: usize = 4000;

/// That one member has an entry at a path.
#[derive(Debug)]
pub(super) struct Claim<'a> {
    /// The member, an index into the sorted installs.
    pub(super) owner: usize,
    /// Where it lies in the member.
    pub(super) from: &'a Path,
    /// What it is.
    pub(super) what: &'a What,
    /// For a directory: that a link to it would show exactly what belongs here. A rule that moves an entry away or in
    /// makes it false.
    pub(super) is_whole: bool,
}

/// A tree of paths. Flat, because a chain of nodes as deep as a path can be would not fit a thread's stack.
pub(super) struct Claims<'a> {
    nodes: Vec<Node<'a>>,
}

/// A path; the owners of its claims ascend.
#[derive(Default)]
struct Node<'a> {
    claims: Vec<Claim<'a>>,
    children: BTreeMap<&'a OsStr, usize>,
}

/// What a directory is that only a rule wants.
static DIRECTORY: What = What::Directory;

impl<'a> Claims<'a> {
    /// Collects every entry of every member, and all that is wrong with them or with the rules.
    pub(super) fn new(
        members: &BTreeMap<&'a InstallId, &'a Manifest>,
        rules: &'a Rules,
    ) -> (Claims<'a>, Vec<Error>) {
        let mut claims = Claims { nodes: vec![Node::default()] };
        let mut errors = rules.unknown_installs(members);
        for (owner, (install, manifest)) in members.iter().enumerate() {
            let mut member = Member { owner, rules: rules.of(install), directories: BTreeMap::new() };
            let mut used = BTreeSet::new();
            for entry in &manifest.entries {
                if let Err(why) = claims.add(&mut member, entry, &mut used) {
                    errors.push(unfit(install, &entry.path, why));
                }
            }
            errors.extend(rules.unused(install, manifest, &used));
        }
        for (path, install) in &rules.prefer {
            let owner = members.keys().position(|member| *member == install);
            if owner.is_some_and(|owner| !claims.has(path, owner)) {
                errors.push(rules::absent("prefer", install, path));
            }
        }
        (claims, errors)
    }

    /// The claims to a path.
    pub(super) fn at(&self, node: usize) -> &[Claim<'a>] {
        &self.nodes[node].claims
    }

    /// The entries of a directory, or of the top.
    pub(super) fn below(&self, node: Option<usize>) -> impl Iterator<Item = (&'a OsStr, usize)> {
        self.nodes[node.unwrap_or(0)].children.iter().map(|(name, node)| (*name, *node))
    }

    fn has(&self, path: &Path, owner: usize) -> bool {
        let mut names = path.as_os_str().as_bytes().split(|byte| *byte == b'/');
        let node =
            names.try_fold(0, |at, name| self.nodes[at].children.get(OsStr::from_bytes(name)).copied());
        node.is_some_and(|node| self.at(node).iter().any(|claim| claim.owner == owner))
    }

    /// Notes one entry of a member, where the rules put it.
    fn add(
        &mut self,
        member: &mut Member<'a>,
        entry: &'a Entry,
        used: &mut BTreeSet<&'a Path>,
    ) -> Result<(), &'static str> {
        let path = entry.path.as_path();
        let place = member.rules.place(path);
        if let Place::Gone { rule } | Place::Moved { rule, .. } = place {
            used.insert(rule);
            // Directories below the rule go where it says, with all that is in them.
            for above in rule.ancestors().skip(1) {
                if let Some(node) = member.directories.get(above) {
                    self.claim_of(*node, member.owner).expect("it was noted").is_whole = false;
                }
            }
        }
        let node = match place {
            Place::Gone { .. } => return Ok(()),
            Place::Same => self.descend(member.owner, path, false)?,
            Place::Moved { to, rest, .. } => {
                let node = self.descend(member.owner, to, true)?;
                if rest.as_os_str().is_empty() {
                    node
                } else {
                    self.descend_from(node, member.owner, rest, false)?
                }
            }
        };
        self.claim(node, Claim { owner: member.owner, from: path, what: &entry.what, is_whole: true })?;
        if !member.rules.is_empty() && entry.what == What::Directory {
            member.directories.insert(path, node);
        }
        Ok(())
    }

    fn descend(&mut self, owner: usize, path: &'a Path, by_rule: bool) -> Result<usize, &'static str> {
        let bytes = path.as_os_str().as_bytes();
        if bytes.len() > LONGEST {
            return Err("the path is too long to be opened");
        }
        if bytes.split(|byte| *byte == b'/').next() == Some(table::DIR.as_bytes()) {
            return Err("the name `.p` is kept for the environment's own table");
        }
        self.descend_from(0, owner, path, by_rule)
    }

    /// The node of a path below another one; the directories between are there, or made if a rule wants them.
    fn descend_from(
        &mut self,
        mut node: usize,
        owner: usize,
        path: &'a Path,
        by_rule: bool,
    ) -> Result<usize, &'static str> {
        let mut is_first = true;
        for name in path.as_os_str().as_bytes().split(|byte| *byte == b'/') {
            // The manifest is data from a disk, and a name such as `..` would lead a link out of the install.
            if matches!(name, b"" | b"." | b"..") {
                return Err("this is no path below an install");
            }
            if !is_first || node != 0 {
                if by_rule && self.claim_of(node, owner).is_none() {
                    let (from, what) = (Path::new(""), &DIRECTORY);
                    self.nodes[node].claims.push(Claim { owner, from, what, is_whole: false });
                }
                let above = self.claim_of(node, owner).ok_or("the directory of this path is missing")?;
                if *above.what != What::Directory {
                    return Err("what stands above this path is no directory");
                }
                above.is_whole &= !by_rule;
            }
            is_first = false;
            node = self.child(node, OsStr::from_bytes(name));
        }
        Ok(node)
    }

    fn claim(&mut self, node: usize, claim: Claim<'a>) -> Result<(), &'static str> {
        match self.claim_of(node, claim.owner) {
            None => self.nodes[node].claims.push(claim),
            // A rule has laid two directories of one package over each other.
            Some(other) if *other.what == What::Directory && *claim.what == What::Directory => {
                other.is_whole = false;
            }
            Some(_) => return Err("two entries of the package would stand in one place"),
        }
        Ok(())
    }

    fn claim_of(&mut self, node: usize, owner: usize) -> Option<&mut Claim<'a>> {
        self.nodes[node].claims.last_mut().filter(|claim| claim.owner == owner)
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

/// The member whose entries are being noted.
struct Member<'a> {
    owner: usize,
    rules: rules::Of<'a>,
    /// Its directories by their own paths, wherever rules have put them; only noted where there are rules.
    directories: BTreeMap<&'a Path, usize>,
}

fn unfit(install: &InstallId, path: &Path, why: &str) -> Error {
    Error::failed(format!("`{install}` cannot be shown in an environment"))
        .with("path", format!("`{}`", path.display()))
        .line(why)
}

#[cfg(test)]
mod tests {
    use super::super::fake::{file, install, member};
    use super::super::merge::{Member, merge};
    use super::*;

    fn why(path: &str, copies: usize) -> String {
        let entry = Entry { path: path.into(), what: file("x") };
        let manifest = Manifest { entries: vec![entry; copies] };
        merge(&[Member { install: install("a"), manifest }]).unwrap_err().to_string()
    }

    #[test]
    fn an_unfit_manifest_is_an_error() {
        assert!(why(".p", 1).contains("path: `.p`\n  the name `.p` is kept"));
        for path in ["", "..", "../x", "/x", "x/", "a//b", "./x"] {
            let text = why(path, 1);
            assert!(
                text.contains("no path below an install") || text.contains("is missing"),
                "{path}: {text}"
            );
        }
        assert!(why("no/parent", 1).contains("the directory of this path is missing"));
        assert!(why(&"x".repeat(4001), 1).contains("too long"));
        assert!(why("x", 2).contains("two entries"));
        assert!(merge(&[member("a", &[("x/.p", file("x"))])]).is_ok(), "only the top has a table");
    }
}
