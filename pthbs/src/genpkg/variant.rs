//! A package with options that no definition asks for, but somebody outside: an environment file.

use std::collections::BTreeMap;

use minijinja::Value;

use super::calls;
use super::catalog::Catalog;
use super::instance::Request;
use crate::base::{Error, Result};

/// What is asked for: as `needs("name", as="label", option=value)` asks in a definition.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Variant {
    /// The package.
    pub name: String,
    /// What the variant is to be called, behind `NAME@`.
    pub label: Option<String>,
    /// Its options.
    pub options: BTreeMap<String, toml::Value>,
}

impl Variant {
    /// `NAME@LABEL`; NAME where there are no options and no label.
    pub fn label(&self) -> Result<String> {
        let name = self.name.parse()?;
        Request { alias: self.label.clone(), options: self.values()?, ..Request::of_package(&name) }.label()
    }

    /// As one definition asks for another.
    pub(super) fn request(&self, catalog: &Catalog) -> Result<Request> {
        let name = catalog.find(&self.name)?;
        self.label.as_deref().map_or(Ok(()), calls::check_label)?;
        Ok(Request { alias: self.label.clone(), options: self.values()?, ..Request::of_package(name) })
    }

    fn values(&self) -> Result<BTreeMap<String, Value>> {
        let value = |(name, value): (&String, &toml::Value)| Ok((name.clone(), read(name, value)?));
        self.options.iter().map(value).collect()
    }
}

/// A TOML value as one of a definition; a date is none.
fn read(name: &str, value: &toml::Value) -> Result<Value> {
    Ok(match value {
        toml::Value::String(text) => Value::from(text.as_str()),
        toml::Value::Integer(number) => Value::from(*number),
        toml::Value::Float(number) => Value::from(*number),
        toml::Value::Boolean(flag) => Value::from(*flag),
        toml::Value::Array(items) => {
            items.iter().map(|item| read(name, item)).collect::<Result<Vec<_>>>()?.into()
        }
        toml::Value::Table(table) => {
            let pair = |(key, value): (&String, &toml::Value)| Ok((key.clone(), read(name, value)?));
            Value::from_pairs(table.iter().map(pair).collect::<Result<Vec<_>>>()?)
        }
        toml::Value::Datetime(_) => return Err(Error::usage(format!("option `{name}` cannot be a date"))),
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Fixture;
    use super::super::{Options, Output};
    use super::*;

    const TOOL: &str = "{% extends \"base\" %}{% set version = \"1\" %}{% set flags = [\"plain\"] %}\n\
                        {% set _size = option(\"size\", default=\"big\", choices=[\"big\", \"tiny\"], doc=\"\") %}\n\
                        {% block build %}\n\
                        : {{ _size }}\n\
                        {% endblock %}\n";

    fn render(variants: &[Variant]) -> Result<Output> {
        let fixture =
            Fixture::new(&[("tool", TOOL), ("other", "{% extends \"base\" %}{% set version = \"1\" %}\n")]);
        fixture.open().render(&Options { variants: variants.to_vec(), ..Options::default() })
    }

    fn tool(label: Option<&str>, options: &[(&str, &str)]) -> Variant {
        let options = options.iter().map(|(name, value)| (name.to_string(), toml::Value::from(*value)));
        Variant { name: "tool".into(), label: label.map(String::from), options: options.collect() }
    }

    #[test]
    fn a_variant_is_rendered_by_its_label_and_nothing_else_is() {
        let variants =
            [tool(Some("small"), &[("size", "tiny")]), tool(None, &[("size", "tiny")]), tool(None, &[])];
        let output = render(&variants).unwrap_or_else(|error| panic!("{error}"));
        let labels: Vec<String> = variants.iter().map(|variant| variant.label().unwrap()).collect();
        assert_eq!((labels[0].as_str(), labels[2].as_str()), ("tool@small", "tool"));
        let mut sorted = labels.clone();
        sorted.sort();
        assert!(output.scripts.keys().eq(&sorted), "{:?}", output.scripts.keys());
        let script = |label: &String| &output.scripts[label].script;
        assert!(script(&labels[0]).text.contains(": tiny\n") && script(&labels[2]).text.contains(": big\n"));
        assert_eq!(script(&labels[0]).id, script(&labels[1]).id);
    }

    #[test]
    fn a_wrong_variant_is_an_error_as_in_a_definition() {
        let why = |variant: Variant| render(&[variant]).err().expect("it is wrong").to_string();
        let text = why(tool(None, &[("siez", "tiny")]));
        assert!(text.contains("has no option `siez`\n  hint: did you mean `size`?"), "{text}");
        assert!(why(tool(None, &[("size", "tyni")])).contains("option `size` cannot be `tyni`"));
        assert!(why(tool(Some("A b"), &[])).contains("is no label"));
        let absent = Variant { name: "toll".into(), ..Variant::default() };
        assert!(why(absent).contains("package `toll` not found\n  hint: did you mean `tool`?"));
        let date = toml::from_str::<toml::Table>("size = 2020-01-01").unwrap().remove("size").unwrap();
        let dated = Variant { options: [("size".to_string(), date)].into(), ..tool(None, &[]) };
        assert!(why(dated).contains("option `size` cannot be a date"));
    }
}
