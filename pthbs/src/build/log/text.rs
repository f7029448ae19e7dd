//! Output of builds made safe to show: a build must not write on the user's terminal.

use crate::base::text::is_acted_on;

/// The longest line that is shown, in characters.
const LONG: usize = 400;

/// One line of output as plain text: no control characters, no escape sequences, not endless.
///
/// Of a line that was drawn over with carriage returns, the last drawing is left.
pub fn plain(line: &[u8]) -> String {
    let line = String::from_utf8_lossy(line);
    let line = line.trim_end_matches(['\r', '\n']);
    let line = line.rsplit('\r').find(|part| !part.is_empty()).unwrap_or_default();
    let mut text = String::new();
    let mut count = 0;
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => skip_sequence(&mut rest),
            '\t' => text.push(' '),
            _ if is_acted_on(c) => continue,
            _ => text.push(c),
        }
        count += 1;
        if count == LONG && rest.peek().is_some() {
            text.push('…');
            break;
        }
    }
    text
}

/// Takes away the rest of an escape sequence (ECMA-48): CSI to its final byte, strings to their terminator, else one.
fn skip_sequence(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match rest.next() {
        Some('[') => {
            rest.by_ref().find(|c| ('\u{40}'..='\u{7e}').contains(c));
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            while let Some(c) = rest.next() {
                if c == '\u{7}' || (c == '\u{1b}' && rest.next_if_eq(&'\\').is_some()) {
                    break;
                }
            }
        }
        // Charset designations and the like: intermediate bytes, then a final one.
        Some(c) if (' '..='/').contains(&c) => {
            rest.by_ref().find(|c| !(' '..='/').contains(c));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn colors_titles_and_drawings_are_taken_away() {
        for (line, shown) in [
            (&b"\x1b[1;31merror:\x1b[0m no\tsuch file\n"[..], "error: no such file"),
            (b"\x1b]0;a title\x07text", "text"),
            (b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
            (b"10%\r50%\r100%\r\n", "100%"),
            (b"\x1b(Bplain\x07\x08", "plain"),
            (b"caf\xc3\xa9 \xff", "café \u{fffd}"),
            ("evil \u{202e}txt".as_bytes(), "evil txt"),
            (b"unfinished \x1b[", "unfinished "),
        ] {
            assert_eq!(plain(line), shown);
        }
        assert_eq!(plain("ö".repeat(1000).as_bytes()).chars().count(), LONG + 1);
    }

    proptest! {
        // A failure means that a build can write on the terminal of whoever looks at its log.
        #[test]
        fn nothing_that_acts_on_a_terminal_is_left(line in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(!plain(&line).chars().any(is_acted_on));
        }
    }
}
