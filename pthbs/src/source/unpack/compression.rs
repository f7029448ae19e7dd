//! What an archive is compressed with: told by its first bytes, never by its name.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};

use liblzma::stream::{CONCATENATED, Stream};

/// More than any real archive needs (xz -9 takes 64 MiB); a hostile one must not take all of the machine's memory.
const MEMORY: u64 = 1 << 30;
const READ_BUFFER: usize = 256 * 1024;

/// Opens a file from its start, decompressing as it is read. Nothing if these are not an archive's first bytes.
pub(super) fn open(mut file: File) -> io::Result<Option<Box<dyn Read + Send>>> {
    file.rewind()?;
    let mut start = Vec::with_capacity(512);
    (&file).take(512).read_to_end(&mut start)?;
    file.rewind()?;
    let file = BufReader::with_capacity(READ_BUFFER, file);
    Ok(Some(match start[..] {
        [0x1f, 0x8b, ..] => Box::new(flate2::bufread::MultiGzDecoder::new(file)),
        // liblzma could decompress several blocks at once, where a file has them. Not done: it holds each block whole
        // (a page fault for every 4 KiB, 100 MiB and more), and other sources are unpacked beside this one.
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => {
            let stream = Stream::new_stream_decoder(MEMORY, CONCATENATED)?;
            Box::new(liblzma::bufread::XzDecoder::new_stream(file, stream))
        }
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => Box::new(bzip2::bufread::MultiBzDecoder::new(file)),
        // The second is a skippable frame, with which pzstd begins.
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
            Box::new(zstd::Decoder::with_buffer(file)?)
        }
        _ if start.len() == 512 && super::members::is_header(&start) => Box::new(file),
        _ => return Ok(None),
    }))
}
