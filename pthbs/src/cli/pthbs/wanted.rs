//! What the arguments of `env make` and `switch` want, and the way from there to an environment that is in the store.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::build::Width;
use super::context::Scripts;
use super::{Global, build, env_file};
use crate::base::{Error, Result, fs};
use crate::environment::{self, EnvironmentFile, LockFile, NamedRules, Wish};
use crate::script::{InstallId, Script};
use crate::store::{EnvironmentId, Item, NoCollection, Store};

/// How the name of a lock file ends.
pub(super) const LOCK_ENDING: &str = ".lock";

/// An environment that was made, and the wish that it fulfils. No collection takes it away until this is dropped.
pub(super) struct Made {
    pub(super) environment: EnvironmentId,
    pub(super) wish: Wish,
    _kept: NoCollection,
}

/// Packages by the words they are asked for, and how conflicts between them are settled.
pub(super) struct Wanted {
    pub(super) asked: BTreeMap<String, Script>,
    pub(super) rules: NamedRules,
}

/// Makes the environment of an environment file, of a lock file, or of packages named one by one.
pub(super) fn make(store: &Store, global: &Global, arguments: &[String], width: &Width) -> Result<Made> {
    let mut scripts = Scripts::open(global)?;
    if let [path] = arguments
        && path.ends_with(LOCK_ENDING)
    {
        return restore(store, scripts, Path::new(path), width);
    }
    let Wanted { asked, rules } = wanted(global, &mut scripts, arguments)?;
    let ids = asked.iter().map(|(word, script)| (word.clone(), script.install_id())).collect();
    let asked: Vec<Script> = asked.into_values().collect();
    fulfil(store, &scripts, &asked, Wish { asked: ids, rules }, width)
}

/// What the arguments mean: one environment file, or packages named one by one.
pub(super) fn wanted(global: &Global, scripts: &mut Scripts, arguments: &[String]) -> Result<Wanted> {
    let is_file = |argument: &String| argument.ends_with(EnvironmentFile::ENDING);
    match arguments {
        [path] if is_file(path) => env_file::read(global, scripts, Path::new(path)),
        _ => match arguments.iter().find(|argument| is_file(argument) || argument.ends_with(LOCK_ENDING)) {
            Some(file) => Err(Error::usage(format!("`{file}` stands alone, without further packages"))
                .hint("add the packages to the file")),
            None => Ok(Wanted { asked: named(scripts, arguments)?, rules: NamedRules::default() }),
        },
    }
}

/// The scripts of packages by the words they are asked for.
pub(super) fn named(scripts: &Scripts, words: &[String]) -> Result<BTreeMap<String, Script>> {
    let mut errors = Vec::new();
    let found = words.iter().filter_map(|word| match scripts.asked(word) {
        Ok(script) => Some((word.clone(), script)),
        Err(error) => {
            errors.push(error);
            None
        }
    });
    let found = found.collect();
    Error::all(errors).map_or(Ok(found), Err)
}

/// Builds what is missing of some scripts, and makes the environment of a wish that they are part of.
pub(super) fn fulfil(
    store: &Store,
    scripts: &Scripts,
    new: &[Script],
    wish: Wish,
    width: &Width,
) -> Result<Made> {
    let items = wish.installs().into_iter().map(Item::Install).collect();
    // From before anything is looked up until nothing can be collected.
    let _in_use = store.in_use(&items)?;
    build::ensure(store, scripts, new, width)?;
    made(store, wish)
}

/// Makes the environment of installs that are there.
pub(super) fn made(store: &Store, wish: Wish) -> Result<Made> {
    let kept = store.without_collection()?;
    let environment = environment::make_wish(store, &wish)?;
    Ok(Made { environment, wish, _kept: kept })
}

/// Makes the environment of a lock file; builds what is missing, and refuses what differs.
pub(super) fn restore(store: &Store, mut scripts: Scripts, path: &Path, width: &Width) -> Result<Made> {
    let lock = LockFile::parse(&fs::read_text(path)?, &path.display().to_string())?;
    for (script, about) in lock.scripts()? {
        scripts.extra.about.insert(script.install_id(), about);
        scripts.extra.scripts.push(Arc::new(script));
    }
    let items = lock.installs()?.into_iter().map(Item::Install).collect();
    let _in_use = store.in_use(&items)?;
    let missing: Vec<InstallId> = lock.missing(store)?.into_iter().collect();
    build::ensure(store, &scripts, &scripts_of(&scripts, &missing, path)?, width)?;
    let kept = store.without_collection()?;
    let environment = lock.restore(store)?;
    Ok(Made { environment, wish: lock.wish().clone(), _kept: kept })
}

/// The scripts of installs that are not in the store.
fn scripts_of(scripts: &Scripts, installs: &[InstallId], lock: &Path) -> Result<Vec<Script>> {
    let mut errors = Vec::new();
    let mut found = Vec::new();
    for install in installs {
        match scripts.script_of(install)? {
            Some(script) => found.push(script),
            None => errors.push(
                Error::usage(format!("the script of `{install}` is not known here"))
                    .with("locked in", lock.display())
                    .hint(
                        "go to the tree of packages as it was when the file was written; \
                           `pthbs env lock --whole` writes one that needs no tree",
                    ),
            ),
        }
    }
    Error::all(errors).map_or(Ok(found), Err)
}
