//! The manifest: what an install or an environment consists of, as sorted text.
//!
//! ```text
//! #@ manifest 1
//! d<TAB>0555<TAB>bin
//! f<TAB>0555<TAB>1682344<TAB>9b8d…cd5<TAB>bin/zsh
//! r<TAB>ncurses.77aa…01d<TAB>1204 88123
//! l<TAB>bin/sh<TAB>zsh
//! ```
//!
//! Columns are separated by tabs; no path or link target holds a control character (the seal refuses them). An `r` line
//! belongs to the file above it: the offsets at which the file's bytes name an install.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::base::{Error, Result, Sha256};
use crate::script::InstallId;

/// All entries of a tree but its top, sorted by the bytes of their paths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Sorted by path; no path occurs twice.
    pub entries: Vec<Entry>,
}

/// One entry of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The path below the top.
    pub path: PathBuf,
    /// What is there.
    pub what: What,
}

/// What an entry is. Modes are not free: a directory has 0555, a file 0444 or 0555.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A directory.
    Directory,
    /// A file; `references` in order of their names.
    File { executable: bool, size: u64, sha256: Sha256, references: Vec<Reference> },
    /// A symbolic link and its text.
    Link { target: PathBuf },
}

/// An install named in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// Which one.
    pub install: InstallId,
    /// Where in the file `NAME.HASH` begins, ascending.
    pub offsets: Vec<u64>,
}

/// How much is in a tree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// Files.
    pub files: u64,
    /// Directories, without the top.
    pub directories: u64,
    /// Symbolic links.
    pub links: u64,
    /// Bytes in all files.
    pub bytes: u64,
}

const START: &[u8] = b"#@ manifest 1\n";

impl Manifest {
    /// The manifest's bytes; their sha256 is an environment's id.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = START.to_vec();
        for Entry { path, what } in &self.entries {
            let path = path.as_os_str().as_bytes();
            match what {
                What::Directory => bytes.extend([b"d\t0555\t", path, b"\n"].concat()),
                What::Link { target } => {
                    bytes.extend([b"l\t", path, b"\t", target.as_os_str().as_bytes(), b"\n"].concat());
                }
                What::File { executable, size, sha256, references } => {
                    let mode = if *executable { "0555" } else { "0444" };
                    bytes.extend(format!("f\t{mode}\t{size}\t{sha256}\t").into_bytes());
                    bytes.extend([path, b"\n"].concat());
                    for Reference { install, offsets } in references {
                        let offsets: Vec<String> = offsets.iter().map(u64::to_string).collect();
                        bytes.extend(format!("r\t{install}\t{}\n", offsets.join(" ")).into_bytes());
                    }
                }
            }
        }
        bytes
    }

    /// Reads a manifest; `place` is named in errors.
    pub fn parse(bytes: &[u8], place: &Path) -> Result<Manifest> {
        let wrong =
            |line: usize| Error::failed(format!("manifest `{}` is damaged at line {line}", place.display()));
        let body = bytes.strip_prefix(START).ok_or_else(|| wrong(1))?;
        let body = body
            .strip_suffix(b"\n")
            .map_or(Ok(body), |body| if body.is_empty() { Err(wrong(2)) } else { Ok(body) })?;
        let mut manifest = Manifest::default();
        if body.is_empty() {
            return Ok(manifest);
        }
        for (index, line) in body.split(|byte| *byte == b'\n').enumerate() {
            manifest.take(line).ok_or_else(|| wrong(index + 2))?;
        }
        // One spelling: what reads back differently was not written by this program.
        if manifest.to_bytes() != bytes {
            return Err(wrong(2));
        }
        Ok(manifest)
    }

    fn take(&mut self, line: &[u8]) -> Option<()> {
        let columns: Vec<&[u8]> = line.split(|byte| *byte == b'\t').collect();
        let entry = match columns[..] {
            [b"d", b"0555", path] => Entry { path: path_of(path), what: What::Directory },
            [b"l", path, target] => {
                Entry { path: path_of(path), what: What::Link { target: path_of(target) } }
            }
            [b"f", mode, size, sha256, path] => {
                let executable = match mode {
                    b"0555" => true,
                    b"0444" => false,
                    _ => return None,
                };
                let size = text(size)?.parse().ok()?;
                let sha256 = text(sha256)?.parse().ok()?;
                Entry {
                    path: path_of(path),
                    what: What::File { executable, size, sha256, references: Vec::new() },
                }
            }
            [b"r", install, offsets] => {
                let install = text(install)?.parse().ok()?;
                let offsets = text(offsets)?.split(' ').map(str::parse).collect::<Result<_, _>>().ok()?;
                let What::File { references, .. } = &mut self.entries.last_mut()?.what else { return None };
                references.push(Reference { install, offsets });
                return Some(());
            }
            _ => return None,
        };
        if self.entries.last().is_some_and(|last| last.path.as_os_str() >= entry.path.as_os_str()) {
            return None;
        }
        self.entries.push(entry);
        Some(())
    }

    /// The entry at a path.
    pub fn entry(&self, path: &Path) -> Option<&Entry> {
        let at = self.entries.binary_search_by(|entry| entry.path.as_os_str().cmp(path.as_os_str())).ok()?;
        Some(&self.entries[at])
    }

    /// How much is in it.
    pub fn size(&self) -> Size {
        let mut all = Size::default();
        for entry in &self.entries {
            match entry.what {
                What::Directory => all.directories += 1,
                What::Link { .. } => all.links += 1,
                What::File { size, .. } => {
                    all.files += 1;
                    all.bytes += size;
                }
            }
        }
        all
    }

    /// Every install that a file's bytes name. Links and paths speak for themselves and are not in this set.
    pub fn references_in_files(&self) -> BTreeSet<&InstallId> {
        let files = self.entries.iter().filter_map(|entry| match &entry.what {
            What::File { references, .. } => Some(references),
            _ => None,
        });
        files.flatten().map(|reference| &reference.install).collect()
    }
}

fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(bytes))
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Manifest {
        let install = format!("ncurses.{}", Sha256::of(b"n")).parse().unwrap();
        let references = vec![Reference { install, offsets: vec![3, 99] }];
        let file = What::File { executable: true, size: 7, sha256: Sha256::of(b"x"), references };
        Manifest {
            entries: vec![
                Entry { path: "bin".into(), what: What::Directory },
                Entry { path: "bin/sh".into(), what: What::Link { target: "zsh".into() } },
                Entry { path: "bin/zsh".into(), what: file },
            ],
        }
    }

    #[test]
    fn a_manifest_reads_back() {
        let manifest = example();
        assert_eq!(Manifest::parse(&manifest.to_bytes(), Path::new("m")).unwrap(), manifest);
        let empty = Manifest::default();
        assert_eq!(Manifest::parse(&empty.to_bytes(), Path::new("m")).unwrap(), empty);
        assert!(manifest.entry(Path::new("bin/zsh")).is_some());
        assert_eq!(manifest.references_in_files().len(), 1);
        assert_eq!(manifest.size(), Size { files: 1, directories: 1, links: 1, bytes: 7 });
    }

    #[test]
    fn a_damaged_manifest_is_an_error() {
        let good = String::from_utf8(example().to_bytes()).unwrap();
        for (from, to) in [
            ("0555\tbin", "0755\tbin"),
            ("\t7\t", "\t07\t"),
            ("3 99", "3,99"),
            ("l\tbin/sh", "l\tbin"),
            ("#@", "#"),
        ] {
            let bad = good.replacen(from, to, 1);
            assert!(Manifest::parse(bad.as_bytes(), Path::new("m")).is_err(), "{from} -> {to}");
        }
        assert!(Manifest::parse(good.trim_end().as_bytes(), Path::new("m")).is_err());
    }
}
