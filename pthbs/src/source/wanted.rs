//! One source that is wanted, the places that did not have it, and the one error that tells all of it.

use super::address::base_name;
use crate::base::{Error, Sha256};
use crate::script::Origin;
use crate::script::header::UNKNOWN_SUM;

/// What is wanted, for messages and for the judgement.
pub(super) struct Wanted<'a> {
    pub(super) name: &'a str,
    /// The sum of the file, or of the commit's files.
    pub(super) sha256: &'a Sha256,
    /// The sum in digits, or the commit.
    pub(super) key: String,
    pub(super) origins: &'a [Origin],
}

/// One place that was asked and did not give the source.
pub(super) struct Tried {
    pub(super) url: String,
    pub(super) why: String,
    /// The sum of the bytes it gave, where it gave any.
    pub(super) received: Option<Sha256>,
}

impl Tried {
    pub(super) fn nothing(why: impl Into<String>) -> Tried {
        Tried { url: String::new(), why: why.into(), received: None }
    }

    pub(super) fn at(self, url: String) -> Tried {
        Tried { url, ..self }
    }
}

impl<'a> Wanted<'a> {
    pub(super) fn file(name: &'a str, sha256: &'a Sha256, origins: &'a [Origin]) -> Wanted<'a> {
        Wanted { name, sha256, key: sha256.to_string(), origins }
    }

    pub(super) fn commit(name: &'a str, commit: &str, tree: &'a Sha256, origins: &'a [Origin]) -> Wanted<'a> {
        Wanted { name, sha256: tree, key: commit.to_string(), origins }
    }

    /// Whether the definition asks for the sum instead of knowing it.
    pub(super) fn has_no_sum(&self) -> bool {
        self.sha256.to_string().starts_with(UNKNOWN_SUM)
    }

    /// Whether the sum that was asked for is known by now.
    pub(super) fn is_answered(&self, tried: &[Tried]) -> bool {
        self.has_no_sum() && tried.iter().any(|miss| miss.received.is_some())
    }

    /// The names under which a file may lie in a distfiles directory.
    pub(super) fn file_names(&self) -> Vec<&str> {
        let urls = self.origins.iter().filter_map(|origin| base_name(&origin.url));
        let by_sum = (!self.has_no_sum()).then_some(self.key.as_str());
        by_sum.into_iter().chain([self.name]).chain(urls).collect()
    }

    /// An error about this source, naming the lines that ask for it.
    pub(super) fn error(&self, what: String) -> Error {
        let mut places: Vec<&str> = self.origins.iter().map(|origin| origin.place.as_str()).collect();
        places.dedup();
        let error =
            places.into_iter().fold(Error::failed(what), |error, place| error.with("declared in", place));
        let is_file = self.key == self.sha256.to_string();
        if is_file { error } else { error.with("commit", &self.key) }
    }

    /// The error for a source that no place had.
    pub(super) fn failure(&self, tried: &[Tried], is_offline: bool) -> Error {
        let answer = tried.iter().find_map(|miss| Some((miss.received.as_ref()?, &*miss.url)));
        if let Some((sum, from)) = answer.filter(|_| self.has_no_sum()) {
            return self.unknown_sum(sum, from);
        }
        let received = answer.map(|(sum, _)| sum);
        let error = match received {
            Some(received) => self
                .error(format!("source `{}` does not match its hash", self.name))
                .with("expected", self.sha256)
                .with("received", received),
            None if self.has_no_sum() => self.error(format!("cannot fetch source `{}`", self.name)),
            None => self.error(format!("cannot fetch source `{}`", self.name)).with("expected", self.sha256),
        };
        let error = tried.iter().fold(error, |error, miss| error.line(format!("{}: {}", miss.url, miss.why)));
        match received {
            _ if self.origins.is_empty() && tried.is_empty() => error
                .line("no URL is known for it")
                .hint("put a file with this sha256 into a directory that `distfiles` in pthbs.toml names"),
            Some(_) => error.hint(
                "if upstream replaced the file on purpose, put the new hash there; otherwise try another mirror",
            ),
            None if is_offline => error.hint(
                "fetch once with the network allowed, or put the file into a directory that `distfiles` in pthbs.toml names",
            ),
            None => error.hint(
                "add another URL there, or put the file into a directory that `distfiles` in pthbs.toml names",
            ),
        }
    }

    /// The answer to `sha256=""`.
    fn unknown_sum(&self, sum: &Sha256, from: &str) -> Error {
        self.error(format!("source `{}` has no hash yet", self.name))
            .with("received", sum)
            .with("from", from)
            .hint(format!("when you trust what was fetched, write sha256=\"{sum}\" there"))
    }
}
