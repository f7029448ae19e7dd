//! `[sources]` and `[mirrors]` of `pthbs.toml`, and what the environment says about fetching.

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;

use serde::Deserialize;

use super::{PROJECT_FILE, ProjectFile, flag_variable, proxies};
use crate::base::Result;
use crate::source::{Config, Mirror};

/// `[sources]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sources {
    /// Directories of files; a file of the right sha256 in one is as good as a download.
    pub distfiles: Vec<PathBuf>,
    /// The largest file or git pack that is accepted, in bytes.
    pub max_bytes: Option<u64>,
}

/// `[mirrors]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mirrors {
    /// URLs of files by their sum, which stands for `{sha256}` in them.
    pub sha256: Vec<String>,
    /// What takes the place of the beginnings of URLs.
    pub prefix: BTreeMap<String, Places>,
}

/// One place or several, in the order to try them.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Places {
    /// `"https://mirror/"`
    One(String),
    /// `["https://near/", "https://far/"]`
    Several(Vec<String>),
}

impl ProjectFile {
    /// How to fetch: what this file says, and the environment.
    pub fn fetching(&self, is_offline: bool) -> Result<Config> {
        let mut distfiles = distfiles_variable();
        distfiles.extend(self.sources.distfiles.iter().cloned());
        let default = Config::default();
        Ok(Config {
            distfiles,
            offline: is_offline || flag_variable("PTHBS_OFFLINE"),
            mirrors: self.mirrors.all().map_err(|error| error.with("in", PROJECT_FILE))?,
            proxies: proxies(),
            max_bytes: self.sources.max_bytes.unwrap_or(default.max_bytes),
            ..default
        })
    }
}

impl Mirrors {
    /// Longer beginnings first: who names a part of a server means that part more than the whole.
    fn all(&self) -> Result<Vec<Mirror>> {
        let by_sum = self.sha256.iter().map(|url| Mirror::by_hash(url));
        let mut prefixes: Vec<(&String, &Places)> = self.prefix.iter().collect();
        prefixes.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
        let rewritten = prefixes.into_iter().flat_map(|(from, places)| {
            let places = match places {
                Places::One(place) => std::slice::from_ref(place),
                Places::Several(places) => places,
            };
            places.iter().map(move |to| Mirror::prefix(from, to))
        });
        by_sum.chain(rewritten).collect()
    }
}

/// Distfiles directories from `PTHBS_DISTFILES`, separated by colons.
fn distfiles_variable() -> Vec<PathBuf> {
    let dirs =
        env::var_os("PTHBS_DISTFILES").map(|value| env::split_paths(&value).collect()).unwrap_or_default();
    let dirs: Vec<PathBuf> = dirs;
    dirs.into_iter().filter(|dir| !dir.as_os_str().is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fetching(text: &str) -> Result<Config> {
        toml::from_str::<ProjectFile>(text).unwrap().fetching(false)
    }

    #[test]
    fn mirrors_are_read_with_the_longest_beginning_first() {
        let config = fetching(
            "[sources]\nmax_bytes = 1000\n[mirrors]\nsha256 = [\"https://m/{sha256}\"]\n[mirrors.prefix]\n\
             \"https://h/\" = \"https://far/\"\n\"https://h/gnu/\" = [\"https://near/\", \"file:///gnu/\"]\n",
        )
        .unwrap();
        let prefix = |from: &str, to: &str| Mirror::Prefix { from: from.to_string(), to: to.to_string() };
        assert_eq!(
            config.mirrors,
            [
                Mirror::ByHash("https://m/{sha256}".to_string()),
                prefix("https://h/gnu/", "https://near/"),
                prefix("https://h/gnu/", "file:///gnu/"),
                prefix("https://h/", "https://far/"),
            ]
        );
        assert_eq!(config.max_bytes, 1000);
    }

    #[test]
    fn what_is_no_mirror_is_an_error() {
        for (text, why) in [
            ("sha256 = [\"https://m/\"]", "has no `{sha256}`"),
            ("sha256 = [\"ftp://m/{sha256}\"]", "`ftp:` is not one of"),
            ("prefix = { \"https://h/\" = \"m/\" }", "it is no URL"),
            ("prefix = { \"\" = \"https://m/\" }", "beginning of all URLs"),
        ] {
            let error = fetching(&format!("[mirrors]\n{text}\n")).unwrap_err().to_string();
            assert!(error.contains(why) && error.contains("in: pthbs.toml"), "{error}");
        }
        assert!(toml::from_str::<ProjectFile>("[mirrors]\nprefixes = {}\n").is_err());
    }
}
