//! What every case uses: a helper, a directory, a sandbox with the host's programs in it.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use sandbox::{Bind, Error, Helper, Link, Outcome, Running, Spec, Stdio};

pub(crate) struct World {
    pub(crate) helper: Helper,
    /// The version of Landlock that this kernel has.
    pub(crate) landlock: Option<u32>,
    dir: PathBuf,
    count: AtomicUsize,
}

/// How a command ended and what it said.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) outcome: Outcome,
    pub(crate) output: String,
}

impl World {
    /// To be made before the first thread.
    pub(crate) fn new(dir: &Path) -> World {
        let landlock = sandbox::examine().landlock;
        let helper = Helper::start().expect("a helper");
        World { helper, landlock, dir: dir.to_path_buf(), count: AtomicUsize::new(0) }
    }

    /// A fresh directory of this case alone.
    pub(crate) fn dir(&self) -> PathBuf {
        let dir = self.dir.join(self.count.fetch_add(1, Ordering::Relaxed).to_string());
        std::fs::create_dir(&dir).expect("a fresh directory");
        dir
    }

    /// The stand-alone program, with `words` as its arguments.
    pub(crate) fn program(&self, words: &[&str]) -> Command {
        let mut command = Command::new(self.dir.join("pthbs-sandbox"));
        command.args(words);
        command
    }

    /// A sandbox with the host's programs that runs `script`.
    pub(crate) fn shell(&self, script: &str) -> Spec {
        let mut spec = host_programs();
        spec.argv = ["/bin/sh", "-c", script].map(String::from).to_vec();
        spec
    }

    /// The same with the attack program, as `$A` and `/attack`.
    pub(crate) fn attack(&self, script: &str) -> Result<Spec, String> {
        let mut spec = self.shell(script);
        spec.binds.push(Bind::read_only(self.attack_program()?, "/attack"));
        spec.env.push(("A".into(), "/attack".into()));
        Ok(spec)
    }

    /// Runs `script` outside of any sandbox, in `dir`, with `$A`: the same attack must succeed there, or what the sandbox
    /// answers shows nothing.
    pub(crate) fn outside(&self, dir: &Path, script: &str) -> Result<String, String> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]).current_dir(dir).env("A", self.attack_program()?);
        Ok(said(&mut command).0)
    }

    fn attack_program(&self) -> Result<PathBuf, String> {
        let program = self.dir.join("attack");
        if program.exists() {
            Ok(program)
        } else {
            Err("the host cannot compile the attacks (no cc?)".into())
        }
    }

    /// Runs `script` in a sandbox with the host's programs.
    pub(crate) fn run(&self, script: &str) -> Ran {
        self.run_spec(&self.shell(script))
    }

    /// Runs `spec` to its end.
    pub(crate) fn run_spec(&self, spec: &Spec) -> Ran {
        self.try_spec(spec).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The same where the sandbox itself may fail.
    pub(crate) fn try_spec(&self, spec: &Spec) -> Result<Ran, Error> {
        let (mut running, reader) = self.start(spec)?;
        let mut bytes = Vec::new();
        let outcome = running.wait_reading(OwnedFd::from(reader).into(), |piece| bytes.extend(piece))?;
        Ok(Ran { outcome, output: String::from_utf8_lossy(&bytes).into_owned() })
    }

    /// Starts `spec` and gives what it writes.
    pub(crate) fn start(&self, spec: &Spec) -> Result<(Running, std::io::PipeReader), Error> {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let running = self.helper.run(spec, Stdio { output: writer.into(), jobserver: None })?;
        Ok((running, reader))
    }
}

/// /usr and the directories beside it, as links where the host has links.
fn host_programs() -> Spec {
    let mut spec = Spec { env: vec![("PATH".into(), "/usr/bin:/bin".into())], ..Spec::default() };
    for name in ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/alternatives", "/etc/ld.so.cache"] {
        let path = Path::new(name);
        match std::fs::read_link(path) {
            Ok(text) => spec.links.push(Link::new(path, text)),
            Err(_) if path.exists() => spec.binds.push(Bind::read_only(path, path)),
            Err(_) => {}
        }
    }
    spec
}

impl Ran {
    /// The command succeeded; gives what it said.
    #[track_caller]
    pub(crate) fn good(self) -> String {
        assert_eq!(self.outcome, Outcome::Exited(0), "{}", self.output);
        self.output
    }
}

/// The stdout, stderr and status of a program that ran to its end.
pub(crate) fn said(command: &mut Command) -> (String, String, Option<i32>) {
    let output = command.output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (text(output.stdout), text(output.stderr), output.status.code())
}

/// Whether the host has this program; a case that needs one it lacks is skipped.
pub(crate) fn host_has(program: &str) -> Result<(), String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    match std::env::split_paths(&path).any(|dir| dir.join(program).exists()) {
        true => Ok(()),
        false => Err(format!("the host has no {program}")),
    }
}
