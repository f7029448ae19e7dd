//! `--weak-sandbox`: how builds are run on machines that refuse user namespaces. Never taken without that word.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Once;

use crate::base::Result;
use crate::cli::report;
use crate::store::{Store, View};

/// The option of everything that runs builds.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct Weak {
    /// For machines that refuse user namespaces: build with less between a build and the host. What is built is marked as
    /// tainted, and so is all that is built from it
    #[arg(long, value_name = "KIND", value_parser = ["landlock"])]
    weak_sandbox: Option<String>,
    /// The store that `/versions` leads to, where builds are done in a scratch one
    #[arg(long, value_name = "DIR", requires = "weak_sandbox", hide = true)]
    view_of: Option<PathBuf>,
}

impl Weak {
    pub(super) fn is_asked(&self) -> bool {
        self.weak_sandbox.is_some()
    }

    /// Where builds in `store` find `/versions`; nothing where they have namespaces.
    pub(super) fn view(&self, store: &Store) -> Result<Option<View>> {
        Ok(match (&self.weak_sandbox, &self.view_of) {
            (None, _) => None,
            (Some(_), None) => Some(store.view()),
            (Some(_), Some(root)) => Some(Store::open_existing(root)?.view()),
        })
    }

    /// Less protection is never taken in silence. Once is enough, and whoever builds for another pthbs leaves it to that.
    pub(super) fn announce(&self) {
        static TOLD: Once = Once::new();
        if let (Some(kind), None) = (&self.weak_sandbox, &self.view_of) {
            TOLD.call_once(|| {
                report::say(&format!(
                    "warning: --weak-sandbox={kind}: builds see the host's programs and processes; what they make is tainted"
                ));
            });
        }
    }

    /// The options for another `pthbs build` in the same store.
    pub(super) fn words(&self) -> impl Iterator<Item = OsString> {
        self.weak_sandbox.iter().map(|kind| format!("--weak-sandbox={kind}").into())
    }

    /// The options for another `pthbs build` in a scratch store of the one at `root`.
    pub(super) fn words_for_scratch(&self, root: &Path) -> impl Iterator<Item = OsString> {
        let view = self.is_asked().then(|| [OsString::from("--view-of"), root.as_os_str().to_os_string()]);
        self.words().chain(view.into_iter().flatten())
    }
}
