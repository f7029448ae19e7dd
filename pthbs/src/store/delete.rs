//! Deletes trees by descriptor: read-only, closed or thousands deep, and never through a link.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Mode};
use rustix::io::Errno;

use super::cursor::{self, Cursor};
use super::trouble;
use crate::base::Result;

/// Deletes whatever stands at `path`; nothing there is fine.
///
/// The path itself must be in a directory that no build writes to; below it nothing is believed.
pub(super) fn delete(path: &Path) -> Result<()> {
    cursor::c_string(path.as_os_str())
        .and_then(|name| delete_at(CWD, &name))
        .map_err(|cause| trouble("delete", path, &cause))
}

/// `delete`, of an entry in a directory that is held.
pub(super) fn delete_at(parent: BorrowedFd<'_>, name: &CStr) -> io::Result<()> {
    match rustix::fs::unlinkat(parent, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        // Linux says EISDIR, POSIX says EPERM. A real EPERM shows again below.
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(cause) => return Err(cause.into()),
    }
    let mut cursor = Cursor::open_at(parent, name)?;
    let mut buffer = Vec::new();
    // The directories still to enter, of this directory and of all above it.
    let mut pending = vec![empty(&cursor, &mut buffer)?];
    let mut second_looks = 0;
    loop {
        let next = pending.last_mut().and_then(Vec::pop);
        if let Some(name) = next {
            // An empty one goes at once. Whatever else keeps this one shows below.
            if rustix::fs::unlinkat(&cursor, &name, AtFlags::REMOVEDIR).is_ok() {
                continue;
            }
            cursor.enter(&name)?;
            pending.push(empty(&cursor, &mut buffer)?);
            continue;
        }
        pending.pop();
        let Some(name) = cursor.leave()? else { break };
        match rustix::fs::unlinkat(&cursor, &name, AtFlags::REMOVEDIR) {
            Ok(()) => {}
            // Some file systems skip entries when others are unlinked while they are listed: look again.
            Err(Errno::NOTEMPTY) if second_looks < 1000 => {
                second_looks += 1;
                pending.last_mut().expect("the directory above is still being emptied").push(name);
            }
            Err(cause) => return Err(cause.into()),
        }
    }
    Ok(rustix::fs::unlinkat(parent, name, AtFlags::REMOVEDIR)?)
}

/// Unlinks all that is no directory; gives the directories.
fn empty(cursor: &Cursor, buffer: &mut Vec<u8>) -> io::Result<Vec<CString>> {
    let mut directories = Vec::new();
    let mut is_open = false;
    cursor::each_entry(cursor.as_fd(), buffer, |name, kind| {
        // Asked for before it is needed: the directories found here are removed from this one later.
        if !is_open {
            make_writable(cursor)?;
            is_open = true;
        }
        if kind == FileType::Directory {
            directories.push(name.to_owned());
            return Ok(());
        }
        Ok(rustix::fs::unlinkat(cursor, name, AtFlags::empty())?)
    })?;
    Ok(directories)
}

/// Installs are 0555: an ordinary user can unlink nothing in them as they are.
fn make_writable(cursor: &Cursor) -> io::Result<()> {
    let mode = rustix::fs::fstat(cursor.as_fd())?.st_mode;
    if mode & 0o700 != 0o700 && !rustix::process::geteuid().is_root() {
        rustix::fs::fchmod(cursor, Mode::RWXU)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_read_only_tree_goes_and_what_its_links_point_to_stays() {
        let dir = tempfile::tempdir().unwrap();
        let (tree, other) = (dir.path().join("tree"), dir.path().join("other"));
        fs::create_dir_all(tree.join("a/b")).unwrap();
        fs::create_dir(tree.join("closed")).unwrap();
        fs::write(tree.join("closed/file"), "").unwrap();
        fs::create_dir(&other).unwrap();
        fs::write(other.join("precious"), "").unwrap();
        symlink(&other, tree.join("a/link")).unwrap();
        symlink("loop", tree.join("a/b/loop")).unwrap();
        for (path, mode) in [("a/b", 0o555), ("a", 0o555), ("closed", 0), ("", 0o555)] {
            fs::set_permissions(tree.join(path), Permissions::from_mode(mode)).unwrap();
        }
        delete(&tree).unwrap();
        assert!(!tree.exists());
        assert!(other.join("precious").exists());
        delete(&tree).unwrap();

        symlink(&other, &tree).unwrap();
        delete(&tree).unwrap();
        assert!(other.join("precious").exists());
    }

    #[test]
    fn a_tree_may_be_five_thousand_deep() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().join("top");
        fs::create_dir(&top).unwrap();
        let mut here = std::fs::File::open(&top).unwrap();
        for _ in 0..5000 {
            rustix::fs::mkdirat(&here, "d", Mode::from_raw_mode(0o777)).unwrap();
            here = rustix::fs::openat(&here, "d", cursor::DIRECTORY, Mode::empty()).unwrap().into();
        }
        rustix::fs::fchmod(&here, Mode::empty()).unwrap();
        delete(&top).unwrap();
        assert!(!top.exists());
    }

    #[test]
    fn what_cannot_be_deleted_is_named() {
        let error = delete(Path::new("/proc/1/status")).unwrap_err().to_string();
        assert!(error.starts_with("error: cannot delete `/proc/1/status`: "), "{error}");
    }
}
