//! What sources cost: archives unpacked and files verified beside the system's own programs, and 50 small files fetched
//! one after another and several at once.
//!
//! cargo bench --bench sources
//!
//! PTHBS_BENCH_DISTFILES names a directory with tarballs of zsh, git and gcc; without it an archive like a source tree
//! is made. TMPDIR is where it works; contestants take turns, and the best of their rounds count. What cannot be done is
//! named in a line that begins with `skipped`.

#![allow(clippy::print_stdout, reason = "it prints its tables")]

#[allow(dead_code, reason = "shared with the tests, which use all of it")]
#[path = "../../pthbs/src/source/tests/server.rs"]
mod server;

use std::error::Error;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use pthbs::base::{Sha256, event};
use pthbs::script::header::Unpack;
use pthbs::script::{Origin, Source};
use pthbs::source::{Config, Fetcher, Limits, unpack};
use pthbs::store::Store;
use server::{Reply, Server};

const ROUNDS: usize = 3;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;
/// One contestant: its program's name and what it does with an archive in an empty directory.
type Contestant = (&'static str, fn(&Path, &Path) -> Outcome);

/// The first is ours, the second is what it is compared with.
const UNPACKERS: [Contestant; 3] = [
    ("pthbs", |archive, into| Ok(unpack(archive, into, 1, &Limits::default())?)),
    ("tar", |archive, into| run("tar", &["--strip-components=1", "-xf"], archive, into)),
    ("bsdtar", |archive, into| run("bsdtar", &["--strip-components=1", "-xf"], archive, into)),
];
const VERIFIERS: [Contestant; 3] = [
    ("pthbs", |archive, _| Ok(Sha256::of_reader(File::open(archive)?).map(drop)?)),
    ("sha256sum", |archive, into| run("sha256sum", &["-b"], archive, into)),
    ("openssl", |archive, into| run("openssl", &["dgst", "-sha256"], archive, into)),
];

fn main() -> Outcome {
    let work = tempfile::Builder::new().prefix("pthbs-bench.").tempdir()?;
    let archives = archives(work.path())?;
    println!("unpack                            wall s    CPU s   wall, CPU of tar = 1");
    for archive in &archives {
        compare(&UNPACKERS, archive, work.path(), &|taken, _| {
            format!("{:9.3}{:9.3}", taken.wall, taken.cpu)
        })?;
    }
    let has_sha = fs::read_to_string("/proc/cpuinfo").is_ok_and(|text| text.contains(" sha_ni"));
    println!(
        "\nverify ({} SHA-NI)         MiB/s  ms/MiB   wall, CPU of sha256sum = 1",
        if has_sha { "with" } else { "no" }
    );
    // Large enough that starting a program does not count; what the bytes are makes no difference.
    let large = work.path().join("256 MiB");
    fs::write(&large, vec![b'x'; 256 << 20])?;
    compare(&VERIFIERS, &large, work.path(), &|taken, mib| {
        format!("{:9.0}{:9.2}", mib / taken.wall, taken.cpu * 1000.0 / mib)
    })?;
    println!("\nfetch of 50 files of 20 KiB from loopback       wall s");
    for (delay, what) in [(0, "a server that answers at once"), (20, "a server that is 20 ms away")] {
        for at_once in [1, 6] {
            let walls = (0..3).map(|_| fetch(work.path(), Duration::from_millis(delay), at_once));
            let walls: Vec<f64> = walls.collect::<Outcome<_>>()?;
            println!("  {what:<32} {at_once} at once {:9.3}", least(&walls));
        }
    }
    Ok(())
}

/// The archives to measure, those that there are.
fn archives(work: &Path) -> Outcome<Vec<PathBuf>> {
    let Some(dir) = std::env::var_os("PTHBS_BENCH_DISTFILES").map(PathBuf::from) else {
        println!("skipped: zsh, git and gcc (PTHBS_BENCH_DISTFILES names no directory of tarballs)");
        return Ok(vec![made(work)?]);
    };
    let mut names: Vec<String> =
        fs::read_dir(&dir)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    let mut found = Vec::new();
    for program in ["zsh", "git", "gcc"] {
        let is_it = |name: &&String| {
            name.strip_prefix(program).is_some_and(|rest| rest.starts_with(['-', '_']))
                && name.contains(".tar.")
        };
        match names.iter().find(is_it) {
            Some(name) => found.push(inner(&dir.join(name), work)?),
            None => println!("skipped: {program} ({} has no tarball of it)", dir.display()),
        }
    }
    if found.is_empty() { Ok(vec![made(work)?]) } else { Ok(found) }
}

/// The archive itself; or, where it only wraps tarballs as the Debian archive's gcc does, the largest of those.
fn inner(archive: &Path, work: &Path) -> Outcome<PathBuf> {
    let listed = Command::new("tar").arg("-tf").arg(archive).output()?;
    let names = String::from_utf8(listed.stdout)?;
    let is_wrapped = |name: &str| name.ends_with('/') || name.ends_with(".tar.xz");
    if !names.lines().all(is_wrapped) {
        return Ok(archive.to_path_buf());
    }
    let dir = work.join("inner");
    fs::create_dir(&dir)?;
    unpack(archive, &dir, 1, &Limits::default())?;
    let files: std::io::Result<Vec<PathBuf>> = fs::read_dir(&dir)?.map(|entry| Ok(entry?.path())).collect();
    let size = |path: &PathBuf| fs::metadata(path).map_or(0, |metadata| metadata.len());
    files?.into_iter().max_by_key(size).ok_or_else(|| "the archive is empty".into())
}

/// An archive of 3,000 files of text that compresses like source code.
fn made(work: &Path) -> Outcome<PathBuf> {
    let path = work.join("made.tar.xz");
    let mut builder = tar::Builder::new(liblzma::write::XzEncoder::new(File::create(&path)?, 6));
    for number in 0..3000 {
        let lines = (0..200 + number % 300).map(|line| {
            let word = Sha256::of(format!("{} {}", number / 7, line % 90).as_bytes()).short();
            format!("\tif (state->{word} == {line}) return make_{word}(context, \"{word}\");\n")
        });
        let text: String = lines.collect();
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        builder.append_data(
            &mut header,
            format!("made-1/src/d{}/f{number}.c", number / 50),
            text.as_bytes(),
        )?;
    }
    builder.into_inner()?.finish()?.flush()?;
    Ok(path)
}

/// What one run took, in seconds.
#[derive(Clone, Copy)]
struct Taken {
    wall: f64,
    cpu: f64,
}

/// Runs all contestants in turn, several times, so that a disturbance hits all of them alike.
fn compare(
    contestants: &[Contestant],
    archive: &Path,
    work: &Path,
    show: &dyn Fn(Taken, f64) -> String,
) -> Outcome {
    let mib = fs::metadata(archive)?.len() as f64 / f64::from(1 << 20);
    println!("  {} ({mib:.1} MiB)", archive.file_name().unwrap_or_default().to_string_lossy());
    let is_there = |name: &&str| *name == "pthbs" || Command::new(name).arg("--version").output().is_ok();
    let (there, missing): (Vec<Contestant>, Vec<Contestant>) =
        contestants.iter().partition(|(name, _)| is_there(name));
    let mut taken = vec![(Vec::new(), Vec::new()); there.len()];
    for _ in 0..ROUNDS {
        for ((_, act), (walls, cpus)) in there.iter().zip(&mut taken) {
            let Taken { wall, cpu } = measure(*act, archive, &work.join("into"))?;
            walls.push(wall);
            cpus.push(cpu);
        }
    }
    let best: Vec<Taken> =
        taken.iter().map(|(walls, cpus)| Taken { wall: least(walls), cpu: least(cpus) }).collect();
    for ((name, _), taken) in there.iter().zip(&best) {
        let ratio = best.get(1).map_or(String::new(), |other| {
            format!("{:8.2}{:8.2}", taken.wall / other.wall, taken.cpu / other.cpu)
        });
        println!("    {name:<26}{}{ratio}", show(*taken, mib));
    }
    missing.iter().for_each(|(name, _)| println!("    skipped: {name} is not installed"));
    Ok(())
}

fn measure(act: fn(&Path, &Path) -> Outcome, archive: &Path, into: &Path) -> Outcome<Taken> {
    fs::create_dir(into)?;
    // What an earlier contestant wrote must not be written back at the cost of this one.
    rustix::fs::syncfs(File::open(into)?)?;
    let (start, before) = (Instant::now(), cpu()?);
    act(archive, into)?;
    let taken = Taken { wall: start.elapsed().as_secs_f64(), cpu: cpu()? - before };
    fs::remove_dir_all(into)?;
    Ok(taken)
}

/// CPU time of this process and all its ended children.
fn cpu() -> Outcome<f64> {
    let mut microseconds = 0;
    for who in [UsageWho::RUSAGE_SELF, UsageWho::RUSAGE_CHILDREN] {
        let usage = getrusage(who)?;
        microseconds += (usage.user_time() + usage.system_time()).num_microseconds();
    }
    Ok(microseconds as f64 / 1e6)
}

fn run(program: &str, arguments: &[&str], archive: &Path, into: &Path) -> Outcome {
    let archive = fs::canonicalize(archive)?;
    let mut command = Command::new(program);
    command.args(arguments).arg(archive).current_dir(into).stdout(Stdio::null());
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(format!("{program}: {status}").into()) }
}

/// Fetches 50 small files into an empty store; gives the seconds.
fn fetch(work: &Path, delay: Duration, at_once: usize) -> Outcome<f64> {
    let body = |path: &str| path.repeat(20 * 1024 / path.len()).into_bytes();
    let server = Server::start(move |request| {
        std::thread::sleep(delay);
        Reply::ok(&body(&request.path))
    });
    let wanted: Vec<(Source, Vec<Origin>)> = (0..50)
        .map(|number| {
            let path = format!("/file-{number}.txt");
            let source = Source::File {
                sha256: Sha256::of(&body(&path)),
                name: path[1..].to_string(),
                unpack: Unpack::No,
            };
            (source, vec![Origin { url: server.url(&path), place: "bench:1".to_string() }])
        })
        .collect();
    let dir = tempfile::tempdir_in(work)?;
    let store = Store::open(dir.path())?;
    let fetcher = Fetcher::new(&store, Config::default(), event::ignore())?;
    let start = Instant::now();
    let brought = fetcher.each(&wanted, at_once, Fetcher::fetch);
    let wall = start.elapsed().as_secs_f64();
    brought.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(wall)
}

fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}
