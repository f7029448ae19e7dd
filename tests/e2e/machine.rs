//! What a machine can do: told by `doctor`; the weak sandbox where it refuses user namespaces; what a build never opens.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use crate::world::{Ran, Who, World, everybody};

/// Makes the machine one that refuses user namespaces, for one command: in a user namespace whose own count is 0, and with
/// a root directory that may have a `/versions`. `$VIEW` is what that leads to; none where it is empty.
const REFUSING: &str = r#"
    set -e
    root=$HOME/root
    mkdir -p "$root"
    mount -t tmpfs none "$root"
    for entry in /*; do
        if [ -L "$entry" ]; then cp -P "$entry" "$root$entry"
        elif [ "$entry" = /versions ]; then :
        elif [ -d "$entry" ]; then mkdir "$root$entry"; mount --rbind "$entry" "$root$entry"
        fi
    done
    [ -z "$VIEW" ] || ln -s "$VIEW" "$root/versions"
    echo 0 >/proc/sys/user/max_user_namespaces
    PATH=$PATH:/usr/sbin:/sbin
    exec chroot "$root" sh -c 'cd "$0" && exec "$@"' "$PWD" "$@"
"#;

/// Runs `pthbs` on such a machine; the reason where this one cannot be made into one.
fn refused(world: &World, who: Who, view: &str, arguments: &[&str]) -> Result<Ran, String> {
    let inner = world.command("pthbs", arguments);
    let is_root = who == Who::Caller && nix::unistd::geteuid().is_root();
    // Root keeps all its users: then it is root still, and gives its builds one of them.
    let wait = "read go; exec sh -c \"$0\" sh \"$@\"";
    let words: &[&str] = if is_root { &["-Um", "sh", "-c", wait] } else { &["-Urm", "sh", "-c", wait] };
    let mut command = world.foreign("unshare", words);
    command.arg(REFUSING).arg(inner.get_program()).args(arguments).env("VIEW", view);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|cause| format!("unshare: {cause}"))?;
    if is_root {
        give_all_users(child.id())?;
    }
    // Where unshare was refused nobody reads it; its stderr says why.
    let _ = child.stdin.take().unwrap().write_all(b"go\n");
    let ran = world.ran(child.wait_with_output().unwrap());
    match ran.stderr.lines().find(|line| line.starts_with("unshare:") || line.starts_with("mount:")) {
        Some(line) => Err(line.to_string()),
        None => Ok(ran),
    }
}

fn give_all_users(pid: u32) -> Result<(), String> {
    let namespace = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/user"));
    let (own, child) = (namespace("self").unwrap(), pid.to_string());
    let end = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while namespace(&child).map_err(|cause| cause.to_string())? == own {
        assert!(std::time::Instant::now() < end, "unshare does not come to it");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    for map in ["uid_map", "gid_map"] {
        fs::write(format!("/proc/{pid}/{map}"), "0 0 4294967295").map_err(|cause| cause.to_string())?;
    }
    Ok(())
}

fn definition(more: &str, body: &str) -> String {
    format!(
        "{{% extends \"plain\" %}}\n{{% set version = \"1\" %}}\n{{% set sandbox = \"host\" %}}\n{more}\n\
         {{% block build %}}\n{body}\n{{% endblock %}}\n"
    )
}

#[test]
fn doctor_says_of_each_thing_that_it_is_fine_or_what_to_type() {
    for who in everybody() {
        let world = World::new(who);
        let ran = world.pthbs(&["doctor"]).ok();
        assert_eq!(ran.stderr, "strict builds work here\n");
        let is_known =
            |line: &&str| ["fine  ", "note  ", "      "].iter().any(|verdict| line.starts_with(verdict));
        assert!(ran.stdout.lines().all(|line| is_known(&line)), "{}", ran.stdout);
        let lines: Value = serde_json::from_str(&world.pthbs(&["doctor", "--json"]).ok().stdout).unwrap();
        let lines = lines.as_array().unwrap();
        let subjects: Vec<&str> = lines.iter().map(|line| line["subject"].as_str().unwrap()).collect();
        let all = [
            "user namespaces",
            "mount API",
            "seccomp",
            "Landlock",
            "cgroups",
            "sandbox",
            "disk",
            "store",
            "apt",
            "git",
        ];
        assert_eq!(subjects, all);
        for line in lines {
            assert_eq!(line["verdict"] == "fine", line["type"].is_null(), "{line}");
        }
        // It has made nothing.
        assert_eq!(world.files_below("store"), Vec::<String>::new());
    }
}

#[test]
fn doctor_ends_with_1_where_strict_builds_cannot_work() {
    for who in everybody() {
        let world = World::new(who);
        match refused(&world, who, "", &["doctor"]) {
            Err(reason) => println!("SKIPPED in part as {who:?}: {reason}"),
            Ok(ran) => {
                let ran = ran.exits(1);
                assert!(ran.stderr.ends_with("strict builds cannot work here\n"), "{}", ran.stderr);
                let expected = "bad   user namespaces  cannot make a user namespace: clone3(user, mount, pid, net, ipc, \
                                uts, cgroup): No space left on device; the kernel allows none \
                                (user.max_user_namespaces is 0)\n                       type: as root: sysctl -w \
                                user.max_user_namespaces=15000\n";
                assert!(ran.stdout.starts_with(expected), "{}", ran.stdout);
                assert!(
                    ran.stdout.contains("type: pthbs build --weak-sandbox=landlock NAME"),
                    "{}",
                    ran.stdout
                );
            }
        }
        fs::write(world.path("home/file"), "").unwrap();
        let ran = world.pthbs(&["--root", world.path("home/file").to_str().unwrap(), "doctor"]).exits(1);
        assert!(
            ran.stdout.contains(
                "
bad   store  "
            ),
            "{}",
            ran.stdout
        );
    }
}

#[test]
fn the_weak_sandbox_is_taken_on_request_alone_and_marks_what_it_makes() {
    for who in everybody() {
        let world = World::new(who);
        let view = world.path("store/view").display().to_string();
        let ran = match refused(&world, who, &view, &["build", "sentence"]) {
            Err(reason) => {
                println!("SKIPPED as {who:?}: {reason}");
                continue;
            }
            Ok(ran) => ran.exits(125),
        };
        assert!(
            ran.stderr.contains("hint: as root: sysctl -w user.max_user_namespaces=15000"),
            "{}",
            ran.stderr
        );
        assert!(ran.stderr.contains("`--weak-sandbox=landlock` builds without"), "{}", ran.stderr);
        assert!(world.files_below("store/versions").is_empty());

        let weak = ["build", "--weak-sandbox=landlock", "sentence"];
        let ran = refused(&world, who, "", &weak).unwrap().exits(125);
        assert!(
            ran.stderr.contains("hint: as root, once: ln -sfnT WORLD/store/view /versions"),
            "{}",
            ran.stderr
        );
        let ran = refused(&world, who, &view, &weak).unwrap().ok();
        assert!(
            ran.stderr.starts_with("warning: --weak-sandbox=landlock: builds see the host's"),
            "{}",
            ran.stderr
        );
        assert!(ran.stdout.starts_with("WORLD/store/versions/sentence."), "{}", ran.stdout);
        // Only installs are shown still: the outputs are installs now.
        let left: Vec<String> = world.files_below("store/view");
        assert!(left.iter().all(|link| link.starts_with("word.")), "{left:?}");

        // Used like any other, and marked.
        world.pthbs(&["switch", "sentence"]).ok();
        assert_eq!(world.pthbs(&["run", "--", "sentence"]).ok().stdout, "hello, world\n");
        let list = world.pthbs(&["list", "word"]).ok().stdout;
        assert!(list.contains("tainted (weak sandbox)"), "{list}");
        let list: Value =
            serde_json::from_str(&world.pthbs(&["list", "--json", "sentence"]).ok().stdout).unwrap();
        let taint = list[0]["taint"].as_array().unwrap();
        assert!(
            taint.iter().any(|reason| reason.as_str().unwrap().starts_with("weak-sandbox=landlock: ")),
            "{taint:?}"
        );
    }
}

#[test]
fn the_weak_sandbox_keeps_other_files_and_the_network_away_and_leaves_no_process() {
    for who in everybody() {
        let world = World::new(who);
        let view = world.path("store/view").display().to_string();
        fs::write(world.path("home/secret"), "secret").unwrap();
        let home = world.path("home").display().to_string();
        let mark = format!("{}", 5_000_000 + u64::from(std::process::id()) * 10 + who as u64);
        let body = format!(
            "\tcat {home}/secret && exit 11\n\techo x >{home}/new && exit 12\n\tls /versions/word.* && exit 13\n\
             \techo x >/tmp/new && exit 14\n\t(setsid sleep {mark} &)\n\techo x >$tmp/x\n\tcp $tmp/x $out/x"
        );
        world.write("packages/curious/package.sh", &definition("", &body));
        world.pthbs(&["build", "word"]).ok();
        match refused(&world, who, &view, &["build", "--weak-sandbox=landlock", "curious"]) {
            Err(reason) => println!("SKIPPED as {who:?}: {reason}"),
            Ok(ran) => drop(ran.ok()),
        }
        assert!(!world.path("home/new").exists());
        let is_left = |line: &[u8]| line.split(|byte| *byte == 0).any(|word| word == mark.as_bytes());
        for process in fs::read_dir("/proc").unwrap().flatten() {
            let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
            assert!(!is_left(&line), "{}", process.path().display());
        }
    }
}

#[test]
fn a_trace_names_the_declared_dependencies_that_were_never_opened() {
    for who in everybody() {
        let world = World::new(who);
        let other = definition("", "\tmkdir $out/share\n\techo other >$out/share/other");
        world.write("packages/other/package.sh", &other);
        let both = "{% set _word = dep(\"word\") %}\n{% set _other = dep(\"other\") %}";
        let body = "\tcat {{ _word }}/share/word >$out/x";
        world.write("packages/half/package.sh", &definition(both, body));
        let first = world.pthbs(&["build", "--trace", "half"]).ok();
        let traced = |stderr: &str| {
            stderr
                .lines()
                .filter(|line| line.starts_with("traced   half "))
                .map(str::to_string)
                .collect::<Vec<_>>()
        };
        let lines = traced(&first.stderr);
        assert_eq!(lines.len(), 1, "{}", first.stderr);
        let (_, never) = lines[0].split_once(": never opened: ").unwrap();
        assert!(never.starts_with("other.") && never.len() == "other.".len() + 8, "{}", first.stderr);
        // What is there is built once more for it, and stays as it is.
        let again = world.pthbs(&["build", "--trace", "half"]).ok();
        assert_eq!(traced(&again.stderr), lines);
        assert_eq!(again.stdout, first.stdout);
        assert_eq!(world.files_below("store/tmp"), Vec::<String>::new());

        // A directory that is listed, and a program that is executed, are opened.
        let body = "\tcat {{ _word }}/share/word >$out/x\n\tls {{ _other }}/share >>$out/x";
        world.write("packages/half/package.sh", &definition(both, body));
        let ran = world.pthbs(&["build", "--trace", "half"]).ok();
        assert!(traced(&ran.stderr)[0].ends_with(": it opened all that it declares"), "{}", ran.stderr);
        // Nobody who did not ask is told.
        assert!(!world.pthbs(&["build", "--no-render", "sentence"]).ok().stderr.contains("traced"));
    }
}
