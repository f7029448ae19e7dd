//! What knows nothing of building: errors, hashes, files, events.

pub mod error;
pub mod event;
pub mod fs;
pub mod hash;

pub use error::{Error, Kind, Result};
pub use hash::Sha256;
