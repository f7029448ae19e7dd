//! The functions of the template language. Each returns text and records a fact; none touches anything outside the tree.

mod dependency;
mod file;
mod option;
mod source;

use std::sync::Arc;

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Environment, State, Value};

use super::facts::{Facts, Relation};
use super::language;
use super::run::{FRAME, Frame};
use crate::base::{Error, Result, error};

pub(super) use dependency::check_label;
pub(super) use option::unknown_option;

/// Registers them all.
pub(super) fn register(env: &mut Environment<'_>) {
    env.add_function("fact", option::fact);
    env.add_function("option", option::option);
    env.add_function("fail", fail);
    env.add_function("src", source::src);
    env.add_function("git", source::git);
    env.add_function("file", file::file);
    env.add_function("patch", file::patch);
    env.add_function("patches", file::patches);
    env.add_function("tool", |state: &mut State<'_, '_>, name: &str, options: Kwargs| {
        dependency::call(state, Relation::Tool, name, &options)
    });
    env.add_function("dep", |state: &mut State<'_, '_>, name: &str, options: Kwargs| {
        dependency::call(state, Relation::Dep, name, &options)
    });
    env.add_function("needs", |state: &mut State<'_, '_>, name: &str, options: Kwargs| {
        dependency::call(state, Relation::Needs, name, &options)
    });
    env.add_function("deps", dependency::deps);
}

/// `fail(message)`: stops the rendering.
fn fail(message: &str) -> Result<Value, minijinja::Error> {
    Err(Error::usage(message).into())
}

/// The script that is being rendered.
fn frame(state: &State<'_, '_>) -> Arc<Frame> {
    let frame = state.lookup(FRAME).and_then(|value| value.downcast_object::<Frame>());
    frame.expect("every rendering has a frame")
}

/// What was recorded so far.
fn facts<'a>(state: &'a mut State<'_, '_>) -> &'a mut Facts {
    state.get_or_insert_extension_with(Facts::default)
}

/// Checks the keywords of a call.
fn check_keywords(function: &str, words: &Kwargs) -> Result<()> {
    let known = language::keywords(function).unwrap_or_default();
    match words.args().find(|word| !known.contains(word)) {
        None => Ok(()),
        Some(word) => {
            let error = Error::usage(format!("`{function}()` has no keyword `{word}`"));
            Err(match error::nearest(word, known.iter().copied()) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.with("keywords", known.join(", ")),
            })
        }
    }
}

/// The value of a keyword, where it is given.
fn keyword(words: &Kwargs, name: &str) -> Option<Value> {
    if words.has(name) { words.peek::<Value>(name).ok() } else { None }
}

/// A keyword that must be text.
fn text_keyword(function: &str, words: &Kwargs, name: &str) -> Result<Option<String>> {
    let Some(value) = keyword(words, name) else { return Ok(None) };
    match value.as_str() {
        Some(text) => Ok(Some(text.to_string())),
        None => Err(wrong_kind(function, name, "text", value.kind())),
    }
}

fn wrong_kind(function: &str, name: &str, wanted: &str, got: ValueKind) -> Error {
    Error::usage(format!("`{name}` of `{function}()` must be {wanted}, not a {got}"))
}
