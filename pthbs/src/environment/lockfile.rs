//! The lock file of an environment: all that must be the same for it to be made again elsewhere.
//!
//! A script id fixes everything but what a build took from the builder, which the tree keys add where they are known.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::contents;
use super::make::{closure, make_wish};
use super::wish::Wish;
use crate::base::{Error, Result};
use crate::script::about::About;
use crate::script::{InstallId, Script, Source};
use crate::store::{EnvironmentId, Item, Store};

/// What is wanted, what it consists of, and what comes out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockFile {
    /// The format: 1.
    lock: u32,
    /// `env.HASH`
    environment: String,
    /// What was asked for, and the rules.
    wish: Wish,
    /// Every install in it, sorted.
    install: Vec<Locked>,
    /// Scripts that cannot be had from where the file is used.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    script: Vec<Carried>,
}

/// A script as text; its id is the text's sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Carried {
    text: String,
    /// What its definition said besides.
    #[serde(default)]
    about: About,
}

/// One install of a lock file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Locked {
    /// `NAME.HASH`
    id: String,
    /// What may stand for its content, where the build recorded it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    tree_key: Option<String>,
    /// Its sources, as its script's header has them.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    sources: Vec<String>,
}

const HEAD: &str = "# Written by `pthbs env lock`; `pthbs env restore` makes this environment again.\n";

impl LockFile {
    /// The lock file of an environment in the store that was made from a wish.
    pub fn of(store: &Store, environment: EnvironmentId, wish: &Wish) -> Result<LockFile> {
        let held = contents::installs(&store.manifest(&Item::Environment(environment))?);
        if held != closure(store, &wish.installs())?.into_iter().collect::<Vec<_>>() {
            return Err(Error::usage(format!("`{environment}` does not hold what was asked for"))
                .hint("make it again, and lock that"));
        }
        let install = held.iter().map(|install| Locked::of(store, install)).collect::<Result<_>>()?;
        Ok(LockFile {
            lock: 1,
            environment: environment.to_string(),
            wish: wish.clone(),
            install,
            script: Vec::new(),
        })
    }

    /// The same with scripts in it: those that restoring will need and not find.
    #[must_use]
    pub fn carrying<'a>(self, scripts: impl IntoIterator<Item = (&'a Script, About)>) -> LockFile {
        let carried = |(script, about): (&Script, About)| Carried { text: script.text.clone(), about };
        LockFile { script: scripts.into_iter().map(carried).collect(), ..self }
    }

    /// The scripts that it carries, and what is known of each besides.
    pub fn scripts(&self) -> Result<Vec<(Script, About)>> {
        let read = |carried: &Carried| {
            Ok((Script::parse(carried.text.clone(), "the lock file")?, carried.about.clone()))
        };
        self.script.iter().map(read).collect()
    }

    /// The file's text.
    pub fn to_text(&self) -> String {
        HEAD.to_string() + &toml::to_string(self).expect("a lock file has only texts, lists and maps")
    }

    /// Reads a lock file; `place` is named in errors.
    pub fn parse(text: &str, place: &str) -> Result<LockFile> {
        let unfit = |why: &str| {
            Error::usage(format!("`{place}` is no lock file"))
                .line(why)
                .hint("`pthbs env lock` writes one; it is not meant to be edited")
        };
        let file: LockFile = toml::from_str(text).map_err(|cause| unfit(cause.message()))?;
        if file.lock != 1 {
            return Err(unfit(&format!("it has format {}; this program reads format 1", file.lock)));
        }
        let parts = file.environment().and_then(|_| file.installs()).and_then(|_| file.scripts());
        parts.map_err(|error| unfit(error.what()))?;
        Ok(file)
    }

    /// The environment that is locked.
    pub fn environment(&self) -> Result<EnvironmentId> {
        match self.environment.parse()? {
            Item::Environment(id) => Ok(id),
            Item::Install(id) => Err(Error::usage(format!("`{id}` is no environment"))),
        }
    }

    /// What was asked for.
    pub fn wish(&self) -> &Wish {
        &self.wish
    }

    /// Every install of the environment.
    pub fn installs(&self) -> Result<BTreeSet<InstallId>> {
        self.install.iter().map(|locked| locked.id.parse()).collect()
    }

    /// The installs that must be built or fetched before `restore`.
    pub fn missing(&self, store: &Store) -> Result<BTreeSet<InstallId>> {
        let mut installs = self.installs()?;
        installs.retain(|install| !store.has(&Item::Install(install.clone())));
        Ok(installs)
    }

    /// Makes the environment from installs that are there; anything that differs is an error, all of it at once.
    pub fn restore(&self, store: &Store) -> Result<EnvironmentId> {
        let expected = self.environment()?;
        let errors = self.install.iter().map(|locked| locked.compare(store));
        let errors: Vec<Error> = errors.filter_map(Result::err).collect();
        if let Some(error) = Error::all(errors) {
            return Err(error);
        }
        let made = make_wish(store, &self.wish)?;
        if made != expected {
            return Err(Error::failed("the environment is not the one that was locked")
                .with("expected", expected)
                .with("made", made)
                .line("its packages are the same, but a file of one of them is at another path or of another kind"));
        }
        Ok(made)
    }
}

impl Locked {
    fn of(store: &Store, install: &InstallId) -> Result<Locked> {
        let sources = store.script(install)?.header.sources.iter().map(Source::to_string).collect();
        let tree_key = store.record(install).ok().and_then(|record| record.tree_key);
        Ok(Locked { id: install.to_string(), tree_key: tree_key.map(|key| key.to_string()), sources })
    }

    /// That the store's install of this id is the one that was locked.
    fn compare(&self, store: &Store) -> Result<()> {
        let there = Locked::of(store, &self.id.parse()?)?;
        let differs = |what: &str, locked: &str, there: &str| {
            Err(Error::failed(format!("{what} of `{}` is not what was locked", self.id))
                .with("locked", locked)
                .with("in the store", there))
        };
        match (&self.tree_key, &there.tree_key) {
            // Without a record there is nothing to compare; the script's hash has to do.
            (Some(locked), Some(there)) if locked != there => return differs("the content", locked, there),
            _ => {}
        }
        if self.sources != there.sources {
            return differs("a source", &self.sources.join(", "), &there.sources.join(", "));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::{self, Package, file};
    use super::super::make::make;
    use super::super::wish::NamedRules;
    use super::*;

    /// A store with `b`, which needs `a`, and the lock file of that environment.
    fn locked(store: &Store) -> LockFile {
        let a = Package::new("a").entry("bin/x", file("one")).tree_key(b"k").publish(store);
        let b = Package::new("b").entry("bin/x", file("two")).needs(&a).publish(store);
        let prefer = [("bin".to_string(), "b".to_string())].into();
        let wish =
            Wish { asked: [("b".into(), b)].into(), rules: NamedRules { prefer, ..NamedRules::default() } };
        LockFile::of(store, make_wish(store, &wish).unwrap(), &wish).unwrap()
    }

    #[test]
    fn a_lock_file_makes_the_same_environment_elsewhere() {
        let ((_dir, store), (_other_dir, other)) = (fake::store(), fake::store());
        let written = locked(&store);
        let read = LockFile::parse(&written.to_text(), "home.lock").unwrap();
        assert_eq!(read, written);
        let script = store.script(read.installs().unwrap().first().unwrap()).unwrap();
        let about = About { license: "MIT".into(), ..About::default() };
        let carrying = written.clone().carrying([(&script, about.clone())]).to_text();
        let (read_script, read_about) =
            LockFile::parse(&carrying, "home.lock").unwrap().scripts().unwrap().remove(0);
        assert_eq!((read_script.text, read_about), (script.text, about));
        assert_eq!(read.missing(&store).unwrap().len(), 0);
        assert_eq!(read.missing(&other).unwrap(), read.installs().unwrap());
        assert!(read.restore(&other).unwrap_err().to_string().contains("is not in the store"));
        locked(&other);
        other.remove(&read.environment().unwrap().into()).unwrap();
        assert_eq!(read.restore(&other).unwrap(), read.environment().unwrap());
    }

    #[test]
    fn what_differs_is_refused() {
        let (_dir, store) = fake::store();
        let written = locked(&store);
        let mut other = written.clone();
        other.install[0].tree_key = Some("0".repeat(64));
        other.install[1].sources.push("sha256:00 x".into());
        let text = other.restore(&store).unwrap_err().to_string();
        assert!(
            text.starts_with("error: the content of `a.") && text.contains("\n\nerror: a source of `b."),
            "{text}"
        );
        let mut other = written.clone();
        other.environment = format!("env.{}", "0".repeat(64));
        assert!(other.restore(&store).unwrap_err().what().contains("is not the one that was locked"));

        for (from, to) in
            [("lock = 1", "lock = 2"), ("env.", "a."), ("id = \"a.", "id = \"A."), ("[wish", "[wishes")]
        {
            let text = written.to_text().replacen(from, to, 1);
            let error = LockFile::parse(&text, "home.lock").unwrap_err();
            assert_eq!(error.what(), "`home.lock` is no lock file", "{from} -> {to}");
        }
        let unrelated = make(&store, &[Package::new("c").publish(&store)].into()).unwrap();
        let error = LockFile::of(&store, unrelated, written.wish()).unwrap_err();
        assert!(error.what().ends_with("does not hold what was asked for"));
    }
}
