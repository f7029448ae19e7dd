//! The sandbox of a build with a person in it: in the foreground, with a terminal of its own.

use std::io::IsTerminal;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sandbox::{Limits, Outcome, Spec};

use super::context;
use super::weak::Weak;
use crate::base::{Error, Result, fs as base_fs};
use crate::build::{Exposed, Inside, Place, Stop, Visible};
use crate::cli::{config, signals};
use crate::script::{Sandbox, Script};
use crate::store::{Staging, Store};

/// Run a sandbox that a file describes
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    spec: PathBuf,
}

/// The command behind [`in_child`].
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let text = base_fs::read(&arguments.spec)?;
    let spec = serde_json::from_slice(&text)
        .map_err(|cause| Error::usage(format!("`{}`: {cause}", arguments.spec.display())))?;
    here(&spec)
}

/// What there is to see.
pub(super) struct View<'a> {
    pub store: &'a Store,
    pub script: &'a Script,
    pub visible: &'a Visible,
    pub place: &'a Place,
    pub weak: &'a Weak,
}

impl View<'_> {
    /// The sandbox of the build with a shell in it, or with a command.
    pub(super) fn spec(&self, word: &str, command: &[String]) -> Result<Spec> {
        let jobs = config::processors();
        // A person thinks for as long as he likes.
        let limits = Limits { wall: None, silence: None, ..Limits::default() };
        let View { store, script, visible, place, weak } = self;
        let is_weak = weak.is_asked();
        let inside =
            Inside { store, script, visible, place, jobs, jobserver: None, limits: &limits, is_weak };
        let mut spec = inside.spec()?;
        spec.argv = match command.is_empty() {
            // The build's own shell stands first.
            true if script.header.sandbox == Sandbox::On => spec.argv[..1].to_vec(),
            true => host_shell(),
            false => command.to_vec(),
        };
        spec.terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        // There is no jobserver: make brings its own.
        set(&mut spec, "MAKEFLAGS", format!("-j{jobs}"));
        if let Some(terminal) = std::env::var("TERM").ok().filter(|_| spec.terminal) {
            set(&mut spec, "TERM", terminal);
            set(&mut spec, "PS1", format!("[{} {word}] $PWD $ ", script.header.name));
        }
        Ok(spec)
    }

    /// For the weak sandbox: shows the build what it will look for, in `dir`, until this is dropped.
    pub(super) fn expose(&self, dir: &Path) -> Result<Option<Exposed>> {
        self.weak.announce();
        let Some(view) = self.weak.view(self.store)? else { return Ok(None) };
        view.expect()?;
        Exposed::new(&view, self.store, self.visible, &self.script.install_id(), dir).map(Some)
    }
}

/// Where the build sees the host's shells: bash, because it edits lines.
fn host_shell() -> Vec<String> {
    let bash = "/bin/bash";
    match Path::new(bash).exists() {
        true => [bash, "--norc", "--noprofile"].map(str::to_string).to_vec(),
        false => vec!["/bin/sh".to_string()],
    }
}

fn set(spec: &mut Spec, name: &str, value: String) {
    spec.env.retain(|(known, _)| known != name);
    spec.env.push((name.to_string(), value));
}

/// Runs it in this process, which has one thread.
pub(super) fn here(spec: &Spec) -> Result<ExitCode> {
    let status = match sandbox::run_here(spec).map_err(context::from_sandbox)? {
        Outcome::Exited(status) => u8::try_from(status).unwrap_or(u8::MAX),
        Outcome::Killed(signal) => 128u8.saturating_add(u8::try_from(signal).unwrap_or(0)),
        Outcome::TimedOut(_) => unreachable!("it was given no time limit"),
    };
    Ok(ExitCode::from(status))
}

/// Runs it in a process of its own, because this one has threads; waits for its end. A request to stop is passed on.
pub(super) fn in_child(spec: &Spec, staging: &Staging) -> Result<ExitCode> {
    let path = staging.dir().join("spec.json");
    base_fs::write_whole(&path, &serde_json::to_vec(spec).expect("a spec is plain data"))?;
    let stop = Stop::default();
    signals::watch(&stop)?;
    let exe = Path::new("/proc/self/exe");
    let mut child = Command::new(exe)
        .arg("enter")
        .arg(&path)
        .spawn()
        .map_err(|cause| Error::io("execute", exe, &cause))?;
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid is small"));
    stop.listen(move |signal| {
        // It may have ended already.
        let _ = Signal::try_from(signal).and_then(|signal| kill(pid, signal));
    });
    let status = child.wait().map_err(|cause| Error::io("wait for", exe, &cause))?;
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX)))
}

/// Makes a user of the host the owner of some directories and of everything in them.
pub(super) fn give(dirs: &[&Path], uid: u32) -> Result<()> {
    for dir in dirs {
        for entry in walkdir::WalkDir::new(dir) {
            let entry =
                entry.map_err(|cause| Error::usage(format!("cannot list `{}`: {cause}", dir.display())))?;
            std::os::unix::fs::lchown(entry.path(), Some(uid), Some(uid))
                .map_err(|cause| Error::io("give away", entry.path(), &cause))?;
        }
    }
    Ok(())
}
