//! Measures environments: merging, links and disk with and without folding, beside `stow` and `cp -rs` where they are
//! installed; and how long a switch takes. Prints a table; judges nothing.
//!
//! `cargo bench --bench environment [-- DIR]` works in a new directory below DIR (default: that for temporary files). Where
//! DIR is a store, it merges what that holds instead, and writes nothing.

#![expect(clippy::print_stdout, reason = "a table is all it is for")]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use pthbs::base::{Result, Sha256};
use pthbs::environment::{Folding, Member, Profile, Rules, Table, Wish, make, members, merge_with};
use pthbs::script::{InstallId, Script};
use pthbs::store::{Entry, Item, Manifest, Meta, Staging, Store, What};

fn main() -> Result<()> {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let place = arguments.first().map_or_else(std::env::temp_dir, PathBuf::from);
    if place.join("versions").is_dir() {
        return real(&place);
    }
    for packages in [50, 500] {
        let scratch = Scratch(tempfile::tempdir_in(&place).expect("a directory to work in"));
        measure(scratch.0.path(), packages)?;
    }
    Ok(())
}

/// The packages of a store, one of each name, as one environment; those that disagree with others are left out.
fn real(root: &Path) -> Result<()> {
    let store = Store::open_existing(root)?;
    let (mut taken, mut left_out): (Vec<Member>, usize) = (Vec::new(), 0);
    for install in store.installs()? {
        if taken.iter().any(|member| member.install.name == install.name) {
            continue;
        }
        let manifest = store.manifest(&Item::Install(install.clone()))?;
        taken.push(Member { install, manifest });
        if merge_with(&taken, &Rules::default(), Folding::On).is_err() {
            taken.pop();
            left_out += 1;
        }
    }
    let files: usize = taken.iter().map(|member| member.manifest.entries.len()).sum();
    println!("\n{} real packages ({left_out} left out), {files} entries", taken.len());
    for (name, folding) in [("folded", Folding::On), ("unfolded", Folding::Off)] {
        let (forest, took) = timed(|| merge_with(&taken, &Rules::default(), folding))?;
        let targets = forest.manifest().entries.iter().filter_map(|entry| match &entry.what {
            What::Link { target } => Some(target.as_os_str().len()),
            _ => None,
        });
        let (links, long) =
            targets.fold((0, 0), |(all, long), length| (all + 1, long + usize::from(length >= 60)));
        let (dirs, wall) = (forest.manifest().entries.len() - links, took.wall.as_secs_f64() * 1e3);
        println!("{name}: {links} links, {dirs} directories, {long} long, merged in {wall:.1} ms");
    }
    Ok(())
}

/// A directory that is deleted although installs in it cannot be written.
struct Scratch(tempfile::TempDir);

impl Drop for Scratch {
    fn drop(&mut self) {
        for entry in walkdir::WalkDir::new(self.0.path()).into_iter().flatten() {
            if entry.file_type().is_dir() {
                let _ = fs::set_permissions(entry.path(), fs::Permissions::from_mode(0o755));
            }
        }
    }
}

/// How many files each package has, spread as in real ones: programs, manuals and headers where other packages have
/// theirs, and most of them in a directory of the package's own.
const FILES: usize = 200;

fn path_of(package: usize, file: usize) -> String {
    let name = format!("package-{package:03}");
    match file {
        0..5 => format!("bin/{name}-{file}"),
        5..15 => format!("lib/lib{name}-{file}.a"),
        15..45 => format!("share/man/man1/{name}-subcommand-{file}.1"),
        45..60 => format!("share/man/man3/{name}_function_{file}.3"),
        60..90 => format!("include/{name}/part-{file}.h"),
        90..100 => format!("share/locale/l{file}/LC_MESSAGES/{name}.mo"),
        _ => format!("share/{name}/module-{}/data-{file}", file % 7),
    }
}

fn measure(dir: &Path, packages: usize) -> Result<()> {
    println!("\n{packages} packages, {} files", packages * FILES);
    println!(
        "{:30} {:>8} {:>7} {:>7} {:>9} {:>9} {:>9} {:>8}",
        "", "links", "dirs", "long", "disk KiB", "wall ms", "CPU ms", "us/link"
    );
    let store = Store::open(&dir.join("store"))?;
    let asked: BTreeSet<InstallId> =
        (0..packages).map(|package| publish(&store, package)).collect::<Result<_>>()?;

    let (members, read) = timed(|| members(&store, &asked))?;
    line("read scripts and manifests", None, read);
    for (name, folding) in [("folded", Folding::On), ("unfolded", Folding::Off)] {
        let (forest, merged) = timed(|| merge_with(&members, &Rules::default(), folding))?;
        line(&format!("merge, {name}"), None, merged);
        let place = store.versions().join(format!(".bench-{name}"));
        let ((), wrote) = timed(|| forest.write(&place, Table::Relative))?;
        line(&format!("write, {name}"), Some(&place), wrote);
    }
    let (environment, made) = timed(|| make(&store, &asked))?;
    line("make: all of it, published", Some(&store.path(&environment.into())), made);
    line("make: it is there", None, timed(|| make(&store, &asked))?.1);

    let installs: Vec<PathBuf> = asked.iter().map(|id| store.path(&Item::Install(id.clone()))).collect();
    beside("cp -rs", dir, &installs, |install, target| {
        let mut command = Command::new("cp");
        command.arg("-rs").arg(install.join(".")).arg(target);
        command
    });
    stow(dir, &installs);
    switches(&store, &members, packages.min(50))
}

fn publish(store: &Store, package: usize) -> Result<InstallId> {
    let text = format!(
        "#!/bin/sh\n#@ pthbs 1\n#@ name package-{package:03}\n#@ version 1\n#@ system x86_64-linux\n\
         #@ target x86_64-linux-musl\n#@ build sandbox=on set_path=on static=on\n"
    );
    let script = Script::parse(text, "bench")?;
    let item = Item::Install(script.install_id());
    let staging = Staging::new(store, &item)?;
    let mut entries = std::collections::BTreeMap::new();
    for file in 0..FILES {
        let path = PathBuf::from(path_of(package, file));
        for above in path.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty()) {
            entries.insert(above.as_os_str().to_owned(), What::Directory);
        }
        let place = staging.tree().join(&path);
        fs::create_dir_all(place.parent().expect("it lies in the tree")).expect("a directory");
        fs::write(&place, path.as_os_str().as_encoded_bytes()).expect("a file");
        let sha256 = Sha256::of(path.as_os_str().as_encoded_bytes());
        let what = What::File {
            executable: false,
            size: path.as_os_str().len() as u64,
            sha256,
            references: Vec::new(),
        };
        entries.insert(path.into_os_string(), what);
    }
    let entries = entries.into_iter().map(|(path, what)| Entry { path: path.into(), what }).collect();
    store.publish(staging, &item, &Manifest { entries }, Meta { script: Some(&script), record: None })?;
    Ok(script.install_id())
}

/// What something took: by the clock, and of this process and its children.
struct Took {
    wall: Duration,
    cpu: Duration,
}

fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, Took)> {
    let (started, before) = (Instant::now(), cpu());
    let done = work()?;
    Ok((done, Took { wall: started.elapsed(), cpu: cpu() - before }))
}

fn cpu() -> Duration {
    let times = [UsageWho::RUSAGE_SELF, UsageWho::RUSAGE_CHILDREN].map(|who| {
        let usage = getrusage(who).expect("the system counts");
        (usage.user_time() + usage.system_time()).num_microseconds()
    });
    Duration::from_micros(u64::try_from(times.iter().sum::<i64>()).unwrap_or(0))
}

fn line(name: &str, tree: Option<&Path>, took: Took) {
    let (wall, cpu) = (took.wall.as_secs_f64() * 1e3, took.cpu.as_secs_f64() * 1e3);
    let Some(tree) = tree else {
        return println!("{name:30} {:>8} {:>7} {:>7} {:>9} {wall:>9.1} {cpu:>9.1}", "", "", "", "");
    };
    let [mut links, mut dirs, mut long, mut blocks] = [0_u64; 4];
    for entry in walkdir::WalkDir::new(tree).into_iter().flatten() {
        let found = entry.metadata().expect("it was listed");
        blocks += found.blocks();
        if found.is_dir() {
            dirs += 1;
        } else {
            links += 1;
            long += u64::from(found.len() >= 60);
        }
    }
    let each = cpu * 1e3 / links.max(1) as f64;
    println!("{name:30} {links:>8} {dirs:>7} {long:>7} {:>9} {wall:>9.1} {cpu:>9.1} {each:>8.1}", blocks / 2);
}

/// Another program that links every install into one directory.
fn beside(name: &str, dir: &Path, installs: &[PathBuf], command: impl Fn(&Path, &Path) -> Command) {
    let target = dir.join(name.replace(' ', ""));
    fs::create_dir(&target).expect("a directory");
    let ran = timed(|| {
        let run = |install: &PathBuf| {
            command(install, &target).stdout(Stdio::null()).stderr(Stdio::null()).status()
        };
        Ok(installs.iter().map(run).all(|status| status.is_ok_and(|status| status.success())))
    });
    match ran {
        Ok((true, took)) => line(name, Some(&target), took),
        _ => println!("{name:30} not installed, or failed"),
    }
}

/// All packages in one call, as its users do.
fn stow(dir: &Path, installs: &[PathBuf]) {
    let packages = dir.join("stow-packages");
    fs::create_dir(&packages).expect("a directory");
    for install in installs {
        let name = install.file_name().expect("an install has a name");
        // It refuses links as packages.
        let copied = Command::new("cp").arg("-rl").arg(install).arg(packages.join(name)).status();
        assert!(copied.is_ok_and(|status| status.success()), "cp -rl");
    }
    let all: Vec<PathBuf> = vec![packages.clone()];
    beside("stow", dir, &all, |packages, target| {
        let names = installs.iter().filter_map(|install| install.file_name());
        let mut command = Command::new("stow");
        command.arg("-d").arg(packages).arg("-t").arg(target).arg("-S").args(names);
        command
    });
}

/// Switches between environments that exist, each to a new generation.
fn switches(store: &Store, members: &[Member], environments: usize) -> Result<()> {
    let ids =
        members.iter().take(environments.min(8)).map(|member| make(store, &[member.install.clone()].into()));
    let ids = ids.collect::<Result<Vec<_>>>()?;
    let profile = Profile::open(store, &"bench".parse()?);
    let mut times = Vec::new();
    for round in 0..200 {
        times.push(timed(|| profile.switch(ids[round % ids.len()], &Wish::default()))?.1.wall);
    }
    times.sort_unstable();
    let ms = |at: usize| times[at].as_secs_f64() * 1e3;
    println!("switch, 200 times: median {:.2} ms, nine of ten below {:.2} ms", ms(100), ms(180));
    Ok(())
}
