//! What changes between two environments, a line for each package.

use std::cmp::Ordering;

use crate::cli::report;
use crate::environment::{Change, Difference, Package};
use crate::genpkg::compare_versions;

/// One line for each package that is added, removed, upgraded or otherwise changed.
pub(super) fn lines(difference: &Difference) -> Vec<String> {
    let alone = |verb: &'static str, packages: &[Package]| -> Vec<String> {
        packages.iter().map(|package| report::verb(verb, described(package))).collect()
    };
    let mut lines = alone("added", &difference.added);
    lines.extend(alone("removed", &difference.removed));
    lines.extend(difference.changed.iter().map(changed));
    lines
}

/// `+1.2 MiB`; nothing where the size is the same.
pub(super) fn growth(bytes: i128) -> Option<String> {
    let sign = if bytes < 0 { '-' } else { '+' };
    let size = u64::try_from(bytes.unsigned_abs()).unwrap_or(u64::MAX);
    (size > 0).then(|| format!("{sign}{}", report::size(size)))
}

/// `zsh 5.9 3f9c1b2e 12 MiB`
fn described(package: &Package) -> String {
    let Package { install, version, size } = package;
    format!("{} {version} {} {}", install.name, install.id.short(), report::size(*size))
}

fn changed(change: &Change) -> String {
    let Change { name, from, to } = change;
    let (verb, what) = match (&from[..], &to[..]) {
        ([from], [to]) => match compare_versions(&from.version, &to.version) {
            Ordering::Less => ("upgraded", format!("{} -> {}", from.version, to.version)),
            Ordering::Greater => ("changed", format!("{} -> {}", from.version, to.version)),
            Ordering::Equal => {
                let (old, new) = (from.install.id.short(), to.install.id.short());
                ("changed", format!("{} {old} -> {new}", to.version))
            }
        },
        // A name that occurs several times.
        (from, to) => ("changed", format!("{} -> {}", several(from), several(to))),
    };
    let size = |packages: &[Package]| packages.iter().map(|package| i128::from(package.size)).sum::<i128>();
    let grown = growth(size(to) - size(from)).map_or(String::new(), |growth| format!(" {growth}"));
    report::verb(verb, format_args!("{name} {what}{grown}"))
}

fn several(packages: &[Package]) -> String {
    let each = packages.iter().map(|package| format!("{} {}", package.version, package.install.id.short()));
    each.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, digit: char, version: &str, size: u64) -> Package {
        let install = format!("{name}.{}", digit.to_string().repeat(64)).parse().unwrap();
        Package { install, version: version.to_string(), size }
    }

    #[test]
    fn each_package_has_a_line() {
        let old = [
            package("gone", '1', "1", 10),
            package("up", '1', "1.9", 2048),
            package("down", '1', "2", 1),
            package("built", '1', "3", 5),
            package("twice", '1', "1", 1),
            package("twice", '2', "2", 1),
            package("same", '1', "1", 1),
        ];
        let new = [
            package("same", '1', "1", 1),
            package("new", '1', "1", 10),
            package("up", '2', "1.10", 1024),
            package("down", '2', "1", 2),
            package("built", '2', "3", 5),
            package("twice", '3', "3", 2),
        ];
        let expected = [
            "added    new 1 11111111 10 B",
            "removed  gone 1 11111111 10 B",
            "changed  built 3 11111111 -> 22222222",
            "changed  down 2 -> 1 +1 B",
            "changed  twice 1 11111111, 2 22222222 -> 3 33333333",
            "upgraded up 1.9 -> 1.10 -1.0 KiB",
        ];
        assert_eq!(lines(&Difference::between(&old, &new)), expected);
        assert_eq!(growth(0), None);
    }
}
