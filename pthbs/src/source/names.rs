//! The names under which a sum is known: the bumped version whose hash was forgotten is found by them.
//!
//! Without this a definition that says `zsh-5.10.tar.xz` with the sum of 5.9 would build 5.9 from what is kept, and
//! nobody would notice.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use super::wanted::Wanted;
use crate::base::{Error, Result, Sha256};
use crate::script::Source;
use crate::script::header::Unpack;
use crate::store::Store;

/// Whether two file names that have one sum are two versions of one thing: `zsh-5.10.tar.xz` and `zsh-5.9.tar.xz`.
///
/// Other names for the same version (`zsh_5.9.orig.tar.xz`) are no contradiction.
pub fn are_two_versions(one: &str, other: &str) -> bool {
    let ((one_start, one_version), (other_start, other_version)) = (version(one), version(other));
    one_start == other_start && one_version != other_version
}

/// What stands before the version, and the version: from the longest run of digits and dots on, without the endings
/// of archives. Of equally long runs the last.
fn version(name: &str) -> (String, String) {
    let source =
        Source::File { sha256: Sha256::of(b""), name: name.to_string(), unpack: Unpack::Yes { strip: 1 } };
    let stem = source.entry();
    let mut best = stem.len()..stem.len();
    let mut start = None;
    for (at, byte) in stem.bytes().chain([b'-']).enumerate() {
        let is_inside = byte.is_ascii_digit() || (byte == b'.' && start.is_some());
        match start {
            None if is_inside => start = Some(at),
            Some(begun) if !is_inside => {
                if at - begun >= best.len() {
                    best = begun..at;
                }
                start = None;
            }
            _ => {}
        }
    }
    (stem[..best.start].to_string(), stem[best.start..].to_string())
}

/// The names by which a kept file goes.
pub(super) fn known(store: &Store, sha256: &Sha256) -> Vec<String> {
    let text = fs::read_to_string(store.source_names(sha256)).unwrap_or_default();
    text.lines().map(str::to_string).collect()
}

/// Notes that a kept file goes by the wanted name; an error if it is known as another version.
pub(super) fn check(store: &Store, wanted: &Wanted<'_>) -> Result<()> {
    let path = store.source_names(wanted.sha256);
    let known = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(cause) if cause.kind() == ErrorKind::NotFound => String::new(),
        Err(cause) => return Err(Error::io("read", &path, &cause)),
    };
    if known.lines().any(|name| name == wanted.name) {
        return Ok(());
    }
    if let Some(other) = known.lines().find(|name| are_two_versions(name, wanted.name)) {
        return Err(stale(wanted, other));
    }
    append(&path, wanted.name).map_err(|cause| Error::io("write", &path, &cause))
}

/// The error for a definition whose hash belongs to another version.
pub(super) fn stale(wanted: &Wanted<'_>, known_as: &str) -> Error {
    wanted
        .error(format!("source `{}` has the hash of another version", wanted.name))
        .with("sha256", wanted.sha256)
        .with("known as", format!("`{known_as}`"))
        .hint("write sha256=\"\" there: the fetch then tells the hash of this version")
}

/// One small write at the end: names of several processes never mix.
fn append(path: &Path, name: &str) -> std::io::Result<()> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    fs::File::options().create(true).append(true).open(path)?.write_all(format!("{name}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_versions_of_one_thing_are_told_apart_from_two_names() {
        for (one, other) in [
            ("zsh-5.10.tar.xz", "zsh-5.9.tar.xz"),
            ("bzip2-1.0.8.tar.gz", "bzip2-1.0.9.tar.gz"),
            ("tzdata2024a.tar.gz", "tzdata2024b.tar.gz"),
            ("gcc-14_14.2.0.orig.tar.gz", "gcc-14_14.3.0.orig.tar.gz"),
            ("foo-1.0.tar.gz", "foo-1.0rc1.tar.gz"),
            ("v3.tar.gz", "v4.tar.gz"),
        ] {
            assert!(are_two_versions(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("zsh-5.9.tar.xz", "zsh_5.9.orig.tar.xz"),
            ("zsh-5.9.tar.xz", "zsh-5.9.tgz"),
            ("zsh-5.9.tar.xz", "zsh-5.9.tar.xz"),
            ("config.sub", "config.sub"),
            ("config.sub", "other.sub"),
            ("v1.2.tar.gz", "tool-1.2.tar.gz"),
        ] {
            assert!(!are_two_versions(one, other), "{one} {other}");
        }
    }
}
