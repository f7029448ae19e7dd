//! One pass over one file: its sum, the store names in it, and what the seal objects to.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

use super::compressed::Compression;
use super::elf;
use super::finding::{Finding, Objection};
use super::pieces::{self, Pieces};
use super::words::{self, Word};
use crate::base::Sha256;
use crate::base::hash::Hasher;
use crate::store::Reference;
use crate::store::names::{Hit, Known, LOOK_BACK, Search};

/// How much is read at once; what was just summed up is still in the cache when it is searched.
const CHUNK: usize = 256 * 1024;
/// How much of one window is seen again at the beginning of the next.
const OVERLAP: usize = LOOK_BACK + 64 + 16;

/// What is looked for in every file of a tree.
pub(super) struct Wanted<'a> {
    pub(super) known: &'a Known<'a>,
    pub(super) pieces: Pieces<'a>,
    pub(super) env: Word,
    pub(super) build: Word,
    pub(super) is_static: bool,
}

/// What one file is.
pub(super) struct Scanned {
    pub(super) size: u64,
    pub(super) sha256: Sha256,
    pub(super) references: Vec<Reference>,
    pub(super) objections: Vec<Objection>,
}

impl<'a> Wanted<'a> {
    pub(super) fn new(known: &'a Known<'a>, is_static: bool) -> Wanted<'a> {
        let (env, build) = (Word::new("/env/"), Word::new("/build/"));
        Wanted { known, pieces: Pieces::new(known), env, build, is_static }
    }

    /// Reads a file once, and once more what is inside of a compressed one. `buffer` is kept for the next file.
    pub(super) fn scan(&self, file: &mut File, path: &Path, buffer: &mut Vec<u8>) -> io::Result<Scanned> {
        let mut pass = Pass::new(self);
        let mut hasher = Hasher::default();
        let size = pass.read(&mut *file, buffer, |fresh| hasher.update(fresh))?;
        let mut notes = Notes { path, objections: Vec::new() };
        let form = pass.form;
        let hits = pass.judge(&mut notes, "");
        match form {
            Form::Program => self.judge_program(elf::program(file)?, &mut notes),
            Form::Compressed(how) => self.look_inside(how, file, buffer, &mut notes)?,
            Form::Archive | Form::Other => {}
        }
        if path.extension().is_some_and(|ending| ending == "la") {
            notes.add(Finding::Libtool, String::new());
        }
        Ok(Scanned {
            size,
            sha256: hasher.finish(),
            references: references(&hits),
            objections: notes.objections,
        })
    }

    fn judge_program(&self, program: Option<elf::Program>, notes: &mut Notes<'_>) {
        let Some(program) = program else { return };
        if program.has_executable_stack {
            notes.add(Finding::Stack, String::new());
        }
        let interpreter = program.interpreter.map(|path| format!("interpreter {path}"));
        let libraries = program.libraries.iter().map(|name| format!("library {name}"));
        let needed: Vec<String> = interpreter.into_iter().chain(libraries).collect();
        if self.is_static && !needed.is_empty() {
            notes.add(Finding::Dynamic, needed.join(", "));
        }
    }

    fn look_inside(
        &self,
        how: Compression,
        file: &mut File,
        buffer: &mut Vec<u8>,
        notes: &mut Notes<'_>,
    ) -> io::Result<()> {
        file.rewind()?;
        let mut pass = Pass::new(self);
        if let Err(cause) = how.inside(file).and_then(|inside| pass.read(inside, buffer, |_| {})) {
            notes.add(Finding::Compressed, format!("cannot be looked into: {cause}"));
        }
        let hits = pass.judge(notes, "compressed, ");
        let mut names: Vec<String> = hits.iter().map(|hit| hit.install.to_string()).collect();
        names.sort_unstable();
        names.dedup();
        if !names.is_empty() {
            notes.add(Finding::Compressed, format!("it names {}", names.join(", ")));
        }
        Ok(())
    }
}

/// Objections to one file.
struct Notes<'p> {
    path: &'p Path,
    objections: Vec<Objection>,
}

impl Notes<'_> {
    fn add(&mut self, finding: Finding, detail: String) {
        self.objections.push(Objection { finding, path: self.path.to_path_buf(), detail });
    }
}

/// What the first bytes say of the rest.
#[derive(Clone, Copy)]
enum Form {
    Program,
    /// `ar`: objects lie in it.
    Archive,
    Compressed(Compression),
    Other,
}

impl Form {
    fn of(start: &[u8]) -> Form {
        match start {
            [0x7f, b'E', b'L', b'F', ..] => Form::Program,
            [b'!', b'<', b'a', b'r', b'c', b'h', b'>', b'\n', ..] => Form::Archive,
            _ => Compression::of(start).map_or(Form::Other, Form::Compressed),
        }
    }
}

/// The searches through one stream of bytes.
struct Pass<'w, 'a> {
    names: Search<'w, 'a>,
    pieces: pieces::Search<'w, 'a>,
    env: words::Search<'w>,
    build: words::Search<'w>,
    form: Form,
}

impl<'w, 'a> Pass<'w, 'a> {
    fn new(wanted: &'w Wanted<'a>) -> Pass<'w, 'a> {
        Pass {
            names: Search::new(wanted.known),
            pieces: pieces::Search::new(&wanted.pieces),
            env: words::Search::new(&wanted.env),
            build: words::Search::new(&wanted.build),
            form: Form::Other,
        }
    }

    /// Reads to the end, showing `fresh` every byte once; gives how many there were.
    fn read(
        &mut self,
        mut from: impl Read,
        buffer: &mut Vec<u8>,
        mut fresh: impl FnMut(&[u8]),
    ) -> io::Result<u64> {
        buffer.resize(OVERLAP + CHUNK, 0);
        let (mut start, mut kept) = (0, 0);
        loop {
            let end = kept + fill(&mut from, &mut buffer[kept..kept + CHUNK])?;
            fresh(&buffer[kept..end]);
            if start == 0 && kept == 0 {
                self.form = Form::of(&buffer[..end]);
            }
            let is_last = end < kept + CHUNK;
            self.window(&buffer[..end], start, is_last);
            if is_last {
                return Ok(start + end as u64);
            }
            let again = end.min(OVERLAP);
            buffer.copy_within(end - again..end, 0);
            start += (end - again) as u64;
            kept = again;
        }
    }

    fn window(&mut self, bytes: &[u8], start: u64, is_last: bool) {
        self.names.window(bytes, start, is_last);
        self.env.window(bytes, start);
        self.build.window(bytes, start);
        if matches!(self.form, Form::Program | Form::Archive) {
            self.pieces.window(bytes, start, is_last);
        }
    }

    /// Turns what was found into objections; gives the known names. `within` says where offsets count, if not in the file.
    fn judge(self, notes: &mut Notes<'_>, within: &str) -> Vec<Hit<'a>> {
        for (finding, search) in [(Finding::Env, self.env), (Finding::Build, self.build)] {
            if let Some((at, path)) = search.first {
                notes.add(finding, format!("{within}byte {at}: {path}"));
            }
        }
        for stranger in self.names.strangers {
            notes.add(Finding::Undeclared, format!("{within}{stranger}"));
        }
        for (install, at) in self.pieces.outside_of(&self.names.hits) {
            notes.add(Finding::Pieces, format!("byte {at}: a part of {install}"));
        }
        self.names.hits
    }
}

/// Fills a buffer, short only at the end.
fn fill(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match from.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
    Ok(filled)
}

/// Offsets by install, in order of names.
fn references(hits: &[Hit<'_>]) -> Vec<Reference> {
    let mut references = std::collections::BTreeMap::<_, Vec<u64>>::new();
    for hit in hits {
        references.entry(hit.install).or_default().push(hit.offset);
    }
    let reference =
        |(install, offsets): (&crate::script::InstallId, _)| Reference { install: install.clone(), offsets };
    references.into_iter().map(reference).collect()
}
