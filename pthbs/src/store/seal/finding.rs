//! What the seal may object to in an output, each with its weight and its remedy.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::base::Error;

/// A kind of objection. A definition may silence one, with a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Finding {
    /// A program that is not static.
    Dynamic,
    /// A store path that the script does not declare.
    Undeclared,
    /// `/env/`, which exists during a build alone.
    Env,
    /// `/build/`, which exists during a build alone.
    Build,
    /// A program with an executable stack.
    Stack,
    /// A libtool archive: it names paths of the build, and nothing static needs it.
    Libtool,
    /// A compressed file with a reference inside, where no other scan sees it, or one that cannot be looked into.
    Compressed,
    /// A piece of a store name, torn apart by the compiler: no scan sees the reference.
    Pieces,
}

impl Finding {
    const ALL: [Finding; 8] = [
        Finding::Dynamic,
        Finding::Undeclared,
        Finding::Env,
        Finding::Build,
        Finding::Stack,
        Finding::Libtool,
        Finding::Compressed,
        Finding::Pieces,
    ];

    /// The word that a definition silences it with.
    pub fn as_str(self) -> &'static str {
        match self {
            Finding::Dynamic => "dynamic",
            Finding::Undeclared => "undeclared",
            Finding::Env => "env",
            Finding::Build => "build",
            Finding::Stack => "stack",
            Finding::Libtool => "libtool",
            Finding::Compressed => "compressed",
            Finding::Pieces => "pieces",
        }
    }

    /// The kind of that word.
    pub fn from_word(word: &str) -> Option<Finding> {
        Finding::ALL.into_iter().find(|finding| finding.as_str() == word)
    }

    /// Whether it keeps an output from becoming an install.
    pub fn is_error(self) -> bool {
        matches!(self, Finding::Dynamic | Finding::Undeclared | Finding::Env)
    }

    /// What is wrong, before the file's name.
    fn label(self) -> &'static str {
        match self {
            Finding::Dynamic => "program that is not static",
            Finding::Undeclared => "undeclared store path",
            Finding::Env => "`/env/` in a file",
            Finding::Build => "`/build/` in a file",
            Finding::Stack => "executable stack",
            Finding::Libtool => "libtool archive",
            Finding::Compressed => "compressed file",
            Finding::Pieces => "store name in pieces",
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Finding::Dynamic => "link it with `-static`, or say `{% set static = false %}` in the definition",
            Finding::Undeclared => {
                "declare it with `tool`, `dep` or `needs`, or keep the path out of the output"
            }
            Finding::Env => {
                "`/env` exists during the build alone: use the tool's path under /versions, or drop the file"
            }
            _ => "it stops nothing",
        }
    }
}

/// One objection to one file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Objection {
    pub(super) finding: Finding,
    pub(super) path: PathBuf,
    pub(super) detail: String,
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.finding.label(), shown(&self.path))?;
        if !self.detail.is_empty() {
            write!(f, " ({})", self.detail)?;
        }
        Ok(())
    }
}

/// A path on one line, whatever stands in it.
pub(super) fn shown(path: &Path) -> String {
    const LONG: usize = 200;
    let text: String = path.to_string_lossy().chars().take(LONG + 1).collect();
    match text.char_indices().nth(LONG) {
        Some((end, _)) => format!("`{}…`", text[..end].escape_debug()),
        None => format!("`{}`", text.escape_debug()),
    }
}

/// How many files are named before the rest is only counted.
const NAMED: usize = 25;

/// One error of all that stops a seal; `hint` is the remedy of the first.
pub(super) fn refuse(what: String, lines: &[String], hint: Option<&str>) -> Error {
    let mut error = Error::failed(what);
    for line in lines.iter().take(NAMED) {
        error = error.line(line);
    }
    if lines.len() > NAMED {
        error = error.line(format!("and {} more", lines.len() - NAMED));
    }
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// Parts objections into the error that stops the seal, if there is one, and the warnings.
pub(super) fn weigh(what: &str, mut objections: Vec<Objection>) -> Result<Vec<String>, Error> {
    objections.sort_unstable();
    let (errors, warnings): (Vec<_>, Vec<_>) =
        objections.into_iter().partition(|objection| objection.finding.is_error());
    let Some(first) = errors.first() else {
        return Ok(warnings.iter().map(Objection::to_string).collect());
    };
    let lines: Vec<String> = errors.iter().map(Objection::to_string).collect();
    Err(refuse(format!("what `{what}` installed is refused"), &lines, Some(first.finding.hint())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finding_has_its_word() {
        assert_eq!(Finding::ALL.map(Finding::as_str), crate::script::about::FINDINGS);
        for finding in Finding::ALL {
            assert_eq!(Finding::from_word(finding.as_str()), Some(finding));
        }
        assert_eq!(Finding::from_word("Env"), None);
    }

    #[test]
    fn an_error_names_every_file_and_a_long_list_ends() {
        let objection = |n: usize| Objection {
            finding: Finding::Env,
            path: format!("bin/{n:02}\n").into(),
            detail: "byte 3".into(),
        };
        let warning = Objection { finding: Finding::Libtool, path: "lib/a.la".into(), detail: String::new() };
        let error = weigh("zsh.0", vec![warning.clone(), objection(1), objection(0)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "error: what `zsh.0` installed is refused\n  `/env/` in a file: `bin/00\\n` (byte 3)\n  `/env/` in a \
             file: `bin/01\\n` (byte 3)\n  hint: `/env` exists during the build alone: use the tool's path under \
             /versions, or drop the file"
        );
        assert_eq!(weigh("zsh.0", vec![warning]).unwrap(), ["libtool archive: `lib/a.la`"]);
        let many = weigh("zsh.0", (0..30).map(objection).collect()).unwrap_err().to_string();
        assert!(many.contains("and 5 more\n"));
        assert!(shown(Path::new(&"ä".repeat(300))).chars().count() < 210);
    }
}
