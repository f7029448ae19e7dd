//! `tool()`, `dep()`, `needs()`: use is declaration. The other script is rendered inside of the call.

use std::collections::BTreeMap;

use minijinja::value::Kwargs;
use minijinja::{State, Value};

use super::super::facts::{Edge, Relation};
use super::super::failure::{Failure, Stage};
use super::super::instance::{Rendering, Request};
use super::super::language;
use super::{facts, frame, text_keyword};
use crate::base::{Error, Result};
use crate::script::{InstallId, PackageName};

/// One of the three calls; gives `/versions/NAME.HASH`.
///
/// `as=` is the label, `target=` what the other one is to make; every other keyword is an option of it.
pub(super) fn call(
    state: &mut State<'_, '_>,
    relation: Relation,
    name: &str,
    words: &Kwargs,
) -> Result<String, minijinja::Error> {
    let function = relation.as_str();
    let frame = frame(state);
    let name = frame.run.tree.catalog.find(name).map_err(Failure::asked)?.clone();
    let target = match (text_keyword(function, words, "target")?, relation) {
        (Some(target), _) => target,
        // A tool runs here, whatever the script that uses it is for.
        (None, Relation::Tool) => language::TARGET.to_string(),
        (None, Relation::Dep | Relation::Needs) => inherited_target(state)?,
    };
    let alias = text_keyword(function, words, "as")?;
    alias.as_deref().map_or(Ok(()), check_label)?;
    let options: BTreeMap<String, Value> = words
        .args()
        .filter(|word| !matches!(*word, "as" | "target"))
        .map(|word| Ok((word.to_string(), words.peek::<Value>(word).map_err(|_| no_value(word))?)))
        .collect::<Result<_>>()?;
    let request = Request { name, target, options, alias };
    let key = request.key()?;
    let label = key.label(request.alias.as_deref(), language::TARGET);
    let to =
        frame.run.render(state.env(), key, request, Some(&frame)).map_err(|failure| match failure.stage {
            Stage::Raised(_) => Failure::asked(failure.error),
            _ => failure,
        })?;
    let path = versions_path(&to.script.install_id());
    facts(state).add_edge(Edge { relation, label, to });
    Ok(path)
}

/// A label that a caller chose follows the rules of names.
pub(in super::super) fn check_label(label: &str) -> Result<()> {
    if label.parse::<PackageName>().is_ok() {
        return Ok(());
    }
    let error = Error::usage(format!("`as=\"{}\"` is no label", label.escape_debug()))
        .line("a label is 1 to 64 of `a-z 0-9 + _ -` and begins with a letter or a digit");
    let allowed = |c: char| if u8::try_from(c).is_ok_and(PackageName::allows) { c } else { '-' };
    let near: String = label.trim().to_lowercase().chars().map(allowed).collect();
    Err(match near.parse::<PackageName>() {
        Ok(near) => error.hint(format!("did you mean `{near}`?")),
        Err(_) => error,
    })
}

/// `deps()`: the closure over `dep`, direct ones first, as `/versions/NAME.HASH`.
pub(super) fn deps(state: &mut State<'_, '_>) -> Vec<String> {
    Rendering::closure(&facts(state).edges).iter().map(versions_path).collect()
}

/// Where installs are in every build and every run, wherever the store lies.
fn versions_path(id: &InstallId) -> String {
    ["/versions/", id.name.as_str(), ".", id.id.digits(&mut [0; 64])].concat()
}

fn inherited_target(state: &State<'_, '_>) -> Result<String> {
    let target = state.lookup("target").unwrap_or_default();
    let text = target.as_str().ok_or_else(|| Error::usage("`target` must be text"))?;
    Ok(text.to_string())
}

fn no_value(word: &str) -> Error {
    Error::usage(format!("option `{word}` has no value"))
}
