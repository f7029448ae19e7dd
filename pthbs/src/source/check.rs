//! Reads all that is kept and compares it with its names.

use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::git;
use super::place::remove_damaged;
use crate::base::{Error, Result, Sha256};
use crate::store::Store;

/// What a check has found.
#[derive(Debug, Default)]
pub struct Checked {
    /// How many files were read.
    pub files: u64,
    /// How many commits were summed.
    pub commits: u64,
    /// How many bytes the files have.
    pub bytes: u64,
    /// What was damaged; it is removed, so that the next fetch brings it anew.
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
    let (next, found) = (AtomicUsize::new(0), Mutex::new(Checked::default()));
    let work = || -> Result<()> {
        while let Some(one) = kept.get(next.fetch_add(1, Ordering::Relaxed)) {
            let outcome = check_one(store, one)?;
            let mut found = found.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            match (one, outcome) {
                (Kept::File(_), Ok(bytes)) => {
                    found.files += 1;
                    found.bytes += bytes;
                }
                (Kept::Commit { .. }, Ok(_)) => found.commits += 1,
                (_, Err(damage)) => found.damaged.push(damage),
            }
        }
        Ok(())
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(kept.len());
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("a check does not panic"))
    })?;
    let mut found = found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    found.damaged.sort_by_key(Error::to_string);
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
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(Error::io("list", dir, &cause)),
    };
    let names: std::io::Result<Vec<_>> = entries.map(|entry| entry.map(|entry| entry.file_name())).collect();
    let names = names.map_err(|cause| Error::io("list", dir, &cause))?;
    let mut names: Vec<String> = names.into_iter().filter_map(|name| name.into_string().ok()).collect();
    names.sort();
    Ok(names)
}

/// Gives the bytes read; the inner error is the damage.
fn check_one(store: &Store, kept: &Kept) -> Result<Result<u64, Error>> {
    let damaged = |what: String| Error::failed(what).hint("it was removed; the next fetch brings it anew");
    match kept {
        Kept::File(sha256) => {
            let path = store.source(sha256);
            let file = File::open(&path).map_err(|cause| Error::io("open", &path, &cause))?;
            let (received, bytes) =
                Sha256::of_reader(&file).map_err(|cause| Error::io("read", &path, &cause))?;
            if received == *sha256 {
                return Ok(Ok(bytes));
            }
            remove_damaged(store, sha256, &path, &file)?;
            Ok(
                Err(damaged(format!("kept source `{}` is damaged", path.display()))
                    .with("received", received)),
            )
        }
        Kept::Commit { commit, tree } => Ok(git::check(store, commit, tree)?
            .map(|()| 0)
            .map_err(|why| damaged(format!("kept commit `{commit}` is damaged")).line(why))),
    }
}
