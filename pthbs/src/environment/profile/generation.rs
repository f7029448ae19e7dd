//! A profile's name, and one state that it has had.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::base::{Error, Result};
use crate::environment::wish::Wish;
use crate::script::PackageName;
use crate::store::EnvironmentId;

/// A profile's name; the rules are those of a package's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProfileName(PackageName);

impl FromStr for ProfileName {
    type Err = Error;

    fn from_str(text: &str) -> Result<ProfileName> {
        text.parse().map(ProfileName).map_err(|_| {
            Error::usage(format!("`{}` is not a profile's name", text.escape_debug())).line(
                "a name is 1 to 64 of `a-z 0-9 + _ -` and begins with a letter or a digit; `env` is no name",
            )
        })
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One state that a profile has had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generation {
    /// Counted from 1; never used twice.
    pub number: u64,
    /// What it shows.
    pub environment: EnvironmentId,
    /// Where it came from.
    pub record: GenerationRecord,
}

/// What is known of a generation beside what it shows: `14.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GenerationRecord {
    /// When it was made, in seconds since 1970.
    pub time: u64,
    /// The generation that was current then; `rollback` goes there.
    pub parent: Option<u64>,
    /// What was asked for.
    #[serde(flatten)]
    pub wish: Wish,
}

/// What a switch or rollback has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switched {
    /// The generation that was current before.
    pub from: Option<u64>,
    /// The one that is current.
    pub to: u64,
}

impl Switched {
    /// Whether anything is seen otherwise than before.
    pub fn is_change(&self) -> bool {
        self.from != Some(self.to)
    }
}
