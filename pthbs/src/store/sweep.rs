//! Sweeping: what killed processes left behind goes away, what living ones work on stays.

use std::fs::{self, DirEntry, File, Metadata};
use std::path::Path;
use std::time::Duration;

use super::delete::delete;
use super::lock::Lock;
use super::staging::{is_kept, is_staging, lock_at};
use super::{Item, Store, trouble};
use crate::base::Result;

/// After this time even what nobody can be asked about is abandoned.
const LONG: Duration = Duration::from_secs(7 * 24 * 3600);

impl Store {
    /// Deletes abandoned staging directories, trees on their way, metas without an install, and free lock files.
    ///
    /// Only one process sweeps at a time; another one leaves it to that.
    pub fn sweep(&self) -> Result<()> {
        let Ok(_only) = Lock::try_take(&self.lock_path("sweep"))? else { return Ok(()) };
        for entry in list(&self.tmp())? {
            self.sweep_staging(&entry)?;
        }
        for entry in list(&self.versions())? {
            self.sweep_tree_on_its_way(&entry)?;
        }
        for entry in list(&self.root().join("meta"))? {
            self.sweep_meta(&entry)?;
        }
        for entry in list(&self.root().join("lock"))? {
            // Dropping a lock takes its file away.
            if metadata(&entry)?.is_some_and(|found| found.is_file()) {
                drop(Lock::try_take(&entry.path())?);
            }
        }
        Ok(())
    }

    fn sweep_staging(&self, entry: &DirEntry) -> Result<()> {
        let (path, name) = (entry.path(), entry.file_name());
        let Some(found) = metadata(entry)? else { return Ok(()) };
        if is_kept(&name.to_string_lossy()) {
            return Ok(());
        }
        if !found.is_dir() || !is_staging(&name.to_string_lossy()) {
            // Somebody's who has no lock on it to be asked for: only age tells.
            return if is_old(&found) { delete(&path) } else { Ok(()) };
        }
        let Ok(opened) = File::open(&path) else { return Ok(()) };
        match lock_at(&path, opened)? {
            Some(_lock) => delete(&path),
            None => Ok(()),
        }
    }

    /// `versions/.X.U~N` is alive as long as `tmp/X.U` is there: that comes before it and goes after it, and no U is
    /// used twice.
    fn sweep_tree_on_its_way(&self, entry: &DirEntry) -> Result<()> {
        let name = entry.file_name();
        let staging = name.to_str().and_then(|name| name.strip_prefix('.')?.rsplit_once('~'));
        match staging {
            Some((staging, _)) if !self.tmp().join(staging).exists() => delete(&entry.path()),
            _ => Ok(()),
        }
    }

    fn sweep_meta(&self, entry: &DirEntry) -> Result<()> {
        let item: Option<Item> = entry.file_name().to_str().and_then(|name| name.parse().ok());
        let Some(item) = item.filter(|item| !self.has(item)) else { return Ok(()) };
        let Ok(opened) = File::open(entry.path()) else { return Ok(()) };
        match lock_at(&entry.path(), opened)? {
            // Asked again under the lock: it may have been published meanwhile.
            Some(_lock) if !self.has(&item) => delete(&entry.path()),
            _ => Ok(()),
        }
    }
}

fn list(dir: &Path) -> Result<Vec<DirEntry>> {
    let entries = fs::read_dir(dir).and_then(Iterator::collect);
    entries.map_err(|cause| trouble("list", dir, &cause))
}

/// Nothing if the entry went away after it was listed.
fn metadata(entry: &DirEntry) -> Result<Option<Metadata>> {
    match entry.metadata() {
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
        found => found.map(Some).map_err(|cause| trouble("look at", &entry.path(), &cause)),
    }
}

fn is_old(found: &Metadata) -> bool {
    found.modified().is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age > LONG))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::store::testing::{self, publish};
    use crate::store::{Meta, Staging};

    #[test]
    fn a_sweep_takes_what_the_dead_left_and_nothing_else() {
        let (_dir, store) = testing::store();
        let (kept, abandoned) = (testing::item("kept"), testing::item("abandoned"));
        publish(&store, &kept);

        let living = Staging::new(&store, &kept).unwrap();
        let failed = Staging::new(&store, &abandoned).unwrap().keep().unwrap();
        let dead = store.tmp().join("dead.0123456789abcdef");
        fs::create_dir_all(dead.join("tree/bin")).unwrap();
        fs::create_dir(store.versions().join(".dead.0123456789abcdef~1")).unwrap();
        fs::create_dir(store.meta(&abandoned)).unwrap();
        fs::write(store.meta(&abandoned).join("manifest"), "").unwrap();
        fs::write(store.lock_path("gone"), "1\n").unwrap();
        fs::write(store.versions().join(".names"), "").unwrap();
        let of_others = [store.tmp().join("apt.1"), store.tmp().join("download")];
        fs::create_dir(&of_others[0]).unwrap();
        fs::write(&of_others[1], "").unwrap();
        let held = store.lock(&kept).unwrap();

        store.sweep().unwrap();

        assert!(living.tree().is_dir() && failed.is_dir() && store.has(&kept) && store.meta(&kept).is_dir());
        assert!(store.try_lock(&kept).unwrap().is_err(), "a held lock is left alone");
        assert!(store.versions().join(".names").exists() && store.current().is_dir());
        assert!(!dead.exists() && !store.meta(&abandoned).exists() && !store.lock_path("gone").exists());
        assert!(!store.versions().join(".dead.0123456789abcdef~1").exists());
        assert!(of_others.iter().all(|path| path.exists()), "what has no lock may be in use");
        drop((living, held));

        // A week later nobody uses them.
        let long_ago = std::time::SystemTime::now() - LONG - Duration::from_secs(60);
        of_others.iter().for_each(|path| File::open(path).unwrap().set_modified(long_ago).unwrap());
        store.sweep().unwrap();
        assert_eq!(list(&store.tmp()).unwrap().len(), 1, "only the failed build is left");
    }

    #[test]
    fn a_sweep_spares_a_meta_that_is_being_published() {
        let (_dir, store) = testing::store();
        let item = testing::item("x");
        fs::create_dir(store.meta(&item)).unwrap();
        let publisher = File::open(store.meta(&item)).unwrap();
        publisher.lock().unwrap();
        store.sweep().unwrap();
        assert!(store.meta(&item).is_dir());
        drop(publisher);
        // What a killed publisher left is in nobody's way.
        let staging = Staging::new(&store, &item).unwrap();
        store.publish(staging, &item, &Default::default(), Meta::default()).unwrap();
        assert!(store.has(&item));
    }
}
