//! What somebody wants of an environment: packages by the names they were asked for, and rules that use such names.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::rules::Rules;
use super::table;
use crate::base::{Error, Result, error};
use crate::script::InstallId;

/// What was asked for, in words that can be resolved again for other versions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// By the name it was asked for (`zsh`, `busybox@tiny`): the install that was meant.
    #[serde(with = "as_texts", default)]
    pub asked: BTreeMap<String, InstallId>,
    /// How conflicts are settled.
    #[serde(flatten)]
    pub rules: NamedRules,
}

/// `Rules` with packages by name: as asked for, `NAME`, or `NAME.HASHPREFIX` of 8 digits or more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedRules {
    /// Path in the environment: the package whose entry is taken.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub prefer: BTreeMap<String, String>,
    /// Package: its paths that are left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub exclude: BTreeMap<String, Vec<String>>,
    /// Package: its paths, and where they are shown instead.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rename: BTreeMap<String, BTreeMap<String, String>>,
}

impl Wish {
    /// The installs that were asked for.
    pub fn installs(&self) -> BTreeSet<InstallId> {
        self.asked.values().cloned().collect()
    }

    /// The rules for an environment that has these installs (`closure` of those asked for).
    pub fn resolve(&self, installs: &BTreeSet<InstallId>) -> Result<Rules> {
        let mut rules = Rules::default();
        let mut errors = Vec::new();
        let mut find = |name: &str| self.find(name, installs).map_err(|error| errors.push(error)).ok();
        for (path, name) in &self.rules.prefer {
            rules.prefer.extend(find(name).map(|install| (path.into(), install)));
        }
        for (name, paths) in &self.rules.exclude {
            if let Some(install) = find(name) {
                rules.exclude.entry(install).or_default().extend(paths.iter().map(Into::into));
            }
        }
        for (name, paths) in &self.rules.rename {
            if let Some(install) = find(name) {
                let paths = paths.iter().map(|(from, to)| (from.into(), to.into()));
                rules.rename.entry(install).or_default().extend(paths);
            }
        }
        Error::all(errors).map_or(Ok(rules), Err)
    }

    /// The install that a rule's word means.
    pub(super) fn find(&self, name: &str, installs: &BTreeSet<InstallId>) -> Result<InstallId> {
        if let Some(install) = self.asked.get(name) {
            return Ok(install.clone());
        }
        let (plain, prefix) = match name.split_once('.') {
            Some((plain, prefix)) if prefix.len() >= 8 => (plain, prefix),
            Some(_) => return Err(self.unknown(name, installs)),
            None => (name, ""),
        };
        let is_meant = |install: &&InstallId| {
            install.name.as_str() == plain && install.id.to_string().starts_with(prefix)
        };
        let meant: Vec<&InstallId> = installs.iter().filter(is_meant).collect();
        match meant[..] {
            [install] => Ok(install.clone()),
            [] => Err(self.unknown(name, installs)),
            _ => {
                let names = table::keys(&meant, '.').join("`, `");
                Err(Error::usage(format!("a rule names `{name}`, of which this environment has several"))
                    .hint(format!("say which one: `{names}`")))
            }
        }
    }

    fn unknown(&self, name: &str, installs: &BTreeSet<InstallId>) -> Error {
        let error = Error::usage(format!("a rule names `{name}`, which is not in this environment"));
        let known = installs.iter().map(|install| install.name.as_str());
        match error::nearest(name, known.chain(self.asked.keys().map(String::as_str))) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error,
        }
    }
}

/// A map to installs, as texts.
mod as_texts {
    use serde::de::Error as _;
    use serde::{Deserializer, Serializer};

    use super::*;

    pub(super) fn serialize<S: Serializer>(
        map: &BTreeMap<String, InstallId>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_map(map.iter().map(|(name, install)| (name, install.to_string())))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<BTreeMap<String, InstallId>, D::Error> {
        let texts = BTreeMap::<String, String>::deserialize(from)?;
        let read = |(name, text): (String, String)| {
            let install = text.parse().map_err(|error: Error| D::Error::custom(error.what()))?;
            Ok((name, install))
        };
        texts.into_iter().map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::install;
    use super::*;

    fn twin() -> InstallId {
        format!("a.{}", "1234567890abcdef".repeat(4)).parse().unwrap()
    }

    fn wish(prefer: &[(&str, &str)]) -> Wish {
        let prefer = prefer.iter().map(|(path, name)| (path.to_string(), name.to_string())).collect();
        let asked = [("b@tiny".to_string(), install("b"))].into();
        Wish { asked, rules: NamedRules { prefer, ..NamedRules::default() } }
    }

    #[test]
    fn a_rule_names_packages_as_arguments_do() {
        let installs = [install("a"), twin(), install("b"), install("c")].into();
        let rules = wish(&[("1", "b@tiny"), ("2", "c"), ("3", "a.12345678")]).resolve(&installs).unwrap();
        let expected = [("1", install("b")), ("2", install("c")), ("3", twin())];
        assert_eq!(rules.prefer, expected.map(|(path, install)| (path.into(), install)).into());

        let text =
            wish(&[("1", "a"), ("2", "a.1234567"), ("3", "bb")]).resolve(&installs).unwrap_err().to_string();
        let expected = "error: a rule names `a`, of which this environment has several\n  \
                        hint: say which one: `a.12345678`, `a.ca978112`\n\n\
                        error: a rule names `a.1234567`, which is not in this environment\n\n\
                        error: a rule names `bb`, which is not in this environment\n  hint: did you mean `b`?";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_wish_reads_back() {
        let mut wish = wish(&[("bin/sh", "b")]);
        wish.rules.exclude.insert("b".into(), vec!["bin/vi".into()]);
        wish.rules.rename.insert("b".into(), [("x".into(), "y".into())].into());
        let text = serde_json::to_string(&wish).unwrap();
        assert_eq!(serde_json::from_str::<Wish>(&text).unwrap(), wish);
        assert!(serde_json::from_str::<Wish>("{\"asked\": {\"x\": \"../x\"}}").is_err());
    }
}
