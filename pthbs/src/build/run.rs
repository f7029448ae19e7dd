//! Carries out a plan: fetches and builds everything in it, and says what became of it all.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use sandbox::{Helper, Limits};

use super::estimate::Estimate;
use super::jobserver::Jobserver;
use super::plan::{Plan, Step};
use super::remaining::Remaining;
use super::schedule::{Because, Fetch, Outcome, Settings, State, schedule};
use super::site::Site;
use super::stop::Stop;
use super::summary::Summary;
use super::trace::Tracer;
use super::visible::Scripts;
use super::work::Work;
use crate::base::event::{Event, Sink};
use crate::base::{Error, Result};
use crate::script::{InstallId, Origin, Source};
use crate::source::Fetcher;
use crate::store::{Finding, InUse, Item, Staging, Store, View};

/// Where a source can be had.
pub type Origins = Arc<dyn Fn(&Source) -> Vec<Origin> + Send + Sync>;

/// How to build.
#[derive(Debug, Clone)]
pub struct Options {
    /// Jobs in all, over all builds.
    pub jobs: usize,
    /// Builds at once.
    pub builds: usize,
    /// Whether nothing is begun after the first failure.
    pub fail_fast: bool,
    /// What one build may use up.
    pub limits: Limits,
    /// How many bytes of output one log keeps.
    pub log_bytes: u64,
    /// What definitions silence of the objections to their output.
    pub silenced: BTreeMap<InstallId, BTreeSet<Finding>>,
    /// The licenses that definitions name.
    pub licenses: BTreeMap<InstallId, String>,
    /// Whether the summary holds a trace.
    pub trace: bool,
    /// Whether to tell which declared dependencies a build never opens.
    pub opened: bool,
    /// Where `/versions` leads, if builds run in the weak sandbox.
    pub view: Option<View>,
    /// What is left out, to measure what it is worth.
    pub without: BTreeSet<Part>,
}

/// A part of the schedule that can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The one jobserver: every build has as many jobs as all would have.
    Jobserver,
    /// The order: what is ready is done in the order of the plan.
    Order,
}

/// Fetches at once: they wait more than they work.
const FETCHES: usize = 6;

impl Default for Options {
    fn default() -> Options {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Options {
            jobs: cores,
            builds: cores,
            fail_fast: false,
            limits: Limits::default(),
            log_bytes: 64 << 20,
            silenced: BTreeMap::new(),
            licenses: BTreeMap::new(),
            trace: false,
            without: BTreeSet::new(),
            opened: false,
            view: None,
        }
    }
}

/// All that a run works with.
pub struct Run<'a> {
    /// Where everything is kept.
    pub store: &'a Store,
    /// The process that starts sandboxes, forked while this one had a single thread.
    pub helper: &'a Helper,
    /// Fetches sources. Shared, because a fetch may outlive a run that was stopped.
    pub fetcher: Arc<Fetcher>,
    /// The scripts of all that a build may see.
    pub scripts: &'a dyn Scripts,
    /// Where sources can be had.
    pub origins: Origins,
    /// How to build.
    pub options: Options,
    /// The request to stop.
    pub stop: Stop,
    /// Is told what happens.
    pub sink: Sink,
}

impl Run<'_> {
    /// Does every step of the plan that can be done. What failed is in the summary; an error means that nothing was begun.
    pub fn run(self, plan: Plan) -> Result<Summary> {
        let begun = Instant::now();
        if plan.steps.is_empty() {
            return Ok(Summary { kept: plan.present, ..Summary::default() });
        }
        let _in_use = reserve(self.store, &plan)?;
        self.store.sweep()?;
        let estimate = Estimate::of(&plan, self.store, self.options.builds);
        (self.sink)(Event::Planned {
            fetches: plan.steps.iter().filter(|step| matches!(step, Step::Fetch(_))).count(),
            builds: plan.steps.iter().filter(|step| matches!(step, Step::Build(_))).count(),
            usual: estimate.all(),
        });

        // The FIFOs of all builds; it goes when the run ends.
        let scratch = Staging::scratch(self.store, "run")?;
        if let Some(view) = &self.options.view {
            view.expect()?;
            open_to_builds(scratch.dir())?;
        }
        let jobserver = Jobserver::new(self.options.jobs, scratch.dir())?;
        if self.options.trace {
            jobserver.keep_journal();
        }
        let settings =
            Settings { builds: self.options.builds, fetches: FETCHES, fail_fast: self.options.fail_fast };
        let fetch = self.fetch();
        let site = Site {
            store: self.store,
            helper: self.helper,
            fetcher: self.fetcher,
            scripts: self.scripts,
            origins: self.origins,
            trace: Tracer::new(self.options.trace, plan.steps.len()),
            options: self.options,
            jobserver,
            work: Work::new()?,
            stop: self.stop,
            sink: self.sink,
            told: Mutex::default(),
        };
        let plan = Arc::new(plan);
        let mut remaining = Remaining::of(&estimate);
        let observe = |step: usize, state: &State| {
            site.trace.state(step, state);
            tell_state(&site, &plan, step, state);
            if let Some(left) = remaining.note(step, state, Instant::now()) {
                site.tell(Event::Left { left });
            }
        };
        let unordered = vec![0.0; plan.steps.len()];
        let is_ordered = !site.options.without.contains(&Part::Order);
        let ranks = if is_ordered { estimate.ranks() } else { &unordered };
        let outcomes = schedule(&plan, ranks, settings, &site, &fetch, &site.stop, observe)?;
        let mut summary = Summary::of(&plan, outcomes, site.stop.requested());
        summary.seconds = begun.elapsed().as_secs_f64();
        summary.trace = site.trace.finish(&plan, &site.jobserver.journal());
        Ok(summary)
    }

    fn fetch(&self) -> Fetch {
        let (fetcher, origins) = (Arc::clone(&self.fetcher), Arc::clone(&self.origins));
        Arc::new(move |_, source| fetcher.fetch(source, &origins(source)).map(drop))
    }
}

/// Keeps a collection of garbage from what the plan relies on and from what it makes.
///
/// Whoever planned while he kept collections away (`Store::without_collection`) finds everything where it was.
pub fn reserve(store: &Store, plan: &Plan) -> Result<InUse> {
    let builds = plan.steps.iter().filter_map(|step| match step {
        Step::Build(build) => Some(build.script.install_id()),
        Step::Fetch(_) => None,
    });
    let items = builds.chain(plan.present.iter().cloned()).map(Item::Install).collect();
    let in_use = store.in_use(&items)?;
    // The plan looked before this was written down.
    let lost = plan.present.iter().find(|install| !store.has(&Item::Install((*install).clone())));
    match lost {
        None => Ok(in_use),
        Some(install) => Err(Error::failed(format!(
            "`{} {}` was removed from the store a moment ago",
            install.name,
            install.id.short()
        ))
        .hint("run the same command again: it will be built anew")),
    }
}

/// In the weak sandbox a build walks to its jobserver by itself, and root's is run by another user.
fn open_to_builds(dir: &Path) -> Result<()> {
    let set = std::fs::set_permissions(dir, Permissions::from_mode(0o711));
    set.map_err(|cause| Error::io("set the mode of", dir, &cause))
}

/// What a job cannot tell itself, because there was none.
fn tell_state(site: &Site<'_>, plan: &Plan, step: usize, state: &State) {
    let build = match (&plan.steps[step], state) {
        (Step::Build(build), _) => build,
        (Step::Fetch(source), State::Done(Outcome::Failed(_))) => {
            return site.tell(Event::FetchFailed { source: source.name().to_string() });
        }
        (Step::Fetch(_), _) => return,
    };
    let install = build.script.install_id();
    let (name, id) = (install.name.to_string(), install.id.to_string());
    match state {
        State::Done(Outcome::Found) => site.tell(Event::BuildFound { name, id }),
        State::Done(Outcome::Skipped(because)) => {
            let because = match because {
                Because::Failed(step) => format!("`{}` failed", plan.steps[*step].name()),
                Because::FirstFailure => "another step failed".to_string(),
                Because::Stopped => "it was stopped".to_string(),
            };
            site.tell(Event::NotBuilt { name, id, because });
        }
        _ => {}
    }
}
