//! From scripts to installs: what is to be done, and doing it with the machine full.
//!
//! `docs/schedule.md` draws the states of a step and says how the pools and the jobserver share the machine.

pub mod estimate;
pub mod history;
pub mod job;
pub mod jobserver;
pub mod known;
pub mod log;
mod opened;
pub mod plan;
mod remaining;
pub mod run;
pub mod schedule;
mod site;
pub mod stop;
pub mod summary;
pub mod trace;
pub mod visible;
mod work;

pub use estimate::Estimate;
pub use history::{Past, history};
pub use job::inside::{Inside, Place};
pub use job::layout::Layout;
pub use job::weak::Exposed;
pub use known::Known;
pub use log::{Log, plain};
pub use plan::{Build, Exists, Plan, Step, plan};
pub use run::{Options, Origins, Part, Run, reserve};
pub use stop::Stop;
pub use summary::{NotBuilt, Summary};
pub use trace::Trace;
pub use visible::{Scripts, Visible, visible};
