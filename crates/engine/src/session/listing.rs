//! What the maildrop holds: STAT, UIDL and LIST (DESIGN "A run", step 3).

use inhaul_domain::{
    Ledger, Listing, ListingTooLong, RunPolicy, expects_nothing_known, first_numbers, needs_sizes,
};
use inhaul_pop3_proto::client::{Command, CommandKind, Event};
use inhaul_types::{MessageNumber, Octets, Timestamp};

use crate::failure::{Doing, RunError};
use crate::session::Wire;

/// What the maildrop holds, and what was asked for already.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) listing: Listing,
    /// RETR was sent for these, in this order, before the listing was there.
    pub(crate) ahead: Vec<MessageNumber>,
}

/// Whether bodies may be asked for before the listing is there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ahead {
    Allowed,
    Refused,
}

/// Octets asked for ahead, by the average that STAT tells: enough to keep the line busy until the
/// listing is read.
const AHEAD_OCTETS: u64 = 2 << 20;
/// Messages asked for ahead, at most.
const AHEAD_MESSAGES: usize = 256;

/// Asks for as much of the listing as the ledger leaves open.
///
/// STAT and UIDL go in one flight. LIST follows where something is new, due, or does not add up;
/// where the ledger knows nothing it goes in the same flight. If there is no row at all, every
/// message is new whatever the listing says: the first RETRs go out as soon as STAT is answered,
/// and a long line does not stand empty while the listing is read.
pub(crate) async fn list(
    wire: &mut Wire,
    pipelining: bool,
    ledger: &Ledger,
    policy: &RunPolicy,
    now: Timestamp,
    ahead: Ahead,
) -> Result<Listed, RunError> {
    let mut asked = Asked::default();
    let sizes_at_once = expects_nothing_known(ledger);
    let ahead = if ahead == Ahead::Allowed && pipelining && ledger.is_empty() {
        asked.ask_all_and_ahead(wire).await?
    } else {
        let mut commands = vec![Command::Stat, Command::Uidl];
        if sizes_at_once {
            commands.push(Command::List);
        }
        asked.ask(wire, commands, pipelining).await?;
        Vec::new()
    };
    // A server without UIDL has to be asked for sizes: they are all there is.
    let sizes_later = !sizes_at_once
        && (asked.no_uidl || needs_sizes(&asked.listing, asked.stat, ledger, policy, now));
    if sizes_later {
        asked.ask(wire, vec![Command::List], pipelining).await?;
    }
    match asked.list_refused {
        Some(refused) if asked.no_uidl => Err(refused),
        _ => Ok(Listed {
            listing: asked.listing,
            ahead,
        }),
    }
}

#[derive(Debug)]
struct Asked {
    listing: Listing,
    stat: Option<(u64, Octets)>,
    no_uidl: bool,
    list_refused: Option<RunError>,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            listing: Listing::new(),
            stat: None,
            no_uidl: false,
            list_refused: None,
        }
    }
}

impl Asked {
    async fn ask(
        &mut self,
        wire: &mut Wire,
        commands: Vec<Command>,
        pipelining: bool,
    ) -> Result<(), RunError> {
        if !pipelining {
            for command in commands {
                wire.send(command)?;
                self.take_answers(wire, 1).await?;
            }
            return Ok(());
        }
        let count = commands.len();
        for command in commands {
            wire.send(command)?;
        }
        self.take_answers(wire, count).await
    }

    /// The whole listing, and behind it the first bodies. Returns their numbers.
    async fn ask_all_and_ahead(&mut self, wire: &mut Wire) -> Result<Vec<MessageNumber>, RunError> {
        for command in [Command::Stat, Command::Uidl, Command::List] {
            wire.send(command)?;
        }
        self.take_answers(wire, 1).await?;
        let numbers = self.stat.map_or_else(Vec::new, |(count, octets)| {
            let average = octets.count().checked_div(count).unwrap_or(0).max(1);
            let most = usize::try_from(AHEAD_OCTETS / average).unwrap_or(AHEAD_MESSAGES);
            first_numbers(count, most.clamp(1, AHEAD_MESSAGES))
        });
        for number in &numbers {
            wire.send(Command::Retr(*number))?;
        }
        self.take_answers(wire, 2).await?;
        Ok(numbers)
    }

    async fn take_answers(&mut self, wire: &mut Wire, mut missing: usize) -> Result<(), RunError> {
        wire.until(|event| {
            match self.take(event) {
                Ok(Answer::Goes) => return None,
                Ok(Answer::Ends) => missing -= 1,
                Err(error) => return Some(Err(error)),
            }
            (missing == 0).then_some(Ok(()))
        })
        .await?
    }

    fn take(&mut self, event: Event<'_>) -> Result<Answer, RunError> {
        match event {
            Event::Stat { count, octets } => {
                self.stat = count.zip(octets);
                if self.listing.is_empty() {
                    self.listing.expect(count.unwrap_or(0));
                }
                return Ok(Answer::Ends);
            }
            Event::UidlLine { number, unique_id } => {
                self.listing.push_unique_id(number, unique_id)?;
            }
            Event::ListLine { number, size } => self.listing.push_size(number, size)?,
            Event::UidlEnd | Event::ListEnd => return Ok(Answer::Ends),
            Event::Refused {
                command,
                code,
                text,
            } => {
                match command {
                    CommandKind::Uidl => self.no_uidl = true,
                    CommandKind::List => {
                        let (doing, text) = (Doing::Listing, text.to_string());
                        self.list_refused = Some(RunError::Refused { doing, code, text });
                    }
                    _ => {}
                }
                return Ok(Answer::Ends);
            }
            _ => {}
        }
        Ok(Answer::Goes)
    }
}

enum Answer {
    Goes,
    Ends,
}

impl From<ListingTooLong> for RunError {
    fn from(_: ListingTooLong) -> Self {
        Self::ListingTooLong
    }
}
