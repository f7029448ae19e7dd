//! A directory of this machine as a source: packed so that the same content gives the same bytes, kept by their sum.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tar::{Builder, EntryType, Header};

use super::partial::Partial;
use crate::base::{Error, Result, Sha256};
use crate::store::{Lock, Store};

/// Keeps what is in `dir` as an archive with everything below `name/`; gives its sum and size.
///
/// Names are sorted, and of the metadata only whether a file is a program goes in: it comes out of every file system
/// the same. What is no file, directory or link is an error.
pub fn import(store: &Store, name: &str, dir: &Path) -> Result<(Sha256, u64)> {
    let key = format!("{name}.import");
    let _lock = Lock::take(&store.lock_path(&format!("source.{key}")))?;
    let mut partial = Partial::open(store, &key)?;
    partial.restart()?;
    let mut archive = Builder::new(Into(&mut partial));
    let packed = append(&mut archive, dir, Path::new(name))
        .and_then(|()| archive.finish().map_err(|cause| fault(dir, &cause)));
    drop(archive);
    match packed {
        Ok(()) => {
            let kept = (partial.sum(), partial.length());
            partial.keep(store).map(|_| kept)
        }
        Err(error) => {
            partial.discard();
            Err(error)
        }
    }
}

/// Takes an archive's bytes.
struct Into<'a>(&'a mut Partial);

impl Write for Into<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map(|()| bytes.len()).map_err(|error| io::Error::other(error.to_string()))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn fault(path: &Path, cause: &io::Error) -> Error {
    Error::failed(format!("cannot import `{}`", path.display())).line(cause.to_string())
}

/// Appends a directory and all below it.
fn append(archive: &mut Builder<Into<'_>>, dir: &Path, name: &Path) -> Result<()> {
    let mut header = header(EntryType::Directory, 0o755);
    archive.append_data(&mut header, name, io::empty()).map_err(|cause| fault(dir, &cause))?;
    for path in sorted(dir).map_err(|cause| fault(dir, &cause))? {
        let name = name.join(path.file_name().unwrap_or_default());
        let metadata = fs::symlink_metadata(&path).map_err(|cause| fault(&path, &cause))?;
        if metadata.is_dir() {
            append(archive, &path, &name)?;
        } else {
            append_leaf(archive, &path, &name, &metadata).map_err(|cause| fault(&path, &cause))?;
        }
    }
    Ok(())
}

fn sorted(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(dir)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
    paths.sort();
    Ok(paths)
}

fn append_leaf(
    archive: &mut Builder<Into<'_>>,
    path: &Path,
    name: &Path,
    metadata: &Metadata,
) -> io::Result<()> {
    if metadata.is_symlink() {
        let mut header = header(EntryType::Symlink, 0o777);
        return archive.append_link(&mut header, name, fs::read_link(path)?);
    }
    if !metadata.is_file() {
        return Err(io::Error::other("it is no file, directory or link"));
    }
    let is_program = metadata.permissions().mode() & 0o111 != 0;
    let mut header = header(EntryType::Regular, if is_program { 0o755 } else { 0o644 });
    header.set_size(metadata.size());
    let mut bytes = File::open(path)?.take(metadata.size());
    archive.append_data(&mut header, name, &mut bytes)?;
    match bytes.limit() {
        0 => Ok(()),
        _ => Err(io::Error::other("it became shorter while it was read")),
    }
}

fn header(kind: EntryType, mode: u32) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(0);
    header.set_mtime(0);
    header
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::source::{Limits, unpack};

    fn tree(top: &Path) {
        fs::create_dir_all(top.join("bin/empty")).unwrap();
        fs::write(top.join("bin/cc"), "#!/bin/sh\n").unwrap();
        fs::set_permissions(top.join("bin/cc"), fs::Permissions::from_mode(0o700)).unwrap();
        fs::write(top.join("n".repeat(120)), "long\n").unwrap();
        symlink("bin/cc", top.join("c89")).unwrap();
        symlink("t".repeat(150), top.join("far")).unwrap();
        fs::hard_link(top.join("bin/cc"), top.join("bin/gcc")).unwrap();
    }

    #[test]
    fn the_same_content_gives_the_same_sum_and_comes_out_again() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("store")).unwrap();
        let (one, two, out) = (dir.path().join("one"), dir.path().join("two"), dir.path().join("out"));
        tree(&one);
        tree(&two);
        fs::set_permissions(two.join("bin/cc"), fs::Permissions::from_mode(0o755)).unwrap();
        let (sum, bytes) = import(&store, "cross", &one).unwrap();
        assert_eq!(import(&store, "cross", &two).unwrap(), (sum, bytes));
        assert_eq!(fs::metadata(store.source(&sum)).unwrap().len(), bytes);

        let archive = dir.path().join("cross.tar");
        fs::copy(store.source(&sum), &archive).unwrap();
        unpack(&archive, &out, 1, &Limits::default()).unwrap();
        assert_eq!(import(&store, "cross", &out).unwrap().0, sum);
        fs::write(two.join("bin/cc"), "another").unwrap();
        assert_ne!(import(&store, "cross", &two).unwrap().0, sum);
    }

    #[test]
    fn what_is_no_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("store")).unwrap();
        let top = dir.path().join("top");
        fs::create_dir(&top).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(top.join("socket")).unwrap();
        let error = import(&store, "x", &top).unwrap_err().to_string();
        assert!(error.contains("top/socket`\n  it is no file, directory or link"), "{error}");
        assert!(import(&store, "x", &dir.path().join("nothing")).is_err());
        let kept = fs::read_dir(store.sources()).unwrap().map(|entry| entry.unwrap().path());
        assert_eq!(kept.filter(|path| path.is_file()).count(), 0);
    }
}
