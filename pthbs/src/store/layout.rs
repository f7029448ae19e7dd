//! Where everything lies below the store's root, and nothing else.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::base::{Error, Result, Sha256};
use crate::script::{InstallId, PackageName};

/// The prefix that every install and environment has in every build and every `pthbs run`, wherever the store lies.
pub const LOGICAL: &str = "/versions";

/// Where a run namespace shows the environment that one is in: a name that programs may have compiled in.
pub const LOGICAL_CURRENT: &str = "/versions/current";

/// The sha256 of an environment's manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnvironmentId(pub Sha256);

impl fmt::Display for EnvironmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "env.{}", self.0)
    }
}

/// What lies under `versions/`: an install or an environment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Item {
    /// `NAME.HASH`
    Install(InstallId),
    /// `env.HASH`
    Environment(EnvironmentId),
}

impl Item {
    /// The install that it is, if it is one.
    pub fn into_install(self) -> Option<InstallId> {
        match self {
            Item::Install(id) => Some(id),
            Item::Environment(_) => None,
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Item::Install(id) => id.fmt(f),
            Item::Environment(id) => id.fmt(f),
        }
    }
}

impl FromStr for Item {
    type Err = Error;

    fn from_str(text: &str) -> Result<Item> {
        match text.strip_prefix("env.") {
            Some(sum) => sum
                .parse()
                .map(|sum| Item::Environment(EnvironmentId(sum)))
                .map_err(|_| Error::usage(format!("`{}` is not env.SHA256", text.escape_debug()))),
            None => text.parse().map(Item::Install),
        }
    }
}

impl From<InstallId> for Item {
    fn from(id: InstallId) -> Item {
        Item::Install(id)
    }
}

impl From<EnvironmentId> for Item {
    fn from(id: EnvironmentId) -> Item {
        Item::Environment(id)
    }
}

/// An opened store.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) root: PathBuf,
}

impl Store {
    /// The store's root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The directory that is `/versions` in builds and runs.
    pub fn versions(&self) -> PathBuf {
        self.root.join("versions")
    }

    /// An empty directory, the mount point at which a run namespace shows its environment. No install.
    pub fn current(&self) -> PathBuf {
        self.versions().join("current")
    }

    /// The physical place of an install or environment.
    pub fn path(&self, item: &Item) -> PathBuf {
        self.versions().join(item.to_string())
    }

    /// Whether an item is there, and so complete: one lstat.
    pub fn has(&self, item: &Item) -> bool {
        self.path(item).symlink_metadata().is_ok()
    }

    /// Script, manifest and record of an item.
    pub fn meta(&self, item: &Item) -> PathBuf {
        self.root.join("meta").join(item.to_string())
    }

    /// The log of a build, kept whether it failed or not.
    pub fn log(&self, install: &InstallId) -> PathBuf {
        self.logs_dir().join(install.to_string())
    }

    /// Where logs and histories lie.
    pub(super) fn logs_dir(&self) -> PathBuf {
        self.root.join("log")
    }

    /// What earlier builds of a package took, whatever their scripts.
    pub fn history(&self, name: &PackageName) -> PathBuf {
        self.logs_dir().join(format!("{name}.history"))
    }

    /// A verified source file.
    pub fn source(&self, sha256: &Sha256) -> PathBuf {
        self.root.join("source").join(sha256.to_string())
    }

    /// The directory of verified sources; `git/` in it holds bare repositories.
    pub fn sources(&self) -> PathBuf {
        self.root.join("source")
    }

    /// An unfinished source; it outlives a killed fetch, so that the next one goes on from its end.
    pub fn partial_source(&self, key: &str) -> PathBuf {
        self.sources().join("partial").join(key)
    }

    /// The directory of bare repositories.
    pub fn git(&self) -> PathBuf {
        self.sources().join("git")
    }

    /// A bare repository, named for its URL.
    pub fn git_repository(&self, name: &str) -> PathBuf {
        self.git().join(format!("{name}.git"))
    }

    /// A link to the repository that has a commit; there only when its files were found to have the sum.
    pub fn git_commit(&self, commit: &str, tree: &Sha256) -> PathBuf {
        self.git().join(format!("{commit}.{tree}"))
    }

    /// The names under which a source file is known, a line each.
    pub fn source_names(&self, sha256: &Sha256) -> PathBuf {
        self.sources().join("name").join(sha256.to_string())
    }

    /// Sums of files in distfiles directories, so that they are not hashed by every run.
    pub fn distfile_sums(&self) -> PathBuf {
        self.sources().join("distfiles")
    }

    /// The directory of profiles.
    pub fn profiles(&self) -> PathBuf {
        self.root.join("profile")
    }

    /// A lock file; `name` is an item's name, or another word that says what is locked.
    pub fn lock_path(&self, name: &str) -> PathBuf {
        self.root.join("lock").join(name)
    }

    /// Where unfinished things live, on the file system of the finished ones.
    pub fn tmp(&self) -> PathBuf {
        self.root.join("tmp")
    }
}
