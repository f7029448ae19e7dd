//! Submodules: what `.gitmodules` says, and which of its URLs may be followed.

use std::collections::BTreeMap;

/// URLs by path. Entries without both are left out, as git leaves them out.
pub(super) fn parse(text: &str) -> BTreeMap<String, String> {
    let mut sections: BTreeMap<String, (Option<String>, Option<String>)> = BTreeMap::new();
    let mut section: Option<String> = None;
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[') {
            section = name.starts_with("submodule ").then(|| line.to_string());
        } else if let (Some(section), Some((key, value))) = (&section, line.split_once('=')) {
            let entry = sections.entry(section.clone()).or_default();
            // The first one counts, so that a later line cannot quietly change what a reader saw.
            match key.trim().to_ascii_lowercase().as_str() {
                "path" => entry.0 = entry.0.take().or_else(|| unquoted(value)),
                "url" => entry.1 = entry.1.take().or_else(|| unquoted(value)),
                _ => {}
            }
        }
    }
    sections.into_values().filter_map(|(path, url)| Some((path?, url?))).collect()
}

/// A value of git's configuration format: quotes, backslashes, comments.
fn unquoted(value: &str) -> Option<String> {
    let (mut text, mut is_quoted) = (String::new(), false);
    let mut characters = value.trim().chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => is_quoted = !is_quoted,
            '\\' => text.push(characters.next().filter(|next| matches!(next, '"' | '\\'))?),
            '#' | ';' if !is_quoted => break,
            other => text.push(other),
        }
    }
    let text = if is_quoted { return None } else { text.trim_end() };
    (!text.is_empty()).then(|| text.to_string())
}

/// The URL of a submodule, seen from its parent's; says why it may not be followed otherwise.
///
/// A repository that came over the network must not make us read this machine's files, so only `https:`, `http:` and
/// what is relative to the parent are followed.
pub(super) fn resolve(parent: &str, url: &str) -> Result<String, String> {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        Some("http" | "https") => return Ok(url.to_string()),
        Some(_) => return Err(format!("`{}` is neither `https:` nor `http:`", url.escape_debug())),
        None => {}
    }
    if !url.starts_with("./") && !url.starts_with("../") {
        return Err(format!("`{}` is neither `https:`, `http:` nor relative", url.escape_debug()));
    }
    let (mut base, mut rest) = (parent.trim_end_matches('/'), url);
    loop {
        if let Some(after) = rest.strip_prefix("./") {
            rest = after;
        } else if let Some(after) = rest.strip_prefix("../") {
            let up = base.rfind('/').filter(|slash| !base[..*slash].ends_with(['/', ':']));
            base = &base[..up.ok_or_else(|| format!("`{}` leads out of `{parent}`", url.escape_debug()))?];
            rest = after;
        } else {
            break;
        }
    }
    let is_plain = !rest.is_empty() && rest.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if is_plain {
        Ok(format!("{base}/{rest}"))
    } else {
        Err(format!("`{}` is no plain path", url.escape_debug()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gitmodules_file_is_read() {
        let text = "# comment\n[core]\n path = no\n url = no\n[submodule \"a\"]\n\tpath = lib/a ; x\n\turl = \"../a b.git\"\n\
                    \turl = second\n[submodule \"b\"]\n\tpath = b\n[submodule \"c\"]\n path=c\nURL=https://h/c#1\n";
        let modules: Vec<(String, String)> = parse(text).into_iter().collect();
        let expected = [("c", "https://h/c"), ("lib/a", "../a b.git")];
        assert_eq!(modules, expected.map(|(path, url)| (path.to_string(), url.to_string())));
    }

    #[test]
    fn relative_urls_are_seen_from_the_parent() {
        let resolved = |url| resolve("https://h/group/project.git", url);
        assert_eq!(resolved("../other.git").unwrap(), "https://h/group/other.git");
        assert_eq!(resolved("../../x/y").unwrap(), "https://h/x/y");
        assert_eq!(resolved("./sub").unwrap(), "https://h/group/project.git/sub");
        assert_eq!(resolve("file:///srv/a", "../b").unwrap(), "file:///srv/b");
        assert_eq!(resolved("https://i/z").unwrap(), "https://i/z");
    }

    #[test]
    fn urls_that_reach_elsewhere_are_refused() {
        for url in [
            "file:///etc",
            "FILE:///etc",
            "/etc",
            "ext::sh -c id",
            "ssh://h/x",
            "git@h:x",
            "-oProxyCommand=id",
            "--upload-pack=id",
            "../../../x",
            "../a/../../../b",
            "../",
            "C:\\x",
        ] {
            assert!(resolve("https://h/group/project.git", url).is_err(), "{url}");
        }
    }
}
