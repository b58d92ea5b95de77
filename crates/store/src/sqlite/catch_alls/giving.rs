//! One slice of a claim: messages of the fallback move, are copied, or are there already.

use inhaul_types::{
    AccountId, BodyId, FolderId, Identity, LedgerId, MessageId, Octets, Timestamp, Uid,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::claim::Found;
use super::sharing::{append_why, remember};
use super::unclaimed::{ELSE, Pattern};
use crate::sqlite::bodies::Bodies;
use crate::sqlite::errors::{Doing, missing};
use crate::sqlite::expunge::{self, Leaving};
use crate::sqlite::writer::Surroundings;
use crate::sqlite::{random, removal, trash};
use crate::{Flags, StoreError};

const DOING: &str = "give unclaimed messages to their person";

/// What some steps did.
#[derive(Default)]
pub(super) struct Moved {
    /// Messages of the fallback that were given on.
    pub(super) given: u64,
    /// Whose the fallback is, and what is gone from it.
    pub(super) went: Option<(AccountId, FolderId)>,
    pub(super) uids: Vec<Uid>,
    /// Whose the folder is, and what came into it.
    pub(super) came: Option<(AccountId, FolderId)>,
    pub(super) messages: Vec<MessageId>,
}

impl Moved {
    pub(super) fn add(&mut self, mut other: Self) {
        self.given += other.given;
        self.went = other.went.or(self.went);
        self.came = other.came.or(self.came);
        self.uids.append(&mut other.uids);
        self.messages.append(&mut other.messages);
    }
}

/// A folder that changes, with the mod-seq of this slice.
struct Folder {
    id: FolderId,
    account: AccountId,
    mod_seq: i64,
    is_trash: bool,
}

impl Folder {
    fn touch(txn: &Connection, id: FolderId) -> Result<Self, StoreError> {
        txn.prepare_cached(
            "UPDATE folder SET highest_modseq = highest_modseq + 1 WHERE id = ?1
             RETURNING account_id, highest_modseq, name = 'Trash'",
        )
        .and_then(|mut update| {
            let folder = |row: &Row<'_>| {
                Ok(Self {
                    id,
                    account: AccountId::new(row.get(0)?),
                    mod_seq: row.get(1)?,
                    is_trash: row.get(2)?,
                })
            };
            update.query_row([id.row()], folder).optional()
        })
        .doing(DOING)?
        .ok_or_else(|| missing("folder", id))
    }
}

/// A message in the fallback.
struct Held {
    id: MessageId,
    uid: Uid,
    body: BodyId,
    size: Octets,
    ledger: Option<LedgerId>,
    flags: Flags,
    /// What makes it the same as its copies.
    identity: Option<Identity>,
}

/// One slice.
pub(super) struct Giving<'a> {
    txn: &'a Connection,
    around: &'a Surroundings,
    now: Timestamp,
    maildrop: i64,
    found: &'a Found,
    from: Folder,
    to: Folder,
    /// When what comes into that folder came into a Trash, if it is one.
    trashed_at: Option<i64>,
    gone: Leaving,
    moved: Moved,
}

impl<'a> Giving<'a> {
    pub(super) fn new(
        txn: &'a Connection,
        around: &'a Surroundings,
        found: &'a Found,
        maildrop: i64,
        from: FolderId,
        to: FolderId,
    ) -> Result<Self, StoreError> {
        let (now, to) = ((around.clock)(), Folder::touch(txn, to)?);
        let trashed_at = match to.is_trash {
            true => Some(trash::time(txn, now)?),
            false => None,
        };
        Ok(Self {
            txn,
            around,
            now,
            maildrop,
            found,
            to,
            trashed_at,
            from: Folder::touch(txn, from)?,
            gone: Leaving::default(),
            moved: Moved::default(),
        })
    }

    /// Sees to one message, of which a reader said that it is there for the address.
    pub(super) fn give(&mut self, id: MessageId) -> Result<(), StoreError> {
        let rows = Rows::of(self.txn, id, self.maildrop, &self.found.pattern)?;
        if rows.covered.is_empty() {
            return Ok(());
        }
        rows.forget(self.txn)?;
        let Some(mut held) = self.held(id)? else {
            // Somebody removed it or put it elsewhere.
            return Ok(());
        };
        held.identity = rows.identity;
        if self.to.id == self.from.id {
            return self.keep(&held);
        }
        match (self.twin(&held)?, rows.has_others) {
            (Some(twin), has_others) => {
                append_why(self.txn, twin, self.to.id, &self.found.why)?;
                if !has_others {
                    self.drop_from_fallback(&held)?;
                }
            }
            (None, false) => self.take(&held)?,
            (None, true) => self.copy(&held)?,
        }
        self.moved.given += 1;
        Ok(())
    }

    fn held(&self, id: MessageId) -> Result<Option<Held>, StoreError> {
        self.txn
            .prepare_cached(
                "SELECT uid, body_id, size, ledger_id, flags FROM message
                 WHERE id = ?1 AND folder_id = ?2",
            )
            .and_then(|mut select| {
                let held = |row: &Row<'_>| {
                    Ok(Held {
                        id,
                        uid: Uid::new(row.get(0)?),
                        body: BodyId::new(row.get(1)?),
                        size: Octets::new(row.get::<_, i64>(2)?.cast_unsigned()),
                        ledger: row.get::<_, Option<i64>>(3)?.map(LedgerId::new),
                        flags: Flags::from_bits(row.get(4)?),
                        identity: None,
                    })
                };
                let key = [id.row(), self.from.id.row()];
                select.query_row(key, held).optional()
            })
            .doing(DOING)
    }

    /// The rule leads to the fallback itself.
    fn keep(&mut self, held: &Held) -> Result<(), StoreError> {
        append_why(self.txn, held.id, self.from.id, &self.found.why)?;
        self.execute(
            "INSERT OR IGNORE INTO unclaimed (message_id, maildrop_id, address)
             SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM unclaimed WHERE message_id = ?1)",
            params![held.id.row(), self.maildrop, ELSE],
        )
    }

    /// The same message in the folder it is to go to: the same octets, or a copy.
    fn twin(&self, held: &Held) -> Result<Option<MessageId>, StoreError> {
        let find = |sql: &str, params: &[&dyn rusqlite::ToSql]| {
            self.txn
                .prepare_cached(sql)
                .and_then(|mut select| {
                    select
                        .query_row(params, |row| row.get(0).map(MessageId::new))
                        .optional()
                })
                .doing(DOING)
        };
        let to = self.to.id.row();
        let same_octets = find(
            "SELECT id FROM message WHERE body_id = ?1 AND folder_id = ?2 LIMIT 1",
            &[&held.body.row(), &to],
        )?;
        match (same_octets, &held.identity) {
            (None, Some(identity)) => find(
                "SELECT m.id FROM shared_out s JOIN message m ON m.id = s.message_id
                 WHERE s.folder_id = ?1 AND s.identity = ?2 AND m.folder_id = ?1",
                &[&to, identity.as_bytes()],
            ),
            (found, _) => Ok(found),
        }
    }

    fn drop_from_fallback(&mut self, held: &Held) -> Result<(), StoreError> {
        self.execute("DELETE FROM message WHERE id = ?1", [held.id.row()])?;
        removal::release(self.txn, vec![held.body.row()], self.now)?;
        self.is_gone(held)
    }

    fn take(&mut self, held: &Held) -> Result<(), StoreError> {
        append_why(self.txn, held.id, self.from.id, &self.found.why)?;
        let (uid, uidl) = self.place(held)?;
        // New to whoever gets it, and keywords are a folder's own.
        self.execute(
            "UPDATE message SET folder_id = ?2, uid = ?3, mod_seq = ?4, uidl = ?5, flags = 0,
                 keywords = 0, trashed_at = ?6
             WHERE id = ?1",
            params![
                held.id.row(),
                self.to.id.row(),
                uid,
                self.to.mod_seq,
                uidl,
                self.trashed_at
            ],
        )?;
        if self.from.account != self.to.account {
            // It keeps its number, which the search index knows as somebody else's.
            self.execute(
                "INSERT INTO setting (name, value) VALUES ('claims', '1')
                 ON CONFLICT (name) DO UPDATE SET value = CAST(value AS INTEGER) + 1",
                [],
            )?;
        }
        self.has_got(held, held.id)?;
        self.is_gone(held)
    }

    fn copy(&mut self, held: &Held) -> Result<(), StoreError> {
        let (uid, uidl) = self.place(held)?;
        Bodies::new(self.txn, &self.around.segments)?.refer(held.body, 1)?;
        self.execute(
            "INSERT INTO message (folder_id, uid, body_id, size, internal_date, mod_seq, uidl,
                 retrieval_id, run_id, ledger_id, has_attachment, date, sender, subject,
                 message_id, why, trashed_at)
             SELECT ?2, ?3, body_id, size, internal_date, ?4, ?5, retrieval_id, run_id, ledger_id,
                 has_attachment, date, sender, subject, message_id, ?6, ?7
             FROM message WHERE id = ?1",
            params![
                held.id.row(),
                self.to.id.row(),
                uid,
                self.to.mod_seq,
                uidl,
                &self.found.why,
                self.trashed_at
            ],
        )?;
        let copy = MessageId::new(self.txn.last_insert_rowid());
        if let Some(ledger) = held.ledger {
            self.execute(
                "INSERT INTO claimed (ledger_id, message_id) VALUES (?1, ?2)",
                [ledger.row(), copy.row()],
            )?;
        }
        self.has_got(held, copy)
    }

    /// A place in the folder for one message more.
    fn place(&self, held: &Held) -> Result<(i64, [u8; 12]), StoreError> {
        let uid = self
            .txn
            .prepare_cached(
                "UPDATE folder SET uid_next = uid_next + 1, messages = messages + 1,
                     unseen = unseen + 1, octets = octets + ?2, removed = 0
                 WHERE id = ?1 RETURNING uid_next - 1",
            )
            .and_then(|mut update| {
                let size = held.size.count().cast_signed();
                update.query_row([self.to.id.row(), size], |row| row.get(0))
            })
            .doing(DOING)?;
        Ok((uid, random::octets()?))
    }

    /// A further copy is not put there again.
    fn has_got(&mut self, held: &Held, message: MessageId) -> Result<(), StoreError> {
        if let (Some(identity), Some(ledger)) = (&held.identity, held.ledger) {
            remember(self.txn, self.to.id, identity, message, ledger, self.now)?;
        }
        self.moved.messages.push(message);
        Ok(())
    }

    /// The fallback does not hold it any more; a copy for another address comes there again.
    fn is_gone(&mut self, held: &Held) -> Result<(), StoreError> {
        if let Some(identity) = &held.identity {
            self.execute(
                "DELETE FROM shared_out WHERE folder_id = ?1 AND identity = ?2",
                params![self.from.id.row(), identity.as_bytes()],
            )?;
        }
        self.gone.add(held.size.count().cast_signed(), held.flags);
        self.moved.uids.push(held.uid);
        Ok(())
    }

    /// Counts the fallback down.
    pub(super) fn end(mut self) -> Result<Moved, StoreError> {
        let uids = &self.moved.uids;
        if !uids.is_empty() {
            let mod_seq = expunge::count_down(self.txn, self.from.id, self.gone)?;
            expunge::remember(self.txn, self.from.id, mod_seq, uids)?;
        }
        self.moved.went = Some((self.from.account, self.from.id));
        self.moved.came = Some((self.to.account, self.to.id));
        Ok(self.moved)
    }

    fn execute(&self, sql: &str, params: impl rusqlite::Params) -> Result<(), StoreError> {
        self.txn
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute(params))
            .doing(DOING)?;
        Ok(())
    }
}

/// What is noted of one message in the fallback.
struct Rows {
    /// For addresses that the rule covers.
    covered: Vec<i64>,
    /// Something else put it there, too.
    has_others: bool,
    identity: Option<Identity>,
}

impl Rows {
    fn of(
        txn: &Connection,
        message: MessageId,
        maildrop: i64,
        pattern: &Pattern,
    ) -> Result<Self, StoreError> {
        let mut select = txn
            .prepare_cached(
                "SELECT id, address, maildrop_id, identity FROM unclaimed WHERE message_id = ?1",
            )
            .doing(DOING)?;
        let mut rows = select.query([message.row()]).doing(DOING)?;
        let mut of = Self {
            covered: Vec::new(),
            has_others: false,
            identity: None,
        };
        while let Some(row) = rows.next().doing(DOING)? {
            let address: String = row.get(1).doing(DOING)?;
            let of_maildrop: i64 = row.get(2).doing(DOING)?;
            let identity: Option<[u8; 32]> = row.get(3).doing(DOING)?;
            of.identity = of.identity.or_else(|| identity.map(Identity::new));
            if of_maildrop == maildrop && pattern.covers(&address) {
                of.covered.push(row.get(0).doing(DOING)?);
            } else {
                of.has_others = true;
            }
        }
        Ok(of)
    }

    fn forget(&self, txn: &Connection) -> Result<(), StoreError> {
        let mut delete = txn
            .prepare_cached("DELETE FROM unclaimed WHERE id = ?1")
            .doing(DOING)?;
        for row in &self.covered {
            delete.execute([row]).doing(DOING)?;
        }
        Ok(())
    }
}
