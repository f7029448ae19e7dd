//! Lays out the directories of a build before it runs: sources, tools, the script.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use super::inside::Place;
use crate::base::{Error, Result};
use crate::build::run::Origins;
use crate::build::visible::Visible;
use crate::environment::{Member, Table, merge};
use crate::script::{InstallId, Sandbox, Script, Source};
use crate::source::Fetcher;
use crate::store::{Item, Store};

/// What is laid out, and from where. Its own values, because it is handed to another pool.
pub struct Layout {
    /// Where the installs and sources lie.
    pub store: Store,
    /// Brings sources that are damaged anew.
    pub fetcher: Arc<Fetcher>,
    /// Where sources can be had.
    pub origins: Origins,
    /// What is built.
    pub script: Arc<Script>,
    /// What it sees.
    pub visible: Visible,
    /// The directories; `tree` is there already.
    pub place: Place,
}

impl Layout {
    /// Whether there is nothing to unpack and nothing to link, so that waking a pool for it would cost more than it does.
    pub fn is_small(&self) -> bool {
        self.script.header.sources.is_empty() && self.visible.tools.is_empty()
    }

    /// Fills the place. Unpacks and links in parallel: to be called in the pool for such work, unless it is small.
    pub fn make(&self) -> Result<()> {
        let Layout { place, script, .. } = self;
        let src = place.build.join("src");
        for dir in [&place.build, &src, &place.build.join("tmp")] {
            make_directory(dir).map_err(|cause| Error::io("make directory", dir, &cause))?;
        }
        let path = place.build.join("script");
        fs::write(&path, &script.text)
            .and_then(|()| fs::set_permissions(&path, Permissions::from_mode(0o444)))
            .map_err(|cause| Error::io("write", &path, &cause))?;
        let place_source = |source: &Source| self.fetcher.place(source, &(self.origins)(source), &src);
        let (placed, merged) = match script.header.sources.is_empty() {
            true => (Ok(()), self.write_env()),
            false => rayon::join(
                || script.header.sources.par_iter().try_for_each(place_source),
                || self.write_env(),
            ),
        };
        placed
            .and(merged)
            .map_err(|error| error.with("for the build of", format!("`{}`", script.header.name)))
    }

    /// `/env`: no install, so its rows name installs by their place in the build.
    fn write_env(&self) -> Result<()> {
        let member = |install: &InstallId| {
            let manifest = self.store.manifest(&Item::Install(install.clone()))?;
            Ok(Member { install: install.clone(), manifest })
        };
        let members: Vec<Member> = self.visible.tools.iter().map(member).collect::<Result<_>>()?;
        let has_shell = |member: &Member| member.manifest.entry(Path::new("bin/sh")).is_some();
        if self.script.header.sandbox == Sandbox::On && !members.iter().any(has_shell) {
            return Err(Error::failed("none of the tools has a `bin/sh` to run the script with")
                .hint("declare one: `tool(\"busybox\")`"));
        }
        merge(&members)?.write(&self.place.env, Table::Absolute)
    }
}

/// Whatever the umask is: as root, a build runs under a uid of its own.
fn make_directory(dir: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o755).create(dir)?;
    fs::set_permissions(dir, Permissions::from_mode(0o755))
}
