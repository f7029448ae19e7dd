//! Holds the examples of `docs/formats.md` true.

use std::collections::BTreeSet;

use super::testing::Tree;
use super::{Record, Sealed};
use crate::base::Sha256;
use crate::script::InstallId;

const FORMATS: &str = include_str!("../../../docs/formats.md");
const ZSH: &str = "zsh.9b8d1ecedd5b5e81fbf1918e876752a7dd948e05c1a0dba10ab863842d45acd5";
const NCURSES: &str = "ncurses.0b2e3f0c6f3c5b9e1d7fd5e6e7d5f7b8a9c0d1e2f3a4b5c6d7e8f9a0b1c2d3e4";

/// The fenced block of a section that begins with a line.
fn block(section: &str, first: &str) -> &'static str {
    let start = format!("\n## {section}\n");
    let (_, text) = FORMATS.split_once(&start).unwrap_or_else(|| panic!("there is no section {section}"));
    let text = text.split("\n## ").next().expect("split gives one at least");
    let mut blocks = text.split("\n```").skip(1).step_by(2).map(|block| block.split_once('\n').unwrap().1);
    let whole = blocks.find(|block| block.starts_with(first));
    let length = whole.unwrap_or_else(|| panic!("{section} has no block {first}")).len();
    let at = text.find(whole.unwrap()).unwrap();
    &text[at..at + length]
}

fn example() -> (Tree, Sealed) {
    let mut tree = Tree::new();
    let (own, ncurses): (InstallId, InstallId) = (ZSH.parse().unwrap(), NCURSES.parse().unwrap());
    (tree.own, tree.known) = (own, BTreeSet::from([ncurses]));
    tree.file("bin/zsh", 0o700, format!("{}\n", block("Manifest", "#!/bin/sh")))
        .file("share/README", 0o600, "Z shell")
        .link("bin/sh", "zsh")
        .link("lib/terminfo", &format!("/versions/{NCURSES}/share/terminfo"));
    let sealed = tree.seal().unwrap();
    (tree, sealed)
}

#[test]
fn a_manifest() {
    let (_tree, sealed) = example();
    assert_eq!(String::from_utf8(sealed.manifest.to_bytes()).unwrap().trim_end(), block("Manifest", "#@"));
}

#[test]
fn a_tree_key() {
    let (tree, sealed) = example();
    let masked = format!("{}\n", block("Tree key", "#@ masked 1").replace("^A", "\u{1}"));
    let digest = Sha256::of(masked.as_bytes());
    assert_eq!(sealed.masked.digest, digest, "the masked manifest is\n{masked}");
    assert!(FORMATS.contains(&format!("here `{digest}`")), "{digest}");
    assert_eq!(sealed.masked.named, [NCURSES, ZSH].map(|text| text.parse().unwrap()));

    let text = format!("{}\n", block("Tree key", "#@ tree 1"));
    let ncurses = text.lines().nth(2).unwrap().parse().unwrap();
    let key = sealed.masked.tree_key(&tree.own, |_| Ok(Some(ncurses))).unwrap().unwrap();
    assert_eq!(key, Sha256::of(text.as_bytes()));
    assert_eq!(text.lines().nth(1).unwrap().parse(), Ok(digest));

    let record = Record::parse(block("Build record", "{").as_bytes(), "formats.md".as_ref()).unwrap();
    assert_eq!(record.tree_key, Some(key), "the record is that of the example");
    assert_eq!(record.references, sealed.masked.references(&tree.own));
}

#[test]
fn a_build_record() {
    let text = block("Build record", "{");
    let record = Record::parse(text.as_bytes(), "formats.md".as_ref()).unwrap();
    assert_eq!(String::from_utf8(record.to_bytes()).unwrap().trim_end(), text);
}
