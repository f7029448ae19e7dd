//! The files of `templates/`: what definitions extend. Reads nothing outside of that directory.

use std::fs;
use std::path::{Path, PathBuf};

use super::failure::Failure;
use crate::base::{self, Error, Result, error};

/// The templates of a project.
#[derive(Debug)]
pub(super) struct Templates {
    dir: PathBuf,
    names: Vec<String>,
}

const ENDING: &str = ".sh";

impl Templates {
    /// Lists `templates/`.
    pub(super) fn open(root: &Path) -> Result<Templates> {
        let dir = root.join("templates");
        let failed = |cause| Error::io("list directory", &dir, &cause);
        let mut names = Vec::new();
        for entry in fs::read_dir(&dir).map_err(failed)? {
            let file = entry.map_err(failed)?.file_name();
            names.extend(file.to_str().and_then(|file| file.strip_suffix(ENDING)).map(str::to_string));
        }
        names.sort();
        Ok(Templates { dir, names })
    }

    /// The text of a template.
    pub(super) fn text(&self, name: &str) -> Result<String> {
        if self.names.iter().any(|known| known == name) {
            return base::fs::read_text(&self.dir.join(format!("{name}{ENDING}")));
        }
        let error = Error::usage(format!("template `{}` not found", name.escape_debug()));
        Err(match error::nearest(name, self.names.iter().map(String::as_str)) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.with("templates", self.names.join(", ")),
        })
    }

    /// For the engine: the text, or an error that gets the place of the `extends`.
    pub(super) fn load(&self, name: &str) -> Result<Option<String>, minijinja::Error> {
        self.text(name).map(Some).map_err(|error| Failure::from(error).into())
    }
}

/// The place of what the engine calls by this name: a template's name, or a definition's place.
pub(super) fn place(name: &str) -> String {
    if name.contains('/') { name.to_string() } else { format!("templates/{name}{ENDING}") }
}
