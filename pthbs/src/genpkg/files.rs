//! The files of a project by their paths below its root: those of a directory, or a set held in memory (an earlier
//! commit, a change that is only tried out).

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::place;
use super::project::Project;
use crate::base::{Error, Result};

/// No text of a person is larger, and rendering it would take all memory.
pub(super) const LARGEST: usize = 16 << 20;

/// A tree of files. Paths are relative, with `/` between their parts.
#[derive(Debug, Clone)]
pub struct Files {
    root: PathBuf,
    /// Files that stand in for those of the directory; all there are where no directory is read.
    held: BTreeMap<String, Vec<u8>>,
    reads_root: bool,
}

impl Files {
    /// The files of a directory.
    pub fn of_dir(root: &Path) -> Files {
        Files { root: root.to_path_buf(), held: BTreeMap::new(), reads_root: true }
    }

    /// Files in memory; `root` is what error messages put before their paths.
    pub fn held(root: &Path, files: BTreeMap<String, Vec<u8>>) -> Files {
        Files { root: root.to_path_buf(), held: files, reads_root: false }
    }

    /// With one file replaced or added, in memory only.
    #[must_use]
    pub fn with(mut self, path: &str, bytes: Vec<u8>) -> Files {
        self.held.insert(path.to_string(), bytes);
        self
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether every file is the directory's own, so that its times tell of changes.
    pub(super) fn is_plain_dir(&self) -> bool {
        self.reads_root && self.held.is_empty()
    }

    /// The text of a file; nothing where there is none.
    pub(super) fn text(&self, path: &str) -> Result<Option<String>> {
        if let Some(bytes) = self.held.get(path) {
            return place::text_of(bytes.clone(), path).map(Some);
        }
        if !self.reads_root {
            return Ok(None);
        }
        let full = self.root.join(path);
        match read(&full, !path.contains('/')) {
            Ok(bytes) => place::text_of(bytes, path).map(Some),
            Err(Unread::Missing) => Ok(None),
            Err(Unread::Linked) => Err(linked(path)),
            // A pipe or a device would be waited for.
            Err(Unread::NoFile) => Err(Error::usage(format!("`{path}` is no file"))),
            Err(Unread::TooLarge(size)) => {
                Err(Error::usage(format!("`{path}` is too large: {} MiB", size >> 20))
                    .line(format!("a file that becomes part of a script may have {} MiB", LARGEST >> 20))
                    .hint("what is so large is a source: `src(...)`"))
            }
            Err(Unread::Failed(cause)) => Err(Error::io("read", &full, &cause)),
        }
    }

    /// Whether a path is a symlink, or leads through one; `packages` and `templates` themselves may be links.
    pub(super) fn is_linked(&self, path: &str) -> bool {
        let (top, below) = path.split_once('/').unwrap_or((path, ""));
        let mut full = self.root.join(top);
        self.reads_root
            && !self.held.contains_key(path)
            && below.split('/').any(|part| {
                full.push(part);
                full.is_symlink()
            })
    }

    /// Refuses a path that is a link or leads through one.
    pub(super) fn refuse_link(&self, path: &str) -> Result<()> {
        if self.is_linked(path) { Err(linked(path)) } else { Ok(()) }
    }

    /// The names of the directories in a directory, sorted.
    pub(super) fn directories(&self, dir: &str) -> Result<BTreeSet<String>> {
        let below = format!("{dir}/");
        let held = self.held.range(below.clone()..).map_while(|(path, _)| path.strip_prefix(&below));
        let mut names: BTreeSet<String> =
            held.filter_map(|rest| rest.split_once('/')).map(|(name, _)| name.to_string()).collect();
        for (name, is_dir) in self.entries(dir)? {
            if is_dir {
                names.insert(name);
            }
        }
        Ok(names)
    }

    /// The names of the files in a directory, sorted.
    pub(super) fn files(&self, dir: &str) -> Result<BTreeSet<String>> {
        let below = format!("{dir}/");
        let held = self.held.range(below.clone()..).map_while(|(path, _)| path.strip_prefix(&below));
        let mut names: BTreeSet<String> =
            held.filter(|rest| !rest.contains('/')).map(str::to_string).collect();
        names.extend(self.entries(dir)?.into_iter().filter(|(_, is_dir)| !is_dir).map(|(name, _)| name));
        Ok(names)
    }

    /// The paths of all files below a directory, relative to it, sorted.
    pub(super) fn below(&self, dir: &str) -> BTreeSet<String> {
        let below = format!("{dir}/");
        let held = self.held.range(below.clone()..).map_while(|(path, _)| path.strip_prefix(&below));
        let mut paths: BTreeSet<String> = held.map(str::to_string).collect();
        if self.reads_root {
            let top = self.root.join(dir);
            let found = WalkDir::new(&top).into_iter().flatten().filter(|entry| !entry.file_type().is_dir());
            paths.extend(
                found.filter_map(|entry| Some(entry.path().strip_prefix(&top).ok()?.to_str()?.to_string())),
            );
        }
        paths
    }

    /// What lies in a directory of the root: names, and whether each is a directory.
    fn entries(&self, dir: &str) -> Result<Vec<(String, bool)>> {
        if !self.reads_root {
            return Ok(Vec::new());
        }
        let full = self.root.join(dir);
        let failed = |cause| Error::io("list directory", &full, &cause);
        let entry = |entry: std::io::Result<fs::DirEntry>| {
            let entry = entry?;
            Ok((entry.file_name().to_string_lossy().into_owned(), entry.file_type()?.is_dir()))
        };
        let listed = fs::read_dir(&full).map_err(|cause| {
            let hint = format!("a project has `{}`, `templates/` and `packages/`", Project::FILE);
            let is_missing = cause.kind() == io::ErrorKind::NotFound;
            if is_missing { failed(cause).hint(hint) } else { failed(cause) }
        })?;
        listed.map(entry).collect::<std::io::Result<_>>().map_err(failed)
    }
}

/// Why a file was not read.
enum Unread {
    Missing,
    Linked,
    NoFile,
    TooLarge(u64),
    Failed(io::Error),
}

fn read(path: &Path, follows: bool) -> Result<Vec<u8>, Unread> {
    let flags = if follows { libc::O_NONBLOCK } else { libc::O_NONBLOCK | libc::O_NOFOLLOW };
    let opened = File::options().read(true).custom_flags(flags).open(path);
    let file = opened.map_err(|cause| match cause.raw_os_error() {
        Some(libc::ENOENT) => Unread::Missing,
        Some(libc::ELOOP) if !follows => Unread::Linked,
        _ => Unread::Failed(cause),
    })?;
    let found = file.metadata().map_err(Unread::Failed)?;
    if !found.is_file() {
        return Err(Unread::NoFile);
    }
    if found.len() > LARGEST as u64 {
        return Err(Unread::TooLarge(found.len()));
    }
    // Up to the size that was found: the system is not asked once more whether that was all.
    let mut bytes = Vec::with_capacity(usize::try_from(found.len()).unwrap_or(0));
    file.take(found.len()).read_to_end(&mut bytes).map_err(Unread::Failed)?;
    Ok(bytes)
}

/// A script may hold only what lies in the tree; the stamp sees nothing else.
fn linked(path: &str) -> Error {
    Error::usage(format!("`{path}` is a symlink, or lies behind one"))
        .line("a script may hold only what lies in the tree itself")
        .hint("copy the file there")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn held_files_stand_before_those_of_the_directory() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("packages/a")).unwrap();
        fs::write(dir.path().join("packages/a/package.sh"), "disk").unwrap();
        fs::write(dir.path().join("packages/README.md"), "").unwrap();
        std::os::unix::fs::symlink("a", dir.path().join("packages/l")).unwrap();

        let files = Files::of_dir(dir.path());
        assert!(files.is_plain_dir());
        let files = files
            .with("packages/b/package.sh", b"held".to_vec())
            .with("packages/a/package.sh", b"new".to_vec());
        assert!(!files.is_plain_dir());
        assert_eq!(files.directories("packages").unwrap(), ["a", "b"].map(String::from).into());
        assert_eq!(files.files("packages").unwrap(), ["README.md", "l"].map(String::from).into());
        assert_eq!(files.text("packages/a/package.sh").unwrap().unwrap(), "new");
        assert_eq!(files.text("packages/c/package.sh").unwrap(), None);
        assert_eq!(files.below("packages/a"), ["package.sh"].map(String::from).into());
        assert!(files.is_linked("packages/l/package.sh") && !files.is_linked("packages/a/package.sh"));
    }

    #[test]
    fn files_in_memory_read_no_directory() {
        let files = Files::held(Path::new("/"), BTreeMap::from([("etc/x/y".to_string(), b"1".to_vec())]));
        assert_eq!(files.directories("etc").unwrap(), ["x"].map(String::from).into());
        assert_eq!(files.text("etc/passwd").unwrap(), None);
    }
}
