//! What of a catch-all's batch goes where: each message once into each folder.
//!
//! Two questions are asked inside the transaction, before anything of the batch is written: is the
//! folder still there (if not, the fallback takes its place), and has a copy of this message been
//! put there before. What has is not put there again; why it came again is added to the message that
//! is there. A batch that shares nothing out asks nothing. Start at `Sharing::of`.

use std::collections::HashMap;

use inhaul_types::{FolderId, Identity, LedgerId, MessageId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::unclaimed;
use crate::sqlite::errors::Doing;
use crate::{Batch, Delivery, Placement, StoreError};

const DOING: &str = "share out messages";

/// No more is added to why a message is where it is: whoever sends it may send it very often.
const LONGEST_WHY: usize = 16 << 10;

/// What becomes of the placements of a batch; empty where it shares nothing out.
#[derive(Debug, Default)]
pub(crate) struct Sharing {
    deliveries: Vec<Share>,
}

/// What becomes of one delivery's placements.
#[derive(Debug, Default)]
struct Share {
    /// Those that are made, no folder twice.
    placements: Vec<Placement>,
    /// Those that are not, because a copy is there.
    copies: Vec<CopyOf>,
}

/// A placement that is not made.
#[derive(Debug)]
struct CopyOf {
    placement: Placement,
    original: Original,
}

/// The message that is there, or was.
#[derive(Clone, Copy, Debug)]
enum Original {
    /// Of an earlier batch.
    Stored(MessageId),
    /// Of this one: which delivery, and which of its placements.
    InBatch(usize, usize),
}

impl Sharing {
    /// Where the messages of this batch go, as long as no copy is known.
    pub(crate) fn of(txn: &Connection, batch: &Batch) -> Result<Self, StoreError> {
        let shares = |delivery: &Delivery| delivery.identity.is_some();
        if batch.fallback.is_none() && !batch.deliveries.iter().any(shares) {
            return Ok(Self::default());
        }
        let mut folders = Folders::new(txn, batch.fallback);
        let share = |delivery: &Delivery| {
            Ok(Share {
                placements: folders.resolve(&delivery.placements)?,
                copies: Vec::new(),
            })
        };
        let deliveries: Result<_, StoreError> = batch.deliveries.iter().map(share).collect();
        Ok(Self {
            deliveries: deliveries?,
        })
    }

    /// Takes out what would be a second copy. `left` are deliveries that are not stored at all.
    pub(crate) fn pass_over_copies(
        &mut self,
        txn: &Connection,
        batch: &Batch,
        left: &[Option<LedgerId>],
    ) -> Result<(), StoreError> {
        let mut in_batch: HashMap<(FolderId, Identity), (usize, usize)> = HashMap::new();
        for (place, delivery) in batch.deliveries.iter().enumerate() {
            let Some(identity) = delivery.identity else {
                continue;
            };
            if self.deliveries.is_empty() || matches!(left.get(place), Some(Some(_))) {
                continue;
            }
            let mut share = Share::default();
            for placement in std::mem::take(&mut self.deliveries[place].placements) {
                let folder = placement.folder;
                let original = match in_batch.get(&(folder, identity)) {
                    Some((earlier, nth)) => {
                        let there = &mut self.deliveries[*earlier].placements[*nth];
                        add_lines(&mut there.why, &placement.why);
                        Some(Original::InBatch(*earlier, *nth))
                    }
                    None => stored(txn, folder, &identity)?.map(Original::Stored),
                };
                match original {
                    Some(original) => share.copies.push(CopyOf {
                        placement,
                        original,
                    }),
                    None => {
                        in_batch.insert((folder, identity), (place, share.placements.len()));
                        share.placements.push(placement);
                    }
                }
            }
            self.deliveries[place] = share;
        }
        Ok(())
    }

    /// The placements of a delivery that are to be made.
    pub(crate) fn placements<'a>(
        &'a self,
        place: usize,
        delivery: &'a Delivery,
    ) -> &'a [Placement] {
        match self.deliveries.get(place) {
            Some(share) => &share.placements,
            None => &delivery.placements,
        }
    }

    /// Whether nothing of a delivery is to be made, because copies of it are there.
    pub(crate) fn is_copy(&self, place: usize) -> bool {
        let share = self.deliveries.get(place);
        share.is_some_and(|share| share.placements.is_empty() && !share.copies.is_empty())
    }

    /// Notes what became of a delivery once its own messages are there. `made` are the messages of
    /// the batch up to and with this delivery's, `row` is its ledger row. Returns the messages that
    /// it is a copy of.
    pub(crate) fn note(
        &self,
        txn: &Connection,
        batch: &Batch,
        made: &Made<'_>,
        row: LedgerId,
        now: Timestamp,
    ) -> Result<Vec<MessageId>, StoreError> {
        let place = made.place();
        let Some(share) = self.deliveries.get(place) else {
            return Ok(Vec::new());
        };
        let delivery = &batch.deliveries[place];
        let notes = unclaimed::Notes::of(batch, delivery);
        for (placement, message) in share.placements.iter().zip(made.now) {
            if let Some(identity) = &delivery.identity {
                remember(txn, placement.folder, identity, *message, row, now)?;
            }
            notes.write(txn, placement, *message)?;
        }
        let mut originals = Vec::with_capacity(share.copies.len());
        for copy in &share.copies {
            let original = match copy.original {
                Original::Stored(message) => {
                    append_why(txn, message, copy.placement.folder, &copy.placement.why)?;
                    message
                }
                Original::InBatch(earlier, nth) => made.before[earlier].messages[nth],
            };
            notes.write_if_there(txn, &copy.placement, original)?;
            originals.push(original);
        }
        Ok(originals)
    }
}

/// The messages of a batch as far as they are made.
pub(crate) struct Made<'a> {
    /// Of the deliveries before this one.
    pub(crate) before: &'a [crate::Committed],
    /// Of this one.
    pub(crate) now: &'a [MessageId],
}

impl Made<'_> {
    fn place(&self) -> usize {
        self.before.len()
    }
}

/// Which folders are there.
struct Folders<'c> {
    txn: &'c Connection,
    fallback: Option<FolderId>,
    known: HashMap<FolderId, bool>,
}

impl<'c> Folders<'c> {
    fn new(txn: &'c Connection, fallback: Option<FolderId>) -> Self {
        Self {
            txn,
            fallback,
            known: HashMap::new(),
        }
    }

    /// The placements with the fallback in the place of folders that are gone, no folder twice.
    fn resolve(&mut self, placements: &[Placement]) -> Result<Vec<Placement>, StoreError> {
        let mut resolved: Vec<Placement> = Vec::with_capacity(placements.len());
        for placement in placements {
            let mut placement = placement.clone();
            if let Some(fallback) = self.fallback
                && placement.folder != fallback
                && !self.is_there(placement.folder)?
            {
                placement.folder = fallback;
                placement.why = gone(&placement.why);
            }
            match resolved
                .iter_mut()
                .find(|one| one.folder == placement.folder)
            {
                Some(there) => {
                    add_lines(&mut there.why, &placement.why);
                    there.recipients.append(&mut placement.recipients);
                }
                None => resolved.push(placement),
            }
        }
        Ok(resolved)
    }

    fn is_there(&mut self, folder: FolderId) -> Result<bool, StoreError> {
        if let Some(known) = self.known.get(&folder) {
            return Ok(*known);
        }
        let is_there = self
            .txn
            .prepare_cached("SELECT 1 FROM folder WHERE id = ?1")
            .and_then(|mut select| select.exists([folder.row()]))
            .doing(DOING)?;
        self.known.insert(folder, is_there);
        Ok(is_there)
    }
}

/// Why a message is in the fallback that lost its folder on the way.
fn gone(why: &str) -> String {
    let lines: Vec<String> = why
        .lines()
        .map(|line| format!("{line}, which is gone, fallback"))
        .collect();
    lines.join("\n")
}

/// The message that was put into the folder before, whether or not it is still there.
fn stored(
    txn: &Connection,
    folder: FolderId,
    identity: &Identity,
) -> Result<Option<MessageId>, StoreError> {
    txn.prepare_cached("SELECT message_id FROM shared_out WHERE folder_id = ?1 AND identity = ?2")
        .and_then(|mut select| {
            let key = params![folder.row(), identity.as_bytes()];
            select
                .query_row(key, |row| row.get(0).map(MessageId::new))
                .optional()
        })
        .doing(DOING)
}

/// Remembers that the folder has got this message.
pub(crate) fn remember(
    txn: &Connection,
    folder: FolderId,
    identity: &Identity,
    message: MessageId,
    row: LedgerId,
    now: Timestamp,
) -> Result<(), StoreError> {
    txn.prepare_cached(
        "INSERT OR REPLACE INTO shared_out (folder_id, identity, message_id, ledger_id, at)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )
    .and_then(|mut insert| {
        insert.execute(params![
            folder.row(),
            identity.as_bytes(),
            message.row(),
            row.row(),
            now.millis(),
        ])
    })
    .doing(DOING)?;
    Ok(())
}

/// Adds to why a message is in this folder, if it still is.
pub(crate) fn append_why(
    txn: &Connection,
    message: MessageId,
    folder: FolderId,
    more: &str,
) -> Result<(), StoreError> {
    let why: Option<String> = txn
        .prepare_cached("SELECT why FROM message WHERE id = ?1 AND folder_id = ?2")
        .and_then(|mut select| {
            select
                .query_row([message.row(), folder.row()], |row| row.get(0))
                .optional()
        })
        .doing(DOING)?;
    let Some(mut why) = why else {
        return Ok(());
    };
    if add_lines(&mut why, more) {
        txn.prepare_cached("UPDATE message SET why = ?2 WHERE id = ?1")
            .and_then(|mut update| update.execute(params![message.row(), why]))
            .doing(DOING)?;
    }
    Ok(())
}

/// Adds the lines that are not there yet, as far as they fit; whether there were any.
fn add_lines(why: &mut String, more: &str) -> bool {
    let before = why.len();
    for line in more.lines() {
        let is_new = !why.lines().any(|known| known == line);
        if is_new && why.len() + line.len() < LONGEST_WHY {
            if !why.is_empty() {
                why.push('\n');
            }
            why.push_str(line);
        }
    }
    why.len() > before
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_given_once_and_no_more_than_fits() {
        let mut why = String::from("one\ntwo");
        assert!(!add_lines(&mut why, "two\none"));
        assert!(add_lines(&mut why, "two\nthree"));
        assert_eq!(why, "one\ntwo\nthree");
        assert!(!add_lines(&mut why, &"x".repeat(LONGEST_WHY)));
        for number in 0..LONGEST_WHY {
            add_lines(&mut why, &number.to_string());
        }
        assert!(why.len() < LONGEST_WHY && why.len() > LONGEST_WHY - 16);
        let mut empty = String::new();
        assert!(add_lines(&mut empty, "first"));
        assert_eq!(empty, "first");
    }
}
