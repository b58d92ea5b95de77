//! `TOP`: the header, the empty line behind it, and so many lines of the body (RFC 1939 section 7).

/// Lets the beginning of a message through, in whatever pieces it comes.
#[derive(Debug)]
pub(super) struct TopCut {
    /// Lines of the body that may still pass.
    lines: u32,
    place: Place,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    /// At the start of a line of the header.
    HeaderLineStart,
    /// The same, behind a CR: the next LF ends the header.
    HeaderLineStartCr,
    InHeader,
    InBody,
    Done,
}

impl TopCut {
    pub(super) fn new(lines: u32) -> Self {
        Self {
            lines,
            place: Place::HeaderLineStart,
        }
    }

    /// How many octets of the next piece belong to it.
    pub(super) fn take(&mut self, piece: &[u8]) -> usize {
        let mut at = 0;
        while at < piece.len() && self.place != Place::Done {
            let rest = &piece[at..];
            if self.place == Place::InBody {
                at += self.take_body(rest);
            } else {
                at += self.take_header(rest);
            }
        }
        at
    }

    /// Whether nothing of what follows belongs to it.
    pub(super) fn is_done(&self) -> bool {
        self.place == Place::Done
    }

    fn take_header(&mut self, rest: &[u8]) -> usize {
        self.place = match (self.place, rest[0]) {
            (Place::HeaderLineStart, b'\r') => Place::HeaderLineStartCr,
            (Place::HeaderLineStart | Place::HeaderLineStartCr, b'\n') => match self.lines {
                0 => Place::Done,
                _ => Place::InBody,
            },
            _ => return self.take_header_line(rest),
        };
        1
    }

    fn take_header_line(&mut self, rest: &[u8]) -> usize {
        match memchr::memchr(b'\n', rest) {
            Some(at) => {
                self.place = Place::HeaderLineStart;
                at + 1
            }
            None => {
                self.place = Place::InHeader;
                rest.len()
            }
        }
    }

    fn take_body(&mut self, rest: &[u8]) -> usize {
        match memchr::memchr(b'\n', rest) {
            Some(at) => {
                self.lines -= 1;
                if self.lines == 0 {
                    self.place = Place::Done;
                }
                at + 1
            }
            None => rest.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn top(message: &[u8], lines: u32, step: usize) -> Vec<u8> {
        let (mut cut, mut out) = (TopCut::new(lines), Vec::new());
        for piece in message.chunks(step) {
            let taken = cut.take(piece);
            out.extend_from_slice(&piece[..taken]);
            assert_eq!(taken < piece.len() || cut.is_done(), cut.is_done());
        }
        out
    }

    #[test]
    fn a_top_is_the_header_its_empty_line_and_the_first_lines() {
        let message = b"A: 1\r\nB: 2\r\n\r\none\r\n\r\nthree\r\n";
        for (lines, expected) in [
            (0, &message[..14]),
            (1, &message[..19]),
            (2, &message[..21]),
            (3, &message[..]),
            (u32::MAX, &message[..]),
        ] {
            for step in 1..=message.len() {
                assert_eq!(
                    top(message, lines, step),
                    expected,
                    "{lines} lines by {step}"
                );
            }
        }
    }

    #[test]
    fn odd_messages_have_a_top_too() {
        for (message, lines, expected) in [
            (&b""[..], 3, &b""[..]),
            (b"A: 1\r\n", 0, b"A: 1\r\n"),
            (b"A: no end", 0, b"A: no end"),
            (b"\r\nbody\r\nmore\r\n", 1, b"\r\nbody\r\n"),
            (b"A: 1\n\none\ntwo\n", 1, b"A: 1\n\none\n"),
            (b"A: \r\r\n\r\nbody\r\n", 0, b"A: \r\r\n\r\n"),
            (b"\rA: 1\r\n\r\nbody\r\n", 0, b"\rA: 1\r\n\r\n"),
        ] {
            for step in 1..=message.len().max(1) {
                assert_eq!(
                    top(message, lines, step),
                    expected,
                    "{}",
                    message.escape_ascii()
                );
            }
        }
    }
}
