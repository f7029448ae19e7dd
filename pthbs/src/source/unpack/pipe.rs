//! Decompression in a thread of its own, so that it overlaps with writing: pieces go over, empty buffers come back.

use std::io::{self, ErrorKind, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, ScopedJoinHandle};

/// Big enough that handing over costs nothing, small enough for the cache of a core.
const PIECE: usize = 256 * 1024;
/// How far decompression may run ahead: writing many small files is slower for a while, a big one faster.
const AHEAD: usize = 16;

type Piece = Result<Vec<u8>, String>;

/// The decompressed bytes, as they arrive.
pub(super) struct Pipe {
    pieces: Receiver<Piece>,
    used: SyncSender<Vec<u8>>,
    current: Vec<u8>,
    at: usize,
}

impl Pipe {
    /// Reads `source` in a thread of `scope`, up to `limit` bytes.
    pub(super) fn start<'scope>(
        scope: &'scope thread::Scope<'scope, '_>,
        source: Box<dyn Read + Send>,
        limit: u64,
    ) -> (Pipe, ScopedJoinHandle<'scope, ()>) {
        let (piece_sender, pieces) = sync_channel(AHEAD);
        let (used, buffers) = sync_channel(AHEAD + 2);
        let reader = scope.spawn(move || read_all(source, limit, &piece_sender, &buffers));
        (Pipe { pieces, used, current: Vec::new(), at: 0 }, reader)
    }

    /// Some of the bytes that come next, at most `limit`; none at the end.
    pub(super) fn next(&mut self, limit: u64) -> Result<&[u8], String> {
        if self.at == self.current.len() {
            // A full return lane only means that the buffer is freed instead.
            let _ = self.used.try_send(std::mem::take(&mut self.current));
            self.at = 0;
            if let Ok(piece) = self.pieces.recv() {
                self.current = piece?;
            }
        }
        let rest = self.current.len() - self.at;
        let length = rest.min(usize::try_from(limit).unwrap_or(usize::MAX));
        let start = self.at;
        self.at += length;
        Ok(&self.current[start..self.at])
    }

    /// Fills the buffer; less than all of it only at the end. Gives how much there was.
    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, String> {
        let mut filled = 0;
        while filled < buffer.len() {
            let piece = self.next((buffer.len() - filled) as u64)?;
            if piece.is_empty() {
                break;
            }
            buffer[filled..filled + piece.len()].copy_from_slice(piece);
            filled += piece.len();
        }
        Ok(filled)
    }
}

/// Runs in the other thread; ends early when nobody listens any more.
fn read_all(
    mut source: Box<dyn Read + Send>,
    limit: u64,
    pieces: &SyncSender<Piece>,
    buffers: &Receiver<Vec<u8>>,
) {
    let mut total = 0;
    loop {
        let mut buffer = buffers.try_recv().unwrap_or_default();
        buffer.resize(PIECE, 0);
        let length = match fill_from(&mut source, &mut buffer) {
            Ok(0) => return,
            Ok(length) => length,
            Err(cause) => {
                let _ = pieces.send(Err(damage(&cause)));
                return;
            }
        };
        total += length as u64;
        if total > limit {
            let _ = pieces.send(Err(format!("unpacked it is larger than the limit of {limit} bytes")));
            return;
        }
        buffer.truncate(length);
        if pieces.send(Ok(buffer)).is_err() {
            return;
        }
    }
}

fn fill_from(source: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
    Ok(filled)
}

fn damage(cause: &io::Error) -> String {
    match cause.kind() {
        ErrorKind::UnexpectedEof => "its compressed data ends too early".to_string(),
        _ => format!("its compressed data cannot be read: {}", crate::base::error::system_word(cause)),
    }
}
