//! Takes in what a build writes: to the log up to a size, the phases and their times, the last lines for an error.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Instant;

use super::{phase_of, plain};
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
    /// Why the log is not complete, if it is not.
    pub trouble: Option<Error>,
}

impl Captured {
    /// The phase that ran last.
    pub fn phase(&self) -> Option<&str> {
        self.phases.last().map(|(name, _)| name.as_str())
    }
}

/// The taker of one build's output.
pub struct Capture<'a> {
    /// Where the log is written.
    pub path: &'a Path,
    /// How many bytes of it are kept.
    pub most: u64,
    /// Told of each phase as it begins.
    pub on_phase: &'a dyn Fn(&str),
    /// Told that there was output.
    pub on_output: &'a dyn Fn(),
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

impl Capture<'_> {
    /// Reads to the end of the output. A log that cannot be written does not stop the build: its output must go on
    /// being read, or it would wait for ever.
    pub fn run(&self, mut output: impl Read) -> Captured {
        let mut lines = Lines {
            on_phase: self.on_phase,
            begun: Instant::now(),
            phases: Vec::new(),
            last: VecDeque::new(),
            open: Vec::new(),
        };
        let mut trouble = None;
        let mut keep_trouble = |error: Error| {
            trouble.get_or_insert(error);
        };
        let mut log = match File::create(self.path) {
            Ok(log) => Some(log),
            Err(cause) => {
                keep_trouble(Error::io("write the log", self.path, &cause));
                None
            }
        };
        let (mut written, mut left_out) = (0, 0);
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let bytes = match output.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => &buffer[..n],
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
                Err(cause) => {
                    keep_trouble(Error::failed(format!("cannot read the output of a build: {cause}")));
                    break;
                }
            };
            (self.on_output)();
            lines.take(bytes);
            let room = usize::try_from(self.most - written).unwrap_or(usize::MAX);
            let kept = &bytes[..bytes.len().min(room)];
            left_out += (bytes.len() - kept.len()) as u64;
            written += kept.len() as u64;
            if let Some(file) = &mut log
                && let Err(cause) = file.write_all(kept)
            {
                keep_trouble(Error::io("write the log", self.path, &cause));
                log = None;
            }
        }
        if left_out > 0
            && let Some(file) = &mut log
        {
            let note =
                format!("\n[pthbs: the log ends here; {left_out} further bytes of output are left out]\n");
            let _ = file.write_all(note.as_bytes());
        }
        lines.finish(trouble)
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
        if let Some(phase) = phase_of(&line) {
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

    fn finish(mut self, trouble: Option<Error>) -> Captured {
        if !self.open.is_empty() {
            self.end_line();
        }
        self.end_phase();
        let last = self.last.iter().map(|line| plain(line)).collect();
        Captured { phases: self.phases, last, trouble }
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
        let captured = Capture { path: &path, most, on_phase: &on_phase, on_output: &|| {} }.run(output);
        (captured, std::fs::read_to_string(path).unwrap(), phases.into_inner())
    }

    #[test]
    fn phases_and_last_lines_are_told() {
        let text = "start\n#@ phase configure\n #@ phase no\n#@ phase build\nno newline";
        let (captured, log, told) = capture(text.as_bytes(), 1000);
        assert_eq!((log.as_str(), told), (text, vec!["configure".to_string(), "build".to_string()]));
        assert_eq!(captured.phase(), Some("build"));
        assert_eq!(captured.last, ["start", " #@ phase no", "no newline"]);
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
        assert!(captured.last[0].len() < LINE);
    }

    #[test]
    fn a_log_that_cannot_be_written_is_told_and_the_output_read() {
        let capture =
            Capture { path: Path::new("/nowhere/log"), most: 10, on_phase: &|_| {}, on_output: &|| {} };
        let captured = capture.run(&b"text\n"[..]);
        assert_eq!(captured.last, ["text"]);
        assert!(captured.trouble.unwrap().to_string().contains("cannot write the log `/nowhere/log`"));
    }
}
