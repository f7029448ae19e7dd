//! Commits that are kept: laid out, summed anew, bundled. Works without a network.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;

use git2::Oid;

use super::super::unpack::Limits;
use super::super::wanted::Wanted;
use super::cache::Cache;
use super::export::Export;
use super::{local, modules, object_id};
use crate::base::{Error, Result, Sha256};
use crate::script::Source;
use crate::store::{Staging, Store};

/// Each is a repository to fetch; more are no project but an attack.
const MAX_SUBMODULES: usize = 500;

/// A commit's files.
pub(super) struct Exported {
    pub(super) sum: Sha256,
    /// The commit and all submodules' commits.
    commits: Vec<Oid>,
}

/// Sums a commit with its submodules, writing it below `dir` where one is given. `bring` gives the URL of a submodule
/// after it has seen to it that the commit is there.
pub(super) fn files(
    cache: &Cache,
    commit: Oid,
    url: &str,
    dir: Option<&Path>,
    bring: &mut dyn FnMut(&str, &str, Oid) -> Result<String, String>,
) -> Result<Exported, String> {
    let mut export = Export::new(cache.repository(), Limits::default())?;
    if let Some(dir) = dir {
        export = export.into_dir(dir)?;
    }
    let mut pending = vec![(commit, None, url.to_string())];
    let mut commits = vec![commit];
    while let Some((commit, at, url)) = pending.pop() {
        let links = export.add(commit, at.as_ref())?;
        if links.is_empty() {
            continue;
        }
        let modules = modules::parse(&export.gitmodules(commit)?.unwrap_or_default());
        for link in links {
            let Some(module) = link.module.as_ref().and_then(|path| modules.get(path)) else { continue };
            commits.push(link.commit);
            if commits.len() > MAX_SUBMODULES {
                return Err(format!("it has more than {MAX_SUBMODULES} submodules"));
            }
            let url = bring(&url, module, link.commit)
                .map_err(|why| format!("submodule `{}`: {why}", link.path))?;
            pending.push((link.commit, Some(link.path), url));
        }
    }
    Ok(Exported { sum: export.finish()?, commits })
}

/// Writes a bundle of a kept commit and its submodules' commits, without their histories.
pub(in super::super) fn bundle(kept: &Path, commit: &str, out: &mut File) -> Result<(), String> {
    let plain = |error: Error| error.what().to_string();
    let cache = Cache::open(kept).map_err(plain)?;
    let commit = object_id(commit).map_err(plain)?;
    let Exported { commits, .. } = files(&cache, commit, "", None, &mut nothing_to_bring)?;
    local::bundle(cache.repository(), &commits, out)
}

/// Sums a kept commit anew; the inner error says what is damaged, and it is removed already.
pub(in super::super) fn check(store: &Store, commit: &str, tree: &Sha256) -> Result<Result<(), String>> {
    let kept = store.git_commit(commit, tree);
    let cache = match fs::canonicalize(&kept) {
        Ok(repository) => Cache::open(&repository)?,
        // Its repository was removed with another commit that was damaged.
        Err(_) => {
            fs::remove_file(&kept).map_err(|cause| Error::io("remove", &kept, &cause))?;
            return Ok(Err("its repository is gone".to_string()));
        }
    };
    let why = match files(&cache, object_id(commit)?, "", None, &mut nothing_to_bring) {
        Ok(exported) if exported.sum == *tree => return Ok(Ok(())),
        Ok(exported) => format!("its files have the sum {}", exported.sum),
        Err(why) => why,
    };
    fs::remove_file(&kept).map_err(|cause| Error::io("remove", &kept, &cause))?;
    cache.remove()?;
    Ok(Err(why))
}

/// All is there: the sum was taken once with the submodules.
fn nothing_to_bring(_parent: &str, _module: &str, _commit: Oid) -> Result<String, String> {
    Ok(String::new())
}

/// Lays a kept commit out below `dir`; the inner error says what is damaged, and it is removed already.
pub(in super::super) fn place(store: &Store, source: &Source, dir: &Path) -> Result<Result<(), String>> {
    let Source::Git { commit, tree, name } = source else { unreachable!("a file is placed otherwise") };
    let kept = store.git_commit(commit, tree);
    let Ok(repository) = fs::canonicalize(&kept) else {
        return Err(Error::failed(format!("source `{name}` is not in the store"))
            .with("commit", commit)
            .hint("fetch it first"));
    };
    let cache = Cache::open(&repository)?;
    let commit = object_id(commit)?;
    let why = match files(&cache, commit, "", Some(dir), &mut nothing_to_bring) {
        Ok(exported) if exported.sum == *tree => return Ok(Ok(())),
        Ok(exported) => format!("its files have the sum {}", exported.sum),
        Err(why) => why,
    };
    // A full disk is no damage: what cannot be written may still be read.
    if files(&cache, commit, "", None, &mut nothing_to_bring).is_ok_and(|exported| exported.sum == *tree) {
        return Err(Error::failed(format!("cannot write source `{name}`"))
            .with("to", dir.display())
            .line(why));
    }
    fs::remove_file(&kept).map_err(|cause| Error::io("remove", &kept, &cause))?;
    cache.remove()?;
    let _ = fs::remove_dir_all(dir);
    Ok(Err(why))
}

/// Says that a commit is there with all its files, and where.
pub(super) fn keep(store: &Store, cache: &Cache, wanted: &Wanted<'_>) -> Result<()> {
    let kept = store.git_commit(&wanted.key, wanted.sha256);
    let staging = Staging::scratch(store, "git")?;
    let link = staging.dir().join("link");
    let name = cache.path().file_name().unwrap_or_default();
    symlink(name, &link).map_err(|cause| Error::io("make link", &link, &cause))?;
    // Renamed, not made: an old one may lead to a repository that is gone.
    crate::base::fs::rename(&link, &kept)
}
