//! Messages of inhaul's own: into a folder, with no remote side and no ledger row.

use std::sync::Arc;

use inhaul_types::{AccountId, Digest, FolderId, MessageId, Octets, Timestamp};
use rusqlite::{Connection, params};
use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;

use super::bodies::{Bodies, Layout};
use super::errors::{Doing, missing};
use super::writer::{Job, Step, Surroundings, Weight};
use super::{accounts, notices, random, trash};
use crate::records::Announcer;
use crate::{Body, LocalMessage, NewMessages, News, StoreError};

const DOING: &str = "store a message of our own";
/// What is said of why it is there.
const WHY: &str = "from inhaul";

/// One message on its way.
pub(crate) struct LocalJob {
    message: LocalMessage,
    body: Body,
    header_size: Octets,
    digest: Digest,
    stored: Option<(FolderId, MessageId)>,
    announcer: Arc<Announcer>,
    reply: oneshot::Sender<Result<MessageId, StoreError>>,
}

impl LocalJob {
    pub(crate) fn new(
        mut message: LocalMessage,
        announcer: Arc<Announcer>,
        reply: oneshot::Sender<Result<MessageId, StoreError>>,
    ) -> Self {
        let octets = std::mem::take(&mut message.octets);
        Self {
            digest: Digest::new(Sha256::digest(&octets).into()),
            header_size: header_size(&octets),
            body: Body::Memory(octets),
            message,
            stored: None,
            announcer,
            reply,
        }
    }

    fn store(
        &self,
        txn: &Connection,
        around: &Surroundings,
    ) -> Result<(FolderId, MessageId), StoreError> {
        if let Some(notice) = self.message.settles
            && !notices::done(txn, notice)?
        {
            return Err(missing("notice", notice));
        }
        let account = self.message.account;
        let folder = accounts::folder_or_new(txn, around, account, &self.message.folder)?;
        let mut bodies = Bodies::new(txn, &around.segments)?;
        let body = match bodies.find(&self.digest, self.body.size())? {
            Some(body) => {
                bodies.refer(body, 1)?;
                body
            }
            None => {
                let layout = Layout::new(self.header_size, self.body.size());
                bodies.write(txn, &self.body, &self.digest, layout, 1)?
            }
        };
        let size = self.body.size().count().cast_signed();
        let (uid, mod_seq, is_trash): (i64, i64, bool) = txn
            .prepare_cached(
                "UPDATE folder SET uid_next = uid_next + 1, highest_modseq = highest_modseq + 1,
                     messages = messages + 1, unseen = unseen + 1, octets = octets + ?2
                 WHERE id = ?1 RETURNING uid_next - 1, highest_modseq, name = 'Trash'",
            )
            .and_then(|mut update| {
                update.query_row([folder.row(), size], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
            })
            .doing(DOING)?;
        let trashed_at = match is_trash {
            true => Some(trash::time(txn, (around.clock)())?),
            false => None,
        };
        let uidl: [u8; 12] = random::octets()?;
        let summary = &self.message.summary;
        txn.prepare_cached(
            "INSERT INTO message (folder_id, uid, body_id, size, internal_date, mod_seq, uidl,
                 has_attachment, date, sender, subject, message_id, why, trashed_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )
        .and_then(|mut insert| {
            insert.execute(params![
                folder.row(),
                uid,
                body.row(),
                size,
                self.message.at.millis(),
                mod_seq,
                uidl,
                summary.has_attachment,
                summary.date.map(Timestamp::millis),
                summary.from,
                summary.subject,
                summary.message_id,
                WHY,
                trashed_at,
            ])
        })
        .doing(DOING)?;
        Ok((folder, MessageId::new(txn.last_insert_rowid())))
    }

    fn announce(&self, account: AccountId, folder: FolderId, message: MessageId) {
        if self.announcer.is_heard() {
            self.announcer.announce(News::Came(NewMessages {
                account,
                folder,
                messages: [message].into(),
            }));
        }
    }
}

impl Job for LocalJob {
    fn step(&mut self, txn: &Connection, around: &Surroundings) -> Result<Step, StoreError> {
        self.stored = Some(self.store(txn, around)?);
        Ok(Step::Done)
    }

    fn weight(&self) -> Weight {
        Weight {
            messages: 1,
            octets: self.body.size().count(),
            slice: false,
        }
    }

    fn finish(self: Box<Self>, outcome: Result<(), StoreError>) -> Option<Box<dyn Job>> {
        let stored = outcome.and_then(|()| self.stored.ok_or(StoreError::Closing));
        if let Ok((folder, message)) = stored {
            self.announce(self.message.account, folder, message);
        }
        // The caller may have gone away.
        self.reply.send(stored.map(|(_, message)| message)).ok();
        None
    }
}

/// Up to and with the first empty line (RFC 5322 section 2.1).
fn header_size(octets: &[u8]) -> Octets {
    let end = octets.windows(4).position(|end| end == b"\r\n\r\n");
    Octets::of_len(end.map_or(octets.len(), |end| end + 4))
}
