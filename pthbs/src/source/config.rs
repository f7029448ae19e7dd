//! What the fetcher is told: plain values, which `cli` reads from `pthbs.toml`, the command line and the environment.

use std::path::PathBuf;
use std::time::Duration;

use super::address::{Address, shown};
use crate::base::{Error, Result};

/// How to fetch.
#[derive(Debug, Clone)]
pub struct Config {
    /// Directories searched for a file with the right hash before anything else.
    pub distfiles: Vec<PathBuf>,
    /// Whether the network is forbidden.
    pub offline: bool,
    /// Places tried before those that a definition names.
    pub mirrors: Vec<Mirror>,
    /// What stands between this machine and the network.
    pub proxies: Proxies,
    /// The largest file or git pack that is accepted, in bytes.
    pub max_bytes: u64,
    /// The time for a connection and for the first byte of an answer.
    pub patience: Duration,
    /// The time over which a transfer must reach `min_rate`; nothing at all for that long ends it too.
    pub stall: Duration,
    /// The slowest acceptable transfer, in bytes a second.
    pub min_rate: u64,
    /// How many redirects are followed.
    pub max_redirects: u32,
}

/// Another place for files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mirror {
    /// URLs that begin with `from` are tried with `to` in its place.
    Prefix { from: String, to: String },
    /// Holds files by their hash; `{sha256}` in the URL is replaced.
    ByHash(String),
}

impl Mirror {
    /// A mirror for URLs that begin with `from`.
    pub fn prefix(from: &str, to: &str) -> Result<Mirror> {
        if from.is_empty() {
            return Err(Error::usage(format!("mirror `{to}` stands for the beginning of all URLs"))
                .hint("name a server, or a directory on it"));
        }
        Address::parse(to).map_err(|why| unusable(to).line(why))?;
        Ok(Mirror::Prefix { from: from.to_string(), to: to.to_string() })
    }

    /// A mirror that knows files by their sums.
    pub fn by_hash(url: &str) -> Result<Mirror> {
        if !url.contains("{sha256}") {
            return Err(unusable(url)
                .line("it has no `{sha256}`")
                .hint("write `{sha256}` where the file's sum stands"));
        }
        // Read as it will be asked.
        Address::parse(&url.replace("{sha256}", &"0".repeat(64))).map_err(|why| unusable(url).line(why))?;
        Ok(Mirror::ByHash(url.to_string()))
    }
}

fn unusable(url: &str) -> Error {
    Error::usage(format!("mirror `{}` cannot be used", shown(url)))
}

/// Proxy URLs, as `http_proxy`, `https_proxy` and `no_proxy` have them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// For `http:`
    pub http: Option<String>,
    /// For `https:`
    pub https: Option<String>,
    /// Hosts that are reached without one.
    pub except: Vec<String>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            distfiles: Vec::new(),
            offline: false,
            mirrors: Vec::new(),
            proxies: Proxies::default(),
            max_bytes: 8 << 30,
            patience: Duration::from_secs(30),
            stall: Duration::from_secs(30),
            min_rate: 1000,
            max_redirects: 10,
        }
    }
}
