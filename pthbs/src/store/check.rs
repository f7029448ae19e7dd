//! Checking: whether what lies in the store is what its manifest says, to the last bit.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, Stat};

use super::cursor::{DIRECTORY, each_entry, open_beneath, os_str};
use super::seal::MTIME;
use super::{Entry, Item, Manifest, Store, What};
use crate::base::{Error, Result, Sha256, error};
use crate::script::InstallId;

/// One thing that is not as it was published.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Damage {
    /// The path below the item; empty for the item itself.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: String,
}

impl Damage {
    fn new(path: &Path, why: impl Into<String>) -> Damage {
        Damage { path: path.to_path_buf(), why: why.into() }
    }
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = self.path.to_string_lossy();
        if path.is_empty() {
            f.write_str(&self.why)
        } else {
            write!(f, "{}: {}", path.escape_debug(), self.why)
        }
    }
}

impl Store {
    /// Everything in an item that is not as its manifest says, sorted; and whether its manifest and script are its own.
    ///
    /// Files are read in parallel: to be called in the pool for such work.
    pub fn check(&self, item: &Item) -> Result<Vec<Damage>> {
        let place = self.path(item);
        if !self.has(item) {
            return Err(
                Error::usage(format!("`{item}` is not in the store")).with("store", self.root().display())
            );
        }
        let manifest = match self.check_meta(item) {
            Ok(manifest) => manifest,
            Err(error) => return Ok(vec![Damage::new(Path::new(""), error.what())]),
        };
        let top = match rustix::fs::open(&place, DIRECTORY, Mode::empty()) {
            Ok(top) => top,
            Err(cause) => return Ok(vec![unreadable(Path::new(""), &cause.into())]),
        };
        let entries = manifest.entries.par_iter().flat_map_iter(|entry| check_entry(top.as_fd(), entry));
        let mut damages: Vec<Damage> = entries.collect();
        let directories = manifest.entries.par_iter().filter(|entry| entry.what == What::Directory);
        let paths: HashSet<&Path> = manifest.entries.iter().map(|entry| entry.path.as_path()).collect();
        let more = directories.flat_map_iter(|entry| strangers(top.as_fd(), &entry.path, &paths));
        damages.par_extend(more);
        damages.extend(strangers(top.as_fd(), Path::new(""), &paths));
        match rustix::fs::fstat(&top) {
            Ok(stat) => damages.extend(check_form(Path::new(""), &stat, FileType::Directory, 0o555)),
            Err(cause) => damages.push(unreadable(Path::new(""), &cause.into())),
        }
        damages.sort_unstable();
        Ok(damages)
    }

    /// Whether manifest, script and record of an item are what was published, so that it can be repaired by them.
    pub fn is_meta_sound(&self, item: &Item) -> bool {
        self.check_meta(item).is_ok()
    }

    /// The manifest, once it and the script are found to be what the item's name says.
    fn check_meta(&self, item: &Item) -> Result<Manifest> {
        let manifest = self.manifest(item)?;
        match item {
            Item::Environment(id) if Sha256::of(&manifest.to_bytes()) != id.0 => {
                return Err(Error::failed("its manifest is not the one that it is named by"));
            }
            Item::Install(id) => self.check_meta_of(id, &manifest)?,
            _ => {}
        }
        Ok(manifest)
    }
}

impl Store {
    /// Script and record of an install, where they are kept; the record knows the manifest's sum.
    fn check_meta_of(&self, id: &InstallId, manifest: &Manifest) -> Result<()> {
        let meta = self.meta(&Item::Install(id.clone()));
        if meta.join("script").exists() {
            self.script(id)?;
        }
        if meta.join("record.json").exists()
            && let Some(sum) = self.record(id)?.manifest
            && sum != Sha256::of(&manifest.to_bytes())
        {
            return Err(Error::failed("its manifest is not the one that was published"));
        }
        Ok(())
    }
}

fn check_entry(top: BorrowedFd<'_>, entry: &Entry) -> Vec<Damage> {
    let Entry { path, what } = entry;
    let checked = match what {
        What::Directory => stat(top, path).map(|stat| check_form(path, &stat, FileType::Directory, 0o555)),
        What::Link { target } => check_link(top, path, target),
        What::File { executable, size, sha256, .. } => {
            check_file(top, path, if *executable { 0o555 } else { 0o444 }, *size, sha256)
        }
    };
    checked.unwrap_or_else(|cause| vec![unreadable(path, &cause)])
}

fn check_link(top: BorrowedFd<'_>, path: &Path, target: &Path) -> io::Result<Vec<Damage>> {
    let link = open_itself(top, path)?;
    let stat = rustix::fs::fstat(&link)?;
    let mut damages = check_form(path, &stat, FileType::Symlink, 0o777);
    if FileType::from_raw_mode(stat.st_mode) == FileType::Symlink {
        let found = rustix::fs::readlinkat(&link, c"", Vec::new())?;
        if found.to_bytes() != target.as_os_str().as_bytes() {
            let (found, target) = (found.to_string_lossy(), target.display());
            damages
                .push(Damage::new(path, format!("leads to `{}`, not to `{target}`", found.escape_debug())));
        }
    }
    Ok(damages)
}

fn check_file(
    top: BorrowedFd<'_>,
    path: &Path,
    mode: u32,
    size: u64,
    sha256: &Sha256,
) -> io::Result<Vec<Damage>> {
    let stat = stat(top, path)?;
    let mut damages = check_form(path, &stat, FileType::RegularFile, mode);
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Ok(damages);
    }
    if stat.st_size as u64 != size {
        damages.push(Damage::new(path, format!("has {} bytes, not {size}", stat.st_size)));
    } else if Sha256::of_reader(File::from(open_beneath(top, path)?))?.0 != *sha256 {
        damages.push(Damage::new(path, "its content differs"));
    }
    Ok(damages)
}

/// Kind, mode and time. Links have no mode of their own.
fn check_form(path: &Path, stat: &Stat, kind: FileType, mode: u32) -> Vec<Damage> {
    let found = FileType::from_raw_mode(stat.st_mode);
    if found != kind {
        let (found, kind) = (name_of(found), name_of(kind));
        return vec![Damage::new(path, format!("is a {found}, not a {kind}"))];
    }
    let mut damages = Vec::new();
    let found = stat.st_mode & 0o7777;
    if found != mode {
        damages.push(Damage::new(path, format!("has mode {found:04o}, not {mode:04o}")));
    }
    if (stat.st_mtime, stat.st_mtime_nsec) != (MTIME, 0) {
        damages.push(Damage::new(path, "was modified: its time is not the store's"));
    }
    damages
}

fn name_of(kind: FileType) -> &'static str {
    match kind {
        FileType::Directory => "directory",
        FileType::RegularFile => "file",
        FileType::Symlink => "link",
        _ => "special file",
    }
}

/// Entries of a directory that the manifest does not know.
fn strangers(top: BorrowedFd<'_>, path: &Path, known: &HashSet<&Path>) -> Vec<Damage> {
    let mut damages = Vec::new();
    let place = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let listed = open_beneath(top, place).and_then(|dir| {
        each_entry(dir.as_fd(), &mut Vec::new(), |name, _| {
            let path = path.join(os_str(name));
            if !known.contains(path.as_path()) {
                damages.push(Damage::new(&path, "is not in the manifest"));
            }
            Ok(())
        })
    });
    match listed {
        // What else can be wrong with it was found where it was looked at itself.
        Err(cause) if cause.kind() == io::ErrorKind::PermissionDenied => {
            damages.push(unreadable(path, &cause));
        }
        _ => {}
    }
    damages
}

fn unreadable(path: &Path, cause: &io::Error) -> Damage {
    match cause.kind() {
        io::ErrorKind::NotFound => Damage::new(path, "is missing"),
        _ => Damage::new(path, format!("cannot be read: {}", error::system_word(cause))),
    }
}

fn stat(top: BorrowedFd<'_>, path: &Path) -> io::Result<Stat> {
    Ok(rustix::fs::fstat(open_itself(top, path)?)?)
}

/// Opens what stands at a path, a link included, without any right on it.
fn open_itself(top: BorrowedFd<'_>, path: &Path) -> io::Result<std::os::fd::OwnedFd> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
    Ok(rustix::fs::openat2(top, path, flags, Mode::empty(), resolve)?)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::store::testing::{self, Tree};

    /// Makes a place in an install writable, changes it there, and puts modes and times back where that is said.
    fn damage(top: &Path, path: &str, change: impl FnOnce(&Path)) -> String {
        let path = top.join(path);
        let parent = path.parent().unwrap();
        fs::set_permissions(parent, Permissions::from_mode(0o755)).unwrap();
        change(&path);
        fs::set_permissions(parent, Permissions::from_mode(0o555)).unwrap();
        settle(parent);
        path.display().to_string()
    }

    fn settle(path: &Path) {
        let time = rustix::fs::Timespec { tv_sec: MTIME, tv_nsec: 0 };
        let times = rustix::fs::Timestamps { last_access: time, last_modification: time };
        let flags = rustix::fs::AtFlags::SYMLINK_NOFOLLOW;
        rustix::fs::utimensat(rustix::fs::CWD, path, &times, flags).unwrap();
    }

    fn writable(path: &Path, change: impl FnOnce(&Path)) {
        let mode = fs::metadata(path).unwrap().permissions();
        fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
        change(path);
        fs::set_permissions(path, mode).unwrap();
        settle(path);
    }

    #[test]
    fn each_damage_is_named() {
        let (_dir, store) = testing::store();
        let tree = Tree::new();
        for name in ["a", "b", "c", "d", "e"] {
            tree.file(&format!("bin/{name}"), 0o755, format!("content of {name}"));
        }
        tree.file("lib/gone", 0o644, "").link("lib/l", "gone").link("lib/m", "gone").file("top", 0o644, "");
        let item = tree.publish(&store);
        assert_eq!(store.check(&item).unwrap(), []);

        let top = store.path(&item);
        damage(&top, "bin/a", |path| writable(path, |path| fs::write(path, "Content of a").unwrap()));
        damage(&top, "bin/b", |path| writable(path, |path| fs::write(path, "short").unwrap()));
        damage(&top, "bin/c", |path| fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap());
        damage(&top, "bin/d", |path| {
            fs::remove_file(path).unwrap();
            symlink("a", path).unwrap();
        });
        damage(&top, "bin/e", |path| {
            File::open(path).unwrap().set_modified(std::time::SystemTime::now()).unwrap();
        });
        damage(&top, "bin/more", |path| fs::write(path, "").unwrap());
        damage(&top, "lib/gone", |path| fs::remove_file(path).unwrap());
        damage(&top, "lib/l", |path| {
            fs::remove_file(path).unwrap();
            symlink("/etc/passwd", path).unwrap();
            settle(path);
        });
        damage(&top, "new", |path| fs::create_dir(path).unwrap());
        let found: Vec<String> = store.check(&item).unwrap().iter().map(Damage::to_string).collect();
        assert_eq!(
            found,
            [
                "bin/a: its content differs",
                "bin/b: has 5 bytes, not 12",
                "bin/c: has mode 0755, not 0555",
                "bin/d: is a link, not a file",
                "bin/e: was modified: its time is not the store's",
                "bin/more: is not in the manifest",
                "lib/gone: is missing",
                "lib/l: leads to `/etc/passwd`, not to `gone`",
                "new: is not in the manifest",
            ]
        );
        store.remove(&item).unwrap();
    }

    #[test]
    fn a_damaged_manifest_is_a_damage() {
        let (_dir, store) = testing::store();
        let item = Tree::new().publish(&store);
        let manifest = store.meta(&item).join("manifest");
        fs::remove_file(&manifest).unwrap();
        assert!(store.check(&item).unwrap()[0].why.starts_with("cannot read `"));
        fs::write(&manifest, "#@ manifest 1\nx\n").unwrap();
        assert!(store.check(&item).unwrap()[0].to_string().ends_with("manifest` is damaged at line 2"));
        assert!(
            store.check(&testing::item("absent")).unwrap_err().to_string().contains("is not in the store")
        );
        store.remove(&item).unwrap();
    }
}
