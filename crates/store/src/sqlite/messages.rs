//! Reads messages: pages of a folder, one message, its body piece by piece.

use std::sync::Arc;

use async_trait::async_trait;
use inhaul_types::{
    AccountId, BodyId, Digest, FolderId, MessageId, Octets, RetrievalId, RunId, Timestamp, Uid,
};
use rusqlite::{Connection, OptionalExtension, Row, params};
use sha2::{Digest as _, Sha256};

use super::bodies::{self, Layout};
use super::errors::{Doing, damaged, missing};
use super::readers::{BodiesInUse, BodyInUse, Readers};
use crate::{BodyReader, Message, StoreError, Summary};

const DOING: &str = "read messages";

const COLUMNS: &str = "
    SELECT m.id, m.folder_id, f.name, f.account_id, m.uid, lower(hex(m.uidl)), m.body_id, m.size,
        b.header_size, b.digest, m.internal_date, m.run_id, m.why,
        (SELECT id FROM retrieval WHERE id = m.retrieval_id),
        m.sender, m.subject, m.date, m.message_id, m.has_attachment
    FROM message m JOIN folder f ON f.id = m.folder_id JOIN body b ON b.id = m.body_id";

/// One page of a folder by uid.
pub(crate) fn page(
    conn: &Connection,
    folder: FolderId,
    after: Option<Uid>,
    most: u32,
) -> Result<Vec<Message>, StoreError> {
    let sql = format!("{COLUMNS} WHERE m.folder_id = ?1 AND m.uid > ?2 ORDER BY m.uid LIMIT ?3");
    conn.prepare_cached(&sql)
        .and_then(|mut select| {
            let after = after.map_or(0, Uid::number);
            select
                .query_map(params![folder.row(), after, most], message)?
                .collect()
        })
        .doing(DOING)
}

/// One message.
pub(crate) fn by_id(conn: &Connection, id: MessageId) -> Result<Message, StoreError> {
    conn.prepare_cached(&format!("{COLUMNS} WHERE m.id = ?1"))
        .and_then(|mut select| select.query_row([id.row()], message).optional())
        .doing(DOING)?
        .ok_or_else(|| missing("message", id))
}

fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
    Ok(Message {
        id: MessageId::new(row.get(0)?),
        folder: FolderId::new(row.get(1)?),
        folder_name: row.get(2)?,
        account: AccountId::new(row.get(3)?),
        uid: Uid::new(row.get(4)?),
        uidl: row.get(5)?,
        body: BodyId::new(row.get(6)?),
        size: Octets::new(row.get::<_, i64>(7)?.cast_unsigned()),
        header_size: Octets::new(row.get::<_, i64>(8)?.cast_unsigned()),
        digest: Digest::new(row.get(9)?),
        internal_date: Timestamp::from_millis(row.get(10)?),
        run: row.get::<_, Option<i64>>(11)?.map(RunId::new),
        why: row.get(12)?,
        retrieval: row.get::<_, Option<i64>>(13)?.map(RetrievalId::new),
        summary: summary(row, 14)?,
    })
}

/// Reads sender, subject, date, Message-ID and attachment from `first` on.
pub(crate) fn summary(row: &Row<'_>, first: usize) -> rusqlite::Result<Summary> {
    Ok(Summary {
        from: row.get(first)?,
        subject: row.get(first + 1)?,
        date: row
            .get::<_, Option<i64>>(first + 2)?
            .map(Timestamp::from_millis),
        message_id: row.get(first + 3)?,
        has_attachment: row.get(first + 4)?,
    })
}

/// Opens a message's body.
pub(crate) async fn open_body(
    readers: &Arc<Readers>,
    in_use: &Arc<BodiesInUse>,
    id: MessageId,
) -> Result<PieceReader, StoreError> {
    let in_use = Arc::clone(in_use);
    let (layout, digest, hold) = readers
        .read(move |conn| {
            let (body, layout, digest) = body_of(conn, id)?;
            Ok((layout, digest, in_use.hold(body)))
        })
        .await?;
    Ok(PieceReader {
        readers: Arc::clone(readers),
        hold,
        layout,
        digest,
        next_piece: 0,
        read: Sha256::new(),
    })
}

fn body_of(conn: &Connection, id: MessageId) -> Result<(BodyId, Layout, Digest), StoreError> {
    conn.prepare_cached(
        "SELECT b.id, b.header_size, b.size, b.digest
         FROM message m JOIN body b ON b.id = m.body_id JOIN folder f ON f.id = m.folder_id
         WHERE m.id = ?1",
    )
    .and_then(|mut select| {
        let octets = |row: &Row<'_>, column| -> rusqlite::Result<Octets> {
            Ok(Octets::new(row.get::<_, i64>(column)?.cast_unsigned()))
        };
        select
            .query_row([id.row()], |row| {
                Ok((
                    BodyId::new(row.get(0)?),
                    Layout::new(octets(row, 1)?, octets(row, 2)?),
                    Digest::new(row.get(3)?),
                ))
            })
            .optional()
    })
    .doing(DOING)?
    .ok_or_else(|| missing("message", id))
}

/// Reads a body; no transaction lasts from one piece to the next.
pub(crate) struct PieceReader {
    readers: Arc<Readers>,
    hold: BodyInUse,
    layout: Layout,
    digest: Digest,
    next_piece: u64,
    /// Over the pieces before `next_piece`.
    read: Sha256,
}

#[async_trait]
impl BodyReader for PieceReader {
    async fn next_chunk(&mut self) -> Result<Vec<u8>, StoreError> {
        if self.next_piece == self.layout.pieces() {
            return Ok(Vec::new());
        }
        let (body, layout, seq) = (self.hold.body(), self.layout, self.next_piece);
        let files = self.readers.segments();
        // A copy, so that a caller who gives up waiting can call again.
        let (digest, mut read) = (self.digest, self.read.clone());
        let (octets, next, read) = self
            .readers
            .read(move |conn| {
                let (octets, next) = bodies::read(conn, &files, body, layout, seq)?;
                read.update(&octets);
                // A disk that forgets an octet says nothing; this is where it comes out.
                if next == layout.pieces() && Digest::new(read.clone().finalize().into()) != digest
                {
                    return Err(damaged(format!(
                        "the octets of body {body} are not those that were stored"
                    )));
                }
                Ok((octets, next, read))
            })
            .await?;
        (self.next_piece, self.read) = (next, read);
        Ok(octets)
    }
}
