//! Reads out of a header whom the message was for: each source in its turn, each field once.

use hashbrown::HashSet;
use inhaul_message::{AddrSpec, HeaderBlock, addresses, received};

use super::Router;
use super::catch_all::RecipientSource;
use super::hops::{Hop, Hops};
use super::routed::FoundBy;
use super::spelling::folded;

/// An accepted address and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Recipient<'a> {
    /// The name of the field as it is written in explanations.
    pub(super) field: &'a str,
    /// Which of several of that name, from the top, from 1.
    pub(super) number: u32,
    pub(super) address: AddrSpec<'a>,
}

/// What the source that decided has yielded.
#[derive(Debug)]
pub(super) struct Gathered<'a> {
    pub(super) by: FoundBy,
    /// Each address once.
    pub(super) recipients: Vec<Recipient<'a>>,
    /// There were more than are looked at.
    pub(super) more: bool,
}

/// A kind of field that a catch-all reads.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Role {
    /// Evidence, by its place in the order.
    Evidence(usize),
    /// A hop's own note.
    Hop,
    /// Who a message was sent on to.
    ResentAddressee,
    /// Who it is addressed to.
    Addressee,
}

/// A field name that a catch-all reads.
#[derive(Clone, Debug)]
pub(super) struct Watched {
    pub(super) name: String,
    pub(super) role: Role,
}

/// The fields that a source reads, the same name twice if it has two roles.
pub(super) fn watched(source: &RecipientSource) -> Vec<Watched> {
    let roles = |names: &'static [&str], role: Role| {
        names.iter().map(move |name| Watched {
            name: (*name).to_owned(),
            role: role.clone(),
        })
    };
    match source {
        RecipientSource::Auto { evidence } => (0..)
            .zip(evidence)
            .map(|(at, name)| Watched {
                name: name.clone(),
                role: Role::Evidence(at),
            })
            .chain(roles(&["Received"], Role::Hop))
            .chain(roles(&RESENT, Role::ResentAddressee))
            .chain(roles(&ADDRESSEES, Role::Addressee))
            .collect(),
        RecipientSource::Header { name, .. } => {
            vec![Watched {
                name: name.clone(),
                role: Role::Evidence(0),
            }]
        }
        RecipientSource::ToCc => roles(&["To", "Cc"], Role::Addressee).collect(),
    }
}

const RESENT: [&str; 3] = ["Resent-To", "Resent-Cc", "Resent-Bcc"];
const ADDRESSEES: [&str; 4] = ["To", "Cc", "Bcc", "Apparently-To"];

/// Headers that a server writes again when one address leads to another: each is a step.
const CHAINED: [&str; 3] = ["Delivered-To", "X-Original-To", "Received"];

/// How many addresses of one message are looked up beyond those that may receive it: a message
/// that names more is a flood, and a person will want to see it anyway.
const LOOKED_UP_MOST: usize = 1000;

/// A field that is read, and which of its name it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    pub(super) watched: &'a Watched,
    pub(super) number: u32,
    pub(super) value: &'a [u8],
    /// Its place among all fields of the header.
    at: usize,
}

impl<'a> Seen<'a> {
    /// A field that is looked at alone.
    pub(super) fn alone(watched: &'a Watched, value: &'a [u8]) -> Self {
        Self {
            watched,
            number: 1,
            value,
            at: 0,
        }
    }
}

impl Router {
    /// The recipients that the first source with any yields.
    pub(super) fn gather<'a>(&'a self, header: &HeaderBlock<'a>) -> Gathered<'a> {
        let seen = seen(&self.watched, header);
        match &self.source {
            RecipientSource::Auto { evidence } => self.gather_auto(&seen, evidence),
            RecipientSource::Header { name, index, strip } => {
                let mut sieve = Sieve::new(self, Mailbox::Counts);
                if let Some(field) = seen.iter().find(|field| field.number == (*index).max(1)) {
                    for address in read(name, field.value) {
                        if let Some(address) = stripped(address, strip) {
                            sieve.take(field, address);
                        }
                    }
                }
                sieve.gathered(|| FoundBy::Header(name.clone()))
            }
            RecipientSource::ToCc => {
                let mut sieve = Sieve::new(self, Mailbox::Counts);
                sieve.take_all(&seen, &Role::Addressee);
                sieve.gathered(|| FoundBy::ToCc)
            }
        }
    }

    fn gather_auto<'a>(&'a self, seen: &[Seen<'a>], evidence: &[String]) -> Gathered<'a> {
        for (at, name) in evidence.iter().enumerate() {
            let sieve = self.evidence(seen, at);
            if !sieve.kept.is_empty() {
                return sieve.gathered(|| FoundBy::Evidence(name.clone()));
            }
        }
        let sieve = self.hops(seen);
        if !sieve.kept.is_empty() {
            return sieve.gathered(|| FoundBy::Received);
        }
        // Whoever writes to the maildrop's own name means it, if nobody noted anything better.
        let mut sieve = Sieve::new(self, Mailbox::Counts);
        sieve.take_all(seen, &Role::ResentAddressee);
        if sieve.kept.is_empty() {
            sieve.take_all(seen, &Role::Addressee);
        }
        sieve.gathered(|| FoundBy::Addressees)
    }

    /// The topmost field of one evidence header that yields anything.
    ///
    /// A message that was forwarded has one for each server on its way; the topmost of ours is the
    /// last word on it. But some servers write their envelope down as one field for each
    /// recipient: fields right below one another are one note, except of the names in [`CHAINED`].
    pub(super) fn evidence<'a>(&'a self, seen: &[Seen<'a>], at: usize) -> Sieve<'a> {
        let mut sieve = Sieve::new(self, Mailbox::IsNoEvidence);
        let role = Role::Evidence(at);
        let mut above = None;
        for field in seen.iter().filter(|field| field.watched.role == role) {
            let name = field.watched.name.as_str();
            let is_same_note = above.is_some_and(|above| above + 1 == field.at)
                && !CHAINED
                    .iter()
                    .any(|chained| name.eq_ignore_ascii_case(chained));
            if !sieve.kept.is_empty() && !is_same_note {
                break;
            }
            for address in read(name, field.value) {
                sieve.take(field, address);
            }
            above = Some(field.at);
        }
        sieve
    }

    /// The topmost hop of the provider that says `for` somebody.
    pub(super) fn hops<'a>(&'a self, seen: &[Seen<'a>]) -> Sieve<'a> {
        let mut sieve = Sieve::new(self, Mailbox::IsNoEvidence);
        let mut hops = Hops::new(&self.known_hosts);
        for field in seen.iter().filter(|field| field.watched.role == Role::Hop) {
            let said = received(field.value);
            match hops.judge(said.by.as_deref()) {
                Hop::Inside => {}
                Hop::Nameless => continue,
                Hop::Outside => break,
            }
            for address in said.recipients {
                sieve.take(field, address);
            }
            if !sieve.kept.is_empty() {
                break;
            }
        }
        sieve
    }
}

/// The fields that are read, in one pass, from the top down.
pub(super) fn seen<'a>(watched: &'a [Watched], header: &HeaderBlock<'a>) -> Vec<Seen<'a>> {
    let mut numbers = vec![0; watched.len()];
    let mut seen = Vec::with_capacity(16);
    for (at, field) in header.fields().enumerate() {
        for (watched, number) in watched.iter().zip(&mut numbers) {
            if field.is(&watched.name) {
                *number += 1;
                let (number, value) = (*number, field.value);
                seen.push(Seen {
                    watched,
                    number,
                    value,
                    at,
                });
            }
        }
    }
    seen
}

/// The addresses of a field.
fn read<'a>(name: &str, value: &'a [u8]) -> impl Iterator<Item = AddrSpec<'a>> {
    let hop = name
        .eq_ignore_ascii_case("Received")
        .then(|| received(value).recipients);
    let list = hop.is_none().then(|| addresses(value));
    hop.into_iter().flatten().chain(list.into_iter().flatten())
}

/// Takes a prefix off the local part, in any case; none if nothing is left.
fn stripped<'a>(mut address: AddrSpec<'a>, prefix: &str) -> Option<AddrSpec<'a>> {
    let local_part = address.local_part.as_ref();
    let front = local_part
        .get(..prefix.len())
        .filter(|_| !prefix.is_empty());
    if front.is_some_and(|front| folded(front) == folded(prefix)) {
        let rest = local_part[prefix.len()..].to_owned();
        address.local_part = rest.into();
    }
    (!address.local_part.is_empty()).then_some(address)
}

/// Whether the maildrop's own name is a recipient like any other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Mailbox {
    Counts,
    IsNoEvidence,
}

/// Keeps what counts of a source's addresses, each once.
pub(super) struct Sieve<'a> {
    router: &'a Router,
    mailbox: Mailbox,
    /// What is kept, without letter case.
    pub(super) known: HashSet<String>,
    /// There was an address, accepted or not.
    pub(super) offered: bool,
    pub(super) kept: Vec<Recipient<'a>>,
    more: bool,
}

impl<'a> Sieve<'a> {
    pub(super) fn new(router: &'a Router, mailbox: Mailbox) -> Self {
        Self {
            router,
            mailbox,
            known: HashSet::new(),
            offered: false,
            kept: Vec::new(),
            more: false,
        }
    }

    fn take(&mut self, field: &Seen<'a>, address: AddrSpec<'a>) {
        let router = self.router;
        self.offered = true;
        if self.more || !router.accepted.contains(&address.domain) {
            return;
        }
        let name = folded(&address.local_part);
        let key = format!("{name}@{}", address.domain);
        if self.mailbox == Mailbox::IsNoEvidence && router.is_own(&name, &key, &address.domain) {
            return;
        }
        if self.known.insert(key) {
            self.more = self.kept.len() >= LOOKED_UP_MOST + router.max_recipients;
            if !self.more {
                let (number, field) = (field.number, field.watched.name.as_str());
                self.kept.push(Recipient {
                    field,
                    number,
                    address,
                });
            }
        }
    }

    fn take_all(&mut self, seen: &[Seen<'a>], role: &Role) {
        for field in seen.iter().filter(|field| field.watched.role == *role) {
            self.take_list(field);
        }
    }

    /// All addresses of a field.
    pub(super) fn take_list(&mut self, field: &Seen<'a>) {
        for address in addresses(field.value) {
            self.take(field, address);
        }
    }

    fn gathered(self, by: impl FnOnce() -> FoundBy) -> Gathered<'a> {
        let by = if self.kept.is_empty() {
            FoundBy::Nothing
        } else {
            by()
        };
        Gathered {
            by,
            recipients: self.kept,
            more: self.more,
        }
    }
}
