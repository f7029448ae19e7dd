//! Opening a store: it is made, or it is usable, or the error says what to do.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, IFlags};
use rustix::io::Errno;

use super::Store;
use crate::base::{Error, Result};

/// What a store consists of. `current` comes after the directory it lies in.
const DIRECTORIES: [&str; 8] =
    ["versions", "versions/current", "meta", "log", "source", "profile", "lock", "tmp"];

const OTHER_PLACE: &str = "another place can be given with --root or PTHBS_ROOT";

impl Store {
    /// Opens the store at `root` for writing, making what is missing of it.
    pub fn open(root: &Path) -> Result<Store> {
        let store = Store::at(root)?;
        match fs::metadata(&store.root) {
            Ok(found) => store.claim(&found)?,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                make_directories(&store.root)?;
            }
            Err(cause) => return Err(trouble("open the store at", &store.root, &cause)),
        }
        for name in DIRECTORIES {
            make_directory(&store.root.join(name))?;
        }
        Ok(store)
    }

    /// Opens a store that exists, to read it; it may be another user's.
    pub fn open_existing(root: &Path) -> Result<Store> {
        let store = Store::at(root)?;
        match fs::metadata(store.versions()) {
            Ok(found) if found.is_dir() => Ok(store),
            Err(cause) if !is_absence(&cause) => Err(trouble("open the store at", &store.root, &cause)),
            _ => Err(Error::usage(format!("there is no store at `{}`", store.root.display()))
                .hint(format!("`pthbs build` makes one; {OTHER_PLACE}"))),
        }
    }

    fn at(root: &Path) -> Result<Store> {
        // Absolute, because the paths in it are printed, and handed to processes that work elsewhere.
        let absolute = std::path::absolute(root).map_err(|cause| Error::io("find", root, &cause))?;
        Ok(Store { root: without_parents(absolute) })
    }

    /// Makes sure that what stands at the root is a store, or can become one, and is ours to write.
    fn claim(&self, found: &fs::Metadata) -> Result<()> {
        let root = self.root.display();
        if !found.is_dir() {
            return Err(Error::usage(format!("the store's place `{root}` is not a directory"))
                .hint(format!("move it away; {OTHER_PLACE}")));
        }
        let me = rustix::process::geteuid().as_raw();
        if found.uid() != me {
            return Err(Error::usage(format!("the store at `{root}` belongs to another user"))
                .with("its owner", format!("user {}", found.uid()))
                .with("you are", format!("user {me}"))
                .hint(format!("one store has one owner: run as that user; {OTHER_PLACE}")));
        }
        let access = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
        rustix::fs::accessat(CWD, &self.root, access, AtFlags::EACCESS)
            .map_err(|cause| trouble("write to the store at", &self.root, &cause.into()))?;
        if !self.versions().exists() {
            self.expect_room_for_a_store()?;
        }
        Ok(())
    }

    /// A typing error after `--root` must not strew directories among somebody's files.
    fn expect_room_for_a_store(&self) -> Result<()> {
        let entries = fs::read_dir(&self.root).map_err(|cause| Error::io("list", &self.root, &cause))?;
        for entry in entries {
            let name = entry.map_err(|cause| Error::io("list", &self.root, &cause))?.file_name();
            let is_known = DIRECTORIES.iter().any(|known| name == *known) || name == "lost+found";
            if !is_known {
                let what = format!("`{}` is no store, and it is not empty", self.root.display());
                return Err(Error::usage(what)
                    .with("it holds", format!("`{}`", name.display()))
                    .hint("a store wants a directory of its own, which need not exist"));
            }
        }
        Ok(())
    }
}

/// Resolves `..`, which no sandbox takes in a path, as the kernel does: what it goes up from may be a link. What is not there
/// yet has no links.
fn without_parents(path: PathBuf) -> PathBuf {
    let Some(last) =
        path.components().collect::<Vec<_>>().iter().rposition(|word| *word == Component::ParentDir)
    else {
        return path;
    };
    let (up, rest) = (path.components().take(last + 1), path.components().skip(last + 1));
    match fs::canonicalize(up.collect::<PathBuf>()) {
        Ok(up) => up.join(rest.collect::<PathBuf>()),
        // Opening it says what is wrong.
        Err(_) => path,
    }
}

/// Makes the root and what is missing above it.
fn make_directories(root: &Path) -> Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(root)
        .map_err(|cause| trouble("make the store at", root, &cause))
}

/// Makes one directory, 0755 whatever the umask: everybody may read a store.
fn make_directory(path: &Path) -> Result<()> {
    let made = match fs::create_dir(path) {
        Ok(()) => {
            scatter(path);
            fs::set_permissions(path, Permissions::from_mode(0o755))
        }
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => match fs::metadata(path) {
            Ok(found) if !found.is_dir() => Err(Errno::NOTDIR.into()),
            found => found.map(drop),
        },
        Err(cause) => Err(cause),
    };
    made.map_err(|cause| trouble("make directory", path, &cause))
}

/// Asks ext4 to put each directory made in this one into a block group of its own (`chattr +T`); others do not know this.
///
/// Else all builds lie in one group, and ext4 uses no inode anew for minutes after it was deleted: each new file is looked for
/// past all that earlier builds have left behind. A thousand trivial builds, one after another, became slower and slower.
fn scatter(path: &Path) {
    let Ok(dir) = File::open(path) else { return };
    if let Ok(flags) = rustix::fs::ioctl_getflags(&dir) {
        let _ = rustix::fs::ioctl_setflags(&dir, flags | IFlags::TOPDIR);
    }
}

fn is_absence(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// A failed operation in the store, with the act that may cure it.
pub(super) fn trouble(doing: &str, path: &Path, cause: &io::Error) -> Error {
    let plain = Error::io(doing, path, cause);
    let hint = match Errno::from_io_error(cause) {
        Some(Errno::NOSPC | Errno::DQUOT) => {
            "the store's file system is full (or out of inodes): `pthbs gc` frees what nothing needs"
                .to_string()
        }
        Some(Errno::ROFS) => format!("that file system is read-only; {OTHER_PLACE}"),
        Some(Errno::ACCESS | Errno::PERM) => {
            format!("you (user {}) may not do that there; {OTHER_PLACE}", rustix::process::geteuid().as_raw())
        }
        Some(Errno::NOTDIR) => format!("something that is no directory stands there; {OTHER_PLACE}"),
        Some(Errno::MFILE | Errno::NFILE) => {
            "too many files are open: raise the limit with `ulimit -n`".to_string()
        }
        Some(Errno::IO) => "the disk reports an error: look at the kernel's messages".to_string(),
        _ => return plain,
    };
    plain.hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(root: &Path) -> String {
        let error = Store::open(root).unwrap_err();
        assert_eq!(error.kind(), crate::base::Kind::Usage);
        error.to_string()
    }

    #[test]
    fn a_store_is_made_where_none_is() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("a/b");
        assert!(Store::open_existing(&root).unwrap_err().to_string().contains("there is no store at"));
        let store = Store::open(&root).unwrap();
        assert!(store.current().is_dir());
        Store::open(&root).unwrap();
        assert_eq!(Store::open_existing(&root).unwrap().root(), root);

        std::os::unix::fs::symlink("a/b", dir.path().join("link")).unwrap();
        let roundabout = Store::open(&dir.path().join("link/../c/d")).unwrap();
        assert_eq!(roundabout.root(), root.with_file_name("c").join("d"));
    }

    #[test]
    fn a_place_that_is_no_store_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(error_of(&file).contains("is not a directory"));
        assert!(error_of(&file.join("below")).contains("no directory stands there"));
        assert!(error_of(dir.path()).contains("is no store, and it is not empty\n  it holds: `file`"));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);

        fs::remove_file(&file).unwrap();
        fs::write(dir.path().join("meta"), "").unwrap();
        assert!(error_of(dir.path()).contains("no directory stands there"));
    }

    #[test]
    fn a_store_that_cannot_be_written_says_why() {
        if rustix::process::geteuid().is_root() {
            let dir = tempfile::tempdir().unwrap();
            std::os::unix::fs::chown(dir.path(), Some(12345), None).unwrap();
            let error = error_of(dir.path());
            assert!(
                error.contains("its owner: user 12345\n  you are: user 0\n  hint: one store has one owner")
            );
            assert!(error_of(Path::new("/proc/pthbs")).contains("cannot make the store at `/proc/pthbs`"));
        } else {
            assert!(error_of(Path::new("/pthbs-store")).contains("you (user "));
            let dir = tempfile::tempdir().unwrap();
            fs::set_permissions(dir.path(), Permissions::from_mode(0o555)).unwrap();
            assert!(error_of(dir.path()).contains("cannot write to the store at"));
        }
        let full = trouble("write", Path::new("/x"), &Errno::NOSPC.into()).to_string();
        assert_eq!(
            full,
            "error: cannot write `/x`: No space left on device\n  hint: the store's file system is full (or out of \
             inodes): `pthbs gc` frees what nothing needs"
        );
    }
}
