//! What is left when pthbs is killed, and when several run at once.

use std::process::Stdio;
use std::time::Duration;

use crate::world::{Who, World, everybody};

/// Packages that take a moment each, in two branches that join.
fn slow_packages(world: &World) {
    let definition = |needs: &str| {
        format!(
            "{{% extends \"plain\" %}}\n{{% set version = \"1\" %}}\n{{% set sandbox = \"host\" %}}\n{needs}\n{{% block build %}}\n\
             \tfor n in 1 2 3 4 5 6 7 8; do mkdir -p \"$out/d$n\"; echo \"$n\" >\"$out/d$n/file\"; sleep 0.02; done\n{{% endblock %}}\n"
        )
    };
    world.write("packages/one/package.sh", &definition(""));
    world.write("packages/two/package.sh", &definition(""));
    world.write(
        "packages/three/package.sh",
        &definition("{% set _a = dep(\"one\") %}\n{% set _b = dep(\"two\") %}"),
    );
}

/// Everything an install holds, by name and bytes.
fn content(world: &World) -> Vec<(String, Vec<u8>)> {
    let files = world.files_below("store/versions").into_iter();
    files
        .map(|file| (file.clone(), std::fs::read(world.path("store/versions").join(file)).unwrap()))
        .collect()
}

#[test]
fn kill_9_at_any_moment_and_the_same_command_again_ends_with_a_good_install() {
    let reference = World::new(Who::Caller);
    slow_packages(&reference);
    reference.pthbs(&["build", "three"]).ok();
    let expected = content(&reference);
    assert_eq!(expected.len(), 24);

    for who in everybody() {
        for moment in 0..20_u64 {
            let world = World::new(who);
            slow_packages(&world);
            world.genpkg(&["render"]).ok();
            // From before the first fork to after the last publish: a whole build takes about half a second.
            let pause = Duration::from_millis(moment * moment * 2 + moment % 7);
            let mut child = world
                .command("pthbs", &["build", "three"])
                .stderr(Stdio::null())
                .stdout(Stdio::null())
                .spawn()
                .unwrap();
            std::thread::sleep(pause);
            child.kill().unwrap();
            child.wait().unwrap();

            world.pthbs(&["build", "three"]).ok();
            assert_eq!(content(&world), expected, "killed after {pause:?} as {who:?}");
            assert_eq!(
                world.files_below("store/tmp"),
                Vec::<String>::new(),
                "killed after {pause:?} as {who:?}"
            );
        }
    }
}

#[test]
fn several_at_once_build_each_script_once() {
    for who in everybody() {
        let world = World::new(who);
        slow_packages(&world);
        world.genpkg(&["render"]).ok();
        let children: Vec<_> = (0..4)
            .map(|_| {
                let mut command = world.command("pthbs", &["build", "three"]);
                command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
            })
            .collect();
        let ran: Vec<_> =
            children.into_iter().map(|child| world.ran(child.wait_with_output().unwrap()).ok()).collect();
        assert!(ran.iter().all(|one| one.stdout == ran[0].stdout));
        let built: usize =
            ran.iter().map(|ran| ran.stderr.lines().filter(|line| line.starts_with("built ")).count()).sum();
        assert_eq!(built, 3, "{ran:?}");
    }
}

#[test]
fn a_render_that_is_killed_leaves_a_whole_index_and_the_next_one_sweeps() {
    let world = World::new(Who::Caller);
    for number in 0..400 {
        let definition = format!(
            "{{% extends \"plain\" %}}\n{{% set version = \"{number}\" %}}\n{{% block build %}}\n\ttrue\n{{% endblock %}}\n"
        );
        world.write(&format!("packages/p{number}/package.sh"), &definition);
    }
    let template = std::fs::read_to_string(world.path("project/templates/plain.sh")).unwrap();
    let rendered = world.path("project/rendered");
    for round in 0..12_u64 {
        if round % 4 == 0 {
            let _ = std::fs::remove_dir_all(&rendered);
        }
        world.write("templates/plain.sh", &format!("{template}: {round}\n"));
        let mut child = world.command("genpkg", &["render"]).stderr(Stdio::null()).spawn().unwrap();
        while !rendered.join(".writing").exists() && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(200));
        }
        std::thread::sleep(Duration::from_millis(round));
        child.kill().unwrap();
        child.wait().unwrap();

        // Whatever the moment: a script that the index names is whole, and of the old bytes or the new.
        let index = std::fs::read_to_string(rendered.join("index")).unwrap_or_default();
        for label in index.lines().filter_map(|line| line.split_once('\t')).map(|(label, _)| label) {
            let text = std::fs::read_to_string(rendered.join(format!("{label}.sh"))).unwrap();
            let last = text.lines().last().unwrap();
            assert!(
                [round, round.saturating_sub(1)].iter().any(|n| last == format!(": {n}")),
                "{label}: {last}"
            );
        }

        world.genpkg(&["render"]).ok();
        let names = std::fs::read_dir(&rendered).unwrap().map(|entry| entry.unwrap().file_name());
        let hidden: Vec<_> = names.filter(|name| name.to_string_lossy().starts_with('.')).collect();
        assert_eq!(hidden, [".stamp"]);
        world.genpkg(&["render", "--check", rendered.to_str().unwrap()]).ok();
    }
}
