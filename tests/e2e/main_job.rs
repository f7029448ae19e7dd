//! From a definition to a profile: each command does its part, and the next one finds it.

use crate::world::{World, everybody};

#[test]
fn a_definition_becomes_a_profile_and_back() {
    for who in everybody() {
        let world = World::new(who);
        world.genpkg(&["render"]).ok();

        let built = world.pthbs(&["build", "sentence", "word"]).ok();
        let paths: Vec<&str> = built.stdout.lines().collect();
        assert_eq!(paths.len(), 2, "{built:?}");
        assert!(paths[0].starts_with("WORLD/store/versions/sentence."), "{built:?}");
        let sum = world.sha256("project/rendered/sentence.sh");
        assert!(paths[0].ends_with(&sum), "the install is not named after its script: {built:?}");

        world.pthbs(&["switch", "sentence"]).ok();
        let ran = world.pthbs(&["run", "--", "sentence"]).ok();
        assert_eq!(ran.stdout, "hello, world\n");

        world.pthbs(&["switch", "word"]).ok();
        world.pthbs(&["run", "--", "sentence"]).exits(127);
        world.pthbs(&["rollback"]).ok();
        assert_eq!(world.pthbs(&["run", "--", "sentence"]).ok().stdout, "hello, world\n");
        let history = world.pthbs(&["profile", "history"]).ok().stdout;
        assert_eq!(history.lines().count(), 2, "{history}");
    }
}

#[test]
fn a_build_that_has_nothing_to_do_starts_no_process() {
    for who in everybody() {
        let world = World::new(who);
        let first = world.pthbs(&["build", "sentence"]).ok();
        let log = world.path("home/strace");
        let traced = world.wrapped(
            &["strace", "-f", "-qq", "-e", "trace=clone,clone3,fork,vfork,execve", "-o"],
            &log,
            "pthbs",
            &["build", "sentence"],
        );
        let second = match traced {
            Some(second) => second.ok(),
            None => {
                println!("SKIPPED in part: strace is not installed, so processes were not counted");
                world.pthbs(&["build", "sentence"]).ok()
            }
        };
        assert_eq!(second.stdout, first.stdout);
        assert_eq!(second.stderr, "nothing to do\n");
        if let Ok(calls) = std::fs::read_to_string(log) {
            assert_eq!(calls.lines().filter(|line| !line.contains("+++")).count(), 1, "{calls}");
        }
    }
}
