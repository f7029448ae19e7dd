//! The schedule with builds that are closures. Where two things must overlap, each waits for the other: no clock decides.

use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex};

use proptest::prelude::*;

use super::*;
use crate::base::Sha256;
use crate::script::header::Unpack;
use crate::script::{Header, Sandbox, Script, ScriptId};

/// `(name, steps before)`; a name that ends in `.tar` is a fetch.
fn plan_of(steps: &[(&str, &[usize])]) -> Arc<Plan> {
    let steps = steps.iter().map(|(name, after)| match name.strip_suffix(".tar") {
        Some(_) => {
            let sha256 = Sha256::of(name.as_bytes());
            Step::Fetch(Source::File { sha256, name: name.to_string(), unpack: Unpack::No })
        }
        None => {
            let header = Header {
                name: name.parse().unwrap(),
                version: "1".into(),
                system: String::new(),
                target: String::new(),
                sources: Vec::new(),
                tools: Vec::new(),
                deps: Vec::new(),
                needs: Vec::new(),
                sandbox: Sandbox::On,
                set_path: true,
                is_static: true,
            };
            let script = Script { text: String::new(), header, id: ScriptId(Sha256::of(name.as_bytes())) };
            Step::Build(Build { script: Arc::new(script), after: after.to_vec() })
        }
    });
    Arc::new(Plan { steps: steps.collect(), ..Plan::default() })
}

/// What has happened, and who waits for it.
#[derive(Default)]
struct Events {
    happened: Mutex<Vec<String>>,
    more: Condvar,
}

impl Events {
    fn tell(&self, event: &str) {
        self.happened.lock().unwrap().push(event.to_string());
        self.more.notify_all();
    }

    /// Whether it happens; a minute is for ever.
    fn wait_for(&self, event: &str) -> bool {
        let happened = self.happened.lock().unwrap();
        let is_missing = |happened: &mut Vec<String>| !happened.iter().any(|other| other == event);
        !self.more.wait_timeout_while(happened, Duration::from_secs(60), is_missing).unwrap().1.timed_out()
    }

    fn all(&self) -> Vec<String> {
        self.happened.lock().unwrap().clone()
    }
}

/// A builder that calls a closure with the build's name.
struct Fake<'a> {
    act: &'a (dyn Fn(&str) -> Result<Turn> + Sync),
    stopped: Events,
}

impl Builder for Fake<'_> {
    type Seat = ();

    fn seat(&self) -> Result<Option<()>> {
        Ok(self.stopped.all().is_empty().then_some(()))
    }

    fn build(&self, _: usize, build: &Build, (): ()) -> Result<Turn> {
        (self.act)(build.script.header.name.as_str())
    }

    fn stop(&self) {
        self.stopped.tell("stop");
    }
}

const SETTINGS: Settings = Settings { builds: 2, fetches: 2, fail_fast: false };

fn run(plan: &Arc<Plan>, settings: Settings, act: &(dyn Fn(&str) -> Result<Turn> + Sync)) -> Vec<Outcome> {
    let ranks = plan.lengths(|_| 1.0);
    let builder = Fake { act, stopped: Events::default() };
    let fetch: Fetch = Arc::new(|_, _| Ok(()));
    schedule(plan, &ranks, settings, &builder, &fetch, &Stop::default(), |_, _| {}).unwrap()
}

/// `made`, `found`, `failed`, or why it was skipped.
fn words(outcomes: &[Outcome]) -> Vec<String> {
    let word = |outcome: &Outcome| match outcome {
        Outcome::Made => "made".to_string(),
        Outcome::Found => "found".to_string(),
        Outcome::Failed(_) => "failed".to_string(),
        Outcome::Skipped(because) => format!("{because:?}"),
    };
    outcomes.iter().map(word).collect()
}

#[test]
fn a_step_starts_while_a_slower_one_of_its_level_still_runs() {
    // Two branches: slow -> end, and fast -> next -> end. `slow` ends only after `next`, one level further, has begun.
    let plan = plan_of(&[("slow", &[]), ("fast", &[]), ("next", &[1]), ("end", &[0, 2])]);
    let events = Events::default();
    let outcomes = run(&plan, SETTINGS, &|name| {
        events.tell(name);
        let waited = name != "slow" || events.wait_for("next");
        if waited { Ok(Turn::Built) } else { Err(Error::failed("`next` waits for the level to end")) }
    });
    assert_eq!(words(&outcomes), ["made"; 4]);
    assert_eq!(events.all().last().unwrap(), "end");
}

#[test]
fn a_build_starts_while_a_source_that_it_does_not_need_is_fetched() {
    let plan = plan_of(&[("a.tar", &[]), ("b", &[]), ("a", &[0])]);
    let events = Arc::new(Events::default());
    let seen = Arc::clone(&events);
    let fetch: Fetch = Arc::new(move |_, _| match seen.wait_for("b") {
        true => Ok(()),
        false => Err(Error::failed("`b` waits for the fetch")),
    });
    let act = |name: &str| {
        events.tell(name);
        Ok(Turn::Built)
    };
    let builder = Fake { act: &act, stopped: Events::default() };
    let outcomes =
        schedule(&plan, &plan.lengths(|_| 1.0), SETTINGS, &builder, &fetch, &Stop::default(), |_, _| {});
    assert_eq!(words(&outcomes.unwrap()), ["made"; 3]);
    assert_eq!(events.all(), ["b", "a"]);
}

#[test]
fn the_longest_way_to_the_end_goes_first() {
    // `long` leads to two more; it becomes ready only after `base`, when `one` and `two` already wait.
    let plan = plan_of(&[
        ("one", &[]),
        ("base", &[]),
        ("two", &[]),
        ("long", &[1]),
        ("longer", &[3]),
        ("longest", &[4]),
    ]);
    let events = Events::default();
    run(&plan, Settings { builds: 1, ..SETTINGS }, &|name| {
        events.tell(name);
        Ok(Turn::Built)
    });
    assert_eq!(events.all(), ["base", "long", "longer", "one", "two", "longest"]);
}

#[test]
fn a_failure_keeps_back_what_needs_it_and_nothing_else() {
    let plan =
        plan_of(&[("bad", &[]), ("good", &[]), ("user", &[0, 1]), ("users-user", &[2]), ("other", &[1])]);
    let outcomes = run(&plan, SETTINGS, &|name| match name {
        "bad" => Err(Error::failed("no")),
        _ => Ok(Turn::Built),
    });
    assert_eq!(words(&outcomes), ["failed", "made", "Failed(0)", "Failed(0)", "made"]);
}

#[test]
fn with_fail_fast_what_runs_comes_to_its_end_and_nothing_is_begun() {
    let plan = plan_of(&[("bad", &[]), ("running", &[]), ("user", &[1]), ("ready", &[])]);
    let (events, failed) = (Events::default(), Events::default());
    let act = |name: &str| {
        events.tell(name);
        match name {
            "bad" if events.wait_for("running") => Err(Error::failed("no")),
            "running" if failed.wait_for("failed") => Ok(Turn::Built),
            other => Err(Error::failed(other)),
        }
    };
    let builder = Fake { act: &act, stopped: Events::default() };
    let fetch: Fetch = Arc::new(|_, _| Ok(()));
    let observe = |_, state: &State| {
        if matches!(state, State::Done(Outcome::Skipped(_))) {
            failed.tell("failed");
        }
    };
    let settings = Settings { fail_fast: true, ..SETTINGS };
    let outcomes =
        schedule(&plan, &plan.lengths(|_| 1.0), settings, &builder, &fetch, &Stop::default(), observe);
    assert_eq!(words(&outcomes.unwrap()), ["failed", "made", "FirstFailure", "FirstFailure"]);
}

#[test]
fn a_sandbox_that_cannot_start_ends_the_run() {
    let plan = plan_of(&[("a", &[]), ("b", &[]), ("c", &[]), ("d", &[])]);
    let outcomes =
        run(&plan, Settings { builds: 1, ..SETTINGS }, &|_| Err(Error::sandbox("no user namespaces")));
    assert_eq!(words(&outcomes), ["failed", "FirstFailure", "FirstFailure", "FirstFailure"]);
}

#[test]
fn a_request_to_stop_ends_builds_and_leaves_a_fetch_alone() {
    let plan = plan_of(&[("endless.tar", &[]), ("running", &[]), ("waits", &[0]), ("later", &[1])]);
    let events = Arc::new(Events::default());
    let seen = Arc::clone(&events);
    let fetch: Fetch = Arc::new(move |_, _| {
        seen.tell("fetching");
        // It outlives the schedule: this would wait a minute.
        assert!(!seen.wait_for("never"));
        Ok(())
    });
    let stop = Stop::default();
    let stopped = Events::default();
    let builder = Fake {
        act: &|_| {
            assert!(events.wait_for("fetching"));
            stop.request(2);
            Ok(Turn::Stopped)
        },
        stopped,
    };
    let start = Instant::now();
    let outcomes = schedule(&plan, &plan.lengths(|_| 1.0), SETTINGS, &builder, &fetch, &stop, |_, _| {});
    assert!(start.elapsed() < Duration::from_secs(50), "it waited for the fetch");
    assert_eq!(words(&outcomes.unwrap()), ["Stopped"; 4]);
    assert_eq!(builder.stopped.all(), ["stop"]);
}

#[test]
fn what_another_process_builds_is_looked_at_again() {
    let plan = plan_of(&[("shared", &[]), ("user", &[0])]);
    let looks = Mutex::new(0);
    let states = Mutex::new(Vec::new());
    let builder = Fake {
        act: &|name| {
            let mut looks = looks.lock().unwrap();
            *looks += 1;
            Ok(match (name, *looks) {
                ("shared", 1 | 2) => Turn::Elsewhere,
                ("shared", _) => Turn::Found,
                _ => Turn::Built,
            })
        },
        stopped: Events::default(),
    };
    let fetch: Fetch = Arc::new(|_, _| Ok(()));
    let observe = |step, state: &State| states.lock().unwrap().push(format!("{step} {state:?}"));
    let outcomes =
        schedule(&plan, &plan.lengths(|_| 1.0), SETTINGS, &builder, &fetch, &Stop::default(), observe);
    assert_eq!(words(&outcomes.unwrap()), ["found", "made"]);
    let expected = [
        "0 Ready",
        "0 Running",
        "0 Elsewhere",
        "0 Ready",
        "0 Running",
        "0 Elsewhere",
        "0 Ready",
        "0 Running",
        "0 Done(Found)",
        "1 Ready",
        "1 Running",
        "1 Done(Made)",
    ];
    assert_eq!(*states.lock().unwrap(), expected);
}

#[test]
fn a_panic_is_a_failure() {
    let plan = plan_of(&[("a", &[]), ("b", &[])]);
    let outcomes = run(&plan, SETTINGS, &|name| if name == "a" { panic!("a bug") } else { Ok(Turn::Built) });
    assert_eq!(words(&outcomes), ["failed", "made"]);
}

fn any_graph() -> impl Strategy<Value = Vec<(Vec<prop::sample::Index>, bool)>> {
    prop::collection::vec(
        (prop::collection::vec(any::<prop::sample::Index>(), 0..3), prop::bool::weighted(0.2)),
        1..20,
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    // A failure means a build that ran before what it needs, that ran twice, or that was given up without a reason.
    #[test]
    fn every_step_comes_to_the_end_that_follows(graph in any_graph(), builds in 1..4usize) {
        let names: Vec<String> = (0..graph.len()).map(|step| format!("p{step}")).collect();
        let after: Vec<Vec<usize>> = graph.iter().enumerate().map(|(step, (picks, _))| {
            let picks = picks.iter().filter(|_| step > 0).map(|pick| pick.index(step));
            picks.collect::<BTreeSet<usize>>().into_iter().collect()
        }).collect();
        let steps: Vec<(&str, &[usize])> =
            names.iter().zip(&after).map(|(name, after)| (name.as_str(), after.as_slice())).collect();
        let built = Mutex::new(BTreeSet::new());
        let outcomes = run(&plan_of(&steps), Settings { builds, ..SETTINGS }, &|name| {
            let step: usize = name[1..].parse().unwrap();
            let mut built = built.lock().unwrap();
            assert!(after[step].iter().all(|before| built.contains(before)));
            if graph[step].1 {
                return Err(Error::failed("no"));
            }
            assert!(built.insert(step));
            Ok(Turn::Built)
        });
        for (step, outcome) in outcomes.iter().enumerate() {
            let are_made = after[step].iter().all(|before| matches!(outcomes[*before], Outcome::Made));
            match outcome {
                Outcome::Made => prop_assert!(are_made && !graph[step].1),
                Outcome::Failed(error) => prop_assert!(are_made && error.what() == "no", "{}", error),
                Outcome::Skipped(Because::Failed(root)) => {
                    prop_assert!(!are_made && matches!(outcomes[*root], Outcome::Failed(_)));
                }
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }
}
