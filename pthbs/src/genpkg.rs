//! The upper half: from names and templates to script text. `Project::render` is pure: no clock, no network, no host,
//! no store. Knows nothing of what becomes of a script.
//!
//! A definition (`packages/NAME/package.sh`) extends a template (`templates/*.sh`). Rendering runs it once; the calls it
//! makes (`src`, `dep`, ...) return text and record facts, and the header is written from the facts afterwards.

mod calls;
mod catalog;
mod compare;
mod edit;
mod engine;
mod facts;
mod failure;
mod files;
mod filters;
mod header;
mod instance;
mod language;
mod license;
mod lint;
mod options;
mod origin;
mod outline;
mod output;
mod place;
mod project;
mod run;
mod shell;
mod stamp;
mod strict;
mod syntax;
mod templates;
mod text;
mod threads;
mod trace;
mod underway;
mod update;
mod variant;
mod version;
mod written;

pub use catalog::Catalog;
pub use compare::{Change, Changes, Hunk, Snapshot, unified};
pub use edit::{Skeleton, name_and_version, with_version};
pub use facts::{Edge, Meta, Relation, SourceUse};
pub use files::Files;
pub use instance::Rendering;
pub use options::Options;
pub use output::{Output, Written};
pub use project::Project;
pub use trace::Origin;
pub use underway::underway;
pub use update::UpdateRule;
pub use variant::Variant;
pub use version::compare as compare_versions;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod mistakes;
#[cfg(test)]
mod odd_trees;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
