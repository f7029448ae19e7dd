//! Many processes at once on one store.

use std::process::Stdio;

use crate::packages;
use crate::world::{World, everybody};

#[test]
fn twenty_processes_build_check_and_collect_in_one_store() {
    for who in everybody() {
        let world = World::new(who);
        packages::write_four(&world);
        world.genpkg(&["render"]).ok();
        // A store must be there to be looked at.
        world.pthbs(&["build", "left"]).ok();
        let tasks: [&[&str]; 5] =
            [&["build", "top"], &["build", "middle", "right"], &["switch", "top"], &["check"], &["gc"]];
        let children: Vec<_> = (0..20)
            .map(|number| {
                let task = tasks[number % tasks.len()];
                let mut command = world.command("pthbs", task);
                (task, command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
            })
            .collect();
        let mut built = 0;
        for (task, child) in children {
            let ran = world.ran(child.wait_with_output().unwrap());
            assert_eq!(ran.code, Some(0), "{who:?} {task:?}: {ran:?}");
            built += ran.stderr.lines().filter(|line| line.starts_with("built ")).count();
        }
        assert_eq!(built, 3, "each script is built once: {who:?}");
        packages::assert_sound(&world, "store", "after the crowd");
        assert_eq!(packages::leftovers(&world, "store"), [""; 0]);
        world.pthbs(&["build", "top"]).ok();
    }
}
