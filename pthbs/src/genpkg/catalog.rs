//! Which packages there are, and the files beside their definitions. Reads nothing outside of `packages/`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::base::{self, Error, Result, error};
use crate::script::PackageName;

/// The packages of a project, by name.
#[derive(Debug, Clone)]
pub struct Catalog {
    dir: PathBuf,
    names: BTreeMap<String, PackageName>,
}

/// The file that defines a package.
pub(super) const DEFINITION: &str = "package.sh";

impl Catalog {
    /// Reads the names of `packages/`; every directory there is a package, files beside them are let be.
    pub fn open(root: &Path) -> Result<Catalog> {
        let dir = root.join("packages");
        let failed = |cause| Error::io("list directory", &dir, &cause);
        let mut names = BTreeMap::new();
        for entry in fs::read_dir(&dir).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if !entry.file_type().map_err(failed)?.is_dir() {
                continue;
            }
            let file_name = entry.file_name();
            let name: PackageName = file_name.to_string_lossy().parse().map_err(|error: Error| {
                error.with("where", format!("packages/{}", file_name.to_string_lossy().escape_debug()))
            })?;
            names.insert(name.to_string(), name);
        }
        Ok(Catalog { dir, names })
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

    /// The place of a definition, as errors and download lists name it.
    pub fn definition_place(name: &PackageName) -> String {
        format!("packages/{name}/{DEFINITION}")
    }

    /// The text of a definition.
    pub(super) fn definition(&self, name: &PackageName) -> Result<String> {
        let path = self.dir.join(name.as_str()).join(DEFINITION);
        match base::fs::read_text(&path) {
            Err(error) if !path.exists() => {
                Err(error.hint(format!("every directory of packages/ holds a {DEFINITION}")))
            }
            other => other,
        }
    }

    /// The text of a file beside a definition. Symlinks are refused: what a script holds lies in the tree.
    pub(super) fn file(&self, name: &PackageName, file: &str) -> Result<String> {
        let is_inside = !file.is_empty()
            && file.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
            && !file.contains('\0');
        if !is_inside {
            return Err(Error::usage(format!("`{}` is no path below packages/{name}", file.escape_debug()))
                .line("it may not begin with `/` or hold `.`, `..` or empty parts"));
        }
        let mut path = self.dir.join(name.as_str());
        for part in file.split('/') {
            path.push(part);
            let Ok(metadata) = path.symlink_metadata() else {
                let error = Error::usage(format!("packages/{name} has no file `{file}`"));
                let files = self.files(name);
                return Err(match error::nearest(file, files.iter().map(String::as_str)) {
                    Some(near) => error.hint(format!("did you mean `{near}`?")),
                    None => error,
                });
            };
            if metadata.is_symlink() {
                return Err(Error::usage(format!("packages/{name}/{file} is a symlink"))
                    .line("a script may hold only what lies in the tree itself"));
            }
        }
        base::fs::read_text(&path)
    }

    /// The files beside a definition, sorted, without the definition.
    pub(super) fn files(&self, name: &PackageName) -> Vec<String> {
        let dir = self.dir.join(name.as_str());
        let files = walkdir::WalkDir::new(&dir).sort_by_file_name().into_iter().flatten();
        files
            .filter(|entry| !entry.file_type().is_dir())
            .filter_map(|entry| Some(entry.path().strip_prefix(&dir).ok()?.to_str()?.to_string()))
            .filter(|file| file != DEFINITION)
            .collect()
    }
}
