//! What of a message is searched: four fields of its header, and the texts that a person reads.
//!
//! Everything passes in pieces, so no message is too large. Start at [`read`].

use std::sync::Arc;

use inhaul_domain::search::{Folding, Place};
use inhaul_message::{HEADER_MOST, HeaderBlock, Prefer, Scanner, TextPieces, whole_field};
use rusqlite::{Connection, OptionalExtension, Row};

use super::grams::Grams;
use crate::StoreError;
use crate::sqlite::errors::Doing;
use crate::sqlite::messages::Reading;
use crate::sqlite::readers::{BodiesInUse, BodyInUse};
use crate::sqlite::segments::SegmentFiles;

/// Octets of text of one message that are kept in the index.
pub(super) const TEXT_MOST: usize = 64 << 10;
/// Octets of each of its fields.
const FIELD_MOST: usize = 16 << 10;
/// Octets behind those that are looked at, so that it is known what is not there.
const MORE_MOST: usize = 1 << 20;
/// Octets of two characters: a third one makes three of them.
const KEPT_BEHIND: usize = 8;
/// A message up to this size is read once; of a larger one the parts are found first.
const KEPT: usize = 1 << 20;

/// Where in a message a text stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Column {
    From,
    To,
    Cc,
    Subject,
    Text,
}

impl Column {
    pub(super) const ALL: [Self; 5] = [Self::From, Self::To, Self::Cc, Self::Subject, Self::Text];

    /// Its name in the index.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::From => "sender",
            Self::To => "recipient",
            Self::Cc => "copy",
            Self::Subject => "subject",
            Self::Text => "text",
        }
    }

    /// Whether who looks in `place` looks here.
    pub(super) fn is_in(self, place: Place) -> bool {
        match place {
            Place::Anywhere => true,
            Place::From => self == Self::From,
            Place::To => self == Self::To,
            Place::Cc => self == Self::Cc,
            Place::Subject => self == Self::Subject,
        }
    }
}

/// Takes the texts of a message as they come.
pub(super) trait Taker {
    /// A piece of a text. Says whether more is wanted.
    fn take(&mut self, column: Column, piece: &str) -> bool;
    /// A text has ended; the next one in this column is another.
    fn end(&mut self, column: Column);
    /// Whether to stop at once.
    fn is_late(&self) -> bool {
        false
    }
}

/// How far a message was read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Read {
    /// To its end, or as far as was wanted.
    Enough,
    /// The time was up.
    Late,
}

/// A message whose texts are to be read.
pub(super) struct Source {
    /// The account in whose folder it is.
    pub(super) account: i64,
    reading: Reading,
    /// What lists show.
    sender: String,
    subject: String,
}

/// To be followed by WHERE; read by [`Source::from_row`].
pub(super) const SOURCE: &str = "
    SELECT b.id, b.header_size, b.size, b.digest, m.id, f.account_id, m.sender, m.subject
    FROM message m JOIN body b ON b.id = m.body_id JOIN folder f ON f.id = m.folder_id";

impl Source {
    /// With the number of the message.
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<(i64, Self)> {
        let source = Self {
            reading: Reading::from_row(row)?,
            account: row.get(5)?,
            sender: row.get(6)?,
            subject: row.get(7)?,
        };
        Ok((row.get(4)?, source))
    }

    /// Of the message of this number, if there is one.
    pub(super) fn find(conn: &Connection, message: i64) -> Result<Option<Self>, StoreError> {
        let found = conn
            .prepare_cached(&format!("{SOURCE} WHERE m.id = ?1"))
            .and_then(|mut select| select.query_row([message], Self::from_row).optional())
            .doing("find a message")?;
        Ok(found.map(|(_, source)| source))
    }
}

/// Reads all texts of a message. Of one whose octets do not read back: what lists show of it.
pub(super) fn read(
    bodies: &Bodies<'_>,
    source: &Source,
    taker: &mut dyn Taker,
) -> Result<Read, StoreError> {
    for (column, shown) in [
        (Column::From, &source.sender),
        (Column::Subject, &source.subject),
    ] {
        let more = taker.take(column, shown);
        taker.end(column);
        if !more {
            return Ok(Read::Enough);
        }
    }
    match read_body(bodies, &source.reading, taker) {
        Err(error @ StoreError::Damaged(_)) => {
            tracing::debug!(%error, "a message is searched by what lists show of it");
            Ok(Read::Enough)
        }
        read => read,
    }
}

/// Where octets of messages are. Each piece is a read transaction of its own.
pub(super) struct Bodies<'a> {
    pub(super) conn: &'a Connection,
    pub(super) files: &'a SegmentFiles,
    pub(super) in_use: &'a Arc<BodiesInUse>,
}

impl Bodies<'_> {
    fn hold(&self, reading: &Reading) -> BodyInUse {
        self.in_use.hold(reading.body())
    }
}

fn read_body(
    bodies: &Bodies<'_>,
    reading: &Reading,
    taker: &mut dyn Taker,
) -> Result<Read, StoreError> {
    let _hold = bodies.hold(reading);
    let (mut scanner, mut top, mut is_whole) = (Scanner::new(), Vec::new(), true);
    let mut pieces = reading.clone();
    while !pieces.is_at_end() {
        if taker.is_late() {
            return Ok(Read::Late);
        }
        let piece = pieces.next(bodies.conn, bodies.files)?;
        scanner.push(&piece);
        let room = KEPT.saturating_sub(top.len());
        top.extend_from_slice(&piece[..piece.len().min(room)]);
        is_whole &= piece.len() <= room;
    }
    let structure = scanner.finish();
    let message = structure.part(0);
    let header = message.map_or(0, |message| place(message.header.end));
    let header = HeaderBlock::new(&top[..header.min(top.len()).min(HEADER_MOST)]);
    let charset = message.and_then(|message| message.described.parameter("charset"));
    for (column, name) in [
        (Column::From, "from"),
        (Column::To, "to"),
        (Column::Cc, "cc"),
        (Column::Subject, "subject"),
    ] {
        let more = taker.take(column, &whole_field(&header, name, charset));
        taker.end(column);
        if !more {
            return Ok(Read::Enough);
        }
    }
    let read = structure.reading(Prefer::Formatted).texts.into_iter();
    let mut parts: Vec<_> = read.filter_map(|part| structure.part(part)).collect();
    parts.sort_by_key(|part| part.body.start);
    // Where the octets come from: what is kept, or the message once more.
    let mut again = (!is_whole).then(|| reading.clone());
    let (mut piece, mut begins) = (top, 0_u64);
    for part in parts {
        let mut text = TextPieces::new(&part.described);
        let mut at = part.body.start;
        while at < part.body.end {
            if at >= begins + piece.len() as u64 {
                let Some(again) = again.as_mut().filter(|again| !again.is_at_end()) else {
                    break;
                };
                if taker.is_late() {
                    return Ok(Read::Late);
                }
                begins = again.at();
                piece = again.next(bodies.conn, bodies.files)?;
                continue;
            }
            let from = place(at - begins);
            let to = place(part.body.end - begins).min(piece.len());
            at = begins + to as u64;
            if let Some(stretch) = text.push(&piece[from..to])
                && !taker.take(Column::Text, &stretch)
            {
                return Ok(Read::Enough);
            }
        }
        let more = taker.take(Column::Text, &text.finish());
        taker.end(Column::Text);
        if !more {
            return Ok(Read::Enough);
        }
    }
    Ok(Read::Enough)
}

fn place(octet: u64) -> usize {
    usize::try_from(octet).unwrap_or(usize::MAX)
}

/// The texts of a message as the index has them.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    columns: [Folding; 5],
    /// The end of what came behind a column that is full.
    behind: [Option<Folding>; 5],
    /// Of what came behind columns.
    grams: Grams,
    /// Octets of that.
    more: usize,
    /// There is more than the columns have.
    pub(super) cut: bool,
}

impl Gathered {
    pub(super) fn column(&self, column: Column) -> &str {
        self.columns[column as usize].folded()
    }

    /// Octets of all of them.
    pub(super) fn octets(&self) -> usize {
        self.columns
            .iter()
            .map(|column| column.folded().len())
            .sum()
    }

    /// What is known of all that the message says; `None` if it was too much.
    pub(super) fn grams(&self) -> Option<Vec<u8>> {
        if self.is_too_much() {
            return None;
        }
        let mut grams = self.grams.clone();
        for column in &self.columns {
            grams.add(column.folded());
        }
        grams.into_octets()
    }

    fn is_too_much(&self) -> bool {
        self.more > MORE_MOST
    }
}

impl Taker for Gathered {
    fn take(&mut self, column: Column, piece: &str) -> bool {
        let most = match column {
            Column::Text => TEXT_MOST,
            _ => FIELD_MOST,
        };
        let (folding, behind) = (
            &mut self.columns[column as usize],
            &mut self.behind[column as usize],
        );
        let mut rest = piece;
        if behind.is_none() {
            rest = folding.push_up_to(piece, most);
            if rest.is_empty() {
                return true;
            }
            self.cut = true;
        }
        // It goes on where the column ended.
        let behind = behind.get_or_insert_with(|| folding.clone());
        behind.keep_last(KEPT_BEHIND);
        behind.push(rest);
        self.grams.add(behind.folded());
        self.more += rest.len();
        // What is behind the text is text.
        column != Column::Text || !self.is_too_much()
    }

    fn end(&mut self, column: Column) {
        let nth = column as usize;
        self.behind[nth]
            .as_mut()
            .unwrap_or(&mut self.columns[nth])
            .separate();
    }
}
