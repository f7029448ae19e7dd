//! Build options: which there are for the whole project, where their values come from.

use std::collections::{BTreeMap, BTreeSet};

use super::variant::Variant;
use crate::base::{Error, Result, error};
use crate::script::PackageName;
use crate::script::rendered::{Index, OptionValue};

/// A global option: its name and what it may be, the default first.
pub(super) const GLOBAL: [(&str, &[&str]); 3] = [
    ("toolchain", &["musl-cross-make", "host", "native"]),
    ("sources", &["upstream", "debian"]),
    ("check", &["on", "off"]),
];

/// What a render is asked for.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Values by `NAME` (global) or `PACKAGE.NAME`, as `-o` gives them. They go before those of `pthbs.toml`.
    pub given: BTreeMap<String, String>,
    /// Those of `given` that nobody gives this time: an earlier render did.
    pub kept: BTreeSet<String>,
    /// Render these packages and what they use; all packages when empty and no variant is asked for.
    pub only: Vec<String>,
    /// Render these besides.
    pub variants: Vec<Variant>,
    /// Threads to render on; as many as there are cores when 0. It never changes what is rendered.
    pub threads: usize,
    /// Note where every line of a script comes from (`Rendering::origins`). It never changes what is rendered.
    pub traces: bool,
}

impl Options {
    /// Adds `K=V` as it stands after `-o`.
    pub fn give(&mut self, assignment: &str) -> Result<()> {
        let (name, value) = assignment.split_once('=').ok_or_else(|| {
            Error::usage(format!("`-o {assignment}` is not NAME=VALUE or PACKAGE.NAME=VALUE"))
        })?;
        check_value(value)?;
        self.given.insert(name.to_string(), value.to_string());
        self.kept.remove(name);
        Ok(())
    }

    /// Keeps the values that `-o` gave to an earlier render, where this one gives none.
    pub fn keep(&mut self, index: &Index) {
        for (name, value) in index.options.iter().filter(|(_, value)| value.is_given) {
            if !self.given.contains_key(name) {
                self.given.insert(name.clone(), value.value.clone());
                self.kept.insert(name.clone());
            }
        }
    }
}

/// Every value in force.
#[derive(Debug, Clone, Default)]
pub(super) struct Values {
    /// Global options, all of them.
    pub global: BTreeMap<&'static str, OptionValue>,
    /// Package options that somebody gave.
    pub package: BTreeMap<PackageName, BTreeMap<String, OptionValue>>,
    /// Names, as `-o` has them, of those that an earlier render was given.
    pub kept: BTreeSet<String>,
}

impl Values {
    /// The defaults.
    pub(super) fn new() -> Values {
        let of = |choices: &[&str]| OptionValue { value: choices[0].to_string(), is_given: false };
        Values {
            global: GLOBAL.iter().map(|(name, choices)| (*name, of(choices))).collect(),
            ..Values::default()
        }
    }

    /// Sets one value; a wrong name or choice is an error. A package can be the toolchain, as one that was imported.
    pub(super) fn set(
        &mut self,
        name: &str,
        value: &str,
        is_given: bool,
        is_package: impl Fn(&str) -> bool,
    ) -> Result<()> {
        check_value(value)?;
        let value = OptionValue { value: value.to_string(), is_given };
        if let Some((package, option)) = name.split_once('.') {
            let package = package.parse::<PackageName>()?;
            self.package.entry(package).or_default().insert(option.to_string(), value);
            return Ok(());
        }
        let Some((name, choices)) = GLOBAL.iter().find(|(known, _)| *known == name) else {
            let error = Error::usage(format!("unknown option `{name}`"));
            let known = GLOBAL.map(|(name, _)| name);
            return Err(match error::nearest(name, known) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error
                    .with("options", known.join(", "))
                    .hint("a package's option is written PACKAGE.OPTION=VALUE"),
            });
        };
        let is_choice =
            choices.contains(&value.value.as_str()) || (*name == "toolchain" && is_package(&value.value));
        if !is_choice {
            return Err(not_a_choice(name, &value.value, choices));
        }
        self.global.insert(name, value);
        Ok(())
    }

    /// Where the value of an option, by its name for `-o`, comes from, as errors name it.
    pub(super) fn given_by(&self, name: &str) -> &'static str {
        let of_package = name.split_once('.').and_then(|(package, option)| {
            let mut all = self.package.iter();
            all.find(|(name, _)| name.as_str() == package).and_then(|(_, options)| options.get(option))
        });
        match of_package.or_else(|| self.global.get(name)) {
            _ if self.kept.contains(name) => {
                "-o of the last `genpkg render`, which is kept until one without it"
            }
            Some(value) if !value.is_given => "pthbs.toml",
            _ => "-o",
        }
    }

    /// As the index holds them.
    pub(super) fn for_index(&self) -> BTreeMap<String, OptionValue> {
        let global = self.global.iter().map(|(name, value)| (name.to_string(), value.clone()));
        let package = self.package.iter().flat_map(|(package, options)| {
            options.iter().map(move |(name, value)| (format!("{package}.{name}"), value.clone()))
        });
        global.chain(package).collect()
    }
}

/// The index holds a value on one line, and a word at its end says who gave it.
fn check_value(value: &str) -> Result<()> {
    match value.contains('\n') || value.ends_with(" given") {
        true => Err(Error::usage(format!("`{}` cannot be an option's value", value.escape_debug()))),
        false => Ok(()),
    }
}

/// The error for a value that is none of an option's choices.
pub(super) fn not_a_choice(name: &str, value: &str, choices: &[&str]) -> Error {
    let error = Error::usage(format!("option `{name}` cannot be `{}`", value.escape_debug()))
        .with("choices", choices.join(", "));
    match error::nearest(value, choices.iter().copied()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none(_: &str) -> bool {
        false
    }

    #[test]
    fn a_misspelt_option_or_choice_is_an_error() {
        let mut values = Values::new();
        let error = values.set("toolchian", "host", true, none).unwrap_err().to_string();
        assert_eq!(error, "error: unknown option `toolchian`\n  hint: did you mean `toolchain`?");
        let error = values.set("toolchain", "hots", true, none).unwrap_err().to_string();
        assert_eq!(
            error,
            "error: option `toolchain` cannot be `hots`\n  choices: musl-cross-make, host, native\n  hint: did you mean `host`?"
        );
        assert!(values.set("toolchain", "hots", true, |name| name == "hots").is_ok());
        assert!(values.set("check", "hots", true, |name| name == "hots").is_err());
        assert!(values.set("../x.y", "1", true, none).is_err());
        assert!(values.set("x.y", "1\n2", false, none).is_err());
        assert!(Options::default().give("toolchain").is_err());
        assert!(Options::default().give("zsh.x=a\nb").is_err());
    }

    #[test]
    fn given_values_are_kept_by_a_later_render() {
        let mut values = Values::new();
        values.set("toolchain", "host", true, none).unwrap();
        values.set("check", "off", false, none).unwrap();
        values.set("zsh.tiny", "on", true, none).unwrap();
        let index = Index { options: values.for_index(), ..Index::default() };
        let mut later = Options::default();
        later.give("zsh.tiny=off").unwrap();
        later.keep(&index);
        let expected = [("toolchain", "host"), ("zsh.tiny", "off")];
        assert_eq!(later.given, expected.map(|(k, v)| (k.to_string(), v.to_string())).into());
        assert_eq!(later.kept, ["toolchain".to_string()].into());
    }
}
