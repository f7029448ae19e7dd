//! Holds the examples of `docs/formats.md` true.

use std::fs;
use std::path::Path;

use super::fake::{self, Package, file, link};
use super::forest::{Forest, Table};
use super::merge::{Member, merge};
use super::profile::{GenerationRecord, Profile};
use super::wish::{NamedRules, Wish};
use super::{EnvironmentFile, LockFile, make_wish, pin};
use crate::store::{Entry, Item, Manifest, What};

const FORMATS: &str = include_str!("../../../docs/formats.md");

/// The fenced block that follows a sentence of the document.
fn block(after: &str) -> &'static str {
    let (_, rest) = FORMATS.split_once(after).unwrap_or_else(|| panic!("the document does not say: {after}"));
    let (_, block) = rest.split_once("```").expect("a block follows");
    let (_, block) = block.split_once('\n').expect("the fence is a line");
    block.split_once("```").expect("the block ends").0
}

fn example() -> Vec<Member> {
    let member = |install: &str, entries: &[(&str, What)]| {
        let Member { manifest, .. } = fake::member("x", entries);
        Member { install: install.parse().unwrap(), manifest }
    };
    let function = |name: &str| format!("share/zsh/functions/Completion/Unix/{name}");
    let zsh = member(
        "zsh.9b8d1ecedd5b5e81fbf1918e876752a7dd948e05c1a0dba10ab863842d45acd5",
        &[
            ("bin/zsh", file("zsh")),
            ("lib/zsh.a", file("a")),
            ("lib64", link("lib")),
            (&function("_git"), file("git")),
            (&function("_make"), file("make")),
        ],
    );
    let ncurses = member(
        "ncurses.0b2e3f0c6f3c5b9e1d7fd5e6e7d5f7b8a9c0d1e2f3a4b5c6d7e8f9a0b1c2d3e4",
        &[
            ("bin/clear", file("clear")),
            ("lib/libncursesw.a", file("a")),
            ("lib64", link("lib")),
            ("share/terminfo/x/xterm", file("xterm")),
            (&function("_tput"), file("tput")),
        ],
    );
    vec![zsh, ncurses]
}

#[test]
fn the_manifest_of_an_environment() {
    let forest = merge(&example()).unwrap();
    assert_eq!(String::from_utf8(forest.manifest().to_bytes()).unwrap(), block("is this environment:"));
    let id = forest.id().to_string();
    assert!(FORMATS.contains(&format!("so it is `{id}`")), "{id}");
}

#[test]
fn the_table_of_a_build() {
    let dir = tempfile::tempdir().unwrap();
    let forest: Forest = merge(&example()).unwrap();
    forest.write(dir.path(), Table::Absolute).unwrap();
    let mut rows: Vec<String> = fs::read_dir(dir.path().join(".p"))
        .unwrap()
        .map(|row| row.unwrap().path())
        .map(|row| {
            let target = fs::read_link(&row).unwrap();
            format!(".p/{} -> {}\n", row.file_name().unwrap().display(), target.display())
        })
        .collect();
    rows.sort();
    assert_eq!(rows.concat(), block("In a build's `/env` the rows are"));
}

#[test]
fn the_files_of_a_profile() {
    let (_dir, store) = fake::store();
    let zsh = Package::new("zsh").entry("bin/zsh", file("one")).publish(&store);
    let busybox = Package::new("busybox").entry("bin/sh", file("two")).publish(&store);
    let profile = Profile::open(&store, &"home".parse().unwrap());
    let wish = Wish { asked: [("zsh".to_string(), zsh.clone())].into(), ..Wish::default() };
    profile.switch(make_wish(&store, &wish).unwrap(), &wish).unwrap();
    let prefer = [("bin/sh".to_string(), "busybox".to_string())].into();
    let mut wish = Wish { rules: NamedRules { prefer, ..NamedRules::default() }, ..wish };
    wish.asked.insert("busybox@tiny".to_string(), busybox.clone());
    let environment = make_wish(&store, &wish).unwrap();
    profile.switch(environment, &wish).unwrap();
    pin(&store, &Item::Install(zsh.clone())).unwrap();

    // Hashes and times stand in the document as words.
    let plain = |text: String| {
        let known = [(zsh.to_string(), "zsh.HASH"), (busybox.to_string(), "busybox.HASH")];
        known.iter().fold(text, |text, (from, to)| text.replace(from, to))
    };
    let mut listed: Vec<String> = walkdir::WalkDir::new(store.profiles())
        .into_iter()
        .map(Result::unwrap)
        .filter(walkdir::DirEntry::path_is_symlink)
        .map(|entry| {
            let path = Path::new("profile").join(entry.path().strip_prefix(store.profiles()).unwrap());
            let target = fs::read_link(entry.path()).unwrap().display().to_string();
            let target = target.split_once("env.").map_or(target.clone(), |(up, _)| format!("{up}env.HASH"));
            plain(format!("{} -> {target}\n", path.display()))
        })
        .collect();
    listed.sort();
    assert_eq!(listed.concat(), block("A profile `home` with two generations, and a pin:"));

    let record = fs::read_to_string(profile.link().with_file_name("2.json")).unwrap();
    let read: GenerationRecord = serde_json::from_str(&record).unwrap();
    let record = plain(record).replace(&read.time.to_string(), "1753000000");
    assert_eq!(record, block("`2.json` is the record of generation 2:"));

    let lock = LockFile::of(&store, environment, &wish).unwrap();
    let text = plain(lock.to_text()).replace(&environment.to_string(), "env.HASH");
    assert_eq!(text, block("## Lock file"));
}

#[test]
fn an_environment_file() {
    let text = block("## Environment file");
    let file = EnvironmentFile::parse(text, "home.env.toml").unwrap();
    assert_eq!(file.packages.len(), 3);
    assert_eq!(file.files.len(), 3);
    let rules = file.rules();
    assert_eq!((rules.prefer.len(), rules.exclude.len(), rules.rename.len()), (1, 1, 1));
}

#[test]
fn a_manifest_of_an_environment_reads_back() {
    let text = block("is this environment:");
    let read = Manifest::parse(text.as_bytes(), Path::new("formats.md")).unwrap();
    assert!(read.entries.iter().all(|Entry { what, .. }| !matches!(what, What::File { .. })));
}
