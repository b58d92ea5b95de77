//! What a message consists of: octets we hold, or octets we can make again at any time.
//!
//! A made body is a function of its seed and size, so 200 MB cost no memory and a test can make
//! them a second time to compare. Start at `Body::piece`.

use std::borrow::Cow;
use std::io::Write as _;
use std::sync::Arc;

/// The octets of one message.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// Held, and shared with whoever else holds it.
    Held(Arc<[u8]>),
    /// Made when asked for.
    Made(Made),
}

/// A message of a given size that exists only as a rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made {
    seed: u64,
    size: u64,
}

/// How much of a body goes out at once.
pub(crate) const PIECE: usize = 64 * 1024;

impl Body {
    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::Held(octets) => octets.len() as u64,
            Self::Made(made) => made.size,
        }
    }

    /// The octets from `offset` on, at most [`PIECE`]; none at the end.
    pub(crate) fn piece(&self, offset: u64) -> Cow<'_, [u8]> {
        match self {
            Self::Held(octets) => {
                let start = usize::try_from(offset).map_or(octets.len(), |at| at.min(octets.len()));
                Cow::Borrowed(&octets[start..octets.len().min(start + PIECE)])
            }
            Self::Made(made) => Cow::Owned(made.piece(offset)),
        }
    }

    /// All of it, in memory.
    pub(crate) fn octets(&self) -> Vec<u8> {
        let mut octets = Vec::new();
        loop {
            let piece = self.piece(octets.len() as u64);
            if piece.is_empty() {
                return octets;
            }
            octets.extend_from_slice(&piece);
        }
    }
}

impl Made {
    /// Of this size, or of the smallest that a header allows.
    pub(crate) fn new(seed: u64, size: u64) -> Self {
        let least = Self { seed, size }.header().len() as u64;
        Self {
            seed,
            size: size.max(least),
        }
    }

    fn piece(self, offset: u64) -> Vec<u8> {
        let end = self.size.min(offset.saturating_add(PIECE as u64));
        if offset >= end {
            return Vec::new();
        }
        let header = self.header();
        let header_len = header.len() as u64;
        // From the start of the line in which the piece begins, so that any offset makes the same.
        let (mut made, start) = if offset < header_len {
            (header.into_bytes(), 0)
        } else {
            let line = (offset - header_len) / LINE;
            (Vec::with_capacity(PIECE + 100), header_len + line * LINE)
        };
        while start + (made.len() as u64) < end {
            let line = (start + made.len() as u64 - header_len) / LINE;
            push_line(&mut made, self.seed, line);
        }
        made.truncate(in_a_piece(end - start));
        made.drain(..in_a_piece(offset - start));
        made
    }

    /// As long as it takes for the body to be whole lines.
    fn header(self) -> String {
        let Self { seed, size } = self;
        let (hour, minute, second) = (seed / 3600 % 24, seed / 60 % 60, seed % 60);
        let mut header = format!(
            "Message-ID: <made.{seed}@example.org>\r\n\
             Date: Mon, 02 Mar 2026 {hour:02}:{minute:02}:{second:02} +0000\r\n\
             From: Maker <maker@example.org>\r\n\
             To: taker@example.org\r\n\
             Subject: Made message {seed}\r\n\
             X-Filler: "
        );
        let bare = header.len() as u64 + HEADER_END;
        let filler = in_a_piece(size.saturating_sub(bare) % LINE);
        header.extend(std::iter::repeat_n('x', filler));
        header.push_str("\r\n\r\n");
        header
    }
}

/// Octets in a line of a made body, CRLF included.
const LINE: u64 = 78;

/// The line ends behind the last field.
const HEADER_END: u64 = 4;

/// Every so many lines one begins with a dot: transparency must not be forgotten.
const DOTTED: u64 = 50;

fn push_line(made: &mut Vec<u8>, seed: u64, line: u64) {
    let dot = if line.is_multiple_of(DOTTED) {
        '.'
    } else {
        ' '
    };
    write!(made, "{dot}{line:010} {seed:020} {REST}\r\n").expect("a Vec takes any write");
}

/// What fills a line up to [`LINE`] octets.
const REST: &str = "the quick brown fox jumps over the lazy dog";

/// A length that is known to be no more than a piece and a line.
fn in_a_piece(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_body_is_the_same_from_any_offset() {
        let body = Body::Made(Made::new(7, 200_000));
        let whole = body.octets();
        assert_eq!(whole.len(), 200_000);
        for offset in [
            0, 1, 100, 214, 215, 300, 65_535, 65_536, 131_000, 199_998, 199_999,
        ] {
            let piece = body.piece(offset as u64);
            assert_eq!(
                piece.as_ref(),
                &whole[offset..whole.len().min(offset + PIECE)],
                "{offset}"
            );
        }
        assert!(body.piece(200_000).is_empty());
    }

    #[test]
    fn a_made_body_has_its_size_and_whole_lines() {
        let least = Made::new(1, 0).size;
        for size in least..least + 3 * LINE {
            let octets = Body::Made(Made::new(1, size)).octets();
            assert_eq!(octets.len() as u64, size);
            let text = String::from_utf8(octets).unwrap();
            let (_, body) = text.split_once("\r\n\r\n").unwrap();
            let whole = body
                .split_inclusive("\r\n")
                .all(|line| line.len() as u64 == LINE);
            assert!(whole, "{size}");
        }
    }

    #[test]
    fn two_made_bodies_differ() {
        let octets = |seed| Body::Made(Made::new(seed, 1_000)).octets();
        assert_ne!(octets(1), octets(2));
    }
}
