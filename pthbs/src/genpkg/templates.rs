//! The files of `templates/`: what definitions extend. Reads nothing outside of that directory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::machinery::ast::Stmt;

use super::engine;
use super::failure::{Failure, Rendered};
use super::files::Files;
use super::outline::Outline;
use super::strict::{self, Ancestry, Kind};
use crate::base::{Error, Result, error};

/// The templates of a project.
#[derive(Debug)]
pub(super) struct Templates {
    files: Arc<Files>,
    names: Vec<String>,
    /// What was read, checked; each file is read once.
    read: Mutex<BTreeMap<String, Result<Checked, Failure>>>,
}

/// A template without mistakes.
#[derive(Debug, Clone)]
struct Checked {
    text: Arc<str>,
    ancestry: Arc<Ancestry>,
}

const DIR: &str = "templates";
const ENDING: &str = ".sh";

impl Templates {
    /// Lists `templates/`.
    pub(super) fn open(files: Arc<Files>) -> Result<Templates> {
        let names = files.files(DIR)?;
        let names = names.iter().filter_map(|file| file.strip_suffix(ENDING)).map(str::to_string).collect();
        Ok(Templates { files, names, read: Mutex::default() })
    }

    /// For the engine: the text, or an error that gets the place of the `extends`.
    pub(super) fn load(&self, name: &str) -> Result<String, minijinja::Error> {
        Ok(self.checked(name, &mut Vec::new())?.text.to_string())
    }

    /// Their names, sorted.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// All of them: place and text.
    pub(super) fn texts(&self) -> impl Iterator<Item = (String, String)> + Clone {
        self.names.iter().filter_map(|name| {
            let file = place(name);
            self.files.text(&file).ok()?.map(|text| (file, text))
        })
    }

    /// Checks a parsed definition against the templates that it extends.
    pub(super) fn check_definition(&self, ast: &Stmt<'_>, source: &Rendered<'_>) -> Result<(), Failure> {
        self.check(Kind::Definition, &Outline::of(ast), source, &mut Vec::new()).map(drop)
    }

    /// Checks a template or definition against those it extends; gives what those give it.
    ///
    /// `path` is the line of templates that led here.
    fn check(
        &self,
        kind: Kind,
        outline: &Outline<'_>,
        source: &Rendered<'_>,
        path: &mut Vec<String>,
    ) -> Result<Arc<Ancestry>, Failure> {
        let mut parents = outline.parents.iter().map(|parent| {
            let found = self.checked(parent, path).map_err(|failure| source.at_word(failure, parent));
            found.map(|found| found.ancestry)
        });
        let mut ancestry = parents.next().unwrap_or_else(|| Ok(Arc::default()))?;
        for other in parents {
            Arc::make_mut(&mut ancestry).join(&*other?);
        }
        match strict::check(kind, outline, &ancestry, source.text, source.file) {
            Some(error) => Err(Failure::placed(error)),
            None => Ok(ancestry),
        }
    }

    /// A template by its name, read and checked once.
    fn checked(&self, name: &str, path: &mut Vec<String>) -> Result<Checked, Failure> {
        let read = || self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = read().get(name) {
            return known.clone();
        }
        if let Some(start) = path.iter().position(|known| known == name) {
            let chain = path[start..].join(" -> ");
            return Err(Error::usage(format!("templates extend each other: {chain} -> {name}")).into());
        }
        // The lock is not held meanwhile: a template that two threads read at once is the same for both.
        path.push(name.to_string());
        let result = self.read(name, path);
        path.pop();
        read().entry(name.to_string()).or_insert(result).clone()
    }

    fn read(&self, name: &str, path: &mut Vec<String>) -> Result<Checked, Failure> {
        if !self.names.iter().any(|known| known == name) {
            let error = Error::usage(format!("template `{}` not found", name.escape_debug()));
            let near = error::nearest(name, self.names.iter().map(String::as_str));
            return Err(Failure::from(match near {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error
                    .with("templates", self.names.join(", "))
                    .hint(format!("a template is a file of {DIR}/, named without `{ENDING}`")),
            }));
        }
        let file = place(name);
        let text = self.files.text(&file).map_err(Failure::placed)?.unwrap_or_default();
        let source = Rendered { label: name, file: &file, text: &text };
        let ancestry = {
            let ast = source.parse(&engine::syntax())?;
            let outline = Outline::of(&ast);
            let parents = self.check(Kind::Template, &outline, &source, path)?;
            Arc::unwrap_or_clone(parents).extended(&outline)
        };
        Ok(Checked { text: text.into(), ancestry: Arc::new(ancestry) })
    }
}

/// The place of what the engine calls by this name: a template's name, or a definition's place.
pub(super) fn place(name: &str) -> String {
    if name.contains('/') { name.to_string() } else { format!("{DIR}/{name}{ENDING}") }
}
