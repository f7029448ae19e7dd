//! Any text as a definition, on the repository's own templates: an error with a place or a script that the lower half can
//! read, never a panic; twice the same; and a trace of where lines come from changes nothing.

#![no_main]

use std::collections::BTreeMap;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use pthbs_fuzz::genpkg::{Files, Options, Project};
use pthbs_fuzz::script::Script;

const TEMPLATES: [(&str, &str); 4] = [
    ("templates/base.sh", include_str!("../../templates/base.sh")),
    ("templates/autoconf.sh", include_str!("../../templates/autoconf.sh")),
    ("templates/kconfig.sh", include_str!("../../templates/kconfig.sh")),
    ("templates/files.sh", include_str!("../../templates/files.sh")),
];

/// What the templates ask for.
const TOOL: &str = "{% extends \"base\" %}{% set version = \"1\" %}{% block compiler %}{% endblock %}{% set sandbox = \"host\" %}";

fuzz_target!(|text: &str| {
    let files = Files::held(Path::new("."), BTreeMap::new()).with("pthbs.toml", Vec::new());
    let files =
        TEMPLATES.iter().fold(files, |files, (path, text)| files.with(path, text.as_bytes().to_vec()));
    let tools = ["busybox", "gnu-make", "musl-cross-make", "musl"];
    let files = tools.iter().fold(files, |files, tool| {
        files.with(&format!("packages/{tool}/package.sh"), TOOL.as_bytes().to_vec())
    });
    let files = files.with("packages/x/a.patch", b"--- a\n+++ b\n".to_vec());
    let files = files.with("packages/x/package.sh", text.as_bytes().to_vec());
    let project = Project::from_files(files).expect("the project itself is whole");
    let options = Options { only: vec!["x".to_string()], threads: 1, ..Options::default() };
    match project.render(&options) {
        Err(error) => assert!(!error.what().is_empty()),
        Ok(output) => {
            let script = &output.scripts["x"].script;
            let read = Script::parse(script.text.clone(), "x.sh")
                .expect("the lower half reads what the upper writes");
            assert_eq!((&read.header, read.id), (&script.header, script.id));
            let traced = project.render(&Options { traces: true, ..options.clone() }).expect("as before");
            assert_eq!(traced.index, output.index);
            let _ = project.lint(&output);
        }
    }
});
