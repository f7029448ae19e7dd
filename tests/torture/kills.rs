//! `kill -9` at random moments of a build of several packages: what was finished stays, and the same command ends well.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::packages;
use crate::world::{World, everybody};

#[test]
fn kill_9_at_random_moments_loses_nothing() {
    for who in everybody() {
        let world = World::new(who);
        packages::write_four(&world);
        world.genpkg(&["render"]).ok();
        let begun = Instant::now();
        world.pthbs(&["build", "top"]).ok();
        let usual = begun.elapsed();
        let expected = packages::content(&world, "store");
        assert_eq!(expected.len(), 24);

        for round in 0..crate::rounds(4, 100) {
            let store = format!("home/store-{round}");
            let [option, root] = packages::root(&world, &store);
            let build = [&option, &root, "build", "top"].map(|word| word as &str);
            // Sometimes twice: what a first kill left behind is in the way of the second try.
            for _ in 0..1 + round % 2 {
                let pause = Duration::from_micros(crate::random(usual.as_micros() as u64 * 11 / 10));
                let mut command = world.command("pthbs", &build);
                let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
                std::thread::sleep(pause);
                child.kill().unwrap();
                child.wait().unwrap();
                if world.path(&format!("{store}/versions")).is_dir() {
                    packages::assert_sound(&world, &store, &format!("{who:?} killed after {pause:?}"));
                }
            }
            world.pthbs(&build).ok();
            packages::assert_sound(&world, &store, "built again");
            assert_eq!(packages::content(&world, &store), expected, "{who:?}, round {round}");
            // A build that finds everything there has no reason to sweep.
            world.pthbs(&[&option, &root, "gc"]).ok();
            assert_eq!(packages::leftovers(&world, &store), [""; 0], "{who:?}, round {round}");
        }
    }
}
