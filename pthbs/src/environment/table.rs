//! The table an environment begins with: `.p/KEY`, one row for each install, and `.p/N` for directories whose links
//! would be long. What is decided here is part of every environment's id; `docs/formats.md` has the rules.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::script::InstallId;

/// The table's directory.
pub(super) const DIR: &str = ".p";
/// A link's text of this many bytes is long: ext4 keeps a shorter one in the inode and gives a longer one a block.
pub(super) const LONG: usize = 60;
/// From the table's directory to that of the installs.
pub(super) const UP: &str = "../..";

/// A link of the forest before its text is known: where it is, and what it shows.
pub(super) struct Shown<'a> {
    /// The place in the forest.
    pub(super) at: PathBuf,
    /// The owner, an index into the sorted installs.
    pub(super) owner: usize,
    /// The place in the owner.
    pub(super) from: &'a Path,
}

/// The rows, and from them the text of every link.
pub(super) struct Rows<'a> {
    installs: &'a [&'a InstallId],
    keys: Vec<String>,
    /// By directory, then owner: the order in which they are numbered.
    directories: BTreeMap<(&'a OsStr, usize), String>,
}

impl<'a> Rows<'a> {
    /// Finds the rows that some links need; `installs` are sorted.
    pub(super) fn new(installs: &'a [&'a InstallId], links: &[Shown<'a>]) -> Rows<'a> {
        let keys = keys(installs, '~');
        let mut long: BTreeMap<(&OsStr, usize), usize> = BTreeMap::new();
        for link in links {
            if text(&link.at, &keys[link.owner], link.from.as_os_str()).len() >= LONG {
                *long.entry((directory(link.from), link.owner)).or_default() += 1;
            }
        }
        // A package's name may be all digits; its row comes first and the number is left out.
        let taken: BTreeSet<&str> = keys.iter().map(String::as_str).collect();
        let mut numbers = (1_u64..).map(|n| n.to_string()).filter(|n| !taken.contains(n.as_str()));
        let needed = long.into_iter().filter(|(_, links)| *links >= 2).map(|(row, _)| row);
        let directories = needed.map(|row| (row, numbers.next().expect("numbers do not end"))).collect();
        Rows { installs, keys, directories }
    }

    /// The text of one link.
    pub(super) fn text(&self, link: &Shown<'a>) -> PathBuf {
        match self.directories.get(&(directory(link.from), link.owner)) {
            Some(number) => text(&link.at, number, link.from.file_name().unwrap_or_default()),
            None => text(&link.at, &self.keys[link.owner], link.from.as_os_str()),
        }
        .into()
    }

    /// Every row: its name below `.p`, and the link's text.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&str, PathBuf)> {
        let installs = self.keys.iter().zip(self.installs);
        let installs = installs.map(|(key, install)| (key.as_str(), format!("{UP}/{install}").into()));
        let directories = self.directories.iter().map(|((directory, owner), number)| {
            let mut text = PathBuf::from(format!("{UP}/{}", self.installs[*owner]));
            if !directory.is_empty() {
                text.push(directory);
            }
            (number.as_str(), text)
        });
        installs.chain(directories)
    }
}

/// The directory that an entry lies in; empty for the top.
fn directory(from: &Path) -> &OsStr {
    from.parent().unwrap_or(Path::new("")).as_os_str()
}

/// `../../.p/KEY/REST`, with as many steps up as the link lies deep.
fn text(at: &Path, key: &str, rest: &OsStr) -> OsString {
    let depth = at.as_os_str().as_bytes().iter().filter(|byte| **byte == b'/').count();
    let mut text = b"../".repeat(depth);
    text.extend([DIR.as_bytes(), b"/", key.as_bytes(), b"/", rest.as_bytes()].concat());
    OsString::from_vec(text)
}

/// What each of some installs is called: NAME, or where a name occurs twice NAME, the mark, and 8 digits of its hash
/// (16, 32 or 64 where fewer would not tell them apart).
pub(super) fn keys(installs: &[&InstallId], mark: char) -> Vec<String> {
    let mut hashes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for install in installs {
        hashes.entry(install.name.as_str()).or_default().push(install.id.to_string());
    }
    let digits = |hashes: &[String]| {
        let tells_apart =
            |n: &usize| hashes.iter().map(|hash| &hash[..*n]).collect::<BTreeSet<_>>().len() == hashes.len();
        [8, 16, 32, 64].into_iter().find(tells_apart).expect("installs differ")
    };
    let key = |install: &&InstallId| {
        let name = install.name.as_str();
        match hashes[name].as_slice() {
            [_] => name.to_string(),
            several => format!("{name}{mark}{}", &install.id.to_string()[..digits(several)]),
        }
    };
    installs.iter().map(key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn install(name: &str, digits: &str) -> InstallId {
        format!("{name}.{digits:0<64}").parse().unwrap()
    }

    #[test]
    fn a_key_has_digits_only_where_a_name_occurs_twice() {
        let ids = [
            install("gcc", "12345678a"),
            install("gcc", "12345678b"),
            install("sh", "1"),
            install("sh", "2"),
            install("zsh", ""),
        ];
        let ids: Vec<&InstallId> = ids.iter().collect();
        let expected = ["gcc~12345678a0000000", "gcc~12345678b0000000", "sh~10000000", "sh~20000000", "zsh"];
        assert_eq!(keys(&ids, '~'), expected);
        assert_eq!(keys(&ids[2..4], '.'), ["sh.10000000", "sh.20000000"]);
    }

    fn long(owner: usize, from: &Path) -> Shown<'_> {
        Shown { at: from.into(), owner, from }
    }

    #[test]
    fn two_long_links_in_one_directory_share_a_row() {
        let (a, b) = (install("1", ""), install("b", ""));
        let ids = [&a, &b];
        let names: Vec<PathBuf> =
            ["z/1", "z/2", "share/1", "share/2", "lone/1"].map(|s| format!("{s}{:060}", 0).into()).into();
        let mut links: Vec<Shown<'_>> = names.iter().map(|name| long(1, name)).collect();
        links.push(long(0, &names[0]));
        links.push(long(0, &names[1]));
        links.push(long(1, Path::new("z/short")));
        let rows = Rows::new(&ids, &links);
        // `1` is a package here, so the numbers begin at 2; the directory decides first, then the install.
        let table: Vec<String> = rows.rows().map(|(key, text)| format!("{key} {}", text.display())).collect();
        let expected = [
            format!("1 ../../{a}"),
            format!("b ../../{b}"),
            format!("2 ../../{b}/share"),
            format!("3 ../../{a}/z"),
            format!("4 ../../{b}/z"),
        ];
        assert_eq!(table, expected);
        assert_eq!(rows.text(&links[0]), Path::new(&format!("../.p/4/1{:060}", 0)));
        assert_eq!(rows.text(&links[4]), Path::new(&format!("../.p/b/lone/1{:060}", 0)));
        assert_eq!(rows.text(&links[7]), Path::new("../.p/4/short"), "all links of a row's directory use it");
    }

    #[test]
    fn sixty_bytes_are_long() {
        let id = install("p", "");
        let ids = [&id];
        for (length, rows) in [(59, 0), (60, 1)] {
            let names: Vec<PathBuf> = ["x", "y"]
                .map(|s| format!("d/{s}{}", "n".repeat(length - "../.p/p/d/x".len())).into())
                .into();
            let links: Vec<Shown<'_>> = names.iter().map(|name| long(0, name)).collect();
            assert_eq!(Rows::new(&ids, &links).directories.len(), rows, "{length}");
        }
    }
}
