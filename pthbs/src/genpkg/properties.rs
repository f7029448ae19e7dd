//! What must hold for every project.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::{Index, subsequence};

use super::fixture::BASE;
use super::{Files, Options, Output, Project};
use crate::base::Result;
use crate::script::Script;

/// A project in memory with these packages.
fn project(packages: &BTreeMap<String, String>) -> Project {
    let mut files = Files::held(Path::new("."), BTreeMap::new())
        .with("pthbs.toml", Vec::new())
        .with("templates/base.sh", BASE.as_bytes().to_vec());
    for (name, text) in packages {
        files = files.with(&format!("packages/{name}/package.sh"), text.as_bytes().to_vec());
    }
    Project::from_files(files).unwrap()
}

fn render(packages: &BTreeMap<String, String>, threads: usize) -> Result<Output> {
    project(packages).render(&Options { threads, ..Options::default() })
}

fn texts(output: &Output) -> BTreeMap<String, String> {
    output.scripts.iter().map(|(label, one)| (label.clone(), one.script.text.clone())).collect()
}

/// Package number `n` of a tree without cycles: it uses some of those before it.
fn definition(uses: &[(usize, &'static str)], flag: &str) -> String {
    let calls: String = uses.iter().map(|(n, call)| format!("{{% do {call}(\"p{n}\") %}}\n")).collect();
    format!(
        "{{% extends \"base\" %}}\n{{% set version = \"1\" %}}\n{{% set flags = [\"{flag}\"] %}}\n{calls}"
    )
}

/// For each package, what it uses among those before it.
fn uses() -> impl Strategy<Value = Vec<Vec<(usize, &'static str)>>> {
    let of = |n: usize| {
        let known: Vec<(usize, &'static str)> =
            (0..n).flat_map(|user| ["tool", "dep", "needs"].map(|call| (user, call))).collect();
        let most = known.len().min(5);
        subsequence(known, 0..=most)
    };
    (2usize..9).prop_flat_map(move |count| (0..count).map(of).collect::<Vec<_>>())
}

fn packages(uses: &[Vec<(usize, &'static str)>]) -> BTreeMap<String, String> {
    uses.iter().enumerate().map(|(n, uses)| (format!("p{n}"), definition(uses, "-O2"))).collect()
}

/// Pieces that definitions are made of, and some that break them.
fn scrap() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("{% extends \"base\" %}".to_string()),
        Just("{% set version = \"1\" %}".to_string()),
        Just("{% block build %}".to_string()),
        Just("{% endblock %}".to_string()),
        Just("{{ super() }}".to_string()),
        Just("{% for _x in range(3) %}".to_string()),
        Just("{% endfor %}".to_string()),
        Just("{{ dep(\"x\") }}".to_string()),
        Just("{% do tool(\"x\", a=".to_string()),
        Just("{%# comment #%}".to_string()),
        Just("{#".to_string()),
        Just("cat <<EOF\n".to_string()),
        Just("#@ dep x\n".to_string()),
        "[{}%#\"'$() \n|~a-z=.,\u{e000}\u{f0000}é]{0,12}",
        any::<char>().prop_map(|c| c.to_string()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A failure means that what the upper half writes is not what the lower half reads.
    #[test]
    fn a_printed_header_reads_back(uses in uses()) {
        let output = render(&packages(&uses), 1).unwrap();
        for (label, one) in &output.scripts {
            let read = Script::parse(one.script.text.clone(), label).unwrap();
            prop_assert_eq!(&read.header, &one.script.header);
            prop_assert_eq!(read.id, one.script.id);
        }
    }

    /// A failure means that a script depends on how the work was shared between threads.
    #[test]
    fn threads_change_nothing(uses in uses(), threads in 2usize..5) {
        let packages = packages(&uses);
        prop_assert_eq!(texts(&render(&packages, 1).unwrap()), texts(&render(&packages, threads).unwrap()));
    }

    /// A failure means that a change is missed by somebody who uses it, or seen by somebody who does not.
    #[test]
    fn a_change_reaches_exactly_those_who_use_it(uses in uses(), changed in any::<Index>()) {
        let before = packages(&uses);
        let changed = changed.index(uses.len());
        let mut after = before.clone();
        after.insert(format!("p{changed}"), definition(&uses[changed], "-O3"));
        let mut reached = vec![false; uses.len()];
        reached[changed] = true;
        for n in 0..uses.len() {
            reached[n] |= uses[n].iter().any(|(used, _)| reached[*used]);
        }
        let (old, new) = (render(&before, 1).unwrap(), render(&after, 2).unwrap());
        for (n, is_reached) in reached.into_iter().enumerate() {
            let label = format!("p{n}");
            prop_assert_eq!(old.index.scripts[&label] != new.index.scripts[&label], is_reached, "{}", label);
        }
    }

    /// A failure means that a cycle depends on who found it first, or, where the test does not end, that threads wait
    /// for each other.
    #[test]
    fn a_cycle_across_threads_is_always_found(uses in uses(), length in 2usize..9, threads in 2usize..5) {
        let mut packages = packages(&uses);
        for n in 0..length {
            let next = (n + 1) % length;
            let entry = format!("{{% extends \"base\" %}}{{% set version = \"1\" %}}{{% do dep(\"p0\") %}}{{% do dep(\"ring{next}\") %}}");
            packages.insert(format!("ring{n}"), entry);
        }
        let error = render(&packages, 1).err().unwrap().to_string();
        prop_assert!(error.starts_with("error: dependency cycle: ring"), "{}", error);
        prop_assert_eq!(error.matches("dependency cycle").count(), 1);
        prop_assert_eq!(render(&packages, threads).err().unwrap().to_string(), error);
    }

    /// A failure means that the order of calls shows in the header.
    #[test]
    fn the_order_of_calls_does_not_matter_to_the_header(uses in uses()) {
        let forward = render(&packages(&uses), 1).unwrap();
        let mut reversed = uses;
        reversed.last_mut().unwrap().reverse();
        let label = format!("p{}", reversed.len() - 1);
        let backward = render(&packages(&reversed), 1).unwrap();
        prop_assert_eq!(&forward.scripts[&label].script.header, &backward.scripts[&label].script.header);
    }

    /// A failure means that a definition can make the program panic, or give a script that nobody can read.
    #[test]
    fn any_text_is_a_package_or_an_error(scraps in proptest::collection::vec(scrap(), 0..14)) {
        let mut packages = packages(&[vec![]]);
        packages.insert("x".to_string(), scraps.concat());
        if let Ok(output) = render(&packages, 2) {
            let text = &output.scripts["x"].script.text;
            prop_assert!(Script::parse(text.clone(), "x.sh").is_ok(), "{}", text);
        }
        let _ = project(&packages).render(&Options { traces: true, ..Options::default() });
    }
}
