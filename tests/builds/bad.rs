//! What becomes of a script that fails, hangs, writes without end, or makes what cannot be kept.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::Ordering;

use pthbs::base::Kind;
use pthbs::base::event::Event;
use pthbs::build::{Log, NotBuilt, Options, Stop, history};
use pthbs::store::Item;
use sandbox::Limits;

use crate::world::{Uses, World, expect_good};
use crate::{Case, Checked};

pub(crate) const CASES: &[Case] = &[
    ("a failed build is told with its phase, its last lines and its log, and is kept", failure),
    ("a failure keeps back what needs it and nothing else", independent),
    ("a source that cannot be had keeps back who needs it", no_source),
    ("a strict script without a shell says so", no_shell),
    ("an output that cannot be kept fails the build and is left to look at", unsealable),
    ("an output cannot be replaced by a link", replaced),
    ("another user cannot enter a build directory that is open to all", intruder),
    ("a request to stop leaves no process, no lock and nothing half done", stop),
    ("a silent build is ended and the message says why", silence),
    ("a log has a largest size", long_log),
    ("daemons of a build are gone when it has ended", daemon),
];

fn failure(world: &World<'_>) -> Checked {
    let body = "echo '#@ phase configure'; for i in 1 2 3 4 5 6 7 8 9 10 11; do echo line $i; done; \
                printf '\\033[31mred\\033[0m\\n' >&2; mkdir $out/half; echo kept > $tmp/kept; exit 3";
    let x = world.script("x", body);
    let summary = world.build(&[&x]);
    let error = summary.error().unwrap();
    assert_eq!(error.kind(), Kind::Failed);
    let lines: String = (3..=11).map(|n| format!("  | line {n}\n")).collect();
    let log = world.store.log(&x);
    assert_eq!(
        error.to_string(),
        format!(
            "error: build of `x` failed in phase `configure` (exit 3)\n{lines}  | red\n  log: {} (its last 10 lines \
             above)\n  hint: `pthbs shell --failed x` opens the sandbox as the script left it",
            log.display()
        )
    );
    let text = std::fs::read_to_string(log).unwrap();
    assert!(text.contains("line 1\n"), "a failed build's log is plain text");

    assert!(!world.has(&x));
    let item = Item::Install(x.clone());
    let kept = world.store.failed(&item);
    assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o7777, 0o700);
    assert!(kept.join("tree/half").is_dir());
    assert_eq!(std::fs::read_to_string(kept.join("build/tmp/kept")).unwrap(), "kept\n");
    assert_eq!(world.store.failures().unwrap(), std::slice::from_ref(&item));
    world.store.remove_failure(&item).unwrap();
    assert_eq!(world.store.failures().unwrap(), []);
    assert_eq!(world.leftovers(), [""; 0]);

    let past = history(&world.store, &x.name).unwrap();
    assert!(!past[0].is_built);
    assert_eq!(past[0].error.as_deref(), Some("build of `x` failed in phase `configure` (exit 3)"));
    // Nothing about a failure is remembered: it is tried again.
    assert_eq!(world.build(&[&x]).failed.len(), 1);
    Ok(())
}

fn independent(world: &World<'_>) -> Checked {
    let bad = world.script("bad", "exit 1");
    let good = world.script("good", "echo > $out/x");
    let user = world.script_with("user", &Uses { deps: &[&bad, &good], ..Uses::default() }, "exit 0");
    let further = world.script_with("further", &Uses { tools: &[&user], ..Uses::default() }, "exit 0");
    let summary = world.build(&[&further, &good]);
    assert_eq!(summary.built, [good]);
    assert_eq!(summary.failed.len(), 1);
    let needs = || NotBuilt::Needs("bad".into());
    assert_eq!(summary.not_built, [(user, needs()), (further, needs())]);
    let told = world.events().into_iter().filter(|event| matches!(event, Event::NotBuilt { .. })).count();
    assert_eq!(told, 2);
    Ok(())
}

fn no_source(world: &World<'_>) -> Checked {
    let source = world.source("gone.tar", b"x", "");
    std::fs::remove_file(world.dir.join("upstream-gone.tar")).unwrap();
    let x = world.script_with("x", &Uses { sources: &[source], ..Uses::default() }, "exit 0");
    let y = world.script("y", "echo > $out/y");
    let summary = world.build(&[&x, &y]);
    assert_eq!(summary.built, [y]);
    assert_eq!(summary.not_built, [(x, NotBuilt::Needs("gone.tar".into()))]);
    assert!(summary.error().unwrap().to_string().contains("packages/x/package.sh:1"));
    Ok(())
}

fn no_shell(world: &World<'_>) -> Checked {
    let x = world.script_with(
        "x",
        &Uses { build: "sandbox=on set_path=on static=on", ..Uses::default() },
        "exit 0",
    );
    assert_eq!(
        world.build(&[&x]).error().unwrap().to_string(),
        "error: none of the tools has a `bin/sh` to run the script with\n  for the build of: `x`\n  hint: declare \
         one: `tool(\"busybox\")`"
    );
    Ok(())
}

fn unsealable(world: &World<'_>) -> Checked {
    let x = world.script("x", "mkdir $out/bin; cp /bin/ls $out/bin/ls; mkfifo $out/pipe");
    let summary = world.build(&[&x]);
    let text = summary.error().unwrap().to_string();
    assert!(text.contains("pipe") && text.contains("log: "), "{text}");
    assert!(world.store.failed(&Item::Install(x.clone())).join("tree/bin/ls").exists());
    let y = world.script("y", "mkdir $out/bin; cp /bin/ls $out/bin/ls");
    let text = world.build(&[&y]).error().unwrap().to_string();
    assert!(text.contains("program that is not static: `bin/ls`"), "{text}");
    assert!(!world.has(&x) && !world.has(&y));
    Ok(())
}

fn replaced(world: &World<'_>) -> Checked {
    let passwd = std::fs::read("/etc/passwd").unwrap();
    let body = "rmdir $out && exit 11; mv $out $out.away && exit 12; ln -sfnT /etc $out && exit 13; rm -rf $out || :; : > $out/x";
    let x = world.script("x", body);
    expect_good(&world.build(&[&x]));
    assert_eq!(world.text(&x, "x"), "");
    assert_eq!(std::fs::read("/etc/passwd").unwrap(), passwd);
    Ok(())
}

fn intruder(world: &World<'_>) -> Checked {
    let x = world.script("x", "chmod 777 $tmp $src /build; echo x > $tmp/file; exit 1");
    assert_eq!(world.build(&[&x]).failed.len(), 1);
    let kept = world.store.failed(&Item::Install(x));
    let file = kept.join("build/tmp/file");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode(&kept), mode(file.parent().unwrap())), (0o700, 0o777));
    if !nix::unistd::geteuid().is_root() {
        return Err("only root can become another user to try it: the modes are as they must be".into());
    }
    let intrude = || {
        let mut cat = std::process::Command::new("cat");
        std::os::unix::process::CommandExt::uid(&mut cat, 54_321)
            .arg(&file)
            .output()
            .unwrap()
            .status
            .success()
    };
    assert!(!intrude(), "it is stopped above");
    for dir in file.ancestors().skip(1).filter(|dir| dir.starts_with(world.dir.parent().unwrap())) {
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    assert!(intrude(), "and by nothing else");
    Ok(())
}

fn stop(world: &World<'_>) -> Checked {
    // Deaf to TERM: it is killed when the grace time is over.
    let deaf = world.script("deaf", "trap '' TERM; echo '#@ phase stop-now'; while :; do sleep 1000; done");
    let later = world.script_with("later", &Uses { deps: &[&deaf], ..Uses::default() }, "exit 0");
    let stop = Stop::default();
    let options = Options {
        jobs: 2,
        builds: 2,
        limits: Limits { grace: 1, ..Limits::default() },
        ..Options::default()
    };
    world.is_to_be_stopped.store(true, Ordering::Relaxed);
    let summary = world.build_with(&[&later], options, &stop);
    assert_eq!(summary.stopped, Some(2));
    assert_eq!(summary.error().unwrap().kind(), Kind::Signal(2));
    assert_eq!(summary.not_built, [(deaf, NotBuilt::Stopped), (later, NotBuilt::Stopped)]);
    assert!(summary.failed.is_empty());
    assert_eq!(world.leftovers(), [""; 0]);
    Ok(())
}

fn silence(world: &World<'_>) -> Checked {
    let x = world.script("x", "echo '#@ phase check'; sleep 1000");
    let limits = Limits { silence: Some(1), grace: 1, ..Limits::default() };
    let options = Options { jobs: 2, builds: 2, limits, ..Options::default() };
    let text = world.build_with(&[&x], options, &Stop::default()).error().unwrap().to_string();
    assert!(text.contains("failed in phase `check` (stopped: it was silent for too long)"), "{text}");
    Ok(())
}

fn long_log(world: &World<'_>) -> Checked {
    let x = world.script("x", "head -c 3000000 /dev/zero | tr '\\0' x; echo; echo the end; : > $out/x");
    let options = Options { jobs: 2, builds: 2, log_bytes: 1000, ..Options::default() };
    expect_good(&world.build_with(&[&x], options, &Stop::default()));
    let log = Log::read(&world.store, &x).unwrap();
    let note = "\n[pthbs: the log ends here; 2999009 further bytes of output are left out]\n";
    assert_eq!(log.bytes().len(), 1000 + note.len());
    assert!(log.bytes().ends_with(note.as_bytes()), "{:?}", String::from_utf8_lossy(&log.bytes()[990..]));
    Ok(())
}

fn daemon(world: &World<'_>) -> Checked {
    let body = "(trap '' HUP TERM; exec setsid sleep 1000) & echo '#@ phase install'; : > $out/x";
    let x = world.script("x", body);
    // It holds the output open: were it alive, this would wait for it.
    expect_good(&world.build(&[&x]));
    Ok(())
}
