//! Reads headers without bodies: `TOP n 0`, for messages whose identity is in doubt.

use std::collections::{HashMap, VecDeque};

use inhaul_domain::{Listing, ListingIndex, Probe};
use inhaul_message::{HEADER_MOST, HeaderBlock, fingerprint};
use inhaul_pop3_proto::client::{Command, CommandKind, Event};

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
    let window = if pipelining { WINDOW } else { 1 };
    let mut probes = HashMap::new();
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
            return Ok(probes);
        }
        let probe = wire
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
                Event::BodyEnd { .. } => Some(Probe::Read(fingerprint(&HeaderBlock::new(&header)))),
                Event::Refused {
                    command: CommandKind::Top(_),
                    ..
                } => Some(Probe::Refused),
                _ => None,
            })
            .await?;
        let index = outstanding
            .pop_front()
            .expect("the loop left if nothing was outstanding");
        probes.insert(index, probe);
    }
}
