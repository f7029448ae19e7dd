//! The rendered text of every package, against its copy in `tests/golden/scripts/`. What a change of a template or a
//! definition does to all scripts is reviewed as the difference of those copies; `make golden` rewrites them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use pthbs::genpkg::{Options, Project};

/// A directory below `tests/golden/scripts/`, the options it was rendered with, the packages in it (none: all).
const SETS: [(&str, &[&str], &[&str]); 2] =
    [("", &[], &[]), ("host", &["toolchain=host", "sources=debian"], &["zsh", "zsh-startup", "zlib", "m4"])];

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The scripts of a set, by file name.
fn rendered(given: &[&str], only: &[&str]) -> BTreeMap<String, String> {
    let only = only.iter().map(ToString::to_string).collect();
    let mut options = Options { only, ..Options::default() };
    given.iter().for_each(|assignment| options.give(assignment).unwrap());
    let output =
        Project::open(&project()).unwrap().render(&options).unwrap_or_else(|error| panic!("{error}"));
    output.scripts.iter().map(|(label, made)| (format!("{label}.sh"), made.script.text.clone())).collect()
}

/// The copies in a directory, by file name.
fn copies(dir: &Path) -> BTreeMap<String, String> {
    let mut copies = BTreeMap::new();
    for entry in fs::read_dir(dir).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "sh") {
            let name = path.file_name().unwrap().to_str().unwrap().to_string();
            copies.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
    copies
}

#[test]
fn every_script_is_rendered_as_its_golden_copy() {
    let is_writing = std::env::var("PTHBS_GOLDEN").is_ok_and(|value| value == "write");
    let mut different = Vec::new();
    for (set, given, only) in SETS {
        let dir = project().join("tests/golden/scripts").join(set);
        let (rendered, copies) = (rendered(given, only), copies(&dir));
        let names: BTreeSet<&String> = rendered.keys().chain(copies.keys()).collect();
        for name in names.into_iter().filter(|name| rendered.get(*name) != copies.get(*name)) {
            different.push(Path::new(set).join(name).display().to_string());
            match rendered.get(name) {
                Some(text) if is_writing => {
                    fs::create_dir_all(&dir).unwrap();
                    fs::write(dir.join(name), text).unwrap();
                }
                None if is_writing => fs::remove_file(dir.join(name)).unwrap(),
                _ => {}
            }
        }
    }
    assert!(
        is_writing || different.is_empty(),
        "these scripts differ from tests/golden/scripts/; run `make golden` and judge `git diff`:\n  {}",
        different.join("\n  ")
    );
}
