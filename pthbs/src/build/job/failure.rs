//! Errors of builds: which phase, how it ended, the last lines, the log, and what to do next.

use std::path::Path;

use nix::sys::signal::Signal;
use sandbox::{Outcome, Timeout};

use crate::base::Error;
use crate::build::log::Captured;
use crate::script::InstallId;

/// The error of a script that did not end well.
pub(super) fn of_outcome(
    install: &InstallId,
    outcome: Outcome,
    captured: &Captured,
    log: &Path,
) -> Option<Error> {
    let how = match outcome {
        Outcome::Exited(0) => return None,
        Outcome::Exited(status) => format!("exit {status}"),
        Outcome::Killed(signal) => format!("killed by {}", signal_name(signal)),
        Outcome::TimedOut(Timeout::Wall) => "stopped: it took too long".to_string(),
        Outcome::TimedOut(Timeout::Silence) => "stopped: it was silent for too long".to_string(),
    };
    let place = match captured.phase() {
        Some(phase) => format!("in phase `{phase}`"),
        None => "before its first phase".to_string(),
    };
    let mut error = Error::failed(format!("build of `{}` failed {place} ({how})", install.name));
    for line in &captured.last {
        error = error.line(format!("| {line}"));
    }
    error = error.with(
        "log",
        match captured.last.len() {
            0 => format!("{} (it is empty)", log.display()),
            1 => format!("{} (its last line above)", log.display()),
            lines => format!("{} (its last {lines} lines above)", log.display()),
        },
    );
    Some(match outcome {
        Outcome::Killed(libc::SIGKILL) => {
            error.hint("if nobody killed it, the kernel did for want of memory: its messages say so")
        }
        _ => error.hint(enter(install)),
    })
}

/// How to look at what the script has left.
pub(super) fn enter(install: &InstallId) -> String {
    format!("`pthbs shell --failed {}` opens the sandbox as the script left it", install.name)
}

/// An error of the sandbox itself, as one of this crate.
pub(super) fn of_sandbox(error: sandbox::Error) -> Error {
    let mut ours = error.lines.iter().fold(Error::sandbox(&error.what), Error::line);
    if error.what.starts_with("cannot make a user namespace") {
        ours = ours
            .line("`--weak-sandbox=landlock` builds without, with less protection; what it makes is marked");
    }
    match error.hint {
        Some(hint) => ours.hint(hint),
        None => ours,
    }
}

fn signal_name(number: i32) -> String {
    match Signal::try_from(number) {
        Ok(signal) => format!("signal {number}, {signal}"),
        Err(_) => format!("signal {number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Sha256;

    fn error(outcome: Outcome, captured: &Captured) -> String {
        let install = format!("curl.{}", Sha256::of(b"curl")).parse().unwrap();
        of_outcome(&install, outcome, captured, Path::new("/s/log/curl.3f9c1b2e")).unwrap().to_string()
    }

    #[test]
    fn a_failed_build_says_where_how_and_what_to_do() {
        let captured = Captured {
            phases: vec![("patch".into(), 0.1), ("configure".into(), 2.0)],
            is_short: true,
            last: vec!["checking for cc... no".into(), "no compiler".into()],
            trouble: None,
        };
        assert_eq!(
            error(Outcome::Exited(2), &captured),
            "error: build of `curl` failed in phase `configure` (exit 2)\n  \
             | checking for cc... no\n  | no compiler\n  \
             log: /s/log/curl.3f9c1b2e (its last 2 lines above)\n  \
             hint: `pthbs shell --failed curl` opens the sandbox as the script left it"
        );
        let killed = error(Outcome::Killed(9), &captured);
        assert!(killed.contains("(killed by signal 9, SIGKILL)") && killed.contains("want of memory"));
        let silent = error(Outcome::TimedOut(Timeout::Silence), &Captured::default());
        assert!(silent.contains("failed before its first phase (stopped: it was silent for too long)"));
        assert!(silent.contains("(it is empty)"));
    }
}
