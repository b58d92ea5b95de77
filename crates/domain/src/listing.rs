//! What the server says it holds: number, unique-id, size.
//!
//! Owns one listing, compactly: 200,000 messages with ids of 20 octets take about 13 MiB. Trusts
//! nothing: lines may come in any order, repeat, leave numbers out, or name none that UIDL named;
//! none of it makes a look-up slow, and [`Listing::MOST`] and [`Listing::MOST_ID_OCTETS`] bound it.

use std::fmt;
use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;
use inhaul_types::{MessageNumber, Octets, UniqueId};

use crate::id_chains::IdChains;
use crate::maybe_size::MaybeSize;

/// A message's place in a [`Listing`], from 0. Means something for that listing only.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ListingIndex(u32);

impl ListingIndex {
    pub(crate) fn from_position(position: usize) -> Self {
        Self(u32::try_from(position).expect("a listing holds at most Listing::MOST messages"))
    }

    /// The position, from 0.
    pub fn position(self) -> usize {
        self.0 as usize
    }
}

/// One message as listed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Listed<'a> {
    /// Its place in the listing.
    pub index: ListingIndex,
    /// Its number in this session.
    pub number: MessageNumber,
    /// What UIDL said, octets as sent; `None` where the server knows no UIDL or left it blank.
    pub unique_id: Option<&'a [u8]>,
    /// What LIST said; `None` where LIST was not asked or left the message out.
    pub size: Option<Octets>,
}

/// Everything one session's UIDL and LIST said.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    entries: Vec<Entry>,
    ids: Vec<u8>,
    /// Positions by unique-id; entries without one are not in it.
    by_id: IdChains,
    /// Positions by number, once lines came out of order; until then `entries` is ascending and
    /// searched.
    by_number: Option<Box<ByNumber>>,
    without_id: u32,
    /// As many as STAT promised.
    expected: usize,
}

/// Numbers come from the server: a keyed hash, so that no choice of numbers makes look-ups slow.
#[derive(Clone, Debug, Default)]
struct ByNumber {
    positions: HashTable<u32>,
    keyed: RandomState,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    number: MessageNumber,
    id_start: u32,
    /// 0 for no unique-id.
    id_len: u16,
    /// Whether other entries have the same unique-id.
    doubled: bool,
    size: MaybeSize,
}

/// The listing is larger than this client is willing to hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ListingTooLong;

impl fmt::Display for ListingTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the server lists more than {} messages or longer ids",
            Listing::MOST
        )
    }
}

impl std::error::Error for ListingTooLong {}

impl Listing {
    /// More messages than any maildrop has; bounds what a server can make us hold (about 180 MiB).
    pub const MOST: usize = 2_000_000;

    /// [`Listing::MOST`] ids of 33 octets each; real ones have about 20.
    pub const MOST_ID_OCTETS: usize = 64 * 1024 * 1024;

    /// STAT's count is taken for true up to here.
    const EXPECTED_MOST: usize = 300_000;

    /// A listing of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes room for what STAT says there is: a vector that doubles as it grows holds half as much
    /// again, and both while it moves. STAT is believed as far as a large maildrop goes.
    pub fn expect(&mut self, messages: u64) {
        let messages = usize::try_from(messages).unwrap_or(usize::MAX);
        self.expected = messages.min(Self::EXPECTED_MOST);
        self.entries.reserve_exact(self.expected);
    }

    /// Takes one line of UIDL. A number listed twice keeps its first id. An id that
    /// [`UniqueId::check`] refuses counts as none.
    pub fn push_unique_id(
        &mut self,
        number: MessageNumber,
        unique_id: &[u8],
    ) -> Result<(), ListingTooLong> {
        let id = if UniqueId::check(unique_id).is_ok() {
            unique_id
        } else {
            &[]
        };
        let position = match self.position(number) {
            Some(position) if self.entries[position].id_len > 0 => return Ok(()),
            Some(position) => position,
            None => {
                self.insert(number, MaybeSize::UNKNOWN)?;
                self.entries.len() - 1
            }
        };
        self.name(position, id)
    }

    /// Takes one line of LIST. A number that UIDL did not name is listed all the same, without
    /// an id: some servers' listings disagree. A number listed twice keeps its first size.
    pub fn push_size(&mut self, number: MessageNumber, size: Octets) -> Result<(), ListingTooLong> {
        match self.position(number) {
            Some(position) => {
                let known = self.entries[position].size.size();
                self.entries[position].size = known.or(Some(size)).into();
                Ok(())
            }
            None => self.insert(number, Some(size).into()),
        }
    }

    /// How many messages are listed.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether the maildrop is empty.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// One message.
    ///
    /// # Panics
    /// If `index` comes from another listing.
    pub fn at(&self, index: ListingIndex) -> Listed<'_> {
        let entry = &self.entries[index.position()];
        let start = entry.id_start as usize;
        let id = &self.ids[start..start + usize::from(entry.id_len)];
        Listed {
            index,
            number: entry.number,
            unique_id: (!id.is_empty()).then_some(id),
            size: entry.size.size(),
        }
    }

    /// All messages in listing order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Listed<'_>> {
        (0..self.entries.len()).map(|position| self.at(ListingIndex::from_position(position)))
    }

    /// All messages with this unique-id, in no particular order.
    pub fn with_unique_id<'a>(&'a self, id: &[u8]) -> impl Iterator<Item = Listed<'a>> + use<'a> {
        let first = self.first_with_unique_id(id);
        self.by_id
            .chain(first.map(|index| index.0))
            .map(|index| self.at(ListingIndex(index)))
    }

    /// The message that stands for all messages with this unique-id.
    pub(crate) fn first_with_unique_id(&self, id: &[u8]) -> Option<ListingIndex> {
        self.by_id
            .first(id, |position| id_of(&self.entries, &self.ids, position))
            .map(ListingIndex)
    }

    /// Whether other messages have this one's unique-id too.
    pub(crate) fn is_doubled(&self, index: ListingIndex) -> bool {
        self.entries[index.position()].doubled
    }

    /// Whether some message has no unique-id.
    pub(crate) fn has_anonymous(&self) -> bool {
        self.without_id > 0
    }

    fn insert(&mut self, number: MessageNumber, size: MaybeSize) -> Result<(), ListingTooLong> {
        if self.entries.len() >= Self::MOST {
            return Err(ListingTooLong);
        }
        let ascending = self.entries.last().is_none_or(|last| last.number < number);
        if !ascending && self.by_number.is_none() {
            let mut by_number = ByNumber::default();
            for position in 0..self.entries.len() {
                by_number.insert(&self.entries, position);
            }
            self.by_number = Some(Box::new(by_number));
        }
        self.entries.push(Entry {
            number,
            id_start: 0,
            id_len: 0,
            doubled: false,
            size,
        });
        self.without_id += 1;
        if let Some(by_number) = &mut self.by_number {
            by_number.insert(&self.entries, self.entries.len() - 1);
        }
        Ok(())
    }

    /// Gives an entry without an id its id.
    fn name(&mut self, position: usize, id: &[u8]) -> Result<(), ListingTooLong> {
        if id.is_empty() {
            return Ok(());
        }
        if self.ids.len() + id.len() > Self::MOST_ID_OCTETS {
            return Err(ListingTooLong);
        }
        if self.ids.is_empty() {
            // The others are likely to be as long.
            let octets = id.len().saturating_mul(self.expected);
            self.ids.reserve_exact(octets.min(Self::MOST_ID_OCTETS / 4));
            let Self {
                entries,
                ids,
                by_id,
                expected,
                ..
            } = self;
            by_id.reserve(*expected, |other| id_of(entries, ids, other));
        }
        let id_start = u32::try_from(self.ids.len()).map_err(|_| ListingTooLong)?;
        self.ids.extend_from_slice(id);
        let entry = &mut self.entries[position];
        (entry.id_start, entry.id_len) = (id_start, id_len(id));
        self.without_id -= 1;
        let Self {
            entries,
            ids,
            by_id,
            ..
        } = self;
        let place = ListingIndex::from_position(position).0;
        if let Some(first) = by_id.insert(place, id, |other| id_of(entries, ids, other)) {
            entries[first as usize].doubled = true;
            entries[position].doubled = true;
        }
        Ok(())
    }

    fn position(&self, number: MessageNumber) -> Option<usize> {
        // Servers number from 1 without gaps, so the place is nearly always number - 1.
        let guess = number.number() as usize - 1;
        if self
            .entries
            .get(guess)
            .is_some_and(|entry| entry.number == number)
        {
            return Some(guess);
        }
        match &self.by_number {
            Some(by_number) => by_number.find(&self.entries, number),
            None => self
                .entries
                .binary_search_by_key(&number, |entry| entry.number)
                .ok(),
        }
    }
}

impl ByNumber {
    fn insert(&mut self, entries: &[Entry], position: usize) {
        let Self { positions, keyed } = self;
        let hash = keyed.hash_one(entries[position].number);
        positions.insert_unique(hash, ListingIndex::from_position(position).0, |other| {
            keyed.hash_one(entries[*other as usize].number)
        });
    }

    fn find(&self, entries: &[Entry], number: MessageNumber) -> Option<usize> {
        let same = |position: &u32| entries[*position as usize].number == number;
        let position = self.positions.find(self.keyed.hash_one(number), same)?;
        Some(*position as usize)
    }
}

fn id_of<'a>(entries: &[Entry], ids: &'a [u8], position: u32) -> &'a [u8] {
    let entry = &entries[position as usize];
    let start = entry.id_start as usize;
    &ids[start..start + usize::from(entry.id_len)]
}

fn id_len(id: &[u8]) -> u16 {
    u16::try_from(id.len()).expect("UniqueId::LONGEST fits 16 bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(number: u32) -> MessageNumber {
        MessageNumber::new(number).unwrap()
    }

    type Line<'a> = (u32, Option<&'a [u8]>, Option<u64>);

    fn lines(listing: &Listing) -> Vec<Line<'_>> {
        listing
            .iter()
            .map(|l| (l.number.number(), l.unique_id, l.size.map(Octets::count)))
            .collect()
    }

    #[test]
    fn lines_may_come_in_any_order_repeat_and_disagree() {
        let mut listing = Listing::new();
        for (n, id) in [
            (3, &b"c"[..]),
            (1, b"a"),
            (3, b"late"),
            (2, b""),
            (9, b"i"),
            (2, b"b"),
        ] {
            listing.push_unique_id(number(n), id).unwrap();
        }
        for (n, size) in [(9, 90), (1, 10), (1, 11), (4, 40)] {
            listing.push_size(number(n), Octets::new(size)).unwrap();
        }
        let expected = [
            (3, Some(&b"c"[..]), None),
            (1, Some(b"a"), Some(10)),
            (2, Some(b"b"), None),
            (9, Some(b"i"), Some(90)),
            (4, None, Some(40)),
        ];
        assert_eq!(lines(&listing), expected);
        assert!(listing.has_anonymous());
    }

    #[test]
    fn an_id_that_stands_twice_is_doubled() {
        let mut listing = Listing::new();
        for (n, id) in [(1, b"x"), (2, b"y"), (3, b"x")] {
            listing.push_unique_id(number(n), id).unwrap();
        }
        let doubled: Vec<_> = listing
            .iter()
            .map(|listed| listing.is_doubled(listed.index))
            .collect();
        assert_eq!(doubled, [true, false, true]);
        assert_eq!(listing.with_unique_id(b"x").count(), 2);
        assert!(!listing.has_anonymous());
    }

    #[test]
    fn neither_descending_numbers_nor_one_id_for_all_slow_a_listing() {
        let mut listing = Listing::new();
        for n in (1..=200_000).rev() {
            listing.push_unique_id(number(n), b"same").unwrap();
        }
        for n in 1..=200_000 {
            listing
                .push_size(number(n), Octets::new(u64::from(n)))
                .unwrap();
        }
        assert_eq!(listing.len(), 200_000);
        assert_eq!(listing.with_unique_id(b"same").count(), 200_000);
    }

    #[test]
    fn the_octets_of_all_ids_are_bounded() {
        let mut listing = Listing::new();
        let longest = [b'x'; UniqueId::LONGEST];
        let fit = u32::try_from(Listing::MOST_ID_OCTETS / longest.len()).unwrap();
        for n in 1..=fit {
            listing.push_unique_id(number(n), &longest).unwrap();
        }
        assert_eq!(
            listing.push_unique_id(number(fit + 1), b"y"),
            Err(ListingTooLong)
        );
    }
}
