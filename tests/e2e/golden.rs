//! The golden copies of all scripts: a change of a template is reviewed as the diff of every script that it changes.
//!
//! `make golden` (PTHBS_GOLDEN=write) rewrites them, `git diff` is the judgement.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use pthbs::genpkg::{Options, Project};

use crate::templates::fixture_scripts;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Every script of the project by its file name, with these options.
fn rendered(given: &[&str]) -> BTreeMap<String, String> {
    let mut options = Options::default();
    given.iter().for_each(|option| options.give(option).unwrap());
    let output =
        Project::open(Path::new(ROOT)).unwrap().render(&options).unwrap_or_else(|error| panic!("{error}"));
    let scripts = output.scripts.iter();
    scripts.map(|(label, rendering)| (format!("{label}.sh"), rendering.script.text.clone())).collect()
}

/// The scripts of a golden directory by their file names.
fn golden(dir: &Path) -> BTreeMap<String, String> {
    let files = fs::read_dir(dir).into_iter().flatten().map(|entry| entry.unwrap().path());
    let scripts = files.filter(|path| path.extension().is_some_and(|ending| ending == "sh"));
    let named = scripts.map(|path| (path.file_name().unwrap().to_str().unwrap().to_string(), path));
    named.map(|(name, path)| (name, fs::read_to_string(path).unwrap())).collect()
}

fn compare(dir: &str, scripts: &BTreeMap<String, String>) {
    let dir: PathBuf = Path::new(ROOT).join("tests/golden").join(dir);
    let kept = golden(&dir);
    if std::env::var_os("PTHBS_GOLDEN").is_some_and(|word| word == "write") {
        fs::create_dir_all(&dir).unwrap();
        kept.keys()
            .filter(|name| !scripts.contains_key(*name))
            .for_each(|name| fs::remove_file(dir.join(name)).unwrap());
        scripts.iter().for_each(|(name, text)| fs::write(dir.join(name), text).unwrap());
        return;
    }
    let names = kept.keys().chain(scripts.keys()).filter(|name| kept.get(*name) != scripts.get(*name));
    let mut differing: Vec<&String> = names.collect();
    differing.dedup();
    assert!(differing.is_empty(), "`make golden` would change in {}: {differing:?}", dir.display());
}

#[test]
fn every_script_is_as_its_golden_copy() {
    compare("scripts", &rendered(&[]));
}

#[test]
fn the_quick_start_is_as_its_golden_copy() {
    let quick = [
        "busybox.sh",
        "gnu-make.sh",
        "m4.sh",
        "musl.sh",
        "ncurses.sh",
        "zlib.sh",
        "zsh-startup.sh",
        "zsh.sh",
    ];
    let mut scripts = rendered(&["toolchain=host", "sources=debian"]);
    scripts.retain(|name, _| quick.contains(&name.as_str()));
    assert_eq!(scripts.len(), quick.len());
    compare("scripts/host", &scripts);
}

/// Templates that no package uses yet have fixtures in their place.
#[test]
fn the_fixtures_of_templates_are_as_their_golden_copies() {
    for (dir, options) in [("templates", &[][..]), ("templates/host", &["toolchain=host"][..])] {
        let scripts = fixture_scripts(options).into_iter();
        compare(dir, &scripts.map(|(label, script)| (format!("{label}.sh"), script.text)).collect());
    }
}
