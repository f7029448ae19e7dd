//! The engine's syntax errors in an author's words: which tag is misspelt, which one is still open, and where it began.
//!
//! The engine says where it could not go on; what is wrong stands before that place, and a look at the tags finds it.

use std::ops::Range;

use super::place;
use crate::base::{Error, error};

/// Tags that an `end` closes.
const PAIRED: [&str; 9] = ["block", "for", "if", "with", "macro", "set", "filter", "call", "autoescape"];
/// Tags that stand alone.
const SINGLE: [&str; 7] = ["extends", "set", "do", "include", "import", "from", "raw"];

/// The error, and its place where that is another one than the engine's.
pub(super) fn explained(detail: &str, text: &str, at: Option<Range<usize>>) -> (Error, Option<Range<usize>>) {
    if detail.starts_with("unexpected end of comment") {
        let start = text.rfind("{%#");
        let error = Error::usage("this comment is not closed").hint("`#%}` ends it");
        return (error, start.map(|start| first_line(text, start)).or(at));
    }
    let is_at_end = detail.contains("end of input");
    let end = at.as_ref().filter(|_| !is_at_end).map_or(text.len(), |at| at.start);
    let (open, current) = tags_before(text, end);
    if let Some(word) = detail.strip_prefix("unknown statement ") {
        return (unknown(word, text, &open), at);
    }
    if let Some(marker) = current.as_ref().filter(|marker| !marker.is_closed && detail.contains("expected")) {
        let closing = marker.closing();
        let range = first_line(text, marker.start);
        let hint = match text[range.clone()].contains(closing) {
            true => format!("a quote before its `{closing}` is not closed"),
            false => format!("`{closing}` ends it"),
        };
        return (Error::usage("this tag is not closed").hint(hint), Some(range));
    }
    if let (true, Some(tag)) = (is_at_end, open.last()) {
        let error = Error::usage(format!("this `{}` is not closed", tag.word));
        let hint = format!("`{{% end{} %}}` ends it", tag.word);
        return (error.hint(hint), Some(first_line(text, tag.start)));
    }
    if let ("unexpected character", Some(c)) = (detail, text[end..].chars().next()) {
        let error = Error::usage(format!("`{}` cannot stand in a tag", c.escape_unicode()));
        let error = match c {
            c if c.is_whitespace() => error.hint("it looks like a blank and is none: write a blank"),
            c if c.is_ascii() => Error::usage(format!("`{c}` cannot stand in a tag here")),
            _ => error.hint("names are of `a-z A-Z 0-9 _`; other letters stand in quotes"),
        };
        return (error, Some(end..end + c.len_utf8()));
    }
    let error = Error::usage(format!("syntax error: {detail}"));
    let begins = current.map(|marker| (place::line_of(text, marker.start), marker.closing()));
    let error = match begins.filter(|(line, _)| *line < place::line_of(text, end)) {
        Some((line, closing)) => {
            error.hint(format!("the tag begins in line {line}: is a quote or its `{closing}` missing there?"))
        }
        None => error,
    };
    (error, at)
}

/// A tag that the engine does not know where it stands.
fn unknown(word: &str, text: &str, open: &[Tag<'_>]) -> Error {
    let closed = word.strip_prefix("end").filter(|closed| PAIRED.contains(closed));
    let wanted = closed.or_else(|| matches!(word, "else" | "elif").then_some("if"));
    let is_begun = |wanted: &str| open.iter().any(|tag| tag.word == wanted);
    match (wanted, open.last()) {
        (Some(wanted), Some(tag)) if is_begun(wanted) => {
            let line = place::line_of(text, tag.start);
            Error::usage(format!("`{word}` stands here while the `{}` of line {line} is open", tag.word))
                .hint(format!("close that one first: `{{% end{} %}}`", tag.word))
        }
        (Some(wanted), _) => Error::usage(format!("`{word}` without `{wanted}`")),
        (None, _) => {
            let error = Error::usage(format!("unknown tag `{}`", word.escape_debug()));
            let ends: Vec<String> = PAIRED.iter().map(|tag| format!("end{tag}")).collect();
            let known = PAIRED.into_iter().chain(SINGLE).chain(["else", "elif"]);
            match error::nearest(word, known.chain(ends.iter().map(String::as_str))) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error,
            }
        }
    }
}

/// A tag that waits for its `end`.
struct Tag<'a> {
    word: &'a str,
    start: usize,
}

/// What begins with `{%` or `{{`, and where.
struct Marker {
    start: usize,
    is_output: bool,
    /// Where it ends, or what shows that it does not: another one's beginning, or the end of the text.
    end: usize,
    is_closed: bool,
}

impl Marker {
    fn closing(&self) -> &'static str {
        if self.is_output { "}}" } else { "%}" }
    }
}

/// The tags that are open before a place, and the one that the place lies in.
fn tags_before(text: &str, end: usize) -> (Vec<Tag<'_>>, Option<Marker>) {
    let mut open: Vec<Tag<'_>> = Vec::new();
    let mut from = 0;
    while let Some(start) = next_marker(text, from).filter(|start| *start < end) {
        if text[start..].starts_with("{%#") {
            from = text[start..].find("#%}").map_or(text.len(), |length| start + length + 3);
            continue;
        }
        let marker = marker(text, start);
        if !marker.is_closed || marker.end > end {
            return (open, Some(marker));
        }
        from = marker.end;
        if marker.is_output {
            continue;
        }
        let inside = text[start + 2..marker.end - 2].trim_start_matches(['-', '+']).trim_start();
        let word = &inside[..inside.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(inside.len())];
        let is_value = word == "set" && inside.contains('=');
        if PAIRED.contains(&word) && !is_value {
            open.push(Tag { word, start });
        } else if word
            .strip_prefix("end")
            .is_some_and(|closed| open.last().is_some_and(|tag| tag.word == closed))
        {
            open.pop();
        }
    }
    (open, None)
}

fn next_marker(text: &str, from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    let found = [rest.find("{%"), rest.find("{{")].into_iter().flatten().min();
    found.map(|at| from + at)
}

/// The tag or output that begins here. What stands in quotes is text.
fn marker(text: &str, start: usize) -> Marker {
    let is_output = text[start..].starts_with("{{");
    let bytes = text.as_bytes();
    let mut at = start + 2;
    let mut quote = None;
    while at < bytes.len() {
        let two = &bytes[at..bytes.len().min(at + 2)];
        match quote {
            Some(_) if bytes[at] == b'\\' => at += 1,
            Some(open) if bytes[at] == open => quote = None,
            Some(_) => {}
            None if matches!(bytes[at], b'"' | b'\'') => quote = Some(bytes[at]),
            None if two == if is_output { b"}}" } else { b"%}" } => {
                return Marker { start, is_output, end: at + 2, is_closed: true };
            }
            None if two == b"{%" => break,
            None => {}
        }
        at += 1;
    }
    Marker { start, is_output, end: at.min(bytes.len()), is_closed: false }
}

/// From a place to the end of its line.
fn first_line(text: &str, start: usize) -> Range<usize> {
    let line = text[start..].lines().next().unwrap_or_default().trim_end();
    start..start + line.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::genpkg::fixture::Fixture;

    const EXTENDS: &str = "{% extends \"base\" %}\n{% set version = \"1\" %}\n";

    /// What is said of lines from line 3 on, the line and caret left out, and what the caret stands below.
    fn said(lines: &str) -> (String, usize, String) {
        let error = Fixture::new(&[("x", &format!("{EXTENDS}{lines}"))]).error();
        let shown: Vec<&str> = error.lines().collect();
        let number: usize =
            shown[1].strip_prefix("  where: packages/x/package.sh:").unwrap().parse().unwrap();
        let columns = shown[3].find('^').unwrap()..=shown[3].rfind('^').unwrap();
        let word = shown[2][columns].to_string();
        ([&shown[..1], &shown[4..]].concat().join("\n"), number, word)
    }

    #[track_caller]
    fn check(lines: &str, what: &str, number: usize, word: &str) {
        assert_eq!(said(lines), (what.to_string(), number, word.to_string()), "{lines}");
    }

    #[test]
    fn a_misspelt_tag_is_told() {
        check(
            "{% blok build %}{% endblok %}",
            "error: unknown tag `blok`\n  hint: did you mean `block`?",
            3,
            "blok",
        );
        check(
            "{% block build %}\n{% endblok %}",
            "error: unknown tag `endblok`\n  hint: did you mean `endblock`?",
            4,
            "endblok",
        );
        check(
            "{% if check %}{% elseif name %}{% endif %}",
            "error: unknown tag `elseif`\n  hint: did you mean `elif`?",
            3,
            "elseif",
        );
        check("{% firefox %}", "error: unknown tag `firefox`", 3, "firefox");
    }

    #[test]
    fn an_end_without_its_beginning_is_told() {
        check("{% endfor %}", "error: `endfor` without `for`", 3, "endfor");
        check("{% else %}", "error: `else` without `if`", 3, "else");
        check(
            "{% block build %}\n{% for _x in [1] %}\necho\n{% endblock %}",
            "error: `endblock` stands here while the `for` of line 4 is open\n  hint: close that one first: `{% endfor %}`",
            6,
            "endblock",
        );
        check("{% block build %}\n{% endfor %}", "error: `endfor` without `for`", 4, "endfor");
    }

    #[test]
    fn what_is_not_closed_is_pointed_at_where_it_begins() {
        for (lines, what, word) in [
            (
                "{% set _a = \"b\"\n{% set _c = 1 %}",
                "this tag is not closed\n  hint: `%}` ends it",
                "{% set _a = \"b\"",
            ),
            ("{% set _a = \"b\" \n", "this tag is not closed\n  hint: `%}` ends it", "{% set _a = \"b\""),
            (
                "{% set _a %}{{ version \n{% endset %}",
                "this tag is not closed\n  hint: `}}` ends it",
                "{{ version",
            ),
            (
                "{% block build %}\necho\n",
                "this `block` is not closed\n  hint: `{% endblock %}` ends it",
                "{% block build %}",
            ),
            (
                "{%- if check %}{% set _a = 1 %}\n{%# {% endif %} #%}",
                "this `if` is not closed\n  hint: `{% endif %}` ends it",
                "{%- if check %}{% set _a = 1 %}",
            ),
            ("{%# hi\nmore\n", "this comment is not closed\n  hint: `#%}` ends it", "{%# hi"),
        ] {
            check(lines, &format!("error: {what}"), 3, word);
        }
    }

    #[test]
    fn a_missing_quote_is_looked_for_where_the_tag_begins() {
        let what = "error: this tag is not closed\n  hint: a quote before its `%}` is not closed";
        check("{% set _a = \"b %}\n{% do tool(\"m4\") %}", what, 3, "{% set _a = \"b %}");
        check(
            "{% set _a = \"b %}\n{% set _c = \"d %}",
            "error: syntax error: unexpected identifier, expected end of block\n  hint: the tag begins in line 3: is a quote or its `%}` missing there?",
            4,
            "d",
        );
    }

    #[test]
    fn characters_that_look_like_others_are_named() {
        let hint = "it looks like a blank and is none: write a blank";
        let what = format!("error: `\\u{{a0}}` cannot stand in a tag\n  hint: {hint}");
        let error = Fixture::new(&[("x", &format!("{EXTENDS}{{% set\u{a0}_x = 1 %}}"))]).error();
        let place = "\n  where: packages/x/package.sh:3\n  3 | {% set\u{a0}_x = 1 %}\n    |       ^\n";
        assert_eq!(error, what.replacen('\n', place, 1));
        let error = Fixture::new(&[("x", &format!("{EXTENDS}{{% set _größe = 1 %}}"))]).error();
        assert!(error.starts_with("error: `\\u{f6}` cannot stand in a tag\n"), "{error}");
    }

    proptest! {
        /// A failure means that a mistake ends the program instead of being told.
        #[test]
        fn any_text_can_be_explained(
            text in "([{%}#\"'\\\\ =é]|\\{%|%\\}|\\{\\{|set|if|endif|block|\n){0,40}",
            from in 0usize..60,
        ) {
            let from = (0..=from.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
            for detail in ["unknown statement if", "unexpected end of input, expected x", "unexpected end of comment", "x"] {
                for at in [None, Some(from..text.len())] {
                    let (_, at) = explained(detail, &text, at);
                    prop_assert!(at.is_none_or(|at| text.get(at).is_some()));
                }
            }
        }
    }
}
