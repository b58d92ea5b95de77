//! Undoes what a transfer encoding did to the octets of a part (RFC 2045 section 6).
//!
//! Piece by piece, so a file of any size passes in bounded memory. Whatever comes gives something:
//! what the encoding has no meaning for is left out of base64 and stays as it is in
//! quoted-printable, as section 6.7 and 6.8 advise. Start at [`Unpacker`].

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use memchr::memchr;

use crate::mime::TransferEncoding;

/// Unpacks one part.
#[derive(Debug)]
pub struct Unpacker {
    encoding: TransferEncoding,
    /// What means nothing without what follows: letters of base64, a beginning of an escape, or
    /// white space that may stand before a line end.
    held: Vec<u8>,
}

impl Unpacker {
    /// Nothing came yet.
    pub fn new(encoding: TransferEncoding) -> Self {
        Self {
            encoding,
            held: Vec::new(),
        }
    }

    /// Unpacks a whole body.
    pub fn all(encoding: TransferEncoding, octets: &[u8]) -> Vec<u8> {
        let mut unpacker = Self::new(encoding);
        let mut unpacked = unpacker.push(octets);
        unpacked.extend(unpacker.finish());
        unpacked
    }

    /// Takes the next octets; what they are, as far as that can be told.
    pub fn push(&mut self, octets: &[u8]) -> Vec<u8> {
        match self.encoding {
            TransferEncoding::Identity | TransferEncoding::Unknown => octets.to_owned(),
            TransferEncoding::Base64 => self.push_base64(octets),
            TransferEncoding::QuotedPrintable => self.push_quoted(octets),
        }
    }

    /// What is left behind the last octet.
    pub fn finish(mut self) -> Vec<u8> {
        match self.encoding {
            TransferEncoding::Identity | TransferEncoding::Unknown => Vec::new(),
            TransferEncoding::Base64 => self.end_of_base64(),
            TransferEncoding::QuotedPrintable => {
                let mut unpacked = Vec::with_capacity(self.held.len());
                unquote_line(&self.held, b"", &mut unpacked);
                unpacked
            }
        }
    }

    fn push_base64(&mut self, octets: &[u8]) -> Vec<u8> {
        let mut unpacked = Vec::with_capacity(octets.len() / 4 * 3 + 6);
        for octet in octets {
            match octet {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => self.held.push(*octet),
                // The end; some put several such texts one behind the other.
                b'=' => {
                    let whole = self.end_of_base64();
                    unpacked.extend(whole);
                }
                _ => {}
            }
        }
        let whole = self.held.len() / 4 * 4;
        unpacked.extend(decode(&self.held[..whole]));
        self.held.drain(..whole);
        unpacked
    }

    /// Two letters are an octet, three are two, one is nothing.
    fn end_of_base64(&mut self) -> Vec<u8> {
        if self.held.len() % 4 == 1 {
            self.held.pop();
        }
        let unpacked = decode(&self.held);
        self.held.clear();
        unpacked
    }

    fn push_quoted(&mut self, octets: &[u8]) -> Vec<u8> {
        let joined;
        let mut rest = if self.held.is_empty() {
            octets
        } else {
            self.held.extend_from_slice(octets);
            joined = std::mem::take(&mut self.held);
            &joined
        };
        let mut unpacked = Vec::with_capacity(rest.len());
        while let Some(lf) = memchr(b'\n', rest) {
            let (line, behind) = rest.split_at(lf + 1);
            let ending = match line {
                [.., b'\r', b'\n'] => 2,
                _ => 1,
            };
            let (text, ending) = line.split_at(line.len() - ending);
            unquote_line(text, ending, &mut unpacked);
            rest = behind;
        }
        // A line without an end yet: all of it but what the end may change.
        let certain = match rest.len() <= LINE_HELD {
            true => 0,
            false => certain(rest),
        };
        unquote(&rest[..certain], &mut unpacked);
        self.held = rest[certain..].to_owned();
        unpacked
    }
}

/// How much of a line without an end cannot mean anything else any more.
fn certain(line: &[u8]) -> usize {
    let visible = line
        .iter()
        .rposition(|octet| !is_blank(*octet) && *octet != b'\r');
    let end = visible.map_or(0, |visible| visible + 1);
    let escape = (end.saturating_sub(3)..end).find(|at| line[*at] == b'=');
    match escape {
        // White space without an end is somebody's, after all.
        None if line.len() - end > LINE_HELD => line.len(),
        None => end,
        Some(escape) if line.len() - escape > LINE_HELD => line.len(),
        Some(escape) => escape,
    }
}

/// White space at the end of a line is not the sender's (RFC 2045 section 6.7 rule 3).
fn unquote_line(text: &[u8], ending: &[u8], unpacked: &mut Vec<u8>) {
    let text = trim_blanks(text);
    match text.strip_suffix(b"=") {
        // A soft line break.
        Some(text) => unquote(text, unpacked),
        None => {
            unquote(text, unpacked);
            unpacked.extend_from_slice(ending);
        }
    }
}

fn unquote(mut text: &[u8], unpacked: &mut Vec<u8>) {
    while let Some(at) = memchr(b'=', text) {
        unpacked.extend_from_slice(&text[..at]);
        let digits = text.get(at + 1..at + 3).map(|digits| {
            let digit = |octet: u8| char::from(octet).to_digit(16);
            Some(digit(digits[0])? * 16 + digit(digits[1])?)
        });
        match digits.flatten().and_then(|octet| u8::try_from(octet).ok()) {
            Some(octet) => {
                unpacked.push(octet);
                text = &text[at + 3..];
            }
            None => {
                unpacked.push(b'=');
                text = &text[at + 1..];
            }
        }
    }
    unpacked.extend_from_slice(text);
}

fn trim_blanks(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|octet| !is_blank(*octet));
    &text[..end.map_or(0, |end| end + 1)]
}

fn is_blank(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t')
}

fn decode(letters: &[u8]) -> Vec<u8> {
    // Only letters of the alphabet come here, and never one too many.
    LENIENT.decode(letters).unwrap_or_default()
}

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Octets of a line that wait for its end. Lines have 76 (RFC 2045 section 6.7).
const LINE_HELD: usize = 1024;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn base64_gives_what_it_can() {
        for (packed, octets) in [
            ("", &b""[..]),
            ("aGVs\r\nbG8=\r\n", b"hello"),
            ("aGVsbG8", b"hello"),
            ("aGVsbG", b"hell"),
            ("aGVsb", b"hel"),
            ("a G*V-s bG8=", b"hello"),
            ("aGk=aGk=", b"hihi"),
            ("====", b""),
        ] {
            let unpacked = Unpacker::all(TransferEncoding::Base64, packed.as_bytes());
            assert_eq!(unpacked, octets, "{packed:?}");
        }
    }

    #[test]
    fn quoted_printable_keeps_what_it_does_not_know() {
        for (packed, octets) in [
            ("", &b""[..]),
            ("caf=C3=a9\r\n", "café\r\n".as_bytes()),
            ("soft =\r\nbreak", b"soft break"),
            ("soft=  \nbreak", b"softbreak"),
            ("blanks \t\r\nend  ", b"blanks\r\nend"),
            ("1=2 =ZZ =4", b"1=2 =ZZ =4"),
            ("a=3D=3", b"a==3"),
            ("end=", b"end"),
            ("\r\n\n", b"\r\n\n"),
        ] {
            let unpacked = Unpacker::all(TransferEncoding::QuotedPrintable, packed.as_bytes());
            assert_eq!(unpacked, octets, "{packed:?}");
        }
    }

    #[test]
    fn a_line_without_an_end_is_not_kept() {
        for text in ["x".repeat(9_000), " ".repeat(9_000), "=".repeat(9_000)] {
            let mut unpacker = Unpacker::new(TransferEncoding::QuotedPrintable);
            let mut length = 0;
            for piece in text.as_bytes().chunks(100) {
                length += unpacker.push(piece).len();
                assert!(unpacker.held.len() <= 2 * LINE_HELD);
            }
            assert!(length > 5_000);
        }
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(
            text in prop::collection::vec(
                prop::sample::select(vec!["=", "4", "C", "G", " ", "\t", "\r\n", "\n", "aGVs"]), 0..80),
            size in 1..7_usize,
        ) {
            let text = text.concat();
            for encoding in [TransferEncoding::Base64, TransferEncoding::QuotedPrintable] {
                let mut unpacker = Unpacker::new(encoding);
                let mut unpacked = Vec::new();
                for piece in text.as_bytes().chunks(size) {
                    unpacked.extend(unpacker.push(piece));
                }
                unpacked.extend(unpacker.finish());
                prop_assert_eq!(unpacked, Unpacker::all(encoding, text.as_bytes()));
            }
        }
    }
}
