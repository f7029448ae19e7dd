//! A git commit by its id, from the first of its repositories that has it; kept for use without a network.
//!
//! What a commit's id promises rests on SHA-1, so the files have a sum of their own (`export`). Nothing of a repository
//! is run or obeyed: no hooks, filters, settings or transports but `https:`, `http:` and this machine's own files.

mod cache;
mod export;
mod kept;
mod local;
mod modules;
mod packet;
mod smart;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use git2::Oid;

use super::address::{Address, file_url, shown};
use super::config::Mirror;
use super::fetch::Fetcher;
use super::http::Refusal;
use super::wanted::{Tried, Wanted};
use crate::base::event::Event;
use crate::base::{Error, Result, Sha256};
use crate::store::Lock;
use cache::Cache;
pub(super) use kept::{bundle, check, place};
use smart::Remote;

/// How often a server is asked again after a failure that may pass.
const TRIES: u32 = 3;

/// Takes a piece of a pack.
type Take<'a> = dyn FnMut(&[u8]) -> Result<(), Refusal> + 'a;
/// Gives a pack, piece by piece.
type Fill<'a> = dyn FnMut(&mut Take<'_>) -> Result<(), Refusal> + 'a;

/// Where a repository is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    address: Address,
    /// The branch that has the commit, for servers that give only branches: `https://host/x.git#main`.
    branch: Option<String>,
}

impl Place {
    fn parse(url: &str) -> Result<Place, String> {
        let (url, branch) = match url.split_once('#') {
            Some((url, branch)) => (url, Some(branch.to_string())),
            None => (url, None),
        };
        match Address::parse(url)? {
            Address::DebSrc(_) => Err("a commit cannot come from `deb-src:`".to_string()),
            address => Ok(Place { address, branch }),
        }
    }
}

impl Fetcher {
    /// The place of a commit in the store: a link to the bare repository that has it, made when its files were summed.
    pub(super) fn commit(&self, wanted: &Wanted<'_>) -> Result<PathBuf> {
        let kept = self.store().git_commit(&wanted.key, wanted.sha256);
        if kept.is_dir() {
            return Ok(kept);
        }
        self.search_commit(wanted)?.map_err(|tried| wanted.failure(&tried, self.config().offline))
    }

    /// Goes through all repositories.
    pub(super) fn search_commit(&self, wanted: &Wanted<'_>) -> Result<Result<PathBuf, Vec<Tried>>> {
        let commit = object_id(&wanted.key)?;
        let _lock = Lock::take(&self.store().lock_path(&format!("source.{}", wanted.key)))?;
        let kept = self.store().git_commit(&wanted.key, wanted.sha256);
        if kept.is_dir() {
            return Ok(Ok(kept));
        }
        let start = Instant::now();
        self.tell(Event::FetchStarted { source: wanted.name.to_string() });
        let mut tried = Vec::new();
        for url in self.repositories(wanted) {
            match self.try_repository(&url, wanted, commit)? {
                Ok(bytes) => {
                    let elapsed = start.elapsed();
                    self.tell(Event::Fetched { source: wanted.name.to_string(), bytes, elapsed });
                    return Ok(Ok(kept));
                }
                Err(miss) => self.note(wanted, miss.at(shown(&url)), &mut tried),
            }
            if wanted.is_answered(&tried) {
                break;
            }
        }
        Ok(Err(tried))
    }

    fn repositories(&self, wanted: &Wanted<'_>) -> Vec<String> {
        // What another machine has exported comes first: it is near, and it is all.
        let bundles = self.distfiles().named(&[&format!("{}.bundle", wanted.key)]);
        let mut urls: Vec<String> = bundles.iter().map(|path| file_url(path)).collect();
        for url in wanted.origins.iter().flat_map(|origin| self.mirrored(&origin.url)) {
            if !urls.contains(&url) {
                urls.push(url);
            }
        }
        urls
    }

    /// A URL's mirrors, then itself.
    pub(super) fn mirrored(&self, url: &str) -> Vec<String> {
        let mirrors = self.config().mirrors.iter().filter_map(|mirror| match mirror {
            Mirror::Prefix { from, to } => url.strip_prefix(from.as_str()).map(|rest| format!("{to}{rest}")),
            Mirror::ByHash(_) => None,
        });
        mirrors.chain([url.to_string()]).collect()
    }

    /// Gives how many bytes have come; a miss is no error, only the store itself can fail here.
    fn try_repository(&self, url: &str, wanted: &Wanted<'_>, commit: Oid) -> Result<Result<u64, Tried>> {
        let mut cache = Cache::of_url(self.store(), url)?;
        let was_there = cache.has(commit);
        let mut received = 0;
        let mut sum = self.sum(&cache, url, wanted, commit, &mut received);
        if was_there && sum.is_err() {
            // The commit is there and cannot be read: nothing else in this repository is worth more.
            cache.remove()?;
            cache = Cache::of_url(self.store(), url)?;
            sum = self.sum(&cache, url, wanted, commit, &mut received);
        }
        match sum {
            Ok(sum) if sum == *wanted.sha256 => {
                kept::keep(self.store(), &cache, wanted)?;
                Ok(Ok(received))
            }
            Ok(sum) => {
                // Kept as well: once this sum is in the definition, nothing is fetched again.
                let why = format!("the commit's files have another sum, {sum}");
                Ok(Err(Tried { received: Some(sum), ..Tried::nothing(why) }))
            }
            Err(why) => Ok(Err(Tried::nothing(why))),
        }
    }

    /// The sum of a commit's files, fetching it and its submodules where they are missing.
    fn sum(
        &self,
        cache: &Cache,
        url: &str,
        wanted: &Wanted<'_>,
        commit: Oid,
        received: &mut u64,
    ) -> Result<Sha256, String> {
        self.bring(cache, url, wanted, commit, received)?;
        let exported = kept::files(cache, commit, url, None, &mut |parent, module, commit| {
            let url = modules::resolve(parent, module);
            if cache.has(commit) {
                return Ok(url.unwrap_or_default());
            }
            let url = url?;
            let mut whys = Vec::new();
            for url in self.mirrored(&url) {
                match self.bring(cache, &url, wanted, commit, received) {
                    Ok(()) => return Ok(url),
                    Err(why) => whys.push(format!("{}: {why}", shown(&url))),
                }
            }
            Err(whys.join("; "))
        });
        exported.map(|exported| exported.sum)
    }

    /// Fetches a commit into a repository, unless it has it.
    fn bring(
        &self,
        cache: &Cache,
        url: &str,
        wanted: &Wanted<'_>,
        commit: Oid,
        received: &mut u64,
    ) -> Result<(), String> {
        if cache.has(commit) {
            return Ok(());
        }
        let place = Place::parse(url)?;
        if self.config().offline && matches!(place.address, Address::Http(_)) {
            return Err("the network is forbidden (offline)".to_string());
        }
        let mut failures = 0;
        let mut shown_at = Instant::now();
        loop {
            let mut progress = |bytes: u64| {
                *received += bytes;
                if shown_at.elapsed() >= Duration::from_millis(100) {
                    shown_at = Instant::now();
                    let source = wanted.name.to_string();
                    self.tell(Event::FetchProgress { source, bytes: *received, total: None });
                }
            };
            let brought = self.bring_once(cache, &place, commit, &mut progress);
            match brought {
                Ok(()) if cache.has(commit) => return Ok(()),
                Ok(()) => return Err("it does not have the commit".to_string()),
                Err(refusal) if refusal.may_pass && failures + 1 < TRIES => {
                    failures += 1;
                    let why = format!("{}; trying again", refusal.why);
                    self.tell(Event::FetchRetried { source: wanted.name.to_string(), url: shown(url), why });
                    std::thread::sleep(Duration::from_millis(250) * failures);
                }
                Err(refusal) => return Err(refusal.why),
            }
        }
    }

    /// The commit alone where the server gives it, else the branch that is named, else all branches and tags.
    fn bring_once(
        &self,
        cache: &Cache,
        place: &Place,
        commit: Oid,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), Refusal> {
        let max_bytes = self.config().max_bytes;
        let mut receive = |fill: &mut Fill<'_>| {
            cache.receive(max_bytes, &mut |take| {
                fill(&mut |bytes| {
                    progress(bytes.len() as u64);
                    take(bytes)
                })
            })
        };
        let url = match &place.address {
            Address::File(path) => return receive(&mut |take| local::pack(path, commit, take)),
            Address::Http(url) => url,
            Address::DebSrc(_) => unreachable!("a place is never `deb-src:`"),
        };
        let remote = Remote::open(self.client(), url)?;
        let id = commit.to_string();
        let depth = remote.can_be_shallow().then_some(1);
        let alone = receive(&mut |take| remote.pack(&[&id], depth, take));
        match alone {
            Err(ref refusal) if !refusal.may_pass => {}
            other => return other,
        }
        let refs = remote.refs()?;
        let is_named = |name: &str| {
            let branch = place.branch.as_deref();
            branch.is_none_or(|branch| {
                name.strip_prefix("refs/heads/").or(name.strip_prefix("refs/tags/")) == Some(branch)
            })
        };
        let ids: BTreeSet<&str> =
            refs.iter().filter(|found| is_named(&found.name)).map(|found| &*found.id).collect();
        if ids.is_empty() {
            return alone;
        }
        let ids: Vec<&str> = ids.into_iter().collect();
        receive(&mut |take| remote.pack(&ids, None, take))
    }
}

fn object_id(commit: &str) -> Result<Oid> {
    match commit.len() {
        40 => Oid::from_str(commit).map_err(|_| Error::usage(format!("`{commit}` is not a commit id"))),
        _ => Err(Error::usage(format!("commit `{commit}` is of a repository with sha256 ids"))
            .hint("only repositories with sha1 ids can be read; the sum of the files protects them")),
    }
}
