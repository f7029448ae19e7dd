//! A build's log: written while the build runs, read afterwards as a whole or by phase.
//!
//! The log of a failed build stays plain text, because people open it by its path; that of a build that succeeded is
//! compressed (zstd), unless it is short. Reading does not care which it is.

mod capture;
mod text;

use std::fs;
use std::io::{self, Read};
use std::path::Path;

pub use capture::{Capture, Captured};
pub use text::plain;

use crate::base::{Error, Result};
use crate::script::InstallId;
use crate::store::Store;

/// How a script announces a phase: a line that begins with this.
pub const PHASE: &str = "#@ phase ";
/// How many phases a build has: what it announces beyond is output like other output. Each is kept in memory, and there can
/// be hundreds of millions of such lines.
const MOST_PHASES: usize = 256;
/// The first bytes of a zstd frame.
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Logs are read once and stay for long.
const LEVEL: i32 = 9;
/// Takes one block of the disk in either form.
const SHORT: usize = 4096;

/// A log that was read. Its bytes are what the build wrote: show them through `plain`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    bytes: Vec<u8>,
}

impl Log {
    /// The log of the last build of an install, whether it failed or not.
    pub fn read(store: &Store, install: &InstallId) -> Result<Log> {
        let path = store.log(install);
        let bytes = read(&path).map_err(|cause| match cause.kind() {
            io::ErrorKind::NotFound => {
                Error::usage(format!("`{} {}` has no log here", install.name, install.id.short()))
                    .line("it was not built in this store")
            }
            _ => Error::io("read", &path, &cause),
        })?;
        Ok(Log { bytes })
    }

    /// All of it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The phases in order, each with what was written during it; what came before the first has an empty name.
    pub fn phases(&self) -> Vec<(String, &[u8])> {
        let mut phases = vec![(String::new(), 0..0)];
        let mut at = 0;
        for line in self.bytes.split_inclusive(|byte| *byte == b'\n') {
            at += line.len();
            match phase_of(line).filter(|_| phases.len() <= MOST_PHASES) {
                Some(phase) => phases.push((phase, at..at)),
                None => phases.last_mut().expect("there is always one").1.end = at,
            }
        }
        phases.retain(|(name, range)| !(name.is_empty() && range.is_empty()));
        phases.into_iter().map(|(name, range)| (name, &self.bytes[range])).collect()
    }

    /// What was written during one phase, however often it was announced.
    pub fn phase(&self, wanted: &str) -> Result<Vec<u8>> {
        let phases = self.phases();
        let parts: Vec<&[u8]> =
            phases.iter().filter(|(name, _)| name == wanted).map(|(_, bytes)| *bytes).collect();
        if parts.is_empty() {
            let names: Vec<&str> = phases.iter().map(|(name, _)| name.as_str()).collect();
            return Err(Error::usage(format!("the log has no phase `{wanted}`"))
                .with("its phases", names.join(" ").trim_start()));
        }
        Ok(parts.concat())
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let bytes = fs::read(path)?;
    if !bytes.starts_with(&ZSTD) {
        return Ok(bytes);
    }
    let mut text = Vec::new();
    zstd::Decoder::new(&bytes[..])?.read_to_end(&mut text)?;
    Ok(text)
}

/// Compresses a log in its place; a reader sees the one form or the other. A short one stays as it is.
pub fn compress(path: &Path) -> Result<()> {
    let compressed = || -> io::Result<()> {
        let text = fs::read(path)?;
        // What begins like a frame must become one, or it would be read as if it were.
        if text.len() <= SHORT && !text.starts_with(&ZSTD) {
            return Ok(());
        }
        // All at once: a compressor that knows the size takes no more memory for a log of three lines than that needs.
        let bytes = zstd::bulk::compress(&text, LEVEL)?;
        // Not `with_extension`: what follows the dot of a log's name is a hash.
        let mut beside = path.as_os_str().to_owned();
        beside.push(".new");
        fs::write(&beside, bytes)?;
        fs::rename(&beside, path)
    };
    compressed().map_err(|cause| Error::io("compress", path, &cause))
}

/// The phase that a line announces. A name is one plain word: anything else is output like other output.
fn phase_of(line: &[u8]) -> Option<String> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let name = std::str::from_utf8(line.strip_prefix(PHASE.as_bytes())?).ok()?;
    let is_word = (1..=32).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    is_word.then(|| name.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Sha256;

    const TEXT: &[u8] = b"before\n#@ phase configure\nchecking\n#@ phase build\n#@ phase no word\nlast";

    #[test]
    fn a_log_reads_by_phase() {
        let log = Log { bytes: TEXT.to_vec() };
        let phases = log.phases();
        let expected: [(&str, &[u8]); 3] = [
            ("", b"before\n"),
            ("configure", b"checking\n"),
            // Not an announcement: more than one word.
            ("build", b"#@ phase no word\nlast"),
        ];
        assert_eq!(phases.iter().map(|(name, text)| (name.as_str(), *text)).collect::<Vec<_>>(), expected);
        assert_eq!(log.phase("configure").unwrap(), b"checking\n");
        let error = log.phase("install").unwrap_err().to_string();
        assert_eq!(error, "error: the log has no phase `install`\n  its phases: configure build");
    }

    #[test]
    fn a_compressed_log_reads_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let install: InstallId = format!("zsh.{}", Sha256::of(b"zsh")).parse().unwrap();
        let error = Log::read(&store, &install).unwrap_err().to_string();
        assert!(error.ends_with("has no log here\n  it was not built in this store"), "{error}");
        let path = store.log(&install);
        let long = TEXT.repeat(SHORT / TEXT.len() + 1);
        let like_a_frame = [&ZSTD[..], TEXT].concat();
        for (text, is_compressed) in [(TEXT, false), (&long, true), (&like_a_frame, true)] {
            fs::write(&path, text).unwrap();
            compress(&path).unwrap();
            assert_eq!(fs::read(&path).unwrap() != text, is_compressed);
            assert_eq!(Log::read(&store, &install).unwrap().bytes(), text);
        }
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
    }
}
