//! Octets to be sent and not yet written.
//!
//! Owns one piece of memory that is wiped when it has held a secret; starts over at its front
//! whenever everything is written, so it grows only with what is queued at once.

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

/// What goes to the peer.
pub(crate) struct OutputBuffer {
    octets: Zeroizing<Vec<u8>>,
    written: usize,
    /// Whether a password or token is among `octets`.
    holds_secret: bool,
}

/// Room for any sign-in by password: a buffer that had to move would leave the secret where it was.
const FIRST_CAPACITY: usize = 1024;

/// From here on, what was written is cut off in front although more is queued behind it.
const COMPACT_FROM: usize = 64 * 1024;

impl OutputBuffer {
    pub(crate) fn new() -> Self {
        let octets = Zeroizing::new(Vec::with_capacity(FIRST_CAPACITY));
        Self {
            octets,
            written: 0,
            holds_secret: false,
        }
    }

    /// Appends octets.
    pub(crate) fn push(&mut self, octets: &[u8]) {
        self.octets.extend_from_slice(octets);
    }

    /// Appends octets nobody may find in memory later.
    pub(crate) fn push_secret(&mut self, octets: &[u8]) {
        self.holds_secret = true;
        if self.octets.capacity() - self.octets.len() < octets.len() {
            // Growing in place would leave what is there now where it was; this wipes it.
            let mut roomier = Vec::with_capacity(self.octets.len() + octets.len() + FIRST_CAPACITY);
            roomier.extend_from_slice(&self.octets);
            self.octets = Zeroizing::new(roomier);
        }
        self.push(octets);
    }

    /// Appends text.
    pub(crate) fn push_text(&mut self, text: impl fmt::Display) {
        use std::io::Write as _;
        write!(*self.octets, "{text}").expect("a Vec takes any write");
    }

    /// Appends text that must stay on its line.
    pub(crate) fn push_line_text(&mut self, text: impl fmt::Display) {
        let start = self.octets.len();
        self.push_text(text);
        self.keep_on_line(start);
    }

    /// Makes a `?` of each control octet from `start` on, so that a text with a CRLF in it cannot
    /// say something of its own.
    pub(crate) fn keep_on_line(&mut self, start: usize) {
        for octet in &mut self.octets[start..] {
            if octet.is_ascii_control() && *octet != b'\t' {
                *octet = b'?';
            }
        }
    }

    /// The memory itself, to append to.
    pub(crate) fn octets_mut(&mut self) -> &mut Vec<u8> {
        &mut self.octets
    }

    /// What has not been written.
    pub(crate) fn unwritten(&self) -> &[u8] {
        &self.octets[self.written..]
    }

    /// Takes note that the first `count` unwritten octets are on their way.
    pub(crate) fn mark_written(&mut self, count: usize) {
        self.written += count;
        assert!(
            self.written <= self.octets.len(),
            "more written than there was"
        );
        if self.written == self.octets.len() {
            if self.holds_secret {
                self.octets.zeroize();
                self.holds_secret = false;
            }
            self.octets.clear();
            self.written = 0;
        } else if self.written >= COMPACT_FROM {
            self.octets.drain(..self.written);
            self.written = 0;
        }
    }
}

impl fmt::Debug for OutputBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OutputBuffer({} octets)", self.unwritten().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_leave_its_line() {
        let mut buffer = OutputBuffer::new();
        buffer.push_line_text("a\r\nb\0c\td é");
        assert_eq!(buffer.unwritten(), "a??b?c\td é".as_bytes());
    }

    #[test]
    fn what_is_written_is_given_up() {
        let mut buffer = OutputBuffer::new();
        buffer.push(&[b'x'; 3 * COMPACT_FROM]);
        buffer.mark_written(2 * COMPACT_FROM);
        assert_eq!(
            (buffer.unwritten().len(), buffer.octets.len()),
            (COMPACT_FROM, COMPACT_FROM)
        );
        buffer.push_secret(b"PASS hunter2");
        buffer.mark_written(buffer.unwritten().len());
        assert!(buffer.octets.is_empty() && !buffer.holds_secret);
    }
}
