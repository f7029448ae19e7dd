//! Control groups, where the caller was given some: a bound on the memory and the processes of a whole sandbox.
//!
//! A cgroup counts as given when this program is alone in it and may make others below it, as under
//! `systemd-run --user --scope -p Delegate=yes`. Anything else (a login session, a container) belongs to somebody who
//! may not want processes moved. So the absence is the rule; it is noted and changes nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use nix::unistd::{Pid, getpid, getppid};

use crate::spec::Limits;

/// Where this program itself goes: a cgroup that hands controllers on may hold no processes.
const SUPERVISOR: &str = "pthbs-supervisor";
const CONTROLLERS: [&str; 2] = ["memory", "pids"];

/// A cgroup below which each sandbox gets its own.
#[derive(Debug)]
pub(crate) struct Delegated {
    dir: PathBuf,
    controllers: Vec<&'static str>,
}

/// The cgroup of one sandbox. Removed when dropped, which is after its last process was reaped.
#[derive(Debug)]
pub(crate) struct Cgroup {
    dir: PathBuf,
}

/// Why sandboxes get no cgroup of their own here; nothing if they would.
///
/// Looks only, and so may be asked at any time. For `pthbs doctor`.
pub fn cgroup_absence() -> Option<String> {
    own_cgroup().and_then(|dir| usable(&dir, &[getpid()])).err()
}

impl Delegated {
    /// Takes the cgroup of this program for its sandboxes, if it was given one. `also` is who may be in it besides.
    pub(crate) fn take(also: &[Pid]) -> Option<Delegated> {
        let own: Vec<Pid> = also.iter().copied().chain([getpid()]).collect();
        own_cgroup().and_then(|dir| Delegated::take_at(dir, &own)).ok()
    }

    /// The same for a helper, whose caller shares its cgroup.
    pub(crate) fn take_with_caller() -> Option<Delegated> {
        Delegated::take(&[getppid()])
    }

    fn take_at(dir: PathBuf, own: &[Pid]) -> Result<Delegated, String> {
        let controllers = usable(&dir, own)?;
        let leaf = dir.join(SUPERVISOR);
        fs::create_dir(&leaf).map_err(|cause| format!("{} cannot be made: {cause}", leaf.display()))?;
        for pid in own {
            write(&leaf.join("cgroup.procs"), &pid.to_string())?;
        }
        let words: Vec<String> = controllers.iter().map(|name| format!("+{name}")).collect();
        write(&dir.join("cgroup.subtree_control"), &words.join(" "))?;
        Ok(Delegated { dir, controllers })
    }

    /// A cgroup for the sandbox whose pid 1 is `pid`, before that has done anything. Without one it runs all the same: the
    /// other limits hold.
    pub(crate) fn enclose(&self, pid: Pid, limits: &Limits) -> Option<Cgroup> {
        let cgroup = Cgroup { dir: self.dir.join(format!("sandbox.{pid}")) };
        fs::create_dir(&cgroup.dir).ok()?;
        let has = |name: &str| self.controllers.contains(&name);
        let mut settings = Vec::new();
        if let Some(bytes) = limits.memory.filter(|_| has("memory")) {
            settings.push(("memory.max", bytes.to_string()));
            // When it runs out, the whole build ends, not a process that its makefile then misses.
            settings.push(("memory.oom.group", "1".to_string()));
        }
        if has("pids") {
            settings.push(("pids.max", limits.nproc.to_string()));
        }
        settings.push(("cgroup.procs", pid.to_string()));
        let written = settings.iter().try_for_each(|(file, text)| write(&cgroup.dir.join(file), text));
        written.ok().map(|()| cgroup)
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // Empty by now. One that stays is in nobody's way, and goes with its parent.
        let _ = fs::remove_dir(&self.dir);
    }
}

/// This process's place in the hierarchy of version 2, as a directory.
fn own_cgroup() -> Result<PathBuf, String> {
    let read =
        |path: &str| fs::read_to_string(path).map_err(|cause| format!("{path} cannot be read: {cause}"));
    place(&read("/proc/self/cgroup")?, &read("/proc/self/mountinfo")?)
}

/// The same from the texts of /proc/self/cgroup and /proc/self/mountinfo.
fn place(cgroup: &str, mountinfo: &str) -> Result<PathBuf, String> {
    let path =
        cgroup.lines().find_map(|line| line.strip_prefix("0::")).ok_or("the kernel has no cgroup v2")?;
    for line in mountinfo.lines().filter(|line| line.contains(" - cgroup2 ")) {
        let mut fields = line.split(' ').skip(3);
        if let (Some(root), Some(mounted)) = (fields.next(), fields.next())
            && let Ok(below) = Path::new(path).strip_prefix(root)
        {
            return Ok(Path::new(mounted).join(below));
        }
    }
    Err("cgroup v2 is not mounted where this process could see its own".to_string())
}

/// Whether `dir` is ours to divide: the controllers it has for us, or what is against it.
fn usable(dir: &Path, own: &[Pid]) -> Result<Vec<&'static str>, String> {
    let shown = dir.display();
    let read = |file: &str| {
        fs::read_to_string(dir.join(file)).map_err(|cause| format!("{shown}/{file} cannot be read: {cause}"))
    };
    let present = read("cgroup.controllers")?;
    let controllers: Vec<_> =
        CONTROLLERS.into_iter().filter(|name| present.split_whitespace().any(|word| word == *name)).collect();
    if controllers.is_empty() {
        return Err(format!("{shown} has neither the memory nor the pids controller"));
    }
    let is_own = |line: &str| line.parse().is_ok_and(|pid| own.contains(&Pid::from_raw(pid)));
    if !read("cgroup.procs")?.lines().all(is_own) {
        return Err(format!("{shown} holds other processes too"));
    }
    for file in ["cgroup.procs", "cgroup.subtree_control"] {
        let is_writable = fs::OpenOptions::new().write(true).open(dir.join(file));
        is_writable.map_err(|cause| format!("{shown}/{file} cannot be written: {cause}"))?;
    }
    Ok(controllers)
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|cause| format!("{} does not take `{text}`: {cause}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str =
        "30 24 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n31 24 0:27 / /x rw - tmpfs t rw\n";

    #[test]
    fn the_place_in_the_hierarchy_is_found() {
        assert_eq!(
            place("0::/user.slice/a.scope\n", MOUNTS).unwrap(),
            Path::new("/sys/fs/cgroup/user.slice/a.scope")
        );
        let bound = MOUNTS.replace(" / /sys", " /user.slice /sys");
        assert_eq!(place("0::/user.slice/a.scope\n", &bound).unwrap(), Path::new("/sys/fs/cgroup/a.scope"));
        assert!(place("0::/other\n", &bound).is_err());
        assert!(place("5:memory:/\n", MOUNTS).is_err());
    }

    /// A directory with the files that the kernel shows in a cgroup.
    fn cgroup(controllers: &str, processes: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (file, text) in
            [("cgroup.controllers", controllers), ("cgroup.procs", processes), ("cgroup.subtree_control", "")]
        {
            fs::write(dir.path().join(file), text).unwrap();
        }
        dir
    }

    #[test]
    fn a_cgroup_that_others_are_in_is_left_alone() {
        let own = [Pid::from_raw(41), Pid::from_raw(42)];
        let refused =
            |controllers, processes| usable(cgroup(controllers, processes).path(), &own).unwrap_err();
        assert!(refused("cpu memory pids\n", "41\n42\n43\n").ends_with("holds other processes too"));
        assert!(refused("cpu\n", "41\n").ends_with("has neither the memory nor the pids controller"));
        assert_eq!(usable(cgroup("cpu memory pids\n", "41\n42\n").path(), &own).unwrap(), CONTROLLERS);
    }

    #[test]
    fn each_sandbox_gets_its_bounds_and_its_cgroup_goes_with_it() {
        let (own, dir) = ([Pid::from_raw(41)], cgroup("memory pids\n", "41\n"));
        let delegated = Delegated::take_at(dir.path().to_path_buf(), &own).unwrap();
        let read = |file: &str| fs::read_to_string(dir.path().join(file)).unwrap();
        assert_eq!(read("pthbs-supervisor/cgroup.procs"), "41");
        assert_eq!(read("cgroup.subtree_control"), "+memory +pids");
        let limits = Limits { memory: Some(1 << 30), nproc: 99, ..Limits::default() };
        let cgroup = delegated.enclose(Pid::from_raw(77), &limits).unwrap();
        assert_eq!(read("sandbox.77/memory.max"), "1073741824");
        assert_eq!(read("sandbox.77/pids.max"), "99");
        assert_eq!(read("sandbox.77/cgroup.procs"), "77");
        // The kernel's own files do not keep a cgroup from being removed.
        fs::read_dir(&cgroup.dir).unwrap().for_each(|file| fs::remove_file(file.unwrap().path()).unwrap());
        drop(cgroup);
        assert!(!dir.path().join("sandbox.77").exists());
    }
}
