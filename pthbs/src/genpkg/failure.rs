//! A failure on its way out of nested renderings, and the engine's errors in our words.

use std::error::Error as _;
use std::fmt;

use minijinja::ErrorKind;
use minijinja::machinery::{ast::Stmt, parse};
use minijinja::syntax::SyntaxConfig;

use super::{place, strict, syntax, templates};
use crate::base::Error;

/// An error, and what it still needs before a person can act on it.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub error: Error,
    pub stage: Stage,
}

/// How far a failure has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// Raised by a call; the place of that call is to be added under this word.
    Raised(&'static str),
    /// Raised by a call because of what the caller asked for: it gets both places.
    Blames,
    /// A dependency cycle, its labels in order, the first one again at the end; each member adds its link.
    Cycle(Vec<String>),
    /// Complete.
    Placed,
}

impl Failure {
    /// An error that is complete.
    pub(super) fn placed(error: Error) -> Failure {
        Failure { error, stage: Stage::Placed }
    }

    /// An error whose cause is what a caller asked for.
    pub(super) fn asked(error: Error) -> Failure {
        Failure { error, stage: Stage::Raised("asked for by") }
    }

    /// An error in what a caller gave, found where it is used.
    pub(super) fn blames(error: Error) -> Failure {
        Failure { error, stage: Stage::Blames }
    }

    /// Two failures with the same key are one: the second would tell nothing new.
    pub(super) fn key(&self) -> String {
        match &self.stage {
            Stage::Cycle(chain) => {
                let mut members = chain[1..].to_vec();
                let first = members.iter().min().and_then(|min| members.iter().position(|name| name == min));
                members.rotate_left(first.unwrap_or(0));
                members.join(" -> ")
            }
            _ => self.error.to_string(),
        }
    }
}

/// An error raised in a call; it gets the call's place.
impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure { error, stage: Stage::Raised("where") }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Failure {}

/// Through the engine and out again: the engine adds the place of the call.
impl From<Failure> for minijinja::Error {
    fn from(failure: Failure) -> minijinja::Error {
        minijinja::Error::new(ErrorKind::InvalidOperation, failure.error.what().to_string())
            .with_source(failure)
    }
}

/// An error raised in a call, on its way through the engine.
impl From<Error> for minijinja::Error {
    fn from(error: Error) -> minijinja::Error {
        Failure::from(error).into()
    }
}

/// What was being rendered when something failed.
pub(super) struct Rendered<'a> {
    /// `zlib`, or `zlib@LABEL`.
    pub label: &'a str,
    /// The definition's place.
    pub file: &'a str,
    /// The definition's text.
    pub text: &'a str,
}

impl<'a> Rendered<'a> {
    /// Parses the text, strictly.
    pub(super) fn parse(&self, syntax: &SyntaxConfig) -> Result<Stmt<'a>, Failure> {
        let wrong = strict::check_returns(self.text, self.file);
        if let Some(error) = wrong.or_else(|| strict::check_comments(self.text, self.file)) {
            return Err(Failure::placed(error));
        }
        parse(self.text, self.file, syntax.clone()).map_err(|error| self.failure(&error))
    }

    /// Adds the place of a word to a failure that has none yet: the first quoted one.
    pub(super) fn at_word(&self, failure: Failure, word: &str) -> Failure {
        let Stage::Raised(what) = failure.stage else { return failure };
        let quoted = ['"', '\''].iter().find_map(|quote| self.text.find(&format!("{quote}{word}{quote}")));
        let range = quoted.map(|at| at..at + word.len() + 2);
        let line = place::line_of(self.text, range.as_ref().map_or(0, |range| range.start));
        Failure::placed(place::point(failure.error, what, self.file, self.text, line, range))
    }

    /// What the engine reports, with its place and in our words.
    pub(super) fn failure(&self, error: &minijinja::Error) -> Failure {
        let inner = innermost(error);
        let cause = inner.source().and_then(|source| source.downcast_ref::<Failure>());
        match cause {
            None if inner.kind() == ErrorKind::SyntaxError => Failure::placed(self.syntax(inner)),
            None => Failure::placed(self.point("where", translate(inner), inner)),
            Some(Failure { error, stage: Stage::Raised(word) }) => {
                Failure::placed(self.point(word, error.clone(), inner))
            }
            Some(Failure { error, stage: Stage::Blames }) => {
                Failure::asked(self.point("where", error.clone(), inner))
            }
            Some(Failure { error, stage: Stage::Cycle(chain) }) => {
                let mut error = error.clone();
                // Whoever leads into the cycle is no part of it.
                let position = chain[1..].iter().position(|label| label == self.label);
                if let Some(next) = position.map(|position| &chain[1..][(position + 1) % (chain.len() - 1)]) {
                    let file = templates::place(inner.name().unwrap_or(self.file));
                    let line = inner.line().unwrap_or(1);
                    error = error.line(format!("`{}` asks for `{next}` at {file}:{line}", self.label));
                    let text =
                        if file == self.file { self.text } else { inner.template_source().unwrap_or("") };
                    error = place::shown(error, text, line, inner.range());
                }
                Failure { error, stage: Stage::Cycle(chain.clone()) }
            }
            Some(placed) => placed.clone(),
        }
    }

    /// A syntax error; only the text itself has them, for each text is parsed on its own.
    fn syntax(&self, inner: &minijinja::Error) -> Error {
        let (error, at) = syntax::explained(inner.detail().unwrap_or_default(), self.text, inner.range());
        let line = at.as_ref().map_or(inner.line().unwrap_or(1), |at| place::line_of(self.text, at.start));
        let at = at.or_else(|| place::whole_line(self.text, line));
        place::point(error, "where", self.file, self.text, line, at)
    }

    /// Adds the place that the engine noted on its error.
    fn point(&self, word: &str, error: Error, at: &minijinja::Error) -> Error {
        let file = templates::place(at.name().unwrap_or(self.file));
        let text = if file == self.file { self.text } else { at.template_source().unwrap_or("") };
        let line = at.line().unwrap_or(1);
        let range = at.range().or_else(|| place::whole_line(text, line));
        let error = place::point(error, word, &file, text, line, range);
        if file == self.file { error } else { error.with("while rendering", self.file) }
    }
}

/// The engine wraps errors of super blocks and includes; the first cause has the place.
fn innermost(mut error: &minijinja::Error) -> &minijinja::Error {
    while let Some(inner) = error.source().and_then(|source| source.downcast_ref::<minijinja::Error>()) {
        error = inner;
    }
    error
}

/// The engine's kinds in our words.
fn translate(error: &minijinja::Error) -> Error {
    let detail = error.detail().unwrap_or_default();
    match error.kind() {
        ErrorKind::OutOfFuel => {
            Error::usage("rendering does not come to an end").hint("look for an endless loop")
        }
        _ if detail == "recursion limit exceeded" => Error::usage("rendering does not come to an end")
            .hint("look for a macro or a block that calls itself"),
        ErrorKind::UndefinedError if detail.is_empty() => Error::usage("a value is undefined"),
        ErrorKind::TooManyArguments => Error::usage("there are too many arguments")
            .hint("all behind the first one are named: `sha256=\"...\"`, `as=\"...\"`"),
        _ if detail.is_empty() => Error::usage(error.kind().to_string()),
        _ => Error::usage(detail),
    }
}
