//! From an environment file to scripts: options and small files are rendered here, in memory, by the tree of packages.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::Global;
use super::context::Scripts;
use super::wanted::Wanted;
use crate::base::{Error, Result, fs};
use crate::cli::config;
use crate::cli::memory::Watch;
use crate::environment::EnvironmentFile;
use crate::environment::file::{Copied, SmallFile, Wanted as Package, WithOptions, Written};
use crate::genpkg::{Files, Options, Output, Project, Variant};
use crate::script::Script;

/// What small files are called: as a package, and as what is asked for.
const FILES: &str = "files";

/// Reads the file, and gives every package in it a script. What no index has joins the extra scripts.
pub(super) fn read(global: &Global, scripts: &mut Scripts, path: &Path) -> Result<Wanted> {
    let file = EnvironmentFile::read(path)?;
    let place = path.display().to_string();
    let mut errors = Vec::new();
    let rendered = render(global, scripts, &file, path).unwrap_or_else(|error| {
        errors.push(error.with("asked for by", &place));
        None
    });
    let mut words: Vec<(String, Result<Script>)> = Vec::new();
    for package in &file.packages {
        match package {
            Package::Argument(word) => words.push((word.clone(), argument(scripts, word, path))),
            Package::WithOptions(package) => words.extend(variant(package).label().ok().and_then(|label| {
                let script = of(&rendered, &label)?;
                Some((label, Ok(script)))
            })),
        }
    }
    if !file.files.is_empty() {
        words.extend(of(&rendered, FILES).map(|script| (FILES.to_string(), Ok(script))));
    }
    let mut asked = BTreeMap::new();
    for (word, script) in words {
        match script {
            Err(error) => errors.push(error.with("asked for by", &place)),
            Ok(_) if asked.contains_key(&word) => {
                errors.push(Error::usage(format!("`{word}` is wanted twice")).with("where", &place));
            }
            Ok(script) => _ = asked.insert(word, script),
        }
    }
    if let Some(error) = Error::all(errors) {
        return Err(error);
    }
    if let Some(output) = rendered {
        let all = output.scripts.values().map(|rendering| Arc::new(rendering.script.clone()));
        scripts.extra.scripts.extend(all);
        scripts.extra.files = output.files;
        scripts.extra.commits = output.commits;
    }
    Ok(Wanted { asked, rules: file.rules() })
}

/// A package as an argument names it; a path is meant from where the file lies.
fn argument(scripts: &Scripts, word: &str, file: &Path) -> Result<Script> {
    match (word.contains('/'), file.parent()) {
        (true, Some(dir)) => {
            let path = dir.join(word);
            Script::parse(fs::read_text(&path)?, &path.display().to_string())
        }
        _ => scripts.asked(word),
    }
}

fn of(rendered: &Option<Output>, label: &str) -> Option<Script> {
    rendered.as_ref()?.scripts.get(label).map(|rendering| rendering.script.clone())
}

fn variant(package: &WithOptions) -> Variant {
    Variant { name: package.name.clone(), label: package.label.clone(), options: package.options.clone() }
}

/// Renders the packages that have options, and the package of the small files; nothing where there are neither.
fn render(global: &Global, scripts: &Scripts, file: &EnvironmentFile, path: &Path) -> Result<Option<Output>> {
    let variants: Vec<Variant> = file
        .packages
        .iter()
        .filter_map(|package| match package {
            Package::Argument(_) => None,
            Package::WithOptions(package) => Some(variant(package)),
        })
        .collect();
    if variants.is_empty() && file.files.is_empty() {
        return Ok(None);
    }
    if global.rendered.is_some() || global.no_render {
        return Err(Error::usage("options and small files must be rendered")
            .hint("leave out --rendered and --no-render"));
    }
    let root = config::find_project().ok_or_else(|| {
        Error::usage(format!("no directory from here upward has a `{}`", config::PROJECT_FILE))
            .line("options and small files need a tree of packages")
    })?;
    let mut options = Options { variants, ..Options::default() };
    if let Some(rendered) = &scripts.rendered {
        options.keep(&rendered.index);
    }
    let mut project = Project::open(&root)?;
    if !file.files.is_empty() {
        if project.catalog().names().any(|name| name.as_str() == FILES) {
            return Err(taken(&path.display().to_string()));
        }
        let definition = definition(file, path)?;
        let files =
            Files::of_dir(&root).with(&format!("packages/{FILES}/package.sh"), definition.into_bytes());
        project = Project::from_files(files)?;
        options.variants.push(Variant { name: FILES.to_string(), ..Variant::default() });
    }
    let _watch = Watch::begin();
    project.render(&options).map(Some)
}

fn taken(place: &str) -> Error {
    Error::usage(format!("a package is called `{FILES}`, as the small files of an environment are"))
        .with("where", place)
}

/// The definition of the package that installs the small files: the template `files` with its facts.
fn definition(file: &EnvironmentFile, path: &Path) -> Result<String> {
    let (mut texts, mut programs) = (BTreeMap::new(), BTreeMap::new());
    for (name, small) in &file.files {
        let (text, executable) = match small {
            SmallFile::Text(text) => (text.clone(), false),
            SmallFile::Written(Written { text, executable }) => (text.clone(), *executable),
            SmallFile::Copied(Copied { from, executable }) => {
                let from = path.parent().unwrap_or(Path::new("")).join(from);
                (fs::read_text(&from).map_err(|error| error.with("wanted as", name))?, *executable)
            }
        };
        if text.contains('\0') {
            return Err(Error::usage(format!("the small file `{name}` has a NUL byte"))
                .hint("only text can stand in a script; make a package of anything else"));
        }
        if executable { &mut programs } else { &mut texts }.insert(name.as_str(), text);
    }
    let mut definition = "{% extends \"files\" %}\n{% set version = \"1\" %}\n".to_string();
    for (fact, entries) in [("files", texts), ("programs", programs)] {
        if !entries.is_empty() {
            definition += &format!("{{% set {fact} = {} %}}\n", literal(&entries));
        }
    }
    Ok(definition)
}

/// Texts by name, as the template language reads them. A brace is written as its number: it might begin a tag.
fn literal(entries: &BTreeMap<&str, String>) -> String {
    let text = |text: &str| serde_json::Value::from(text).to_string().replace('{', "\\u007b");
    let pair = |(name, value): (&&str, &String)| format!("{}: {}", text(name), text(value));
    format!("{{{}}}", entries.iter().map(pair).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "{% for _path, _text in fact(\"files\", default={}, doc=\"\") | dictsort %}\n\
                            put 644 {{ _path | sh }} {{ _text | heredoc }}\n{% endfor %}\n\
                            {% for _path, _text in fact(\"programs\", default={}, doc=\"\") | dictsort %}\n\
                            put 755 {{ _path | sh }} {{ _text | heredoc }}\n{% endfor %}\n";

    // A failure means that a file of an environment says something else than was written.
    #[test]
    fn every_text_comes_out_as_it_went_in() {
        let nasty = "it's \"x\" {{ y }} {% z %} {# w #} {%# v #%} \\n $HOME `id` \u{fc}\u{1}\t\r\nEOF\n";
        let mut files = toml::Table::new();
        files.insert("etc/it's {{ a }} \"b\"".into(), nasty.into());
        let program = toml::Table::from_iter([
            ("text".to_string(), toml::Value::from(nasty)),
            ("executable".to_string(), toml::Value::from(true)),
        ]);
        files.insert("bin/x".into(), program.into());
        let text =
            toml::to_string(&toml::Table::from_iter([("files".to_string(), toml::Value::from(files))]))
                .unwrap();
        let file = EnvironmentFile::parse(&text, "home.env.toml").unwrap();
        let definition = definition(&file, Path::new("home.env.toml")).unwrap();
        let files = BTreeMap::from([
            ("pthbs.toml".to_string(), Vec::new()),
            ("templates/files.sh".to_string(), TEMPLATE.as_bytes().to_vec()),
            ("packages/files/package.sh".to_string(), definition.into_bytes()),
        ]);
        let project = Project::from_files(Files::held(Path::new("/"), files)).unwrap();
        let output = project.render(&Options::default()).unwrap_or_else(|error| panic!("{error}"));
        let script = &output.scripts["files"].script.text;
        let place = "'etc/it'\\''s {{ a }} \"b\"'";
        for line in [
            format!("put 644 {place} <<'EOF1'\n{nasty}EOF1\n"),
            format!("put 755 bin/x <<'EOF1'\n{nasty}EOF1\n"),
        ] {
            assert!(script.contains(&line), "{script}");
        }
    }
}
