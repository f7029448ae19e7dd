//! Failing system calls: each call of an install that changes something fails once, in each of four ways.

use std::collections::BTreeMap;
use std::path::Path;

use crate::packages;
use crate::world::{Who, World, everybody};

/// Calls that change a file system. Those that make sandboxes have a sweep of their own, in the crate `sandbox`.
const CALLS: [&str; 22] = [
    "chmod",
    "copy_file_range",
    "fchmod",
    "fchmodat",
    "flock",
    "fsync",
    "ftruncate",
    "link",
    "linkat",
    "mkdir",
    "mkdirat",
    "rename",
    "renameat",
    "renameat2",
    "rmdir",
    "symlink",
    "symlinkat",
    "syncfs",
    "unlink",
    "unlinkat",
    "utimensat",
    "write",
];
const ERRORS: [&str; 4] = ["EIO", "ENOSPC", "EROFS", "EINTR"];

/// Runs a build below strace, which writes to `log`; none where strace is missing.
fn traced(world: &World, options: &[&str], log: &Path, store: &str) -> Option<crate::world::Ran> {
    let [option, root] = packages::root(world, store);
    let wrapper =
        [&["timeout", "-k", "5", "60", "strace", "-f", "-qq", "--seccomp-bpf"], options, &["-o"]].concat();
    world.wrapped(&wrapper, log, "pthbs", &[&option, &root, "build", "one"])
}

/// How many calls of each kind the busiest thread makes: strace counts those of each thread by themselves.
fn calls(log: &str) -> BTreeMap<&'static str, usize> {
    let mut counts: BTreeMap<(&str, &'static str), usize> = BTreeMap::new();
    for line in log.lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let word = call.trim_start().split('(').next().unwrap_or("");
        if let Some(call) = CALLS.iter().find(|known| **known == word) {
            *counts.entry((thread, call)).or_default() += 1;
        }
    }
    let mut most = BTreeMap::new();
    for ((_, call), count) in counts {
        let busiest: &mut usize = most.entry(call).or_default();
        *busiest = (*busiest).max(count);
    }
    most
}

#[test]
fn a_failing_call_damages_nothing_and_the_next_try_succeeds() {
    for who in everybody() {
        let world = World::new(who);
        packages::write(&world, "one", "", "true");
        world.genpkg(&["render"]).ok();
        let log = world.path("home/strace");
        let filter = format!("trace={}", CALLS.join(","));
        match traced(&world, &["-e", &filter], &log, "home/first") {
            Some(ran) if ran.code == Some(0) => {}
            Some(ran) if ran.stderr.contains("strace") || ran.code == Some(127) => {
                println!("SKIPPED: strace cannot run here: {}", ran.stderr.trim());
                return;
            }
            other => panic!("an undisturbed build below strace: {other:?}"),
        }
        let expected = packages::content(&world, "home/first");
        let calls = calls(&std::fs::read_to_string(&log).unwrap());
        assert!(calls.len() > 8, "too little was seen: {calls:?}");
        let cases: Vec<(&str, usize, &str)> = calls
            .iter()
            .flat_map(|(call, count)| (1..=*count).map(move |number| (*call, number)))
            .flat_map(|(call, number)| ERRORS.map(|error| (call, number, error)))
            .collect();
        // What publishing rests on is tried every time.
        let (always, others): (Vec<_>, Vec<_>) = cases
            .into_iter()
            .partition(|(call, _, error)| *error == "EIO" && ["fsync", "syncfs", "renameat2"].contains(call));
        let sample = crate::rounds(16, others.len());
        // A stride through the others, the same each time; all of them where all are asked for.
        let stride = others.len() / sample;
        let others: Vec<_> = (0..sample).map(|number| others[number * stride]).collect();
        let cases = [always, others].concat();
        let mut failed = 0;
        for (index, case) in cases.iter().enumerate() {
            failed += usize::from(disturbed(&world, who, *case, index, &expected));
        }
        println!("{who:?}: {} calls failed, {failed} of them ended the build", cases.len());
        assert!(failed > 0, "no injected error was noticed: the test shows nothing");
    }
}

/// One build in which one call fails; whether the build failed.
fn disturbed(
    world: &World,
    who: Who,
    (call, number, error): (&str, usize, &str),
    index: usize,
    expected: &[(String, Vec<u8>)],
) -> bool {
    let store = format!("home/store-{index}");
    let case = format!("{who:?}: {call} number {number} fails with {error}");
    let (trace, inject) = (format!("trace={call}"), format!("inject={call}:error={error}:when={number}"));
    let ran = traced(world, &["-e", &trace, "-e", &inject], Path::new("/dev/null"), &store)
        .expect("strace was there before");
    assert!(matches!(ran.code, Some(0 | 1 | 2 | 125)), "{case}: {ran:?}");
    let is_there = world.path(&format!("{store}/versions")).is_dir();
    if is_there {
        packages::assert_sound(world, &store, &case);
    }
    if ran.code == Some(0) {
        // A call that may fail: a note, a message, the cleaning up of what a sweep takes as well.
        assert_eq!(packages::content(world, &store), expected, "{case}: {ran:?}");
    } else if call != "write" {
        // A write may be the message itself.
        assert!(ran.stderr.contains("error: "), "{case}: it does not say why: {ran:?}");
    }
    let [option, root] = packages::root(world, &store);
    let again = world.pthbs(&[&option, &root, "build", "one"]);
    assert_eq!(again.code, Some(0), "{case}, and again: {again:?}");
    packages::assert_sound(world, &store, &case);
    assert_eq!(packages::content(world, &store), expected, "{case}");
    // There are many cases.
    world.pthbs(&[&option, &root, "delete", "--force", "one"]).ok();
    let _ = std::fs::remove_dir_all(world.path(&store));
    ran.code != Some(0)
}
