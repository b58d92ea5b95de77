//! The first octets of an input, read as decisions.

/// Decisions in front of the octets they are about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    /// Takes decisions from the front of `data`.
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    /// One decision; 0 when there are no octets left.
    pub(crate) fn next(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    /// The next `count` octets, or as many as there are.
    pub(crate) fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// What no decision was taken from.
    pub(crate) fn rest(self) -> &'a [u8] {
        self.0
    }
}

/// Cuts `octets` into pieces whose lengths `pattern` gives, over and over. Lengths are small,
/// where line ends are, and now and then large. An empty pattern leaves them whole.
pub(crate) fn pieces<'a>(octets: &'a [u8], pattern: &[u8]) -> Vec<&'a [u8]> {
    let mut lengths = pattern.iter().cycle();
    let (mut pieces, mut rest) = (Vec::new(), octets);
    while !rest.is_empty() {
        let length = match lengths.next() {
            None => rest.len(),
            Some(length @ 0..=200) => usize::from(*length % 23) + 1,
            Some(length) => usize::from(*length) * 40,
        };
        let (piece, behind) = rest.split_at(length.min(rest.len()));
        pieces.push(piece);
        rest = behind;
    }
    pieces
}
