//! Store names that the compiler tore apart: a constant that is copied may become numbers of 16 bytes in an object.
//!
//! No scan for whole names sees those references. A run of 16 digits that is a part of a known hash tells of them.

use std::collections::HashMap;

use crate::script::InstallId;
use crate::store::names::{Hit, Known, is_digit};

/// The size of a piece, and so the distance between two bytes that are looked at.
const PIECE: usize = 16;

/// Every 16 digits in a row of every known hash.
pub(super) struct Pieces<'a>(HashMap<[u8; PIECE], &'a InstallId>);

/// A search for pieces, through bytes that come in windows.
pub(super) struct Search<'p, 'a> {
    pieces: &'p Pieces<'a>,
    next: u64,
    found: Vec<(&'a InstallId, u64)>,
}

impl<'a> Pieces<'a> {
    pub(super) fn new(known: &Known<'a>) -> Pieces<'a> {
        let mut pieces = HashMap::new();
        for install in known.installs() {
            let digits = install.id.to_string();
            for window in digits.as_bytes().windows(PIECE) {
                pieces.insert(window.try_into().expect("a window has its size"), install);
            }
        }
        Pieces(pieces)
    }
}

impl<'p, 'a> Search<'p, 'a> {
    pub(super) fn new(pieces: &'p Pieces<'a>) -> Search<'p, 'a> {
        Search { pieces, next: 0, found: Vec::new() }
    }

    /// Searches a window; windows overlap by two pieces and more.
    pub(super) fn window(&mut self, bytes: &[u8], start: u64, is_last: bool) {
        let mut at = (self.next - start) as usize;
        let end = if is_last { bytes.len() } else { bytes.len().saturating_sub(PIECE) };
        while at < end {
            if is_digit(bytes[at]) {
                self.look(bytes, start, at);
            }
            at += PIECE;
        }
        self.next = start + at as u64;
    }

    fn look(&mut self, bytes: &[u8], start: u64, at: usize) {
        let before = bytes[..at].iter().rev().take(PIECE - 1).take_while(|byte| is_digit(**byte)).count();
        let after = bytes[at..].iter().take(PIECE).take_while(|byte| is_digit(**byte)).count();
        for (index, window) in bytes[at - before..at + after].windows(PIECE).enumerate() {
            if let Some(install) = self.pieces.0.get(window) {
                self.found.push((install, start + (at - before + index) as u64));
                return;
            }
        }
    }

    /// The first piece of each install that does not belong to a whole name.
    pub(super) fn outside_of(self, hits: &[Hit<'_>]) -> Vec<(&'a InstallId, u64)> {
        let mut found: Vec<_> = self.found;
        found.retain(|(_, offset)| {
            let before = hits.partition_point(|hit| hit.offset <= *offset);
            before == 0 || hits[before - 1].end() <= *offset
        });
        found.sort_unstable();
        found.dedup_by(|next, first| next.0 == first.0);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Sha256;

    #[test]
    fn a_torn_name_is_found_and_a_whole_one_is_not_torn() {
        let zlib: InstallId = format!("zlib.{}", Sha256::of(b"zlib")).parse().unwrap();
        let other: InstallId = format!("other.{}", Sha256::of(b"other")).parse().unwrap();
        let installs = [zlib.clone()];
        let known = Known::new(&installs);
        let pieces = Pieces::new(&known);
        let digits = zlib.id.to_string();
        for fill in 0..40 {
            let fill = "z".repeat(fill);
            let whole = format!("{fill}/versions/{zlib}/lib {other}");
            let torn = format!("{whole}{fill}x{}x{}y", &digits[5..21], &digits[40..60]);
            for (text, expected) in [(&whole, None), (&torn, Some(whole.len() + fill.len() + 1))] {
                let mut search = Search::new(&pieces);
                search.window(text.as_bytes(), 0, true);
                let found = search.outside_of(&known.hits_in(text.as_bytes()));
                let offsets: Vec<usize> = found.iter().map(|(_, offset)| *offset as usize).collect();
                assert_eq!(offsets, Vec::from_iter(expected), "{text}");
            }
        }
    }
}
