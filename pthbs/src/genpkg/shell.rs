//! Where in shell text one is: in code, in quotes, in a here-document. Enough of POSIX to tell text from its layout.

/// What a line is at its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// Commands: layout is free.
    Code,
    /// Inside quotes: every byte counts.
    Quoted,
    /// Inside a here-document, its end line included: every byte counts.
    Here,
}

/// Reads shell text line by line.
pub(super) struct Scanner<'a> {
    rest: &'a str,
    stack: Vec<Open>,
    /// End words of here-documents whose text begins on the next line.
    pending: Vec<End>,
    /// Whether the last line's end was commands again.
    ends_in_code: bool,
    /// For each `VALUE` so far, whether it stood in code.
    values: Vec<bool>,
    /// Whether every line is read byte by byte, for comparison.
    #[cfg(test)]
    is_thorough: bool,
}

/// The first byte of `VALUE`.
const VALUE_BYTE: u8 = 0xee;

/// The bytes that mean something in some state; all others are passed over.
const SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let bytes = b"'\"`\\$#(){}<\xee";
    let mut i = 0;
    while i < bytes.len() {
        special[bytes[i] as usize] = true;
        i += 1;
    }
    special
};

/// What was opened and is not yet closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Single,
    Double,
    Parenthesis,
    Brace,
    Backtick,
}

/// The end of a here-document.
struct End {
    word: String,
    strips_tabs: bool,
}

impl<'a> Scanner<'a> {
    /// Stands for a value that a template writes, where the text is one with such marks.
    pub(super) const VALUE: char = '\u{E000}';

    pub(super) fn new(text: &'a str) -> Scanner<'a> {
        Scanner {
            rest: text,
            stack: Vec::new(),
            pending: Vec::new(),
            ends_in_code: true,
            values: Vec::new(),
            #[cfg(test)]
            is_thorough: false,
        }
    }

    /// For each `VALUE` of the lines read, whether it stands in code, outside of all quotes.
    pub(super) fn values(&self) -> &[bool] {
        &self.values
    }

    /// The next line without its newline, and what it is at its beginning.
    pub(super) fn next_line(&mut self) -> Option<(&'a str, At)> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', self.rest.as_bytes());
        let (line, rest) = end.map_or((self.rest, ""), |end| (&self.rest[..end], &self.rest[end + 1..]));
        self.rest = rest;
        if let Some(end) = self.pending.first() {
            if end.is(line) {
                self.pending.remove(0);
            }
            self.pass_values(line);
            return Some((line, At::Here));
        }
        let may_look = self.stack.is_empty();
        #[cfg(test)]
        let may_look = may_look && !self.is_thorough;
        if may_look && is_plain(line.as_bytes()) {
            self.ends_in_code = true;
            return Some((line, At::Code));
        }
        let at = if self.is_code() { At::Code } else { At::Quoted };
        self.read(line);
        if !self.pending.is_empty() {
            // A word without an end is no here-document but a shift: `$((1 << n))`.
            self.pending.retain(|end| rest.lines().any(|line| end.is(line)));
        }
        self.ends_in_code = self.is_code();
        Some((line, at))
    }

    /// Whether the line read last ended outside of quotes.
    pub(super) fn ended_in_code(&self) -> bool {
        self.ends_in_code
    }

    /// Notes the values of text that is no code.
    fn pass_values(&mut self, text: &str) {
        self.values.extend(text.matches(Scanner::VALUE).map(|_| false));
    }

    fn is_code(&self) -> bool {
        matches!(self.stack.last(), None | Some(Open::Parenthesis | Open::Backtick))
    }

    /// Takes one line of code or quoted text in.
    fn read(&mut self, line: &str) {
        let bytes = line.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            if !SPECIAL[usize::from(bytes[i])] {
                i += 1;
                continue;
            }
            let next = bytes.get(i + 1).copied();
            if bytes[i] == VALUE_BYTE && line[i..].starts_with(Scanner::VALUE) {
                self.values.push(self.is_code());
                i += Scanner::VALUE.len_utf8();
                continue;
            }
            match (self.stack.last(), bytes[i]) {
                (Some(Open::Single), b'\'') => drop(self.stack.pop()),
                (Some(Open::Single), _) => {}
                (_, b'\\') => i += usize::from(next.is_some_and(|byte| byte.is_ascii())),
                (_, b'$') if next == Some(b'(') => {
                    self.stack.push(Open::Parenthesis);
                    i += 1;
                }
                (_, b'$') if next == Some(b'{') => {
                    self.stack.push(Open::Brace);
                    i += 1;
                }
                (Some(Open::Backtick), b'`') => drop(self.stack.pop()),
                (_, b'`') => self.stack.push(Open::Backtick),
                (Some(Open::Double), b'"') => drop(self.stack.pop()),
                (Some(Open::Double), _) => {}
                (_, b'"') => self.stack.push(Open::Double),
                (Some(Open::Brace), b'}') => drop(self.stack.pop()),
                // In "${x:-it's}" the apostrophe is a plain one.
                (Some(Open::Brace), b'\'') if self.stack.contains(&Open::Double) => {}
                (_, b'\'') => self.stack.push(Open::Single),
                (Some(Open::Brace), _) => {}
                (_, b'#') if starts_word(bytes, i) => return self.pass_values(&line[i..]),
                (Some(Open::Parenthesis), b'(') => self.stack.push(Open::Parenthesis),
                (Some(Open::Parenthesis), b')') => drop(self.stack.pop()),
                (_, b'<') if next == Some(b'<') => i = self.read_here(line, i + 2),
                _ => {}
            }
            i += 1;
        }
    }

    /// Reads the end word behind `<<`; gives the index of the last byte read.
    fn read_here(&mut self, line: &str, mut i: usize) -> usize {
        let bytes = line.as_bytes();
        let strips_tabs = bytes.get(i) == Some(&b'-');
        i += usize::from(strips_tabs);
        while matches!(bytes.get(i), Some(b' ' | b'\t')) {
            i += 1;
        }
        let mut word = String::new();
        let mut quote = None;
        while let Some(&byte) = bytes.get(i) {
            match byte {
                b'\'' | b'"' if quote == Some(byte) => quote = None,
                b'\'' | b'"' if quote.is_none() => quote = Some(byte),
                b'\\' if quote.is_none() => {}
                b' ' | b'\t' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' if quote.is_none() => break,
                _ => word.push(char::from(byte)),
            }
            i += 1;
        }
        if !word.is_empty() && word.is_ascii() {
            self.pending.push(End { word, strips_tabs });
        }
        i - 1
    }
}

impl End {
    fn is(&self, line: &str) -> bool {
        (if self.strips_tabs { line.trim_start_matches('\t') } else { line }) == self.word
    }
}

/// Whether a line that begins as code, with nothing open, ends as it began: most lines do, and this sees it at the cost
/// of one look at sixteen bytes.
///
/// It has no byte that could open anything but `"`, and as many of those that open as that close. Dollars, brackets that
/// close and a backslash at the very end open nothing.
fn is_plain(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\\").unwrap_or(line);
    let (mut opens, mut is_quoted) = (false, false);
    for &byte in line {
        opens |= matches!(byte, b'\'' | b'`' | b'\\' | b'#' | b'(' | b'{' | b'<' | VALUE_BYTE);
        is_quoted ^= byte == b'"';
    }
    !opens && !is_quoted
}

/// Whether a word begins at `i`, so that a `#` there begins a comment.
fn starts_word(bytes: &[u8], i: usize) -> bool {
    i == 0 || matches!(bytes[i - 1], b' ' | b'\t' | b';' | b'&' | b'|' | b'(' | b')' | b'`')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kinds(text: &str) -> String {
        let mut scanner = Scanner::new(text);
        let mut kinds = String::new();
        while let Some((_, at)) = scanner.next_line() {
            kinds.push(match at {
                At::Code => 'c',
                At::Quoted => 'q',
                At::Here => 'h',
            });
        }
        kinds
    }

    #[test]
    fn quotes_and_here_documents_are_told_from_code() {
        for (text, expected) in [
            ("a\nb\n", "cc"),
            ("echo 'a\n\nb'\nc", "cqqc"),
            ("echo \"a\n\nb\"\nc", "cqqc"),
            ("cat <<'EOF'\n'\n\nEOF\nc\n", "chhhc"),
            ("cat <<-EOF\n\tx\n\tEOF\nc\n", "chhc"),
            ("cat <<A <<B; echo \\\nA\nB\nc\n", "chhc"),
            ("x=$((1 << n))\nc\n", "cc"),
            ("x=${#y} z=${y##*/} # don't\nc\n", "cc"),
            ("x=\"$(echo \"it's\")\"\nc\n", "cc"),
            ("x=\"${y:-it's}\"\nc\n", "cc"),
            ("x=`echo 'a\nb'`\nc\n", "cqc"),
            ("x=$(\na\n)\nc\n", "cccc"),
            ("echo a#'b\nc'\n", "cq"),
            ("echo \\' \\\"\nc\n", "cc"),
        ] {
            assert_eq!(kinds(text), expected, "{text:?}");
        }
    }

    /// What reading a line byte by byte opens, as `is_plain` would have to know it.
    fn opens(line: &str) -> bool {
        let mut scanner = Scanner::new("");
        scanner.read(line);
        !(scanner.stack.is_empty() && scanner.pending.is_empty() && scanner.values.is_empty())
    }

    #[test]
    fn most_lines_need_one_look() {
        for line in ["", "make install DESTDIR=", "cd \"$src/x\" \\", "x=$y; a | b && c >\"$d\" )", "\\"] {
            assert!(is_plain(line.as_bytes()) && !opens(line), "{line:?}");
        }
        for line in ["\"", "'", "`", "cat <<EOF", "x=$(", "x=${", "x\u{E000}", "a \"b\" \"c", "\"a\\"] {
            assert!(!is_plain(line.as_bytes()) && opens(line), "{line:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// A failure means that the look at a whole line and the reading of its bytes disagree, so that text in quotes
        /// would be taken for code.
        #[test]
        fn one_look_sees_what_reading_sees(
            line in "([a-z =/.-]{1,20}|[\"$]|[a-z]\"|\"\"|\"[$a-z ]{0,9}\"){0,9}[$'\"`\\\\#(){}<\u{E000}é-]{0,2}[a-z\"]{0,3}\\\\?"
        ) {
            prop_assert!(!(is_plain(line.as_bytes()) && opens(&line)), "{:?}", line);
        }

        /// A failure means that what a line is depends on how those before it were read.
        #[test]
        fn a_text_is_read_alike_by_looks_and_by_bytes(text in "([a-zA $]|[\"'`\\\\#(){}<\u{E000}]|<<A|\\nA\\n|\\n){0,80}") {
            let (mut fast, mut slow) = (Scanner::new(&text), Scanner::new(&text));
            slow.is_thorough = true;
            loop {
                let line = fast.next_line();
                prop_assert_eq!(line, slow.next_line());
                prop_assert_eq!((fast.ended_in_code(), fast.values()), (slow.ended_in_code(), slow.values()));
                if line.is_none() {
                    break;
                }
            }
        }
    }
}
