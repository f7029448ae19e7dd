//! What was asked for lately: a collection of garbage keeps it for some days, although no profile shows it.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::SystemTime;

use super::{Item, Store, trouble};
use crate::base::Result;

impl Store {
    /// Notes that somebody asked for an item at this moment.
    pub fn note_asked(&self, item: &Item) -> Result<()> {
        let (dir, path) = (self.asked(), self.asked().join(item.to_string()));
        let noted = || File::options().create(true).append(true).open(&path)?.set_modified(SystemTime::now());
        let noted = match noted() {
            Err(cause) if cause.kind() == ErrorKind::NotFound => match fs::create_dir(&dir) {
                Err(cause) if cause.kind() != ErrorKind::AlreadyExists => Err(cause),
                _ => noted(),
            },
            noted => noted,
        };
        noted.map_err(|cause| trouble("write", &path, &cause))
    }

    /// What was asked for since a moment, sorted. Older notes are forgotten.
    pub fn asked_since(&self, since: SystemTime) -> Result<Vec<Item>> {
        let dir = self.asked();
        let entries = match fs::read_dir(&dir) {
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|cause| trouble("list", &dir, &cause))?,
        };
        let mut items = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|cause| trouble("list", &dir, &cause))?;
            let noted = entry.metadata().and_then(|found| found.modified());
            if noted.is_ok_and(|noted| noted < since) {
                // Should it be noted again at this moment, a note is lost, and with it a few days of grace.
                let _ = fs::remove_file(entry.path());
            } else if let Some(item) = entry.file_name().to_str().and_then(|name| name.parse().ok()) {
                items.push(item);
            }
        }
        items.sort_unstable();
        Ok(items)
    }

    fn asked(&self) -> PathBuf {
        // No profile has such a name.
        self.profiles().join(".asked")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::testing;

    #[test]
    fn what_was_asked_for_is_remembered_for_a_while() {
        let (_dir, store) = testing::store();
        let [a, b] = ["a", "b"].map(testing::item);
        let now = SystemTime::now();
        assert_eq!(store.asked_since(now).unwrap(), []);
        for item in [&b, &a, &b] {
            store.note_asked(item).unwrap();
        }
        let path = store.asked().join(b.to_string());
        File::open(path).unwrap().set_modified(now - Duration::from_secs(3600)).unwrap();
        assert_eq!(store.asked_since(now - Duration::from_secs(7200)).unwrap(), [a.clone(), b]);
        assert_eq!(store.asked_since(now - Duration::from_secs(1800)).unwrap(), std::slice::from_ref(&a));
        assert_eq!(store.asked_since(now - Duration::from_secs(7200)).unwrap(), [a]);
    }
}
