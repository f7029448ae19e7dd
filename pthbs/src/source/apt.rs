//! Files of Debian source packages, through the machine's own apt: its mirror, its proxies, its keys.
//!
//! No archive's address is known here. `apt-helper download-file` needs neither an index nor root; where the pool has
//! moved on, a private index of the suite, in a directory of its own, says where the file lies.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use super::address::DebSrc;
use crate::base::error::system_word;
use crate::store::{Staging, Store};

const HELPER: &str = "/usr/lib/apt/apt-helper";
const GET: &str = "/usr/bin/apt-get";
/// More archives than this are not asked for a file.
const MAX_ROOTS: usize = 4;

/// The machine's apt, asked when it is first needed.
pub(super) struct Apt {
    store: Store,
    roots: Mutex<Option<Result<Vec<Root>, String>>>,
    indexes: Mutex<HashMap<String, IndexSlot>>,
}

type IndexSlot = Arc<Mutex<Option<Result<Arc<Index>, String>>>>;

/// An archive that this machine's apt is set up for, and one of its suites.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Root {
    url: String,
    suite: String,
}

/// A private apt state with the source index of one suite.
struct Index {
    // Deleted with its last user.
    _staging: Staging,
    /// Absolute: a relative path in apt's options is joined to apt's own root.
    dir: PathBuf,
}

impl Apt {
    pub(super) fn new(store: &Store) -> Apt {
        Apt { store: store.clone(), roots: Mutex::default(), indexes: Mutex::default() }
    }

    /// Brings one file to `target`; says why not otherwise. The bytes are not checked here.
    pub(super) fn download(&self, file: &DebSrc, target: &Path) -> Result<(), String> {
        let roots = ordered(self.roots()?, &file.suite);
        let mut whys = Vec::new();
        for root in roots.iter().take(MAX_ROOTS) {
            match download_file(&format!("{root}/{}", file.pool_path()), target) {
                Ok(()) => return Ok(()),
                Err(why) => whys.push(why),
            }
        }
        let in_pool = whys.into_iter().next().unwrap_or_else(|| "apt has no archive".to_string());
        let found =
            roots.first().ok_or("apt has no archive".to_string()).and_then(|root| self.look_up(root, file));
        match found.and_then(|url| download_file(&url, target)) {
            Ok(()) => Ok(()),
            Err(why) => Err(format!("in the pool: {in_pool}; through the index: {why}")),
        }
    }

    fn roots(&self) -> Result<Vec<Root>, String> {
        let mut roots = self.roots.lock().unwrap_or_else(PoisonError::into_inner);
        roots.get_or_insert_with(|| self.find_roots()).clone()
    }

    /// `apt-get indextargets` says nothing before the first update; this works always, for everybody, without network.
    fn find_roots(&self) -> Result<Vec<Root>, String> {
        if !Path::new(HELPER).exists() || !Path::new(GET).exists() {
            return Err("this machine has no apt".to_string());
        }
        let (_lists, dir) = scratch(&self.store)?;
        let option = format!("Dir::State::lists={}/", dir.display());
        let output = run(Command::new(GET).args(["-o", &option, "--print-uris", "update"]))?;
        let roots = release_files(&String::from_utf8_lossy(&output.stdout));
        if roots.is_empty() { Err("apt is set up for no archive".to_string()) } else { Ok(roots) }
    }

    /// Asks a private source index for the URL of the file.
    fn look_up(&self, root: &str, file: &DebSrc) -> Result<String, String> {
        let DebSrc { suite, component, package, file } = file;
        let key = format!("deb-src {root} {suite} {component}");
        let slot =
            Arc::clone(self.indexes.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default());
        // Held while the index is fetched: others that want the same suite wait for it.
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || Index::new(&self.store, root, suite, component).map(Arc::new);
        let index = Arc::clone(slot.get_or_insert_with(make).as_ref().map_err(String::clone)?);
        drop(slot);

        let output =
            run(index.get().args(["--print-uris", "--download-only", "--only-source", "source", package]))?;
        let listed = printed_files(&String::from_utf8_lossy(&output.stdout));
        if let Some((url, _)) = listed.iter().find(|(_, name)| name == file) {
            return Ok(url.clone());
        }
        let names: Vec<&str> = listed.iter().map(|(_, name)| name.as_str()).collect();
        Err(format!("`{package}` in `{suite}` has no `{file}`, but {}", names.join(", ")))
    }
}

impl Index {
    fn new(store: &Store, root: &str, suite: &str, component: &str) -> Result<Index, String> {
        let (staging, dir) = scratch(store)?;
        let index = Index { _staging: staging, dir };
        let failed =
            |cause: std::io::Error| format!("cannot write apt's private state: {}", system_word(&cause));
        for dir in ["lists/partial", "cache/archives/partial", "parts"] {
            fs::create_dir_all(index.dir.join(dir)).map_err(failed)?;
        }
        let keys = keyrings();
        let signed_by =
            if keys.is_empty() { String::new() } else { format!("[signed-by={}] ", keys.join(",")) };
        fs::write(index.dir.join("sources.list"), format!("deb-src {signed_by}{root} {suite} {component}\n"))
            .map_err(failed)?;
        run(index.get().args(["-q", "update"]))?;
        Ok(index)
    }

    /// `apt-get` on this state alone; nothing of the machine's own is written.
    fn get(&self) -> Command {
        let mut command = Command::new(GET);
        let dir = self.dir.display();
        for option in [
            format!("Dir::State={dir}/"),
            format!("Dir::State::lists={dir}/lists/"),
            format!("Dir::State::status={dir}/status"),
            format!("Dir::Cache={dir}/cache"),
            format!("Dir::Etc::sourcelist={dir}/sources.list"),
            format!("Dir::Etc::sourceparts={dir}/parts"),
            format!("Dir::Etc::preferences={dir}/preferences"),
            format!("Dir::Etc::preferencesparts={dir}/parts"),
            "Acquire::Languages=none".to_string(),
        ] {
            command.args(["-o", &option]);
        }
        command
    }
}

/// An empty directory that goes away again, and its absolute path.
fn scratch(store: &Store) -> Result<(Staging, PathBuf), String> {
    let staging = Staging::scratch(store, "apt").map_err(|error| error.what().to_string())?;
    let dir = std::path::absolute(staging.dir()).map_err(|cause| system_word(&cause))?;
    Ok((staging, dir))
}

/// apt's keyrings of the distribution: a private list needs them where the machine's own list names them.
fn keyrings() -> Vec<String> {
    let known = ["debian-archive-keyring.gpg", "ubuntu-archive-keyring.gpg"];
    let paths = known.into_iter().map(|name| format!("/usr/share/keyrings/{name}"));
    paths.filter(|path| Path::new(path).exists()).collect()
}

/// The archives in the order to ask: those with the suite itself first, security archives last.
fn ordered(mut roots: Vec<Root>, suite: &str) -> Vec<String> {
    roots.sort_by_key(|root| (root.url.contains("security"), root.suite != suite));
    let mut urls: Vec<String> = Vec::new();
    for Root { url, .. } in roots {
        if !urls.contains(&url) {
            urls.push(url);
        }
    }
    urls
}

/// Reads `'URI/dists/SUITE/InRelease' …` lines.
fn release_files(text: &str) -> Vec<Root> {
    let root = |line: &str| {
        let (url, _) = line.strip_prefix('\'')?.split_once('\'')?;
        let (url, suite) = url.strip_suffix("/InRelease")?.rsplit_once("/dists/")?;
        Some(Root { url: url.to_string(), suite: suite.to_string() })
    };
    text.lines().filter_map(root).collect()
}

/// Reads `'URI' NAME SIZE HASH` lines.
fn printed_files(text: &str) -> Vec<(String, String)> {
    let file = |line: &str| {
        let (url, rest) = line.strip_prefix('\'')?.split_once('\'')?;
        Some((url.to_string(), rest.split_whitespace().next()?.to_string()))
    };
    text.lines().filter_map(file).collect()
}

fn download_file(url: &str, target: &Path) -> Result<(), String> {
    let fetched = run(Command::new(HELPER).arg("download-file").arg(url).arg(target));
    // What apt could not fetch, an error page for instance, it leaves under this name.
    let mut failed = target.as_os_str().to_owned();
    failed.push(".FAILED");
    let _ = fs::remove_file(PathBuf::from(failed));
    fetched.map(|_| ())
}

fn run(command: &mut Command) -> Result<Output, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.env("LC_ALL", "C").stdin(Stdio::null()).output();
    let output = output.map_err(|cause| format!("cannot run `{program}`: {}", system_word(&cause)))?;
    if output.status.success() {
        return Ok(output);
    }
    let text = [output.stderr, output.stdout].concat();
    let text = String::from_utf8_lossy(&text);
    let mut errors = text.lines().map(str::trim).filter_map(|line| line.strip_prefix("E: "));
    // The first one names the cause; "Download Failed" alone says nothing.
    let why = errors.find(|line| *line != "Download Failed").unwrap_or("it gave no reason");
    Err(format!("apt: {why} ({})", output.status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_are_read_from_apts_own_plan() {
        let text = "'http://a/debian/dists/stable/InRelease' a_InRelease 0 \n\
                    'http://a/debian/dists/stable-updates/InRelease' b 0 \n\
                    'http://s/debian-security/dists/stable-security/InRelease' c 0 \n\
                    'http://a/debian/dists/stable/main/binary-amd64/Packages.xz' d 0 \n\
                    'http://b/other/dists/sid/InRelease' e 0 \n";
        let roots = release_files(text);
        assert_eq!(roots.len(), 4);
        let first = |suite| ordered(roots.clone(), suite);
        assert_eq!(first("stable"), ["http://a/debian", "http://b/other", "http://s/debian-security"]);
        assert_eq!(first("sid")[0], "http://b/other");
    }

    #[test]
    fn printed_files_are_read() {
        let text = "Reading package lists...\n'http://a/pool/main/z/zsh/zsh_5.9.orig.tar.xz' zsh_5.9.orig.tar.xz 3 SHA256:00\n";
        let expected =
            ("http://a/pool/main/z/zsh/zsh_5.9.orig.tar.xz".to_string(), "zsh_5.9.orig.tar.xz".to_string());
        assert_eq!(printed_files(text), [expected]);
    }
}
