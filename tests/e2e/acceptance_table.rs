//! Holds the tables of `docs/sandbox.md` against the code: whatever they name is a test.

use std::fs;
use std::path::Path;

#[test]
fn every_test_that_the_tables_name_is_there() {
    let top = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut code = String::new();
    for dir in ["sandbox", "pthbs/src", "tests"] {
        for entry in walkdir::WalkDir::new(top.join(dir)) {
            let path = entry.unwrap().into_path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                code += &fs::read_to_string(path).unwrap();
            }
        }
    }
    let text = fs::read_to_string(top.join("docs/sandbox.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with('|') && !line.starts_with("| ---"));
    let mut count = 0;
    for row in rows {
        let names = row.trim_end_matches(" |").rsplit_once(" | ").map_or("", |(_, names)| names);
        for name in names.split('`').skip(1).step_by(2) {
            // A function, or a case with a sentence for a name.
            let is_there = code.contains(&format!("fn {name}(")) || code.contains(&format!("\"{name}\""));
            assert!(is_there, "`{name}` is no test\n{row}");
            count += 1;
        }
    }
    assert!(count > 80, "the tables are read: {count} names");
}
