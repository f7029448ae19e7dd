//! `/env/` and `/build/` in bytes: paths that exist during a build alone, told from `share/env/` and `/usr/bin/env/`.

use memchr::memmem::Finder;

/// How far back the byte before a path, or the option that it follows, is looked for.
const LOOK_BACK: usize = 16;
/// How much of a path is shown.
const SHOWN: usize = 60;

/// A search for one directory's absolute path, through bytes that come in windows.
pub(super) struct Search<'w> {
    word: &'w Word,
    next: u64,
    /// The first place where it stands: the offset, and the path as far as it can be shown.
    pub(super) first: Option<(u64, String)>,
}

/// What is searched for; made once for many files.
pub(super) struct Word(Finder<'static>);

impl Word {
    /// A top-level directory with a slash at both ends.
    pub(super) fn new(word: &'static str) -> Word {
        Word(Finder::new(word))
    }

    /// Whether a link's text leads there.
    pub(super) fn begins(&self, target: &[u8]) -> bool {
        let word = self.0.needle();
        target.starts_with(word) || target == &word[..word.len() - 1]
    }
}

impl<'w> Search<'w> {
    pub(super) fn new(word: &'w Word) -> Search<'w> {
        Search { word, next: 0, first: None }
    }

    /// Searches a window, `start` being the offset of its first byte; windows overlap by `LOOK_BACK` and more.
    pub(super) fn window(&mut self, bytes: &[u8], start: u64) {
        let length = self.word.0.needle().len();
        let mut from = (self.next - start) as usize;
        while self.first.is_none() {
            let Some(found) = bytes.get(from..).and_then(|bytes| self.word.0.find(bytes)) else { break };
            let at = from + found;
            if is_path_start(&bytes[at.saturating_sub(LOOK_BACK)..at]) {
                self.first = Some((start + at as u64, path_at(&bytes[at..])));
            }
            from = at + 1;
        }
        // What could begin in the last bytes is left to the next window, which has the rest of it.
        self.next = start + from.max((bytes.len() + 1).saturating_sub(length)) as u64;
    }
}

/// Whether a path can begin after these bytes: not if a component goes on there, or a variable stands for one.
fn is_path_start(before: &[u8]) -> bool {
    let Some(last) = before.last() else { return true };
    if !is_of_path(*last) {
        return true;
    }
    // -I/env/include, -L/env/lib, -isystem/env/include
    let letters = before.iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).count();
    match before[..before.len() - letters].split_last() {
        Some((b'-', rest)) if letters > 0 => rest.last().is_none_or(|byte| !is_of_path(*byte)),
        _ => false,
    }
}

/// Bytes after which a slash continues a path: of a component, or at the end of `$(DESTDIR)`, `${out}`, `@prefix@`.
fn is_of_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._+~@%-)}]*?/\\".contains(&byte) || byte >= 0x80
}

fn path_at(bytes: &[u8]) -> String {
    let shown =
        bytes.iter().take(SHOWN).take_while(|byte| byte.is_ascii_graphic() && !b"\"'`<>;".contains(byte));
    shown.map(|byte| char::from(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> Option<(u64, String)> {
        let word = Word::new("/env/");
        let mut search = Search::new(&word);
        search.window(text.as_bytes(), 0);
        search.first
    }

    #[test]
    fn the_build_environment_is_found() {
        for text in [
            "/env/bin/cc",
            "#!/env/bin/sh\n",
            "PATH=/usr/bin:/env/bin",
            "CC='/env/bin/cc'",
            "\0/env/lib\0",
            "gcc -I/env/include",
            "\"-isystem/env/include\"",
            "-Wl,-rpath,/env/lib",
            "@ /env/x",
            "(/env/share)",
            "share/env/ but then /env/bin",
        ] {
            assert!(first(text).is_some(), "{text}");
        }
        assert_eq!(first("x /env/bin/cc -c"), Some((2, "/env/bin/cc".into())));
    }

    #[test]
    fn other_directories_called_env_are_not() {
        for text in [
            "share/env/",
            "/usr/bin/env/",
            "./env/x",
            "../env/x",
            "${out}/env/",
            "$(DESTDIR)/env/",
            "@prefix@/env/",
            "non-share/env/",
            "https://env/",
            "/environment/",
            "/env",
            "*/env/",
            "~/env/",
            "C:\\/env/",
            "é/env/",
            "long-option-name-before/env/x",
        ] {
            assert_eq!(first(text), None, "{text}");
        }
    }

    #[test]
    fn windows_change_nothing() {
        let text = format!("{}share/env/x {}/env/bin{}", "a".repeat(90), " ".repeat(40), "b".repeat(99));
        let word = Word::new("/env/");
        for window in 32..140 {
            let mut search = Search::new(&word);
            let mut start = 0;
            loop {
                let end = (start + window).min(text.len());
                search.window(&text.as_bytes()[start..end], start as u64);
                if end == text.len() {
                    break;
                }
                start = end - LOOK_BACK - 8;
            }
            assert_eq!(search.first.as_ref().map(|(at, _)| *at), Some(142), "{window}");
        }
    }

    #[test]
    fn links_into_it_are_told() {
        let word = Word::new("/env/");
        assert!(word.begins(b"/env/bin/cc") && word.begins(b"/env"));
        assert!(!word.begins(b"env") && !word.begins(b"../env/") && !word.begins(b"/environment"));
    }
}
