//! A store of its own for each case, and tiny scripts to build in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use pthbs::base::Sha256;
use pthbs::base::event::Event;
use pthbs::build::plan::SYSTEM;
use pthbs::build::{Exists, Known, Options, Run, Stop, Summary, plan};
use pthbs::script::{InstallId, Origin, Script, Source};
use pthbs::source::{Config, Fetcher};
use pthbs::store::{Item, Store};
use sandbox::Helper;

pub(crate) struct World<'a> {
    pub(crate) dir: PathBuf,
    pub(crate) store: Store,
    helpers: &'a [Helper; 2],
    scripts: Mutex<Vec<Arc<Script>>>,
    origins: Mutex<BTreeMap<String, String>>,
    events: Arc<Mutex<Vec<Event>>>,
    /// Whether the run ends with all sandboxes of its helper stopped.
    pub(crate) is_to_be_stopped: AtomicBool,
}

/// What a script declares, in the words of its header.
#[derive(Default)]
pub(crate) struct Uses<'a> {
    pub(crate) sources: &'a [String],
    pub(crate) tools: &'a [&'a InstallId],
    pub(crate) deps: &'a [&'a InstallId],
    pub(crate) needs: &'a [&'a InstallId],
    /// `sandbox=host set_path=on static=on` where it is empty.
    pub(crate) build: &'a str,
}

impl<'a> World<'a> {
    pub(crate) fn new(dir: &Path, helpers: &'a [Helper; 2]) -> World<'a> {
        std::fs::create_dir(dir).unwrap();
        let store = Store::open(&dir.join("store")).unwrap();
        World {
            dir: dir.to_path_buf(),
            store,
            helpers,
            scripts: Mutex::default(),
            origins: Mutex::default(),
            events: Arc::default(),
            is_to_be_stopped: AtomicBool::new(false),
        }
    }

    /// A script that uses nothing but the host's programs.
    pub(crate) fn script(&self, name: &str, body: &str) -> InstallId {
        self.script_with(name, &Uses::default(), body)
    }

    pub(crate) fn script_with(&self, name: &str, uses: &Uses<'_>, body: &str) -> InstallId {
        let mut header = format!(
            "#!/bin/sh\n#@ pthbs 1\n#@ name {name}\n#@ version 1\n#@ system {SYSTEM}\n#@ target {SYSTEM}-musl\n"
        );
        let mut sources = uses.sources.to_vec();
        sources.sort();
        sources.iter().for_each(|source| header += &format!("#@ source {source}\n"));
        for (key, ids) in [("tool", uses.tools), ("dep", uses.deps), ("needs", uses.needs)] {
            let mut ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            ids.sort();
            ids.iter().for_each(|id| header += &format!("#@ {key} {id}\n"));
        }
        let build = if uses.build.is_empty() { "sandbox=host set_path=on static=on" } else { uses.build };
        let text = format!("{header}#@ build {build}\nset -eu\n{body}\n");
        let script = Arc::new(Script::parse(text, name).unwrap());
        let install = script.install_id();
        self.scripts.lock().unwrap().push(script);
        install
    }

    /// A source file with these bytes, fetched from a `file:` URL; the value of its header line.
    pub(crate) fn source(&self, name: &str, bytes: &[u8], more: &str) -> String {
        let path = self.dir.join(format!("upstream-{name}"));
        std::fs::write(&path, bytes).unwrap();
        let sum = Sha256::of(bytes).to_string();
        self.origins.lock().unwrap().insert(sum.clone(), format!("file://{}", path.display()));
        format!("sha256:{sum} {name}{more}")
    }

    /// Builds with plain options; what fails is in the summary.
    pub(crate) fn build(&self, asked: &[&InstallId]) -> Summary {
        self.build_with(asked, Options { jobs: 2, builds: 2, ..Options::default() }, &Stop::default())
    }

    pub(crate) fn build_with(&self, asked: &[&InstallId], options: Options, stop: &Stop) -> Summary {
        let events = Arc::clone(&self.events);
        let stop_at_phase = stop.clone();
        self.build_telling(asked, options, stop, move |event| {
            if matches!(event, Event::BuildPhase { phase, .. } if phase == "stop-now") {
                stop_at_phase.request(2);
            }
            events.lock().unwrap().push(event.clone());
        })
    }

    pub(crate) fn build_telling(
        &self,
        asked: &[&InstallId],
        options: Options,
        stop: &Stop,
        sink: impl Fn(&Event) + Send + Sync + 'static,
    ) -> Summary {
        let mut scripts = Known::new(&self.store, None);
        self.scripts.lock().unwrap().iter().for_each(|script| scripts.add(Arc::clone(script)));
        let asked: Vec<InstallId> = asked.iter().map(|install| (*install).clone()).collect();
        let exists = Exists {
            install: &|install| self.store.has(&Item::Install(install.clone())),
            source: &|source| match source {
                Source::File { sha256, .. } => self.store.source(sha256).exists(),
                Source::Git { .. } => false,
            },
        };
        let plan = plan(&asked, &scripts, exists).unwrap();
        let sink: pthbs::base::event::Sink = Arc::new(move |event| sink(&event));
        let fetcher = Fetcher::new(&self.store, Config::default(), Arc::clone(&sink)).unwrap();
        let origins = self.origins.lock().unwrap().clone();
        let origins = move |source: &Source| {
            let url = origins.get(&source.key()).cloned();
            url.map(|url| Origin { url, place: "packages/x/package.sh:1".into() }).into_iter().collect()
        };
        let run = Run {
            store: &self.store,
            helper: &self.helpers[usize::from(self.is_to_be_stopped.load(Ordering::Relaxed))],
            fetcher: Arc::new(fetcher),
            scripts: &scripts,
            origins: Arc::new(origins),
            options,
            stop: stop.clone(),
            sink,
        };
        run.run(plan).unwrap()
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap().clone()
    }

    /// The text of a file of an install.
    pub(crate) fn text(&self, install: &InstallId, path: &str) -> String {
        let path = self.store.path(&Item::Install(install.clone())).join(path);
        std::fs::read_to_string(&path).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()))
    }

    pub(crate) fn has(&self, install: &InstallId) -> bool {
        self.store.has(&Item::Install(install.clone()))
    }

    /// What lies in the store's directory for unfinished things, and which locks are left.
    pub(crate) fn leftovers(&self) -> Vec<String> {
        let names = |dir: PathBuf| {
            let entries = std::fs::read_dir(dir).unwrap();
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>()
        };
        [names(self.store.tmp()), names(self.store.root().join("lock"))].concat()
    }
}

/// Fails with the errors of a run, if there were any.
pub(crate) fn expect_good(summary: &Summary) {
    if let Some(error) = summary.error() {
        panic!("{error}");
    }
}
