//! ELF files, as far as a seal must understand them: what a program needs at run time, and whether its stack may run.

use std::cell::RefCell;
use std::io;

/// A file that can be executed or loaded.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Program {
    /// The dynamic loader that the kernel would start.
    pub(super) interpreter: Option<String>,
    /// Libraries it is to be linked with at run time.
    pub(super) libraries: Vec<String>,
    /// Whether it asks for a stack that can be executed.
    pub(super) has_executable_stack: bool,
}

const ET_EXEC: u64 = 2;
const ET_DYN: u64 = 3;
const PT_LOAD: u64 = 1;
const PT_DYNAMIC: u64 = 2;
const PT_INTERP: u64 = 3;
const PT_GNU_STACK: u64 = 0x6474_e551;
const PF_X: u64 = 1;
const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;
/// Bounds against files that lie about their tables.
const MOST_ENTRIES: u64 = 4096;
const LONGEST_NAME: usize = 4096;
/// How much is read at once.
const PAGE: usize = 4096;

/// Reads a program; nothing if it is none: objects and archives are not, nor is what only looks like ELF.
pub(super) fn program(file: &dyn ReadAt) -> io::Result<Option<Program>> {
    let mut ident = [0; 64];
    let length = file.read_some_at(&mut ident, 0)?;
    let reader = match &ident[..length.min(6)] {
        [0x7f, b'E', b'L', b'F', class @ (1 | 2), order @ (1 | 2)] => {
            let page = RefCell::new((0, Vec::new()));
            Reader { file, page, is_wide: *class == 2, is_little: *order == 1 }
        }
        _ => return Ok(None),
    };
    match reader.program() {
        Err(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        read => read,
    }
}

/// Reading at an offset, so that tests need no file.
pub(super) trait ReadAt {
    /// Reads as many bytes as there are, at most a buffer full.
    fn read_some_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
}

impl ReadAt for std::fs::File {
    fn read_some_at(&self, mut buffer: &mut [u8], mut offset: u64) -> io::Result<usize> {
        let wanted = buffer.len();
        while !buffer.is_empty() {
            match std::os::unix::fs::FileExt::read_at(self, buffer, offset) {
                Ok(0) => break,
                Ok(n) => {
                    buffer = &mut buffer[n..];
                    offset += n as u64;
                }
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) => return Err(cause),
            }
        }
        Ok(wanted - buffer.len())
    }
}

struct Reader<'f> {
    file: &'f dyn ReadAt,
    /// The bytes read last, and where they begin: tables are read number by number.
    page: RefCell<(u64, Vec<u8>)>,
    is_wide: bool,
    is_little: bool,
}

/// One line of the program header table.
struct Segment {
    kind: u64,
    flags: u64,
    offset: u64,
    address: u64,
    size: u64,
}

impl Reader<'_> {
    fn program(&self) -> io::Result<Option<Program>> {
        let kind = self.number(16, 2)?;
        if kind != ET_EXEC && kind != ET_DYN {
            return Ok(None);
        }
        let segments = self.segments()?;
        let mut program = Program::default();
        for segment in &segments {
            match segment.kind {
                PT_INTERP => program.interpreter = Some(self.text(segment.offset)?),
                PT_DYNAMIC => program.libraries = self.libraries(segment, &segments)?,
                PT_GNU_STACK => program.has_executable_stack = segment.flags & PF_X != 0,
                _ => {}
            }
        }
        Ok(Some(program))
    }

    fn segments(&self) -> io::Result<Vec<Segment>> {
        // Offset of the table, size of an entry, number of entries: at other places in 32-bit files.
        let (table, size, count) = if self.is_wide { (32, 54, 56) } else { (28, 42, 44) };
        let table = self.word(table)?;
        let (size, count) = (self.number(size, 2)?, self.number(count, 2)?);
        (0..count.min(MOST_ENTRIES)).map(|index| self.segment(end(table, index * size)?)).collect()
    }

    fn segment(&self, at: u64) -> io::Result<Segment> {
        let flags = end(at, if self.is_wide { 4 } else { 24 })?;
        let field = |number: u64| {
            // Offset, virtual address, physical address, size in the file.
            let first = if self.is_wide { 8 } else { 4 };
            self.word(end(at, first + number * self.word_size())?)
        };
        Ok(Segment {
            kind: self.number(at, 4)?,
            flags: self.number(flags, 4)?,
            offset: field(0)?,
            address: field(1)?,
            size: field(3)?,
        })
    }

    fn libraries(&self, dynamic: &Segment, segments: &[Segment]) -> io::Result<Vec<String>> {
        let mut needed = Vec::new();
        let mut texts = None;
        let size = 2 * self.word_size();
        for index in 0..(dynamic.size / size).min(MOST_ENTRIES) {
            let at = end(dynamic.offset, index * size)?;
            let value = self.word(end(at, self.word_size())?)?;
            match self.word(at)? {
                0 => break,
                DT_NEEDED => needed.push(value),
                DT_STRTAB => texts = Some(value),
                _ => {}
            }
        }
        // The table of names is given by its address in memory; a segment says where in the file that is.
        let offset = texts.and_then(|address| {
            let holds = |segment: &&Segment| {
                segment.kind == PT_LOAD
                    && address.checked_sub(segment.address).is_some_and(|at| at < segment.size)
            };
            let segment = segments.iter().find(holds)?;
            segment.offset.checked_add(address - segment.address)
        });
        let name = |at: u64| match offset {
            Some(offset) => self.text(end(offset, at)?),
            None => Ok("a library".to_string()),
        };
        needed.into_iter().map(name).collect()
    }

    fn word_size(&self) -> u64 {
        if self.is_wide { 8 } else { 4 }
    }

    fn word(&self, at: u64) -> io::Result<u64> {
        self.number(at, self.word_size() as usize)
    }

    fn number(&self, at: u64, size: usize) -> io::Result<u64> {
        let mut page = self.page.borrow_mut();
        let is_here = |page: &(u64, Vec<u8>)| {
            at.checked_sub(page.0)
                .is_some_and(|start| start.saturating_add(size as u64) <= page.1.len() as u64)
        };
        if !is_here(&page) {
            let mut bytes = vec![0; PAGE];
            let length = self.file.read_some_at(&mut bytes, at)?;
            bytes.truncate(length);
            *page = (at, bytes);
            if !is_here(&page) {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let start = (at - page.0) as usize;
        let mut bytes = [0; 8];
        bytes[..size].copy_from_slice(&page.1[start..start + size]);
        if !self.is_little {
            bytes[..size].reverse();
        }
        Ok(u64::from_le_bytes(bytes))
    }

    /// The text at an offset, up to its NUL.
    fn text(&self, at: u64) -> io::Result<String> {
        let mut bytes = vec![0; LONGEST_NAME];
        let length = self.file.read_some_at(&mut bytes, at)?;
        let text = bytes[..length].split(|byte| *byte == 0).next().unwrap_or_default();
        Ok(String::from_utf8_lossy(text).escape_debug().to_string())
    }
}

/// `at + more`; beyond all numbers is beyond the file's end.
fn end(at: u64, more: u64) -> io::Result<u64> {
    at.checked_add(more).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    impl ReadAt for Vec<u8> {
        fn read_some_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
            let rest = usize::try_from(offset).ok().and_then(|offset| self.get(offset..)).unwrap_or_default();
            let length = rest.len().min(buffer.len());
            buffer[..length].copy_from_slice(&rest[..length]);
            Ok(length)
        }
    }

    /// A 64-bit program with the parts that a seal looks at.
    pub(crate) fn elf(kind: u16, interpreter: Option<&str>, libraries: &[&str], stack_flags: u32) -> Vec<u8> {
        let mut strings = vec![0];
        let mut dynamic = Vec::new();
        for library in libraries {
            dynamic.push((DT_NEEDED, strings.len() as u64));
            strings.extend(library.bytes().chain([0]));
        }
        let interpreter_at = strings.len() as u64;
        strings.extend(interpreter.unwrap_or_default().bytes().chain([0]));

        let (headers, base) = (4u64, 0x40_0000u64);
        let strings_at = 64 + headers * 56;
        let dynamic_at = strings_at + strings.len() as u64;
        dynamic.extend([(DT_STRTAB, base + strings_at), (0, 0)]);
        let total = dynamic_at + dynamic.len() as u64 * 16;

        let mut file = b"\x7fELF\x02\x01\x01".to_vec();
        file.resize(16, 0);
        file.extend(kind.to_le_bytes());
        file.extend(62u16.to_le_bytes());
        file.extend(1u32.to_le_bytes());
        [base, 64, 0].iter().for_each(|word| file.extend(word.to_le_bytes()));
        file.extend(0u32.to_le_bytes());
        [64, 56, headers as u16, 64, 0, 0].iter().for_each(|half| file.extend(half.to_le_bytes()));
        let mut segment = |kind: u64, flags: u32, offset: u64, size: u64| {
            file.extend((kind as u32).to_le_bytes());
            file.extend(flags.to_le_bytes());
            [offset, base + offset, 0, size, size, 8].iter().for_each(|word| file.extend(word.to_le_bytes()));
        };
        segment(PT_LOAD, 5, 0, total);
        segment(if interpreter.is_some() { PT_INTERP } else { 0 }, 4, strings_at + interpreter_at, 8);
        segment(if libraries.is_empty() { 0 } else { PT_DYNAMIC }, 6, dynamic_at, dynamic.len() as u64 * 16);
        segment(PT_GNU_STACK, stack_flags, 0, 0);
        file.extend(strings);
        for (tag, value) in dynamic {
            file.extend(tag.to_le_bytes());
            file.extend(value.to_le_bytes());
        }
        file
    }

    #[test]
    fn a_program_tells_its_interpreter_and_libraries() {
        let file = elf(3, Some("/lib/ld-musl-x86_64.so.1"), &["libc.so", "libz.so.1"], 6);
        let program = program(&file).unwrap().unwrap();
        assert_eq!(program.interpreter.as_deref(), Some("/lib/ld-musl-x86_64.so.1"));
        assert_eq!(program.libraries, ["libc.so", "libz.so.1"]);
        assert!(!program.has_executable_stack);
    }

    #[test]
    fn a_static_program_needs_nothing_and_an_object_is_none() {
        let needs_nothing = Program::default();
        assert_eq!(program(&elf(2, None, &[], 6)).unwrap(), Some(needs_nothing));
        assert!(program(&elf(2, None, &[], 7)).unwrap().unwrap().has_executable_stack);
        assert_eq!(program(&elf(1, None, &[], 7)).unwrap(), None);
        assert_eq!(program(&b"#!/bin/sh\n".to_vec()).unwrap(), None);
        assert_eq!(program(&b"\x7fELF\x02\x01".to_vec()).unwrap(), None);
    }

    #[test]
    fn this_test_is_a_program() {
        let file = std::fs::File::open(std::env::current_exe().unwrap()).unwrap();
        assert!(program(&file).unwrap().is_some());
    }

    proptest! {
        // A failure is a panic or an endless loop on a file that a hostile build wrote.
        #[test]
        fn no_bytes_are_too_strange(at in 16usize..300, byte: u8, wide in 1u8..3, order in 1u8..3, cut in 0usize..500) {
            let mut file = elf(3, Some("/lib/ld.so"), &["libc.so"], 7);
            (file[4], file[5]) = (wide, order);
            let at = at.min(file.len() - 1);
            file[at] = byte;
            file.truncate(cut.max(7));
            let _ = program(&file).unwrap();
        }
    }
}
