//! What a sandbox must and must not allow, each a named case. Root runs all of them twice: as root, and as an ordinary
//! user with a directory of its own.

mod helper;
mod overlay;
mod refusal;
mod runner;
mod world;

fn main() -> std::process::ExitCode {
    let groups = [("helper", helper::CASES), ("overlay", overlay::CASES), ("refusal", refusal::CASES)];
    runner::run(&groups)
}
