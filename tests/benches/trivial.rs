//! What pthbs itself costs for each package: 100 and 1,000 packages that build in no time, beside make that runs
//! bubblewrap for each, make that runs plain sh, and nix-build (where installed). Prints wall time and CPU time of all
//! processes, for each package.
//!
//! Less is done by make and bubblewrap: nothing is hashed, recorded, logged or published durably. *The sandbox alone* is
//! the same sandboxes around the same scripts, started by the same helper in directories that lie there already, and
//! nothing else: what pthbs does beside that is the difference.
//!
//! cargo bench --bench trivial

#![allow(clippy::print_stdout, reason = "it prints its table")]

use std::fmt::Write as _;
use std::fs;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use nix::sys::wait::waitpid;
use pthbs::build::plan::SYSTEM;
use pthbs::build::{Inside, Place, Visible};
use pthbs::script::rendered::{DownloadList, Index};
use pthbs::script::{Rendered, Script};
use pthbs::store::Store;
use sandbox::{Helper, Limits, Outcome};

/// Writes what a command needs for so many packages into a directory.
type Prepare = fn(&Path, usize) -> Command;

const ROUNDS: usize = 3;
/// What every package does.
const BODY: &str = "echo done >\"$out/file\"";

/// The first word for the process that runs the sandboxes alone.
const ALONE: &str = "--alone";

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [word, dir, count] = &words[..]
        && word == ALONE
    {
        return run_alone(Path::new(dir), count.parse().expect("a number of packages"));
    }
    // `cargo test --benches` only wants to know that it builds.
    if !words.iter().any(|word| word == "--bench") {
        return;
    }
    // Processes whose parents end before them come here, and count.
    nix::sys::prctl::set_child_subreaper(true).expect("PR_SET_CHILD_SUBREAPER");
    println!("{:>9} {:<24} {:>14} {:>14}", "packages", "command", "wall ms each", "CPU ms each");
    for count in [100, 1_000] {
        let mut ways: Vec<(&str, Prepare)> = vec![
            ("pthbs build", pthbs),
            ("the sandbox alone", sandbox_alone),
            ("make, bubblewrap", make_bubblewrap),
            ("make, plain sh", make_plain),
        ];
        if is_there("nix-build") {
            ways.push(("nix-build", nix_build));
        } else {
            println!("{count:>9} nix-build                not installed");
        }
        if !is_there("bwrap") {
            println!("{count:>9} make, bubblewrap         not installed");
            ways.retain(|(name, _)| *name != "make, bubblewrap");
        }
        let mut times = vec![Vec::new(); ways.len()];
        // In turns, so that what else the machine does hits each alike.
        for _ in 0..ROUNDS {
            for ((name, command), times) in ways.iter().zip(&mut times) {
                times.push(run(name, *command, count));
            }
        }
        for ((name, _), mut times) in ways.iter().zip(times) {
            times.sort_unstable_by_key(|(_, cpu)| *cpu);
            let (wall, cpu) = times[times.len() / 2];
            let each = |time: Duration| time.as_secs_f64() * 1000.0 / count as f64;
            println!("{count:>9} {name:<24} {:>14.2} {:>14.2}", each(wall), each(cpu));
        }
    }
}

/// One run in a new directory: wall time and CPU time.
fn run(name: &str, command: Prepare, count: usize) -> (Duration, Duration) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut command = command(dir.path(), count);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let (before, start) = (cpu_of_children(), Instant::now());
    let status = command.status().expect("it was found before");
    let wall = start.elapsed();
    while waitpid(None, None).is_ok() {}
    assert!(status.success(), "{name} failed");
    (wall, cpu_of_children() - before)
}

fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

fn pthbs(dir: &Path, count: usize) -> Command {
    let rendered = dir.join("rendered");
    fs::create_dir_all(&rendered).expect("the directory can be made");
    let mut index = Index::default();
    let mut command = Command::new(env!("CARGO_BIN_EXE_pthbs"));
    command.arg("--rendered").arg(&rendered).arg("--root").arg(dir.join("store")).arg("build");
    for n in 0..count {
        let script = script(n);
        fs::write(rendered.join(format!("p{n}.sh")), &script.text).expect("the script can be written");
        index.scripts.insert(format!("p{n}"), script.id);
        command.arg(format!("p{n}"));
    }
    let lists = DownloadList::default().to_string();
    for (name, text) in
        [(Rendered::INDEX, index.to_string()), (Rendered::FILES, lists.clone()), (Rendered::COMMITS, lists)]
    {
        fs::write(rendered.join(name), text).expect("the index can be written");
    }
    command
}

/// The script of one package.
fn script(n: usize) -> Script {
    let text = format!(
        "#!/bin/sh\n#@ pthbs 1\n#@ name p{n}\n#@ version 1\n#@ system {SYSTEM}\n#@ target {SYSTEM}-musl\n\
         #@ build sandbox=host set_path=on static=on\nset -eu\n{BODY}\n"
    );
    Script::parse(text, "bench").expect("the script is well formed")
}

/// The directories of all packages, and this program again, to run what is in them.
fn sandbox_alone(dir: &Path, count: usize) -> Command {
    for n in 0..count {
        let place = Place::of(&dir.join(n.to_string()));
        for dir in [&place.build, &place.tree, &place.env] {
            fs::create_dir_all(dir).expect("the directory can be made");
        }
        fs::write(place.build.join("script"), script(n).text).expect("the script can be written");
    }
    let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
    command.arg(ALONE).arg(dir).arg(count.to_string());
    command
}

/// The process of that: as many sandboxes at once as pthbs has.
fn run_alone(dir: &Path, count: usize) {
    let helper = Helper::start().expect("the helper can be forked");
    let store = Store::open(&dir.join("store")).expect("a store can be made");
    let (visible, limits, next) = (Visible::default(), Limits::default(), AtomicUsize::new(0));
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n >= count {
                return;
            }
            let (script, place) = (script(n), Place::of(&dir.join(n.to_string())));
            let (store, script, place) = (&store, &script, &place);
            let (visible, limits) = (&visible, &limits);
            let spec =
                Inside { store, script, visible, place, jobs, jobserver: None, limits, is_weak: false }
                    .spec();
            let (reader, writer) = std::io::pipe().expect("a pipe");
            let stdio = sandbox::Stdio { output: writer.into(), jobserver: None };
            let mut running = helper.run(&spec.expect("a spec"), stdio).expect("a sandbox");
            let reader = File::from(std::os::fd::OwnedFd::from(reader));
            assert_eq!(running.wait_reading(reader, |_| {}), Ok(Outcome::Exited(0)));
            assert!(place.tree.join("file").exists(), "package {n} has made nothing");
        }
    };
    std::thread::scope(|scope| (0..jobs).for_each(|_| drop(scope.spawn(work))));
}

/// Each in a sandbox with the same parts of the host.
fn make_bubblewrap(dir: &Path, count: usize) -> Command {
    let mut sandbox =
        "bwrap --unshare-all --die-with-parent --proc /proc --dev /dev --tmpfs /tmp".to_string();
    for name in [
        "/usr",
        "/bin",
        "/sbin",
        "/lib",
        "/lib32",
        "/libx32",
        "/lib64",
        "/etc/alternatives",
        "/etc/ld.so.cache",
    ] {
        match fs::read_link(name) {
            Ok(text) => drop(write!(sandbox, " --symlink {} {name}", text.display())),
            Err(_) if Path::new(name).exists() => drop(write!(sandbox, " --ro-bind {name} {name}")),
            Err(_) => {}
        }
    }
    make(dir, count, &format!("{sandbox} --bind {}/$@ /out --setenv out /out", dir.display()))
}

fn make_plain(dir: &Path, count: usize) -> Command {
    make(dir, count, &format!("env out={}/$@", dir.display()))
}

fn make(dir: &Path, count: usize, runner: &str) -> Command {
    let names: Vec<String> = (0..count).map(|n| format!("p{n}")).collect();
    let body = BODY.replace('$', "$$");
    let text = format!("all: {0}\n{0}:\n\t@mkdir $@ && {runner} sh -euc '{body}'\n", names.join(" "));
    fs::write(dir.join("Makefile"), text).expect("the makefile can be written");
    let mut command = Command::new("make");
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    command.arg(format!("-j{jobs}")).arg("-C").arg(dir);
    command
}

/// In the store that nix has; the names differ from run to run, so that nothing is there already.
fn nix_build(dir: &Path, count: usize) -> Command {
    let salt = dir.file_name().expect("it has a name").to_string_lossy().into_owned();
    let text = format!(
        "builtins.genList (n: derivation {{ name = \"p\" + toString n; system = builtins.currentSystem; \
         builder = \"/bin/sh\"; salt = \"{salt}\"; args = [ \"-c\" \"echo done > $out\" ]; }}) {count}"
    );
    fs::write(dir.join("default.nix"), text).expect("the expression can be written");
    let mut command = Command::new("nix-build");
    command.arg("--no-out-link").arg(dir);
    command
}

/// CPU time of all processes that have ended and been waited for, here and below.
fn cpu_of_children() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the kernel counts");
    Duration::from_micros((usage.user_time() + usage.system_time()).num_microseconds() as u64)
}
