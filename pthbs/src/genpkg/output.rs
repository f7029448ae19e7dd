//! Everything that one run rendered, and how it becomes the files of `rendered/`.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;
use std::sync::Arc;

use super::facts::{Meta, SourceUse};
use super::instance::Rendering;
use super::options::Values;
use super::written::{Directory, Wanted};
use crate::base::{Error, Result, Sha256, fs};
use crate::script::about::About;
use crate::script::rendered::{self, DownloadList, Index};
use crate::script::{Rendered, Source};

/// How the file of a script ends.
const ENDING: &str = ".sh";
/// The files beside the scripts in their order: the index last, because it says that the others are there.
const LISTS: [&str; 4] = [Rendered::FILES, Rendered::COMMITS, Rendered::ABOUT, Rendered::INDEX];

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

    /// Writes `rendered/`: changed files only, the index last.
    ///
    /// A run that is killed leaves the old index or the new one, and all that it names.
    pub fn write(&self, dir: &Path) -> Result<Written> {
        let directory = Directory::open(dir)?;
        let old = Rendered::open(dir).map(|rendered| rendered.index.scripts).unwrap_or_default();
        let is_old = |name: &str| name.strip_suffix(ENDING).is_some_and(|label| old.contains_key(label));
        directory.sweep(|name| is_old(name) || LISTS.contains(&name))?;

        let lists = [self.files.to_string(), self.commits.to_string(), self.about(), self.index.to_string()];
        let lists = LISTS.iter().zip(&lists).map(|(name, text)| Wanted {
            name: name.to_string(),
            bytes: text.as_bytes(),
            is_known: true,
        });
        let files: Vec<Wanted<'_>> = self.wanted(is_old).chain(lists).collect();
        let stale = old.keys().filter(|label| !self.scripts.contains_key(*label));
        let stale: Vec<String> = stale.map(|label| format!("{label}{ENDING}")).collect();
        let staged = directory.stage(&files, &stale)?;

        let stamp = fs::read_file(&dir.join(Rendered::STAMP)).ok();
        if staged.is_nothing() && self.stamp.is_some() && self.stamp == stamp {
            return Ok(Written::default());
        }
        let changed = staged.changed.iter().filter(|file| file.name.ends_with(ENDING)).count();
        // From here on the directory is between two states, and nobody may trust it.
        directory.remove(Rendered::STAMP)?;
        staged.publish()?;
        if let Some(text) = &self.stamp {
            directory.put(Rendered::STAMP, text.as_bytes())?;
        }
        Ok(Written { changed, removed: stale.len() })
    }

    /// The scripts as files.
    fn wanted(&self, is_known: impl Fn(&str) -> bool) -> impl Iterator<Item = Wanted<'_>> {
        self.scripts.iter().map(move |(label, rendering)| {
            let name = format!("{label}{ENDING}");
            let is_known = is_known(&name);
            Wanted { name, bytes: rendering.script.text.as_bytes(), is_known }
        })
    }
}

impl Output {
    /// What is known of each label beside its script.
    fn about(&self) -> String {
        let about = |rendering: &Rendering| {
            let Meta { description, license, homepage, silence, .. } = rendering.meta.clone();
            About { description, license, homepage, silence }
        };
        let all: BTreeMap<&String, About> =
            self.scripts.iter().map(|(label, rendering)| (label, about(rendering))).collect();
        serde_json::to_string_pretty(&all).expect("it has only texts") + "\n"
    }

    /// Writes the scripts alone, for people to look at, and removes other scripts from the directory.
    pub fn write_scripts(&self, dir: &Path) -> Result<Written> {
        let directory = Directory::open(dir)?;
        directory.sweep(|_| true)?;
        let strangers: Vec<String> = self.strangers(dir)?;
        let files: Vec<Wanted<'_>> = self.wanted(|_| true).collect();
        let staged = directory.stage(&files, &strangers)?;
        let changed = staged.changed.len();
        staged.publish()?;
        Ok(Written { changed, removed: strangers.len() })
    }

    /// The names of scripts in a directory that are none of these, sorted. A file that is no script of ours is let be.
    pub fn strangers(&self, dir: &Path) -> Result<Vec<String>> {
        let failed = |cause| Error::io("list directory", dir, &cause);
        let mut strangers = Vec::new();
        for entry in std::fs::read_dir(dir).map_err(failed)? {
            let Ok(name) = entry.map_err(failed)?.file_name().into_string() else { continue };
            let is_stranger =
                name.strip_suffix(ENDING).is_some_and(|label| !self.scripts.contains_key(label));
            let is_ours = |text: String| text.starts_with("#!/bin/sh\n#@ pthbs ");
            if is_stranger && fs::read_file(&dir.join(&name)).is_ok_and(is_ours) {
                strangers.push(name);
            }
        }
        strangers.sort();
        Ok(strangers)
    }
}

/// Every script by its label; one label for two scripts is an error that names who asked.
fn labelled(roots: &[(String, Arc<Rendering>)]) -> Result<BTreeMap<String, Arc<Rendering>>> {
    let mut scripts: BTreeMap<String, (Arc<Rendering>, String)> = BTreeMap::new();
    let mut visited = HashSet::new();
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
            return Err(error.with("given by", values.given_by(&format!("{package}.{given}"))));
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
