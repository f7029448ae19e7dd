//! Errors as values: what was wanted, where, why, and what to do next. Made where the failure is known, shown by `cli`.

use std::fmt;
use std::path::Path;

/// The result of everything that can fail in pthbs.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Who is to act on an error; it decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A fetch, a build or a check failed.
    Failed,
    /// Wrong use, input or configuration, or a store that cannot be used.
    Usage,
    /// The sandbox could not start.
    Sandbox,
    /// A signal ended the run.
    Signal(i32),
}

impl Kind {
    /// The exit code of a program that ends with an error of this kind.
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::Failed => 1,
            Kind::Usage => 2,
            Kind::Sandbox => 125,
            Kind::Signal(number) => 128u8.saturating_add(u8::try_from(number).unwrap_or(0)),
        }
    }
}

/// One failure, with all that its reader needs in order to act.
///
/// Boxed, so that a `Result` stays as small as its success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(Box<Parts>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Parts {
    kind: Kind,
    what: String,
    lines: Vec<String>,
    hint: Option<String>,
    more: Vec<Error>,
}

impl Error {
    /// An error of any kind; `what` is the first line, lower case, without a full stop.
    pub fn new(kind: Kind, what: impl Into<String>) -> Error {
        Error(Box::new(Parts { kind, what: what.into(), lines: Vec::new(), hint: None, more: Vec::new() }))
    }

    /// A fetch, a build or a check failed (exit 1).
    pub fn failed(what: impl Into<String>) -> Error {
        Error::new(Kind::Failed, what)
    }

    /// Wrong use, input or configuration, or an unusable store (exit 2).
    pub fn usage(what: impl Into<String>) -> Error {
        Error::new(Kind::Usage, what)
    }

    /// The sandbox could not start (exit 125).
    pub fn sandbox(what: impl Into<String>) -> Error {
        Error::new(Kind::Sandbox, what)
    }

    /// A failed operation on a path, the system's own word at the end: ``cannot open `/x`: No such file or directory``.
    pub fn io(doing: &str, path: &Path, cause: &std::io::Error) -> Error {
        Error::usage(format!("cannot {doing} `{}`: {}", path.display(), system_word(cause)))
    }

    /// Adds a detail: `  label: value`.
    #[must_use]
    pub fn with(self, label: &str, value: impl fmt::Display) -> Error {
        self.line(format!("{label}: {value}"))
    }

    /// Adds a line of its own below the first one.
    #[must_use]
    pub fn line(mut self, line: impl Into<String>) -> Error {
        self.0.lines.push(line.into());
        self
    }

    /// Says what to do next; the last hint given stands.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.0.hint = Some(hint.into());
        self
    }

    /// The same error with another kind: a failed read is the user's mistake in one place and a failed build in another.
    #[must_use]
    pub fn of_kind(mut self, kind: Kind) -> Error {
        self.0.kind = kind;
        self
    }

    /// Joins several failures into one value, none of them lost. The first decides the exit code.
    pub fn all(errors: impl IntoIterator<Item = Error>) -> Option<Error> {
        let mut errors = errors.into_iter();
        let mut first = errors.next()?;
        first.0.more.extend(errors);
        Some(first)
    }

    /// The kind, and so the exit code.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The first line, without `error: `.
    pub fn what(&self) -> &str {
        &self.0.what
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.0.what)?;
        for line in self.0.lines.iter().flat_map(|line| line.lines()) {
            write!(f, "\n  {line}")?;
        }
        if let Some(hint) = &self.0.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        self.0.more.iter().try_for_each(|error| write!(f, "\n\n{error}"))
    }
}

impl std::error::Error for Error {}

/// The system's message without Rust's `(os error N)`.
pub fn system_word(cause: &std::io::Error) -> String {
    let text = cause.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_string(),
        None => text,
    }
}

/// The nearest of `known` to a misspelt word, for "did you mean"; nothing when none is near.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = word.chars().count().div_ceil(3).max(1);
    known
        .into_iter()
        .map(|candidate| (edit_distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Optimal string alignment distance: insert, delete, replace, and swap of two neighbours, each one step.
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    rows[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        rows[i][0] = i;
        for j in 1..=b.len() {
            let replace = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replace.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reads_what_where_why_and_what_to_do() {
        let error = Error::usage("package `zlibb` not found")
            .with("asked for by", "packages/curl/package.sh:9")
            .hint("did you mean `zlib`?");
        assert_eq!(
            error.to_string(),
            "error: package `zlibb` not found\n  asked for by: packages/curl/package.sh:9\n  hint: did you mean `zlib`?"
        );
        assert_eq!(error.kind().exit_code(), 2);
    }

    #[test]
    fn joined_errors_keep_every_failure() {
        let joined = Error::all([Error::failed("a"), Error::usage("b")]).unwrap();
        assert_eq!(joined.to_string(), "error: a\n\nerror: b");
        assert_eq!(joined.kind(), Kind::Failed);
    }

    #[test]
    fn the_nearest_word_is_near() {
        assert_eq!(nearest("zlibb", ["curl", "zlib", "zsh"]), Some("zlib"));
        assert_eq!(nearest("hs", ["sh", "zsh"]), Some("sh"));
        assert_eq!(nearest("firefox", ["curl", "zlib"]), None);
    }

    #[test]
    fn a_signal_exits_as_shells_do() {
        assert_eq!(Kind::Signal(2).exit_code(), 130);
        assert_eq!(Kind::Signal(15).exit_code(), 143);
    }
}
