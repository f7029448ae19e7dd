//! The few things that profiles and pins do with directories and links.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::base::{Error, Result};

/// Makes a directory that everybody may read, whatever the umask.
pub(in crate::environment) fn make_directory(path: &Path) -> Result<()> {
    let made = match fs::create_dir(path) {
        Err(cause) if cause.kind() == ErrorKind::AlreadyExists => return Ok(()),
        made => made.and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o755))),
    };
    made.map_err(|cause| Error::io("make directory", path, &cause))
}

/// Deletes a directory, if it is there.
pub(super) fn delete_tree(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(cause) if cause.kind() != ErrorKind::NotFound => Err(Error::io("delete", path, &cause)),
        _ => Ok(()),
    }
}

/// The names in a directory; none if it is not there.
pub(in crate::environment) fn names_in(dir: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(dir) {
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|cause| Error::io("list", dir, &cause))?,
    };
    let names = entries.map(|entry| entry.map(|entry| entry.file_name().into_string().ok()));
    let names: io::Result<Vec<_>> = names.collect();
    Ok(names.map_err(|cause| Error::io("list", dir, &cause))?.into_iter().flatten().collect())
}

/// A link's text; none if it is not there.
pub(super) fn text_of(link: &Path) -> Result<Option<PathBuf>> {
    match fs::read_link(link) {
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(None),
        text => text.map(Some).map_err(|cause| Error::io("read link", link, &cause)),
    }
}

/// The generation that a link names; none if it is not there.
pub(super) fn number_in(link: &Path) -> Result<Option<u64>> {
    let Some(text) = text_of(link)? else { return Ok(None) };
    let number = text.to_str().and_then(|text| text.parse().ok());
    number.map(Some).ok_or_else(|| {
        Error::failed(format!("`{}` is damaged", link.display()))
            .line(format!("it points to `{}`, which is no generation", text.display()))
    })
}
