//! Profiles: what generations there are, what is refused, who waits for whom, and what a kill leaves.

use std::process::{Child, Command};
use std::time::Duration;

use super::super::fake::{Package, Scratch, file, store_in};
use super::super::make::make;
use super::*;
use crate::script::InstallId;

/// A store with environments of one package each, which differ in what `bin/x` says.
fn environments() -> (Scratch, Store, Vec<(EnvironmentId, Wish)>) {
    environments_in(&std::env::temp_dir())
}

fn environments_in(place: &Path) -> (Scratch, Store, Vec<(EnvironmentId, Wish)>) {
    let (dir, store) = store_in(place);
    let environment = |(name, text): (&'static str, &str)| {
        let install = Package::new(name).entry("bin/x", file(text)).publish(&store);
        (make(&store, &[install.clone()].into()).unwrap(), wish(name, &install))
    };
    let all = [("a", "one"), ("b", "two"), ("c", "three")].map(environment).into();
    (dir, store, all)
}

fn wish(name: &str, install: &InstallId) -> Wish {
    Wish { asked: [(name.to_string(), install.clone())].into(), ..Wish::default() }
}

fn home(store: &Store) -> Profile {
    Profile::open(store, &"home".parse().unwrap())
}

/// What a reader finds through the profile.
fn seen(profile: &Profile) -> String {
    fs::read_to_string(profile.link().join("bin/x")).unwrap()
}

/// The names in a profile's directory, sorted.
fn names(profile: &Profile) -> Vec<String> {
    let mut names = names_in(&profile.dir).unwrap();
    names.sort();
    names
}

fn numbers(profile: &Profile) -> Vec<u64> {
    profile.history().unwrap().iter().map(|generation| generation.number).collect()
}

#[test]
fn a_switch_makes_a_generation_and_a_rollback_goes_to_its_parent() {
    let (_dir, store, envs) = environments();
    let profile = home(&store);
    assert_eq!(profile.current().unwrap(), None);
    assert_eq!(Profile::list(&store).unwrap(), []);
    for (number, (env, wish)) in envs.iter().enumerate() {
        let from = Some(number as u64).filter(|from| *from > 0);
        assert_eq!(profile.switch(*env, wish).unwrap(), Switched { from, to: number as u64 + 1 });
    }
    assert_eq!(seen(&profile), "three");
    assert_eq!(names(&profile), ["1", "1.json", "2", "2.json", "3", "3.json", "current"]);
    assert_eq!(fs::read_link(profile.link()).unwrap(), Path::new("3"));
    assert_eq!(
        fs::read_link(profile.dir.join("3")).unwrap(),
        Path::new(&format!("../../versions/{}", envs[2].0))
    );
    assert_eq!(Profile::list(&store).unwrap(), ["home".parse().unwrap()]);

    assert_eq!(profile.rollback(None).unwrap(), Switched { from: Some(3), to: 2 });
    assert_eq!(seen(&profile), "two");
    // A generation made after a rollback comes from where the profile was, with a number of its own.
    assert_eq!(profile.switch(envs[0].0, &envs[0].1).unwrap(), Switched { from: Some(2), to: 4 });
    assert_eq!(profile.rollback(None).unwrap().to, 2);
    assert_eq!(profile.rollback(None).unwrap().to, 1);
    assert_eq!(profile.rollback(Some(3)).unwrap(), Switched { from: Some(1), to: 3 });
    assert_eq!(seen(&profile), "three");
    let history = profile.history().unwrap();
    let parents: Vec<_> = history.iter().map(|generation| generation.record.parent).collect();
    assert_eq!(parents, [None, Some(1), Some(2), Some(2)]);
    assert_eq!(history[1].record.wish, envs[1].1);
    assert_eq!(profile.current().unwrap().unwrap(), history[2]);
}

#[test]
fn a_switch_to_what_is_current_makes_no_generation() {
    let (_dir, store, envs) = environments();
    let profile = home(&store);
    profile.switch(envs[0].0, &envs[0].1).unwrap();
    let again = profile.switch(envs[0].0, &envs[0].1).unwrap();
    assert!(!again.is_change());
    assert_eq!(again, Switched { from: Some(1), to: 1 });
    assert!(!profile.rollback(Some(1)).unwrap().is_change());
    // The same content, asked for otherwise, is noted; not asked for, it is not.
    for wish in [&envs[1].1, &Wish::default()] {
        assert!(!profile.switch(envs[0].0, wish).unwrap().is_change());
        assert_eq!(profile.current().unwrap().unwrap().record.wish, envs[1].1);
    }
    assert_eq!(numbers(&profile), [1]);
}

#[test]
fn a_switch_from_what_was_found_does_not_undo_what_another_has_done() {
    let (_dir, store, envs) = environments();
    let profile = home(&store);
    let switched = profile.switch_from(None, envs[0].0, &envs[0].1).unwrap();
    assert_eq!(switched, Some(Switched { from: None, to: 1 }));
    let found = profile.current().unwrap();
    profile.switch(envs[1].0, &envs[1].1).unwrap();
    assert_eq!(profile.switch_from(found.as_ref(), envs[2].0, &envs[2].1).unwrap(), None);
    assert_eq!((seen(&profile).as_str(), numbers(&profile)), ("two", vec![1, 2]));
    let found = profile.current().unwrap();
    // The same environment, but asked for otherwise.
    profile.switch(envs[1].0, &envs[2].1).unwrap();
    assert_eq!(profile.switch_from(found.as_ref(), envs[2].0, &envs[2].1).unwrap(), None);
    let found = profile.current().unwrap();
    let switched = profile.switch_from(found.as_ref(), envs[2].0, &envs[2].1).unwrap();
    assert_eq!(switched, Some(Switched { from: Some(2), to: 3 }));
}

#[test]
fn what_cannot_be_done_says_why() {
    let (_dir, store, envs) = environments();
    let profile = home(&store);
    assert_eq!(profile.rollback(None).unwrap_err().what(), "profile `home` has no generation yet");
    let absent = EnvironmentId(crate::base::Sha256::of(b""));
    assert!(profile.switch(absent, &Wish::default()).unwrap_err().what().ends_with("is not in the store"));
    assert!(!profile.dir.exists());
    profile.switch(envs[0].0, &envs[0].1).unwrap();
    assert_eq!(profile.rollback(None).unwrap_err().what(), "generation 1 of profile `home` has no parent");
    assert_eq!(profile.rollback(Some(7)).unwrap_err().what(), "profile `home` has no generation 7");
    for name in ["", "../x", ".home", "a/b", "A", "env"] {
        assert!(
            name.parse::<ProfileName>().unwrap_err().what().ends_with("is not a profile's name"),
            "{name}"
        );
    }
    fs::write(profile.dir.join("1.json"), "{").unwrap();
    assert!(profile.history().unwrap_err().to_string().contains("1.json` is damaged\n  EOF"));
}

#[test]
fn generations_and_profiles_can_be_forgotten() {
    let (_dir, store, envs) = environments();
    let profile = home(&store);
    for (env, wish) in &envs {
        profile.switch(*env, wish).unwrap();
    }
    assert_eq!(profile.forget(&[1, 3]).unwrap_err().what(), "generation 3 of `home` is current");
    profile.forget(&[1]).unwrap();
    assert_eq!(names(&profile), ["2", "2.json", "3", "3.json", "current"]);
    assert!(profile.forget(&[1]).unwrap_err().what().contains("has no generation 1"));
    profile.delete().unwrap();
    assert_eq!(Profile::list(&store).unwrap(), []);
    let mut left = names_in(&store.profiles()).unwrap();
    left.sort();
    assert_eq!(left, [".asked", ".made"], "making the environments left notes");
    assert_eq!(profile.delete().unwrap_err().what(), "there is no profile `home`");
}

#[test]
fn an_unfinished_switch_does_not_count_and_is_cleared_away() {
    let (_dir, store, envs) = environments();
    let profile = home(&store);
    profile.switch(envs[0].0, &envs[0].1).unwrap();
    let record = fs::read(profile.dir.join("1.json")).unwrap();
    let left: [&dyn Fn(); 4] = [
        &|| profile.make_link(NEXT, "2").unwrap(),
        &|| fs::write(profile.dir.join("2.json"), &record).unwrap(),
        &|| profile.make_link("2", &format!("../../versions/{}", envs[1].0)).unwrap(),
        &|| profile.make_link(BACK, "1").unwrap(),
    ];
    for steps in 1..=left.len() {
        left[..steps].iter().for_each(|step| step());
        assert_eq!(numbers(&profile), [1], "after {steps} steps");
        assert_eq!(seen(&profile), "one");
        assert!(!profile.rollback(Some(1)).unwrap().is_change());
        assert_eq!(names(&profile), ["1", "1.json", "current"]);
    }
}

#[test]
fn switchers_take_turns() {
    let (_dir, store, envs) = environments();
    std::thread::scope(|scope| {
        for (env, wish) in &envs {
            let store = &store;
            scope.spawn(move || {
                for _ in 0..20 {
                    home(store).switch(*env, wish).unwrap();
                }
            });
        }
    });
    let history = home(&store).history().unwrap();
    for (before, after) in history.iter().zip(&history[1..]) {
        assert_eq!(after.number, before.number + 1);
        assert_eq!(after.record.parent, Some(before.number));
        assert_ne!(after.environment, before.environment);
    }
}

/// Names the store to the child of the next test.
const CHILD: &str = "PTHBS_TEST_SWITCHER";

#[test]
#[ignore = "the child that the next test kills; it does not end by itself"]
fn a_child_that_switches_until_it_is_killed() {
    let Some(root) = std::env::var_os(CHILD) else { return };
    let store = Store::open(Path::new(&root)).unwrap();
    let profile = home(&store);
    let envs = store.items().unwrap().into_iter().filter_map(|item| match item {
        Item::Environment(env) => Some(env),
        Item::Install(_) => None,
    });
    for (round, env) in envs.collect::<Vec<_>>().iter().cycle().enumerate() {
        let switched = profile.switch(*env, &Wish::default()).unwrap();
        if round % 4 == 3 {
            profile.rollback(switched.from).unwrap();
        }
    }
}

/// Kills the child, whatever becomes of the test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

// A failure means that a power cut or an impatient user can leave a machine without its programs.
#[test]
fn a_killed_switch_leaves_the_old_or_the_new_generation() {
    let (_dir, store, envs) = environments();
    let profile = home(&store);
    profile.switch(envs[0].0, &envs[0].1).unwrap();
    let mut last = 1;
    for round in 0..20 {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "environment::profile::tests::a_child_that_switches_until_it_is_killed"])
            .args(["--ignored", "--quiet"])
            .env(CHILD, store.root())
            .stdout(std::process::Stdio::null())
            .spawn();
        let mut child = Killed(child.unwrap());
        // It is killed at work: not before its first switch, and then anywhere.
        let begun = profile.current_number().unwrap();
        while profile.current_number().unwrap() == begun {
            assert!(child.0.try_wait().unwrap().is_none(), "the child has ended by itself");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_micros(round * 1777 % 20_000));
        drop(child);

        assert!(["one", "two", "three"].contains(&seen(&profile).as_str()));
        let current = profile.current().unwrap().unwrap();
        let kept = numbers(&profile);
        assert!(kept.contains(&current.number));
        assert!(
            kept.iter().copied().eq(1..=*kept.last().unwrap()),
            "a number is missing or was not finished"
        );
        assert!(*kept.last().unwrap() >= last, "a finished generation was lost");
        last = *kept.last().unwrap();
    }
    profile.switch(envs[1].0, &envs[1].1).unwrap();
    let allowed = |name: &String| name == CURRENT || name.trim_end_matches(".json").parse::<u64>().is_ok();
    // A killed child may leave the copy of a record that it was writing; the next record is written over it.
    assert!(names(&profile).iter().all(|name| allowed(name) || name == ".record"));
}
