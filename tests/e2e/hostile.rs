//! Builds that mean harm: what they write, what they leave in `$out`, what they do to the others.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::world::{Ran, Who, World, everybody};

fn package(world: &World, name: &str, body: &str) {
    world.write(
        &format!("packages/{name}/package.sh"),
        &format!(
            "{{% extends \"plain\" %}}\n{{% set version = \"1\" %}}\n{{% set sandbox = \"host\" %}}\n{{% block build %}}\n\
             \tset +e\n{body}\n{{% endblock %}}\n"
        ),
    );
}

/// Where an install is, as `pthbs build` has printed it.
fn path_of(world: &World, ran: &Ran) -> PathBuf {
    ran.stdout.trim_end().replace("WORLD", world.path("").to_str().unwrap()).into()
}

/// Every way to a terminal that is known: colors, titles, the clipboard, strings, C1 in UTF-8 and as bytes, NUL, no UTF-8,
/// writing from right to left, carriage returns, a forged phase, a very long line, no end of the last line.
pub const WRITES: &str = r#"
	printf 'esc \033[31mred\033[0m \033]52;c;cHduZWQ=\007 \033]0;pwned\033\\ end\n'
	printf '\033[2J\033[H\033P+q544e\033\\\033c\033[?1049h\033[6n was cleared\n'
	printf 'c1 \302\23331mx \302\23552;c;AAA\302\234 raw \2331m nul \000 bad \377\376 shift \016\017 end\n'
	printf 'bidi \342\200\256gnp.exe \342\201\246x\342\201\251 end\n'
	printf 'hidden\rshown\n'
	printf '#@ phase \033[31mpwn\n'
	printf '#@ phase two words\n'
	printf '#@ phase install\n'
	head -c 3000000 /dev/zero | tr '\0' L
	printf '\nwithout an end \033['
	exit 3
"#;

/// Nothing but lines and tabs.
#[track_caller]
fn expect_plain(text: &str) {
    let acts = |c: &char| (c.is_control() && !"\n\t".contains(*c)) || ('\u{202a}'..='\u{202e}').contains(c);
    let found = text.char_indices().find(|(_, c)| acts(c));
    assert_eq!(found, None, "{}", text.escape_debug());
}

#[test]
fn what_a_build_writes_does_not_act_on_a_terminal() {
    for who in everybody() {
        let world = World::new(who);
        package(&world, "writes", WRITES);
        let ran = world.pthbs(&["build", "writes"]).exits(1);
        expect_plain(&ran.stderr);
        assert!(
            ran.stderr.contains("failed in phase `install` (exit 3)\n  | esc red   end\n"),
            "{}",
            ran.stderr
        );
        assert!(
            ran.stderr.contains("\n  | shown\n  | #@ phase pwn\n  | #@ phase two words\n"),
            "{}",
            ran.stderr
        );
        assert!(ran.stderr.contains("LLL…\n  | without an end \n"), "{}", ran.stderr);
        for arguments in
            [&["log", "writes"][..], &["log", "--failed"], &["log", "writes", "--phase", "build"]]
        {
            let log = world.pthbs(arguments).ok().stdout;
            expect_plain(&log);
            assert!(
                log.contains("c1 31mx 52;c;AAA raw \u{fffd}1m nul  bad \u{fffd}\u{fffd} shift  end\n"),
                "{log}"
            );
            assert!(log.contains("bidi gnp.exe x end\n"), "{log}");
        }
        // The bytes themselves are kept, for who asks for them.
        let raw = world.command("pthbs", &["log", "writes", "--raw"]).output().unwrap().stdout;
        assert!(raw.len() > 3_000_000 && raw.windows(8).any(|bytes| bytes == b"\x1b]0;pwne"));
        expect_plain(&world.pthbs(&["history", "writes"]).ok().stdout);
        let ran = world.pthbs(&["build", "--json", "writes"]).exits(1);
        for line in ran.stdout.lines() {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(
                event["phase"].as_str().is_none_or(|phase| ["build", "install"].contains(&phase)),
                "{line}"
            );
        }
        expect_plain(&ran.stdout);
        expect_plain(&ran.stderr);
    }
}

#[test]
fn what_a_file_holds_does_not_act_on_a_terminal_when_it_is_compared() {
    let world = World::new(Who::Caller);
    package(
        &world,
        "clock",
        "\tmkdir $out/share; printf '\\033[2J\\302\\233H%s\\n' $(date +%N) >$out/share/x",
    );
    world.pthbs(&["build", "clock"]).ok();
    let ran = world.pthbs(&["reproduce", "clock"]).exits(1);
    assert!(ran.stderr.contains("~ share/x: from byte "), "{}", ran.stderr);
    expect_plain(&ran.stderr);
}

#[test]
fn a_flood_of_output_is_bounded_in_the_log_in_memory_and_in_the_record() {
    let world = World::new(Who::Caller);
    // As lines of a phase each, and without any line.
    package(&world, "phases", "\tyes '#@ phase again' | head -n 100000");
    package(&world, "flood", "\thead -c 200000000 /dev/zero\n\texit 3");
    let ran = world.pthbs(&["build", "phases"]).ok();
    let meta = path_of(&world, &ran);
    let meta = world.path("store/meta").join(meta.file_name().unwrap()).join("record.json");
    let record: serde_json::Value = serde_json::from_slice(&fs::read(meta).unwrap()).unwrap();
    assert_eq!(record["phases"].as_array().unwrap().len(), 256);
    world.pthbs(&["build", "flood"]).exits(1);
    let log = fs::read_dir(world.path("store/log")).unwrap().map(|entry| entry.unwrap().path());
    let log = log.filter(|path| !path.to_str().unwrap().ends_with("history"));
    let log = log.max_by_key(|path| path.metadata().unwrap().len()).unwrap();
    let length = log.metadata().unwrap().len();
    assert!((64 << 20..(64 << 20) + 200).contains(&length), "{length}");
    let shown = world.pthbs(&["log", "flood"]).ok().stdout;
    assert!(shown.ends_with("further bytes of output are left out]\n"), "{}", &shown[shown.len() - 200..]);
}

#[test]
fn an_output_has_one_form_whatever_its_build_did_to_it() {
    for who in everybody() {
        let world = World::new(who);
        let passwd = fs::metadata("/etc/passwd").unwrap();
        let body = r#"
	cd /; rm -rf $out; rmdir $out; mv $out /build/x; ln -sfn /etc $out
	ln -s /etc/passwd $out/absolute; ln -s ../../../../../../etc $out/up; ln -s loop $out/loop; ln -s $out $out/self
	: >$out/set; chmod 4755 $out/set; chmod 2755 $out/set; chmod u+s $out/set; install -m 6755 /dev/null $out/installed
	mkdir $out/sticky $out/closed $out/write-only; chmod 1777 $out/sticky; : >$out/closed/file; chmod 0 $out/closed/file
	chmod 0 $out/closed; chmod 0333 $out/write-only
	: >$out/flagged; chattr +d $out/flagged; chattr +i $out/flagged; chattr +a $out/flagged; setfattr -n user.x -v y $out/flagged
	: >$out/one; ln $out/one $out/two; mkdir $out/three; ln $out/one $out/three/four
	touch -- $out/-rf $out/--help "$out/ " "$out/..." "$out/\$(id)" "$out/\`id\`" "$out/a\\n" "$out/$(printf '\377\376')"
	touch $out/$(printf '%0255d' 0)
	dd if=/dev/zero of=$out/sparse bs=1 count=1 seek=100000000 2>/dev/null; truncate -s 1T $out/sparse
	ls -ld $out
	chmod 0 $out
"#;
        package(&world, "form", body);
        let ran = world.pthbs(&["build", "form"]).ok();
        let top = path_of(&world, &ran);
        let own = fs::metadata(world.path("store")).unwrap().uid();
        let mut count = 0;
        for entry in walkdir::WalkDir::new(&top) {
            let entry = entry.unwrap();
            let stat = entry.path().symlink_metadata().unwrap();
            assert_eq!(
                (stat.uid(), stat.mtime(), stat.nlink() > 1 && stat.is_file()),
                (own, 315_619_200, false)
            );
            if !stat.is_symlink() {
                let mode = stat.permissions().mode() & 0o7777;
                assert!([0o444, 0o555].contains(&mode), "{} {mode:o}", entry.path().display());
            }
            count += 1;
        }
        assert!(count > 25, "{count}");
        let link = |name: &str| fs::read_link(top.join(name)).unwrap();
        assert_eq!((link("two"), link("three/four")), ("one".into(), "../one".into()));
        assert!(!link("absolute").starts_with(&top));
        let length = top.join("sparse").metadata().unwrap().len();
        assert_eq!(length, 100_000_001, "a file has a largest size");
        if let Ok(listed) = world.foreign("lsattr", &[top.join("flagged").to_str().unwrap()]).output() {
            let flags = String::from_utf8_lossy(&listed.stdout).into_owned();
            let flags = flags.split(' ').next().unwrap_or_default();
            assert!(!flags.contains(['d', 'i', 'a']), "{flags}");
        }
        let after = fs::metadata("/etc/passwd").unwrap();
        assert_eq!((after.mode(), after.uid(), after.mtime()), (passwd.mode(), passwd.uid(), passwd.mtime()));
        world.pthbs(&["check"]).ok();
        expect_plain(&world.pthbs(&["files", "form"]).ok().stdout);
        world.pthbs(&["delete", "--force", "form"]).ok();
        assert!(!Path::new(&top).exists());
    }
}

#[test]
fn what_cannot_be_kept_is_refused_by_name_and_can_be_removed() {
    for who in everybody() {
        let world = World::new(who);
        let deep = "\tp=$(printf 'd/%.0s' $(seq 1000)); mkdir -p $out/$p; (cd $out/$p && mkdir -p $p)";
        for (name, body, told) in [
            ("fifo", "\tmkfifo $out/pipe", "fifo: `pipe`"),
            ("newline", "\ttouch \"$out/a\nb\"", "control character in a name: `a\\nb`"),
            ("c-one", "\ttouch $out/$(printf 'x\\302\\2331m')", "control character in a name: `x\\u{9b}1m`"),
            (
                "turned",
                "\ttouch $out/$(printf '\\342\\200\\256txt')",
                "control character in a name: `\\u{202e}txt`",
            ),
            ("link", "\tln -s $(printf 'a\\033[2Jb') $out/l", "control character in a link's text: `l`"),
            (
                "outside",
                "\tln $tmp/../script $out/hard || ln /build/script $out/hard; cp /build/script $tmp/a; exit 0",
                "",
            ),
            ("table", "\tmkdir $out/.p", "`.p` is where an environment has its table"),
            ("deep", deep, "path longer than 3955 bytes: `d/d/d"),
        ] {
            package(&world, name, body);
            let ran = world.pthbs(&["build", name]);
            if told.is_empty() {
                // Another mount: no hard link leads there.
                ran.ok();
                continue;
            }
            let ran = ran.exits(1);
            assert!(ran.stderr.contains(told), "{name}: {}", ran.stderr);
            expect_plain(&ran.stderr);
        }
        world.pthbs(&["clean"]).ok();
        assert_eq!(world.files_below("store/tmp"), [""; 0]);
    }
}

#[test]
fn a_build_that_kills_stops_and_steals_does_not_hurt_the_others() {
    for who in everybody() {
        let world = World::new(who);
        let mark = 6_000_000 + u64::from(std::process::id()) * 10 + who as u64;
        let stays = format!(
            "\t(setsid sh -c 'trap \"\" TERM HUP INT QUIT; while :; do sleep {mark}; done' &)\n\
             \t(sleep {mark} & kill -STOP $!)\n\tkill -STOP 1; kill -KILL 1; kill -TERM 1\n\
             \t(sh -c 'kill -STOP $$; sleep {mark}' &)\n\t: >$out/x"
        );
        package(&world, "stays", &stays);
        package(&world, "kills", "\tsh -c 'kill -KILL -1'; sleep 100");
        // All tokens are taken and never given back; then more are given than ever were.
        package(
            &world,
            "steals",
            "\t(while :; do head -c 1 /jobserver >>$tmp/stolen; done) & sleep 1; : >$out/x",
        );
        package(
            &world,
            "floods",
            "\t(timeout 1 cat /dev/zero >/jobserver); head -c 100000 /dev/zero >&199 & sleep 1; : >$out/x",
        );
        package(&world, "good", "\tfor i in 1 2 3; do sleep 0.3; done; : >$out/x");
        let ran = world.pthbs(&["build", "-j3", "stays", "kills", "steals", "floods", "good"]).exits(1);
        for name in ["stays", "steals", "floods", "good"] {
            assert!(ran.stderr.contains(&format!("\nbuilt    {name} ")), "{}", ran.stderr);
        }
        assert!(
            ran.stderr.contains("build of `kills` failed in phase `build` (killed by signal 9, SIGKILL)"),
            "{}",
            ran.stderr
        );
        let is_left =
            |line: &[u8]| line.split(|byte| *byte == 0).any(|word| word == mark.to_string().as_bytes());
        for process in fs::read_dir("/proc").unwrap().flatten() {
            let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
            assert!(!is_left(&line), "{}", process.path().display());
        }
        assert_eq!(world.files_below("store/lock"), [""; 0]);
    }
}

/// Sixty gigabytes that take no room: a minute and more to read, and nothing of that is worth waiting for.
#[test]
fn a_request_to_stop_is_obeyed_while_a_huge_output_is_read() {
    for who in everybody() {
        let world = World::new(who);
        package(&world, "huge", "\ttruncate -s 60G $out/huge");
        let mut command = world.command("pthbs", &["build", "huge"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        // It has its final mode before it is read, when no process of the build is left.
        let is_read = || {
            let files = walkdir::WalkDir::new(world.path("store/tmp")).into_iter().flatten();
            let mut files = files.filter(|entry| entry.file_name() == "huge");
            files.any(|entry| entry.metadata().is_ok_and(|found| found.mode() & 0o777 == 0o444))
        };
        while !is_read() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
        let ran = world.ran(child.wait_with_output().unwrap()).exits(130);
        assert!(
            ran.stderr.ends_with("error: stopped in the middle of something that took too long\n"),
            "{}",
            ran.stderr
        );
        assert!(world.files_below("store/versions").is_empty(), "nothing half done is published");
        // The next run clears away what is left.
        world.pthbs(&["build", "word"]).ok();
        assert_eq!(world.files_below("store/tmp"), [""; 0]);
    }
}
