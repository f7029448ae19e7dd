//! What a command may use up is bounded, and the others go on.

use sandbox::{Bind, Outcome};

use crate::runner::{Case, Checked};
use crate::world::World;

pub(crate) const CASES: &[Case] = &[
    ("a_fork_bomb_is_bounded_and_the_others_go_on", a_fork_bomb_is_bounded_and_the_others_go_on),
    ("files_are_bounded", files_are_bounded),
    ("memory_file_systems_are_bounded", memory_file_systems_are_bounded),
    ("a_limit_above_the_callers_own_is_the_callers", a_limit_above_the_callers_own_is_the_callers),
    ("a_sandbox_is_the_first_to_go_when_memory_runs_out", a_sandbox_is_the_first_to_go_when_memory_runs_out),
    ("much_output_reaches_the_reader_whole", much_output_reaches_the_reader_whole),
];

fn a_fork_bomb_is_bounded_and_the_others_go_on(world: &World) -> Checked {
    let mut bomb = world.shell("i=0; while [ $i -lt 200 ]; do sleep 30 & i=$((i+1)); done; echo all of them");
    bomb.limits.nproc = 60;
    let (mut running, output) = world.start(&bomb).unwrap();
    assert_eq!(world.run("echo others").good(), "others\n");
    let text = std::io::read_to_string(output).unwrap();
    // dash gives up at the first failure; other shells go on, and say it each time.
    assert!(text.to_lowercase().contains("fork"), "{text}");
    running.wait().unwrap();
    Ok(())
}

fn files_are_bounded(world: &World) -> Checked {
    let build = world.dir();
    let mut spec =
        world.shell("ulimit -c; dd if=/dev/zero of=/build/big bs=64k count=100; stat -c %s /build/big");
    spec.limits.fsize = 1 << 20;
    spec.binds.push(Bind::writable(&build, "/build"));
    let output = world.run_spec(&spec).output;
    assert!(output.starts_with("0\n") && output.ends_with("1048576\n"), "{output}");
    Ok(())
}

fn memory_file_systems_are_bounded(world: &World) -> Checked {
    let mut spec = world.shell(
        "for dir in /tmp /dev/shm; do dd if=/dev/zero of=$dir/big bs=64k count=100 2>&1 | grep -o 'No space.*'
            stat -c %s $dir/big; rm $dir/big; i=0; while : > $dir/$i; do i=$((i+1)); done; done 2>/dev/null; echo end",
    );
    spec.limits.tmp_bytes = 1 << 20;
    // A failed redirection ends the shell: only the first directory is filled with empty files.
    let output = world.run_spec(&spec).output;
    assert!(output.starts_with("No space left on device\n1048576\n"), "{output}");
    Ok(())
}

fn a_limit_above_the_callers_own_is_the_callers(world: &World) -> Checked {
    let program =
        world.program(&["--ro", "/usr", "/usr", "--link", "usr/bin", "/bin", "--link", "usr/lib", "/lib"]);
    let mut shell = std::process::Command::new("/bin/sh");
    shell
        .args(["-c", "ulimit -n 100; exec \"$@\"", "sh"])
        .arg(program.get_program())
        .args(program.get_args());
    if std::path::Path::new("/lib64").exists() {
        shell.args(["--link", "usr/lib64", "/lib64"]);
    }
    let (out, err, status) = crate::world::said(shell.args(["--", "/usr/bin/sh", "-c", "ulimit -n"]));
    assert_eq!((out.as_str(), status), ("100\n", Some(0)), "{err}");
    Ok(())
}

/// The bound on a whole sandbox's memory needs a cgroup; without one, this keeps the rest of the machine alive.
fn a_sandbox_is_the_first_to_go_when_memory_runs_out(world: &World) -> Checked {
    let own: i32 = std::fs::read_to_string("/proc/self/oom_score_adj").unwrap().trim().parse().unwrap();
    assert!(own < 500, "{own}");
    // A build that wants to can take it back, as far as the caller's own and no further.
    let script = "cat /proc/self/oom_score_adj; (echo -1000 > /proc/self/oom_score_adj) 2> /dev/null; cat /proc/self/oom_score_adj";
    assert_eq!(world.run(script).output, "500\n500\n");
    Ok(())
}

fn much_output_reaches_the_reader_whole(world: &World) -> Checked {
    let ran = world.run("dd if=/dev/zero bs=64k count=160 2>/dev/null; echo end");
    assert_eq!((ran.outcome, ran.output.len()), (Outcome::Exited(0), 160 * 65536 + 4));
    Ok(())
}
