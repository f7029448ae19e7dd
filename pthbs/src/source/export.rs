//! Takes sources along: a distfiles directory that another machine fetches from without a network.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::fetch::Fetcher;
use super::git;
use crate::base::error::system_word;
use crate::base::{Error, Result, Sha256};
use crate::script::{Origin, Source};

impl Fetcher {
    /// Writes a source into `dir`, fetching it first where it is missing; gives the file.
    ///
    /// A file goes by its name, or by its sum where another file has that name. A commit is a bundle `COMMIT.bundle`
    /// with its submodules' commits, without their histories.
    pub fn export(&self, source: &Source, origins: &[Origin], dir: &Path) -> Result<PathBuf> {
        crate::base::fs::create_dir_all(dir)?;
        let kept = self.fetch(source, origins)?;
        match source {
            Source::File { sha256, name, .. } => {
                if sum(&dir.join(name)) == Some(*sha256) {
                    return Ok(dir.join(name));
                }
                let mut file = File::open(&kept).map_err(|cause| Error::io("open", &kept, &cause))?;
                let beside = Beside::write(dir, &sha256.to_string(), name, |out| {
                    std::io::copy(&mut file, out).map(|_| ()).map_err(|cause| system_word(&cause))
                })?;
                // Read back: what was kept may be damaged, and a copy for another machine is the last to be checked.
                if sum(&beside.path) != Some(*sha256) {
                    return Err(Error::failed(format!("kept source `{name}` is damaged"))
                        .with("file", kept.display())
                        .hint("`pthbs fetch --check` removes what is damaged; then fetch it again"));
                }
                match beside.name(name, RenameFlags::NOREPLACE) {
                    Err(Errno::EXIST) => beside.name(&sha256.to_string(), RenameFlags::empty()),
                    named => named,
                }
                .map_err(|cause| unwritable(&dir.join(name), &system_word(&cause.into())))
            }
            Source::Git { commit, .. } => {
                let name = format!("{commit}.bundle");
                let beside = Beside::write(dir, commit, &name, |out| git::bundle(&kept, commit, out))?;
                let named = beside.name(&name, RenameFlags::empty());
                named.map_err(|cause| unwritable(&dir.join(&name), &system_word(&cause.into())))
            }
        }
    }
}

fn sum(path: &Path) -> Option<Sha256> {
    // Opening a FIFO would wait for its other end.
    File::options()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)
        .and_then(Sha256::of_reader)
        .ok()
        .map(|(sum, _)| sum)
}

/// A whole file with a name of its own, which gets its final one by a rename: somebody may fetch from the directory
/// already. Removed unless it gets one.
struct Beside<'a> {
    dir: &'a Path,
    path: PathBuf,
}

impl<'a> Beside<'a> {
    /// `key` is the content's; together with the name no other thread writes it.
    fn write(
        dir: &'a Path,
        key: &str,
        name: &str,
        fill: impl FnOnce(&mut File) -> Result<(), String>,
    ) -> Result<Beside<'a>> {
        let unique = format!(".{key}.{}.{}", Sha256::of(name.as_bytes()).short(), std::process::id());
        let beside = Beside { dir, path: dir.join(unique) };
        let written = File::create(&beside.path).map_err(|cause| system_word(&cause)).and_then(|mut file| {
            fill(&mut file)?;
            file.flush().and_then(|()| file.sync_data()).map_err(|cause| system_word(&cause))
        });
        written.map_err(|why| unwritable(&dir.join(name), &why)).map(|()| beside)
    }

    fn name(&self, name: &str, flags: RenameFlags) -> Result<PathBuf, Errno> {
        let target = self.dir.join(name);
        match renameat_with(CWD, &self.path, CWD, &target, flags) {
            // Network file systems do not know the flag.
            Err(Errno::INVAL | Errno::NOSYS) if target.symlink_metadata().is_ok() => Err(Errno::EXIST),
            Err(Errno::INVAL | Errno::NOSYS) => rustix::fs::rename(&self.path, &target),
            renamed => renamed,
        }
        .map(|()| target)
    }
}

impl Drop for Beside<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn unwritable(target: &Path, why: &str) -> Error {
    Error::failed(format!("cannot write `{}`: {why}", target.display()))
}
