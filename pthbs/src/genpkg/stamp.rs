//! The fingerprint of a project's files: as long as it is the same, what was rendered from them is too.

use std::fmt::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use walkdir::WalkDir;

use super::project::Project;
use crate::base::{Error, Result, Sha256};

/// The sum over path, size, time and inode of everything that a rendering can read, as a line.
///
/// The version is part of it, because another engine may render the same files to other bytes.
pub(super) fn of(root: &Path) -> Result<String> {
    let mut text = format!("{} {}\n", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    for part in [Project::FILE, "packages", "templates"] {
        for entry in WalkDir::new(root.join(part)).sort_by_file_name() {
            let entry = entry.and_then(|entry| Ok((entry.metadata()?, entry)));
            let (metadata, entry) = entry.map_err(|error| {
                let path = error.path().unwrap_or(root).to_path_buf();
                let cause = error.into_io_error().unwrap_or_else(|| std::io::ErrorKind::Other.into());
                Error::io("look at", &path, &cause)
            })?;
            // A directory's own size and time tell nothing that its entries do not.
            let (size, time) = match metadata.is_dir() {
                true => (0, (0, 0)),
                false => (metadata.len(), (metadata.mtime(), metadata.mtime_nsec())),
            };
            let path = entry.path().strip_prefix(root).unwrap_or(entry.path());
            let _ = writeln!(text, "{size} {}.{:09} {} {:?}", time.0, time.1, metadata.ino(), path);
        }
    }
    Ok(format!("{}\n", Sha256::of(text.as_bytes())))
}
