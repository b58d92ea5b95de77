//! Wrong passwords: how late each is answered, and when nobody looks any more.
//!
//! A guesser gets few guesses, and an owner is never shut out by one. Both at once is possible
//! because an owner comes from where he came from before: a name's tries from a neighbourhood that
//! signed in with it lately are counted apart, so what anybody else does is nothing to him.
//!
//! | who tries | counted | refused for ten minutes after |
//! | --- | --- | --- |
//! | a neighbourhood that signed in with this name within 30 days | for the network and the name | 10 wrong in 10 minutes |
//! | any other: a stranger | for the network, whatever the name | 10 wrong in 10 minutes |
//! | | and for the name, whatever stranger | 30 wrong in 10 minutes |
//!
//! *Wrong* are different passwords: the same one again is no guess ([`Verdict::Wrong`]). So a
//! stranger's network has at most [`A_DAY_FROM_A_NETWORK`] guesses a day, and all strangers of the
//! world together [`A_DAY_AT_A_NAME`] at one name.
//!
//! A name counts as it was typed, whether an account has it or not: how a try is answered tells
//! nobody which names there are, nor which of them are one account's. (But whoever shares an
//! address with an owner, and is barred there, is still heard for the names signed in with there.)
//!
//! Owns the counts. Knows no name and no password, only [`Tag`]s of them; no clock: `now` is an
//! argument, and one that is set back frees nobody and bars nobody longer. Memory is bounded:
//! [`Places`]. Nothing is kept over a restart. Start at [`Tries::ask`].

mod familiar;
mod network;
#[cfg(test)]
mod properties;
mod steady;
mod table;
mod tally;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::time::Duration;

use inhaul_types::Timestamp;

use familiar::Familiar;
use network::{Neighbourhood, Network};
use steady::Steady;
use table::{Ended, NotNow, Table};

/// A keyed digest of a name or of a password with its name: enough to tell two apart, nothing to
/// read either from. Whoever does not have the key cannot make two that collide.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Tag(u64);

impl Tag {
    /// From the first octets of the digest.
    pub const fn new(digest: [u8; 8]) -> Self {
        Self(u64::from_be_bytes(digest))
    }
}

/// Somebody says a name and a password.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Try {
    /// From where.
    pub from: IpAddr,
    /// The name as it was typed, but for letter case.
    pub name: Tag,
    /// The name and the password.
    pub guess: Tag,
    /// Counts up whenever accounts are saved: what was wrong before may be right now.
    pub as_of: u64,
}

/// What to do with a [`Try`].
#[derive(Debug)]
pub enum Verdict {
    /// Look at the password, then say how it ended.
    Look(Look),
    /// Answer so late that it is wrong. The same password was looked at before and nothing was
    /// saved since: there is nothing to be looked at again, nor to be counted.
    Wrong {
        /// From the try to the answer.
        delay: Duration,
    },
    /// Passwords are being looked at that may use up what is left. Ask again when one of them has
    /// ended: somebody who signs in twelve times at once is no guesser.
    Wait,
    /// Refuse it without a look.
    Barred {
        /// From then on a password is looked at, by the clock of `now`.
        until: Timestamp,
    },
}

/// Room kept for a password that is being looked at. Give it back by one of [`Tries::wrong`],
/// [`Tries::right`], [`Tries::not_looked_at`], or it stays taken.
#[derive(Debug, Eq, PartialEq)]
#[must_use = "its room stays taken until it is given back"]
pub struct Look {
    source: Source,
    asked: Try,
}

impl Look {
    /// Whether somebody signed in with this name from there lately. Strangers should not make him
    /// wait.
    pub fn is_familiar(&self) -> bool {
        matches!(self.source, Source::Familiar(..))
    }
}

/// What a wrong password leads to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Answer {
    /// From the try to the answer.
    pub delay: Duration,
    /// It was one too many: until when nobody looks at another from there, or for that name.
    pub barred_until: Option<Timestamp>,
}

/// How much is remembered at most.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Places {
    /// Networks of strangers, and as many again of owners, each with its up to 10 wrong passwords.
    /// More than sign in at the same moment: each of those has a place.
    pub networks: usize,
    /// Names that strangers tried, each with its up to 30.
    pub names: usize,
    /// Names that were signed in with, each with its up to 16 neighbourhoods.
    pub familiar: usize,
}

impl Places {
    /// Some 40 MiB where every place is taken to its last octet; a few hundred octets a person
    /// where nobody guesses. To bar 10,000 networks takes 100,000 guesses within the ten minutes
    /// that the first bar lasts, and two at a time of some 20 ms (what a look costs) are 60,000.
    /// Familiar are 10,000 accounts with a name and three addresses each.
    pub const USUAL: Self = Self {
        networks: 10_000,
        names: 10_000,
        familiar: 40_000,
    };
}

/// Where a try is counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Source {
    Stranger(Network),
    Familiar(Network, Tag),
}

/// The wrong passwords of the last while, and from where owners come.
#[derive(Clone, Debug)]
pub struct Tries {
    strangers: Table<Network>,
    owners: Table<(Network, Tag)>,
    names: Table<Tag>,
    familiar: Familiar,
    steady: Steady,
}

impl Default for Tries {
    fn default() -> Self {
        Self::new(Places::USUAL)
    }
}

impl Tries {
    /// Nothing was wrong yet, and nobody is known.
    pub fn new(places: Places) -> Self {
        Self {
            strangers: Table::new(places.networks, FROM_A_NETWORK),
            owners: Table::new(places.networks, FROM_A_NETWORK),
            names: Table::new(places.names, AT_A_NAME),
            familiar: Familiar::new(places.familiar),
            steady: Steady::default(),
        }
    }

    /// Until when no password for this name is looked at from there, if that is so. A password
    /// that is remembered as right counts as looked at: ask before remembering.
    pub fn barred_until(&mut self, from: IpAddr, name: Tag, now: Timestamp) -> Option<Timestamp> {
        let now = self.turn_to(now);
        match self.check(self.source(from, name, now), name, now) {
            Err(NotNow::Barred(until)) => Some(self.steady.on_the_clock(until)),
            Ok(()) | Err(NotNow::Busy) => None,
        }
    }

    /// What to do with a try.
    pub fn ask(&mut self, asked: Try, now: Timestamp) -> Verdict {
        let now = self.turn_to(now);
        let source = self.source(asked.from, asked.name, now);
        let free = self.check(source, asked.name, now);
        if let Err(NotNow::Barred(until)) = free {
            let until = self.steady.on_the_clock(until);
            return Verdict::Barred { until };
        }
        if let Some(count) = self.repeats(source, asked, now) {
            let delay = delay(count);
            return Verdict::Wrong { delay };
        }
        if free.is_err() {
            return Verdict::Wait;
        }
        match source {
            Source::Stranger(network) => {
                self.strangers.begin(network);
                self.names.begin(asked.name);
            }
            Source::Familiar(network, name) => self.owners.begin((network, name)),
        }
        Verdict::Look(Look { source, asked })
    }

    /// The password was wrong, or the name nobody's.
    pub fn wrong(&mut self, look: Look, now: Timestamp) -> Answer {
        let now = self.turn_to(now);
        let Try {
            name, guess, as_of, ..
        } = look.asked;
        let (count, barred) = self.end(look.source, name, Ended::Wrong(guess, as_of), now);
        Answer {
            delay: delay(count),
            barred_until: barred.map(|until| self.steady.on_the_clock(until)),
        }
    }

    /// The password was right, and these are the names of its account: from now on this
    /// neighbourhood is theirs. What a stranger tried before stays counted, or a guesser with an
    /// account of his own would sign in to it after every nine guesses.
    pub fn right(&mut self, look: Look, names: &[Tag], now: Timestamp) {
        let from = look.asked.from;
        self.not_looked_at(look, now);
        self.signed_in(from, names, now);
    }

    /// Nobody looked, or what came of it is not known. That is no try.
    pub fn not_looked_at(&mut self, look: Look, now: Timestamp) {
        let now = self.turn_to(now);
        self.end(look.source, look.asked.name, Ended::NotWrong, now);
    }

    /// Somebody signed in without a look, by a password that is remembered as right. What an owner
    /// mistyped before is forgiven.
    pub fn signed_in(&mut self, from: IpAddr, names: &[Tag], now: Timestamp) {
        let now = self.turn_to(now);
        let (network, neighbourhood) = (Network::of(from), Neighbourhood::of(from));
        for name in names.iter().take(NAMES) {
            self.familiar.saw(*name, neighbourhood, now);
            self.owners.forgive((network, *name));
        }
    }

    /// The steady time, with everything forgotten that is over by then.
    fn turn_to(&mut self, now: Timestamp) -> Timestamp {
        let now = self.steady.at(now);
        self.strangers.sweep(now);
        self.owners.sweep(now);
        self.names.sweep(now);
        now
    }

    fn source(&self, from: IpAddr, name: Tag, now: Timestamp) -> Source {
        let network = Network::of(from);
        if self.familiar.knows(name, Neighbourhood::of(from), now) {
            Source::Familiar(network, name)
        } else {
            Source::Stranger(network)
        }
    }

    /// What bars, bars: before anything that is only busy.
    fn check(&self, source: Source, name: Tag, now: Timestamp) -> Result<(), NotNow> {
        match source {
            Source::Familiar(network, name) => self.owners.check((network, name), now),
            Source::Stranger(network) => {
                let own = self.strangers.check(network, now);
                let names = self.names.check(name, now);
                match (own, names) {
                    (Err(NotNow::Barred(a)), Err(NotNow::Barred(b))) => {
                        Err(NotNow::Barred(a.max(b)))
                    }
                    (Err(NotNow::Barred(until)), _) | (_, Err(NotNow::Barred(until))) => {
                        Err(NotNow::Barred(until))
                    }
                    (own, names) => own.and(names),
                }
            }
        }
    }

    fn repeats(&mut self, source: Source, asked: Try, now: Timestamp) -> Option<usize> {
        let Try { guess, as_of, .. } = asked;
        match source {
            Source::Stranger(network) => self.strangers.repeats(network, guess, as_of, now),
            Source::Familiar(network, name) => {
                self.owners.repeats((network, name), guess, as_of, now)
            }
        }
    }

    /// Ends a look where it was counted. Says how many wrong ones count for the source, and until
    /// when it or the name is barred.
    fn end(
        &mut self,
        source: Source,
        name: Tag,
        ended: Ended,
        now: Timestamp,
    ) -> (usize, Option<Timestamp>) {
        match source {
            Source::Familiar(network, name) => self.owners.end((network, name), ended, now),
            Source::Stranger(network) => {
                let (_, name) = self.names.end(name, ended, now);
                let (count, own) = self.strangers.end(network, ended, now);
                (count, own.max(name))
            }
        }
    }
}

/// How late a wrong password is answered, of so many that count.
fn delay(count: usize) -> Duration {
    let doublings = count.saturating_sub(1).min(LAST_DOUBLING);
    FIRST_DELAY * (1 << doublings)
}

/// How late the first wrong password is answered, and a try that is refused without a look.
///
/// A person who mistyped takes longer to type again. A guesser who waits for each answer has one
/// guess a second instead of fifty; one who hangs up instead of waiting has spent a connection, and
/// the guess counts all the same.
pub const FIRST_DELAY: Duration = Duration::from_secs(1);

/// 1, 2, 4, 8 seconds. Mail programs give up on a server after 30 seconds or more, and then call it
/// broken rather than the password wrong, so it stays well below.
const LAST_DOUBLING: usize = 3;

/// Wrong passwords of a network within [`tally::WINDOW`] before nobody looks. Of the mistakes
/// people make (capitals, the keyboard of another country, the password of another place, the one
/// before the last) ten are more than anybody has patience for, and each counts once however often
/// a program repeats it. A guesser comes no further than the ten passwords that everybody tries.
const FROM_A_NETWORK: usize = 10;

/// Wrong passwords of strangers at one name within [`tally::WINDOW`] before no stranger is heard.
/// Three networks full: an owner who travels, with a telephone and a laptop in two hotels, does not
/// come near it; a thousand hired machines have what three have.
const AT_A_NAME: usize = 30;

/// Guesses that a stranger's network has in a day, at all names together: ten in each ten minutes,
/// and those of the stretch that is cut by its end. A million guesses take two years.
pub const A_DAY_FROM_A_NETWORK: usize = (WINDOWS_A_DAY + 1) * FROM_A_NETWORK;

/// Guesses that all strangers together have in a day at one name. The 100,000 passwords that leak
/// most often take three weeks, day and night, with a line in the log for each; what a program makes
/// up, or a person of three words, is not among them.
pub const A_DAY_AT_A_NAME: usize = (WINDOWS_A_DAY + 1) * AT_A_NAME;

const WINDOWS_A_DAY: usize = 24 * 60 / 10;

/// Names of one account that become familiar at a sign-in: what somebody types, not the hundred
/// aliases of a whole firm.
pub const NAMES: usize = 32;
