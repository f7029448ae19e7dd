//! What the machine's own `/versions` leads to, for builds by the weak sandbox: nothing is mounted for those.
//!
//! A directory of links: to installs in the store, and, while a build runs, to the tree that becomes its install. So the
//! build finds its output at its final path, and the store's rule that present means complete stays true. Every build on
//! the machine sees the same links: whoever relies on one holds a lock on it, and whoever needs it to lead elsewhere (an
//! install that is built anew) has it for himself.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};

use super::{Item, LOGICAL, Store, trouble};
use crate::base::{Error, Kind, Result};

/// A file of locks: one byte for each link, by its hash. A path that begins with a dot is never an install.
const LOCKS: &str = ".lock";
/// How long a link is waited for: others hold what they only set for less than that.
const PATIENCE: Duration = Duration::from_secs(2);

/// The directory of links of one store.
#[derive(Debug, Clone)]
pub struct View {
    dir: PathBuf,
}

/// The output of one build, shown at its final path until this is dropped; what else is shown stays.
#[derive(Debug)]
pub struct Shown {
    link: PathBuf,
    before: Option<PathBuf>,
    /// The locks go with it.
    _locks: File,
}

impl Drop for Shown {
    fn drop(&mut self) {
        // A killed process leaves it; the next build of the same script replaces it, and nothing else follows it.
        let _ = match &self.before {
            Some(before) => set(&self.link, before),
            None => fs::remove_file(&self.link),
        };
    }
}

impl Store {
    /// The view of this store, which `/versions` has to lead to.
    pub fn view(&self) -> View {
        View { dir: self.root().join("view") }
    }
}

impl View {
    /// Makes the view, and says so where `/versions` does not lead to it.
    pub fn expect(&self) -> Result<()> {
        match fs::create_dir(&self.dir) {
            Err(cause) if cause.kind() != ErrorKind::AlreadyExists => {
                return Err(trouble("make directory", &self.dir, &cause));
            }
            _ => {}
        }
        let own = fs::metadata(&self.dir).map_err(|cause| trouble("open", &self.dir, &cause))?;
        let place = |found: &fs::Metadata| (found.dev(), found.ino());
        if fs::metadata(LOGICAL).is_ok_and(|found| place(&found) == place(&own)) {
            return Ok(());
        }
        let what =
            format!("the weak sandbox needs `{LOGICAL}`, and this machine's does not lead to this store");
        Err(Error::new(Kind::Sandbox, what)
            .line("without namespaces nothing can be mounted there for a build alone")
            .hint(format!("as root, once: ln -sfnT {} {LOGICAL}", self.dir.display())))
    }

    /// Shows the installs of `store`, which may be a scratch one, and `tree` as what `own` is to be.
    pub fn show(
        &self,
        store: &Store,
        installs: impl IntoIterator<Item = Item>,
        own: &Item,
        tree: &Path,
    ) -> Result<Shown> {
        let path = self.dir.join(LOCKS);
        let locks = File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let locks = locks.map_err(|cause| trouble("open", &path, &cause))?;
        for item in installs {
            // What a scratch store only links to, others show too, and it outlives the scratch store.
            let place = store.path(&item);
            let place = fs::canonicalize(&place).map_err(|cause| trouble("open", &place, &cause))?;
            self.rely_on(&locks, &item, &place)?;
        }
        self.wait_for(own, |byte| lock(&locks, byte, libc::F_WRLCK))?;
        let link = self.dir.join(own.to_string());
        let before = fs::read_link(&link).ok().filter(|before| before.is_dir());
        set(&link, tree).map_err(|cause| trouble("make link", &link, &cause))?;
        Ok(Shown { link, before, _locks: locks })
    }

    /// Makes a link lead to `place`, and keeps others from making it lead elsewhere.
    fn rely_on(&self, locks: &File, item: &Item, place: &Path) -> Result<()> {
        let link = self.dir.join(item.to_string());
        let leads_there = || fs::read_link(&link).is_ok_and(|found| found == place);
        self.wait_for(item, |byte| {
            if !lock(locks, byte, libc::F_RDLCK)? {
                return Ok(false);
            }
            if leads_there() {
                return Ok(true);
            }
            if !lock(locks, byte, libc::F_WRLCK)? {
                lock(locks, byte, libc::F_UNLCK)?;
                return Ok(false);
            }
            set(&link, place).map_err(|cause| trouble("make link", &link, &cause))?;
            lock(locks, byte, libc::F_RDLCK)
        })
    }

    /// Tries until it succeeds, or for as long as others may need to set a link.
    fn wait_for(&self, item: &Item, attempt: impl Fn(i64) -> Result<bool>) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        while !attempt(byte_of(item))? {
            if Instant::now() > end {
                let what =
                    format!("`{item}` is shown below `{LOGICAL}` to another build by the weak sandbox");
                return Err(Error::failed(what)
                    .line("it is built anew, or entered, or used as it is; all builds of a machine see the same")
                    .hint("try it again when the other one has ended"));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

/// The place of an item's lock: two that share one wait for each other without need, and that is all.
fn byte_of(item: &Item) -> i64 {
    let text = item.to_string();
    let digits = text.rsplit_once('.').map_or("", |(_, hash)| &hash[..15]);
    i64::from_str_radix(digits, 16).expect("an item's name ends in a hash")
}

/// Changes the lock of an open file; false if another one is in the way.
fn lock(locks: &File, byte: i64, kind: libc::c_int) -> Result<bool> {
    let range = libc::flock {
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: byte,
        l_len: 1,
        l_pid: 0,
    };
    match fcntl(locks, FcntlArg::F_OFD_SETLK(&range)) {
        Ok(_) => Ok(true),
        Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
        Err(errno) => Err(Error::usage(format!("cannot lock what `{LOGICAL}` shows: {}", errno.desc()))),
    }
}

/// Makes a link, in one step: another build may look at this moment. Absolute, because `/versions` may be a mount of the
/// view.
fn set(link: &Path, to: &Path) -> std::io::Result<()> {
    let name = link.file_name().unwrap_or_default().to_string_lossy();
    let beside = link.with_file_name(format!(".{name}.{:016x}", super::staging::random()));
    symlink(to, &beside)?;
    fs::rename(&beside, link)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Sha256;

    fn item(name: &str) -> Item {
        Item::Install(format!("{name}.{}", Sha256::of(name.as_bytes())).parse().unwrap())
    }

    /// A store with a view and an install of that name.
    fn store(name: &str) -> (tempfile::TempDir, Store, Item) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().canonicalize().unwrap().join("store")).unwrap();
        let refused = store.view().expect().unwrap_err().to_string();
        let view = store.root().join("view");
        assert!(refused.contains(&format!("ln -sfnT {} /versions", view.display())), "{refused}");
        fs::create_dir(store.path(&item(name))).unwrap();
        (dir, store, item(name))
    }

    #[test]
    fn an_output_is_shown_as_long_as_it_is_built() {
        let (dir, store, dep) = store("dep");
        let own = item("own");
        let view = store.root().join("view");
        for _ in 0..2 {
            let shown = store.view().show(&store, [dep.clone()], &own, dir.path()).unwrap();
            assert_eq!(fs::read_link(view.join(dep.to_string())).unwrap(), store.path(&dep));
            assert_eq!(fs::read_link(view.join(own.to_string())).unwrap(), dir.path());
            assert!(!store.has(&own), "what is being built is not there");
            drop(shown);
            // The link to the install, and the locks.
            assert_eq!(fs::read_dir(&view).unwrap().count(), 2);
        }
        // What is built anew is shown in the place of what is there, for a while.
        let rebuilt = store.view().show(&store, [], &dep, dir.path()).unwrap();
        assert_eq!(fs::read_link(view.join(dep.to_string())).unwrap(), dir.path());
        drop(rebuilt);
        assert_eq!(fs::read_link(view.join(dep.to_string())).unwrap(), store.path(&dep));
    }

    #[test]
    fn what_one_build_relies_on_no_other_one_changes() {
        let (dir, store, dep) = store("dep");
        let (view, none) = (store.view(), || std::iter::empty::<Item>());
        let first = view.show(&store, [dep.clone()], &item("one"), dir.path()).unwrap();
        let second = view.show(&store, [dep.clone()], &item("two"), dir.path()).unwrap();
        let refused = view.show(&store, none(), &dep, dir.path()).unwrap_err().to_string();
        assert!(refused.contains("is shown below `/versions` to another build"), "{refused}");
        drop((first, second));
        let anew = view.show(&store, none(), &dep, dir.path()).unwrap();
        view.show(&store, [dep.clone()], &item("one"), dir.path()).unwrap_err();
        drop(anew);
        view.show(&store, [dep.clone()], &item("one"), dir.path()).unwrap();
    }
}
