//! Asks what messages are by their headers alone: for messages whose identity or age is in doubt.

use std::collections::HashMap;
use std::ops::ControlFlow;

use inhaul_domain::{Listing, ListingIndex, Probe};
use inhaul_message::{HeaderBlock, arrived, fingerprint};
use inhaul_types::Timestamp;

use crate::failure::RunError;
use crate::session::Wire;
use crate::session::headers::read_headers;

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
    read(wire, pipelining, listing, wanted, |index, header| {
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
    read(wire, pipelining, listing, wanted, |_, header| {
        dates.push(header.and_then(|header| arrived(&header)));
    })
    .await?;
    Ok(dates)
}

/// Hands over the header of each message, in this order; `None` where TOP is refused.
async fn read(
    wire: &mut Wire,
    pipelining: bool,
    listing: &Listing,
    wanted: &[ListingIndex],
    mut take: impl FnMut(ListingIndex, Option<HeaderBlock<'_>>),
) -> Result<(), RunError> {
    let window = if pipelining { WINDOW } else { 1 };
    let numbers = wanted.iter().map(|index| listing.at(*index).number);
    let numbers: Vec<_> = numbers.collect();
    let mut answered = wanted.iter();
    read_headers(wire, window, &numbers, |header| {
        let index = answered
            .next()
            .expect("a header is handed over for each that is wanted");
        take(*index, header.ok().map(HeaderBlock::new));
        ControlFlow::Continue(())
    })
    .await
}
