//! From names and templates to scripts.

/// Rendering is small pieces of memory on several threads: a tenth of its time with the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    pthbs::cli::genpkg::main()
}
