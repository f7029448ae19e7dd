//! Which packages there are, and the files beside their definitions. Reads nothing outside of `packages/`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::files::Files;
use crate::base::{Error, Result, error};
use crate::script::PackageName;

/// The packages of a project, by name.
#[derive(Debug, Clone)]
pub struct Catalog {
    files: Arc<Files>,
    names: BTreeMap<String, PackageName>,
}

const DIR: &str = "packages";
/// The file that defines a package.
const DEFINITION: &str = "package.sh";

impl Catalog {
    /// Reads the names of `packages/`; every directory there is a package, files beside them are let be.
    pub(super) fn open(files: Arc<Files>) -> Result<Catalog> {
        let mut names = BTreeMap::new();
        for directory in files.directories(DIR)? {
            // What an editor or a version control system keeps for itself.
            if directory.starts_with('.') {
                continue;
            }
            let place = format!("{DIR}/{}", directory.escape_debug());
            let name: PackageName = directory.parse().map_err(|error: Error| {
                let error = error.with("where", place);
                match directory.trim().to_lowercase().parse::<PackageName>() {
                    Ok(near) => error.hint(format!("rename the directory: `{near}` is a name")),
                    Err(_) => error.hint("rename the directory; one that begins with `.` is let be"),
                }
            })?;
            names.insert(directory, name);
        }
        Ok(Catalog { files, names })
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &PackageName> {
        self.names.values()
    }

    /// The package of that name.
    pub fn find(&self, name: &str) -> Result<&PackageName> {
        self.names.get(name).ok_or_else(|| {
            let error = Error::usage(format!("package `{}` not found", name.escape_debug()));
            match error::nearest(name, self.names.keys().map(String::as_str)) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint("`genpkg list` shows all packages"),
            }
        })
    }

    /// The place of a definition, as errors and download lists name it; also its path below the project's root.
    pub fn definition_place(name: &PackageName) -> String {
        [DIR, "/", name.as_str(), "/", DEFINITION].concat()
    }

    /// The text of a definition.
    pub fn definition(&self, name: &PackageName) -> Result<String> {
        let path = Catalog::definition_place(name);
        self.files.text(&path)?.ok_or_else(|| {
            Error::usage(format!("package `{name}` has no definition"))
                .with("missing", path)
                .line(format!("every directory of {DIR}/ is a package"))
        })
    }

    /// The text of a file beside a definition. Symlinks are refused: what a script holds lies in the tree.
    pub(super) fn file(&self, name: &PackageName, file: &str) -> Result<String> {
        let is_inside = !file.is_empty()
            && file.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
            && !file.contains('\0');
        if !is_inside {
            return Err(Error::usage(format!("`{}` is no path below {DIR}/{name}", file.escape_debug()))
                .line("it may not begin with `/` or hold `.`, `..` or empty parts")
                .hint("a file that goes into the script lies beside its definition: copy it there"));
        }
        let path = format!("{DIR}/{name}/{file}");
        self.files.refuse_link(&path)?;
        self.files.text(&path)?.ok_or_else(|| {
            let error = Error::usage(format!("{DIR}/{name} has no file `{}`", file.escape_debug()));
            match error::nearest(file, self.files_of(name).iter().map(String::as_str)) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error,
            }
        })
    }

    /// The files beside a definition, without the definition.
    pub(super) fn files_of(&self, name: &PackageName) -> BTreeSet<String> {
        let mut files = self.files.below(&format!("{DIR}/{name}"));
        files.remove(DEFINITION);
        files
    }
}
