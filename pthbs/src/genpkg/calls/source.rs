//! `src()` and `git()`: bytes from outside, named by their hash.

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{State, Value};

use super::super::facts::{SourceUse, source_name};
use super::super::place;
use super::super::run::Frame;
use super::{check_keywords, facts, frame, keyword, text_keyword, wrong_kind};
use crate::base::{Error, Result, Sha256, error};
use crate::script::Source;
use crate::script::header::{UNKNOWN_SUM, Unpack};

const SCHEMES: [&str; 4] = ["https", "http", "file", "deb-src"];

/// `src(url, sha256=, unpack=true, strip=1, name=)`: a file; gives `$src/ENTRY`.
///
/// A file without an address comes from a distfiles directory, or has been imported.
pub(super) fn src(state: &mut State<'_, '_>, url: &Value, words: Kwargs) -> Result<String, minijinja::Error> {
    check_keywords("src", &words)?;
    let urls = urls("src", url)?;
    let given_name = text_keyword("src", &words, "name")?;
    let name = given_name.as_deref().or_else(|| urls.first().map(|url| base_name(url)));
    let name = source_name(name.ok_or_else(|| {
        Error::usage("`src()` needs an address")
            .hint("a file that has none is found by `name=` and `sha256=`")
    })?)?;
    let sum = sum("src", &words, urls.first().unwrap_or(&name))?;
    let unpack = match (keyword(&words, "unpack"), keyword(&words, "strip")) {
        (Some(value), _) if value.kind() != ValueKind::Bool => {
            return Err(wrong_kind("src", "unpack", "true or false", value.kind()).into());
        }
        (Some(value), None) if !value.is_true() => Unpack::No,
        (Some(value), Some(_)) if !value.is_true() => {
            return Err(Error::usage("`strip` has no meaning with `unpack=false`").into());
        }
        (_, None) => Unpack::Yes { strip: 1 },
        (_, Some(value)) => match value.as_usize().and_then(|n| u32::try_from(n).ok()).filter(|n| *n <= 32) {
            Some(strip) => Unpack::Yes { strip },
            None => return Err(Error::usage("`strip` of `src()` must be a number from 0 to 32").into()),
        },
    };
    let source = Source::File { sha256: sum, name: name.clone(), unpack };
    if matches!(unpack, Unpack::Yes { .. }) && source.entry() == name {
        return Err(Error::usage(format!("`{name}` is no archive"))
            .line("its name does not end in .tar, .tar.gz, .tar.xz, .tar.bz2, .tar.zst or .crate")
            .hint("write `unpack=false` to have the file itself in $src")
            .into());
    }
    Ok(record(state, source, urls, given_name.is_some())?)
}

/// `git(url, commit=, sha256=, name=)`: a commit, exported as a tree; gives `$src/NAME`.
pub(super) fn git(state: &mut State<'_, '_>, url: &Value, words: Kwargs) -> Result<String, minijinja::Error> {
    check_keywords("git", &words)?;
    let urls = urls("git", url)?;
    let first = urls.first().ok_or_else(|| Error::usage("`git()` needs an address"))?;
    let commit =
        text_keyword("git", &words, "commit")?.ok_or_else(|| Error::usage("`git()` needs `commit=`"))?;
    let is_full =
        matches!(commit.len(), 40 | 64) && commit.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if !is_full {
        return Err(Error::usage(format!("`{}` is not a full commit id", commit.escape_debug()))
            .hint("`git rev-parse TAG^{commit}` prints it")
            .into());
    }
    let tree = sum("git", &words, first)?;
    let given_name = text_keyword("git", &words, "name")?;
    let last = base_name(first);
    let name =
        source_name(given_name.as_deref().unwrap_or_else(|| last.strip_suffix(".git").unwrap_or(last)))?;
    Ok(record(state, Source::Git { commit, tree, name }, urls, given_name.is_some())?)
}

fn record(state: &mut State<'_, '_>, source: Source, urls: Vec<String>, is_renamed: bool) -> Result<String> {
    let place = place_of(&frame(state), &source, &urls);
    let entry = format!("$src/{}", source.entry());
    facts(state).add_source(SourceUse { source, urls, place, is_renamed })?;
    Ok(entry)
}

/// The line to change when the hash is wrong: where the definition has the hash, else where it has the address.
fn place_of(frame: &Frame, source: &Source, urls: &[String]) -> String {
    let hash = match source {
        Source::File { sha256, .. } => sha256.to_string(),
        Source::Git { commit, .. } => commit.clone(),
    };
    let find = |word: &str| memchr::memmem::find(frame.text.as_bytes(), word.as_bytes());
    // A quarter of a sum is one of its kind, and a search is the dearer the longer its word.
    let at = find(&hash[..16]).or_else(|| {
        let address = urls.first().map(String::as_str);
        [address, address.map(base_name), Some("src("), Some("git("), Some("sha256")]
            .into_iter()
            .flatten()
            .find_map(find)
    });
    let at = at.unwrap_or(0);
    format!("{}:{}", frame.file, place::line_of(&frame.text, at))
}

/// One address, several, or none.
fn urls(function: &str, value: &Value) -> Result<Vec<String>> {
    let values: Vec<Value> = match value.kind() {
        ValueKind::String => vec![value.clone()],
        ValueKind::Seq => value.try_iter().into_iter().flatten().collect(),
        kind => return Err(wrong_kind(function, "url", "text or a list of texts", kind)),
    };
    let check = |value: &Value| {
        let url = value.as_str().ok_or_else(|| wrong_kind(function, "url", "text", value.kind()))?;
        let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
        let shown = url.escape_debug();
        if !SCHEMES.contains(&scheme) {
            let error = Error::usage(format!("`{shown}` has no scheme that can be fetched"))
                .with("schemes", SCHEMES.map(|scheme| format!("{scheme}:")).join(", "));
            return Err(match error::nearest(scheme, SCHEMES) {
                Some(near) => error.hint(format!("did you mean `{near}:`?")),
                None => error,
            });
        }
        if url.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return Err(Error::usage(format!("`{shown}` has blanks or control characters in it")));
        }
        Ok(url.to_string())
    };
    values.iter().map(check).collect()
}

/// The last part of an address, without query and fragment.
fn base_name(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or(url).trim_end_matches('/');
    path.rsplit(['/', ':']).next().unwrap_or(path)
}

/// The `sha256` keyword. An empty one stands for a sum that no file has, so that the fetch tells the real one.
fn sum(function: &str, words: &Kwargs, url: &str) -> Result<Sha256> {
    let text = text_keyword(function, words, "sha256")?.ok_or_else(|| {
        Error::usage(format!("`{function}()` needs `sha256=`"))
            .hint("write `sha256=\"\"`: the fetch fails and tells the real one")
    })?;
    if text.is_empty() {
        // One for each address: the download lists are by sum.
        let filler = Sha256::of(url.as_bytes()).to_string();
        let sum = format!("{UNKNOWN_SUM}{}", &filler[UNKNOWN_SUM.len()..]);
        return Ok(sum.parse().expect("these are 64 digits"));
    }
    text.parse().map_err(|_| {
        let error = Error::usage(format!("`{}` is not a sha256: 64 digits 0-9 a-f", text.escape_debug()));
        let lower = text.trim().to_lowercase();
        match (lower.parse::<Sha256>(), text.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            (Ok(meant), _) => error.hint(format!("did you mean `{meant}`?")),
            (_, true) => error.line(format!("it has {} digits", text.len())),
            (_, false) => error.hint("with `sha256=\"\"` the fetch fails and tells the real one"),
        }
    })
}
