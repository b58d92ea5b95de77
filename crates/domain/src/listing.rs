//! What the server says it holds: number, unique-id, size.
//!
//! Owns one listing, compactly: 200,000 messages with ids of 20 octets take about 9 MiB. Trusts
//! nothing: lines may come in any order, repeat, leave numbers out, or name none that UIDL named.

use inhaul_types::{MessageNumber, Octets, UniqueId};

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
    /// Whether `entries` is in ascending order of number, so that LIST can be merged by search.
    ascending: bool,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    number: MessageNumber,
    id_start: u32,
    /// 0 for no unique-id.
    id_len: u16,
    size: Option<Octets>,
}

/// The listing is larger than this client is willing to hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ListingTooLong;

impl Listing {
    /// More messages than any maildrop has; bounds what a server can make us hold (about 64 MiB).
    pub const MOST: usize = 2_000_000;

    /// A listing of nothing.
    pub fn new() -> Self {
        Self { ascending: true, ..Self::default() }
    }

    /// Takes one line of UIDL. A number listed twice keeps its first id. An id that
    /// [`UniqueId::check`] refuses counts as none.
    pub fn push_unique_id(
        &mut self,
        number: MessageNumber,
        unique_id: &[u8],
    ) -> Result<(), ListingTooLong> {
        let id = if UniqueId::check(unique_id).is_ok() { unique_id } else { &[] };
        let id_start = u32::try_from(self.ids.len()).map_err(|_| ListingTooLong)?;
        match self.position(number) {
            Some(position) => {
                let entry = &mut self.entries[position];
                if entry.id_len == 0 && !id.is_empty() {
                    (entry.id_start, entry.id_len) = (id_start, id_len(id));
                    self.ids.extend_from_slice(id);
                }
                Ok(())
            }
            None => {
                self.ids.extend_from_slice(id);
                self.insert(Entry { number, id_start, id_len: id_len(id), size: None })
            }
        }
    }

    /// Takes one line of LIST. A number that UIDL did not name is listed all the same, without
    /// an id: some servers' listings disagree. A number listed twice keeps its first size.
    pub fn push_size(&mut self, number: MessageNumber, size: Octets) -> Result<(), ListingTooLong> {
        match self.position(number) {
            Some(position) => {
                self.entries[position].size.get_or_insert(size);
                Ok(())
            }
            None => self.insert(Entry { number, id_start: 0, id_len: 0, size: Some(size) }),
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
            size: entry.size,
        }
    }

    /// All messages in listing order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Listed<'_>> {
        (0..self.entries.len()).map(|position| self.at(ListingIndex::from_position(position)))
    }

    fn insert(&mut self, entry: Entry) -> Result<(), ListingTooLong> {
        if self.entries.len() >= Self::MOST {
            return Err(ListingTooLong);
        }
        self.ascending &= self.entries.last().is_none_or(|last| last.number < entry.number);
        self.entries.push(entry);
        Ok(())
    }

    fn position(&self, number: MessageNumber) -> Option<usize> {
        if self.ascending {
            // Servers number from 1 without gaps, so the place is nearly always number - 1.
            let guess = number.number() as usize - 1;
            if self.entries.get(guess).is_some_and(|entry| entry.number == number) {
                return Some(guess);
            }
            return self.entries.binary_search_by_key(&number, |entry| entry.number).ok();
        }
        self.entries.iter().position(|entry| entry.number == number)
    }
}

fn id_len(id: &[u8]) -> u16 {
    u16::try_from(id.len()).expect("UniqueId::LONGEST fits 16 bits")
}
