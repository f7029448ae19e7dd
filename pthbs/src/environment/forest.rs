//! A merged forest and its way to disk. It holds directories and links only.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, openat};
use nix::sys::stat::{Mode, UtimensatFlags, fchmod, futimens, mkdirat, utimensat};
use nix::sys::time::TimeSpec;
use nix::unistd::symlinkat;

use super::table;
use crate::base::{Error, Result, Sha256};
use crate::store::{EnvironmentId, LOGICAL, MTIME, Manifest, What};

/// What an environment consists of, before or after it is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forest {
    manifest: Manifest,
    id: EnvironmentId,
}

/// How the rows of the table name installs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// `../../NAME.HASH`: right for an environment among the installs, wherever the store lies.
    Relative,
    /// `/versions/NAME.HASH`: for a build's `/env`, which lies elsewhere and is no install.
    Absolute,
}

impl Forest {
    pub(super) fn new(manifest: Manifest) -> Forest {
        let id = EnvironmentId(Sha256::of(&manifest.to_bytes()));
        Forest { manifest, id }
    }

    /// The sha256 of the manifest.
    pub fn id(&self) -> EnvironmentId {
        self.id
    }

    /// Every directory and link, the rows as `Table::Relative` has them.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Writes the forest into a directory, which is made if it is missing and must be empty.
    ///
    /// Directories get 0755 whatever the umask is: another uid reads a build's `/env`.
    pub fn write(&self, dir: &Path, table: Table) -> Result<()> {
        match mkdirat(AT_FDCWD, dir, Mode::from_bits_truncate(0o755)) {
            Ok(()) | Err(Errno::EEXIST) => {}
            Err(cause) => return Err(error("make directory", dir, cause)),
        }
        let mut place = Place::open(dir)?;
        chmod(&place.top, 0o755).map_err(|cause| error("set the mode of", dir, cause))?;
        for entry in &self.manifest.entries {
            let (at, name) = place.of(&entry.path)?;
            let done = match &entry.what {
                What::Directory => mkdirat(at, name, Mode::from_bits_truncate(0o755))
                    .and_then(|()| opened(at, name))
                    .and_then(|made| chmod(&made, 0o755)),
                What::Link { target } => symlinkat(&row(&entry.path, target, table), at, name),
                What::File { .. } => unreachable!("a forest holds directories and links only"),
            };
            done.map_err(|cause| error("make", &dir.join(&entry.path), cause))?;
        }
        Ok(())
    }

    /// Writes the forest as it is published: directories 0555 but the top, every time the same.
    ///
    /// The seal of installs would do it too, but read every link again and look for what a forest cannot hold.
    pub(super) fn write_sealed(&self, dir: &Path) -> Result<()> {
        self.write(dir, Table::Relative)?;
        let mut place = Place::open(dir)?;
        let time = TimeSpec::new(MTIME, 0);
        // Backwards, so that a directory comes after all that is in it.
        for entry in self.manifest.entries.iter().rev() {
            let (at, name) = place.of(&entry.path)?;
            let done = match &entry.what {
                What::Directory => opened(at, name).and_then(|made| chmod(&made, 0o555)),
                _ => Ok(()),
            };
            done.and_then(|()| utimensat(at, name, &time, &time, UtimensatFlags::NoFollowSymlink))
                .map_err(|cause| error("seal", &dir.join(&entry.path), cause))?;
        }
        futimens(&place.top, &time, &time).map_err(|cause| error("seal", dir, cause))
    }
}

/// Directories of a tree that is being written, by descriptor. The manifest's order makes one that is kept open enough:
/// nearly always the entry before lay in the same directory.
struct Place<'a> {
    dir: &'a Path,
    top: OwnedFd,
    below: Option<(&'a Path, OwnedFd)>,
}

impl<'a> Place<'a> {
    fn open(dir: &'a Path) -> Result<Place<'a>> {
        let top = opened(AT_FDCWD, dir).map_err(|cause| error("open directory", dir, cause))?;
        Ok(Place { dir, top, below: None })
    }

    /// The directory that an entry lies in, and its name there.
    fn of(&mut self, path: &'a Path) -> Result<(&OwnedFd, &'a Path)> {
        let name = Path::new(path.file_name().unwrap_or_default());
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let Some(parent) = parent else { return Ok((&self.top, name)) };
        if self.below.as_ref().is_none_or(|(open, _)| open.as_os_str() != parent.as_os_str()) {
            let fd = opened(&self.top, parent);
            let fd = fd.map_err(|cause| error("open directory", &self.dir.join(parent), cause))?;
            self.below = Some((parent, fd));
        }
        Ok((self.below.as_ref().map_or(&self.top, |(_, fd)| fd), name))
    }
}

/// A link's text under the given table: only the rows differ.
fn row(path: &Path, target: &Path, table: Table) -> PathBuf {
    let relative = target.as_os_str().as_bytes();
    match relative.strip_prefix(table::UP.as_bytes()) {
        Some(rest) if table == Table::Absolute && path.starts_with(table::DIR) => {
            OsString::from_vec([LOGICAL.as_bytes(), rest].concat()).into()
        }
        _ => target.to_path_buf(),
    }
}

fn opened(at: impl std::os::fd::AsFd, path: &Path) -> nix::Result<OwnedFd> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    openat(at, path, flags, Mode::empty())
}

fn chmod(dir: &OwnedFd, mode: u32) -> nix::Result<()> {
    fchmod(dir, Mode::from_bits_truncate(mode))
}

fn error(doing: &str, path: &Path, cause: Errno) -> Error {
    Error::io(doing, path, &cause.into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use proptest::prelude::*;

    use super::super::fake::{file, lay, member, universe};
    use super::super::merge::{Folding, Member, merge, merge_with};
    use super::super::rules::Rules;
    use super::*;
    use crate::store::Entry;

    /// Fake installs in a temporary directory; the forest is written beside them.
    fn versions(members: &[Member]) -> tempfile::TempDir {
        let versions = tempfile::tempdir().unwrap();
        members.iter().for_each(|member| lay(versions.path(), member));
        versions
    }

    fn written(versions: &Path, forest: &Forest) -> PathBuf {
        let dir = versions.join(forest.id().to_string());
        forest.write(&dir, Table::Relative).unwrap();
        dir
    }

    /// What a reader finds below a directory, the links of installs being leaves: path, and where it ends.
    fn seen(dir: &Path, at: &Path, found: &mut BTreeMap<PathBuf, Option<PathBuf>>) {
        for entry in fs::read_dir(dir.join(at)).unwrap() {
            let path = at.join(entry.unwrap().file_name());
            let full = dir.join(&path);
            let is_of_install = !fs::canonicalize(full.parent().unwrap()).unwrap().starts_with(dir);
            let is_leaf = is_link_to_link(&full) || (is_of_install && full.is_symlink());
            if path == Path::new(table::DIR) {
                continue;
            }
            let end = fs::canonicalize(&full).ok();
            let is_directory = full.is_dir() && !is_leaf;
            // A directory's own end says how it was folded; its entries are what counts.
            found.insert(path.clone(), end.filter(|end| !end.is_dir()));
            if is_directory {
                seen(dir, &path, found);
            }
        }
    }

    /// Whether one of the forest's links shows a link of an install, or is a copy of one.
    fn is_link_to_link(full: &Path) -> bool {
        let Ok(text) = fs::read_link(full) else { return false };
        !text.to_string_lossy().contains(".p/") || full.parent().unwrap().join(text).is_symlink()
    }

    #[test]
    fn a_builds_environment_names_installs_by_their_logical_path() {
        let deep = format!("share/{}/", "d".repeat(60));
        let names = [format!("{deep}1"), format!("{deep}2"), "bin/a".to_string()];
        let a = member("a", &[(&names[0], file("one")), (&names[1], file("two")), (&names[2], file("one"))]);
        let b = member("b", &[(&format!("{deep}3"), file("one"))]);
        let forest = merge(&[a.clone(), b]).unwrap();
        let dir = tempfile::tempdir().unwrap();
        forest.write(dir.path(), Table::Absolute).unwrap();
        let read = |name: &str| fs::read_link(dir.path().join(name)).unwrap().display().to_string();
        assert_eq!(read(".p/a"), format!("/versions/{}", a.install));
        assert_eq!(read(".p/1"), format!("/versions/{}/{}", a.install, deep.trim_end_matches('/')));
        assert_eq!(read(&names[0]), "../../.p/1/1");
        assert_eq!(read("bin"), ".p/a/bin");
        for entry in [".", ".p", "share"] {
            let mode = fs::metadata(dir.path().join(entry)).unwrap().permissions().mode();
            assert_eq!(mode & 0o7777, 0o755, "{entry}");
        }
    }

    #[test]
    fn nothing_that_is_there_is_overwritten() {
        let forest = merge(&[member("a", &[("x", file("one"))])]).unwrap();
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("x"), "mine").unwrap();
        let error = forest.write(dir.path(), Table::Relative).unwrap_err().to_string();
        assert_eq!(error, format!("error: cannot make `{}/x`: File exists", dir.path().display()));
        assert_eq!(fs::read(dir.path().join("x")).unwrap(), b"mine");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        // A failure means that a program of a package is missing from its environment, or is another one.
        #[test]
        fn every_entry_of_every_member_is_found_at_its_path(members in universe()) {
            let versions = versions(&members);
            let dir = written(versions.path(), &merge(&members).unwrap());
            for Member { install, manifest } in &members {
                let own = versions.path().join(install.to_string());
                for Entry { path, what } in &manifest.entries {
                    let shown = dir.join(path);
                    match what {
                        What::Directory => prop_assert!(shown.is_dir(), "{}", path.display()),
                        What::File { .. } => {
                            let end = fs::canonicalize(&shown).unwrap();
                            let owner = members.iter().find(|member| {
                                fs::canonicalize(versions.path()).unwrap().join(member.install.to_string()).join(path) == end
                            });
                            prop_assert!(owner.is_some(), "{} ends outside its owners: {}", path.display(), end.display());
                            prop_assert_eq!(fs::read(&shown).unwrap(), fs::read(own.join(path)).unwrap());
                        }
                        What::Link { .. } => {
                            prop_assert!(shown.is_symlink() || fs::symlink_metadata(&shown).is_ok());
                            let owners = members.iter().filter(|member| member.manifest.entry(path).is_some());
                            if owners.count() == 1 {
                                prop_assert_eq!(fs::canonicalize(&shown).ok(), fs::canonicalize(own.join(path)).ok());
                            }
                        }
                    }
                }
            }
        }

        // A failure means that folding shows something else, or hides something.
        #[test]
        fn folding_changes_links_but_not_what_is_seen(members in universe()) {
            let versions = versions(&members);
            let [mut on, mut off] = [BTreeMap::new(), BTreeMap::new()];
            let folded = merge_with(&members, &Rules::default(), Folding::On).unwrap();
            let unfolded = merge_with(&members, &Rules::default(), Folding::Off).unwrap();
            seen(&written(versions.path(), &folded), Path::new(""), &mut on);
            if folded != unfolded {
                seen(&written(versions.path(), &unfolded), Path::new(""), &mut off);
                prop_assert_eq!(on, off);
            }
            prop_assert!(folded.manifest().entries.len() <= unfolded.manifest().entries.len());
        }

        // A failure means that a package with many long links costs a block for each of them.
        #[test]
        fn two_long_links_of_one_directory_never_remain(members in universe()) {
            let forest = merge(&members).unwrap();
            let mut long: BTreeMap<PathBuf, usize> = BTreeMap::new();
            for entry in forest.manifest().entries.iter().filter(|entry| !entry.path.starts_with(table::DIR)) {
                let What::Link { target } = &entry.what else { continue };
                let leaf = target.file_name().unwrap_or_default().len();
                let text = target.as_os_str().len();
                // What a row cannot shorten: a leaf or a depth that is long by itself.
                if text >= table::LONG && text - leaf >= 20 && target.to_string_lossy().contains(".p/") {
                    *long.entry(target.parent().unwrap().to_path_buf()).or_default() += 1;
                }
            }
            prop_assert!(long.values().all(|links| *links < 2), "{long:?}");
        }
    }
}
