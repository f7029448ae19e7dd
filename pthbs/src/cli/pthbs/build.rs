//! `pthbs build`: makes what is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sandbox::Helper;
use serde_json::json;

use super::Global;
use super::anew;
use super::context::{self, Scripts};
use super::weak::Weak;
use crate::base::{Error, Result};
use crate::build::{self, Exists, Known, Options, Part, Plan, Run, Stop, Summary, Trace};
use crate::cli::report::Shown;
use crate::cli::{config, report, signals};
use crate::script::about::About;
use crate::script::{InstallId, Script, Source};
use crate::source::{self, Config, Fetcher};
use crate::store::{Finding, Item, Store};

/// Build packages and whatever they need
///
/// Fetches, verifies and builds what is missing, in parallel, each build in a sandbox of its own. Prints the path of
/// each asked install on stdout, one a line, in the order asked, also when there was nothing to do.
///
/// Example: pthbs build zsh
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Packages (`zsh`), variants (`busybox@ash`), ids (`zsh.3f9c1b2e`), or paths of scripts (`./my.sh`)
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// Build what is there anew, and put the result in its place
    #[arg(long)]
    rebuild: bool,
    /// Print what happens on stdout, one JSON object a line; the last one has the paths
    #[arg(long)]
    json: bool,
    /// Say which declared dependencies each build never opens; builds one at a time, and anew what is there (that result
    /// is thrown away)
    #[arg(long, conflicts_with = "rebuild")]
    trace: bool,
    #[command(flatten)]
    width: Width,
}

/// How much may happen at once, and where sources come from.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Width {
    /// Jobs in all builds together [default: the number of processors]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    jobs: Option<u16>,
    /// Builds at once [default: as many as jobs]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    builds: Option<u16>,
    /// Stop at the first failure instead of building all that does not depend on it
    #[arg(long)]
    fail_fast: bool,
    /// Write what ran when, for chrome://tracing, Perfetto and their like
    #[arg(long, value_name = "FILE")]
    trace_out: Option<PathBuf>,
    /// Leave out a part of the schedule, to measure what it is worth (`make bench-set`)
    #[arg(long, value_name = "PART", value_parser = part, hide = true)]
    without: Vec<Part>,
    /// Stop when the process that started this one, and has this id, has ended
    #[arg(long, value_name = "PID", hide = true)]
    pub(super) stop_with: Option<i32>,
    /// Take sources from the store and the distfiles directories only [also: PTHBS_OFFLINE=1]
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    pub(super) weak: Weak,
    /// Set by `build --trace`.
    #[arg(skip)]
    trace: bool,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let store = context::store(global)?;
    let scripts = Scripts::open(global)?;
    let asked = scripts.all_asked(&arguments.names)?;
    let old: Vec<Script> = match arguments.rebuild || arguments.trace {
        true => {
            asked.iter().filter(|script| store.has(&Item::Install(script.install_id()))).cloned().collect()
        }
        false => Vec::new(),
    };
    let output = if arguments.json { Output::Stream } else { Output::ToPeople };
    let width = Width { trace: arguments.trace, ..arguments.width.clone() };
    let done = ensure_telling(&store, &scripts, &asked, &width, output)?;
    if arguments.trace && !old.is_empty() {
        anew::trace(global, &old, &width.weak)?;
    } else if !old.is_empty() {
        anew::replace(global, &old, &width.weak)?;
    } else if done == Done::Nothing {
        report::say("nothing to do");
    }
    let paths = asked.iter().map(|script| store.path(&Item::Install(script.install_id())));
    let paths = paths.map(|path| path.display().to_string());
    let paths: Vec<String> = paths.collect();
    match arguments.json {
        true => report::data(&format!("{}\n", json!({ "event": "done", "installs": paths }))),
        false => report::data(&paths.iter().map(|path| format!("{path}\n")).collect::<String>()),
    };
    Ok(())
}

/// What is missing of some scripts' installs. One look for each that is there.
pub(super) fn plan(store: &Store, known: &Known<'_>, asked: &[Script]) -> Result<Plan> {
    let asked: Vec<InstallId> = asked.iter().map(Script::install_id).collect();
    let has_install = |install: &InstallId| store.has(&Item::Install(install.clone()));
    let has_source = |source: &Source| source::is_kept(store, source);
    build::plan(&asked, known, Exists { install: &has_install, source: &has_source })
}

/// Builds what is missing of some scripts' installs; all failures are in the one error.
pub(super) fn ensure(store: &Store, scripts: &Scripts, asked: &[Script], width: &Width) -> Result<Done> {
    ensure_telling(store, scripts, asked, width, Output::ToPeople)
}

fn ensure_telling(
    store: &Store,
    scripts: &Scripts,
    asked: &[Script],
    width: &Width,
    output: Output,
) -> Result<Done> {
    let known = context::known(store, scripts, asked);
    // From before anybody looks what is there until it is written down what of that is used. Over before the helper is
    // forked, which would hold the lock as long as it lives.
    let none = store.without_collection()?;
    note_asked(store, asked)?;
    let plan = plan(store, &known, asked)?;
    if plan.steps.is_empty() {
        write_trace(width.open_trace()?, &Trace::empty())?;
        return Ok(Done::Nothing);
    }
    let _in_use = build::reserve(store, &plan)?;
    drop(none);
    carry_out(store, scripts, &known, plan, width, output)
}

/// Does what a plan says; all failures are in the one error.
pub(super) fn carry_out(
    store: &Store,
    scripts: &Scripts,
    known: &Known<'_>,
    plan: Plan,
    width: &Width,
    output: Output,
) -> Result<Done> {
    // Before the work of hours: a place that cannot be written is told at once.
    let trace_file = width.open_trace()?;
    // In this order: the helper is forked and the signals are blocked before the first thread exists.
    let helper = Helper::start().map_err(context::from_sandbox)?;
    let stop = Stop::default();
    signals::watch(&stop)?;
    width.stop_with.map_or(Ok(()), |parent| signals::stop_with(parent, &stop))?;

    width.weak.announce();
    let about = scripts.about()?;
    let origins = scripts.origins()?;
    let shown = match output {
        Output::ToPeople => Shown::to_people(),
        Output::Stream => Shown::Stream,
    };
    let sink = shown.sink();
    let run = Run {
        store,
        helper: &helper,
        fetcher: Arc::new(Fetcher::new(store, width.fetching(scripts)?, sink.clone())?),
        scripts: known,
        origins,
        options: Options { silenced: silenced(&about), licenses: licenses(&about), ..width.options(store)? },
        stop,
        sink,
    };
    let summary = run.run(plan);
    drop(shown);
    let summary = summary?;
    let traced = write_trace(trace_file, summary.trace.as_ref().unwrap_or(&Trace::empty()));
    report::say(&summary_line(&summary));
    let errors: Vec<Error> = summary.error().into_iter().chain(traced.err()).collect();
    Error::all(errors).map_or(Ok(Done::Something), Err)
}

/// Writes what ran when, also of a run that failed.
fn write_trace(file: Option<(PathBuf, File)>, trace: &Trace) -> Result<()> {
    let Some((path, mut file)) = file else { return Ok(()) };
    file.write_all(trace.to_json().as_bytes()).map_err(|cause| Error::io("write", &path, &cause))
}

/// Notes what is asked for: collections of garbage leave it alone for a while.
fn note_asked(store: &Store, asked: &[Script]) -> Result<()> {
    asked.iter().try_for_each(|script| store.note_asked(&Item::Install(script.install_id())))
}

/// The findings that definitions silence.
fn silenced(about: &BTreeMap<InstallId, About>) -> BTreeMap<InstallId, BTreeSet<Finding>> {
    let findings = |about: &About| about.silence.keys().filter_map(|word| Finding::from_word(word)).collect();
    about.iter().map(|(install, about)| (install.clone(), findings(about))).collect()
}

fn licenses(about: &BTreeMap<InstallId, About>) -> BTreeMap<InstallId, String> {
    about.iter().map(|(install, about)| (install.clone(), about.license.clone())).collect()
}

/// Who is told what happens.
#[derive(Debug, Clone, Copy)]
pub(super) enum Output {
    /// People, on stderr.
    ToPeople,
    /// Programs, on stdout.
    Stream,
}

/// Whether a run had to do anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    Nothing,
    Something,
}

impl Width {
    fn options(&self, store: &Store) -> Result<Options> {
        let jobs = self.jobs.map_or_else(config::processors, usize::from);
        let builds = self.builds.map_or(jobs, usize::from);
        // What one build opens cannot be told from what another one does.
        let builds = if self.trace { 1 } else { builds };
        let (trace, opened, view) = (self.trace_out.is_some(), self.trace, self.weak.view(store)?);
        let without = self.without.iter().copied().collect();
        let fail_fast = self.fail_fast;
        Ok(Options { jobs, builds, fail_fast, trace, opened, view, without, ..Options::default() })
    }

    /// The file for the trace. It may be a pipe or a device, so it is written in its place.
    fn open_trace(&self) -> Result<Option<(PathBuf, File)>> {
        let open = |path: &PathBuf| {
            let file = File::create(path).map_err(|cause| Error::io("write", path, &cause))?;
            Ok((path.clone(), file))
        };
        self.trace_out.as_ref().map(open).transpose()
    }

    /// Where sources come from.
    pub(super) fn fetching(&self, scripts: &Scripts) -> Result<Config> {
        scripts.file.fetching(self.offline)
    }
}

fn part(word: &str) -> std::result::Result<Part, String> {
    match word {
        "jobserver" => Ok(Part::Jobserver),
        "order" => Ok(Part::Order),
        _ => Err("it is `jobserver` or `order`".to_string()),
    }
}

/// `2 built, 1 failed, 3 not built in 1m02s`: only what happened.
fn summary_line(summary: &Summary) -> String {
    let counts = [
        (summary.fetched, "fetched"),
        (summary.built.len(), "built"),
        (summary.failed.len(), "failed"),
        (summary.not_built.len(), "not built"),
    ];
    let words = counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
    let words: Vec<String> = words.collect();
    let words = if words.is_empty() { "nothing done".to_string() } else { words.join(", ") };
    format!("{words} in {}", report::seconds(Duration::from_secs_f64(summary.seconds)))
}
