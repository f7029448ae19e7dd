//! The contract between the halves: names, ids, the script's header, and the `rendered/` directory they meet in.

pub mod about;
pub mod header;
pub mod name;
pub mod rendered;

pub use header::{Header, Sandbox, Source};
pub use name::{InstallId, PackageName, ScriptId};
pub use rendered::{Origin, Rendered};

use crate::base::{Result, Sha256};

/// One script: its bytes, the identity they have, and the header read from them.
#[derive(Debug, Clone)]
pub struct Script {
    /// The whole text, exactly the hashed bytes.
    pub text: String,
    /// The header that the text begins with.
    pub header: Header,
    /// The sum of the text.
    pub id: ScriptId,
}

impl Script {
    /// Reads a script; `place` is named in errors.
    pub fn parse(text: String, place: &str) -> Result<Script> {
        let header = Header::parse(&text, place)?;
        let id = ScriptId(Sha256::of(text.as_bytes()));
        Ok(Script { text, header, id })
    }

    /// Where its install lies: `NAME.HASH`.
    pub fn install_id(&self) -> InstallId {
        InstallId { name: self.header.name.clone(), id: self.id }
    }
}
