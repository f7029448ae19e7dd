//! Holds the table of who may import whom against the code. Changing the table is a design decision.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Each module of the crate `pthbs`, and those it may name besides itself.
const MAY_IMPORT: [(&str, &[&str]); 8] = [
    ("base", &[]),
    ("script", &["base"]),
    ("genpkg", &["script", "base"]),
    ("store", &["script", "base"]),
    ("source", &["store", "script", "base"]),
    ("environment", &["store", "script", "base"]),
    ("build", &["environment", "source", "store", "script", "base"]),
    ("cli", &["build", "environment", "source", "store", "genpkg", "script", "base"]),
];
/// Those that may name the crate `sandbox`.
const MAY_SANDBOX: [&str; 2] = ["build", "cli"];
/// Words that only `cli` may use: printing, arguments, environment variables.
const ONLY_CLI: [&str; 6] = ["println!", "eprintln!", "print!(", "env::args", "env::var", "env::set_var"];

fn source_root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))
}

/// The code of each module without comments and without its unit tests, as (file, text).
fn modules() -> BTreeMap<String, Vec<(String, String)>> {
    let mut modules: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for entry in walkdir::WalkDir::new(source_root()) {
        let entry = entry.expect("the source tree can be read");
        let path = entry.path().strip_prefix(source_root()).unwrap().to_string_lossy().into_owned();
        let first = path.split('/').next().unwrap();
        let is_test = path.ends_with("tests.rs") || path.contains("/tests/");
        if !path.ends_with(".rs") || is_test || first == "bin" || first == "lib.rs" {
            continue;
        }
        let text = fs::read_to_string(entry.path()).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        let code: String = code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .map(|line| format!("{line}\n"))
            .collect();
        modules.entry(first.trim_end_matches(".rs").to_string()).or_default().push((path, code));
    }
    modules
}

/// Module names that stand after `crate::`, also inside braces.
fn imports(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in code.split("crate::").skip(1) {
        let list = part.strip_prefix('{').and_then(|rest| rest.split('}').next());
        let items = list.map_or(vec![part], |list| list.split(',').collect());
        for item in items {
            let word: String = item.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            found.push(word);
        }
    }
    found
}

#[test]
fn every_module_imports_only_what_stands_below_it() {
    let mut faults = Vec::new();
    for (module, files) in modules() {
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == module) else {
            panic!("module `{module}` is not in the import table");
        };
        for (file, code) in files {
            for import in imports(&code) {
                if import != module && !allowed.contains(&import.as_str()) {
                    faults.push(format!("{file} imports `{import}`"));
                }
            }
            if code.contains("sandbox::")
                && !code.contains("crate::script")
                && !MAY_SANDBOX.contains(&module.as_str())
            {
                faults.push(format!("{file} names the crate `sandbox`"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn only_cli_prints_and_reads_arguments_and_variables() {
    let mut faults = Vec::new();
    for (module, files) in modules().into_iter().filter(|(module, _)| module != "cli") {
        for (file, code) in files {
            let words = ONLY_CLI.iter().filter(|word| code.contains(**word));
            faults.extend(words.map(|word| format!("{file} ({module}) uses `{word}`")));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn unsafe_code_stands_in_one_file() {
    let sandbox = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../sandbox/src"));
    for root in [source_root(), sandbox] {
        for entry in walkdir::WalkDir::new(root) {
            let entry = entry.expect("the source tree can be read");
            if !entry.file_type().is_file() || entry.path().ends_with("sandbox/src/sys.rs") {
                continue;
            }
            let text = fs::read_to_string(entry.path()).unwrap();
            assert!(!text.contains("unsafe {"), "{}", entry.path().display());
        }
    }
}

#[test]
fn the_table_is_the_one_in_the_architecture() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../ARCHITECTURE.md")).unwrap();
    for (module, allowed) in MAY_IMPORT.iter().filter(|(module, _)| *module != "base") {
        let row = format!("| `{module}` | {} |", allowed.join(" "));
        let extra = if MAY_SANDBOX.contains(module) {
            row.replace(" |", " sandbox |").replacen(" sandbox |", " |", 1)
        } else {
            row
        };
        assert!(text.contains(&extra), "ARCHITECTURE.md lacks the row {extra}");
    }
}
