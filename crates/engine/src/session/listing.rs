//! What the maildrop holds: STAT, UIDL and LIST (DESIGN "A run", step 3).

use inhaul_domain::{Ledger, Listing, ListingTooLong, RunPolicy, expects_nothing_known, needs_sizes};
use inhaul_pop3_proto::client::{Command, CommandKind, Event};
use inhaul_types::{Octets, Timestamp};

use crate::failure::{Doing, RunError};
use crate::session::Wire;

/// Asks for as much of the listing as the ledger leaves open.
///
/// STAT and UIDL go in one flight. LIST follows where something is new, due, or does not add up;
/// where the ledger knows nothing it goes in the same flight.
pub(crate) async fn list(
    wire: &mut Wire,
    pipelining: bool,
    ledger: &Ledger,
    policy: &RunPolicy,
    now: Timestamp,
) -> Result<Listing, RunError> {
    let mut asked = Asked::default();
    let sizes_at_once = expects_nothing_known(ledger);
    let mut commands = vec![Command::Stat, Command::Uidl];
    if sizes_at_once {
        commands.push(Command::List);
    }
    asked.ask(wire, commands, pipelining).await?;
    // A server without UIDL has to be asked for sizes: they are all there is.
    let sizes_later = !sizes_at_once
        && (asked.no_uidl || needs_sizes(&asked.listing, asked.stat, ledger, policy, now));
    if sizes_later {
        asked.ask(wire, vec![Command::List], pipelining).await?;
    }
    match asked.list_refused {
        Some(refused) if asked.no_uidl => Err(refused),
        _ => Ok(asked.listing),
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
        Self { listing: Listing::new(), stat: None, no_uidl: false, list_refused: None }
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
                return Ok(Answer::Ends);
            }
            Event::UidlLine { number, unique_id } => {
                self.listing.push_unique_id(number, unique_id)?;
            }
            Event::ListLine { number, size } => self.listing.push_size(number, size)?,
            Event::UidlEnd | Event::ListEnd => return Ok(Answer::Ends),
            Event::Refused { command, code, text } => {
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
