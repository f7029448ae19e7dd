//! Files with errors that name their path.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::{Error, Result};

/// All bytes of a file.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|cause| Error::io("read", path, &cause))
}

/// All of a text that must be a file: a pipe or a device, which would be waited for, is an error.
pub fn read_file(path: &Path) -> Result<String> {
    text_of(file_bytes(path)?, path)
}

/// All bytes of what must be a file.
pub fn file_bytes(path: &Path) -> Result<Vec<u8>> {
    let failed = |cause| Error::io("read", path, &cause);
    let mut file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path).map_err(failed)?;
    let kind = file.metadata().map_err(failed)?.file_type();
    if !kind.is_file() {
        let kind = if kind.is_dir() { "directory" } else { "pipe or device" };
        return Err(Error::usage(format!("`{}` is a {kind}, not a file", path.display())));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// All of a text file; other bytes than UTF-8 are an error.
pub fn read_text(path: &Path) -> Result<String> {
    text_of(read(path)?, path)
}

/// The text that the bytes of a file are.
pub fn text_of(bytes: Vec<u8>, path: &Path) -> Result<String> {
    String::from_utf8(bytes).map_err(|cause| {
        let offset = cause.utf8_error().valid_up_to();
        Error::usage(format!("`{}` is not UTF-8 text", path.display())).with("first wrong byte at", offset)
    })
}

/// Makes a directory and those above it.
pub fn create_dir_all(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|cause| Error::io("make directory", path, &cause))
}

/// Moves one entry.
pub fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to)
        .map_err(|cause| Error::io("rename", from, &cause).with("to", format!("`{}`", to.display())))
}

/// Writes a whole file by way of a temporary one beside it, so that a reader sees the old bytes or the new, never half.
///
/// Not durable: use it for what can be made again. A file that already holds these bytes is left alone.
/// Returns whether anything was written. A pipe or a device that a person names is written to: read, it may have no end,
/// and root would put a file in the place of /dev/null.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<bool> {
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        let written = File::options().write(true).open(path).and_then(|mut file| file.write_all(bytes));
        return written.map(|()| true).map_err(|cause| Error::io("write", path, &cause));
    }
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(false);
    }
    let name = path.file_name().unwrap_or_default().as_bytes();
    let beside = path.with_file_name(std::ffi::OsStr::from_bytes(
        &[b".", name, b".", std::process::id().to_string().as_bytes()].concat(),
    ));
    let written = File::create(&beside).and_then(|mut file| file.write_all(bytes));
    if let Err(cause) = written.and_then(|()| fs::rename(&beside, path)) {
        let _ = fs::remove_file(&beside);
        return Err(Error::io("write", path, &cause));
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pipe");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let error = read_file(&path).unwrap_err().to_string();
        assert_eq!(error, format!("error: `{}` is a pipe or device, not a file", path.display()));
        let error = read_file(dir.path()).unwrap_err().to_string();
        assert_eq!(error, format!("error: `{}` is a directory, not a file", dir.path().display()));
        fs::write(dir.path().join("file"), "text").unwrap();
        assert_eq!(read_file(&dir.path().join("file")).unwrap(), "text");
    }

    #[test]
    fn what_is_no_file_is_not_replaced_by_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pipe");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let reader = std::thread::spawn({
            let path = path.clone();
            move || fs::read_to_string(path).unwrap()
        });
        assert!(write_whole(&path, b"text").unwrap());
        assert_eq!(reader.join().unwrap(), "text");
        assert!(!fs::symlink_metadata(&path).unwrap().is_file());
        assert!(write_whole(dir.path(), b"text").unwrap_err().to_string().contains("Is a directory"));
    }
}
