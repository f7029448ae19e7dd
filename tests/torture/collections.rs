//! Collections of garbage beside builds: what a build is about to use is never removed.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::packages;
use crate::world::{World, everybody};

/// Each round builds a package that nobody has built, with one tool that every deep collection removes when no build uses it.
#[test]
fn builds_never_miss_what_a_collection_removes() {
    for who in everybody() {
        let rounds = crate::rounds(12, 200);
        let world = World::new(who);
        packages::write(&world, "compiler", "", "true");
        for round in 0..rounds {
            let uses = "{% set _t = tool(\"compiler\") %}";
            packages::write(&world, &format!("top-{round}"), uses, "true");
        }
        world.genpkg(&["render"]).ok();
        world.pthbs(&["build", "compiler"]).ok();

        let (is_over, mut removed) = (AtomicBool::new(false), 0);
        std::thread::scope(|scope| {
            let collector = scope.spawn(|| {
                let mut removed = 0;
                while !is_over.load(Ordering::Relaxed) {
                    // What was asked for is kept for days: without that, only use protects.
                    let _ = std::fs::remove_file(asked(&world, "compiler"));
                    let gone = world.pthbs(&["gc", "--deep"]).ok();
                    removed += gone.stdout.lines().filter(|line| line.starts_with("compiler.")).count();
                }
                removed
            });
            for round in 0..rounds {
                let name = format!("top-{round}");
                let mut command = world.command("pthbs", &["build", &name]);
                let built = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
                let built = world.ran(built);
                assert_eq!(built.code, Some(0), "{who:?}, round {round}: {built:?}");
                let path = built.stdout.trim().replace("WORLD/", "");
                assert!(world.path(&path).join("d5/file").is_file(), "{who:?}, round {round}");
            }
            is_over.store(true, Ordering::Relaxed);
            removed = collector.join().unwrap();
        });
        assert!(removed > 0, "no collection came between two builds: the test shows nothing");
        packages::assert_sound(&world, "store", "after all collections");
        assert_eq!(packages::leftovers(&world, "store"), [""; 0]);
    }
}

/// The note that says when something was asked for.
fn asked(world: &World, name: &str) -> std::path::PathBuf {
    let dir = world.path("store/profile/.asked");
    let start = format!("{name}.");
    let entries = std::fs::read_dir(&dir).into_iter().flatten().flatten();
    let note = entries
        .map(|entry| entry.path())
        .find(|path| path.file_name().is_some_and(|found| found.to_string_lossy().starts_with(&start)));
    note.unwrap_or(dir.join("none"))
}
