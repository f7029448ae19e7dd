//! How a collection of garbage and those at work keep out of each other's way.
//!
//! A long work, such as a build, writes down what it is going to use before it looks whether it is there. A short one,
//! such as making an environment and switching a profile to it, keeps a collection from beginning. Both end with their
//! process, however that ends.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};

use super::lock::Lock;
use super::staging::random;
use super::{Item, Store, trouble};
use crate::base::Result;

/// Items that a collection spares until this is dropped.
#[derive(Debug)]
pub struct InUse(#[allow(dead_code, reason = "being held is what it does")] Lock);

/// No collection begins until this is dropped.
#[derive(Debug)]
pub struct NoCollection(#[allow(dead_code, reason = "being open is what holds the lock")] File);

/// The only collection in a store; nobody writes down that he uses something until this is dropped.
#[derive(Debug)]
pub struct Collection(#[allow(dead_code, reason = "being open is what holds the lock")] File);

/// The beginning of the names of lists; the lock of collections has another one.
const LIST: &str = "use.";

impl Store {
    /// Says that items are going to be used, whether or not they are there yet. To be called before looking.
    pub fn in_use(&self, items: &BTreeSet<Item>) -> Result<InUse> {
        // A collection that has begun ends before the list is written, one that begins later reads it.
        let _none = self.without_collection()?;
        let path = self.lock_path(&format!("{LIST}{:016x}", random()));
        let mut lock = Lock::take(&path)?;
        let list: String = items.iter().map(|item| format!("{item}\n")).collect();
        lock.file().write_all(list.as_bytes()).map_err(|cause| trouble("write", &path, &cause))?;
        Ok(InUse(lock))
    }

    /// Keeps any collection from beginning; waits for one that has begun. For short works.
    pub fn without_collection(&self) -> Result<NoCollection> {
        self.gate(File::lock_shared).map(NoCollection)
    }

    /// Begins a collection: waits for short works to end.
    pub fn begin_collection(&self) -> Result<Collection> {
        self.gate(File::lock).map(Collection)
    }

    /// What living processes said they are going to use.
    pub fn items_in_use(&self, _during: &Collection) -> Result<BTreeSet<Item>> {
        let locks = self.root().join("lock");
        let mut items = BTreeSet::new();
        for entry in fs::read_dir(&locks).map_err(|cause| trouble("list", &locks, &cause))? {
            let entry = entry.map_err(|cause| trouble("list", &locks, &cause))?;
            if !entry.file_name().to_string_lossy().starts_with(LIST) {
                continue;
            }
            // Whoever wrote it is dead if the lock is free; taking it takes the list away.
            if Lock::try_take(&entry.path())?.is_ok() {
                continue;
            }
            match fs::read_to_string(entry.path()) {
                Ok(list) => items.extend(list.lines().filter_map(|line| line.parse::<Item>().ok())),
                Err(cause) if cause.kind() == ErrorKind::NotFound => {}
                Err(cause) => return Err(trouble("read", &entry.path(), &cause)),
            }
        }
        Ok(items)
    }

    /// The gate's file stays where it is: unlike other locks, it may have many holders.
    fn gate(&self, lock: impl Fn(&File) -> io::Result<()>) -> Result<File> {
        let path = self.root().join("versions");
        let locked = || -> io::Result<File> {
            let file = File::open(&path)?;
            loop {
                match lock(&file) {
                    Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
                    locked => return locked.map(|()| file),
                }
            }
        };
        locked().map_err(|cause| trouble("lock", &path, &cause))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::store::testing;
    use crate::store::{Depth, Graph, Role};

    #[test]
    fn a_collection_knows_what_the_living_use() {
        let (_dir, store) = testing::store();
        let [a, b, c] = ["a", "b", "c"].map(testing::item);
        let first = store.in_use(&BTreeSet::from([a.clone(), b.clone()])).unwrap();
        let second = store.in_use(&BTreeSet::from([b.clone(), c.clone()])).unwrap();
        fs::write(store.lock_path("use.0123456789abcdef"), format!("1\n{}\n", testing::item("dead")))
            .unwrap();
        // A sweep leaves the lists of the living alone.
        store.sweep().unwrap();
        let collection = store.begin_collection().unwrap();
        assert_eq!(store.items_in_use(&collection).unwrap(), BTreeSet::from([a.clone(), b.clone(), c]));
        drop(second);
        assert_eq!(store.items_in_use(&collection).unwrap(), BTreeSet::from([a, b]));
        drop(first);
        assert!(store.items_in_use(&collection).unwrap().is_empty());
        assert_eq!(fs::read_dir(store.root().join("lock")).unwrap().count(), 0);
    }

    #[test]
    fn a_collection_waits_for_short_works_and_they_for_it() {
        let (_dir, store) = testing::store();
        let inside = std::sync::atomic::AtomicI32::new(0);
        use std::sync::atomic::Ordering::SeqCst;
        std::thread::scope(|scope| {
            for number in 0..6 {
                let (store, inside) = (&store, &inside);
                scope.spawn(move || {
                    for _ in 0..30 {
                        if number == 0 {
                            let _collection = store.begin_collection().unwrap();
                            assert_eq!(inside.load(SeqCst), 0, "somebody works during a collection");
                        } else {
                            let _short = store.without_collection().unwrap();
                            inside.fetch_add(1, SeqCst);
                            std::thread::yield_now();
                            inside.fetch_sub(1, SeqCst);
                        }
                    }
                });
            }
        });
    }

    #[test]
    fn a_collection_takes_nothing_from_under_those_at_work() {
        let (_dir, store) = testing::store();
        let names = ["a", "b", "c"];
        let working = std::sync::atomic::AtomicBool::new(true);
        let collect = |store: &Store| {
            let collection = store.begin_collection().unwrap();
            let graph = Graph::read(store).unwrap();
            let in_use = store.items_in_use(&collection).unwrap();
            let roots: Vec<_> = in_use.into_iter().map(|item| (item, Role::Link)).collect();
            let kept = graph.keep(&roots, Depth::Builds);
            let tomorrow = SystemTime::now() + Duration::from_secs(86400);
            let removed = store.take_away(&graph.dead(&kept, tomorrow)).unwrap();
            drop(collection);
            removed.delete().unwrap();
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..3)
                .map(|number| {
                    let store = &store;
                    scope.spawn(move || {
                        for round in 0..12 {
                            let name = names[(number + round) % names.len()];
                            let id = testing::script(name, "").install_id();
                            let item = Item::Install(id);
                            let _hold = store.in_use(&BTreeSet::from([item.clone()])).unwrap();
                            if !store.has(&item) {
                                testing::publish_script(store, name, "", &[]);
                            }
                            std::thread::yield_now();
                            assert!(
                                store.has(&item) && store.manifest(&item).is_ok(),
                                "{item} was taken away"
                            );
                        }
                    })
                })
                .collect();
            let (store, working) = (&store, &working);
            scope.spawn(move || {
                while working.load(std::sync::atomic::Ordering::SeqCst) {
                    collect(store);
                }
            });
            let ended: Vec<_> = workers.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
            working.store(false, std::sync::atomic::Ordering::SeqCst);
            ended.into_iter().for_each(|worker| worker.unwrap());
        });
        collect(&store);
        assert_eq!(store.items().unwrap(), []);
    }
}
