//! From names and templates to scripts.

fn main() -> std::process::ExitCode {
    pthbs::cli::genpkg::main()
}
