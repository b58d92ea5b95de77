//! A notice as a message for an inbox (RFC 5322, 2045, 2047, 3834).
//!
//! Ours and not a library's: ten fields of which one may hold other people's letters, and one part
//! of text whose lines we fold ourselves. What is written here is exactly what is stored.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use inhaul_types::Timestamp;

use crate::notice::Notice;
use crate::words;

/// Writes the message: whole, with CRLF line ends, the same for the same arguments.
/// `server` is this server's name; `to` the reader's address, where they have one.
pub fn message(notice: &Notice, server: &str, to: Option<&str>) -> String {
    let server = domain(server);
    let mut text = String::with_capacity(2048);
    let mut field = |name: &str, value: &str| {
        text.push_str(name);
        text.push_str(": ");
        text.push_str(value);
        text.push_str("\r\n");
    };
    field("From", &format!("inhaul <inhaul@{server}>"));
    if let Some(to) = to.filter(|to| is_address(to)) {
        field("To", to);
    }
    field("Subject", &unstructured(&words::subject(notice)));
    field("Date", &date(notice.at));
    field("Message-ID", &format!("<{}@{server}>", notice.id));
    // RFC 3834: nobody answers this by itself.
    field("Auto-Submitted", "auto-generated");
    field("X-Inhaul-Event", notice.kind.as_str());
    field("MIME-Version", "1.0");
    field("Content-Type", "text/plain; charset=utf-8");
    let body = body(notice, &server);
    field(
        "Content-Transfer-Encoding",
        if body.is_ascii() { "7bit" } else { "8bit" },
    );
    text.push_str("\r\n");
    text.push_str(&body);
    text
}

fn body(notice: &Notice, server: &str) -> String {
    let mut body = String::with_capacity(1536);
    for line in words::text(notice) {
        fold(&mut body, &plain(&line));
    }
    // The mark in front of a signature keeps its space (RFC 3676 section 4.3).
    body.push_str("\r\n-- \r\n");
    fold(
        &mut body,
        &format!("This message is from inhaul on {server}."),
    );
    body
}

/// Folds between words at [`WIDTH`]; a longer word stays whole up to [`LONGEST`] octets.
fn fold(body: &mut String, line: &str) {
    let mut column = 0;
    for word in line.split(' ') {
        let width = word.chars().count();
        if column > 0 && column + 1 + width > WIDTH {
            body.push_str("\r\n");
            column = 0;
        } else if column > 0 {
            body.push(' ');
            column += 1;
        }
        let mut octets = 0;
        for character in word.chars() {
            if octets + character.len_utf8() > LONGEST {
                body.push_str("\r\n");
                octets = 0;
            }
            octets += character.len_utf8();
            body.push(character);
        }
        column += width;
    }
    body.push_str("\r\n");
}

/// RFC 5322 section 2.1.1 asks for at most 78.
const WIDTH: usize = 76;
/// The same section forbids more than 998.
const LONGEST: usize = 900;

/// A text that was written elsewhere, without its control characters.
fn plain(text: &str) -> String {
    text.chars()
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect()
}

/// The value of a field: as it is where it may be, else in encoded words of at most 75 characters,
/// cut between characters (RFC 2047 sections 2 and 5).
fn unstructured(text: &str) -> String {
    let text = plain(text);
    let text = text.trim();
    if text.is_ascii() && !text.contains("=?") && text.len() <= LONGEST {
        return text.to_owned();
    }
    let mut words: Vec<String> = Vec::new();
    let mut part = String::new();
    for character in text.chars() {
        if part.len() + character.len_utf8() > OCTETS_IN_WORD {
            words.push(encoded_word(&part));
            part.clear();
        }
        part.push(character);
    }
    words.push(encoded_word(&part));
    words.join("\r\n ")
}

/// `=?utf-8?B?` and `?=` leave 63 of 75 characters: 15 groups of 4, each for 3 octets.
const OCTETS_IN_WORD: usize = 45;

fn encoded_word(part: &str) -> String {
    format!("=?utf-8?B?{}?=", BASE64_STANDARD.encode(part))
}

/// `Sat, 14 Mar 2026 10:22:06 +0000` (RFC 5322 section 3.3).
fn date(at: Timestamp) -> String {
    // "Sat 14 Mar 10:22 UTC" and "2026-03-14T10:22:06Z" hold all of it.
    let (words, numbers) = (at.in_words(), at.to_string());
    let mut words = words.split(' ');
    let mut word = || words.next().unwrap_or_default();
    let (weekday, day, month) = (word(), word(), word());
    let (civil, time) = numbers.split_once('T').unwrap_or_default();
    let year = civil.split('-').next().unwrap_or_default();
    let time = time.trim_end_matches('Z');
    format!("{weekday}, {day} {month} {year} {time} +0000")
}

/// A name for behind an @: only letters, digits, dots and hyphens.
fn domain(server: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let name = server.trim_matches('.');
    match !name.is_empty() && name.chars().all(is_plain) && !name.contains("..") {
        true => name.to_owned(),
        false => "localhost".to_owned(),
    }
}

/// Whether it can stand in `To` as it is; anything else is left out, never quoted.
fn is_address(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-_+@".contains(c);
    text.split('@').filter(|part| !part.is_empty()).count() == 2
        && text.matches('@').count() == 1
        && text.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use inhaul_types::{Card, ErrorCode, Facts, RetrievalId};
    use mail_parser::{Message, MessageParser};

    use super::*;
    use crate::notice::{About, Kind};

    const AT: Timestamp = Timestamp::from_millis(1_773_483_726_000);

    fn refused(name: &str, said: &str) -> Notice {
        let facts = Facts {
            server: Some("pop.club.example".into()),
            said: Some(said.into()),
            ..Facts::default()
        };
        Notice {
            id: "0123".into(),
            kind: Kind::NeedsYou,
            at: AT,
            since: AT,
            lasted: Duration::ZERO,
            about: vec![About {
                retrieval: RetrievalId::new(1),
                name: name.into(),
                host: "pop.club.example".into(),
                account: "alice".into(),
                since: AT,
                card: Some(Card::of(ErrorCode::AuthRefused, &facts)),
                came: 0,
                quiet_until: None,
            }],
            in_trouble: 1,
            is_here: false,
            mailboxes: None,
        }
    }

    fn read(octets: &str) -> Message<'_> {
        MessageParser::default().parse(octets).expect("a message")
    }

    #[test]
    fn a_notice_is_a_message_that_reads_back() {
        let text = message(
            &refused("Club", "-ERR no"),
            "mail.home.example",
            Some("alice@home.example"),
        );
        let message = read(&text);
        let from = message.from().and_then(|from| from.first()).unwrap();
        assert_eq!(from.name(), Some("inhaul"));
        assert_eq!(from.address(), Some("inhaul@mail.home.example"));
        let to = message.to().and_then(|to| to.first()).unwrap();
        assert_eq!(to.address(), Some("alice@home.example"));
        assert_eq!(
            message.subject(),
            Some("Club: mail has stopped (refuses the password)")
        );
        assert_eq!(message.message_id(), Some("0123@mail.home.example"));
        assert_eq!(message.date().unwrap().to_timestamp(), AT.seconds());
        assert_eq!(
            message.header_raw("Auto-Submitted").map(str::trim),
            Some("auto-generated")
        );
        let body = message.body_text(0).unwrap();
        assert!(body.contains("What to do\r\n1. "), "{body}");
        assert!(body.contains("The server said: -ERR no"), "{body}");
    }

    #[test]
    fn other_letters_come_through() {
        let name = "Größe und 郵便受け, ein langer Name mit 📮 und noch mehr Wörtern dahinter";
        let text = message(&refused(name, "-ERR пароль"), "mail.home.example", None);
        let message = read(&text);
        let subject = format!("{name}: mail has stopped (refuses the password)");
        assert_eq!(message.subject(), Some(subject.as_str()));
        assert!(message.body_text(0).unwrap().contains("пароль"));
        assert_eq!(message.to(), None);
    }

    #[test]
    fn no_text_of_a_stranger_ends_a_line_or_a_field() {
        let long = format!("-ERR \r\nX-Evil: yes\r\n.\r\n{}", "ä".repeat(3000));
        let text = message(
            &refused("Club\r\nBcc: x@evil.example", &long),
            "a\r\nb",
            Some("a@b\r\nX: y"),
        );
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        for field in ["\r\nBcc:", "\r\nX-Evil:", "\r\nX:", "\r\nTo:"] {
            assert!(!head.contains(field), "{head}");
        }
        assert!(head.contains("<0123@localhost>"), "{head}");
        for line in text.split("\r\n") {
            assert!(line.len() <= 998, "{line}");
            assert!(!line.contains(['\r', '\n', '\0']), "{line:?}");
        }
    }

    #[test]
    fn a_date_is_one_of_a_message() {
        assert_eq!(date(AT), "Sat, 14 Mar 2026 10:22:06 +0000");
    }
}
