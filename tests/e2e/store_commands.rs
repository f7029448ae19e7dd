//! Looking at a store: each command answers from manifests, scripts and records, in tables and as JSON.

use crate::world::{World, everybody};

fn built(world: &World) -> String {
    let definition = std::fs::read_to_string(world.path("project/packages/word/package.sh")).unwrap();
    let meta =
        "{% set version = \"1.0\" %}\n{% set meta = {\"description\": \"A word\", \"license\": \"MIT\"} %}";
    world.write("packages/word/package.sh", &definition.replace("{% set version = \"1.0\" %}", meta));
    let built = world.pthbs(&["build", "sentence", "word"]).ok();
    let first = built.stdout.lines().next().unwrap();
    first.rsplit('/').next().unwrap().to_string()
}

#[test]
fn each_command_tells_its_part() {
    for who in everybody() {
        let world = World::new(who);
        let sentence = built(&world);
        let out = |arguments: &[&str]| world.pthbs(arguments).ok().stdout;

        assert_eq!(out(&["files", "sentence"]), "bin/\nbin/sentence\n");
        assert!(out(&["files", "--long", "word"]).contains("0444  "));
        assert!(out(&["files", "--json", "word"]).contains("\"path\": \"share/word\""));
        let listed = out(&["list"]);
        assert!(listed.lines().next().unwrap().starts_with("install "), "{listed}");
        let word = listed.lines().find(|line| line.starts_with("word.")).unwrap();
        assert!(
            word.contains(" MIT ") && word.contains(" tainted ") && word.contains("asked for"),
            "{listed}"
        );
        assert!(out(&["list", "--json", "word"]).contains("\"license\": \"MIT\""));

        let owned = format!("{sentence}\tbin/sentence\n");
        assert_eq!(out(&["owns", "bin/sentence"]), owned);
        assert_eq!(out(&["owns", &format!("/versions/{sentence}/bin/sentence")]), owned);
        world.pthbs(&["switch", "sentence"]).ok();
        let link = world.pthbs(&["profile", "path"]).ok().stdout.trim().replace("WORLD", "..");
        assert_eq!(out(&["owns", &format!("{link}/bin/sentence")]), owned);
        world.pthbs(&["owns", "/etc/passwd"]).exits(1);

        assert!(out(&["refs", "sentence"]).starts_with("word."));
        assert!(out(&["refs", "--reverse", "word"]).starts_with("sentence."));
        assert_eq!(out(&["refs", "--closure", "sentence"]).lines().count(), 2);
        assert!(out(&["size", "sentence"]).contains(" in 2 items"));
        assert_eq!(out(&["license", "share/word"]).split_whitespace().last(), Some("MIT"));
        assert!(out(&["license", "--closure", "sentence"]).contains("MIT"));
    }
}

#[test]
fn sources_are_named_and_copied_out() {
    for who in everybody() {
        let world = World::new(who);
        built(&world);
        let shown = world.pthbs(&["source", "word"]).ok().stdout;
        assert!(
            shown
                .contains("word-1.0.txt unpack=no\n  https://example.invalid/word-1.0.txt\n  in the store\n")
        );
        let json = world.pthbs(&["source", "--json", "share/word"]).ok().stdout;
        assert!(json.contains("\"kept\": true"), "{json}");
        // Where they could be had is known from the record too, when no project is near.
        std::fs::rename(world.path("project/rendered/index"), world.path("project/rendered/no-index"))
            .unwrap();
        let id = std::fs::read_dir(world.path("store/versions")).unwrap();
        let id = id.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let id = id.into_iter().find(|name| name.starts_with("word.")).unwrap();
        assert_eq!(world.pthbs(&["source", &id]).ok().stdout, shown);
        world.pthbs(&["source", "--fetch", "../home/out", &id]).ok();
        assert_eq!(world.sha256("home/out/word-1.0.txt"), world.sha256("project/distfiles/word-1.0.txt"));
        assert!(world.pthbs(&["list"]).ok().stdout.contains(" MIT "), "the record has the license as well");
    }
}

#[test]
fn two_installs_and_two_generations_can_be_compared() {
    for who in everybody() {
        let world = World::new(who);
        let old = built(&world);
        world.pthbs(&["switch", "sentence"]).ok();
        let definition = std::fs::read_to_string(world.path("project/packages/sentence/package.sh")).unwrap();
        world.write("packages/sentence/package.sh", &definition.replace("cat {{ _word", "cat -n {{ _word"));
        world.pthbs(&["switch", "sentence", "word"]).ok();
        let diff = world.pthbs(&["diff", &old, "sentence"]).ok();
        assert!(diff.stdout.contains("\n+\t\techo 'cat -n "), "{diff:?}");
        assert!(diff.stdout.contains("~ bin/sentence  "), "{diff:?}");
        let diff = world.pthbs(&["diff", "default:1", "default:"]).ok();
        assert!(diff.stdout.contains("+  word      1.0"), "{diff:?}");
        assert!(world.pthbs(&["diff", "--json", &old, "sentence"]).ok().stdout.contains("\"bin/sentence\""));
    }
}

#[test]
fn an_argument_that_means_nothing_or_two_things_is_refused() {
    let world = World::new(crate::world::Who::Caller);
    world.pthbs(&["list"]).exits(2);
    built(&world);
    let missing = world.pthbs(&["files", "words"]).exits(2);
    assert!(missing.stderr.contains("error: `words` is not in the store"), "{missing:?}");
    let definition = std::fs::read_to_string(world.path("project/packages/word/package.sh")).unwrap();
    world.write("packages/word/package.sh", &definition.replace("\"1.0\"", "\"1.1\""));
    world.pthbs(&["build", "word"]).ok();
    assert!(world.pthbs(&["files", "word"]).ok().stdout.contains("share/word"), "the index decides");
    let two = world.pthbs(&["files", "word."]).exits(2);
    assert!(two.stderr.contains("`word.` is not unique\n  word."), "{two:?}");
}
