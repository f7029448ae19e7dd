//! Shells and commands in environments and builds: what they see, what is left of them, and what they end with.

use std::os::unix::fs::PermissionsExt;

use crate::world::{World, everybody};

fn definition(more: &str, body: &str) -> String {
    format!(
        "{{% extends \"plain\" %}}\n{{% set version = \"1\" %}}\n{{% set sandbox = \"host\" %}}\n{more}\n\
         {{% block build %}}\n{body}\n{{% endblock %}}\n"
    )
}

#[test]
fn a_command_gets_the_environments_variables_and_passes_its_status_on() {
    for who in everybody() {
        let world = World::new(who);
        world.pthbs(&["switch", "sentence"]).ok();
        let print = "echo \"$PATH\"; echo \"$MANPATH\"; echo \"$HOME\"; echo \"${PTHBS_ROOT-none}\"; echo $PTHBS_ENVIRONMENT";
        let ran = world.pthbs(&["run", "--", "/bin/sh", "-c", print]).ok();
        let lines: Vec<&str> = ran.stdout.lines().collect();
        assert_eq!(
            lines[..4],
            [
                "/versions/current/bin:/usr/bin:/bin",
                "/versions/current/share/man:",
                "WORLD/home",
                "WORLD/store"
            ]
        );
        let environment = lines[4].to_string();
        assert!(environment.starts_with("env."), "{environment}");

        let ran = world.pthbs(&["run", "--pure", "--", "/bin/sh", "-c", print]).ok();
        let pure =
            format!("/versions/current/bin\n/versions/current/share/man:\nWORLD/home\nnone\n{environment}\n");
        assert_eq!(ran.stdout, pure);
        world.pthbs(&["run", "--pure", "--", "ls"]).exits(127);
        world.pthbs(&["run", "--pure", "--profile", &environment, "--", "sentence"]).exits(127);

        world.pthbs(&["run", "--", "sh", "-c", "exit 42"]).exits(42);
        let killed = world.pthbs(&["run", "--", "sh", "-c", "kill -9 $$"]);
        assert_eq!(killed.code, None, "the command took the place of pthbs: {killed:?}");
        world.pthbs(&["run", "--", "/etc"]).exits(126);
        world.pthbs(&["run", "--profile", "nosuch", "--", "true"]).exits(2);
    }
}

#[test]
fn a_shell_has_packages_without_any_profile() {
    for who in everybody() {
        let world = World::new(who);
        let ran = world.pthbs(&["shell", "sentence", "--", "sentence"]).ok();
        assert_eq!(ran.stdout, "hello, world\n");
        world.pthbs(&["shell", "sentence", "word", "--", "sh", "-c", "exit 3"]).exits(3);
        assert_eq!(world.pthbs(&["profile", "list"]).ok().stdout, "");
        let ran = world.pthbs(&["shell", "--pure", "word", "--", "/bin/sh", "-c", "echo $PATH"]).ok();
        assert_eq!(ran.stdout, "/versions/current/bin\n");
        let ran = world.pthbs(&["shell"]).exits(2);
        assert!(ran.stderr.contains("shows nothing yet"), "{}", ran.stderr);
    }
}

#[test]
fn a_failed_build_is_entered_as_its_script_left_it() {
    for who in everybody() {
        let world = World::new(who);
        let body = "\tcat {{ _word }}/share/word >\"$out/half\"\n\techo left >\"$tmp/left\"\n\texit 9";
        world.write("packages/bad/package.sh", &definition("{% set _word = dep(\"word\") %}", body));
        let ran = world.pthbs(&["build", "bad"]).exits(1);
        assert!(
            ran.stderr.contains("hint: `pthbs shell --failed bad` opens the sandbox as the script left it"),
            "{}",
            ran.stderr
        );

        let look = "cat $out/half $tmp/left; ls /versions | sed s/[.].*//; pwd; id -u; ls -d /home /root 2>/dev/null";
        let ran = world.pthbs(&["shell", "--failed", "bad", "--", "sh", "-c", look]).exits(2);
        assert_eq!(ran.stdout, "hello, world\nleft\nbad\nword\n/build\n1000\n");
        // What is done there stays; the script can be run again.
        world.pthbs(&["shell", "--failed", "bad", "--", "sh", "-c", "echo more >$out/more"]).ok();
        world.pthbs(&["shell", "--failed", "bad", "--", "/bin/sh", "/build/script"]).exits(9);
        assert_eq!(
            world.files_below("store/tmp").iter().filter(|file| file.ends_with("/tree/more")).count(),
            1
        );
        // Without a terminal the shell reads commands.
        let mut command = world.command("pthbs", &["shell", "--failed", "bad"]);
        let script = world.path("home/commands");
        std::fs::write(&script, "cat $out/more\nexit 5\n").unwrap();
        command.stdin(std::fs::File::open(script).unwrap());
        let ran = world.ran(command.output().unwrap()).exits(5);
        assert_eq!(ran.stdout, "more\n");

        let ran = world.pthbs(&["shell", "--failed", "word"]).exits(2);
        assert!(ran.stderr.contains("no failed build of `word` is kept\n  kept are: bad."), "{}", ran.stderr);
        world.pthbs(&["clean"]).ok();
        let ran = world.pthbs(&["shell", "--failed", "bad"]).exits(2);
        assert!(ran.stderr.contains("nor of any other package"), "{}", ran.stderr);
        assert_eq!(world.files_below("store/lock"), Vec::<String>::new());
    }
}

#[test]
fn nobody_takes_away_a_failed_build_that_somebody_has_entered() {
    let world = World::new(everybody()[0]);
    world.write("packages/bad/package.sh", &definition("", "\texit 9"));
    world.pthbs(&["build", "bad"]).exits(1);
    let mut command =
        world.command("pthbs", &["shell", "--failed", "bad", "--", "sh", "-c", "echo in; read line"]);
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut inside = command.spawn().unwrap();
    let mut line = [0; 3];
    std::io::Read::read_exact(inside.stdout.as_mut().unwrap(), &mut line).unwrap();
    let cleaned = world.pthbs(&["clean"]).ok();
    assert!(cleaned.stderr.contains(&format!("in use by process {}", inside.id())), "{}", cleaned.stderr);
    let second = world.pthbs(&["shell", "--failed", "bad"]).exits(2);
    assert!(second.stderr.contains("is in use by process"), "{}", second.stderr);
    drop(inside.stdin.take());
    inside.wait().unwrap();
    assert!(world.pthbs(&["clean"]).ok().stderr.contains("removed  bad."));
}

#[test]
fn a_build_is_entered_before_it_runs_and_gives_the_same_by_hand() {
    for who in everybody() {
        let world = World::new(who);
        let run = "test -f $src/word-1.0.txt && sh /build/script >/dev/null && cat $out/share/word && env | grep -c '^out=\\|^src=\\|^tmp=\\|^env=\\|^jobs='";
        let ran = world.pthbs(&["shell", "--build", "word", "--", "sh", "-c", run]).ok();
        assert_eq!(ran.stdout, "hello, world\n5\n");
        // Nothing of it stays, and it is no install.
        assert!(world.files_below("store/versions").is_empty());
        assert_eq!(world.files_below("store/tmp"), Vec::<String>::new());
        assert_eq!(world.files_below("store/lock"), Vec::<String>::new());
        // What a build needs is made first; its own install may be there already.
        world.pthbs(&["build", "sentence"]).ok();
        let ran =
            world.pthbs(&["shell", "--build", "sentence", "--", "sh", "-c", "ls /versions; exit 4"]).exits(4);
        assert!(ran.stdout.contains("sentence.") && ran.stdout.contains("word."), "{}", ran.stdout);
    }
}

#[test]
fn a_local_source_tree_stands_in_for_a_source() {
    for who in everybody() {
        let world = World::new(who);
        let own = world.path("home/own");
        std::fs::create_dir(&own).unwrap();
        std::fs::set_permissions(&own, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::write(own.join("edited"), "my edit\n").unwrap();
        let tar = world.path("project/distfiles/src-1.tar");
        let packed = world.path("home/src-1");
        std::fs::create_dir(&packed).unwrap();
        std::fs::write(packed.join("edited"), "upstream\n").unwrap();
        let status = std::process::Command::new("tar")
            .arg("-cf")
            .arg(&tar)
            .arg("-C")
            .arg(world.path("home"))
            .arg("src-1")
            .status();
        assert!(status.unwrap().success());
        let sum = world.sha256("project/distfiles/src-1.tar");
        let more = format!("{{% set _src = src(\"https://example.invalid/src-1.tar\", sha256=\"{sum}\") %}}");
        world.write("packages/local/package.sh", &definition(&more, "\tcat {{ _src }}/edited >$out/copy"));
        world.give_away();
        let build = "sh /build/script >/dev/null && cat $out/copy && touch $src/src-1/made 2>/dev/null; true";
        let ran = world.pthbs(&["shell", "--build", "local", "--", "sh", "-c", build]).ok();
        assert_eq!(ran.stdout, "upstream\n");
        let dir = own.display().to_string();
        let ran = world.pthbs(&["shell", "--build", "local", "--src", &dir, "--", "sh", "-c", build]).ok();
        assert_eq!(ran.stdout, "my edit\n");
        // What belongs to root no sandbox may write, and it stays root's.
        let is_roots = ran.stderr.contains("is shown read-only: it belongs to root");
        assert_eq!(own.join("made").exists(), !is_roots, "{}", ran.stderr);
        let ran = world.pthbs(&["shell", "--build", "local", "--src", "/nowhere", "--", "true"]).exits(2);
        assert!(ran.stderr.contains("cannot open `/nowhere`"), "{}", ran.stderr);
        world.pthbs(&["shell", "--build", "sentence", "--src", &dir, "--", "true"]).exits(2);
    }
}

#[test]
fn every_status_is_passed_on_and_no_daemon_is_left() {
    for who in everybody() {
        let world = World::new(who);
        world.write("packages/bad/package.sh", &definition("", "\texit 9"));
        world.pthbs(&["switch", "sentence"]).ok();
        world.pthbs(&["build", "bad"]).exits(1);
        let mark = 7_000_000 + u64::from(std::process::id()) * 10 + who as u64;
        let kinds: [&[&str]; 4] = [
            &["run", "--"],
            &["shell", "sentence", "--"],
            &["shell", "--build", "word", "--"],
            &["shell", "--failed", "bad", "--"],
        ];
        for kind in kinds {
            let ends_with = |script: &str| world.pthbs(&[kind, &["sh", "-c", script]].concat()).code;
            for status in [0, 1, 2, 124, 125, 126, 127, 128, 130, 200, 255] {
                assert_eq!(ends_with(&format!("exit {status}")), Some(status), "{kind:?}");
            }
            // What has a sandbox takes its daemons with it; what is the caller's own process has none that pthbs knew of.
            if kind.contains(&"--build") || kind.contains(&"--failed") {
                for signal in [1, 2, 9, 11, 15] {
                    assert_eq!(
                        ends_with(&format!("kill -{signal} $$; sleep 9")),
                        Some(128 + signal),
                        "{kind:?}"
                    );
                }
                assert_eq!(
                    ends_with(&format!("(trap '' TERM HUP; setsid sleep {mark} &) ; exit 4")),
                    Some(4)
                );
            }
        }
        // A signal to pthbs reaches the command, and its answer comes back.
        for (kind, signal) in kinds[2..]
            .iter()
            .flat_map(|kind| [libc::SIGTERM, libc::SIGINT, libc::SIGHUP].map(|signal| (kind, signal)))
        {
            let script = format!("trap 'exit 77' TERM; echo up; sleep {mark} & wait");
            let mut command = world.command("pthbs", &[kind, &["sh", "-c", &script][..]].concat());
            let mut child = command
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::null())
                .spawn()
                .unwrap();
            std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut [0; 3]).unwrap();
            let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
            nix::sys::signal::kill(pid, nix::sys::signal::Signal::try_from(signal).unwrap()).unwrap();
            assert_eq!(child.wait().unwrap().code(), Some(77), "{kind:?} {signal}");
        }
        let is_left =
            |line: &[u8]| line.split(|byte| *byte == 0).any(|word| word == mark.to_string().as_bytes());
        for process in std::fs::read_dir("/proc").unwrap().flatten() {
            let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
            assert!(!is_left(&line), "{}", process.path().display());
        }
    }
}
