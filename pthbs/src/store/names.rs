//! Store names in bytes: where `NAME.HASH` stands in a file, found while the bytes go by.
//!
//! A name is found by its 64 digits: of any 64 bytes in a row one lies at a multiple of 64, so only every 64th byte is
//! looked at, and only a hexadecimal digit there is worth a second look. That needs no list of needles and costs a few
//! hundredths of what the sum over the same bytes costs.

use std::collections::{BTreeSet, HashMap};

use super::LOGICAL;
use crate::base::Sha256;
use crate::script::InstallId;

/// Digits in a hash, and so the distance between two bytes that are looked at.
const DIGITS: usize = 64;
/// What precedes the digits at most: `/versions/`, a name, a dot.
pub(super) const LOOK_BACK: usize = LOGICAL.len() + 1 + 64 + 1 + DIGITS;

/// The installs whose names mean something in a tree: itself, and all that its script could see.
#[derive(Debug)]
pub(super) struct Known<'a> {
    by_sum: HashMap<Sha256, Vec<&'a InstallId>>,
}

/// A name that stands somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit<'a> {
    pub(super) install: &'a InstallId,
    /// Where its first byte is.
    pub(super) offset: u64,
}

impl Hit<'_> {
    /// Where the bytes after the name begin.
    pub(super) fn end(&self) -> u64 {
        self.offset + length(self.install) as u64
    }
}

/// Bytes in `NAME.HASH`.
pub(super) fn length(install: &InstallId) -> usize {
    install.name.as_str().len() + 1 + DIGITS
}

impl<'a> Known<'a> {
    pub(super) fn new(installs: impl IntoIterator<Item = &'a InstallId>) -> Known<'a> {
        let mut by_sum: HashMap<_, Vec<_>> = HashMap::new();
        for install in installs {
            by_sum.entry(install.id.0).or_default().push(install);
        }
        // A sum has one name, because the script says it. Should it not be so, the longest is the one that stands there.
        by_sum.values_mut().for_each(|installs| installs.sort_by_key(|id| std::cmp::Reverse(length(id))));
        Known { by_sum }
    }

    pub(super) fn installs(&self) -> impl Iterator<Item = &'a InstallId> {
        self.by_sum.values().flatten().copied()
    }

    /// The known names in a short text.
    pub(super) fn hits_in(&self, text: &[u8]) -> Vec<Hit<'a>> {
        let mut search = Search::new(self);
        search.window(text, 0, true);
        search.hits
    }

    /// The names after `/versions/` in a short text that are not known.
    pub(super) fn strangers_in(&self, text: &[u8]) -> BTreeSet<String> {
        let mut search = Search::new(self);
        search.window(text, 0, true);
        search.strangers
    }
}

/// A search through bytes that come in windows.
pub(super) struct Search<'k, 'a> {
    known: &'k Known<'a>,
    /// The next offset to look at, a multiple of the distance.
    next: u64,
    /// Known names, by ascending offset; none begins inside another.
    pub(super) hits: Vec<Hit<'a>>,
    /// `/versions/NAME.HASH` that is not known.
    pub(super) strangers: BTreeSet<String>,
}

impl<'k, 'a> Search<'k, 'a> {
    pub(super) fn new(known: &'k Known<'a>) -> Search<'k, 'a> {
        Search { known, next: 0, hits: Vec::new(), strangers: BTreeSet::new() }
    }

    /// Searches a window, `start` being the offset of its first byte.
    ///
    /// Windows overlap: each but the first begins with the last `LOOK_BACK + DIGITS` bytes of the one before, or more.
    pub(super) fn window(&mut self, bytes: &[u8], start: u64, is_last: bool) {
        let mut at = (self.next - start) as usize;
        let end = if is_last { bytes.len() } else { bytes.len().saturating_sub(DIGITS) };
        while at < end {
            if is_digit(bytes[at]) {
                self.look(bytes, start, at);
            }
            at += DIGITS;
        }
        self.next = start + at as u64;
    }

    /// Looks for a name whose digits include the one at `at`.
    fn look(&mut self, bytes: &[u8], start: u64, at: usize) {
        let before = bytes[..at].iter().rev().take(DIGITS).take_while(|byte| is_digit(**byte)).count();
        let first = at - before;
        if first == 0 || bytes[first - 1] != b'.' {
            return;
        }
        let Some(digits) = bytes.get(first..first + DIGITS) else { return };
        let Some(sum) = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<Sha256>().ok())
        else {
            return;
        };
        let before = &bytes[..first - 1];
        let named = self.known.by_sum.get(&sum).and_then(|installs| {
            installs.iter().copied().find(|install| before.ends_with(install.name.as_str().as_bytes()))
        });
        match named {
            Some(install) => {
                let offset = start + (before.len() - install.name.as_str().len()) as u64;
                if self.hits.last().is_none_or(|last| last.end() <= offset) {
                    self.hits.push(Hit { install, offset });
                }
            }
            None => {
                if let Some(name) = name_in_store(before) {
                    self.strangers.insert(format!("{name}.{sum}"));
                }
            }
        }
    }
}

/// The name at the end of `before`, if `/versions/` stands before it. `env` is one here.
fn name_in_store(before: &[u8]) -> Option<&str> {
    let is_of_name = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'_' | b'-');
    let length = before.iter().rev().take(65).take_while(|byte| is_of_name(byte)).count();
    let (path, name) = before.split_at(before.len() - length);
    let is_in_store = path.strip_suffix(b"/").is_some_and(|path| path.ends_with(LOGICAL.as_bytes()));
    let name = std::str::from_utf8(name).ok()?;
    (is_in_store && (1..=64).contains(&name.len())).then_some(name)
}

pub(super) fn is_digit(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn install(name: &str) -> InstallId {
        format!("{name}.{}", Sha256::of(name.as_bytes())).parse().unwrap()
    }

    #[test]
    fn names_are_found_wherever_they_stand() {
        let (zlib, musl) = (install("zlib"), install("musl"));
        let known = Known::new([&zlib, &musl]);
        for before in 0..140 {
            let text = format!("{}{zlib}/lib:-L{musl}abc{zlib}", "x".repeat(before));
            let hits = known.hits_in(text.as_bytes());
            let offsets: Vec<(&InstallId, usize)> =
                hits.iter().map(|hit| (hit.install, hit.offset as usize)).collect();
            let second = before + length(&zlib) + "/lib:-L".len();
            let third = second + length(&musl) + "abc".len();
            assert_eq!(offsets, [(&zlib, before), (&musl, second), (&zlib, third)], "{before}");
        }
    }

    #[test]
    fn a_sum_in_a_document_is_content() {
        let (zlib, other) = (install("zlib"), install("other"));
        let known = Known::new([&zlib]);
        let text = format!("{}  zlib.tar\n{other}\nmusl.{}\nzlib.{}", other.id, zlib.id, other.id);
        assert_eq!(known.hits_in(text.as_bytes()), []);
        assert!(known.strangers_in(text.as_bytes()).is_empty());
        let short = zlib.to_string();
        assert_eq!(known.hits_in(&short.as_bytes()[..short.len() - 1]), []);
        assert_eq!(known.hits_in(short.to_uppercase().as_bytes()), []);
    }

    #[test]
    fn a_strange_store_path_is_told() {
        let (zlib, other) = (install("zlib"), install("other"));
        let environment = format!("env.{}", other.id);
        let known = Known::new([&zlib]);
        let text = format!("/versions/{zlib} /versions/{other}/bin /versions/{environment} /x/{other}");
        assert_eq!(known.strangers_in(text.as_bytes()), BTreeSet::from([other.to_string(), environment]));
    }

    proptest! {
        // A failure means that a reference across two windows is lost, or told twice.
        #[test]
        fn windows_change_nothing(parts in prop::collection::vec((0usize..200, 0usize..3), 0..12), window in 300usize..700) {
            let installs = [install("a"), install("zlib-with-a-longer-name"), install("musl")];
            let known = Known::new(&installs[..2]);
            let mut text = Vec::new();
            for (fill, which) in parts {
                text.extend(std::iter::repeat_n(b"0x/"[which], fill));
                text.extend(format!("/versions/{}", installs[which]).bytes());
            }
            let mut search = Search::new(&known);
            let mut start = 0;
            loop {
                let end = (start + window).min(text.len());
                search.window(&text[start..end], start as u64, end == text.len());
                if end == text.len() {
                    break;
                }
                start = end - LOOK_BACK - DIGITS;
            }
            prop_assert_eq!(search.hits, known.hits_in(&text));
            prop_assert_eq!(search.strangers, known.strangers_in(&text));
        }
    }
}
