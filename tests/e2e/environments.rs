//! Environments and profiles by their commands: files, conflicts, locks, and what a switch says.

use std::fs;
use std::ops::AddAssign;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::world::{World, everybody};

/// What puts small files into a package, without a compiler or a toolchain.
const FILES: &str = r#"set -eu
umask 022
put() { mkdir -p "$(dirname "$out/$2")"; cat >"$out/$2"; chmod "$1" "$out/$2"; }
: {{ fact("sandbox", default="host", doc="") }}
{% for _path, _text in fact("files", default={}, doc="") | dictsort %}
put 644 {{ _path | sh }} {{ _text | heredoc }}
{% endfor %}
{% for _path, _text in fact("programs", default={}, doc="") | dictsort %}
put 755 {{ _path | sh }} {{ _text | heredoc }}
{% endfor %}
{% block more %}{% endblock %}
"#;

/// A world whose packages are texts: the program `hello`, and more of what a test is about.
fn world() -> World {
    worlds().swap_remove(0)
}

fn worlds() -> Vec<World> {
    let world = |who| {
        let world = World::new(who);
        world.write("templates/files.sh", FILES);
        package(&world, "hello", "1", "");
        world
    };
    everybody().into_iter().map(world).collect()
}

/// A package with the program `bin/NAME`, which prints name, version and the option `mood`.
fn package(world: &World, name: &str, version: &str, more: &str) {
    let text = format!(
        "{{% extends \"files\" %}}\n{{% set version = \"{version}\" %}}\n\
         {{% set _mood = option(\"mood\", default=\"well\", choices=[\"well\", \"ill\"], doc=\"\") %}}\n\
         {{% set programs = {{\"bin/{name}\": \"#!/bin/sh\\necho {name} {version} \" ~ _mood ~ \"\\n\"}} %}}\n{more}"
    );
    world.write(&format!("packages/{name}/package.sh"), &text);
}

/// What a program of a profile prints, found as a person finds it: by path.
fn said(world: &World, profile: &str, program: &str) -> String {
    let path = world.path(&format!("store/profile/{profile}/current/bin/{program}"));
    match Command::new(&path).env_clear().output() {
        Ok(output) => String::from_utf8(output.stdout).unwrap(),
        Err(cause) => format!("{cause}"),
    }
}

/// Lines without what differs from run to run: hashes, and what builds and renderings say.
fn told(text: &str) -> Vec<String> {
    let is_hash = |word: &str| word.len() == 8 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let line = |line: &str| {
        let words: Vec<&str> =
            line.split_whitespace().map(|word| if is_hash(word) { "HASH" } else { word }).collect();
        words.join(" ")
    };
    let noise = ["building", "built", "fetched", "rendered"];
    let lines = text.lines().filter(|line| !line.starts_with(char::is_numeric));
    lines.map(line).filter(|line| !noise.iter().any(|word| line.starts_with(word))).collect()
}

#[test]
fn a_file_says_packages_options_rules_and_small_files() {
    for world in worlds() {
        package(
            &world,
            "other",
            "2",
            "{% set files = {\"etc/motd\": \"theirs\\n\", \"etc/other\": \"x\\n\"} %}\n",
        );
        let file = r##"
            packages = ["hello", "other", { name = "hello", as = "sad", options = { mood = "ill" } }]
            [prefer]
            "etc/motd" = "files"
            [rename]
            "hello@sad" = { "bin/hello" = "bin/sad" }
            [exclude]
            other = ["etc/other"]
            [files]
            "etc/motd" = "ours {{ }} {% #}\n"
            "bin/hi" = { text = "#!/bin/sh\necho hi\n", executable = true }
            "etc/copied" = { from = "beside" }
        "##;
        world.write("conf/home.env.toml", file);
        world.write("conf/beside", "copied\n");

        let made = world.pthbs(&["env", "make", "conf/home.env.toml"]).ok();
        let shown = made.stdout.trim_end().replace("WORLD", &world.path("").to_string_lossy());
        let read = |path: &str| fs::read_to_string(std::path::Path::new(&shown).join(path)).unwrap();
        assert_eq!(read("etc/motd"), "ours {{ }} {% #}\n");
        assert_eq!(read("etc/copied"), "copied\n");
        assert!(fs::metadata(format!("{shown}/etc/other")).is_err());
        assert!(world.pthbs(&["env", "list"]).ok().stdout.contains(&made.stdout));

        let switched = world.pthbs(&["switch", "-p", "home", "conf/home.env.toml"]).ok();
        let expected = [
            "added files 1 HASH 42 B",
            "added hello 1 HASH 27 B",
            "added hello 1 HASH 28 B",
            "added other 2 HASH 37 B",
            "switched home to 1, +134 B",
        ];
        let mut lines = told(&switched.stderr);
        lines.sort();
        assert_eq!(lines, expected, "{}", switched.stderr);
        let all = ["hello", "sad", "hi", "other"].map(|program| said(&world, "home", program));
        assert_eq!(all, ["hello 1 well\n", "hello 1 ill\n", "hi\n", "other 2 well\n"]);
        assert_eq!(world.pthbs(&["env", "show", "home"]).ok().stdout.lines().count(), 4);

        // Configuration is hashed, diffed and rolled back like everything else.
        world.write("conf/beside", "changed\n");
        let switched = world.pthbs(&["switch", "-p", "home", "conf/home.env.toml"]).ok();
        assert_eq!(
            told(&switched.stderr),
            ["changed files 1 HASH -> HASH +1 B", "switched home 1 -> 2, +1 B"]
        );
        world.pthbs(&["rollback", "-p", "home"]).ok();
        let copied = world.path("store/profile/home/current/etc/copied");
        assert_eq!(fs::read_to_string(copied).unwrap(), "copied\n");
        let again = world.pthbs(&["switch", "-p", "home", "conf/home.env.toml"]).ok();
        assert_eq!(told(&again.stderr), ["changed files 1 HASH -> HASH +1 B", "switched home 1 -> 3, +1 B"]);
    }
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    let world = world();
    let why = |text: &str| {
        world.write("home.env.toml", text);
        world.pthbs(&["env", "make", "home.env.toml"]).exits(2).stderr
    };
    let text = why("packages = [\"helo\", { name = \"hello\", options = { mod = \"ill\" } }]");
    assert!(
        text.contains("has no option `mod`\n  asked for by: home.env.toml\n  hint: did you mean `mood`?"),
        "{text}"
    );
    assert!(
        text.contains("`helo` not found\n  asked for by: home.env.toml\n  hint: did you mean `hello`?"),
        "{text}"
    );
    let text = why("packages = [\"helo\", \"wrod\"]");
    assert!(text.contains("did you mean `hello`?") && text.contains("did you mean `word`?"), "{text}");
    let text = why("packages = [\"hello\", \"hello\"]");
    assert!(text.contains("`hello` is wanted twice\n  where: home.env.toml"), "{text}");
    let text = why("[files]\n\"x\" = { from = \"gone\" }");
    assert!(text.contains("gone`: No such file") && text.contains("wanted as: x"), "{text}");
    let ran = world.pthbs(&["--no-render", "env", "make", "home.env.toml"]).exits(2);
    assert!(ran.stderr.contains("must be rendered"), "{}", ran.stderr);
    let ran = world.pthbs(&["env", "make", "home.env.toml", "hello"]).exits(2);
    assert!(ran.stderr.contains("stands alone"), "{}", ran.stderr);
    assert_eq!(world.files_below("store/versions"), [""; 0]);
}

#[test]
fn forty_conflicts_are_told_at_once_and_the_lines_to_paste_settle_them() {
    let world = world();
    let files = |name: &str, range: std::ops::Range<usize>| {
        let pair = |n: usize| format!("\"share/d{}/f{n:02}\": \"{name}\\n\"", n % 4);
        let pairs: Vec<String> = range.map(pair).collect();
        format!("{{% set files = {{{}}} %}}\n", pairs.join(", "))
    };
    package(&world, "a", "1", &files("a", 0..30));
    package(&world, "b", "1", &files("b", 0..20));
    package(&world, "c", "1", &files("c", 10..40));
    package(&world, "d", "1", &files("d", 30..40));
    world.pthbs(&["build", "a", "b", "c", "d"]).ok();

    // 0..20 of a and b, 10..30 of a and c (ten of them of all three): 30; 30..40 of c and d.
    world.write("home.env.toml", "packages = [\"a\", \"b\", \"c\", \"d\"]\n");
    let (before, meta) = (world.files_below("store/versions"), world.files_below("store/meta"));
    let ran = world.pthbs(&["env", "make", "home.env.toml"]).exits(2);
    assert!(
        ran.stderr.starts_with("error: 40 paths belong to several packages and differ"),
        "{}",
        ran.stderr
    );
    for n in 0..40 {
        let path = format!("share/d{}/f{n:02}", n % 4);
        let owners = ran.stderr.lines().skip_while(|line| line.trim() != path).skip(1);
        let owners = owners.take_while(|line| line.starts_with("    ")).count();
        assert_eq!(owners, if (10..20).contains(&n) { 3 } else { 2 }, "{path}\n{}", ran.stderr);
    }
    assert_eq!((world.files_below("store/versions"), world.files_below("store/meta")), (before, meta));
    assert_eq!(fs::read_dir(world.path("store/tmp")).unwrap().count(), 0);

    // As a person pastes them.
    let from = ran.stderr.find("[prefer]").expect("the table");
    let to = ran.stderr.find("or leave entries out").expect("what follows");
    let file = format!("packages = [\"a\", \"b\", \"c\", \"d\"]\n{}", &ran.stderr[from..to]);
    world.write("home.env.toml", &file);
    world.pthbs(&["switch", "home.env.toml"]).ok();
    let read = |n: usize| {
        let path = world.path(&format!("store/profile/default/current/share/d{}/f{n:02}", n % 4));
        fs::read_to_string(path).unwrap()
    };
    assert_eq!([read(0), read(15), read(35)], ["a\n", "a\n", "c\n"]);
}

#[test]
fn packages_come_and_go_one_by_one() {
    for world in worlds() {
        package(&world, "other", "2", "");
        let ran = world.pthbs(&["install", "-p", "home", "hello"]).ok();
        assert_eq!(told(&ran.stderr), ["added hello 1 HASH 28 B", "switched home to 1, +28 B"]);
        assert_eq!(ran.stdout, "WORLD/store/profile/home/current\n");
        world.pthbs(&["install", "-p", "home", "other"]).ok();
        package(&world, "hello", "1.1", "");
        // Only what is named is taken from the tree as it is today.
        let ran = world.pthbs(&["install", "-p", "home", "other"]).ok();
        assert_eq!(told(&ran.stderr), ["kept home 2: it shows this environment already"]);
        assert_eq!(said(&world, "home", "hello"), "hello 1 well\n");
        let ran = world.pthbs(&["install", "-p", "home", "hello"]).ok();
        assert_eq!(told(&ran.stderr), ["upgraded hello 1 -> 1.1 +2 B", "switched home 2 -> 3, +2 B"]);
        assert_eq!(
            [said(&world, "home", "hello"), said(&world, "home", "other")],
            ["hello 1.1 well\n", "other 2 well\n"]
        );

        let ran = world.pthbs(&["remove", "-p", "home", "othre"]).exits(2);
        assert!(
            ran.stderr.contains("`othre` was not asked for\n  hint: did you mean `other`?"),
            "{}",
            ran.stderr
        );
        let ran = world.pthbs(&["remove", "-p", "home", "other"]).ok();
        assert_eq!(told(&ran.stderr), ["removed other 2 HASH 28 B", "switched home 3 -> 4, -28 B"]);
        assert!(said(&world, "home", "other").contains("No such file"));
        let ran = world.pthbs(&["rollback", "-p", "home", "--to", "2"]).ok();
        let expected =
            ["added other 2 HASH 28 B", "changed hello 1.1 -> 1 -2 B", "switched home 4 -> 2, +26 B"];
        assert_eq!(told(&ran.stderr), expected);

        let ran = world.pthbs(&["profile", "delete", "home", "2"]).exits(2);
        assert!(ran.stderr.contains("generation 2 of `home` is current"), "{}", ran.stderr);
        let ran = world.pthbs(&["profile", "delete", "home", "1", "3"]).ok();
        assert_eq!(told(&ran.stderr), ["deleted 2 generations of home"]);
        assert_eq!(world.pthbs(&["profile", "history", "home"]).ok().stdout.lines().count(), 2);
        world.pthbs(&["profile", "delete", "home"]).ok();
        assert_eq!(world.pthbs(&["profile", "list"]).ok().stdout, "");
        world.pthbs(&["remove", "-p", "home", "hello"]).exits(2);
    }
}

#[test]
fn a_generation_that_nobody_asked_for_by_names_is_not_edited() {
    let world = world();
    let made = world.pthbs(&["env", "make", "hello"]).ok();
    let id = made.stdout.trim_end().rsplit('/').next().unwrap().to_string();
    world.pthbs(&["switch", &id[..12]]).ok();
    assert_eq!(said(&world, "default", "hello"), "hello 1 well\n");
    let ran = world.pthbs(&["install", "word"]).exits(2);
    assert!(
        ran.stderr.contains("nobody knows what generation 1 of `default` was asked to hold"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_lock_file_gives_the_same_environment_in_another_store() {
    for world in worlds() {
        let file = "packages = [\"sentence\", { name = \"hello\", as = \"sad\", options = { mood = \"ill\" } }]\n\
                    [files]\n\"etc/motd\" = \"hi\\n\"\n";
        world.write("home.env.toml", file);
        world.pthbs(&["switch", "home.env.toml"]).ok();
        let made = world.pthbs(&["env", "make", "home.env.toml"]).ok();
        let locked = world.pthbs(&["env", "lock"]).ok();
        assert_eq!(world.pthbs(&["env", "lock", "home.env.toml"]).ok().stdout, locked.stdout);
        world.pthbs(&["env", "lock", "-o", "home.lock"]).ok();
        world.pthbs(&["env", "lock", "--whole", "-o", "whole.lock"]).ok();
        assert_eq!(fs::read_to_string(world.path("project/home.lock")).unwrap(), locked.stdout);
        assert_eq!(locked.stdout.matches("[[install]]").count(), 3);
        assert_eq!(locked.stdout.matches("[[script]]").count(), 2, "the variant and the small files");

        // Elsewhere: an empty store, the same tree of packages.
        let elsewhere = |store: &str, arguments: &[&str]| {
            let store = world.path(store);
            let mut command = world.command("pthbs", arguments);
            world.ran(command.env("PTHBS_ROOT", store).output().unwrap())
        };
        for store in ["second", "third", "fourth"] {
            fs::create_dir(world.path(store)).unwrap();
        }
        world.give_away();
        let restored = elsewhere("second", &["env", "restore", "home.lock"]).ok();
        assert_eq!(restored.stdout, made.stdout.replace("/store/", "/second/"));
        let switched = elsewhere("second", &["switch", "home.lock"]).ok();
        assert!(switched.stderr.contains("switched default to 1"), "{}", switched.stderr);
        let again = elsewhere("second", &["env", "lock"]).ok();
        assert_eq!(again.stdout, locked.stdout, "what was restored is locked the same");

        // The tree has moved on: a script is not rendered any more. A whole file carries all of them.
        world.write(
            "packages/word/package.sh",
            &fs::read_to_string(world.path("project/packages/word/package.sh"))
                .unwrap()
                .replace("mkdir -p", "mkdir -p -m 755"),
        );
        let ran = elsewhere("third", &["env", "restore", "home.lock"]).exits(2);
        assert!(
            ran.stderr.contains("the script of `sentence.") && ran.stderr.contains("is not known here"),
            "{}",
            ran.stderr
        );
        assert_eq!(world.files_below("third/versions"), [""; 0]);
        let restored = elsewhere("third", &["env", "restore", "whole.lock"]).ok();
        assert_eq!(restored.stdout, made.stdout.replace("/store/", "/third/"));

        // Content that is not what was locked is refused, and so is another environment.
        let whole = fs::read_to_string(world.path("project/whole.lock")).unwrap();
        let key = whole.split("tree_key = \"").nth(1).expect("builds record it")[..64].to_string();
        world.write("other.lock", &whole.replace(&key, &"0".repeat(64)));
        let ran = elsewhere("third", &["env", "restore", "other.lock"]).exits(1);
        assert!(ran.stderr.contains("is not what was locked"), "{}", ran.stderr);
        world.write("other.lock", &whole.replace("hi\n", "ho\n"));
        let ran = elsewhere("fourth", &["env", "restore", "other.lock"]).exits(2);
        assert!(ran.stderr.contains("is not known here"), "{}", ran.stderr);
    }
}

#[test]
fn a_shell_is_told_where_the_programs_are() {
    for world in worlds() {
        world.pthbs(&["build", "hello"]).ok();
        let ran = world.pthbs(&["activate"]).exits(2);
        assert!(ran.stderr.contains("profile `default` shows nothing yet"), "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
        world.pthbs(&["switch", "-p", "home", "hello"]).ok();
        for shell in ["sh", "bash"] {
            // The shell that calls is found by itself.
            let program = world.path("pthbs");
            let script =
                format!("eval \"$({} activate home)\" && hello && echo \"$PATH\"", program.display());
            let ran = world.ran(world.foreign(shell, &["-c", &script]).output().unwrap()).ok();
            let expected = "hello 1 well\nWORLD/store/profile/home/current/bin:/usr/bin:/bin\n";
            assert_eq!(ran.stdout, expected, "{shell}");
        }
        // `hello` runs anywhere; `sentence` reads a file below /versions.
        world.pthbs(&["switch", "-p", "home", "hello", "sentence"]).ok();
        let bound = world.pthbs(&["env", "show", "--at-run-time", "home"]).ok().stdout;
        let columns: Vec<&str> = bound.trim_end().split('\t').collect();
        assert_eq!((columns[0], columns[2]), ("later", "bin/sentence"), "{bound}");
        assert!(columns[1].starts_with("sentence.") && columns[3].starts_with("word."), "{bound}");
        let fish = world.pthbs(&["activate", "--shell", "fish", "home"]).ok();
        assert!(
            fish.stdout.contains("set -gx PATH 'WORLD/store/profile/home/current/bin'"),
            "{}",
            fish.stdout
        );
        world.pthbs(&["activate", "--shell", "tcsh", "home"]).exits(2);
    }
}

#[test]
fn the_profile_of_root_is_for_every_user() {
    let [world, _] = &worlds()[..] else {
        println!("SKIPPED: only root can try another user's store");
        return;
    };
    world.pthbs(&["switch", "hello"]).ok();
    let script = format!("eval \"$({} activate)\" && hello", world.path("pthbs").display());
    let mut command = world.foreign("sh", &["-c", &script]);
    command.uid(65_533).gid(65_533);
    assert_eq!(world.ran(command.output().unwrap()).ok().stdout, "hello 1 well\n");
    for arguments in [&["profile", "list"][..], &["env", "show"], &["env", "list"], &["profile", "history"]] {
        let mut command = world.command("pthbs", arguments);
        command.uid(65_533).gid(65_533);
        assert_ne!(world.ran(command.output().unwrap()).ok().stdout, "", "{arguments:?}");
    }
}

/// Two environments, each with a `hello` of its own, and the ids of both; a profile `home` shows the first.
fn two_environments(world: &World) -> [String; 2] {
    let id = |made: &str| made.trim_end().rsplit('/').next().unwrap().to_string();
    let first = id(&world.pthbs(&["env", "make", "hello"]).ok().stdout);
    package(world, "hello", "2", "");
    let second = id(&world.pthbs(&["env", "make", "hello"]).ok().stdout);
    world.pthbs(&["switch", "-p", "home", &first]).ok();
    [first, second]
}

// A failure means that a power cut or an impatient user can leave a machine without its programs.
#[test]
fn a_switch_that_is_killed_at_any_call_leaves_the_old_or_the_new_generation() {
    let world = world();
    let ids = two_environments(&world);
    let log = world.path("home/strace");
    let calls = "openat,flock,mkdir,mkdirat,write,fsync,fdatasync,rename,renameat,renameat2,symlink,symlinkat,\
                 unlink,unlinkat,readlink,readlinkat,close";
    let (mut old, mut new) = (0, 0);
    let mut shown = 0;
    for call in 1.. {
        let other = 1 - shown;
        let inject = format!("inject={calls}:signal=KILL:when={call}").replace(char::is_whitespace, "");
        let wrapper = ["strace", "-qq", "-e", &inject, "-o"];
        let Some(ran) = world.wrapped(&wrapper, &log, "pthbs", &["switch", "-p", "home", &ids[other]]) else {
            println!("SKIPPED: strace is not installed, so nothing was killed");
            return;
        };
        let now = match said(&world, "home", "hello").as_str() {
            "hello 1 well\n" => 0,
            "hello 2 well\n" => 1,
            said => panic!("at call {call}: {said}"),
        };
        let history = world.pthbs(&["profile", "history", "home"]).ok().stdout;
        let current: Vec<&str> = history.lines().filter(|line| line.contains("\t*\t")).collect();
        assert!(current.len() == 1 && current[0].contains(&ids[now]), "at call {call}: {history}");
        if ran.code == Some(0) {
            assert_eq!(now, other);
            break;
        }
        assert!(ran.code != Some(2), "at call {call}: {}", ran.stderr);
        if now == other { &mut new } else { &mut old }.add_assign(1);
        shown = now;
    }
    assert!(old > 10 && new > 0, "killed before the rename {old} times, after it {new} times");
    let left = world.files_below("store/profile/home");
    let is_known = |name: &String| name == "current" || name.trim_end_matches(".json").parse::<u64>().is_ok();
    assert!(left.iter().all(|name| is_known(name) || name == ".record"), "{left:?}");
}

#[test]
fn programs_that_switch_one_profile_take_turns() {
    let world = world();
    let ids = two_environments(&world);
    let start = |round: usize| {
        let mut command = world.command("pthbs", &["switch", "-p", "home", &ids[round % 2]]);
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap()
    };
    let children: Vec<_> = (0..12).map(start).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let history = world.pthbs(&["profile", "history", "home"]).ok().stdout;
    let columns = history.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let mut before = ("-".to_string(), "");
    for (number, line) in columns.enumerate() {
        assert_eq!(line[0], (number + 1).to_string(), "{history}");
        assert_eq!(line[3], before.0, "a generation comes from the one before it: {history}");
        assert_ne!(line[4], before.1, "{history}");
        before = (line[0].to_string(), line[4]);
    }
}

#[test]
fn installs_at_one_time_do_not_undo_each_other() {
    let world = world();
    let names: Vec<String> = ('a'..='f').map(String::from).collect();
    names.iter().for_each(|name| package(&world, name, "1", ""));
    world.genpkg(&["render"]).ok();
    let start = |name: &String| {
        let mut command = world.command("pthbs", &["install", "-p", "home", name]);
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap()
    };
    let children: Vec<_> = names.iter().map(start).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    for name in &names {
        assert_eq!(said(&world, "home", name), format!("{name} 1 well\n"));
    }
}

#[test]
fn environments_are_checked_explained_and_collected_as_installs_are() {
    for world in worlds() {
        let [first, second] = two_environments(&world);
        assert_eq!(world.pthbs(&["check"]).ok().stderr, "4 items sound\n");
        let refs = world.pthbs(&["refs", &first]).ok().stdout;
        assert!(refs.starts_with("hello.") && refs.lines().count() == 1, "{refs}");
        let held = refs.trim_end();
        let users = world.pthbs(&["refs", "--reverse", held]).ok().stdout;
        assert!(users.contains(&first) && !users.contains(&second), "{users}");
        let shown = world.pthbs(&["diff", &first, &second]).ok().stdout;
        assert!(shown.contains("hello"), "{shown}");

        // What nobody shows goes, with what only it held; what a profile shows stays.
        fs::remove_dir_all(world.path("store/profile/.asked")).unwrap();
        let gone = world.pthbs(&["gc"]).ok().stdout;
        assert!(gone.contains(&second) && !gone.contains(&first) && !gone.contains(held), "{gone}");
        assert_eq!(said(&world, "home", "hello"), "hello 1 well\n");
        world.pthbs(&["check"]).ok();

        // A link that leads elsewhere is damage; it is told, and stands in the way of nothing.
        let place = world.path(&format!("store/versions/{first}"));
        let table = place.join(".p");
        let mode =
            |mode| fs::set_permissions(&table, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
        mode(0o755);
        fs::remove_file(table.join("hello")).unwrap();
        std::os::unix::fs::symlink("../../elsewhere", table.join("hello")).unwrap();
        mode(0o555);
        let ran = world.pthbs(&["check", &first]).exits(1);
        assert!(ran.stdout.contains(".p/hello"), "{ran:?}");
        world.pthbs(&["profile", "delete", "home"]).ok();
        let gone = world.pthbs(&["gc"]).ok().stdout;
        assert!(gone.contains(&first) && gone.contains(held), "{gone}");
    }
}
