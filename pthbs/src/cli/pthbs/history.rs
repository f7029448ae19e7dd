//! `pthbs history`: what earlier builds of a package took, and how they ended.

use std::time::{Duration, SystemTime};

use serde_json::json;

use super::Global;
use super::items::{self, Items};
use crate::base::{Error, Result};
use crate::build::{Past, history};
use crate::cli::report;
use crate::script::PackageName;

/// Print the builds of a package, the latest first: when, which script, how long, how it ended
///
/// They are kept by name, and so outlive every change of a script.
///
/// Example: pthbs history zsh
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The package's name
    #[arg(value_name = "NAME")]
    name: PackageName,
    /// Print an array of objects
    #[arg(long)]
    json: bool,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let items = Items::open(global)?;
    let mut past = history(&items.store, &arguments.name)?;
    if past.is_empty() {
        return Err(Error::usage(format!("no build of `{}` is remembered here", arguments.name))
            .with("store", items.store.root().display()));
    }
    past.reverse();
    if arguments.json {
        items::print_json(&json!(past));
        return Ok(());
    }
    let mut rows = vec![["ago", "script", "version", "time", "jobs", "ended"].map(str::to_string).to_vec()];
    rows.extend(past.iter().map(row));
    items::print_table(&rows, &[3, 4]);
    Ok(())
}

fn row(past: &Past) -> Vec<String> {
    let started = SystemTime::UNIX_EPOCH + Duration::from_secs(past.started);
    let ended = match (&past.error, past.is_built) {
        (_, true) => "built".to_string(),
        (Some(error), false) => error.clone(),
        (None, false) => "failed".to_string(),
    };
    vec![
        items::age(started),
        past.id.chars().take(8).collect(),
        past.version.clone(),
        report::seconds(Duration::from_secs_f64(past.seconds)),
        past.jobs.to_string(),
        ended,
    ]
}
