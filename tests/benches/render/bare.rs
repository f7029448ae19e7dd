//! The least that can be done with the same templates: compile, render, hash, write. No strictness, no places in
//! errors, no options, no tidying beyond what makes the bytes the same.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Kwargs;
use minijinja::{AutoEscape, Environment, State, Value, context};
use pthbs::base::Sha256;

/// What is known of a package that was rendered.
struct Done {
    install: String,
    deps: Vec<String>,
}

/// What the package that is being rendered has asked for.
#[derive(Default)]
struct Facts {
    sources: BTreeSet<String>,
    tools: BTreeSet<String>,
    deps: Vec<String>,
    urls: Vec<(String, String)>,
}

/// Shared with the functions: what is done, and what is being done.
#[derive(Default)]
struct Shared {
    done: HashMap<String, Done>,
    facts: Facts,
}

/// The engine wants functions that every thread could call; the lock is never waited for.
#[derive(Clone, Default)]
struct Common(Arc<Mutex<Shared>>);

impl Common {
    fn with<T>(&self, act: impl FnOnce(&mut Shared) -> T) -> T {
        act(&mut self.0.lock().expect("nothing panics here"))
    }
}

/// Renders every package in the order of the names, which is one in which dependencies come first, and writes the files.
pub(crate) fn generate(project: &Path, out: &Path) {
    let shared = Common::default();
    let env = environment(project, &shared);
    let mut names: Vec<String> = fs::read_dir(project.join("packages"))
        .expect("the project can be read")
        .map(|entry| {
            entry.expect("the project can be read").file_name().into_string().expect("names are ASCII")
        })
        .collect();
    names.sort();
    fs::create_dir_all(out).expect("the directory can be made");
    let mut index = String::from(
        "#@ index 1\n#@ option check=on\n#@ option sources=upstream\n#@ option toolchain=musl-cross-make\n",
    );
    let mut origins = Vec::new();
    for name in &names {
        let source =
            fs::read_to_string(project.join("packages").join(name).join("package.sh")).expect("a definition");
        let version = source
            .split("set version = \"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .expect("a version");
        let body = env.render_str(&source, context!(name => name)).expect("the definition renders");
        let facts = shared.with(|shared| std::mem::take(&mut shared.facts));
        let text = script(name, version, &facts, &body, &shared);
        let id = Sha256::of(text.as_bytes());
        let _ = writeln!(index, "{name}\t{id}");
        origins.extend(
            facts.urls.iter().map(|(sum, url)| format!("{sum}\t{url}\tpackages/{name}/package.sh:5\n")),
        );
        let done = Done { install: format!("{name}.{id}"), deps: facts.deps };
        shared.with(|shared| shared.done.insert(name.clone(), done));
        fs::write(out.join(format!("{name}.sh")), text).expect("the script can be written");
    }
    origins.sort();
    fs::write(out.join("index"), index).expect("the index can be written");
    fs::write(out.join("downloadlist.sha256"), origins.concat()).expect("the list can be written");
}

/// Header and body.
fn script(name: &str, version: &str, facts: &Facts, body: &str, shared: &Common) -> String {
    let mut text = format!("#!/bin/sh\n#@ pthbs 1\n#@ name {name}\n#@ version {version}\n");
    text.push_str("#@ system x86_64-linux\n#@ target x86_64-linux-musl\n");
    facts.sources.iter().for_each(|source| text.push_str(&format!("#@ source {source}\n")));
    shared.with(|shared| {
        facts
            .tools
            .iter()
            .for_each(|tool| text.push_str(&format!("#@ tool {}\n", shared.done[tool].install)));
        let deps: BTreeSet<&String> = facts.deps.iter().collect();
        deps.iter().for_each(|dep| text.push_str(&format!("#@ dep {}\n", shared.done[*dep].install)));
    });
    text.push_str("#@ build sandbox=on set_path=on static=on\n");
    let mut blank = false;
    let start = text.len();
    for line in body.lines().map(str::trim_end) {
        if line.is_empty() {
            blank = text.len() > start;
            continue;
        }
        if blank {
            text.push('\n');
        }
        blank = false;
        text.push_str(line);
        text.push('\n');
    }
    text
}

fn environment(project: &Path, shared: &Common) -> Environment<'static> {
    let mut env = Environment::new();
    env.set_syntax(
        SyntaxConfig::builder()
            .comment_delimiters("{%#", "#%}")
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build()
            .expect("the delimiters differ"),
    );
    env.set_auto_escape_callback(|_| AutoEscape::None);
    let templates = project.join("templates");
    env.set_loader(move |name| Ok(fs::read_to_string(templates.join(format!("{name}.sh"))).ok()));
    env.add_global("check", "on");
    env.add_global("target", "x86_64-linux-musl");
    // The tree's words need no quotes.
    env.add_filter("sh", |word: String| word);
    env.add_function("fact", |state: &mut State<'_, '_>, name: &str, words: Kwargs| {
        let set = state.lookup(name).filter(|value| !value.is_undefined());
        set.unwrap_or_else(|| words.peek::<Value>("default").unwrap_or_default())
    });
    let own = shared.clone();
    env.add_function("src", move |url: &str, words: Kwargs| {
        let sum: String = words.get("sha256")?;
        let file = url.rsplit('/').next().unwrap_or(url);
        own.with(|shared| {
            shared.facts.sources.insert(format!("sha256:{sum} {file}"));
            shared.facts.urls.push((sum, url.to_string()));
        });
        Ok::<String, minijinja::Error>(format!("$src/{}", file.trim_end_matches(".tar.gz")))
    });
    let own = shared.clone();
    env.add_function("tool", move |name: String| {
        own.with(|shared| {
            shared.facts.tools.insert(name.clone());
            format!("/versions/{}", shared.done[&name].install)
        })
    });
    let own = shared.clone();
    env.add_function("dep", move |name: String| {
        own.with(|shared| {
            shared.facts.deps.push(name.clone());
            format!("/versions/{}", shared.done[&name].install)
        })
    });
    let own = shared.clone();
    env.add_function("deps", move || own.with(|shared| closure(shared)));
    env
}

/// The closure over `dep`, the direct ones first.
fn closure(shared: &Shared) -> Vec<String> {
    let mut queue = shared.facts.deps.clone();
    let mut seen = BTreeSet::new();
    let mut paths = Vec::new();
    let mut next = 0;
    while let Some(name) = queue.get(next).cloned() {
        next += 1;
        if seen.insert(name.clone()) {
            paths.push(format!("/versions/{}", shared.done[&name].install));
            queue.extend(shared.done[&name].deps.iter().cloned());
        }
    }
    paths
}
