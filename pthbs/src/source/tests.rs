//! Tests that need a server, an archive or a repository: what they share, and one file for each part.

mod fetch;
mod git;
mod learn;
mod server;
mod unpack;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Config, Fetcher};
use crate::base::event::{Event, Sink};
use crate::base::{Result, Sha256};
use crate::script::header::Unpack;
use crate::script::{Origin, Source};
use crate::store::Store;

/// A store in a directory of its own, and a fetcher that notes its events.
struct Bench {
    dir: tempfile::TempDir,
    store: Store,
    events: Arc<Mutex<Vec<Event>>>,
}

impl Bench {
    fn new() -> Bench {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("store")).unwrap();
        Bench { dir, store, events: Arc::default() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn fetcher(&self, config: Config) -> Fetcher {
        let events = Arc::clone(&self.events);
        let sink: Sink = Arc::new(move |event| events.lock().unwrap().push(event));
        Fetcher::new(&self.store, config, sink).unwrap()
    }

    /// Fetches `bytes` from `urls` with a patience that suits a test.
    fn fetch(&self, bytes: &[u8], urls: &[&str]) -> Result<PathBuf> {
        self.fetcher(quick()).fetch(&file(bytes), &origins(urls))
    }

    /// Why each place was left, in order.
    fn reasons(&self) -> Vec<String> {
        let events = self.events.lock().unwrap();
        let whys = events.iter().filter_map(|event| match event {
            Event::FetchRetried { why, .. } => Some(why.clone()),
            _ => None,
        });
        whys.collect()
    }

    /// Everything below `source/` that is a kept file.
    fn kept(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.store.sources()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.len() == 64).collect()
    }
}

fn quick() -> Config {
    let (patience, stall) = (Duration::from_secs(5), Duration::from_millis(500));
    Config { patience, stall, min_rate: 1000, max_bytes: 1 << 20, ..Config::default() }
}

fn file(bytes: &[u8]) -> Source {
    Source::File { sha256: Sha256::of(bytes), name: "x-1.tar.gz".to_string(), unpack: Unpack::No }
}

fn origins(urls: &[&str]) -> Vec<Origin> {
    let place = "packages/x/package.sh:3".to_string();
    urls.iter().map(|url| Origin { url: url.to_string(), place: place.clone() }).collect()
}

/// Says that a test could not be done on this machine, where a person sees it.
fn skip(why: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}
