//! The new root: a ramfs that holds the binds, a /proc and a /dev of its own, three files of /etc, and nothing else.
//!
//! What goes where is a list of values, sorted, so that what lies below another comes after it; then it is carried out.

use std::collections::HashSet;
use std::ffi::CString;
use std::io::Write as _;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::mount::{MntFlags, umount2};
use nix::sys::stat::{Mode, mkdirat};
use nix::unistd::{chdir, fchdir, symlinkat};

use crate::error::{Error, Named as _, Result};
use crate::mount::{Api, Forbid, Fresh, NOWHERE, Place, Tree, c_string};
use crate::spec::{Access, Bind, INSIDE_ID, Spec};
use crate::sys;

const DEVICES: [&str; 5] = ["null", "zero", "full", "random", "urandom"];
const DEVICE_LINKS: [(&str, &str); 5] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
];
/// Files of /proc that tell of the host or act on it; /dev/null is shown instead.
const MASKED: [&str; 8] =
    ["kcore", "kallsyms", "keys", "key-users", "kmsg", "sysrq-trigger", "timer_list", "sched_debug"];

/// What stands at one path of the new root.
pub(crate) enum Item {
    Tree(Tree),
    Fresh(Fresh),
    File(String),
    Link(PathBuf),
}

/// The new root as a list, every source taken. Made while this process may still walk the host's paths.
pub(crate) struct Plan {
    api: Api,
    items: Vec<(PathBuf, Item)>,
    /// Its /proc is the sandbox's own, and parts of it are to be taken away.
    harden: bool,
}

impl Plan {
    /// Takes all sources of `spec` and adds what every sandbox has.
    pub(crate) fn new(spec: &Spec) -> Result<Plan> {
        let api = Api::choose(spec.old_mount_api);
        api.begin()?;
        let mut items = Vec::with_capacity(spec.binds.len() + spec.links.len() + 20);
        let (writable, read_only): (Vec<&Bind>, Vec<&Bind>) =
            spec.binds.iter().partition(|bind| bind.access == Access::Writable);
        for bind in writable {
            let tree = api.take(NOWHERE, &bind.source, bind.access.into()).map_err(cannot_enter)?;
            items.push((bind.target.clone(), Item::Tree(tree)));
        }
        let own = own_items(api, spec)?;
        let mut host = api.forbid_writing()?;
        for bind in read_only {
            let tree = host.take(&bind.source).map_err(cannot_enter)?;
            items.push((bind.target.clone(), Item::Tree(tree)));
        }
        items.extend(spec.links.iter().map(|link| (link.target.clone(), Item::Link(link.text.clone()))));
        // A bind at /tmp or /dev/shm stands in place of the tmpfs.
        let bound: HashSet<&Path> = spec.binds.iter().map(|bind| bind.target.as_path()).collect();
        items.extend(own.into_iter().filter(|(target, _)| !bound.contains(target.as_path())));
        Ok(Plan { harden: true, ..Plan::of(api, items) })
    }

    /// A root that holds `items` and nothing else.
    pub(crate) fn of(api: Api, mut items: Vec<(PathBuf, Item)>) -> Plan {
        // By bytes, which puts what lies below another behind it too, at a third of the cost of comparing paths.
        items.sort_unstable_by(|(a, _), (b, _)| a.as_os_str().cmp(b.as_os_str()));
        Plan { api, items, harden: false }
    }

    /// Builds the root and moves into it; the host's is out of reach afterwards. The root is left read-only.
    pub(crate) fn enter(self) -> Result<()> {
        let api = self.api;
        let root = new_root(api)?;
        let mut builder = Builder { api, root: root.as_fd(), last: None };
        for (target, item) in &self.items {
            builder
                .put(target, item)
                .map_err(|error| error.line(format!("for target: {}", target.display())))?;
        }
        drop(self.items);
        if self.harden {
            harden_proc(api, root.as_fd())?;
        }
        api.seal(root.as_fd())?;
        pivot(root.as_fd())
    }
}

/// As root the host's paths are walked as uid 0 without capabilities, so a closed directory of another owner stops it.
fn cannot_enter(error: Error) -> Error {
    match nix::unistd::geteuid().is_root() || !error.what.ends_with(Errno::EACCES.desc()) {
        false => {
            error.hint("every directory above a bind source must be open to the one who starts the sandbox")
        }
        true => error,
    }
}

/// What every sandbox has, besides the rest of /proc that `harden_proc` does.
fn own_items(api: Api, spec: &Spec) -> Result<Vec<(PathBuf, Item)>> {
    let path = |text: &str| PathBuf::from(text);
    let mut items = Vec::new();
    // The controlling terminal of whoever opens it, which can only be the sandbox's own.
    let tty = spec.terminal.then_some("tty");
    for name in DEVICES.into_iter().chain(tty) {
        let device = Path::new("/dev").join(name);
        let tree = api.take(NOWHERE, &device, Forbid::EXECUTION)?;
        items.push((device, Item::Tree(tree)));
    }
    for (name, text) in DEVICE_LINKS {
        items.push((Path::new("/dev").join(name), Item::Link(path(text))));
    }
    let (id, host) = (INSIDE_ID, &spec.host_name);
    let files = [
        (
            "/etc/passwd",
            format!("user:x:{id}:{id}:user:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"),
        ),
        ("/etc/group", format!("user:x:{id}:\nnogroup:x:65534:\n")),
        ("/etc/hosts", format!("127.0.0.1 localhost\n::1 localhost\n127.0.0.1 {host}\n")),
    ];
    items.extend(files.map(|(name, text)| (path(name), Item::File(text))));
    items.push((path("/proc"), Item::Fresh(Fresh::proc())));
    items.push((path("/dev/pts"), Item::Fresh(Fresh::devpts())));
    for name in ["/tmp", "/dev/shm"] {
        items.push((path(name), Item::Fresh(Fresh::tmpfs(spec.limits.tmp_bytes, 0o1777))));
    }
    Ok(items)
}

/// A ramfs over a directory that every host has. What it hides was taken before or is not wanted.
fn new_root(api: Api) -> Result<OwnedFd> {
    let slash = open_directory(NOWHERE, Path::new("/")).named(|| "open(/)".to_string())?;
    // Not on /proc or /dev: the first must stay visible until the new one is there.
    for name in [c"tmp", c"usr", c"var", c"etc"] {
        let place = Place { parent: slash.as_fd(), name };
        match open_directory(slash.as_fd(), Path::new(name.to_str().expect("a plain word"))) {
            Err(_) => continue,
            Ok(_) => {
                api.fresh(&Fresh::ramfs(), &place)?;
                return place.open().named(|| "open(the new root)".to_string());
            }
        }
    }
    Err(Error::new("the host has none of /tmp, /usr, /var, /etc to mount the new root on"))
}

fn open_directory(parent: BorrowedFd<'_>, path: &Path) -> nix::Result<OwnedFd> {
    let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    openat(parent, path, flags, Mode::empty())
}

/// Carries the items out, in their order.
struct Builder<'a> {
    api: Api,
    root: BorrowedFd<'a>,
    /// The parent made last: most targets share it with their neighbour.
    last: Option<(PathBuf, OwnedFd)>,
}

impl Builder<'_> {
    fn put(&mut self, target: &Path, item: &Item) -> Result<()> {
        let (Some(parent), Some(name)) = (target.parent(), target.file_name()) else {
            return Err(Error::new("the root itself is no target"));
        };
        let name = c_string(Path::new(name));
        let api = self.api;
        let parent = self.directory(parent)?;
        let place = Place { parent, name: &name };
        match item {
            Item::Link(text) => {
                symlinkat(text.as_path(), parent, name.as_c_str()).named(|| "symlink".to_string())
            }
            Item::File(text) => {
                let mut file =
                    create(parent, &name).map(std::fs::File::from).named(|| "create".to_string())?;
                file.write_all(text.as_bytes()).named(|| "write".to_string())
            }
            Item::Tree(tree) => {
                if tree.is_directory {
                    make_directory(parent, &name)?;
                } else {
                    match create(parent, &name) {
                        Ok(_) | Err(Errno::EEXIST) => {}
                        Err(errno) => return Err(missing_place(errno)),
                    }
                }
                api.attach(tree, &place)
            }
            Item::Fresh(fs) => {
                make_directory(parent, &name)?;
                api.fresh(fs, &place).map_err(|error| explain_proc(target, error))
            }
        }
    }

    /// Opens the directory at `path`, making what is missing. Symlinks are not followed: what an earlier build left in a
    /// writable bind could otherwise lead a mount elsewhere.
    fn directory(&mut self, path: &Path) -> Result<BorrowedFd<'_>> {
        if self.last.as_ref().is_none_or(|(last, _)| last.as_os_str() != path.as_os_str()) {
            let mut dir = self.root.try_clone_to_owned().named(|| "dup".to_string())?;
            for component in path.components() {
                if let Component::Normal(name) = component {
                    let name: CString = c_string(Path::new(name));
                    make_directory(dir.as_fd(), &name)?;
                    dir = open_directory(dir.as_fd(), Path::new(&component))
                        .named(|| format!("open({}, a directory)", path.display()))?;
                }
            }
            self.last = Some((path.to_path_buf(), dir));
        }
        Ok(self.last.as_ref().expect("was just set").1.as_fd())
    }
}

fn make_directory(parent: BorrowedFd<'_>, name: &CString) -> Result<()> {
    match mkdirat(parent, name.as_c_str(), Mode::from_bits_truncate(0o755)) {
        Ok(()) | Err(Errno::EEXIST) => Ok(()),
        Err(errno) => Err(missing_place(errno)),
    }
}

fn create(parent: BorrowedFd<'_>, name: &CString) -> nix::Result<OwnedFd> {
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    openat(parent, name.as_c_str(), flags, Mode::from_bits_truncate(0o444))
}

/// A mount point that is not there and cannot be made.
fn missing_place(errno: Errno) -> Error {
    let error = Error::call("make the mount point", errno);
    match errno {
        Errno::EROFS => error.hint("below a read-only bind, a mount point must exist in its source"),
        _ => error,
    }
}

/// /proc is refused where the caller's own is covered in part, as containers do it.
fn explain_proc(target: &Path, error: Error) -> Error {
    if target != Path::new("/proc") || !error.what.ends_with(Errno::EPERM.desc()) {
        return error;
    }
    error
        .line("the kernel gives a new /proc only where the present one is wholly visible; containers cover parts of it")
        .hint("start the container with an uncovered /proc (docker and podman: --security-opt systempaths=unconfined)")
}

/// Takes away the parts of /proc that reach beyond the sandbox.
fn harden_proc(api: Api, root: BorrowedFd<'_>) -> Result<()> {
    let proc = open_directory(root, Path::new("proc")).named(|| "open(/proc)".to_string())?;
    let dev = open_directory(root, Path::new("dev")).named(|| "open(/dev)".to_string())?;
    forbid_user_namespaces(proc.as_fd())?;
    let sys = api.take(proc.as_fd(), Path::new("sys"), Forbid::ALL)?;
    api.attach(&sys, &Place { parent: proc.as_fd(), name: c"sys" })?;
    for name in MASKED {
        let name = c_string(Path::new(name));
        let place = Place { parent: proc.as_fd(), name: &name };
        if place.open().is_ok() {
            // The one in the sandbox's /dev: it forbids already what a device node must not have.
            let null = api.take(dev.as_fd(), Path::new("null"), Forbid::NOTHING)?;
            api.attach(&null, &place)?;
        }
    }
    Ok(())
}

/// A user namespace within would give its maker all capabilities over it, and the kernel code behind them. This count
/// belongs to the sandbox's own namespace; without capabilities it cannot be raised again.
fn forbid_user_namespaces(proc: BorrowedFd<'_>) -> Result<()> {
    let path = "sys/user/max_user_namespaces";
    let call = || format!("write(/proc/{path}, 0)");
    let fd = openat(proc, path, OFlag::O_WRONLY | OFlag::O_CLOEXEC, Mode::empty()).named(call)?;
    std::fs::File::from(fd).write_all(b"0").named(call)
}

/// Makes `root` the root of this process and detaches the old one.
fn pivot(root: BorrowedFd<'_>) -> Result<()> {
    fchdir(root).named(|| "fchdir(the new root)".to_string())?;
    sys::pivot_root_here().named(|| "pivot_root".to_string()).map_err(|error| {
        error
            .line("a host whose root is an initramfs cannot do this")
            .hint("switch_root to a real root first")
    })?;
    // The old root now lies over the new one; `.` is the old one.
    umount2(".", MntFlags::MNT_DETACH).named(|| "umount2(the old root)".to_string())?;
    chdir("/").named(|| "chdir(/)".to_string())
}
