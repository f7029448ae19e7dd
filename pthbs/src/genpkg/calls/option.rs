//! `option()`: what a caller or the command line may choose. `fact()`: what a definition may set.

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{State, Value};

use super::super::facts::Declared;
use super::super::failure::Failure;
use super::super::instance::canonical;
use super::super::language;
use super::super::options::not_a_choice;
use super::super::place;
use super::super::run::Frame;
use super::{check_keywords, facts, frame, keyword, text_keyword, wrong_kind};
use crate::base::{Error, Result, error};

/// `option(name, default=, choices=, doc=)`: the value that the caller gave, else `-o`'s, else the default.
pub(super) fn option(
    state: &mut State<'_, '_>,
    name: &str,
    words: Kwargs,
) -> Result<Value, minijinja::Error> {
    check_keywords("option", &words)?;
    let frame = frame(state);
    let default = keyword(&words, "default");
    let choices = choices(&words)?;
    let from_outside = frame.run.values.package.get(&frame.key.name).and_then(|options| options.get(name));
    let blamed = |error: Error| match from_outside {
        Some(_) => error.with("given by", frame.run.values.given_by(&format!("{}.{name}", frame.key.name))),
        None => error,
    };
    let value = match (frame.options.get(name), from_outside) {
        (Some(given), _) => {
            same_kind(name, default.as_ref(), given).map_err(Failure::blames)?;
            given.clone()
        }
        (None, Some(given)) => read(name, default.as_ref(), &given.value).map_err(blamed)?,
        (None, None) => default.clone().ok_or_else(|| {
            let name = format!("`{}` needs a value for its option `{name}`", frame.key.name);
            Failure::blames(Error::usage(name))
        })?,
    };
    if !choices.is_empty() && !choices.contains(&value) {
        let choices: Vec<String> = choices.iter().map(Value::to_string).collect();
        let choices: Vec<&str> = choices.iter().map(String::as_str).collect();
        let error = not_a_choice(name, &value.to_string(), &choices);
        let is_callers = frame.options.contains_key(name);
        return Err(if is_callers { Failure::blames(error).into() } else { blamed(error).into() });
    }
    let declared = Declared {
        name: name.to_string(),
        default: default.as_ref().map(Value::to_string),
        choices: choices.iter().map(Value::to_string).collect(),
        doc: text_keyword("option", &words, "doc")?.unwrap_or_default(),
        is_changed: default.as_ref().map(canonical) != Some(canonical(&value)),
    };
    let options = &mut facts(state).options;
    if options.iter().any(|option| option.name == name) {
        return Err(Error::usage(format!("option `{name}` is declared twice")).into());
    }
    options.push(declared);
    Ok(value)
}

/// `fact(name, default=, doc=)`: what the definition has set, else the default.
pub(super) fn fact(state: &mut State<'_, '_>, name: &str, words: Kwargs) -> Result<Value, minijinja::Error> {
    check_keywords("fact", &words)?;
    let default = keyword(&words, "default");
    let set = state.lookup(name).filter(|value| !value.is_undefined());
    match (set, default) {
        (Some(set), default) => {
            if let Some(default) = default.filter(|default| !is_same_kind(default, &set)) {
                let wanted = format!("a {} (as its default)", default.kind());
                let error = Error::usage(format!("`{name}` must be {wanted}, not a {}", set.kind()));
                let Frame { file, text, .. } = &*frame(state);
                let error = match place::set_of(text, name) {
                    Some(at) => {
                        place::point(error, "set at", file, text, place::line_of(text, at.start), Some(at))
                    }
                    None => error,
                };
                return Err(error.into());
            }
            Ok(set)
        }
        (None, Some(default)) => {
            if language::FACTS.contains(&name) {
                facts(state).defaults.insert(name.to_string(), default.clone());
            }
            Ok(default)
        }
        (None, None) => {
            let error = Error::usage(format!("`{name}` is not set"));
            let doc = text_keyword("fact", &words, "doc")?;
            let error = if let Some(doc) = doc { error.with(name, doc) } else { error };
            Err(error.hint(format!("write `{{% set {name} = ... %}}` into the definition")).into())
        }
    }
}

/// The error for an option that a package does not have.
pub(in super::super) fn unknown_option<'a>(
    label: &str,
    given: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Error {
    let error = Error::usage(format!("`{label}` has no option `{}`", given.escape_debug()));
    match error::nearest(given, known.clone()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => {
            let known: Vec<&str> = known.collect();
            error.with("its options", if known.is_empty() { "none".to_string() } else { known.join(", ") })
        }
    }
}

fn choices(words: &Kwargs) -> Result<Vec<Value>> {
    match keyword(words, "choices") {
        None => Ok(Vec::new()),
        Some(value) if value.kind() == ValueKind::Seq => Ok(value.try_iter().into_iter().flatten().collect()),
        Some(value) => Err(wrong_kind("option", "choices", "a list", value.kind())),
    }
}

/// A value is of its default's kind; a default of none stands for any.
fn same_kind(name: &str, default: Option<&Value>, value: &Value) -> Result<()> {
    match default {
        Some(default) if !is_same_kind(default, value) => Err(Error::usage(format!(
            "option `{name}` must be a {} (as its default), not a {}",
            default.kind(),
            value.kind()
        ))),
        _ => Ok(()),
    }
}

fn is_same_kind(default: &Value, value: &Value) -> bool {
    let kind = |value: &Value| match value.kind() {
        ValueKind::Iterable => ValueKind::Seq,
        kind => kind,
    };
    default.is_none() || kind(default) == kind(value)
}

/// Reads the text of a command line as a value of the default's kind.
fn read(name: &str, default: Option<&Value>, text: &str) -> Result<Value> {
    let wrong = |wanted: &str| Error::usage(format!("option `{name}` must be {wanted}, not `{text}`"));
    match default.map(Value::kind) {
        Some(ValueKind::Bool) => match text {
            "on" | "true" | "yes" => Ok(Value::from(true)),
            "off" | "false" | "no" => Ok(Value::from(false)),
            _ => Err(wrong("`on` or `off`")),
        },
        Some(ValueKind::Number) => text.parse::<i64>().map(Value::from).map_err(|_| wrong("a whole number")),
        Some(ValueKind::Seq) => {
            Ok(text.split(',').filter(|item| !item.is_empty()).map(Value::from).collect::<Vec<_>>().into())
        }
        Some(ValueKind::Map) => Ok(Value::from_pairs(
            text.split(',')
                .filter(|item| !item.is_empty())
                .map(|item| item.split_once('=').ok_or_else(|| wrong("KEY=VALUE,KEY=VALUE")))
                .collect::<Result<Vec<_>>>()?
                .into_iter()
                .map(|(key, value)| (key, word(value))),
        )),
        _ => Ok(Value::from(text)),
    }
}

/// A value inside of a map: `on` and `off` are meant as such.
fn word(text: &str) -> Value {
    match text {
        "on" | "true" | "yes" | "y" => Value::from(true),
        "off" | "false" | "no" | "n" => Value::from(false),
        _ => text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from),
    }
}
