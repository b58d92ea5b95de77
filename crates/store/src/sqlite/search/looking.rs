//! One search, from its beginning to the end of a page.
//!
//! Messages are judged one by one, the newest first, until the page is full or the time is up. What
//! a message says is read from the index, and where that does not have all of it, from the message.
//! Which messages are judged at all depends on what is cheaper: a common word fills the page from
//! the newest few hundred; a rare one is asked of the index, and the few that may have it are looked
//! up; of very many the folders are walked through, past those that cannot have it. Where that does
//! not fill the page soon, all that the index has of the account is read in the order in which it
//! lies, which is ten times as fast as in the order of the folders.
//! Every statement is a read transaction of its own. Start at [`Looking::page`].

use std::sync::Arc;
use std::time::Instant;

use inhaul_types::{AccountId, MessageId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row};

use super::candidates::{Candidates, ids_of};
use super::conditions::{Light, Rows, Word};
use super::file::{self, State};
use super::grams;
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
/// Those that are judged before the index is read through.
const WALKED: usize = 2_000;
/// Messages that are looked up one by one; for more, the folders are walked through.
const LOOKED_UP: usize = 10_000;
/// Messages that came since the index was brought up to date and are judged one by one.
const NEW_MOST: usize = 2_000;

const DOING: &str = "search mail";

/// What is known of a text that is longer than the index has it.
const GRAMS: &str = "SELECT grams FROM longer WHERE id = ?1";
/// What the index has of all of an account's messages, and of one.
const ALL: &str = "
    SELECT id, cut, sender, recipient, copy, subject, text FROM doc WHERE id BETWEEN ?1 AND ?2";
const ONE: &str = "SELECT cut, sender, recipient, copy, subject, text FROM doc WHERE id = ?1";
const ONE_BRIEFLY: &str = "SELECT cut, sender, recipient, copy, subject FROM doc WHERE id = ?1";

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
        if let Some(large) = self.rows.large(self.sight.main, LOOKED_UP)? {
            return self.judge_large(&large);
        }
        if self.words.is_empty() || self.sight.index.is_none() {
            return self.walk(&Candidates::Any, usize::MAX);
        }
        let tried = self.walk(&Candidates::Any, TRIED)?;
        if tried != Go::On {
            return Ok(tried);
        }
        let candidates = self.candidates()?;
        if let Some(few) = self.few(&candidates)? {
            return self.judge_each(few);
        }
        // Where any may have the words, those that come are as those that came.
        let is_hopeless = matches!(candidates, Candidates::Any)
            && self.found.len() * (WALKED / TRIED) < self.most;
        if !is_hopeless {
            let walked = self.walk(&candidates, WALKED)?;
            if walked != Go::On {
                return Ok(walked);
            }
        }
        let candidates = self.seen(candidates)?;
        match self.few(&candidates)? {
            Some(few) => self.judge_each(few),
            None => self.walk(&candidates, usize::MAX),
        }
    }

    /// Goes on through the folders until so many more are judged.
    fn walk(&mut self, candidates: &Candidates, most: usize) -> Result<Go, StoreError> {
        let (shown, since) = (self.rows.shown(), self.rows.since);
        let reads = match candidates {
            Candidates::Some { .. } => Reads::Index,
            Candidates::Any => Reads::Rows,
        };
        let mut walk = Walk::new(&self.rows.folders, (shown, reads), self.behind, since);
        let judged = self.judged.saturating_add(most);
        for passed in 0_u64.. {
            if self.judged >= judged {
                break;
            }
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

    /// Judges those of the large messages that may have the words.
    fn judge_large(&mut self, large: &[Light]) -> Result<Go, StoreError> {
        let candidates = match self.words.is_empty() || large.len() <= TRIED {
            true => Candidates::Any,
            false => self.candidates()?,
        };
        let large = large.iter().filter(|row| {
            self.behind.is_none_or(|behind| row.at < behind)
                && self.rows.admit(row)
                && candidates.may_be(row.at.1)
        });
        let mut large: Vec<At> = large.map(|row| row.at).collect();
        large.sort_unstable_by(|one, other| other.cmp(one));
        // One that was moved meanwhile is in two folders.
        large.dedup();
        self.judge_each(large)
    }

    /// Judges these, whose order is that of the folders: all that are left.
    fn judge_each(&mut self, few: Vec<At>) -> Result<Go, StoreError> {
        for at in few {
            match self.judge(at)? {
                Go::On => {}
                other => return Ok(other),
            }
        }
        Ok(Go::End)
    }

    /// What may have the words, asked of the index.
    fn candidates(&mut self) -> Result<Candidates, StoreError> {
        let Some(range) = self.range() else {
            return Ok(Candidates::Any);
        };
        let claims = number(self.sight.main, CLAIMS)?;
        let belief = self.belief(claims);
        let words = std::mem::take(&mut self.words);
        let found = self.ask(|index| {
            // One moment for all of it.
            let txn = index.unchecked_transaction()?;
            let Some(state) = belief(&txn)? else {
                return Ok(None);
            };
            let ids = ids_of(&txn, range, &words)?;
            Ok(ids.map(|ids| Candidates::Some { ids, state }))
        });
        self.words = words;
        Ok(found.flatten().unwrap_or(Candidates::Any))
    }

    /// Those of the candidates whose texts in the index do not rule them out.
    fn seen(&mut self, candidates: Candidates) -> Result<Candidates, StoreError> {
        let Some(range) = self.range() else {
            return Ok(candidates);
        };
        let claims = number(self.sight.main, CLAIMS)?;
        let (belief, deadline) = (self.belief(claims), self.deadline);
        let columns = self.columns();
        let words = std::mem::take(&mut self.words);
        let found = self.ask(|index| {
            let txn = index.unchecked_transaction()?;
            let Some(state) = belief(&txn)? else {
                return Ok(None);
            };
            let mut select = txn.prepare_cached(ALL)?;
            let mut rows = select.query([range.0, range.1])?;
            let mut ids = Vec::new();
            for passed in 1_u64.. {
                let Some(row) = rows.next()? else {
                    break;
                };
                let message = file::message_at(row.get(0)?);
                if candidates.may_be(message)
                    && has_words(row, 1, columns, &words, || Ok(None))? != Some(false)
                {
                    ids.extend(u32::try_from(message).ok());
                }
                if passed % 256 == 0 && Instant::now() >= deadline {
                    return Ok(None);
                }
            }
            Ok(Some(Candidates::Some { ids, state }))
        });
        self.words = words;
        Ok(found.flatten().unwrap_or(candidates))
    }

    /// Where the account's messages lie in the index.
    fn range(&self) -> Option<(i64, i64)> {
        let first = file::key(self.account, MessageId::new(0))?;
        let last = file::key(self.account, MessageId::new(u32::MAX.into()))?;
        Some((first, last))
    }

    /// Reads what the index says of itself; `None` where that does not go for this account: it is
    /// not this installation's, or messages changed hands and it does not know yet.
    fn belief(
        &self,
        claims: i64,
    ) -> impl Fn(&Connection) -> rusqlite::Result<Option<State>> + use<'a> {
        let (instance, boot) = (self.sight.instance, self.sight.boot);
        move |index| {
            let state = State::read(index, instance, boot)?;
            Ok(state.filter(|state| state.claims == claims))
        }
    }

    /// The columns of the index in which a word may be.
    fn columns(&self) -> &'static [Column] {
        // The text comes last, and often lies elsewhere.
        match self.needs_text {
            true => &Column::ALL,
            false => &Column::ALL[..4],
        }
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
        let columns = self.columns();
        let words = std::mem::take(&mut self.words);
        let found = self.ask(|index| {
            let known = || {
                let mut select = index.prepare_cached(GRAMS)?;
                let known = select.query_row([key], |row| row.get(0)).optional()?;
                Ok(known.flatten())
            };
            index
                .prepare_cached(if columns.len() == 5 { ONE } else { ONE_BRIEFLY })?
                .query_row([key], |row| has_words(row, 0, columns, &words, known))
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

/// Whether a row of the index, from the column `first` on, has the words; `None` if that is not
/// certain, because there is more text than this. `known`: what is known of that.
fn has_words(
    row: &Row<'_>,
    first: usize,
    columns: &[Column],
    words: &[Word],
    known: impl FnOnce() -> rusqlite::Result<Option<Vec<u8>>>,
) -> rusqlite::Result<Option<bool>> {
    let is_cut: bool = row.get(first)?;
    let mut has = vec![false; words.len()];
    for (number, column) in columns.iter().enumerate() {
        let folded = row.get_ref(first + 1 + number)?.as_str()?;
        for (word, has) in words.iter().zip(&mut has) {
            *has = *has || word.is_in(*column, folded);
        }
    }
    let pairs = || words.iter().zip(&has);
    // What is behind the cut may have what is missing, and takes nothing away.
    if pairs().any(|(word, has)| word.negated && *has) {
        return Ok(Some(false));
    }
    if pairs().all(|(word, has)| *has || word.negated && !is_cut) {
        return Ok(Some(true));
    }
    if !is_cut {
        return Ok(Some(false));
    }
    let Some(known) = known()? else {
        return Ok(None);
    };
    let may_have = |word: &Word| grams::may_have(&known, &word.text);
    if pairs().any(|(word, has)| !word.negated && !has && !may_have(word)) {
        return Ok(Some(false));
    }
    let is_certain = pairs().all(|(word, has)| *has || word.negated && !may_have(word));
    Ok(is_certain.then_some(true))
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
