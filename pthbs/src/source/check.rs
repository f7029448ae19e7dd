//! Reads all that is kept and compares it with its names.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::thread;

use super::place::remove_damaged;
use super::{git, parallel};
use crate::base::{Error, Result, Sha256};
use crate::store::Store;

/// What a check has found.
#[derive(Debug, Default)]
pub struct Checked {
    /// How many files are what their names say.
    pub files: u64,
    /// How many commits are.
    pub commits: u64,
    /// How many bytes the files have.
    pub bytes: u64,
    /// What was damaged; it is removed, so that the next fetch brings it anew. What could not be read is here as well.
    pub damaged: Vec<Error>,
}

/// One thing that is kept.
enum Kept {
    File(Sha256),
    Commit { commit: String, tree: Sha256 },
}

/// Checks every kept source, several at once.
pub fn check(store: &Store) -> Result<Checked> {
    let kept = list(store)?;
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let outcomes = parallel::each(&kept, threads, |one| check_one(store, one));
    let mut found = Checked::default();
    for (one, outcome) in kept.iter().zip(outcomes) {
        match (one, outcome) {
            (Kept::File(_), Ok(Some(bytes))) => {
                found.files += 1;
                found.bytes += bytes;
            }
            (Kept::Commit { .. }, Ok(Some(_))) => found.commits += 1,
            (_, Ok(None)) => {}
            (_, Err(damage)) => found.damaged.push(damage),
        }
    }
    Ok(found)
}

fn list(store: &Store) -> Result<Vec<Kept>> {
    let mut kept = Vec::new();
    for name in names(&store.sources())? {
        kept.extend(name.parse().ok().map(Kept::File));
    }
    for name in names(&store.git())? {
        let Some((commit, tree)) = name.split_once('.') else { continue };
        kept.extend(tree.parse().ok().map(|tree| Kept::Commit { commit: commit.to_string(), tree }));
    }
    Ok(kept)
}

fn names(dir: &PathBuf) -> Result<Vec<String>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(Error::io("list", dir, &cause)),
    };
    let names: std::io::Result<Vec<_>> = entries.map(|entry| entry.map(|entry| entry.file_name())).collect();
    let names = names.map_err(|cause| Error::io("list", dir, &cause))?;
    let mut names: Vec<String> = names.into_iter().filter_map(|name| name.into_string().ok()).collect();
    names.sort();
    Ok(names)
}

/// Gives the bytes read; nothing for what was removed meanwhile. One that cannot be read keeps no other from its check.
fn check_one(store: &Store, kept: &Kept) -> Result<Option<u64>> {
    let damaged = |what: String| Error::failed(what).hint("it was removed; the next fetch brings it anew");
    match kept {
        Kept::File(sha256) => {
            let path = store.source(sha256);
            let file = match File::open(&path) {
                Ok(file) => file,
                Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(None),
                Err(cause) => return Err(Error::io("open", &path, &cause)),
            };
            let (received, bytes) =
                Sha256::of_reader(&file).map_err(|cause| Error::io("read", &path, &cause))?;
            if received == *sha256 {
                return Ok(Some(bytes));
            }
            remove_damaged(store, sha256, &path, &file)?;
            let error = damaged(format!("kept source `{}` is damaged", path.display()));
            Err(super::names::known(store, sha256)
                .into_iter()
                .fold(error, |error, name| error.with("known as", format!("`{name}`")))
                .with("received", received))
        }
        Kept::Commit { commit, tree } => match git::check(store, commit, tree)? {
            Ok(()) => Ok(Some(0)),
            Err(why) => Err(damaged(format!("kept commit `{commit}` is damaged")).line(why)),
        },
    }
}
