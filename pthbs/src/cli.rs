//! The programs' commands: one file per command. Alone in printing and in reading arguments and the environment.

pub mod config;
pub mod genpkg;
pub mod memory;
pub mod pthbs;
pub mod report;
pub mod signals;
