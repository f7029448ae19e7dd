//! `pthbs env list`: all environments of a store.

use super::super::{Global, context};
use crate::base::Result;

/// Print the paths of all environments, one a line
#[derive(Debug, clap::Args)]
pub(in super::super) struct Arguments {}

pub(super) fn run(global: &Global) -> Result<()> {
    let store = &context::store_to_read(global)?;
    super::all(store)?.into_iter().for_each(|id| super::print(store, id));
    Ok(())
}
