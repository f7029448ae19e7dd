//! A project: a directory with `pthbs.toml`, `templates/` and `packages/`.

use std::path::Path;
use std::sync::Arc;

use minijinja::Environment;

use super::catalog::Catalog;
use super::failure::Failure;
use super::files::Files;
use super::instance::Request;
use super::options::{Options, Values};
use super::output::Output;
use super::run::Run;
use super::stamp;
use super::templates::Templates;
use super::{engine, place, threads};
use crate::base::{Error, Result, error, fs};
use crate::script::{PackageName, Rendered};

/// An opened project.
pub struct Project {
    tree: Arc<Tree>,
    env: Environment<'static>,
    /// What `pthbs.toml` sets.
    values: Values,
}

/// The files of a project.
#[derive(Debug)]
pub(super) struct Tree {
    files: Arc<Files>,
    pub catalog: Catalog,
    pub templates: Arc<Templates>,
}

impl Project {
    /// The file that makes a directory a project.
    pub const FILE: &'static str = "pthbs.toml";

    /// Opens the project in a directory.
    pub fn open(root: &Path) -> Result<Project> {
        Project::from_files(Files::of_dir(root))
    }

    /// Opens a project whose files lie anywhere.
    pub fn from_files(files: Files) -> Result<Project> {
        let text = files.text(Project::FILE)?.ok_or_else(|| {
            Error::usage(format!("`{}` is no project", files.root().display()))
                .line(format!("it has no `{}`", Project::FILE))
        })?;
        let files = Arc::new(files);
        let templates = Arc::new(Templates::open(Arc::clone(&files))?);
        let env = engine::environment(Arc::clone(&templates), false);
        let catalog = Catalog::open(Arc::clone(&files))?;
        let values = configured(&text, |name| catalog.find(name).is_ok())?;
        Ok(Project { tree: Arc::new(Tree { files, catalog, templates }), env, values })
    }

    /// Its directory.
    pub fn root(&self) -> &Path {
        self.tree.files.root()
    }

    /// Its packages.
    pub fn catalog(&self) -> &Catalog {
        &self.tree.catalog
    }

    /// Renders packages with all that they use, in memory. All errors are in the one error.
    pub fn render(&self, options: &Options) -> Result<Output> {
        // Before anything is read: a file that changes meanwhile makes the stamp stale.
        let is_everything = options.only.is_empty() && options.variants.is_empty();
        let is_whole = is_everything && self.tree.files.is_plain_dir();
        let stamp = if is_whole { Some(stamp::of(self.root())?) } else { None };
        let values = self.values_with(options)?;
        let names: Vec<PackageName> = if is_everything {
            self.tree.catalog.names().cloned().collect()
        } else {
            let find = |name: &String| self.tree.catalog.find(name).cloned();
            let mut names = options.only.iter().map(find).collect::<Result<Vec<_>>>()?;
            names.sort();
            names.dedup();
            names
        };
        let mut requests: Vec<Request> = names.iter().map(Request::of_package).collect();
        for variant in &options.variants {
            requests.push(variant.request(&self.tree.catalog)?);
        }
        let traced = || engine::environment(Arc::clone(&self.tree.templates), true);
        let mut env = if options.traces { traced() } else { self.env.clone() };
        for (name, value) in &values.global {
            env.add_global(*name, value.value.as_str());
        }
        let threads = match options.threads {
            0 => threads::available(),
            threads => threads,
        };
        let run = Arc::new(Run::new(Arc::clone(&self.tree), values, options.traces));
        let roots = join(run.all(&env, &requests, threads))?;
        let labels = requests.iter().map(Request::label).collect::<Result<Vec<_>>>()?;
        Output::new(&labels.into_iter().zip(roots).collect::<Vec<_>>(), &run.values, stamp)
    }

    /// Whether what lies in `dir` was rendered from the files as they are, so that its index can be trusted.
    pub fn is_fresh(&self, dir: &Path) -> Result<bool> {
        let Ok(written) = fs::read_file(&dir.join(Rendered::STAMP)) else { return Ok(false) };
        let is_whole = [Rendered::INDEX, Rendered::ABOUT].iter().all(|file| dir.join(file).is_file());
        Ok(is_whole && written == stamp::of(self.root())?)
    }

    /// The names of its templates.
    pub fn templates(&self) -> &[String] {
        self.tree.templates.names()
    }

    /// The templates: place and text.
    pub(super) fn template_texts(&self) -> impl Iterator<Item = (String, String)> + Clone {
        self.tree.templates.texts()
    }

    /// Every option in force.
    fn values_with(&self, options: &Options) -> Result<Values> {
        let mut values = Values { kept: options.kept.clone(), ..self.values.clone() };
        for (name, value) in &options.given {
            let set = values.set(name, value, true, |name| self.tree.catalog.find(name).is_ok());
            set.map_err(|error| match options.kept.contains(name) {
                true => error.with("given by", values.given_by(name)),
                false => error,
            })?;
        }
        for (package, options) in &values.package {
            let found = self.tree.catalog.find(package.as_str());
            let first = options.keys().next().map(|option| format!("{package}.{option}")).unwrap_or_default();
            found.map_err(|error| error.with("option", &first).with("given by", values.given_by(&first)))?;
        }
        Ok(values)
    }
}

/// All results, or all failures in one error, each of them once.
fn join<T>(results: Vec<Result<T, Failure>>) -> Result<Vec<T>> {
    let mut successes = Vec::with_capacity(results.len());
    let mut failures: Vec<(String, Error)> = Vec::new();
    for result in results {
        match result {
            Ok(success) => successes.push(success),
            Err(failure) => {
                let key = failure.key();
                if failures.iter().all(|(known, _)| *known != key) {
                    failures.push((key, failure.error));
                }
            }
        }
    }
    match Error::all(failures.into_iter().map(|(_, error)| error)) {
        None => Ok(successes),
        Some(error) => Err(error),
    }
}

/// The section `[options]` of `pthbs.toml`; other sections are read elsewhere.
fn configured(text: &str, is_package: impl Fn(&str) -> bool) -> Result<Values> {
    let at = |error: Error, range: Option<std::ops::Range<usize>>| {
        let line = place::line_of(text, range.as_ref().map_or(0, |range| range.start));
        place::point(error, "where", Project::FILE, text, line, range)
    };
    let table = toml::de::DeTable::parse(text)
        .map_err(|error| at(Error::usage(format!("syntax error: {}", error.message())), error.span()))?;
    let mut values = Values::new();
    for (name, _) in table.get_ref().iter().filter(|(name, _)| name.get_ref() != "options") {
        if error::nearest(name.get_ref(), ["options"]).is_some() {
            let error = Error::usage(format!("`pthbs.toml` has no section `{}`", name.get_ref()));
            return Err(at(error.hint("did you mean `options`?"), Some(name.span())));
        }
    }
    let Some(options) = table.get_ref().get("options") else { return Ok(values) };
    let options = options
        .get_ref()
        .as_table()
        .ok_or_else(|| at(Error::usage("`options` is a section: `[options]`"), Some(options.span())))?;
    for (name, value) in options {
        // `zsh.tiny = "on"` is a table to TOML, and what one means is the option of a package.
        let of_package = value.get_ref().as_table().into_iter().flatten();
        let of_package = of_package
            .map(|(option, value)| (format!("{}.{}", name.get_ref(), option.get_ref()), option, value));
        let own = value.get_ref().as_table().is_none().then(|| (name.get_ref().to_string(), name, value));
        for (name, at_name, value) in of_package.chain(own) {
            let set = match value.get_ref().as_str() {
                Some(text) => values.set(&name, text, false, &is_package),
                None => Err(Error::usage(format!("option `{name}` must be text")).hint("put it in quotes")),
            };
            set.map_err(|error| at(error, Some(at_name.span())))?;
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_option_is_pointed_at() {
        let error =
            configured("[store]\nroot = 1\n[options]\ntoolchian = \"host\"\n", |_| false).unwrap_err();
        assert_eq!(
            error.to_string(),
            "error: unknown option `toolchian`\n  where: pthbs.toml:4\n  4 | toolchian = \"host\"\n    | ^^^^^^^^^\n  \
             hint: did you mean `toolchain`?"
        );
        assert!(
            configured("[options]\ncheck = true\n", |_| false)
                .unwrap_err()
                .to_string()
                .contains("must be text")
        );
        let error = configured("[optoins]\ncheck = \"off\"\n", |_| false).unwrap_err().to_string();
        assert!(
            error.contains("where: pthbs.toml:1\n") && error.contains("did you mean `options`?"),
            "{error}"
        );
        assert!(configured("[options\n", |_| false).unwrap_err().to_string().contains("where: pthbs.toml:1"));
        assert!(configured("options = 1\n", |_| false).unwrap_err().to_string().contains("is a section"));
        for text in
            ["options.\"zsh.tiny\" = \"on\"", "[options]\nzsh.tiny = \"on\"", "[options.zsh]\ntiny = \"on\""]
        {
            let values = configured(text, |_| false).unwrap();
            assert_eq!(values.for_index()["zsh.tiny"].value, "on", "{text}");
        }
    }
}
