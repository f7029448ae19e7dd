//! Golden plans (`tests/golden/plans/`, one text file a case: adding one needs no Rust) and what holds for every plan.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::base::Sha256;
use crate::build::visible::visible;
use crate::script::header::Unpack;
use crate::script::{Header, Sandbox, ScriptId};

/// Scripts that exist in name only: an id is the sum of the name, so that cycles can be written down.
#[derive(Default)]
struct World(BTreeMap<InstallId, Arc<Script>>);

impl Scripts for World {
    fn script(&self, install: &InstallId) -> Result<Option<Arc<Script>>> {
        Ok(self.0.get(install).cloned())
    }
}

fn id(name: &str) -> InstallId {
    // A variant is `NAME@LABEL` in these files: another id, the same name.
    let header_name = name.split('@').next().unwrap_or(name);
    InstallId { name: header_name.parse().unwrap(), id: ScriptId(Sha256::of(name.as_bytes())) }
}

fn ids(names: &[&str]) -> BTreeSet<InstallId> {
    names.iter().map(|name| id(name)).collect()
}

fn source(name: &str) -> Source {
    Source::File {
        sha256: Sha256::of(name.as_bytes()),
        name: name.to_string(),
        unpack: Unpack::Yes { strip: 1 },
    }
}

impl World {
    fn add(&mut self, name: &str, system: &str, sources: &[&str], inputs: [&[&str]; 3]) {
        let [tools, deps, needs] = inputs.map(|names| ids(names).into_iter().collect());
        let install = id(name);
        let header = Header {
            name: install.name.clone(),
            version: "1".into(),
            system: system.into(),
            target: "x86_64-linux-musl".into(),
            sources: sources.iter().map(|name| source(name)).collect(),
            tools,
            deps,
            needs,
            sandbox: Sandbox::On,
            set_path: true,
            is_static: true,
        };
        let script = Script { text: header.to_string(), header, id: install.id };
        self.0.insert(install, Arc::new(script));
    }
}

/// One golden file: what is said above the line `plan` is done, what stands below it is compared.
fn run_golden(text: &str) -> (String, String) {
    let (given, expected) = text.split_once("\nplan\n").expect("a golden plan has a line `plan`");
    let mut world = World::default();
    let mut names = BTreeMap::new();
    let (mut present, mut kept, mut asked) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for line in given.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (verb, rest) = words.split_first().unwrap();
        let listed = rest.iter().filter(|word| !word.starts_with("source=") && !word.starts_with("system="));
        for name in listed.flat_map(|word| word.split_once('=').map_or(*word, |(_, list)| list).split(',')) {
            names.insert(id(name), name.to_string());
        }
        match *verb {
            "script" => {
                let list = |key: &str| -> Vec<&str> {
                    let lists = rest[1..].iter().filter_map(|word| word.strip_prefix(key)?.strip_prefix('='));
                    lists.flat_map(|list| list.split(',')).collect()
                };
                let system = list("system").first().copied().unwrap_or(SYSTEM).to_string();
                world.add(rest[0], &system, &list("source"), [&list("tool"), &list("dep"), &list("needs")]);
            }
            "present" => present.extend(rest.iter().map(|name| id(name))),
            "kept" => kept.extend(rest.iter().map(ToString::to_string)),
            "ask" => asked.extend(rest.iter().map(|name| id(name))),
            other => panic!("a golden plan knows `script present kept ask`, not `{other}`"),
        }
    }
    let exists = Exists {
        install: &|install| present.contains(install),
        source: &|source| kept.contains(source.entry()),
    };
    let shown = match plan(&asked, &world, exists) {
        Ok(plan) => show(&plan, &names),
        // Ids are sums of names here, of no interest to the reader.
        Err(error) => names.keys().fold(format!("{error}\n"), |text, install| {
            text.replace(&format!(" {}", install.id.short()), "").replace(SYSTEM, "THIS-SYSTEM")
        }),
    };
    (shown, expected.to_string())
}

fn show(plan: &Plan, names: &BTreeMap<InstallId, String>) -> String {
    let label = |step: &Step| match step {
        Step::Fetch(source) => source.entry().to_string(),
        Step::Build(build) => names[&build.script.install_id()].clone(),
    };
    let mut text = String::new();
    for step in &plan.steps {
        let after = |build: &Build| -> Vec<String> {
            build.after.iter().map(|before| label(&plan.steps[*before])).collect()
        };
        match step {
            Step::Fetch(_) => text += &format!("fetch {}\n", label(step)),
            Step::Build(build) if build.after.is_empty() => text += &format!("build {}\n", label(step)),
            Step::Build(build) => {
                text += &format!("build {} after {}\n", label(step), after(build).join(" "));
            }
        }
    }
    plan.present.iter().for_each(|install| text += &format!("present {}\n", names[install]));
    text
}

#[test]
fn golden_plans() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/plans");
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in std::fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        count += 1;
        let (shown, expected) = run_golden(&std::fs::read_to_string(&path).unwrap());
        if shown != expected {
            wrong.push(format!("{}\nexpected:\n{expected}\nplanned:\n{shown}", path.display()));
        }
    }
    assert!(count > 0, "no golden plan in {}", dir.display());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A world in which `pN` may use any `pM` with M < N, and what of it exists.
#[derive(Debug, Clone)]
struct Seed {
    uses: Vec<[Vec<prop::sample::Index>; 3]>,
    present: Vec<bool>,
    asked: Vec<prop::sample::Index>,
    order: Vec<u32>,
}

fn any_seed() -> impl Strategy<Value = Seed> {
    let some = || prop::collection::vec(any::<prop::sample::Index>(), 0..3);
    (1..12usize).prop_flat_map(move |count| {
        (
            prop::collection::vec((some(), some(), some()).prop_map(|(a, b, c)| [a, b, c]), count),
            prop::collection::vec(any::<bool>(), count),
            prop::collection::vec(any::<prop::sample::Index>(), 1..4),
            prop::collection::vec(any::<u32>(), 3 * count),
        )
            .prop_map(|(uses, present, asked, order)| Seed { uses, present, asked, order })
    })
}

impl Seed {
    fn world(&self) -> (World, BTreeSet<InstallId>, Vec<InstallId>) {
        let name = |n: usize| format!("p{n}");
        let mut world = World::default();
        for (n, uses) in self.uses.iter().enumerate() {
            let pick = |picks: &Vec<prop::sample::Index>| -> Vec<String> {
                if n == 0 { Vec::new() } else { picks.iter().map(|pick| name(pick.index(n))).collect() }
            };
            let lists = uses.each_ref().map(pick);
            let lists = lists.each_ref().map(|list| list.iter().map(String::as_str).collect::<Vec<_>>());
            let [tools, deps, needs] = &lists;
            world.add(&name(n), SYSTEM, &[&format!("{n}.tar"), "shared.tar"], [tools, deps, needs]);
        }
        let present = (0..self.uses.len()).filter(|n| self.present[*n]).map(|n| id(&name(n))).collect();
        let asked = self.asked.iter().map(|pick| id(&name(pick.index(self.uses.len())))).collect();
        (world, present, asked)
    }
}

fn planned(world: &World, present: &BTreeSet<InstallId>, asked: &[InstallId]) -> Plan {
    plan(asked, world, Exists { install: &|install| present.contains(install), source: &|_| false }).unwrap()
}

proptest! {
    // A failure means that a build could start before something it uses is there.
    #[test]
    fn needs_stand_before_users(seed in any_seed()) {
        let (world, present, asked) = seed.world();
        let plan = planned(&world, &present, &asked);
        for step in 0..plan.steps.len() {
            prop_assert!(plan.after(step).iter().all(|before| *before < step));
        }
        let first_build = plan.steps.iter().position(|step| matches!(step, Step::Build(_)));
        let last_fetch = plan.steps.iter().rposition(|step| matches!(step, Step::Fetch(_)));
        prop_assert!(plan.steps.is_empty() || last_fetch < first_build);
    }

    // A failure means that in some order which the plan allows, a build misses an install below /versions.
    #[test]
    fn whatever_the_order_all_that_a_build_sees_is_there(seed in any_seed()) {
        let (world, mut present, asked) = seed.world();
        let plan = planned(&world, &present, &asked);
        let mut done = BTreeSet::new();
        while done.len() < plan.steps.len() {
            let is_ready = |step: &usize| plan.after(*step).iter().all(|before| done.contains(before));
            let open = (0..plan.steps.len()).filter(|step| !done.contains(step)).filter(is_ready);
            let next = open.min_by_key(|step| seed.order[step % seed.order.len()]).unwrap();
            done.insert(next);
            if let Step::Build(build) = &plan.steps[next] {
                let seen = visible(&build.script.header, &world).unwrap();
                prop_assert!(seen.all.is_subset(&present), "{:?}", build.script.header.name);
                prop_assert!(present.insert(build.script.install_id()), "it was built twice");
            }
        }
        // And afterwards there is nothing left to do.
        let again = planned(&world, &present, &asked);
        prop_assert!(again.steps.is_empty());
    }

    // A failure means that the reason shown for a step is not one.
    #[test]
    fn every_step_has_a_reason(seed in any_seed()) {
        let (world, present, asked) = seed.world();
        let plan = planned(&world, &present, &asked);
        for step in 0..plan.steps.len() {
            let chain = plan.why(step);
            prop_assert!(chain.windows(2).all(|pair| plan.after(pair[1]).contains(&pair[0])));
            prop_assert!(plan.is_asked(*chain.last().unwrap()));
        }
    }
}

#[test]
fn the_longest_way_to_the_end_counts() {
    let mut world = World::default();
    world.add("base", SYSTEM, &[], [&[], &[], &[]]);
    world.add("long", SYSTEM, &["l.tar"], [&["base"], &[], &[]]);
    world.add("short", SYSTEM, &[], [&["base"], &[], &[]]);
    world.add("end", SYSTEM, &[], [&[], &["long", "short"], &[]]);
    let plan = planned(&world, &BTreeSet::new(), &[id("end")]);
    let seconds = |step: usize| match &plan.steps[step] {
        Step::Fetch(_) => 1.0,
        Step::Build(build) if build.script.header.name.as_str() == "long" => 10.0,
        Step::Build(_) => 2.0,
    };
    let lengths = plan.lengths(seconds);
    let of = |name: &str| {
        plan.steps.iter().position(|step| match step {
            Step::Fetch(source) => source.entry() == name,
            Step::Build(build) => build.script.header.name.as_str() == name,
        })
    };
    let length = |name: &str| lengths[of(name).unwrap()];
    assert_eq!((length("end"), length("short"), length("long")), (2.0, 4.0, 12.0));
    assert_eq!((length("base"), length("l")), (14.0, 13.0));
}

#[test]
fn a_chain_of_ten_thousand_is_no_trouble() {
    let mut world = World::default();
    let names: Vec<String> = (0..10_000).map(|n| format!("p{n}")).collect();
    for (n, name) in names.iter().enumerate() {
        let before: Vec<&str> = n.checked_sub(1).iter().map(|n| names[*n].as_str()).collect();
        world.add(name, SYSTEM, &[], [&[], &before, &[]]);
    }
    let plan = planned(&world, &BTreeSet::new(), &[id("p9999")]);
    assert_eq!(plan.steps.len(), 10_000);
    assert_eq!(plan.why(0).len(), 10_000);
}
