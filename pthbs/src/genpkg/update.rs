//! How newer versions of a package are found: by the rule of its `meta`, else by one made from its first address.

use regex_lite::Regex;

use super::instance::Rendering;
use crate::base::{Error, Result};

/// A page, and a regular expression whose group is a version there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateRule {
    /// The address of the page.
    pub url: String,
    /// The regular expression.
    pub pattern: String,
}

impl Rendering {
    /// The rule of `meta.update`, else the files beside the first source that comes from the web.
    pub fn update_rule(&self) -> Option<UpdateRule> {
        let made = || {
            let mut urls = self.sources.iter().flat_map(|used| &used.urls);
            let first = urls.find(|url| url.starts_with("http:") || url.starts_with("https:"))?;
            UpdateRule::beside(first, &self.script.header.version)
        };
        self.meta.update.clone().or_else(made)
    }
}

impl UpdateRule {
    /// The pattern, made ready.
    pub fn regex(&self) -> Result<Regex> {
        let pattern = &self.pattern;
        let shown = pattern.escape_debug();
        let regex = Regex::new(pattern).map_err(|cause| {
            Error::usage(format!("`{shown}` is no regular expression")).line(cause.to_string())
        })?;
        if regex.captures_len() < 2 {
            return Err(Error::usage(format!("`{shown}` has no group for the version"))
                .hint("put what is the version in parentheses"));
        }
        Ok(regex)
    }

    /// The rule for a file's successors: its directory is the page, and in its name a group stands for the version.
    ///
    /// None where the name has no version, or nothing else (forges make such files of tags, and list them elsewhere),
    /// and where the directory is one version's own.
    fn beside(url: &str, version: &str) -> Option<UpdateRule> {
        let (dir, file) = url.rsplit_once('/')?;
        let (before, after) = file.split_once(version)?;
        let is_part = before.ends_with(|c: char| c.is_ascii_digit() || c == '.')
            || after.starts_with(|c: char| c.is_ascii_digit());
        let is_bare = matches!(before, "" | "v");
        if is_part || is_bare || after.contains(version) || dir.contains(version) || file.contains(['?', '#'])
        {
            return None;
        }
        let pattern = format!("{}({}+){}", quoted(before), class(version), quoted(after));
        Some(UpdateRule { url: format!("{dir}/"), pattern })
    }
}

/// The characters that versions like this one are made of: `[0-9.]` for `1.3`. Letters would let `1.4rc1` in.
fn class(version: &str) -> String {
    let has = |is_one: fn(&char) -> bool| version.chars().any(|c| is_one(&c));
    let letters = [
        ("0-9", has(char::is_ascii_digit)),
        ("A-Z", has(char::is_ascii_uppercase)),
        ("a-z", has(char::is_ascii_lowercase)),
    ];
    let letters = letters.into_iter().filter_map(|(range, is_there)| is_there.then_some(range));
    // A hyphen is one at the end alone.
    let others = [".", "+", "_", "~", "-"].into_iter().filter(|other| version.contains(other));
    format!("[{}]", letters.chain(others).collect::<String>())
}

/// Text as a regular expression that means nothing else.
fn quoted(text: &str) -> String {
    let quoted = |c: char| if r"\.+*?()|[]{}^$".contains(c) { format!("\\{c}") } else { c.to_string() };
    text.chars().map(quoted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::genpkg::fixture::Fixture;

    fn beside(url: &str, version: &str) -> Option<(String, String)> {
        UpdateRule::beside(url, version).map(|rule| (rule.url, rule.pattern))
    }

    #[test]
    fn a_file_is_found_among_its_successors() {
        for (url, version, pattern) in [
            ("https://e.org/d/zlib-1.3.1.tar.gz", "1.3.1", r"zlib-([0-9.]+)\.tar\.gz"),
            ("https://e.org/d/less-668.tar.gz", "668", r"less-([0-9]+)\.tar\.gz"),
            ("http://e.org/d/mawk-1.3.4-2025.tgz", "1.3.4-2025", r"mawk-([0-9.-]+)\.tgz"),
            ("https://e.org/d/libstdc++_v2b.tgz", "2b", r"libstdc\+\+_v([0-9a-z]+)\.tgz"),
        ] {
            assert_eq!(beside(url, version), Some((url[..=url.rfind('/').unwrap()].into(), pattern.into())));
        }
        for (url, version) in [
            ("https://e.org/u/tool/archive/refs/tags/v1.2.tar.gz", "1.2"),
            ("https://e.org/archive/1.2.tar.gz", "1.2"),
            ("https://e.org/download/v1.2/tool-1.2.tar.gz", "1.2"),
            ("https://e.org/tool-1.2.3.tar.gz", "1.3"),
            ("https://e.org/tool-11.2.tar.gz", "1.2"),
            ("https://e.org/tool-1.22.tar.gz", "1.2"),
            ("https://e.org/get?file=tool-1.2.tar.gz", "1.2"),
            ("https://e.org/tool-latest.tar.gz", "1.2"),
        ] {
            assert_eq!(beside(url, version), None, "{url}");
        }
    }

    #[test]
    fn a_definitions_own_rule_goes_before() {
        let rule = |lines: &str| {
            let package = format!("{{% extends \"base\" %}}\n{{% set version = \"1.0\" %}}\n{lines}\n");
            let output = Fixture::new(&[("x", &package)]).render().unwrap();
            output.scripts["x"].update_rule().map(|rule| (rule.url, rule.pattern))
        };
        let source =
            "{% do src([\"deb-src:trixie/x/x_1.0.tar.gz\", \"https://e.org/x-1.0.tar\"], sha256=\"\") %}";
        assert_eq!(rule(source), Some(("https://e.org/".into(), r"x-([0-9.]+)\.tar".into())));
        let own = "{% set meta = {\"update\": {\"url\": \"https://e.org/all\", \"pattern\": \"x(1)\"}} %}\n";
        assert_eq!(rule(&format!("{own}{source}")), Some(("https://e.org/all".into(), "x(1)".into())));
        assert_eq!(rule("{% do src(\"deb-src:trixie/x/x_1.0.tar.gz\", sha256=\"\") %}"), None);
        assert_eq!(rule(""), None);
    }

    #[test]
    fn a_rule_has_both_halves() {
        let package = "{% extends \"base\" %}\n{% set version = \"1\" %}\n\
                       {% set meta = {\"update\": {\"url\": \"https://e.org/\"}} %}\n";
        let error = Fixture::new(&[("x", package)]).error();
        assert!(
            error.starts_with("error: `meta.update` has no `pattern`\n  where: packages/x/package.sh:3\n"),
            "{error}"
        );
    }
}
