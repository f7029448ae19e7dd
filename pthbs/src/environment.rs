//! Many installs seen as one tree: the merge, its forest of links on disk, and profiles that are switched between them.
//!
//! It knows install ids and manifests only; names, options and templates were resolved before. One merge serves both
//! the environments of the store and the `/env` of a build, so that they can never differ in what they show.

pub mod activate;
pub mod at_run_time;
mod claims;
mod conflict;
pub mod contents;
#[cfg(test)]
mod documented;
pub mod edit;
#[cfg(test)]
mod fake;
pub mod file;
pub mod forest;
pub mod lockfile;
mod made;
pub mod make;
pub mod merge;
pub mod profile;
pub mod roots;
pub mod rules;
mod table;
pub mod wish;

pub use activate::{Shell, activate};
pub use at_run_time::{Bound, When, bound};
pub use contents::{Change, Difference, Package, installs, packages};
pub use edit::without;
pub use file::EnvironmentFile;
pub use forest::{Forest, Table};
pub use lockfile::LockFile;
pub use make::{closure, make, make_wish, members};
pub use merge::{Folding, Member, merge, merge_with};
pub use profile::{Generation, Profile, ProfileName, Switched};
pub use roots::{Root, Why, pin, pins, roots, unpin};
pub use rules::Rules;
pub use wish::{NamedRules, Wish};
