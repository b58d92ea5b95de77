//! A body on its way in: memory first, then an unlinked file, hashed as it comes.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use inhaul_message::HEADER_MOST;
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
    reservation: Reservation,
}

/// One body received whole.
#[derive(Debug)]
pub(crate) struct Received {
    /// The octets.
    pub(crate) body: Body,
    /// Over all of them.
    pub(crate) digest: Digest,
    /// The first octets of a body that is not in memory.
    pub(crate) head: Vec<u8>,
    /// To be kept until the body is committed.
    pub(crate) reservation: Reservation,
}

/// A body larger than this goes to a file whatever the budget says: the store writes such bodies
/// ahead in slices, so memory would hold them for long.
const MEMORY_MOST: u64 = 1 << 20;

impl Incoming {
    pub(crate) fn new(budget: &Arc<Budget>) -> Self {
        Self {
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
                file.write_all(octets)
            }
            None => {
                self.head.extend_from_slice(octets);
                Ok(())
            }
        }
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
        let mut incoming = Incoming::new(&Budget::new(Octets::new(budget)));
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
        let mut incoming = Incoming::new(&budget);
        for _ in 0..10 {
            incoming.push(&piece, spool.path()).unwrap();
        }
        let received = incoming.finish();
        assert!(received.head().len() <= HEADER_MOST);
        assert_eq!(
            budget.reserve_nothing().grow(16 << 20),
            Ok(()),
            "all of it is free again"
        );
        assert_eq!(octets(received).len(), 3000 << 10);
    }
}
