//! What the templates promise, shown with scripts that are run by hand: a script needs `sh` and the variables that the
//! builder sets, and no builder. Packages that use templates which no package of ours uses are in `tests/fixtures`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use pthbs::genpkg::{Files, Options, Project};
use pthbs::script::Script;
use pthbs::store::{Item, Seal, Store};

use crate::world::{World, everybody};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The repository's templates, with the definitions of `tests/fixtures/templates` among its packages.
pub fn fixtures() -> Files {
    let dir = Path::new(ROOT).join("tests/fixtures/templates");
    let entries = walkdir::WalkDir::new(&dir).into_iter().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().is_file());
    files.fold(Files::of_dir(Path::new(ROOT)), |project, entry| {
        let path = entry.path().strip_prefix(&dir).unwrap().to_str().unwrap();
        project.with(&format!("packages/{path}"), fs::read(entry.path()).unwrap())
    })
}

/// The scripts of the fixtures alone, with these options, by label.
pub fn fixture_scripts(given: &[&str]) -> BTreeMap<String, Script> {
    let mut options = Options::default();
    given.iter().for_each(|option| options.give(option).unwrap());
    options.only =
        ["cmake", "files", "kconfig", "meson", "prebuilt"].map(|name| format!("hello-{name}")).into();
    let project = Project::from_files(fixtures()).unwrap();
    let output = project.render(&options).unwrap_or_else(|error| panic!("{error}"));
    let scripts = output.scripts.iter().filter(|(label, _)| label.starts_with("hello-"));
    scripts.map(|(label, one)| (label.clone(), one.script.clone())).collect()
}

/// A place to run a script by hand in: the directories that the builder gives.
struct Hand {
    dir: tempfile::TempDir,
}

impl Hand {
    fn new() -> Hand {
        let hand = Hand { dir: tempfile::tempdir().unwrap() };
        for dir in ["out", "src", "env/bin", "tmp"] {
            fs::create_dir_all(hand.path(dir)).unwrap();
        }
        // Whatever the target: what is compiled here runs here.
        hand.program("x86_64-linux-musl-gcc", "exec gcc \"$@\"");
        hand
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.dir.path().join(relative)
    }

    fn program(&self, name: &str, text: &str) {
        let path = self.path("env/bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Puts a directory of `tests/fixtures/sources` where the builder unpacks a source.
    fn source(&self, name: &str) {
        let from = Path::new(ROOT).join("tests/fixtures/sources").join(name);
        for entry in walkdir::WalkDir::new(&from) {
            let entry = entry.unwrap();
            let to = self.path("src").join(name).join(entry.path().strip_prefix(&from).unwrap());
            match entry.file_type().is_dir() {
                true => fs::create_dir_all(to).unwrap(),
                false => fs::copy(entry.path(), to).map(|_| ()).unwrap(),
            }
        }
    }

    /// Runs a script with the variables that the builder sets, and no other.
    fn run(&self, script: &Script) -> Output {
        fs::write(self.path("script"), &script.text).unwrap();
        let host = std::env::var("PATH").unwrap_or_default();
        Command::new("sh")
            .arg("script")
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", format!("{}:{host}", self.path("env/bin").display()))
            .envs(["out", "src", "env", "tmp"].map(|name| (name, self.path(name))))
            .env("jobs", "2")
            .env("MAKEFLAGS", "-j2")
            .output()
            .unwrap()
    }

    /// The same, which must end well; gives what it printed.
    #[track_caller]
    fn succeeds(&self, script: &Script) -> String {
        let output = self.run(script);
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
        printed
    }

    /// What the script has installed, by path.
    fn installed(&self) -> Vec<String> {
        let out = self.path("out");
        let entries = walkdir::WalkDir::new(&out).sort_by_file_name().into_iter().map(Result::unwrap);
        let files = entries.filter(|entry| !entry.file_type().is_dir());
        files.map(|entry| entry.path().strip_prefix(&out).unwrap().display().to_string()).collect()
    }

    fn text(&self, installed: &str) -> String {
        fs::read_to_string(self.path("out").join(installed)).unwrap()
    }
}

/// Whether a program is there; says what is not tested where it is not.
fn is_there(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        println!("SKIPPED: {program} is not installed");
    }
    found
}

fn host(label: &str) -> Script {
    fixture_scripts(&["toolchain=host"]).remove(label).unwrap()
}

#[test]
fn a_script_run_by_hand_gives_the_install() {
    let world = World::new(everybody()[0]);
    world.pthbs(&["build", "sentence"]).ok();
    let hand = Hand::new();
    fs::copy(world.path("project/distfiles/word-1.0.txt"), hand.path("src/word-1.0.txt")).unwrap();
    let text = fs::read_to_string(world.path("project/rendered/word.sh")).unwrap();
    let script = Script::parse(text, "word.sh").unwrap();
    assert_eq!(hand.succeeds(&script), "#@ phase build\n");

    // What `pthbs` does after a script: seal the directory. Equal manifests mean that all bytes are the same.
    let own = script.install_id();
    let (known, silenced) = Default::default();
    let seal = Seal {
        tree: &hand.path("out"),
        own: Some(&own),
        known: &known,
        is_static: true,
        silenced: &silenced,
    };
    let by_hand = seal.run().unwrap().manifest;
    let store = Store::open(&world.path("store")).unwrap();
    assert_eq!(by_hand, store.manifest(&Item::Install(own)).unwrap());
}

#[test]
fn files_holds_every_byte_of_its_text() {
    let hand = Hand::new();
    let printed = hand.succeeds(&host("hello-files"));
    assert_eq!(printed, "#@ phase install\n");
    assert_eq!(hand.installed(), ["bin/hello", "etc/greeting", "etc/it's here/two"]);
    let greeting = fs::read_to_string(Path::new(ROOT).join("tests/fixtures/templates/hello-files/greeting"));
    assert_eq!(hand.text("etc/greeting"), greeting.unwrap());
    assert_eq!(hand.text("etc/it's here/two"), "EOF\n$out `id`\n");
    let mode = |path: &str| hand.path("out").join(path).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("bin/hello"), mode("etc/greeting")), (0o755, 0o644));
}

#[test]
fn prebuilt_takes_what_is_asked_for() {
    let hand = Hand::new();
    hand.source("hello-prebuilt-1");
    hand.succeeds(&host("hello-prebuilt"));
    assert_eq!(hand.installed(), ["bin/hello", "it's data/x"]);
}

#[test]
fn kconfig_verifies_that_every_symbol_took() {
    if !is_there("make") {
        return;
    }
    let hand = Hand::new();
    hand.source("hello-kconfig-1");
    hand.succeeds(&host("hello-kconfig"));
    let config = hand.text("config");
    for wanted in ["CONFIG_STATIC=y", "CONFIG_NAME=\"it's\"", "# CONFIG_COLOR is not set", "CONFIG_DEBUG=y"] {
        assert!(config.lines().any(|line| line == wanted), "{config}");
    }

    let colored =
        fixture_scripts(&["toolchain=host", "hello-kconfig.color=on"]).remove("hello-kconfig").unwrap();
    let hand = Hand::new();
    hand.source("hello-kconfig-1");
    let output = hand.run(&colored);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("configuration: CONFIG_COLOR did not take"), "{told}");
}

#[test]
fn a_package_can_ask_for_a_busybox_of_its_own() {
    let user = "{% extends \"base\" %}\n{% set version = \"1\" %}\n\
                {% do dep(\"busybox\", config={\"SED\": false, \"TC\": true}, as=\"ash\") %}\n";
    let files = Files::of_dir(Path::new(ROOT)).with("packages/user/package.sh", user.into());
    let output = Project::from_files(files).unwrap().render(&Options::default()).unwrap();
    let script = |label: &str| &output.scripts[label].script;
    assert!(script("user").header.deps.contains(&script("busybox@ash").install_id()));
    // What differs from the package as it is are the symbols that were asked for.
    let lines = |label: &str| script(label).text.lines().map(str::to_string).collect::<BTreeSet<String>>();
    let (plain, variant) = (lines("busybox"), lines("busybox@ash"));
    let asked: Vec<&String> = variant.difference(&plain).collect();
    assert_eq!(asked, ["# CONFIG_SED is not set", "CONFIG_TC=y"]);
    assert_eq!(plain.difference(&variant).collect::<Vec<_>>(), ["# CONFIG_TC is not set"]);

    let mut options = Options::default();
    options.give("busybox.config=SED=off,TC=on").unwrap();
    let output = Project::open(Path::new(ROOT)).unwrap().render(&options).unwrap();
    assert_eq!(
        output.scripts["busybox"].script.text.lines().map(str::to_string).collect::<BTreeSet<_>>(),
        variant
    );
}

#[test]
fn cmake_builds_tests_and_installs() {
    if !is_there("cmake") || !is_there("gcc") {
        return;
    }
    let hand = Hand::new();
    hand.source("hello-cmake-1");
    let printed = hand.succeeds(&host("hello-cmake"));
    assert!(printed.contains("100% tests passed"), "{printed}");
    assert_eq!(hand.installed(), ["bin/hello", "lib/libgreeting.a", "share/greeting.h"]);
    says_hello(&hand);
}

#[test]
fn meson_builds_tests_and_installs() {
    if !is_there("meson") || !is_there("ninja") || !is_there("gcc") {
        return;
    }
    let hand = Hand::new();
    hand.source("hello-meson-1");
    let printed = hand.succeeds(&host("hello-meson"));
    assert!(
        printed.lines().any(|line| line.starts_with("Ok:") && line.trim_end().ends_with(" 1")),
        "{printed}"
    );
    assert_eq!(hand.installed(), ["bin/hello", "lib/libgreeting.a"]);
    says_hello(&hand);
}

/// The program that was installed runs, and is static.
fn says_hello(hand: &Hand) {
    let program = hand.path("out/bin/hello");
    let output = Command::new(&program).output().unwrap();
    assert_eq!(output.stdout, b"hello\n");
    let bytes = fs::read(&program).unwrap();
    let number = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    // The table of segments of a 64-bit ELF file: its place is at 32, the size and number of its entries at 54.
    let segments = (0..number(56)).map(|n| number(32) + n * number(54));
    assert!(segments.map(number).all(|kind| kind != 3), "it names an interpreter");
}
