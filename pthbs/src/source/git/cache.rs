//! Bare repositories in the store, one per URL, each with the submodules that its commits name.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use git2::{Oid, Repository, RepositoryInitOptions};

use super::super::address::shown;
use super::super::http::Refusal;
use super::Fill;
use super::export::plain;
use crate::base::{Error, Result, Sha256};
use crate::store::{Lock, Store};

/// One of them.
pub(super) struct Cache {
    path: PathBuf,
    repository: Repository,
}

impl Cache {
    /// Opens the repository for a URL, making it where it is missing.
    pub(super) fn of_url(store: &Store, url: &str) -> Result<Cache> {
        let name = name_of(url);
        let path = store.git_repository(&name);
        // Making one takes several steps; a killed maker's work is done again by the next.
        let _lock = Lock::take(&store.lock_path(&format!("git.{name}")))?;
        let opened = Repository::open_bare(&path).or_else(|_| {
            let mut options = RepositoryInitOptions::new();
            // No template: its hooks and settings are no business of ours.
            options.bare(true).external_template(false).mkpath(true);
            Repository::init_opts(&path, &options)
        });
        let repository = opened.map_err(|cause| failure(&path, cause))?;
        Ok(Cache { path, repository })
    }

    /// Opens one that is there.
    pub(super) fn open(path: &Path) -> Result<Cache> {
        let repository = Repository::open_bare(path).map_err(|cause| failure(path, cause))?;
        Ok(Cache { path: path.to_path_buf(), repository })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Whether a commit is there. Its files may still be damaged: summing them tells.
    pub(super) fn has(&self, commit: Oid) -> bool {
        self.repository.find_commit(commit).is_ok()
    }

    /// Takes a pack in that `fill` gives in pieces; nothing of it is there unless all of it is sound.
    pub(super) fn receive(&self, max_bytes: u64, fill: &mut Fill<'_>) -> Result<(), Refusal> {
        let refused = |cause: git2::Error| Refusal::lasting(plain(cause));
        let odb = self.repository.odb().map_err(refused)?;
        let mut writer = odb.packwriter().map_err(refused)?;
        let mut total = 0;
        fill(&mut |bytes| {
            total += bytes.len() as u64;
            if total > max_bytes {
                return Err(Refusal::lasting(format!("more than the limit of {max_bytes} bytes arrived")));
            }
            // The writer's own error says nothing; libgit2 keeps the reason aside.
            writer.write_all(bytes).map_err(|_| refused(git2::Error::last_error(-1)))
        })?;
        writer.commit().map_err(refused)?;
        drop(writer);
        odb.refresh().map_err(refused)
    }

    /// Removes it with all its commits: it is damaged.
    pub(super) fn remove(self) -> Result<()> {
        let path = self.path;
        drop(self.repository);
        fs::remove_dir_all(&path).map_err(|cause| Error::io("remove damaged repository", &path, &cause))
    }
}

fn failure(path: &Path, cause: git2::Error) -> Error {
    Error::usage(format!("cannot open the repository `{}`", path.display())).line(plain(cause))
}

/// A file name that a person recognises, made unique by the URL's sum.
fn name_of(url: &str) -> String {
    let shown = shown(url);
    let readable = shown.split_once("://").map_or(&*shown, |(_, rest)| rest);
    let plain = readable.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' => char::from(byte),
        _ => '_',
    });
    let plain: String = plain.skip_while(|character| *character == '.').take(80).collect();
    format!("{plain}-{}", Sha256::of(url.as_bytes()).short())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_has_a_name_of_its_own() {
        let name = name_of("https://me:secret@h.org/a/b.git");
        assert!(name.starts_with("h.org_a_b.git-") && !name.contains("secret"), "{name}");
        assert_ne!(name_of("https://h/a_b"), name_of("https://h/a/b"));
        assert!(!name_of("file:///../x").contains('/'));
    }

    #[test]
    fn a_damaged_pack_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let cache = Cache::of_url(&store, "https://h/x").unwrap();
        let refusal = cache.receive(1000, &mut |take| take(b"PACK\0\0\0\x02\0\0\0\x01rubbish")).unwrap_err();
        assert!(refusal.why.starts_with("git: "), "{}", refusal.why);
        assert!(cache.receive(3, &mut |take| take(b"PACK")).unwrap_err().why.contains("limit of 3 bytes"));
        assert!(fs::read_dir(cache.path().join("objects/pack")).unwrap().next().is_none());
    }
}
