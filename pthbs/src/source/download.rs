//! One URL into one partial file: resumed where the server allows it, begun again where it does not.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use ureq::Body;
use ureq::http::header::{ACCEPT_RANGES, CONTENT_RANGE, ETAG, LAST_MODIFIED};
use ureq::http::{HeaderMap, StatusCode};

use super::http::{Client, Refusal, refused};
use super::partial::Partial;
use crate::base::event::{Event, Sink};
use crate::base::{Result, Sha256};

/// How often a URL is asked again after a failure that may pass; `WORTH` bytes that arrive start the count anew.
const TRIES: u32 = 3;

/// A server that breaks off after fewer bytes could keep us for ever, one byte at a time.
const WORTH: u64 = 64 * 1024;

/// What a download needs besides its URL.
pub(super) struct Download<'a> {
    pub(super) client: &'a Client,
    pub(super) sink: &'a Sink,
    /// The source's name in events.
    pub(super) name: &'a str,
    pub(super) max_bytes: u64,
}

impl Download<'_> {
    /// Brings a URL's bytes into `partial`, going on from what is there already.
    ///
    /// With an expected sum, bytes that were resumed and turn out wrong are fetched once more from the start: the file
    /// may have changed between the two halves, or the first half may come from another place.
    /// The inner result is about the URL, the outer one about the store.
    pub(super) fn run(
        &self,
        url: &str,
        expected: Option<&Sha256>,
        partial: &mut Partial,
    ) -> Result<Result<(), Refusal>> {
        let is_resumed = partial.length() > 0;
        let arrived = self.run_once(url, partial)?;
        let is_wrong = |partial: &Partial| expected.is_some_and(|expected| partial.sum() != *expected);
        if arrived.is_ok() && is_resumed && is_wrong(partial) {
            partial.restart()?;
            return self.run_once(url, partial);
        }
        Ok(arrived)
    }

    fn run_once(&self, url: &str, partial: &mut Partial) -> Result<Result<(), Refusal>> {
        let mut failures = 0;
        loop {
            let before = partial.length();
            let Err(refusal) = self.attempt(url, partial)? else { return Ok(Ok(())) };
            let gained = partial.length().saturating_sub(before);
            failures = if gained >= WORTH { 1 } else { failures + 1 };
            if !refusal.may_pass || failures >= TRIES {
                return Ok(Err(refusal));
            }
            let why = format!("{}; trying again", refusal.why);
            (self.sink)(Event::FetchRetried {
                source: self.name.to_string(),
                url: super::address::shown(url),
                why,
            });
            std::thread::sleep(Duration::from_millis(250) * failures);
        }
    }

    fn attempt(&self, url: &str, partial: &mut Partial) -> Result<Result<(), Refusal>> {
        let validator = Validator::of(partial);
        let range = format!("bytes={}-", partial.length());
        let mut headers: Vec<(&str, &str)> = Vec::new();
        if partial.length() > 0 {
            headers.push(("Range", &range));
            if let Some(value) = validator.for_url(url) {
                headers.push(("If-Range", value));
            }
        }
        let mut response = match self.client.ask(url, &headers, None) {
            Ok((response, _)) => response,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let status = response.status();
        match status {
            StatusCode::PARTIAL_CONTENT if starts_at(response.headers(), partial.length()) => {}
            // No such range, or an answer that does not say which one it is: from the start.
            StatusCode::RANGE_NOT_SATISFIABLE | StatusCode::PARTIAL_CONTENT if partial.length() > 0 => {
                partial.restart()?;
                return Ok(Err(Refusal { why: "it cannot be resumed".to_string(), may_pass: true }));
            }
            StatusCode::OK => {
                partial.restart()?;
                validator.remember(url, response.headers());
            }
            status => return Ok(Err(refused(status))),
        }

        self.receive(response.body_mut(), partial)
    }

    /// Takes a body in.
    fn receive(&self, body: &mut Body, partial: &mut Partial) -> Result<Result<(), Refusal>> {
        let total = body.content_length().map(|rest| rest.saturating_add(partial.length()));
        let too_large =
            |bytes| Refusal::lasting(format!("{bytes} bytes are more than the limit of {}", self.max_bytes));
        if let Some(total) = total.filter(|total| *total > self.max_bytes) {
            return Ok(Err(too_large(total)));
        }
        let mut progress = Progress { shown: Instant::now(), total };
        let mut written = Ok(());
        let read = self.client.read_body(body, |bytes| {
            if partial.length() + bytes.len() as u64 > self.max_bytes {
                return Err(too_large(partial.length() + bytes.len() as u64));
            }
            written = partial.write(bytes);
            // A full disk is no fault of the URL's, and no other URL would help: it ends all.
            written.as_ref().map_err(|error| Refusal::lasting(error.what()))?;
            progress.tell(self, partial.length());
            Ok(())
        });
        written.map(|()| read)
    }
}

/// Tells at most ten times a second how far it is.
struct Progress {
    shown: Instant,
    total: Option<u64>,
}

impl Progress {
    fn tell(&mut self, download: &Download<'_>, bytes: u64) {
        if self.shown.elapsed() >= Duration::from_millis(100) {
            self.shown = Instant::now();
            let source = download.name.to_string();
            (download.sink)(Event::FetchProgress { source, bytes, total: self.total });
        }
    }
}

/// What tells whether a URL still gives the file that the first bytes are of; kept beside the partial file.
///
/// Only a strong validator is good for `If-Range` (RFC 9110, 13.1.5); without one the hash at the end is the judge.
struct Validator {
    path: PathBuf,
    text: String,
}

impl Validator {
    fn of(partial: &Partial) -> Validator {
        let path = partial.origin_path();
        let text = fs::read_to_string(&path).unwrap_or_default();
        Validator { path, text }
    }

    fn for_url(&self, url: &str) -> Option<&str> {
        let (from, value) = self.text.split_once('\n')?;
        (from == Sha256::of(url.as_bytes()).to_string()).then_some(value)
    }

    fn remember(&self, url: &str, headers: &HeaderMap) {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let etag = text(ETAG).filter(|tag| tag.starts_with('"'));
        let value = etag.or_else(|| text(LAST_MODIFIED).filter(|_| text(ACCEPT_RANGES) != Some("none")));
        let _ = match value {
            // The URL's sum and not the URL: it may hold a password.
            Some(value) => fs::write(&self.path, format!("{}\n{value}", Sha256::of(url.as_bytes()))),
            None => fs::remove_file(&self.path),
        };
    }
}

/// Whether a 206 is about the bytes from `offset` on.
fn starts_at(headers: &HeaderMap, offset: u64) -> bool {
    let range = headers.get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
    let start =
        range.and_then(|range| range.strip_prefix("bytes ")).and_then(|range| range.split('-').next());
    start.and_then(|start| start.parse().ok()) == Some(offset)
}
