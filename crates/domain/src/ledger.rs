//! Our record, per maildrop and destination, of every unique-id ever stored, left out or deleted.
//!
//! The store owns the rows; this is the view of one maildrop that a run's decisions need, held
//! compactly: 200,000 rows take about 16 MiB. Fingerprints and digests stay in the store and are
//! fetched as [`Proof`]s for the few rows a decision needs them for.

use inhaul_types::{Digest, Fingerprint, LedgerId, Octets, Timestamp};

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

/// Why a message stays where it is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum LeftOutReason {
    /// Larger than the limit.
    TooLarge,
    /// The server would not hand it over, or handed over nothing where it listed something.
    Refused,
    /// The line was cut at this message again and again.
    Poisoned,
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
    /// When it was stored, left out, asked or deleted: the start of `state`. For `Stored` and
    /// `Asked` it is the time of storing, from which retention counts.
    pub since: Timestamp,
    /// Whether the last listing named it.
    pub listed_last: bool,
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
    by_id: hashbrown::HashTable<u32>,
    trust: IdTrust,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    id: LedgerId,
    listed_size: Option<Octets>,
    since: Timestamp,
    id_start: u32,
    /// 0 for no unique-id.
    id_len: u16,
    state: LedgerState,
    listed_last: bool,
    epoch: RowEpoch,
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
    /// See [`LedgerRow::epoch`].
    pub epoch: RowEpoch,
}

impl Ledger {
    /// A ledger without rows.
    pub fn new(trust: IdTrust) -> Self {
        Self { trust, ..Self::default() }
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
            listed_size: row.listed_size,
            since: row.since,
            id_start,
            id_len: u16::try_from(id.len()).expect("UniqueId::LONGEST fits 16 bits"),
            state: row.state,
            listed_last: row.listed_last,
            epoch: row.epoch,
        });
        let Self { rows, ids, by_id, .. } = self;
        by_id.insert_unique(hash(id), index.0, |other| hash(unique_id(rows, ids, *other)));
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
            listed_size: row.listed_size,
            state: row.state,
            since: row.since,
            listed_last: row.listed_last,
            epoch: row.epoch,
        }
    }

    /// All rows, oldest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = LedgerRow<'_>> {
        (0..self.rows.len()).map(|position| self.at(LedgerIndex::from_position(position)))
    }

    /// All rows with this unique-id (`None`: those without one), in no particular order.
    pub fn with_unique_id<'a>(
        &'a self,
        id: Option<&'a [u8]>,
    ) -> impl Iterator<Item = LedgerRow<'a>> {
        let id = id.unwrap_or_default();
        self.by_id
            .iter_hash(hash(id))
            .filter(move |index| unique_id(&self.rows, &self.ids, **index) == id)
            .map(|index| self.at(LedgerIndex(*index)))
    }
}

fn unique_id<'a>(rows: &[Row], ids: &'a [u8], index: u32) -> &'a [u8] {
    let row = &rows[index as usize];
    let start = row.id_start as usize;
    &ids[start..start + usize::from(row.id_len)]
}

/// Unique-ids come from the server: a keyed hash, so that no choice of ids makes look-ups slow.
fn hash(id: &[u8]) -> u64 {
    use std::hash::{BuildHasher, RandomState};
    use std::sync::LazyLock;
    static KEYED: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    KEYED.hash_one(id)
}
