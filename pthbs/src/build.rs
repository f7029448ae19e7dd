//! From scripts to installs: what is to be done, and doing it with the machine full.
//!
//! `docs/schedule.md` draws the states of a step and says how the pools and the jobserver share the machine.

pub mod jobserver;
pub mod log;
pub mod plan;
pub mod schedule;
pub mod stop;
pub mod visible;

pub use plan::{Build, Exists, Plan, Step, plan};
pub use stop::Stop;
pub use visible::{Scripts, Visible, visible};
