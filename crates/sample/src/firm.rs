//! Mail of a whole domain in one mailbox, as a provider keeps it that notes envelopes' recipients.
//!
//! Of the eight people of `firm.example` six are known to the demo; `info` and `george` have no
//! rule. One letter names two people in one copy, one lies there once for each of its two, one came
//! by a list and one by a blind copy: what a catch-all is there for.

use inhaul_types::Timestamp;

use crate::messages::internet_date;

/// What is different in a letter.
struct Letter {
    /// The envelope's recipients, as the provider notes them.
    delivered_to: &'static str,
    from: &'static str,
    to: &'static str,
    subject: &'static str,
    text: &'static str,
    /// Copies of one letter have the same.
    id: u32,
}

/// The 20 messages of `*@firm.example`, oldest first: 17 for one person, one for two, two for people
/// without a rule.
pub fn firm_messages() -> Vec<Vec<u8>> {
    (0..)
        .zip(&LETTERS)
        .map(|(minute, letter)| written(letter, minute))
        .collect()
}

/// A letter to people of the firm: number and time make it. It is a copy for those in
/// `delivered_to`, and addressed to all in `to`; both are names before the `@`.
pub fn firm_letter(delivered_to: &[&str], to: &[&str], number: u64, at: Timestamp) -> Vec<u8> {
    let addresses = |names: &[&str]| {
        let addresses: Vec<_> = names
            .iter()
            .map(|name| format!("{name}@firm.example"))
            .collect();
        addresses.join(", ")
    };
    let (delivered_to, to_all) = (addresses(delivered_to), addresses(to));
    let first = delivered_to.split(',').next().unwrap_or_default();
    let date = internet_date(at);
    format!(
        "Delivered-To: {delivered_to}\r\n\
         Received: from mail.partner.example (mail.partner.example [192.0.2.11])\r\n\
         \tby mx.firm.example with ESMTP id lt{number:04}\r\n\
         \tfor <{first}>; {date}\r\n\
         Message-ID: <letter.{number}@partner.example>\r\n\
         Date: {date}\r\n\
         From: Jana Novak <jana@partner.example>\r\n\
         To: {to_all}\r\n\
         Subject: Letter {number} to {}\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=us-ascii\r\n\
         \r\n\
         You asked the demo for a letter to the firm. This is number {number}.\r\n",
        to.join(" and "),
    )
    .into_bytes()
}

fn written(letter: &Letter, minute: u32) -> Vec<u8> {
    let Letter {
        delivered_to,
        from,
        to,
        subject,
        text,
        id,
    } = letter;
    let first = delivered_to.split(',').next().unwrap_or_default();
    format!(
        "Delivered-To: {delivered_to}\r\n\
         Received: from mail.example.net (mail.example.net [192.0.2.10])\r\n\
         \tby mx.firm.example with ESMTP id fm{id:04}\r\n\
         \tfor <{first}>; Mon, 16 Mar 2026 08:{minute:02}:30 +0000\r\n\
         Message-ID: <firm.{id}@example.net>\r\n\
         Date: Mon, 16 Mar 2026 08:{minute:02}:00 +0000\r\n\
         From: {from}\r\n\
         To: {to}\r\n\
         Subject: {subject}\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=us-ascii\r\n\
         \r\n\
         {text}\r\n"
    )
    .into_bytes()
}

const fn letter(
    id: u32,
    delivered_to: &'static str,
    from: &'static str,
    subject: &'static str,
    text: &'static str,
) -> Letter {
    Letter {
        delivered_to,
        from,
        to: delivered_to,
        subject,
        text,
        id,
    }
}

const fn to(letter: Letter, to: &'static str) -> Letter {
    Letter { to, ..letter }
}

const ANNA: &str = "anna@firm.example";
const BEN: &str = "ben@firm.example";
const CLARA: &str = "clara@firm.example";
const DAVID: &str = "david@firm.example";
const EMMA: &str = "emma@firm.example";
const FRANK: &str = "frank@firm.example";
const SALES: &str = "sales@firm.example";
const JANA: &str = "Jana Novak <jana@partner.example>";
const TOMAS: &str = "Tomas Reed <tomas@example.net>";
const OLIVER: &str = "Oliver Stone <oliver@example.net>";
const DRILL: &str = "At ten the bells ring. Leave the kettle, take the stairs.";

#[rustfmt::skip]
const LETTERS: [Letter; 20] = [
    letter(1, ANNA, JANA, "Minutes", "The minutes of Monday are in the usual place."),
    letter(2, BEN, TOMAS, "Spare parts", "The two pumps leave here on Wednesday."),
    letter(3, CLARA, "Print Shop <desk@print.example>", "Your cards are ready", "500 cards, two boxes. We close at six."),
    letter(4, DAVID, "Water Works <meters@water.example>", "Meter reading", "Send us the number on the meter by Friday."),
    letter(5, EMMA, JANA, "Minutes", "The minutes of Monday are in the usual place."),
    letter(6, FRANK, "Garage Wheeler <wheeler@garage.example>", "The van is due", "Its inspection ends this month."),
    letter(7, SALES, "Web shop <orders@shop.example>", "Order 1182", "Three oak shelves, paid."),
    letter(8, SALES, "Lena Park <lena@school.example>", "Forty chairs", "What would forty chairs cost, with delivery?"),
    letter(9, "clara+news@firm.example", "Timber Weekly <news@timber.example>", "This week in timber", "Spruce is up, larch is down."),
    to(letter(10, EMMA, "Rowing Club <times@rowing.example>", "[rowing] Times", "Boats go out at seven and at nine."), "rowing@lists.example"),
    to(letter(11, FRANK, OLIVER, "A word in confidence", "Nobody else sees that you have this."), "undisclosed-recipients:;"),
    letter(12, ANNA, "Town Bank <letters@bank.example>", "Statement for February", "Your statement is ready."),
    to(letter(13, EMMA, OLIVER, "Fire drill on Thursday", DRILL), "emma@firm.example, frank@firm.example"),
    to(letter(13, FRANK, OLIVER, "Fire drill on Thursday", DRILL), "emma@firm.example, frank@firm.example"),
    letter(14, DAVID, TOMAS, "Re: delivery on Friday", "Friday is fine. Ring at the back door."),
    letter(15, "anna@firm.example, ben@firm.example", TOMAS, "Boat weekend", "Do you both come? The boat has room for six."),
    letter(16, "info@firm.example", "unknown <hello@example.net>", "Hello", "Is anybody there who sells doors?"),
    letter(17, BEN, "Coffee House <house@coffee.example>", "Two kilos, as always", "They are on their way."),
    letter(18, "george@firm.example", "Old friend <olaf@example.net>", "Are you still there?", "I have only this address of yours."),
    letter(19, ANNA, JANA, "Re: Minutes", "Page two was missing. Here it is."),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn field(message: &[u8], name: &str) -> String {
        let text = str::from_utf8(message).unwrap();
        let mut lines = text.split("\r\n").take_while(|line| !line.is_empty());
        let line = lines.find_map(|line| line.strip_prefix(name));
        line.unwrap().to_owned()
    }

    #[test]
    fn the_firm_has_eight_people_and_an_address_for_sales() {
        let messages = firm_messages();
        assert_eq!(messages.len(), 20);
        let noted = messages.iter().map(|one| field(one, "Delivered-To: "));
        let noted: Vec<_> = noted.collect();
        let names = noted.iter().flat_map(|line| line.split(", "));
        let names = names.map(|address| address.split(['@', '+']).next().unwrap());
        let names: BTreeSet<_> = names.collect();
        let all = [
            "anna", "ben", "clara", "david", "emma", "frank", "george", "info", "sales",
        ];
        assert_eq!(names, all.into());
    }

    #[test]
    fn two_copies_are_one_letter_and_all_others_are_their_own() {
        let messages = firm_messages();
        let ids = messages.iter().map(|one| field(one, "Message-ID: "));
        let ids: BTreeSet<_> = ids.collect();
        assert_eq!(ids.len(), 19);
        for message in messages {
            assert!(message.ends_with(b"\r\n"));
            let text = String::from_utf8(message).unwrap();
            assert!(text.lines().all(|line| line.len() < 79), "{text}");
        }
    }

    #[test]
    fn a_letter_says_whose_copy_it_is_and_who_else_has_one() {
        let at = Timestamp::from_millis(1_773_483_726_000);
        let copy = firm_letter(&["ben"], &["anna", "ben"], 3, at);
        assert_eq!(field(&copy, "Delivered-To: "), "ben@firm.example");
        assert_eq!(field(&copy, "To: "), "anna@firm.example, ben@firm.example");
        assert_eq!(field(&copy, "Subject: "), "Letter 3 to anna and ben");
        assert_ne!(copy, firm_letter(&["anna"], &["anna", "ben"], 3, at));
    }
}
