//! A project's files as they were at an earlier commit.

use std::collections::BTreeMap;
use std::path::Path;

use git2::{ObjectType, Repository, TreeWalkMode, TreeWalkResult};

use crate::base::{Error, Result};
use crate::genpkg::{Files, Project};

/// The files of the project in `root` at a commit, branch or tag of its repository.
pub(super) fn files_at(root: &Path, revision: &str) -> Result<Files> {
    let failed = |doing: &str, cause: &git2::Error| {
        Error::usage(format!("cannot {doing}: {}", cause.message()))
            .with("project", format!("`{}`", root.display()))
    };
    let root = root.canonicalize().map_err(|cause| Error::io("find directory", root, &cause))?;
    let repository =
        Repository::discover(&root).map_err(|cause| failed("open the project's repository", &cause))?;
    let top = repository.workdir().unwrap_or(repository.path());
    let top = top.canonicalize().map_err(|cause| Error::io("find directory", top, &cause))?;
    let below = root.strip_prefix(&top).unwrap_or(Path::new(""));

    let wrong = |cause: git2::Error| failed(&format!("find the commit `{revision}`"), &cause);
    let commit =
        repository.revparse_single(revision).and_then(|object| object.peel_to_tree()).map_err(wrong)?;
    let mut files = BTreeMap::new();
    let prefix = if below.as_os_str().is_empty() { String::new() } else { format!("{}/", below.display()) };
    commit
        .walk(TreeWalkMode::PreOrder, |dir, entry| {
            let path = format!("{dir}{}", entry.name().unwrap_or_default());
            let Some(path) = path.strip_prefix(&prefix) else { return TreeWalkResult::Ok };
            let is_ours =
                path == Project::FILE || path.starts_with("packages/") || path.starts_with("templates/");
            if is_ours
                && entry.kind() == Some(ObjectType::Blob)
                && let Ok(blob) = repository.find_blob(entry.id())
            {
                files.insert(path.to_string(), blob.content().to_vec());
            }
            TreeWalkResult::Ok
        })
        .map_err(|cause| failed("read the commit", &cause))?;
    Ok(Files::held(Path::new(revision), files))
}
