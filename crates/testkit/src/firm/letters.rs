//! Writes the letters: single ones, for several people, blind copies, lists, odd addresses.

use std::fmt::Write as _;

use super::people::{Person, caught, unknown};
use super::{Letter, Mailbox};

/// So many letters; the first ones are the same whatever the number.
pub(super) fn write(people: &[Person], count: usize) -> Vec<Letter> {
    let mut writer = Writer {
        people,
        chance: Chance(0x1939_2822_5321_0793),
    };
    (0..count).map(|number| writer.letter(number)).collect()
}

/// What is being written: who gets it and what it shows of them.
#[derive(Default)]
struct Draft {
    envelopes: Vec<Vec<Mailbox>>,
    to: Vec<Mailbox>,
    cc: Vec<Mailbox>,
    resent_to: Vec<Mailbox>,
    /// Addresses outside the firm, in To.
    foreign: Vec<String>,
    list: bool,
    no_id: bool,
}

impl Draft {
    /// Everybody that To and Cc show gets it, in one go.
    fn open(to: Vec<Mailbox>, cc: Vec<Mailbox>) -> Self {
        Self {
            envelopes: vec![unlike(to.iter().chain(&cc).cloned())],
            to,
            cc,
            ..Self::default()
        }
    }
}

struct Writer<'a> {
    people: &'a [Person],
    chance: Chance,
}

impl<'a> Writer<'a> {
    fn letter(&mut self, number: usize) -> Letter {
        let draft = self.draft(number);
        let sender = format!("sender{}@elsewhere.example", self.chance.below(40));
        let subject = format!("letter {number}");
        let octets = self.octets(&draft, number, &sender);
        Letter {
            subject,
            sender,
            envelopes: draft.envelopes,
            shown: [draft.to, draft.cc].concat(),
            resent_to: draft.resent_to,
            has_id: !draft.no_id,
            octets,
        }
    }

    fn draft(&mut self, number: usize) -> Draft {
        if number % 1000 == 250 {
            let people = self.people;
            let mailbox = |person: &Person| person.mailbox(self.chance.below(12));
            let everybody = people.iter().map(mailbox).collect();
            return Draft::open(everybody, Vec::new());
        }
        match self.chance.below(100) {
            0..28 => Draft::open(self.some(1), Vec::new()),
            28..46 => {
                let (to, cc) = (2 + self.chance.below(3), self.chance.below(4));
                Draft::open(self.some(to), self.some(cc))
            }
            46..56 => self.with_blind_copies(),
            56..66 => self.for_a_list(),
            66..75 => {
                let mut draft = Draft::open(self.some(1), Vec::new());
                draft.foreign = self.foreign();
                draft
            }
            75..81 => {
                let people = self.chance.below(2);
                let mut to = self.some(people);
                to.push(unknown(self.chance.next()));
                Draft::open(to, Vec::new())
            }
            81..89 => {
                let people = self.chance.below(3);
                let mut to = self.some(people);
                to.push(caught(self.chance.next()));
                Draft::open(unlike(to.into_iter()), Vec::new())
            }
            89..92 => self.in_two_goes(),
            92..95 => self.sent_on(),
            95..97 => {
                let people = 1 + self.chance.below(3);
                Draft {
                    no_id: true,
                    ..Draft::open(self.some(people), Vec::new())
                }
            }
            97..99 => self.for_one_by_several_names(),
            _ => {
                // The very same again.
                let mut draft = Draft::open(self.some(2), Vec::new());
                draft.envelopes.push(draft.envelopes[0].clone());
                draft
            }
        }
    }

    fn with_blind_copies(&mut self) -> Draft {
        let (open, hidden) = (self.chance.below(2), 1 + self.chance.below(3));
        let mut draft = Draft::open(self.some(open), Vec::new());
        let hidden = self.some(hidden);
        draft.envelopes[0] = unlike(draft.to.iter().cloned().chain(hidden));
        if draft.to.is_empty() {
            draft.foreign = self.foreign();
        }
        draft
    }

    fn for_a_list(&mut self) -> Draft {
        let people = 1 + self.chance.below(5);
        Draft {
            envelopes: vec![self.some(people)],
            foreign: vec!["rowing@lists.example".into()],
            list: true,
            ..Draft::default()
        }
    }

    /// The sender's server hands it over once for some of them and once for the others.
    fn in_two_goes(&mut self) -> Draft {
        let to = self.some(4);
        let place = 1 + usize::from(self.chance.below(2) == 1);
        Draft {
            envelopes: vec![to[..place].to_vec(), to[place..].to_vec()],
            to,
            ..Draft::default()
        }
    }

    /// Somebody sends on what was for somebody else.
    fn sent_on(&mut self) -> Draft {
        let (first, people) = (self.some(1), 1 + self.chance.below(3));
        let resent_to = self.some(people);
        Draft {
            envelopes: vec![resent_to.clone()],
            to: first,
            resent_to,
            ..Draft::default()
        }
    }

    fn for_one_by_several_names(&mut self) -> Draft {
        let one = self.one();
        let to = [0, 3, 6].map(|way| one.mailbox(way));
        Draft::open(to.to_vec(), Vec::new())
    }

    /// So many different people, each by one of the names they have.
    fn some(&mut self, count: u64) -> Vec<Mailbox> {
        let mut mailboxes: Vec<Mailbox> = Vec::new();
        while (mailboxes.len() as u64) < count {
            let mailbox = self.one().mailbox(self.chance.below(12));
            if mailboxes.iter().all(|other| other.place != mailbox.place) {
                mailboxes.push(mailbox);
            }
        }
        mailboxes
    }

    fn one(&mut self) -> &'a Person {
        let place = self.chance.below(self.people.len() as u64);
        // Fewer than 2^32 people.
        &self.people[usize::try_from(place).unwrap_or(0)]
    }

    fn foreign(&mut self) -> Vec<String> {
        let count = 1 + self.chance.below(2);
        let one = |_| format!("friend{}@elsewhere.example", self.chance.below(90));
        (0..count).map(one).collect()
    }
}

impl Writer<'_> {
    fn octets(&mut self, draft: &Draft, number: usize, sender: &str) -> Vec<u8> {
        let mut text = self.trace(draft, sender);
        // Writing to a String cannot fail.
        let mut line = |name: &str, value: &str| {
            let _ = write!(text, "{name}: {value}\r\n");
        };
        if !draft.resent_to.is_empty() {
            line("Resent-From", &format!("<{sender}>"));
            line("Resent-Date", DATE);
            line("Resent-To", &self.list(&[], &draft.resent_to));
            line(
                "Resent-Message-ID",
                &format!("<again{number}@elsewhere.example>"),
            );
        }
        line("From", &format!("A Sender <{sender}>"));
        if !draft.to.is_empty() || !draft.foreign.is_empty() {
            line("To", &self.list(&draft.foreign, &draft.to));
        }
        if !draft.cc.is_empty() {
            line("Cc", &self.list(&[], &draft.cc));
        }
        line("Subject", &format!("letter {number}"));
        line("Date", DATE);
        if !draft.no_id {
            // Some programs give two letters one Message-ID.
            let name = number - usize::from(number % 97 == 96);
            line(
                "Message-ID",
                &format!("<n{name}.letters@elsewhere.example>"),
            );
        }
        if draft.list {
            line("List-Id", "Rowing <rowing.lists.example>");
        }
        text.push_str("\r\nDear reader,\r\n\r\nFrom here on: nothing.\r\n.\r\n");
        let lines = match number % 50 {
            49 => 900,
            _ => self.chance.below(25),
        };
        for line in 0..lines {
            let _ = write!(
                text,
                "{line:4} of letter {number}, to whom it may concern.\r\n"
            );
        }
        text.into_bytes()
    }

    /// What the servers on the way wrote. None of it is the provider's, and none may be believed.
    fn trace(&mut self, draft: &Draft, sender: &str) -> String {
        let mut text = String::new();
        if draft.list {
            text.push_str("Delivered-To: mailing list rowing@lists.example\r\n");
        }
        // The sender's own server names one of them, whom the others are not.
        let one = match draft.envelopes.concat().first() {
            Some(mailbox) if self.chance.below(3) == 0 => mailbox.written.clone(),
            _ => "somebody@elsewhere.example".into(),
        };
        let _ = write!(
            text,
            "Received: from desk.elsewhere.example (desk.elsewhere.example [192.0.2.7])\r\n\
             \tby mail.elsewhere.example with ESMTP id 1\r\n\tfor <{one}>; {DATE}\r\n\
             X-Sender: {sender}\r\n"
        );
        text
    }

    /// An address list as programs write them: with names, folded, in no order that helps.
    fn list(&mut self, foreign: &[String], mailboxes: &[Mailbox]) -> String {
        let written = mailboxes.iter().map(|mailbox| &mailbox.written);
        let each = foreign
            .iter()
            .chain(written)
            .map(|address| match self.chance.below(5) {
                0 => format!("\"Somebody, at {}\" <{address}>", address.len()),
                1 => format!("Some Body <{address}>"),
                2 => format!("{address} (a comment, with a comma)"),
                3 => format!("=?utf-8?q?N=C4=9Bkdo?= <{address}>"),
                _ => address.clone(),
            });
        each.collect::<Vec<_>>().join(",\r\n\t")
    }
}

/// Each address once, however it is written.
fn unlike(mailboxes: impl Iterator<Item = Mailbox>) -> Vec<Mailbox> {
    let mut unlike: Vec<Mailbox> = Vec::new();
    for mailbox in mailboxes {
        let same = |other: &Mailbox| other.written.eq_ignore_ascii_case(&mailbox.written);
        if !unlike.iter().any(same) {
            unlike.push(mailbox);
        }
    }
    unlike
}

/// Numbers that look random and are the same every time (xorshift64*).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

const DATE: &str = "Sat, 14 Mar 2026 10:22:06 +0000";
