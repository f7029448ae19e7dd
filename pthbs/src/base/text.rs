//! Text that was made by others, shown to a person: what a terminal would act on instead of showing it.

use std::borrow::Cow;

/// Whether a terminal acts on a character: control characters (those of C1, which begin sequences too, among them), and
/// those that change the direction of what stands after them.
pub fn is_acted_on(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}')
}

/// Whether bytes hold such a character. What is no UTF-8 is none: it is shown as a replacement.
pub fn has_acted_on(bytes: &[u8]) -> bool {
    bytes.utf8_chunks().any(|chunk| chunk.valid().chars().any(is_acted_on))
}

/// Lines as they may be shown: what a terminal would act on is escaped, but ends of lines and tabs.
pub fn shown(text: &str) -> Cow<'_, str> {
    let acts = |c: char| is_acted_on(c) && !matches!(c, '\n' | '\t');
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if acts(c) { plain.extend(c.escape_unicode()) } else { plain.push(c) }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_acts_on_is_told_from_what_it_shows() {
        for text in ["\u{1b}[31m", "\u{9b}31m", "a\u{7}", "\u{7f}", "x\u{202e}y", "\r"] {
            assert!(has_acted_on(text.as_bytes()), "{text:?}");
            assert!(!has_acted_on(shown(text).as_bytes()), "{text:?}");
        }
        assert_eq!(shown("one\n\ttwo é …"), "one\n\ttwo é …");
        assert_eq!(shown("\u{1b}[2J"), "\\u{1b}[2J");
        assert!(!has_acted_on(b"latin \x9b1 is no UTF-8"));
    }
}
