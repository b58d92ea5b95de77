//! Messages written for the demo: what a mailbox of today holds, and what a hostile one may.
//!
//! Nobody in them exists. The 24 are files below `messages/`, with the CRLFs they have on the wire;
//! the others are made from a number.

use std::fmt::Write as _;

use inhaul_types::Timestamp;

/// The 24 messages of `you@old-isp.example`, oldest first.
///
/// Plain text, HTML with remote pictures, HTML that tries what hostile messages try (harmlessly),
/// a PDF, Czech, Arabic, Japanese in ISO-2022-JP, an emoji subject, a line that is a single dot,
/// a Date that is none, no subject, a thread of five, an invitation, an inline picture, a delivery
/// report, raw 8-bit headers, lines of over 998 octets, a forwarded message, and two attachments
/// with odd names.
pub fn messages() -> [&'static [u8]; 24] {
    [
        include_bytes!("../messages/01-welcome.eml"),
        include_bytes!("../messages/02-newsletter-with-remote-pictures.eml"),
        include_bytes!("../messages/03-hostile-script.eml"),
        include_bytes!("../messages/04-invoice-pdf.eml"),
        include_bytes!("../messages/05-czech-utf8.eml"),
        include_bytes!("../messages/06-czech-windows-1250.eml"),
        include_bytes!("../messages/07-arabic.eml"),
        include_bytes!("../messages/08-japanese-iso-2022-jp.eml"),
        include_bytes!("../messages/09-emoji-subject.eml"),
        include_bytes!("../messages/10-lone-dots.eml"),
        include_bytes!("../messages/11-wrong-date.eml"),
        include_bytes!("../messages/12-no-subject.eml"),
        include_bytes!("../messages/13-thread-1.eml"),
        include_bytes!("../messages/14-thread-2.eml"),
        include_bytes!("../messages/15-thread-3.eml"),
        include_bytes!("../messages/16-thread-4.eml"),
        include_bytes!("../messages/17-thread-5.eml"),
        include_bytes!("../messages/18-invitation.eml"),
        include_bytes!("../messages/19-inline-picture.eml"),
        include_bytes!("../messages/20-undelivered.eml"),
        include_bytes!("../messages/21-raw-latin-1.eml"),
        include_bytes!("../messages/22-long-lines.eml"),
        include_bytes!("../messages/23-forwarded-message.eml"),
        include_bytes!("../messages/24-attachments-with-names.eml"),
    ]
}

/// A message of the shop that writes again and again: number and time make it.
pub fn shop_message(number: u64, at: Timestamp) -> Vec<u8> {
    let what = [
        "a kettle",
        "two bookends",
        "a bicycle bell",
        "a jar of honey",
        "an umbrella",
    ];
    let what = what[usize::try_from(number % 5).unwrap_or_default()];
    let mut message = String::new();
    write!(
        message,
        "Message-ID: <order.{number}@store.example>\r\n\
         Date: {}\r\n\
         From: Corner Store <orders@store.example>\r\n\
         To: shop@store.example\r\n\
         Subject: Order {number}: {what}\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=us-ascii\r\n\
         \r\n\
         Somebody has ordered {what}.\r\n\
         \r\n\
         Order number  {number}\r\n\
         Paid          yes\r\n",
        internet_date(at),
    )
    .expect("a String takes any write");
    message.into_bytes()
}

/// A message that the person at the demo sends to one of its mailboxes: number and time make it.
pub fn sent_message(to: &str, number: u64, at: Timestamp) -> Vec<u8> {
    format!(
        "Message-ID: <sent.{number}@example.org>\r\n\
         Date: {}\r\n\
         From: Demo Controls <controls@example.org>\r\n\
         To: {to}\r\n\
         Subject: Message {number}, sent by you\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=us-ascii\r\n\
         \r\n\
         You asked the demo for a message. This is number {number}.\r\n\
         \r\n\
         It lies in the sample mailbox until the next check brings it.\r\n",
        internet_date(at),
    )
    .into_bytes()
}

/// What lies in the mailbox of an office where somebody else is nearly always signed in.
pub fn work_messages() -> Vec<Vec<u8>> {
    let lines = [
        (
            "Anna",
            "Minutes of Monday",
            "The minutes are in the usual place.",
        ),
        (
            "Ben",
            "Coffee machine",
            "It works again. Descale it, says the note on it.",
        ),
        (
            "Clara",
            "Room 4 on Thursday",
            "The room is ours from nine to eleven.",
        ),
    ];
    short_messages("work@busy.example", "office", &lines)
}

/// What waits in the mailbox of a club for somebody who knows its password.
pub fn club_messages() -> Vec<Vec<u8>> {
    let lines = [
        (
            "Filip",
            "Boat house: the new lock",
            "Each of you gets a key on Saturday. The old ones go into the box by the door.",
        ),
        (
            "Gita",
            "Regatta in June",
            "Who rows, who steers, who brings the cake? Answers to me by Sunday.",
        ),
    ];
    short_messages("club@strict.example", "boats", &lines)
}

/// A few lines each to `to`, from people of its domain: who, subject, text.
fn short_messages(to: &str, series: &str, lines: &[(&str, &str, &str)]) -> Vec<Vec<u8>> {
    let domain = to.rsplit('@').next().unwrap_or_default();
    let mail = |(number, (who, subject, text)): (usize, &(&str, &str, &str))| {
        let address = who.to_lowercase();
        format!(
            "Message-ID: <{series}.{number}@{domain}>\r\n\
             Date: Tue, 17 Mar 2026 09:{number:02}:00 +0000\r\n\
             From: {who} <{address}@{domain}>\r\n\
             To: {to}\r\n\
             Subject: {subject}\r\n\
             \r\n\
             {text}\r\n"
        )
        .into_bytes()
    };
    lines.iter().enumerate().map(mail).collect()
}

/// A message with a large attachment: within a line of this many octets, and never less than its
/// header needs.
pub fn large_message(octets: usize) -> Vec<u8> {
    const TOP: &str = "Message-ID: <film.1@slow.example>\r\n\
        Date: Wed, 18 Mar 2026 19:30:00 +0000\r\n\
        From: Aunt Olga <olga@example.net>\r\n\
        To: big@slow.example\r\n\
        Subject: The film of the garden party\r\n\
        MIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=\"garden-party\"\r\n\
        \r\n\
        --garden-party\r\n\
        Content-Type: text/plain; charset=us-ascii\r\n\
        \r\n\
        All of it, uncut. It only looks like a film: the demo made it up.\r\n\
        --garden-party\r\n\
        Content-Type: application/octet-stream; name=\"garden-party.bin\"\r\n\
        Content-Disposition: attachment; filename=\"garden-party.bin\"\r\n\
        Content-Transfer-Encoding: base64\r\n\
        \r\n";
    const END: &str = "--garden-party--\r\n";
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut message = Vec::with_capacity(octets.max(TOP.len() + END.len()));
    message.extend_from_slice(TOP.as_bytes());
    // Not random, and unlike enough that no line is another one: a step through a 64-bit sequence
    // for each character (Knuth, MMIX).
    let mut state = 1_u64;
    while message.len() + BASE64_LINE + END.len() <= octets {
        for _ in 0..BASE64_LINE - 2 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            message.push(ALPHABET[(state >> 58) as usize]);
        }
        message.extend_from_slice(b"\r\n");
    }
    message.extend_from_slice(END.as_bytes());
    message
}

/// Octets of a line of base64 with its end (RFC 2045 section 6.8).
const BASE64_LINE: usize = 78;

/// Mail for a whole domain, as a provider stores it in one mailbox: eight people in `Delivered-To`,
/// two of whom (`info` and `george`) no rule of the demo knows. Some were written to openly, some
/// by a copy nobody else sees.
pub fn catch_all_messages() -> Vec<Vec<u8>> {
    let people = [
        "anna", "ben", "clara", "david", "emma", "frank", "info", "george",
    ];
    let subjects = [
        "Offer",
        "Your question",
        "Minutes of Monday",
        "Re: delivery on Friday",
    ];
    let mut messages = Vec::new();
    for (number, person) in people.iter().chain(&people[..4]).enumerate() {
        let subject = subjects[number % subjects.len()];
        let to = if number % 3 == 2 {
            "undisclosed-recipients:;"
        } else {
            person
        };
        let at = if number % 3 == 2 { "" } else { "@firm.example" };
        messages.push(
            format!(
                "Delivered-To: {person}@firm.example\r\n\
                 Received: from mail.example.net (mail.example.net [192.0.2.10])\r\n\
                 \tby mx.firm.example with ESMTP id fx{number:04}\r\n\
                 \tfor <{person}@firm.example>; Mon, 16 Mar 2026 08:{number:02}:00 +0000\r\n\
                 Message-ID: <business.{number}@example.net>\r\n\
                 Date: Mon, 16 Mar 2026 08:{number:02}:00 +0000\r\n\
                 From: Business Partner <partner@example.net>\r\n\
                 To: {to}{at}\r\n\
                 Subject: {subject}\r\n\
                 \r\n\
                 Good morning,\r\n\
                 \r\n\
                 this is message {number} for the firm.\r\n"
            )
            .into_bytes(),
        );
    }
    messages
}

/// A moment as RFC 5322 writes it, in UTC.
pub(crate) fn internet_date(at: Timestamp) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    // RFC 3339, as `Timestamp` prints: 2026-03-14T10:22:06Z.
    let text = at.to_string();
    let (date, time) = text.split_once('T').unwrap_or((&text, "00:00:00Z"));
    let mut parts = date.rsplitn(3, '-');
    let day = parts.next().unwrap_or("01");
    let month = parts
        .next()
        .and_then(|month| month.parse::<usize>().ok())
        .unwrap_or(1);
    let year = parts.next().unwrap_or("1970");
    let month = MONTHS[(month.max(1) - 1) % 12];
    format!("{day} {month} {year} {} +0000", time.trim_end_matches('Z'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_demo_message_is_fit_for_the_wire() {
        for (place, message) in messages().into_iter().enumerate() {
            assert!(message.ends_with(b"\r\n"), "{}", place + 1);
            let bare = message
                .windows(2)
                .any(|pair| (pair[1] == b'\n') != (pair[0] == b'\r'));
            assert!(!bare, "message {} has a bare CR or LF", place + 1);
            let text = String::from_utf8_lossy(message);
            assert!(
                text.contains("\r\n\r\n"),
                "message {} has no body",
                place + 1
            );
        }
    }

    #[test]
    fn a_shop_message_has_its_own_name_and_time() {
        let message = shop_message(7, Timestamp::from_millis(1_773_483_726_000));
        let text = String::from_utf8(message).unwrap();
        assert!(
            text.contains("Message-ID: <order.7@store.example>\r\n"),
            "{text}"
        );
        assert!(
            text.contains("Date: 14 Mar 2026 10:22:06 +0000\r\n"),
            "{text}"
        );
    }

    #[test]
    fn what_a_person_sends_is_told_apart() {
        let at = Timestamp::from_millis(1_773_483_726_000);
        let sent = |number| sent_message("you@old-isp.example", number, at);
        assert_ne!(sent(1), sent(2));
        let text = String::from_utf8(sent(2)).unwrap();
        assert!(
            text.contains("Message-ID: <sent.2@example.org>\r\n"),
            "{text}"
        );
        assert!(text.contains("\r\n\r\nYou asked"), "{text}");
    }

    #[test]
    fn a_large_message_is_as_large_as_asked_and_whole() {
        for octets in [0, 10_000, 100_001] {
            let message = large_message(octets);
            assert!(
                message.len() <= octets.max(800),
                "{octets}: {}",
                message.len()
            );
            assert!(
                message.len() + BASE64_LINE > octets,
                "{octets}: {}",
                message.len()
            );
            assert!(message.ends_with(b"\r\n--garden-party--\r\n"), "{octets}");
        }
    }

    #[test]
    fn the_24_messages_are_of_every_kind_the_demo_names() {
        let all = messages().map(|message| String::from_utf8_lossy(message).into_owned());
        let holds = |what: &str| all.iter().filter(|text| text.contains(what)).count();
        for (what, at_least) in [
            ("Content-Type: text/plain", 10),
            ("<img src=\"http", 1),
            ("<script", 1),
            ("Content-Type: application/pdf", 1),
            ("charset=windows-1250", 1),
            ("=?utf-8?B?2", 1),
            ("charset=ISO-2022-JP", 1),
            ("=?utf-8?B?8J", 1),
            ("\r\n.\r\n", 1),
            ("Date: Thu, 32 Foo", 1),
            ("Who brings the projector?", 5),
        ] {
            assert!(holds(what) >= at_least, "{what}: {}", holds(what));
        }
        let no_subject = all.iter().filter(|text| {
            let header = text.split("\r\n\r\n").next().unwrap_or_default();
            !header.contains("\r\nSubject:")
        });
        assert_eq!(no_subject.count(), 1);
    }

    #[test]
    fn the_firm_has_eight_people() {
        let people: std::collections::HashSet<String> = catch_all_messages()
            .into_iter()
            .map(|message| {
                String::from_utf8(message)
                    .unwrap()
                    .lines()
                    .next()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        assert_eq!(people.len(), 8);
    }
}
