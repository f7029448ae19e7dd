//! Whether a license is an SPDX expression of ids that are known.

/// Ids of the SPDX list. It has hundreds more; whoever needs one of them adds it here.
const LICENSES: [&str; 60] = [
    "0BSD",
    "AFL-2.1",
    "AGPL-3.0-only",
    "AGPL-3.0-or-later",
    "Apache-2.0",
    "Artistic-1.0-Perl",
    "Artistic-2.0",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-2-Clause-Darwin",
    "BSD-3-Clause",
    "BSD-3-Clause-flex",
    "BSD-4-Clause",
    "BSD-4-Clause-UC",
    "BSL-1.0",
    "bzip2-1.0.6",
    "CC-BY-4.0",
    "CC-BY-SA-4.0",
    "CC0-1.0",
    "curl",
    "EPL-2.0",
    "FSFAP",
    "FSFULLR",
    "FTL",
    "GFDL-1.3-or-later",
    "GPL-1.0-or-later",
    "GPL-2.0-only",
    "GPL-2.0-or-later",
    "GPL-3.0-only",
    "GPL-3.0-or-later",
    "HPND",
    "HPND-sell-variant",
    "ICU",
    "IJG",
    "ISC",
    "LGPL-2.0-only",
    "LGPL-2.0-or-later",
    "LGPL-2.1-only",
    "LGPL-2.1-or-later",
    "LGPL-3.0-only",
    "LGPL-3.0-or-later",
    "Libpng",
    "MIT",
    "MIT-0",
    "MIT-Modern-Variant",
    "MPL-1.1",
    "MPL-2.0",
    "NCSA",
    "NTP",
    "OFL-1.1",
    "OpenSSL",
    "PSF-2.0",
    "Python-2.0",
    "SSLeay-standalone",
    "Unicode-3.0",
    "Unlicense",
    "Vim",
    "X11",
    "X11-distribute-modifications-variant",
    "Zlib",
];

/// What may stand behind WITH.
const EXCEPTIONS: [&str; 7] = [
    "Autoconf-exception-3.0",
    "Bison-exception-2.2",
    "Classpath-exception-2.0",
    "GCC-exception-3.1",
    "LLVM-exception",
    "Linux-syscall-note",
    "OpenSSL-exception",
];

/// What is wrong with a license expression; an empty one is no matter of this.
pub(super) fn fault(expression: &str) -> Option<String> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ");
    let mut depth = 0_usize;
    // Before the first word an id must come, as behind an operator.
    let mut before = "AND";
    for word in spaced.split_whitespace() {
        let is_operator = |word: &str| matches!(word, "AND" | "OR" | "WITH" | "(");
        match word {
            "(" if is_operator(before) && before != "WITH" => depth += 1,
            ")" if !is_operator(before) && depth > 0 => depth -= 1,
            "AND" | "OR" | "WITH" if !is_operator(before) => {}
            "(" | ")" | "AND" | "OR" | "WITH" => {
                return Some(format!("the license `{expression}` is no expression"));
            }
            id if !is_operator(before) => {
                return Some(format!("in the license `{expression}`, AND or OR is missing before `{id}`"));
            }
            id if before == "WITH" && EXCEPTIONS.contains(&id) => {}
            id if before != "WITH" && (LICENSES.contains(&id) || id.starts_with("LicenseRef-")) => {}
            id => return Some(format!("`{id}` is no SPDX id")),
        }
        before = word;
    }
    let is_open = depth > 0 || (!expression.is_empty() && matches!(before, "AND" | "OR" | "WITH" | "("));
    is_open.then(|| format!("the license `{expression}` is no expression"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_told_from_what_is_none() {
        for right in [
            "",
            "MIT",
            "LicenseRef-public-domain",
            "GPL-2.0-only WITH Linux-syscall-note",
            "MIT AND (BSD-3-Clause OR GPL-3.0-or-later WITH GCC-exception-3.1) AND ISC",
        ] {
            assert_eq!(fault(right), None, "{right}");
        }
        for (wrong, word) in [
            ("GPLv2", "`GPLv2` is no SPDX id"),
            ("MIT ISC", "missing before `ISC`"),
            ("MIT AND", "no expression"),
            ("OR MIT", "no expression"),
            ("(MIT", "no expression"),
            ("MIT)", "no expression"),
            ("MIT ( ISC )", "no expression"),
            ("GPL-2.0-only WITH MIT", "`MIT` is no SPDX id"),
            ("()", "no expression"),
        ] {
            let found = fault(wrong);
            assert!(found.as_ref().is_some_and(|found| found.contains(word)), "{wrong}: {found:?}");
        }
    }

    #[test]
    fn the_ids_are_sorted_and_differ() {
        let plain = |id: &str| id.replace('-', " ").to_ascii_lowercase();
        assert!(LICENSES.is_sorted_by(|a, b| plain(a) < plain(b)));
        assert!(EXCEPTIONS.is_sorted());
    }
}
