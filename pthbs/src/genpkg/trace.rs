//! From a line of a script back to the line of the template that wrote it.
//!
//! For a traced run every line of text in a template begins with a mark that names it. The marks go through the
//! engine as text does, and are taken out before the script is finished, so that its bytes and id stay the same.

use minijinja::machinery::ast::Stmt;
use minijinja::machinery::parse;
use minijinja::syntax::SyntaxConfig;

/// A line of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// `templates/base.sh`
    pub file: String,
    /// Its number, from 1.
    pub line: usize,
}

/// Private-use characters, which no template has a reason to hold.
const START: char = '\u{F0000}';
const END: char = '\u{F0001}';

/// The source of a template with every line of its text marked.
///
/// A mark stands behind the line's indentation and only where text or output follows, so that lines with nothing but
/// tags still leave nothing.
pub(super) fn marked(source: &str, file: &str, syntax: &SyntaxConfig) -> String {
    let Ok(ast) = parse(source, file, syntax.clone()) else { return source.to_string() };
    let mut starts = Vec::new();
    collect(&ast, source, &mut starts);
    starts.sort_unstable();
    starts.dedup();
    let mut text = String::with_capacity(source.len() * 2);
    let mut done = 0;
    for start in starts {
        text.push_str(&source[done..start]);
        let line = super::place::line_of(source, start);
        text.push_str(&format!("{START}{file}:{line}{END}"));
        done = start;
    }
    text.push_str(&source[done..]);
    text
}

/// Takes the marks out of a rendered body; gives the origin of each of its lines, where one is known.
pub(super) fn unmarked(body: &str) -> (String, Vec<Option<Origin>>) {
    let mut text = String::with_capacity(body.len());
    let mut origins = Vec::new();
    let mut last = None;
    for line in body.split_inclusive('\n') {
        let mut first = None;
        let mut rest = line;
        while let Some((before, marked)) = rest.split_once(START) {
            text.push_str(before);
            let (mark, after) = marked.split_once(END).unwrap_or((marked, ""));
            last = mark.rsplit_once(':').and_then(|(file, number)| {
                Some(Origin { file: file.to_string(), line: number.parse().ok()? })
            });
            first = first.or_else(|| last.clone());
            rest = after;
        }
        text.push_str(rest);
        // A line without a mark is a further one of a value that was written.
        origins.push(first.or_else(|| last.clone()));
    }
    (text, origins)
}

/// The places in the source at which lines of text begin.
fn collect(statement: &Stmt<'_>, source: &str, starts: &mut Vec<usize>) {
    let mut all = |body: &[Stmt<'_>]| body.iter().for_each(|child| collect(child, source, starts));
    match statement {
        Stmt::Template(template) => all(&template.children),
        Stmt::ForLoop(looped) => {
            all(&looped.body);
            all(&looped.else_body);
        }
        Stmt::IfCond(condition) => {
            all(&condition.true_body);
            all(&condition.false_body);
        }
        Stmt::WithBlock(with) => all(&with.body),
        Stmt::SetBlock(set) => all(&set.body),
        Stmt::AutoEscape(escape) => all(&escape.body),
        Stmt::FilterBlock(filter) => all(&filter.body),
        Stmt::Block(block) => all(&block.body),
        Stmt::Macro(macro_) => all(&macro_.body),
        Stmt::CallBlock(call) => all(&call.macro_decl.body),
        Stmt::EmitRaw(raw) => {
            let at = raw.raw.as_ptr().addr().wrapping_sub(source.as_ptr().addr());
            if at >= source.len() {
                return;
            }
            let mut offset = at;
            for line in raw.raw.split_inclusive('\n') {
                let begins_line = offset == 0 || source.as_bytes()[offset - 1] == b'\n';
                let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
                if begins_line && !line.trim().is_empty() {
                    starts.push(offset + indent);
                }
                offset += line.len();
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::genpkg::engine;

    #[test]
    fn lines_of_text_are_marked_and_unmarked() {
        let source = "set -eu\n{% if true %}\n\n\tmake {{ 1 }}\n{% endif %}\n  {{ 2 }}\nend";
        let marked = marked(source, "templates/base.sh", &engine::syntax());
        assert_eq!(marked.matches(START).count(), 3, "{marked:?}");
        let (text, origins) = unmarked(&marked);
        assert_eq!(text, source);
        let lines: Vec<Option<usize>> =
            origins.iter().map(|origin| origin.as_ref().map(|at| at.line)).collect();
        assert_eq!(lines, [1, 1, 1, 4, 4, 4, 7].map(Some));
    }
}
