//! Lays one source below a build's `src`: unpacked, or copied as it is. What was kept is checked before it is used.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Seek};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::fetch::Fetcher;
use super::git;
use super::inside::Inside;
use super::tree::Tree;
use super::unpack::{Limits, unpack_file};
use crate::base::event::Event;
use crate::base::{Error, Result, Sha256};
use crate::script::header::Unpack;
use crate::script::{Origin, Source};
use crate::store::{Lock, Store};

/// Whether a source is in the store: one look.
pub fn is_kept(store: &Store, source: &Source) -> bool {
    match source {
        Source::File { sha256, .. } => store.source(sha256).is_file(),
        Source::Git { commit, tree, .. } => store.git_commit(commit, tree).is_dir(),
    }
}

/// Puts a source that is kept in the store below `src_dir`, as `source.entry()`.
///
/// The file is hashed first: its disk may have failed since it was fetched, and no decompressor is to see bytes that
/// nobody vouches for. A damaged one is removed and an error; `Fetcher::place` fetches it anew instead.
pub fn place(store: &Store, source: &Source, src_dir: &Path) -> Result<()> {
    try_place(store, source, src_dir)?.map_err(|damage| damage.error(source))
}

impl Fetcher {
    /// Puts a source below `src_dir`, as `source.entry()`; one that was damaged in the store is fetched anew.
    pub fn place(&self, source: &Source, origins: &[Origin], src_dir: &Path) -> Result<()> {
        self.fetch(source, origins)?;
        let Err(damage) = try_place(self.store(), source, src_dir)? else { return Ok(()) };
        self.tell(Event::Warning(format!("{}; it is fetched anew", damage.error(source).what())));
        self.fetch(source, origins)?;
        place(self.store(), source, src_dir)
    }
}

/// What was kept is not what its name says; it is removed already.
struct Damage(String);

impl Damage {
    fn error(&self, source: &Source) -> Error {
        Error::failed(format!("kept source `{}` is damaged", source.entry()))
            .with("expected", source.key())
            .line(&*self.0)
            .hint("it was removed; the next fetch brings it anew")
    }
}

fn try_place(store: &Store, source: &Source, src_dir: &Path) -> Result<Result<(), Damage>> {
    let Source::File { sha256, unpack, .. } = source else {
        return Ok(git::place(store, source, &src_dir.join(source.entry()))?.map_err(Damage));
    };
    let path = store.source(sha256);
    let mut file = File::open(&path).map_err(|cause| match cause.kind() {
        ErrorKind::NotFound => Error::failed(format!("source `{}` is not in the store", source.entry()))
            .with("file", path.display())
            .hint("fetch it first"),
        _ => Error::io("open", &path, &cause),
    })?;
    let (received, _) = Sha256::of_reader(&file).map_err(|cause| Error::io("read", &path, &cause))?;
    if received != *sha256 {
        remove_damaged(store, sha256, &path, &file)?;
        return Ok(Err(Damage(format!("received: {received}"))));
    }
    match unpack {
        Unpack::Yes { strip } => {
            let into = src_dir.join(source.entry());
            let unpacked = unpack_file(file, &path, &into, *strip, &Limits::default());
            unpacked.map_err(|error| error.with("source", format!("`{}`", source.entry())))?;
        }
        Unpack::No => {
            file.rewind().map_err(|cause| Error::io("read", &path, &cause))?;
            copy(file, source.entry(), src_dir)?;
        }
    }
    Ok(Ok(()))
}

/// Removes a damaged file, unless another process has put a good one in its place meanwhile.
pub(super) fn remove_damaged(store: &Store, sha256: &Sha256, path: &Path, damaged: &File) -> Result<()> {
    let _lock = Lock::take(&store.lock_path(&format!("source.{sha256}")))?;
    let inode = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let ours = damaged.metadata().map(inode).ok();
    if fs::metadata(path).map(inode).ok() == ours {
        fs::remove_file(path).map_err(|cause| Error::io("remove damaged", path, &cause))?;
    }
    Ok(())
}

/// A file that is not unpacked: mode 0644, whatever it had; what is executable is the script's to say.
fn copy(mut file: File, entry: &str, src_dir: &Path) -> Result<()> {
    let target = src_dir.join(entry);
    let failed = |why: String| Error::failed(format!("cannot write `{}`: {why}", target.display()));
    let path = Inside::child(None, entry.as_bytes()).map_err(|why| failed(why.to_string()))?;
    let mut tree = Tree::open(src_dir).map_err(|cause| Error::io("open directory", src_dir, &cause))?;
    let written = tree.file(&path, false).map_err(failed)?;
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return written.finish().map_err(failed),
            Ok(n) => written.write(&buffer[..n]).map_err(failed)?,
            Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
            Err(cause) => return Err(failed(crate::base::error::system_word(&cause))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use super::*;
    use crate::base::event;
    use crate::source::Config;

    fn kept(bytes: &[u8], unpack: Unpack) -> (tempfile::TempDir, Store, Source, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("store")).unwrap();
        let sha256 = Sha256::of(bytes);
        fs::write(store.source(&sha256), bytes).unwrap();
        let src = dir.path().join("src");
        fs::create_dir(&src).unwrap();
        (dir, store, Source::File { sha256, name: "a.tar".to_string(), unpack }, src)
    }

    #[test]
    fn a_file_that_is_not_unpacked_is_a_plain_copy() {
        let (_dir, store, source, src) = kept(b"#!/bin/sh\n", Unpack::No);
        place(&store, &source, &src).unwrap();
        assert_eq!(fs::read(src.join("a.tar")).unwrap(), b"#!/bin/sh\n");
        assert_eq!(fs::metadata(src.join("a.tar")).unwrap().permissions().mode() & 0o7777, 0o644);
    }

    #[test]
    fn an_archive_is_a_directory_without_its_ending() {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(2);
        header.set_mode(0o755);
        builder.append_data(&mut header, "a-1/x/y", &b"hi"[..]).unwrap();
        let (_dir, store, source, src) = kept(&builder.into_inner().unwrap(), Unpack::Yes { strip: 1 });
        place(&store, &source, &src).unwrap();
        assert_eq!(fs::read(src.join("a/x/y")).unwrap(), b"hi");
    }

    #[test]
    fn a_damaged_file_is_never_used_and_fetched_anew() {
        let (dir, store, source, src) = kept(b"good", Unpack::No);
        let Source::File { sha256, .. } = &source else { unreachable!("it was made as a file") };
        fs::write(store.source(sha256), b"bad").unwrap();
        let error = place(&store, &source, &src).unwrap_err();
        assert_eq!(error.what(), "kept source `a.tar` is damaged");
        assert!(!store.source(sha256).exists() && !src.join("a.tar").exists());

        fs::write(store.source(sha256), b"bad").unwrap();
        fs::write(dir.path().join("elsewhere"), b"good").unwrap();
        let fetcher = Fetcher::new(&store, Config::default(), event::ignore()).unwrap();
        let url = format!("file://{}", dir.path().join("elsewhere").display());
        fetcher.place(&source, &[Origin { url, place: "x:1".to_string() }], &src).unwrap();
        assert_eq!(fs::read(src.join("a.tar")).unwrap(), b"good");
    }
}
