//! From names and templates to scripts.

/// Rendering is small pieces of memory on several threads: the system's allocator took 13% of its time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    pthbs::cli::genpkg::main()
}
