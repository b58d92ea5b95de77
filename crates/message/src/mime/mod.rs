//! The parts of a message: where each begins and ends, and what it says it is (RFC 2045, RFC 2046).
//!
//! Octets come in pieces of any size, what comes out are numbers: a message of any length is read in
//! bounded memory, in one pass, whatever it nests. Nothing is decoded here. Start at [`Scanner`].

mod described;
mod scan;
#[cfg(test)]
mod tests;

use std::ops::Range;

pub use described::{Described, Disposition, TransferEncoding};
pub use scan::Scanner;

/// Parts that are told apart; what comes behind them belongs to the last. Real messages have some
/// dozens, and a page would have to list them.
pub const PARTS_MOST: usize = 1_000;

/// How deep parts are looked for inside others: a part below that is one part, whatever is in it.
/// Forwarded messages in forwarded messages stay below ten.
pub const DEPTH_MOST: usize = 32;

/// A message as the parts it is made of.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Structure {
    /// The message itself comes first, then each part before the parts inside it.
    parts: Vec<Part>,
}

/// One part, the message itself among them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    /// What its header says of it.
    pub described: Described,
    /// Its header with the empty line, in octets of the message.
    pub header: Range<u64>,
    /// What is behind that, as it was sent. The line end before the next delimiter is not its own.
    pub body: Range<u64>,
    /// Line ends in the body.
    pub lines: u64,
    /// The part it is in; the message is in none.
    pub parent: Option<usize>,
    /// Whether it is looked into: a multipart, or a message that is attached.
    pub holds: Holds,
}

/// What is inside a part.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Holds {
    /// Octets.
    Octets,
    /// Parts between delimiters.
    Parts,
    /// One message (RFC 2046 section 5.2.1).
    Message,
}

impl Structure {
    /// Reads a message that is in memory.
    pub fn of(message: &[u8]) -> Self {
        let mut scanner = Scanner::new();
        scanner.push(message);
        scanner.finish()
    }

    /// All parts: the message first, then each before those inside it.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The part of this number.
    pub fn part(&self, number: usize) -> Option<&Part> {
        self.parts.get(number)
    }

    /// The numbers of the parts right inside this one.
    pub fn inside(&self, number: usize) -> impl Iterator<Item = usize> {
        let behind = self.parts.iter().enumerate().skip(number + 1);
        behind
            .filter(move |(_, part)| part.parent == Some(number))
            .map(|(inside, _)| inside)
    }
}
