//! What is known of a package beside its script. None of it is part of an identity: changing it rebuilds nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a definition's `meta` tells the lower half.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// One line for people.
    pub description: String,
    /// An SPDX expression.
    pub license: String,
    /// Its home page.
    pub homepage: String,
    /// Findings that are not to be told of its output, each with the reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub silence: BTreeMap<String, String>,
}

/// The words of findings that can be silenced. `docs/formats.md` says what each one is.
pub const FINDINGS: [&str; 8] =
    ["dynamic", "undeclared", "env", "build", "stack", "libtool", "compressed", "pieces"];
