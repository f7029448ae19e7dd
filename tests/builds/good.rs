//! What becomes of a script that does well.

use std::io::Write as _;

use pthbs::base::event::Event;
use pthbs::build::{Log, Options, Stop, history};
use pthbs::store::Item;

use crate::world::{Uses, World, expect_good};
use crate::{Case, Checked};

pub(crate) const CASES: &[Case] = &[
    ("a build becomes an install with a record, a log and a history", an_install),
    ("a script sees exactly its variables and directories", variables),
    ("sources are laid out, unpacked or as they are", sources),
    ("a build sees what it declares and what that needs", visible),
    ("a strict build sees nothing of the host", strict),
    ("a build without sandbox sees the host and cannot write it", unsandboxed),
    ("what is there is not built again", again),
    ("a lone build has every job, through the sandbox", jobserver),
    ("a trace holds steps, parts and tokens", trace),
];

fn an_install(world: &World<'_>) -> Checked {
    let body = "echo '#@ phase build'; echo working; echo '#@ phase install'; mkdir $out/bin; \
                printf '#!/bin/sh\\n' > $out/bin/x; chmod 755 $out/bin/x";
    let x = world.script("x", body);
    let summary = world.build(&[&x]);
    expect_good(&summary);
    assert_eq!(summary.built, std::slice::from_ref(&x));
    assert_eq!(world.text(&x, "bin/x"), "#!/bin/sh\n");
    let record = world.store.record(&x).unwrap();
    assert_eq!(record.taint, ["sandbox=host: it saw the host's programs and libraries"]);
    let phases: Vec<&str> = record.phases.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(phases, ["build", "install"]);
    assert_eq!(world.store.script(&x).unwrap().install_id(), x);

    let log = Log::read(&world.store, &x).unwrap();
    assert_eq!(log.phase("build").unwrap(), b"working\n");
    let past = history(&world.store, &x.name).unwrap();
    assert!(past.len() == 1 && past[0].is_built && past[0].phases.len() == 2);
    assert_eq!(world.leftovers(), [""; 0]);

    let kinds: Vec<String> = world
        .events()
        .iter()
        .map(|event| format!("{event:?}").split(' ').next().unwrap().to_string())
        .collect();
    // How much is left is told by another thread, at any time.
    let (left, kinds): (Vec<_>, Vec<_>) = kinds.into_iter().partition(|kind| kind == "Left");
    assert!(!left.is_empty());
    assert_eq!(kinds, ["Planned", "BuildStarted", "BuildPhase", "BuildPhase", "Built"]);
    Ok(())
}

fn variables(world: &World<'_>) -> Checked {
    let body = "echo '#@ phase env'; env | grep -v '^_=' | grep -v ^PWD= | sort; echo '#@ phase rest'; pwd > $out/pwd; ls / > $out/root; \
                ls $src $tmp > $out/empty; ls /build > $out/build; id -u > $out/uid; touch $src/x $tmp/x";
    let x = world.script("x", body);
    expect_good(&world.build(&[&x]));
    let makeflags = "-j2 --jobserver-auth=fifo:/jobserver --jobserver-auth=198,199";
    let expected = format!(
        "MAKEFLAGS={makeflags}\nPATH=/env/bin:/usr/bin:/bin\nenv=/env\njobs=2\nout=/versions/{x}\nsrc=/build/src\n\
         tmp=/build/tmp\n"
    );
    // From the log, for a file that names /env is refused.
    let log = Log::read(&world.store, &x).unwrap();
    assert_eq!(String::from_utf8(log.phase("env").unwrap()).unwrap(), expected);
    assert_eq!((world.text(&x, "pwd"), world.text(&x, "uid")), ("/build\n".into(), "1000\n".into()));
    assert_eq!(world.text(&x, "build"), "script\nsrc\ntmp\n");
    assert_eq!(world.text(&x, "empty"), "/build/src:\n\n/build/tmp:\n");
    let root = world.text(&x, "root");
    assert!(!root.contains("home") && !root.contains("root"), "{root}");
    Ok(())
}

fn sources(world: &World<'_>) -> Checked {
    let mut tar = tar_of("pkg-1/hello", b"hello\n");
    let plain = world.source("plain.txt", b"as it is\n", " unpack=no");
    let packed = world.source("pkg-1.tar", &std::mem::take(&mut tar), "");
    let uses = Uses { sources: &[plain, packed], ..Uses::default() };
    let x = world.script_with(
        "x",
        &uses,
        "cp $src/plain.txt $src/pkg-1/hello $out; echo more >> $src/pkg-1/hello",
    );
    let summary = world.build(&[&x]);
    expect_good(&summary);
    assert_eq!(summary.fetched, 2);
    assert_eq!(
        (world.text(&x, "plain.txt"), world.text(&x, "hello")),
        ("as it is\n".into(), "hello\n".into())
    );
    Ok(())
}

/// A tar archive with one file, written by hand: the crate's own writer is no dependency of this test.
fn tar_of(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut header = [0u8; 512];
    let mut put = |at: usize, text: &[u8]| header[at..at + text.len()].copy_from_slice(text);
    put(0, name.as_bytes());
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{:011o}\0", bytes.len()).as_bytes());
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut archive = header.to_vec();
    archive.write_all(bytes).unwrap();
    archive.resize(archive.len().next_multiple_of(512) + 1024, 0);
    archive
}

fn visible(world: &World<'_>) -> Checked {
    let data = world.script("data", "echo data > $out/d");
    let hidden = world.script("hidden", "echo hidden > $out/h");
    let uses = Uses { needs: &[&data], deps: &[&hidden], ..Uses::default() };
    let tool = world.script_with(
        "tool",
        &uses,
        "mkdir $out/bin; printf '#!/bin/sh\\necho from-tool\\n' > $out/bin/tool; chmod +x $out/bin/tool",
    );
    let base = world.script("base", "echo base > $out/b");
    let lib = world.script_with("lib", &Uses { deps: &[&base], ..Uses::default() }, "echo lib > $out/l");
    let uses = Uses { tools: &[&tool], deps: &[&lib], ..Uses::default() };
    let x = world.script_with(
        "x",
        &uses,
        "tool > $out/tool; ls /versions > $out/versions; cat /env/d > $out/data; ls /env > $out/env",
    );
    let summary = world.build(&[&x]);
    expect_good(&summary);
    assert_eq!(summary.built.len(), 6);
    assert_eq!(world.text(&x, "tool"), "from-tool\n");
    assert_eq!(world.text(&x, "data"), "data\n", "what a tool needs is in /env too");
    let mut expected = [&data, &tool, &base, &lib, &x].map(|install| format!("{install}\n"));
    expected.sort();
    assert_eq!(world.text(&x, "versions"), expected.concat());
    let record = world.store.record(&x).unwrap();
    assert!(record.taint.contains(&format!("built from {lib}, which is tainted")), "{:?}", record.taint);
    Ok(())
}

/// A program that stands for `/bin/sh` in a strict build: it runs no script, but looks around.
const LOOKER: &str = r##"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(int argc, char **argv) {
    char path[4096];
    snprintf(path, sizeof path, "%s/seen", getenv("out"));
    FILE *to = fopen(path, "w");
    if (!to || argc != 2) return 9;
    puts("#@ phase look");
    const char *dirs[] = { "/", "/etc", "/versions" };
    for (int i = 0; i < 3; i++) {
        struct dirent **names;
        int count = scandir(dirs[i], &names, NULL, alphasort);
        fprintf(to, "%s:", dirs[i]);
        for (int n = 2; n < count; n++) fprintf(to, " %s", names[n]->d_name);
        fputs("\n", to);
    }
    printf("%s %s %s\n", argv[1], getenv("PATH"), getenv("MAKEFLAGS"));
    return fclose(to);
}
"##;

fn strict(world: &World<'_>) -> Checked {
    let body = format!(
        "mkdir $out/bin; cat > $tmp/sh.c <<'EOF_C'\n{LOOKER}\nEOF_C\ncc -static -O1 -o $out/bin/sh $tmp/sh.c"
    );
    let sh = world.script("sh", &body);
    let summary = world.build(&[&sh]);
    if let Some(error) = summary.error() {
        let text = error.to_string();
        let is_no_compiler = text.contains("cc: not found") || text.contains("cannot find -lc");
        return if is_no_compiler { Err("no static C compiler here".into()) } else { panic!("{text}") };
    }
    let uses = Uses { tools: &[&sh], build: "sandbox=on set_path=on static=on", ..Uses::default() };
    let x = world.script_with("x", &uses, "it is not read");
    expect_good(&world.build(&[&x]));
    let expected = format!(
        "/: bin build dev env etc jobserver proc tmp versions\n/etc: group hosts passwd\n/versions: {sh} {x}\n"
    );
    assert_eq!(world.text(&x, "seen"), expected);
    let log = Log::read(&world.store, &x).unwrap();
    let expected = "/build/script /env/bin -j2 --jobserver-auth=fifo:/jobserver\n";
    assert_eq!(String::from_utf8(log.phase("look").unwrap()).unwrap(), expected);
    let taint = world.store.record(&x).unwrap().taint;
    assert_eq!(taint, [format!("built from {sh}, which is tainted")]);
    Ok(())
}

fn unsandboxed(world: &World<'_>) -> Checked {
    let uses = Uses { build: "sandbox=off set_path=on static=on", ..Uses::default() };
    let body = "ls / > $out/root; for dir in /var /etc /; do if touch $dir/pthbs-test; then echo $dir; fi; done 2> $tmp/no > $out/wrote";
    let x = world.script_with("x", &uses, body);
    expect_good(&world.build(&[&x]));
    assert!(world.text(&x, "root").contains("var\n"));
    assert_eq!(world.text(&x, "wrote"), "");
    assert_eq!(world.store.record(&x).unwrap().taint, ["sandbox=off: it saw the whole host"]);
    Ok(())
}

fn again(world: &World<'_>) -> Checked {
    let x = world.script("x", "echo x > $out/x");
    expect_good(&world.build(&[&x]));
    let summary = world.build(&[&x]);
    expect_good(&summary);
    assert!(summary.built.is_empty());
    assert_eq!(summary.kept, [x]);
    Ok(())
}

fn jobserver(world: &World<'_>) -> Checked {
    // Each of six jobs ends only when three of them were seen at once; through a nested make, as real builds do.
    let body = r#"cd $tmp
cat > Makefile <<'EOF'
all: ; $(MAKE) jobs
jobs: 1 2 3 4 5 6
1 2 3 4 5 6:
	@: > run.$@; i=0; while [ ! -e met ] && [ $$i -lt 1500 ]; do \
	[ $$(ls run.* | wc -l) -ge 3 ] && : > met; i=$$((i + 1)); sleep 0.02; done; \
	ls run.* | wc -l >> widths; rm run.$@; [ -e met ]
EOF
make
cp widths $out/widths"#;
    let x = world.script("x", body);
    let options = Options { jobs: 3, builds: 2, ..Options::default() };
    let summary = world.build_with(&[&x], options, &Stop::default());
    if summary.error().is_some_and(|error| error.to_string().contains("make: not found")) {
        return Err("no make here".into());
    }
    expect_good(&summary);
    let widths = world.text(&x, "widths");
    let most = widths.lines().map(|width| width.trim().parse::<u32>().unwrap()).max();
    assert_eq!(most, Some(3), "{widths}");
    Ok(())
}

fn trace(world: &World<'_>) -> Checked {
    let a = world.script("a", "echo '#@ phase work'; echo a > $out/a");
    let b = world.script_with("b", &Uses { deps: &[&a], ..Uses::default() }, "echo b > $out/b");
    let options = Options { trace: true, jobs: 2, builds: 2, ..Options::default() };
    let summary = world.build_with(&[&b], options, &Stop::default());
    expect_good(&summary);
    let trace: serde_json::Value = serde_json::from_str(&summary.trace.unwrap().to_json()).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let of = |kind: &str| -> Vec<&str> {
        let events = events.iter().filter(|event| event["cat"] == kind);
        events.map(|event| event["name"].as_str().unwrap()).collect()
    };
    assert_eq!(of("step"), ["a", "b"]);
    assert_eq!(of("critical path"), ["a", "b"]);
    for part in ["lay out", "script", "work", "seal"] {
        assert!(of("part").contains(&part), "{part}");
    }
    assert!(events.iter().any(|event| event["name"] == "tokens of a" && event["args"]["held"] == 1));
    assert!(world.events().iter().any(|event| matches!(event, Event::Planned { builds: 2, .. })));
    assert!(world.store.has(&Item::Install(a)));
    Ok(())
}
