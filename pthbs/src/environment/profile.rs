//! Profiles: a name, the generations it has had, and the one link that says which of them is seen.
//!
//! ```text
//! profile/home/14 -> ../../versions/env.HASH    a generation
//! profile/home/14.json                          when, from which one, what was asked for
//! profile/home/current -> 14                    what everybody opens; replaced by one rename
//! profile/home/.next -> 15                      a switch at work, or killed: 15 does not count
//! ```
//!
//! The new link is made first and says which generation is unfinished. So the rename that shows a generation is also
//! what makes it count, and there is no moment at which a kill leaves anything but the old or the new one.

mod generation;
pub(super) mod links;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod watched;

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

pub use generation::{Generation, GenerationRecord, ProfileName, Switched};
use links::{delete_tree, make_directory, names_in, number_in, text_of};

use super::wish::Wish;
use crate::base::{Error, Result};
use crate::store::{EnvironmentId, Item, Lock, NoCollection, Store};

/// The link that everybody opens.
const CURRENT: &str = "current";
/// The same link before the switch to a generation that is being made.
const NEXT: &str = ".next";
/// The same link before the switch to a generation that had been current before.
const BACK: &str = ".back";

/// A profile of a store, whether or not it has been switched yet.
#[derive(Debug, Clone)]
pub struct Profile {
    store: Store,
    name: ProfileName,
    dir: PathBuf,
}

impl Profile {
    /// The profile of that name. Touches nothing.
    pub fn open(store: &Store, name: &ProfileName) -> Profile {
        let dir = store.profiles().join(name.to_string());
        Profile { store: store.clone(), name: name.clone(), dir }
    }

    /// The names of all profiles, sorted.
    pub fn list(store: &Store) -> Result<Vec<ProfileName>> {
        let mut names: Vec<ProfileName> =
            names_in(&store.profiles())?.iter().filter_map(|name| name.parse().ok()).collect();
        names.retain(|name| Profile::open(store, name).link().is_symlink());
        names.sort_unstable();
        Ok(names)
    }

    /// Its name.
    pub fn name(&self) -> &ProfileName {
        &self.name
    }

    /// The link to open things through: `LINK/bin/zsh`.
    pub fn link(&self) -> PathBuf {
        self.dir.join(CURRENT)
    }

    /// The current generation; none before the first switch.
    pub fn current(&self) -> Result<Option<Generation>> {
        self.current_number()?.map(|number| self.generation(number)).transpose()
    }

    /// One generation.
    pub fn generation(&self, number: u64) -> Result<Generation> {
        self.kept(number)?.ok_or_else(|| self.absent(number))
    }

    /// All generations that are kept, oldest first.
    pub fn history(&self) -> Result<Vec<Generation>> {
        let mut numbers = self.numbers()?;
        // Read after the list: a number that was listed and is still unfinished is found here.
        let unfinished = number_in(&self.dir.join(NEXT))?;
        numbers.retain(|number| Some(*number) != unfinished);
        numbers.into_iter().filter_map(|number| self.kept(number).transpose()).collect()
    }

    /// Makes a generation that shows an environment, and makes it current. The environment that is current already
    /// makes none; only what was asked for is noted.
    ///
    /// Whoever has just made the environment keeps collections away (`Store::without_collection`) until this is done.
    pub fn switch(&self, environment: EnvironmentId, wish: &Wish) -> Result<Switched> {
        let (_none, _lock) = self.begin(&environment)?;
        self.switch_to(self.current()?, environment, wish)
    }

    /// `switch`, for whoever has worked out the wish from what the profile was found to hold. When it has changed since,
    /// nothing happens and nothing is returned: the wish is to be worked out again.
    pub fn switch_from(
        &self,
        found: Option<&Generation>,
        environment: EnvironmentId,
        wish: &Wish,
    ) -> Result<Option<Switched>> {
        let (_none, _lock) = self.begin(&environment)?;
        let current = self.current()?;
        if current.as_ref() != found {
            return Ok(None);
        }
        self.switch_to(current, environment, wish).map(Some)
    }

    /// What every switch begins with: no collection, no other switch, and nothing of one that was killed.
    fn begin(&self, environment: &EnvironmentId) -> Result<(NoCollection, Lock)> {
        let none = self.store.without_collection()?;
        self.expect_there(environment)?;
        let lock = self.lock()?;
        make_directory(&self.dir)?;
        self.tidy()?;
        Ok((none, lock))
    }

    fn switch_to(
        &self,
        parent: Option<Generation>,
        environment: EnvironmentId,
        wish: &Wish,
    ) -> Result<Switched> {
        let from = parent.as_ref().map(|parent| parent.number);
        if let Some(parent) = parent.filter(|parent| parent.environment == environment) {
            // `remove` works on what was asked for, which may change while what is seen does not.
            if !wish.asked.is_empty() && parent.record.wish != *wish {
                let record = GenerationRecord { wish: wish.clone(), ..parent.record };
                self.write_record(parent.number, &record)?;
            }
            return Ok(Switched { from, to: parent.number });
        }
        // Beyond every number ever seen here, not just beyond the current one: a rollback may have gone back.
        let number = self.numbers()?.last().map_or(1, |last| last + 1);
        let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let record = GenerationRecord { time, parent: from, wish: wish.clone() };

        self.make_link(NEXT, &number.to_string())?;
        self.write_record(number, &record)?;
        self.make_link(&number.to_string(), &format!("../../versions/{environment}"))?;
        self.show(NEXT)?;
        Ok(Switched { from, to: number })
    }

    /// Makes an older generation current: the parent of the current one, or the one that is asked for.
    pub fn rollback(&self, to: Option<u64>) -> Result<Switched> {
        let _none = self.store.without_collection()?;
        let _lock = self.lock()?;
        let Some(current) = self.current()? else {
            return Err(Error::usage(format!("profile `{}` has no generation yet", self.name)));
        };
        self.tidy()?;
        let to = to.or(current.record.parent).ok_or_else(|| {
            Error::usage(format!("generation {} of profile `{}` has no parent", current.number, self.name))
                .hint("`pthbs profile history` lists all; --to names one")
        })?;
        let target = self.generation(to)?;
        self.expect_there(&target.environment)?;
        if to != current.number {
            self.make_link(BACK, &to.to_string())?;
            self.show(BACK)?;
        }
        Ok(Switched { from: Some(current.number), to })
    }

    /// Forgets generations, so that nothing keeps their environments; the current one stays.
    pub fn forget(&self, numbers: &[u64]) -> Result<()> {
        let _lock = self.lock()?;
        let current = self.current_number()?;
        for number in numbers {
            if current == Some(*number) {
                return Err(Error::usage(format!("generation {number} of `{}` is current", self.name))
                    .hint("switch to another one first"));
            }
            if !self.dir.join(number.to_string()).is_symlink() {
                return Err(self.absent(*number));
            }
        }
        for number in numbers {
            self.remove(&number.to_string())?;
            self.remove(&format!("{number}.json"))?;
        }
        self.sync()
    }

    /// Deletes the profile and its history. Environments stay until they are collected.
    pub fn delete(&self) -> Result<()> {
        let _lock = self.lock()?;
        let away = self.dir.with_file_name(format!(".{}.deleted", self.name));
        delete_tree(&away)?;
        match fs::rename(&self.dir, &away) {
            Err(cause) if cause.kind() == ErrorKind::NotFound => {
                return Err(Error::usage(format!("there is no profile `{}`", self.name)));
            }
            renamed => renamed.map_err(|cause| Error::io("delete", &self.dir, &cause))?,
        }
        delete_tree(&away)
    }

    fn lock(&self) -> Result<Lock> {
        // `@` cannot stand in an item's name, so no install has the same lock.
        Lock::take(&self.store.lock_path(&format!("profile@{}", self.name)))
    }

    /// Removes what a killed switch has left.
    fn tidy(&self) -> Result<()> {
        if let Some(number) = number_in(&self.dir.join(NEXT))? {
            self.remove(&number.to_string())?;
            self.remove(&format!("{number}.json"))?;
            // Last: until then it says what does not count.
            self.remove(NEXT)?;
        }
        self.remove(BACK)
    }

    /// Renames a link to `current`, with all that it leads to on disk before, and itself after.
    fn show(&self, link: &str) -> Result<()> {
        self.sync()?;
        let (from, to) = (self.dir.join(link), self.link());
        fs::rename(&from, &to).map_err(|cause| Error::io("replace", &to, &cause))?;
        self.sync()
    }

    fn sync(&self) -> Result<()> {
        let synced = File::open(&self.dir).and_then(|dir| dir.sync_all());
        synced.map_err(|cause| Error::io("write to disk", &self.dir, &cause))
    }

    fn make_link(&self, name: &str, text: &str) -> Result<()> {
        let path = self.dir.join(name);
        symlink(text, &path).map_err(|cause| Error::io("make link", &path, &cause))
    }

    fn remove(&self, name: &str) -> Result<()> {
        let path = self.dir.join(name);
        match fs::remove_file(&path) {
            Err(cause) if cause.kind() != ErrorKind::NotFound => Err(Error::io("delete", &path, &cause)),
            _ => Ok(()),
        }
    }

    fn write_record(&self, number: u64, record: &GenerationRecord) -> Result<()> {
        let path = self.dir.join(format!("{number}.json"));
        let beside = self.dir.join(".record");
        let mut text = serde_json::to_vec_pretty(record).expect("a record has only texts, numbers and maps");
        text.push(b'\n');
        let write = || -> io::Result<()> {
            let mut file = File::create(&beside)?;
            file.write_all(&text)?;
            file.set_permissions(Permissions::from_mode(0o644))?;
            file.sync_all()?;
            fs::rename(&beside, &path)
        };
        write().map_err(|cause| Error::io("write", &path, &cause))
    }

    fn current_number(&self) -> Result<Option<u64>> {
        number_in(&self.link())
    }

    /// Every number that a link or a record has, ascending.
    fn numbers(&self) -> Result<Vec<u64>> {
        let names = names_in(&self.dir)?;
        let number = |name: &String| name.strip_suffix(".json").unwrap_or(name).parse().ok();
        let mut numbers: Vec<u64> = names.iter().filter_map(number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        Ok(numbers)
    }

    /// A generation, if it is kept: its link decides.
    fn kept(&self, number: u64) -> Result<Option<Generation>> {
        let link = self.dir.join(number.to_string());
        let damaged =
            |path: &Path, why: String| Error::failed(format!("`{}` is damaged", path.display())).line(why);
        let Some(text) = text_of(&link)? else { return Ok(None) };
        let name = Path::new(&text).file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Ok(Item::Environment(environment)) = name.parse() else {
            return Err(damaged(&link, format!("it points to `{}`", text.display())));
        };
        let path = self.dir.join(format!("{number}.json"));
        let record = match fs::read(&path) {
            Err(cause) if cause.kind() == ErrorKind::NotFound && !link.is_symlink() => return Ok(None),
            bytes => bytes.map_err(|cause| Error::io("read", &path, &cause))?,
        };
        let record = serde_json::from_slice(&record).map_err(|cause| damaged(&path, cause.to_string()))?;
        Ok(Some(Generation { number, environment, record }))
    }

    fn absent(&self, number: u64) -> Error {
        Error::usage(format!("profile `{}` has no generation {number}", self.name))
            .hint("`pthbs profile history` lists those that are kept")
    }

    fn expect_there(&self, environment: &EnvironmentId) -> Result<()> {
        if self.store.has(&Item::Environment(*environment)) {
            return Ok(());
        }
        Err(Error::usage(format!("`{environment}` is not in the store"))
            .with("store", self.store.root().display()))
    }
}
