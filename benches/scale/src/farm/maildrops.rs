//! What the maildrops hold: computed from their number, except how much arrived since.

use std::fmt::Write;

use crate::field::{Field, user};

/// All maildrops.
pub(super) struct Maildrops {
    field: Field,
    /// Messages of each.
    held: Vec<u32>,
}

impl Maildrops {
    pub(super) fn new(field: Field) -> Self {
        let held = vec![field.kept; field.maildrops as usize];
        Self { field, held }
    }

    /// The maildrop of this name at this host.
    pub(super) fn find(&self, host: u8, user: &[u8]) -> Option<u32> {
        self.field.maildrop(host, user)
    }

    /// Messages in it.
    pub(super) fn count(&self, maildrop: u32) -> u32 {
        self.held[maildrop as usize]
    }

    /// Lets messages arrive in one maildrop, or in all.
    pub(super) fn bring(&mut self, maildrop: Option<u32>, count: u32) {
        match maildrop {
            Some(one) => {
                if let Some(held) = self.held.get_mut(one as usize) {
                    *held += count;
                }
            }
            None => self.held.iter_mut().for_each(|held| *held += count),
        }
    }
}

/// The octets of every message, as `LIST` says them.
pub(super) const SIZE: usize = 512;

/// The lasting name of a message, numbered from 1.
pub(super) fn unique_id(maildrop: u32, number: u32, out: &mut String) {
    write!(out, "{maildrop:05}.{number:08x}").expect("a string takes everything");
}

/// A message with CRLF line ends and no line that begins with a dot.
pub(super) fn message(maildrop: u32, number: u32) -> String {
    let user = user(maildrop);
    let mut text = format!(
        "Return-Path: <sender@example.net>\r\n\
         Delivered-To: {user}@example.org\r\n\
         Message-ID: <{maildrop}.{number}@example.net>\r\n\
         Date: Tue, 03 Feb 2026 10:00:00 +0000\r\n\
         From: A Sender <sender@example.net>\r\n\
         To: {user}@example.org\r\n\
         Subject: Message {number}\r\n\r\n"
    );
    const LINE: &str = "The quick brown fox jumps over the lazy dog.\r\n";
    while text.len() + 2 * LINE.len() <= SIZE {
        text.push_str(LINE);
    }
    // The last line makes up what is left.
    while text.len() < SIZE - 2 {
        text.push('-');
    }
    text.push_str("\r\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_is_as_long_as_it_is_listed() {
        for (maildrop, number) in [(0, 1), (7, 20), (9_999, u32::MAX), (99_999, 1_000)] {
            let text = message(maildrop, number);
            assert_eq!(text.len(), SIZE, "{maildrop} {number}");
            assert!(text.is_ascii() && !text.contains("\r\n."));
        }
    }
}
