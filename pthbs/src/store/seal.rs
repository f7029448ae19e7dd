//! Sealing: what a build left becomes what an install is. One walk to normalise, one pass over every file to sum it up,
//! to find the store names in it, and to object.

mod compressed;
mod elf;
mod finding;
mod normalise;
mod pieces;
mod scan;
mod words;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

pub use finding::Finding;
use finding::Objection;
pub use normalise::MTIME;
use normalise::{Fault, Found, FoundFile};
pub(super) use normalise::{finish, times};
use scan::{Scanned, Wanted};

use super::cursor::{Cursor, open_beneath};
use super::mask::{self, Masked};
use super::names::Known;
use super::spread::Spread;
use super::{Entry, Item, Manifest, What, trouble};
use crate::base::{Error, Result};
use crate::script::InstallId;

/// The table of an environment: no install may have such an entry at its top.
const TABLE: &str = ".p";

/// A tree to be sealed. All processes that could write to it are dead.
#[derive(Debug, Clone, Copy)]
pub struct Seal<'a> {
    /// Its top, in a directory that no build writes to.
    pub tree: &'a Path,
    /// The install that it becomes; an environment is none.
    pub own: Option<&'a InstallId>,
    /// Every other install that it may name: what its script declares, with their closures.
    pub known: &'a BTreeSet<InstallId>,
    /// Whether a program that is not static is an error.
    pub is_static: bool,
    /// Objections that the definition silences.
    pub silenced: &'a BTreeSet<Finding>,
}

/// A tree that is ready to be published.
#[derive(Debug)]
pub struct Sealed {
    /// What is in it.
    pub manifest: Manifest,
    /// Its digest without the hashes in it, and the installs that it names.
    pub masked: Masked,
    /// What a person should know, one line each.
    pub warnings: Vec<String>,
}

/// A tree of which everything is listed and nothing is read.
pub struct Walked {
    top: Cursor,
    found: Found,
}

/// What one thread has done before a pool for such work is awake: so many entries at most, and so many bytes.
const FEW: usize = 16;
const SHORT: u64 = 256 * 1024;

impl Walked {
    /// Whether finishing it takes no help.
    pub fn is_small(&self) -> bool {
        let Found { directories, files, links, .. } = &self.found;
        directories.len() + files.len() + links.len() <= FEW
            && files.iter().map(|file| file.size).sum::<u64>() <= SHORT
    }
}

impl Seal<'_> {
    /// Normalises the tree and lists it. Files are read in parallel: to be called in the pool for such work.
    pub fn run(&self) -> Result<Sealed> {
        self.finish(self.walk()?)
    }

    /// Looks through the tree and replaces its hard links; refuses what no install may hold.
    pub fn walk(&self) -> Result<Walked> {
        let mut top = Cursor::open(self.tree).map_err(|cause| self.top_fault(&cause))?;
        let fault = |fault| self.fault(fault);
        let mut found = Found::walk(&mut top).map_err(fault)?;
        found.replace_hard_links(top.as_fd()).map_err(fault)?;
        if self.own.is_some() && found.paths().any(|path| path == Path::new(TABLE)) {
            found.refused.push(format!("`{TABLE}` is where an environment has its table"));
        }
        if !found.refused.is_empty() {
            let what = format!("what `{}` installed cannot be kept", self.name());
            return Err(finding::refuse(what, &found.refused, None));
        }
        Ok(Walked { top, found })
    }

    /// Reads everything and gives it its final form. Files are read in parallel: to be called in the pool for such work,
    /// unless the tree is small.
    pub fn finish(&self, walked: Walked) -> Result<Sealed> {
        let spread = if walked.is_small() { Spread::Here } else { Spread::Pool };
        let Walked { top, mut found } = walked;
        let fault = |fault| self.fault(fault);
        let known = Known::new(self.known.iter().chain(self.own));
        let wanted = Wanted::new(&known, self.is_static);
        // The largest first: a long file begun last would leave the other threads idle.
        found.files.sort_unstable_by_key(|file| std::cmp::Reverse(file.size));
        let scan = |file: &FoundFile| {
            finish_file(top.as_fd(), file, &wanted).map_err(|cause| (file.path.clone(), cause))
        };
        let scanned = spread.each(&found.files, scan).map_err(fault)?;
        // Directories last: what happened in them changed their times.
        let finish_directory = |path: &PathBuf| {
            open_beneath(top.as_fd(), path)
                .and_then(|dir| normalise::finish(dir.as_fd(), 0o555))
                .map_err(|cause| (path.clone(), cause))
        };
        spread.each(&found.directories, finish_directory).map_err(fault)?;
        // The top stays writable for its owner until it is published: it must still be moved.
        normalise::finish(top.as_fd(), 0o755).map_err(|cause| self.top_fault(&cause))?;

        let (manifest, mut objections) = list(found, scanned);
        objections.extend(self.objections_to_links(&manifest, &known, &wanted));
        objections.retain(|objection| !self.silenced.contains(&objection.finding));
        let warnings = finding::weigh(&self.name(), objections)?;
        let masked = mask::mask(top.as_fd(), self.tree, &manifest, &known, spread)?;
        Ok(Sealed { manifest, masked, warnings })
    }

    fn fault(&self, (path, cause): Fault) -> Error {
        trouble("seal", &self.tree.join(path), &cause)
    }

    fn top_fault(&self, cause: &io::Error) -> Error {
        trouble("seal", self.tree, cause)
    }

    fn name(&self) -> String {
        match self.own {
            Some(own) => format!("{}.{}", own.name, own.id.short()),
            None => self.tree.display().to_string(),
        }
    }

    fn objections_to_links(
        &self,
        manifest: &Manifest,
        known: &Known<'_>,
        wanted: &Wanted<'_>,
    ) -> Vec<Objection> {
        let mut objections = Vec::new();
        for Entry { path, what } in &manifest.entries {
            let What::Link { target } = what else { continue };
            let mut object = |finding, detail| {
                objections.push(Objection { finding, path: path.clone(), detail });
            };
            let text = target.as_os_str().as_bytes();
            for (finding, word) in [(Finding::Env, &wanted.env), (Finding::Build, &wanted.build)] {
                if word.begins(text) {
                    object(finding, format!("a link to {}", target.display()));
                }
            }
            for stranger in known.strangers_in(text) {
                object(Finding::Undeclared, stranger);
            }
            if let Some(item) = neighbour(path, target).filter(|item| !self.may_name(item)) {
                object(Finding::Undeclared, item.to_string());
            }
        }
        objections
    }

    fn may_name(&self, item: &Item) -> bool {
        match item {
            Item::Install(id) => self.own == Some(id) || self.known.contains(id),
            Item::Environment(_) => false,
        }
    }
}

/// The item that a relative link leads to from inside another one.
fn neighbour(path: &Path, target: &Path) -> Option<Item> {
    let mut depth = path.parent()?.components().count();
    let mut components = target.components();
    loop {
        match components.next()? {
            Component::ParentDir if depth == 0 => break,
            Component::ParentDir => depth -= 1,
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    components.next()?.as_os_str().to_str()?.parse().ok()
}

/// Reads one file and gives it its final form.
fn finish_file(top: BorrowedFd<'_>, found: &FoundFile, wanted: &Wanted<'_>) -> io::Result<Scanned> {
    thread_local! {
        // One for each thread: making it costs more than reading a small file into it.
        static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    let mut file = File::from(open_beneath(top, &found.path)?);
    normalise::finish(file.as_fd(), if found.is_executable { 0o555 } else { 0o444 })?;
    BUFFER.with_borrow_mut(|buffer| wanted.scan(&mut file, &found.path, buffer))
}

/// The manifest of what was found, and the objections to it.
fn list(found: Found, scanned: Vec<Scanned>) -> (Manifest, Vec<Objection>) {
    let mut objections = Vec::new();
    let directories = found.directories.into_iter().map(|path| Entry { path, what: What::Directory });
    let links = found.links.into_iter().map(|(path, target)| Entry { path, what: What::Link { target } });
    let files = found.files.into_iter().zip(scanned).map(
        |(FoundFile { path, is_executable: executable, .. }, scanned)| {
            let Scanned { size, sha256, references, objections: more } = scanned;
            objections.extend(more);
            Entry { path, what: What::File { executable, size, sha256, references } }
        },
    );
    let mut entries: Vec<Entry> = directories.chain(links).chain(files).collect();
    entries.sort_unstable_by(|a, b| a.path.as_os_str().cmp(b.path.as_os_str()));
    (Manifest { entries }, objections)
}

#[cfg(test)]
mod tests;
