//! The words of the template language: facts, variables, functions. What is not here does not exist.

/// Facts that the engine itself reads; a definition may set them, whatever it extends.
pub(super) const FACTS: [&str; 7] = ["version", "meta", "sandbox", "set_path", "static", "system", "target"];

/// Variables that every template sees.
pub(super) const VARIABLES: [&str; 6] = ["name", "toolchain", "sources", "check", "system", "target"];

/// A function and the keywords it takes; none where every keyword means something.
pub(super) const FUNCTIONS: [(&str, Option<&[&str]>); 15] = [
    ("fact", Some(&["default", "doc"])),
    ("src", Some(&["sha256", "unpack", "strip", "name"])),
    ("git", Some(&["commit", "sha256", "name"])),
    ("file", Some(&[])),
    ("patch", Some(&[])),
    ("patches", Some(&[])),
    ("tool", None),
    ("dep", None),
    ("needs", None),
    ("deps", Some(&[])),
    ("option", Some(&["default", "choices", "doc"])),
    ("fail", Some(&[])),
    ("range", Some(&[])),
    ("dict", None),
    ("namespace", None),
];

/// Functions that record something about the script.
pub(super) const RECORDING: [&str; 7] = ["src", "git", "patch", "tool", "dep", "needs", "option"];

/// What `meta` may hold. None of it reaches the script.
pub(super) const META: [&str; 7] =
    ["description", "license", "homepage", "update", "silence", "verified", "reason"];

/// What `meta.update` may hold: a page, and a regular expression whose group is a version there.
pub(super) const UPDATE: [&str; 2] = ["url", "pattern"];

/// The machine that scripts run on.
pub(super) const SYSTEM: &str = "x86_64-linux";
/// What scripts make where nothing else is asked for.
pub(super) const TARGET: &str = "x86_64-linux-musl";

/// The keywords of a function; nothing for what is no function of ours or takes any.
pub(super) fn keywords(function: &str) -> Option<&'static [&'static str]> {
    FUNCTIONS.iter().find(|(name, _)| *name == function).and_then(|(_, keywords)| *keywords)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::genpkg::{Files, Options, Project};

    /// The guide's examples are packages: each renders in this tree, and lint has nothing to say of it.
    #[test]
    fn the_guides_examples_are_packages() {
        let guide = include_str!("../../../packages/README.md");
        let writing = guide.split("## The language").next().unwrap();
        let examples: Vec<&str> =
            writing.split("```\n").filter(|part| part.starts_with("{% extends")).collect();
        assert_eq!(examples.len(), 2);
        for example in examples {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
            let name = "example-of-the-guide";
            let files =
                Files::of_dir(root).with(&format!("packages/{name}/package.sh"), example.as_bytes().to_vec());
            let project = Project::from_files(files).unwrap();
            let only = Options { only: vec![name.to_string()], ..Options::default() };
            let mut output = project.render(&only).unwrap_or_else(|error| panic!("{error}"));
            output.scripts.retain(|label, _| label == name);
            let found: Vec<String> = project.lint(&output).unwrap().iter().map(ToString::to_string).collect();
            assert!(found.is_empty(), "{found:?}");
        }
    }

    /// The list of blocks in the guide is that of `base`.
    #[test]
    fn the_guide_lists_every_block_of_the_base() {
        let guide = include_str!("../../../packages/README.md");
        let base = include_str!("../../../templates/base.sh");
        let list = guide.split("The blocks are").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap();
        let blocks = base.split("{% block ").skip(1).map(|rest| rest.split(' ').next().unwrap());
        for block in blocks.filter(|block| !block.starts_with("pre_") && !block.starts_with("post_")) {
            assert!(list.contains(&format!("`{block}`")), "`{block}`");
        }
    }

    /// The guide has the whole language in one table: a word that it lacks cannot be found by an author.
    #[test]
    fn the_guides_table_has_every_word() {
        let guide = include_str!("../../../packages/README.md");
        let table =
            guide.split("## The language").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap();
        let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| ")).collect();
        let has = |word: &str| rows.iter().any(|row| row.contains(word));
        for (function, keywords) in FUNCTIONS {
            assert!(has(&format!("`{function}(")), "`{function}`");
            for keyword in keywords.unwrap_or_default() {
                let is_there = |row: &&&str| {
                    row.contains(&format!("`{function}(")) && row.contains(&format!("{keyword}="))
                };
                assert!(rows.iter().any(|row| is_there(&row)), "`{function}({keyword}=)`");
            }
        }
        for word in FACTS.iter().chain(&VARIABLES).chain(&META).chain(&UPDATE) {
            assert!(has(&format!("`{word}`")), "`{word}`");
        }
        for filter in ["sh", "kconfig", "heredoc"] {
            assert!(has(&format!("`{filter}`")), "`{filter}`");
        }
    }
}
