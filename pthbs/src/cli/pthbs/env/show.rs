//! `pthbs env show`: what an environment holds.

use super::super::{Global, context};
use crate::base::Result;
use crate::cli::report;
use crate::environment;
use crate::store::Item;

/// Print the installs that an environment holds, one a line
///
/// Example: pthbs env show home
#[derive(Debug, clap::Args)]
pub(in super::super) struct Arguments {
    /// A profile, a generation of one (`home:14`), or an environment (`env.` and 8 digits or more)
    #[arg(default_value = "default", value_name = "PROFILE|ENVIRONMENT")]
    environment: String,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let store = &context::store_to_read(global)?;
    let id = super::find(store, &arguments.environment)?;
    for install in environment::installs(&store.manifest(&Item::Environment(id))?) {
        report::data(&format!("{install}\n"));
    }
    Ok(())
}
