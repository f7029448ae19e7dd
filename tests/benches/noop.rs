//! What a build costs that has nothing to do: graphs of 100, 1,000 and 10,000 packages, all installed, beside make and
//! ninja (where installed) on graphs of the same shape. Prints the median of wall time and of CPU time per call.
//!
//! cargo bench --bench noop

#![allow(clippy::print_stdout, reason = "it prints its table")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use pthbs::base::Sha256;
use pthbs::script::rendered::{DownloadList, Index};
use pthbs::script::{Rendered, Script};

const ROUNDS: usize = 15;

fn main() {
    println!("{:>9} {:<22} {:>10} {:>10}", "packages", "command", "wall ms", "CPU ms");
    for count in [100, 1_000, 10_000] {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let top = installed_graph(dir.path(), count);
        file_graph(dir.path(), count);
        let pthbs = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_pthbs"));
            command
                .arg("--rendered")
                .arg(dir.path().join("rendered"))
                .arg("--root")
                .arg(dir.path().join("store"));
            command.args(["build", &top]);
            command
        };
        let make = || {
            let mut command = Command::new("make");
            command.args(["-s", "-C"]).arg(dir.path());
            command
        };
        let ninja = || {
            let mut command = Command::new("ninja");
            command.arg("-C").arg(dir.path());
            command
        };
        // Interleaved by size, each warmed by one call that does not count.
        measure(count, "pthbs build", &pthbs);
        measure(count, "make", &make);
        measure(count, "ninja", &ninja);
    }
}

/// Scripts in layers of ten, each with four dependencies in the layer below, and their installs as empty directories.
fn installed_graph(dir: &Path, count: usize) -> String {
    let rendered = dir.join("rendered");
    fs::create_dir_all(&rendered).expect("the directory can be made");
    let mut index = Index::default();
    let mut ids = Vec::new();
    for n in 0..count {
        let mut deps: Vec<String> = below(n).map(|below| format!("#@ dep {}\n", ids[below])).collect();
        deps.sort();
        let text = format!(
            "#!/bin/sh\n#@ pthbs 1\n#@ name p{n}\n#@ version 1\n#@ system x86_64-linux\n#@ target x86_64-linux-musl\n{}\
             #@ build sandbox=on set_path=on static=on\nset -eu\n",
            deps.concat()
        );
        let script = Script::parse(text, "bench").expect("the script is well formed");
        fs::write(rendered.join(format!("p{n}.sh")), &script.text).expect("the script can be written");
        fs::create_dir_all(dir.join("store/versions").join(script.install_id().to_string()))
            .expect("an install");
        index.scripts.insert(format!("p{n}"), script.id);
        ids.push(script.install_id().to_string());
    }
    let lists = DownloadList::default().to_string();
    for (name, text) in
        [(Rendered::INDEX, index.to_string()), (Rendered::FILES, lists.clone()), (Rendered::COMMITS, lists)]
    {
        fs::write(rendered.join(name), text).expect("the index can be written");
    }
    format!("p{}", count - 1)
}

/// The same graph for make and ninja: files that are newer than what they depend on.
fn file_graph(dir: &Path, count: usize) {
    let (mut make, mut ninja) =
        (format!("all: f{}\n", count - 1), "rule touch\n  command = touch $out\n".to_string());
    for n in 0..count {
        let files: Vec<String> = below(n).map(|below| format!("f{below}")).collect();
        let _ = writeln!(make, "f{n}: {}\n\ttouch $@", files.join(" "));
        let _ = writeln!(ninja, "build f{n}: touch {}", files.join(" "));
    }
    fs::write(dir.join("Makefile"), make).expect("the makefile can be written");
    fs::write(dir.join("build.ninja"), ninja).expect("the build file can be written");
}

/// Four nodes of the layer below, spread by a hash so that the graph is no tree.
fn below(n: usize) -> impl Iterator<Item = usize> {
    let layer = n / 10 * 10;
    let picks = (0..4).map(move |k| {
        let sum = Sha256::of(format!("{n} {k}").as_bytes()).to_string();
        layer.saturating_sub(10) + usize::from_str_radix(&sum[..4], 16).expect("hexadecimal") % 10
    });
    let all: std::collections::BTreeSet<usize> =
        if layer == 0 { Default::default() } else { picks.collect() };
    all.into_iter()
}

fn measure(count: usize, name: &str, command: &dyn Fn() -> Command) {
    let run = || command().stdout(Stdio::null()).stderr(Stdio::null()).status();
    match run() {
        Err(_) => return println!("{count:>9} {name:<22} not installed"),
        Ok(status) => assert!(status.success(), "{name} failed"),
    }
    let (mut wall, mut cpu) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (before, start) = (children(), Instant::now());
        run().expect("it ran before");
        wall.push(start.elapsed().as_secs_f64() * 1000.0);
        cpu.push(children() - before);
    }
    println!("{count:>9} {name:<22} {:>10.1} {:>10.1}", median(&mut wall), median(&mut cpu));
}

/// CPU time of all ended children, in milliseconds.
fn children() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the kernel counts");
    (usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1000.0
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
