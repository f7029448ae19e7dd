//! Many installs seen as one tree: the merge, its forest of links on disk, and profiles that are switched between them.
//!
//! It knows install ids and manifests only; names, options and templates were resolved before. One merge serves both
//! the environments of the store and the `/env` of a build, so that they can never differ in what they show.

mod claims;
mod conflict;
#[cfg(test)]
mod fake;
pub mod forest;
pub mod make;
pub mod merge;
pub mod profile;
pub mod rules;
mod table;
pub mod wish;

pub use forest::{Forest, Table};
pub use make::{closure, make, make_with, members};
pub use merge::{Folding, Member, merge, merge_with};
pub use profile::{Generation, Profile, ProfileName, Switched};
pub use rules::Rules;
pub use wish::{NamedRules, Wish};
