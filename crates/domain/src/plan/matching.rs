//! Pairs listed messages with rows whose fingerprint they have, as multisets and never by position.

use inhaul_types::Fingerprint;

use crate::{LedgerIndex, ListingIndex};

/// A listed message or a row, with the fingerprint of its header.
#[derive(Clone, Copy)]
pub(super) struct Printed<'a, I> {
    pub(super) index: I,
    pub(super) print: &'a Fingerprint,
}

/// What [`pair_off`] found.
#[derive(Default)]
pub(super) struct Pairing {
    /// Same key, and nothing else has it.
    pub(super) pairs: Vec<(ListingIndex, LedgerIndex)>,
    /// Same key, and so have others: of which row each is the message, only its octets tell.
    pub(super) shared: Vec<(ListingIndex, LedgerIndex)>,
    /// Messages of a key that fewer rows have: which of them are stored, only their octets tell.
    pub(super) crowd: Vec<ListingIndex>,
    /// The rows of those keys.
    pub(super) crowded: Vec<LedgerIndex>,
}

/// Pairs messages and rows of equal key. Where rows are more than messages, those of the lowest
/// rank are taken. A key of `None` pairs with nothing.
///
/// Sorts both slices by key.
pub(super) fn pair_off<K: Ord, R: Ord>(
    entries: &mut [Printed<'_, ListingIndex>],
    rows: &mut [Printed<'_, LedgerIndex>],
    entry_key: impl Fn(&Printed<'_, ListingIndex>) -> Option<K>,
    row_key: impl Fn(&Printed<'_, LedgerIndex>) -> Option<K>,
    rank: impl Fn(LedgerIndex) -> R,
) -> Pairing {
    entries.sort_unstable_by_key(|entry| (entry_key(entry), entry.index));
    rows.sort_unstable_by_key(|row| (row_key(row), rank(row.index), row.index));
    let mut pairing = Pairing::default();
    let mut row_runs = rows.chunk_by(|a, b| row_key(a) == row_key(b)).peekable();
    for run in entries.chunk_by(|a, b| entry_key(a) == entry_key(b)) {
        let Some(key) = entry_key(&run[0]).map(Some) else {
            continue;
        };
        while row_runs.next_if(|rows| row_key(&rows[0]) < key).is_some() {}
        let Some(rows) = row_runs.next_if(|rows| row_key(&rows[0]) == key) else {
            continue;
        };
        if run.len() <= rows.len() {
            let pairs = match rows {
                [_] => &mut pairing.pairs,
                _ => &mut pairing.shared,
            };
            pairs.extend(
                run.iter()
                    .zip(rows)
                    .map(|(entry, row)| (entry.index, row.index)),
            );
        } else {
            pairing.crowd.extend(run.iter().map(|entry| entry.index));
            pairing.crowded.extend(rows.iter().map(|row| row.index));
        }
    }
    pairing
}

/// Pairs those whose fingerprint is the only one of its kind among `entries` and among `rows`.
/// Those that are not open count, but are not paired.
///
/// Sorts both slices by fingerprint.
pub(super) fn pair_unique(
    entries: &mut [Printed<'_, ListingIndex>],
    rows: &mut [Printed<'_, LedgerIndex>],
    is_open: impl Fn(ListingIndex) -> bool,
) -> Pairing {
    entries.sort_unstable_by_key(|entry| entry.print);
    rows.sort_unstable_by_key(|row| row.print);
    let mut pairing = Pairing::default();
    let mut row_runs = rows.chunk_by(|a, b| a.print == b.print).peekable();
    for run in entries.chunk_by(|a, b| a.print == b.print) {
        while row_runs
            .next_if(|rows| rows[0].print < run[0].print)
            .is_some()
        {}
        let rows = row_runs.next_if(|rows| rows[0].print == run[0].print);
        if let ([entry], Some([row])) = (run, rows)
            && is_open(entry.index)
        {
            pairing.pairs.push((entry.index, row.index));
        }
    }
    pairing
}
