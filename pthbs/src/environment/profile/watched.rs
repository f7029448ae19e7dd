//! A profile that is switched while others open files through it.

use std::fs::{self, File};
use std::io::Read;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::super::fake::{Package, Scratch, file, store_in};
use super::super::make::make;
use super::*;

/// What each environment's files say; the paths are the same in all of them, the links are not: a directory of one
/// package alone is a link, and one of two is a directory.
const TEXTS: [&str; 3] = ["one", "two", "three"];
const PATHS: [&str; 3] = ["bin/x", "share/d/deep/y", "share/z"];
const SWITCHES: u64 = 10_000;

struct World {
    _dir: Scratch,
    store: Store,
    /// By text.
    environments: Vec<EnvironmentId>,
}

fn world() -> World {
    // In memory: the order of names is what counts here, and a disk would be waited for 30,000 times.
    let memory = Path::new("/dev/shm");
    let place = if memory.is_dir() { memory } else { &std::env::temp_dir() };
    let (dir, store) = store_in(place);
    let beside = Package::new("beside").entry("share/d/other", file("one")).publish(&store);
    let environment = |(number, text): (usize, &&str)| {
        let name = ["a", "b", "c"][number];
        let package = PATHS.iter().fold(Package::new(name), |package, path| package.entry(path, file(text)));
        let mut installs = [package.publish(&store)].into_iter().collect::<std::collections::BTreeSet<_>>();
        installs.extend((number > 0).then(|| beside.clone()));
        make(&store, &installs).unwrap()
    };
    let environments = TEXTS.iter().enumerate().map(environment).collect();
    World { _dir: dir, store, environments }
}

fn read(path: &Path) -> (String, File) {
    let mut file = File::open(path).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()));
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    (text, file)
}

/// Opens each file through the profile, again and again; gives how often each text was read.
fn watch(store: &Store, link: &Path, is_over: &AtomicBool) -> [u64; 3] {
    let mut seen = [0; 3];
    while !is_over.load(Ordering::Relaxed) {
        for path in PATHS {
            let (text, file) = read(&link.join(path));
            let number = TEXTS.iter().position(|known| *known == text).expect("it is one of them, and whole");
            // The file that was opened is that of the install that the text belongs to.
            let opened = fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).unwrap();
            let below = opened.strip_prefix(store.versions().canonicalize().unwrap()).unwrap();
            assert!(below.to_str().unwrap().starts_with(["a.", "b.", "c."][number]), "{}", below.display());
            seen[number] += 1;
        }
        // Who holds the directory has one environment for as long as he likes.
        let held = File::open(link).unwrap();
        let through = PathBuf::from(format!("/proc/self/fd/{}", held.as_raw_fd()));
        let texts = PATHS.map(|path| read(&through.join(path)).0);
        assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
    }
    seen
}

// A failure means that a running program can miss a file because somebody installs another package.
#[test]
fn a_reader_never_misses_a_path_while_a_profile_is_switched_10_000_times() {
    let World { _dir, store, environments } = world();
    let profile = Profile::open(&store, &"home".parse().unwrap());
    for environment in &environments {
        profile.switch(*environment, &Wish::default()).unwrap();
    }
    let is_over = AtomicBool::new(false);
    let link = profile.link();
    let seen = std::thread::scope(|scope| {
        let reader = scope.spawn(|| watch(&store, &link, &is_over));
        for round in 0..SWITCHES {
            // Every way to switch: to new generations, and back to old ones.
            let switched = if round % 8 == 0 {
                let current = profile.current().unwrap().unwrap().environment;
                let other = environments.iter().cycle().skip_while(|id| **id != current).nth(1).unwrap();
                profile.switch(*other, &Wish::default())
            } else {
                let numbers = [1, 2, 3];
                let current = profile.current().unwrap().unwrap().number;
                let other =
                    numbers.iter().cycle().skip(round as usize % 3).find(|number| **number != current);
                profile.rollback(other.copied())
            };
            assert!(switched.unwrap().is_change(), "round {round} changed nothing");
        }
        is_over.store(true, Ordering::Relaxed);
        reader.join().unwrap()
    });
    assert!(seen.iter().all(|times| *times > 0), "the reader saw not every environment: {seen:?}");
    assert_eq!(profile.history().unwrap().len() as u64, 3 + SWITCHES.div_ceil(8));
}
