//! The layout of a script's text: no stray blank lines, no blanks at line ends, one newline at the end.
//!
//! Quoted text and here-documents keep every byte: a patch has blank lines and trailing blanks that count.

use super::files::LARGEST;
use super::shell::{At, Scanner};
use crate::base::Error;

/// What is wrong with a text, and the word of the definition that has made it so, where it can be one.
#[derive(Debug)]
pub(super) struct Wrong {
    pub error: Error,
    pub word: Option<String>,
}

/// Adds a rendered body to `script`, tidied; `written` is told the number, from 0, of the body's line that each line
/// of the script is, or the next one's for a blank line.
pub(super) fn tidy(body: &str, script: &mut String, mut written: impl FnMut(usize)) -> Result<(), Wrong> {
    if body.len() > LARGEST {
        let error = Error::usage(format!("the script would have {} MiB", body.len() >> 20))
            .line(format!("{} MiB are the most; what is so large is a source: `src(...)`", LARGEST >> 20))
            .hint("look for a text that a loop makes longer and longer");
        return Err(Wrong { error, word: None });
    }
    if memchr::memchr(0, body.as_bytes()).is_some() {
        let error =
            Error::usage("the script would have a NUL byte in it").line("no shell reads on behind one");
        return Err(Wrong { error, word: Some("\0".to_string()) });
    }
    let mut scanner = Scanner::new(body);
    let start = script.len();
    let mut blank = false;
    for number in 0.. {
        let Some((line, at)) = scanner.next_line() else { break };
        if line.starts_with("#@ ") {
            let error = Error::usage(format!("the script has a line `{}`", line.escape_debug()))
                .line("lines that begin with `#@ ` belong to the header, which is written for you");
            return Err(Wrong { error, word: Some(line.trim_end().to_string()) });
        }
        if at == At::Code && line.trim_start().is_empty() {
            blank = true;
            continue;
        }
        if blank && script.len() > start {
            script.push('\n');
            written(number);
        }
        blank = false;
        written(number);
        script.push_str(if at != At::Here && scanner.ended_in_code() { without_blanks(line) } else { line });
        script.push('\n');
    }
    Ok(())
}

/// A line without the blanks at its end; one behind a backslash belongs to the backslash.
fn without_blanks(line: &str) -> &str {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r');
    let trimmed = &line[..line.len() - line.bytes().rev().take_while(is_blank).count()];
    if trimmed.ends_with('\\') { line } else { trimmed }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tidied(body: &str) -> String {
        let mut script = String::new();
        tidy(body, &mut script, |_| ()).unwrap();
        script
    }

    #[test]
    fn code_is_tidied_and_text_is_kept() {
        assert_eq!(tidied("\n\n\na  \n \n\n\nb\n\n"), "a\n\nb\n");
        assert_eq!(tidied("cat <<'E'\na \n\n\nb\nE\n\n\nc"), "cat <<'E'\na \n\n\nb\nE\n\nc\n");
        assert_eq!(tidied("echo 'a \n\n\n b'  \n"), "echo 'a \n\n\n b'\n");
        assert_eq!(tidied("echo \\ \n"), "echo \\ \n");
        assert_eq!(tidied(""), "");
        assert!(tidy("a\n#@ dep x\n", &mut String::new(), |_| ()).is_err());
        assert!(tidy("a\0b\n", &mut String::new(), |_| ()).is_err());
    }

    proptest! {
        /// A failure means that the text of a script depends on how often it was tidied.
        #[test]
        fn tidying_twice_changes_nothing(body in "([a'\"<E\\\\ $(){}`#-]|<<E|\n){0,60}") {
            let once = tidied(&body);
            prop_assert_eq!(tidied(&once), once);
        }
    }
}
