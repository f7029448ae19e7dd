//! `pthbs-sandbox`: a command line for the crate. Turns arguments into a [`Spec`] and an outcome into a status.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use clap::{CommandFactory as _, Parser};
use sandbox::{Bind, Boundary, Error, Link, Outcome, Spec, Timeout};

const EXAMPLE: &str = "Example:
  pthbs-sandbox --ro /usr /usr --link usr/bin /bin --link usr/lib /lib \\
    --link usr/lib64 /lib64 --rw \"$PWD\" /build --cwd /build \\
    --env PATH=/bin -- make";

/// Run one command in a sandbox: nothing of the host is there but what is named
///
/// The command gets a read-only root with what is bound into it, a /proc, /dev and /tmp of its own, no network but
/// loopback, no capability, uid 1000, and exactly the variables given. Every process it leaves behind ends with it.
///
/// The status is the command's own; 128 and the signal's number if a signal ended it; 124 after a timeout; 125 if the
/// sandbox itself failed; 126 if the command could not be executed, 127 if it was not found.
#[derive(Parser)]
#[command(name = "pthbs-sandbox", version, after_long_help = EXAMPLE)]
struct Arguments {
    /// Begin with the spec in this JSON file; the other options add to it
    #[arg(long, value_name = "FILE")]
    spec: Option<PathBuf>,

    /// Show SRC of the host at DST, read-only
    #[arg(long, num_args = 2, value_names = ["SRC", "DST"])]
    ro: Vec<PathBuf>,

    /// Show SRC of the host at DST, writable (as root it is given to the sandbox's uid)
    #[arg(long, num_args = 2, value_names = ["SRC", "DST"])]
    rw: Vec<PathBuf>,

    /// Make DST a symlink that says TEXT
    #[arg(long, num_args = 2, value_names = ["TEXT", "DST"])]
    link: Vec<PathBuf>,

    /// Set a variable; none is inherited
    #[arg(long, value_name = "NAME=VALUE")]
    env: Vec<String>,

    /// Give the command a terminal of its own, connected to this one
    #[arg(long)]
    terminal: bool,

    /// Start the command in this directory of the sandbox
    #[arg(long, value_name = "DIR")]
    cwd: Option<PathBuf>,

    /// Set the host name inside
    #[arg(long, value_name = "NAME")]
    host_name: Option<String>,

    /// As root, run as this uid of the host instead of a reserved one; writable sources are then left as they are
    #[arg(long, value_name = "UID")]
    host_uid: Option<u32>,

    /// Stop the command after this time
    #[arg(long, value_name = "SECONDS")]
    wall: Option<u64>,

    /// Stop the command after this time without output
    #[arg(long, value_name = "SECONDS")]
    silence: Option<u64>,

    /// Time between TERM and KILL when the command is stopped
    #[arg(long, value_name = "SECONDS")]
    grace: Option<u64>,

    /// Cap /tmp, and again /dev/shm, at this size
    #[arg(long, value_name = "BYTES")]
    tmp_bytes: Option<u64>,

    /// Cap the number of processes
    #[arg(long, value_name = "COUNT")]
    nproc: Option<u64>,

    /// Cap the memory of the whole sandbox, where a cgroup v2 is delegated to the caller
    #[arg(long, value_name = "BYTES")]
    memory: Option<u64>,

    /// Cap the size of a file
    #[arg(long, value_name = "BYTES")]
    fsize: Option<u64>,

    /// For a machine that refuses user namespaces: a weaker boundary, in which SRC and DST of each bind are the same
    #[arg(long, value_name = "KIND", value_parser = ["landlock"])]
    weak_sandbox: Option<String>,

    /// Instead of a sandbox: run the command in the host as it is, with the binds added; no boundary
    #[arg(long, conflicts_with_all = ["spec", "link", "env", "terminal", "cwd", "host_name", "host_uid", "wall", "silence", "grace",
        "tmp_bytes", "nproc", "memory", "fsize", "weak_sandbox"])]
    overlay: bool,

    /// Print the manual page
    #[arg(long, hide = true, exclusive = true)]
    man: bool,

    /// The command and its arguments; found in the PATH given with --env
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::try_parse().unwrap_or_else(|error| {
        // clap's own status for wrong use is 2, which here would be the command's.
        let status = if error.use_stderr() { 125 } else { 0 };
        let _ = error.print();
        std::process::exit(status)
    });
    if arguments.man {
        return print_manual();
    }
    if arguments.overlay {
        return arguments.run_in_overlay();
    }
    match arguments.into_spec().and_then(|spec| sandbox::run_here(&spec)) {
        Ok(Outcome::Exited(status)) => ExitCode::from(status as u8),
        Ok(Outcome::Killed(signal)) => ExitCode::from(128u8.saturating_add(signal as u8)),
        Ok(Outcome::TimedOut(timeout)) => {
            complain(&format!("pthbs-sandbox: stopped: {}", word_for(timeout)));
            ExitCode::from(124)
        }
        Err(error) => {
            complain(&error.to_string());
            ExitCode::from(125)
        }
    }
}

/// The manual page, made of the same words as --help.
fn print_manual() -> ExitCode {
    let page = clap_mangen::Man::new(Arguments::command());
    match page.render(&mut std::io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(125),
    }
}

fn word_for(timeout: Timeout) -> &'static str {
    match timeout {
        Timeout::Wall => "its time is up",
        Timeout::Silence => "no output for too long",
    }
}

/// Not `eprintln!`, which panics when nobody takes the word: then the status alone has to say it.
fn complain(text: &str) {
    // A spec may be somebody else's: its words must not act on the terminal.
    let plain: String =
        text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect();
    let _ = writeln!(std::io::stderr(), "{plain}");
}

impl Arguments {
    /// Becomes the command, in the host's own view with the binds added. Returns only if it cannot.
    fn run_in_overlay(self) -> ExitCode {
        let read_only = pairs(self.ro).map(|(source, target)| Bind::read_only(source, target));
        let writable = pairs(self.rw).map(|(source, target)| Bind::writable(source, target));
        let Some((program, rest)) = self.command.split_first() else {
            complain("error: no command");
            return ExitCode::from(125);
        };
        if let Err(error) = sandbox::overlay(&read_only.chain(writable).collect::<Vec<_>>()) {
            complain(&error.to_string());
            return ExitCode::from(125);
        }
        let cause = Command::new(program).args(rest).exec();
        complain(&format!("pthbs-sandbox: cannot execute `{program}`: {cause}"));
        ExitCode::from(if cause.kind() == std::io::ErrorKind::NotFound { 127 } else { 126 })
    }

    fn into_spec(self) -> Result<Spec, Error> {
        let mut spec = match &self.spec {
            None => Spec::default(),
            Some(path) => read(path)?,
        };
        spec.binds.extend(pairs(self.ro).map(|(source, target)| Bind::read_only(source, target)));
        spec.binds.extend(pairs(self.rw).map(|(source, target)| Bind::writable(source, target)));
        spec.links.extend(pairs(self.link).map(|(text, target)| Link::new(target, text)));
        for word in self.env {
            match word.split_once('=') {
                Some((name, value)) => spec.env.push((name.to_string(), value.to_string())),
                None => return Err(Error::new(format!("--env {word}: no `=` in it"))),
            }
        }
        if !self.command.is_empty() {
            spec.argv = self.command;
        }
        if self.weak_sandbox.is_some() {
            spec.boundary = Boundary::Landlock;
        }
        spec.terminal |= self.terminal;
        set(&mut spec.cwd, self.cwd);
        set(&mut spec.host_name, self.host_name);
        spec.host_uid = self.host_uid.or(spec.host_uid);
        spec.limits.wall = self.wall.or(spec.limits.wall);
        spec.limits.silence = self.silence.or(spec.limits.silence);
        set(&mut spec.limits.grace, self.grace);
        spec.limits.memory = self.memory.or(spec.limits.memory);
        set(&mut spec.limits.tmp_bytes, self.tmp_bytes);
        set(&mut spec.limits.nproc, self.nproc);
        set(&mut spec.limits.fsize, self.fsize);
        Ok(spec)
    }
}

fn read(path: &std::path::Path) -> Result<Spec, Error> {
    let shown = path.display();
    let text = std::fs::read(path).map_err(|cause| Error::new(format!("cannot read `{shown}`: {cause}")))?;
    serde_json::from_slice(&text)
        .map_err(|cause| Error::new(format!("`{shown}` is no sandbox spec: {cause}")))
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

/// clap gives the words of all occurrences in one list, two for each.
fn pairs(words: Vec<PathBuf>) -> impl Iterator<Item = (PathBuf, PathBuf)> {
    let mut words = words.into_iter();
    std::iter::from_fn(move || Some((words.next()?, words.next()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_become_a_spec() {
        let line =
            "x --ro /a /b --ro /c /d --rw /e /f --link usr/bin /bin --env A=B=C --cwd /f -- sh -c true";
        let spec = Arguments::try_parse_from(line.split(' ')).unwrap().into_spec().unwrap();
        assert_eq!(
            spec.binds,
            [Bind::read_only("/a", "/b"), Bind::read_only("/c", "/d"), Bind::writable("/e", "/f")]
        );
        assert_eq!(spec.links, [Link::new("/bin", "usr/bin")]);
        assert_eq!(spec.env, [("A".to_string(), "B=C".to_string())]);
        assert_eq!(spec.argv, ["sh", "-c", "true"]);
    }
}
