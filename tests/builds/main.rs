//! Whole builds in real sandboxes: what becomes of a script, of its failure, of a request to stop. Root runs every case
//! twice: as root, and as an ordinary user with a directory of its own.

#![expect(clippy::print_stdout, reason = "a test's output")]

mod bad;
mod good;
mod shared;
mod world;

use std::os::unix::process::CommandExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use sandbox::Helper;
use world::World;

/// Nothing more, or the reason why this machine cannot show it. A case fails by panicking.
type Checked = Result<(), String>;
/// A sentence that says what must hold, and the code that sees whether it does.
type Case = (&'static str, fn(&World<'_>) -> Checked);

/// Tells the second run of this program where its directory is.
const ORDINARY: &str = "PTHBS_BUILDS_TEST_DIR";
/// Nobody's uid, outside of every range that is given out.
const ORDINARY_UID: u32 = 12_345;

fn main() -> ExitCode {
    if let Some(dir) = std::env::var_os(ORDINARY) {
        return code(run_in(Path::new(&dir)));
    }
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut is_good = run_in(dir.path());
    if nix::unistd::geteuid().is_root() {
        is_good &= run_as_ordinary_user();
    }
    code(is_good)
}

fn code(is_good: bool) -> ExitCode {
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A copy of this program in a directory of another uid: the build directory may be closed to it.
fn run_as_ordinary_user() -> bool {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let program = dir.path().join("builds");
    std::fs::copy("/proc/self/exe", &program).expect("a copy of this program");
    std::os::unix::fs::chown(dir.path(), Some(ORDINARY_UID), Some(ORDINARY_UID)).expect("chown");
    let status = Command::new(&program)
        .args(std::env::args_os().skip(1))
        .env(ORDINARY, dir.path())
        .current_dir(dir.path())
        .uid(ORDINARY_UID)
        .gid(ORDINARY_UID)
        .status();
    status.expect("this program runs as an ordinary user").success()
}

/// Runs the chosen cases on two threads; the helper is forked before them.
fn run_in(dir: &Path) -> bool {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_chosen = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    let cases: Vec<Case> = [good::CASES, bad::CASES, shared::CASES]
        .concat()
        .into_iter()
        .filter(|(name, _)| is_chosen(name))
        .collect();
    let uid = nix::unistd::geteuid();
    println!("\nrunning {} whole builds as uid {uid}", cases.len());
    // The second one for the case that stops all: it starts nothing afterwards.
    let helpers = [(); 2].map(|()| Helper::start().expect("the sandbox helper"));
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some((name, case)) = cases.get(number) else { break };
                    let world = World::new(&dir.join(number.to_string()), &helpers);
                    match catch_unwind(AssertUnwindSafe(|| case(&world))) {
                        Ok(Ok(())) => {}
                        Ok(Err(reason)) => println!("case {name} ... SKIPPED: {reason}"),
                        Err(_) => {
                            println!("case {name} ... FAILED");
                            failed.lock().unwrap().push(*name);
                        }
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    println!("whole builds as uid {uid}: {} ran, {} failed {failed:?}", cases.len(), failed.len());
    failed.is_empty()
}
