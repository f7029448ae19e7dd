//! Brings one source into the store: the places in their order, every failure told, the hash as the only judge.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::address::{Address, DebSrc, shown};
use super::apt::Apt;
use super::config::{Config, Mirror};
use super::distfiles::Distfiles;
use super::download::Download;
use super::http::Client;
use super::names::{self, are_two_versions};
use super::parallel;
use super::partial::Partial;
use super::wanted::{Tried, Wanted};
use crate::base::Result;
use crate::base::error::system_word;
use crate::base::event::{Event, Sink};
use crate::script::{Origin, Source};
use crate::store::{Lock, Store};

/// Fetches sources into one store; any number of threads may use it at once.
pub struct Fetcher {
    store: Store,
    config: Config,
    sink: Sink,
    client: Client,
    distfiles: Distfiles,
    apt: Apt,
}

impl Fetcher {
    /// A fetcher for this store; events go to `sink`.
    pub fn new(store: &Store, config: Config, sink: Sink) -> Result<Fetcher> {
        let client = Client::new(&config)?;
        let distfiles = Distfiles::new(store, &config.distfiles);
        Ok(Fetcher { store: store.clone(), config, sink, client, distfiles, apt: Apt::new(store) })
    }

    /// The place of a source in the store, fetched from the first origin that has it where it is not there yet.
    ///
    /// A kept file is believed to be what its name says: `place` reads it whole and checks.
    pub fn fetch(&self, source: &Source, origins: &[Origin]) -> Result<PathBuf> {
        match source {
            Source::File { sha256, name, .. } => self.file(&Wanted::file(name, sha256, origins)),
            Source::Git { commit, tree, name } => self.commit(&Wanted::commit(name, commit, tree, origins)),
        }
    }

    /// Does `act`, a fetch or more, with several sources, so many at once; the results have their order.
    ///
    /// None waits for another one's failure, and none is given up for it.
    pub fn each<R: Send>(
        &self,
        wanted: &[(Source, Vec<Origin>)],
        at_once: usize,
        act: impl Fn(&Fetcher, &Source, &[Origin]) -> R + Sync,
    ) -> Vec<R> {
        parallel::each(wanted, at_once, |(source, origins)| act(self, source, origins))
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) fn sink(&self) -> &Sink {
        &self.sink
    }

    pub(super) fn distfiles(&self) -> &Distfiles {
        &self.distfiles
    }

    pub(super) fn tell(&self, event: Event) {
        (self.sink)(event);
    }

    fn file(&self, wanted: &Wanted<'_>) -> Result<PathBuf> {
        let kept = self.store.source(wanted.sha256);
        if !kept.is_file() {
            let _lock = Lock::take(&self.store.lock_path(&format!("source.{}", wanted.key)))?;
            if !kept.is_file() {
                self.bring_file(wanted)?;
            }
        }
        names::check(&self.store, wanted).map(|()| kept)
    }

    fn bring_file(&self, wanted: &Wanted<'_>) -> Result<()> {
        let start = Instant::now();
        self.tell(Event::FetchStarted { source: wanted.name.to_string() });
        let partial = self.search(wanted)?.map_err(|tried| wanted.failure(&tried, self.config.offline))?;
        let bytes = partial.length();
        partial.keep(&self.store)?;
        // A download that a copy has overtaken.
        Partial::remove(&self.store, &wanted.key);
        self.tell(Event::Fetched { source: wanted.name.to_string(), bytes, elapsed: start.elapsed() });
        Ok(())
    }

    /// Goes through all places; the partial file that is returned has the right sum.
    fn search(&self, wanted: &Wanted<'_>) -> Result<Result<Partial, Vec<Tried>>> {
        let download = Partial::open(&self.store, &wanted.key)?;
        if download.sum() == *wanted.sha256 {
            return Ok(Ok(download));
        }
        drop(download);
        let mut tried = Vec::new();
        for path in self.distfiles.named(&wanted.file_names()) {
            match self.copy(&path, wanted)? {
                Ok(partial) => return Ok(Ok(partial)),
                // Something else of that name says nothing about what upstream has.
                Err(miss) if !wanted.has_no_sum() => {
                    self.note(wanted, Tried { received: None, ..miss }, &mut tried);
                }
                Err(miss) => self.note(wanted, miss, &mut tried),
            }
        }
        if let Some(path) = self.distfiles.any(wanted.sha256)
            && let Ok(partial) = self.copy(&path, wanted)?
        {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            return if are_two_versions(&name, wanted.name) {
                Err(names::stale(wanted, &name))
            } else {
                Ok(Ok(partial))
            };
        }
        for url in self.urls(wanted) {
            if wanted.is_answered(&tried) {
                break;
            }
            match self.try_url(&url, wanted)? {
                Ok(partial) => return Ok(Ok(partial)),
                Err(miss) => self.note(wanted, miss, &mut tried),
            }
        }
        // Whoever names a directory wants to know that nobody could look into it.
        tried.extend(self.distfiles.unreadable().map(|(dir, why)| Tried::nothing(why).at(dir)));
        Ok(Err(tried))
    }

    /// Every URL to try, in order: a mirror is asked before the place that it stands for.
    fn urls(&self, wanted: &Wanted<'_>) -> Vec<String> {
        let mut urls: Vec<String> = Vec::new();
        let mut add = |url: String| {
            if !urls.contains(&url) {
                urls.push(url);
            }
        };
        for mirror in self.config.mirrors.iter().filter(|_| !wanted.has_no_sum()) {
            if let Mirror::ByHash(url) = mirror {
                add(url.replace("{sha256}", &wanted.key));
            }
        }
        for origin in wanted.origins {
            self.mirrored(&origin.url).into_iter().for_each(&mut add);
        }
        urls
    }

    /// Tries one URL; a miss is no error, only the store itself can fail here.
    fn try_url(&self, url: &str, wanted: &Wanted<'_>) -> Result<Result<Partial, Tried>> {
        let miss = |why: String| Tried::nothing(why).at(shown(url));
        let address = match Address::parse(url) {
            Ok(address) => address,
            Err(why) => return Ok(Err(miss(why))),
        };
        if self.config.offline && !matches!(address, Address::File(_)) {
            return Ok(Err(miss("the network is forbidden (offline)".to_string())));
        }
        let found = match address {
            Address::File(path) => self.copy(&path, wanted)?,
            Address::Http(url) => self.download(&url, wanted)?,
            Address::DebSrc(file) => self.ask_apt(&file, wanted)?,
        };
        Ok(found.map_err(|missed| missed.at(shown(url))))
    }

    fn download(&self, url: &str, wanted: &Wanted<'_>) -> Result<Result<Partial, Tried>> {
        let Fetcher { client, sink, .. } = self;
        let download = Download { client, sink, name: wanted.name, max_bytes: self.config.max_bytes };
        let mut partial = Partial::open(&self.store, &wanted.key)?;
        let expected = Some(wanted.sha256).filter(|_| !wanted.has_no_sum());
        match download.run(url, expected, &mut partial)? {
            Ok(()) => self.judge(wanted, partial),
            Err(refusal) => {
                // Kept for the next URL, or the next run, to go on from.
                if partial.length() == 0 {
                    partial.discard();
                }
                Ok(Err(Tried::nothing(refusal.why)))
            }
        }
    }

    fn ask_apt(&self, file: &DebSrc, wanted: &Wanted<'_>) -> Result<Result<Partial, Tried>> {
        self.with_apt(file, &wanted.key, |path| self.copy(path, wanted))
            .map(|found| found.unwrap_or_else(|why| Err(Tried::nothing(why))))
    }

    /// Has apt download a file, and gives its place to `take` while it lies there.
    ///
    /// apt writes the file itself; whatever lies there from an earlier run would be taken for its own.
    pub(super) fn with_apt<T>(
        &self,
        file: &DebSrc,
        key: &str,
        take: impl FnOnce(&Path) -> Result<T>,
    ) -> Result<Result<T, String>> {
        let target = self.store.partial_source(&format!("{key}.apt"));
        if let Some(dir) = target.parent() {
            crate::base::fs::create_dir_all(dir)?;
        }
        let _ = std::fs::remove_file(&target);
        let found = match self.apt.download(file, &target) {
            Ok(()) => take(&target).map(Ok),
            Err(why) => Ok(Err(why)),
        };
        let _ = std::fs::remove_file(&target);
        found
    }

    /// Takes a file of this machine in, beside a download that may wait to be resumed.
    fn copy(&self, path: &Path, wanted: &Wanted<'_>) -> Result<Result<Partial, Tried>> {
        let mut partial = Partial::open(&self.store, &format!("{}.copy", wanted.key))?;
        partial.restart()?;
        let judged = match self.read_into(path, &mut partial)? {
            Ok(()) => self.judge(wanted, partial)?,
            Err(why) => {
                partial.discard();
                Err(Tried::nothing(why))
            }
        };
        Ok(judged.map_err(|missed| missed.at(path.display().to_string())))
    }

    /// Compares what has arrived with what is wanted; wrong bytes are thrown away at once.
    ///
    /// Where the sum was asked for, they are kept under the sum they have: once it is in the definition, they are it.
    fn judge(&self, wanted: &Wanted<'_>, partial: Partial) -> Result<Result<Partial, Tried>> {
        let received = partial.sum();
        if received == *wanted.sha256 {
            return Ok(Ok(partial));
        }
        let bytes = partial.length();
        if bytes == 0 {
            partial.discard();
            return Ok(Err(Tried::nothing("the file is empty")));
        }
        let why = format!("{bytes} bytes with another sha256, {received}");
        if wanted.has_no_sum() {
            partial.keep(&self.store)?;
        } else {
            partial.discard();
        }
        Ok(Err(Tried { received: Some(received), ..Tried::nothing(why) }))
    }

    /// The inner result is about the file that is read, the outer one about the store.
    pub(super) fn read_into(&self, path: &Path, partial: &mut Partial) -> Result<Result<(), String>> {
        // Opening a FIFO would wait for its other end.
        let mut file = match File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path) {
            Ok(file) => file,
            Err(cause) => return Ok(Err(system_word(&cause))),
        };
        match file.metadata() {
            Ok(metadata) if !metadata.is_file() => return Ok(Err("it is no regular file".to_string())),
            Ok(metadata) if metadata.len() > self.config.max_bytes => {
                let (bytes, limit) = (metadata.len(), self.config.max_bytes);
                return Ok(Err(format!("{bytes} bytes are more than the limit of {limit}")));
            }
            Ok(_) => {}
            Err(cause) => return Ok(Err(system_word(&cause))),
        }
        let mut buffer = vec![0; 256 * 1024];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => return Ok(Ok(())),
                Ok(n) => partial.write(&buffer[..n])?,
                Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
                Err(cause) => return Ok(Err(system_word(&cause))),
            }
        }
    }

    pub(super) fn note(&self, wanted: &Wanted<'_>, miss: Tried, tried: &mut Vec<Tried>) {
        let (url, why) = (miss.url.clone(), miss.why.clone());
        self.tell(Event::FetchRetried { source: wanted.name.to_string(), url, why });
        tried.push(miss);
    }
}
