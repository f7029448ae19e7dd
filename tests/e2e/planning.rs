//! What `pthbs plan` says: steps, reasons, what is there, how long; as lines, as an object, as a graph.

use crate::world::{World, everybody};

/// A line without its hash: eight hexadecimal digits at the end of a word.
fn without_hashes(text: &str) -> String {
    let is_hash = |word: &&str| word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let line =
        |line: &str| line.split(' ').filter(|word| !is_hash(word)).collect::<Vec<_>>().join(" ") + "\n";
    text.lines().map(line).collect()
}

#[test]
fn a_plan_says_what_why_and_how_long() {
    let world = World::new(everybody()[0]);
    let ran = world.pthbs(&["plan", "sentence"]).ok();
    assert_eq!(without_hashes(&ran.stdout), "fetch word-1.0.txt\nbuild word\nbuild sentence\n");
    assert!(
        ran.stderr.ends_with("3 steps, about 1m03s (guessed for 2 of 2 builds, never done here)\n"),
        "{}",
        ran.stderr
    );
    let why = world.pthbs(&["plan", "--why", "sentence"]).ok().stdout;
    assert_eq!(
        without_hashes(&why),
        "fetch word-1.0.txt for word for sentence\nbuild word for sentence\nbuild sentence as asked\n"
    );

    world.pthbs(&["build", "word"]).ok();
    let ran = world.pthbs(&["plan", "sentence"]).ok();
    assert_eq!(without_hashes(&ran.stdout), "build sentence\nkept word\n");
    world.pthbs(&["build", "sentence"]).ok();
    world.pthbs(&["delete", "sentence"]).ok();
    // What was built once is known, also of another script of the same package.
    let path = world.path("project/packages/sentence/package.sh");
    let text = std::fs::read_to_string(&path).unwrap().replace("version = \"2\"", "version = \"3\"");
    world.write("packages/sentence/package.sh", &text);
    let ran = world.pthbs(&["plan", "sentence"]).ok();
    assert!(!ran.stderr.contains("guessed") && ran.stderr.contains("1 step, about 0."), "{}", ran.stderr);
    assert_eq!(world.pthbs(&["plan", "word"]).ok().stderr, "nothing to do\n");
}

#[test]
fn a_plan_can_be_read_by_programs() {
    let world = World::new(everybody()[0]);
    let text = world.pthbs(&["plan", "--json", "sentence"]).ok().stdout;
    let plan: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(plan["steps"][0]["step"], "fetch");
    assert_eq!(plan["steps"][0]["why"], serde_json::json!(["word", "sentence"]));
    assert_eq!(plan["steps"][2]["name"], "sentence");
    assert_eq!(plan["steps"][2]["after"], serde_json::json!([1]));
    assert_eq!(plan["guessed"], 2);
    let sum = world.sha256("project/rendered/sentence.sh");
    assert_eq!(plan["asked"], serde_json::json!([format!("sentence.{sum}")]));

    let dot = world.pthbs(&["plan", "--dot", "sentence"]).ok().stdout;
    assert!(
        dot.starts_with("digraph plan {\n") && dot.contains("\t0 -> 1;\n\t2 [label=\"build sentence "),
        "{dot}"
    );
    world.pthbs(&["plan", "--dot", "--json", "sentence"]).exits(2);
}
