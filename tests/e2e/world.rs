//! A world for one test: a project, an empty store, and the programs, run as root or as an ordinary user.
//!
//! The directory of a failed test is kept and named.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Who runs the programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The caller of the tests, as they are.
    Caller,
    /// Another user without rights; only root can become one.
    Ordinary,
}

/// A user id that belongs to nobody.
const ORDINARY: u32 = 61_234;

/// Everybody a test is to be run as: the caller, and when that is root an ordinary user too.
pub fn everybody() -> Vec<Who> {
    let mut all = vec![Who::Caller];
    if nix::unistd::geteuid().is_root() {
        all.push(Who::Ordinary);
    }
    all
}

/// One test's directory, store and programs.
pub struct World {
    who: Who,
    dir: PathBuf,
}

impl World {
    /// A world with the small project of `tests/fixtures/project`.
    pub fn new(who: Who) -> World {
        let dir = tempfile::Builder::new().prefix("pthbs-test.").tempdir().unwrap().keep();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
        let world = World { who, dir };
        world.copy_project();
        fs::create_dir(world.path("store")).unwrap();
        fs::create_dir(world.path("home")).unwrap();
        world.give_away();
        world
    }

    fn copy_project(&self) {
        let from = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/project"));
        for entry in walkdir::WalkDir::new(from) {
            let entry = entry.unwrap();
            let to = self.path("project").join(entry.path().strip_prefix(from).unwrap());
            if entry.file_type().is_dir() {
                fs::create_dir_all(to).unwrap();
            } else {
                fs::copy(entry.path(), to).unwrap();
            }
        }
    }

    /// Makes everything here belong to who runs the programs.
    pub fn give_away(&self) {
        if self.who == Who::Ordinary {
            for entry in walkdir::WalkDir::new(&self.dir) {
                let entry = entry.unwrap();
                if !entry.path_is_symlink() {
                    chown(entry.path(), Some(ORDINARY), Some(ORDINARY)).unwrap();
                }
            }
        }
    }

    /// A path in this world: `project`, `store`, or anything below.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.dir.join(relative)
    }

    /// Writes a file of the project.
    pub fn write(&self, relative: &str, text: &str) {
        let path = self.path("project").join(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        self.give_away();
    }

    /// A program of the workspace, ready to run in the project with this world's store and nothing of the caller's.
    pub fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.program(program));
        command
            .args(arguments)
            .current_dir(self.path("project"))
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.path("home"))
            .env("PTHBS_ROOT", self.path("store"))
            .stdin(Stdio::null());
        if self.who == Who::Ordinary {
            command.uid(ORDINARY).gid(ORDINARY);
        }
        command
    }

    /// The program's file, where every user can reach it: a checkout may lie in somebody's private directory.
    fn program(&self, program: &str) -> PathBuf {
        let built = match program {
            "pthbs" => env!("CARGO_BIN_EXE_pthbs"),
            "genpkg" => env!("CARGO_BIN_EXE_genpkg"),
            _ => panic!("no program `{program}`"),
        };
        let copy = self.path(program);
        if !copy.exists() {
            // Linked where that is possible: the programs are large, and there is a world for each test.
            fs::hard_link(built, &copy).or_else(|_| fs::copy(built, &copy).map(|_| ())).unwrap();
        }
        copy
    }

    /// Runs `pthbs`.
    pub fn pthbs(&self, arguments: &[&str]) -> Ran {
        self.run("pthbs", arguments)
    }

    /// Runs `genpkg`.
    pub fn genpkg(&self, arguments: &[&str]) -> Ran {
        self.run("genpkg", arguments)
    }

    /// Runs a program below another one, such as strace, that is told to write to `log`; none where that is missing.
    pub fn wrapped(&self, wrapper: &[&str], log: &Path, program: &str, arguments: &[&str]) -> Option<Ran> {
        let inner = self.command(program, arguments);
        let mut command = self.like(&inner, wrapper[0]);
        command.args(&wrapper[1..]).arg(log).arg(inner.get_program()).args(arguments);
        command.output().ok().map(|output| self.ran(output))
    }

    /// Runs a program from a shell script that has every capability in a user namespace of its own, and the same uid;
    /// none where unshare is missing.
    pub fn in_user_namespace(&self, script: &str, program: &str, arguments: &[&str]) -> Option<Ran> {
        let inner = self.command(program, arguments);
        let mut command = self.like(&inner, "unshare");
        command
            .args(["-U", "--map-current-user", "--keep-caps", "sh", "-c", script, "sh"])
            .arg(inner.get_program())
            .args(arguments);
        command.output().ok().map(|output| self.ran(output))
    }

    /// A program of the machine, run as those of the workspace are.
    pub fn foreign(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = self.like(&self.command("pthbs", &[]), program);
        command.args(arguments);
        command
    }

    /// A command with the user, directory and variables of another one.
    fn like(&self, other: &Command, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().stdin(Stdio::null());
        command.envs(other.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.current_dir(other.get_current_dir().expect("every command here has a directory"));
        if self.who == Who::Ordinary {
            command.uid(ORDINARY).gid(ORDINARY);
        }
        command
    }

    /// The sum of a file, as `sha256sum` prints it.
    pub fn sha256(&self, relative: &str) -> String {
        let output = Command::new("sha256sum").arg(self.path(relative)).output().unwrap();
        String::from_utf8(output.stdout).unwrap()[..64].to_string()
    }

    /// Every file below a directory, by its path from there.
    pub fn files_below(&self, relative: &str) -> Vec<String> {
        let top = self.path(relative);
        let files = walkdir::WalkDir::new(&top).sort_by_file_name().into_iter().map(Result::unwrap);
        let files = files.filter(|entry| !entry.file_type().is_dir());
        files.map(|entry| entry.path().strip_prefix(&top).unwrap().display().to_string()).collect()
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Ran {
        self.ran(self.command(program, arguments).output().unwrap())
    }

    /// What a program printed, with this world's paths and all hashes and times replaced by words.
    pub fn ran(&self, output: Output) -> Ran {
        let text =
            |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&*self.dir.to_string_lossy(), "WORLD");
        Ran { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("kept for looking: {}", self.dir.display());
            return;
        }
        // Installs are read-only; that stops an ordinary user's removal, and root's not.
        for entry in
            walkdir::WalkDir::new(&self.dir).into_iter().flatten().filter(|entry| entry.file_type().is_dir())
        {
            let _ = fs::set_permissions(entry.path(), fs::Permissions::from_mode(0o755));
        }
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// A finished program.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Data.
    pub stdout: String,
    /// Everything for people.
    pub stderr: String,
}

impl Ran {
    /// Fails the test unless the program ended with 0.
    #[track_caller]
    pub fn ok(self) -> Ran {
        self.exits(0)
    }

    /// Fails the test unless the program ended with this code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Ran {
        assert_eq!(self.code, Some(code), "\nstdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}
