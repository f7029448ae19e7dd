//! What arguments, environment variables and `pthbs.toml` say, as plain values. Nothing below `cli` reads any of them.

mod sources;

use std::env;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::base::{Error, Result, fs};
use crate::source::Proxies;
pub use sources::{Mirrors, Places, Sources};

/// The file that marks the root of a tree of packages.
pub const PROJECT_FILE: &str = "pthbs.toml";

/// The nearest directory upward from the current one that has a `pthbs.toml`.
pub fn find_project() -> Option<PathBuf> {
    let start = env::current_dir().ok()?;
    start.ancestors().find(|dir| dir.join(PROJECT_FILE).is_file()).map(Path::to_path_buf)
}

/// The store's root: `--root`, else `PTHBS_ROOT`, else the caller's own place.
pub fn store_root(argument: Option<&Path>) -> Result<PathBuf> {
    let named = argument.map(Path::to_path_buf).or_else(|| path_variable("PTHBS_ROOT"));
    let root = match named {
        Some(root) => root,
        None if nix::unistd::geteuid().is_root() => PathBuf::from("/var/lib/pthbs"),
        None => user_data().ok_or_else(|| {
            Error::usage("no place for the store is known")
                .line("neither PTHBS_ROOT nor XDG_DATA_HOME nor HOME is set")
                .hint("name one with --root DIR")
        })?,
    };
    // Absolute, because builds, links and lock files must mean one place whatever the working directory.
    std::path::absolute(&root).map_err(|cause| Error::io("use", &root, &cause))
}

fn user_data() -> Option<PathBuf> {
    let data = path_variable("XDG_DATA_HOME").filter(|path| path.is_absolute());
    let data = data.or_else(|| path_variable("HOME").map(|home| home.join(".local/share")))?;
    Some(data.join("pthbs"))
}

/// A variable that holds a path; empty is the same as unset.
fn path_variable(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Whether a variable switches something on: set, not empty, not `0`.
pub fn flag_variable(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0")
}

/// The parts of `pthbs.toml` that the lower half reads; `[options]` belongs to genpkg.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProjectFile {
    #[allow(dead_code, reason = "read by genpkg; named here so that an unknown section is an error")]
    options: toml::Table,
    /// Where sources may be found besides their URLs.
    pub sources: Sources,
    /// Places that are asked before those that a definition names.
    pub mirrors: Mirrors,
    /// Where sound copies may be found.
    pub repair: Repair,
}

/// `[repair]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Repair {
    /// Other stores, to copy from.
    pub stores: Vec<PathBuf>,
}

impl ProjectFile {
    /// Reads the project's file; relative directories in it are meant from where it lies.
    pub fn read(project: &Path) -> Result<ProjectFile> {
        let path = project.join(PROJECT_FILE);
        let text = fs::read_file(&path)?;
        let mut file: ProjectFile = toml::from_str(&text).map_err(|cause| {
            Error::usage(format!("cannot understand `{}`", path.display())).line(cause.to_string())
        })?;
        for dir in file.sources.distfiles.iter_mut().chain(&mut file.repair.stores) {
            *dir = project.join(&*dir);
        }
        Ok(file)
    }
}

/// The user's usual shell.
pub fn shell_variable() -> Option<PathBuf> {
    path_variable("SHELL")
}

/// Where programs are searched.
pub fn search_path() -> Vec<PathBuf> {
    env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default()
}

/// Proxies from `http_proxy`, `https_proxy` and `no_proxy`, in lower case or, but for the first, in upper.
///
/// HTTP_PROXY is not read: a web server that runs this sets it from a header of whoever asks.
pub fn proxies() -> Proxies {
    let text =
        |names: &[&str]| names.iter().find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
    let except = text(&["no_proxy", "NO_PROXY"]).unwrap_or_default();
    Proxies {
        http: text(&["http_proxy"]),
        https: text(&["https_proxy", "HTTPS_PROXY"]),
        except: except
            .split(',')
            .map(str::trim)
            .filter(|host| !host.is_empty())
            .map(str::to_string)
            .collect(),
    }
}

/// The time that whoever wants the same bytes again has set: seconds since 1970.
pub fn source_date_epoch() -> Option<u64> {
    env::var("SOURCE_DATE_EPOCH").ok()?.parse().ok()
}

/// How many processors there are for us.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_distfiles_are_meant_from_the_project() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(
            dir.path().join(PROJECT_FILE),
            "[options]\ncheck = \"on\"\n[sources]\ndistfiles = [\"d\", \"/e\"]\n",
        )
        .unwrap();
        let file = ProjectFile::read(dir.path()).unwrap();
        assert_eq!(file.sources.distfiles, [dir.path().join("d"), PathBuf::from("/e")]);
    }

    #[test]
    fn a_misspelt_section_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(PROJECT_FILE), "[source]\n").unwrap();
        assert!(ProjectFile::read(dir.path()).unwrap_err().to_string().contains("unknown field `source`"));
    }
}
