//! What a sandbox must and must not allow, each a named case. Root runs all of them twice: as root, and as an ordinary
//! user with a directory of its own.

mod files;
mod helper;
mod limits;
mod network;
mod overlay;
mod processes;
mod refusal;
mod rights;
mod runner;
mod weak;
mod world;

fn main() -> std::process::ExitCode {
    runner::run(&[
        ("files", files::CASES),
        ("rights", rights::CASES),
        ("network", network::CASES),
        ("processes", processes::CASES),
        ("limits", limits::CASES),
        ("helper", helper::CASES),
        ("overlay", overlay::CASES),
        ("refusal", refusal::CASES),
        ("weak", weak::CASES),
    ])
}
