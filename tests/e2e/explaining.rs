//! What the machine decided can be asked for: the commands of genpkg that show, compare and explain.

use std::fs;
use std::process::Command;

use crate::world::{World, everybody};

/// A world whose scripts are rendered.
fn rendered() -> World {
    let world = World::new(everybody()[0]);
    world.genpkg(&["render"]).ok();
    world
}

/// The text of a file of the project.
fn text(world: &World, path: &str) -> String {
    fs::read_to_string(world.path("project").join(path)).unwrap()
}

/// Changes a file of the project.
fn change(world: &World, path: &str, from: &str, to: &str) {
    let before = text(world, path);
    assert!(before.contains(from), "{before}");
    world.write(path, &before.replace(from, to));
}

/// The first 8 digits of a script's id, as the index has it.
fn id(world: &World, label: &str) -> String {
    let index = text(world, "rendered/index");
    let line = index.lines().find(|line| line.starts_with(&format!("{label}\t"))).unwrap().to_string();
    line.split('\t').nth(1).unwrap()[..8].to_string()
}

#[test]
fn show_prints_the_bytes_that_the_id_is_the_sum_of() {
    let world = rendered();
    let ran = world.genpkg(&["show", "sentence"]).ok();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), (&*text(&world, "rendered/sentence.sh"), ""));
    assert!(text(&world, "rendered/index").contains(&world.sha256("project/rendered/sentence.sh")));
    let by_hash = format!("word.{}", id(&world, "word"));
    assert_eq!(world.genpkg(&["show", &by_hash]).ok().stdout, text(&world, "rendered/word.sh"));
    let ran = world.genpkg(&["show", "sentense"]).exits(2);
    assert!(ran.stderr.ends_with("hint: did you mean `sentence`?\n"), "{}", ran.stderr);
}

#[test]
fn list_is_for_people_and_for_programs() {
    let world = rendered();
    assert_eq!(world.genpkg(&["list"]).ok().stdout, "sentence\t2\t\nword\t1.0\t\n");
    let list: serde_json::Value =
        serde_json::from_str(&world.genpkg(&["list", "--json"]).ok().stdout).unwrap();
    assert_eq!((&list[1]["label"], &list[1]["version"]), (&"word".into(), &"1.0".into()));
    assert_eq!(list[1]["id"], world.sha256("project/rendered/word.sh"));
}

#[test]
fn graph_prints_uses_in_three_forms() {
    let world = rendered();
    assert_eq!(world.genpkg(&["graph"]).ok().stdout, "sentence\tdep\tword\n");
    assert_eq!(world.genpkg(&["graph", "word"]).ok().stdout, "");
    assert_eq!(
        world.genpkg(&["graph", "--dot", "sentence"]).ok().stdout,
        "digraph packages {\n\trankdir=LR\n\t\"sentence\"\n\t\"word\"\n\t\"sentence\" -> \"word\"\n}\n"
    );
    let json = world.genpkg(&["graph", "--json"]).ok().stdout;
    let graph: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        graph,
        serde_json::json!({ "sentence": [{ "relation": "dep", "label": "word" }], "word": [] })
    );
    world.genpkg(&["graph", "--dot", "--json"]).exits(2);
}

#[test]
fn render_check_compares_and_writes_nothing() {
    let world = rendered();
    let golden = world.path("golden").display().to_string();
    let ran = world.genpkg(&["render", "--output", &golden]).ok();
    assert_eq!(ran.stderr, "rendered 2 scripts, 2 changed\n");
    assert_eq!(world.files_below("golden"), ["sentence.sh", "word.sh"]);
    let ran = world.genpkg(&["render", "--check", &golden]).ok();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", "rendered 2 scripts, no difference\n"));

    change(&world, "packages/sentence/package.sh", "mkdir -p", "mkdir");
    fs::write(world.path("golden/old.sh"), text(&world, "rendered/word.sh")).unwrap();
    fs::write(world.path("golden/README.md"), "").unwrap();
    let ran = world.genpkg(&["render", "--check", &golden]).exits(1);
    assert!(ran.stdout.contains("\n-\tmkdir -p \"$out/bin\"\n+\tmkdir \"$out/bin\"\n"), "{}", ran.stdout);
    assert!(ran.stdout.ends_with("WORLD/golden/old.sh is not rendered any more\n"), "{}", ran.stdout);
    assert!(ran.stderr.contains("error: 2 scripts in `WORLD/golden` differ"), "{}", ran.stderr);
    assert_eq!(world.files_below("golden"), ["README.md", "old.sh", "sentence.sh", "word.sh"]);
    assert!(text(&world, "rendered/sentence.sh").contains("mkdir -p"));
    world.genpkg(&["render", "--check", &world.path("none").display().to_string()]).exits(2);
}

#[test]
fn diff_shows_own_changes_and_counts_those_that_follow() {
    let world = rendered();
    let ran = world.genpkg(&["diff"]).ok();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", "nothing differs\n"));
    change(&world, "packages/word/package.sh", "share/word\"", "share/word\" # plain");
    let ran = world.genpkg(&["diff"]).ok();
    assert!(ran.stdout.starts_with("--- a/word.sh\n+++ b/word.sh\n"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("\n+\tcp \"$src/word-1.0.txt\" \"$out/share/word\" # plain\n"),
        "{}",
        ran.stdout
    );
    assert!(!ran.stdout.contains("sentence"), "{}", ran.stdout);
    assert_eq!(ran.stderr, "1 other script differs only by the ids of what it uses\n");
    assert_eq!(world.genpkg(&["diff", "sentence"]).ok().stdout, "");
    let ran = world.genpkg(&["diff", "wrod"]).exits(2);
    assert!(ran.stderr.ends_with("hint: did you mean `word`?\n"), "{}", ran.stderr);
}

#[test]
fn diff_compares_two_indexes() {
    let world = rendered();
    let old = world.path("old").display().to_string();
    fs::create_dir(&old).unwrap();
    fs::copy(world.path("project/rendered/index"), world.path("old/index")).unwrap();
    let before = id(&world, "word");
    change(&world, "packages/word/package.sh", "1.0\" %}", "1.1\" %}");
    fs::remove_dir_all(world.path("project/packages/sentence")).unwrap();
    world.genpkg(&["render", "-o", "check=off"]).ok();
    let ran = world.genpkg(&["diff", &old, "./rendered/index"]).ok();
    let (after, sentence) = (id(&world, "word"), &ran.stdout.split("sentence ").nth(1).unwrap()[..8]);
    assert_eq!(
        ran.stdout,
        format!(
            "option check: `on` -> `off`\nremoved  sentence {sentence}\nchanged  word {before} -> {after}\n"
        )
    );
    let ran = world.genpkg(&["diff", &old, &old]).ok();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", "nothing differs\n"));
    world.genpkg(&["diff", &old, "./nothing"]).exits(2);
}

#[test]
fn why_names_the_line_that_is_the_root_cause_and_counts_what_follows() {
    let world = rendered();
    let third = text(&world, "packages/sentence/package.sh").replace("dep(\"word\")", "dep(\"sentence\")");
    world.write("packages/story/package.sh", &third);
    world.genpkg(&["render"]).ok();
    let ran = world.genpkg(&["why", "story"]).ok();
    assert_eq!(ran.stdout, format!("story {} is unchanged\n", id(&world, "story")));

    let (old, old_story) = (id(&world, "word"), id(&world, "story"));
    change(&world, "packages/word/package.sh", "\tcp \"", "\tcp -p \"");
    let why = world.genpkg(&["why", "story"]).ok().stdout;
    let json = world.genpkg(&["why", "--json", "story"]).ok().stdout;
    world.genpkg(&["render"]).ok();
    assert_eq!(
        why,
        format!(
            "word {old} -> {}\n  packages/word/package.sh:8\n  - cp \"$src/word-1.0.txt\" \"$out/share/word\"\n  \
             + cp -p \"$src/word-1.0.txt\" \"$out/share/word\"\n  2 other scripts have a new id because of it\n",
            id(&world, "word")
        )
    );
    assert_ne!(id(&world, "story"), old_story);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let cause = &json["causes"][0];
    assert_eq!((&cause["label"], &cause["followers"]), (&"word".into(), &2.into()));
    assert_eq!(
        (&cause["changes"][0]["file"], &cause["changes"][0]["line"]),
        (&"packages/word/package.sh".into(), &8.into())
    );

    // A template's line is the cause for everything that extends it.
    change(&world, "templates/plain.sh", "export LC_ALL=C", "export LC_ALL=C TZ=UTC0");
    let why = world.genpkg(&["why", "sentence"]).ok().stdout;
    assert!(
        why.contains("  templates/plain.sh:3\n  - export LC_ALL=C\n  + export LC_ALL=C TZ=UTC0\n"),
        "{why}"
    );
    let ran = world.genpkg(&["why", "stori"]).exits(2);
    assert!(ran.stderr.contains("did you mean `story`?"), "{}", ran.stderr);
}

#[test]
fn an_option_is_a_cause_too() {
    let world = rendered();
    change(
        &world,
        "packages/word/package.sh",
        "1.0\" %}",
        "1.0\" %}{% set _o = option(\"o\", default=\"x\") %}",
    );
    change(&world, "packages/word/package.sh", "\tcp", "\t: {{ _o }}\n\tcp");
    world.genpkg(&["render"]).ok();
    let why = world.genpkg(&["why", "-o", "word.o=y", "word"]).ok().stdout;
    assert!(why.starts_with("option `word.o`: unset -> `y`\nword "), "{why}");
    assert!(why.contains("  packages/word/package.sh:8\n  - : x\n  + : y\n"), "{why}");
}

#[test]
fn since_compares_with_a_commit() {
    let world = rendered();
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]);
        command.args(arguments).current_dir(world.path("project")).env("HOME", world.path("home"));
        command.output().is_ok_and(|output| output.status.success())
    };
    if !git(&["--version"]) {
        println!("SKIPPED: git is not installed");
        return;
    }
    assert!(git(&["init", "-q"]) && git(&["add", "."]) && git(&["commit", "-qm", "first"]));
    change(&world, "packages/word/package.sh", "\tcp \"", "\tcp -p \"");
    world.genpkg(&["render"]).ok();
    assert_eq!(world.genpkg(&["diff"]).ok().stderr, "nothing differs\n");
    let ran = world.genpkg(&["diff", "--since", "HEAD", "word"]).ok();
    assert!(ran.stdout.contains("\n+\tcp -p \"$src"), "{}", ran.stdout);
    let ran = world.genpkg(&["why", "sentence", "--since", "HEAD"]).ok();
    assert!(ran.stdout.contains("  packages/word/package.sh:8\n"), "{}", ran.stdout);
    let ran = world.genpkg(&["diff", "--since", "nothing"]).exits(2);
    assert!(ran.stderr.contains("cannot find the commit `nothing`"), "{}", ran.stderr);
}

#[test]
fn lint_prints_what_is_seldom_meant() {
    let world = rendered();
    let ran = world.genpkg(&["lint", "word"]).exits(1);
    assert!(
        ran.stdout.starts_with("warning: `meta` does not tell the description, the license, the homepage\n"),
        "{}",
        ran.stdout
    );
    change(&world, "packages/word/package.sh", "\tcp", "\tmake -j4\n\tcp");
    let meta = "{% set meta = {\"description\": \"x\", \"license\": \"ISC\", \"homepage\": \"https://e.org/\", \"update\": {\"url\": \"https://e.org/\", \"pattern\": \"x-([0-9.]+)\"}} %}\n";
    change(&world, "packages/word/package.sh", "{% set sandbox", &format!("{meta}{{% set sandbox"));
    let ran = world.genpkg(&["lint", "word"]).exits(1);
    assert_eq!(
        ran.stdout,
        "warning: `make -j` throws the jobserver away that all builds share\n  where: packages/word/package.sh:9\n  \
         9 | \tmake -j4\n    | \t     ^^^\n  hint: plain `make` takes its width from MAKEFLAGS\n\n"
    );
    assert_eq!(ran.stderr, "error: lint found 1 thing\n");
    change(&world, "packages/word/package.sh", "make -j4", "make");
    let ran = world.genpkg(&["lint", "word"]).ok();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", "nothing found\n"));
}

#[test]
fn manual_writes_completions_and_pages_of_both_programs() {
    let world = World::new(everybody()[0]);
    let dir = world.path("usr").display().to_string();
    let ran = world.genpkg(&["manual", &dir]).ok();
    assert_eq!(ran.stdout, "");
    assert!(!world.path("usr/share/man/man1/pthbs-enter.1").exists(), "nobody but pthbs calls it");
    for program in ["genpkg", "pthbs"] {
        let help = match program {
            "genpkg" => world.genpkg(&["--help"]),
            _ => world.pthbs(&["--help"]),
        };
        let help = help.ok().stdout;
        let commands: Vec<&str> = help.lines().skip_while(|line| *line != "Commands:").skip(1).collect();
        let commands = commands.iter().take_while(|line| !line.is_empty());
        let commands: Vec<&str> = commands
            .filter(|line| !line.starts_with("   "))
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        assert!(commands.len() > 5, "{help}");
        for place in [
            format!("bash-completion/completions/{program}"),
            format!("zsh/site-functions/_{program}"),
            format!("fish/vendor_completions.d/{program}.fish"),
        ] {
            let text = fs::read_to_string(world.path("usr/share").join(&place)).unwrap();
            for command in &commands {
                assert!(text.contains(command), "{place} has no `{command}`");
            }
        }
        let page = fs::read_to_string(world.path(&format!("usr/share/man/man1/{program}.1"))).unwrap();
        for command in commands.iter().filter(|command| **command != "help") {
            assert!(
                page.contains(&format!("{program}\\-{command}(1)")),
                "{program}.1 has no `{command}`:\n{page}"
            );
            let page =
                fs::read_to_string(world.path(&format!("usr/share/man/man1/{program}-{command}.1"))).unwrap();
            assert!(page.contains(".SH SYNOPSIS") && page.contains("Print help"), "{page}");
        }
    }
    // The same whenever it is made: a package can install it.
    let other = world.path("again").display().to_string();
    world.genpkg(&["manual", &other]).ok();
    for file in world.files_below("usr") {
        let bytes = |dir: &str| fs::read(world.path(dir).join(&file)).unwrap();
        assert!(bytes("usr") == bytes("again"), "{file}");
    }
}
