//! A run that is stopped leaves nothing behind and says by its status what stopped it; many at once share the work.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::process::{Child, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::world::{Ran, World, everybody};

fn definition(more: &str, body: &str) -> String {
    format!(
        "{{% extends \"plain\" %}}\n{{% set version = \"1\" %}}\n{{% set sandbox = \"host\" %}}\n{more}\n\
         {{% block build %}}\n{body}\n{{% endblock %}}\n"
    )
}

/// Packages whose builds sleep for a time that marks their processes, some of them in the background.
fn sleepers(world: &World, mark: &str) {
    for name in ["one", "two"] {
        let body = format!("\tsetsid sleep {mark} &\n\t: >\"$tmp/started\"\n\tsleep {mark}");
        world.write(&format!("packages/{name}/package.sh"), &definition("", &body));
    }
    world.write("packages/later/package.sh", &definition("{% set _a = dep(\"one\") %}", "\ttrue"));
    world.genpkg(&["render"]).ok();
}

/// A time to sleep that no other test uses.
fn mark(number: u32) -> String {
    format!("{}.{number}", 100_000_000 + std::process::id())
}

fn processes(mark: &str) -> Vec<String> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let lines = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    lines.filter(|line| line.contains(mark)).collect()
}

/// Waits until both builds sleep, in the foreground and in the background.
fn wait_until_all_sleep(mark: &str) {
    for _ in 0..600 {
        if processes(mark).iter().filter(|line| line.starts_with("sleep ")).count() == 4 {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the builds do not sleep: {:?}", processes(mark));
}

fn start(world: &World, names: &[&str]) -> Child {
    let arguments = [&["build", "-j2"], names].concat();
    let mut command = world.command("pthbs", &arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// That no process, mount, lock or unfinished thing is left, and that the next run begins anew.
fn expect_nothing_left(world: &World, mark: &str) {
    assert_eq!(processes(mark), Vec::<String>::new());
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(&*world.path("store").to_string_lossy()), "{mounts}");
    assert_eq!(world.files_below("store/lock"), Vec::<String>::new());
    assert_eq!(fs::read_dir(world.path("store/tmp")).unwrap().count(), 0);
    assert!(world.files_below("store/versions").is_empty());
}

#[test]
fn each_signal_ends_all_builds_and_is_told_by_the_status() {
    for (number, (signal, code)) in
        [(Signal::SIGINT, 130), (Signal::SIGTERM, 143), (Signal::SIGHUP, 129)].into_iter().enumerate()
    {
        for who in everybody() {
            let (world, mark) = (World::new(who), mark(number as u32));
            sleepers(&world, &mark);
            let child = start(&world, &["later", "two"]);
            wait_until_all_sleep(&mark);
            kill(Pid::from_raw(child.id() as i32), signal).unwrap();
            let ran: Ran = world.ran(child.wait_with_output().unwrap()).exits(code);
            assert!(ran.stderr.contains("error: stopped before everything was done"), "{}", ran.stderr);
            assert!(ran.stderr.contains("3 not built in "), "{}", ran.stderr);
            assert_eq!(ran.stdout, "");
            expect_nothing_left(&world, &mark);
        }
    }
}

#[test]
fn ctrl_c_reaches_the_whole_group_and_a_second_one_does_no_harm() {
    let (world, mark) = (World::new(everybody()[0]), mark(10));
    sleepers(&world, &mark);
    let mut command = world.command("pthbs", &["build", "-j2", "one", "two"]);
    // A group of its own, as a shell gives to each command on a terminal.
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until_all_sleep(&mark);
    let group = Pid::from_raw(-(child.id() as i32));
    kill(group, Signal::SIGINT).unwrap();
    let _ = kill(group, Signal::SIGINT);
    world.ran(child.wait_with_output().unwrap()).exits(130);
    // The impatient one's processes are ended by the helper, which outlives it for a moment.
    for _ in 0..200 {
        if processes(&mark).is_empty() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(processes(&mark), Vec::<String>::new());
}

#[test]
fn a_closed_pipe_ends_all_builds() {
    for (number, closes_stderr) in [(20, true), (21, false)] {
        let (world, mark) = (World::new(everybody()[0]), mark(number));
        sleepers(&world, &mark);
        let mut child = start(&world, &["one", "two"]);
        wait_until_all_sleep(&mark);
        if closes_stderr {
            drop(child.stderr.take());
        } else {
            drop(child.stdout.take());
        }
        assert_eq!(child.wait().unwrap().code(), Some(141));
        expect_nothing_left(&world, &mark);
    }
}

#[test]
fn a_killed_run_takes_its_builds_with_it_and_the_next_one_cleans_up() {
    for who in everybody() {
        let (world, mark) = (World::new(who), mark(30));
        sleepers(&world, &mark);
        let mut child = start(&world, &["one", "two"]);
        wait_until_all_sleep(&mark);
        child.kill().unwrap();
        child.wait().unwrap();
        for _ in 0..200 {
            if processes(&mark).is_empty() {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(processes(&mark), Vec::<String>::new(), "the helper ends what its caller has left");
        world.pthbs(&["build", "word"]).ok();
        assert_eq!(fs::read_dir(world.path("store/tmp")).unwrap().count(), 0);
        assert_eq!(world.files_below("store/lock"), Vec::<String>::new());
    }
}

/// Other commands have a process of their own that builds for them.
#[test]
fn a_killed_reproduction_takes_its_builds_with_it() {
    for who in everybody() {
        let (world, mark) = (World::new(who), mark(40));
        let body = format!("\t[ \"$jobs\" = 999 ] || sleep {mark}");
        world.write("packages/one/package.sh", &definition("", &body));
        world.pthbs(&["build", "-j999", "one"]).ok();
        let mut child = world.command("pthbs", &["reproduce", "one"]).spawn().unwrap();
        while processes(&mark).is_empty() {
            std::thread::sleep(Duration::from_millis(50));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let store = world.path("store").display().to_string();
        let left = || [processes(&mark), processes(&store)].concat();
        for _ in 0..300 {
            if left().is_empty() {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(left(), Vec::<String>::new());
        world.pthbs(&["build", "word"]).ok();
        assert_eq!(fs::read_dir(world.path("store/tmp")).unwrap().count(), 0);
    }
}

#[test]
fn two_and_twenty_at_once_build_each_script_once_and_say_whom_they_wait_for() {
    for count in [2, 20] {
        for who in everybody() {
            let world = World::new(who);
            for name in ["a", "b", "c"] {
                world.write(
                    &format!("packages/{name}/package.sh"),
                    &definition("", "\tsleep 0.3; : >\"$out/x\""),
                );
            }
            let uses = "{% set _a = dep(\"a\") %}\n{% set _b = dep(\"b\") %}\n{% set _c = dep(\"c\") %}";
            world.write("packages/all/package.sh", &definition(uses, "\t: >\"$out/x\""));
            world.genpkg(&["render"]).ok();
            let children: Vec<Child> = (0..count).map(|_| start(&world, &["all"])).collect();
            let pids: Vec<u32> = children.iter().map(Child::id).collect();
            // Read while they run: none must wait for room in its pipe.
            let ran: Vec<Ran> = children.into_iter().map(|child| world.ran(read_all(child)).ok()).collect();
            let mut built: BTreeMap<String, usize> = BTreeMap::new();
            for line in ran.iter().flat_map(|ran| ran.stderr.lines()) {
                let words: Vec<&str> = line.split_whitespace().collect();
                match words[..] {
                    ["built", name, ..] => *built.entry(name.to_string()).or_default() += 1,
                    ["waits", _, _, "for", "process", pid] => {
                        assert!(pids.contains(&pid.parse().unwrap()), "{line}");
                    }
                    ["waits", ..] => assert!(line.ends_with("for another process"), "{line}"),
                    _ => {}
                }
            }
            let once: BTreeMap<String, usize> =
                ["a", "all", "b", "c"].into_iter().map(|name| (name.to_string(), 1)).collect();
            assert_eq!(built, once, "{ran:?}");
            let waits =
                ran.iter().filter(|ran| ran.stderr.contains("\nwaits ") || ran.stderr.starts_with("waits "));
            assert!(waits.count() >= 1, "{ran:?}");
            assert_eq!(fs::read_dir(world.path("store/tmp")).unwrap().count(), 0);
            assert_eq!(world.files_below("store/lock"), Vec::<String>::new());
        }
    }
}

fn read_all(mut child: Child) -> std::process::Output {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    child.stderr.take().unwrap().read_to_end(&mut stderr).unwrap();
    child.stdout.take().unwrap().read_to_end(&mut stdout).unwrap();
    std::process::Output { status: child.wait().unwrap(), stdout, stderr }
}
