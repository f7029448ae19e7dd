//! Kills processes at random moments of their work on a store, and looks at what is left.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::testing::{self, Tree};
use super::{Item, Staging, Store};

/// Tells the child where its store is.
const STORE: &str = "PTHBS_TEST_KILLED_STORE";
const NAMES: [&str; 4] = ["a", "b", "c", "d"];

fn random(below: u64) -> u64 {
    RandomState::new().hash_one(0) % below
}

fn tree(name: &str) -> Tree {
    let tree = Tree::of(name);
    for number in 0..12 {
        tree.file(&format!("share/{number}"), 0o644, format!("{name} {number}").repeat(200));
    }
    tree
}

/// The work of the process that is killed: it never ends by itself.
#[test]
#[ignore = "is the child of `kills_lose_nothing`"]
fn works_until_it_is_killed() {
    let Some(root) = std::env::var_os(STORE) else { return };
    let store = Store::open(root.as_ref()).unwrap();
    loop {
        let item = testing::item(NAMES[random(4) as usize]);
        let _lock = store.lock(&item).unwrap();
        match random(8) {
            0..4 => {
                let Item::Install(id) = &item else { unreachable!("only installs are made here") };
                tree(id.name.as_str()).publish(&store);
            }
            4..6 => store.remove(&item).unwrap(),
            6 => store.sweep().unwrap(),
            _ => drop(Staging::new(&store, &item).unwrap().keep().unwrap()),
        }
    }
}

/// Every item that is there is whole, and a sweep leaves nothing else; gives how many items there are.
fn verify(store: &Store) -> usize {
    for item in store.items().unwrap() {
        assert_eq!(store.check(&item).unwrap(), [], "{item}");
    }
    store.sweep().unwrap();
    let names = |dir: &str| -> Vec<String> {
        let entries = fs::read_dir(store.root().join(dir)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        names
    };
    let items: Vec<String> = store.items().unwrap().iter().map(Item::to_string).collect();
    assert_eq!(names("meta"), items);
    assert!(names("tmp").iter().all(|name| name.ends_with(".failed")), "{:?}", names("tmp"));
    assert!(names("versions").iter().all(|name| !name.starts_with('.')), "{:?}", names("versions"));
    assert_eq!(names("lock"), [""; 0]);
    items.len()
}

#[test]
fn kills_lose_nothing() {
    let (_dir, store) = testing::store();
    let module = module_path!().split_once("::").expect("it lies in a crate").1;
    let child = format!("{module}::works_until_it_is_killed");
    let mut seen = 0;
    for round in 0..24 {
        // One alone, then two that are in each other's way.
        let children: Vec<_> = (0..1 + round % 2)
            .map(|_| {
                Command::new(std::env::current_exe().unwrap())
                    .args([&child, "--exact", "--ignored", "--test-threads=1"])
                    .env(STORE, store.root())
                    .stdout(Stdio::null())
                    .stderr(Stdio::piped())
                    .spawn()
                    .unwrap()
            })
            .collect();
        std::thread::sleep(Duration::from_millis(10 + random(120)));
        for mut child in children {
            child.kill().unwrap();
            let output = child.wait_with_output().unwrap();
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.code().is_none(), "the child ended by itself: {errors}");
        }
        seen += verify(&store);
    }
    assert!(seen > 0, "no child lived long enough to publish anything");
    for item in store.items().unwrap() {
        store.remove(&item).unwrap();
    }
}
