//! One line of a reply: status lines, and lines of listings.
//!
//! Owns nothing. Bears what servers do (`+OK` without text, garbage behind numbers) and leaves to
//! its caller what to make of a line that says nothing.

use std::fmt::Write as _;

use inhaul_types::{MessageNumber, Octets};

use crate::ResponseCode;

/// How a reply starts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Status {
    Ok,
    Err(Option<ResponseCode>),
    Continuation,
}

impl Status {
    /// Reads a status line, and says where its text starts.
    pub(super) fn parse(line: &[u8]) -> Option<(Self, usize)> {
        if let Some(text) = behind_word(line, b"+OK") {
            return Some((Self::Ok, text));
        }
        if let Some(text) = behind_word(line, b"-ERR") {
            return Some(match ResponseCode::parse_prefix(&line[text..]) {
                Some((code, len)) => (Self::Err(Some(code)), skip_blanks(line, text + len)),
                None => (Self::Err(None), text),
            });
        }
        match line {
            b"+" => Some((Self::Continuation, 1)),
            [b'+', b' ', ..] => Some((Self::Continuation, 2)),
            _ => None,
        }
    }
}

impl Status {
    /// Whether a line that was cut off here might have been a greeting.
    pub(super) fn may_begin_with(octets: &[u8]) -> bool {
        let is_half = |word: &[u8]| {
            let half = word.get(..octets.len());
            half.is_some_and(|half| half.eq_ignore_ascii_case(octets))
        };
        is_half(b"+OK") || is_half(b"-ERR") || matches!(Self::parse(octets), Some((Self::Ok, _)))
    }
}

/// Where the text behind `word` starts. The word must end there: `+OKAY` says nothing known.
fn behind_word(line: &[u8], word: &[u8]) -> Option<usize> {
    let start = line.get(..word.len())?;
    let ends = line
        .get(word.len())
        .is_none_or(|octet| !octet.is_ascii_alphanumeric());
    (start.eq_ignore_ascii_case(word) && ends).then(|| skip_blanks(line, word.len()))
}

fn skip_blanks(line: &[u8], from: usize) -> usize {
    let blanks = line[from..]
        .iter()
        .take_while(|octet| is_blank(**octet))
        .count();
    from + blanks
}

fn is_blank(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t')
}

/// Splits a listing line at the blanks behind its number; `None` if no message has that number.
fn numbered(line: &[u8]) -> Option<(MessageNumber, &[u8])> {
    let line = line.trim_ascii();
    let end = line
        .iter()
        .position(|octet| is_blank(*octet))
        .unwrap_or(line.len());
    let (number, rest) = line.split_at(end);
    Some((MessageNumber::parse(number)?, rest.trim_ascii_start()))
}

fn first_word(text: &[u8]) -> &[u8] {
    text.split(|octet| is_blank(*octet)).next().unwrap_or(text)
}

/// Reads a line of UIDL. The id may be empty: some servers leave it out.
pub(super) fn parse_uidl_line(line: &[u8]) -> Option<(MessageNumber, &[u8])> {
    numbered(line)
}

/// Reads a line of LIST. RFC 1939 lets a server put words of its own behind the size.
pub(super) fn parse_list_line(line: &[u8]) -> Option<(MessageNumber, Octets)> {
    let (number, rest) = numbered(line)?;
    Some((number, Octets::parse(first_word(rest))?))
}

/// Reads the text of STAT: two numbers, each of which may be garbage.
pub(super) fn parse_stat(text: &[u8]) -> (Option<u64>, Option<Octets>) {
    let mut words = text
        .split(|octet| is_blank(*octet))
        .filter(|word| !word.is_empty());
    let mut number = || words.next().and_then(Octets::parse);
    (number().map(Octets::count), number())
}

/// Finds the stamp of a greeting: a msg-id (RFC 1939 section 7, APOP).
pub(super) fn apop_stamp(text: &[u8]) -> Option<&str> {
    let start = text.iter().position(|octet| *octet == b'<')?;
    let end = start + text[start..].iter().position(|octet| *octet == b'>')?;
    let stamp = str::from_utf8(&text[start..=end]).ok()?;
    let whole = stamp.contains('@') && stamp.bytes().all(|octet| octet.is_ascii_graphic());
    whole.then_some(stamp)
}

/// The first line of some octets for a message to people: escaped, and at most
/// [`LONGEST_QUOTE`] octets of it.
pub(super) fn quote(octets: &[u8]) -> String {
    let line = octets
        .split(|octet| *octet == b'\n')
        .next()
        .unwrap_or(octets);
    let line = line.trim_ascii_end();
    let mut quoted = String::new();
    push_visible(&mut quoted, line, LONGEST_QUOTE);
    quoted
}

/// Appends a peer's text to one of ours: UTF-8 stays, what is not visible is escaped, and what is
/// beyond `longest` octets becomes an ellipsis.
pub(super) fn push_visible(out: &mut String, text: &[u8], longest: usize) {
    let shown = &text[..text.len().min(longest)];
    for chunk in shown.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character.is_control() {
                let _infallible = write!(out, "{}", character.escape_default());
            } else {
                out.push(character);
            }
        }
        let _infallible = write!(out, "{}", chunk.invalid().escape_ascii());
    }
    if shown.len() < text.len() {
        out.push('…');
    }
}

/// Enough to recognise what was said; whoever speaks another protocol may say a lot.
const LONGEST_QUOTE: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_a_word_at_the_line_start() {
        let ok = |text| Some((Status::Ok, text));
        let err = |text| Some((Status::Err(None), text));
        let coded = |code, text| Some((Status::Err(Some(code)), text));
        for (line, status) in [
            ("+OK", ok("")),
            ("+OK ", ok("")),
            ("+OK ready", ok("ready")),
            ("+ok\tready", ok("ready")),
            ("+OK-ready", ok("-ready")),
            ("-ERR", err("")),
            ("-Err no", err("no")),
            ("-ERR [AUTH] no", coded(ResponseCode::Auth, "no")),
            ("-ERR[IN-USE]", coded(ResponseCode::InUse, "")),
            ("-ERR [broken", err("[broken")),
            ("+", Some((Status::Continuation, ""))),
            ("+ ", Some((Status::Continuation, ""))),
            ("+ cGxhaW4=", Some((Status::Continuation, "cGxhaW4="))),
            ("+OKAY", None),
            ("-ERROR", None),
            (" +OK", None),
            ("* OK IMAP4rev1", None),
            ("220 mail ESMTP", None),
            ("HTTP/1.1 400 Bad Request", None),
            ("", None),
        ] {
            let parsed =
                Status::parse(line.as_bytes()).map(|(status, text)| (status, &line[text..]));
            assert_eq!(parsed, status, "{line:?}");
        }
    }

    #[test]
    fn a_listing_line_is_a_number_and_what_stands_behind_it() {
        for (line, uidl, list) in [
            ("1 120", Some((1, "120")), Some((1, 120))),
            (" 2\t 200 octets ", Some((2, "200 octets")), Some((2, 200))),
            ("3", Some((3, "")), None),
            ("3 ", Some((3, "")), None),
            (
                "4 whqtswO00WBw418f9t5JxYwZ",
                Some((4, "whqtswO00WBw418f9t5JxYwZ")),
                None,
            ),
            ("7 ten-twenty-four", Some((7, "ten-twenty-four")), None),
            (
                "5 99999999999999999999",
                Some((5, "99999999999999999999")),
                None,
            ),
            ("0 1", None, None),
            ("4294967297 1", None, None),
            ("1.5 1", None, None),
            ("one 1", None, None),
            ("", None, None),
        ] {
            let as_text = |(number, id)| (number, str::from_utf8(id).unwrap());
            let number = |number: MessageNumber| number.number();
            let parsed = parse_uidl_line(line.as_bytes()).map(|(n, id)| as_text((number(n), id)));
            assert_eq!(parsed, uidl, "UIDL {line:?}");
            let parsed =
                parse_list_line(line.as_bytes()).map(|(n, size)| (number(n), size.count()));
            assert_eq!(parsed, list, "LIST {line:?}");
        }
    }

    #[test]
    fn stat_keeps_the_number_that_is_one() {
        for (text, count, octets) in [
            ("7 1800662", Some(7), Some(1_800_662)),
            ("0 0 messages", Some(0), Some(0)),
            ("  7   9", Some(7), Some(9)),
            ("7", Some(7), None),
            ("seven 1800662", None, Some(1_800_662)),
            ("7 #octets", Some(7), None),
            ("", None, None),
        ] {
            assert_eq!(
                parse_stat(text.as_bytes()),
                (count, octets.map(Octets::new)),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_stamp_is_a_msg_id() {
        for (text, stamp) in [
            (
                "ready <1896.697@example.org>",
                Some("<1896.697@example.org>"),
            ),
            (
                "<1896.697@example.org> ready",
                Some("<1896.697@example.org>"),
            ),
            ("ready <no stamp@example.org>", None),
            ("ready <example.org>", None),
            ("ready >1@2<", None),
            ("ready", None),
        ] {
            assert_eq!(apop_stamp(text.as_bytes()), stamp, "{text:?}");
        }
    }

    #[test]
    fn a_quote_is_one_visible_line() {
        for (octets, quoted) in [
            (&b"220 mail ESMTP\r\n250 more"[..], "220 mail ESMTP"),
            (b"\x16\x03\x01\0", "\\u{16}\\u{3}\\u{1}\\u{0}"),
            (b"caf\xc3\xa9 caf\xe9", "café caf\\xe9"),
            (b"", ""),
        ] {
            assert_eq!(quote(octets), quoted, "{}", octets.escape_ascii());
        }
        assert_eq!(quote(&[b'x'; 9000]).chars().count(), LONGEST_QUOTE + 1);
    }
}
