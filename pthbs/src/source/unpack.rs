//! Unpacks tar archives, believing nothing in them: all of it lands below one directory, or an error names the member.
//!
//! What comes out is the same for everybody: files have mode 0644, or 0755 where any execute bit is set, directories
//! 0755; owners are the caller's; all times are one. Names are taken without `./` and then without the first `strip`
//! components. These are errors: a name that is empty, absolute or has `..`; a member behind a symbolic link; a hard
//! link to anything but a file unpacked before; a device, FIFO, sparse file or unknown kind; a set-user-id or
//! set-group-id file (on directories the bits are dropped); two members with one name, unless both are directories; a
//! file above the stripped directories; a wrong checksum, truncation, or anything after the end; an empty archive.

mod compression;
mod members;
mod pipe;

use std::fs::File;
use std::path::Path;
use std::thread;

use super::inside::Inside;
use super::tree::Tree;
use crate::base::{Error, Result};
use members::{Kind, Member, Members, Wrong};
use pipe::Pipe;

/// How much an archive may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes after decompression.
    pub bytes: u64,
    /// Members.
    pub members: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { bytes: 64 << 30, members: 4_000_000 }
    }
}

/// Unpacks `archive` below `into`, which is made where it is missing.
///
/// After an error what was written before it is still there, for the caller to delete.
pub fn unpack(archive: &Path, into: &Path, strip: u32, limits: &Limits) -> Result<()> {
    let file = File::open(archive).map_err(|cause| Error::io("open", archive, &cause))?;
    unpack_file(file, archive, into, strip, limits)
}

/// The same for a file that is open already; `archive` is what errors call it.
pub(super) fn unpack_file(
    file: File,
    archive: &Path,
    into: &Path,
    strip: u32,
    limits: &Limits,
) -> Result<()> {
    let failed = |wrong: Wrong| {
        let error = Error::failed(format!("cannot unpack `{}`", archive.display()));
        match wrong.member {
            Some(name) => error.with("member", format!("`{}`", name.escape_ascii())).line(wrong.why),
            None => error.line(wrong.why),
        }
    };
    let source = compression::open(file).map_err(|cause| Error::io("read", archive, &cause))?;
    let Some(source) = source else {
        return Err(failed(
            "it is no tar archive, plain or compressed with gzip, xz, bzip2 or zstd".to_string().into(),
        )
        .hint("with `unpack=false` in the definition it is given to the build as it is"));
    };
    let mut tree = Tree::open(into).map_err(|cause| Error::io("make directory", into, &cause))?;
    let written = thread::scope(|scope| {
        let (pipe, _reader) = Pipe::start(scope, source, limits.bytes);
        write_members(Members::new(pipe), &mut tree, strip, limits)
    });
    written.map_err(failed)?;
    tree.finish().map_err(|cause| Error::io("set the times below", into, &cause))
}

fn write_members(mut members: Members, tree: &mut Tree, strip: u32, limits: &Limits) -> Result<(), Wrong> {
    let (mut count, mut is_anything) = (0, false);
    while let Some(Member { name, kind }) = members.next()? {
        count += 1;
        if count > limits.members {
            return Err(format!("it has more than {} members", limits.members).into());
        }
        match write_member(&mut members, tree, &name, &kind, strip) {
            Ok(is_written) => is_anything |= is_written,
            Err(why) => return Err(Wrong { member: Some(name), why }),
        }
    }
    match (is_anything, strip) {
        (true, _) => Ok(()),
        (false, 0) => Err("it holds nothing".to_string().into()),
        (false, _) => Err(format!("without {strip} leading directories it holds nothing").into()),
    }
}

/// Writes one member; gives whether there was anything to write, which is not so for a stripped directory.
fn write_member(
    members: &mut Members,
    tree: &mut Tree,
    name: &[u8],
    kind: &Kind,
    strip: u32,
) -> Result<bool, String> {
    let Some(path) = Inside::new(name, strip)? else {
        return match kind {
            Kind::Directory => Ok(false),
            _ => {
                Err(format!("it lies above the {strip} leading directories that are dropped (strip={strip})"))
            }
        };
    };
    match kind {
        Kind::Directory => tree.directory(&path)?,
        Kind::File { size, is_program } => {
            let file = tree.file(&path, *is_program)?;
            members.body(*size, |piece| file.write(piece))?;
            file.finish()?;
        }
        Kind::Symlink { text } => tree.symlink(&path, text)?,
        Kind::HardLink { target } => {
            let target = Inside::new(target, strip)
                .map_err(|why| format!("it is a hard link to `{}`: {why}", target.escape_ascii()))?
                .ok_or_else(|| {
                    format!("it is a hard link to `{}`, which is dropped", target.escape_ascii())
                })?;
            tree.hard_link(&path, &target)?;
        }
    }
    Ok(true)
}
