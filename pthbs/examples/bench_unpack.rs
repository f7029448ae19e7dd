//! How fast archives are unpacked and files verified, beside the system's own tools. Called by `make bench`.
//!
//! `bench_unpack [--dir DIR] ARCHIVE...`: each archive is unpacked by pthbs, by `tar` and, where installed, by
//! `bsdtar`, one after another in several rounds; the best round counts. Then it is hashed by pthbs, `sha256sum` and
//! `openssl dgst`. Wall and CPU seconds, on whatever file system DIR is.
#![allow(clippy::print_stdout, reason = "a program that prints its measurements")]

use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use pthbs::base::Sha256;
use pthbs::source::{Limits, unpack};

const ROUNDS: usize = 3;

type Outcome = Result<(), Box<dyn Error>>;
/// One contestant: its name and what it does with an archive and an empty directory.
type Runner = (&'static str, fn(&Path, &Path) -> Outcome);

/// What one run took.
#[derive(Clone, Copy)]
struct Taken {
    wall: Duration,
    cpu: Duration,
}

fn main() -> Outcome {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut dir = std::env::temp_dir();
    if arguments.first().is_some_and(|first| first == "--dir") {
        dir = arguments.get(1).ok_or("--dir needs a directory")?.into();
        arguments.drain(..2);
    }
    if arguments.is_empty() {
        return Err("usage: bench_unpack [--dir DIR] ARCHIVE...".into());
    }
    let work = dir.join(format!("bench_unpack.{}", std::process::id()));
    fs::create_dir_all(&work)?;
    let outcome = arguments.iter().try_for_each(|archive| bench(Path::new(archive), &work));
    fs::remove_dir_all(&work)?;
    outcome
}

fn bench(archive: &Path, work: &Path) -> Outcome {
    let megabytes = fs::metadata(archive)?.len() as f64 / 1e6;
    println!("{} ({megabytes:.1} MB)", archive.file_name().unwrap_or_default().to_string_lossy());
    let unpackers: [Runner; 3] = [
        ("unpack pthbs", |archive, into| Ok(unpack(archive, into, 1, &Limits::default())?)),
        ("unpack tar", |archive, into| run("tar", &["--strip-components=1", "-xf"], archive, into)),
        ("unpack bsdtar", |archive, into| run("bsdtar", &["--strip-components=1", "-xf"], archive, into)),
    ];
    let hashers: [Runner; 3] = [
        ("verify pthbs", |archive, _| {
            Sha256::of_reader(File::open(archive)?)?;
            Ok(())
        }),
        ("verify sha256sum", |archive, into| run("sha256sum", &["-b"], archive, into)),
        ("verify openssl", |archive, into| run("openssl", &["dgst", "-sha256"], archive, into)),
    ];
    rounds(&unpackers, archive, work)?;
    rounds(&hashers, archive, work)
}

/// Runs all contestants in turn, several times, so that a disturbance hits all of them alike.
fn rounds(runners: &[Runner], archive: &Path, work: &Path) -> Outcome {
    let present: Vec<&Runner> = runners.iter().filter(|(name, _)| is_present(name)).collect();
    let mut best: Vec<Option<Taken>> = vec![None; present.len()];
    for _ in 0..ROUNDS {
        for ((_, runner), best) in present.iter().zip(&mut best) {
            let taken = measure(*runner, archive, &work.join("into"))?;
            if best.is_none_or(|best| taken.wall < best.wall) {
                *best = Some(taken);
            }
        }
    }
    for ((name, _), taken) in present.iter().zip(best) {
        let Some(Taken { wall, cpu }) = taken else { continue };
        println!("  {name:<18} {:8.3} s wall {:8.3} s cpu", wall.as_secs_f64(), cpu.as_secs_f64());
    }
    Ok(())
}

/// Whether the program of a contestant is installed; ours always is.
fn is_present(name: &str) -> bool {
    let program = name.rsplit(' ').next().unwrap_or(name);
    let path = std::env::var_os("PATH").unwrap_or_default();
    program == "pthbs" || std::env::split_paths(&path).any(|dir: PathBuf| dir.join(program).is_file())
}

fn measure(
    runner: fn(&Path, &Path) -> Outcome,
    archive: &Path,
    into: &Path,
) -> Result<Taken, Box<dyn Error>> {
    fs::create_dir(into)?;
    // What an earlier contestant wrote must not be written back at the cost of this one.
    nix::unistd::sync();
    let (start, before) = (Instant::now(), cpu()?);
    runner(archive, into)?;
    let taken = Taken { wall: start.elapsed(), cpu: cpu()?.saturating_sub(before) };
    fs::remove_dir_all(into)?;
    Ok(taken)
}

fn cpu() -> Result<Duration, Box<dyn Error>> {
    let mut total = Duration::ZERO;
    for who in [UsageWho::RUSAGE_SELF, UsageWho::RUSAGE_CHILDREN] {
        let usage = getrusage(who)?;
        total += duration(usage.user_time()) + duration(usage.system_time());
    }
    Ok(total)
}

fn duration(time: TimeVal) -> Duration {
    Duration::new(time.tv_sec().try_into().unwrap_or(0), u32::try_from(time.tv_usec()).unwrap_or(0) * 1000)
}

fn run(program: &str, arguments: &[&str], archive: &Path, into: &Path) -> Outcome {
    let archive = fs::canonicalize(archive)?;
    let status = Command::new(program)
        .args(arguments)
        .arg(archive)
        .current_dir(into)
        .stdout(Stdio::null())
        .status()?;
    if status.success() { Ok(()) } else { Err(format!("{program}: {status}").into()) }
}
