//! Bodies on disk: the only module that knows how octets are kept.
//!
//! A body is cut into pieces of at most 256 KiB, its header apart from the rest, and each piece
//! is a row of `body_chunk`: the octets themselves of a small body, their place in a segment of a
//! larger one. What others see: find a body by its digest, write one whole or slice
//! by slice, count its references, read some pieces, discard it. Start at `Bodies::write`.

use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use inhaul_types::{BodyId, Digest, Octets, Timestamp};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};

use super::errors::{Doing, damaged};
use super::segments::{Place, SegmentFiles, Segments};
use crate::{Body, StoreError};

/// The longest piece: what a reader holds at once, and SQLite's row copies.
pub(crate) const PIECE: u64 = 256 << 10;
/// A body up to this size is written inside the transaction that makes it visible; a larger one
/// ahead of it, this much in a transaction.
pub(crate) const SLICE: u64 = 1 << 20;

/// A body of this size or more goes to a segment: written once, where the database would write it
/// twice. Below it, a row of its own in the file system costs more than it saves.
const SEGMENT_LEAST: u64 = 16 << 10;

/// How a body is cut.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Layout {
    header_size: u64,
    size: u64,
}

impl Layout {
    /// A header longer than the body is as long as the body.
    pub(crate) fn new(header_size: Octets, size: Octets) -> Self {
        Self {
            header_size: header_size.count().min(size.count()),
            size: size.count(),
        }
    }

    /// Octets of the whole body.
    pub(crate) fn size(self) -> u64 {
        self.size
    }

    fn is_in_segment(self) -> bool {
        self.size >= SEGMENT_LEAST
    }

    pub(crate) fn pieces(self) -> u64 {
        self.header_size.div_ceil(PIECE) + (self.size - self.header_size).div_ceil(PIECE)
    }

    /// The octets in piece `seq`, which is below `pieces`.
    pub(crate) fn piece(self, seq: u64) -> Range<u64> {
        let in_header = self.header_size.div_ceil(PIECE);
        let (start, end) = match seq.checked_sub(in_header) {
            None => (seq * PIECE, self.header_size),
            Some(nth) => (self.header_size + nth * PIECE, self.size),
        };
        start..end.min(start + PIECE)
    }

    /// The pieces from `seq` on that together have at most `most` octets, but at least one.
    pub(crate) fn run_of_pieces(self, seq: u64, most: u64) -> Range<u64> {
        let start = self.piece(seq).start;
        let fits = |end: &u64| self.piece(*end).end - start <= most;
        let end = (seq + 1..self.pieces()).take_while(fits).last();
        seq..end.map_or(seq + 1, |last| last + 1)
    }
}

/// A body that is being written slice by slice: unreferenced, found by nobody, swept at the next
/// start if it is never finished.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Unfinished {
    pub(crate) id: BodyId,
    layout: Layout,
    next_piece: u64,
}

impl Unfinished {
    pub(crate) fn is_written(&self) -> bool {
        self.next_piece == self.layout.pieces()
    }
}

/// The statements that write bodies, prepared once for a batch.
pub(crate) struct Bodies<'c> {
    find: CachedStatement<'c>,
    insert: CachedStatement<'c>,
    insert_chunk: CachedStatement<'c>,
    insert_place: CachedStatement<'c>,
    refer: CachedStatement<'c>,
    piece: Vec<u8>,
    segments: &'c Mutex<Segments>,
}

impl<'c> Bodies<'c> {
    pub(crate) fn new(
        txn: &'c Connection,
        segments: &'c Mutex<Segments>,
    ) -> Result<Self, StoreError> {
        let prepare = |sql| txn.prepare_cached(sql).doing(WRITE);
        Ok(Self {
            find: prepare(
                "SELECT id FROM body WHERE digest_head = ?1 AND digest = ?2 AND size = ?3",
            )?,
            insert: prepare(
                "INSERT INTO body (digest_head, size, header_size, refs, digest)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?,
            insert_chunk: prepare("INSERT INTO body_chunk (id, bytes) VALUES (?1, ?2)")?,
            insert_place: prepare(
                "INSERT INTO body_chunk (id, segment_id, start, length) VALUES (?1, ?2, ?3, ?4)",
            )?,
            refer: prepare("UPDATE body SET refs = refs + ?2, freed_at = NULL WHERE id = ?1")?,
            piece: Vec::new(),
            segments,
        })
    }

    /// The finished body with these octets, if there is one.
    pub(crate) fn find(
        &mut self,
        digest: &Digest,
        size: Octets,
    ) -> Result<Option<BodyId>, StoreError> {
        let key = params![head(digest), digest.as_bytes(), size.count().cast_signed()];
        let found = self
            .find
            .query_row(key, |row| row.get(0))
            .optional()
            .doing("look for a body")?;
        Ok(found.map(BodyId::new))
    }

    /// Counts `placements` more.
    pub(crate) fn refer(&mut self, body: BodyId, placements: usize) -> Result<(), StoreError> {
        self.refer
            .execute(params![body.row(), refs(placements)])
            .doing(WRITE)?;
        Ok(())
    }

    /// Writes a whole body with its references.
    pub(crate) fn write(
        &mut self,
        txn: &Connection,
        body: &Body,
        digest: &Digest,
        layout: Layout,
        placements: usize,
    ) -> Result<BodyId, StoreError> {
        let id = self.insert(txn, Some(head(digest)), digest, layout, refs(placements))?;
        match body {
            Body::Memory(octets) if layout.is_in_segment() => {
                // All of it at once: its pieces lie side by side.
                let whole = self.segments().append(txn, octets)?;
                for seq in 0..layout.pieces() {
                    let piece = layout.piece(seq);
                    let (start, length) = (whole.start + piece.start, piece.end - piece.start);
                    self.insert_place(
                        id,
                        seq,
                        Place {
                            start,
                            length,
                            ..whole
                        },
                    )?;
                }
            }
            _ => {
                for seq in 0..layout.pieces() {
                    self.write_piece(txn, id, body, layout, seq)?;
                }
            }
        }
        Ok(id)
    }

    /// Begins a body that is written slice by slice.
    pub(crate) fn begin(
        &mut self,
        txn: &Connection,
        digest: &Digest,
        layout: Layout,
    ) -> Result<Unfinished, StoreError> {
        let id = self.insert(txn, None, digest, layout, 0)?;
        Ok(Unfinished {
            id,
            layout,
            next_piece: 0,
        })
    }

    /// Writes the next slice.
    pub(crate) fn write_slice(
        &mut self,
        txn: &Connection,
        mut unfinished: Unfinished,
        body: &Body,
    ) -> Result<Unfinished, StoreError> {
        let layout = unfinished.layout;
        let slice = layout.run_of_pieces(unfinished.next_piece, SLICE);
        for seq in slice.clone() {
            self.write_piece(txn, unfinished.id, body, layout, seq)?;
        }
        unfinished.next_piece = slice.end;
        Ok(unfinished)
    }

    fn insert(
        &mut self,
        txn: &Connection,
        head: Option<i64>,
        digest: &Digest,
        layout: Layout,
        refs: i64,
    ) -> Result<BodyId, StoreError> {
        let (size, header) = (layout.size.cast_signed(), layout.header_size.cast_signed());
        self.insert
            .execute(params![head, size, header, refs, digest.as_bytes()])
            .doing(WRITE)?;
        Ok(BodyId::new(txn.last_insert_rowid()))
    }

    fn write_piece(
        &mut self,
        txn: &Connection,
        id: BodyId,
        body: &Body,
        layout: Layout,
        seq: u64,
    ) -> Result<(), StoreError> {
        let octets = read_piece(body, layout.piece(seq), &mut self.piece)?;
        if layout.is_in_segment() {
            let place = lock(self.segments).append(txn, octets)?;
            return self.insert_place(id, seq, place);
        }
        self.insert_chunk
            .execute(params![chunk_id(id, seq), octets])
            .doing(WRITE)?;
        Ok(())
    }

    fn insert_place(&mut self, id: BodyId, seq: u64, place: Place) -> Result<(), StoreError> {
        let (start, length) = (place.start.cast_signed(), place.length.cast_signed());
        self.insert_place
            .execute(params![chunk_id(id, seq), place.segment, start, length])
            .doing(WRITE)?;
        Ok(())
    }

    fn segments(&self) -> MutexGuard<'c, Segments> {
        lock(self.segments)
    }
}

/// Makes a body that was written slice by slice findable, with its references.
pub(crate) fn finish(
    txn: &Connection,
    unfinished: Unfinished,
    digest: &Digest,
    placements: usize,
) -> Result<BodyId, StoreError> {
    txn.prepare_cached("UPDATE body SET digest_head = ?2, refs = ?3 WHERE id = ?1")
        .and_then(|mut update| {
            update.execute(params![unfinished.id.row(), head(digest), refs(placements)])
        })
        .doing(WRITE)?;
    Ok(unfinished.id)
}

/// Frees a body that was written slice by slice in vain: the next sweep takes it.
pub(crate) fn give_up(txn: &Connection, body: BodyId) -> Result<(), StoreError> {
    txn.prepare_cached("UPDATE body SET freed_at = 0 WHERE id = ?1")
        .and_then(|mut update| update.execute([body.row()]))
        .doing(WRITE)?;
    Ok(())
}

/// Reads the pieces from `seq` on that fit one answer, and says where the next begins.
pub(crate) fn read(
    conn: &Connection,
    files: &SegmentFiles,
    id: BodyId,
    layout: Layout,
    seq: u64,
) -> Result<(Vec<u8>, u64), StoreError> {
    const DOING: &str = "read a body";
    let pieces = layout.run_of_pieces(seq, PIECE);
    let mut select = conn
        .prepare_cached(
            "SELECT id, bytes, segment_id, start, length FROM body_chunk
             WHERE id >= ?1 AND id < ?2 ORDER BY id",
        )
        .doing(DOING)?;
    let mut rows = select
        .query([chunk_id(id, pieces.start), chunk_id(id, pieces.end)])
        .doing(DOING)?;
    let room = layout.piece(pieces.end - 1).end - layout.piece(pieces.start).start;
    let mut octets = Vec::with_capacity(usize::try_from(room).unwrap_or(0));
    for seq in pieces.clone() {
        let (before, piece) = (octets.len(), layout.piece(seq));
        let row = rows.next().doing(DOING)?;
        let row = row.filter(|row| row.get(0) == Ok(chunk_id(id, seq)));
        if let Some(row) = row {
            read_row(row, files, piece.end - piece.start, &mut octets)?;
        }
        if (octets.len() - before) as u64 != piece.end - piece.start {
            return Err(damaged(format!(
                "piece {seq} of body {id} is not what was written"
            )));
        }
    }
    Ok((octets, pieces.end))
}

/// Appends the octets of a piece: from its row, or from the place in a segment that the row names.
/// Of a piece that has not the octets expected nothing.
fn read_row(
    row: &Row<'_>,
    files: &SegmentFiles,
    expected: u64,
    octets: &mut Vec<u8>,
) -> Result<(), StoreError> {
    const DOING: &str = "read a body";
    let here = row.get_ref(1).doing(DOING)?;
    match here.as_blob_or_null() {
        Ok(Some(piece)) if piece.len() as u64 == expected => octets.extend_from_slice(piece),
        Ok(None) => {
            let place = place(row, 2).doing(DOING)?;
            if place.length == expected {
                files.read(place, octets)?;
            }
        }
        Ok(Some(_)) | Err(_) => {}
    }
    Ok(())
}

/// Deletes up to a slice of a body's pieces, and the body when none is left. Says whether it is.
pub(crate) fn discard_slice(
    txn: &Connection,
    segments: &Mutex<Segments>,
    id: BodyId,
) -> Result<bool, StoreError> {
    const DOING: &str = "free a body";
    // From its first slice on nobody may find it: the same octets, coming again between two
    // slices, would be placed on what is left of it.
    txn.prepare_cached("UPDATE body SET digest_head = NULL WHERE id = ?1 AND digest_head NOT NULL")
        .and_then(|mut update| update.execute([id.row()]))
        .doing(DOING)?;
    let (first, end) = (chunk_id(id, 0), chunk_id(id, PIECES));
    let slice = i64::try_from(SLICE / PIECE).unwrap_or(1);
    let deleted: Vec<Option<Place>> = txn
        .prepare_cached(
            "DELETE FROM body_chunk WHERE id IN
             (SELECT id FROM body_chunk WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3)
             RETURNING segment_id, start, length",
        )
        .and_then(|mut delete| {
            let places = delete.query_map(params![first, end, slice], |row| {
                let is_here = row.get_ref(0)?.as_i64_or_null()?.is_none();
                if is_here {
                    Ok(None)
                } else {
                    place(row, 0).map(Some)
                }
            })?;
            places.collect()
        })
        .doing(DOING)?;
    for place in deleted.iter().flatten() {
        lock(segments).free(txn, *place)?;
    }
    if i64::try_from(deleted.len()).unwrap_or(i64::MAX) == slice {
        return Ok(false);
    }
    txn.prepare_cached("DELETE FROM body WHERE id = ?1")
        .and_then(|mut delete| delete.execute([id.row()]))
        .doing(DOING)?;
    Ok(true)
}

/// The first body behind `behind` that nobody refers to and that may go: those that were never
/// finished by number, those that are free by when they became so.
pub(crate) fn unreferenced(
    txn: &Connection,
    which: Unreferenced,
    behind: Option<Loose>,
) -> Result<Option<Loose>, StoreError> {
    const DOING: &str = "look for free bodies";
    let loose = |row: &Row<'_>| {
        Ok(Loose {
            id: BodyId::new(row.get(0)?),
            freed_at: row.get::<_, Option<i64>>(1)?.unwrap_or(0),
        })
    };
    let id = behind.map_or(0, |behind| behind.id.row());
    let found = match which {
        Unreferenced::Unfinished => txn
            .prepare_cached(FIND_UNFINISHED)
            .and_then(|mut select| select.query_row([id], loose).optional()),
        Unreferenced::FreedBefore(time) => {
            let freed_at = behind.map_or(i64::MIN, |behind| behind.freed_at);
            txn.prepare_cached(FIND_FREED).and_then(|mut select| {
                select
                    .query_row([id, freed_at, time.millis()], loose)
                    .optional()
            })
        }
    };
    found.doing(DOING)
}

const FIND_UNFINISHED: &str = "
    SELECT id, freed_at FROM body WHERE refs = 0 AND freed_at IS NULL AND id > ?1
        ORDER BY id LIMIT 1";

/// In the index's order. By number alone it would be found by reading the whole table, at every
/// start, and the writer's cache would be full of it from then on.
const FIND_FREED: &str = "
    SELECT id, freed_at FROM body WHERE refs = 0 AND freed_at < ?3 AND (freed_at, id) > (?2, ?1)
        ORDER BY freed_at, id LIMIT 1";

/// A body nobody refers to, and the place from which a search goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loose {
    pub(crate) id: BodyId,
    freed_at: i64,
}

/// Which bodies may go.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unreferenced {
    /// Those whose writing was never finished.
    Unfinished,
    /// Those without a placement since before then.
    FreedBefore(Timestamp),
}

const WRITE: &str = "write a body";

/// Pieces a body can have: 16 GiB.
const PIECES: u64 = 1 << 16;

fn lock(segments: &Mutex<Segments>) -> MutexGuard<'_, Segments> {
    segments.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A place from three columns, `first` being its segment.
fn place(row: &Row<'_>, first: usize) -> rusqlite::Result<Place> {
    Ok(Place {
        segment: row.get(first)?,
        start: row.get::<_, i64>(first + 1)?.cast_unsigned(),
        length: row.get::<_, i64>(first + 2)?.cast_unsigned(),
    })
}

fn chunk_id(body: BodyId, seq: u64) -> i64 {
    debug_assert!(seq <= PIECES, "a body has at most {PIECES} pieces");
    (body.row() << 16) + seq.cast_signed()
}

/// The first 48 bits: a small index in which other digests are met by the rarest chance.
pub(crate) fn head(digest: &Digest) -> i64 {
    digest.as_bytes()[..6]
        .iter()
        .fold(0, |head, octet| head << 8 | i64::from(*octet))
}

fn refs(placements: usize) -> i64 {
    i64::try_from(placements).unwrap_or(i64::MAX)
}

fn read_piece<'a>(
    body: &'a Body,
    piece: Range<u64>,
    buffer: &'a mut Vec<u8>,
) -> Result<&'a [u8], StoreError> {
    const DOING: &str = "read a body from the spool";
    let len = usize::try_from(piece.end - piece.start).unwrap_or(usize::MAX);
    match body {
        Body::Memory(octets) => {
            let start = usize::try_from(piece.start).unwrap_or(usize::MAX);
            let octets = octets.get(start..).and_then(|rest| rest.get(..len));
            octets
                .ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))
                .doing(DOING)
        }
        Body::Spooled { file, .. } => {
            buffer.resize(len, 0);
            file.read_exact_at(buffer, piece.start).doing(DOING)?;
            Ok(buffer)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(header: u64, size: u64) -> Layout {
        Layout::new(Octets::new(header), Octets::new(size))
    }

    #[test]
    fn pieces_cover_a_body_without_gap_and_keep_the_header_apart() {
        for (header, size, pieces) in [
            (0, 0, 0),
            (0, 1, 1),
            (1, 1, 1),
            (9, 1, 1),
            (1, 2, 2),
            (PIECE, PIECE, 1),
            (0, PIECE, 1),
            (0, PIECE + 1, 2),
            (PIECE + 1, PIECE + 2, 3),
            (700, 10 * PIECE, 11),
        ] {
            let layout = layout(header, size);
            assert_eq!(layout.pieces(), pieces, "{header} of {size}");
            let mut end = 0;
            for seq in 0..pieces {
                let piece = layout.piece(seq);
                assert_eq!(piece.start, end, "{header} of {size}, piece {seq}");
                assert!(piece.end > piece.start && piece.end - piece.start <= PIECE);
                assert!(piece.end <= header.min(size) || piece.start >= header.min(size));
                end = piece.end;
            }
            assert_eq!(end, size);
        }
    }

    #[test]
    fn one_answer_holds_the_pieces_that_fit_it() {
        assert_eq!(layout(700, 4096).run_of_pieces(0, PIECE), 0..2);
        assert_eq!(layout(700, 10 * PIECE).run_of_pieces(0, PIECE), 0..1);
        assert_eq!(layout(0, 9 * PIECE).run_of_pieces(0, SLICE), 0..4);
        assert_eq!(layout(0, 9 * PIECE).run_of_pieces(8, SLICE), 8..9);
    }

    #[test]
    fn free_bodies_are_found_without_a_look_at_the_others() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("migrations/0001_schema.sql"))
            .unwrap();
        // Of 1,000 bodies 3 are free, one of them not for long, and one is not finished.
        conn.execute_batch(
            "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 1000)
             INSERT INTO body(id, size, header_size, refs, freed_at, digest)
                 SELECT id, 0, 0, id NOT IN (900, 910, 920, 930),
                     CASE id WHEN 900 THEN 20 WHEN 910 THEN 10 WHEN 920 THEN 30 END, x'' FROM n",
        )
        .unwrap();
        for (which, expected) in [
            (Unreferenced::Unfinished, vec![930]),
            (
                Unreferenced::FreedBefore(Timestamp::from_millis(30)),
                vec![910, 900],
            ),
        ] {
            let mut found = Vec::new();
            let mut behind = None;
            while let Some(loose) = unreferenced(&conn, which, behind).unwrap() {
                found.push(loose.id.row());
                behind = Some(loose);
            }
            assert_eq!(found, expected, "{which:?}");
        }
        for statement in [FIND_UNFINISHED, FIND_FREED] {
            let select = conn.prepare_cached(statement).unwrap();
            let steps = select.get_status(rusqlite::StatementStatus::VmStep);
            assert!((1..200).contains(&steps), "{steps} steps: {statement}");
        }
    }

    #[test]
    fn bodies_freed_at_once_are_found_one_after_the_other() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("migrations/0001_schema.sql"))
            .unwrap();
        conn.execute_batch(
            "INSERT INTO body(id, size, header_size, refs, freed_at, digest)
                 VALUES (1, 0, 0, 0, 7, x''), (2, 0, 0, 0, 0, x''), (3, 0, 0, 0, 7, x'')",
        )
        .unwrap();
        let which = Unreferenced::FreedBefore(Timestamp::from_millis(8));
        let next = |behind| unreferenced(&conn, which, behind).unwrap();
        let found = std::iter::successors(next(None), |behind| next(Some(*behind)));
        let found: Vec<_> = found.map(|loose| loose.id.row()).collect();
        assert_eq!(found, [2, 1, 3]);
    }
}
