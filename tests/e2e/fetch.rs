//! `pthbs fetch`: sources without builds, for this machine and for another one; and what it says when something is wrong.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use crate::server::{Reply, Server};
use crate::world::{Ran, Who, World, everybody};

const BYTES: &[u8] = b"the bytes of a source, long enough to be cut in two\n";

/// A definition whose sources are these calls, and that copies them into its install.
fn define(world: &World, name: &str, sources: &[String]) {
    let facts: Vec<String> =
        sources.iter().enumerate().map(|(n, call)| format!("{{% set _s{n} = {call} %}}\n")).collect();
    let copies: Vec<String> =
        (0..sources.len()).map(|n| format!("\tcp -r \"{{{{ _s{n} }}}}\" \"$out/\"\n")).collect();
    world.write(
        &format!("packages/{name}/package.sh"),
        &format!(
            "{{% extends \"plain\" %}}\n{{% set version = \"1\" %}}\n{{% set sandbox = \"host\" %}}\n{}\n\
             {{% block build %}}\n\tmkdir -p \"$out\"\n{}{{% endblock %}}\n",
            facts.concat(),
            copies.concat()
        ),
    );
}

fn src(url: &str, sum: &str) -> String {
    format!("src(\"{url}\", sha256=\"{sum}\", unpack=false)")
}

/// The sum of some bytes, as `sha256sum` prints it.
fn sum(world: &World, bytes: &[u8]) -> String {
    fs::write(world.path("bytes"), bytes).unwrap();
    world.sha256("bytes")
}

fn file_url(path: &Path) -> String {
    format!("file://{}", path.display())
}

fn spawn(world: &World, arguments: &[&str]) -> Child {
    world.command("pthbs", arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn wait(world: &World, child: Child) -> Ran {
    world.ran(child.wait_with_output().unwrap())
}

/// Holds every caller back until so many are there at the same time.
struct Meeting {
    wanted: usize,
    there: Mutex<usize>,
    met: Condvar,
}

impl Meeting {
    fn of(wanted: usize) -> Meeting {
        Meeting { wanted, there: Mutex::new(0), met: Condvar::new() }
    }

    fn join(&self) {
        let mut there = self.there.lock().unwrap();
        *there += 1;
        self.met.notify_all();
        // A client that asks one after another would wait for ever: it is answered after a while, by an error.
        let patience = Duration::from_secs(20);
        let (there, waited) =
            self.met.wait_timeout_while(there, patience, |there| *there < self.wanted).unwrap();
        drop(there);
        assert!(!waited.timed_out(), "nobody else came");
    }
}

#[test]
fn sources_are_fetched_without_a_build_and_named_on_stdout() {
    for who in everybody() {
        let world = World::new(who);
        let ran = world.pthbs(&["fetch", "sentence"]).ok();
        let sum = world.sha256("project/distfiles/word-1.0.txt");
        assert_eq!(ran.stdout, format!("WORLD/store/source/{sum}\n"));
        assert!(ran.stderr.contains("\nfetched  word-1.0.txt "), "{}", ran.stderr);
        assert!(ran.stderr.contains("\n1 fetched in "), "{}", ran.stderr);
        assert!(!world.files_below("store/versions").iter().any(|file| file.contains("word")));
        let again = world.pthbs(&["fetch", "--all"]).ok();
        assert_eq!((again.stdout, &*again.stderr), (ran.stdout, "nothing to do\n"));
    }
}

#[test]
fn what_is_installed_needs_no_sources_unless_they_are_asked_for() {
    let world = World::new(Who::Caller);
    world.pthbs(&["build", "word"]).ok();
    let kept = world.path("store/source").join(world.sha256("project/distfiles/word-1.0.txt"));
    fs::remove_file(&kept).unwrap();
    world.pthbs(&["fetch", "sentence"]).ok();
    assert!(!kept.exists());
    world.pthbs(&["fetch", "word"]).ok();
    assert!(kept.exists());
}

#[test]
fn an_exported_directory_serves_an_offline_build_on_another_machine() {
    for who in everybody() {
        let world = World::new(who);
        fs::write(world.path("far.txt"), BYTES).unwrap();
        let mut sources = vec![src(&file_url(&world.path("far.txt")), &sum(&world, BYTES))];
        let commit = git_project(&world);
        if let Some((commit, tree)) = &commit {
            let url = file_url(&world.path("git-project"));
            sources.push(format!("git(\"{url}\", commit=\"{commit}\", sha256=\"{tree}\")"));
        }
        define(&world, "far", &sources);
        // Installed here is not installed there.
        world.pthbs(&["build", "word"]).ok();
        let export = world.path("export").display().to_string();
        world.pthbs(&["fetch", "--export", &export, "sentence", "far"]).ok();
        let mut expected = vec!["far.txt".to_string(), "word-1.0.txt".to_string()];
        expected.extend(commit.map(|(commit, _)| format!("{commit}.bundle")));
        expected.sort();
        assert_eq!(world.files_below("export"), expected);

        // The other machine: an empty store, no network, and nothing where the sources came from.
        fs::remove_file(world.path("far.txt")).unwrap();
        let _ = fs::remove_dir_all(world.path("git-project"));
        fs::remove_dir_all(world.path("project/distfiles")).unwrap();
        world.write(
            "pthbs.toml",
            &format!("[options]\ntoolchain = \"host\"\n[sources]\ndistfiles = [\"{export}\"]\n"),
        );
        let other = world.path("other").display().to_string();
        let build = ["build", "--offline", "--root", &other, "sentence", "far"];
        world.pthbs(&build).ok();
        let installed =
            world.files_below("other/versions").into_iter().find(|file| file.ends_with("/far.txt"));
        assert_eq!(fs::read(world.path("other/versions").join(installed.unwrap())).unwrap(), BYTES);
    }
}

/// A repository, the commit and the sum that `pthbs` answers an empty one with; none where git is missing.
fn git_project(world: &World) -> Option<(String, String)> {
    let dir = world.path("git-project");
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("file"), "committed\n").unwrap();
    let git = |arguments: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.arg("-C").arg(&dir).args([
            "-c",
            "user.name=x",
            "-c",
            "user.email=x",
            "-c",
            "safe.directory=*",
        ]);
        let output =
            command.args(arguments).env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", &dir).output().ok()?;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(String::from_utf8(output.stdout).unwrap().trim().to_string())
    };
    if git(&["init", "--quiet"]).is_none() {
        println!("SKIPPED: git is not installed");
        return None;
    }
    git(&["add", "file"]);
    git(&["commit", "--quiet", "--message", "x"]);
    let commit = git(&["rev-parse", "HEAD"])?;
    let call = format!("git(\"{}\", commit=\"{commit}\", sha256=\"\")", file_url(&dir));
    define(world, "asks", &[call]);
    let ran = world.pthbs(&["fetch", "asks"]).exits(1);
    assert!(ran.stderr.contains("error: source `git-project` has no hash yet\n"), "{}", ran.stderr);
    assert!(ran.stderr.contains("declared in: packages/asks/package.sh:4\n"), "{}", ran.stderr);
    let (_, tree) = ran.stderr.split_once("write sha256=\"").unwrap();
    let tree = tree[..64].to_string();
    fs::remove_dir_all(world.path("project/packages/asks")).unwrap();
    Some((commit, tree))
}

#[test]
fn a_check_finds_a_flipped_bit_and_the_next_fetch_mends_it() {
    for who in everybody() {
        let world = World::new(who);
        world.pthbs(&["fetch", "word"]).ok();
        let ran = world.pthbs(&["fetch", "--check"]).ok();
        assert_eq!(ran.stderr, "checked  1 file (13 B), 0 commits\n");
        let sum = world.sha256("project/distfiles/word-1.0.txt");
        let kept = world.path("store/source").join(&sum);
        let mut bytes = fs::read(&kept).unwrap();
        bytes[3] ^= 1;
        // As a disk does it: the same file, whatever its mode.
        fs::remove_file(&kept).unwrap();
        fs::write(&kept, &bytes).unwrap();
        world.give_away();
        let ran = world.pthbs(&["fetch", "--check"]).exits(1);
        assert!(ran.stderr.contains(&format!("error: kept source `WORLD/store/source/{sum}` is damaged\n")));
        assert!(ran.stderr.contains("known as: `word-1.0.txt`"), "{}", ran.stderr);
        assert!(!kept.exists());
        world.pthbs(&["fetch", "word"]).ok();
        world.pthbs(&["fetch", "--check"]).ok();
    }
}

#[test]
fn a_build_notices_a_damaged_source_and_fetches_it_anew() {
    let world = World::new(Who::Caller);
    world.pthbs(&["fetch", "word"]).ok();
    let sum = world.sha256("project/distfiles/word-1.0.txt");
    let kept = world.path("store/source").join(&sum);
    fs::remove_file(&kept).unwrap();
    fs::write(&kept, "damaged").unwrap();
    let ran = world.pthbs(&["build", "word"]).ok();
    assert!(
        ran.stderr.contains("warning: kept source `word-1.0.txt` is damaged; it is fetched anew"),
        "{}",
        ran.stderr
    );
    assert_eq!(world.sha256(&format!("store/source/{sum}")), sum);
}

#[test]
fn on_a_terminal_one_line_is_rewritten_and_elsewhere_there_are_none() {
    let world = World::new(Who::Caller);
    let bytes = vec![b'x'; 60];
    let pause = Some(Duration::from_millis(10));
    let served = bytes.clone();
    let server = Server::start(move |_| Reply { drip: pause, ..Reply::ok(&served) });
    define(&world, "slow", &[src(&server.url("/slow.txt"), &sum(&world, &bytes))]);
    world.genpkg(&["render"]).ok();
    let plain = world.pthbs(&["fetch", "slow"]).ok();
    assert!(!plain.stderr.contains('\x1b') && !plain.stderr.contains("fetching"), "{}", plain.stderr);
    let program = world.path("pthbs");
    let root = world.path("other");
    let line = format!("{} --root {} fetch slow", program.display(), root.display());
    let mut script = std::process::Command::new("script");
    script.args(["-qec", &line, "/dev/null"]).env_clear().env("TERM", "xterm").env("PATH", "/usr/bin:/bin");
    script.current_dir(world.path("project")).stdin(Stdio::null());
    let Ok(output) = script.output() else {
        println!("SKIPPED: script is not installed");
        return;
    };
    let ran = world.ran(output).ok();
    assert!(ran.stdout.contains("\x1b[?7lfetching "), "{:?}", ran.stdout);
    assert!(ran.stdout.contains("\r\x1b[Kfetched  slow.txt 60 B "), "{:?}", ran.stdout);
    // What comes after it begins on a line of its own.
    assert!(ran.stdout.contains("\r\nWORLD/other/source/"), "{:?}", ran.stdout);
}

#[test]
fn a_new_version_with_the_old_hash_is_refused() {
    let world = World::new(Who::Caller);
    fs::write(world.path("tool-1.0.txt"), BYTES).unwrap();
    let sum = sum(&world, BYTES);
    define(&world, "tool", &[src(&file_url(&world.path("tool-1.0.txt")), &sum)]);
    world.pthbs(&["fetch", "tool"]).ok();
    define(&world, "tool", &[src(&file_url(&world.path("tool-1.1.txt")), &sum)]);
    for command in ["fetch", "build"] {
        let ran = world.pthbs(&[command, "tool"]).exits(1);
        assert!(
            ran.stderr.contains("error: source `tool-1.1.txt` has the hash of another version\n"),
            "{}",
            ran.stderr
        );
        assert!(ran.stderr.contains("declared in: packages/tool/package.sh:4\n"), "{}", ran.stderr);
        assert!(ran.stderr.contains("known as: `tool-1.0.txt`"), "{}", ran.stderr);
    }
}

#[test]
fn an_empty_hash_is_answered_with_the_one_to_paste() {
    let world = World::new(Who::Caller);
    fs::write(world.path("new.txt"), BYTES).unwrap();
    let url = file_url(&world.path("new.txt"));
    define(&world, "new", &[src(&url, "")]);
    let sum = sum(&world, BYTES);
    let ran = world.pthbs(&["fetch", "new"]).exits(1);
    assert!(
        ran.stderr.ends_with(&format!(
            "error: source `new.txt` has no hash yet\n  declared in: packages/new/package.sh:4\n  received: {sum}\n  \
             from: file://WORLD/new.txt\n  hint: when you trust what was fetched, write sha256=\"{sum}\" there\n"
        )),
        "{}",
        ran.stderr
    );
    define(&world, "new", &[src(&url, &sum)]);
    fs::remove_file(world.path("new.txt")).unwrap();
    world.pthbs(&["build", "new"]).ok();
}

#[test]
fn all_failures_are_told_and_none_stops_another() {
    let world = World::new(Who::Caller);
    let server = Server::start(|request| match request.path.as_str() {
        "/good.txt" => Reply::ok(BYTES),
        "/wrong.txt" => Reply::ok(b"other bytes"),
        _ => Reply::status(404),
    });
    let sum = sum(&world, BYTES);
    let urls = |name: &str| {
        format!(
            "src([\"{}\", \"{}\"], sha256=\"{}\", unpack=false)",
            server.url("/no.txt"),
            server.url(name),
            sum
        )
    };
    define(&world, "good", &[urls("/good.txt")]);
    define(
        &world,
        "bad",
        &[src(&server.url("/gone.txt"), &"ab".repeat(32)), src(&server.url("/wrong.txt"), &"cd".repeat(32))],
    );
    let ran = world.pthbs(&["fetch", "bad", "good"]).exits(1);
    assert_eq!(ran.stdout, format!("WORLD/store/source/{sum}\n"));
    for part in [
        "skipped  no.txt from http://127.0.0.1:",
        "error: cannot fetch source `gone.txt`\n  declared in: packages/bad/package.sh:4\n",
        "/gone.txt: the server says 404 Not Found\n",
        "error: source `wrong.txt` does not match its hash\n  declared in: packages/bad/package.sh:5\n",
        "1 fetched, 2 failed in ",
    ] {
        assert!(ran.stderr.contains(part), "{part}\n{}", ran.stderr);
    }
}

#[test]
fn several_downloads_run_at_once_in_a_fetch_and_in_a_build() {
    for command in ["fetch", "build"] {
        let world = World::new(Who::Caller);
        let meeting = Meeting::of(4);
        let server = Server::start(move |request| {
            meeting.join();
            Reply::ok(request.path.as_bytes())
        });
        let sources: Vec<String> = (0..4)
            .map(|n| src(&server.url(&format!("/{n}.txt")), &sum(&world, format!("/{n}.txt").as_bytes())))
            .collect();
        define(&world, "four", &sources);
        world.pthbs(&[command, "four"]).ok();
        assert_eq!(server.requests().len(), 4);
    }
}

#[test]
fn a_killed_fetch_goes_on_where_it_was() {
    let world = World::new(Who::Caller);
    let bytes = vec![b'x'; 300_000];
    let count = AtomicUsize::new(0);
    let served = bytes.clone();
    let server =
        Server::start(move |request| match (count.fetch_add(1, Ordering::SeqCst), request.range_start()) {
            (0, _) => Reply { hangs_at: Some(200_000), ..Reply::ok(&served) },
            (_, Some(start)) => Reply::rest(&served, start),
            (_, None) => Reply::status(500),
        });
    let sum = sum(&world, &bytes);
    define(&world, "large", &[src(&server.url("/large.txt"), &sum)]);
    world.genpkg(&["render"]).ok();
    let mut child = spawn(&world, &["fetch", "large"]);
    let partial = world.path("store/source/partial").join(&sum);
    while fs::metadata(&partial).map_or(0, |metadata| metadata.len()) < 200_000 {
        assert!(child.try_wait().unwrap().is_none(), "{:?}", wait(&world, child));
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    world.pthbs(&["fetch", "large"]).ok();
    assert_eq!(server.requests().last().unwrap().range_start(), Some(200_000));
    assert_eq!(world.sha256(&format!("store/source/{sum}")), sum);
    assert!(!partial.exists());
}

#[test]
fn several_fetches_of_one_source_share_one_download() {
    let world = World::new(Who::Caller);
    let server = Server::start(|_| Reply { drip: Some(Duration::from_millis(5)), ..Reply::ok(BYTES) });
    define(&world, "one", &[src(&server.url("/one.txt"), &sum(&world, BYTES))]);
    define(&world, "same", &[src(&server.url("/one.txt"), &sum(&world, BYTES))]);
    world.genpkg(&["render"]).ok();
    let children: Vec<Child> = (0..3).map(|_| spawn(&world, &["fetch", "one", "same"])).collect();
    for child in children {
        wait(&world, child).ok();
    }
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn mirrors_come_first_and_the_network_can_be_forbidden() {
    let world = World::new(Who::Caller);
    let server = Server::start(|request| match request.path.as_str() {
        "/near/a.txt" => Reply::ok(BYTES),
        path if path.starts_with("/sum/") => Reply::status(404),
        _ => Reply::status(500),
    });
    let sum = sum(&world, BYTES);
    define(&world, "mirrored", &[src("https://upstream.invalid/dir/a.txt", &sum)]);
    let toml = |url: &str| {
        format!(
            "[options]\ntoolchain = \"host\"\n[mirrors]\nsha256 = [\"{url}sum/{{sha256}}\"]\n\
             [mirrors.prefix]\n\"https://upstream.invalid/dir/\" = \"{url}near/\"\n"
        )
    };
    world.write("pthbs.toml", &toml(&server.url("/")));
    let mut offline = world.command("pthbs", &["fetch", "mirrored"]);
    let ran = world.ran(offline.env("PTHBS_OFFLINE", "1").output().unwrap()).exits(1);
    assert_eq!(ran.stderr.matches("the network is forbidden (offline)\n").count(), 2 * 3, "{}", ran.stderr);
    assert!(server.requests().is_empty());
    world.pthbs(&["fetch", "mirrored"]).ok();
    let paths: Vec<String> = server.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, [format!("/sum/{sum}"), "/near/a.txt".to_string()]);

    world.write("pthbs.toml", "[options]\ntoolchain = \"host\"\n[mirrors]\nsha256 = [\"https://m/\"]\n");
    let ran = world.pthbs(&["fetch", "mirrored"]).exits(2);
    assert!(ran.stderr.contains("it has no `{sha256}`\n  in: pthbs.toml\n"), "{}", ran.stderr);
}

#[test]
fn a_file_above_the_projects_limit_is_refused() {
    let world = World::new(Who::Caller);
    let server = Server::start(|_| Reply::ok(BYTES));
    define(&world, "big", &[src(&server.url("/big.txt"), &sum(&world, BYTES))]);
    world.write("pthbs.toml", "[options]\ntoolchain = \"host\"\n[sources]\nmax_bytes = 10\n");
    let ran = world.pthbs(&["fetch", "big"]).exits(1);
    assert!(ran.stderr.contains("52 bytes are more than the limit of 10"), "{}", ran.stderr);
}

#[test]
fn an_export_that_is_killed_or_shared_leaves_whole_files_alone() {
    let world = World::new(Who::Caller);
    let bytes = vec![b'x'; 4 << 20];
    fs::write(world.path("large.txt"), &bytes).unwrap();
    let sum = world.sha256("large.txt");
    define(&world, "large", &[src(&file_url(&world.path("large.txt")), &sum)]);
    world.pthbs(&["fetch", "large"]).ok();
    let export = world.path("export").display().to_string();
    let arguments = ["fetch", "--export", &export, "large", "word"];
    for moment in 0..12 {
        let mut children: Vec<Child> = (0..2).map(|_| spawn(&world, &arguments)).collect();
        std::thread::sleep(Duration::from_millis(moment * 3));
        children[0].kill().unwrap();
        children.into_iter().for_each(|child| drop(wait(&world, child)));
        assert_eq!(world.sha256("export/large.txt"), sum);
        fs::remove_file(world.path("export/large.txt")).unwrap();
    }
    fs::write(world.path("file"), "").unwrap();
    let ran = world.pthbs(&["fetch", "--export", &world.path("file").display().to_string(), "large", "word"]);
    let expected = "error: cannot make directory `WORLD/file`: File exists\n";
    assert_eq!(ran.exits(2).stderr, expected, "once, and not for every source");
}

#[test]
fn what_is_asked_for_must_be_said() {
    let world = World::new(Who::Caller);
    for arguments in [&["fetch"][..], &["fetch", "--all", "word"], &["fetch", "--check", "--export", "x"]] {
        world.pthbs(arguments).exits(2);
    }
}

#[test]
fn a_full_disk_ends_it_and_the_fetch_goes_on_when_there_is_room() {
    for who in everybody() {
        let world = World::new(who);
        let bytes: Vec<u8> = (0..600_000u32).map(|n| n as u8).collect();
        let served = bytes.clone();
        let server = Server::start(move |request| match request.range_start() {
            Some(start) => Reply::rest(&served, start),
            None => Reply::ok(&served),
        });
        let sum = sum(&world, &bytes);
        let urls = [server.url("/large.txt"), server.url("/again.txt")].map(|url| format!("\"{url}\""));
        define(&world, "large", &[format!("src([{}], sha256=\"{sum}\", unpack=false)", urls.join(", "))]);
        world.genpkg(&["render"]).ok();
        // A small disk in a namespace of its own, which is gone with the process, so it is looked at in there as well.
        let script = "exec unshare -m sh -c 'mount -t tmpfs -o size=300k none \"$PTHBS_ROOT\" || exit 99; \"$@\"; \
                      echo $? >$HOME/status; mount -o remount,size=4m \"$PTHBS_ROOT\" && exec \"$@\"' sh \"$@\"";
        let ran = world.in_user_namespace(script, "pthbs", &["fetch", "large"]);
        let Some(ran) = ran.filter(|ran| ran.code != Some(99)) else {
            println!("SKIPPED: no file system can be mounted in a namespace here");
            return;
        };
        let ran = ran.ok();
        assert_eq!(fs::read_to_string(world.path("home/status")).unwrap(), "2\n", "{}", ran.stderr);
        let cannot =
            format!("error: cannot write `WORLD/store/source/partial/{sum}`: No space left on device\n");
        assert!(ran.stderr.contains(&cannot), "{}", ran.stderr);
        assert!(
            ran.stderr.contains("hint: make room there; a download goes on where it stopped"),
            "{}",
            ran.stderr
        );
        let paths: Vec<String> = server.requests().iter().map(|request| request.path.clone()).collect();
        assert_eq!(paths, ["/large.txt", "/large.txt"], "no other URL helps against a full disk");
        assert!(server.requests()[1].range_start().is_some_and(|start| start > 0));
    }
}

#[test]
fn what_is_wrong_with_distfiles_is_told() {
    // Root may read everything.
    let who = *everybody().last().unwrap();
    let world = World::new(who);
    fs::create_dir(world.path("dist")).unwrap();
    let names = ["secret.txt", "fifo.txt", "dir.txt"];
    let calls: Vec<String> =
        names.map(|name| src(&format!("https://h.invalid/{name}"), &sum(&world, name.as_bytes()))).into();
    define(&world, "dist", &calls);
    fs::write(world.path("dist/secret.txt"), "secret.txt").unwrap();
    fs::create_dir(world.path("dist/dir.txt")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(world.path("dist/fifo.txt")).status().unwrap();
    assert!(made.success());
    world.write(
        "pthbs.toml",
        "[options]\ntoolchain = \"host\"\n[sources]\ndistfiles = [\"../dist\", \"/nowhere/at/all\"]\n",
    );
    fs::set_permissions(world.path("dist/secret.txt"), std::os::unix::fs::PermissionsExt::from_mode(0o000))
        .unwrap();
    let ran = world.pthbs(&["fetch", "--offline", "dist"]).exits(1);
    for name in ["fifo.txt", "dir.txt"] {
        assert!(ran.stderr.contains(&format!("error: cannot fetch source `{name}`")), "{}", ran.stderr);
    }
    assert_eq!(
        ran.stderr.matches("  /nowhere/at/all: No such file or directory\n").count(),
        3,
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("dist/secret.txt: Permission denied\n"), "{}", ran.stderr);
}

#[test]
fn the_programs_link_no_library_but_the_c_library() {
    let world = World::new(Who::Caller);
    world.genpkg(&["--version"]).ok();
    let Ok(output) = std::process::Command::new("ldd").arg(world.path("genpkg")).output() else {
        println!("SKIPPED: ldd is not installed");
        return;
    };
    let text = String::from_utf8(output.stdout).unwrap();
    let names = text.lines().filter_map(|line| line.split_whitespace().next());
    let others: Vec<&str> = names
        .filter(|name| {
            !["linux-vdso", "libc.", "libm.", "libgcc_s.", "/lib"].iter().any(|known| name.starts_with(known))
        })
        .collect();
    assert_eq!(others, [""; 0]);
}
