//! One search, from its beginning to the end of a page.
//!
//! Messages are judged one by one, the newest first, until the page is full or the time is up. What
//! a message says is read from the index, and where that does not have all of it, from the message.
//! Which messages are judged at all depends on what is cheaper: a common word fills the page from
//! the newest few hundred; a rare one is asked of the index, and the few that may have it are looked
//! up; of very many the folders are walked through, past those that cannot have it.
//! Every statement is a read transaction of its own. Start at [`Looking::page`].

use std::sync::Arc;
use std::time::Instant;

use inhaul_types::{AccountId, MessageId, Timestamp};
use rusqlite::{Connection, OptionalExtension};

use super::conditions::{Light, Rows, Word};
use super::file::{self, State};
use super::indexer::{CLAIMS, NEWEST};
use super::texts::{self, Bodies, Column, Read, Source, Taker};
use super::walk::{At, Reads, Walk};
use crate::search::{More, SearchFor, SearchPage};
use crate::sqlite::errors::Doing;
use crate::sqlite::messages;
use crate::sqlite::readers::BodiesInUse;
use crate::sqlite::segments::SegmentFiles;
use crate::{Message, StoreError};

/// The newest messages that are judged before the index is asked.
const TRIED: usize = 200;
/// Messages that are looked up one by one; for more, the folders are walked through.
const LOOKED_UP: usize = 10_000;
/// Messages that came since the index was brought up to date and are judged one by one.
const NEW_MOST: usize = 2_000;

const DOING: &str = "search mail";

/// Messages of an account that have what is asked.
const HAVE: &str = "SELECT rowid FROM words WHERE words MATCH ?1 AND rowid BETWEEN ?2 AND ?3";
/// Those that have more text than the index.
const CUT: &str = "SELECT id FROM doc WHERE cut = 1 AND id BETWEEN ?1 AND ?2";

/// What a search reads.
pub(super) struct Sight<'a> {
    pub(super) main: &'a Connection,
    /// The index, as long as it can be read.
    pub(super) index: Option<&'a Connection>,
    pub(super) files: &'a SegmentFiles,
    pub(super) in_use: &'a Arc<BodiesInUse>,
    pub(super) instance: &'a str,
    pub(super) boot: &'a str,
}

/// A search under way.
pub(super) struct Looking<'a> {
    sight: Sight<'a>,
    account: AccountId,
    rows: Rows,
    words: Vec<Word>,
    /// Columns of the index that a word may be in.
    needs_text: bool,
    most: usize,
    deadline: Instant,
    found: Vec<Message>,
    /// How far it has come.
    behind: Option<At>,
    judged: usize,
    /// Why the index was not read any more.
    pub(super) fault: Option<rusqlite::Error>,
}

/// What may have the words.
enum Candidates {
    /// These, sorted by number, and what the index does not cover.
    Some { ids: Vec<u32>, state: State },
    /// Any.
    Any,
}

/// Whether a search goes on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Go {
    /// So far nothing ended it.
    On,
    /// There is nothing left to judge.
    End,
    /// The page is full.
    Full,
    /// The time is up.
    Late,
}

impl<'a> Looking<'a> {
    pub(super) fn new(
        sight: Sight<'a>,
        account: AccountId,
        wanted: &SearchFor,
    ) -> Result<Self, StoreError> {
        let rows = Rows::new(sight.main, account, &wanted.query, wanted.folder)?;
        let words = Word::of(&wanted.query);
        let before = wanted.before.map(|(at, id)| (at.millis(), id.row()));
        // Every number is larger than this one.
        let until = (rows.until < i64::MAX).then_some((rows.until, 0));
        let behind = match (before, until) {
            (Some(before), Some(until)) => Some(before.min(until)),
            (before, until) => before.or(until),
        };
        Ok(Self {
            needs_text: words.iter().any(|word| Column::Text.is_in(word.place)),
            sight,
            account,
            rows,
            words,
            most: wanted.most as usize,
            deadline: Instant::now() + wanted.patience,
            found: Vec::new(),
            behind,
            judged: 0,
            fault: None,
        })
    }

    /// One page.
    pub(super) fn page(&mut self) -> Result<SearchPage, StoreError> {
        let end = match self.look()? {
            Go::Late => match self.behind {
                Some((moment, id)) => {
                    More::Unfinished(Timestamp::from_millis(moment), MessageId::new(id))
                }
                None => More::End,
            },
            Go::On | Go::End | Go::Full => More::End,
        };
        let mut messages = std::mem::take(&mut self.found);
        let is_more = messages.len() > self.most;
        messages.truncate(self.most);
        Ok(SearchPage {
            messages,
            more: if is_more { More::Page } else { end },
        })
    }

    fn look(&mut self) -> Result<Go, StoreError> {
        if self.rows.folders.is_empty() {
            return Ok(Go::End);
        }
        let asked: Vec<String> = self.words.iter().filter_map(Word::asked).collect();
        if asked.is_empty() || self.sight.index.is_none() {
            return self.walk(&Candidates::Any, usize::MAX);
        }
        let tried = self.walk(&Candidates::Any, TRIED)?;
        if tried != Go::On {
            return Ok(tried);
        }
        let candidates = self.candidates(&asked.join(" AND "))?;
        match self.few(&candidates)? {
            Some(few) => self.judge_each(few),
            None => self.walk(&candidates, usize::MAX),
        }
    }

    /// Judges what is left of the folders, at most so many.
    fn walk(&mut self, candidates: &Candidates, most: usize) -> Result<Go, StoreError> {
        let (shown, since) = (self.rows.shown(), self.rows.since);
        let reads = match candidates {
            Candidates::Some { .. } => Reads::Index,
            Candidates::Any => Reads::Rows,
        };
        let mut walk = Walk::new(&self.rows.folders, (shown, reads), self.behind, since);
        for passed in 0..most {
            let Some(next) = walk.next(self.sight.main)? else {
                return Ok(Go::End);
            };
            let is_out = next.row.is_some_and(|row| !self.rows.admit(&row));
            if is_out || !candidates.may_be(next.at.1) {
                // Looking at the time costs more than this.
                if passed % 1024 == 1023 && self.is_late() {
                    return Ok(Go::Late);
                }
                self.behind = Some(next.at);
                continue;
            }
            match self.judge(next.at)? {
                Go::On => {}
                other => return Ok(other),
            }
        }
        Ok(Go::On)
    }

    /// Judges these, whose order is that of the folders.
    fn judge_each(&mut self, few: Vec<At>) -> Result<Go, StoreError> {
        for at in few {
            match self.judge(at)? {
                Go::On => {}
                other => return Ok(other),
            }
        }
        Ok(Go::On)
    }

    /// What may have the words, asked of the index.
    fn candidates(&mut self, asked: &str) -> Result<Candidates, StoreError> {
        let claims: i64 = number(self.sight.main, CLAIMS)?;
        let (Some(first), Some(last)) = (
            file::key(self.account, MessageId::new(0)),
            file::key(self.account, MessageId::new(u32::MAX.into())),
        ) else {
            return Ok(Candidates::Any);
        };
        let (instance, boot) = (self.sight.instance, self.sight.boot);
        let found = self.ask(|index| {
            // One moment for all of it.
            let txn = index.unchecked_transaction()?;
            let Some(state) = State::read(&txn, instance, boot)? else {
                return Ok(None);
            };
            let mut ids = Vec::new();
            let mut add = |sql: &str, key: &[&dyn rusqlite::ToSql]| -> rusqlite::Result<()> {
                let mut select = txn.prepare_cached(sql)?;
                let mut rows = select.query(key)?;
                while let Some(row) = rows.next()? {
                    let id = file::message_at(row.get(0)?);
                    ids.extend(u32::try_from(id).ok());
                }
                Ok(())
            };
            add(HAVE, &[&asked, &first, &last])?;
            add(CUT, &[&first, &last])?;
            ids.sort_unstable();
            ids.dedup();
            Ok(Some((ids, state)))
        });
        Ok(match found.flatten() {
            // Of messages that changed hands the index does not know yet.
            Some((ids, state)) if state.claims == claims => Candidates::Some { ids, state },
            _ => Candidates::Any,
        })
    }

    /// The candidates in the order of the folders, if they are few enough to be looked up.
    fn few(&self, candidates: &Candidates) -> Result<Option<Vec<At>>, StoreError> {
        let Candidates::Some { ids, state } = candidates else {
            return Ok(None);
        };
        let newest: i64 = number(self.sight.main, NEWEST)?;
        if state.low > 0 || newest - state.high > NEW_MOST as i64 || ids.len() > LOOKED_UP {
            return Ok(None);
        }
        let new: Vec<i64> = self
            .sight
            .main
            .prepare_cached("SELECT id FROM message WHERE id > ?1 ORDER BY id LIMIT ?2")
            .and_then(|mut select| {
                let most = NEW_MOST as i64 + 1;
                select
                    .query_map([state.high, most], |row| row.get(0))?
                    .collect()
            })
            .doing(DOING)?;
        if new.len() > NEW_MOST {
            return Ok(None);
        }
        let mut few = Vec::new();
        for id in ids.iter().map(|id| i64::from(*id)).chain(new) {
            let row = Light::find(self.sight.main, id)?;
            if let Some(row) = row.filter(|row| self.rows.admit(row))
                && self.behind.is_none_or(|behind| row.at < behind)
            {
                few.push(row.at);
            }
        }
        few.sort_unstable_by(|one, other| other.cmp(one));
        few.dedup();
        Ok(Some(few))
    }

    /// Takes a message into the page if it is as wanted.
    fn judge(&mut self, at: At) -> Result<Go, StoreError> {
        let id = at.1;
        // The first one is judged whatever it takes, or nobody would ever get past it.
        let may_stop = self.judged > 0;
        if may_stop && self.is_late() {
            return Ok(Go::Late);
        }
        let row = Light::find(self.sight.main, id)?;
        let has_words = match row.filter(|row| self.rows.admit(row)) {
            None => Some(false),
            Some(_) if self.words.is_empty() => Some(true),
            Some(_) => match self.in_index(id) {
                Some(known) => Some(known),
                None => self.in_message(id, may_stop)?,
            },
        };
        let Some(has_words) = has_words else {
            return Ok(Go::Late);
        };
        if has_words {
            match messages::by_id(self.sight.main, MessageId::new(id)) {
                Ok(message) if message.account == self.account => self.found.push(message),
                // It went meanwhile.
                Ok(_) | Err(StoreError::Missing { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        self.judged += 1;
        if self.found.len() > self.most {
            return Ok(Go::Full);
        }
        self.behind = Some(at);
        Ok(Go::On)
    }

    /// Whether a message has the words, as far as the index knows.
    fn in_index(&mut self, message: i64) -> Option<bool> {
        let key = file::key(self.account, MessageId::new(message))?;
        // The text comes last, and often lies elsewhere.
        let sql = match self.needs_text {
            true => "SELECT cut, sender, recipient, copy, subject, text FROM doc WHERE id = ?1",
            false => "SELECT cut, sender, recipient, copy, subject FROM doc WHERE id = ?1",
        };
        let columns = &Column::ALL[..if self.needs_text { 5 } else { 4 }];
        let words = std::mem::take(&mut self.words);
        let found = self.ask(|index| {
            index
                .prepare_cached(sql)?
                .query_row([key], |row| {
                    let is_cut: bool = row.get(0)?;
                    let mut has = vec![false; words.len()];
                    for (number, column) in columns.iter().enumerate() {
                        let folded = row.get_ref(number + 1)?.as_str()?;
                        for (word, has) in words.iter().zip(&mut has) {
                            *has |= word.is_in(*column, folded);
                        }
                    }
                    let wrong = |(word, has): (&Word, &bool)| word.negated == *has;
                    Ok(match is_cut {
                        false => Some(!words.iter().zip(&has).any(wrong)),
                        // What is behind the cut may have what is missing, and nothing is taken away.
                        true if words
                            .iter()
                            .zip(&has)
                            .any(|(word, has)| word.negated && *has) =>
                        {
                            Some(false)
                        }
                        true if words
                            .iter()
                            .zip(&has)
                            .all(|(word, has)| !word.negated && *has) =>
                        {
                            Some(true)
                        }
                        true => None,
                    })
                })
                .optional()
        });
        self.words = words;
        found.flatten().flatten()
    }

    /// Whether the message itself has the words; `None` if the time was up.
    fn in_message(&self, message: i64, may_stop: bool) -> Result<Option<bool>, StoreError> {
        let Some(source) = Source::find(self.sight.main, message)? else {
            return Ok(Some(false));
        };
        let mut seeking = Seeking::new(&self.words, may_stop.then_some(self.deadline));
        let bodies = Bodies {
            conn: self.sight.main,
            files: self.sight.files,
            in_use: self.sight.in_use,
        };
        Ok(match texts::read(&bodies, &source, &mut seeking)? {
            Read::Enough => Some(seeking.is_found()),
            Read::Late => None,
        })
    }

    /// Asks the index; what it cannot say is read elsewhere.
    fn ask<T>(&mut self, ask: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Option<T> {
        match ask(self.sight.index?) {
            Ok(answer) => Some(answer),
            Err(error) => {
                tracing::warn!(%error, "the search index cannot be read; messages are read instead");
                (self.sight.index, self.fault) = (None, Some(error));
                None
            }
        }
    }

    fn is_late(&self) -> bool {
        Instant::now() >= self.deadline
    }
}

impl Candidates {
    fn may_be(&self, message: i64) -> bool {
        match self {
            Self::Any => true,
            Self::Some { ids, state } => {
                !state.covers(message)
                    || u32::try_from(message).is_ok_and(|id| ids.binary_search(&id).is_ok())
            }
        }
    }
}

fn number(conn: &Connection, sql: &str) -> Result<i64, StoreError> {
    conn.prepare_cached(sql)
        .and_then(|mut select| select.query_row([], |row| row.get(0)))
        .doing(DOING)
}

/// Looks for words in texts that come in pieces.
struct Seeking<'w> {
    words: &'w [Word],
    has: Vec<bool>,
    columns: [inhaul_domain::search::Folding; 5],
    /// Octets of the longest word.
    longest: usize,
    deadline: Option<Instant>,
}

impl<'w> Seeking<'w> {
    fn new(words: &'w [Word], deadline: Option<Instant>) -> Self {
        Self {
            words,
            has: vec![false; words.len()],
            columns: Default::default(),
            longest: words.iter().map(|word| word.text.len()).max().unwrap_or(0),
            deadline,
        }
    }

    fn is_found(&self) -> bool {
        let mut words = self.words.iter().zip(&self.has);
        words.all(|(word, has)| word.negated != *has)
    }

    /// Whether nothing that comes can change it.
    fn is_certain(&self) -> bool {
        let mut words = self.words.iter().zip(&self.has);
        let is_out = words.clone().any(|(word, has)| word.negated && *has);
        is_out || words.all(|(word, has)| !word.negated && *has)
    }
}

impl Taker for Seeking<'_> {
    fn take(&mut self, column: Column, piece: &str) -> bool {
        let folding = &mut self.columns[column as usize];
        folding.push(piece);
        for (word, has) in self.words.iter().zip(&mut self.has) {
            *has = *has || word.is_in(column, folding.folded());
        }
        // A word may begin at the end of this piece.
        folding.keep_last(self.longest);
        !self.is_certain()
    }

    fn end(&mut self, column: Column) {
        self.columns[column as usize].separate();
    }

    fn is_late(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
    }
}
