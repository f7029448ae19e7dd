//! The order of versions, as upstreams count: numbers as numbers, a pre-release before its release.

use std::cmp::Ordering;

/// Compares two versions: `1.10` is newer than `1.9`, `2.0` than `2.0rc1`, `1.2a` than `1.2`.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (parts(a), parts(b));
    for position in 0..a.len().max(b.len()) {
        let order = match (a.get(position), b.get(position)) {
            (Some(a), Some(b)) => a.cmp(b),
            // A further part is newer, but for one that says that it comes before.
            (Some(further), None) => further.cmp(&Part::End),
            (None, Some(further)) => Part::End.cmp(further),
            (None, None) => Ordering::Equal,
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// A run of digits or of letters. The order of the kinds is the order of versions.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
    /// `rc`, `beta`, ...
    Before(&'a str),
    /// Nothing more.
    End,
    /// Letters: `1.0.2k`
    Letters(&'a str),
    /// Digits without leading zeros: the longer one is the larger.
    Number(usize, &'a str),
}

fn parts(version: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    for word in version.split(['.', '-', '_', '+', '~']).filter(|word| !word.is_empty()) {
        let mut rest = word;
        while let Some(first) = rest.chars().next() {
            let is_digit = first.is_ascii_digit();
            let end = rest.find(|c: char| c.is_ascii_digit() != is_digit).unwrap_or(rest.len());
            let (run, after) = rest.split_at(end);
            parts.push(match run {
                _ if is_digit => {
                    let digits = run.trim_start_matches('0');
                    Part::Number(digits.len(), digits)
                }
                "rc" | "RC" | "pre" | "alpha" | "beta" | "dev" => Part::Before(run),
                _ => Part::Letters(run),
            });
            rest = after;
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn versions_are_ordered_as_upstreams_count() {
        let ordered = [
            "0.9", "1.0alpha", "1.0beta2", "1.0rc1", "1.0", "1.0.0", "1.0.2a", "1.0.2k", "1.0.10", "1.1",
            "1.9", "1.10", "2", "5.9", "5.9.0.1", "20250104", "20251231",
        ];
        for (i, a) in ordered.iter().enumerate() {
            for (j, b) in ordered.iter().enumerate() {
                assert_eq!(compare(a, b), i.cmp(&j), "{a} {b}");
            }
        }
        assert_eq!(compare("1.01", "1.1"), Ordering::Equal);
    }

    proptest! {
        /// A failure means that which version is the newest depends on the order in which they are looked at.
        #[test]
        fn the_order_is_an_order(
            versions in proptest::collection::vec("[0-9]{1,2}([.a-c-]|rc|[0-9]){0,6}", 3)
        ) {
            let [a, b, c] = &versions[..] else { unreachable!("three were asked for") };
            prop_assert_eq!(compare(a, b), compare(b, a).reverse());
            if compare(a, b) != Ordering::Greater && compare(b, c) != Ordering::Greater {
                prop_assert_ne!(compare(a, c), Ordering::Greater);
            }
        }
    }
}
