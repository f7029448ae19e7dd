//! Takes in what a build writes: to the log up to a size, the phases and their times, the last lines for an error.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use super::{MOST_PHASES, SHORT, ZSTD, phase_of, plain};
use crate::base::Error;

/// How many lines of the end are kept for an error, and of each line how many bytes.
const LINES: usize = 10;
const LINE: usize = 4096;

/// What is known of the output when it has ended.
#[derive(Debug, Default)]
pub struct Captured {
    /// Each phase that was announced, and its seconds.
    pub phases: Vec<(String, f64)>,
    /// The last lines, safe to show, without announcements.
    pub last: Vec<String>,
    /// The log is to stay as it is: it takes one block of the disk in either form.
    pub is_short: bool,
    /// Why the log is not complete, if it is not.
    pub trouble: Option<Error>,
}

impl Captured {
    /// The phase that ran last.
    pub fn phase(&self) -> Option<&str> {
        self.phases.last().map(|(name, _)| name.as_str())
    }
}

/// The taker of one build's output, in pieces as they come.
///
/// A log that cannot be written does not stop the build: its output must go on being taken, or it would wait for ever.
pub struct Capture<'a> {
    path: &'a Path,
    /// Gone once it cannot be written.
    log: Option<File>,
    lines: Lines<'a>,
    /// How many bytes of it are kept, and how many were, and were not.
    most: u64,
    written: u64,
    left_out: u64,
    begins_like_a_frame: bool,
    trouble: Option<Error>,
}

/// Lines and phases as they come.
struct Lines<'a> {
    on_phase: &'a dyn Fn(&str),
    begun: Instant,
    phases: Vec<(String, f64)>,
    last: VecDeque<Vec<u8>>,
    /// The line that has no end yet; longer ones than `LINE` are cut.
    open: Vec<u8>,
}

impl<'a> Capture<'a> {
    /// Begins the log at `path`, which is to hold `most` bytes of output; `on_phase` is told of each phase as it begins.
    pub fn begin(path: &'a Path, most: u64, on_phase: &'a dyn Fn(&str)) -> Capture<'a> {
        let (log, trouble) = match File::create(path) {
            Ok(log) => (Some(log), None),
            Err(cause) => (None, Some(Error::io("write the log", path, &cause))),
        };
        let (begun, phases, last, open) = (Instant::now(), Vec::new(), VecDeque::new(), Vec::new());
        let lines = Lines { on_phase, begun, phases, last, open };
        let (written, left_out, begins_like_a_frame) = (0, 0, false);
        Capture { path, log, lines, most, written, left_out, begins_like_a_frame, trouble }
    }

    /// Takes in a piece.
    pub fn take(&mut self, bytes: &[u8]) {
        self.lines.take(bytes);
        let room = usize::try_from(self.most - self.written).unwrap_or(usize::MAX);
        let kept = &bytes[..bytes.len().min(room)];
        if self.written == 0 {
            // By the first byte alone: the others may come in another piece, and one compressed log more is no harm.
            self.begins_like_a_frame = kept.first() == Some(&ZSTD[0]);
        }
        self.left_out += (bytes.len() - kept.len()) as u64;
        self.written += kept.len() as u64;
        if let Some(Err(cause)) = self.log.as_mut().map(|log| log.write_all(kept)) {
            self.trouble.get_or_insert(Error::io("write the log", self.path, &cause));
            self.log = None;
        }
    }

    /// The output has ended.
    pub fn end(mut self) -> Captured {
        if self.left_out > 0
            && let Some(file) = &mut self.log
        {
            let left_out = self.left_out;
            let note =
                format!("\n[pthbs: the log ends here; {left_out} further bytes of output are left out]\n");
            let _ = file.write_all(note.as_bytes());
        }
        let is_short = self.written + self.left_out <= SHORT as u64 && !self.begins_like_a_frame;
        self.lines.finish(is_short, self.trouble)
    }
}

impl Lines<'_> {
    fn take(&mut self, bytes: &[u8]) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = LINE - self.open.len();
            self.open.extend(&part[..part.len().min(room)]);
            if part.ends_with(b"\n") {
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.open);
        if let Some(phase) = phase_of(&line).filter(|_| self.phases.len() < MOST_PHASES) {
            self.end_phase();
            (self.on_phase)(&phase);
            self.phases.push((phase, 0.0));
            return;
        }
        if self.last.len() == LINES {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }

    fn end_phase(&mut self) {
        let seconds = self.begun.elapsed().as_secs_f64();
        self.begun = Instant::now();
        // The time before the first phase, a few lines of sh, is nobody's.
        if let Some((_, time)) = self.phases.last_mut() {
            *time = seconds;
        }
    }

    fn finish(mut self, is_short: bool, trouble: Option<Error>) -> Captured {
        if !self.open.is_empty() {
            self.end_line();
        }
        self.end_phase();
        let last = self.last.iter().map(|line| plain(line)).collect();
        Captured { phases: self.phases, last, is_short, trouble }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn capture(output: &[u8], most: u64) -> (Captured, String, Vec<String>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let phases = RefCell::new(Vec::new());
        let on_phase = |phase: &str| phases.borrow_mut().push(phase.to_string());
        let mut capture = Capture::begin(&path, most, &on_phase);
        // In pieces that end anywhere.
        output.chunks(7).for_each(|piece| capture.take(piece));
        let captured = capture.end();
        (captured, std::fs::read_to_string(path).unwrap(), phases.into_inner())
    }

    fn capture_bytes(output: &[u8]) -> Captured {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let mut capture = Capture::begin(&path, 1000, &|_| {});
        capture.take(output);
        capture.end()
    }

    #[test]
    fn phases_and_last_lines_are_told() {
        let text = "start\n#@ phase configure\n #@ phase no\n#@ phase build\nno newline";
        let (captured, log, told) = capture(text.as_bytes(), 1000);
        assert_eq!((log.as_str(), told), (text, vec!["configure".to_string(), "build".to_string()]));
        assert_eq!(captured.phase(), Some("build"));
        assert_eq!(captured.last, ["start", " #@ phase no", "no newline"]);
        assert!(captured.is_short);
        let many: String = (0..30).map(|n| format!("{n}\n")).collect();
        assert_eq!(
            capture(many.as_bytes(), 1000).0.last,
            (20..30).map(|n| n.to_string()).collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_log_has_a_largest_size_and_says_so() {
        let text = "x".repeat(100_000) + "\nlast line\n";
        let (captured, log, _) = capture(text.as_bytes(), 10);
        let note = "\n[pthbs: the log ends here; 100001 further bytes of output are left out]\n";
        assert_eq!(log, "x".repeat(10) + note);
        assert_eq!(captured.last[1], "last line", "the end is shown all the same");
        assert!(!captured.is_short);
        let like_a_frame = [&ZSTD[..], b"text"].concat();
        assert!(!capture_bytes(&like_a_frame).is_short, "it would be read as a frame");
        assert!(captured.last[0].len() < LINE);
    }

    #[test]
    fn a_build_that_announces_phases_for_ever_is_bounded() {
        let text = "#@ phase again\n".repeat(MOST_PHASES + 3);
        let (captured, log, told) = capture(text.as_bytes(), 1 << 20);
        assert_eq!((captured.phases.len(), told.len()), (MOST_PHASES, MOST_PHASES));
        assert_eq!(captured.last, ["#@ phase again"; 3], "the rest is output");
        assert_eq!(log, text);
    }

    #[test]
    fn a_log_that_cannot_be_written_is_told_and_the_output_read() {
        let mut capture = Capture::begin(Path::new("/nowhere/log"), 10, &|_| {});
        capture.take(b"text\n");
        let captured = capture.end();
        assert_eq!(captured.last, ["text"]);
        assert!(captured.trouble.unwrap().to_string().contains("cannot write the log `/nowhere/log`"));
    }
}
