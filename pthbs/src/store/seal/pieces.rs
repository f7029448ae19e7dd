//! Store names that the compiler tore apart: a constant that is copied may become numbers of 16 bytes in an object.
//!
//! No scan for whole names sees those references. A run of 16 digits that is a part of a known hash tells of them.

use std::collections::HashMap;

use crate::script::InstallId;
use crate::store::names::{Hit, Known, is_digit};

/// The size of a piece.
const PIECE: usize = 16;

/// Half a piece: of any 16 bytes in a row, 8 that begin at a multiple of 8 are a part.
const WORD: usize = 8;
/// Bytes that are looked at together.
const BLOCK: usize = 8 * WORD;

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

    /// Searches a window; windows overlap by a block and two pieces and more.
    pub(super) fn window(&mut self, bytes: &[u8], start: u64, is_last: bool) {
        let mut at = (self.next - start) as usize;
        while at + BLOCK + PIECE <= bytes.len() {
            if may_hold_digits(&bytes[at..at + BLOCK]) {
                self.look_into(bytes, start, at, at + BLOCK);
            }
            at += BLOCK;
        }
        if is_last {
            self.look_into(bytes, start, at, bytes.len());
        }
        self.next = start + at as u64;
    }

    fn look_into(&mut self, bytes: &[u8], start: u64, from: usize, to: usize) {
        for at in (from..to).step_by(WORD) {
            if bytes.get(at..at + WORD).is_some_and(|word| word.iter().all(|byte| is_digit(*byte))) {
                self.look(bytes, start, at);
            }
        }
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

/// Whether a word of eight digits may be in a block; there is none if not.
///
/// `0` to `9` and `a` to `f` have bit 7 clear, bit 5 set, and either bit 4 or bit 6, which few other bytes have. Without
/// branches inside a block, the processor tests several words at once.
fn may_hold_digits(block: &[u8]) -> bool {
    let mut may = false;
    for word in block.chunks_exact(WORD) {
        let word = u64::from_le_bytes(word.try_into().expect("a chunk has its size"));
        let bits = (word & 0xa0a0_a0a0_a0a0_a0a0) | ((word ^ (word >> 2)) & 0x1010_1010_1010_1010);
        may |= bits == 0x3030_3030_3030_3030;
    }
    may
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
        for fill in 0..140 {
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

    #[test]
    fn windows_change_nothing() {
        let zlib: InstallId = format!("zlib.{}", Sha256::of(b"zlib")).parse().unwrap();
        let installs = [zlib.clone()];
        let known = Known::new(&installs);
        let pieces = Pieces::new(&known);
        for fill in 0..300 {
            let text =
                format!("{}{}{}", "z".repeat(fill), &zlib.id.to_string()[..16], "z".repeat(300 - fill));
            let mut search = Search::new(&pieces);
            let middle = 200;
            search.window(&text.as_bytes()[..middle], 0, false);
            search.window(&text.as_bytes()[middle - 120..], middle as u64 - 120, true);
            assert_eq!(search.outside_of(&[]), [(&zlib, fill as u64)]);
        }
    }
}
