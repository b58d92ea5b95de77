//! Which header says whom a message was for, measured over some messages.
//!
//! People who set up a catch-all do not know what their provider notes, and trying it out costs
//! mail. So each source is measured over the newest messages before anything is shared out.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use hashbrown::HashSet;
use inhaul_message::HeaderBlock;

use super::Router;
use super::catch_all::{DEFAULT_EVIDENCE, RecipientSource};
use super::gather::{self, Mailbox, Role, Seen, Sieve, Watched};

/// What some messages show of one source of recipients.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SurveyedSource {
    /// Which it is.
    pub source: Surveyed,
    /// In how many messages it is.
    pub present: u32,
    /// How many messages were looked at.
    pub of: u32,
    /// In how many messages it names an accepted address that is not the maildrop's own.
    pub accepted: u32,
    /// How many different accepted addresses it names over all messages.
    pub distinct: usize,
    /// How many accepted addresses it names in a message.
    pub addresses: AddressesEach,
    /// What to think of it.
    pub reliability: Reliability,
}

/// A source of recipients that can be measured. `Display` gives its words: `Delivered-To`,
/// `Received ... for`, `To and Cc`.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Surveyed {
    /// A header of this name that the catch-all or inhaul knows as evidence.
    Evidence(String),
    /// The provider's own `Received` fields.
    Received,
    /// Whom the header mentions.
    ToCc,
    /// A header that nobody named, but it holds accepted addresses and is called as evidence is.
    Other(String),
}

impl fmt::Display for Surveyed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Evidence(name) | Self::Other(name) => name,
            Self::Received => "Received ... for",
            Self::ToCc => "To and Cc",
        })
    }
}

/// How many addresses a source names in each message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AddressesEach {
    /// Never one.
    None,
    /// Always one, where there is any.
    AlwaysOne,
    /// Several, at least once.
    Several,
}

/// What to think of a source.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reliability {
    /// It names somebody here in every message.
    Reliable,
    /// It does so in three of four, or more.
    Mostly,
    /// It does so too seldom, always names the same though others do not, or is what the sender
    /// wrote.
    NotReliable,
    /// It is in no message.
    None,
}

/// In how many messages the same address alone must be before it is taken for a stamp.
const STAMP_LEAST: u32 = 3;

/// How many headers that nobody named are shown: a sender may make up any number.
const OTHERS_MOST: usize = 10;

impl Router {
    /// Measures each source over these messages: the evidence headers in their order, `Received`,
    /// To and Cc, and then other headers that look like evidence, the most useful first.
    pub fn survey<'h>(
        &self,
        headers: impl IntoIterator<Item = HeaderBlock<'h>>,
    ) -> Vec<SurveyedSource> {
        let evidence = self.surveyed_evidence();
        let watched = gather::watched(&RecipientSource::Auto {
            evidence: evidence.clone(),
        });
        let mut counts = vec![Count::default(); evidence.len()];
        let (mut received, mut to_cc) = (Count::default(), Count::default());
        let mut others: BTreeMap<String, (String, Count)> = BTreeMap::new();
        let mut of = 0;

        for header in headers {
            of += 1;
            let seen = gather::seen(&watched, &header);
            for (at, count) in counts.iter_mut().enumerate() {
                let role = Role::Evidence(at);
                let is_there = seen.iter().any(|field| field.watched.role == role);
                count.add(is_there, self.evidence(&seen, at));
            }
            let hops = self.hops(&seen);
            received.add(hops.offered, hops);
            self.measure_to_cc(&seen, &mut to_cc);
            self.measure_others(&header, &watched, &mut others);
        }

        let evidence = evidence.into_iter().map(Surveyed::Evidence).zip(counts);
        let mut others: Vec<_> = others.into_values().collect();
        others.sort_by_key(|(_, count)| Reverse(count.accepted));
        others.truncate(OTHERS_MOST);
        let all: Vec<_> = evidence
            .chain([(Surveyed::Received, received), (Surveyed::ToCc, to_cc)])
            .chain(
                others
                    .into_iter()
                    .map(|(name, count)| (Surveyed::Other(name), count)),
            )
            .collect();
        let stamps: Vec<_> = (0..all.len()).map(|at| is_stamp(&all, at)).collect();
        all.into_iter()
            .zip(stamps)
            .map(|((source, count), is_stamp)| count.judged(source, of, is_stamp))
            .collect()
    }

    /// The headers that the catch-all names, and those that servers are known to write.
    fn surveyed_evidence(&self) -> Vec<String> {
        let mut names = match &self.source {
            RecipientSource::Auto { evidence } => evidence.clone(),
            RecipientSource::Header { name, .. } => vec![name.clone()],
            RecipientSource::ToCc => Vec::new(),
        };
        for known in DEFAULT_EVIDENCE {
            if !names.iter().any(|name| name.eq_ignore_ascii_case(known)) {
                names.push(known.to_owned());
            }
        }
        names
    }

    fn measure_to_cc(&self, seen: &[Seen<'_>], count: &mut Count) {
        let to_cc = ["To", "Cc"];
        let theirs = seen.iter().filter(|field| {
            field.watched.role == Role::Addressee && to_cc.contains(&field.watched.name.as_str())
        });
        let mut sieve = Sieve::new(self, Mailbox::IsNoEvidence);
        theirs.for_each(|field| sieve.take_list(field));
        // A To of undisclosed recipients is as good as none.
        count.add(sieve.offered, sieve);
    }

    /// Other headers with an accepted address in them, each once a message: the topmost.
    fn measure_others(
        &self,
        header: &HeaderBlock<'_>,
        watched: &[Watched],
        others: &mut BTreeMap<String, (String, Count)>,
    ) {
        let mut here = HashSet::new();
        for field in header.fields() {
            let Ok(name) = str::from_utf8(field.name) else {
                continue;
            };
            let key = name.to_ascii_lowercase();
            let is_watched = || watched.iter().any(|of| of.name.eq_ignore_ascii_case(name));
            if !is_called_like_evidence(&key) || is_watched() || !here.insert(key.clone()) {
                continue;
            }
            let watched = Watched {
                name: name.to_owned(),
                role: Role::Evidence(0),
            };
            let mut sieve = Sieve::new(self, Mailbox::IsNoEvidence);
            sieve.take_list(&Seen::alone(&watched, field.value));
            if !sieve.kept.is_empty() || others.contains_key(&key) {
                let other = others
                    .entry(key)
                    .or_insert_with(|| (name.to_owned(), Count::default()));
                other.1.add(true, sieve);
            }
        }
    }
}

/// Whether a source names one address and nothing else, no other evidence ever names that one, and
/// people write to others: the maildrop's own name, under an address that its user does not tell.
fn is_stamp(all: &[(Surveyed, Count)], at: usize) -> bool {
    let count = &all[at].1;
    let mut names = count.distinct.iter();
    let (Some(own), None) = (names.next(), names.next()) else {
        return false;
    };
    let others = || {
        all.iter()
            .enumerate()
            .filter(|(other, _)| *other != at)
            .map(|(_, of)| of)
    };
    let is_named =
        others().any(|(source, of)| *source != Surveyed::ToCc && of.distinct.contains(own));
    let named: HashSet<_> = others().flat_map(|(_, of)| &of.distinct).collect();
    count.accepted >= STAMP_LEAST
        && !is_named
        && named.iter().filter(|name| **name != own).count() > 1
}

/// Whether a header, in lower case, is called as those are in which servers note recipients; those
/// that say where answers go are not.
fn is_called_like_evidence(name: &str) -> bool {
    const LIKE: [&str; 3] = ["rcpt", "recipient", "envelope"];
    const UNLIKE: [&str; 9] = [
        "reply",
        "errors",
        "followup",
        "notification",
        "receipt",
        "reading",
        "from",
        "sender",
        "list",
    ];
    let is_like = name.ends_with("-to") || LIKE.iter().any(|part| name.contains(part));
    is_like && !UNLIKE.iter().any(|part| name.contains(part))
}

/// What was counted of one source.
#[derive(Clone, Debug, Default)]
struct Count {
    present: u32,
    accepted: u32,
    /// Messages with more than one address.
    several: u32,
    /// The different addresses, without letter case.
    distinct: HashSet<String>,
}

impl Count {
    fn add(&mut self, is_there: bool, sieve: Sieve<'_>) {
        self.present += u32::from(is_there);
        self.accepted += u32::from(!sieve.kept.is_empty());
        self.several += u32::from(sieve.kept.len() > 1);
        self.distinct.extend(sieve.known);
    }

    /// `is_stamp`: see [`is_stamp`].
    fn judged(self, source: Surveyed, of: u32, is_stamp: bool) -> SurveyedSource {
        let addresses = match self {
            Self { accepted: 0, .. } => AddressesEach::None,
            Self { several: 0, .. } => AddressesEach::AlwaysOne,
            _ => AddressesEach::Several,
        };
        let distinct = self.distinct.len();
        let reliability = if self.present == 0 {
            Reliability::None
        } else if is_stamp || source == Surveyed::ToCc {
            // To and Cc miss blind copies and mailing lists, however often they fit.
            Reliability::NotReliable
        } else if self.accepted == of {
            Reliability::Reliable
        } else if u64::from(self.accepted) * 4 >= u64::from(of) * 3 {
            Reliability::Mostly
        } else {
            Reliability::NotReliable
        };
        let Self {
            present, accepted, ..
        } = self;
        SurveyedSource {
            source,
            present,
            of,
            accepted,
            distinct,
            addresses,
            reliability,
        }
    }
}
