//! What the commands that look at a store share: which item an argument means, which install a path belongs to, tables.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use super::Global;
use crate::base::{Error, Result, fs};
use crate::cli::{config, report};
use crate::environment::Profile;
use crate::script::{InstallId, Rendered, Script};
use crate::store::{Item, LOGICAL, Store};

/// A store to look at, and the names that the project here gives its installs.
pub(super) struct Items {
    /// The store.
    pub store: Store,
    /// The rendered directory as it is: looking at a store renders nothing.
    pub rendered: Option<Rendered>,
    /// Everything in the store, sorted.
    pub all: Vec<Item>,
}

impl Items {
    /// Opens a store that exists; it may be another user's.
    pub(super) fn open(global: &Global) -> Result<Items> {
        Items::of(Store::open_existing(&config::store_root(global.root.as_deref())?)?, global)
    }

    /// Opens a store to change it.
    pub(super) fn open_to_change(global: &Global) -> Result<Items> {
        let store = Store::open_existing(&config::store_root(global.root.as_deref())?)?;
        Items::of(Store::open(store.root())?, global)
    }

    fn of(store: Store, global: &Global) -> Result<Items> {
        let rendered = match &global.rendered {
            Some(dir) => Some(Rendered::open(dir)?),
            None => config::find_project().and_then(|project| Rendered::open(&project.join("rendered")).ok()),
        };
        let all = store.items()?;
        Ok(Items { store, rendered, all })
    }

    /// The items that arguments mean; all where there are none.
    pub(super) fn all_or(&self, arguments: &[String]) -> Result<Vec<Item>> {
        if arguments.is_empty() {
            return Ok(self.all.clone());
        }
        self.find_all(arguments)
    }

    /// The items that arguments mean, in their order.
    pub(super) fn find_all(&self, arguments: &[String]) -> Result<Vec<Item>> {
        arguments.iter().map(|argument| self.find(argument)).collect()
    }

    /// The install that an argument means; an environment is none.
    pub(super) fn install(&self, argument: &str) -> Result<InstallId> {
        match self.find(argument)? {
            Item::Install(id) => Ok(id),
            Item::Environment(_) => Err(Error::usage(format!("`{argument}` is an environment"))
                .hint("`pthbs env show` prints the installs in it")),
        }
    }

    /// The item that an argument means: `zsh`, `busybox@ash`, `zsh.3f9c1b2e`, `env.3f9c1b2e`, `home:3` or `home:` (a
    /// profile's generation), the path of an item, of anything in one, or of a script.
    pub(super) fn find(&self, argument: &str) -> Result<Item> {
        if argument.contains('/') {
            return self.at_path(argument);
        }
        if let Some((profile, number)) = argument.split_once(':') {
            return self.generation(profile, number);
        }
        if let Some((name, prefix)) = argument.split_once('.') {
            let start = format!("{name}.{prefix}");
            let hits = self.all.iter().filter(|item| item.to_string().starts_with(&start));
            return self.the_one(argument, hits.collect());
        }
        let rendered = self.rendered.as_ref().and_then(|rendered| rendered.index.scripts.get(argument));
        let (name, _) = argument.split_once('@').unwrap_or((argument, ""));
        let current = rendered.map(|id| Ok(Item::Install(InstallId { name: name.parse()?, id: *id })));
        let current = current.transpose()?;
        if let Some(current) = current.filter(|current| self.all.binary_search(current).is_ok()) {
            return Ok(current);
        }
        let same_name = |item: &&Item| matches!(item, Item::Install(id) if id.name.as_str() == argument);
        self.the_one(argument, self.all.iter().filter(same_name).collect())
    }

    fn the_one(&self, argument: &str, hits: Vec<&Item>) -> Result<Item> {
        match hits[..] {
            [item] => Ok(item.clone()),
            [] => Err(Error::usage(format!("`{argument}` is not in the store"))
                .with("store", self.store.root().display())
                .hint("`pthbs list` shows what is; `pthbs build` makes what is not")),
            _ => {
                let error = Error::usage(format!("`{argument}` is not unique"));
                let error = hits.iter().take(8).fold(error, |error, item| error.line(short(item)));
                Err(error.hint("give the name with 8 digits of the hash or more"))
            }
        }
    }

    fn generation(&self, profile: &str, number: &str) -> Result<Item> {
        let profile = Profile::open(&self.store, &profile.parse()?);
        let generation = if number.is_empty() {
            profile.current()?.ok_or_else(|| {
                Error::usage(format!("profile `{}` shows nothing yet", profile.name()))
                    .hint("`pthbs profile list` shows all profiles")
            })?
        } else {
            let number = number.parse().map_err(|_| {
                Error::usage(format!("`{number}` is no generation's number"))
                    .hint(format!("`pthbs profile history {}` shows all", profile.name()))
            })?;
            profile.generation(number)?
        };
        Ok(generation.environment.into())
    }

    fn at_path(&self, argument: &str) -> Result<Item> {
        let path = Path::new(argument);
        if let Some((item, _)) = place(&self.store, path, Stop::AtAnyItem) {
            return Ok(item);
        }
        let script = Script::parse(fs::read_text(path)?, argument)?;
        let item = Item::Install(script.install_id());
        match self.store.has(&item) {
            true => Ok(item),
            false => Err(Error::usage(format!("`{}` is not in the store", short(&item)))
                .hint(format!("`pthbs build {argument}` makes it"))),
        }
    }

    /// What definitions call an install: its label in the index, where it has one.
    pub(super) fn label(&self, install: &InstallId) -> Option<&str> {
        self.rendered.as_ref()?.label_of(install)
    }
}

/// Where following a path ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// At the first install or environment.
    AtAnyItem,
    /// At the first install: an environment's links lead on to one.
    AtInstall,
}

/// The item that a path leads into, and the rest of the path in it; nothing where it leads elsewhere.
///
/// Followed link by link and not by the system: links inside the store may begin with `/versions`, which this machine
/// need not have, and what lies in an install may be a link that leads out of it.
pub(super) fn place(store: &Store, path: &Path, stop: Stop) -> Option<(Item, PathBuf)> {
    let versions = store.versions().canonicalize().ok()?;
    let mut ahead: VecDeque<OsString> = VecDeque::new();
    let push = |ahead: &mut VecDeque<OsString>, path: &Path| {
        let path = path.strip_prefix(LOGICAL).map_or_else(|_| path.to_path_buf(), |rest| versions.join(rest));
        let words = path.components().map(|component| component.as_os_str().to_os_string());
        words.rev().for_each(|word| ahead.push_front(word));
    };
    push(&mut ahead, &std::path::absolute(path).ok()?);
    let mut here = PathBuf::from("/");
    let mut links = 0;
    while let Some(word) = ahead.pop_front() {
        match Path::new(&word).components().next()? {
            Component::RootDir => here = PathBuf::from("/"),
            Component::ParentDir => drop(here.pop()),
            Component::CurDir | Component::Prefix(_) => {}
            Component::Normal(name) => {
                let next = here.join(name);
                if here == versions
                    && let Some(item) = name.to_str().and_then(|name| name.parse::<Item>().ok())
                    && (stop == Stop::AtAnyItem || matches!(item, Item::Install(_)))
                {
                    return Some((item, ahead.iter().collect()));
                }
                match std::fs::read_link(&next) {
                    Ok(target) => {
                        links += 1;
                        // As many as the kernel follows.
                        if links > 40 {
                            return None;
                        }
                        push(&mut ahead, &target);
                    }
                    Err(_) => here = next,
                }
            }
        }
    }
    None
}

/// `zsh.3f9c1b2e`: enough for people, and unique wherever eight digits are.
pub(super) fn short(item: &Item) -> String {
    let text = item.to_string();
    match text.split_once('.') {
        Some((name, hash)) => format!("{name}.{}", &hash[..8]),
        None => text,
    }
}

/// Prints rows in columns; those named in `right` are numbers and end in one line.
pub(super) fn print_table(rows: &[Vec<String>], right: &[usize]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().enumerate().map(|(column, cell)| {
            let width = widths[column];
            if right.contains(&column) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        text += cells.collect::<Vec<_>>().join("  ").trim_end();
        text.push('\n');
    }
    report::data(&text);
}

/// Prints one value as JSON.
pub(super) fn print_json(value: &serde_json::Value) {
    report::data(&format!("{value:#}\n"));
}

/// `3d`, `5h`, `12m`: how long ago something was.
pub(super) fn age(since: std::time::SystemTime) -> String {
    let seconds = since.elapsed().map_or(0, |elapsed| elapsed.as_secs());
    match seconds {
        0..3600 => format!("{}m", seconds / 60),
        3600..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::base::Sha256;

    #[test]
    fn a_path_is_followed_to_the_install_that_it_leads_into() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("store")).unwrap();
        let install: InstallId = format!("zsh.{}", Sha256::of(b"zsh")).parse().unwrap();
        let environment: Item = format!("env.{}", Sha256::of(b"env")).parse().unwrap();
        let item = Item::Install(install.clone());
        std::fs::create_dir_all(store.path(&item).join("bin")).unwrap();
        symlink("/nowhere", store.path(&item).join("bin/out")).unwrap();
        std::fs::create_dir_all(store.path(&environment).join(".p")).unwrap();
        symlink(format!("../../{install}"), store.path(&environment).join(".p/zsh")).unwrap();
        symlink(".p/zsh/bin", store.path(&environment).join("bin")).unwrap();
        symlink(store.path(&environment), dir.path().join("profile")).unwrap();

        let found = |path: &Path, stop| place(&store, path, stop);
        let there = Some((item.clone(), PathBuf::from("bin/out")));
        assert_eq!(found(&dir.path().join("profile/bin/out"), Stop::AtInstall), there);
        assert_eq!(found(&store.path(&item).join("bin/out"), Stop::AtAnyItem), there);
        assert_eq!(found(Path::new(&format!("/versions/{install}/bin/out")), Stop::AtInstall), there);
        let in_environment = found(&dir.path().join("profile/bin/x"), Stop::AtAnyItem).unwrap();
        assert_eq!(in_environment, (environment, PathBuf::from("bin/x")));
        assert_eq!(found(Path::new("/etc/passwd"), Stop::AtInstall), None);
        symlink("loop", dir.path().join("loop")).unwrap();
        assert_eq!(found(&dir.path().join("loop/x"), Stop::AtInstall), None);
    }

    #[test]
    fn what_is_shown_is_short() {
        let item: Item = format!("env.{}", Sha256::of(b"")).parse().unwrap();
        assert_eq!(short(&item), "env.e3b0c442");
        let ago = |seconds| age(std::time::SystemTime::now() - std::time::Duration::from_secs(seconds));
        assert_eq!([ago(90), ago(7300), ago(864_010)], ["1m", "2h", "10d"]);
    }
}
