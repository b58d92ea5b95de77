//! Reads headers without bodies: `TOP n 0`, for messages whose identity or age is in doubt.

use std::collections::{HashMap, VecDeque};

use inhaul_domain::{Listing, ListingIndex, Probe};
use inhaul_message::{HEADER_MOST, HeaderBlock, arrived, fingerprint};
use inhaul_pop3_proto::client::{Command, CommandKind, Event};
use inhaul_types::Timestamp;

use crate::failure::RunError;
use crate::session::Wire;

/// TOPs outstanding at once where the server pipelines. Headers are a few KiB: enough to fill a
/// long line, little enough for any server's input buffer.
const WINDOW: usize = 256;

/// Probes these messages, in this order.
pub(crate) async fn probe(
    wire: &mut Wire,
    pipelining: bool,
    listing: &Listing,
    wanted: &[ListingIndex],
) -> Result<HashMap<ListingIndex, Probe>, RunError> {
    let mut probes = HashMap::new();
    read_headers(wire, pipelining, listing, wanted, |index, header| {
        let probe = header.map_or(Probe::Refused, |header| Probe::Read(fingerprint(&header)));
        probes.insert(index, probe);
    })
    .await?;
    Ok(probes)
}

/// When these messages arrived, in their order; `None` where nobody can tell.
pub(crate) async fn dates(
    wire: &mut Wire,
    pipelining: bool,
    listing: &Listing,
    wanted: &[ListingIndex],
) -> Result<Vec<Option<Timestamp>>, RunError> {
    let mut dates = Vec::with_capacity(wanted.len());
    read_headers(wire, pipelining, listing, wanted, |_, header| {
        dates.push(header.and_then(|header| arrived(&header)));
    })
    .await?;
    Ok(dates)
}

/// Hands over the header of each message, in this order; `None` where TOP is refused.
async fn read_headers(
    wire: &mut Wire,
    pipelining: bool,
    listing: &Listing,
    wanted: &[ListingIndex],
    mut take: impl FnMut(ListingIndex, Option<HeaderBlock<'_>>),
) -> Result<(), RunError> {
    let window = if pipelining { WINDOW } else { 1 };
    let mut unsent = wanted.iter().copied();
    let mut outstanding = VecDeque::new();
    let mut header = Vec::new();
    loop {
        while outstanding.len() < window
            && let Some(index) = unsent.next()
        {
            wire.send(Command::Top {
                number: listing.at(index).number,
                lines: 0,
            })?;
            outstanding.push_back(index);
        }
        if outstanding.is_empty() {
            return Ok(());
        }
        let is_there = wire
            .until(|event| match event {
                Event::BodyStart { .. } => {
                    header.clear();
                    None
                }
                Event::BodyChunk(octets) => {
                    let room = HEADER_MOST.saturating_sub(header.len()).min(octets.len());
                    header.extend_from_slice(&octets[..room]);
                    None
                }
                Event::BodyEnd { .. } => Some(true),
                Event::Refused {
                    command: CommandKind::Top(_),
                    ..
                } => Some(false),
                _ => None,
            })
            .await?;
        let index = outstanding
            .pop_front()
            .expect("the loop left if nothing was outstanding");
        take(index, is_there.then(|| HeaderBlock::new(&header)));
    }
}
