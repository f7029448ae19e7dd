//! The script's header: the whole machine-readable contract between the halves.
//!
//! A header has one spelling. What `Header::parse` accepts is exactly what printing it gives back, so that two tools
//! can never disagree on what a script asks for. `docs/formats.md` describes it with an example.

use std::collections::BTreeSet;
use std::fmt;

use super::name::{InstallId, PackageName};
use crate::base::{Error, Result, Sha256};

/// Everything the builder reads from a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The package.
    pub name: PackageName,
    /// Upstream's version, for people; the id is what identifies.
    pub version: String,
    /// The machine that the script runs on, such as `x86_64-linux`.
    pub system: String,
    /// What it makes, such as `x86_64-linux-musl`.
    pub target: String,
    /// Files and commits, in the order of their lines.
    pub sources: Vec<Source>,
    /// Programs for the machine that builds: they make up `/env`. These three are sorted, each install once.
    pub tools: Vec<InstallId>,
    /// Libraries and data for the target.
    pub deps: Vec<InstallId>,
    /// What is needed at run time too.
    pub needs: Vec<InstallId>,
    /// How much of the host the script sees.
    pub sandbox: Sandbox,
    /// Whether PATH holds `/env/bin`.
    pub set_path: bool,
    /// Whether a program that is not static is an error.
    pub is_static: bool,
}

/// How much of the host a script sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sandbox {
    /// Nothing but what is declared.
    On,
    /// The host's programs and libraries too, read-only.
    Host,
    /// The whole host, read-only; the rest of the sandbox stays.
    Off,
}

/// Bytes from outside, named by their hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file; `strip` is the number of leading path components dropped when it is unpacked.
    File { sha256: Sha256, name: String, unpack: Unpack },
    /// A git commit, exported as a tree whose own sum is `tree`.
    Git { commit: String, tree: Sha256, name: String },
}

/// What becomes of a source file before the script starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unpack {
    /// It lies in `$src` as it is.
    No,
    /// It is unpacked without its first `strip` path components.
    Yes { strip: u32 },
}

/// The header's first lines; a change in what a build can observe of the builder is a new number.
const START: &str = "#!/bin/sh\n#@ pthbs 1\n";
/// Keys in the order they stand in.
const KEYS: [&str; 9] = ["name", "version", "system", "target", "source", "tool", "dep", "needs", "build"];
/// How the sum of a source begins that a definition does not know yet (`sha256=""`): no file has it.
pub const UNKNOWN_SUM: &str = "0000000000000000";
/// File name endings that fall away when an archive becomes a directory.
const ARCHIVE_ENDINGS: [&str; 11] = [
    ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tbz", ".tar.zst", ".tzst", ".tar", ".crate",
];

impl Source {
    /// Its entry below `$src`: the file's name, or for an archive that name without its ending.
    pub fn entry(&self) -> &str {
        match self {
            Source::File { name, unpack: Unpack::No, .. } | Source::Git { name, .. } => name,
            Source::File { name, unpack: Unpack::Yes { .. }, .. } => without_archive_ending(name),
        }
    }

    /// The file's name, or the git source's.
    pub fn name(&self) -> &str {
        match self {
            Source::File { name, .. } | Source::Git { name, .. } => name,
        }
    }

    /// What names its bytes in the download lists: a sha256, or a commit.
    pub fn key(&self) -> String {
        match self {
            Source::File { sha256, .. } => sha256.to_string(),
            Source::Git { commit, .. } => commit.clone(),
        }
    }

    /// Reads the value of a `source` line; says what is wrong with it otherwise.
    fn parse(value: &str) -> Result<Source, String> {
        let mut words = value.split(' ');
        let (kind, rest) = words.next().and_then(|word| word.split_once(':')).ok_or("it has no kind")?;
        match kind {
            "sha256" => {
                let sha256 = rest.parse().map_err(|_| format!("`{rest}` is not a sha256"))?;
                let name = source_name(words.next())?;
                let mut unpack = Unpack::Yes { strip: 1 };
                if let Some(word) = words.next() {
                    unpack = match word.split_once('=') {
                        Some(("unpack", "no")) => Unpack::No,
                        Some(("strip", n)) => Unpack::Yes { strip: small_number(n)? },
                        _ => return Err(format!("unknown word `{word}`")),
                    };
                }
                Ok(Source::File { sha256, name, unpack })
            }
            "git" => {
                let is_commit = matches!(rest.len(), 40 | 64)
                    && rest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
                if !is_commit {
                    return Err(format!("`{rest}` is not a full commit id"));
                }
                let tree =
                    words.next().and_then(|word| word.strip_prefix("tree:")).ok_or("it has no `tree:`")?;
                let tree = tree.parse().map_err(|_| format!("`{tree}` is not a sha256"))?;
                Ok(Source::Git { commit: rest.to_string(), tree, name: source_name(words.next())? })
            }
            _ => Err(format!("unknown kind `{kind}`")),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::File { sha256, name, unpack } => {
                write!(f, "sha256:{sha256} {name}")?;
                match unpack {
                    Unpack::No => write!(f, " unpack=no"),
                    Unpack::Yes { strip: 1 } => Ok(()),
                    Unpack::Yes { strip } => write!(f, " strip={strip}"),
                }
            }
            Source::Git { commit, tree, name } => write!(f, "git:{commit} tree:{tree} {name}"),
        }
    }
}

impl Sandbox {
    /// The word in the header.
    pub fn as_str(self) -> &'static str {
        match self {
            Sandbox::On => "on",
            Sandbox::Host => "host",
            Sandbox::Off => "off",
        }
    }

    /// Reads the word in the header.
    pub fn from_word(word: &str) -> Option<Sandbox> {
        [Sandbox::On, Sandbox::Host, Sandbox::Off].into_iter().find(|sandbox| sandbox.as_str() == word)
    }
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on = |flag| if flag { "on" } else { "off" };
        // Every script is printed once: pieces are written as they are, where formatting would cost as much again.
        let mut put = |pieces: &[&str]| pieces.iter().try_for_each(|piece| f.write_str(piece));
        put(&[START, "#@ name ", self.name.as_str(), "\n#@ version ", &self.version])?;
        put(&["\n#@ system ", &self.system, "\n#@ target ", &self.target, "\n"])?;
        let mut sources: Vec<String> = self.sources.iter().map(Source::to_string).collect();
        sources.sort();
        sources.dedup();
        sources.iter().try_for_each(|source| put(&["#@ source ", source, "\n"]))?;
        for (key, ids) in [("#@ tool ", &self.tools), ("#@ dep ", &self.deps), ("#@ needs ", &self.needs)] {
            ids.iter()
                .try_for_each(|id| put(&[key, id.name.as_str(), ".", id.id.digits(&mut [0; 64]), "\n"]))?;
        }
        let (path, is_static) = (on(self.set_path), on(self.is_static));
        let sandbox = self.sandbox.as_str();
        put(&["#@ build sandbox=", sandbox, " set_path=", path, " static=", is_static, "\n"])
    }
}

impl Header {
    /// Reads the header at the beginning of a script; `place` is the file named in errors.
    pub fn parse(text: &str, place: &str) -> Result<Header> {
        let wrong = |line: usize, why: String| {
            Error::usage("this is no script that pthbs can build")
                .with("where", format!("{place}:{line}"))
                .line(why)
        };
        let Some(rest) = text.strip_prefix(START) else {
            let version = text.strip_prefix("#!/bin/sh\n#@ pthbs ").and_then(|rest| rest.lines().next());
            return Err(match version {
                Some(version) => wrong(
                    2,
                    format!(
                        "it is written for `pthbs {}`; this program reads `pthbs 1`",
                        version.escape_debug()
                    ),
                ),
                None => wrong(1, "it does not begin with `#!/bin/sh` and `#@ pthbs 1`".to_string()),
            });
        };

        let mut lines = Lines::default();
        let mut number = START.lines().count();
        let mut length = START.len();
        let mut stage = 0;
        for line in rest.split_inclusive('\n') {
            let Some(line_text) = line.strip_prefix("#@ ") else { break };
            number += 1;
            length += line.len();
            let line_text = line_text.strip_suffix('\n').unwrap_or(line_text);
            let (key, value) = line_text.split_once(' ').unwrap_or((line_text, ""));
            let position = KEYS.iter().position(|known| *known == key);
            let Some(position) = position else {
                return Err(wrong(number, format!("unknown key `{}`", key.escape_debug())));
            };
            if position < stage {
                return Err(wrong(number, format!("`{key}` stands after `{}`", KEYS[stage])));
            }
            stage = position;
            lines.take(position, value).map_err(|why| wrong(number, why))?;
        }
        let header = lines.finish().map_err(|why| wrong(number, why))?;

        if header.to_string() != text[..length] {
            let printed = header.to_string();
            let differs = printed.lines().zip(text.lines()).position(|(ours, theirs)| ours != theirs);
            let line = differs.unwrap_or(number - 1) + 1;
            let expected = printed.lines().nth(line - 1).unwrap_or_default();
            return Err(wrong(line, format!("a header has one spelling; expected `{expected}`")));
        }
        for (index, line) in text[length..].lines().enumerate() {
            let key = line.strip_prefix("#@ ").and_then(|rest| rest.split(' ').next());
            if let Some(key) = key.filter(|key| KEYS.contains(key)) {
                return Err(wrong(number + 1 + index, format!("`#@ {key}` stands outside of the header")));
            }
        }
        Ok(header)
    }

    /// Everything that must be there for the script to run.
    pub fn inputs(&self) -> impl Iterator<Item = &InstallId> {
        self.tools.iter().chain(&self.deps).chain(&self.needs)
    }
}

/// Header lines as they are collected.
#[derive(Default)]
struct Lines {
    name: Option<PackageName>,
    words: [Option<String>; 3],
    sources: Vec<Source>,
    inputs: [BTreeSet<InstallId>; 3],
    build: Option<(Sandbox, bool, bool)>,
}

impl Lines {
    /// Takes one line in; `position` is the place of its key in `KEYS`.
    fn take(&mut self, position: usize, value: &str) -> Result<(), String> {
        let twice = || format!("`{}` stands twice", KEYS[position]);
        match position {
            0 => {
                let name = value.parse().map_err(|error: Error| error.what().to_string())?;
                self.name.replace(name).map_or(Ok(()), |_| Err(twice()))
            }
            1..=3 => {
                let word = word(KEYS[position], value)?;
                self.words[position - 1].replace(word).map_or(Ok(()), |_| Err(twice()))
            }
            4 => {
                let source = Source::parse(value)?;
                if let Some(other) = self.sources.iter().find(|other| other.entry() == source.entry()) {
                    return Err(format!("two sources would both be `{}` in $src", other.entry()));
                }
                self.sources.push(source);
                Ok(())
            }
            5..=7 => {
                let id: InstallId = value.parse().map_err(|error: Error| error.what().to_string())?;
                if self.inputs[position - 5].insert(id) { Ok(()) } else { Err(twice()) }
            }
            _ => {
                let build = parse_build(value).ok_or_else(|| {
                    format!("`{value}` is not `sandbox=on|host|off set_path=on|off static=on|off`")
                })?;
                self.build.replace(build).map_or(Ok(()), |_| Err(twice()))
            }
        }
    }

    fn finish(self) -> Result<Header, String> {
        let missing = |key: &str| format!("`#@ {key}` is missing");
        let [version, system, target] = self.words;
        let [tools, deps, needs] = self.inputs.map(|ids| ids.into_iter().collect());
        let (sandbox, set_path, is_static) = self.build.ok_or_else(|| missing("build"))?;
        Ok(Header {
            name: self.name.ok_or_else(|| missing("name"))?,
            version: version.ok_or_else(|| missing("version"))?,
            system: system.ok_or_else(|| missing("system"))?,
            target: target.ok_or_else(|| missing("target"))?,
            sources: self.sources,
            tools,
            deps,
            needs,
            sandbox,
            set_path,
            is_static,
        })
    }
}

/// A version, a system or a target: one plain word.
pub fn word(key: &str, value: &str) -> Result<String, String> {
    let starts_well = value.starts_with(|c: char| c.is_ascii_alphanumeric());
    let plain = value.bytes().all(|b| b.is_ascii_alphanumeric() || b".+_~-".contains(&b));
    if starts_well && plain && value.len() <= 128 {
        Ok(value.to_string())
    } else {
        Err(format!("`{}` is not a {key}: letters, digits and `. + _ ~ -`", value.escape_debug()))
    }
}

/// A file's name without the ending that makes it an archive.
pub fn without_archive_ending(name: &str) -> &str {
    let stem = ARCHIVE_ENDINGS.iter().find_map(|ending| name.strip_suffix(ending));
    stem.filter(|stem| !stem.is_empty()).unwrap_or(name)
}

/// A source's file name: one plain path component.
pub fn source_name(word: Option<&str>) -> Result<String, String> {
    let name = word.ok_or("it has no name")?;
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b".+_~@%-".contains(&b));
    if starts_well && plain && name.len() <= 200 {
        Ok(name.to_string())
    } else {
        Err(format!("`{}` is not a source's name: letters, digits and `. + _ ~ @ % -`", name.escape_debug()))
    }
}

fn small_number(text: &str) -> Result<u32, String> {
    text.parse().ok().filter(|n| *n <= 32).ok_or_else(|| format!("`{text}` is not a number from 0 to 32"))
}

fn parse_build(value: &str) -> Option<(Sandbox, bool, bool)> {
    let flag = |word: &str| match word {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    };
    let mut words = value.split(' ');
    let sandbox = Sandbox::from_word(words.next()?.strip_prefix("sandbox=")?)?;
    let set_path = flag(words.next()?.strip_prefix("set_path=")?)?;
    let is_static = flag(words.next()?.strip_prefix("static=")?)?;
    words.next().is_none().then_some((sandbox, set_path, is_static))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SUM: &str = "9b8d1ecedd5b5e81fbf1918e876752a7dd948e05c1a0dba10ab863842d45acd5";

    fn example() -> String {
        format!(
            "#!/bin/sh\n#@ pthbs 1\n#@ name zsh\n#@ version 5.9\n#@ system x86_64-linux\n#@ target x86_64-linux-musl\n\
             #@ source sha256:{SUM} zsh-5.9.tar.xz\n#@ tool busybox.{SUM}\n#@ dep ncurses.{SUM}\n\
             #@ build sandbox=on set_path=on static=on\nset -eu\n"
        )
    }

    fn why(text: &str) -> String {
        Header::parse(text, "zsh.sh").unwrap_err().to_string()
    }

    #[test]
    fn a_header_reads_back_as_it_was_printed() {
        let text = example();
        let header = Header::parse(&text, "zsh.sh").unwrap();
        assert_eq!(format!("{header}set -eu\n"), text);
        assert_eq!(header.sources[0].entry(), "zsh-5.9");
    }

    #[test]
    fn an_unknown_key_or_a_newer_number_is_an_error() {
        assert!(why(&example().replace("#@ dep", "#@ depp")).contains("zsh.sh:9\n  unknown key `depp`"));
        assert!(why(&example().replace("pthbs 1", "pthbs 2")).contains("this program reads `pthbs 1`"));
        assert!(why("echo hello\n").contains("does not begin with"));
    }

    #[test]
    fn a_header_has_one_spelling() {
        assert!(
            why(&example().replace(".tar.xz", ".tar.xz strip=1"))
                .contains("zsh.sh:7\n  a header has one spelling")
        );
        let swapped =
            example().replace("#@ tool", "#@ x").replace("#@ dep", "#@ tool").replace("#@ x", "#@ dep");
        assert!(why(&swapped).contains("`tool` stands after `dep`"));
        let late = example().replace("set -eu\n", "set -eu\n#@ dep x\n");
        assert!(why(&late).contains("stands outside of the header"));
        assert!(why(&example().replace("\n#@ version 5.9", "")).contains("`#@ version` is missing"));
    }

    #[test]
    fn a_source_cannot_leave_its_directory() {
        for name in ["../x", "a/b", ".hidden", "-x", ""] {
            assert!(Header::parse(&example().replace("zsh-5.9.tar.xz", name), "zsh.sh").is_err(), "{name}");
        }
    }

    #[test]
    fn two_sources_cannot_share_an_entry() {
        let text = example();
        let first = text.lines().nth(6).unwrap();
        let second = first.replace(".tar.xz", ".tar.gz");
        assert!(why(&text.replace(first, &format!("{second}\n{first}"))).contains("would both be `zsh-5.9`"));
    }

    prop_compose! {
        fn any_id()(name in "[a-z0-9][a-z0-9+_-]{0,8}", bytes: [u8; 4]) -> Option<InstallId> {
            format!("{name}.{}", Sha256::of(&bytes)).parse().ok()
        }
    }

    fn any_source() -> impl Strategy<Value = Source> {
        let sum = any::<[u8; 4]>().prop_map(|bytes| Sha256::of(&bytes));
        let unpack = prop_oneof![Just(Unpack::No), (0..4u32).prop_map(|strip| Unpack::Yes { strip })];
        let file = (sum.clone(), "[a-z][a-z0-9.+_~@%-]{0,12}", unpack)
            .prop_map(|(sha256, name, unpack)| Source::File { sha256, name, unpack });
        let git = ("[0-9a-f]{40}", sum, "[a-z][a-z0-9-]{0,12}")
            .prop_map(|(commit, tree, name)| Source::Git { commit, tree, name });
        prop_oneof![file, git]
    }

    prop_compose! {
        fn any_header()(
            name in "[a-z0-9][a-z0-9+_-]{0,63}", version in "[0-9][a-z0-9.+_~-]{0,9}",
            sources in prop::collection::vec(any_source(), 0..4),
            ids in prop::array::uniform3(prop::collection::vec(any_id(), 0..4)),
            sandbox in prop_oneof![Just(Sandbox::On), Just(Sandbox::Host), Just(Sandbox::Off)],
            set_path: bool, is_static: bool,
        ) -> Option<Header> {
            let name = name.parse().ok()?;
            let mut entries = BTreeSet::new();
            let mut sources: Vec<Source> = sources.into_iter().filter(|s| entries.insert(s.entry().to_string())).collect();
            sources.sort_by_key(Source::to_string);
            let sorted = |ids: Vec<Option<InstallId>>| ids.into_iter().flatten().collect::<BTreeSet<_>>();
            let [tools, deps, needs] = ids.map(|ids| sorted(ids).into_iter().collect());
            let (system, target) = ("x86_64-linux".to_string(), "x86_64-linux-musl".to_string());
            Some(Header { name, version, system, target, sources, tools, deps, needs, sandbox, set_path, is_static })
        }
    }

    proptest! {
        // A failure means that a script could be written that its own reader refuses or reads otherwise.
        #[test]
        fn printing_and_reading_are_inverse(header in any_header()) {
            if let Some(header) = header {
                prop_assert_eq!(Header::parse(&format!("{header}set -eu\n"), "x").unwrap(), header);
            }
        }

        // A failure means that two scripts could share an identity, or that a header has two spellings.
        #[test]
        fn one_changed_byte_changes_the_id_and_never_panics(at in 0..400usize, byte: u8) {
            let mut bytes = example().into_bytes();
            let at = at % bytes.len();
            prop_assume!(bytes[at] != byte);
            let before = Sha256::of(&bytes);
            bytes[at] = byte;
            prop_assert_ne!(before, Sha256::of(&bytes));
            if let Ok(text) = String::from_utf8(bytes)
                && let Ok(header) = Header::parse(&text, "x") {
                    prop_assert!(text.starts_with(&header.to_string()));
                }
        }

        #[test]
        fn garbage_never_panics(text in "(#!/bin/sh\n#@ pthbs 1\n)?(#@ [a-z]{0,8} .{0,20}\n){0,8}.{0,40}") {
            let _ = Header::parse(&text, "x");
        }
    }
}
