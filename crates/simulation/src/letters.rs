//! The mail: numbered messages with a text that their number determines.

use inhaul_types::Digest;
use sha2::{Digest as _, Sha256};

use crate::dice::Dice;

/// The mailbox that is read by a catch-all.
pub(crate) const CATCH_ALL: usize = 19;
/// The domain whose mail comes into it.
pub(crate) const DOMAIN: &str = "firm.example.org";
/// Who has an address there, in the order of their places; the fallback's place is before theirs.
pub(crate) const PEOPLE: [&str; 2] = ["alice", "petr"];
/// Folders that one mailbox's messages may go into.
pub(crate) const PLACES: usize = 1 + PEOPLE.len();

/// The places where a message belongs, and how its header says so.
fn shared_out(number: u32) -> (&'static [usize], &'static str) {
    match number % 5 {
        0 => (&[0], "To: nobody@firm.example.org\r\n"),
        1 => (
            &[1],
            "Delivered-To: alice@firm.example.org\r\nTo: petr@firm.example.org\r\n",
        ),
        2 => (
            &[2],
            "To: list@example.org\r\nCc: petr@firm.example.org\r\n",
        ),
        3 => (
            &[1, 2],
            "To: petr@firm.example.org, Alice <Alice+news@firm.example.org>\r\n",
        ),
        _ => (
            &[0, 1],
            "To: alice@firm.example.org, nobody@firm.example.org\r\n",
        ),
    }
}

/// The places where a message to a mailbox belongs.
pub(crate) fn places(mailbox: usize, number: u32) -> &'static [usize] {
    match mailbox {
        CATCH_ALL => shared_out(number).0,
        _ => &[0],
    }
}

/// The octets of a message to a mailbox.
pub(crate) fn letter(mailbox: usize, number: u32, dice: &mut Dice) -> Vec<u8> {
    let octets = match dice.below(400) {
        0 => dice.between(1_100_000, 1_300_000),
        1..=10 => dice.between(16_000, 60_000),
        _ => dice.between(0, 2_500),
    };
    let to = match mailbox {
        CATCH_ALL => shared_out(number).1.to_owned(),
        _ => format!("To: mailbox{mailbox}@example.org\r\n"),
    };
    let mut text = format!(
        "Message-ID: <{mailbox}.{number}@simulated.example.org>\r\n\
         Date: Mon, 02 Mar 2026 {:02}:{:02}:{:02} +0000\r\n\
         From: Sender <sender@example.org>\r\n\
         {to}\
         Subject: Letter {number}\r\n\
         \r\n",
        number / 3600 % 24,
        number / 60 % 60,
        number % 60,
    );
    let end = text.len() as u64 + octets;
    let mut line = 0_u64;
    while (text.len() as u64) < end {
        // Lines that begin with a dot: transparency must not be forgotten.
        let start = if line.is_multiple_of(7) { ".." } else { "" };
        text.push_str(start);
        text.push_str(&format!(
            "{line:08} of letter {number} the quick brown fox\r\n"
        ));
        line += 1;
    }
    text.into_bytes()
}

/// The mailbox and the number in a Message-ID.
pub(crate) fn which(message_id: &str) -> Option<(usize, u32)> {
    let (mailbox, number) = message_id.split_once('@')?.0.split_once('.')?;
    Some((mailbox.parse().ok()?, number.parse().ok()?))
}

/// What the store must say of a message.
pub(crate) fn digest(octets: &[u8]) -> Digest {
    Digest::new(Sha256::digest(octets).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_says_which_it_is() {
        assert_eq!(which("3.17@simulated.example.org"), Some((3, 17)));
        assert_eq!(which("somebody@example.org"), None);
        let text = letter(3, 17, &mut Dice::new(1));
        assert!(text.starts_with(b"Message-ID: <3.17@simulated.example.org>\r\n"));
        assert!(text.ends_with(b"\r\n"));
    }

    #[test]
    fn two_letters_differ() {
        let text = |number| letter(1, number, &mut Dice::new(1));
        assert_ne!(digest(&text(1)), digest(&text(2)));
    }
}
