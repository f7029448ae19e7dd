//! Changes of a definition's text that a program can make: another version, another sum, a new skeleton.

use super::place;
use crate::base::{Error, Result};
use crate::script::PackageName;

/// The text with another version: where it is set, and in every line that has an address or a file name of a source.
pub fn with_version(text: &str, old: &str, new: &str) -> Result<String> {
    let literal = format!("\"{old}\"");
    let is_set_plainly = place::set_of(text, "version").is_some_and(|at| {
        let rest = text[at.end..].trim_start();
        rest.strip_prefix('=').is_some_and(|value| value.trim_start().starts_with(&literal))
    });
    if !is_set_plainly {
        return Err(Error::usage(format!("the definition does not say `set version = {literal}`"))
            .hint("change it by hand; `sha256=\"\"` makes the fetch tell the new sum"));
    }
    let set_line = place::line_of(text, place::set_of(text, "version").map_or(0, |at| at.start));
    let mut changed = String::with_capacity(text.len());
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let has_address = line.contains("://") || line.contains("deb-src:") || line.contains("name=");
        // The rule for newer versions may name a series on purpose.
        let is_rule = line.contains("\"update\"") || line.contains("\"homepage\"");
        if number + 1 == set_line || (has_address && !is_rule) {
            changed.push_str(&replace_version(line, old, new));
        } else {
            changed.push_str(line);
        }
    }
    Ok(changed)
}

/// Replaces a version where it stands as a whole: `1.3` is no part of `1.3.1` or `11.3`.
fn replace_version(line: &str, old: &str, new: &str) -> String {
    let mut changed = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(old) {
        let (before, after) = (&rest[..at], &rest[at + old.len()..]);
        let continues_before = {
            let mut back = before.chars().rev();
            match (back.next(), back.next()) {
                (Some('.'), Some(digit)) => digit.is_ascii_digit(),
                (Some(c), _) => c.is_ascii_digit(),
                _ => false,
            }
        };
        let continues_after = {
            let mut ahead = after.chars();
            match (ahead.next(), ahead.next()) {
                (Some('.'), Some(digit)) => digit.is_ascii_digit(),
                (Some(c), _) => c.is_ascii_digit(),
                _ => false,
            }
        };
        changed.push_str(before);
        changed.push_str(if continues_before || continues_after { old } else { new });
        rest = after;
    }
    changed.push_str(rest);
    changed
}

/// What an address tells about a package: its name and version.
pub fn name_and_version(url: &str) -> (Option<PackageName>, Option<String>) {
    let path = url.split(['?', '#']).next().unwrap_or(url).trim_end_matches('/');
    let file = path.rsplit('/').next().unwrap_or(path);
    let stem = crate::script::header::without_archive_ending(file);
    let starts_number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let bare = stem.strip_prefix('v').unwrap_or(stem);
    if starts_number(bare) {
        // A forge's archive of a tag: the repository's name stands before `archive` or `releases`.
        let mut parts =
            path.split('/').rev().skip_while(|part| !matches!(*part, "archive" | "releases" | "-"));
        let repository = parts.find(|part| !matches!(*part, "archive" | "releases" | "-"));
        return (repository.and_then(package_name), Some(bare.to_string()));
    }
    let split = stem.char_indices().find_map(|(at, c)| {
        let rest = &stem[at + c.len_utf8()..];
        let rest = rest.strip_prefix('v').unwrap_or(rest);
        (matches!(c, '-' | '_') && starts_number(rest)).then(|| (&stem[..at], rest))
    });
    match split {
        Some((name, version)) => (package_name(name), Some(version.to_string())),
        None => (package_name(stem), None),
    }
}

fn package_name(text: &str) -> Option<PackageName> {
    text.to_ascii_lowercase().replace('.', "-").parse().ok()
}

/// What a new definition is made from.
#[derive(Debug)]
pub struct Skeleton<'a> {
    /// The template that it extends.
    pub template: &'a str,
    /// The variable that holds the source: `source` where the template has such a fact, else one of its own.
    pub variable: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Where the source is.
    pub url: &'a str,
    /// The source's sum.
    pub sha256: &'a str,
}

impl Skeleton<'_> {
    /// The definition's text.
    pub fn text(&self) -> String {
        let Skeleton { template, variable, version, url, sha256 } = self;
        let mut lines = vec![
            format!("{{% extends \"{template}\" %}}"),
            format!("{{% set version = \"{version}\" %}}"),
            "{% set meta = {".to_string(),
            "\t\"description\": \"\",".to_string(),
            "\t\"license\": \"\",".to_string(),
            format!("\t\"homepage\": \"{}\",", homepage(url)),
        ];
        lines.push("} %}".to_string());
        lines.push(format!("{{% set {variable} = src(\"{url}\","));
        lines.push(format!("\tsha256=\"{sha256}\") %}}"));
        lines.join("\n") + "\n"
    }
}

/// The site of an address.
fn homepage(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme @ ("http" | "https"), rest)) => {
            format!("{scheme}://{}/", rest.split('/').next().unwrap_or(rest))
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_changes_where_it_names_the_source() {
        let text = "{% set version = \"1.3\" %}\n{% set meta = {\"homepage\": \"https://e.org/1.3/\"} %}\n\
                    {% set source = src([\"https://e.org/v1.3/z-1.3.tar.gz\", \"deb-src:trixie/z/z_1.3.orig.tar.gz\"],\n\
                    \tsha256=\"x\", name=\"z-1.3.1-11.3.tar\") %}\n{% set flags = [\"--abi=1.3\"] %}\n";
        let expected = text
            .replace("= \"1.3\"", "= \"1.4\"")
            .replace("v1.3/z-1.3.tar", "v1.4/z-1.4.tar")
            .replace("z_1.3.orig", "z_1.4.orig");
        assert_eq!(with_version(text, "1.3", "1.4").unwrap(), expected);
        assert!(with_version("{% set version = option(\"v\") %}", "1.3", "1.4").is_err());
    }

    #[test]
    fn addresses_tell_name_and_version() {
        for (url, name, version) in [
            ("https://e.org/zlib-1.3.1.tar.gz", "zlib", "1.3.1"),
            ("https://e.org/s6-linux-init-1.1.tar.xz?x=1", "s6-linux-init", "1.1"),
            ("https://e.org/libstdc++_v2.tgz", "libstdc++", "2"),
            ("https://forge.org/u/My.Tool/archive/refs/tags/v1.2.tar.gz", "my-tool", "1.2"),
            ("deb-src:trixie/zsh/zsh_5.9.orig.tar.xz", "zsh", "5.9.orig"),
        ] {
            let (found, number) = name_and_version(url);
            assert_eq!((found.unwrap().as_str(), number.as_deref()), (name, Some(version)), "{url}");
        }
        assert_eq!(name_and_version("https://e.org/latest.tar").1, None);
        assert_eq!(name_and_version("https://e.org/1.0.tar").0, None);
    }

    #[test]
    fn a_skeleton_tells_where_it_comes_from() {
        let skeleton = Skeleton {
            template: "autoconf",
            variable: "source",
            version: "1.0",
            url: "https://e.org/d/a+b-1.0.tar.xz",
            sha256: "00",
        };
        assert_eq!(
            skeleton.text(),
            "{% extends \"autoconf\" %}\n{% set version = \"1.0\" %}\n{% set meta = {\n\t\"description\": \"\",\n\t\"license\": \"\",\n\
             \t\"homepage\": \"https://e.org/\",\n\
             } %}\n\
             {% set source = src(\"https://e.org/d/a+b-1.0.tar.xz\",\n\tsha256=\"00\") %}\n"
        );
    }
}
