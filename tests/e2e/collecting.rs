//! Collecting garbage: what is needed stays, what is not goes, and both can be explained.

use crate::world::{World, everybody};

/// Forgets what was asked for, as seven days do.
fn forget(world: &World) {
    let _ = std::fs::remove_dir_all(world.path("store/profile/.asked"));
}

fn there(world: &World) -> Vec<String> {
    let entries = std::fs::read_dir(world.path("store/versions")).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "current")
        .map(|name| name.split('.').next().unwrap().to_string())
        .collect();
    names.sort();
    names
}

/// `top`, which is built with `compiler` and uses nothing of it, and `other`.
fn packages(world: &World) {
    let definition = |uses: &str| {
        format!(
            "{{% extends \"plain\" %}}\n{{% set version = \"1\" %}}\n{{% set sandbox = \"host\" %}}\n{uses}\n{{% block build %}}\n\
             \tmkdir -p \"$out/bin\"; echo x >\"$out/bin/{{{{ name }}}}\"\n{{% endblock %}}\n"
        )
    };
    world.write("packages/compiler/package.sh", &definition(""));
    world.write("packages/top/package.sh", &definition("{% set _c = tool(\"compiler\") %}"));
    world.write("packages/other/package.sh", &definition(""));
}

#[test]
fn after_a_switch_a_collection_leaves_the_toolchain_and_takes_the_rest() {
    for who in everybody() {
        let world = World::new(who);
        packages(&world);
        world.pthbs(&["build", "other"]).ok();
        world.pthbs(&["switch", "top"]).ok();
        world.pthbs(&["gc"]).ok();
        assert_eq!(
            there(&world),
            ["compiler", "env", "other", "top"],
            "what was asked for stays for a while"
        );
        forget(&world);

        let dry = world.pthbs(&["gc", "--dry-run"]).ok();
        assert!(dry.stdout.starts_with("other.") && dry.stdout.lines().count() == 1, "{dry:?}");
        assert_eq!(there(&world).len(), 4);
        assert_eq!(world.pthbs(&["gc", "--older-than", "1d"]).ok().stdout, "");
        let gone = world.pthbs(&["gc"]).ok();
        assert_eq!(gone.stdout, dry.stdout);
        assert_eq!(there(&world), ["compiler", "env", "top"]);

        let why = world.pthbs(&["roots", "compiler"]).ok().stdout;
        assert!(why.contains("profile default:1: env."), "{why}");
        assert!(why.lines().any(|line| line.starts_with("tool of top in the index: compiler.")), "{why}");
        assert!(world.pthbs(&["roots"]).ok().stdout.starts_with("profile default:1: env."));

        world.pthbs(&["gc", "--deep"]).ok();
        assert_eq!(there(&world), ["env", "top"]);
        world.pthbs(&["check"]).ok();
        assert_eq!(
            world.files_below("store/meta").iter().filter(|file| file.starts_with("other")).count(),
            0
        );
    }
}

#[test]
fn a_pin_keeps_and_delete_refuses_what_is_kept_or_used() {
    for who in everybody() {
        let world = World::new(who);
        world.pthbs(&["build", "sentence"]).ok();
        packages(&world);
        world.pthbs(&["build", "other"]).ok();
        forget(&world);
        world.pthbs(&["pin", "other"]).ok();
        assert!(world.pthbs(&["pin"]).ok().stdout.starts_with("other."));
        // `sentence` goes; `word` is a dep of a script in the index.
        world.pthbs(&["gc"]).ok();
        assert_eq!(there(&world), ["other", "word"]);
        let refused = world.pthbs(&["delete", "other"]).exits(1);
        assert!(refused.stderr.contains("is kept by pin"), "{refused:?}");
        world.pthbs(&["pin", "--delete", "other"]).ok();
        world.pthbs(&["delete", "other"]).ok();
        assert_eq!(there(&world), ["word"]);

        world.pthbs(&["build", "sentence"]).ok();
        let refused = world.pthbs(&["delete", "word"]).exits(1);
        assert!(refused.stderr.contains("is used\n  by: sentence."), "{refused:?}");
        world.pthbs(&["delete", "--force", "word"]).ok();
        let dangling = world.pthbs(&["check"]).exits(1);
        assert!(dangling.stdout.contains("uses word."), "{dangling:?}");
    }
}
