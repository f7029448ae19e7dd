//! `file()`, `patch()`, `patches()`: text that lies beside the definition and goes into the script.

use minijinja::{State, Value};

use super::{facts, frame};

/// `file("x")`: the text of a file beside the definition.
pub(super) fn file(state: &mut State<'_, '_>, path: &str) -> Result<String, minijinja::Error> {
    let frame = frame(state);
    let text = frame.run.tree.catalog.file(&frame.key.name, path)?;
    facts(state).files.push(path.to_string());
    Ok(text)
}

/// `patch("x.patch")`: records a patch; the base template applies all of them in this order. Gives its name.
pub(super) fn patch(state: &mut State<'_, '_>, path: &str) -> Result<String, minijinja::Error> {
    let text = file(state, path)?;
    let patches = &mut facts(state).patches;
    if patches.iter().all(|(name, _)| name != path) {
        patches.push((path.to_string(), text));
    }
    Ok(path.to_string())
}

/// `patches()`: what `patch()` recorded, as maps of `name` and `text`.
pub(super) fn patches(state: &mut State<'_, '_>) -> Vec<Value> {
    let pair = |(name, text): &(String, String)| {
        Value::from_pairs([("name", Value::from(name.as_str())), ("text", Value::from(text.as_str()))])
    };
    facts(state).patches.iter().map(pair).collect()
}
