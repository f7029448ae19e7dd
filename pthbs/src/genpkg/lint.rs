//! What is allowed but seldom meant: a fixed width for make, a download inside of a build, a value that the shell will
//! split, a file that nobody uses, a package that does not say what it is.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use minijinja::machinery::ast::{CallType, Expr, Stmt};
use minijinja::machinery::parse;

use super::catalog::Catalog;
use super::engine;
use super::instance::Rendering;
use super::language::{FACTS, RECORDING, VARIABLES};
use super::license;
use super::output::Output;
use super::place;
use super::project::Project;
use super::shell::Scanner;
use crate::base::{Error, Result};
use crate::script::header::UNKNOWN_SUM;

/// Programs that fetch over the network; sources do that, outside of the sandbox and by hash.
const CLIENTS: [&str; 10] = ["curl", "wget", "git", "svn", "hg", "ftp", "rsync", "scp", "pip", "npm"];
/// Subcommands of git that need no network.
const LOCAL_GIT: [&str; 10] =
    ["apply", "am", "init", "add", "commit", "config", "diff", "log", "describe", "rev-parse"];
/// Stands for a written value while shell text is scanned.
const VALUE: char = Scanner::VALUE;

impl Project {
    /// Looks at what was rendered; every finding is an error value with its place.
    pub fn lint(&self, output: &Output) -> Result<Vec<Error>> {
        let mut findings = Vec::new();
        let mut done = BTreeSet::new();
        for (label, rendering) in &output.scripts {
            let name = &rendering.script.header.name;
            if !done.insert(name) {
                continue;
            }
            let text = self.catalog().definition(name)?;
            let variants: Vec<&Arc<Rendering>> =
                output.scripts.values().filter(|one| one.script.header.name == *name).collect();
            let file = Catalog::definition_place(name);
            definition(&text, &file, &mut findings);
            package(&output.scripts[label], &file, &text, &mut findings);
            for unused in self.catalog().files_of(name) {
                // Used with other options: `{% if sources == "debian" %}{% do patch("...") %}{% endif %}`.
                let is_named =
                    ['"', '\''].iter().any(|quote| text.contains(&format!("{quote}{unused}{quote}")));
                if !is_named && variants.iter().all(|one| !one.files.contains(&unused)) {
                    findings.push(
                        Error::usage(format!("`{unused}` is not used"))
                            .with("where", format!("packages/{name}/{unused}"))
                            .hint("apply a patch with `{% do patch(\"...\") %}`, or remove the file"),
                    );
                }
            }
        }
        Ok(findings)
    }
}

/// What a package does not tell about itself.
fn package(rendering: &Rendering, file: &str, text: &str, findings: &mut Vec<Error>) {
    let meta = &rendering.meta;
    let missing: Vec<&str> =
        [("description", &meta.description), ("license", &meta.license), ("homepage", &meta.homepage)]
            .into_iter()
            .filter_map(|(key, value)| value.is_empty().then_some(key))
            .collect();
    if !missing.is_empty() {
        let at = place::set_of(text, "meta");
        let line = place::line_of(text, at.as_ref().map_or(0, |at| at.start));
        let error = Error::usage(format!("`meta` does not tell the {}", missing.join(", the ")));
        findings.push(place::point(error, "where", file, text, line, at));
    }
    let mut fault = |key: &str, what: String, hint: &str| {
        let at = place::set_of(text, "meta");
        let line = text.lines().position(|line| line.contains(&format!("\"{key}\"")));
        let line = line.map_or_else(|| place::line_of(text, at.map_or(0, |at| at.start)), |line| line + 1);
        findings.push(Error::usage(what).with("where", format!("{file}:{line}")).hint(hint));
    };
    if let Some(what) = license::fault(&meta.license) {
        fault("license", what, "take an id of spdx.org/licenses, or `LicenseRef-` and a name");
    }
    let is_upstream = |url: &String| url.starts_with("http");
    let has_upstream = rendering.sources.iter().any(|used| used.urls.iter().any(is_upstream));
    if has_upstream && rendering.update_rule().is_none() {
        let hint = "write `\"update\": {\"url\": ..., \"pattern\": ...}` into its `meta`";
        fault("meta", "neither `meta` nor the source tells how newer versions are found".to_string(), hint);
    }
    let is_verified = meta.unverified.is_empty();
    for used in rendering.sources.iter().filter(|_| is_verified) {
        if used.source.to_string().contains(&format!(":{UNKNOWN_SUM}")) {
            findings.push(
                Error::usage(format!("the sha256 of `{}` is not known yet", used.source.entry()))
                    .with("where", &used.place)
                    .hint("`pthbs fetch` tells it"),
            );
        }
    }
}

/// Looks at the text of a definition.
fn definition(text: &str, file: &str, findings: &mut Vec<Error>) {
    let Ok(ast) = parse(text, file, engine::syntax()) else { return };
    let mut shell = Shell { source: text, ..Shell::default() };
    shell.statement(&ast);
    let mut found: Vec<(Range<usize>, Error)> = Vec::new();
    for block in &shell.blocks {
        let mut scanner = Scanner::new(&block.text);
        while scanner.next_line().is_some() {}
        let bare =
            block.values.iter().zip(scanner.values()).filter(|(value, is_code)| **is_code && !value.is_safe);
        for (value, _) in bare {
            let error = Error::usage("this value stands outside of quotes: the shell splits and expands it")
                .hint("write \"{{ value }}\", or {{ value | sh }}");
            found.push((value.range.clone(), error));
        }
    }
    for start in &shell.lines {
        let line = text[*start..].lines().next().unwrap_or_default();
        found.extend(
            commands(line).into_iter().map(|(range, error)| (start + range.start..start + range.end, error)),
        );
    }
    found.sort_by_key(|(range, _)| range.start);
    findings.extend(found.into_iter().map(|(range, error)| {
        place::point(error, "where", file, text, place::line_of(text, range.start), Some(range))
    }));
}

/// The commands of a line of shell that are seldom meant.
fn commands(line: &str) -> Vec<(Range<usize>, Error)> {
    let mut found = Vec::new();
    let mut is_start = true;
    let mut command = "";
    let mut words = words(line).peekable();
    while let Some((at, word)) = words.next() {
        let range = at..at + word.len();
        is_start |= line[..at].ends_with(['(', '`']);
        if word.starts_with('#') {
            break;
        }
        if is_start && !word.contains('=') {
            command = word.rsplit('/').next().unwrap_or(word);
            let next = words.peek().map_or("", |(_, next)| *next);
            if CLIENTS.contains(&command) && !(command == "git" && LOCAL_GIT.contains(&next)) {
                let error = Error::usage(format!("`{command}` has no network in a build"))
                    .hint("declare what it fetches: `src(...)` or `git(...)`");
                found.push((range.clone(), error));
            }
        }
        let is_width =
            word.strip_prefix("-j").is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphabetic()));
        if matches!(command, "make" | "gmake" | "$MAKE" | "${MAKE}")
            && (is_width || word.starts_with("--jobs"))
        {
            let error = Error::usage("`make -j` throws the jobserver away that all builds share")
                .hint("plain `make` takes its width from MAKEFLAGS");
            found.push((range, error));
        }
        let ends_command = matches!(word, "then" | "do" | "else" | "!" | "{" | "exec" | "env" | "sudo")
            || word.ends_with([';', '|', '&', '(']);
        is_start = ends_command || (is_start && word.contains('='));
    }
    found
}

/// The words of a line and where they begin.
fn words(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let words = line.split([' ', '\t', '`', '"', '(', ')']).filter(|word| !word.is_empty());
    words.map(|word| (word.as_ptr().addr() - line.as_ptr().addr(), word))
}

/// The shell text of a template: what it writes, a mark for each value.
#[derive(Default)]
struct Shell<'a> {
    source: &'a str,
    blocks: Vec<Block>,
    /// Where lines of text begin.
    lines: BTreeSet<usize>,
    /// Variables that hold nothing for the shell to split.
    safe: BTreeSet<&'a str>,
}

/// The text of one block.
#[derive(Default)]
struct Block {
    text: String,
    values: Vec<Value>,
}

struct Value {
    range: Range<usize>,
    is_safe: bool,
}

impl<'a> Shell<'a> {
    fn statement(&mut self, statement: &Stmt<'a>) {
        match statement {
            Stmt::Template(template) => self.body(&template.children),
            Stmt::Block(block) => self.part(&block.body),
            Stmt::Macro(macro_) => self.part(&macro_.body),
            Stmt::SetBlock(set) => self.part(&set.body),
            Stmt::ForLoop(looped) => {
                if let (Expr::Var(var), true) = (&looped.target, self.is_safe(&looped.iter)) {
                    self.safe.insert(var.id);
                }
                self.body(&looped.body);
                self.body(&looped.else_body);
            }
            Stmt::IfCond(condition) => {
                self.body(&condition.true_body);
                self.body(&condition.false_body);
            }
            Stmt::WithBlock(with) => self.body(&with.body),
            Stmt::FilterBlock(filter) => self.body(&filter.body),
            Stmt::Set(set) => {
                if let (Expr::Var(var), true) = (&set.target, self.is_safe(&set.expr)) {
                    self.safe.insert(var.id);
                }
            }
            Stmt::EmitRaw(raw) => self.text(raw.raw),
            Stmt::EmitExpr(emit) => {
                let span = emit.span();
                let range = span.start_offset as usize..span.end_offset as usize;
                let is_safe = self.is_safe(&emit.expr);
                if let Some(block) = self.blocks.last_mut() {
                    block.text.push(VALUE);
                    block.values.push(Value { range, is_safe });
                }
            }
            _ => {}
        }
    }

    fn body(&mut self, body: &[Stmt<'a>]) {
        body.iter().for_each(|statement| self.statement(statement));
    }

    /// A part whose quotes close within it.
    fn part(&mut self, body: &[Stmt<'a>]) {
        let outer = self.blocks.len();
        self.blocks.push(Block::default());
        self.body(body);
        // What follows a part in the middle of another one is looked at on its own.
        if outer > 0 {
            self.blocks.push(Block::default());
        }
    }

    fn text(&mut self, raw: &str) {
        if let Some(block) = self.blocks.last_mut() {
            block.text.push_str(raw);
        }
        let at = raw.as_ptr().addr().wrapping_sub(self.source.as_ptr().addr());
        let start = self.source[..at.min(self.source.len())].rfind('\n').map_or(0, |newline| newline + 1);
        self.lines.insert(start);
        self.lines.extend(raw.match_indices('\n').map(|(newline, _)| at + newline + 1));
    }

    /// Whether a value holds nothing that the shell would split, or was made for it to split.
    fn is_safe(&self, value: &Expr<'_>) -> bool {
        match value {
            Expr::Const(_) => true,
            Expr::Var(var) => {
                (VARIABLES.contains(&var.id) || FACTS.contains(&var.id) || self.safe.contains(var.id))
                    && var.id != "meta"
            }
            Expr::Call(call) => match call.identify_call() {
                CallType::Function(name) => {
                    RECORDING.contains(&name) && name != "option" || name == "super" || name.starts_with('_')
                }
                CallType::Block(_) => true,
                _ => false,
            },
            Expr::Filter(filter) => {
                matches!(filter.name, "sh" | "heredoc" | "kconfig" | "ver" | "join" | "length" | "int")
                    || matches!(
                        filter.name,
                        "replace" | "lower" | "upper" | "trim" | "first" | "last" | "split"
                    ) && filter.expr.as_ref().is_some_and(|value| self.is_safe(value))
            }
            Expr::IfExpr(choice) => {
                self.is_safe(&choice.true_expr)
                    && choice.false_expr.as_ref().is_none_or(|value| self.is_safe(value))
            }
            Expr::BinOp(op) => self.is_safe(&op.left) && self.is_safe(&op.right),
            Expr::List(list) => list.items.iter().all(|item| self.is_safe(item)),
            Expr::GetItem(get) => self.is_safe(&get.expr),
            Expr::GetAttr(get) => matches!(&get.expr, Expr::Var(var) if var.id == "loop"),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::genpkg::fixture::Fixture;

    const META: &str =
        "{% set meta = {\"description\": \"x\", \"license\": \"MIT\", \"homepage\": \"https://e.org/\",
        \"update\": {\"url\": \"https://e.org/\", \"pattern\": \"x-([0-9.]+)\"}} %}";

    fn findings(lines: &str) -> Vec<String> {
        let package = format!("{{% extends \"base\" %}}{{% set version = \"1\" %}}{META}\n{lines}\n");
        let fixture = Fixture::new(&[("x", &package)]);
        let project = fixture.open();
        let output =
            project.render(&crate::genpkg::Options::default()).unwrap_or_else(|error| panic!("{error}"));
        project.lint(&output).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn values_outside_of_quotes_are_found() {
        for (body, is_found) in [
            ("echo {{ flags[0] }}", true),
            ("X={{ flags[0] }}", true),
            ("echo \"{{ flags[0] }}\"", false),
            ("echo '{{ flags[0] }}'", false),
            ("echo {{ flags[0] | sh }} {{ version }} {{ name }}", false),
            ("echo 'it' # don't {{ flags[0] }}", false),
            ("cat <<EOF\n{{ flags[0] }}\nEOF", false),
            ("echo \"a\nb\" {{ flags[0] }}", true),
            ("{% for _x in [\"a\", \"b\"] %}\necho {{ _x }}\n{% endfor %}", false),
            ("cd {{ _s }}", false),
            ("{{ super() }}", false),
        ] {
            let found = findings(&format!(
                "{{% set flags = [option(\"o\", default=\"\")] %}}{{% set _s = src(\"https://e.org/x.tar\", sha256=\"{}\") %}}\n{{% block build %}}\n{body}\n{{% endblock %}}",
                "9b8d1ecedd5b5e81fbf1918e876752a7dd948e05c1a0dba10ab863842d45acd5"
            ));
            assert_eq!(!found.is_empty(), is_found, "{body}: {found:?}");
        }
    }

    #[test]
    fn commands_that_are_seldom_meant_are_found() {
        for (line, word) in [
            ("make -j4 all", "-j4"),
            ("X=1 make -j\"$jobs\"", "-j"),
            ("make all --jobs=3", "--jobs=3"),
            ("curl -O https://e.org/x", "curl"),
            ("if true; then wget x; fi", "wget"),
            ("x=\"$(git clone y)\"", "git"),
            ("echo `git pull`", "git"),
        ] {
            let found = findings(&format!("{{% block build %}}\n{line}\n{{% endblock %}}"));
            assert_eq!(found.len(), 1, "{line}: {found:?}");
            let caret = format!("{}{}", " ".repeat(line.find(word).unwrap()), "^".repeat(word.len()));
            assert!(found[0].contains(&format!("| {caret}\n")), "{line}: {}", found[0]);
        }
        for line in
            ["ninja -j\"$jobs\"", "git init", "make -C dir -just", "echo curl", "./curl-config # wget"]
        {
            let found = findings(&format!("{{% block build %}}\n{line}\n{{% endblock %}}"));
            assert!(found.is_empty(), "{line}: {found:?}");
        }
    }

    #[test]
    fn a_package_tells_about_itself_and_uses_its_files() {
        let fixture = Fixture::new(&[
            (
                "x",
                "{% extends \"base\" %}\n{% set version = \"1\" %}\n{% set meta = {\"license\": \"MIT\"} %}\n{% do src(\"https://e.org/x.tar\", sha256=\"\") %}\n",
            ),
            ("packages/x/left.patch", ""),
            (
                "y",
                "{% extends \"base\" %}{% set version = \"1\" %}{% set meta = {\"description\": \"y\", \"license\": \"MIT\", \"homepage\": \"https://e.org/\"} %}\n{% if sources == \"debian\" %}{% do patch(\"old.patch\") %}{% endif %}\n",
            ),
            ("packages/y/old.patch", ""),
        ]);
        let project = fixture.open();
        let output = project.render(&crate::genpkg::Options::default()).unwrap();
        let found: Vec<String> = project.lint(&output).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(found[0].starts_with(
            "error: `meta` does not tell the description, the homepage\n  where: packages/x/package.sh:3"
        ));
        assert!(found[1].starts_with(
            "error: neither `meta` nor the source tells how newer versions are found\n  where: packages/x/package.sh:3"
        ));
        assert!(
            found[2]
                .starts_with("error: the sha256 of `x` is not known yet\n  where: packages/x/package.sh:4")
        );
        assert!(found[3].starts_with("error: `left.patch` is not used\n  where: packages/x/left.patch"));
    }

    #[test]
    fn what_is_not_verified_says_why() {
        for (meta, renders) in [
            ("\"verified\": false, \"reason\": \"x\"", true),
            ("\"verified\": true", true),
            ("\"verified\": false", false),
            ("\"reason\": \"x\"", false),
        ] {
            let package = format!(
                "{{% extends \"base\" %}}\n{{% set version = \"1\" %}}\n{{% set meta = {{{meta}}} %}}\n{{% do src(\"https://e.org/x.tar\", sha256=\"\") %}}\n"
            );
            let project = Fixture::new(&[("x", &package)]);
            let output = project.open().render(&crate::genpkg::Options::default());
            assert_eq!(output.is_ok(), renders, "{meta}");
            let Ok(output) = output else { continue };
            let found: Vec<String> =
                project.open().lint(&output).unwrap().iter().map(ToString::to_string).collect();
            // A sum that nobody knows yet is no finding where nobody could fetch the source.
            assert_eq!(found.iter().any(|one| one.contains("sha256")), !meta.contains("reason"), "{found:?}");
        }
    }
}
