//! The build record: what is worth knowing of a build that is not in its result. Nothing here is part of an identity.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::base::{Error, Result, Sha256};
use crate::script::InstallId;

/// A build's record, kept as JSON beside the manifest. What an older program did not write has its default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// When it began, in seconds since 1970.
    pub started: u64,
    /// How long it took.
    pub seconds: f64,
    /// Each phase that the script announced, and its seconds.
    pub phases: Vec<(String, f64)>,
    /// Why the install may depend on more than its script names; empty: it does not.
    pub taint: Vec<String>,
    /// Where it was built.
    pub host: Host,
    /// The version of the program that built it.
    pub pthbs: String,
    /// The installs that its files, links and paths name, itself left out.
    #[serde(with = "as_texts")]
    pub references: BTreeSet<InstallId>,
    /// What may stand for its content.
    #[serde(with = "as_text")]
    pub tree_key: Option<Sha256>,
    /// The sum of the manifest beside it.
    #[serde(with = "as_text", skip_serializing_if = "Option::is_none")]
    pub manifest: Option<Sha256>,
    /// What the seal found that stops nothing.
    pub warnings: Vec<String>,
    /// The license that its definition named; empty: none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub license: String,
    /// The findings in its output that its definition silenced.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub silenced: Vec<String>,
    /// Where its sources could be had, by their sha256 or commit.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub urls: BTreeMap<String, Vec<String>>,
}

/// Facts of a machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Host {
    /// `uname -r`
    pub kernel: String,
    /// `uname -m`
    pub machine: String,
}

impl Host {
    /// The machine that this program runs on.
    pub fn this() -> Host {
        let uname = rustix::system::uname();
        let text = |word: &std::ffi::CStr| word.to_string_lossy().into_owned();
        Host { kernel: text(uname.release()), machine: text(uname.machine()) }
    }
}

impl Record {
    /// The record's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("a record has only texts, numbers and lists");
        bytes.push(b'\n');
        bytes
    }

    /// Reads a record; `place` is named in errors.
    pub fn parse(bytes: &[u8], place: &Path) -> Result<Record> {
        serde_json::from_slice(bytes).map_err(|cause| {
            Error::failed(format!("build record `{}` is damaged", place.display())).line(cause.to_string())
        })
    }
}

/// Something that may be missing, as the text it prints.
mod as_text {
    use super::*;

    pub(super) fn serialize<T: Display, S: Serializer>(value: &Option<T>, to: S) -> Result<S::Ok, S::Error> {
        value.as_ref().map(T::to_string).serialize(to)
    }

    pub(super) fn deserialize<'de, T: FromStr, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
        Option::<String>::deserialize(from)?.map(|text| read(&text)).transpose()
    }

    pub(super) fn read<T: FromStr, E: serde::de::Error>(text: &str) -> Result<T, E> {
        text.parse().map_err(|_| E::custom(format!("`{text}` is not what stands there")))
    }
}

/// A set of things, as the texts they print.
mod as_texts {
    use super::*;

    pub(super) fn serialize<T: Display, S: Serializer>(
        value: &BTreeSet<T>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(value.iter().map(T::to_string))
    }

    pub(super) fn deserialize<'de, T: FromStr + Ord, D: Deserializer<'de>>(
        from: D,
    ) -> Result<BTreeSet<T>, D::Error> {
        Vec::<String>::deserialize(from)?.iter().map(|text| as_text::read(text)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_reads_back() {
        let install: InstallId = format!("zlib.{}", Sha256::of(b"z")).parse().unwrap();
        let record = Record {
            started: 1_753_000_000,
            seconds: 12.5,
            phases: vec![("configure".into(), 3.25)],
            taint: vec!["sandbox=host".into()],
            host: Host::this(),
            references: BTreeSet::from([install]),
            tree_key: Some(Sha256::of(b"t")),
            ..Record::default()
        };
        let place = Path::new("record.json");
        assert_eq!(Record::parse(&record.to_bytes(), place).unwrap(), record);
        assert_eq!(Record::parse(b"{}", place).unwrap(), Record::default());
        let error = Record::parse(b"{\"references\": [\"../x\"]}", place).unwrap_err().to_string();
        assert!(error.starts_with("error: build record `record.json` is damaged\n  `../x` is not what"));
        assert!(!record.host.kernel.is_empty());
    }
}
