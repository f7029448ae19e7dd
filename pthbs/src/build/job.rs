//! Builds one script: lays out what it sees, runs it, seals what it made, publishes that. Knows nothing of the plan or of
//! other steps.

mod execute;
mod failure;
mod finish;
pub mod inside;
pub mod layout;
pub mod weak;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::history::{self, Past};
use super::jobserver::Seat;
use super::log::{self, Captured};
use super::opened::Opened;
use super::schedule::Turn;
use super::site::Site;
use super::visible::visible;
use crate::base::event::Event;
use crate::base::{Error, Result};
use crate::script::{InstallId, Script};
use crate::store::{Item, Staging};
use inside::Place;
use layout::Layout;
use weak::Exposed;

/// One build.
pub(super) struct Job<'a> {
    site: &'a Site<'a>,
    step: usize,
    script: &'a Arc<Script>,
    install: InstallId,
    item: Item,
    begun: Instant,
    started: u64,
}

impl<'a> Job<'a> {
    pub(super) fn new(site: &'a Site<'a>, step: usize, script: &'a Arc<Script>) -> Job<'a> {
        let install = script.install_id();
        let item = Item::Install(install.clone());
        let started = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Job { site, step, script, install, item, begun: Instant::now(), started }
    }

    /// Builds it, unless somebody else has done so or is doing it.
    pub(super) fn run(&self, seat: Seat) -> Result<Turn> {
        let (name, id) = (self.install.name.to_string(), self.install.id.to_string());
        let _lock = match self.site.store.try_lock(&self.item)? {
            Ok(lock) => lock,
            Err(holder) => {
                let holder = holder.to_string();
                self.site.tell_once(self.step, Event::BuildWaits { name, id, holder });
                return Ok(Turn::Elsewhere);
            }
        };
        if self.site.store.has(&self.item) {
            return Ok(Turn::Found);
        }
        let usual = self.site.usual(&self.install.name);
        self.site.tell(Event::BuildStarted { name: name.clone(), id: id.clone(), usual });
        let mut captured = Captured::default();
        let built = self.build(seat, &mut captured);
        if built.is_err() && self.site.stop.requested().is_some() {
            return Ok(Turn::Stopped);
        }
        let elapsed = self.begun.elapsed();
        self.remember(&built, captured);
        self.site.tell(match &built {
            Ok(()) => Event::Built { name, id, elapsed },
            Err(_) => Event::BuildFailed { name, id, elapsed },
        });
        built.map(|()| Turn::Built)
    }

    /// The build itself, step by step.
    fn build(&self, seat: Seat, captured: &mut Captured) -> Result<()> {
        let visible = visible(&self.script.header, self.site.scripts)?;
        let staging = Staging::new(self.site.store, &self.item)?;
        let place = Place::of(staging.dir());
        let layout = Layout {
            store: self.site.store.clone(),
            fetcher: Arc::clone(&self.site.fetcher),
            origins: Arc::clone(&self.site.origins),
            script: Arc::clone(self.script),
            visible: visible.clone(),
            place: place.clone(),
        };
        self.span("lay out", || match layout.is_small() {
            true => layout.make(),
            false => self.site.work.run(move || layout.make()),
        })?;

        let view = self.site.options.view.as_ref();
        let expose = |view| Exposed::new(view, self.site.store, &visible, &self.install, staging.dir());
        let exposed = view.map(expose).transpose()?;
        let opened = self.watch()?;
        let outcome = self.span("script", || self.execute(&visible, &place, &seat, captured))?;
        drop(exposed);
        opened.into_iter().for_each(|opened| self.tell_unopened(opened));
        // Every process of it is gone: what it held is free for others while its output is sealed.
        drop(seat);
        self.site.trace.phases(self.step, &captured.phases);
        if let Some(trouble) = &captured.trouble {
            self.warn(trouble.what());
        }
        if let Some(error) = failure::of_outcome(&self.install, outcome, captured, &self.log()) {
            // What was stopped has not failed: there is nothing to look at.
            return Err(if self.site.stop.requested().is_some() { error } else { keep(staging, error) });
        }
        self.span("seal", || self.finish(staging, &visible, captured))?;
        if captured.is_short { Ok(()) } else { log::compress(&self.log()) }
    }

    /// Begins to watch what the script declares for its build, where that is asked for.
    fn watch(&self) -> Result<Option<Opened>> {
        let header = &self.script.header;
        // What it needs at run time need not be opened by its build.
        let declared = header.tools.iter().chain(&header.deps).cloned().collect();
        self.site.options.opened.then(|| Opened::watch(self.site.store, &declared)).transpose()
    }

    fn tell_unopened(&self, opened: Opened) {
        let (name, id) = (self.install.name.to_string(), self.install.id.to_string());
        match opened.never() {
            Some(never) => {
                let never = never.iter().map(ToString::to_string).collect();
                self.site.tell(Event::NeverOpened { name, id, never });
            }
            None => self.warn("too much was opened at once: what was never opened cannot be told"),
        }
    }

    /// Writes down what it took. Nothing depends on that, so its own failure is only a warning.
    fn remember(&self, built: &Result<()>, captured: Captured) {
        let past = Past {
            id: self.install.id.to_string(),
            version: self.script.header.version.clone(),
            started: self.started,
            seconds: self.begun.elapsed().as_secs_f64(),
            phases: captured.phases,
            is_built: built.is_ok(),
            error: built.as_ref().err().map(|error| error.what().to_string()),
            jobs: self.site.options.jobs,
        };
        if let Err(error) = history::remember(self.site.store, &self.install.name, &past) {
            self.warn(error.what());
        }
    }

    fn warn(&self, what: &str) {
        self.site.tell(Event::Warning(format!("{}: {what}", self.install.name)));
    }

    fn log(&self) -> PathBuf {
        self.site.store.log(&self.install)
    }

    /// Does a part of the build, and notes for the trace how long it took.
    fn span<T>(&self, part: &str, act: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let done = act();
        self.site.trace.span(self.step, part, start);
        done
    }
}

/// Leaves everything as the script left it, for a person to look at.
fn keep(staging: Staging, error: Error) -> Error {
    match staging.keep() {
        Ok(_) => error,
        Err(trouble) => error.line(format!("and what it left is lost: {}", trouble.what())),
    }
}
