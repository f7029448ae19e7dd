//! One helper, many callers.

use std::io::Read as _;
use std::time::Duration;

use sandbox::{Bind, Outcome, Stdio, Timeout};

use crate::runner::{Case, Checked};
use crate::world::World;

pub(crate) const CASES: &[Case] = &[
    ("twenty_threads_each_get_their_own_sandbox", twenty_threads_each_get_their_own_sandbox),
    ("the_status_is_passed_on", the_status_is_passed_on),
    ("a_failed_start_says_why_and_harms_nobody", a_failed_start_says_why_and_harms_nobody),
    ("stop_ends_what_listens_and_what_does_not", stop_ends_what_listens_and_what_does_not),
    ("stop_works_from_another_thread", stop_works_from_another_thread),
    ("a_dropped_handle_leaves_no_process", a_dropped_handle_leaves_no_process),
    ("the_wall_clock_ends_a_build", the_wall_clock_ends_a_build),
    ("silence_ends_a_build_and_output_keeps_it", silence_ends_a_build_and_output_keeps_it),
    ("the_jobserver_has_its_two_numbers", the_jobserver_has_its_two_numbers),
];

fn twenty_threads_each_get_their_own_sandbox(world: &World) -> Checked {
    std::thread::scope(|scope| {
        for number in 0..20 {
            scope.spawn(move || {
                let dir = world.dir();
                for round in 0..3 {
                    let mut spec = world
                        .shell(&format!("echo {number} {round} > /build/out; cat /build/out; exit {number}"));
                    spec.binds.push(Bind::writable(&dir, "/build"));
                    let ran = world.run_spec(&spec);
                    assert_eq!(ran.outcome, Outcome::Exited(number));
                    assert_eq!(ran.output, format!("{number} {round}\n"));
                    assert_eq!(std::fs::read_to_string(dir.join("out")).unwrap(), ran.output);
                }
            });
        }
    });
    Ok(())
}

fn the_status_is_passed_on(world: &World) -> Checked {
    assert_eq!(world.run("exit 42").outcome, Outcome::Exited(42));
    assert_eq!(world.run("kill -USR1 $$").outcome, Outcome::Killed(libc::SIGUSR1));
    // A real-time signal has no name, but a number.
    assert_eq!(world.run("kill -40 $$").outcome, Outcome::Killed(40));
    let mut spec = world.shell("");
    spec.argv = vec!["no-such-program".into()];
    let ran = world.run_spec(&spec);
    assert_eq!(ran.outcome, Outcome::Exited(127));
    assert_eq!(ran.output, "pthbs-sandbox: cannot execute `no-such-program`: No such file or directory\n");
    spec.argv = vec!["/usr".into()];
    assert_eq!(world.run_spec(&spec).outcome, Outcome::Exited(126));
    Ok(())
}

fn a_failed_start_says_why_and_harms_nobody(world: &World) -> Checked {
    let (mut other, mut output) = world.start(&world.shell("read x; sleep 0.2; echo done")).unwrap();
    let mut spec = world.shell("true");
    spec.cwd = "/nowhere".into();
    let error = world.try_spec(&spec).unwrap_err();
    assert_eq!(error.what, "chdir(/nowhere) inside the sandbox: No such file or directory");
    spec.cwd = "/".into();
    spec.binds.push(Bind::read_only("/etc/hostname", "/usr/no/such/place"));
    let error = world.try_spec(&spec).unwrap_err();
    assert_eq!(error.what, "make the mount point: Read-only file system");
    assert_eq!(error.lines, ["for target: /usr/no/such/place"]);
    let mut text = String::new();
    output.read_to_string(&mut text).unwrap();
    assert_eq!((other.wait().unwrap(), text.as_str()), (Outcome::Exited(0), "done\n"));
    Ok(())
}

fn stop_ends_what_listens_and_what_does_not(world: &World) -> Checked {
    let (mut running, mut output) =
        world.start(&world.shell("trap 'echo told; exit 3' TERM; echo up; sleep 60 & wait")).unwrap();
    wait_for_word(&mut output, "up\n");
    running.stop();
    assert_eq!(running.wait().unwrap(), Outcome::Exited(3));
    let mut text = String::new();
    output.read_to_string(&mut text).unwrap();
    assert_eq!(text, "told\n");

    let mut deaf = world.shell("trap '' TERM; echo up; while :; do sleep 60; done");
    deaf.limits.grace = 1;
    let (mut running, mut output) = world.start(&deaf).unwrap();
    wait_for_word(&mut output, "up\n");
    running.stop();
    assert_eq!(running.wait().unwrap(), Outcome::Killed(libc::SIGKILL));
    assert_eq!(output.read(&mut [0]).unwrap(), 0);
    Ok(())
}

fn stop_works_from_another_thread(world: &World) -> Checked {
    let (mut running, mut output) = world.start(&world.shell("echo up; exec sleep 60")).unwrap();
    wait_for_word(&mut output, "up\n");
    let stopper = running.stopper();
    let stopping = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        stopper.stop();
    });
    assert_eq!(running.wait().unwrap(), Outcome::Killed(libc::SIGTERM));
    stopping.join().unwrap();
    Ok(())
}

fn a_dropped_handle_leaves_no_process(world: &World) -> Checked {
    let (running, mut output) = world.start(&world.shell("trap '' TERM HUP; echo up; sleep 60")).unwrap();
    wait_for_word(&mut output, "up\n");
    let pid = running.pid();
    assert!(std::path::Path::new(&format!("/proc/{pid}")).exists());
    drop(running);
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
    assert_eq!(output.read(&mut [0]).unwrap(), 0);
    Ok(())
}

fn the_wall_clock_ends_a_build(world: &World) -> Checked {
    let mut spec = world.shell("trap '' TERM; while :; do echo busy; sleep 0.1; done");
    (spec.limits.wall, spec.limits.grace) = (Some(1), 0);
    assert_eq!(world.run_spec(&spec).outcome, Outcome::TimedOut(Timeout::Wall));
    Ok(())
}

fn silence_ends_a_build_and_output_keeps_it(world: &World) -> Checked {
    let mut spec = world.shell("for i in 1 2 3 4 5 6; do echo $i; sleep 0.4; done; exec sleep 60");
    spec.limits.silence = Some(2);
    let (mut running, mut output) = world.start(&spec).unwrap();
    let heard = running.heard();
    let reading = std::thread::spawn(move || {
        let (mut bytes, mut text) = ([0; 64], Vec::new());
        loop {
            match output.read(&mut bytes).unwrap() {
                0 => return text,
                length => {
                    heard.now();
                    text.extend_from_slice(&bytes[..length]);
                }
            }
        }
    });
    assert_eq!(running.wait().unwrap(), Outcome::TimedOut(Timeout::Silence));
    // It ran for longer than the limit while it spoke.
    assert_eq!(reading.join().unwrap(), b"1\n2\n3\n4\n5\n6\n");
    // The same where one thread does both.
    let ran = world.run_spec(&spec);
    assert_eq!(
        (ran.outcome, ran.output.as_str()),
        (Outcome::TimedOut(Timeout::Silence), "1\n2\n3\n4\n5\n6\n")
    );
    Ok(())
}

fn the_jobserver_has_its_two_numbers(world: &World) -> Checked {
    let (reader, writer) = std::io::pipe().unwrap();
    let (mut tokens_out, tokens_in) = std::io::pipe().unwrap();
    let (get, put) = std::io::pipe().unwrap();
    std::io::Write::write_all(&mut { put }, b"+").unwrap();
    let spec = world.shell("cd /proc/self/fd; dd bs=1 count=1 <198 2>/dev/null >199; echo *");
    let stdio = Stdio { output: writer.into(), jobserver: Some([get.into(), tokens_in.into()]) };
    let mut running = world.helper.run(&spec, stdio).unwrap();
    assert_eq!(running.wait().unwrap(), Outcome::Exited(0));
    let mut text = String::new();
    { reader }.read_to_string(&mut text).unwrap();
    // The last one is the directory that the shell reads.
    assert_eq!(text, "0 1 198 199 2 3\n");
    let mut token = String::new();
    tokens_out.read_to_string(&mut token).unwrap();
    assert_eq!(token, "+");
    Ok(())
}

/// Reads until the sandbox has said `word`.
fn wait_for_word(output: &mut impl std::io::Read, word: &str) {
    let mut bytes = vec![0; word.len()];
    output.read_exact(&mut bytes).unwrap();
    assert_eq!(bytes, word.as_bytes());
}
