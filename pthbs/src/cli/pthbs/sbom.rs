//! `pthbs sbom`: what is in an install or an environment, for those who must know: SPDX 2.3 as JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Global;
use super::items::Items;
use super::license::{self, Licenses};
use super::source::{self, kind_and_sum};
use crate::base::{Error, Result, Sha256};
use crate::cli::{config, report};
use crate::environment::{Profile, installs};
use crate::script::{InstallId, Source};
use crate::store::{Graph, Item};

/// Print a bill of materials of an install, an environment or a profile (SPDX 2.3, JSON)
///
/// It holds every install that is used at run time, every library that is linked into one of them, and the sources of all,
/// with their hashes, addresses and licenses. The same installs give the same document: its time is SOURCE_DATE_EPOCH, else
/// that of the last build in it.
///
/// Example: pthbs sbom --profile home
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["name", "profile"])))]
pub(super) struct Arguments {
    /// A package, variant, id, environment, generation or path in the store
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// What this profile shows
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let items = Items::open(global)?;
    let item = match (&arguments.name, &arguments.profile) {
        (Some(name), _) => items.find(name)?,
        (None, Some(profile)) => {
            let profile = Profile::open(&items.store, &profile.parse()?);
            let generation = profile
                .current()?
                .ok_or_else(|| Error::usage(format!("profile `{}` shows nothing yet", profile.name())))?;
            generation.environment.into()
        }
        (None, None) => unreachable!("clap requires one of them"),
    };
    let document = document(&items, &item)?;
    report::data(&format!("{document:#}\n"));
    Ok(())
}

/// Packages and relationships, as they are found.
struct Bill<'a> {
    items: &'a Items,
    licenses: Licenses,
    packages: BTreeMap<String, Value>,
    relations: BTreeSet<(String, &'static str, String)>,
    latest: u64,
}

fn document(items: &Items, item: &Item) -> Result<Value> {
    let graph = Graph::read(&items.store)?;
    let mut bill = Bill {
        items,
        licenses: Licenses::of(items)?,
        packages: BTreeMap::new(),
        relations: BTreeSet::new(),
        latest: 0,
    };
    let described: Vec<InstallId> = match item {
        Item::Install(install) => vec![install.clone()],
        Item::Environment(_) => installs(&items.store.manifest(item)?),
    };
    for install in &described {
        bill.relate("SPDXRef-DOCUMENT", "DESCRIBES", &id_of(install));
    }
    let used = graph.closure(item);
    let used = used.iter().filter_map(|used| if let Item::Install(id) = used { Some(id) } else { None });
    for install in used {
        for used in graph.node(&Item::Install(install.clone())).into_iter().flat_map(|node| &node.uses) {
            if used != install {
                bill.relate(&id_of(install), "DEPENDS_ON", &id_of(used));
            }
        }
        for linked in license::linked(items, install)? {
            bill.add(&linked)?;
        }
    }
    let packages: Vec<Value> = bill.packages.into_values().collect();
    let relation = |(from, word, to): &(String, &str, String)| json!({"spdxElementId": from, "relationshipType": word, "relatedSpdxElement": to});
    let created = config::source_date_epoch().unwrap_or(bill.latest);
    Ok(json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": item.to_string(),
        "documentNamespace": namespace(item, &packages),
        "creationInfo": {
            "created": timestamp(created),
            "creators": [format!("Tool: pthbs-{}", env!("CARGO_PKG_VERSION"))],
        },
        "packages": packages,
        "relationships": bill.relations.iter().map(relation).collect::<Vec<_>>(),
    }))
}

/// One name for one content.
fn namespace(item: &Item, packages: &[Value]) -> String {
    let sum = Sha256::of(serde_json::to_string(packages).expect("it has only texts").as_bytes());
    format!("https://spdx.org/spdxdocs/{item}-{sum}")
}

impl Bill<'_> {
    fn relate(&mut self, from: &str, word: &'static str, to: &str) {
        self.relations.insert((from.to_string(), word, to.to_string()));
    }

    /// An install, its sources, and what is linked into it; those libraries are added by themselves.
    fn add(&mut self, install: &InstallId) -> Result<()> {
        let id = id_of(install);
        if self.packages.contains_key(&id) {
            return Ok(());
        }
        let script = self.items.store.script(install)?;
        let record = self.items.store.record(install)?;
        self.latest = self.latest.max(record.started);
        let about = self.licenses.about(self.items, install).cloned().unwrap_or_default();
        let license = or_no_assertion(&self.licenses.of_install(self.items, install));
        let mut package = json!({
            "SPDXID": id,
            "name": install.name.as_str(),
            "versionInfo": script.header.version,
            "downloadLocation": "NOASSERTION",
            "filesAnalyzed": false,
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": license,
            "copyrightText": "NOASSERTION",
            "primaryPackagePurpose": "INSTALL",
            "comment": format!("made by the script with sha256 {}", install.id),
        });
        if !about.homepage.is_empty() {
            package["homepage"] = json!(about.homepage);
        }
        if !about.description.is_empty() {
            package["summary"] = json!(about.description);
        }
        self.packages.insert(id.clone(), package);
        for dep in &script.header.deps {
            self.relate(&id, "STATIC_LINK", &id_of(dep));
        }
        for (source, urls) in source::sources_of(self.items, &script)? {
            let (source_id, package) = source_package(&source, &urls, &license);
            self.packages.insert(source_id.clone(), package);
            self.relate(&id, "GENERATED_FROM", &source_id);
        }
        Ok(())
    }
}

fn source_package(source: &Source, urls: &[String], license: &str) -> (String, Value) {
    let (kind, sum) = kind_and_sum(source);
    let id = format!("SPDXRef-source-{sum}");
    let is_url = |url: &&String| ["https:", "http:", "ftp:"].iter().any(|start| url.starts_with(start));
    let address = urls.iter().find(is_url);
    let location = match (kind, address) {
        ("git", Some(url)) => format!("git+{url}@{}", source.key()),
        (_, Some(url)) => url.clone(),
        (_, None) => "NOASSERTION".to_string(),
    };
    let package = json!({
        "SPDXID": id,
        "name": source.name(),
        "downloadLocation": location,
        "filesAnalyzed": false,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": license,
        "copyrightText": "NOASSERTION",
        "primaryPackagePurpose": "SOURCE",
        // Of a commit it is the sum of its files, which SPDX has no word for.
        "checksums": [{"algorithm": "SHA256", "checksumValue": sum}],
    });
    (id, package)
}

/// Letters, digits, `.` and `-` may stand in an SPDX id: of a name's bytes all but `+` and `_`.
fn id_of(install: &InstallId) -> String {
    let name = install.name.as_str().replace('+', "-plus").replace('_', "-");
    format!("SPDXRef-{name}.{}", install.id)
}

fn or_no_assertion(license: &str) -> String {
    if license.is_empty() { "NOASSERTION" } else { license }.to_string()
}

/// `2025-07-20T08:26:40Z`
fn timestamp(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days since 0000-03-01: the leap day comes last, and a month's first day is a linear function of the month.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest % 3600 / 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_calendars_have_them() {
        let cases = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_753_000_000, "2025-07-20T08:26:40Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ];
        for (seconds, text) in cases {
            assert_eq!(timestamp(seconds), text);
        }
    }

    #[test]
    fn an_id_has_only_what_spdx_allows() {
        let install: InstallId = format!("lib_c++.{}", Sha256::of(b"")).parse().unwrap();
        let id = id_of(&install);
        assert!(id.starts_with("SPDXRef-lib-c-plus-plus."), "{id}");
        assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-')));
    }
}
