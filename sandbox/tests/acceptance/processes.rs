//! Every process ends with the command, with the caller, with the helper: nothing is left, whoever is killed.

use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sandbox::{Helper, Outcome, Spec};

use crate::runner::{Case, Checked};
use crate::world::{World, host_has, said};

pub(crate) const CASES: &[Case] = &[
    ("daemons_end_with_the_command", daemons_end_with_the_command),
    ("orphans_are_reaped", orphans_are_reaped),
    ("signals_to_the_program_end_the_sandbox", signals_to_the_program_end_the_sandbox),
    ("a_closed_output_ends_the_writer", a_closed_output_ends_the_writer),
    ("the_program_hears_silence", the_program_hears_silence),
    ("a_killed_program_leaves_nothing", a_killed_program_leaves_nothing),
    ("a_killed_helper_leaves_nothing_and_is_reported", a_killed_helper_leaves_nothing_and_is_reported),
    ("a_killed_caller_leaves_nothing", a_killed_caller_leaves_nothing),
    ("a_killed_pid_one_is_an_outcome", a_killed_pid_one_is_an_outcome),
    ("stop_all_stops_all_and_starts_no_more", stop_all_stops_all_and_starts_no_more),
];

/// Daemons that a careless test suite leaves: in a session of their own, deaf, with stdout open. `MARK` is their time.
const DAEMONS: &str =
    "for i in 1 2; do (trap '' TERM HUP INT; setsid sleep MARK & setsid setsid sleep MARK &) & done; wait";

/// A number that no other process has in its command line.
pub(crate) fn mark(world: &World) -> String {
    let dir = world.dir();
    format!("{}{}", 900_000 + std::process::id() % 100_000, dir.file_name().unwrap().to_str().unwrap())
}

/// The processes of the host that have `mark` among their words.
pub(crate) fn marked(mark: &str) -> Vec<Pid> {
    let all = std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let has_mark = |pid: &i32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.split(|&byte| byte == 0).any(|word| word == mark.as_bytes())
    };
    all.filter(has_mark).map(Pid::from_raw).collect()
}

/// Waits until a condition holds; what never comes true fails the case.
#[track_caller]
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn daemons_end_with_the_command(world: &World) -> Checked {
    host_has("setsid")?;
    let mark = mark(world);
    let daemons = DAEMONS.replace("MARK", &mark);
    // Outside they stay.
    said(Command::new("sh").args(["-c", &format!("({daemons}) > /dev/null 2>&1")]));
    eventually("four daemons run", || marked(&mark).len() == 4);
    // Again and again: one that was just forking leaves a child.
    eventually("the test's own daemons end", || {
        let left = marked(&mark);
        left.iter().all(|pid| kill(*pid, Signal::SIGKILL).is_err())
    });

    let count = format!("$(ps ax | grep -c '[s]leep {mark}$')");
    let mut spec = world
        .shell(&format!("{daemons}; while [ {count} -lt 4 ]; do sleep 0.05; done; echo {count}; exit 5"));
    spec.limits.wall = Some(60);
    let ran = world.run_spec(&spec);
    assert_eq!((ran.outcome, ran.output.as_str()), (Outcome::Exited(5), "4\n"));
    assert_eq!(marked(&mark), [] as [Pid; 0]);
    Ok(())
}

fn orphans_are_reaped(world: &World) -> Checked {
    let ran = world.run("for i in 1 2 3 4 5 6 7 8; do (sleep 0.05 &) ; done; sleep 0.5; cat /proc/[0-9]*/stat | grep -c ' Z '");
    assert_eq!(ran.output, "0\n");
    Ok(())
}

/// The stand-alone program with `script`, running.
fn program(world: &World, script: &str, change: impl FnOnce(&mut Spec)) -> Child {
    let mut spec = world.shell(script);
    change(&mut spec);
    let file = world.dir().join("spec.json");
    std::fs::write(&file, serde_json::to_string(&spec).unwrap()).unwrap();
    let mut program = world.program(&["--spec", file.to_str().unwrap()]);
    program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

fn signals_to_the_program_end_the_sandbox(world: &World) -> Checked {
    let mark = mark(world);
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let mut child =
            program(world, &format!("trap 'echo told; exit 7' TERM; echo up; sleep {mark} & wait"), |_| {});
        child.stdout.as_mut().unwrap().read_exact(&mut [0; 3]).unwrap();
        kill(Pid::from_raw(child.id() as i32), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(7), b"told\n".as_slice()));
    }
    let mut child = program(world, &format!("trap '' TERM; echo up; sleep {mark}; sleep {mark}"), |spec| {
        spec.limits.grace = 1;
    });
    child.stdout.as_mut().unwrap().read_exact(&mut [0; 3]).unwrap();
    kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(137));
    assert_eq!(marked(&mark), [] as [Pid; 0]);
    Ok(())
}

fn a_closed_output_ends_the_writer(world: &World) -> Checked {
    let mut child = program(world, "while :; do echo more; done", |_| {});
    child.stdout.as_mut().unwrap().read_exact(&mut [0; 4]).unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(128 + libc::SIGPIPE));
    Ok(())
}

fn the_program_hears_silence(world: &World) -> Checked {
    let child = program(world, "for i in 1 2 3 4 5; do echo $i; sleep 0.5; done; exec sleep 60", |spec| {
        spec.limits.silence = Some(2);
    });
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(124), b"1\n2\n3\n4\n5\n".as_slice()));
    let child =
        program(world, "dd if=/dev/zero bs=64k count=50 2>/dev/null", |spec| spec.limits.silence = Some(60));
    assert_eq!(child.wait_with_output().unwrap().stdout.len(), 50 * 65536);
    Ok(())
}

/// Pauses of different lengths, up to about the time a sandbox takes to start on a busy machine.
fn pause(round: u64) {
    std::thread::sleep(Duration::from_micros(round * round * 97 % 25_000));
}

fn a_killed_program_leaves_nothing(world: &World) -> Checked {
    let mark = mark(world);
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
    for round in 0..20 {
        let mut child =
            program(world, &format!("{}; exec sleep {mark}", DAEMONS.replace("MARK", &mark)), |_| {});
        pause(round);
        child.kill().unwrap();
        child.wait().unwrap();
    }
    eventually("every process of a killed program ends", || marked(&mark).is_empty());
    assert_eq!(std::fs::read_to_string("/proc/self/mounts").unwrap(), mounts);
    assert_eq!(world.run("echo again").good(), "again\n");
    Ok(())
}

/// The environment variable that makes this program a caller to be killed, with what its sandboxes sleep.
pub(crate) const VICTIM: &str = "PTHBS_SANDBOX_TEST_VICTIM";

/// A caller with a helper and three threads that each start sandboxes for ever; prints a line when it has begun.
#[expect(clippy::print_stdout, reason = "its parent waits for the word")]
pub(crate) fn be_victim(dir: &Path, mark: &str) {
    let world = World::new(dir);
    println!("up");
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let script = format!("{}; exec sleep 0.02", DAEMONS.replace("MARK", mark));
                // When the helper is killed every call says so, and there is nothing left to do.
                while world.try_spec(&world.shell(&script)).is_ok() {}
            });
        }
    });
    println!("helper gone");
}

/// Starts a victim; gives it and the pid of its helper.
fn victim(world: &World, mark: &str) -> (Child, Pid) {
    let program = std::env::current_exe().unwrap();
    let mut child = Command::new(program)
        .env(VICTIM, mark)
        .env("PTHBS_SANDBOX_TEST_DIR", world.dir())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdout.as_mut().unwrap().read_exact(&mut [0; 3]).unwrap();
    let pid = child.id();
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    (child, Pid::from_raw(children.trim().parse().unwrap()))
}

fn a_killed_helper_leaves_nothing_and_is_reported(world: &World) -> Checked {
    for round in 0..5 {
        let mark = mark(world);
        let (mut child, helper) = victim(world, &mark);
        pause(round * 7 + 3);
        kill(helper, Signal::SIGKILL).unwrap();
        let mut rest = String::new();
        child.stdout.take().unwrap().read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "helper gone\n");
        assert!(child.wait().unwrap().success());
        eventually("every process of a killed helper ends", || marked(&mark).is_empty());
    }
    Ok(())
}

fn a_killed_caller_leaves_nothing(world: &World) -> Checked {
    for round in 0..5 {
        let mark = mark(world);
        let (mut child, helper) = victim(world, &mark);
        pause(round * 7 + 5);
        child.kill().unwrap();
        child.wait().unwrap();
        eventually("every process of a killed caller ends", || marked(&mark).is_empty());
        // It is nobody's child here: whoever inherits it may be slow to reap it.
        let state = || std::fs::read_to_string(format!("/proc/{helper}/stat")).unwrap_or_default();
        eventually("its helper ends", || !state().contains("(pthbs-helper)") || state().contains(") Z "));
    }
    Ok(())
}

fn a_killed_pid_one_is_an_outcome(world: &World) -> Checked {
    let mark = mark(world);
    let (mut running, mut output) =
        world.start(&world.shell(&format!("echo up; sleep {mark}; true"))).unwrap();
    output.read_exact(&mut [0; 3]).unwrap();
    kill(Pid::from_raw(running.pid()), Signal::SIGKILL).unwrap();
    assert_eq!(running.wait().unwrap(), Outcome::Killed(libc::SIGKILL));
    assert_eq!(marked(&mark), [] as [Pid; 0]);
    Ok(())
}

/// In a process of its own: it ends a helper.
fn stop_all_stops_all_and_starts_no_more(world: &World) -> Checked {
    let program = std::env::current_exe().unwrap();
    let mut command = Command::new(program);
    command.env(VICTIM, "stop all").env("PTHBS_SANDBOX_TEST_DIR", world.dir());
    let (out, err, status) = said(&mut command);
    assert_eq!((out.as_str(), status), ("stopped\n", Some(0)), "{err}");
    Ok(())
}

/// The other process of that case.
#[expect(clippy::print_stdout, reason = "its parent waits for the word")]
pub(crate) fn be_stopped(dir: &Path) {
    let world = World::new(dir);
    let mut all: Vec<_> =
        (0..3).map(|_| world.start(&world.shell("echo up; exec sleep 60")).unwrap()).collect();
    let helper: &Helper = &world.helper;
    for (_, output) in &mut all {
        output.read_exact(&mut [0; 3]).unwrap();
    }
    helper.stop_all().unwrap();
    for (running, _) in &mut all {
        assert_eq!(running.wait().unwrap(), Outcome::Killed(libc::SIGTERM));
    }
    let error = world.try_spec(&world.shell("true")).unwrap_err();
    assert_eq!(error.what, "no sandbox is started any more: all were told to stop");
    println!("stopped");
}
