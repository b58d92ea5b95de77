//! Walks through some folders at once, the newest message first, along the index by date.
//!
//! Where rows say which messages are wanted, they are read with it, some at a time; where a list of
//! numbers says so, the index is enough.

use std::collections::VecDeque;

use inhaul_types::{FolderId, MessageId, Timestamp};
use rusqlite::{Connection, Row};

use super::conditions::Light;
use crate::sqlite::views::newest;
use crate::{Shown, StoreError};

/// Messages of a folder that are read at first, and at most, in one go.
const FIRST: u32 = 64;
const MOST: u32 = 2048;

/// When a message came, and its number.
pub(super) type At = (i64, i64);

/// A message on the way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passed {
    pub(super) at: At,
    /// Its row, if rows are read.
    pub(super) row: Option<Light>,
}

/// What is read on the way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Reads {
    /// The index.
    Index,
    /// Rows, too.
    Rows,
}

/// The walk.
pub(super) struct Walk {
    folders: Vec<Folder>,
    shown: Shown,
    reads: Reads,
    /// None is wanted that came before.
    since: i64,
}

struct Folder {
    id: i64,
    /// The last one that was read.
    behind: Option<At>,
    read: VecDeque<Passed>,
    /// How many are read next.
    next: u32,
    ended: bool,
}

impl Walk {
    /// Begins behind `before`.
    pub(super) fn new(
        folders: &[i64],
        (shown, reads): (Shown, Reads),
        before: Option<At>,
        since: i64,
    ) -> Self {
        let folder = |id: &i64| Folder {
            id: *id,
            behind: before,
            read: VecDeque::new(),
            next: FIRST,
            ended: false,
        };
        Self {
            folders: folders.iter().map(folder).collect(),
            shown,
            reads,
            since,
        }
    }

    /// The next message of all folders.
    pub(super) fn next(&mut self, conn: &Connection) -> Result<Option<Passed>, StoreError> {
        let (shown, since) = ((self.shown, self.reads), self.since);
        let mut newest: Option<(usize, Passed)> = None;
        for (number, folder) in self.folders.iter_mut().enumerate() {
            if let Some(next) = folder.peek(conn, shown, since)?
                && newest.is_none_or(|(_, newest)| next.at > newest.at)
            {
                newest = Some((number, next));
            }
        }
        Ok(newest.map(|(number, next)| {
            self.folders[number].read.pop_front();
            next
        }))
    }
}

impl Folder {
    fn peek(
        &mut self,
        conn: &Connection,
        (shown, reads): (Shown, Reads),
        since: i64,
    ) -> Result<Option<Passed>, StoreError> {
        if self.read.is_empty() && !self.ended {
            let (columns, read): (_, fn(&Row<'_>) -> _) = match reads {
                Reads::Index => ("m.internal_date, m.id", place),
                Reads::Rows => (Light::COLUMNS, row),
            };
            let (id, most) = (FolderId::new(self.id), self.next);
            let behind = self
                .behind
                .map(|(at, id)| (Timestamp::from_millis(at), MessageId::new(id)));
            let read = newest::columns(conn, columns, read, (id, shown), behind, most)?;
            self.ended = read.len() < self.next as usize;
            self.behind = read.last().map(|last| last.at).or(self.behind);
            self.next = (self.next * 2).min(MOST);
            self.read = read.into();
            let wanted = self.read.partition_point(|passed| passed.at.0 >= since);
            self.ended |= wanted < self.read.len();
            self.read.truncate(wanted);
        }
        Ok(self.read.front().copied())
    }
}

fn place(row: &Row<'_>) -> rusqlite::Result<Passed> {
    let at = (row.get(0)?, row.get(1)?);
    Ok(Passed { at, row: None })
}

fn row(row: &Row<'_>) -> rusqlite::Result<Passed> {
    let row = Light::from_row(row)?;
    Ok(Passed {
        at: row.at,
        row: Some(row),
    })
}
