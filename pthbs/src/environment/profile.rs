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

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

pub use generation::{Generation, GenerationRecord, ProfileName, Switched};
use links::{delete_tree, make_directory, names_in, number_in, text_of};

use super::wish::Wish;
use crate::base::{Error, Result};
use crate::store::{EnvironmentId, Item, Lock, Store};

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
        let _none = self.store.without_collection()?;
        self.expect_there(&environment)?;
        let _lock = self.lock()?;
        make_directory(&self.dir)?;
        self.tidy()?;
        let parent = self.current()?;
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

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};
    use std::time::Duration;

    use super::super::fake::{Package, Scratch, file, store_in};
    use super::super::make::make;
    use super::*;
    use crate::script::InstallId;

    /// A store with environments of one package each, which differ in what `bin/x` says.
    fn environments() -> (Scratch, Store, Vec<(EnvironmentId, Wish)>) {
        environments_in(&std::env::temp_dir())
    }

    fn environments_in(place: &Path) -> (Scratch, Store, Vec<(EnvironmentId, Wish)>) {
        let (dir, store) = store_in(place);
        let environment = |(name, text): (&'static str, &str)| {
            let install = Package::new(name).entry("bin/x", file(text)).publish(&store);
            (make(&store, &[install.clone()].into()).unwrap(), wish(name, &install))
        };
        let all = [("a", "one"), ("b", "two"), ("c", "three")].map(environment).into();
        (dir, store, all)
    }

    fn wish(name: &str, install: &InstallId) -> Wish {
        Wish { asked: [(name.to_string(), install.clone())].into(), ..Wish::default() }
    }

    fn home(store: &Store) -> Profile {
        Profile::open(store, &"home".parse().unwrap())
    }

    /// What a reader finds through the profile.
    fn seen(profile: &Profile) -> String {
        fs::read_to_string(profile.link().join("bin/x")).unwrap()
    }

    /// The names in a profile's directory, sorted.
    fn names(profile: &Profile) -> Vec<String> {
        let mut names = names_in(&profile.dir).unwrap();
        names.sort();
        names
    }

    fn numbers(profile: &Profile) -> Vec<u64> {
        profile.history().unwrap().iter().map(|generation| generation.number).collect()
    }

    #[test]
    fn a_switch_makes_a_generation_and_a_rollback_goes_to_its_parent() {
        let (_dir, store, envs) = environments();
        let profile = home(&store);
        assert_eq!(profile.current().unwrap(), None);
        assert_eq!(Profile::list(&store).unwrap(), []);
        for (number, (env, wish)) in envs.iter().enumerate() {
            let from = Some(number as u64).filter(|from| *from > 0);
            assert_eq!(profile.switch(*env, wish).unwrap(), Switched { from, to: number as u64 + 1 });
        }
        assert_eq!(seen(&profile), "three");
        assert_eq!(names(&profile), ["1", "1.json", "2", "2.json", "3", "3.json", "current"]);
        assert_eq!(fs::read_link(profile.link()).unwrap(), Path::new("3"));
        assert_eq!(
            fs::read_link(profile.dir.join("3")).unwrap(),
            Path::new(&format!("../../versions/{}", envs[2].0))
        );
        assert_eq!(Profile::list(&store).unwrap(), ["home".parse().unwrap()]);

        assert_eq!(profile.rollback(None).unwrap(), Switched { from: Some(3), to: 2 });
        assert_eq!(seen(&profile), "two");
        // A generation made after a rollback comes from where the profile was, with a number of its own.
        assert_eq!(profile.switch(envs[0].0, &envs[0].1).unwrap(), Switched { from: Some(2), to: 4 });
        assert_eq!(profile.rollback(None).unwrap().to, 2);
        assert_eq!(profile.rollback(None).unwrap().to, 1);
        assert_eq!(profile.rollback(Some(3)).unwrap(), Switched { from: Some(1), to: 3 });
        assert_eq!(seen(&profile), "three");
        let history = profile.history().unwrap();
        let parents: Vec<_> = history.iter().map(|generation| generation.record.parent).collect();
        assert_eq!(parents, [None, Some(1), Some(2), Some(2)]);
        assert_eq!(history[1].record.wish, envs[1].1);
        assert_eq!(profile.current().unwrap().unwrap(), history[2]);
    }

    #[test]
    fn a_switch_to_what_is_current_makes_no_generation() {
        let (_dir, store, envs) = environments();
        let profile = home(&store);
        profile.switch(envs[0].0, &envs[0].1).unwrap();
        let again = profile.switch(envs[0].0, &envs[0].1).unwrap();
        assert!(!again.is_change());
        assert_eq!(again, Switched { from: Some(1), to: 1 });
        assert!(!profile.rollback(Some(1)).unwrap().is_change());
        // The same content, asked for otherwise, is noted; not asked for, it is not.
        for wish in [&envs[1].1, &Wish::default()] {
            assert!(!profile.switch(envs[0].0, wish).unwrap().is_change());
            assert_eq!(profile.current().unwrap().unwrap().record.wish, envs[1].1);
        }
        assert_eq!(numbers(&profile), [1]);
    }

    #[test]
    fn what_cannot_be_done_says_why() {
        let (_dir, store, envs) = environments();
        let profile = home(&store);
        assert_eq!(profile.rollback(None).unwrap_err().what(), "profile `home` has no generation yet");
        let absent = EnvironmentId(crate::base::Sha256::of(b""));
        assert!(
            profile.switch(absent, &Wish::default()).unwrap_err().what().ends_with("is not in the store")
        );
        assert!(!profile.dir.exists());
        profile.switch(envs[0].0, &envs[0].1).unwrap();
        assert_eq!(
            profile.rollback(None).unwrap_err().what(),
            "generation 1 of profile `home` has no parent"
        );
        assert_eq!(profile.rollback(Some(7)).unwrap_err().what(), "profile `home` has no generation 7");
        for name in ["", "../x", ".home", "a/b", "A", "env"] {
            assert!(
                name.parse::<ProfileName>().unwrap_err().what().ends_with("is not a profile's name"),
                "{name}"
            );
        }
        fs::write(profile.dir.join("1.json"), "{").unwrap();
        assert!(profile.history().unwrap_err().to_string().contains("1.json` is damaged\n  EOF"));
    }

    #[test]
    fn generations_and_profiles_can_be_forgotten() {
        let (_dir, store, envs) = environments();
        let profile = home(&store);
        for (env, wish) in &envs {
            profile.switch(*env, wish).unwrap();
        }
        assert_eq!(profile.forget(&[1, 3]).unwrap_err().what(), "generation 3 of `home` is current");
        profile.forget(&[1]).unwrap();
        assert_eq!(names(&profile), ["2", "2.json", "3", "3.json", "current"]);
        assert!(profile.forget(&[1]).unwrap_err().what().contains("has no generation 1"));
        profile.delete().unwrap();
        assert_eq!(Profile::list(&store).unwrap(), []);
        assert_eq!(names_in(&store.profiles()).unwrap(), [".asked"], "making the environments left a note");
        assert_eq!(profile.delete().unwrap_err().what(), "there is no profile `home`");
    }

    #[test]
    fn an_unfinished_switch_does_not_count_and_is_cleared_away() {
        let (_dir, store, envs) = environments();
        let profile = home(&store);
        profile.switch(envs[0].0, &envs[0].1).unwrap();
        let record = fs::read(profile.dir.join("1.json")).unwrap();
        let left: [&dyn Fn(); 4] = [
            &|| profile.make_link(NEXT, "2").unwrap(),
            &|| fs::write(profile.dir.join("2.json"), &record).unwrap(),
            &|| profile.make_link("2", &format!("../../versions/{}", envs[1].0)).unwrap(),
            &|| profile.make_link(BACK, "1").unwrap(),
        ];
        for steps in 1..=left.len() {
            left[..steps].iter().for_each(|step| step());
            assert_eq!(numbers(&profile), [1], "after {steps} steps");
            assert_eq!(seen(&profile), "one");
            assert!(!profile.rollback(Some(1)).unwrap().is_change());
            assert_eq!(names(&profile), ["1", "1.json", "current"]);
        }
    }

    #[test]
    fn switchers_take_turns() {
        let (_dir, store, envs) = environments();
        std::thread::scope(|scope| {
            for (env, wish) in &envs {
                let store = &store;
                scope.spawn(move || {
                    for _ in 0..20 {
                        home(store).switch(*env, wish).unwrap();
                    }
                });
            }
        });
        let history = home(&store).history().unwrap();
        for (before, after) in history.iter().zip(&history[1..]) {
            assert_eq!(after.number, before.number + 1);
            assert_eq!(after.record.parent, Some(before.number));
            assert_ne!(after.environment, before.environment);
        }
    }

    // A failure means that a running program can miss a file because somebody installs another package.
    #[test]
    fn a_reader_never_misses_a_path() {
        // In memory: the order of names is what counts here, and a disk would be waited for 15,000 times.
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() { memory } else { &std::env::temp_dir() };
        let (_dir, store, envs) = environments_in(place);
        let profile = home(&store);
        for (env, wish) in &envs {
            profile.switch(*env, wish).unwrap();
        }
        let mut reads = 0;
        std::thread::scope(|scope| {
            let switcher = scope.spawn(|| {
                for round in 0..5000 {
                    if round % 10 == 0 {
                        let (env, wish) = &envs[round / 10 % 2];
                        profile.switch(*env, wish).unwrap();
                    } else {
                        profile.rollback(Some(round as u64 % 3 + 1)).unwrap();
                    }
                }
            });
            while !switcher.is_finished() {
                let text = seen(&profile);
                assert!(matches!(text.as_str(), "one" | "two" | "three"), "{text}");
                reads += 1;
            }
        });
        assert!(reads > 0);
        assert!(profile.history().unwrap().len() > 100, "it was switched to new generations too");
    }

    /// Names the store to the child of the next test.
    const CHILD: &str = "PTHBS_TEST_SWITCHER";

    #[test]
    #[ignore = "the child that the next test kills; it does not end by itself"]
    fn a_child_that_switches_until_it_is_killed() {
        let Some(root) = std::env::var_os(CHILD) else { return };
        let store = Store::open(Path::new(&root)).unwrap();
        let profile = home(&store);
        let envs = store.items().unwrap().into_iter().filter_map(|item| match item {
            Item::Environment(env) => Some(env),
            Item::Install(_) => None,
        });
        for (round, env) in envs.collect::<Vec<_>>().iter().cycle().enumerate() {
            let switched = profile.switch(*env, &Wish::default()).unwrap();
            if round % 4 == 3 {
                profile.rollback(switched.from).unwrap();
            }
        }
    }

    /// Kills the child, whatever becomes of the test.
    struct Killed(Child);

    impl Drop for Killed {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    // A failure means that a power cut or an impatient user can leave a machine without its programs.
    #[test]
    fn a_killed_switch_leaves_the_old_or_the_new_generation() {
        let (_dir, store, envs) = environments();
        let profile = home(&store);
        profile.switch(envs[0].0, &envs[0].1).unwrap();
        let mut last = 1;
        for round in 0..20 {
            let child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "environment::profile::tests::a_child_that_switches_until_it_is_killed"])
                .args(["--ignored", "--quiet"])
                .env(CHILD, store.root())
                .stdout(std::process::Stdio::null())
                .spawn();
            let mut child = Killed(child.unwrap());
            // It is killed at work: not before its first switch, and then anywhere.
            let begun = profile.current_number().unwrap();
            while profile.current_number().unwrap() == begun {
                assert!(child.0.try_wait().unwrap().is_none(), "the child has ended by itself");
                std::thread::sleep(Duration::from_millis(1));
            }
            std::thread::sleep(Duration::from_micros(round * 1777 % 20_000));
            drop(child);

            assert!(["one", "two", "three"].contains(&seen(&profile).as_str()));
            let current = profile.current().unwrap().unwrap();
            let kept = numbers(&profile);
            assert!(kept.contains(&current.number));
            assert!(
                kept.iter().copied().eq(1..=*kept.last().unwrap()),
                "a number is missing or was not finished"
            );
            assert!(*kept.last().unwrap() >= last, "a finished generation was lost");
            last = *kept.last().unwrap();
        }
        profile.switch(envs[1].0, &envs[1].1).unwrap();
        let allowed =
            |name: &String| name == CURRENT || name.trim_end_matches(".json").parse::<u64>().is_ok();
        // A killed child may leave the copy of a record that it was writing; the next record is written over it.
        assert!(names(&profile).iter().all(|name| allowed(name) || name == ".record"));
    }
}
