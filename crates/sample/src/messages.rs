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
fn internet_date(at: Timestamp) -> String {
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
