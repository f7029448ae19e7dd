//! What a user's mistakes look like: what, where, why, what to do, and the exit code.

use crate::world::{Who, World, everybody};

/// A definition that builds nothing, for mistakes that are seen before.
fn definition(more: &str) -> String {
    format!(
        "{{% extends \"plain\" %}}\n{{% set version = \"1\" %}}\n{{% set sandbox = \"host\" %}}\n{more}\n{{% block build %}}\n\ttrue\n{{% endblock %}}\n"
    )
}

#[test]
fn an_unknown_package_is_named_with_the_nearest_known_one() {
    let world = World::new(everybody()[0]);
    let ran = world.pthbs(&["build", "sentense"]).exits(2);
    assert!(ran.stderr.contains("error: package `sentense` not found\n"), "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: did you mean `sentence`?"), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
}

#[test]
fn an_unknown_dependency_says_who_asked_for_it() {
    let world = World::new(everybody()[0]);
    world.write("packages/bad/package.sh", &definition("{% set _x = dep(\"wordd\") %}"));
    let ran = world.genpkg(&["render"]).exits(2);
    assert!(ran.stderr.contains("package `wordd` not found"), "{}", ran.stderr);
    assert!(ran.stderr.contains("packages/bad/package.sh:4"), "{}", ran.stderr);
    assert!(ran.stderr.contains("did you mean `word`?"), "{}", ran.stderr);
}

#[test]
fn a_cycle_is_printed_as_a_chain() {
    let world = World::new(everybody()[0]);
    world.write("packages/a/package.sh", &definition("{% set _x = dep(\"b\") %}"));
    world.write("packages/b/package.sh", &definition("{% set _x = dep(\"a\") %}"));
    let ran = world.genpkg(&["render"]).exits(2);
    assert!(ran.stderr.contains("dependency cycle: a -> b -> a"), "{}", ran.stderr);
}

#[test]
fn a_wrong_hash_keeps_nothing() {
    for who in everybody() {
        let world = World::new(who);
        std::fs::write(world.path("other.txt"), "other bytes\n").unwrap();
        let url = format!("file://{}", world.path("other.txt").display());
        let sum = "ab".repeat(32);
        let more = format!("{{% set _x = src(\"{url}\", sha256=\"{sum}\", unpack=false) %}}");
        world.write("packages/bad/package.sh", &definition(&more));
        world.give_away();
        let ran = world.pthbs(&["build", "bad"]).exits(1);
        assert!(ran.stderr.contains("does not match its hash"), "{}", ran.stderr);
        assert!(ran.stderr.contains("packages/bad/package.sh:4"), "{}", ran.stderr);
        assert!(ran.stderr.contains(&format!("expected: {sum}")), "{}", ran.stderr);
        assert!(ran.stderr.contains(&format!("received: {}", world.sha256("other.txt"))), "{}", ran.stderr);
        for file in world.files_below("store") {
            let bytes = std::fs::read(world.path("store").join(&file)).unwrap();
            assert!(!String::from_utf8_lossy(&bytes).contains("other bytes"), "{file} was kept");
        }
        assert_eq!(world.files_below("store/tmp"), Vec::<String>::new());
    }
}

#[test]
fn a_failed_build_shows_its_last_lines_and_where_its_log_is() {
    for who in everybody() {
        let world = World::new(who);
        let text = definition("").replace("\ttrue", "\techo about to fail; exit 7");
        world.write("packages/bad/package.sh", &text);
        let ran = world.pthbs(&["build", "bad", "word"]).exits(1);
        assert!(
            ran.stderr.contains("error: build of `bad` failed in phase `build` (exit 7)"),
            "{}",
            ran.stderr
        );
        assert!(ran.stderr.contains("about to fail"), "{}", ran.stderr);
        assert!(ran.stderr.contains("log: WORLD/store/log/bad."), "{}", ran.stderr);
        // What does not depend on the failure is built all the same.
        world.pthbs(&["build", "word"]).ok();
    }
}

#[test]
fn names_that_would_leave_the_store_are_refused() {
    let world = World::new(everybody()[0]);
    for name in ["..", "..x", "a b", "", "-x", "$(id)", ".tmp"] {
        let ran = world.pthbs(&["build", "--", name]);
        assert_eq!(ran.code, Some(2), "{name:?}: {}", ran.stderr);
    }
    let ran = world.pthbs(&["build", "../x"]).exits(2);
    assert!(ran.stderr.contains("../x"), "{}", ran.stderr);
}

#[test]
fn a_script_edited_under_rendered_is_refused() {
    let world = World::new(everybody()[0]);
    world.genpkg(&["render"]).ok();
    let path = world.path("project/rendered/word.sh");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text + "echo edited\n").unwrap();
    let ran = world.pthbs(&["build", "word"]).exits(2);
    assert!(ran.stderr.contains("is not the script that was rendered"), "{}", ran.stderr);
    assert!(ran.stderr.contains("`genpkg render` restores it"), "{}", ran.stderr);
}

#[test]
fn a_store_that_cannot_be_used_is_named() {
    let world = World::new(everybody()[0]);
    std::fs::write(world.path("file"), "").unwrap();
    let file = world.path("file");
    let ran = world.pthbs(&["build", "--root", &file.display().to_string(), "word"]).exits(2);
    assert!(ran.stderr.contains("WORLD/file"), "{}", ran.stderr);
}

#[test]
fn without_user_namespaces_the_cause_and_the_cure_are_named() {
    // The last one is an ordinary user: root's limit is that of the whole machine.
    let who = *everybody().last().unwrap();
    let world = World::new(who);
    world.genpkg(&["render"]).ok();
    // A namespace in which no further one may be made: the failure is the kernel's own.
    let script = "echo 0 >/proc/sys/user/max_user_namespaces && exec \"$@\"";
    let Some(ran) = world.in_user_namespace(script, "pthbs", &["build", "word"]) else {
        println!("SKIPPED: unshare is not installed");
        return;
    };
    let ran = ran.exits(125);
    assert!(ran.stderr.contains("user.max_user_namespaces"), "{}", ran.stderr);
    assert!(ran.stderr.contains("hint:"), "{}", ran.stderr);
}

#[test]
fn a_text_that_would_take_all_memory_ends_the_rendering_and_writes_nothing() {
    let world = World::new(everybody()[0]);
    world.genpkg(&["render"]).ok();
    let index = std::fs::read(world.path("project/rendered/index")).unwrap();
    let doubled =
        "{% set _s = namespace(t=\"x\") %}{% for _i in range(60) %}{% set _s.t = _s.t ~ _s.t %}{% endfor %}";
    world.write("packages/bad/package.sh", &definition(doubled));
    // `pthbs build` renders what has changed before it builds.
    for ran in [world.genpkg(&["render"]), world.pthbs(&["build", "word"])] {
        let shown = "error: rendering takes more than 2 GiB of memory\n  while rendering: bad\n";
        let ran = ran.exits(2);
        assert!(ran.stderr.starts_with(shown), "{}", ran.stderr);
        assert_eq!(std::fs::read(world.path("project/rendered/index")).unwrap(), index);
    }
}

#[test]
fn a_definition_that_may_not_be_read_is_named_and_nothing_is_written() {
    use std::os::unix::fs::PermissionsExt;
    for who in everybody() {
        let world = World::new(who);
        world.genpkg(&["render"]).ok();
        let index = std::fs::read(world.path("project/rendered/index")).unwrap();
        let text = definition("{% do patch(\"closed.patch\") %}");
        world.write("packages/bad/package.sh", &text);
        world.write("packages/bad/closed.patch", "");
        let close = |path: &str, mode| {
            let path = world.path(&format!("project/packages/bad/{path}"));
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        close("closed.patch", 0);
        // Nothing is closed to root.
        let may_read = std::fs::File::open(world.path("project/packages/bad/closed.patch")).is_ok();
        if may_read && who == Who::Caller {
            continue;
        }
        let ran = world.genpkg(&["render"]).exits(2);
        assert!(ran.stderr.contains("closed.patch`: Permission denied\n"), "{}", ran.stderr);
        assert!(
            ran.stderr.contains("  where: packages/bad/package.sh:4\n  4 | {% do patch"),
            "{}",
            ran.stderr
        );
        close("package.sh", 0);
        let ran = world.genpkg(&["render"]).exits(2);
        assert!(ran.stderr.starts_with("error: cannot read `"), "{}", ran.stderr);
        assert!(ran.stderr.ends_with("packages/bad/package.sh`: Permission denied\n"), "{}", ran.stderr);
        assert_eq!(std::fs::read(world.path("project/rendered/index")).unwrap(), index);
    }
}
