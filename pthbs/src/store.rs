//! The directory that holds installs, environments, sources, logs and profiles. Alone in joining paths below its root.
//!
//! The file system is the database: no daemon, no index. Present means complete.

pub mod layout;
pub mod manifest;

pub use layout::{EnvironmentId, Item, Store};
pub use manifest::{Entry, Manifest, Reference, What};
