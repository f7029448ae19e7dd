//! After a build: its log, its history, and what its failure left.

use std::fs::File;

use crate::world::{World, everybody};

const FAILS: &str = "{% extends \"plain\" %}\n{% set version = \"3\" %}\n{% set sandbox = \"host\" %}\n\
                     {% block build %}\n\tprintf 'going \\033[31mwrong\\033[0m\\n'\n\texit 7\n{% endblock %}\n";

#[test]
fn a_log_is_read_whole_by_phase_and_after_a_failure() {
    for who in everybody() {
        let world = World::new(who);
        world.write("packages/bad/package.sh", FAILS);
        world.pthbs(&["build", "sentence"]).exits(0);
        world.pthbs(&["build", "bad"]).exits(1);

        // That of a success is compressed; nobody notices.
        let whole = world.pthbs(&["log", "sentence"]).exits(0);
        assert!(whole.stdout.starts_with("#@ phase build\n"), "{}", whole.stdout);
        let build = world.pthbs(&["log", "sentence", "--phase", "build"]).exits(0);
        assert_eq!(format!("#@ phase build\n{}", build.stdout), whole.stdout);
        let wrong = world.pthbs(&["log", "sentence", "--phase", "biuld"]).exits(2);
        assert!(wrong.stderr.contains("its phases: build"), "{}", wrong.stderr);

        // What would write on a terminal is left out.
        let shown = world.pthbs(&["log", "--failed"]).exits(0);
        assert!(shown.stdout.contains("going wrong\n"), "{}", shown.stdout);
        assert!(world.pthbs(&["log", "bad", "--raw"]).exits(0).stdout.contains("\u{1b}[31mwrong"));
        let none = world.pthbs(&["log", "word@x"]).exits(2);
        assert!(none.stderr.contains("has no log here"), "{}", none.stderr);
    }
}

#[test]
fn a_history_outlives_a_script() {
    let world = World::new(everybody()[0]);
    world.write("packages/bad/package.sh", FAILS);
    world.pthbs(&["build", "bad"]).exits(1);
    world.write("packages/bad/package.sh", &FAILS.replace("exit 7", "echo done"));
    world.pthbs(&["build", "bad"]).exits(0);
    let history = world.pthbs(&["history", "bad"]).exits(0).stdout;
    let lines: Vec<&str> = history.lines().collect();
    assert_eq!(lines.len(), 3, "{history}");
    assert!(lines[1].ends_with("built") && lines[2].contains("exit 7"), "{history}");
    let json = world.pthbs(&["history", "bad", "--json"]).exits(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((json[0]["is_built"].as_bool(), json[1]["is_built"].as_bool()), (Some(true), Some(false)));
    world.pthbs(&["history", "word"]).exits(2);
}

#[test]
fn what_failures_left_is_listed_and_removed() {
    for who in everybody() {
        let world = World::new(who);
        world.write("packages/bad/package.sh", FAILS);
        world.write("packages/worse/package.sh", FAILS);
        world.pthbs(&["build", "bad", "worse"]).exits(1);
        assert_eq!(world.pthbs(&["clean", "--dry-run"]).exits(0).stdout.lines().count(), 2);
        assert!(world.pthbs(&["clean", "ba"]).exits(2).stderr.contains("no failed build of `ba`"));
        world.pthbs(&["clean", "bad"]).exits(0);
        let left = world.pthbs(&["clean", "-n"]).exits(0).stdout;
        assert!(left.lines().count() == 1 && left.contains("worse."), "{left}");
        world.pthbs(&["clean"]).exits(0);
        assert!(world.pthbs(&["clean"]).exits(0).stderr.contains("nothing is kept"));
        assert_eq!(world.files_below("store/tmp"), Vec::<String>::new());
    }
}

#[test]
fn data_that_cannot_be_written_is_no_success() {
    let world = World::new(everybody()[0]);
    world.pthbs(&["build", "sentence"]).exits(0);
    for words in [&["build", "sentence"][..], &["list"], &["log", "sentence"], &["history", "sentence"]] {
        // As where a file on a full disk is to take it.
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = world.command("pthbs", words).stdout(full).output().unwrap();
        let ran = world.ran(output).exits(1);
        assert!(ran.stderr.contains("error: cannot write to `stdout`: No space left"), "{}", ran.stderr);
    }
}
