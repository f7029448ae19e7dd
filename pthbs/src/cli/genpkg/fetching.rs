//! How genpkg fetches for a person who writes a definition: through the lower half's sources, into its store.

use std::path::PathBuf;

use crate::base::Result;
use crate::cli::config::{self, ProjectFile};
use crate::cli::report;
use crate::source::Fetcher;
use crate::store::Store;

/// Where fetched files are kept, and whether the network may be used.
#[derive(clap::Args)]
pub(super) struct FetchArguments {
    /// The store that keeps what is fetched [default: $PTHBS_ROOT, else $XDG_DATA_HOME/pthbs, for root /var/lib/pthbs]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Do not use the network: only `file:` addresses can be fetched [also: PTHBS_OFFLINE=1]
    #[arg(long)]
    offline: bool,
}

impl FetchArguments {
    /// A fetcher into the store.
    pub(super) fn fetcher(&self) -> Result<Fetcher> {
        let store = Store::open(&config::store_root(self.root.as_deref())?)?;
        let project = config::find_project();
        let file = project.as_deref().map(ProjectFile::read).transpose()?.unwrap_or_default();
        Fetcher::new(&store, file.fetching(self.offline)?, report::lines())
    }
}
