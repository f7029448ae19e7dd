//! One rendered script, and what identifies it within a run: the package, the target, the options.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::Value;
use minijinja::value::ValueKind;

use super::facts::{Declared, Edge, Meta, Relation, SourceUse};
use super::language;
use super::trace::Origin;
use crate::base::{Error, Result, Sha256};
use crate::script::{InstallId, PackageName, Script};

/// One script with what was recorded while it was rendered.
#[derive(Debug)]
pub struct Rendering {
    /// The script.
    pub script: Script,
    /// What it uses, in the order of the calls.
    pub edges: Vec<Edge>,
    /// Its sources, in the order of the calls.
    pub sources: Vec<SourceUse>,
    /// What is known beside the script.
    pub meta: Meta,
    /// Its options.
    pub options: Vec<Declared>,
    /// Files beside the definition that it holds.
    pub files: Vec<String>,
    /// Where each line comes from, in a traced run.
    pub origins: Vec<Option<Origin>>,
}

impl Rendering {
    /// The installs below `/versions` that a compiler must see: those of `dep`, and theirs, each once.
    ///
    /// Level by level, the direct ones first in the order of the calls.
    pub(super) fn closure(edges: &[Edge]) -> Vec<InstallId> {
        fn deps(edges: &[Edge]) -> impl Iterator<Item = &Edge> {
            edges.iter().filter(|edge| edge.relation == Relation::Dep)
        }
        let mut queue: Vec<&Edge> = deps(edges).collect();
        let mut seen = BTreeSet::new();
        let mut closure = Vec::new();
        let mut next = 0;
        while let Some(&edge) = queue.get(next) {
            next += 1;
            if seen.insert(edge.to.script.id) {
                closure.push(edge.to.script.install_id());
                queue.extend(deps(&edge.to.edges));
            }
        }
        closure
    }
}

/// What is asked for.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub name: PackageName,
    /// What the script is to make.
    pub target: String,
    /// Options given by the caller.
    pub options: BTreeMap<String, Value>,
    /// The label that the caller chose.
    pub alias: Option<String>,
}

/// Two requests with one key are one script.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub name: PackageName,
    target: String,
    options: String,
}

impl Request {
    /// The package as it is without anybody's options.
    pub(super) fn plain(name: &PackageName, target: &str) -> Request {
        Request { name: name.clone(), target: target.to_string(), options: BTreeMap::new(), alias: None }
    }

    /// The package as it is, for the target that everything is for where nobody says otherwise.
    pub(super) fn of_package(name: &PackageName) -> Request {
        Request::plain(name, language::TARGET)
    }

    /// What its script is called in the index.
    pub(super) fn label(&self) -> Result<String> {
        Ok(self.key()?.label(self.alias.as_deref(), language::TARGET))
    }

    /// What identifies the script; an option that is no plain value is an error.
    pub(super) fn key(&self) -> Result<Key> {
        let mut options = String::new();
        for (name, value) in &self.options {
            options.push_str(name);
            options.push('=');
            write_canonical(value, &mut options)
                .map_err(|kind| Error::usage(format!("option `{name}` cannot be a {kind}")))?;
            options.push('\n');
        }
        Ok(Key { name: self.name.clone(), target: self.target.clone(), options })
    }
}

impl Key {
    /// `NAME@LABEL`: the label is the caller's, else 8 digits of the sum of target and options.
    pub(super) fn label(&self, alias: Option<&str>, default_target: &str) -> String {
        let name = &self.name;
        match alias {
            Some(alias) => format!("{name}@{alias}"),
            None if self.options.is_empty() && self.target == default_target => name.to_string(),
            None => {
                let mut text = self.options.clone();
                if self.target != default_target {
                    text.push_str(&format!("target={}\n", self.target));
                }
                format!("{name}@{}", Sha256::of(text.as_bytes()).short())
            }
        }
    }
}

/// The one spelling of a plain value, JSON in form; gives the kind of a value that is not plain.
pub(super) fn canonical(value: &Value) -> Result<String, ValueKind> {
    let mut text = String::new();
    write_canonical(value, &mut text)?;
    Ok(text)
}

fn write_canonical(value: &Value, text: &mut String) -> Result<(), ValueKind> {
    match value.kind() {
        ValueKind::None => text.push_str("null"),
        ValueKind::Bool => text.push_str(if value.is_true() { "true" } else { "false" }),
        ValueKind::Number => text.push_str(&value.to_string()),
        ValueKind::String => write_string(value.as_str().unwrap_or_default(), text),
        ValueKind::Seq => {
            text.push('[');
            for (position, item) in value.try_iter().into_iter().flatten().enumerate() {
                text.push_str(if position > 0 { "," } else { "" });
                write_canonical(&item, text)?;
            }
            text.push(']');
        }
        ValueKind::Map => {
            let keys: BTreeMap<String, Value> =
                value.try_iter().into_iter().flatten().map(|key| (key.to_string(), key)).collect();
            text.push('{');
            for (position, (name, key)) in keys.iter().enumerate() {
                text.push_str(if position > 0 { "," } else { "" });
                write_string(name, text);
                text.push(':');
                write_canonical(&value.get_item(key).unwrap_or_default(), text)?;
            }
            text.push('}');
        }
        kind => return Err(kind),
    }
    Ok(())
}

fn write_string(string: &str, text: &mut String) {
    text.push('"');
    for c in string.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            '\n' => text.push_str("\\n"),
            c if c.is_control() => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => text.push(c),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;

    #[test]
    fn a_value_has_one_spelling() {
        let value = context!(b => vec![1, 2], a => "x\"\n", c => context!(y => true, x => ()));
        assert_eq!(canonical(&value).unwrap(), r#"{"a":"x\"\n","b":[1,2],"c":{"x":null,"y":true}}"#);
        assert_eq!(canonical(&Value::UNDEFINED), Err(ValueKind::Undefined));
    }

    #[test]
    fn a_label_is_the_callers_or_a_sum() {
        let name: PackageName = "zsh".parse().unwrap();
        let mut request = Request::plain(&name, "t");
        assert_eq!(request.key().unwrap().label(None, "t"), "zsh");
        assert_eq!(request.key().unwrap().label(Some("tiny"), "t"), "zsh@tiny");
        let other_target = request.key().unwrap().label(None, "u");
        request.options.insert("x".into(), Value::from(1));
        let option = request.key().unwrap().label(None, "t");
        assert_eq!((other_target.len(), option.len()), (12, 12));
        assert_ne!(other_target, option);
    }
}
