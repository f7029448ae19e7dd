//! What a machine can do: told by `doctor`; what a build never opens.

use std::fs;

use serde_json::Value;

use crate::weak::refused;
use crate::world::{World, everybody};

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
