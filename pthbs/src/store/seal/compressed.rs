//! Looks into compressed files, with bounded memory and bounded patience.

use std::io::{self, BufReader, Read};

/// How far a compressed file is unpacked. Nothing is to be installed compressed; this is to find what is, not to read all.
const MOST_BYTES: u64 = 1 << 30;
/// What a decoder may take: enough for `xz -9` and `zstd --long`.
const MOST_MEMORY: u64 = 160 << 20;
const ZSTD_WINDOW_LOG: u32 = 27;

/// A way of compressing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    Gzip,
    Xz,
    Zstd,
    Bzip2,
}

impl Compression {
    /// What the first bytes of a file say.
    pub(super) fn of(start: &[u8]) -> Option<Compression> {
        match start {
            [0x1f, 0x8b, 8, ..] => Some(Compression::Gzip),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Compression::Xz),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Compression::Zstd),
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, ..] => Some(Compression::Bzip2),
            _ => None,
        }
    }

    /// What is inside, as far as it is looked at.
    pub(super) fn inside<'r>(self, file: impl Read + 'r) -> io::Result<Box<dyn Read + 'r>> {
        Ok(match self {
            Compression::Gzip => Box::new(flate2::read::MultiGzDecoder::new(file).take(MOST_BYTES)),
            Compression::Bzip2 => Box::new(bzip2::read::MultiBzDecoder::new(file).take(MOST_BYTES)),
            Compression::Xz => {
                let concatenated = liblzma::stream::CONCATENATED;
                let stream = liblzma::stream::Stream::new_stream_decoder(MOST_MEMORY, concatenated)?;
                Box::new(liblzma::read::XzDecoder::new_stream(file, stream).take(MOST_BYTES))
            }
            Compression::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(BufReader::new(file))?;
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                Box::new(decoder.take(MOST_BYTES))
            }
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use super::*;

    pub(crate) fn compress(how: Compression, bytes: &[u8]) -> Vec<u8> {
        match how {
            Compression::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            Compression::Bzip2 => {
                let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            Compression::Xz => {
                let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 6);
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            Compression::Zstd => zstd::encode_all(bytes, 3).unwrap(),
        }
    }

    #[test]
    fn what_was_compressed_is_seen_again() {
        for how in [Compression::Gzip, Compression::Xz, Compression::Zstd, Compression::Bzip2] {
            let text = b"a text that is compressed".repeat(1000);
            let twice = compress(how, &text).repeat(2);
            assert_eq!(Compression::of(&twice), Some(how));
            let mut inside = Vec::new();
            how.inside(&twice[..]).unwrap().read_to_end(&mut inside).unwrap();
            assert_eq!(inside, text.repeat(2), "{how:?}");
            assert!(how.inside(&twice[..40]).unwrap().read_to_end(&mut Vec::new()).is_err());
        }
        assert_eq!(Compression::of(b"BZh9 is how this text begins"), None);
        assert_eq!(Compression::of(b""), None);
    }
}
