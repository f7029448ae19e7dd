//! Mounting, in the two ways the kernel has: detached trees (5.12 and later), or mount(2) and remounts.
//!
//! The first is flat in the number of binds, 10 to 20 us each. The second reads the mount table for each bind, and is
//! here for old kernels alone. Both take a source in one step and show it in another: in between a sandbox changes its
//! uid, and only before that may it walk the host's paths.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, open, openat};
use nix::mount::{MsFlags, mount};
use nix::sys::stat::Mode;

use crate::error::{Named as _, Result};
use crate::spec::Access;
use crate::sys;

/// An argument of mount(2) that is not needed.
const NONE: Option<&str> = None;

/// What a mount does not allow. Locked for the sandbox: taking one of these back needs rights over the user namespace
/// that set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Forbid(MsFlags);

impl Forbid {
    /// No setuid, no device nodes.
    pub(crate) const PRIVILEGE: Forbid = Forbid(MsFlags::MS_NOSUID.union(MsFlags::MS_NODEV));
    /// Nor writing.
    pub(crate) const WRITING: Forbid = Forbid(Forbid::PRIVILEGE.0.union(MsFlags::MS_RDONLY));
    /// For a device node, which must stay one.
    pub(crate) const EXECUTION: Forbid = Forbid(MsFlags::MS_NOSUID.union(MsFlags::MS_NOEXEC));
    /// For /proc and /dev/pts, which hold no programs.
    pub(crate) const PROGRAMS: Forbid = Forbid(Forbid::PRIVILEGE.0.union(MsFlags::MS_NOEXEC));
    /// For /proc/sys.
    pub(crate) const ALL: Forbid = Forbid(Forbid::WRITING.0.union(MsFlags::MS_NOEXEC));

    /// Nothing more than the source forbids; such a tree also goes on showing what the host mounts in it.
    pub(crate) const NOTHING: Forbid = Forbid(MsFlags::empty());

    /// The MOUNT_ATTR bits; these four have the numbers of the MS bits.
    fn attributes(self) -> u64 {
        self.0.bits()
    }
}

impl From<Access> for Forbid {
    fn from(access: Access) -> Forbid {
        match access {
            Access::ReadOnly => Forbid::WRITING,
            Access::Writable => Forbid::PRIVILEGE,
        }
    }
}

/// Which of the kernel's ways is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    Detached,
    Classic,
}

/// The host after [`Api::forbid_writing`]. There may be hundreds of sources to take of it, so a call for each counts.
pub(crate) struct ReadOnlyHost {
    api: Api,
    /// Where the last source was found: most share it with their neighbour.
    parent: Option<(PathBuf, OwnedFd)>,
}

impl ReadOnlyHost {
    /// Takes the file or directory at `path` with everything mounted below it, read-only.
    pub(crate) fn take(&mut self, path: &Path) -> Result<Tree> {
        let forbid = match self.api {
            // A copy of a mount forbids what that does.
            Api::Detached => Forbid::NOTHING,
            Api::Classic => Forbid::WRITING,
        };
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return self.api.take(NOWHERE, path, forbid);
        };
        if self.parent.as_ref().is_none_or(|(last, _)| last.as_os_str() != parent.as_os_str()) {
            let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
            let fd = open(parent, flags, Mode::empty()).named(|| format!("open({})", parent.display()))?;
            self.parent = Some((parent.to_path_buf(), fd));
        }
        let parent = &self.parent.as_ref().expect("was just set").1;
        self.api
            .take(parent.as_fd(), Path::new(name), forbid)
            .map_err(|error| error.line(format!("for source: {}", path.display())))
    }
}

/// A source that was taken, to be shown somewhere.
pub(crate) struct Tree {
    fd: OwnedFd,
    forbid: Forbid,
    pub(crate) is_directory: bool,
}

/// A mount point that exists: a name in an open directory, so that no path is walked twice.
pub(crate) struct Place<'a> {
    pub(crate) parent: BorrowedFd<'a>,
    pub(crate) name: &'a CStr,
}

impl Place<'_> {
    /// Opens what lies here now, on top of all mounts.
    pub(crate) fn open(&self) -> nix::Result<OwnedFd> {
        openat(self.parent, self.name, OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC, Mode::empty())
    }
}

impl Api {
    /// The better one that this kernel has.
    pub(crate) fn choose(force_classic: bool) -> Api {
        if !force_classic && sys::has_mount_setattr() { Api::Detached } else { Api::Classic }
    }

    /// Begins to mount in a fresh mount namespace.
    pub(crate) fn begin(self) -> Result<()> {
        match self {
            // Each tree is made private by itself.
            Api::Detached => Ok(()),
            // Else what the host mounts later below a source would appear inside.
            Api::Classic => {
                let flags = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
                mount(NONE, "/", NONE, flags, NONE).named(|| "mount(/, MS_REC|MS_PRIVATE)".to_string())
            }
        }
    }

    /// Makes all that this process sees read-only, in its own mount namespace. What was taken before is left as it is.
    pub(crate) fn forbid_writing(self) -> Result<ReadOnlyHost> {
        if self == Api::Detached {
            let root =
                open("/", OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty()).named(|| "open(/)".to_string())?;
            sys::mount_setattr(root.as_fd(), Forbid::WRITING.attributes(), true)
                .named(|| "mount_setattr(/, AT_RECURSIVE, read-only)".to_string())?;
        }
        Ok(ReadOnlyHost { api: self, parent: None })
    }

    /// Takes the file or directory at `path`, with everything mounted below it; `dir` is where a relative path begins.
    pub(crate) fn take(self, dir: BorrowedFd<'_>, path: &Path, forbid: Forbid) -> Result<Tree> {
        let shown = path.display();
        let fd = match self {
            Api::Detached => {
                let c_path = c_string(path);
                let fd = sys::open_tree(dir, &c_path).named(|| format!("open_tree({shown})"))?;
                if forbid != Forbid::NOTHING {
                    sys::mount_setattr(fd.as_fd(), forbid.attributes(), true)
                        .named(|| format!("mount_setattr({shown}, {:?})", forbid.0))?;
                }
                fd
            }
            Api::Classic => openat(dir, path, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty())
                .named(|| format!("open({shown})"))?,
        };
        let stat = nix::sys::stat::fstat(&fd).named(|| format!("fstat({shown})"))?;
        Ok(Tree { fd, forbid, is_directory: stat.st_mode & libc::S_IFMT == libc::S_IFDIR })
    }

    /// Shows `tree` at `place`.
    pub(crate) fn attach(self, tree: &Tree, place: &Place<'_>) -> Result<()> {
        let shown = || place.name.to_string_lossy().into_owned();
        match self {
            Api::Detached => sys::move_mount(tree.fd.as_fd(), place.parent, place.name)
                .named(|| format!("move_mount({})", shown())),
            Api::Classic => {
                let target = place.open().named(|| format!("open({})", shown()))?;
                let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
                mount(Some(by_number(&tree.fd).as_str()), by_number(&target).as_str(), NONE, flags, NONE)
                    .named(|| format!("mount({}, MS_BIND|MS_REC)", shown()))?;
                if tree.forbid == Forbid::NOTHING {
                    return Ok(());
                }
                let mounted = place.open().named(|| format!("open({})", shown()))?;
                forbid_below(&mounted, tree.forbid)
            }
        }
    }

    /// Mounts a new file system at `place`.
    pub(crate) fn fresh(self, fs: &Fresh, place: &Place<'_>) -> Result<()> {
        let shown = || format!("{} at {}", fs.kind.to_string_lossy(), place.name.to_string_lossy());
        match self {
            Api::Detached => {
                let options: Vec<_> =
                    fs.options.iter().map(|(key, value)| (*key, value.as_c_str())).collect();
                let mounted = sys::fsmount(fs.kind, &options, fs.forbid.attributes())
                    .named(|| format!("fsmount({})", shown()))?;
                sys::move_mount(mounted.as_fd(), place.parent, place.name)
                    .named(|| format!("move_mount({})", shown()))
            }
            Api::Classic => {
                let target = place.open().named(|| format!("open({})", shown()))?;
                let text: Vec<_> = fs.options.iter().map(|(key, value)| option_text(key, value)).collect();
                let text = text.join(",");
                mount(
                    Some(fs.kind),
                    by_number(&target).as_str(),
                    Some(fs.kind),
                    fs.forbid.0,
                    Some(text.as_str()),
                )
                .named(|| format!("mount({})", shown()))
            }
        }
    }

    /// Makes one mount read-only, not what is mounted below it; `mounted` is open on its root.
    pub(crate) fn seal(self, mounted: BorrowedFd<'_>) -> Result<()> {
        match self {
            Api::Detached => sys::mount_setattr(mounted, Forbid::WRITING.attributes(), false)
                .named(|| "mount_setattr(/, read-only)".to_string()),
            Api::Classic => {
                remount(&by_number(&mounted), Forbid::WRITING.0).named(|| "remount(/)".to_string())
            }
        }
    }
}

/// A file system without a device, to be made anew.
pub(crate) struct Fresh {
    kind: &'static CStr,
    options: Vec<(&'static CStr, CString)>,
    forbid: Forbid,
}

impl Fresh {
    /// A file system of nothing but its own entries, for mount points. It has no bound, and is to be left read-only.
    ///
    /// A tmpfs keeps accounts of size, quotas and order for each entry: a quarter of what an entry costs.
    pub(crate) fn ramfs() -> Fresh {
        Fresh {
            kind: c"ramfs",
            options: vec![(c"mode", number("755".to_string()))],
            forbid: Forbid::PRIVILEGE,
        }
    }

    /// A tmpfs of at most `bytes`, whose top has `mode`.
    pub(crate) fn tmpfs(bytes: u64, mode: u32) -> Fresh {
        // An inode takes memory too: one for each 4 KiB is what a full tmpfs of small files would have.
        let inodes = (bytes / 4096).max(1024);
        let options = vec![
            (c"size", number(bytes.to_string())),
            (c"nr_inodes", number(inodes.to_string())),
            (c"mode", number(format!("{mode:o}"))),
        ];
        Fresh { kind: c"tmpfs", options, forbid: Forbid::PRIVILEGE }
    }

    /// The processes of the pid namespace that one is in.
    pub(crate) fn proc() -> Fresh {
        // Pid 1 is not dumpable, so this hides it, and with it the command line that the caller was started with.
        let options = vec![(c"hidepid", number("2".to_string()))];
        Fresh { kind: c"proc", options, forbid: Forbid::PROGRAMS }
    }

    /// Terminals that nobody else sees. No NODEV: its nodes are devices.
    pub(crate) fn devpts() -> Fresh {
        let options = vec![
            (c"newinstance", CString::default()),
            (c"ptmxmode", number("0666".to_string())),
            (c"mode", number("620".to_string())),
        ];
        Fresh { kind: c"devpts", options, forbid: Forbid::EXECUTION }
    }
}

/// A number's digits as a C string.
fn number(digits: String) -> CString {
    CString::new(digits).expect("digits have no NUL")
}

fn option_text(key: &CStr, value: &CStr) -> String {
    match value.is_empty() {
        true => key.to_string_lossy().into_owned(),
        false => format!("{}={}", key.to_string_lossy(), value.to_string_lossy()),
    }
}

/// A path as a C string; paths with NUL were refused when the spec was validated.
pub(crate) fn c_string(path: &Path) -> CString {
    CString::new(path.as_os_str().as_encoded_bytes()).expect("a validated path has no NUL")
}

/// A path to what `fd` is open on that nobody can redirect. Through the host's /proc, while that is still there.
fn by_number(fd: &impl std::os::fd::AsFd) -> String {
    format!("/proc/self/fd/{}", fd.as_fd().as_raw_fd())
}

/// Adds `forbid` to the mount whose root `mounted` is, and to each below it.
fn forbid_below(mounted: &OwnedFd, forbid: Forbid) -> Result<()> {
    let top = std::fs::read_link(by_number(mounted)).named(|| "readlink(/proc/self/fd)".to_string())?;
    let table = std::fs::read("/proc/self/mountinfo").named(|| "read(/proc/self/mountinfo)".to_string())?;
    for place in places_below(&table, top.as_os_str().as_encoded_bytes()) {
        let fd = match open(place.as_c_str(), OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty()) {
            Ok(fd) => fd,
            // Hidden below another mount: nobody inside can reach it either.
            Err(Errno::ENOENT | Errno::EACCES | Errno::ENOTDIR) => continue,
            Err(errno) => return Err(errno).named(|| format!("open({})", place.to_string_lossy())),
        };
        match remount(&by_number(&fd), forbid.0) {
            // The same: the path leads to something that is not the root of a mount.
            Err(Errno::EINVAL) if place.as_bytes() != top.as_os_str().as_encoded_bytes() => {}
            done => done.named(|| format!("remount({}, {:?})", place.to_string_lossy(), forbid.0))?,
        }
    }
    Ok(())
}

/// Remounts with `forbid` and all that the mount forbids already: a user namespace may not take a locked flag back, and
/// an atime flag that is not repeated counts as taken back.
fn remount(path: &str, forbid: MsFlags) -> nix::Result<()> {
    let present = nix::sys::statvfs::statvfs(path)?.flags();
    let pairs = [
        (libc::ST_RDONLY, MsFlags::MS_RDONLY),
        (libc::ST_NOSUID, MsFlags::MS_NOSUID),
        (libc::ST_NODEV, MsFlags::MS_NODEV),
        (libc::ST_NOEXEC, MsFlags::MS_NOEXEC),
        (libc::ST_NOATIME, MsFlags::MS_NOATIME),
        (libc::ST_NODIRATIME, MsFlags::MS_NODIRATIME),
        (libc::ST_RELATIME, MsFlags::MS_RELATIME),
    ];
    let mut flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | forbid;
    for (bit, flag) in pairs {
        if present.bits() & bit != 0 {
            flags |= flag;
        }
    }
    mount(NONE, path, NONE, flags, NONE)
}

/// The mount points at or below `top` in the text of a mountinfo file, where spaces and the like are octal.
fn places_below(mountinfo: &[u8], top: &[u8]) -> Vec<CString> {
    mountinfo
        .split(|&byte| byte == b'\n')
        .filter_map(|line| line.split(|&byte| byte == b' ').nth(4))
        .map(unescaped)
        .filter(|place| place.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest[0] == b'/'))
        .filter_map(|place| CString::new(place).ok())
        .collect()
}

fn unescaped(field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, after @ ..] = rest {
        let digits =
            after.get(..3).filter(|_| *first == b'\\').and_then(|text| std::str::from_utf8(text).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = &after[3..];
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    out
}

/// The directory that a relative path begins at, where there is none to begin at.
pub(crate) const NOWHERE: BorrowedFd<'static> = AT_FDCWD;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_points_below_a_path_are_found_whatever_their_names() {
        let table =
            b"24 1 0:2 / /a rw - t t rw\n25 24 0:3 / /a/b\\040c rw - t t rw\n26 1 0:4 / /ab rw - t t rw\n";
        assert_eq!(places_below(table, b"/a"), [c"/a".to_owned(), c"/a/b c".to_owned()]);
    }

    #[test]
    fn mount_attributes_have_the_numbers_of_mount_flags() {
        // MOUNT_ATTR_RDONLY, NOSUID, NODEV, NOEXEC of linux/mount.h
        assert_eq!(Forbid::ALL.attributes(), 0x1 | 0x2 | 0x4 | 0x8);
    }
}
