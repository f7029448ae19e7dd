//! Repairing: damaged entries are replaced by sound ones, each by one rename; what is sound stays untouched.
//!
//! So a build that runs on an install, or a program started from it, finds every entry whole at every moment.

use std::ffi::CString;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Mode};

use super::check::Damage;
use super::cursor::{DIRECTORY, c_string, chmod_unopened, open_beneath};
use super::delete::delete_at;
use super::publish::Turn;
use super::seal::{finish, times};
use super::{Entry, Item, Staging, Store, What, trouble};
use crate::base::{Error, Result, Sha256};

impl Store {
    /// Replaces what is damaged in an item by what another tree has there; gives what was damaged.
    ///
    /// `from` is a sound tree of the same manifest: built anew, or in another store. Only an item whose manifest and
    /// script are sound can be repaired; otherwise `replace` is what helps.
    pub fn repair(&self, item: &Item, from: &Path) -> Result<Vec<Damage>> {
        let _turn = Turn::wait(self, item)?;
        let damages = self.check(item)?;
        if damages.is_empty() {
            return Ok(damages);
        }
        let manifest = self.manifest(item)?;
        let work = Work::begin(self, item, from)?;
        let mut touched = vec![Path::new("")];
        let mut errors = Vec::new();
        for Damage { path, .. } in &damages {
            let entry = manifest.entry(path);
            if let Err(cause) = work.put_right(path, entry) {
                // What else is damaged is repaired nevertheless.
                errors.push(trouble("repair", &self.path(item).join(path), &cause));
            }
            touched.extend(path.parent());
            touched.extend(entry.filter(|entry| entry.what == What::Directory).map(|_| path.as_path()));
        }
        // From the innermost out: what happens in a directory changes its own time alone, yet the top must stay open.
        touched.sort_unstable_by(|a, b| b.cmp(a));
        touched.dedup();
        for path in touched {
            match work.settle(path) {
                // It could not be made above, and that was told.
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
                settled => {
                    settled.map_err(|cause| trouble("repair", &self.path(item).join(path), &cause))?;
                }
            }
        }
        rustix::fs::syncfs(&work.top)
            .map_err(|cause| trouble("write to disk", &self.path(item), &cause.into()))?;
        Error::all(errors).map_or(Ok(damages), Err)
    }
}

/// A repair of one item.
struct Work {
    top: OwnedFd,
    from: OwnedFd,
    staging: Staging,
}

impl Work {
    fn begin(store: &Store, item: &Item, from: &Path) -> Result<Work> {
        let open = |path: &Path| {
            rustix::fs::open(path, DIRECTORY, Mode::empty())
                .map_err(|cause| trouble("open", path, &cause.into()))
        };
        let (top, from) = (open(&store.path(item))?, open(from)?);
        Ok(Work { top, from, staging: Staging::scratch(store, "repair")? })
    }

    /// Replaces what stands at a path by what the manifest says, or by nothing.
    fn put_right(&self, path: &Path, entry: Option<&Entry>) -> io::Result<()> {
        let Some(name) = path.file_name() else { return Ok(()) };
        let (name, parent) = (c_string(name)?, beneath(self.top.as_fd(), path.parent())?);
        rustix::fs::fchmod(&parent, Mode::from_raw_mode(0o755))?;
        let Some(Entry { what, .. }) = entry else { return delete_at(parent.as_fd(), &name) };
        match what {
            What::Directory => self.put_directory(&parent, &name),
            What::Link { target } => {
                let made = self.staging.dir().join("new");
                std::os::unix::fs::symlink(target, &made)?;
                rustix::fs::utimensat(CWD, &made, &times(), AtFlags::SYMLINK_NOFOLLOW)?;
                self.put(&parent, &name)
            }
            What::File { executable, sha256, .. } => {
                self.copy(path, if *executable { 0o555 } else { 0o444 }, sha256)?;
                self.put(&parent, &name)
            }
        }
    }

    /// A directory that is there keeps what is in it; its mode and time are settled at the end.
    fn put_directory(&self, parent: &OwnedFd, name: &CString) -> io::Result<()> {
        let stat = rustix::fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW);
        let is_there = stat.is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory);
        if is_there {
            return chmod_unopened(parent.as_fd(), name, 0o755);
        }
        delete_at(parent.as_fd(), name)?;
        Ok(rustix::fs::mkdirat(parent, name, Mode::from_raw_mode(0o755))?)
    }

    /// Copies a file out of the sound tree, and makes sure that it is one.
    fn copy(&self, path: &Path, mode: u32, sha256: &Sha256) -> io::Result<()> {
        let mut sound = File::from(open_beneath(self.from.as_fd(), path)?);
        let made = self.staging.dir().join("new");
        let mut copy = File::options().read(true).write(true).create_new(true).open(&made)?;
        io::copy(&mut sound, &mut copy)?;
        if Sha256::of_reader(File::open(&made)?)?.0 != *sha256 {
            fs::remove_file(&made)?;
            return Err(io::Error::other("what should replace it differs from the manifest too"));
        }
        finish(copy.as_fd(), mode)
    }

    /// Moves what was made to its place, over whatever stands there.
    fn put(&self, parent: &OwnedFd, name: &CString) -> io::Result<()> {
        let made = self.staging.dir().join("new");
        match rustix::fs::renameat(CWD, &made, parent, name) {
            Err(rustix::io::Errno::ISDIR) => {
                delete_at(parent.as_fd(), name)?;
                Ok(rustix::fs::renameat(CWD, &made, parent, name)?)
            }
            renamed => Ok(renamed?),
        }
    }

    /// Gives a directory its mode and time back.
    fn settle(&self, path: &Path) -> io::Result<()> {
        finish(beneath(self.top.as_fd(), Some(path))?.as_fd(), 0o555)
    }
}

/// Opens a directory of a tree; no path is its top.
fn beneath(top: BorrowedFd<'_>, path: Option<&Path>) -> io::Result<OwnedFd> {
    let path = path.filter(|path| !path.as_os_str().is_empty());
    open_beneath(top, path.unwrap_or(Path::new(".")))
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::PathBuf;

    use super::*;
    use crate::store::testing::{self, Tree};

    fn tree() -> Tree {
        let tree = Tree::new();
        for name in ["a", "b", "c", "d", "e"] {
            tree.file(&format!("bin/{name}"), 0o755, format!("content of {name}"));
        }
        tree.file("lib/deep/er/file", 0o644, "deep").file("share/x", 0o644, "x").link("lib/l", "deep");
        tree
    }

    /// A sound tree, a damaged install of it, and the place of the latter.
    fn damaged(damage: impl FnOnce(&Path)) -> (tempfile::TempDir, Store, Tree, Item, PathBuf) {
        let (dir, store) = testing::store();
        let item = tree().publish(&store);
        let sound = tree();
        sound.seal().unwrap();
        let place = store.path(&item);
        open_all(&place);
        damage(&place);
        (dir, store, sound, item, place)
    }

    fn open_all(dir: &Path) {
        fs::set_permissions(dir, Permissions::from_mode(0o755)).unwrap();
        for entry in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap()) {
            if entry.file_type().unwrap().is_dir() {
                open_all(&entry.path());
            }
        }
    }

    #[test]
    fn every_damage_is_repaired() {
        let (_dir, store, sound, item, place) = damaged(|place| {
            let remade = |path: &str, text: &str| {
                fs::remove_file(place.join(path)).unwrap();
                fs::write(place.join(path), text).unwrap();
            };
            remade("bin/a", "another a");
            fs::remove_file(place.join("bin/b")).unwrap();
            fs::set_permissions(place.join("bin/c"), Permissions::from_mode(0o400)).unwrap();
            fs::remove_file(place.join("bin/d")).unwrap();
            fs::create_dir_all(place.join("bin/d/full")).unwrap();
            fs::remove_file(place.join("bin/e")).unwrap();
            symlink("/etc/passwd", place.join("bin/e")).unwrap();
            fs::create_dir_all(place.join("new/full")).unwrap();
            fs::remove_dir_all(place.join("lib/deep")).unwrap();
            symlink("/etc", place.join("lib/deep")).unwrap();
            remade("lib/l", "no link");
            fs::remove_dir_all(place.join("share")).unwrap();
            fs::write(place.join("share"), "no directory").unwrap();
        });
        let found = store.check(&item).unwrap();
        assert!(found.len() > 10, "{found:?}");
        assert_eq!(store.repair(&item, &sound.top).unwrap(), found);
        assert_eq!(store.check(&item).unwrap(), []);
        assert_eq!(store.repair(&item, &sound.top).unwrap(), []);
        assert_eq!(fs::read(place.join("lib/l/er/file")).unwrap(), b"deep");
        assert_eq!(fs::read_dir(store.tmp()).unwrap().count(), 0);
        store.remove(&item).unwrap();
    }

    #[test]
    fn what_is_damaged_too_repairs_nothing() {
        let (_dir, store, sound, item, place) =
            damaged(|place| fs::remove_file(place.join("bin/a")).unwrap());
        open_all(&sound.top);
        fs::remove_file(sound.top.join("bin/a")).unwrap();
        sound.file("bin/a", 0o755, "another a");
        let error = store.repair(&item, &sound.top).unwrap_err().to_string();
        assert!(error.contains("bin/a`: what should replace it differs from the manifest too"), "{error}");
        assert!(!place.join("bin/a").exists());
        store.remove(&item).unwrap();
    }
}
