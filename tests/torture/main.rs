//! What a store survives: kills, failing system calls, power cuts, collections beside builds, crowds. Real programs, tiny
//! packages. `make test` runs a short form; `make test-store` all of it (PTHBS_TORTURE=full).

#![allow(unreachable_pub, reason = "nobody imports a test binary")]
#![allow(clippy::print_stdout, reason = "a test says where its leftovers are, and what it had to skip")]

mod collections;
mod crowd;
mod faults;
mod kills;
mod packages;
mod power;
#[allow(dead_code, reason = "shared with the end-to-end tests, which use all of it")]
#[path = "../e2e/world.rs"]
mod world;

/// How often: a few times, or as often as the whole suite does.
fn rounds(few: usize, all: usize) -> usize {
    if std::env::var_os("PTHBS_TORTURE").is_some_and(|value| value == "full") { all } else { few }
}

/// A number nobody can foresee, below another one.
fn random(below: u64) -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0) % below
}
