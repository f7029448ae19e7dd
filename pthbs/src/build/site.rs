//! What all builds of one run share: the store, the sandbox helper, the jobserver, the pool for work.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sandbox::Helper;

use super::history::{history, usual_seconds};
use super::job::Job;
use super::jobserver::{Jobserver, Seat};
use super::plan::Build;
use super::run::{Options, Origins};
use super::schedule::{Builder, Turn};
use super::stop::Stop;
use super::trace::Tracer;
use super::visible::Scripts;
use super::work::Work;
use crate::base::Result;
use crate::base::event::{Event, Sink};
use crate::script::PackageName;
use crate::source::Fetcher;
use crate::store::Store;

pub(super) struct Site<'a> {
    pub(super) store: &'a Store,
    pub(super) helper: &'a Helper,
    pub(super) fetcher: Arc<Fetcher>,
    pub(super) scripts: &'a dyn Scripts,
    pub(super) origins: Origins,
    pub(super) options: Options,
    pub(super) jobserver: Jobserver,
    pub(super) work: Work,
    pub(super) stop: Stop,
    pub(super) sink: Sink,
    pub(super) trace: Tracer,
    /// Steps of which something was told that is to be told once.
    pub(super) told: Mutex<HashSet<usize>>,
}

impl Site<'_> {
    pub(super) fn tell(&self, event: Event) {
        (self.sink)(event);
    }

    /// Tells something of a step, the first time.
    pub(super) fn tell_once(&self, step: usize, event: Event) {
        if self.told.lock().expect("nobody panics while holding it").insert(step) {
            self.tell(event);
        }
    }

    /// How long a build of this package usually takes, where that is known.
    pub(super) fn usual(&self, name: &PackageName) -> Option<Duration> {
        let seconds = usual_seconds(&history(self.store, name).ok()?)?;
        Duration::try_from_secs_f64(seconds).ok()
    }
}

impl Builder for Site<'_> {
    type Seat = Seat;

    fn seat(&self) -> Result<Option<Seat>> {
        self.jobserver.seat()
    }

    fn build(&self, step: usize, build: &Build, seat: Seat) -> Result<Turn> {
        self.trace.seat(step, seat.number());
        Job::new(self, step, &build.script).run(seat)
    }

    fn stop(&self) {
        self.jobserver.close();
        if let Err(error) = self.helper.stop_all() {
            // It is gone, and every sandbox with it.
            self.tell(Event::Warning(error.what));
        }
    }
}
