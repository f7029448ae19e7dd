//! What rendering costs: synthetic projects of 100, 1,000 and 10,000 packages (`render/tree.py`), beside a bare loop of
//! minijinja and sha256 over the same templates, and a generator with Jinja2 (`render/jinja.py`), with and without its
//! bytecode cache. All of them write the same scripts, byte for byte, which is checked. Prints CPU and wall time, and
//! the most memory in use.
//!
//! cargo bench --bench render [-- PACKAGES...]

#![allow(clippy::print_stdout, reason = "it prints its table")]

#[path = "render/bare.rs"]
mod bare;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/benches/render");

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    match arguments.first().map(String::as_str) {
        // This program runs itself: each measured command has a parent of its own, which knows its memory.
        Some("measure") => measure(&arguments[1..]),
        Some("bare") => bare::generate(Path::new(&arguments[1]), Path::new(&arguments[2])),
        _ => table(&arguments),
    }
}

fn table(sizes: &[String]) {
    let sizes: Vec<usize> = sizes.iter().map(|size| size.parse().expect("a number of packages")).collect();
    let sizes = if sizes.is_empty() { vec![100, 1_000, 10_000] } else { sizes };
    println!(
        "{:>9} {:<28} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "packages", "command", "CPU ms", "wall ms", "cores", "us each", "MB"
    );
    for size in sizes {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let project = dir.path().join("project");
        let made = python("tree.py").arg(size.to_string()).arg(&project).status();
        if !made.is_ok_and(|status| status.success()) {
            return println!("python3 is not installed: there is no project to render");
        }
        Case { size, dir: dir.path(), project }.run();
    }
}

/// One size.
struct Case<'a> {
    size: usize,
    dir: &'a Path,
    project: PathBuf,
}

impl Case<'_> {
    fn run(&self) {
        // The slow ones of the large tree need no second look.
        let rounds = (3_000 / self.size).clamp(3, 9);
        let slow_rounds = (1_000 / self.size).clamp(1, 5);
        let genpkg = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_genpkg"));
            command.arg("-C").arg(&self.project).arg("--rendered").arg(self.out("genpkg"));
            command
        };
        let render = || {
            let mut command = genpkg();
            command.arg("render");
            command
        };
        let on_one_core = || {
            let render = render();
            let mut command = Command::new("taskset");
            command.args(["-c", "0"]).arg(render.get_program()).args(render.get_args());
            command
        };
        let bare = || {
            let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
            command.arg("bare").arg(&self.project).arg(self.out("bare"));
            command
        };
        let jinja = |cache: Option<&str>| {
            let mut command = python("jinja.py");
            command.arg(&self.project).arg(self.out("jinja")).args(cache.map(|name| self.out(name)));
            command
        };
        self.row("bare minijinja + sha256", rounds, &bare, &["bare"]);
        self.row("genpkg render, one core", rounds, &on_one_core, &["genpkg"]);
        self.row("genpkg render", rounds, &render, &["genpkg"]);
        let before = self.times("genpkg");
        self.row("genpkg render, unchanged", rounds, &render, &[]);
        assert!(self.times("genpkg") == before, "an unchanged project had files rewritten");
        self.same("genpkg", "bare");
        if self.row("Jinja2", slow_rounds, &|| jinja(None), &["jinja"]) {
            self.same("genpkg", "jinja");
            self.row("Jinja2, cache being filled", 1, &|| jinja(Some("cache")), &["jinja", "cache"]);
            self.row("Jinja2, bytecode cache", slow_rounds, &|| jinja(Some("cache")), &["jinja"]);
        }
    }

    fn out(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Medians over some calls, each of which begins without these directories; whether the command is there.
    fn row(&self, name: &str, rounds: usize, command: &dyn Fn() -> Command, fresh: &[&str]) -> bool {
        let mut found = Vec::new();
        for _ in 0..rounds {
            for dir in fresh {
                let _ = fs::remove_dir_all(self.out(dir));
            }
            let command = command();
            let mut measured = Command::new(std::env::current_exe().expect("this program has a path"));
            measured.arg("measure").arg(command.get_program()).args(command.get_args());
            let output = measured.stderr(Stdio::inherit()).output().expect("this program can be run");
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let numbers: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
            let [cpu, wall, memory] = numbers[..] else {
                println!("{:>9} {name:<28} cannot be run here", self.size);
                return false;
            };
            found.push([cpu, wall, memory]);
        }
        let median = |column: usize| {
            let mut values: Vec<f64> = found.iter().map(|row| row[column]).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let (cpu, wall, memory) = (median(0), median(1), median(2));
        let each = cpu * 1000.0 / self.size as f64;
        // How many cores it kept busy; on a machine with other work fewer than it would.
        let cores = cpu / wall;
        println!("{:>9} {name:<28} {cpu:>9.1} {wall:>9.1} {cores:>9.2} {each:>9.1} {memory:>9.1}", self.size);
        true
    }

    /// Fails where two of them wrote different scripts.
    fn same(&self, one: &str, other: &str) {
        for file in ["index", "downloadlist.sha256"] {
            let text = |dir: &str| fs::read(self.out(dir).join(file)).expect("it was written");
            assert!(text(one) == text(other), "`{one}` and `{other}` wrote different files `{file}`");
        }
    }

    /// What tells that a file was written: inode and time of each.
    fn times(&self, dir: &str) -> Vec<(PathBuf, u64, i64, i64)> {
        let entries = fs::read_dir(self.out(dir)).expect("the directory is there");
        let mut times: Vec<_> = entries
            .map(|entry| {
                let path = entry.expect("the directory can be read").path();
                let metadata = path.metadata().expect("it is there");
                (path, metadata.ino(), metadata.mtime(), metadata.mtime_nsec())
            })
            .collect();
        times.sort();
        times
    }
}

/// Runs a command; prints its CPU and wall time in milliseconds and its most memory in megabytes.
fn measure(words: &[String]) {
    let start = Instant::now();
    let status =
        Command::new(&words[0]).args(&words[1..]).stdout(Stdio::null()).stderr(Stdio::piped()).output();
    let wall = start.elapsed().as_secs_f64() * 1000.0;
    match status {
        Ok(output) if output.status.success() => {}
        Ok(output) => return complain(&output.stderr),
        Err(_) => return,
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the kernel counts");
    let cpu = (usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1000.0;
    println!("{cpu} {wall} {}", usage.max_rss() as f64 / 1024.0);
}

#[allow(clippy::print_stderr, reason = "a command's own word on why it failed")]
fn complain(bytes: &[u8]) {
    eprint!("{}", String::from_utf8_lossy(bytes));
}

fn python(program: &str) -> Command {
    let mut command = Command::new("python3");
    command.arg(Path::new(HERE).join(program));
    command
}
