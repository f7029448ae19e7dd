//! What starting a sandbox costs, with 5, 100 and 400 binds, beside bubblewrap with the same binds, `unshare`, and a plain
//! exec. All ways take turns, so that what else the machine does hits each alike.
//!
//! CPU time is that of the whole tree of processes: the kernel's account of children that were waited for. A helper gives
//! its account when it ends, so each turn has a helper of its own (not counted in wall-clock time). `make bench` runs it.

#![expect(clippy::print_stdout, reason = "a benchmark's output")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use nix::sys::wait::waitpid;
use sandbox::{Bind, Helper, Link, Spec};

const BINDS: [usize; 3] = [5, 100, 400];
const TURNS: usize = 12;
/// Runs of one way in one turn.
const BATCH: usize = 8;

fn main() {
    // `cargo test --benches` only wants to know that it builds.
    if !std::env::args().any(|word| word == "--bench") {
        return;
    }
    nix::sys::prctl::set_child_subreaper(true).expect("PR_SET_CHILD_SUBREAPER");
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut ways = ways(dir.path());
    for _ in 0..TURNS {
        ways.iter_mut().for_each(Measured::turn);
    }
    println!("one sandboxed `true`, {} runs of each, milliseconds\n", TURNS * BATCH);
    println!("{:<24}{:>10}{:>10}{:>12}{:>10}", "", "wall p10", "median", "cpu p10", "median");
    for mut way in ways {
        let wall = [10, 50].map(|percent| milliseconds(&mut way.wall, percent));
        let cpu = [10, 50].map(|percent| milliseconds(&mut way.cpu, percent));
        println!("{:<24}{:>10.2}{:>10.2}{:>12.2}{:>10.2}", way.name, wall[0], wall[1], cpu[0], cpu[1]);
    }
}

/// Everything that is compared; what is not installed is named and left out.
fn ways(dir: &Path) -> Vec<Measured> {
    let program = |words: &[&str]| Way::Program(words.iter().map(|word| (*word).to_string()).collect());
    let mut ways = vec![
        ("plain exec".to_string(), program(&["/usr/bin/true"])),
        ("unshare -Urmpfn".to_string(), program(&["unshare", "-Urmpfn", "/usr/bin/true"])),
    ];
    for count in BINDS {
        let spec = spec(dir, count);
        ways.push((format!("helper, {count} binds"), Way::Helper(Box::new(spec.clone()))));
        ways.push((format!("pthbs-sandbox, {count} binds"), stand_alone(dir, count, &spec)));
        ways.push((format!("bubblewrap, {count} binds"), bubblewrap(&spec)));
    }
    let is_there = |way: &Way| match way {
        Way::Program(words) => Command::new(&words[0]).arg("--version").output().is_ok(),
        Way::Helper(_) => true,
    };
    let (there, missing): (Vec<_>, Vec<_>) = ways.into_iter().partition(|(_, way)| is_there(way));
    for (name, _) in missing {
        println!("left out, not installed: {name}");
    }
    let measured = |(name, way)| Measured { name, way, wall: Vec::new(), cpu: Vec::new() };
    there.into_iter().map(measured).collect()
}

/// The host's programs and as many small packages as there are binds left.
fn spec(dir: &Path, count: usize) -> Spec {
    let mut spec = Spec { argv: vec!["/usr/bin/true".into()], ..Spec::default() };
    spec.binds.push(Bind::read_only("/usr", "/usr"));
    for name in ["/bin", "/lib", "/lib64"] {
        match std::fs::read_link(name) {
            Ok(text) => spec.links.push(Link::new(name, text)),
            Err(_) if Path::new(name).exists() => spec.binds.push(Bind::read_only(name, name)),
            Err(_) => {}
        }
    }
    for number in spec.binds.len()..count {
        let source = dir.join(number.to_string());
        std::fs::create_dir_all(&source).expect("a package");
        spec.binds.push(Bind::read_only(source, format!("/versions/package.{number}")));
    }
    spec
}

fn stand_alone(dir: &Path, count: usize, spec: &Spec) -> Way {
    let file = dir.join(format!("{count}.json"));
    std::fs::write(&file, serde_json::to_string(spec).expect("a spec is text")).expect("the spec");
    let program = env!("CARGO_BIN_EXE_pthbs-sandbox");
    Way::Program(vec![program.into(), "--spec".into(), file.display().to_string()])
}

/// The same binds, namespaces, /proc, /dev and /tmp.
fn bubblewrap(spec: &Spec) -> Way {
    let mut words: Vec<String> =
        ["bwrap", "--unshare-all", "--die-with-parent", "--proc", "/proc", "--dev", "/dev"]
            .into_iter()
            .chain(["--tmpfs", "/tmp"])
            .map(String::from)
            .collect();
    let text = |path: &PathBuf| path.display().to_string();
    for bind in &spec.binds {
        words.extend(["--ro-bind".to_string(), text(&bind.source), text(&bind.target)]);
    }
    for link in &spec.links {
        words.extend(["--symlink".to_string(), text(&link.text), text(&link.target)]);
    }
    words.extend(spec.argv.iter().cloned());
    Way::Program(words)
}

/// How `true` is run.
enum Way {
    Program(Vec<String>),
    Helper(Box<Spec>),
}

struct Measured {
    name: String,
    way: Way,
    /// Of each run.
    wall: Vec<Duration>,
    /// Of each turn, per run.
    cpu: Vec<Duration>,
}

impl Measured {
    fn turn(&mut self) {
        let before = cpu_of_children();
        match &self.way {
            Way::Program(words) => {
                for _ in 0..BATCH {
                    let begin = Instant::now();
                    let status = Command::new(&words[0]).args(&words[1..]).stdin(Stdio::null()).status();
                    assert!(status.is_ok_and(|status| status.success()), "{}", self.name);
                    self.wall.push(begin.elapsed());
                    // bubblewrap ends before its children do; they come here as orphans and count too.
                    while waitpid(None, None).is_ok() {}
                }
            }
            Way::Helper(spec) => {
                let helper = Helper::start().expect("a helper");
                for _ in 0..BATCH {
                    let begin = Instant::now();
                    let output = std::fs::File::create("/dev/null").expect("/dev/null").into();
                    let running = helper.run(spec, sandbox::Stdio { output, jobserver: None });
                    running.and_then(|mut running| running.wait()).expect("a sandbox");
                    self.wall.push(begin.elapsed());
                }
            }
        }
        self.cpu.push((cpu_of_children() - before) / BATCH as u32);
    }
}

/// The CPU time of all processes that have ended and been waited for, here and below.
fn cpu_of_children() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("getrusage");
    Duration::from_micros((usage.user_time() + usage.system_time()).num_microseconds() as u64)
}

fn milliseconds(times: &mut [Duration], percent: usize) -> f64 {
    times.sort_unstable();
    times[(times.len() - 1) * percent / 100].as_secs_f64() * 1000.0
}
