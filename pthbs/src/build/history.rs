//! What earlier builds of a package took, whatever their scripts: for the order of steps, for estimates, for people.
//!
//! One small file for each package name, a line of JSON for each build, the latest last. Nothing depends on it.

use std::fs::{self, File};
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::base::{Error, Result, fs as base_fs};
use crate::script::PackageName;
use crate::store::Store;

/// One build that came to an end.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Past {
    /// The script.
    pub id: String,
    /// Upstream's version.
    pub version: String,
    /// When it began, in seconds since 1970.
    pub started: u64,
    /// How long it took.
    pub seconds: f64,
    /// Each phase and its seconds.
    pub phases: Vec<(String, f64)>,
    /// Whether it became an install.
    pub is_built: bool,
    /// Its first line, if it failed.
    pub error: Option<String>,
    /// The width of the jobserver.
    pub jobs: usize,
}

/// A file that is longer is cut down to its later half.
const LONG: u64 = 64 * 1024;
/// How many builds the usual time is taken from.
const LATEST: usize = 3;

/// All that is known of the builds of a package, the earliest first.
pub fn history(store: &Store, name: &PackageName) -> Result<Vec<Past>> {
    let path = store.history(name);
    match fs::read_to_string(&path) {
        // A line that cannot be read was cut off by a full disk, or written by a later program.
        Ok(text) => Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(cause) => Err(Error::io("read", &path, &cause)),
    }
}

/// How long a build of this package usually takes: the middle of its last successful ones.
pub fn usual_seconds(history: &[Past]) -> Option<f64> {
    let mut latest: Vec<f64> =
        history.iter().rev().filter(|past| past.is_built).take(LATEST).map(|past| past.seconds).collect();
    latest.sort_by(f64::total_cmp);
    latest.get(latest.len() / 2).copied()
}

/// Adds a build. Two writers at once both succeed: a line is one write to the end of the file.
pub(super) fn remember(store: &Store, name: &PackageName, past: &Past) -> Result<()> {
    let path = store.history(name);
    let mut line = serde_json::to_string(past).expect("it has only texts, numbers and lists");
    line.push('\n');
    let append = || -> io::Result<u64> {
        let mut file = File::options().append(true).create(true).open(&path)?;
        file.write_all(line.as_bytes())?;
        Ok(file.metadata()?.len())
    };
    let length = append().map_err(|cause| Error::io("write", &path, &cause))?;
    if length > LONG {
        let text = base_fs::read_text(&path)?;
        let half = text.len() / 2;
        let later = text.as_bytes()[half..].iter().position(|byte| *byte == b'\n').map(|at| half + at + 1);
        base_fs::write_whole(&path, &text.as_bytes()[later.unwrap_or(0)..])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn past(seconds: f64, is_built: bool) -> Past {
        Past { seconds, is_built, ..Past::default() }
    }

    #[test]
    fn the_usual_time_is_the_middle_of_the_last_good_builds() {
        assert_eq!(usual_seconds(&[]), None);
        assert_eq!(usual_seconds(&[past(1.0, false)]), None);
        assert_eq!(usual_seconds(&[past(7.0, true)]), Some(7.0));
        let all = [past(99.0, true), past(5.0, true), past(1.0, false), past(60.0, true), past(6.0, true)];
        assert_eq!(usual_seconds(&all), Some(6.0));
    }

    #[test]
    fn builds_are_remembered_up_to_a_size() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let name: PackageName = "zsh".parse().unwrap();
        assert_eq!(history(&store, &name).unwrap(), []);
        let mut last = Past { id: "00".into(), phases: vec![("build".into(), 2.0)], ..past(3.0, true) };
        remember(&store, &name, &last).unwrap();
        assert_eq!(history(&store, &name).unwrap(), std::slice::from_ref(&last));
        for number in 0..1000 {
            last.started = number;
            remember(&store, &name, &last).unwrap();
        }
        let kept = history(&store, &name).unwrap();
        assert_eq!(kept.last().unwrap(), &last);
        assert!(
            kept.windows(2).all(|pair| pair[0].started + 1 == pair[1].started),
            "no line is lost between"
        );
        assert!(fs::metadata(store.history(&name)).unwrap().len() <= LONG && kept.len() > 100);
    }
}
