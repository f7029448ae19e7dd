//! Where in a template something is wrong: file, line, the line itself, a caret below the spot.

use std::borrow::Cow;
use std::ops::Range;

use crate::base::{Error, Result};

/// Longer lines, in characters, are cut around the spot.
const LONGEST: usize = 160;
/// Stands where something of a line is left out.
const LEFT_OUT: &str = "…";

/// Adds the place to an error: the file and line, and the line with a caret.
///
/// `line` counts from 1 and is used where `range` (bytes of `text`) is unknown or spans several lines.
///
/// `word` says what the place is: `where`, or `asked for by`.
pub(super) fn point(
    error: Error,
    word: &str,
    file: &str,
    text: &str,
    line: usize,
    range: Option<Range<usize>>,
) -> Error {
    shown(error.with(word, format!("{file}:{line}")), text, line, range)
}

/// Adds a line of a text to an error, and the caret below the spot.
pub(super) fn shown(error: Error, text: &str, line: usize, range: Option<Range<usize>>) -> Error {
    let Some(content) = text.lines().nth(line.saturating_sub(1)) else { return error };
    let number = line.to_string();
    let gutter = " ".repeat(number.len());
    let spot = range.and_then(|range| columns(text, line, &range));
    let (content, spot) = cut(content.trim_end(), spot);
    let error = error.line(format!("{number} | {content}"));
    match spot {
        Some((before, width)) => {
            let before = content.get(..before).unwrap_or(&content);
            // Tabs stay tabs, so that the caret stands below its spot whatever their width.
            let pad: String = before.chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
            error.line(format!("{gutter} | {pad}{}", "^".repeat(width)))
        }
        None => error,
    }
}

/// Of a long line what stands around the spot, with a mark where something is left out; the spot moves along.
fn cut(content: &str, spot: Option<(usize, usize)>) -> (Cow<'_, str>, Option<(usize, usize)>) {
    let length = content.chars().count();
    if length <= LONGEST {
        return (Cow::Borrowed(content), spot);
    }
    let (before, width) = spot.unwrap_or((0, 1));
    let column = content.get(..before).map_or(length, |before| before.chars().count());
    // More of what stands before the spot than behind it: that leads to it.
    let start = column.saturating_sub(LONGEST * 2 / 3).min(length.saturating_sub(LONGEST));
    let mut shown: String = content.chars().skip(start).take(LONGEST).collect();
    let (left, right) = (start > 0, start + LONGEST < length);
    let end = shown.chars().count();
    let bytes = shown.chars().take(column - start).map(char::len_utf8).sum::<usize>();
    if left {
        shown.insert_str(0, LEFT_OUT);
    }
    if right {
        shown.push_str(LEFT_OUT);
    }
    let moved = (bytes + if left { LEFT_OUT.len() } else { 0 }, width.min((end - (column - start)).max(1)));
    (Cow::Owned(shown), spot.map(|_| moved))
}

/// The byte column at which a range starts in its line, and how many characters of that line it covers.
fn columns(text: &str, line: usize, range: &Range<usize>) -> Option<(usize, usize)> {
    let start: usize = text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let content = text.get(start..)?.lines().next()?;
    let before = range.start.checked_sub(start)?;
    let rest = content.get(before..)?;
    let covered = rest.get(..range.end.saturating_sub(range.start)).unwrap_or(rest);
    Some((before, covered.trim_end().chars().count().max(1)))
}

/// The number, from 1, of the line that a byte lies in.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

/// The bytes of a line, from 1, without the blanks around it.
pub(super) fn whole_line(text: &str, line: usize) -> Option<Range<usize>> {
    let content = text.lines().nth(line.checked_sub(1)?)?;
    let trimmed = content.trim();
    let start = trimmed.as_ptr().addr() - text.as_ptr().addr();
    (!trimmed.is_empty()).then_some(start..start + trimmed.len())
}

/// The text of a file, where it is one: other bytes are pointed at.
pub(super) fn text_of(bytes: Vec<u8>, file: &str) -> Result<String> {
    String::from_utf8(bytes).map_err(|cause| {
        let at = cause.utf8_error().valid_up_to();
        // Up to the first wrong byte this is the file, byte for byte; that one is shown as one character.
        let shown = String::from_utf8_lossy(cause.as_bytes());
        let wrong = cause.as_bytes()[at];
        let error = Error::usage(format!("this byte, 0x{wrong:02x}, is no UTF-8 text"))
            .hint("save the file as UTF-8");
        let range = at..at + char::REPLACEMENT_CHARACTER.len_utf8();
        point(error, "where", file, &shown, line_of(&shown, at), Some(range))
    })
}

/// Where a definition sets a fact: the bytes of its name behind `set`.
pub(super) fn set_of(text: &str, fact: &str) -> Option<Range<usize>> {
    text.match_indices("set ").find_map(|(at, word)| {
        let rest = &text[at + word.len()..];
        let name = rest.trim_start();
        let start = at + word.len() + rest.len() - name.len();
        let ends = name.strip_prefix(fact)?.starts_with(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        ends.then_some(start..start + fact.len())
    })
}

/// Where a fact that is a map has a key: the bytes of the key within its quotes.
pub(super) fn key_of(text: &str, fact: &str, key: &str) -> Option<Range<usize>> {
    let from = set_of(text, fact)?.end;
    let quoted = ['"', '\''].map(|quote| format!("{quote}{key}{quote}"));
    let at = quoted.iter().filter_map(|word| text[from..].find(word.as_str())).min()?;
    Some(from + at + 1..from + at + 1 + key.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_below_the_spot() {
        let text = "one\n\ttwo {{ x }} äö {{ why }}\n";
        let at = text.find("why").unwrap();
        let error = point(Error::usage("no"), "where", "f", text, line_of(text, at), Some(at..at + 3));
        assert_eq!(
            error.to_string(),
            "error: no\n  where: f:2\n  2 | \ttwo {{ x }} äö {{ why }}\n    | \t                  ^^^"
        );
    }

    #[test]
    fn a_long_line_is_cut_around_the_spot() {
        let long = |before: usize, after: usize| format!("\t{}WHY{}", "ä".repeat(before), "z".repeat(after));
        for (before, after) in [(0, 20_000), (20_000, 0), (9_000, 9_000), (157, 0), (10, 150), (100, 100)] {
            let text = long(before, after);
            let at = text.find("WHY").unwrap();
            let error = shown(Error::usage("no"), &text, 1, Some(at..at + 3)).to_string();
            let lines: Vec<&str> = error.lines().collect();
            assert!(lines[1].chars().count() <= LONGEST + 8, "{error}");
            let column = |line: &str, word| line.split(word).next().unwrap().chars().count();
            assert_eq!(column(lines[1], "WHY"), column(lines[2], "^^^"), "{error}");
            assert_eq!(
                lines[1].matches('…').count(),
                usize::from(before > 105) + usize::from(after > 54),
                "{error}"
            );
        }
        let whole = shown(Error::usage("no"), &long(9_000, 9_000), 1, Some(0..20_000)).to_string();
        assert!(whole.lines().all(|line| line.chars().count() <= LONGEST + 8), "{whole}");
        let none = shown(Error::usage("no"), &long(9_000, 9_000), 1, None).to_string();
        assert_eq!((none.lines().count(), none.matches('…').count()), (2, 1), "{none}");
    }

    #[test]
    fn a_fact_is_found_where_it_is_set() {
        let text = "{% set versions = 1 %}\n{% set  version = 2 %}";
        assert_eq!(set_of(text, "version"), Some(31..38));
        assert_eq!(set_of(text, "meta"), None);
        let text = "{% set _x = \"url\" %}{% set meta = {'a': 1, \"url\": 2} %}";
        assert_eq!(key_of(text, "meta", "url").map(|at| (at.start, &text[at])), Some((44, "url")));
        assert_eq!(key_of(text, "meta", "other"), None);
    }

    #[test]
    fn a_wild_range_gives_the_line_alone() {
        for range in [None, Some(90..95), Some(0..1)] {
            let error = point(Error::usage("no"), "where", "f", "one\ntwo\n", 2, range);
            assert_eq!(error.to_string(), "error: no\n  where: f:2\n  2 | two");
        }
        assert_eq!(
            point(Error::usage("no"), "where", "f", "", 7, None).to_string(),
            "error: no\n  where: f:7"
        );
    }
}
