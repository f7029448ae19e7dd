//! Packaging Through Hashed Build Scripts.
//!
//! The modules stand in the order of the road: a name becomes a script (`genpkg`), a script becomes an install
//! (`source`, `build`, `store`), installs become environments and profiles (`environment`). `cli` alone knows both
//! halves. `tests/e2e/layers.rs` holds who may import whom.

pub mod base;
pub mod build;
pub mod cli;
pub mod environment;
pub mod genpkg;
pub mod script;
pub mod source;
pub mod store;
