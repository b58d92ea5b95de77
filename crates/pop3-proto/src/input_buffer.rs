//! Octets received and not yet understood.
//!
//! Owns one growing piece of memory, bounded because its user takes everything it can before more
//! is pushed: what stays is less than a line. Positions it hands out hold until the next `push`.

use std::ops::{Index, IndexMut, Range};

use memchr::memchr;

/// What a peer sent, with a reading position.
#[derive(Debug, Default)]
pub(crate) struct InputBuffer {
    octets: Vec<u8>,
    /// Everything before it has been read; it goes away with the next `push`.
    read: usize,
}

/// No line end within the limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct LineTooLong;

/// Whether skipping a line came to its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum LineEnd {
    Reached,
    Ahead,
}

impl InputBuffer {
    /// Appends what was received. Positions handed out before mean nothing afterwards.
    pub(crate) fn push(&mut self, octets: &[u8]) {
        self.octets.drain(..self.read);
        self.read = 0;
        self.octets.extend_from_slice(octets);
    }

    /// What has not been read.
    pub(crate) fn unread(&self) -> &[u8] {
        &self.octets[self.read..]
    }

    /// Reads `count` octets and says where they are.
    pub(crate) fn take(&mut self, count: usize) -> Range<usize> {
        let start = self.read;
        self.read += count;
        debug_assert!(
            self.read <= self.octets.len(),
            "read past the end of the input"
        );
        start..self.read
    }

    /// Reads up to the next LF and says where the line is, without its LF and a CR before that.
    /// A line may have `longest` octets, line end included.
    pub(crate) fn take_line(
        &mut self,
        longest: usize,
    ) -> Result<Option<Range<usize>>, LineTooLong> {
        let unread = self.unread();
        match memchr(b'\n', unread) {
            Some(lf) if lf < longest => {
                let ended_by_crlf = unread[..lf].last() == Some(&b'\r');
                let line = self.take(lf + 1);
                Ok(Some(line.start..line.end - 1 - usize::from(ended_by_crlf)))
            }
            None if unread.len() < longest => Ok(None),
            _ => Err(LineTooLong),
        }
    }

    /// Reads up to and including the next LF, or everything if there is none; says which.
    pub(crate) fn skip_line(&mut self) -> LineEnd {
        match memchr(b'\n', self.unread()) {
            Some(lf) => {
                self.take(lf + 1);
                LineEnd::Reached
            }
            None => {
                self.clear();
                LineEnd::Ahead
            }
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.octets.clear();
        self.read = 0;
    }
}

impl Index<Range<usize>> for InputBuffer {
    type Output = [u8];

    fn index(&self, range: Range<usize>) -> &[u8] {
        &self.octets[range]
    }
}

impl IndexMut<Range<usize>> for InputBuffer {
    fn index_mut(&mut self, range: Range<usize>) -> &mut [u8] {
        &mut self.octets[range]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_with_lf_and_loses_one_cr() {
        for (input, line) in [
            (&b"a\r\n"[..], Ok(Some(&b"a"[..]))),
            (b"a\n", Ok(Some(b"a"))),
            (b"a\r\r\n", Ok(Some(b"a\r"))),
            (b"\n", Ok(Some(b""))),
            (b"abcdef\r\n", Ok(Some(b"abcdef"))),
            (b"abcdefg\r\n", Err(LineTooLong)),
            (b"abcdefg\r", Err(LineTooLong)),
            (b"abcdef\r", Ok(None)),
            (b"", Ok(None)),
        ] {
            let mut buffer = InputBuffer::default();
            buffer.push(input);
            let taken = buffer
                .take_line(8)
                .map(|range| range.map(|range| buffer[range].to_vec()));
            let expected = line.map(|line| line.map(<[u8]>::to_vec));
            assert_eq!(taken, expected, "{}", input.escape_ascii());
        }
    }

    #[test]
    fn what_was_read_goes_away_with_the_next_push() {
        let mut buffer = InputBuffer::default();
        buffer.push(b"one\r\ntw");
        assert!(buffer.take_line(80).is_ok());
        buffer.push(b"o");
        assert_eq!(buffer.octets, b"two");
    }
}
