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
use super::segments::SegmentFiles;
use crate::{BodyReader, Flags, Message, StoreError, Summary};

const DOING: &str = "read messages";

/// To be followed by WHERE; read by [`message`].
pub(crate) const COLUMNS: &str = "
    SELECT m.id, m.folder_id, f.name, f.account_id, m.uid, lower(hex(m.uidl)), m.body_id, m.size,
        b.header_size, b.digest, m.internal_date, m.run_id, m.why,
        (SELECT id FROM retrieval WHERE id = m.retrieval_id),
        m.sender, m.subject, m.date, m.message_id, m.has_attachment, m.flags
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

/// Reads a row of [`COLUMNS`].
pub(crate) fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
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
        flags: Flags::from_bits(row.get(19)?),
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

/// Which message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Which {
    Id(MessageId),
    At(FolderId, Uid),
}

/// Opens a message's body and reads its first piece: most messages are not longer, and so cost one
/// hop to a reader's thread.
pub(crate) async fn open_body(
    readers: &Arc<Readers>,
    in_use: &Arc<BodiesInUse>,
    which: Which,
) -> Result<PieceReader, StoreError> {
    let (in_use, files) = (Arc::clone(in_use), readers.segments());
    let (hold, first, reading) = readers
        .read(move |conn| {
            let mut reading = reading_of(conn, which)?;
            let hold = in_use.hold(reading.body);
            let has_more = !reading.is_at_end();
            let first = has_more.then(|| reading.next(conn, &files)).transpose()?;
            Ok((hold, first, reading))
        })
        .await?;
    Ok(PieceReader {
        readers: Arc::clone(readers),
        _hold: hold,
        first,
        reading,
    })
}

fn reading_of(conn: &Connection, which: Which) -> Result<Reading, StoreError> {
    let found = match which {
        Which::Id(id) => conn
            .prepare_cached(BY_ID)
            .and_then(|mut select| select.query_row([id.row()], Reading::from_row).optional()),
        Which::At(folder, uid) => conn.prepare_cached(AT).and_then(|mut select| {
            let key = params![folder.row(), uid.number()];
            select.query_row(key, Reading::from_row).optional()
        }),
    };
    found.doing(DOING)?.ok_or_else(|| match which {
        Which::Id(id) => missing("message", id),
        Which::At(_, uid) => missing("message", uid),
    })
}

const BY_ID: &str = "
    SELECT b.id, b.header_size, b.size, b.digest
    FROM message m JOIN body b ON b.id = m.body_id JOIN folder f ON f.id = m.folder_id
    WHERE m.id = ?1";

/// What [`Reading::from_row`] reads, by folder and uid.
pub(crate) const AT: &str = "
    SELECT b.id, b.header_size, b.size, b.digest
    FROM message m JOIN body b ON b.id = m.body_id JOIN folder f ON f.id = m.folder_id
    WHERE m.folder_id = ?1 AND m.uid = ?2";

/// A body, as far as it is read.
#[derive(Clone)]
pub(crate) struct Reading {
    body: BodyId,
    layout: Layout,
    digest: Digest,
    next_piece: u64,
    /// Over the pieces before `next_piece`.
    read: Sha256,
}

impl Reading {
    /// From id, header size, size and digest of a body.
    pub(crate) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let octets = |column| -> rusqlite::Result<Octets> {
            Ok(Octets::new(row.get::<_, i64>(column)?.cast_unsigned()))
        };
        Ok(Self {
            body: BodyId::new(row.get(0)?),
            layout: Layout::new(octets(1)?, octets(2)?),
            digest: Digest::new(row.get(3)?),
            next_piece: 0,
            read: Sha256::new(),
        })
    }

    /// Octets of the whole body.
    pub(crate) fn size(&self) -> u64 {
        self.layout.size()
    }

    /// Which body it is.
    pub(crate) fn body(&self) -> BodyId {
        self.body
    }

    /// How many octets were read.
    pub(crate) fn at(&self) -> u64 {
        match self.is_at_end() {
            true => self.layout.size(),
            false => self.layout.piece(self.next_piece).start,
        }
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.next_piece == self.layout.pieces()
    }

    /// The next piece, while there is one.
    pub(crate) fn next(
        &mut self,
        conn: &Connection,
        files: &SegmentFiles,
    ) -> Result<Vec<u8>, StoreError> {
        let (octets, next) = bodies::read(conn, files, self.body, self.layout, self.next_piece)?;
        self.read.update(&octets);
        self.next_piece = next;
        // A disk that forgets an octet says nothing; this is where it comes out.
        if self.is_at_end() && Digest::new(self.read.clone().finalize().into()) != self.digest {
            let body = self.body;
            return Err(damaged(format!(
                "the octets of body {body} are not those that were stored"
            )));
        }
        Ok(octets)
    }

    /// All that is left.
    pub(crate) fn whole(
        mut self,
        conn: &Connection,
        files: &SegmentFiles,
    ) -> Result<Vec<u8>, StoreError> {
        let mut octets = Vec::new();
        while !self.is_at_end() {
            let piece = self.next(conn, files)?;
            if octets.is_empty() {
                octets = piece;
            } else {
                octets.extend_from_slice(&piece);
            }
        }
        Ok(octets)
    }
}

/// Reads a body; no transaction lasts from one piece to the next.
pub(crate) struct PieceReader {
    readers: Arc<Readers>,
    /// Keeps the body from being freed.
    _hold: BodyInUse,
    /// Read already, and not given out.
    first: Option<Vec<u8>>,
    reading: Reading,
}

#[async_trait]
impl BodyReader for PieceReader {
    async fn next_chunk(&mut self) -> Result<Vec<u8>, StoreError> {
        if let Some(first) = self.first.take() {
            return Ok(first);
        }
        if self.reading.is_at_end() {
            return Ok(Vec::new());
        }
        let files = self.readers.segments();
        // A copy, so that a caller who gives up waiting can call again.
        let mut reading = self.reading.clone();
        let (octets, reading) = self
            .readers
            .read(move |conn| {
                let octets = reading.next(conn, &files)?;
                Ok((octets, reading))
            })
            .await?;
        self.reading = reading;
        Ok(octets)
    }
}
