//! Who a sandbox is on the host: never root, and never the same uid as another sandbox that root runs.
//!
//! Root mapped into a sandbox could write /proc/sys/kernel/core_pattern without any capability, since sysctl checks
//! compare with the global root. So root hands each sandbox a uid of a reserved range. A range lock says which are taken.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, FcntlArg, OFlag, fcntl, openat};
use nix::sys::stat::{Mode, fstatat};
use nix::sys::statfs::{FsType, fstatfs};
use nix::unistd::{Gid, Pid, Uid, fchown, fchownat, getegid, geteuid};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Named as _, Result};
use crate::spec::{Access, Boundary, INSIDE_ID, Spec};
use crate::weak;

/// The uids (and gids) that root gives to sandboxes. systemd's table of uid ranges leaves 60578 to 61183 unused, and the
/// range lies below 65536, so that it exists inside most containers.
const RESERVED: std::ops::Range<u32> = 60_600..61_100;

/// One file for the locks of all processes: byte N is locked while uid N is in use. The locks belong to open files, so
/// they vanish with their holders; the file stays.
const LOCK_FILE: &str = "/run/pthbs-sandbox.uids";

/// The file system of anonymous pipes (linux/magic.h).
const PIPEFS_MAGIC: FsType = FsType(0x5049_5045);

/// The ids on the host that appear as 1000 inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// Whether they differ from the caller's: then the sandbox must change to them, and may leave its groups.
    pub(crate) changes: bool,
}

/// Holds a reserved uid while a descriptor of it is open anywhere.
pub(crate) type Lease = OwnedFd;

/// Chooses the identity that `spec` and the caller's rights allow, and makes the writable sources accessible to it.
pub(crate) fn choose(spec: &Spec) -> Result<(Identity, Option<Lease>)> {
    if spec.boundary == Boundary::Landlock {
        weak::check()?;
    }
    let (uid, gid) = (geteuid(), getegid());
    let own = Identity { uid: uid.as_raw(), gid: gid.as_raw(), changes: false };
    if !uid.is_root() {
        return match spec.host_uid {
            Some(other) if other != own.uid => Err(Error::new(format!(
                "host_uid {other}: only root can give a sandbox another uid than its own"
            ))),
            _ => Ok((own, None)),
        };
    }
    let map =
        std::fs::read_to_string("/proc/self/uid_map").named(|| "read(/proc/self/uid_map)".to_string())?;
    if let Some(uid) = spec.host_uid {
        return Ok((Identity { uid, gid: uid, changes: true }, None));
    }
    if !has_all(&map, RESERVED) {
        // Root of a user namespace that has nobody else, as `unshare -r` makes it: an ordinary user of the host.
        return match outside_of(&map, 0) {
            Some(0) | None => Err(Error::new(format!(
                "uids {RESERVED:?} do not exist in this user namespace"
            ))
            .line("a sandbox of the host's root needs one of them: mapped to root it could change the host")
            .hint("run as an ordinary user, or outside the user namespace")),
            Some(_) => Ok((own, None)),
        };
    }
    let (uid, lease) = lease()?;
    for bind in spec.binds.iter().filter(|bind| bind.access == Access::Writable) {
        give(&bind.source, uid)?;
    }
    Ok((Identity { uid, gid: uid, changes: true }, Some(lease)))
}

impl Identity {
    /// Writes the maps of the new user namespace of `pid`.
    pub(crate) fn write_maps(&self, pid: Pid) -> Result<()> {
        let process = pid.to_string();
        if !self.changes {
            // The kernel's condition for a gid map written without rights over the gid.
            write_proc(&process, "setgroups", "deny")?;
        }
        write_proc(&process, "uid_map", &format!("{INSIDE_ID} {} 1", self.uid))?;
        write_proc(&process, "gid_map", &format!("{INSIDE_ID} {} 1", self.gid))
    }

    /// Makes an anonymous pipe the sandbox's own: to its uid, /dev/stdout is a file that it opens anew.
    ///
    /// A named pipe or a terminal stays what its owner made it.
    pub(crate) fn give_pipe(&self, fd: BorrowedFd<'_>) -> Result<()> {
        if self.changes && fstatfs(fd).is_ok_and(|fs| fs.filesystem_type() == PIPEFS_MAGIC) {
            let (uid, gid) = (Some(Uid::from_raw(self.uid)), Some(Gid::from_raw(self.gid)));
            fchown(fd, uid, gid).named(|| format!("fchown(a pipe, {})", self.uid))?;
        }
        Ok(())
    }
}

/// Maps the caller's ids to themselves in the user namespace that this process has just entered.
pub(crate) fn write_own_maps(uid: Uid, gid: Gid) -> Result<()> {
    write_proc("self", "setgroups", "deny")?;
    write_proc("self", "uid_map", &format!("{uid} {uid} 1"))?;
    write_proc("self", "gid_map", &format!("{gid} {gid} 1"))
}

fn write_proc(process: &str, name: &str, text: &str) -> Result<()> {
    let path = format!("/proc/{process}/{name}");
    let written =
        OpenOptions::new().write(true).open(&path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.named(|| format!("write({path}, `{text}`)"))
}

/// Takes the first reserved uid that no living sandbox has.
fn lease() -> Result<(u32, Lease)> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(OFlag::O_NOFOLLOW.bits())
        .open(LOCK_FILE)
        .named(|| format!("open({LOCK_FILE})"))?;
    for uid in RESERVED {
        if lock_byte(&file, uid)? {
            return Ok((uid, file.into()));
        }
    }
    Err(Error::new(format!("all {} uids reserved for sandboxes are in use", RESERVED.len()))
        .line(format!("range: {} to {}", RESERVED.start, RESERVED.end - 1))
        .hint("run fewer sandboxes at once, or give each a host_uid"))
}

/// Locks byte `number` of `file` for its open file description; false if another one has it.
fn lock_byte(file: &File, number: u32) -> Result<bool> {
    let range = libc::flock {
        l_type: libc::F_WRLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: libc::off_t::from(number),
        l_len: 1,
        l_pid: 0,
    };
    match fcntl(file, FcntlArg::F_OFD_SETLK(&range)) {
        Ok(_) => Ok(true),
        Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
        Err(errno) => Err(Error::call(format!("fcntl({LOCK_FILE}, F_OFD_SETLK, {number})"), errno)),
    }
}

/// Makes `uid` the owner of `source` and everything below it, symlinks not followed.
fn give(source: &Path, uid: u32) -> Result<()> {
    let refused = |errno| Error::call(format!("chown({}, {uid})", source.display()), errno);
    let here = nix::fcntl::AT_FDCWD;
    // The source itself may be a symlink of the host: what it names is what gets bound.
    chown(here, source, uid, AtFlags::empty()).map_err(refused)?;
    match openat(here, source, OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty()) {
        Ok(dir) => give_entries(dir, uid).map_err(refused),
        Err(Errno::ENOTDIR) => Ok(()),
        Err(errno) => Err(refused(errno)),
    }
}

/// Walks with a stack of its own: a tree may be thousands of directories deep.
fn give_entries(top: OwnedFd, uid: u32) -> nix::Result<()> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let mut waiting = vec![top];
    while let Some(fd) = waiting.pop() {
        let mut dir = Dir::from_fd(fd)?;
        let mut below = Vec::new();
        for entry in dir.iter() {
            let name = entry?.file_name().to_owned();
            if name.as_bytes() == b"." || name.as_bytes() == b".." {
                continue;
            }
            below.push(name);
        }
        for name in below {
            if chown(dir.as_fd(), name.as_c_str(), uid, AtFlags::AT_SYMLINK_NOFOLLOW)? {
                waiting.push(openat(dir.as_fd(), name.as_c_str(), flags, Mode::empty())?);
            }
        }
    }
    Ok(())
}

/// Changes the owner where it is another one; says whether the path is a directory.
fn chown<P: ?Sized + nix::NixPath>(
    dir: BorrowedFd<'_>,
    path: &P,
    uid: u32,
    flags: AtFlags,
) -> nix::Result<bool> {
    let stat = fstatat(dir, path, flags)?;
    if stat.st_uid != uid || stat.st_gid != uid {
        fchownat(dir, path, Some(Uid::from_raw(uid)), Some(Gid::from_raw(uid)), flags)?;
    }
    Ok(stat.st_mode & libc::S_IFMT == libc::S_IFDIR)
}

/// The lines of a uid map as (inside, outside, count).
fn extents(map: &str) -> impl Iterator<Item = (u64, u64, u64)> + '_ {
    map.lines().filter_map(|line| {
        let mut numbers = line.split_whitespace().map_while(|word| word.parse().ok());
        Some((numbers.next()?, numbers.next()?, numbers.next()?))
    })
}

fn has_all(map: &str, range: std::ops::Range<u32>) -> bool {
    extents(map)
        .any(|(inside, _, count)| inside <= u64::from(range.start) && u64::from(range.end) <= inside + count)
}

fn outside_of(map: &str, id: u64) -> Option<u64> {
    extents(map)
        .find(|(inside, _, count)| (*inside..inside + count).contains(&id))
        .map(|(inside, outside, _)| outside + (id - inside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_map_says_who_exists_and_who_root_is() {
        let host = "         0          0 4294967295\n";
        assert!(has_all(host, RESERVED));
        assert_eq!(outside_of(host, 0), Some(0));
        let fake_root = "         0       1001          1\n";
        assert!(!has_all(fake_root, RESERVED));
        assert_eq!(outside_of(fake_root, 0), Some(1001));
        let container = "0 100000 65536";
        assert!(has_all(container, RESERVED));
        assert_eq!(outside_of("1000 0 1", 0), None);
    }
}
