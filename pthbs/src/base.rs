//! What knows nothing of building: errors, hashes, files, events, text to be shown.

pub mod error;
pub mod event;
pub mod fs;
pub mod hash;
pub mod text;

pub use error::{Error, Kind, Result};
pub use hash::Sha256;
