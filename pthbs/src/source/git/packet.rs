//! Git's packet lines: four hexadecimal digits of length, then that much data; read from pieces of any size.

use super::super::http::Refusal;

/// One packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packet<'a> {
    Data(&'a [u8]),
    /// `0000`: the end of a list.
    Flush,
    /// `0001`: the end of a section. `0002`, the end of a response, says nothing that we do not see from the body's end.
    Delimiter,
}

/// Packets in the making.
#[derive(Default)]
pub(super) struct Packets {
    rest: Vec<u8>,
}

impl Packets {
    /// Takes a piece in and gives every packet that is whole by then.
    pub(super) fn push(
        &mut self,
        piece: &[u8],
        take: &mut dyn FnMut(Packet<'_>) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        self.rest.extend_from_slice(piece);
        let mut at = 0;
        while self.rest.len() - at >= 4 {
            let length = length(&self.rest[at..at + 4])?;
            let end = at + length.max(4);
            if self.rest.len() < end {
                break;
            }
            take(match length {
                0 => Packet::Flush,
                1 | 2 => Packet::Delimiter,
                _ => Packet::Data(&self.rest[at + 4..end]),
            })?;
            at = end;
        }
        self.rest.drain(..at);
        Ok(())
    }

    /// Checks that nothing was left over.
    pub(super) fn finish(&self) -> Result<(), Refusal> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(Refusal::lasting("the git server's answer ends too early"))
        }
    }
}

fn length(digits: &[u8]) -> Result<usize, Refusal> {
    let text =
        std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let length = text.and_then(|text| usize::from_str_radix(text, 16).ok());
    length.filter(|length| *length != 3).ok_or_else(|| Refusal::lasting("it does not speak git's protocol"))
}

/// Writes one line of a request.
pub(super) fn line(text: &str) -> Vec<u8> {
    format!("{:04x}{text}\n", text.len() + 5).into_bytes()
}

pub(super) const FLUSH: &[u8] = b"0000";
pub(super) const DELIMITER: &[u8] = b"0001";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[&[u8]]) -> Result<Vec<String>, Refusal> {
        let (mut packets, mut seen) = (Packets::default(), Vec::new());
        for piece in pieces {
            packets.push(piece, &mut |packet| {
                seen.push(match packet {
                    Packet::Data(data) => String::from_utf8_lossy(data).into_owned(),
                    other => format!("{other:?}"),
                });
                Ok(())
            })?;
        }
        packets.finish().map(|()| seen)
    }

    #[test]
    fn packets_are_whole_whatever_the_pieces() {
        let bytes = [&line("hello")[..], FLUSH, DELIMITER, b"0004"].concat();
        let expected = ["hello\n", "Flush", "Delimiter", ""];
        assert_eq!(read(&[&bytes]).unwrap(), expected);
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(read(&single).unwrap(), expected);
    }

    #[test]
    fn what_is_no_packet_is_refused() {
        for bytes in [&b"<html>"[..], b"0003", b"+00a", b"0009hell", b"00"] {
            assert!(read(&[bytes]).is_err());
        }
    }
}
