//! From scripts to installs, environments and profiles.

fn main() -> std::process::ExitCode {
    pthbs::cli::pthbs::main()
}
