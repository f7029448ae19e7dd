//! Names and ids: what may stand in a path, made impossible to mix.

use std::fmt;
use std::str::FromStr;

use crate::base::{Error, Result, Sha256};

/// A package's name: `[a-z0-9][a-z0-9+_-]{0,63}`, never `env`.
///
/// No dot, no slash, no upper case: safe as a path component, and `NAME.HASH` splits in one way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageName(String);

impl PackageName {
    /// The longest name, in bytes.
    pub const MAX: usize = 64;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a byte may stand in a name (all but the first, which is a letter or a digit).
    pub fn allows(byte: u8) -> bool {
        matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'_' | b'-')
    }

    fn is_name(text: &str) -> bool {
        let bytes = text.as_bytes();
        let starts_well = bytes.first().is_some_and(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9'));
        starts_well
            && bytes.len() <= PackageName::MAX
            && bytes.iter().copied().all(PackageName::allows)
            && text != "env"
    }
}

impl FromStr for PackageName {
    type Err = Error;

    fn from_str(text: &str) -> Result<PackageName> {
        if PackageName::is_name(text) {
            return Ok(PackageName(text.to_string()));
        }
        let shown: String = text.chars().take(80).flat_map(char::escape_debug).collect();
        let error = Error::usage(format!("`{shown}` is not a package name"));
        Err(match text {
            "env" => error.line("`env` is kept for environments"),
            _ => error.line("a name is 1 to 64 of `a-z 0-9 + _ -` and begins with a letter or a digit"),
        })
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The sha256 of a script's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScriptId(pub Sha256);

impl ScriptId {
    /// The first eight digits, for people.
    pub fn short(&self) -> String {
        self.0.short()
    }

    /// All of them, written into `text`.
    pub fn digits<'a>(&self, text: &'a mut [u8; 64]) -> &'a str {
        self.0.digits(text)
    }
}

impl fmt::Display for ScriptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// `NAME.HASH`: what an install is called under `/versions`, and in headers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstallId {
    /// The package's name, as the script's header has it.
    pub name: PackageName,
    /// The script that makes the install.
    pub id: ScriptId,
}

impl FromStr for InstallId {
    type Err = Error;

    fn from_str(text: &str) -> Result<InstallId> {
        let wrong = || Error::usage(format!("`{}` is not NAME.SHA256", text.escape_debug()));
        let (name, sum) = text.split_once('.').ok_or_else(wrong)?;
        let id = sum.parse().map_err(|_| wrong())?;
        Ok(InstallId { name: name.parse()?, id: ScriptId(id) })
    }
}

impl fmt::Display for InstallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name.as_str())?;
        f.write_str(".")?;
        self.id.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_path_components() {
        for good in ["zsh", "gnu-make", "libstdc++", "7zip", "s6-linux_init", &"a".repeat(64)] {
            assert_eq!(good.parse::<PackageName>().unwrap().as_str(), good);
        }
        let long = "a".repeat(65);
        for bad in [
            "", ".", "..", "../x", "a/b", ".tmp", "-x", "+x", "_x", "A", "a.b", "a b", "a\n", "$(id)", "env",
            &long,
        ] {
            assert!(bad.parse::<PackageName>().is_err(), "{bad:?} was taken for a name");
        }
    }

    #[test]
    fn an_install_id_reads_back() {
        let text = format!("zsh.{}", Sha256::of(b""));
        assert_eq!(text.parse::<InstallId>().unwrap().to_string(), text);
        assert!(format!("zsh.{}", &text[4..66]).parse::<InstallId>().is_err());
        assert!(format!("env.{}", &text[4..]).parse::<InstallId>().is_err());
    }
}
