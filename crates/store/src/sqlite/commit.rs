//! The transaction of promise 2: bodies, placements and ledger rows of one batch.
//!
//! Large bodies are written ahead, a slice a step, as bodies nobody refers to; a crash leaves
//! slices that the next start sweeps. The last step makes everything visible at once.
//! Start at `CommitJob::step`.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use inhaul_domain::LedgerState;
use inhaul_types::{AccountId, BodyId, FolderId, LedgerId, MessageId, Timestamp};
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};
use tokio::sync::oneshot;

use super::bodies::{self, Bodies, Layout, SLICE, Unfinished};
use super::catch_alls::{Made, Sharing};
use super::errors::{Doing, missing};
use super::sweep::Discard;
use super::words::ledger_state;
use super::writer::{Durability, Job, Step, Surroundings, Weight};
use super::{day, ledger, loops, random, trash};
use crate::records::Announcer;
use crate::{Batch, Became, Committed, Delivery, NewMessages, News, Placement, StoreError};

/// One batch on its way.
pub(crate) struct CommitJob {
    batch: Batch,
    /// Where each delivery's body is, as far as committed steps know.
    ahead: Vec<Ahead>,
    /// What the step in hand changes in `ahead` once it is committed.
    moved: Option<(usize, Ahead)>,
    result: Vec<Committed>,
    /// Where the last step put what.
    sharing: Sharing,
    /// Whose the folders are that it fills.
    accounts: HashMap<FolderId, AccountId>,
    announcer: Arc<Announcer>,
    reply: oneshot::Sender<Result<Vec<Committed>, StoreError>>,
}

/// How far a body has come before the last step.
#[derive(Clone, Copy, Debug)]
enum Ahead {
    /// Small: written in the last step.
    NotNeeded,
    /// Large, and nothing is known of it yet.
    ToBegin,
    /// Large and partly or wholly written.
    Begun(Unfinished),
    /// Large, but its digest was there already when we looked.
    Known,
}

impl CommitJob {
    pub(crate) fn new(
        batch: Batch,
        announcer: Arc<Announcer>,
        reply: oneshot::Sender<Result<Vec<Committed>, StoreError>>,
    ) -> Self {
        let ahead = batch
            .deliveries
            .iter()
            .map(|delivery| match delivery.body.size().count() {
                0..=SLICE => Ahead::NotNeeded,
                _ => Ahead::ToBegin,
            });
        Self {
            ahead: ahead.collect(),
            batch,
            moved: None,
            result: Vec::new(),
            sharing: Sharing::default(),
            accounts: HashMap::new(),
            announcer,
            reply,
        }
    }

    fn unwritten(&self) -> Option<usize> {
        self.ahead.iter().position(|ahead| match ahead {
            Ahead::NotNeeded | Ahead::Known => false,
            Ahead::ToBegin => true,
            Ahead::Begun(unfinished) => !unfinished.is_written(),
        })
    }

    fn write_ahead(
        &self,
        txn: &Connection,
        around: &Surroundings,
        position: usize,
    ) -> Result<Ahead, StoreError> {
        let delivery = &self.batch.deliveries[position];
        let mut bodies = Bodies::new(txn, &around.segments)?;
        let unfinished = match self.ahead[position] {
            Ahead::Begun(unfinished) => unfinished,
            _ => match bodies.find(&delivery.digest, delivery.body.size())? {
                Some(_) => return Ok(Ahead::Known),
                None => bodies.begin(txn, &delivery.digest, layout(delivery))?,
            },
        };
        Ok(Ahead::Begun(bodies.write_slice(
            txn,
            unfinished,
            &delivery.body,
        )?))
    }

    fn make_visible(&mut self, txn: &Connection, around: &Surroundings) -> Result<(), StoreError> {
        let mut sharing = Sharing::of(txn, &self.batch)?;
        let left = loops::leave(txn, &self.batch, &sharing, (around.clock)())?;
        sharing.pass_over_copies(txn, &self.batch, &left)?;
        let mut insert = Inserts::new(txn, around, &self.batch, &sharing, &left)?;
        day::note(txn, insert.now)?;
        let mut committed = Vec::with_capacity(self.batch.deliveries.len());
        for (place, ahead) in self.ahead.iter().enumerate() {
            let one = match left.get(place) {
                Some(Some(row)) => left_out(txn, *row, *ahead)?,
                _ => insert.delivery(*ahead, &committed)?,
            };
            committed.push(one);
        }
        let accounts = insert.folders.iter();
        let accounts = accounts.map(|(folder, places)| (*folder, places.account));
        (self.result, self.accounts) = (committed, accounts.collect());
        drop(insert);
        self.sharing = sharing;
        Ok(())
    }

    /// Tells whoever listens what is durable now.
    fn announce(&self) {
        if !self.announcer.is_heard() {
            return;
        }
        let mut came: BTreeMap<FolderId, Vec<MessageId>> = BTreeMap::new();
        let deliveries = self.batch.deliveries.iter().zip(&self.result).enumerate();
        for (place, (delivery, committed)) in deliveries {
            let placements = self.sharing.placements(place, delivery);
            for (placement, message) in placements.iter().zip(&committed.messages) {
                came.entry(placement.folder).or_default().push(*message);
            }
        }
        for (folder, messages) in came {
            if let Some(account) = self.accounts.get(&folder) {
                self.announcer.announce(News::Came(NewMessages {
                    account: *account,
                    folder,
                    messages: messages.into(),
                }));
            }
        }
    }
}

impl Job for CommitJob {
    fn step(&mut self, txn: &Connection, around: &Surroundings) -> Result<Step, StoreError> {
        self.moved = None;
        if let Some(position) = self.unwritten() {
            self.moved = Some((position, self.write_ahead(txn, around, position)?));
            return Ok(Step::More);
        }
        self.make_visible(txn, around)?;
        Ok(Step::Done)
    }

    fn committed(&mut self) {
        if let Some((position, ahead)) = self.moved.take() {
            self.ahead[position] = ahead;
        }
    }

    fn weight(&self) -> Weight {
        if self.unwritten().is_some() {
            return Weight {
                messages: 0,
                octets: SLICE,
                slice: true,
            };
        }
        let written_now = self
            .batch
            .deliveries
            .iter()
            .zip(&self.ahead)
            .filter(|(_, ahead)| matches!(ahead, Ahead::NotNeeded))
            .map(|(delivery, _)| delivery.body.size().count());
        let (messages, octets) = (self.batch.deliveries.len(), written_now.sum());
        Weight {
            messages,
            octets,
            slice: false,
        }
    }

    fn durability(&self) -> Durability {
        match self.unwritten() {
            Some(_) => Durability::WithTheNext,
            None => Durability::Synced,
        }
    }

    fn finish(self: Box<Self>, outcome: Result<(), StoreError>) -> Option<Box<dyn Job>> {
        let begun = self.ahead.iter().filter_map(|ahead| match ahead {
            Ahead::Begun(unfinished) => Some(unfinished.id),
            _ => None,
        });
        let left_over: Vec<BodyId> = if outcome.is_err() {
            begun.collect()
        } else {
            self.announce();
            Vec::new()
        };
        let Self { result, reply, .. } = *self;
        // The caller may have gone away.
        reply.send(outcome.map(|()| result)).ok();
        (!left_over.is_empty()).then(|| Box::new(Discard::new(left_over)) as Box<dyn Job>)
    }
}

/// A loop: its row is written, and its octets are not needed.
fn left_out(txn: &Connection, row: LedgerId, ahead: Ahead) -> Result<Committed, StoreError> {
    give_up(txn, ahead)?;
    Ok(Committed {
        ledger: row,
        messages: Vec::new(),
        became: Became::LeftOut,
    })
}

/// Octets that are not needed after all.
fn give_up(txn: &Connection, ahead: Ahead) -> Result<(), StoreError> {
    match ahead {
        Ahead::Begun(unfinished) => bodies::give_up(txn, unfinished.id),
        Ahead::NotNeeded | Ahead::ToBegin | Ahead::Known => Ok(()),
    }
}

/// Said of a delivery of which nothing was stored.
fn copy_of(originals: &[MessageId]) -> String {
    let numbers: Vec<String> = originals.iter().map(ToString::to_string).collect();
    format!("a copy of message {}", numbers.join(", "))
}

fn layout(delivery: &Delivery) -> Layout {
    Layout::new(delivery.header_size, delivery.body.size())
}

/// The statements and counters of one batch.
struct Inserts<'c> {
    txn: &'c Connection,
    batch: &'c Batch,
    sharing: &'c Sharing,
    now: Timestamp,
    epoch: i64,
    next_ledger: i64,
    folders: HashMap<FolderId, Places>,
    /// When what comes into a Trash came there, if any of the folders is one.
    trash_time: Option<i64>,
    uidls: Vec<u8>,
    bodies: Bodies<'c>,
    insert_message: CachedStatement<'c>,
    insert_ledger: CachedStatement<'c>,
    find_left_out: CachedStatement<'c>,
}

/// The uids of a folder that this batch uses up.
struct Places {
    account: AccountId,
    next_uid: i64,
    mod_seq: i64,
    is_trash: bool,
}

const DOING: &str = "store a batch of messages";

impl<'c> Inserts<'c> {
    fn new(
        txn: &'c Connection,
        around: &'c Surroundings,
        batch: &'c Batch,
        sharing: &'c Sharing,
        left: &[Option<LedgerId>],
    ) -> Result<Self, StoreError> {
        let prepare = |sql| txn.prepare_cached(sql).doing(DOING);
        let deliveries = batch.deliveries.iter().enumerate();
        let placements = deliveries.map(|(place, one)| sharing.placements(place, one).len());
        let placements: usize = placements.sum();
        let mut uidls = vec![0; placements * UIDL_LEN];
        random::fill(&mut uidls)?;
        let now = (around.clock)();
        let folders = take_places(txn, batch, sharing, left)?;
        let trash_time = match folders.values().any(|places| places.is_trash) {
            true => Some(trash::time(txn, now)?),
            false => None,
        };
        Ok(Self {
            txn,
            batch,
            sharing,
            now,
            epoch: ledger::present_epoch(txn, batch.maildrop)?,
            next_ledger: ledger::next_row(txn, batch.maildrop)?,
            folders,
            trash_time,
            uidls,
            bodies: Bodies::new(txn, &around.segments)?,
            insert_message: prepare(INSERT_MESSAGE)?,
            insert_ledger: prepare(INSERT_LEDGER)?,
            find_left_out: prepare(ledger::FIND_LEFT_OUT)?,
        })
    }

    /// The delivery behind those that are committed `before` it.
    fn delivery(&mut self, ahead: Ahead, before: &[Committed]) -> Result<Committed, StoreError> {
        let (batch, sharing) = (self.batch, self.sharing);
        let delivery = &batch.deliveries[before.len()];
        let placements = sharing.placements(before.len(), delivery);
        let known = self.left_out_row(delivery)?;
        let row = known.unwrap_or(self.next_ledger);
        let ledger = LedgerId::new(row);
        let (messages, became) = if sharing.is_copy(before.len()) {
            give_up(self.txn, ahead)?;
            (Vec::new(), Became::Copy)
        } else {
            let body = self.body(delivery, placements.len(), ahead)?;
            let messages = self.placements(delivery, placements, body, row)?;
            (messages, Became::Stored)
        };
        let made = Made {
            before,
            now: &messages,
        };
        let originals = sharing.note(self.txn, batch, &made, ledger, self.now)?;
        let reason = (became == Became::Copy).then(|| copy_of(&originals));
        self.ledger_row(delivery, row, &messages, reason.as_deref())?;
        if known.is_none() {
            self.next_ledger += 1;
        }
        Ok(Committed {
            ledger,
            messages,
            became,
        })
    }

    fn body(
        &mut self,
        delivery: &Delivery,
        placements: usize,
        ahead: Ahead,
    ) -> Result<BodyId, StoreError> {
        let digest = &delivery.digest;
        // Again, although a body written ahead was looked for before: another run may have stored
        // the same octets meanwhile.
        if let Some(body) = self.bodies.find(digest, delivery.body.size())? {
            self.bodies.refer(body, placements)?;
            give_up(self.txn, ahead)?;
            return Ok(body);
        }
        match ahead {
            Ahead::Begun(unfinished) => bodies::finish(self.txn, unfinished, digest, placements),
            Ahead::NotNeeded | Ahead::Known | Ahead::ToBegin => self.bodies.write(
                self.txn,
                &delivery.body,
                digest,
                layout(delivery),
                placements,
            ),
        }
    }

    fn placements(
        &mut self,
        delivery: &Delivery,
        placements: &[Placement],
        body: BodyId,
        row: i64,
    ) -> Result<Vec<MessageId>, StoreError> {
        let summary = &delivery.summary;
        let size = delivery.body.size().count().cast_signed();
        let mut messages = Vec::with_capacity(placements.len());
        for placement in placements {
            let places = self.folders.get_mut(&placement.folder);
            let places = places.ok_or_else(|| missing("folder", placement.folder))?;
            let uidl = self.uidls.split_off(self.uidls.len() - UIDL_LEN);
            self.insert_message
                .execute(params![
                    placement.folder.row(),
                    places.next_uid,
                    body.row(),
                    size,
                    delivery.internal_date.millis(),
                    places.mod_seq,
                    uidl,
                    self.batch.retrieval.row(),
                    self.batch.run.row(),
                    row,
                    summary.has_attachment,
                    summary.date.map(Timestamp::millis),
                    summary.from,
                    summary.subject,
                    summary.message_id,
                    placement.why,
                ])
                .doing(DOING)?;
            places.next_uid += 1;
            let message = MessageId::new(self.txn.last_insert_rowid());
            if let (true, Some(time)) = (places.is_trash, self.trash_time) {
                trash::lies_there(self.txn, message, time)?;
            }
            messages.push(message);
        }
        Ok(messages)
    }

    /// A message that was left out before has a row already.
    fn left_out_row(&mut self, delivery: &Delivery) -> Result<Option<i64>, StoreError> {
        let rows = ledger::rows_of(self.batch.maildrop);
        let key = params![
            delivery.unique_id.as_ref().map(|id| id.as_bytes()),
            delivery.listed_size.map(|size| size.count().cast_signed()),
            rows.start,
            rows.end,
        ];
        self.find_left_out
            .query_row(key, |row| row.get(0))
            .optional()
            .doing(DOING)
    }

    fn ledger_row(
        &mut self,
        delivery: &Delivery,
        row: i64,
        messages: &[MessageId],
        reason: Option<&str>,
    ) -> Result<(), StoreError> {
        // Whatever else a delivery says of itself: it is stored now.
        let asked = delivery.state == LedgerState::Asked;
        let state = if asked {
            LedgerState::Asked
        } else {
            LedgerState::Stored
        };
        self.insert_ledger
            .execute(params![
                row,
                ledger_state::to_column(state),
                self.epoch,
                delivery.listed_size.map(|size| size.count().cast_signed()),
                self.now.millis(),
                asked.then_some(self.now.millis()),
                delivery.unique_id.as_ref().map(|id| id.as_bytes()),
                delivery.body.size().count().cast_signed(),
                delivery.digest.as_bytes(),
                delivery.fingerprint.as_bytes(),
                messages.first().map(|first| first.row()),
                i64::try_from(messages.len()).unwrap_or(i64::MAX),
                reason,
            ])
            .doing(DOING)?;
        Ok(())
    }
}

/// 96 bits.
const UIDL_LEN: usize = 12;

const INSERT_MESSAGE: &str = "
    INSERT INTO message (folder_id, uid, body_id, size, internal_date, mod_seq, uidl,
        retrieval_id, run_id, ledger_id, has_attachment, date, sender, subject, message_id, why)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";

/// A row that is there was left out: it keeps when it was first seen.
const INSERT_LEDGER: &str = "
    INSERT INTO ledger (id, state, epoch, listed_size, first_seen, stored_at, asked_at,
        unique_id, size, digest, fingerprint, message_id, placements, reason)
    VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
    ON CONFLICT (id) DO UPDATE SET state = excluded.state, epoch = excluded.epoch,
        last_listed = NULL, stored_at = excluded.stored_at, asked_at = excluded.asked_at,
        size = excluded.size, digest = excluded.digest,
        fingerprint = excluded.fingerprint, message_id = excluded.message_id,
        placements = excluded.placements, reason = excluded.reason, asks = 0, left_at = NULL";

/// Moves each folder's counters once and says where its uids begin. What is left out takes no place;
/// a folder that was removed is there again.
fn take_places(
    txn: &Connection,
    batch: &Batch,
    sharing: &Sharing,
    left: &[Option<LedgerId>],
) -> Result<HashMap<FolderId, Places>, StoreError> {
    let mut wanted: HashMap<FolderId, (i64, i64)> = HashMap::new();
    for (place, delivery) in batch.deliveries.iter().enumerate() {
        if matches!(left.get(place), Some(Some(_))) {
            continue;
        }
        for placement in sharing.placements(place, delivery) {
            let (messages, octets) = wanted.entry(placement.folder).or_default();
            *messages += 1;
            *octets += delivery.body.size().count().cast_signed();
        }
    }
    let mut update = txn
        .prepare_cached(
            "UPDATE folder SET uid_next = uid_next + ?2, highest_modseq = highest_modseq + 1,
                 messages = messages + ?2, unseen = unseen + ?2, octets = octets + ?3, removed = 0
             WHERE id = ?1 RETURNING uid_next - ?2, highest_modseq, account_id, name = 'Trash'",
        )
        .doing(DOING)?;
    let mut take = |(folder, (messages, octets)): (FolderId, (i64, i64))| {
        update
            .query_row([folder.row(), messages, octets], |row| {
                Ok((
                    folder,
                    Places {
                        next_uid: row.get(0)?,
                        mod_seq: row.get(1)?,
                        account: AccountId::new(row.get(2)?),
                        is_trash: row.get(3)?,
                    },
                ))
            })
            .optional()
            .doing(DOING)?
            .ok_or_else(|| missing("folder", folder))
    };
    wanted.into_iter().map(&mut take).collect()
}
