//! Our record, per maildrop and destination, of every unique-id ever stored, left out or deleted.
//!
//! The store owns the rows; this is the view of one maildrop that a run's decisions need, held
//! compactly: 200,000 rows with ids of 20 octets take about 17 MiB. Fingerprints and digests stay in the store and are
//! fetched as [`Proof`]s for the few rows a decision needs them for.

use inhaul_types::{Digest, Fingerprint, LedgerId, Octets, Timestamp};

use crate::id_chains::IdChains;
use crate::maybe_size::MaybeSize;

/// A row's place in a [`Ledger`], from 0. Means something for that ledger only.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LedgerIndex(u32);

impl LedgerIndex {
    pub(crate) fn from_position(position: usize) -> Self {
        Self(u32::try_from(position).expect("a ledger's rows are counted in 32 bits"))
    }

    /// The position, from 0.
    pub fn position(self) -> usize {
        self.0 as usize
    }
}

/// What happened to one remote message.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum LedgerState {
    /// Its bytes, its place in the folder and this row are durable.
    Stored,
    /// It stays on the server, unread by us, for this reason. Never licenses a deletion.
    LeftOut(LeftOutReason),
    /// Stored, and its deletion was asked for in a session whose QUIT is not known to have been
    /// answered. It may or may not be gone.
    Asked,
    /// Stored, and a server answered `+OK` to the QUIT that ended the session with its DELE.
    Deleted,
}

/// What can happen to a row's message.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum LedgerEvent {
    /// Its bytes were stored after all: it had been left out.
    Stored,
    /// It is left out, or left out again.
    LeftOut(LeftOutReason),
    /// `DELE` was sent, `QUIT` is about to be.
    DeletionAsked,
    /// The server answered `+OK` to that `QUIT`.
    DeletionConfirmed,
    /// The server answered `-ERR` to the `DELE`.
    DeletionRefused,
    /// It is listed again, or under another id or size, and proven to be the same message.
    Relinked,
}

impl LedgerState {
    /// The state after an event; `None` for an event that cannot happen in this state, above all
    /// the deletion of a message that was left out.
    pub fn after(self, event: LedgerEvent) -> Option<Self> {
        match (self, event) {
            (Self::LeftOut(_), LedgerEvent::Stored) => Some(Self::Stored),
            (Self::LeftOut(_), LedgerEvent::LeftOut(reason)) => Some(Self::LeftOut(reason)),
            (Self::LeftOut(_), _) => None,
            (_, LedgerEvent::DeletionAsked) => Some(Self::Asked),
            (_, LedgerEvent::Relinked) => Some(Self::Stored),
            (Self::Asked, LedgerEvent::DeletionConfirmed) => Some(Self::Deleted),
            (Self::Asked, LedgerEvent::DeletionRefused) => Some(Self::Stored),
            (Self::Stored | Self::Asked | Self::Deleted, _) => None,
        }
    }

    /// Whether the message is in our store: every state but left out.
    pub fn is_stored(self) -> bool {
        !matches!(self, Self::LeftOut(_))
    }
}

/// Why a message stays where it is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum LeftOutReason {
    /// Larger than the limit.
    TooLarge,
    /// The server would not hand it over, or handed over nothing where it listed something.
    Refused,
    /// The line was cut at this message again and again. It is tried once a day.
    Poisoned,
    /// The line was cut at this message; [`LedgerRow::asks`] says how often. It is tried again,
    /// behind the others once that was twice.
    Interrupted,
    /// It was there before, and only newer mail is wanted.
    Unwanted,
    /// The account held these very octets already, and the server is an inhaul too: what goes round
    /// between installations ends here.
    Loop,
    /// It was left out for one of the other reasons, and a person has ordered it: the next run
    /// brings it whatever its size. [`LedgerRow::asks`] says how often the line was cut at it since.
    Ordered,
}

/// One row as a decision sees it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LedgerRow<'a> {
    /// Its place in this view.
    pub index: LedgerIndex,
    /// The store's name for it.
    pub id: LedgerId,
    /// The unique-id under which the message was listed last; `None` where the server had none.
    pub unique_id: Option<&'a [u8]>,
    /// The size LIST gave it then.
    pub listed_size: Option<Octets>,
    /// What happened to it.
    pub state: LedgerState,
    /// When it was stored, left out (at last), asked or deleted: the start of `state`. For `Stored` and
    /// `Asked` it is the time of storing, from which retention counts.
    pub since: Timestamp,
    /// Whether the last listing named it.
    pub listed_last: bool,
    /// How often its deletion was confirmed by a server, or the line was cut at it
    /// ([`LeftOutReason::Interrupted`]); saturating. The store counts.
    pub asks: u8,
    /// Whether it was recorded in the maildrop's present epoch. Rows of an older epoch neither
    /// skip nor delete anything until fingerprint and size match.
    pub epoch: RowEpoch,
}

/// Whether a row belongs to the maildrop's present host and user.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum RowEpoch {
    /// Recorded under the present host and user.
    Present,
    /// Recorded before host or user changed.
    Past,
}

/// How far this maildrop's unique-ids can be trusted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum IdTrust {
    /// They never misbehaved.
    #[default]
    Unbroken,
    /// They were once doubled, reused or resized.
    Broken,
}

/// What is known of a stored message beyond its row: fetched from the store when asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Proof {
    /// Over the identifying header fields.
    pub fingerprint: Option<Fingerprint>,
    /// Over the whole message as stored; `None` for a message that was left out.
    pub digest: Option<Digest>,
    /// Octets stored.
    pub size: Octets,
}

/// One maildrop's rows.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    rows: Vec<Row>,
    ids: Vec<u8>,
    by_id: IdChains,
    trust: IdTrust,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    id: LedgerId,
    listed_size: MaybeSize,
    since: Timestamp,
    id_start: u32,
    /// 0 for no unique-id.
    id_len: u16,
    asks: u8,
    standing: Standing,
}

/// State, whether it was listed last, and epoch in one octet: a row is 32 octets, and there may be
/// 200,000 of them.
#[derive(Clone, Copy, Debug)]
struct Standing(u8);

impl Standing {
    const STATES: [LedgerState; 10] = [
        LedgerState::Stored,
        LedgerState::Asked,
        LedgerState::Deleted,
        LedgerState::LeftOut(LeftOutReason::TooLarge),
        LedgerState::LeftOut(LeftOutReason::Refused),
        LedgerState::LeftOut(LeftOutReason::Poisoned),
        LedgerState::LeftOut(LeftOutReason::Interrupted),
        LedgerState::LeftOut(LeftOutReason::Unwanted),
        LedgerState::LeftOut(LeftOutReason::Ordered),
        LedgerState::LeftOut(LeftOutReason::Loop),
    ];

    fn new(state: LedgerState, listed_last: bool, epoch: RowEpoch) -> Self {
        let state = match state {
            LedgerState::Stored => 0,
            LedgerState::Asked => 1,
            LedgerState::Deleted => 2,
            LedgerState::LeftOut(LeftOutReason::TooLarge) => 3,
            LedgerState::LeftOut(LeftOutReason::Refused) => 4,
            LedgerState::LeftOut(LeftOutReason::Poisoned) => 5,
            LedgerState::LeftOut(LeftOutReason::Interrupted) => 6,
            LedgerState::LeftOut(LeftOutReason::Unwanted) => 7,
            LedgerState::LeftOut(LeftOutReason::Ordered) => 8,
            LedgerState::LeftOut(LeftOutReason::Loop) => 9,
        };
        let past = epoch == RowEpoch::Past;
        Self(state | u8::from(listed_last) << 4 | u8::from(past) << 5)
    }

    fn state(self) -> LedgerState {
        Self::STATES[usize::from(self.0 & 15)]
    }

    fn listed_last(self) -> bool {
        self.0 & 16 != 0
    }

    fn epoch(self) -> RowEpoch {
        match self.0 & 32 {
            0 => RowEpoch::Present,
            _ => RowEpoch::Past,
        }
    }
}

/// A row as the store hands it over; the index is given on insertion.
#[derive(Clone, Copy, Debug)]
pub struct NewLedgerRow<'a> {
    /// See [`LedgerRow::id`].
    pub id: LedgerId,
    /// See [`LedgerRow::unique_id`].
    pub unique_id: Option<&'a [u8]>,
    /// See [`LedgerRow::listed_size`].
    pub listed_size: Option<Octets>,
    /// See [`LedgerRow::state`].
    pub state: LedgerState,
    /// See [`LedgerRow::since`].
    pub since: Timestamp,
    /// See [`LedgerRow::listed_last`].
    pub listed_last: bool,
    /// See [`LedgerRow::asks`].
    pub asks: u8,
    /// See [`LedgerRow::epoch`].
    pub epoch: RowEpoch,
}

impl Ledger {
    /// A ledger without rows.
    pub fn new(trust: IdTrust) -> Self {
        Self {
            trust,
            ..Self::default()
        }
    }

    /// Makes room for so many more rows, whose unique-ids have so many octets together: vectors that
    /// double as they grow hold half as much again, and both while they move.
    pub fn reserve(&mut self, rows: usize, id_octets: usize) {
        self.rows.reserve_exact(rows);
        self.ids.reserve_exact(id_octets);
        let Self {
            rows: all,
            ids,
            by_id,
            ..
        } = self;
        by_id.reserve(rows, |other| unique_id(all, ids, other));
    }

    /// Adds a row.
    ///
    /// # Panics
    /// If a unique-id is longer than [`inhaul_types::UniqueId::LONGEST`].
    pub fn push(&mut self, row: NewLedgerRow<'_>) -> LedgerIndex {
        let index = LedgerIndex::from_position(self.rows.len());
        let id = row.unique_id.unwrap_or_default();
        let id_start = u32::try_from(self.ids.len()).expect("ledger ids fit 4 GiB");
        self.ids.extend_from_slice(id);
        self.rows.push(Row {
            id: row.id,
            listed_size: row.listed_size.into(),
            since: row.since,
            id_start,
            id_len: u16::try_from(id.len()).expect("UniqueId::LONGEST fits 16 bits"),
            asks: row.asks,
            standing: Standing::new(row.state, row.listed_last, row.epoch),
        });
        let Self {
            rows, ids, by_id, ..
        } = self;
        by_id.insert(index.0, id, |other| unique_id(rows, ids, other));
        index
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How far the maildrop's ids can be trusted.
    pub fn trust(&self) -> IdTrust {
        self.trust
    }

    /// One row.
    ///
    /// # Panics
    /// If `index` comes from another ledger.
    pub fn at(&self, index: LedgerIndex) -> LedgerRow<'_> {
        let row = &self.rows[index.position()];
        let id = unique_id(&self.rows, &self.ids, index.0);
        LedgerRow {
            index,
            id: row.id,
            unique_id: (!id.is_empty()).then_some(id),
            listed_size: row.listed_size.size(),
            state: row.standing.state(),
            since: row.since,
            listed_last: row.standing.listed_last(),
            asks: row.asks,
            epoch: row.standing.epoch(),
        }
    }

    /// All rows, oldest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = LedgerRow<'_>> {
        (0..self.rows.len()).map(|position| self.at(LedgerIndex::from_position(position)))
    }

    /// All rows with this unique-id (`None`: those without one), in no particular order.
    pub fn with_unique_id<'a>(
        &'a self,
        id: Option<&[u8]>,
    ) -> impl Iterator<Item = LedgerRow<'a>> + use<'a> {
        let first = self.first_with_unique_id(id);
        self.by_id
            .chain(first.map(|index| index.0))
            .map(|index| self.at(LedgerIndex(index)))
    }

    /// The row that stands for all rows with this unique-id (`None`: for those without one).
    pub(crate) fn first_with_unique_id(&self, id: Option<&[u8]>) -> Option<LedgerIndex> {
        let id_of = |index| unique_id(&self.rows, &self.ids, index);
        self.by_id
            .first(id.unwrap_or_default(), id_of)
            .map(LedgerIndex)
    }
}

fn unique_id<'a>(rows: &[Row], ids: &'a [u8], index: u32) -> &'a [u8] {
    let row = &rows[index as usize];
    let start = row.id_start as usize;
    &ids[start..start + usize::from(row.id_len)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_changes_only_as_the_ledger_allows() {
        use LedgerEvent as E;
        use LedgerState as S;
        let (large, refused) = (LeftOutReason::TooLarge, LeftOutReason::Refused);
        for (state, event, after) in [
            (S::LeftOut(large), E::Stored, Some(S::Stored)),
            (
                S::LeftOut(large),
                E::LeftOut(refused),
                Some(S::LeftOut(refused)),
            ),
            (S::LeftOut(large), E::DeletionAsked, None),
            (S::LeftOut(large), E::DeletionConfirmed, None),
            (S::LeftOut(large), E::DeletionRefused, None),
            (S::LeftOut(large), E::Relinked, None),
            (S::Stored, E::Stored, None),
            (S::Stored, E::LeftOut(large), None),
            (S::Stored, E::DeletionAsked, Some(S::Asked)),
            (S::Stored, E::DeletionConfirmed, None),
            (S::Stored, E::DeletionRefused, None),
            (S::Stored, E::Relinked, Some(S::Stored)),
            (S::Asked, E::Stored, None),
            (S::Asked, E::LeftOut(large), None),
            (S::Asked, E::DeletionAsked, Some(S::Asked)),
            (S::Asked, E::DeletionConfirmed, Some(S::Deleted)),
            (S::Asked, E::DeletionRefused, Some(S::Stored)),
            (S::Asked, E::Relinked, Some(S::Stored)),
            (S::Deleted, E::Stored, None),
            (S::Deleted, E::LeftOut(large), None),
            (S::Deleted, E::DeletionAsked, Some(S::Asked)),
            (S::Deleted, E::DeletionConfirmed, None),
            (S::Deleted, E::DeletionRefused, None),
            (S::Deleted, E::Relinked, Some(S::Stored)),
        ] {
            assert_eq!(state.after(event), after, "{state:?} after {event:?}");
        }
    }

    fn row(unique_id: Option<&[u8]>) -> NewLedgerRow<'_> {
        NewLedgerRow {
            id: LedgerId::new(1),
            unique_id,
            listed_size: None,
            state: LedgerState::Stored,
            since: Timestamp::from_millis(0),
            listed_last: true,
            asks: 0,
            epoch: RowEpoch::Present,
        }
    }

    #[test]
    fn a_row_comes_back_as_it_was_put_in() {
        let mut ledger = Ledger::new(IdTrust::Unbroken);
        for state in Standing::STATES {
            for (listed_last, epoch) in [
                (false, RowEpoch::Present),
                (true, RowEpoch::Present),
                (false, RowEpoch::Past),
                (true, RowEpoch::Past),
            ] {
                let index = ledger.push(NewLedgerRow {
                    state,
                    listed_last,
                    epoch,
                    ..row(Some(b"a"))
                });
                let back = ledger.at(index);
                assert_eq!(
                    (back.state, back.listed_last, back.epoch),
                    (state, listed_last, epoch)
                );
            }
        }
        assert_eq!(size_of::<Row>(), 32);
    }

    #[test]
    fn rows_are_found_by_id_whether_alone_shared_or_without_one() {
        let mut ledger = Ledger::new(IdTrust::Unbroken);
        for id in [
            Some(&b"a"[..]),
            None,
            Some(b"b"),
            Some(b"a"),
            None,
            Some(b"a"),
        ] {
            ledger.push(row(id));
        }
        for (id, positions) in [
            (Some(&b"a"[..]), vec![0, 3, 5]),
            (Some(b"b"), vec![2]),
            (None, vec![1, 4]),
            (Some(b"c"), vec![]),
        ] {
            let mut found: Vec<_> = ledger
                .with_unique_id(id)
                .map(|row| row.index.position())
                .collect();
            found.sort_unstable();
            assert_eq!(found, positions, "{id:?}");
        }
    }

    #[test]
    fn the_same_id_many_times_does_not_slow_insertion() {
        let mut ledger = Ledger::new(IdTrust::Unbroken);
        for position in 0..400_000 {
            ledger.push(row((position % 2 == 0).then_some(b"same")));
        }
        assert_eq!(ledger.with_unique_id(Some(b"same")).count(), 200_000);
        assert_eq!(ledger.with_unique_id(None).count(), 200_000);
    }
}
