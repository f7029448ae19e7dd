//! The weak sandbox, on a machine that refuses user namespaces: taken on request alone, by everything that builds.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use crate::world::{Ran, Who, World, everybody};

/// Makes the machine one that refuses user namespaces, for one command: in a user namespace whose own count is 0, and with
/// a root directory that may have a `/versions`. `$VIEW` is what that leads to; none where it is empty.
const REFUSING: &str = r#"
    set -e
    root=$HOME/root
    mkdir -p "$root"
    mount -t tmpfs none "$root"
    for entry in /*; do
        if [ -L "$entry" ]; then cp -P "$entry" "$root$entry"
        elif [ "$entry" = /versions ]; then :
        elif [ -d "$entry" ]; then mkdir "$root$entry"; mount --rbind "$entry" "$root$entry"
        fi
    done
    [ -z "$VIEW" ] || ln -s "$VIEW" "$root/versions"
    echo 0 >/proc/sys/user/max_user_namespaces
    PATH=$PATH:/usr/sbin:/sbin
    exec chroot "$root" sh -c 'cd "$0" && exec "$@"' "$PWD" "$@"
"#;

/// Runs `pthbs` on such a machine; the reason where this one cannot be made into one.
pub fn refused(world: &World, who: Who, view: &str, arguments: &[&str]) -> Result<Ran, String> {
    let inner = world.command("pthbs", arguments);
    let is_root = who == Who::Caller && nix::unistd::geteuid().is_root();
    // Root keeps all its users: then it is root still, and gives its builds one of them.
    let wait = "read go; exec sh -c \"$0\" sh \"$@\"";
    let words: &[&str] = if is_root { &["-Um", "sh", "-c", wait] } else { &["-Urm", "sh", "-c", wait] };
    let mut command = world.foreign("unshare", words);
    command.arg(REFUSING).arg(inner.get_program()).args(arguments).env("VIEW", view);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|cause| format!("unshare: {cause}"))?;
    if is_root {
        give_all_users(child.id())?;
    }
    // Where unshare was refused nobody reads it; its stderr says why.
    let _ = child.stdin.take().unwrap().write_all(b"go\n");
    let ran = world.ran(child.wait_with_output().unwrap());
    match ran.stderr.lines().find(|line| line.starts_with("unshare:") || line.starts_with("mount:")) {
        Some(line) => Err(line.to_string()),
        None => Ok(ran),
    }
}

fn give_all_users(pid: u32) -> Result<(), String> {
    let namespace = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/user"));
    let (own, child) = (namespace("self").unwrap(), pid.to_string());
    let end = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while namespace(&child).map_err(|cause| cause.to_string())? == own {
        assert!(std::time::Instant::now() < end, "unshare does not come to it");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    for map in ["uid_map", "gid_map"] {
        fs::write(format!("/proc/{pid}/{map}"), "0 0 4294967295").map_err(|cause| cause.to_string())?;
    }
    Ok(())
}

fn definition(more: &str, body: &str) -> String {
    format!(
        "{{% extends \"plain\" %}}\n{{% set version = \"1\" %}}\n{{% set sandbox = \"host\" %}}\n{more}\n\
         {{% block build %}}\n{body}\n{{% endblock %}}\n"
    )
}

const WEAK: &str = "--weak-sandbox=landlock";
const WARNING: &str = "warning: --weak-sandbox=landlock: builds see the host's";

/// A machine that refuses; `None` with a word where this one cannot be made into one.
fn machine(world: &World, who: Who) -> Option<impl Fn(&[&str]) -> Ran> {
    let view = world.path("store/view").display().to_string();
    if let Err(reason) = refused(world, who, &view, &["--version"]) {
        println!("SKIPPED as {who:?}: {reason}");
        return None;
    }
    Some(move |arguments: &[&str]| refused(world, who, &view, arguments).unwrap())
}

/// Why an install is tainted.
fn taint(world: &World, name: &str) -> String {
    let list: Value = serde_json::from_str(&world.pthbs(&["list", "--json", name]).ok().stdout).unwrap();
    list[0]["taint"].to_string()
}

/// Flips a bit of a file of the store.
fn damage(world: &World, ending: &str) {
    let files = world.files_below("store");
    let path = world.path("store").join(files.iter().find(|file| file.ends_with(ending)).unwrap());
    let mut bytes = fs::read(&path).unwrap();
    bytes[0] ^= 1;
    fs::remove_file(&path)
        .or_else(|_| {
            let parent = path.parent().unwrap();
            fs::set_permissions(parent, std::os::unix::fs::PermissionsExt::from_mode(0o755))
                .and_then(|()| fs::remove_file(&path))
        })
        .unwrap();
    fs::write(&path, bytes).unwrap();
    world.give_away();
}

#[test]
fn what_is_there_is_built_anew_and_marked_only_on_request() {
    for who in everybody() {
        let world = World::new(who);
        world.pthbs(&["build", "sentence"]).ok();
        let Some(run) = machine(&world, who) else { continue };
        let ran = run(&["build", "--rebuild", "word"]).exits(125);
        assert!(ran.stderr.contains("`--weak-sandbox=landlock` builds without"), "{}", ran.stderr);
        assert!(!taint(&world, "word").contains("landlock"));
        // Both, of which one is built from the other: from the new one.
        let ran = run(&["build", "--rebuild", WEAK, "word", "sentence"]).ok();
        assert!(
            ran.stderr.starts_with(WARNING) && ran.stderr.matches(WARNING).count() == 1,
            "{}",
            ran.stderr
        );
        assert_eq!(ran.stderr.matches("replaced ").count(), 2, "{}", ran.stderr);
        for name in ["word", "sentence"] {
            assert!(taint(&world, name).contains("weak-sandbox=landlock: "), "{}", taint(&world, name));
        }
        world.pthbs(&["check"]).ok();
        assert_eq!(world.files_below("store/tmp"), [""; 0]);
        // A build that follows finds every link where it should lead.
        world.write(
            "packages/more/package.sh",
            &definition("{% set _w = dep(\"word\") %}", "\tcat {{ _w }}/share/word >$out/x"),
        );
        run(&["build", WEAK, "more"]).ok();
        world.pthbs(&["build", "--rebuild", "word", "sentence"]).ok();
        assert!(!taint(&world, "word").contains("landlock"), "{}", taint(&world, "word"));
    }
}

#[test]
fn damage_is_repaired_and_what_is_repaired_by_its_sum_is_not_marked() {
    for who in everybody() {
        let world = World::new(who);
        world.pthbs(&["build", "sentence"]).ok();
        let Some(run) = machine(&world, who) else { continue };
        damage(&world, "share/word");
        let ran = run(&["repair"]).exits(125);
        assert!(ran.stderr.contains("`--weak-sandbox=landlock` builds without"), "{}", ran.stderr);
        let ran = run(&["repair", WEAK]).ok();
        assert!(ran.stderr.starts_with(WARNING), "{}", ran.stderr);
        assert!(ran.stderr.contains(": built anew\n"), "{}", ran.stderr);
        assert!(!taint(&world, "word").contains("landlock"), "each file is proven by the manifest");
        world.pthbs(&["check"]).ok();
        // Where the description is lost, the whole is a new one.
        damage(&world, "/manifest");
        run(&["repair", WEAK]).ok();
        world.pthbs(&["check"]).ok();
        let all = taint(&world, "word") + &taint(&world, "sentence");
        assert_eq!(all.matches("weak-sandbox=landlock: ").count(), 1, "{all}");
    }
}

#[test]
fn a_verdict_of_the_weak_sandbox_says_so() {
    for who in everybody() {
        let world = World::new(who);
        world.write(
            "packages/place/package.sh",
            &definition("", "\tmkdir $out/share\n\techo $tmp | tr / . >$out/share/x"),
        );
        world.pthbs(&["build", "word", "place"]).ok();
        let Some(run) = machine(&world, who) else { continue };
        run(&["reproduce", "word"]).exits(125);
        for more in [&[][..], &["--vary", "--rounds", "2"]] {
            let ran = run(&[&["reproduce", WEAK, "word"], more].concat()).ok();
            assert!(ran.stdout.ends_with("\tsame\tweak sandbox\n"), "{}", ran.stdout);
            assert!(
                ran.stderr.starts_with(WARNING) && ran.stderr.matches(WARNING).count() == 1,
                "{}",
                ran.stderr
            );
        }
        let json: Value =
            serde_json::from_str(&run(&["reproduce", WEAK, "--json", "word"]).ok().stdout).unwrap();
        assert_eq!(json[0]["weak_sandbox"], true);
        let ran = run(&["reproduce", WEAK, "place"]).exits(1);
        assert!(ran.stdout.ends_with("\tdiffers\tweak sandbox\n"), "{}", ran.stdout);
        assert!(ran.stderr.contains("shows a build its directories where they lie"), "{}", ran.stderr);
        // Nothing in the store is another one, and nothing is marked.
        assert!(!taint(&world, "word").contains("landlock"));
        world.pthbs(&["check"]).ok();
        assert_eq!(world.files_below("store/tmp"), [""; 0]);
    }
}

#[test]
fn failed_builds_and_builds_to_come_are_entered() {
    for who in everybody() {
        let world = World::new(who);
        let body = "\tcat {{ _word }}/share/word >\"$out/half\"\n\techo left >\"$tmp/left\"\n\texit 9";
        world.write("packages/bad/package.sh", &definition("{% set _word = dep(\"word\") %}", body));
        let Some(run) = machine(&world, who) else { continue };
        run(&["build", WEAK, "bad"]).exits(1);
        let look = "cat $out/half $tmp/left; cat /etc/shadow 2>/dev/null; pwd | grep -c /tmp/bad";
        let ran = run(&["shell", "--failed", "bad", "--", "sh", "-c", look]).exits(125);
        assert!(ran.stderr.contains("cannot make a user namespace"), "{}", ran.stderr);
        let ran = run(&["shell", WEAK, "--failed", "bad", "--", "sh", "-c", look]).ok();
        assert_eq!(ran.stdout, "hello, world\nleft\n1\n");
        assert!(ran.stderr.starts_with(WARNING), "{}", ran.stderr);
        run(&["shell", WEAK, "--failed", "bad", "--", "sh", "script"]).exits(9);
        // It was built in the one sandbox and is entered in the other.
        let ran = world.pthbs(&["shell", "--failed", "bad", "--", "sh", "-c", "cat $out/half; pwd"]).ok();
        assert_eq!(ran.stdout, "hello, world\n/build\n");

        let by_hand = "sh script >/dev/null && cat $out/share/word; exit 3";
        let ran = run(&["shell", "--build", "word", "--", "sh", "-c", by_hand]).exits(125);
        assert!(ran.stderr.contains("cannot make a user namespace"), "{}", ran.stderr);
        for _ in 0..2 {
            // The second time its install is there already.
            let ran = run(&["shell", WEAK, "--build", "word", "--", "sh", "-c", by_hand]).exits(3);
            assert_eq!(ran.stdout, "hello, world\n");
            run(&["build", WEAK, "word"]).ok();
        }
        let kept = |dir: &String| !dir.starts_with("bad.");
        assert_eq!(world.files_below("store/tmp").into_iter().filter(kept).collect::<Vec<_>>(), [""; 0]);
    }
}

#[test]
fn a_local_source_tree_stands_in_for_a_source_without_a_mount() {
    for who in everybody() {
        let world = World::new(who);
        let own = world.path("home/own");
        for dir in [&own, &world.path("home/src-1")] {
            fs::create_dir(dir).unwrap();
            fs::write(dir.join("edited"), format!("{}\n", dir.file_name().unwrap().display())).unwrap();
        }
        let mut tar = world.foreign("tar", &["-cf", "distfiles/src-1.tar", "-C", "../home", "src-1"]);
        world.give_away();
        assert!(tar.status().unwrap().success());
        let sum = world.sha256("project/distfiles/src-1.tar");
        let more = format!("{{% set _src = src(\"https://example.invalid/src-1.tar\", sha256=\"{sum}\") %}}");
        world.write("packages/local/package.sh", &definition(&more, "\tcat {{ _src }}/edited >$out/copy"));
        let Some(run) = machine(&world, who) else { continue };
        let build = "sh script >/dev/null && cat $out/copy";
        let ran = run(&["shell", WEAK, "--build", "local", "--", "sh", "-c", build]).ok();
        assert_eq!(ran.stdout, "src-1\n");
        let dir = own.display().to_string();
        let ran = run(&["shell", WEAK, "--build", "local", "--src", &dir, "--", "sh", "-c", build]).ok();
        assert_eq!(ran.stdout, "own\n");
        assert!(own.join("edited").exists());
    }
}

/// `sandbox=on` there: what Landlock keeps away, and what it cannot, which is what docs/sandbox.md says.
#[test]
fn a_strict_script_is_built_with_its_own_tools_and_sees_names_alone() {
    for who in everybody() {
        let world = World::new(who);
        fs::write(world.path("home/secret"), "secret").unwrap();
        fs::write(world.path("project/distfiles/tiny_shell.c"), include_str!("tiny_shell.c")).unwrap();
        world.give_away();
        let sum = world.sha256("project/distfiles/tiny_shell.c");
        let src = format!(
            "{{% set _src = src(\"https://example.invalid/tiny_shell.c\", sha256=\"{sum}\", unpack=false) %}}"
        );
        let compile = "\tmkdir $out/bin\n\tcc -static -o $out/bin/sh {{ _src }}";
        world.write("packages/tools/package.sh", &definition(&src, compile));
        world.write("packages/other/package.sh", &definition("", "\techo x >$out/x"));
        if world.pthbs(&["build", "tools", "other"]).code != Some(0) {
            println!("SKIPPED: the host has no compiler for static programs");
            return;
        }
        let (home, store) = (world.path("home"), world.path("store"));
        let (home, store) = (home.display(), store.display());
        let other = world.pthbs(&["build", "other"]).ok().stdout.replace("WORLD/store/versions/", "");
        let other = other.trim_end();
        let tries = [
            format!("read {home}/secret"),
            format!("write {home}/new"),
            "read /etc/shadow".into(),
            format!("read /versions/{other}/x"),
            format!("read {store}/versions/{other}/x"),
            "write /tmp/new".into(),
            "write $env/new".into(),
            format!("write {store}/view/.lock"),
            format!("list {home}"),
            "list /versions".into(),
            "socket x".into(),
            // The names of the host's files and processes cannot be hidden.
            format!("look {home}/secret"),
            format!("look {store}/versions/{other}/x"),
            "look /proc/1/stat".into(),
            "look /usr".into(),
            // Its own.
            "read {{ _word }}/share/word".into(),
            "read $env/bin/sh".into(),
            "write $tmp/x".into(),
            "write $out/x".into(),
        ];
        let body: String = tries.iter().map(|line| format!("\t{line}\n")).collect();
        let strict = format!(
            "{{% extends \"plain\" %}}\n{{% set version = \"1\" %}}\n{{% set sandbox = \"on\" %}}\n\
             {{% set _tools = tool(\"tools\") %}}\n{{% set _word = dep(\"word\") %}}\n\
             {{% block build %}}\n{body}{{% endblock %}}\n"
        );
        world.write("packages/strict/package.sh", &strict);
        let answers = |ran: Ran| -> Vec<String> {
            let path = ran.ok().stdout.trim_end().replace("WORLD", world.path("").to_str().unwrap());
            let said = fs::read_to_string(std::path::Path::new(&path).join("said")).unwrap();
            said.lines().map(|line| line.rsplit_once(": ").unwrap().1.to_string()).collect()
        };
        let Some(run) = machine(&world, who) else { continue };
        run(&["build", WEAK, "--rebuild", "other"]).ok();
        let ran = run(&["build", WEAK, "strict"]);
        assert!(ran.stderr.starts_with(WARNING), "{}", ran.stderr);
        let weak = answers(ran);
        let no = "EACCES";
        assert_eq!(weak[..10], [no, no, no, "ENOENT", no, no, no, no, no, no], "{weak:?}");
        assert_eq!(weak[10], "EAFNOSUPPORT");
        assert_eq!(weak[11..], ["ok"; 8], "{weak:?}");
        assert!(!world.path("home/new").exists());
        assert!(taint(&world, "strict").contains("weak-sandbox=landlock: "));
        // In the sandbox proper the same script does not see so much as the names, and has a loopback of its own.
        let strict = answers(world.pthbs(&["build", "--rebuild", "strict"]));
        let gone = "ENOENT";
        let expected =
            [gone, gone, gone, gone, gone, "ok", "EROFS", gone, gone, "ok", "ok", gone, gone, gone, gone];
        assert_eq!(strict[..15], expected);
        assert_eq!(strict[15..], ["ok"; 4]);
    }
}

#[test]
fn the_weak_sandbox_is_taken_on_request_alone_and_marks_what_it_makes() {
    for who in everybody() {
        let world = World::new(who);
        let view = world.path("store/view").display().to_string();
        let ran = match refused(&world, who, &view, &["build", "sentence"]) {
            Err(reason) => {
                println!("SKIPPED as {who:?}: {reason}");
                continue;
            }
            Ok(ran) => ran.exits(125),
        };
        assert!(
            ran.stderr.contains("hint: as root: sysctl -w user.max_user_namespaces=15000"),
            "{}",
            ran.stderr
        );
        assert!(ran.stderr.contains("`--weak-sandbox=landlock` builds without"), "{}", ran.stderr);
        assert!(world.files_below("store/versions").is_empty());

        let weak = ["build", "--weak-sandbox=landlock", "sentence"];
        let ran = refused(&world, who, "", &weak).unwrap().exits(125);
        assert!(
            ran.stderr.contains("hint: as root, once: ln -sfnT WORLD/store/view /versions"),
            "{}",
            ran.stderr
        );
        let ran = refused(&world, who, &view, &weak).unwrap().ok();
        assert!(
            ran.stderr.starts_with("warning: --weak-sandbox=landlock: builds see the host's"),
            "{}",
            ran.stderr
        );
        assert!(ran.stdout.starts_with("WORLD/store/versions/sentence."), "{}", ran.stdout);
        // Only installs are shown still: the outputs are installs now.
        let left: Vec<String> = world.files_below("store/view");
        assert!(left.iter().all(|link| link.starts_with("word.") || link == ".lock"), "{left:?}");

        // Used like any other, and marked.
        world.pthbs(&["switch", "sentence"]).ok();
        assert_eq!(world.pthbs(&["run", "--", "sentence"]).ok().stdout, "hello, world\n");
        let list = world.pthbs(&["list", "word"]).ok().stdout;
        assert!(list.contains("tainted (weak sandbox)"), "{list}");
        let list: Value =
            serde_json::from_str(&world.pthbs(&["list", "--json", "sentence"]).ok().stdout).unwrap();
        let taint = list[0]["taint"].as_array().unwrap();
        assert!(
            taint.iter().any(|reason| reason.as_str().unwrap().starts_with("weak-sandbox=landlock: ")),
            "{taint:?}"
        );
    }
}

#[test]
fn the_weak_sandbox_keeps_other_files_and_the_network_away_and_leaves_no_process() {
    for who in everybody() {
        let world = World::new(who);
        let view = world.path("store/view").display().to_string();
        fs::write(world.path("home/secret"), "secret").unwrap();
        let home = world.path("home").display().to_string();
        let mark = format!("{}", 5_000_000 + u64::from(std::process::id()) * 10 + who as u64);
        let body = format!(
            "\tcat {home}/secret && exit 11\n\techo x >{home}/new && exit 12\n\tls /versions/word.* && exit 13\n\
             \techo x >/tmp/new && exit 14\n\t(setsid sleep {mark} &)\n\techo x >$tmp/x\n\tcp $tmp/x $out/x"
        );
        world.write("packages/curious/package.sh", &definition("", &body));
        world.pthbs(&["build", "word"]).ok();
        match refused(&world, who, &view, &["build", "--weak-sandbox=landlock", "curious"]) {
            Err(reason) => println!("SKIPPED as {who:?}: {reason}"),
            Ok(ran) => drop(ran.ok()),
        }
        assert!(!world.path("home/new").exists());
        let is_left = |line: &[u8]| line.split(|byte| *byte == 0).any(|word| word == mark.as_bytes());
        for process in fs::read_dir("/proc").unwrap().flatten() {
            let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
            assert!(!is_left(&line), "{}", process.path().display());
        }
    }
}
