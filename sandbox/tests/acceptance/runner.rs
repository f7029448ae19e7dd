//! Runs the cases: names as arguments choose among them; each that is FAILED or SKIPPED says so with the reason.

#![expect(clippy::print_stdout, reason = "a test's output")]

use std::os::unix::process::CommandExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::processes;
use crate::world::World;

/// Nothing more, or the reason why this machine cannot show it. A case fails by panicking.
pub(crate) type Checked = Result<(), String>;
/// A sentence that says what must hold, and the code that sees whether it does.
pub(crate) type Case = (&'static str, Code);
pub(crate) type Code = fn(&World) -> Checked;

/// Tells the second run of this program where its directory is.
const ORDINARY: &str = "PTHBS_SANDBOX_TEST_DIR";
/// Nobody's uid, outside of every range that is given out.
const ORDINARY_UID: u32 = 12_345;

/// Runs everything, and again as an ordinary user if this is root.
pub(crate) fn run(groups: &[(&str, &[Case])]) -> ExitCode {
    if let Some(dir) = std::env::var_os(ORDINARY) {
        match std::env::var(processes::VICTIM).as_deref() {
            Ok("stop all") => processes::be_stopped(Path::new(&dir)),
            Ok(mark) => processes::be_victim(Path::new(&dir), mark),
            Err(_) => return code(run_in(Path::new(&dir), groups)),
        }
        return ExitCode::SUCCESS;
    }
    if nix::unistd::geteuid().is_root() {
        see_only_our_mounts();
    }
    let dir = tempfile::Builder::new().prefix("pthbs-sandbox.").tempdir().expect("a temporary directory");
    prepare(dir.path());
    let is_root = nix::unistd::geteuid().is_root();
    // The helper of this run must be gone before the process forks again: a scope of its own.
    let mut is_good = run_in(dir.path(), groups);
    if is_root {
        is_good &= run_as_ordinary_user();
    }
    code(is_good)
}

fn code(is_good: bool) -> ExitCode {
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A copy of this program in a directory of another uid: the build directory may be closed to it.
fn run_as_ordinary_user() -> bool {
    let dir = tempfile::Builder::new().prefix("pthbs-sandbox.").tempdir().expect("a temporary directory");
    let program = dir.path().join("acceptance");
    std::fs::copy("/proc/self/exe", &program).expect("a copy of this program");
    prepare(dir.path());
    std::os::unix::fs::chown(dir.path(), Some(ORDINARY_UID), Some(ORDINARY_UID)).expect("chown");
    let arguments = std::env::args_os().skip(1);
    let status = Command::new(&program)
        .args(arguments)
        .env(ORDINARY, dir.path())
        .current_dir(dir.path())
        .uid(ORDINARY_UID)
        .gid(ORDINARY_UID)
        .status()
        .expect("this program runs as an ordinary user");
    status.success()
}

/// Puts the stand-alone program and the attacks where [`World`] looks for them.
fn prepare(dir: &Path) {
    let program = env!("CARGO_BIN_EXE_pthbs-sandbox");
    std::fs::copy(program, dir.join("pthbs-sandbox")).expect("a copy of pthbs-sandbox");
    std::fs::write(dir.join("attack.c"), include_str!("attack.c")).expect("attack.c");
    // Without PIE, so that a 32-bit call can name its data; static where the host can, so that it needs no libraries.
    for kind in [["-static", "-no-pie"], ["-no-pie", "-O1"]] {
        let compiled =
            Command::new("cc").args(kind).args(["-o", "attack", "attack.c"]).current_dir(dir).output();
        if compiled.is_ok_and(|output| output.status.success()) {
            return;
        }
    }
}

/// Leaves the machine's mounts for a copy of them: what others mount meanwhile is no trace of a sandbox. Where root may
/// not, nobody else must mount anything.
fn see_only_our_mounts() {
    use nix::mount::{MsFlags, mount};
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    if nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNS).is_ok() {
        mount(None::<&str>, "/", None::<&str>, private, None::<&str>).expect("private mounts");
    }
}

/// What a sandbox could leave behind: mounts, processes, open files, files.
fn traces(dir: &Path) -> [String; 4] {
    let descriptors = std::fs::read_dir("/proc/self/fd").expect("/proc/self/fd").count();
    [
        std::fs::read_to_string("/proc/self/mounts").expect("/proc/self/mounts"),
        format!("processes {:?}", below(std::process::id())),
        format!("{descriptors} open files"),
        format!("files {:?}", files(dir)),
    ]
}

/// Every process below one.
fn below(pid: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let mut found = Vec::new();
    for task in tasks {
        let text = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        for child in text.split_whitespace().filter_map(|word| word.parse().ok()) {
            found.push(child);
            found.extend(below(child));
        }
    }
    found
}

/// The names of files where a sandbox could strew some: in the root, in /run, in the suite's own directory, where each case
/// has a directory with a number.
fn files(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for (place, word) in [(Path::new("/"), "pthbs"), (Path::new("/run"), "pthbs"), (dir, "")] {
        let names = std::fs::read_dir(place).into_iter().flatten().flatten();
        let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
        // The locks on root's uids are made once and stay.
        let is_strewn = |name: &String| {
            name.contains(word)
                && name != "pthbs-sandbox.uids"
                && !name.bytes().all(|byte| byte.is_ascii_digit())
        };
        found.extend(names.filter(is_strewn).map(|name| place.join(name).display().to_string()));
    }
    found.sort();
    found
}

/// Runs the chosen cases on a few threads; the helper is forked before them.
fn run_in(dir: &Path, groups: &[(&str, &[Case])]) -> bool {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_chosen = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    let cases: Vec<(String, Code)> = groups
        .iter()
        .flat_map(|(group, cases)| cases.iter().map(move |(name, case)| (format!("{group}::{name}"), *case)))
        .filter(|(name, _)| is_chosen(name))
        .collect();
    let is_talkative = std::env::args().any(|word| word == "--verbose");
    let uid = nix::unistd::geteuid();
    println!("\nrunning {} sandbox cases as uid {uid}", cases.len());
    let before = traces(dir);
    let world = World::new(dir);
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some((name, case)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let begin = std::time::Instant::now();
                    match catch_unwind(AssertUnwindSafe(|| case(&world))) {
                        Ok(Ok(())) if is_talkative => {
                            println!("case {name} ... ok ({:.1} s)", begin.elapsed().as_secs_f64());
                        }
                        Ok(Ok(())) => {}
                        Ok(Err(reason)) => println!("case {name} ... SKIPPED: {reason}"),
                        Err(_) => {
                            println!("case {name} ... FAILED");
                            failed.lock().unwrap().push(name.clone());
                        }
                    }
                }
            });
        }
    });
    drop(world);
    let mut failed = failed.into_inner().unwrap();
    let after = traces(dir);
    if after != before {
        println!("traces are left: before\n{before:#?}\nafter\n{after:#?}");
        failed.push("no trace is left".to_string());
    }
    println!("sandbox cases as uid {uid}: {} ran, {} failed {failed:?}", cases.len(), failed.len());
    failed.is_empty()
}
