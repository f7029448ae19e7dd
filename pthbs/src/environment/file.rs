//! Environment files, `NAME.env.toml`: packages, rules and small files, as a person writes them.
//!
//! Only read here. Whoever knows packages resolves the words to installs, and makes a package of the small files.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::wish::NamedRules;
use crate::base::{Error, Result, fs};

/// An environment file's contents; `docs/formats.md` has an example.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EnvironmentFile {
    /// What is wanted, in the order it is written.
    pub packages: Vec<Wanted>,
    /// See `NamedRules`.
    prefer: BTreeMap<String, String>,
    exclude: BTreeMap<String, Vec<String>>,
    rename: BTreeMap<String, BTreeMap<String, String>>,
    /// Small files by their path.
    pub files: BTreeMap<String, SmallFile>,
}

/// One wanted package.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(
    untagged,
    expecting = "a package is \"NAME\", \"NAME@LABEL\" or { name = \"NAME\", options = { .. } }"
)]
pub enum Wanted {
    /// A program argument: `zsh`, `busybox@tiny`.
    Argument(String),
    /// A package with options of its own.
    WithOptions(WithOptions),
}

/// A package and the options it is wanted with.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithOptions {
    /// The package.
    pub name: String,
    /// What the variant is called: `NAME@LABEL`.
    #[serde(rename = "as")]
    pub label: Option<String>,
    /// Its options and their values.
    #[serde(default)]
    pub options: BTreeMap<String, toml::Value>,
}

/// A file that is written in, or beside, the environment file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(
    untagged,
    expecting = "a file is its text or { text = \"..\" } or { from = \"PATH\" }, with executable = true if it is"
)]
pub enum SmallFile {
    /// Its text.
    Text(String),
    /// Its text, with more to say.
    Written(Written),
    /// A copy of a file.
    Copied(Copied),
}

/// A small file's text, and whether it is a program.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// All of it.
    pub text: String,
    /// Whether it can be run.
    #[serde(default)]
    pub executable: bool,
}

/// A small file that lies beside the environment file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Copied {
    /// Where, from the environment file's directory.
    pub from: String,
    /// Whether it can be run.
    #[serde(default)]
    pub executable: bool,
}

impl EnvironmentFile {
    /// The ending of an environment file's name; what stands before it is the environment's.
    pub const ENDING: &'static str = ".env.toml";

    /// Reads a file.
    pub fn read(path: &Path) -> Result<EnvironmentFile> {
        EnvironmentFile::parse(&fs::read_text(path)?, &path.display().to_string())
    }

    /// Reads the text of a file; `place` is named in errors.
    pub fn parse(text: &str, place: &str) -> Result<EnvironmentFile> {
        let file: EnvironmentFile = toml::from_str(text).map_err(|cause| {
            let at = cause.span().map_or(0, |span| span.start).min(text.len());
            let line = text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
            Error::usage("this is no environment file")
                .with("where", format!("{place}:{line}"))
                .line(cause.message())
                .hint("it has `packages = [..]` and the tables `prefer`, `exclude`, `rename` and `files`")
        })?;
        let unfit = file.files.keys().find(|path| !is_plain(path));
        if let Some(path) = unfit {
            return Err(Error::usage(format!("`{path}` is no path below an environment"))
                .with("where", place)
                .hint("write it as `etc/zshrc`: no `/` before it, no `.` or `..` in it"));
        }
        Ok(file)
    }

    /// The rules, for `Wish`.
    pub fn rules(&self) -> NamedRules {
        NamedRules { prefer: self.prefer.clone(), exclude: self.exclude.clone(), rename: self.rename.clone() }
    }
}

fn is_plain(path: &str) -> bool {
    path.split('/').all(|name| !matches!(name, "" | "." | "..")) && !path.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = r#"
packages = ["zsh", "busybox@tiny", { name = "curl", as = "quic", options = { http3 = true } }]

[prefer]
"bin/sh" = "busybox@tiny"

[exclude]
"busybox@tiny" = ["bin/vi", "share/man"]

[rename]
curl = { "bin/curl" = "bin/curl-quic" }

[files]
"etc/motd" = "hello\n"
"bin/hi" = { text = "echo hi\n", executable = true }
"etc/zshrc" = { from = "zshrc" }
"#;

    fn why(text: &str) -> String {
        EnvironmentFile::parse(text, "home.env.toml").unwrap_err().to_string()
    }

    #[test]
    fn a_file_says_packages_rules_and_small_files() {
        let file = EnvironmentFile::parse(EXAMPLE, "home.env.toml").unwrap();
        let options = [("http3".to_string(), toml::Value::Boolean(true))].into();
        let curl = WithOptions { name: "curl".into(), label: Some("quic".into()), options };
        let packages = [
            Wanted::Argument("zsh".into()),
            Wanted::Argument("busybox@tiny".into()),
            Wanted::WithOptions(curl),
        ];
        assert_eq!(file.packages, packages);
        assert_eq!(file.rules().exclude["busybox@tiny"], ["bin/vi", "share/man"]);
        assert_eq!(file.rules().rename["curl"]["bin/curl"], "bin/curl-quic");
        assert_eq!(file.files["etc/motd"], SmallFile::Text("hello\n".into()));
        let hi = Written { text: "echo hi\n".into(), executable: true };
        assert_eq!(file.files["bin/hi"], SmallFile::Written(hi));
        let zshrc = Copied { from: "zshrc".into(), executable: false };
        assert_eq!(file.files["etc/zshrc"], SmallFile::Copied(zshrc));
    }

    #[test]
    fn a_mistake_is_shown_with_its_line() {
        let text = why(&EXAMPLE.replace("[prefer]", "[prefers]"));
        assert!(text.starts_with(
            "error: this is no environment file\n  where: home.env.toml:4\n  unknown field `prefers`"
        ));
        assert!(why("packages = [1]").contains("a package is \"NAME\""));
        assert!(why("packages = [{ name = \"a\", option = {} }]").contains("a package is \"NAME\""));
        assert!(why("packages = [").contains("home.env.toml:1"));
        for path in ["/etc/x", "../x", "a//b", "", "a/./b"] {
            assert!(why(&format!("[files]\n\"{path}\" = \"\"")).contains("is no path below an environment"));
        }
    }
}
