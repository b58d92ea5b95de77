//! A body on its way in: memory first, then an unlinked file, hashed as it comes.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use inhaul_message::{HEADER_MOST, header_end};
use inhaul_store::Body;
use inhaul_types::{Digest, Octets};
use sha2::{Digest as _, Sha256};

use crate::budget::{Budget, Reservation};

/// One body being received.
#[derive(Debug)]
pub(crate) struct Incoming {
    /// The whole body while it is in memory; its first [`HEADER_MOST`] octets once it is not.
    head: Vec<u8>,
    file: Option<File>,
    size: u64,
    digest: Sha256,
    behind_header: Behind,
    reservation: Reservation,
}

/// Whether the octets behind the header are hashed apart from the whole: copies of one message differ
/// in their headers only.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum BehindHeader {
    NotHashed,
    Hashed,
}

/// One body received whole.
#[derive(Debug)]
pub(crate) struct Received {
    /// The octets.
    pub(crate) body: Body,
    /// Over all of them.
    pub(crate) digest: Digest,
    /// Over those behind the header, where that was asked for.
    pub(crate) behind_header: Option<Digest>,
    /// The first octets of a body that is not in memory.
    pub(crate) head: Vec<u8>,
    /// To be kept until the body is committed.
    pub(crate) reservation: Reservation,
}

/// A body larger than this goes to a file whatever the budget says: the store writes such bodies
/// ahead in slices, so memory would hold them for long.
const MEMORY_MOST: u64 = 1 << 20;

impl Incoming {
    pub(crate) fn new(budget: &Arc<Budget>, behind_header: BehindHeader) -> Self {
        Self {
            behind_header: match behind_header {
                BehindHeader::NotHashed => Behind::NotHashed,
                BehindHeader::Hashed => Behind::Sought { line: 0 },
            },
            head: Vec::new(),
            file: None,
            size: 0,
            digest: Sha256::new(),
            reservation: budget.reserve_nothing(),
        }
    }

    /// Octets received so far.
    pub(crate) fn size(&self) -> Octets {
        Octets::new(self.size)
    }

    /// Takes the next octets. An error leaves the body unusable.
    pub(crate) fn push(&mut self, octets: &[u8], spool: &Path) -> io::Result<()> {
        self.digest.update(octets);
        self.size += octets.len() as u64;
        if self.file.is_none() && !self.fits_memory(octets.len() as u64) {
            self.spill(spool)?;
        }
        match &mut self.file {
            Some(file) => {
                let room = HEADER_MOST
                    .saturating_sub(self.head.len())
                    .min(octets.len());
                self.head.extend_from_slice(&octets[..room]);
                file.write_all(octets)?;
            }
            None => self.head.extend_from_slice(octets),
        }
        self.behind_header.push(&self.head, self.size, octets);
        Ok(())
    }

    /// The body is whole.
    pub(crate) fn finish(mut self) -> Received {
        let digest = Digest::new(self.digest.finalize().into());
        // It grew by doubling, and will wait for its commit: no longer than the budget knows of.
        self.head.shrink_to_fit();
        let (body, head) = match self.file {
            Some(file) => (
                Body::Spooled {
                    file,
                    size: Octets::new(self.size),
                },
                self.head,
            ),
            None => (Body::Memory(self.head), Vec::new()),
        };
        Received {
            body,
            digest,
            behind_header: self.behind_header.finish(),
            head,
            reservation: self.reservation,
        }
    }

    fn fits_memory(&mut self, more: u64) -> bool {
        self.size <= MEMORY_MOST && self.reservation.grow(more).is_ok()
    }

    fn spill(&mut self, spool: &Path) -> io::Result<()> {
        let mut file = tempfile::tempfile_in(spool)?;
        file.write_all(&self.head)?;
        self.head.truncate(HEADER_MOST);
        self.head.shrink_to_fit();
        self.reservation.release();
        self.file = Some(file);
        Ok(())
    }
}

/// The hash of what stands behind the header.
#[derive(Debug)]
enum Behind {
    NotHashed,
    /// The header's end is not there yet; its last line so far begins here.
    Sought {
        line: usize,
    },
    Hashing(Sha256),
}

impl Behind {
    /// `head` is the beginning of a message of `size` octets so far, the last of which are `octets`.
    fn push(&mut self, head: &[u8], size: u64, octets: &[u8]) {
        match self {
            Self::NotHashed => {}
            Self::Hashing(digest) => digest.update(octets),
            Self::Sought { line } => {
                let head = &head[..head.len().min(HEADER_MOST)];
                let is_cut = head.len() == HEADER_MOST;
                // An empty line ends with the LF that has just come, and octets are looked at once.
                let has_line_end = octets.contains(&b'\n');
                let last = has_line_end.then(|| &head[*line..]);
                let end = last.and_then(header_end).map(|end| *line + end);
                if let Some(end) = end.or_else(|| is_cut.then_some(HEADER_MOST)) {
                    *self = Self::Hashing(digest_from(end, size, octets));
                } else if has_line_end {
                    let lf = head.iter().rposition(|octet| *octet == b'\n');
                    *line = lf.map_or(0, |lf| lf + 1);
                }
            }
        }
    }

    /// A message without an end of its header has nothing behind it.
    fn finish(self) -> Option<Digest> {
        let digest = match self {
            Self::NotHashed => return None,
            Self::Sought { .. } => Sha256::new(),
            Self::Hashing(digest) => digest,
        };
        Some(Digest::new(digest.finalize().into()))
    }
}

/// Begins with what of `octets`, the last of `size`, stands behind the header's end.
fn digest_from(end: usize, size: u64, octets: &[u8]) -> Sha256 {
    let behind = size.saturating_sub(end as u64);
    let behind = usize::try_from(behind).unwrap_or(octets.len());
    let mut digest = Sha256::new();
    digest.update(&octets[octets.len().saturating_sub(behind)..]);
    digest
}

impl Received {
    /// The octets a header is read from.
    pub(crate) fn head(&self) -> &[u8] {
        match &self.body {
            Body::Memory(octets) => octets,
            Body::Spooled { .. } => &self.head,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};

    use super::*;

    fn receive(budget: u64, pieces: &[&[u8]]) -> Received {
        let spool = tempfile::tempdir().unwrap();
        let budget = Budget::new(Octets::new(budget));
        let mut incoming = Incoming::new(&budget, BehindHeader::Hashed);
        for piece in pieces {
            incoming.push(piece, spool.path()).unwrap();
        }
        assert_eq!(
            spool.path().read_dir().unwrap().count(),
            0,
            "the spool file has no name"
        );
        incoming.finish()
    }

    fn octets(received: Received) -> Vec<u8> {
        match received.body {
            Body::Memory(octets) => octets,
            Body::Spooled { mut file, size } => {
                let mut octets = Vec::new();
                file.rewind().unwrap();
                file.read_to_end(&mut octets).unwrap();
                assert_eq!(size, Octets::of_len(octets.len()));
                octets
            }
        }
    }

    #[test]
    fn a_body_is_the_same_in_memory_and_in_a_file() {
        let pieces: [&[u8]; 3] = [b"Subject: x\r\n\r\n", b"first\r\n", b"second\r\n"];
        let (roomy, tight) = (receive(1 << 20, &pieces), receive(20, &pieces));
        assert!(matches!(roomy.body, Body::Memory(_)));
        assert!(matches!(tight.body, Body::Spooled { .. }));
        assert_eq!(roomy.digest, tight.digest);
        assert_eq!(roomy.head(), tight.head());
        assert_eq!(octets(roomy), octets(tight));
    }

    #[test]
    fn a_large_body_goes_to_a_file_and_gives_its_memory_back() {
        let piece = vec![b'x'; 300 << 10];
        let spool = tempfile::tempdir().unwrap();
        let budget = Budget::new(Octets::new(16 << 20));
        let mut incoming = Incoming::new(&budget, BehindHeader::NotHashed);
        for _ in 0..10 {
            incoming.push(&piece, spool.path()).unwrap();
        }
        let received = incoming.finish();
        assert_eq!(received.behind_header, None);
        assert!(received.head().len() <= HEADER_MOST);
        assert_eq!(
            budget.reserve_nothing().grow(16 << 20),
            Ok(()),
            "all of it is free again"
        );
        assert_eq!(octets(received).len(), 3000 << 10);
    }

    fn behind_header(message: &[u8]) -> Digest {
        let end = header_end(message).unwrap_or(message.len());
        Digest::new(Sha256::digest(&message[end..]).into())
    }

    #[test]
    fn what_stands_behind_the_header_is_hashed_however_it_comes() {
        let long = [b"X: ".to_vec(), vec![b'x'; HEADER_MOST + 5]].concat();
        let lines = "X: y\r\n".repeat(HEADER_MOST / 6 + 3).into_bytes();
        for message in [
            &b"Subject: x\r\n\r\nfirst\r\n\r\nsecond\r\n"[..],
            b"Subject: x\n\nfirst\n",
            b"Subject: x\r\n\r\n",
            b"Subject: x\r\n",
            b"Subject: x\r\n \r\n\r\nfirst",
            b"\r\nno header\r\n",
            b"\n",
            b"\r",
            b"",
            &long,
            &lines,
        ] {
            let smallest = if message.len() < 100 { 1 } else { 1000 };
            for piece in [1, 2, 3, 7, 1000, 4095, 1 << 20] {
                let piece = piece.max(smallest);
                let pieces: Vec<_> = message.chunks(piece).collect();
                for budget in [1 << 20, 12] {
                    let hashed = receive(budget, &pieces).behind_header;
                    let shown = String::from_utf8_lossy(&message[..message.len().min(40)]);
                    let why = format!("{shown:?} in pieces of {piece}, budget {budget}");
                    assert_eq!(hashed, Some(behind_header(message)), "{why}");
                }
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn any_octets_are_cut_where_their_header_ends(
            message in proptest::collection::vec(
                proptest::sample::select(&b"a:\r\n "[..]), 0..60),
            piece in 1_usize..9,
        ) {
            let pieces: Vec<_> = message.chunks(piece).collect();
            let hashed = receive(1 << 20, &pieces).behind_header;
            proptest::prop_assert_eq!(hashed, Some(behind_header(&message)));
        }
    }
}
