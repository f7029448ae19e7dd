//! The members of a tar archive, in order: ustar, pax and GNU long names. Whatever is odd is an error, never skipped.
//!
//! The `tar` crate reads the header's fields. Its own archive reader is not used: it takes an empty file for an empty
//! archive, passes over what it does not know, and reads a long name of any length into memory.

use tar::{EntryType, Header, PaxExtensions};

use super::pipe::Pipe;

const BLOCK: usize = 512;
/// The longest name or pax header; a path can have no more than 4,096 bytes.
const MAX_EXTENSION: u64 = 1 << 20;

/// One member; its name is not checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) name: Vec<u8>,
    pub(super) kind: Kind,
}

/// What a member is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    /// Its bytes follow and must be read before the next member.
    File {
        size: u64,
        is_program: bool,
    },
    Symlink {
        text: Vec<u8>,
    },
    HardLink {
        target: Vec<u8>,
    },
}

/// Why there is no further member; with the name of the one it is about, where there is one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) member: Option<Vec<u8>>,
    pub(super) why: String,
}

impl From<String> for Wrong {
    fn from(why: String) -> Wrong {
        Wrong { member: None, why }
    }
}

/// What headers before the member said about it.
#[derive(Default)]
struct Extended {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    is_sparse: bool,
    is_any: bool,
}

/// The members of one archive.
pub(super) struct Members {
    pipe: Pipe,
    is_first: bool,
}

impl Members {
    pub(super) fn new(pipe: Pipe) -> Members {
        Members { pipe, is_first: true }
    }

    /// The next member; nothing at the end, when all that follows was read and is nothing but zeros.
    pub(super) fn next(&mut self) -> Result<Option<Member>, Wrong> {
        let mut extended = Extended::default();
        loop {
            let mut block = [0; BLOCK];
            match self.pipe.fill(&mut block)? {
                BLOCK => {}
                0 if self.is_first => return Err("it is empty".to_string().into()),
                _ => return Err("it ends too early: it is truncated".to_string().into()),
            }
            self.is_first = false;
            if block == [0; BLOCK] {
                if extended.is_any {
                    return Err("a long name has no member".to_string().into());
                }
                return self.end().map(|()| None);
            }
            if !is_header(&block) {
                return Err("a header does not match its checksum".to_string().into());
            }
            let header = Header::from_byte_slice(&block);
            match header.entry_type() {
                EntryType::GNULongName => extended.name = Some(text(self.extension(header)?)),
                EntryType::GNULongLink => extended.link = Some(text(self.extension(header)?)),
                EntryType::XHeader => extended.read_pax(&self.extension(header)?)?,
                EntryType::XGlobalHeader => check_global(&self.extension(header)?)?,
                _ => return member(header, extended).map(Some),
            }
            // A global header is about no member in particular.
            extended.is_any |= header.entry_type() != EntryType::XGlobalHeader;
        }
    }

    /// Gives the bytes of the file that `next` returned, piece by piece.
    pub(super) fn body(
        &mut self,
        size: u64,
        mut take: impl FnMut(&[u8]) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut rest = size;
        while rest > 0 {
            let piece = self.pipe.next(rest)?;
            if piece.is_empty() {
                return Err("the archive ends in the middle of it: it is truncated".to_string());
            }
            rest -= piece.len() as u64;
            take(piece)?;
        }
        let mut padding = [0; BLOCK];
        let length = padding_after(size);
        if self.pipe.fill(&mut padding[..length])? < length {
            return Err("the archive ends in the middle of it: it is truncated".to_string());
        }
        Ok(())
    }

    /// The data of a header that is about the next member.
    fn extension(&mut self, header: &Header) -> Result<Vec<u8>, Wrong> {
        let size = header.entry_size().map_err(|_| "a header's size is no number".to_string())?;
        if size > MAX_EXTENSION {
            return Err(format!("a name of {size} bytes is too long").into());
        }
        let mut data = Vec::new();
        self.body(size, |piece| {
            data.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(data)
    }

    /// Reads what follows the end mark: archives are padded with zeros, and reading on verifies the compression's sums.
    fn end(&mut self) -> Result<(), Wrong> {
        loop {
            let piece = self.pipe.next(u64::MAX)?;
            if piece.is_empty() {
                return Ok(());
            }
            if piece.iter().any(|byte| *byte != 0) {
                return Err("there is something after its end".to_string().into());
            }
        }
    }
}

impl Extended {
    fn read_pax(&mut self, data: &[u8]) -> Result<(), Wrong> {
        for extension in PaxExtensions::new(data) {
            let extension = extension.map_err(|_| "a pax header cannot be read".to_string())?;
            let value = extension.value_bytes();
            match extension.key_bytes() {
                b"path" => self.name = Some(value.to_vec()),
                b"linkpath" => self.link = Some(value.to_vec()),
                b"size" => {
                    let size = extension.value().ok().and_then(|text| text.parse().ok());
                    self.size = Some(size.ok_or_else(|| "a pax header's size is no number".to_string())?);
                }
                key => self.is_sparse |= key.starts_with(b"GNU.sparse."),
            }
        }
        Ok(())
    }
}

/// A global header may hold comments (git writes the commit there), but nothing that would change every member.
fn check_global(data: &[u8]) -> Result<(), Wrong> {
    for extension in PaxExtensions::new(data) {
        let extension = extension.map_err(|_| "a global pax header cannot be read".to_string())?;
        if matches!(extension.key_bytes(), b"path" | b"linkpath" | b"size") {
            return Err("a global pax header renames or resizes all members".to_string().into());
        }
    }
    Ok(())
}

fn member(header: &Header, extended: Extended) -> Result<Member, Wrong> {
    let name = extended.name.unwrap_or_else(|| header.path_bytes().into_owned());
    match kind(header, &name, extended.link, extended.size, extended.is_sparse) {
        Ok(kind) => Ok(Member { name, kind }),
        Err(why) => Err(Wrong { member: Some(name), why }),
    }
}

fn kind(
    header: &Header,
    name: &[u8],
    link: Option<Vec<u8>>,
    pax_size: Option<u64>,
    is_sparse: bool,
) -> Result<Kind, String> {
    let mode = header.mode().map_err(|_| "its mode is no number".to_string())?;
    let size = header.entry_size().map_err(|_| "its size is no number".to_string())?;
    // A size beyond what the header can hold stands in the pax header alone, above a zero.
    let size = match pax_size {
        Some(pax) if size == pax || size == 0 => pax,
        Some(pax) => return Err(format!("it has two sizes, {size} and {pax}")),
        None => size,
    };
    let link =
        || link.or_else(|| header.link_name_bytes().map(std::borrow::Cow::into_owned)).unwrap_or_default();
    // Before there was a type for directories a slash at the end told them.
    let is_old_directory = matches!(header.entry_type(), EntryType::Regular) && name.ends_with(b"/");
    let kind = match header.entry_type() {
        _ if is_sparse => return Err("it is a sparse file, which is not supported".to_string()),
        EntryType::Directory => Kind::Directory,
        EntryType::Regular if is_old_directory => Kind::Directory,
        EntryType::Regular | EntryType::Continuous => {
            // On a directory these bits mean nothing to a build, and are dropped; a program with them is meant to be
            // trusted by whoever unpacks it.
            let is_set_id = mode & 0o4000 != 0 || (mode & 0o2000 != 0 && mode & 0o111 != 0);
            if is_set_id {
                return Err(format!("it is a set-user-id or set-group-id file (mode {mode:04o})"));
            }
            return Ok(Kind::File { size, is_program: mode & 0o111 != 0 });
        }
        EntryType::Symlink => Kind::Symlink { text: link() },
        EntryType::Link => Kind::HardLink { target: link() },
        EntryType::Char | EntryType::Block => return Err("it is a device".to_string()),
        EntryType::Fifo => return Err("it is a FIFO".to_string()),
        EntryType::GNUSparse => return Err("it is a sparse file, which is not supported".to_string()),
        other => return Err(format!("it is of the unknown kind `{}`", other.as_byte().escape_ascii())),
    };
    match kind {
        _ if size != 0 => Err(format!("it is no file and yet has {size} bytes")),
        Kind::Symlink { text } if text.is_empty() || text.contains(&0) => {
            Err("it is a link to nothing".to_string())
        }
        kind => Ok(kind),
    }
}

/// Whether a block is a header: its checksum is the sum of its bytes, or of its bytes as old tars took them, signed.
pub(super) fn is_header(block: &[u8]) -> bool {
    let header = Header::from_byte_slice(block);
    let Ok(expected) = header.cksum() else { return false };
    // The checksum's own field counts as spaces.
    let field = 148..156;
    let bytes = block.iter().enumerate().map(|(at, byte)| if field.contains(&at) { b' ' } else { *byte });
    let unsigned: u32 = bytes.clone().map(u32::from).sum();
    let signed: i32 = bytes.map(|byte| i32::from(byte.cast_signed())).sum();
    unsigned == expected || i64::from(signed) == i64::from(expected)
}

/// A GNU long name is ended by a NUL.
fn text(mut data: Vec<u8>) -> Vec<u8> {
    if let Some(end) = data.iter().position(|byte| *byte == 0) {
        data.truncate(end);
    }
    data
}

fn padding_after(size: u64) -> usize {
    let over = (size % BLOCK as u64) as usize;
    if over == 0 { 0 } else { BLOCK - over }
}
