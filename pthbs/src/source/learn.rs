//! Fetching for a person who writes a definition: a file whose sum nobody knows yet, a page that lists versions.
//!
//! What comes in here is not verified, and nothing is built from it: a definition with its sum is what results.

use std::path::PathBuf;

use super::address::{Address, shown};
use super::download::Download;
use super::fetch::Fetcher;
use super::http::refused;
use super::partial::Partial;
use crate::base::event::Event;
use crate::base::{Error, Result, Sha256};
use crate::store::Lock;

/// A page that lists versions is text for people; more than this is something else.
const PAGE: usize = 16 << 20;

impl Fetcher {
    /// Fetches a file and keeps it by the sum that it turns out to have; gives that and its place in the store.
    ///
    /// Every URL is tried in order; distfiles are not looked at, because nothing says what a file there is.
    pub fn learn(&self, name: &str, urls: &[String]) -> Result<(Sha256, PathBuf)> {
        let mut failure = Error::failed(format!("cannot fetch `{name}`"));
        for url in urls {
            match self.learn_from(name, url)? {
                Ok(found) => return Ok(found),
                Err(why) => failure = failure.line(format!("{}: {why}", shown(url))),
            }
        }
        Err(failure.hint("give the address of the file itself"))
    }

    /// The inner result is about the URL, the outer one about the store.
    fn learn_from(&self, name: &str, url: &str) -> Result<Result<(Sha256, PathBuf), String>> {
        let address = match Address::parse(url) {
            Ok(address) => address,
            Err(why) => return Ok(Err(why)),
        };
        if self.config().offline && !matches!(address, Address::File(_)) {
            return Ok(Err("the network is forbidden (offline)".to_string()));
        }
        // By its URL, since its sum is not known; two that learn one file at once would write over each other.
        let key = format!("{}.learn", Sha256::of(url.as_bytes()));
        let _lock = Lock::take(&self.store().lock_path(&format!("source.{key}")))?;
        let start = std::time::Instant::now();
        self.tell(Event::FetchStarted { source: name.to_string() });
        let mut partial = Partial::open(self.store(), &key)?;
        // Nothing tells whether what an earlier run left is the beginning of the same file.
        partial.restart()?;
        let got = match address {
            Address::File(path) => self.read_into(&path, &mut partial)?,
            Address::Http(url) => {
                let max_bytes = self.config().max_bytes;
                let download = Download { client: self.client(), sink: self.sink(), name, max_bytes };
                download.run(&url, None, &mut partial)?.map_err(|refusal| refusal.why)
            }
            Address::DebSrc(file) => {
                self.with_apt(&file, &key, |path| self.read_into(path, &mut partial))?.and_then(|read| read)
            }
        };
        let got = got.and_then(|()| match partial.length() {
            0 => Err("the file is empty".to_string()),
            bytes => Ok(bytes),
        });
        match got {
            Ok(bytes) => {
                let sum = partial.sum();
                let kept = partial.keep(self.store())?;
                self.tell(Event::Fetched { source: name.to_string(), bytes, elapsed: start.elapsed() });
                Ok(Ok((sum, kept)))
            }
            Err(why) => {
                partial.discard();
                Ok(Err(why))
            }
        }
    }

    /// The text of a page.
    pub fn page(&self, url: &str) -> Result<String> {
        let failed = |why: String| Error::failed("cannot read a page").with("address", shown(url)).line(why);
        match Address::parse(url).map_err(failed)? {
            Address::File(path) => crate::base::fs::read_text(&path),
            Address::DebSrc(_) => Err(failed("`deb-src:` names a file, not a page".to_string())),
            Address::Http(_) if self.config().offline => {
                Err(failed("the network is forbidden (offline)".to_string()))
            }
            Address::Http(url) => {
                let (mut response, _) =
                    self.client().ask(&url, &[], None).map_err(|refusal| failed(refusal.why))?;
                if !response.status().is_success() {
                    return Err(failed(refused(response.status()).why));
                }
                let mut bytes = Vec::new();
                let take = |piece: &[u8]| {
                    bytes.extend_from_slice(piece);
                    match bytes.len() > PAGE {
                        true => Err(super::http::Refusal::lasting("it is larger than a page is")),
                        false => Ok(()),
                    }
                };
                self.client().read_body(response.body_mut(), take).map_err(|refusal| failed(refusal.why))?;
                // Versions are ASCII; what else stands there does not matter.
                Ok(String::from_utf8_lossy(&bytes).into_owned())
            }
        }
    }
}
