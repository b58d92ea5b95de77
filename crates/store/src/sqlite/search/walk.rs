//! Walks through some folders at once, the newest message first, along the index by date.

use std::collections::VecDeque;

use inhaul_types::{FolderId, MessageId, Timestamp};
use rusqlite::Connection;

use crate::sqlite::views::newest;
use crate::{Shown, StoreError};

/// Messages of a folder that are read at first, and at most, in one go.
const FIRST: u32 = 64;
const MOST: u32 = 2048;

/// When a message came, and its number.
pub(super) type At = (i64, i64);

/// The walk.
pub(super) struct Walk {
    folders: Vec<Folder>,
    shown: Shown,
    /// None is wanted that came before.
    since: i64,
}

struct Folder {
    id: i64,
    /// The last one that was read.
    behind: Option<At>,
    read: VecDeque<At>,
    /// How many are read next.
    next: u32,
    ended: bool,
}

impl Walk {
    /// Begins behind `before`.
    pub(super) fn new(folders: &[i64], shown: Shown, before: Option<At>, since: i64) -> Self {
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
            since,
        }
    }

    /// The next message of all folders.
    pub(super) fn next(&mut self, conn: &Connection) -> Result<Option<At>, StoreError> {
        let (shown, since) = (self.shown, self.since);
        let mut newest: Option<(usize, At)> = None;
        for (number, folder) in self.folders.iter_mut().enumerate() {
            if let Some(at) = folder.peek(conn, shown, since)?
                && newest.is_none_or(|(_, newest)| at > newest)
            {
                newest = Some((number, at));
            }
        }
        Ok(newest.map(|(number, at)| {
            self.folders[number].read.pop_front();
            at
        }))
    }
}

impl Folder {
    fn peek(
        &mut self,
        conn: &Connection,
        shown: Shown,
        since: i64,
    ) -> Result<Option<At>, StoreError> {
        if self.read.is_empty() && !self.ended {
            let (id, place) = (FolderId::new(self.id), |(at, id)| {
                (Timestamp::from_millis(at), MessageId::new(id))
            });
            let read = newest::places(conn, id, shown, self.behind.map(place), self.next)?;
            let read: VecDeque<At> = read
                .into_iter()
                .map(|(at, id)| (at.millis(), id.row()))
                .collect();
            self.ended = read.len() < self.next as usize;
            self.behind = read.back().copied().or(self.behind);
            self.next = (self.next * 2).min(MOST);
            self.read = read;
            let wanted = self.read.partition_point(|(moment, _)| *moment >= since);
            self.ended |= wanted < self.read.len();
            self.read.truncate(wanted);
        }
        Ok(self.read.front().copied())
    }
}
