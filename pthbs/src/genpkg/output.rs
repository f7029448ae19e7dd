//! Everything that one run rendered, and how it becomes the files of `rendered/`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::facts::{Meta, SourceUse};
use super::instance::Rendering;
use super::options::{Values, given_by};
use crate::base::{Error, Result, Sha256, fs};
use crate::script::about::About;
use crate::script::rendered::{self, DownloadList, Index};
use crate::script::{Rendered, Source};

/// All scripts of a run, in memory.
pub struct Output {
    /// Scripts by label: `NAME`, or `NAME@LABEL` for a variant.
    pub scripts: BTreeMap<String, Arc<Rendering>>,
    /// Where source files can be had.
    pub files: DownloadList,
    /// Where git commits can be had.
    pub commits: DownloadList,
    /// What becomes the file `index`.
    pub index: Index,
    /// The fingerprint of the project's files; none when only some packages were rendered.
    stamp: Option<String>,
}

/// What `Output::write` did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Scripts that are new or have other bytes than before.
    pub changed: usize,
    /// Scripts that are gone.
    pub removed: usize,
}

impl Output {
    /// Collects what the roots, by their labels, are and use.
    pub(super) fn new(
        roots: &[(String, Arc<Rendering>)],
        values: &Values,
        stamp: Option<String>,
    ) -> Result<Output> {
        let scripts = labelled(roots)?;
        check_given(&scripts, values)?;
        check_hashes(&scripts)?;
        let (mut files, mut commits) = (DownloadList::default(), DownloadList::default());
        for used in scripts.values().flat_map(|rendering| &rendering.sources) {
            let list = match used.source {
                Source::File { .. } => &mut files,
                Source::Git { .. } => &mut commits,
            };
            for url in &used.urls {
                list.add(
                    &used.source.key(),
                    rendered::Origin { url: url.clone(), place: used.place.clone() },
                );
            }
        }
        let ids = scripts.iter().map(|(label, rendering)| (label.clone(), rendering.script.id)).collect();
        let index = Index { options: values.for_index(), scripts: ids };
        Ok(Output { scripts, files, commits, index, stamp })
    }

    /// The sum of the index, which names the whole snapshot.
    pub fn id(&self) -> Sha256 {
        Sha256::of(self.index.to_string().as_bytes())
    }

    /// Writes `rendered/`: changed files only, all of them beside their places first, the index last.
    ///
    /// Two runs that write one directory leave whole files, and an index that fits them or is refused by its hashes.
    pub fn write(&self, dir: &Path) -> Result<Written> {
        fs::create_dir_all(dir)?;
        let old = Rendered::open(dir).map(|rendered| rendered.index.scripts).unwrap_or_default();
        let mut staged = Staged::default();
        for (label, rendering) in &self.scripts {
            staged.add(dir.join(format!("{label}.sh")), rendering.script.text.as_bytes())?;
        }
        let changed = staged.files.len();
        staged.add(dir.join(Rendered::FILES), self.files.to_string().as_bytes())?;
        staged.add(dir.join(Rendered::COMMITS), self.commits.to_string().as_bytes())?;
        staged.add(dir.join(Rendered::ABOUT), &self.about())?;
        staged.add(dir.join(Rendered::INDEX), self.index.to_string().as_bytes())?;
        let stale: Vec<&String> = old.keys().filter(|label| !self.scripts.contains_key(*label)).collect();

        let stamp = dir.join(Rendered::STAMP);
        let is_stamped = std::fs::read_to_string(&stamp).ok() == self.stamp && self.stamp.is_some();
        if staged.files.is_empty() && stale.is_empty() && is_stamped {
            return Ok(Written::default());
        }
        // From here on the directory is between two states, and nobody may trust it.
        remove(&stamp)?;
        staged.publish()?;
        for label in &stale {
            remove(&dir.join(format!("{label}.sh")))?;
        }
        if let Some(text) = &self.stamp {
            fs::write_whole(&stamp, text.as_bytes())?;
        }
        Ok(Written { changed, removed: stale.len() })
    }
}

impl Output {
    /// What is known of each label beside its script.
    fn about(&self) -> Vec<u8> {
        let about = |rendering: &Rendering| {
            let Meta { description, license, homepage, silence, .. } = rendering.meta.clone();
            About { description, license, homepage, silence }
        };
        let all: BTreeMap<&String, About> =
            self.scripts.iter().map(|(label, rendering)| (label, about(rendering))).collect();
        let mut bytes = serde_json::to_vec_pretty(&all).expect("it has only texts");
        bytes.push(b'\n');
        bytes
    }

    /// Writes the scripts alone, for people to look at, and removes other scripts from the directory.
    pub fn write_scripts(&self, dir: &Path) -> Result<Written> {
        fs::create_dir_all(dir)?;
        let mut staged = Staged::default();
        for (label, rendering) in &self.scripts {
            staged.add(dir.join(format!("{label}.sh")), rendering.script.text.as_bytes())?;
        }
        let changed = staged.files.len();
        staged.publish()?;
        let strangers = self.strangers(dir)?;
        strangers.iter().try_for_each(|path| remove(path))?;
        Ok(Written { changed, removed: strangers.len() })
    }

    /// Scripts in a directory that are none of these, sorted. A file that is no script of ours is let be.
    pub fn strangers(&self, dir: &Path) -> Result<Vec<PathBuf>> {
        let failed = |cause| Error::io("list directory", dir, &cause);
        let mut strangers = Vec::new();
        for entry in std::fs::read_dir(dir).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let label = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".sh"));
            let is_stranger = label.is_some_and(|label| !self.scripts.contains_key(label));
            if is_stranger && fs::read_text(&path).is_ok_and(|text| text.starts_with("#!/bin/sh\n#@ pthbs "))
            {
                strangers.push(path);
            }
        }
        strangers.sort();
        Ok(strangers)
    }
}

/// Files written beside their places. What is not published is removed.
#[derive(Default)]
struct Staged {
    files: Vec<(PathBuf, PathBuf)>,
}

impl Staged {
    /// Writes a file beside its place, unless the place holds these bytes.
    fn add(&mut self, path: PathBuf, bytes: &[u8]) -> Result<()> {
        if std::fs::read(&path).is_ok_and(|old| old == bytes) {
            return Ok(());
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let beside = path.with_file_name(format!(".{name}.{}", std::process::id()));
        self.files.push((beside.clone(), path));
        std::fs::write(&beside, bytes).map_err(|cause| Error::io("write", &beside, &cause))
    }

    /// Puts all of them into their places, in the order they were added.
    fn publish(&mut self) -> Result<()> {
        for (beside, path) in &self.files {
            fs::rename(beside, path)?;
        }
        self.files.clear();
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        for (beside, _) in &self.files {
            let _ = std::fs::remove_file(beside);
        }
    }
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", path, &cause)),
        _ => Ok(()),
    }
}

/// Every script by its label; one label for two scripts is an error that names who asked.
fn labelled(roots: &[(String, Arc<Rendering>)]) -> Result<BTreeMap<String, Arc<Rendering>>> {
    let mut scripts: BTreeMap<String, (Arc<Rendering>, String)> = BTreeMap::new();
    let mut visited = BTreeSet::new();
    let mut open: Vec<&Arc<Rendering>> = Vec::new();
    for (label, root) in roots {
        scripts.insert(label.clone(), (Arc::clone(root), label.clone()));
        open.push(root);
    }
    open.reverse();
    while let Some(user) = open.pop() {
        if !visited.insert(Arc::as_ptr(user)) {
            continue;
        }
        let asker = &user.script.header.name;
        for edge in &user.edges {
            match scripts.get(&edge.label) {
                Some((known, _)) if known.script.id == edge.to.script.id => {}
                Some((_, first)) => {
                    return Err(Error::usage(format!("`{}` would be two different scripts", edge.label))
                        .line(format!("`{first}` and `{asker}` ask for it with different options"))
                        .hint("give one of them another label: `as=\"...\"`"));
                }
                None => {
                    scripts.insert(edge.label.clone(), (Arc::clone(&edge.to), asker.to_string()));
                }
            }
            open.push(&edge.to);
        }
    }
    Ok(scripts.into_iter().map(|(label, (rendering, _))| (label, rendering)).collect())
}

/// Every package option that was given must be one of the package's, where the package was rendered.
fn check_given(scripts: &BTreeMap<String, Arc<Rendering>>, values: &Values) -> Result<()> {
    for (package, options) in &values.package {
        let variants: Vec<_> = scripts.values().filter(|one| one.script.header.name == *package).collect();
        let known: BTreeSet<&str> =
            variants.iter().flat_map(|one| &one.options).map(|option| option.name.as_str()).collect();
        let wrong = options.keys().find(|given| !known.contains(given.as_str()));
        if let Some(given) = wrong.filter(|_| !variants.is_empty()) {
            let error = super::calls::unknown_option(package.as_str(), given, known.iter().copied());
            return Err(error.with("given by", given_by(&options[given])));
        }
    }
    Ok(())
}

/// One sum under two file names is a new version with the old one's hash.
fn check_hashes(scripts: &BTreeMap<String, Arc<Rendering>>) -> Result<()> {
    let mut known: BTreeMap<Sha256, (&String, &SourceUse)> = BTreeMap::new();
    for used in scripts.values().flat_map(|rendering| &rendering.sources) {
        let Source::File { sha256, name, .. } = &used.source else { continue };
        let (first_name, first) = *known.entry(*sha256).or_insert((name, used));
        if first_name != name && !first.is_renamed && !used.is_renamed {
            return Err(Error::usage(format!("`{name}` and `{first_name}` claim the same sha256"))
                .with("where", &first.place)
                .with("and", &used.place)
                .hint(
                    "if they are one file, give both the same `name=`; otherwise one hash is out of date",
                ));
        }
    }
    Ok(())
}
