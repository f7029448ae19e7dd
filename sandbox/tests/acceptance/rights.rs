//! Capabilities, namespaces, identity, the kernel's side doors, descriptors, terminals.

use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::path::Path;

use nix::fcntl::{FcntlArg, OFlag, fcntl};

use crate::runner::{Case, Checked};
use crate::world::{World, said};

pub(crate) const CASES: &[Case] = &[
    ("no_capability_is_left", no_capability_is_left),
    ("no_namespace_can_be_made", no_namespace_can_be_made),
    ("no_process_is_root_on_the_host", no_process_is_root_on_the_host),
    ("roots_sandbox_cannot_change_the_kernel", roots_sandbox_cannot_change_the_kernel),
    ("the_side_doors_are_closed", the_side_doors_are_closed),
    ("test_suites_may_trace_their_own", test_suites_may_trace_their_own),
    ("only_the_named_descriptors_are_open", only_the_named_descriptors_are_open),
    ("stdin_is_no_way_out", stdin_is_no_way_out),
    ("nothing_types_into_the_callers_terminal", nothing_types_into_the_callers_terminal),
    ("terminals_of_its_own_work", terminals_of_its_own_work),
    ("a_terminal_of_its_own_is_connected_to_the_callers", a_terminal_of_its_own_is_connected_to_the_callers),
    ("each_sandbox_of_root_has_its_own_uid", each_sandbox_of_root_has_its_own_uid),
    ("the_callers_settings_do_not_reach_in", the_callers_settings_do_not_reach_in),
];

fn no_capability_is_left(world: &World) -> Checked {
    let output =
        world.run("grep -E '^(Cap|NoNewPrivs|Seccomp:|Groups)' /proc/self/status; id -u; id -g").good();
    let sets: Vec<&str> = output.lines().filter(|line| line.starts_with("Cap")).collect();
    assert_eq!(sets.len(), 5, "{output}");
    assert!(sets.iter().all(|line| line.ends_with("\t0000000000000000")), "{output}");
    assert!(output.contains("NoNewPrivs:\t1\n") && output.contains("Seccomp:\t2\n"), "{output}");
    assert!(output.ends_with("1000\n1000\n"), "{output}");
    Ok(())
}

fn no_namespace_can_be_made(world: &World) -> Checked {
    let kinds =
        ["0x10000000", "0x00020000", "0x40000000", "0x20000000", "0x08000000", "0x04000000", "0x02000000"];
    let script: String =
        kinds.map(|kind| format!("$A unshare {kind}; $A clone {kind}; $A clone3 {kind};")).concat();
    let user = "$A unshare 0x10000000; $A clone 0x10000000; $A clone3 0x10000000";
    assert_eq!(world.outside(Path::new("/"), user)?, "unshare ok\nclone ok\nclone3 ok\n");
    let spec =
        world.attack(&format!("{script} $A setns /proc/self/ns/user; $A unshare 0x400; $A clone 0"))?;
    let expected =
        "unshare EPERM\nclone EPERM\nclone3 ENOSYS\n".repeat(7) + "setns EPERM\nunshare ok\nclone ok\n";
    assert_eq!(world.run_spec(&spec).output, expected);
    Ok(())
}

/// The pids of a process and all its descendants.
fn tree(pid: i32) -> Vec<i32> {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let below = children.split_whitespace().flat_map(|child| tree(child.parse().unwrap()));
    std::iter::once(pid).chain(below).collect()
}

fn no_process_is_root_on_the_host(world: &World) -> Checked {
    let (mut running, mut output) =
        world.start(&world.shell("(sleep 60 & sleep 60) & echo up; exec sleep 60")).unwrap();
    output.read_exact(&mut [0; 3]).unwrap();
    let processes = tree(running.pid());
    assert!(processes.len() >= 3, "{processes:?}");
    let own = nix::unistd::geteuid().as_raw();
    for pid in processes {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let ids = status.lines().find_map(|line| line.strip_prefix("Uid:")).unwrap();
        for id in ids.split_whitespace().map(|id| id.parse::<u32>().unwrap()) {
            assert!(
                if own == 0 { (60_600..61_100).contains(&id) } else { id == own },
                "pid {pid} has uid {id}"
            );
        }
    }
    running.stop();
    running.wait().unwrap();
    Ok(())
}

fn roots_sandbox_cannot_change_the_kernel(world: &World) -> Checked {
    if !nix::unistd::geteuid().is_root() {
        return Err("an ordinary user cannot outside either: shown as root".into());
    }
    let one = "$A open-write /proc/sys/kernel/core_pattern";
    assert_eq!(world.outside(Path::new("/"), one)?, "open-write ok\n");
    let all = "find /proc/sys -type f | xargs $A open-write-any; $A remount /proc/sys
        $A open-write /proc/sysrq-trigger > /dev/null; cat /proc/kallsyms /proc/keys /proc/timer_list | wc -c; $A umount /proc/sys";
    for old in [false, true] {
        let mut spec = world.attack(all)?;
        spec.old_mount_api = old;
        let output = world.run_spec(&spec).output;
        assert!(output.starts_with("open-write-any E") && !output.contains("open-write-any ok"), "{output}");
        assert!(output.ends_with("remount EPERM\n0\numount EPERM\n"), "{output}");
    }
    Ok(())
}

fn the_side_doors_are_closed(world: &World) -> Checked {
    let dir = world.dir();
    std::fs::write(dir.join("file"), "").unwrap();
    let harmless = "$A keyctl; $A add-key; $A perf; $A userfaultfd; $A io-uring";
    let outside = world.outside(&dir, &format!("{harmless}; $A flags file"))?;
    // Not every file system has flags.
    assert!(outside.contains("keyctl ok") && outside.contains("flags "), "{outside}");
    let mut spec = world.attack(&format!("{harmless}; $A bpf; $A handle /build/file; $A line-discipline; $A flags /build/file; $A file-setattr /build/file; $A setxattr /build/file; $A syscall 470; $A syscall 0x7fffffff"))?;
    spec.binds.push(sandbox::Bind::writable(&dir, "/build"));
    assert_eq!(
        world.run_spec(&spec).output,
        "keyctl EPERM\nadd-key EPERM\nperf EPERM\nuserfaultfd EPERM\nio-uring EPERM\nbpf EPERM\nhandle EPERM\nline-discipline EPERM\nflags EPERM\nfile-setattr EPERM\n\
         setxattr EOPNOTSUPP\nsyscall ENOSYS\nsyscall ENOSYS\n"
    );
    Ok(())
}

fn test_suites_may_trace_their_own(world: &World) -> Checked {
    let spec = world.attack(
        "$A ptrace-child; $A ptrace 1; $A kill 1 19; $A kill 1 9; $A kill 1 15; sleep 0.1; echo alive",
    )?;
    let ran = world.run_spec(&spec);
    // The signals are sent and have no effect: pid 1 takes none from its own namespace.
    assert_eq!(ran.good(), "ptrace-child ok\nptrace EPERM\nkill ok\nkill ok\nkill ok\nalive\n");
    Ok(())
}

fn only_the_named_descriptors_are_open(world: &World) -> Checked {
    let secret = std::fs::File::open("/etc").unwrap();
    // Inheritable, as a careless caller has them; the helper was forked before, so the stand-alone program shows it too.
    let open: Vec<_> = (0..200)
        .map(|_| {
            let copy = secret.try_clone().unwrap();
            fcntl(copy.as_fd(), FcntlArg::F_SETFD(nix::fcntl::FdFlag::empty())).unwrap();
            copy
        })
        .collect();
    let list = "cd /proc/self/fd; echo *";
    let outside = said(std::process::Command::new("sh").args(["-c", list])).0;
    assert!(outside.split_whitespace().count() > 200, "{outside}");
    assert_eq!(world.run(list).good(), "0 1 2 3\n");
    let file = world.dir().join("spec.json");
    std::fs::write(&file, serde_json::to_string(&world.shell(list)).unwrap()).unwrap();
    let (out, err, _) = said(&mut world.program(&["--spec", file.to_str().unwrap()]));
    assert_eq!(out, "0 1 2 3\n", "{err}");
    drop(open);
    Ok(())
}

/// The caller's own descriptors are ways out too: a directory leads everywhere, a file is opened anew for writing.
fn stdin_is_no_way_out(world: &World) -> Checked {
    let dir = world.dir();
    std::fs::write(dir.join("input"), "one\ntwo\n").unwrap();
    std::fs::set_permissions(dir.join("input"), std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    let reopen = "(echo overwritten > /proc/self/fd/0) 2>/dev/null; cat";
    let outside = |script: &str| {
        let input = std::fs::File::open(dir.join("input")).unwrap();
        said(std::process::Command::new("sh").args(["-c", script]).stdin(input)).0
    };
    assert_eq!(outside("cat"), "one\ntwo\n");
    outside(reopen);
    assert_eq!(std::fs::read_to_string(dir.join("input")).unwrap(), "overwritten\n");

    let big: String = (0..50_000).map(|n| format!("{n}\n")).collect();
    std::fs::write(dir.join("input"), &big).unwrap();
    let file = world.dir().join("spec.json");
    std::fs::write(
        &file,
        serde_json::to_string(&world.shell("cat; (echo overwritten > /proc/self/fd/0) 2>/dev/null; cat"))
            .unwrap(),
    )
    .unwrap();
    let mut program = world.program(&["--spec", file.to_str().unwrap()]);
    let (out, err, status) = said(program.stdin(std::fs::File::open(dir.join("input")).unwrap()));
    assert!(out.starts_with(&big) && status == Some(0), "{} {status:?} {err}", out.len());
    assert_eq!(std::fs::read_to_string(dir.join("input")).unwrap(), big);
    // One who does not read it to the end.
    std::fs::write(&file, serde_json::to_string(&world.shell("read line; echo $line; exit 3")).unwrap())
        .unwrap();
    let mut program = world.program(&["--spec", file.to_str().unwrap()]);
    let (out, _, status) = said(program.stdin(std::fs::File::open(dir.join("input")).unwrap()));
    assert_eq!((out.as_str(), status), ("0\n", Some(3)));

    let mut program = world.program(&["--spec", file.to_str().unwrap()]);
    let (_, err, status) = said(program.stdin(std::fs::File::open(&dir).unwrap()));
    assert!(err.starts_with("error: stdin is a directory"), "{err}");
    assert_eq!(status, Some(125));
    Ok(())
}

fn nothing_types_into_the_callers_terminal(world: &World) -> Checked {
    let pty = nix::pty::openpty(None, None).map_err(|errno| format!("no pseudo-terminal here: {errno}"))?;
    let script =
        "for fd in 0 1 2; do $A tiocsti $fd; $A tiocsti-high $fd; $A take-terminal $fd; done > /build/said";
    let build = world.dir();
    let mut spec = world.attack(script)?;
    spec.binds.push(sandbox::Bind::writable(&build, "/build"));
    let file = world.dir().join("spec.json");
    std::fs::write(&file, serde_json::to_string(&spec).unwrap()).unwrap();
    let terminal = || std::process::Stdio::from(pty.slave.try_clone().unwrap());
    let status = world
        .program(&["--spec", file.to_str().unwrap()])
        .stdin(terminal())
        .stdout(terminal())
        .stderr(terminal())
        .status()
        .unwrap();
    assert!(status.code().is_some());
    let said = std::fs::read_to_string(build.join("said")).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 9, "{said}");
    assert!(
        lines.iter().filter(|line| line.starts_with("tiocsti")).all(|line| line.ends_with(" EPERM")),
        "{said}"
    );
    // Nothing arrived: neither as input to the terminal nor echoed by it.
    let master = std::fs::File::from(pty.master);
    fcntl(master.as_fd(), FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
    let mut echoed = [0; 16];
    let read = (&master).read(&mut echoed);
    assert_eq!(read.map_err(|error| error.kind()), Err(std::io::ErrorKind::WouldBlock), "{echoed:?}");
    Ok(())
}

fn terminals_of_its_own_work(world: &World) -> Checked {
    assert_eq!(
        world.run_spec(&world.attack("$A ptmx; ls /dev/pts; exec 3<>/dev/ptmx; ls /dev/pts")?).good(),
        "ptmx ok\nptmx\n0\nptmx\n"
    );
    Ok(())
}

fn a_terminal_of_its_own_is_connected_to_the_callers(world: &World) -> Checked {
    let size = nix::pty::Winsize { ws_row: 33, ws_col: 77, ws_xpixel: 0, ws_ypixel: 0 };
    let pty = nix::pty::openpty(&size, None).map_err(|errno| format!("no pseudo-terminal here: {errno}"))?;
    let before = nix::sys::termios::tcgetattr(&pty.slave).unwrap();
    let mut spec = world.attack(
        "trap 'echo interrupted; on=1' INT; tty; stty size; ls -l /dev/tty | cut -c1; $A tiocsti 0; echo ready
         until [ \"$on\" ]; do sleep 0.1; done; read line; read line < /dev/tty; echo got $line; exit 4",
    )?;
    spec.terminal = true;
    let file = world.dir().join("spec.json");
    std::fs::write(&file, serde_json::to_string(&spec).unwrap()).unwrap();
    let terminal = || std::process::Stdio::from(pty.slave.try_clone().unwrap());
    let mut program = world.program(&["--spec", file.to_str().unwrap()]);
    let mut child = program.stdin(terminal()).stdout(terminal()).stderr(terminal()).spawn().unwrap();
    let master = std::fs::File::from(pty.master);
    let mut text = String::new();
    let until = |word: &str, text: &mut String| {
        while !text.contains(word) {
            let mut bytes = [0; 256];
            let length = (&master).read(&mut bytes).unwrap();
            text.push_str(&String::from_utf8_lossy(&bytes[..length]));
        }
    };
    until("ready", &mut text);
    (&master).write_all(b"\x03").unwrap();
    until("interrupted", &mut text);
    (&master).write_all(b"first\rsecond\r").unwrap();
    until("got second", &mut text);
    assert_eq!(child.wait().unwrap().code(), Some(4));
    assert_eq!(
        text.trim_end(),
        "/dev/pts/0\r\n33 77\r\nc\r\ntiocsti EPERM\r\nready\r\n^Cinterrupted\r\nfirst\r\nsecond\r\ngot second"
    );
    assert_eq!(nix::sys::termios::tcgetattr(&pty.slave).unwrap(), before);

    // Without a terminal there is nothing to connect to.
    let mut blind = world.program(&["--spec", file.to_str().unwrap()]);
    let (_, err, status) = said(blind.stdin(std::process::Stdio::null()));
    assert!(err.starts_with("error: a terminal for the sandbox needs one as stdin"), "{err}");
    assert_eq!(status, Some(125));
    Ok(())
}

fn each_sandbox_of_root_has_its_own_uid(world: &World) -> Checked {
    if !nix::unistd::geteuid().is_root() {
        return Err("an ordinary user has one uid for all".into());
    }
    let mut all: Vec<_> =
        (0..6).map(|_| world.start(&world.shell("echo up; exec sleep 60")).unwrap()).collect();
    let mut uids: Vec<u32> = all
        .iter()
        .map(|(running, _)| {
            std::os::unix::fs::MetadataExt::uid(
                &std::fs::metadata(format!("/proc/{}", running.pid())).unwrap(),
            )
        })
        .collect();
    // A process that is not dumpable has root's files in /proc: its status says who it is.
    if uids.iter().all(|uid| *uid == 0) {
        uids = all.iter().map(|(running, _)| uid_of(running.pid())).collect();
    }
    uids.sort_unstable();
    uids.dedup();
    assert_eq!(uids.len(), all.len(), "{uids:?}");
    for (running, _) in &mut all {
        running.stop();
        running.wait().unwrap();
    }
    Ok(())
}

fn uid_of(pid: i32) -> u32 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let ids = status.lines().find_map(|line| line.strip_prefix("Uid:")).unwrap();
    ids.split_whitespace().next().unwrap().parse().unwrap()
}

/// Limits, umask, signals, descriptors, variables and directory of the caller make no difference inside.
fn the_callers_settings_do_not_reach_in(world: &World) -> Checked {
    let script = "umask; ulimit -n; ulimit -c; ulimit -s; ulimit -f; grep -e SigBlk -e SigIgn /proc/self/status; env | sort; pwd; uname -n
        cat /proc/self/personality /proc/sys/kernel/domainname; echo x > /build/file; stat -c %a /build/file";
    let run = |before: &str| {
        let build = world.dir();
        let mut spec = world.shell(&format!("exec > /build/said 2>&1; {script}"));
        spec.binds.push(sandbox::Bind::writable(&build, "/build"));
        let file = world.dir().join("spec.json");
        std::fs::write(&file, serde_json::to_string(&spec).unwrap()).unwrap();
        let program = world.program(&["--spec", file.to_str().unwrap()]);
        let mut shell = std::process::Command::new("/bin/bash");
        shell.args(["-c", before, "bash"]).arg(program.get_program()).args(program.get_args());
        let (_, err, status) = said(shell.current_dir(world.dir()));
        assert_eq!(status, Some(0), "{before}: {err}");
        std::fs::read_to_string(build.join("said")).unwrap()
    };
    if !Path::new("/bin/bash").exists() {
        return Err("the host has no bash to set its own settings with".into());
    }
    let plain = run("exec \"$@\"");
    assert!(plain.starts_with("0022\n"), "{plain}");
    for before in [
        "umask 077; exec \"$@\"",
        "umask 000; exec \"$@\"",
        "exec \"$@\" <&- >&- 2>&-",
        "trap '' CHLD PIPE INT TERM HUP; exec \"$@\"",
        "exec env -i \"$@\"",
        "rmdir \"$PWD\"; exec \"$@\"",
        "ulimit -S -n 64; ulimit -S -c 0; ulimit -S -s 4096; ulimit -S -v 4000000; exec \"$@\"",
    ] {
        assert_eq!(run(before), plain, "{before}");
    }
    Ok(())
}
