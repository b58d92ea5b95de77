//! Servers that list a part of the maildrop at a time.

use inhaul_domain::{IdTrust, Ledger, LedgerState, Listing, NewLedgerRow, RowEpoch, looks_partial};
use inhaul_types::{LedgerId, MessageNumber, Timestamp};

fn listing(ids: std::ops::Range<u32>) -> Listing {
    let mut listing = Listing::new();
    for (number, id) in (1..).zip(ids) {
        let number = MessageNumber::new(number).unwrap();
        listing
            .push_unique_id(number, format!("id{id}").as_bytes())
            .unwrap();
    }
    listing
}

/// A ledger whose last listing named these.
fn ledger(ids: std::ops::Range<u32>) -> Ledger {
    let mut ledger = Ledger::new(IdTrust::Unbroken);
    for id in ids {
        ledger.push(NewLedgerRow {
            id: LedgerId::new(id.into()),
            unique_id: Some(format!("id{id}").as_bytes()),
            listed_size: None,
            state: LedgerState::Deleted,
            since: Timestamp::from_millis(0),
            listed_last: true,
            asks: 1,
            epoch: RowEpoch::Present,
        });
    }
    ledger
}

#[test]
fn one_part_behind_another_is_seen_by_its_size_and_its_ids() {
    for (name, before, now, partial) in [
        ("two parts", 0..250, 250..500, true),
        ("about the same size", 0..250, 250..460, true),
        ("half the size", 0..250, 250..375, false),
        ("one is known", 0..250, 249..499, false),
        ("a first run", 0..0, 0..250, false),
        ("a day's mail behind another", 0..40, 40..80, false),
    ] {
        assert_eq!(
            looks_partial(&listing(now), &ledger(before)),
            partial,
            "{name}"
        );
    }
}
