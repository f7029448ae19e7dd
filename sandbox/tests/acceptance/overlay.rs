//! The host's own view with something added, as `pthbs run` gives it.

use std::os::unix::process::CommandExt as _;

use crate::runner::{Case, Checked};
use crate::world::{World, said};

pub(crate) const CASES: &[Case] = &[
    ("a_mount_point_the_host_lacks_is_there", a_mount_point_the_host_lacks_is_there),
    ("the_host_is_seen_as_it_is", the_host_is_seen_as_it_is),
    ("the_host_sees_nothing_of_it", the_host_sees_nothing_of_it),
    (
        "the_current_directory_stays_even_deleted_or_hidden",
        the_current_directory_stays_even_deleted_or_hidden,
    ),
    ("a_bind_below_a_bind_needs_a_place", a_bind_below_a_bind_needs_a_place),
    ("the_status_and_the_errors_are_passed_on", the_status_and_the_errors_are_passed_on),
];

/// A directory with a file in it that says `word`.
fn store(world: &World, word: &str) -> String {
    let dir = world.dir();
    std::fs::write(dir.join("word"), word).unwrap();
    std::fs::create_dir(dir.join("current")).unwrap();
    dir.to_str().unwrap().to_string()
}

fn a_mount_point_the_host_lacks_is_there(world: &World) -> Checked {
    let store = store(world, "packages");
    let script = "cat /pthbs-nowhere/word; echo x > /pthbs-nowhere/word; touch /x";
    let (out, err, status) =
        said(&mut world.program(&["--overlay", "--ro", &store, "/pthbs-nowhere", "--", "sh", "-c", script]));
    assert_eq!((out.as_str(), status), ("packages", Some(1)), "{err}");
    assert_eq!(err.matches("Read-only file system").count(), 2, "{err}");
    Ok(())
}

fn the_host_is_seen_as_it_is(world: &World) -> Checked {
    let store = store(world, "");
    let script = "id -u; id -g; ls /; readlink /bin; cat /proc/sys/kernel/random/boot_id; echo $HERE; readlink /proc/self/ns/net /proc/self/ns/pid";
    let outside = said(std::process::Command::new("sh").args(["-c", script]).env("HERE", "kept"));
    let words = ["--overlay", "--ro", &store, "/pthbs-nowhere", "--", "sh", "-c", script];
    let (out, err, status) = said(world.program(&words).env("HERE", "kept"));
    assert_eq!((out.replace("pthbs-nowhere\n", ""), err, status), outside);
    Ok(())
}

fn the_host_sees_nothing_of_it(world: &World) -> Checked {
    let store = store(world, "");
    let mounts = || std::fs::read_to_string("/proc/self/mounts").unwrap();
    let before = mounts();
    let mut child = world
        .program(&["--overlay", "--ro", &store, "/pthbs-nowhere", "--", "sh", "-c", "echo up; read line"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut up = [0; 3];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut up).unwrap();
    assert_eq!(mounts(), before);
    assert!(!std::path::Path::new("/pthbs-nowhere").exists());
    drop(child.stdin.take());
    child.wait().unwrap();
    Ok(())
}

fn the_current_directory_stays_even_deleted_or_hidden(world: &World) -> Checked {
    let store = store(world, "");
    let run = |dir: &std::path::Path, target: &str, script: &str| {
        said(world.program(&["--overlay", "--ro", &store, target, "--", "sh", "-c", script]).current_dir(dir))
    };
    let (plain, hidden) = (world.dir(), world.dir());
    assert_eq!(
        run(&plain, "/pthbs-nowhere", "pwd -P").0,
        format!("{}\n", plain.canonicalize().unwrap().display())
    );

    std::fs::write(hidden.join("mine"), "").unwrap();
    let (out, err, _) = run(&hidden, hidden.to_str().unwrap(), "echo *");
    assert_eq!(out, "mine\n", "{err}");

    // Deleted before the program starts: by the shell that then becomes it.
    let deleted = world.dir();
    let words = [
        "--overlay",
        "--ro",
        &store,
        "/pthbs-nowhere",
        "--",
        "sh",
        "-c",
        "cat /pthbs-nowhere/word && echo alive",
    ];
    let program = world.program(&words);
    let mut command = std::process::Command::new("sh");
    command
        .args(["-c", "rmdir \"$PWD\"; exec \"$@\"", "sh"])
        .arg(program.get_program())
        .args(program.get_args());
    let (out, err, status) = said(command.current_dir(&deleted).process_group(0));
    assert_eq!((out.as_str(), status), ("alive\n", Some(0)), "{err}");
    Ok(())
}

fn a_bind_below_a_bind_needs_a_place(world: &World) -> Checked {
    let (store, environment) = (store(world, "outer"), store(world, "inner"));
    let bind = |target: &str| {
        let words =
            ["--overlay", "--ro", &store, "/pthbs-nowhere", "--ro", &environment, target, "--", "cat"];
        said(world.program(&words).arg(format!("{target}/word")))
    };
    assert_eq!(bind("/pthbs-nowhere/current").0, "inner");
    let (_, err, status) = bind("/pthbs-nowhere/absent");
    assert_eq!(
        (err.as_str(), status),
        (
            "error: make the mount point: Read-only file system\n  for target: /pthbs-nowhere/absent\n  \
             hint: below a read-only bind, a mount point must exist in its source\n",
            Some(125)
        )
    );
    Ok(())
}

fn the_status_and_the_errors_are_passed_on(world: &World) -> Checked {
    assert_eq!(said(&mut world.program(&["--overlay", "--", "sh", "-c", "exit 9"])).2, Some(9));
    let mut unknown = world.program(&["--overlay", "--", "no-such-program"]);
    assert_eq!(said(unknown.env("PATH", "/usr/bin:/bin")).2, Some(127));
    assert_eq!(said(&mut world.program(&["--overlay", "--", "/etc"])).2, Some(126));
    let (_, err, status) = said(&mut world.program(&["--overlay", "--ro", "/no/such", "/x", "--", "true"]));
    assert_eq!(
        (err.as_str(), status),
        ("error: bind source `/no/such`: No such file or directory\n", Some(125))
    );
    Ok(())
}
