//! The template engine, set up strictly, and one definition's way through it: parse, run, header, text.
//!
//! Definitions are compiled here and forgotten after their rendering; templates are compiled once, by the engine's
//! loader. Comments are `{%# ... #%}`, because shell has `${#x}` and `${##}`.

use std::fmt::Write as _;
use std::sync::Arc;

use minijinja::machinery::{CodeGenerator, eval, make_string_output, parse};
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, State, UndefinedBehavior, Value, functions};

use super::calls;
use super::facts::{Facts, Meta};
use super::failure::{Failure, Rendered};
use super::instance::Rendering;
use super::language;
use super::place;
use super::run::{FRAME, Frame};
use super::templates::{self, Templates};
use super::text;
use super::trace::{self, Origin};
use super::{filters, header};
use crate::base::Sha256;
use crate::script::{Script, ScriptId};

/// Instructions that one rendering may take, dependencies not counted: some hundred times what the longest takes.
const FUEL: u64 = 5_000_000;

/// The syntax: Jinja's, but for comments; lines with nothing but a tag leave no line.
pub(super) fn syntax() -> SyntaxConfig {
    SyntaxConfig::builder()
        .comment_delimiters("{%#", "#%}")
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()
        .expect("the delimiters differ")
}

/// An engine that knows our language and nothing else.
///
/// A traced one marks the lines of templates.
pub(super) fn environment(templates: Arc<Templates>, traces: bool) -> Environment<'static> {
    let mut env = Environment::empty();
    env.set_syntax(syntax());
    env.set_auto_escape_callback(|_| AutoEscape::None);
    env.set_formatter(filters::write_value);
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_fuel(Some(FUEL));
    // Without it an undefined value cannot tell its name.
    env.set_debug(true);
    env.set_auto_reload(false);
    env.set_loader(move |name| {
        let text = templates.load(name)?;
        Ok(Some(if traces { trace::marked(&text, &templates::place(name), &syntax()) } else { text }))
    });
    env.add_function("range", functions::range);
    env.add_function("dict", functions::dict);
    env.add_function("namespace", functions::namespace);
    env.add_global("system", language::SYSTEM);
    calls::register(&mut env);
    filters::register(&mut env);
    env
}

/// Renders the definition of a frame.
pub(super) fn render(env: &Environment<'_>, frame: &Arc<Frame>, target: &str) -> Result<Rendering, Failure> {
    let (file, source) = (&frame.file, Arc::clone(&frame.text));
    let rendered = Rendered { label: &frame.label, file, text: &source };
    let in_words = |error: minijinja::Error| rendered.failure(&error);

    let ast = rendered.parse(env.syntax())?;
    frame.run.tree.templates.check_definition(&ast, &rendered)?;
    let marked = if frame.run.traces { trace::marked(&source, file, env.syntax()) } else { String::new() };
    let ast =
        if frame.run.traces { parse(&marked, file, env.syntax().clone()).map_err(in_words)? } else { ast };
    let mut generator = CodeGenerator::new(file, if frame.run.traces { &marked } else { &source });
    generator.compile_stmt(&ast);
    let mut body = String::with_capacity(generator.buffer_size_hint().max(2048));
    let (instructions, blocks) = generator.finish();
    let variables = Value::from_pairs([
        ("name", Value::from(frame.key.name.as_str())),
        ("target", Value::from(target)),
        (FRAME, Value::from_dyn_object(Arc::clone(frame))),
    ]);
    let mut output = make_string_output(&mut body);
    let result = eval(env, &instructions, variables, &blocks, &mut output, AutoEscape::None);
    let (_, mut state) = result.map_err(in_words)?;
    let facts = std::mem::take(state.get_or_insert_extension_with(Facts::default));
    check_options(frame, &facts).map_err(Failure::asked)?;
    let (script, meta, origins) =
        finish(frame, &facts, &state, body).map_err(|problem| problem.failure(file, &source))?;
    let Facts { mut sources, mut edges, options, files, .. } = facts;
    // As many of them are kept as there are scripts.
    sources.shrink_to_fit();
    edges.shrink_to_fit();
    Ok(Rendering { script, edges, sources, meta, options, files, origins })
}

/// What is wrong after the rendering: with a fact, or with the text.
enum Problem {
    Fact(header::Wrong),
    Text(text::Wrong),
}

impl Problem {
    fn failure(self, file: &str, text: &str) -> Failure {
        let (at, error) = match self {
            Problem::Text(text::Wrong { error, word }) => {
                // What a loop or a template has put together stands nowhere as it is.
                let at = word.and_then(|word| Some((text.find(&word)?, word.len())));
                (at.map(|(start, length)| start..start + length), error)
            }
            Problem::Fact(header::Wrong { fact, key, error }) => {
                let key = key.and_then(|key| place::key_of(text, fact, &key));
                match key.or_else(|| place::set_of(text, fact)) {
                    None if fact == "version" => {
                        let hint = "write `{% set version = \"...\" %}` into the definition";
                        return Failure::placed(error.with("where", file).hint(hint));
                    }
                    at => (at, error),
                }
            }
        };
        Failure::placed(match at {
            None => error.with("where", file),
            Some(at) => place::point(error, "where", file, text, place::line_of(text, at.start), Some(at)),
        })
    }
}

/// The finished script, what is known beside it, and where its lines come from in a traced run.
fn finish(
    frame: &Frame,
    facts: &Facts,
    state: &State<'_, '_>,
    body: String,
) -> Result<(Script, Meta, Vec<Option<Origin>>), Problem> {
    let fact = |name: &'static str| state.lookup(name).or_else(|| facts.defaults.get(name).cloned());
    let (header, meta) = header::build(&frame.key.name, facts, &fact).map_err(Problem::Fact)?;
    let (body, lines) = if frame.run.traces { trace::unmarked(&body) } else { (body, Vec::new()) };
    let mut printed = String::with_capacity(1024);
    write!(printed, "{header}").expect("a header can be printed");
    // All scripts stay in memory: no room to grow, which would be half of what they take.
    let mut text = String::with_capacity(printed.len() + body.len());
    text.push_str(&printed);
    let mut origins = vec![None; if frame.run.traces { text.lines().count() } else { 0 }];
    let written = |number: usize| origins.extend(lines.get(number).cloned());
    text::tidy(&body, &mut text, written).map_err(Problem::Text)?;
    let id = ScriptId(Sha256::of(text.as_bytes()));
    Ok((Script { text, header, id }, meta, origins))
}

/// Every option that somebody gave must be one.
fn check_options(frame: &Frame, facts: &Facts) -> crate::base::Result<()> {
    let known = || facts.options.iter().map(|option| option.name.as_str());
    match frame.options.keys().find(|given| known().all(|name| name != given.as_str())) {
        Some(given) => Err(calls::unknown_option(&frame.label, given, known())),
        None => Ok(()),
    }
}
