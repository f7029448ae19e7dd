//! What one rendering records besides its text: sources, dependencies, patches, options.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::Value;

use super::instance::Rendering;
use super::update::UpdateRule;
use crate::base::{Error, Result};
use crate::script::{Source, header};

/// How a script uses another one's install.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// A program for the machine that builds.
    Tool,
    /// A library or data for the target.
    Dep,
    /// Needed at run time too.
    Needs,
}

impl Relation {
    /// The function in templates, and the key in the header.
    pub fn as_str(self) -> &'static str {
        match self {
            Relation::Tool => "tool",
            Relation::Dep => "dep",
            Relation::Needs => "needs",
        }
    }
}

/// One use of another script.
#[derive(Debug, Clone)]
pub struct Edge {
    /// How it is used.
    pub relation: Relation,
    /// `NAME`, or `NAME@LABEL` for a variant.
    pub label: String,
    /// The script used.
    pub to: Arc<Rendering>,
}

/// One source, and where it can be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceUse {
    /// As the header has it.
    pub source: Source,
    /// Addresses, in the order to try them.
    pub urls: Vec<String>,
    /// `packages/zlib/package.sh:6`
    pub place: String,
    /// Whether the definition chose the name itself, so that one file may go by several.
    pub is_renamed: bool,
}

/// What is known of a package beside its script.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meta {
    /// One line for people.
    pub description: String,
    /// An SPDX expression.
    pub license: String,
    /// Its home page.
    pub homepage: String,
    /// Findings that are not to be told of its output, each with the reason.
    pub silence: BTreeMap<String, String>,
    /// Why nobody could build it so far (`verified` is false, with a `reason`); empty for a verified one.
    pub unverified: String,
    /// How newer versions are found, where the definition says it (`Rendering::update_rule` else makes a rule).
    pub update: Option<UpdateRule>,
}

/// An option as `option()` declared it.
#[derive(Debug, Clone)]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// The value without anybody's wish, as text; nothing where a value is required.
    pub default: Option<String>,
    /// What it may be, as text; empty where it may be anything.
    pub choices: Vec<String>,
    /// What it does.
    pub doc: String,
    /// Whether its value is another one than the default.
    pub is_changed: bool,
}

/// All that the calls of one rendering record.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub sources: Vec<SourceUse>,
    pub edges: Vec<Edge>,
    pub patches: Vec<(String, String)>,
    pub files: Vec<String>,
    pub options: Vec<Declared>,
    /// Defaults that `fact()` gave to facts of the engine.
    pub defaults: BTreeMap<String, Value>,
}

impl Facts {
    /// Records a source; two that would lie in one place are an error, the same one twice is not.
    pub(super) fn add_source(&mut self, new: SourceUse) -> Result<()> {
        for old in &mut self.sources {
            if old.source == new.source {
                old.urls
                    .extend(new.urls.into_iter().filter(|url| !old.urls.contains(url)).collect::<Vec<_>>());
                return Ok(());
            }
            if old.source.entry() == new.source.entry() {
                return Err(Error::usage(format!(
                    "two sources would both be `{}` in $src",
                    new.source.entry()
                ))
                .with("the other one", &old.place)
                .hint("give one of them another name: `name=\"...\"`"));
            }
        }
        self.sources.push(new);
        Ok(())
    }

    /// Records a dependency, once.
    pub(super) fn add_edge(&mut self, edge: Edge) {
        let is_known = |old: &Edge| old.relation == edge.relation && old.label == edge.label;
        if !self.edges.iter().any(is_known) {
            self.edges.push(edge);
        }
    }
}

/// A source's name, checked.
pub(super) fn source_name(name: &str) -> Result<String> {
    header::source_name(Some(name)).map_err(Error::usage)
}
