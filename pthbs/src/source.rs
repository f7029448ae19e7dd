//! Bytes from outside: fetched, verified, kept by hash, and laid out for a build. Knows no script but its sources.
//!
//! The road of a file: a distfiles directory, a mirror or one of its URLs gives bytes; they are hashed as they arrive
//! and are renamed to their hash only when it is the right one; `place` lays them below a build's `src`.

mod address;
mod apt;
mod check;
mod config;
mod distfiles;
mod download;
mod export;
mod fetch;
mod git;
mod http;
mod import;
mod inside;
mod learn;
mod names;
mod parallel;
mod partial;
mod place;
#[cfg(test)]
mod tests;
mod tree;
mod unpack;
mod wanted;

pub use check::{Checked, check};
pub use config::{Config, Mirror, Proxies};
pub use fetch::Fetcher;
pub use import::import;
pub use names::are_two_versions;
pub use place::{is_kept, place};
pub use unpack::{Limits, unpack};
