//! What a failed build stops, what it does not, and what is told of it.

use crate::world::{Ran, World, everybody};

fn definition(more: &str, body: &str) -> String {
    format!(
        "{{% extends \"plain\" %}}\n{{% set version = \"1\" %}}\n{{% set sandbox = \"host\" %}}\n{more}\n\
         {{% block build %}}\n{body}\n{{% endblock %}}\n"
    )
}

/// `bad` fails; `user` needs it and `further` needs that; `good` needs nothing. By the longest way to the end `bad` is first.
fn world(who: crate::world::Who) -> World {
    let world = World::new(who);
    let body = "\tfor n in 1 2 3 4 5 6 7 8 9 10 11 12; do echo line $n; done\n\texit 3";
    world.write("packages/bad/package.sh", &definition("", body));
    world.write("packages/user/package.sh", &definition("{% set _a = dep(\"bad\") %}", "\ttrue"));
    world.write("packages/further/package.sh", &definition("{% set _a = dep(\"user\") %}", "\ttrue"));
    world.write("packages/good/package.sh", &definition("", "\t: >\"$out/x\""));
    world.genpkg(&["render"]).ok();
    world
}

fn expect_the_failure_is_told(ran: &Ran) {
    let lines: String = (3..=12).map(|n| format!("  | line {n}\n")).collect();
    let told =
        format!("error: build of `bad` failed in phase `build` (exit 3)\n{lines}  log: WORLD/store/log/bad.");
    assert!(ran.stderr.contains(&told), "{}", ran.stderr);
    for told in [
        "\n  hint: `pthbs shell --failed bad` opens the sandbox as the script left it\n",
        "\n  not built because of it: user, further\n",
    ] {
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
    }
    assert_eq!(ran.stdout, "");
}

#[test]
fn a_failure_keeps_back_what_needs_it_and_is_told_with_all_that_helps() {
    for who in everybody() {
        let world = world(who);
        let ran = world.pthbs(&["build", "-j1", "further", "good"]).exits(1);
        expect_the_failure_is_told(&ran);
        assert!(ran.stderr.contains("\nbuilt    good "), "{}", ran.stderr);
        assert!(ran.stderr.contains("\n1 built, 1 failed, 2 not built in "), "{}", ran.stderr);
        // The command that is named works.
        let shell = world.pthbs(&["shell", "--failed", "bad", "--", "sh", "-c", "pwd"]).ok();
        assert_eq!(shell.stdout, "/build\n");
        // Nothing of it is remembered: it is tried again, and what is mended is built.
        expect_the_failure_is_told(&world.pthbs(&["build", "further", "good"]).exits(1));
        world.write("packages/bad/package.sh", &definition("", "\ttrue"));
        let ran = world.pthbs(&["build", "further"]).ok();
        assert!(ran.stderr.contains("\n3 built in "), "{}", ran.stderr);
    }
}

#[test]
fn with_fail_fast_nothing_more_is_begun() {
    let world = world(everybody()[0]);
    let ran = world.pthbs(&["build", "-j1", "--fail-fast", "further", "good"]).exits(1);
    expect_the_failure_is_told(&ran);
    assert!(!ran.stderr.contains("built    good"), "{}", ran.stderr);
    assert!(ran.stderr.contains("\n1 failed, 3 not built in "), "{}", ran.stderr);
    // What was not begun is no failure: it is simply still to be done.
    world.pthbs(&["build", "good"]).ok();
}
