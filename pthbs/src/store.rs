//! The directory that holds installs, environments, sources, logs and profiles. Alone in joining paths below its root.
//!
//! The file system is the database: no daemon, no index. Present means complete.

mod asked;
mod check;
mod cursor;
mod delete;
mod difference;
#[cfg(test)]
mod documented;
mod graph;
mod in_use;
#[cfg(test)]
mod kill_tests;
pub mod layout;
mod lock;
pub mod manifest;
mod mask;
mod names;
mod open;
mod publish;
mod read;
mod record;
mod remove;
mod repair;
mod scratch;
pub mod seal;
mod spread;
mod staging;
mod sweep;
#[cfg(test)]
mod testing;
mod view;

pub use check::Damage;
pub use difference::{Apart, Change};
pub use graph::{Depth, Graph, Kept, Node, Role};
pub use in_use::{Collection, InUse, NoCollection};
pub use layout::{EnvironmentId, Item, LOGICAL, LOGICAL_CURRENT, Store};
pub use lock::{Holder, Lock};
pub use manifest::{Entry, Manifest, Reference, Size, What};
pub use mask::Masked;
use open::trouble;
pub use publish::{Meta, Published};
pub use record::{Host, Record};
pub use remove::Removed;
pub use scratch::Scratch;
pub use seal::{Finding, MTIME, Seal, Sealed, Walked};
pub use staging::Staging;
pub use view::{Shown, View};
