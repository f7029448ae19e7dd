//! `pthbs source`: what an install was made from.

use std::path::PathBuf;

use serde_json::json;

use super::context::Scripts;
use super::items::{self, Items};
use super::{Global, license};
use crate::base::{Error, Result};
use crate::cli::report;
use crate::script::{InstallId, Script, Source};
use crate::source::{Fetcher, is_kept};

/// Print the sources of an install, or of the install that a file belongs to: kind, hash, name and where each can be had
///
/// With --fetch DIR they are copied there, fetched first where the store does not hold them: DIR is then a distfiles
/// directory from which the install can be built again without a network.
///
/// Example: pthbs source --fetch /tmp/zsh-sources zsh
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A package, variant or id, or the path of a file
    #[arg(value_name = "NAME|PATH")]
    name: String,
    /// Copy the sources into this directory, and print their paths
    #[arg(long, value_name = "DIR")]
    fetch: Option<PathBuf>,
    /// Take what is missing from the distfiles directories only [also: PTHBS_OFFLINE=1]
    #[arg(long, requires = "fetch")]
    offline: bool,
    /// Print an array of objects
    #[arg(long, conflicts_with = "fetch")]
    json: bool,
}

/// A source, and the addresses at which it can be had.
pub(super) type Had = (Source, Vec<String>);

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let items = Items::open(global)?;
    let install = license::asked(&items, &arguments.name)?;
    let sources = sources(&items, &install)?;
    if let Some(dir) = &arguments.fetch {
        return fetch(&items, &sources, dir, arguments.offline);
    }
    if arguments.json {
        let value = |(source, urls): &Had| {
            let (kind, sum) = kind_and_sum(source);
            let is_kept = is_kept(&items.store, source);
            json!({"kind": kind, "key": source.key(), "sha256": sum, "name": source.name(), "urls": urls, "kept": is_kept})
        };
        items::print_json(&sources.iter().map(value).collect());
        return Ok(());
    }
    for (source, urls) in &sources {
        let mut lines = vec![source.to_string()];
        lines.extend(urls.iter().map(|url| format!("  {url}")));
        lines.extend(is_kept(&items.store, source).then(|| "  in the store".to_string()));
        report::data(&(lines.join("\n") + "\n"));
    }
    if sources.is_empty() {
        report::say("it has no sources: its script makes all of it");
    }
    Ok(())
}

/// The sources that an install's script names; where they can be had say the index, and the record of its build.
pub(super) fn sources(items: &Items, install: &InstallId) -> Result<Vec<Had>> {
    sources_of(items, &items.store.script(install)?)
}

/// The sources that a script names.
pub(super) fn sources_of(items: &Items, script: &Script) -> Result<Vec<Had>> {
    // It may not be built yet, or be damaged: then the index alone knows.
    let recorded = items.store.record(&script.install_id()).map(|record| record.urls).unwrap_or_default();
    let lists = items.rendered.as_ref().map(|rendered| Ok((rendered.files()?, rendered.commits()?)));
    let (files, commits) = lists.transpose()?.unwrap_or_default();
    let had = |source: Source| {
        let list = if matches!(source, Source::Git { .. }) { &commits } else { &files };
        let mut urls: Vec<String> =
            list.origins(&source.key()).iter().map(|origin| origin.url.clone()).collect();
        for url in recorded.get(&source.key()).into_iter().flatten() {
            if !urls.contains(url) {
                urls.push(url.clone());
            }
        }
        (source, urls)
    };
    Ok(script.header.sources.iter().cloned().map(had).collect())
}

/// `file` or `git`, and the sum of its bytes or files.
pub(super) fn kind_and_sum(source: &Source) -> (&'static str, String) {
    match source {
        Source::File { sha256, .. } => ("file", sha256.to_string()),
        Source::Git { tree, .. } => ("git", tree.to_string()),
    }
}

fn fetch(items: &Items, sources: &[Had], dir: &std::path::Path, is_offline: bool) -> Result<()> {
    let scripts = Scripts::of(items.rendered.clone())?;
    let fetcher = Fetcher::new(&items.store, scripts.file.fetching(is_offline)?, report::lines())?;
    let mut errors = Vec::new();
    for (source, urls) in sources {
        let place = "the install's build record".to_string();
        let origins = urls.iter().map(|url| crate::script::Origin { url: url.clone(), place: place.clone() });
        match fetcher.export(source, &origins.collect::<Vec<_>>(), dir) {
            Ok(path) => {
                report::data(&format!("{}\n", path.display()));
            }
            Err(error) => errors.push(error),
        }
    }
    Error::all(errors).map_or(Ok(()), Err)
}
