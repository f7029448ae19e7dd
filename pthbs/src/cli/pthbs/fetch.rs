//! `pthbs fetch`: brings sources without building anything, takes them along, checks what is kept.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Instant;

use super::Global;
use super::context::{self, Scripts};
use crate::base::{Error, Result, fs};
use crate::build::{self, Exists, Step};
use crate::cli::report::{self, Fetching};
use crate::script::{InstallId, Origin, Script, Source};
use crate::source::{self, Fetcher};
use crate::store::{Item, Store};

/// Fetch sources without building anything
///
/// Brings the sources of the named packages, and of everything else that would have to be built for them, verifies them
/// and keeps them, so that `build` needs no network. Prints the path of each on stdout, one a line.
///
/// With --export a directory is filled, for another machine that names it as `distfiles` in its pthbs.toml: there
/// whatever is installed here may be missing, so all sources are taken, down to the first tool.
///
/// Example: pthbs fetch --export /mnt/usb/distfiles zsh
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["names", "all", "check"])))]
pub(super) struct Arguments {
    /// Packages (`zsh`), variants (`busybox@ash`), ids (`zsh.3f9c1b2e`), or paths of scripts (`./my.sh`)
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// The sources of every rendered script
    #[arg(long)]
    all: bool,
    /// Also write them into a directory that another machine fetches from without a network
    #[arg(long, value_name = "DIR", conflicts_with = "check")]
    export: Option<PathBuf>,
    /// Read everything that is kept, and remove what is damaged
    #[arg(long)]
    check: bool,
    /// Take sources from the store and the distfiles directories only [also: PTHBS_OFFLINE=1]
    #[arg(long)]
    offline: bool,
    /// Fetches at once
    #[arg(short, long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,
}

/// Sources, each with the places where it can be had.
type Wanted = Vec<(Source, Vec<Origin>)>;

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let store = context::store(global)?;
    if arguments.check {
        return check(&store);
    }
    let scripts = Scripts::open(global)?;
    if let Some(dir) = &arguments.export {
        // Before anything is fetched for it.
        fs::create_dir_all(dir)?;
    }
    let sources = arguments.sources(&store, &scripts)?;
    let origins = scripts.origins()?;
    let wanted: Wanted = sources.into_iter().map(|source| (source.clone(), origins(&source))).collect();

    let is_missing = |source: &Source| !source::is_kept(&store, source);
    let missing: BTreeSet<String> = wanted
        .iter()
        .map(|(source, _)| source)
        .filter(|source| is_missing(source))
        .map(Source::key)
        .collect();
    let view = Fetching::of(missing.len());
    let fetcher = Fetcher::new(&store, scripts.file.fetching(arguments.offline)?, view.sink())?;
    let start = Instant::now();
    let brought = fetcher.each(&wanted, arguments.jobs.into(), |fetcher, source, origins| {
        let was_missing = is_missing(source);
        let path = match &arguments.export {
            None => fetcher.fetch(source, origins),
            Some(dir) => fetcher.export(source, origins, dir),
        };
        if was_missing {
            view.end(source.name());
        }
        (was_missing, path)
    });
    view.finish();

    let paths = brought.iter().filter_map(|(_, path)| path.as_ref().ok());
    report::data(&paths.map(|path| format!("{}\n", path.display())).collect::<String>());
    report::say(&match brought.iter().all(|(was_missing, path)| !was_missing && path.is_ok()) {
        true if arguments.export.is_none() => "nothing to do".to_string(),
        _ => format!("{} in {}", summary(&brought), report::seconds(start.elapsed())),
    });
    Error::all(brought.into_iter().filter_map(|(_, path)| path.err())).map_or(Ok(()), Err)
}

impl Arguments {
    /// The sources that are asked for, each once, in the order in which builds would want them.
    fn sources(&self, store: &Store, scripts: &Scripts) -> Result<Vec<Source>> {
        let scripts = if self.all { scripts.all()? } else { self.scripts(store, scripts)? };
        let mut seen = BTreeSet::new();
        let sources = scripts.into_iter().flat_map(|script| script.header.sources);
        // One file under two names is looked at under both: a forgotten hash is found by its names.
        let is_new = |source: &Source| seen.insert((source.key(), source.name().to_string()));
        Ok(sources.filter(is_new).collect())
    }

    /// The named scripts, and those of what is missing to build them; with --export nothing counts as there.
    fn scripts(&self, store: &Store, scripts: &Scripts) -> Result<Vec<Script>> {
        let asked = scripts.all_asked(&self.names)?;
        let known = context::known(store, scripts, &asked);
        let asked: Vec<InstallId> = asked.iter().map(Script::install_id).collect();
        let has_install = |install: &InstallId| {
            self.export.is_none() && !asked.contains(install) && store.has(&Item::Install(install.clone()))
        };
        let plan = build::plan(&asked, &known, Exists { install: &has_install, source: &|_: &Source| true })?;
        let builds = plan.steps.into_iter().filter_map(|step| match step {
            Step::Build(build) => Some(Script::clone(&build.script)),
            Step::Fetch(_) => None,
        });
        Ok(builds.collect())
    }
}

/// `2 fetched, 1 kept, 1 failed`: only what happened.
fn summary(brought: &[(bool, Result<PathBuf>)]) -> String {
    let count = |was_missing: bool| {
        brought.iter().filter(|(missing, path)| *missing == was_missing && path.is_ok()).count()
    };
    let failed = brought.iter().filter(|(_, path)| path.is_err()).count();
    let counts = [(count(true), "fetched"), (count(false), "kept"), (failed, "failed")];
    let words = counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
    let words: Vec<String> = words.collect();
    if words.is_empty() { "no source is wanted".to_string() } else { words.join(", ") }
}

fn check(store: &Store) -> Result<()> {
    let checked = source::check(store)?;
    let files = report::count(usize::try_from(checked.files).unwrap_or(usize::MAX), "file");
    let commits = report::count(usize::try_from(checked.commits).unwrap_or(usize::MAX), "commit");
    let bytes = report::size(checked.bytes);
    report::say(&report::verb("checked", format!("{files} ({bytes}), {commits}")));
    Error::all(checked.damaged).map_or(Ok(()), Err)
}
