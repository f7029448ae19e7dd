//! Lays out the directories of a build before it runs: sources, tools, the script.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use super::inside::Place;
use crate::base::{Error, Result};
use crate::build::site::Site;
use crate::build::visible::Visible;
use crate::environment::{Member, Table, merge};
use crate::script::{InstallId, Origin, Script, Source};
use crate::store::{Item, Store};

/// Fills `place`. Unpacking and linking happen in the pool for such work, side by side.
pub(super) fn lay_out(site: &Site<'_>, script: &Script, visible: &Visible, place: &Place) -> Result<()> {
    let src = place.build.join("src");
    for dir in [&place.build, &src, &place.build.join("tmp")] {
        make_directory(dir).map_err(|cause| Error::io("make directory", dir, &cause))?;
    }
    let path = place.build.join("script");
    fs::write(&path, &script.text)
        .and_then(|()| fs::set_permissions(&path, Permissions::from_mode(0o444)))
        .map_err(|cause| Error::io("write", &path, &cause))?;

    let sources = script.header.sources.iter();
    let sources: Vec<(Source, Vec<Origin>)> =
        sources.map(|source| (source.clone(), (site.origins)(source))).collect();
    let fetcher = Arc::clone(&site.fetcher);
    let (store, tools, env) = (site.store.clone(), visible.tools.clone(), place.env.clone());
    let (placed, merged) = site.work.run(move || {
        rayon::join(
            || sources.par_iter().try_for_each(|(source, origins)| fetcher.place(source, origins, &src)),
            || write_env(&store, &tools, &env),
        )
    });
    let whose = |error: Error| error.with("for the build of", format!("`{}`", script.header.name));
    placed.and(merged).map_err(whose)
}

/// Whatever the umask is: as root, a build runs under a uid of its own.
fn make_directory(dir: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o755).create(dir)?;
    fs::set_permissions(dir, Permissions::from_mode(0o755))
}

/// `/env`: no install, so its rows name installs by their place in the build.
fn write_env(store: &Store, tools: &BTreeSet<InstallId>, env: &Path) -> Result<()> {
    let member = |install: &InstallId| {
        let manifest = store.manifest(&Item::Install(install.clone()))?;
        Ok(Member { install: install.clone(), manifest })
    };
    let members: Vec<Member> = tools.iter().map(member).collect::<Result<_>>()?;
    merge(&members)?.write(env, Table::Absolute)
}
