//! Several runs on one store at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use pthbs::base::event::Event;
use pthbs::build::{Options, Stop};

use crate::world::{Uses, World, expect_good};
use crate::{Case, Checked};

pub(crate) const CASES: &[Case] =
    &[("runs that want the same build it once, and the others wait and say so", once)];

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
