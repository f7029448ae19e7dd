//! A commit as a tree of files: summed, and written below a directory. Nothing of the repository runs.
//!
//! The sum of a tree is the sha256 of its manifest (`store::Manifest`): the text that an install with these files
//! would have, with no references. No attribute, filter or line ending rule is applied: a file is its blob. A submodule
//! is a directory with its own commit's files; one that `.gitmodules` does not name is an empty directory, as git
//! leaves it.

use std::path::{Path, PathBuf};

use git2::{ObjectType, Odb, Oid, Repository};

use super::super::inside::Inside;
use super::super::tree::Tree;
use super::super::unpack::Limits;
use crate::base::Sha256;
use crate::store::{Entry, Manifest, What};

/// Submodules within submodules, and directories within directories.
const MAX_DEPTH: u32 = 200;

/// A commit that a tree names at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gitlink {
    pub(super) path: Inside,
    /// The same path as its own commit's `.gitmodules` knows it.
    pub(super) module: Option<String>,
    pub(super) commit: Oid,
}

/// One commit being exported.
pub(super) struct Export<'a> {
    odb: Odb<'a>,
    repository: &'a Repository,
    /// Where files are written, if anywhere.
    tree: Option<Tree>,
    limits: Limits,
    bytes: u64,
    entries: Vec<Entry>,
    gitlinks: Vec<Gitlink>,
}

impl<'a> Export<'a> {
    pub(super) fn new(repository: &'a Repository, limits: Limits) -> Result<Export<'a>, String> {
        let odb = repository.odb().map_err(plain)?;
        Ok(Export {
            odb,
            repository,
            tree: None,
            limits,
            bytes: 0,
            entries: Vec::new(),
            gitlinks: Vec::new(),
        })
    }

    /// Writes what is summed below `dir` as well.
    pub(super) fn into_dir(mut self, dir: &Path) -> Result<Export<'a>, String> {
        let opened = Tree::open(dir).map_err(|cause| format!("{}: {cause}", dir.display()))?;
        self.tree = Some(opened);
        Ok(self)
    }

    /// Adds all of a commit at a path, or at the top; gives the submodules in it, which are not added.
    pub(super) fn add(&mut self, commit: Oid, at: Option<&Inside>) -> Result<Vec<Gitlink>, String> {
        let tree = self.repository.find_commit(commit).map_err(plain)?.tree_id();
        let depth = at.map_or(0, |at| at.as_bytes().iter().filter(|byte| **byte == b'/').count());
        self.add_tree(tree, at, u32::try_from(depth).unwrap_or(u32::MAX))?;
        let mut links = std::mem::take(&mut self.gitlinks);
        let start = at.map_or(0, |at| at.as_bytes().len() + 1);
        for link in &mut links {
            link.module = String::from_utf8(link.path.as_bytes()[start..].to_vec()).ok();
        }
        Ok(links)
    }

    /// The text of `.gitmodules` at the top of a commit.
    pub(super) fn gitmodules(&self, commit: Oid) -> Result<Option<String>, String> {
        let tree = self.repository.find_commit(commit).and_then(|commit| commit.tree()).map_err(plain)?;
        let Some(entry) =
            tree.get_name(".gitmodules").filter(|entry| entry.filemode_raw() & 0o170000 == 0o100000)
        else {
            return Ok(None);
        };
        let object = self.odb.read(entry.id()).map_err(plain)?;
        Ok(Some(String::from_utf8_lossy(object.data()).into_owned()))
    }

    /// The sum of all that was added.
    pub(super) fn finish(mut self) -> Result<Sha256, String> {
        if let Some(tree) = self.tree {
            tree.finish().map_err(|cause| cause.to_string())?;
        }
        self.entries.sort_by(|a, b| a.path.as_os_str().cmp(b.path.as_os_str()));
        Ok(Sha256::of(&Manifest { entries: self.entries }.to_bytes()))
    }

    fn add_tree(&mut self, tree: Oid, at: Option<&Inside>, depth: u32) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err(format!("its directories are more than {MAX_DEPTH} deep"));
        }
        let tree = self.repository.find_tree(tree).map_err(plain)?;
        for entry in &tree {
            let name = entry.name_bytes();
            let wrong = |why: &str| format!("`{}`: {why}", name.escape_ascii());
            let path = Inside::child(at, name).map_err(wrong)?;
            // A tree never holds one; whoever unpacks it into a work tree would run what is in there.
            if name.eq_ignore_ascii_case(b".git") {
                return Err(wrong("a tree must not hold this name"));
            }
            let wrong = |why: String| format!("`{path}`: {why}");
            match entry.filemode_raw() & 0o170000 {
                0o040000 => {
                    self.directory(&path)?;
                    self.add_tree(entry.id(), Some(&path), depth + 1)?;
                }
                0o100000 => self.file(&path, entry.id(), entry.filemode_raw() & 0o111 != 0).map_err(wrong)?,
                0o120000 => self.link(&path, entry.id()).map_err(wrong)?,
                0o160000 => {
                    self.directory(&path)?;
                    self.gitlinks.push(Gitlink { path, module: None, commit: entry.id() });
                }
                other => return Err(format!("`{path}`: it is of the unknown kind {other:o}")),
            }
        }
        Ok(())
    }

    fn directory(&mut self, path: &Inside) -> Result<(), String> {
        self.note(path, What::Directory)?;
        match &mut self.tree {
            Some(tree) => tree.directory(path).map_err(|why| format!("`{path}`: {why}")),
            None => Ok(()),
        }
    }

    fn file(&mut self, path: &Inside, blob: Oid, executable: bool) -> Result<(), String> {
        let (size, kind) = self.odb.read_header(blob).map_err(plain)?;
        // A tree may name one blob a million times: what counts is what is written.
        self.bytes = self.bytes.saturating_add(size as u64);
        if kind != ObjectType::Blob || self.bytes > self.limits.bytes {
            return Err(format!(
                "it is no file, or all are larger than the limit of {} bytes",
                self.limits.bytes
            ));
        }
        let object = self.odb.read(blob).map_err(plain)?;
        let data = object.data();
        let (size, sha256) = (data.len() as u64, Sha256::of(data));
        if let Some(tree) = &mut self.tree {
            let file = tree.file(path, executable)?;
            file.write(data)?;
            file.finish()?;
        }
        drop(object);
        self.note(path, What::File { executable, size, sha256, references: Vec::new() })
    }

    fn link(&mut self, path: &Inside, blob: Oid) -> Result<(), String> {
        let object = self.odb.read(blob).map_err(plain)?;
        let text = object.data().to_vec();
        drop(object);
        if text.is_empty() || text.iter().any(u8::is_ascii_control) {
            return Err("its target is empty or holds a control character".to_string());
        }
        if let Some(tree) = &mut self.tree {
            tree.symlink(path, &text)?;
        }
        self.note(path, What::Link { target: to_path(&text) })
    }

    fn note(&mut self, path: &Inside, what: What) -> Result<(), String> {
        // A manifest is lines and tabs.
        if path.as_bytes().iter().any(u8::is_ascii_control) {
            return Err(format!("`{path}`: its name holds a control character"));
        }
        if self.entries.len() as u64 >= self.limits.members {
            return Err(format!("it has more than {} files and directories", self.limits.members));
        }
        self.entries.push(Entry { path: to_path(path.as_bytes()), what });
        Ok(())
    }
}

fn to_path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

/// libgit2's message, without its code.
pub(super) fn plain(cause: git2::Error) -> String {
    format!("git: {}", cause.message())
}
