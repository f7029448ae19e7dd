//! End to end: the real programs in an empty store, real sandboxes, tiny packages. One file per behaviour.

#![allow(unreachable_pub, reason = "nobody imports a test binary")]
#![allow(clippy::print_stdout, reason = "a test says where its leftovers are, and what it had to skip")]

mod acceptance_table;
mod afterwards;
mod authoring;
mod collecting;
mod determinism;
mod environments;
mod errors;
mod explaining;
mod failing;
mod fetch;
mod findings;
mod golden;
mod hostile;
mod import;
mod interrupted;
mod layers;
mod machine;
mod main_job;
mod planning;
mod repairing;
mod reproducing;
mod screen;
#[allow(dead_code, reason = "shared with the unit tests, which use all of it")]
#[path = "../../pthbs/src/source/tests/server.rs"]
mod server;
mod shell;
mod stopping;
mod store_commands;
mod templates;
mod weak;
mod world;
