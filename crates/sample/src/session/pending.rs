//! What was received and not looked at.

/// Gives lines from its front and takes octets at its end.
#[derive(Default)]
pub(super) struct Pending {
    octets: Vec<u8>,
    taken: usize,
}

/// More than this without a line end is shown to the grammar, which knows what to do.
const LINE_MOST: usize = 4 * 1024;

/// Read at once: a good part of a client's pipeline.
const READ: usize = 16 * 1024;

impl Pending {
    /// Whether there is a whole line.
    pub(super) fn has_line(&self) -> bool {
        self.unread().contains(&b'\n')
    }

    /// The next line with its end, or as much as anybody would want of it.
    pub(super) fn take_line(&mut self) -> Option<&[u8]> {
        let start = self.taken;
        let end = self.unread().iter().position(|octet| *octet == b'\n');
        let len = match end {
            Some(end) => end + 1,
            None if self.unread().len() > LINE_MOST => self.unread().len(),
            None => return None,
        };
        self.taken += len;
        Some(&self.octets[start..self.taken])
    }

    /// Where to append what is received.
    pub(super) fn room(&mut self) -> &mut Vec<u8> {
        self.octets.drain(..self.taken);
        self.taken = 0;
        self.octets.reserve(READ);
        &mut self.octets
    }

    /// Forgets all of it.
    pub(super) fn clear(&mut self) {
        self.octets.clear();
        self.taken = 0;
    }

    fn unread(&self) -> &[u8] {
        &self.octets[self.taken..]
    }
}
