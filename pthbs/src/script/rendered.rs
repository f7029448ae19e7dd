//! `rendered/`: the directory in which the halves meet. The upper half writes it, the lower half believes the index.
//!
//! Formats are described in `docs/formats.md`. This module knows them both ways, so that they are written down once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Script;
use super::about::About;
use super::name::{InstallId, PackageName, ScriptId};
use crate::base::{Error, Result, error, fs};

/// The index: which options were in force, and every script by its label.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Index {
    /// Options in force: name, value, and whether the command line gave it.
    pub options: BTreeMap<String, OptionValue>,
    /// Script ids by label: `NAME`, or `NAME@LABEL` for a variant.
    pub scripts: BTreeMap<String, ScriptId>,
}

/// One option in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionValue {
    /// Its value.
    pub value: String,
    /// Whether `-o` gave it; a later automatic render keeps those.
    pub is_given: bool,
}

const INDEX_START: &str = "#@ index 1";

impl Index {
    /// Reads an index; `place` is named in errors.
    pub fn parse(text: &str, place: &str) -> Result<Index> {
        let mut index = Index::default();
        // Not `lines()`, which drops a carriage return before a newline alone.
        let mut lines = text.split_terminator('\n').enumerate();
        let wrong = |number: usize| {
            Error::usage(format!("`{place}:{}` cannot be read", number + 1))
                .hint("run `genpkg render` to write it anew")
        };
        if lines.next().is_none_or(|(_, line)| line != INDEX_START) {
            return Err(wrong(0));
        }
        for (number, line) in lines {
            if let Some(option) = line.strip_prefix("#@ option ") {
                let (option, is_given) =
                    option.strip_suffix(" given").map_or((option, false), |option| (option, true));
                let (name, value) = option.split_once('=').ok_or_else(|| wrong(number))?;
                index.options.insert(name.to_string(), OptionValue { value: value.to_string(), is_given });
            } else {
                let (label, id) = line.split_once('\t').ok_or_else(|| wrong(number))?;
                let id = id.parse().map_err(|_| wrong(number))?;
                name_of_label(label).map_err(|_| wrong(number))?;
                index.scripts.insert(label.to_string(), ScriptId(id));
            }
        }
        Ok(index)
    }
}

impl std::fmt::Display for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{INDEX_START}")?;
        for (name, OptionValue { value, is_given }) in &self.options {
            writeln!(f, "#@ option {name}={value}{}", if *is_given { " given" } else { "" })?;
        }
        self.scripts.iter().try_for_each(|(label, id)| writeln!(f, "{label}\t{id}"))
    }
}

/// The package's name in a label: all before the `@`.
pub fn name_of_label(label: &str) -> Result<PackageName> {
    label.split_once('@').map_or(label, |(name, _)| name).parse()
}

/// Where a source can be had, and the definition that says so.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// An address: `https:`, `http:`, `file:` or `deb-src:`.
    pub url: String,
    /// `packages/zlib/package.sh:6`
    pub place: String,
}

/// A download list: origins by hash or commit, in the order to try them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DownloadList(BTreeMap<String, Vec<Origin>>);

impl DownloadList {
    /// Adds an origin after those known for the hash; one that is known already is left where it is.
    pub fn add(&mut self, hash: &str, origin: Origin) {
        let origins = self.0.entry(hash.to_string()).or_insert_with(|| Vec::with_capacity(1));
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }

    /// The origins of a hash.
    pub fn origins(&self, hash: &str) -> &[Origin] {
        self.0.get(hash).map_or(&[], Vec::as_slice)
    }

    /// Reads a list; `place` is named in errors.
    pub fn parse(text: &str, place: &str) -> Result<DownloadList> {
        let mut list = DownloadList::default();
        for (number, line) in text.split_terminator('\n').enumerate() {
            let columns: Vec<&str> = line.split('\t').collect();
            let [hash, url, origin] = columns[..] else {
                return Err(Error::usage(format!(
                    "`{place}:{}` is not HASH, URL and place with tabs between",
                    number + 1
                ))
                .hint("run `genpkg render` to write it anew"));
            };
            list.add(hash, Origin { url: url.to_string(), place: origin.to_string() });
        }
        Ok(list)
    }
}

impl std::fmt::Display for DownloadList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (hash, origins) in &self.0 {
            origins.iter().try_for_each(|Origin { url, place }| writeln!(f, "{hash}\t{url}\t{place}"))?;
        }
        Ok(())
    }
}

/// An opened `rendered/`.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// Where it lies.
    pub dir: PathBuf,
    /// Its index.
    pub index: Index,
}

impl Rendered {
    /// The index's file name.
    pub const INDEX: &'static str = "index";
    /// The file sources' download list.
    pub const FILES: &'static str = "downloadlist.sha256";
    /// The git sources' download list.
    pub const COMMITS: &'static str = "downloadlist.git";
    /// What is known of each label beside its script.
    pub const ABOUT: &'static str = "about.json";
    /// The fingerprint of what was rendered.
    pub const STAMP: &'static str = ".stamp";

    /// Opens a directory that `genpkg render` wrote.
    pub fn open(dir: &Path) -> Result<Rendered> {
        let path = dir.join(Rendered::INDEX);
        let text = fs::read_file(&path).map_err(|error| error.hint("run `genpkg render` first"))?;
        let index = Index::parse(&text, &path.display().to_string())?;
        Ok(Rendered { dir: dir.to_path_buf(), index })
    }

    /// The script with this label, its bytes checked against the index.
    pub fn script(&self, label: &str) -> Result<Script> {
        let id = self.index.scripts.get(label).ok_or_else(|| self.unknown(label))?;
        let path = self.script_path(label);
        let script = Script::parse(fs::read_file(&path)?, &path.display().to_string())?;
        if script.id != *id {
            return Err(Error::usage(format!("`{}` is not the script that was rendered", path.display()))
                .with("index", id)
                .with("file", script.id)
                .hint("`genpkg render` restores it; to build an edited copy, save it elsewhere and give its path"));
        }
        Ok(script)
    }

    /// The file of a label's script.
    pub fn script_path(&self, label: &str) -> PathBuf {
        self.dir.join(format!("{label}.sh"))
    }

    /// The label of an install, where the index has it.
    pub fn label_of(&self, install: &InstallId) -> Option<&str> {
        let name = install.name.as_str();
        self.labels_of(name).find(|(_, id)| **id == install.id).map(|(label, _)| label)
    }

    /// The label that a program argument means: `NAME`, `NAME@LABEL`, or `NAME.HASHPREFIX` of 8 digits or more.
    pub fn resolve(&self, argument: &str) -> Result<&str> {
        if let Some((label, _)) = self.index.scripts.get_key_value(argument) {
            return Ok(label);
        }
        let Some((name, prefix)) = argument.split_once('.') else { return Err(self.unknown(argument)) };
        let is_prefix = (8..=64).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_hexdigit());
        if !is_prefix {
            return Err(self.unknown(argument));
        }
        let hits = self.labels_of(name).filter(|(_, id)| id.to_string().starts_with(prefix));
        // Two labels of one script are one answer.
        let by_id: BTreeMap<&ScriptId, &str> = hits.map(|(label, id)| (id, label)).collect();
        match by_id.len() {
            1 => Ok(by_id.into_values().next().expect("there is one")),
            0 => {
                Err(Error::usage(format!("no rendered script is `{argument}`"))
                    .hint("`genpkg list` shows all"))
            }
            _ => {
                let labels: Vec<&str> = by_id.into_values().collect();
                Err(Error::usage(format!("`{argument}` is not unique"))
                    .with("it may mean", labels.join(", ")))
            }
        }
    }

    /// The download list of file sources.
    pub fn files(&self) -> Result<DownloadList> {
        self.download_list(Rendered::FILES)
    }

    /// The download list of git sources.
    pub fn commits(&self) -> Result<DownloadList> {
        self.download_list(Rendered::COMMITS)
    }

    /// What is known of packages beside their scripts, by label; empty in a directory that tells nothing.
    pub fn about(&self) -> Result<BTreeMap<String, About>> {
        let path = self.dir.join(Rendered::ABOUT);
        if !path.exists() {
            return Ok(BTreeMap::new());
        }
        serde_json::from_str(&fs::read_file(&path)?).map_err(|cause| {
            Error::usage(format!("`{}` cannot be read", path.display()))
                .line(cause.to_string())
                .hint("run `genpkg render` to write it anew")
        })
    }

    fn download_list(&self, file: &str) -> Result<DownloadList> {
        let path = self.dir.join(file);
        DownloadList::parse(&fs::read_file(&path)?, &path.display().to_string())
    }

    /// Labels of one package: `NAME` itself and `NAME@...`, which sort beside each other but for names between.
    fn labels_of<'a>(&'a self, name: &str) -> impl Iterator<Item = (&'a str, &'a ScriptId)> + use<'a> {
        let exact = self.index.scripts.get_key_value(name);
        let start = format!("{name}@");
        let variants = self.index.scripts.range(start.clone()..);
        let variants = variants.take_while(move |(label, _)| label.starts_with(&start));
        exact.into_iter().chain(variants).map(|(label, id)| (label.as_str(), id))
    }

    fn unknown(&self, label: &str) -> Error {
        if let Err(error) = name_of_label(label.split('.').next().unwrap_or(label)) {
            return error;
        }
        let error = Error::usage(format!("package `{label}` not found"));
        match error::nearest(label, self.index.scripts.keys().map(String::as_str)) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("`genpkg list` shows all packages"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Sha256;

    fn rendered(labels: &[(&str, &str)]) -> Rendered {
        let scripts = labels
            .iter()
            .map(|(label, of)| (label.to_string(), ScriptId(Sha256::of(of.as_bytes()))))
            .collect();
        Rendered { dir: PathBuf::from("rendered"), index: Index { scripts, ..Index::default() } }
    }

    #[test]
    fn an_index_reads_back() {
        let mut index = rendered(&[("zsh", "a"), ("busybox@ash", "b")]).index;
        index.options.insert("toolchain".into(), OptionValue { value: "host".into(), is_given: true });
        index.options.insert("check".into(), OptionValue { value: "off".into(), is_given: false });
        assert_eq!(Index::parse(&index.to_string(), "index").unwrap(), index);
        assert!(Index::parse("", "index").is_err());
        assert!(Index::parse("#@ index 1\n../x\t00\n", "index").is_err());
    }

    #[test]
    fn a_carriage_return_is_no_end_of_a_line() {
        let list = DownloadList::parse("00\thttps://a\tpackages/x/package.sh:1\r\n", "x").unwrap();
        assert_eq!(DownloadList::parse(&list.to_string(), "x").unwrap(), list);
        assert!(Index::parse("#@ index 1\r\n", "index").is_err());
    }

    #[test]
    fn arguments_resolve_to_labels() {
        let rendered = rendered(&[("zsh", "a"), ("zsh@tiny", "b"), ("zsh-doc", "c")]);
        let id = Sha256::of(b"b").to_string();
        assert_eq!(rendered.resolve("zsh").unwrap(), "zsh");
        assert_eq!(rendered.resolve(&format!("zsh.{}", &id[..8])).unwrap(), "zsh@tiny");
        assert!(rendered.resolve(&format!("zsh.{}", &id[..7])).is_err());
        assert!(rendered.resolve("zhs").unwrap_err().to_string().contains("did you mean `zsh`?"));
        assert!(rendered.resolve("../x").unwrap_err().to_string().contains("is not a package name"));
    }

    #[test]
    fn origins_keep_their_order() {
        let mut list = DownloadList::default();
        for url in ["https://b", "https://a", "https://b"] {
            list.add("00", Origin { url: url.into(), place: "packages/x/package.sh:1".into() });
        }
        let urls: Vec<&str> = list.origins("00").iter().map(|origin| origin.url.as_str()).collect();
        assert_eq!(urls, ["https://b", "https://a"]);
        assert_eq!(DownloadList::parse(&list.to_string(), "x").unwrap(), list);
    }
}
