//! What a store costs: checking 1 GiB beside `sha256sum`, sealing and publishing installs of three sizes, collecting dead
//! installs beside `rm -rf` of the same trees. Prints tables; judges nothing.
//!
//! `cargo bench --bench store [-- DIR]` works in a new directory below DIR (default: that for temporary files), which
//! needs room for 2 GiB. Contestants take turns, and the best of their rounds count.

#![allow(clippy::print_stdout, reason = "tables are all it is for")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use pthbs::base::{Result, Sha256};
use pthbs::script::{InstallId, Script};
use pthbs::store::{Item, Manifest, Meta, Record, Seal, Sealed, Staging, Store};

const ROUNDS: usize = 3;

fn main() -> Result<()> {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let place = arguments.first().map_or_else(std::env::temp_dir, PathBuf::from);
    let scratch = || Scratch(tempfile::tempdir_in(&place).expect("a directory to work in"));
    println!("check of a store of 1 GiB");
    check(scratch().0.path())?;
    println!("\nseal and publish one install");
    publish(scratch().0.path())?;
    println!("\ncollecting dead installs of 10 files in 3 directories");
    for count in [1_000, 10_000] {
        collect(scratch().0.path(), count)?;
    }
    Ok(())
}

/// A directory that is deleted although installs in it cannot be written.
struct Scratch(tempfile::TempDir);

impl Drop for Scratch {
    fn drop(&mut self) {
        for entry in walkdir::WalkDir::new(self.0.path()).into_iter().flatten() {
            if entry.file_type().is_dir() {
                use std::os::unix::fs::PermissionsExt;
                let _ = fs::set_permissions(entry.path(), fs::Permissions::from_mode(0o755));
            }
        }
    }
}

/// Wall time and CPU time of something, children included.
fn timed<T>(act: impl FnOnce() -> T) -> (T, Duration, Duration) {
    let cpu = || {
        let of = |who| {
            let usage = getrusage(who).expect("getrusage always works");
            (usage.user_time() + usage.system_time()).num_microseconds() as u64
        };
        Duration::from_micros(of(UsageWho::RUSAGE_SELF) + of(UsageWho::RUSAGE_CHILDREN))
    };
    let (begun, before) = (Instant::now(), cpu());
    let done = act();
    (done, begun.elapsed(), cpu() - before)
}

fn run(command: &mut Command) {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(status.expect("it can be run").success(), "{command:?}");
}

fn pthbs(store: &Store, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pthbs"));
    command.arg("--root").arg(store.root()).args(arguments);
    command
}

fn script(name: &str) -> Script {
    let text = format!(
        "#!/bin/sh\n#@ pthbs 1\n#@ name {name}\n#@ version 1\n#@ system s\n#@ target t\n\
         #@ build sandbox=on set_path=on static=on\n"
    );
    Script::parse(text, name).expect("the header is right")
}

/// Bytes that do not compress and are nowhere the same.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let word = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(word).flatten().take(length).collect()
}

/// Fills a tree with files of these sizes, a hundred to a directory.
fn fill(tree: &Path, seed: u64, sizes: &[usize]) {
    for (number, size) in sizes.iter().enumerate() {
        let dir = tree.join(format!("share/{:03}", number / 100));
        fs::create_dir_all(&dir).expect("the directory can be made");
        fs::write(dir.join(format!("file-{number:05}")), noise(seed + number as u64, *size)).expect("room");
    }
}

fn seal(staging: &Staging, install: &InstallId) -> Result<Sealed> {
    let (known, silenced) = (BTreeSet::new(), BTreeSet::new());
    let tree = staging.tree();
    Seal { tree: &tree, own: Some(install), known: &known, is_static: true, silenced: &silenced }.run()
}

fn install(store: &Store, script: &Script, seed: u64, sizes: &[usize]) -> Result<[(Duration, Duration); 2]> {
    let item = Item::Install(script.install_id());
    let staging = Staging::new(store, &item)?;
    fill(&staging.tree(), seed, sizes);
    // What the script wrote is on its way to the disk already in a real build; here it must not count as publishing.
    run(&mut Command::new("sync"));
    let (sealed, seal_wall, seal_cpu) = timed(|| seal(&staging, &script.install_id()));
    let manifest = sealed?.manifest;
    let meta = Meta { script: Some(script), record: Some(&Record::default()) };
    let (published, wall, cpu) = timed(|| store.publish(staging, &item, &manifest, meta));
    published?;
    Ok([(seal_wall, seal_cpu), (wall, cpu)])
}

fn check(dir: &Path) -> Result<()> {
    let store = Store::open(dir)?;
    // 64 installs of 16 MiB each: a few large files, many small ones.
    let sizes: Vec<usize> =
        [&[4 << 20, 4 << 20, 2 << 20, 1 << 20][..], &[64 << 10; 64], &[8 << 10; 128]].concat();
    for number in 0..64 {
        install(&store, &script(&format!("p{number}")), number << 32, &sizes)?;
    }
    let bytes: u64 =
        store.items()?.iter().map(|item| store.manifest(item).map_or(0, |m| m.size().bytes)).sum();
    let contestants: [(&str, &dyn Fn()); 3] = [
        ("pthbs check", &|| run(&mut pthbs(&store, &["check"]))),
        ("sha256sum, one process", &|| sums(&store, "xargs -0 sha256sum")),
        ("sha256sum, one per core", &|| sums(&store, "xargs -0 -n 64 -P $(nproc) sha256sum")),
    ];
    let mut best = vec![(Duration::MAX, Duration::MAX); contestants.len()];
    for _ in 0..ROUNDS {
        for ((_, act), best) in contestants.iter().zip(&mut best) {
            let ((), wall, cpu) = timed(act);
            *best = (best.0.min(wall), best.1.min(cpu));
        }
    }
    let mebibytes = bytes as f64 / f64::from(1 << 20);
    println!("{:30} {:>9} {:>9} {:>12}", "", "wall s", "CPU s", "CPU ms/MiB");
    for ((name, _), (wall, cpu)) in contestants.iter().zip(best) {
        let (wall, cpu) = (wall.as_secs_f64(), cpu.as_secs_f64());
        println!("{name:30} {wall:>9.2} {cpu:>9.2} {:>12.3}", cpu * 1000.0 / mebibytes);
    }
    match Command::new("nix-store").arg("--version").output() {
        Ok(_) => println!("nix-store is here: run `nix-store --verify --check-contents` beside it"),
        Err(_) => println!("skipped: nix-store is not installed"),
    }
    Ok(())
}

fn sums(store: &Store, with: &str) {
    run(Command::new("sh")
        .args(["-c", &format!("find \"$1\" -type f -print0 | {with}"), "sh"])
        .arg(store.versions()));
}

fn publish(dir: &Path) -> Result<()> {
    let store = Store::open(dir)?;
    println!(
        "{:>8} {:>9} {:>14} {:>14} {:>16}",
        "files", "MiB", "seal ms, CPU", "publish ms, CPU", "us/file in all"
    );
    for files in [10, 1_000, 10_000] {
        let sizes = vec![4 << 10; files];
        let mut best: Option<[(Duration, Duration); 2]> = None;
        for round in 0..ROUNDS as u64 {
            let script = script(&format!("p{files}-{round}"));
            let took = install(&store, &script, round << 32, &sizes)?;
            let sum = |[(a, _), (b, _)]: [(Duration, Duration); 2]| a + b;
            best = Some(best.filter(|best| sum(*best) < sum(took)).unwrap_or(took));
        }
        let [(seal, seal_cpu), (publish, publish_cpu)] = best.expect("there are rounds");
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        println!(
            "{files:>8} {:>9.2} {:>7.1} {:>6.1} {:>8.1} {:>6.1} {:>16.1}",
            (files * 4) as f64 / 1024.0,
            ms(seal),
            ms(seal_cpu),
            ms(publish),
            ms(publish_cpu),
            ms(seal + publish) * 1000.0 / files as f64
        );
    }
    Ok(())
}

/// Installs that nothing keeps, written as publishing leaves them but for the syncs.
fn dead(store: &Store, count: usize) -> Result<()> {
    let model = script("model");
    let item = Item::Install(model.install_id());
    let staging = Staging::new(store, &item)?;
    for number in 0..10 {
        let dir = staging.tree().join(["bin", "lib", "share"][number % 3]);
        fs::create_dir_all(&dir).expect("the directory can be made");
        fs::write(dir.join(format!("file-{number}")), noise(number as u64, 1 << 10)).expect("room");
    }
    let sealed = seal(&staging, &model.install_id())?;
    for number in 0..count {
        write_one(store, &script(&format!("dead-{number}")), &staging.tree(), &sealed.manifest);
    }
    Ok(())
}

fn write_one(store: &Store, script: &Script, tree: &Path, manifest: &Manifest) {
    let item = Item::Install(script.install_id());
    let (meta, place) = (store.meta(&item), store.path(&item));
    fs::create_dir(&meta).expect("room");
    let record = Record { manifest: Some(Sha256::of(&manifest.to_bytes())), ..Record::default() };
    for (name, bytes) in [
        ("manifest", manifest.to_bytes()),
        ("script", script.text.clone().into_bytes()),
        ("record.json", record.to_bytes()),
    ] {
        fs::write(meta.join(name), bytes).expect("room");
    }
    fs::create_dir(&place).expect("room");
    for entry in &manifest.entries {
        let to = place.join(&entry.path);
        match tree.join(&entry.path).is_dir() {
            true => fs::create_dir(to).expect("room"),
            false => drop(fs::copy(tree.join(&entry.path), to).expect("room")),
        }
    }
}

fn collect(dir: &Path, count: usize) -> Result<()> {
    let mut best = [(Duration::MAX, Duration::MAX); 2];
    for round in 0..ROUNDS {
        for (which, best) in best.iter_mut().enumerate() {
            let store = Store::open(&dir.join(format!("{round}-{which}")))?;
            dead(&store, count)?;
            run(&mut Command::new("sync"));
            let ((), wall, cpu) = timed(|| match which {
                0 => run(&mut pthbs(&store, &["gc"])),
                _ => run(Command::new("rm").arg("-rf").arg(store.versions()).arg(store.root().join("meta"))),
            });
            if which == 0 {
                assert_eq!(store.items()?, [], "everything was dead");
            }
            *best = (best.0.min(wall), best.1.min(cpu));
        }
    }
    if count == 1_000 {
        println!(
            "{:>8} {:16} {:>9} {:>9} {:>12} {:>12}",
            "installs", "", "wall ms", "CPU ms", "wall us each", "CPU us each"
        );
    }
    for (name, (wall, cpu)) in ["pthbs gc", "rm -rf"].into_iter().zip(best) {
        let (wall, cpu) = (wall.as_secs_f64() * 1000.0, cpu.as_secs_f64() * 1000.0);
        let each = |ms: f64| ms * 1000.0 / count as f64;
        println!("{count:>8} {name:16} {wall:>9.0} {cpu:>9.0} {:>12.0} {:>12.0}", each(wall), each(cpu));
    }
    Ok(())
}
