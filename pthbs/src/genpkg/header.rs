//! The header of a script, made from the facts of its rendering.

use std::collections::BTreeMap;

use minijinja::Value;
use minijinja::value::ValueKind;

use super::facts::{Facts, Meta, Relation};
use super::language;
use super::update::UpdateRule;
use crate::base::{Error, Result, error};
use crate::script::{Header, InstallId, PackageName, Sandbox, about, header};

/// What is wrong, and in which fact.
pub(super) struct Wrong {
    pub fact: &'static str,
    /// The key within it, as the definition has it.
    pub key: Option<String>,
    pub error: Error,
}

impl Wrong {
    fn fact(fact: &'static str, error: Error) -> Wrong {
        Wrong { fact, key: None, error }
    }

    fn meta(key: impl Into<String>, error: Error) -> Wrong {
        Wrong { fact: "meta", key: Some(key.into()), error }
    }
}

/// Builds the header; `fact` gives the values that the definition has set.
pub(super) fn build(
    name: &PackageName,
    facts: &Facts,
    fact: &dyn Fn(&'static str) -> Option<Value>,
) -> Result<(Header, Meta), Wrong> {
    let words = |key: &'static str| {
        let value = fact(key).filter(|value| !value.is_undefined());
        let value = value.ok_or_else(|| Wrong::fact(key, Error::usage(format!("`{key}` is not set"))))?;
        word(key, &value).map_err(|error| Wrong::fact(key, error))
    };
    let flag = |key: &'static str| match fact(key) {
        None => Ok(true),
        Some(value) if value.kind() == ValueKind::Bool => Ok(value.is_true()),
        Some(value) => {
            let error = Error::usage(format!("`{key}` is true or false, not a {}", value.kind()));
            let meant = value.as_str().and_then(|word| match word.to_lowercase().as_str() {
                "true" | "on" | "yes" => Some("true"),
                "false" | "off" | "no" => Some("false"),
                _ => None,
            });
            let hint = meant.map(|meant| format!("write `{{% set {key} = {meant} %}}`, without quotes"));
            Err(Wrong::fact(key, hint.into_iter().fold(error, Error::hint)))
        }
    };
    let sandbox = match fact("sandbox") {
        None => Sandbox::On,
        Some(value) => value.as_str().and_then(Sandbox::from_word).ok_or_else(|| {
            let value = value.to_string();
            let error = Error::usage(format!("`sandbox` cannot be `{}`", value.escape_debug()));
            let error = error.with("choices", "\"on\", \"host\", \"off\"");
            Wrong::fact(
                "sandbox",
                match error::nearest(&value, ["on", "host", "off"]) {
                    Some(near) => error.hint(format!("did you mean `{near}`?")),
                    None => error,
                },
            )
        })?,
    };
    let ids = |relation: Relation| {
        let edges = facts.edges.iter().filter(|edge| edge.relation == relation);
        let mut ids: Vec<InstallId> = edges.map(|edge| edge.to.script.install_id()).collect();
        ids.sort_unstable();
        // One script may be used under two labels.
        ids.dedup();
        ids.shrink_to_fit();
        ids
    };
    let mut sources: Vec<_> = facts.sources.iter().map(|used| used.source.clone()).collect();
    sources.sort_by_cached_key(ToString::to_string);
    let header = Header {
        name: name.clone(),
        version: words("version")?,
        system: words("system")?,
        target: words("target")?,
        sources,
        tools: ids(Relation::Tool),
        deps: ids(Relation::Dep),
        needs: ids(Relation::Needs),
        sandbox,
        set_path: flag("set_path")?,
        is_static: flag("static")?,
    };
    let meta = fact("meta").map_or(Ok(Meta::default()), |value| meta(&value))?;
    Ok((header, meta))
}

/// One plain word of the header.
fn word(key: &str, value: &Value) -> Result<String> {
    match value.as_str() {
        Some(text) => header::word(key, text).map_err(Error::usage),
        // 1.10 without quotes is the number 1.1.
        None => Err(Error::usage(format!("`{key}` must be text, not a {}", value.kind()))
            .hint(format!("put it in quotes; without them it is {value}"))),
    }
}

/// Reads `meta`.
fn meta(value: &Value) -> Result<Meta, Wrong> {
    let mut entries = entries(value, "meta", &language::META)?;
    let mut take = |key: &str| match remove(&mut entries, key) {
        None => Ok(String::new()),
        Some(value) => match value.as_str() {
            Some(text) if !text.contains(['\n', '\t']) => Ok(text.to_string()),
            _ => Err(Wrong::meta(key, Error::usage(format!("`meta.{key}` must be one line of text")))),
        },
    };
    let (description, license, homepage) = (take("description")?, take("license")?, take("homepage")?);
    let unverified = take("reason")?;
    let is_verified = remove(&mut entries, "verified").is_none_or(|value| value.is_true());
    if is_verified != unverified.is_empty() {
        let key = if is_verified { "reason" } else { "verified" };
        let error = Error::usage("`meta.verified` is false with a `reason`, or neither is there");
        return Err(Wrong::meta(key, error));
    }
    let update = remove(&mut entries, "update").map(|rule| update(&rule)).transpose()?;
    let mut silence = BTreeMap::new();
    if let Some(words) = remove(&mut entries, "silence") {
        for (word, reason) in self::entries(&words, "meta.silence", &about::FINDINGS)? {
            let reason = reason.as_str().filter(|reason| !reason.trim().is_empty());
            let reason = reason.ok_or_else(|| {
                let what = format!("`meta.silence.{word}` must be text: the reason why it is no fault");
                Wrong::meta(word, Error::usage(what))
            })?;
            silence.insert(word.to_string(), reason.to_string());
        }
    }
    Ok(Meta { description, license, homepage, silence, unverified, update })
}

/// Reads `meta.update`.
fn update(rule: &Value) -> Result<UpdateRule, Wrong> {
    let mut entries = entries(rule, "meta.update", &language::UPDATE)?;
    let mut take = |key: &str| match remove(&mut entries, key) {
        None => Err(Wrong::meta("update", Error::usage(format!("`meta.update` has no `{key}`")))),
        Some(value) => match value.as_str() {
            Some(text) => Ok(text.to_string()),
            None => Err(Wrong::meta(key, Error::usage(format!("`meta.update.{key}` must be text")))),
        },
    };
    let rule = UpdateRule { url: take("url")?, pattern: take("pattern")? };
    // Here and not in `genpkg update`: only here can the line be pointed at, and few packages have a rule of their own.
    rule.regex().map_err(|error| Wrong::meta("pattern", error))?;
    Ok(rule)
}

/// The entries of a map whose keys are some of these names.
fn entries<'k>(value: &Value, what: &str, known: &[&'k str]) -> Result<Vec<(&'k str, Value)>, Wrong> {
    if value.kind() != ValueKind::Map {
        let error = Error::usage(format!("`{what}` must be a map, not a {}", value.kind()));
        return Err(Wrong::meta(what.rsplit('.').next().unwrap_or(what), error));
    }
    let mut entries = Vec::new();
    for key in value.try_iter().into_iter().flatten() {
        let found = known.iter().find(|name| key.as_str() == Some(**name));
        let Some(name) = found else {
            let name = key.to_string();
            let error = Error::usage(format!("`{what}` has no `{}`", name.escape_debug()));
            let error = match error::nearest(&name, known.iter().copied()) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.with("it may hold", known.join(", ")),
            };
            return Err(Wrong::meta(name, error));
        };
        entries.push((*name, value.get_item(&key).unwrap_or_default()));
    }
    Ok(entries)
}

/// Takes the value of a key out of a map's entries.
fn remove(entries: &mut Vec<(&str, Value)>, key: &str) -> Option<Value> {
    let position = entries.iter().position(|(name, _)| *name == key)?;
    Some(entries.swap_remove(position).1)
}
