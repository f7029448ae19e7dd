//! `pthbs doctor`: whether this machine can build, line by line, and what to type where it cannot.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use nix::sys::statvfs::{FsFlags, Statvfs, statvfs};
use nix::unistd::{AccessFlags, access};
use sandbox::Machine;
use serde_json::json;

use super::{Global, items};
use crate::base::Result;
use crate::cli::{config, report};
use crate::store::Store;

/// Say what this machine can do for builds, and what to type where something is missing
///
/// Looks at user namespaces, the mount API, system call filters, Landlock, cgroups, disk, store, apt and git; and starts a
/// sandbox, as a build would. Each line begins with `fine`; `note` where builds work all the same; or `bad`. Nothing is
/// changed and nothing is fetched. Ends with 1 if strict builds cannot work.
///
/// Example: pthbs doctor
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Print an array of objects with `subject`, `verdict`, `words` and `type`
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Fine,
    /// Builds work all the same.
    Note,
    /// Strict builds cannot work.
    Bad,
}

/// One line.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    subject: &'static str,
    verdict: Verdict,
    words: String,
    /// What to type, or else to do.
    remedy: Option<String>,
}

/// A build of a compiler takes this much; less is worth a note.
const ROOM: u64 = 10 << 30;
const APT: &str = "/usr/lib/apt/apt-helper";

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<ExitCode> {
    let root = config::store_root(global.root.as_deref())?;
    let machine = sandbox::examine();
    let mut lines = of_machine(&machine);
    lines.push(disk(&root));
    lines.push(store(&root));
    lines.push(apt(Path::new(APT).exists()));
    lines.push(git(program("git")));
    if arguments.json {
        items::print_json(&lines.iter().map(as_json).collect());
    } else {
        lines.iter().for_each(print);
    }
    let is_good = lines.iter().all(|line| line.verdict != Verdict::Bad);
    if !arguments.json {
        report::say(if is_good { "strict builds work here" } else { "strict builds cannot work here" });
    }
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Line {
    fn fine(subject: &'static str, words: impl Into<String>) -> Line {
        Line { subject, verdict: Verdict::Fine, words: words.into(), remedy: None }
    }

    fn note(subject: &'static str, words: impl Into<String>, remedy: impl Into<String>) -> Line {
        Line { subject, verdict: Verdict::Note, words: words.into(), remedy: Some(remedy.into()) }
    }

    fn bad(subject: &'static str, words: impl Into<String>, remedy: impl Into<String>) -> Line {
        Line { subject, verdict: Verdict::Bad, words: words.into(), remedy: Some(remedy.into()) }
    }

    /// A refusal of the sandbox's, with its causes and its remedy.
    fn refused(subject: &'static str, error: &sandbox::Error) -> Line {
        let words: Vec<&str> = std::iter::once(&error.what).chain(&error.lines).map(String::as_str).collect();
        let remedy = error.hint.clone().unwrap_or_else(|| "the kernel's log may say more: dmesg".to_string());
        Line::bad(subject, words.join("; "), remedy)
    }
}

/// What the sandbox needs, the trial last.
fn of_machine(machine: &Machine) -> Vec<Line> {
    let namespaces = match &machine.namespaces {
        Ok(()) => Line::fine("user namespaces", "this user may make them"),
        Err(error) => Line::refused("user namespaces", error),
    };
    let mount_api = match machine.has_mount_api {
        true => Line::fine("mount API", "open_tree and mount_setattr"),
        false => {
            let words = "the old one: a build with many dependencies starts slowly";
            Line::note("mount API", words, "use Linux 5.12 or later")
        }
    };
    let seccomp = match machine.has_seccomp {
        true => Line::fine("seccomp", "the kernel filters system calls"),
        false => Line::bad("seccomp", "the kernel has no filter", "use a kernel with CONFIG_SECCOMP_FILTER"),
    };
    let sandbox = match &machine.sandbox {
        Ok(()) => Line::fine("sandbox", "one was started and has ended"),
        Err(error) => Line::refused("sandbox", error),
    };
    vec![namespaces, mount_api, seccomp, landlock(machine), cgroups(machine), sandbox]
}

fn landlock(machine: &Machine) -> Line {
    let Machine { landlock, least_landlock: least, namespaces, .. } = machine;
    match landlock {
        Some(version) if version >= least && namespaces.is_err() => {
            let words = format!("version {version}: builds are possible with less protection, and marked");
            Line::note("Landlock", words, "pthbs build --weak-sandbox=landlock NAME")
        }
        Some(version) if version >= least => {
            Line::fine("Landlock", format!("version {version}, which only --weak-sandbox uses"))
        }
        Some(version) => {
            let words = format!("version {version}; --weak-sandbox=landlock needs {least}");
            Line::note("Landlock", words, "nothing, as long as user namespaces work; else Linux 6.2 or later")
        }
        None => {
            let remedy =
                "nothing, as long as user namespaces work; else a kernel with `landlock` in its lsm=";
            Line::note("Landlock", "the kernel has none, or it is off", remedy)
        }
    }
}

fn cgroups(machine: &Machine) -> Line {
    match &machine.cgroup_absence {
        None => Line::fine("cgroups", "the memory of a whole build can be bounded"),
        Some(why) => Line::note(
            "cgroups",
            format!("the memory of a whole build is not bounded: {why}"),
            "systemd-run --user --scope -p Delegate=yes pthbs build NAME",
        ),
    }
}

/// The file system that the store is on, or would be.
fn disk(root: &Path) -> Line {
    let there = root.ancestors().find(|dir| dir.exists()).unwrap_or(Path::new("/"));
    match statvfs(there) {
        Ok(stat) => of_disk(there, &stat),
        Err(errno) => {
            let words = format!("{}: {}", there.display(), errno.desc());
            Line::bad("disk", words, "pthbs --root DIR doctor")
        }
    }
}

fn of_disk(there: &Path, stat: &Statvfs) -> Line {
    let (free, flags) = (stat.blocks_available() * stat.fragment_size(), stat.flags());
    let words = format!("{} free at {}", report::size(free), there.display());
    let remount =
        |option: &str| format!("mount -o remount,{option} its file system, or choose another: --root DIR");
    if flags.contains(FsFlags::ST_RDONLY) {
        Line::bad("disk", format!("{words}, which is mounted read-only"), remount("rw"))
    } else if flags.contains(FsFlags::ST_NOEXEC) {
        Line::bad("disk", format!("{words}, where no program may run (noexec)"), remount("exec"))
    } else if stat.files() > 0 && stat.files_available() < 100_000 {
        let words = format!("{words}, but room for {} files only", stat.files_available());
        Line::note("disk", words, "pthbs gc")
    } else if free < ROOM {
        Line::note("disk", words, "pthbs gc")
    } else {
        Line::fine("disk", words)
    }
}

/// The store, as a build would open it; it is not made here.
fn store(root: &Path) -> Line {
    let shown = root.display();
    if let Ok(store) = Store::open_existing(root) {
        // As a build opens it: another user's can be read, and no more.
        return match Store::open(store.root()) {
            Ok(_) => Line::fine("store", shown.to_string()),
            Err(error) => Line::bad("store", error.what(), "pthbs --root DIR doctor"),
        };
    }
    let above = root.ancestors().find(|dir| dir.exists()).unwrap_or(Path::new("/"));
    let is_empty = above != root || std::fs::read_dir(root).is_ok_and(|mut entries| entries.next().is_none());
    match access(above, AccessFlags::W_OK) {
        Ok(()) if is_empty && above.is_dir() => {
            Line::fine("store", format!("none yet at {shown}; the first build makes it"))
        }
        Ok(()) => Line::bad("store", format!("{shown} is something else"), "pthbs --root DIR doctor"),
        Err(errno) => {
            let words =
                format!("none at {shown}, and {} cannot be written: {}", above.display(), errno.desc());
            Line::bad("store", words, "pthbs --root DIR doctor")
        }
    }
}

fn apt(is_there: bool) -> Line {
    match is_there {
        true => Line::fine("apt", "`deb-src:` sources come through it"),
        false => {
            let words = "not there: `deb-src:` sources cannot be fetched";
            Line::note("apt", words, "genpkg render -o sources=upstream")
        }
    }
}

fn git(program: Option<PathBuf>) -> Line {
    let own = "git sources are fetched by pthbs itself";
    match program {
        Some(path) => Line::fine("git", format!("{own}; the program is {}", path.display())),
        None => Line::fine("git", format!("{own}; there is no program `git`, and none is needed")),
    }
}

fn program(name: &str) -> Option<PathBuf> {
    let found = config::search_path().into_iter().map(|dir| dir.join(name));
    found.into_iter().find(|path| access(path, AccessFlags::X_OK).is_ok() && path.is_file())
}

fn print(line: &Line) {
    report::data(&format!("{:<5} {:<16} {}\n", line.verdict.word(), line.subject, line.words));
    if let Some(remedy) = &line.remedy {
        report::data(&format!("{:22} type: {remedy}\n", ""));
    }
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Verdict::Fine => "fine",
            Verdict::Note => "note",
            Verdict::Bad => "bad",
        }
    }
}

fn as_json(line: &Line) -> serde_json::Value {
    json!({
        "subject": line.subject,
        "verdict": line.verdict.word(),
        "words": line.words,
        "type": line.remedy,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Machine {
        Machine {
            namespaces: Ok(()),
            has_mount_api: true,
            has_seccomp: true,
            landlock: Some(7),
            least_landlock: 3,
            cgroup_absence: None,
            sandbox: Ok(()),
        }
    }

    fn verdicts(machine: &Machine) -> Vec<Verdict> {
        of_machine(machine).iter().map(|line| line.verdict).collect()
    }

    #[test]
    fn a_good_machine_has_nothing_to_type() {
        let lines = of_machine(&good());
        assert!(lines.iter().all(|line| line.verdict == Verdict::Fine && line.remedy.is_none()), "{lines:?}");
    }

    #[test]
    fn what_only_makes_builds_slower_or_less_bounded_is_a_note() {
        let machine = Machine {
            has_mount_api: false,
            landlock: None,
            cgroup_absence: Some("no cgroup v2".into()),
            ..good()
        };
        use Verdict::{Fine, Note};
        assert_eq!(verdicts(&machine), [Fine, Note, Fine, Note, Note, Fine]);
        assert!(of_machine(&machine).iter().all(|line| line.remedy.is_some() || line.verdict == Fine));
    }

    #[test]
    fn a_refusal_keeps_its_causes_and_its_remedy_and_names_the_weak_sandbox() {
        let mut error = sandbox::Error::new("cannot make a user namespace");
        error.lines.push("user.max_user_namespaces is 0".into());
        let error = error.hint("as root: sysctl -w user.max_user_namespaces=15000");
        let machine = Machine { namespaces: Err(error.clone()), sandbox: Err(error), ..good() };
        let lines = of_machine(&machine);
        assert_eq!(lines[0].verdict, Verdict::Bad);
        assert_eq!(lines[0].words, "cannot make a user namespace; user.max_user_namespaces is 0");
        assert_eq!(lines[0].remedy.as_deref(), Some("as root: sysctl -w user.max_user_namespaces=15000"));
        assert_eq!(lines[3].remedy.as_deref(), Some("pthbs build --weak-sandbox=landlock NAME"));
    }

    #[test]
    fn a_place_for_a_store_is_told_from_a_store_and_from_something_else() {
        let dir = tempfile::tempdir().unwrap();
        assert!(store(&dir.path().join("none")).words.contains("the first build makes it"));
        assert_eq!(store(dir.path()).verdict, Verdict::Fine);
        std::fs::write(dir.path().join("file"), "x").unwrap();
        assert_eq!(store(dir.path()).verdict, Verdict::Bad);
        Store::open(&dir.path().join("store")).unwrap();
        assert_eq!(store(&dir.path().join("store")).verdict, Verdict::Fine);
        assert!(disk(&dir.path().join("none/yet")).words.contains("free at"));
    }
}
