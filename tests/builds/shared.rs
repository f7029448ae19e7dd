//! Several runs on one store at once, and several builds under one jobserver.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use pthbs::base::event::Event;
use pthbs::build::{Options, Part, Stop};

use crate::world::{Uses, World, expect_good};
use crate::{Case, Checked};

pub(crate) const CASES: &[Case] = &[
    ("runs that want the same build it once, and the others wait and say so", once),
    ("two builds with make never have more jobs than one may have", jobs),
    ("without the jobserver each build has all jobs for itself", without),
];

fn once(world: &World<'_>) -> Checked {
    // Long enough for the others to meet it; what is asserted does not depend on it.
    let base = world.script("base", "sleep 1; : > $out/x");
    let uses = Uses { deps: &[&base], ..Uses::default() };
    let users: Vec<_> = (0..4).map(|n| world.script_with(&format!("user{n}"), &uses, ": > $out/x")).collect();
    let built = Arc::new(AtomicUsize::new(0));
    let waited = Arc::new(Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for user in &users {
            let (built, waited) = (Arc::clone(&built), Arc::clone(&waited));
            let sink = move |event: &Event| match event {
                Event::Built { name, .. } if name == "base" => drop(built.fetch_add(1, Ordering::SeqCst)),
                Event::BuildWaits { holder, .. } => waited.lock().unwrap().push(holder.clone()),
                _ => {}
            };
            scope.spawn(move || {
                let options = Options { jobs: 2, builds: 2, ..Options::default() };
                let summary = world.build_telling(&[user], options, &Stop::default(), sink);
                expect_good(&summary);
                assert_eq!(summary.built.len() + summary.kept.len(), 2);
            });
        }
    });
    assert_eq!(built.load(Ordering::SeqCst), 1);
    let us = format!("process {}", std::process::id());
    assert!(waited.lock().unwrap().iter().all(|holder| *holder == us || holder == "another process"));
    assert_eq!(world.leftovers(), [""; 0]);
    Ok(())
}

/// Twelve jobs in each of two sandboxes; each notes when it began and ended, by the one clock that both see.
fn jobs(world: &World<'_>) -> Checked {
    let body = r#"cd $tmp
cat > Makefile <<'EOF'
jobs = 1 2 3 4 5 6 7 8 9 10 11 12
all: $(jobs)
$(jobs): ; @date +'%s%N +' > $@; sleep 0.1; date +'%s%N -' >> $@
EOF
make
cat 1 2 3 4 5 6 7 8 9 10 11 12 > $out/marks"#;
    let [a, b] = ["a", "b"].map(|name| world.script(name, body));
    let options = Options { jobs: 3, builds: 2, ..Options::default() };
    let summary = world.build_with(&[&a, &b], options, &Stop::default());
    if summary.error().is_some_and(|error| error.to_string().contains("make: not found")) {
        return Err("no make here".into());
    }
    expect_good(&summary);
    let text = world.text(&a, "marks") + &world.text(&b, "marks");
    let mark = |line: &str| {
        let (time, kind) = line.split_once(' ').unwrap();
        (time.parse::<u64>().unwrap(), if kind == "+" { 1 } else { -1 })
    };
    let mut marks: Vec<(u64, i32)> = text.lines().map(mark).collect();
    assert_eq!(marks.len(), 48);
    // Of one moment the end first: what was noted is inside of what happened.
    marks.sort_unstable();
    let running = marks.iter().scan(0, |running, (_, change)| {
        *running += change;
        Some(*running)
    });
    assert!(running.max() <= Some(3), "{marks:?}");
    assert_eq!(world.leftovers(), [""; 0]);
    Ok(())
}

fn without(world: &World<'_>) -> Checked {
    let x = world.script("x", "echo \"$MAKEFLAGS\" > $out/flags");
    let options = Options { jobs: 3, without: [Part::Jobserver, Part::Order].into(), ..Options::default() };
    expect_good(&world.build_with(&[&x], options, &Stop::default()));
    assert_eq!(world.text(&x, "flags"), "-j3\n");
    Ok(())
}
