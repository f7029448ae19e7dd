//! Machines that refuse: the cause, the cure, and status 125.

use std::path::Path;
use std::process::Command;

use crate::runner::{Case, Checked};
use crate::world::{World, host_has, said};

pub(crate) const CASES: &[Case] = &[
    ("no_user_namespaces_is_explained", no_user_namespaces_is_explained),
    ("a_chroot_and_a_filter_are_told_apart", a_chroot_and_a_filter_are_told_apart),
    ("the_program_explains_itself", the_program_explains_itself),
    ("root_without_another_uid_is_refused", root_without_another_uid_is_refused),
    ("any_call_may_fail_and_it_is_said", any_call_may_fail_and_it_is_said),
    ("a_bad_spec_is_refused_before_anything_is_made", a_bad_spec_is_refused_before_anything_is_made),
    ("garbage_is_no_spec", garbage_is_no_spec),
];

/// The real refusal, made by a namespace in which the kernel's own count is 0.
fn no_user_namespaces_is_explained(world: &World) -> Checked {
    host_has("unshare")?;
    if nix::unistd::geteuid().is_root() {
        return Err("root of such a namespace has no second uid: shown as an ordinary user".into());
    }
    let expected = |call: &str| {
        format!(
            "error: cannot make a user namespace: {call}: No space left on device\n  \
             the kernel allows none (user.max_user_namespaces is 0)\n  \
             hint: as root: sysctl -w user.max_user_namespaces=15000\n"
        )
    };
    let script = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\"";
    let inside = |program: &Command| {
        let mut command = Command::new("unshare");
        command.args(["-Ur", "sh", "-c", script, "sh"]).arg(program.get_program()).args(program.get_args());
        said(&mut command)
    };
    let (_, err, status) = inside(&world.program(&["--", "true"]));
    assert_eq!((err, status), (expected("clone3(user, mount, pid, net, ipc, uts, cgroup)"), Some(125)));
    Ok(())
}

/// Two more machines that refuse, really made: a chroot, and a container's system call filter.
fn a_chroot_and_a_filter_are_told_apart(world: &World) -> Checked {
    host_has("unshare")?;
    host_has("chroot")?;
    let (root, program) = (world.dir(), world.program(&["--", "true"]));
    let mut command = Command::new("unshare");
    command.arg(if nix::unistd::geteuid().is_root() { "-m" } else { "-Urm" });
    command.args(["sh", "-c", "mount --rbind / \"$0\" && exec chroot \"$0\" \"$@\""]).arg(&root);
    let (_, err, status) = said(command.arg(program.get_program()).args(program.get_args()));
    if err.starts_with("unshare:") || err.starts_with("mount:") {
        return Err(err);
    }
    // An ordinary user is root of the namespace here: it is refused as such, or for the chroot; never let in.
    let is_told = err.contains("run outside of the chroot") || err.contains("outside the user namespace");
    assert!(is_told && status == Some(125), "{status:?} {err}");

    let mut spec = world.shell("/tmp/here/pthbs-sandbox -- true; echo $?");
    let dir = Path::new(program.get_program()).parent().unwrap();
    spec.binds.push(sandbox::Bind::read_only(dir, "/tmp/here"));
    let output = world.run_spec(&spec).output;
    assert!(output.contains("the kernel does not have clone3, or a filter hides it"), "{output}");
    assert!(output.contains("in a container, allow clone3") && output.ends_with("125\n"), "{output}");
    Ok(())
}

/// Help, a manual page, and 125 for its own failure: 2 would be the command's.
fn the_program_explains_itself(world: &World) -> Checked {
    let (help, _, status) = said(&mut world.program(&["--help"]));
    assert!(help.starts_with("Run one command in a sandbox") && status == Some(0), "{help}");
    let (page, _, status) = said(&mut world.program(&["--man"]));
    assert!(page.contains(".TH pthbs-sandbox 1") && status == Some(0), "{page}");
    let options = help.split_whitespace().filter(|word| word.starts_with("--") && word.len() > 2);
    for option in options.map(|word| word.trim_end_matches([',', '.'])) {
        let plain = page.replace("\\-", "-");
        assert!(plain.contains(option), "{option} is not in the manual page");
    }
    for wrong in [
        &["--no-such-option"][..],
        &["--ro", "/usr"],
        &["--spec", "/no/such"],
        &["--overlay", "--ro", "/no", "/a", "--", "true"],
    ] {
        let (out, err, status) = said(&mut world.program(wrong));
        assert!(
            out.is_empty() && err.starts_with("error: ") && status == Some(125),
            "{wrong:?} {status:?} {err}"
        );
    }
    Ok(())
}

/// Mapped to root it could change the host: root's sandbox has another uid or none.
fn root_without_another_uid_is_refused(world: &World) -> Checked {
    let (_, err, status) = said(&mut world.program(&["--host-uid", "0", "--", "true"]));
    assert_eq!((err.as_str(), status), ("error: host_uid 0: a sandbox is never mapped to root\n", Some(125)));
    if !nix::unistd::geteuid().is_root() {
        let (_, err, status) = said(&mut world.program(&["--host-uid", "4711", "--", "true"]));
        assert_eq!(
            (err.as_str(), status),
            ("error: host_uid 4711: only root can give a sandbox another uid than its own\n", Some(125))
        );
        return Ok(());
    }
    host_has("unshare")?;
    let program = world.program(&["--", "true"]);
    let (_, err, status) =
        said(Command::new("unshare").arg("-Ur").arg(program.get_program()).args(program.get_args()));
    assert!(err.starts_with("error: uids 60600..61100 do not exist in this user namespace\n"), "{err}");
    assert_eq!(status, Some(125));
    Ok(())
}

fn a_bad_spec_is_refused_before_anything_is_made(world: &World) -> Checked {
    let refused = |words: &[&str], expected: &str| {
        let (out, err, status) = said(&mut world.program(words));
        assert_eq!((out.as_str(), err.as_str(), status), ("", expected, Some(125)));
    };
    refused(
        &["--ro", "/no/such", "/a", "--rw", "relative", "/b", "--ro", "/usr", "/b", "--", "true"],
        "error: the sandbox spec has 3 mistakes\n  bind source `relative` is not absolute\n  \
         target `/b` twice: `/usr` and `relative`\n  bind source `/no/such`: No such file or directory\n",
    );
    refused(&["--ro", "/usr", "/a/../b", "--", "true"], "error: target `/a/../b` contains `..`\n");
    refused(
        &["--ro", "/usr", "/proc/x", "--", "true"],
        "error: target `/proc/x` belongs to the sandbox itself\n",
    );
    refused(&["--ro", "/usr", "/usr"], "error: no command\n");
    let spec = world.dir().join("spec.json");
    std::fs::write(&spec, "{\"argv\": [\"true\"], \"network\": true}").unwrap();
    let (_, err, status) = said(&mut world.program(&["--spec", spec.to_str().unwrap()]));
    assert!(err.contains("is no sandbox spec: unknown field `network`"), "{err}");
    assert_eq!(status, Some(125));
    Ok(())
}

/// A good spec cut short, with a byte changed, with values of every wrong kind: never more than a word about it.
fn garbage_is_no_spec(world: &World) -> Checked {
    let good = serde_json::to_string(&world.shell("echo ran")).unwrap();
    let file = world.dir().join("spec.json");
    let run = |text: &[u8]| {
        std::fs::write(&file, text).unwrap();
        said(world.program(&["--spec", file.to_str().unwrap()]).stdin(std::process::Stdio::null()))
    };
    assert_eq!(run(good.as_bytes()).0, "ran\n");
    let mut texts: Vec<Vec<u8>> =
        (0..good.len()).step_by(97).map(|end| good.as_bytes()[..end].to_vec()).collect();
    for at in (0..good.len()).step_by(61) {
        let mut text = good.clone().into_bytes();
        text[at] = 0xff;
        texts.push(text);
    }
    let wrong = [
        "null",
        "[]",
        "{}",
        "-1",
        "1e400",
        "18446744073709551616",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"..\"",
        "[[[[",
    ];
    for key in
        ["argv", "env", "cwd", "boundary", "binds", "links", "host_uid", "host_name", "limits", "terminal"]
    {
        let begin = good.find(&format!("\"{key}\":")).unwrap() + key.len() + 3;
        for value in wrong {
            // What follows is another key, or a word too many: wrong in each case.
            texts.push(format!("{}{value},{}", &good[..begin], &good[begin..]).into_bytes());
        }
    }
    texts.extend([vec![b'['; 100_000], b"{\"limits\":".repeat(10_000), b"\0".to_vec(), Vec::new()]);
    for text in texts {
        let (out, err, status) = run(&text);
        let is_told = out.is_empty() && err.starts_with("error: ") && status == Some(125);
        assert!(is_told, "{}: {status:?} {out} {err}", String::from_utf8_lossy(&text));
        assert!(!err.contains(|c: char| c.is_control() && c != '\n'), "{err:?}");
    }
    let (_, err, status) = said(&mut world.program(&["--ro", "/usr", "a\u{1b}[2Jb", "--", "true"]));
    assert!(status == Some(125) && !err.contains('\u{1b}'), "{err:?}");
    Ok(())
}

/// The calls that make a sandbox, each failing in turn: an error with a word, or nothing worse than a success.
fn any_call_may_fail_and_it_is_said(world: &World) -> Checked {
    host_has("strace")?;
    let file = world.dir().join("spec.json");
    std::fs::write(&file, serde_json::to_string(&world.shell("echo inside")).unwrap()).unwrap();
    let program = world.program(&["--spec", file.to_str().unwrap()]);
    let traced = |call: &str, what: &str| {
        let (trace, inject) = (format!("trace={call}"), format!("inject={call}:{what}"));
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject]);
        said(command.arg(program.get_program()).args(program.get_args()))
    };
    let (out, err, _) = traced("clone3", "delay_enter=1");
    if out != "inside\n" {
        return Err(format!("strace does not work here: {err}"));
    }
    let calls = "clone3 open_tree move_mount mount_setattr fsopen fsconfig fsmount mkdirat symlinkat fchdir pivot_root
        umount2 chdir setresuid setresgid prctl capset seccomp sethostname setdomainname ioctl socket ?dup2 ?dup3
        close_range setsid sendto signalfd4";
    for call in calls.split_whitespace() {
        for number in [1, 3] {
            let (out, err, status) = traced(call, &format!("error=EIO:when={number}"));
            let is_said = err.starts_with("error: ") || err.contains("pthbs-sandbox: cannot ");
            let is_good = (status == Some(0) && out == "inside\n") || (status == Some(125) && is_said);
            assert!(is_good, "{call} {number}: {status:?} {out} {err}");
        }
    }
    assert_eq!(world.run("echo again").good(), "again\n");
    Ok(())
}
