//! Takes sources along: a distfiles directory that another machine fetches from without a network.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

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
                let target = match sum(&dir.join(name)) {
                    Some(there) if there == *sha256 => return Ok(dir.join(name)),
                    Some(_) => dir.join(sha256.to_string()),
                    None => dir.join(name),
                };
                let mut file = File::open(&kept).map_err(|cause| Error::io("open", &kept, &cause))?;
                write_beside(&target, |out| {
                    std::io::copy(&mut file, out).map(|_| ()).map_err(|cause| system_word(&cause))
                })?;
                // Read back: what was kept may be damaged, and a copy for another machine is the last to be checked.
                if sum(&target) != Some(*sha256) {
                    let _ = fs::remove_file(&target);
                    return Err(Error::failed(format!("kept source `{name}` is damaged"))
                        .with("file", kept.display())
                        .hint("`pthbs fetch --check` removes what is damaged; then fetch it again"));
                }
                Ok(target)
            }
            Source::Git { commit, .. } => {
                let target = dir.join(format!("{commit}.bundle"));
                write_beside(&target, |out| git::bundle(&kept, commit, out))?;
                Ok(target)
            }
        }
    }
}

fn sum(path: &Path) -> Option<Sha256> {
    File::open(path).and_then(Sha256::of_reader).ok().map(|(sum, _)| sum)
}

/// Renamed into place when it is whole: somebody may fetch from the directory already.
fn write_beside(target: &Path, fill: impl FnOnce(&mut File) -> Result<(), String>) -> Result<()> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let beside = target.with_file_name(format!(".{name}.{}", std::process::id()));
    let written = File::create(&beside).map_err(|cause| system_word(&cause)).and_then(|mut file| {
        fill(&mut file)?;
        file.flush().and_then(|()| file.sync_data()).map_err(|cause| system_word(&cause))
    });
    let renamed = written.and_then(|()| fs::rename(&beside, target).map_err(|cause| system_word(&cause)));
    renamed.map_err(|why| {
        let _ = fs::remove_file(&beside);
        Error::failed(format!("cannot write `{}`: {why}", target.display()))
    })
}
