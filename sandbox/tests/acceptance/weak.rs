//! The weak sandbox: what it holds without any namespace, and that nothing of it is left.

use std::fs::Permissions;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use sandbox::{Access, Bind, Boundary, Link, Outcome, Spec, Timeout};

use crate::processes::{eventually, mark, marked};
use crate::runner::{Case, Checked};
use crate::world::{World, host_has, said};

pub(crate) const CASES: &[Case] = &[
    ("only_what_is_bound_can_be_opened", only_what_is_bound_can_be_opened),
    ("rights_and_side_doors_are_gone_without_namespaces", rights_and_side_doors_are_gone_without_namespaces),
    ("other_processes_are_out_of_reach", other_processes_are_out_of_reach),
    ("every_process_ends_without_a_namespace", every_process_ends_without_a_namespace),
    ("clocks_and_stops_work_without_a_namespace", clocks_and_stops_work_without_a_namespace),
    ("a_weak_spec_that_needs_mounts_is_refused", a_weak_spec_that_needs_mounts_is_refused),
    (
        "a_shell_in_the_weak_sandbox_has_a_terminal_of_its_own",
        a_shell_in_the_weak_sandbox_has_a_terminal_of_its_own,
    ),
];

/// The host's programs where they are, and a directory to write to, in which the script begins.
fn weak(world: &World, build: &Path, script: &str) -> Result<Spec, String> {
    if world.landlock.is_none_or(|version| version < 3) {
        return Err("the kernel has no Landlock of version 3".into());
    }
    let mut spec = world.attack(script)?;
    spec.boundary = Boundary::Landlock;
    spec.links.clear();
    for bind in &mut spec.binds {
        if bind.target == Path::new("/attack") {
            bind.target = bind.source.clone();
            spec.env.push(("A".into(), bind.source.display().to_string()));
        }
    }
    spec.env.retain(|(name, value)| name != "A" || value != "/attack");
    spec.binds.push(Bind { source: build.into(), target: build.into(), access: Access::Writable });
    spec.cwd = build.into();
    // As root another user runs it, who must find the way.
    let way = Permissions::from_mode(0o711);
    std::fs::set_permissions(build.parent().expect("a directory in one"), way).unwrap();
    Ok(spec)
}

fn only_what_is_bound_can_be_opened(world: &World) -> Checked {
    let (build, other) = (world.dir(), world.dir());
    for dir in [&build, &other] {
        std::fs::write(dir.join("file"), "x").unwrap();
        std::fs::set_permissions(dir, Permissions::from_mode(0o777)).unwrap();
        std::fs::set_permissions(dir.join("file"), Permissions::from_mode(0o666)).unwrap();
    }
    let other = other.display();
    let script = format!(
        "$A read {other}/file; $A write {other}/file; $A truncate {other}/file; $A create {other}/new; $A unlink {other}/file
         $A link {other}/file mine; $A rename {other}/file mine; $A read file; $A write file; $A create mine; mkdir -p a; $A rename mine a/mine"
    );
    let mut outside = world.outside(&build, &script)?;
    outside.retain(|letter| letter != '\n');
    // What was unlinked is not there to be linked.
    assert!(outside.starts_with("read okwrite oktruncate okcreate okunlink ok"), "{outside}");
    std::fs::write(Path::new(&other.to_string()).join("file"), "x").unwrap();
    let _ = std::fs::remove_file(Path::new(&other.to_string()).join("new"));
    std::fs::remove_dir_all(build.join("a")).unwrap();
    let inside = world.run_spec(&weak(world, &build, &script)?).output;
    let lines: Vec<&str> = inside.lines().collect();
    assert_eq!(lines.len(), 11, "{inside}");
    // What crosses a border is EXDEV to Landlock; the kernel may have another word for it before.
    let is_refused = |line: &&str| ["EACCES", "EXDEV", "EPERM"].iter().any(|word| line.ends_with(word));
    assert!(lines[..7].iter().all(is_refused), "{inside}");
    assert_eq!(lines[7..], ["read ok", "write ok", "create ok", "rename ok"]);
    assert_eq!(std::fs::read_to_string(Path::new(&other.to_string()).join("file")).unwrap(), "x");
    Ok(())
}

fn rights_and_side_doors_are_gone_without_namespaces(world: &World) -> Checked {
    let build = world.dir();
    let script = "id -u; grep -E '^(CapInh|CapPrm|CapEff|CapAmb|NoNewPrivs|Seccomp:)' /proc/self/status | cut -f2 | sort -u
        for family in 1 2 10 16 17 40; do $A socket $family 1; done; $A unshare 0x10000000; $A keyctl; $A bpf; $A io-uring
        touch f; $A chmod f 4755; $A read /etc/shadow; $A read /proc/1/environ; env | cut -d= -f1 | sort | tr '\\n' ' '";
    let ran = world.run_spec(&weak(world, &build, script)?);
    let own = nix::unistd::geteuid().as_raw();
    let (uid, rest) = ran.output.split_once('\n').unwrap();
    let uid: u32 = uid.parse().unwrap();
    assert!(if own == 0 { (60_600..61_100).contains(&uid) } else { uid == own }, "{uid}");
    assert_eq!(
        rest,
        "0000000000000000\n1\n2\n".to_string()
            + &"socket EAFNOSUPPORT\n".repeat(6)
            + "unshare EPERM\nkeyctl EPERM\nbpf EPERM\nio-uring EPERM\nchmod EPERM\nread EACCES\nread EACCES\n\
               A PATH PWD "
    );
    Ok(())
}

fn other_processes_are_out_of_reach(world: &World) -> Checked {
    let build = world.dir();
    let mut victim =
        std::process::Command::new("sleep").arg("60").spawn().map_err(|cause| cause.to_string())?;
    let script = format!("$A ptrace {0}; $A kill {0} 0", victim.id());
    let ran = weak(world, &build, &script).map(|spec| world.run_spec(&spec));
    victim.kill().unwrap();
    victim.wait().unwrap();
    let output = ran?.output;
    // Before Linux 6.12 Landlock knows no signals: then it is the user alone that keeps them apart.
    let is_scoped = world.landlock.is_some_and(|version| version >= 6);
    let signal = if is_scoped || nix::unistd::geteuid().is_root() { "EPERM" } else { "ok" };
    assert_eq!(output, format!("ptrace EPERM\nkill {signal}\n"));
    Ok(())
}

fn every_process_ends_without_a_namespace(world: &World) -> Checked {
    host_has("setsid")?;
    let (build, mark) = (world.dir(), mark(world));
    let daemons =
        format!("for i in 1 2 3; do (trap '' TERM HUP; setsid setsid sleep {mark} &) & done; wait; exit 5");
    let ran = world.run_spec(&weak(world, &build, &daemons)?);
    assert_eq!(ran.outcome, Outcome::Exited(5), "{}", ran.output);
    assert_eq!(marked(&mark), []);

    // Dropped by its caller, and with its helper gone: the stand-alone program is both.
    let script = format!("{daemons}; ", daemons = daemons.replace("exit 5", "echo up; sleep 60"));
    let (running, mut output) = world.start(&weak(world, &build, &script)?).unwrap();
    output.read_exact(&mut [0; 3]).unwrap();
    drop(running);
    assert_eq!(marked(&mark), []);
    let file = world.dir().join("spec.json");
    std::fs::write(&file, serde_json::to_string(&weak(world, &build, &script)?).unwrap()).unwrap();
    let mut program = world.program(&["--spec", file.to_str().unwrap()]);
    let mut child = program.stdout(std::process::Stdio::piped()).spawn().unwrap();
    child.stdout.as_mut().unwrap().read_exact(&mut [0; 3]).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    eventually("every process of a killed program ends", || marked(&mark).is_empty());
    Ok(())
}

fn clocks_and_stops_work_without_a_namespace(world: &World) -> Checked {
    let build = world.dir();
    let mut spec = weak(world, &build, "trap '' TERM; while :; do echo busy; sleep 0.1; done")?;
    (spec.limits.wall, spec.limits.grace) = (Some(1), 0);
    assert_eq!(world.run_spec(&spec).outcome, Outcome::TimedOut(Timeout::Wall));
    let spec = weak(world, &build, "trap 'echo told; exit 3' TERM; echo up; sleep 60 & wait")?;
    let (mut running, mut output) = world.start(&spec).unwrap();
    output.read_exact(&mut [0; 3]).unwrap();
    running.stop();
    assert_eq!(running.wait().unwrap(), Outcome::Exited(3));
    let mut text = String::new();
    output.read_to_string(&mut text).unwrap();
    assert_eq!(text, "told\n");
    Ok(())
}

fn a_shell_in_the_weak_sandbox_has_a_terminal_of_its_own(world: &World) -> Checked {
    let pty = nix::pty::openpty(None, None).map_err(|errno| format!("no pseudo-terminal here: {errno}"))?;
    let callers = nix::unistd::ttyname(&pty.slave).unwrap();
    let before = nix::sys::termios::tcgetattr(&pty.slave).unwrap();
    let build = world.dir();
    let script = format!(
        "tty; $A write {0}; $A read {0}; $A tiocsti 0; $A ptmx; : >/dev/tty && echo opened; read line; echo got $line; exit 4",
        callers.display()
    );
    let mut spec = weak(world, &build, &script)?;
    spec.terminal = true;
    let file = world.dir().join("spec.json");
    std::fs::write(&file, serde_json::to_string(&spec).unwrap()).unwrap();
    let terminal = || std::process::Stdio::from(pty.slave.try_clone().unwrap());
    let mut program = world.program(&["--spec", file.to_str().unwrap()]);
    let mut child = program.stdin(terminal()).stdout(terminal()).stderr(terminal()).spawn().unwrap();
    let (mut master, mut text) = (std::fs::File::from(pty.master), String::new());
    let mut until = |word: &str, master: &mut std::fs::File| {
        while !text.contains(word) {
            let mut bytes = [0; 256];
            let length = master.read(&mut bytes).unwrap();
            text.push_str(&String::from_utf8_lossy(&bytes[..length]));
        }
        text.clone()
    };
    until("opened", &mut master);
    std::io::Write::write_all(&mut master, b"typed\r").unwrap();
    let said = until("got typed", &mut master);
    assert_eq!(child.wait().unwrap().code(), Some(4));
    let (own, rest) = said.split_once("\r\n").unwrap();
    assert!(own.starts_with("/dev/pts/") && own != callers.to_str().unwrap(), "{said}");
    assert!(
        rest.starts_with("write EACCES\r\nread EACCES\r\ntiocsti EPERM\r\nptmx EACCES\r\nopened\r\n"),
        "{said}"
    );
    assert_eq!(nix::sys::termios::tcgetattr(&pty.slave).unwrap(), before);
    Ok(())
}

fn a_weak_spec_that_needs_mounts_is_refused(world: &World) -> Checked {
    let mut spec = world.shell("true");
    spec.boundary = Boundary::Landlock;
    spec.links = vec![Link::new("/bin2", "bin")];
    spec.binds = vec![Bind::read_only("/usr", "/elsewhere")];
    assert_eq!(
        world.try_spec(&spec).unwrap_err().to_string(),
        "error: the sandbox spec has 2 mistakes\n  bind `/usr` at `/elsewhere`: the weak sandbox shows things where they are\n  \
         link `/bin2`: the weak sandbox makes none"
    );
    let (_, err, status) = said(&mut world.program(&["--weak-sandbox", "hope", "--", "true"]));
    assert!(err.contains("possible values: landlock"), "{err}");
    assert_eq!(status, Some(125));
    Ok(())
}
