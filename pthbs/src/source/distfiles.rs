//! Directories of files that somebody brought along: a file with the right sha256 is as good as a download.
//!
//! Files are tried by name first. Only then is everything hashed, once: the sums are kept in the store beside each
//! file's identity, so that a large directory is not read again by every run. A remembered sum is a hint alone; what
//! is taken into the store is hashed on its way.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::base::Sha256;
use crate::base::error::system_word;
use crate::store::Store;

/// The configured directories and the sums of what lies in them.
pub(super) struct Distfiles {
    dirs: Vec<PathBuf>,
    memory: PathBuf,
    sums: Mutex<Option<Sums>>,
}

/// Sums by identity: device, inode, size, and both times in nanoseconds. Writing to a file changes its ctime.
type Sums = BTreeMap<Identity, Sha256>;
type Identity = [i128; 5];

impl Distfiles {
    pub(super) fn new(store: &Store, dirs: &[PathBuf]) -> Distfiles {
        Distfiles { dirs: dirs.to_vec(), memory: store.distfile_sums(), sums: Mutex::new(None) }
    }

    /// Files with one of these names, in the order to try them.
    pub(super) fn named(&self, names: &[&str]) -> Vec<PathBuf> {
        let paths = self.dirs.iter().flat_map(|dir| names.iter().map(move |name| dir.join(name)));
        let mut found: Vec<PathBuf> = Vec::new();
        for path in paths {
            if !found.contains(&path) && path.is_file() {
                found.push(path);
            }
        }
        found
    }

    /// A file with this sum, whatever it is called.
    pub(super) fn any(&self, sha256: &Sha256) -> Option<PathBuf> {
        if self.dirs.is_empty() {
            return None;
        }
        // Held while hashing: others that miss want the same sums and would only read the same files.
        let mut guard = self.sums.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let sums = guard.get_or_insert_with(|| remembered(&self.memory));
        let before = sums.len();
        let found = self
            .dirs
            .iter()
            .flat_map(files)
            .find(|(path, metadata)| sum_of(sums, path, metadata) == Some(*sha256));
        if sums.len() != before {
            remember(&self.memory, sums);
        }
        found.map(|(path, _)| path)
    }

    /// The directories that cannot be looked into, and why.
    pub(super) fn unreadable(&self) -> impl Iterator<Item = (String, String)> + '_ {
        let failure = |dir: &PathBuf| fs::read_dir(dir).err().map(|cause| system_word(&cause));
        self.dirs.iter().filter_map(move |dir| Some((dir.display().to_string(), failure(dir)?)))
    }
}

/// The files of a directory, sorted, so that a search is the same each time; an unreadable directory has none.
fn files(dir: &PathBuf) -> Vec<(PathBuf, Metadata)> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut files: Vec<(PathBuf, Metadata)> = entries
        .filter_map(|entry| fs::metadata(entry.path()).ok().map(|metadata| (entry.path(), metadata)))
        .filter(|(_, metadata)| metadata.is_file())
        .collect();
    files.sort_by(|a, b| a.0.cmp(&b.0));
    files
}

fn sum_of(sums: &mut Sums, path: &Path, metadata: &Metadata) -> Option<Sha256> {
    let times =
        |seconds: i64, nanoseconds: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds);
    let identity = [
        metadata.dev().into(),
        metadata.ino().into(),
        metadata.size().into(),
        times(metadata.mtime(), metadata.mtime_nsec()),
        times(metadata.ctime(), metadata.ctime_nsec()),
    ];
    if let Some(sum) = sums.get(&identity) {
        return Some(*sum);
    }
    let (sum, _) = File::open(path).and_then(Sha256::of_reader).ok()?;
    sums.insert(identity, sum);
    Some(sum)
}

fn remembered(memory: &Path) -> Sums {
    let text = fs::read_to_string(memory).unwrap_or_default();
    let line = |line: &str| {
        let (identity, sum) = line.rsplit_once(' ')?;
        let numbers: Vec<i128> = identity.split(' ').map(str::parse).collect::<Result<_, _>>().ok()?;
        Some((numbers.try_into().ok()?, sum.parse().ok()?))
    };
    text.lines().filter_map(line).collect()
}

/// Nothing is lost but time when this fails.
fn remember(memory: &Path, sums: &Sums) {
    let line = |(identity, sum): (&Identity, &Sha256)| {
        let numbers: Vec<String> = identity.iter().map(i128::to_string).collect();
        format!("{} {sum}\n", numbers.join(" "))
    };
    let text: String = sums.iter().map(line).collect();
    let _ = crate::base::fs::write_whole(memory, text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_files(files: &[(&str, &[u8])]) -> (tempfile::TempDir, Store, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("store")).unwrap();
        let distfiles = dir.path().join("distfiles");
        fs::create_dir(&distfiles).unwrap();
        for (name, bytes) in files {
            fs::write(distfiles.join(name), bytes).unwrap();
        }
        (dir, store, distfiles)
    }

    #[test]
    fn a_file_is_found_by_name_and_by_sum() {
        let (_dir, store, distfiles) = with_files(&[("a.tar", b"a"), ("b.tar", b"b")]);
        let found = Distfiles::new(&store, &[distfiles.clone(), "/nowhere".into()]);
        assert_eq!(found.named(&["x", "a.tar", "a.tar"]), [distfiles.join("a.tar")]);
        assert_eq!(found.any(&Sha256::of(b"b")), Some(distfiles.join("b.tar")));
        assert_eq!(found.any(&Sha256::of(b"c")), None);
    }

    #[test]
    fn sums_are_remembered_and_forgotten_with_the_file() {
        let (_dir, store, distfiles) = with_files(&[("a.tar", b"a")]);
        assert_eq!(Distfiles::new(&store, std::slice::from_ref(&distfiles)).any(&Sha256::of(b"-")), None);
        let known = remembered(&store.distfile_sums());
        assert_eq!(known.values().collect::<Vec<_>>(), [&Sha256::of(b"a")]);
        fs::write(distfiles.join("a.tar"), b"b").unwrap();
        let found = Distfiles::new(&store, std::slice::from_ref(&distfiles)).any(&Sha256::of(b"b"));
        assert_eq!(found, Some(distfiles.join("a.tar")));
    }
}
