//! What Jinja would drop or leave empty in silence is an error here: names that nobody knows, blocks that nobody
//! has, text that goes nowhere.

use std::collections::BTreeSet;
use std::ops::Range;

use super::language::{self, FACTS, FUNCTIONS, RECORDING, VARIABLES};
use super::outline::{Outline, Outside};
use super::{filters, place};
use crate::base::{Error, error};

/// What a template gives to those that extend it: its own and its ancestors'.
#[derive(Debug, Clone, Default)]
pub(super) struct Ancestry {
    /// How many templates there are in the longest line.
    pub storeys: usize,
    blocks: BTreeSet<String>,
    facts: BTreeSet<String>,
    /// Names that some `set` binds.
    names: BTreeSet<String>,
}

/// Templates and definitions have different duties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Template,
    Definition,
}

/// A storey above base and one template for each build system is the package; there is no fourth.
const STOREYS: usize = 3;

impl Ancestry {
    /// What several possible parents give.
    pub(super) fn join(&mut self, other: &Ancestry) {
        self.storeys = self.storeys.max(other.storeys);
        self.blocks.extend(other.blocks.iter().cloned());
        self.facts.extend(other.facts.iter().cloned());
        self.names.extend(other.names.iter().cloned());
    }

    /// With what a template adds to its parents'.
    pub(super) fn extended(mut self, outline: &Outline<'_>) -> Ancestry {
        self.storeys += 1;
        self.blocks.extend(outline.blocks.iter().map(|block| block.name.to_string()));
        self.facts.extend(outline.facts.iter().cloned());
        self.names.extend(outline.sets.iter().map(|set| set.name.to_string()));
        self
    }
}

/// The comment that Jinja has and we do not: `{#` looks harmless and would reach the script.
pub(super) fn check_comments(text: &str, file: &str) -> Option<Error> {
    let wrong = |at: &usize| *at == 0 || text.as_bytes()[*at - 1] != b'$';
    let at = memchr::memmem::find_iter(text.as_bytes(), "{#").find(wrong)?;
    let error = Error::usage("`{#` begins no comment here").hint("comments are written {%# ... #%}");
    Some(place::point(error, "where", file, text, place::line_of(text, at), Some(at..at + 2)))
}

/// A carriage return: the shell takes it for a part of the word before it, and every line of such a script is another one.
///
/// A byte order mark is one more thing that editors of other systems leave in a file, and that nobody sees.
pub(super) fn check_returns(text: &str, file: &str) -> Option<Error> {
    if text.starts_with('\u{feff}') {
        let error = Error::usage("a byte order mark stands here").hint("save the file as UTF-8 without one");
        return Some(place::point(error, "where", file, text, 1, Some(0..'\u{feff}'.len_utf8())));
    }
    let at = memchr::memchr(b'\r', text.as_bytes())?;
    let error = Error::usage("a carriage return stands here")
        .line("the shell takes it for a part of the word before it")
        .hint("save the file with line feeds alone, as `sed -i 's/\\r$//' FILE` does");
    Some(place::point(error, "where", file, text, place::line_of(text, at), Some(at..at + 1)))
}

/// Everything that is wrong with a template or definition, in the order of the text.
pub(super) fn check(
    kind: Kind,
    outline: &Outline<'_>,
    ancestry: &Ancestry,
    text: &str,
    file: &str,
) -> Option<Error> {
    let mut problems = Problems { text, found: Vec::new() };
    check_structure(kind, outline, ancestry, &mut problems);
    check_sets(kind, outline, ancestry, &mut problems);
    check_names(outline, ancestry, &mut problems);
    check_calls(kind, outline, ancestry, &mut problems);
    problems.found.sort_by_key(|(range, _)| range.start);
    Error::all(problems.found.into_iter().map(|(range, error)| {
        place::point(error, "where", file, text, place::line_of(text, range.start), Some(range))
    }))
}

struct Problems<'a> {
    text: &'a str,
    found: Vec<(Range<usize>, Error)>,
}

impl Problems<'_> {
    /// A problem with a word of the text.
    fn word(&mut self, word: &str, error: Error) {
        let start = word.as_ptr().addr().wrapping_sub(self.text.as_ptr().addr());
        let range = if start < self.text.len() { start..start + word.len() } else { 0..0 };
        self.range(range, error);
    }

    fn range(&mut self, range: Range<usize>, error: Error) {
        self.found.push((range, error));
    }
}

/// Parents, blocks, and what stands outside of them.
fn check_structure(kind: Kind, outline: &Outline<'_>, ancestry: &Ancestry, problems: &mut Problems<'_>) {
    for range in &outline.wrong_extends {
        let error =
            Error::usage("`extends` must name its template in plain sight, once, and stand in no other tag")
                .hint("`{% extends \"a\" if toolchain == \"host\" else \"b\" %}` can choose");
        problems.range(range.clone(), error);
    }
    for range in &outline.useless_tags {
        problems.range(range.clone(), Error::usage("`autoescape` has no meaning in a script"));
    }
    let storeys = ancestry.storeys + 1;
    let most = if kind == Kind::Definition { STOREYS } else { STOREYS - 1 };
    if storeys > most && !outline.parents.is_empty() {
        let error = Error::usage("there are too many storeys here")
            .line("a package extends a template, which extends `base`: no deeper");
        problems.range(0..0, error);
    }
    if outline.parents.is_empty() {
        return;
    }
    for outside in &outline.outside {
        let error = Error::usage("this stands in no block and would be dropped");
        match outside {
            Outside::Text(text) => {
                let line = text.lines().next().unwrap_or(text);
                problems.word(line, error.hint("put it into a block: {% block build %} ... {% endblock %}"));
            }
            Outside::Output(range) => {
                let hint = "to call a function for its effect write `{% do ... %}`";
                problems.range(range.clone(), error.hint(hint));
            }
        }
    }
    for block in &outline.blocks {
        let may_be_new = kind == Kind::Template && block.is_nested;
        if !may_be_new && !ancestry.blocks.contains(block.name) {
            let error = Error::usage(format!("no template here has a block `{}`", block.name));
            problems.word(block.name, suggest(error, block.name, &ancestry.blocks, "blocks"));
        } else if block.is_conditional {
            let error = Error::usage(format!("block `{}` stands inside of another tag", block.name))
                .line("a block replaces its parent's whatever the tag around it says")
                .hint("put the tag into the block; `{{ super() }}` gives the parent's text");
            problems.word(block.name, error);
        }
    }
}

/// What is set: facts by definitions, at their top; everything else by names of one's own.
fn check_sets(kind: Kind, outline: &Outline<'_>, ancestry: &Ancestry, problems: &mut Problems<'_>) {
    let is_fact = |name: &str| {
        FACTS.contains(&name)
            || ancestry.facts.contains(name)
            || outline.facts.iter().any(|fact| fact == name)
    };
    for set in outline.sets.iter().filter(|set| !set.name.starts_with('_')) {
        let name = set.name;
        let error = match (kind, is_fact(name)) {
            (Kind::Definition, true) if !set.is_local => continue,
            (Kind::Definition, true) => {
                Error::usage(format!("the fact `{name}` is set where nobody sees it"))
                    .line("what a block, a loop or a macro sets ends with it")
                    .hint("set it at the top level")
            }
            (Kind::Template, true) => Error::usage(format!("a template sets the fact `{name}`"))
                .line("templates run after the package, so this would override what the package has set")
                .hint(format!("write `fact(\"{name}\", default=...)`")),
            (_, false) if FUNCTIONS.iter().any(|(function, _)| *function == name) => {
                Error::usage(format!("`{name}` is a function"))
            }
            (_, false) => {
                let error = Error::usage(format!("`{name}` is no fact of the templates that this extends"));
                match error::nearest(name, facts(ancestry)) {
                    Some(near) if kind == Kind::Definition => error.hint(format!("did you mean `{near}`?")),
                    _ => error.hint(format!("a variable of one's own begins with `_`: `_{name}`")),
                }
            }
        };
        problems.word(name, error);
    }
    for name in outline.locals.iter().filter(|name| FUNCTIONS.iter().any(|(function, _)| function == *name)) {
        problems.word(name, Error::usage(format!("`{name}` is a function")));
    }
}

fn facts(ancestry: &Ancestry) -> impl Iterator<Item = &str> {
    FACTS.into_iter().chain(ancestry.facts.iter().map(String::as_str))
}

/// Variables, filters and tests.
fn check_names(outline: &Outline<'_>, ancestry: &Ancestry, problems: &mut Problems<'_>) {
    let own = || outline.sets.iter().map(|set| set.name).chain(outline.locals.iter().copied());
    let special = ["loop", "self", "caller", "super"];
    let is_known = |name: &str| {
        VARIABLES.contains(&name)
            || FACTS.contains(&name)
            || special.contains(&name)
            || own().any(|known| known == name)
            || outline.facts.iter().any(|fact| fact == name)
            || ancestry.facts.contains(name)
            || ancestry.names.contains(name)
    };
    for name in outline.uses.iter().copied().filter(|name| !is_known(name)) {
        if FUNCTIONS.iter().any(|(function, _)| *function == name) {
            let error =
                Error::usage(format!("`{name}` is a function")).hint(format!("call it: `{name}(...)`"));
            problems.word(name, error);
            continue;
        }
        let error = Error::usage(format!("unknown variable `{name}`"));
        let known = VARIABLES.into_iter().chain(facts(ancestry)).chain(own());
        let known = known.chain(ancestry.names.iter().map(String::as_str));
        problems.word(
            name,
            match error::nearest(name, known) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => {
                    error.hint(format!("set it first; a variable of one's own begins with `_`: `_{name}`"))
                }
            },
        );
    }
    for (what, used, known) in
        [("filter", &outline.filters, filters::FILTERS), ("test", &outline.tests, filters::TESTS)]
    {
        for name in used.iter().filter(|name| !known.contains(name)) {
            let error = Error::usage(format!("unknown {what} `{name}`"));
            problems.word(
                name,
                match error::nearest(name, known.iter().copied()) {
                    Some(near) => error.hint(format!("did you mean `{near}`?")),
                    None => error.with(&format!("{what}s"), known.join(", ")),
                },
            );
        }
    }
}

/// Functions, their keywords, and where they may stand.
fn check_calls(kind: Kind, outline: &Outline<'_>, ancestry: &Ancestry, problems: &mut Problems<'_>) {
    for call in &outline.calls {
        let name = call.name;
        let own = outline.sets.iter().map(|set| set.name).chain(outline.locals.iter().copied());
        let known = FUNCTIONS.iter().map(|(name, _)| *name).chain(["super", "caller", "loop"]);
        let mut known = known.chain(own).chain(ancestry.names.iter().map(String::as_str));
        if !known.clone().any(|function| function == name) {
            let error = Error::usage(format!("unknown function `{name}`"));
            problems.word(
                name,
                match error::nearest(name, &mut known) {
                    Some(near) => error.hint(format!("did you mean `{near}`?")),
                    None => error.with("functions", FUNCTIONS.map(|(name, _)| name).join(", ")),
                },
            );
        }
        // A template may want what it records to go with the block when a package overrides it.
        if kind == Kind::Definition && call.is_in_block && RECORDING.contains(&name) {
            let error = Error::usage(format!("`{name}()` stands in a block"))
                .line("templates ask what is recorded before they write a block: this would come too late")
                .hint(format!("call it at the top level: `{{% set _x = {name}(...) %}}`"));
            problems.word(name, error);
        }
        let Some(keywords) = language::keywords(name) else { continue };
        for keyword in call.keywords.iter().filter(|keyword| !keywords.contains(keyword)) {
            let error = Error::usage(format!("`{name}()` has no keyword `{keyword}`"));
            problems.word(
                keyword,
                match error::nearest(keyword, keywords.iter().copied()) {
                    Some(near) => error.hint(format!("did you mean `{near}`?")),
                    None if keywords.is_empty() => error.line("it takes no keywords"),
                    None => error.with("keywords", keywords.join(", ")),
                },
            );
        }
    }
}

fn suggest(error: Error, word: &str, known: &BTreeSet<String>, what: &str) -> Error {
    match error::nearest(word, known.iter().map(String::as_str)) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None if known.is_empty() => error.with(what, "none"),
        None => error.with(what, known.iter().cloned().collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use crate::genpkg::fixture::Fixture;

    /// The error of a package that consists of these lines, below `extends` and `version`.
    fn error(lines: &str) -> String {
        let package = format!("{{% extends \"base\" %}}\n{{% set version = \"1\" %}}\n{lines}\n");
        Fixture::new(&[("x", &package), ("y", "{% extends \"base\" %}{% set version = \"1\" %}")]).error()
    }

    /// The place that an error in line 3 is shown with, the caret below `word`.
    fn place(lines: &str, word: &str) -> String {
        let line = lines.lines().next().unwrap();
        let pad = " ".repeat(line.find(word).unwrap());
        format!("  where: packages/x/package.sh:3\n  3 | {line}\n    | {pad}{}", "^".repeat(word.len()))
    }

    #[test]
    fn what_would_be_dropped_in_silence_is_pointed_at() {
        for (line, word, what, hint) in [
            (
                "make install",
                "make install",
                "this stands in no block and would be dropped",
                "put it into a block: {% block build %} ... {% endblock %}",
            ),
            (
                "{{ dep(\"y\") }}",
                "{{ dep(\"y\")",
                "this stands in no block and would be dropped",
                "to call a function for its effect write `{% do ... %}`",
            ),
            (
                "{% if check == \"on\" %}make{% endif %}",
                "make",
                "this stands in no block and would be dropped",
                "put it into a block: {% block build %} ... {% endblock %}",
            ),
            (
                "{% block biuld %}{% endblock %}",
                "biuld",
                "no template here has a block `biuld`",
                "did you mean `build`?",
            ),
            (
                "{% set flag = [] %}",
                "flag",
                "`flag` is no fact of the templates that this extends",
                "did you mean `flags`?",
            ),
            (
                "{% set helper = [] %}",
                "helper",
                "`helper` is no fact of the templates that this extends",
                "a variable of one's own begins with `_`: `_helper`",
            ),
            ("{% set dep = [] %}", "dep", "`dep` is a function", ""),
            (
                "{% block build %}{{ verson }}{% endblock %}",
                "verson",
                "unknown variable `verson`",
                "did you mean `version`?",
            ),
            (
                "{% if tolchain %}{% endif %}",
                "tolchain",
                "unknown variable `tolchain`",
                "did you mean `toolchain`?",
            ),
            ("{% set _x = deps %}", "deps", "`deps` is a function", "call it: `deps(...)`"),
            ("{% set _x = version | shh %}", "shh", "unknown filter `shh`", "did you mean `sh`?"),
            (
                "{% set _x = version is definde %}",
                "definde",
                "unknown test `definde`",
                "did you mean `defined`?",
            ),
            ("{% do depp(\"y\") %}", "depp", "unknown function `depp`", "did you mean `dep`?"),
            (
                "{% if false %}{% do src(\"https://e.org/x.tar\", sha265=\"\") %}{% endif %}",
                "sha265",
                "`src()` has no keyword `sha265`",
                "did you mean `sha256`?",
            ),
        ] {
            let error = error(line);
            let hint = if hint.is_empty() { String::new() } else { format!("\n  hint: {hint}") };
            assert_eq!(error, format!("error: {what}\n{}{hint}", place(line, word)));
        }
    }

    #[test]
    fn facts_and_records_stand_at_the_top() {
        for (lines, what) in [
            ("{% block build %}{% do dep(\"y\") %}{% endblock %}", "`dep()` stands in a block"),
            (
                "{% block build %}{% set flags = [] %}{% endblock %}",
                "the fact `flags` is set where nobody sees it",
            ),
            (
                "{% for _x in [1] %}{% set flags = [] %}{% endfor %}",
                "the fact `flags` is set where nobody sees it",
            ),
            (
                "{% if check %}{% block build %}{% endblock %}{% endif %}",
                "block `build` stands inside of another tag",
            ),
            (
                "{% if check %}{% extends \"base\" %}{% endif %}",
                "`extends` must name its template in plain sight",
            ),
            ("{% extends \"ba\" ~ \"se\" %}", "`extends` must name its template in plain sight"),
            ("{% autoescape true %}{% endautoescape %}", "`autoescape` has no meaning"),
        ] {
            let error = error(lines);
            assert!(error.starts_with(&format!("error: {what}")), "{lines}: {error}");
            assert!(error.contains("where: packages/x/package.sh:3"), "{error}");
        }
    }

    #[test]
    fn all_mistakes_of_a_file_come_at_once() {
        let error = error("{% set flag = verson %}\nmake");
        let whats: Vec<&str> = error.lines().filter(|line| line.starts_with("error:")).collect();
        assert_eq!(whats.len(), 3, "{error}");
        assert!(whats[1].contains("verson"));
    }

    #[test]
    fn templates_leave_facts_to_packages() {
        let package = "{% extends \"mid\" %}{% set version = \"1\" %}";
        for (template, what) in [
            ("{% extends \"base\" %}{% set flags = [] %}", "a template sets the fact `flags`"),
            ("{% extends \"base\" %}{% block other %}{% endblock %}", "no template here has a block `other`"),
            ("{% extends \"base\" %}{% block build %}{{ wrong }}{% endblock %}", "unknown variable `wrong`"),
            ("{% extends \"bsae\" %}", "template `bsae` not found"),
            ("{% extends \"../base\" %}", "template `../base` not found"),
            ("{% extends \"mid\" %}", "templates extend each other: mid -> mid"),
            ("{% extends \"other\" %}", "there are too many storeys here"),
            ("{% block build", "this tag is not closed"),
        ] {
            let fixture = Fixture::new(&[
                ("x", package),
                ("templates/mid.sh", template),
                ("templates/other.sh", "{% extends \"base\" %}"),
            ]);
            let error = fixture.error();
            assert!(error.starts_with(&format!("error: {what}")), "{template}: {error}");
            assert!(error.contains("where: templates/mid.sh:1\n"), "{error}");
        }
        let nested = "{% extends \"base\" %}{% block build %}{% block inner %}{% endblock %}{% endblock %}";
        let child = format!("{package}{{% block inner %}}echo{{% endblock %}}");
        let fixture = Fixture::new(&[("x", &child), ("templates/mid.sh", nested)]);
        assert!(fixture.script("x").ends_with("\nset -eu\necho\n"));
    }

    #[test]
    fn jinjas_comment_is_an_error_and_shells_braces_are_not() {
        let error = error("{% block build %}\necho {# hidden #}\n{% endblock %}");
        assert!(
            error.starts_with("error: `{#` begins no comment here\n  where: packages/x/package.sh:4\n"),
            "{error}"
        );
        let shell = "{% block build %}echo ${#x} ${x##*/}{%# hidden #%}{% endblock %}";
        let package = format!("{{% extends \"base\" %}}{{% set version = \"1\" %}}{shell}");
        let fixture = Fixture::new(&[("x", &package)]);
        assert!(fixture.script("x").ends_with("set -eu\necho ${#x} ${x##*/}\n"));
    }

    #[test]
    fn other_bytes_than_utf_8_are_an_error() {
        let fixture = Fixture::new(&[]);
        fixture.write("packages/x/package.sh", b"{% extends \"base\" %}\n\xff");
        let error = fixture.error();
        assert!(
            error.contains("is no UTF-8 text\n  where: packages/x/package.sh:2\n  2 | \u{fffd}\n    | ^\n"),
            "{error}"
        );
    }
}
