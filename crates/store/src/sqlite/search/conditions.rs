//! A query as conditions on rows and on texts.

use inhaul_domain::search::{Place, Query, What};
use inhaul_types::{AccountId, FolderId};
use memchr::memmem::Finder;
use rusqlite::{Connection, OptionalExtension, Row};

use super::texts::Column;
use crate::sqlite::accounts;
use crate::sqlite::errors::{Doing, missing};
use crate::{Flags, Folder, LARGE, Shown, StoreError};

/// What a message's row must say.
#[derive(Debug)]
pub(super) struct Rows {
    /// The folders in which to look.
    pub(super) folders: Vec<i64>,
    unread: Option<bool>,
    starred: Option<bool>,
    attachment: Option<bool>,
    pub(super) since: i64,
    /// Before this.
    pub(super) until: i64,
    larger: i64,
    smaller: i64,
    /// By this retrieval, or not by it; one that is not there brought nothing.
    via: Vec<(Option<i64>, bool)>,
}

/// What is read of a message's row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Light {
    pub(super) at: (i64, i64),
    folder: i64,
    flags: Flags,
    size: i64,
    attachment: bool,
    retrieval: Option<i64>,
}

/// A word and where it must stand, or must not.
#[derive(Debug)]
pub(super) struct Word {
    pub(super) place: Place,
    pub(super) text: String,
    pub(super) negated: bool,
    finder: Finder<'static>,
}

/// A word that must be there, of less characters than the index knows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Short<'w> {
    pub(super) text: &'w str,
    /// The column in which it must be; `None` for any.
    pub(super) column: Option<Column>,
}

impl Light {
    /// Read by [`Self::from_row`].
    pub(super) const COLUMNS: &str = "m.internal_date, m.id, m.folder_id, m.flags, m.size,
        m.has_attachment, m.retrieval_id";

    /// Of the message of this number, if there is one.
    pub(super) fn find(conn: &Connection, message: i64) -> Result<Option<Self>, StoreError> {
        let columns = Self::COLUMNS;
        conn.prepare_cached(&format!("SELECT {columns} FROM message m WHERE m.id = ?1"))
            .and_then(|mut select| select.query_row([message], Self::from_row).optional())
            .doing("look at a message")
    }

    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            at: (row.get(0)?, row.get(1)?),
            folder: row.get(2)?,
            flags: Flags::from_bits(row.get(3)?),
            size: row.get(4)?,
            attachment: row.get(5)?,
            retrieval: row.get(6)?,
        })
    }
}

impl Rows {
    /// What the query says of rows, in these folders of the account or in one of them.
    pub(super) fn new(
        conn: &Connection,
        account: AccountId,
        query: &Query,
        folder: Option<FolderId>,
    ) -> Result<Self, StoreError> {
        let folders = accounts::folders(conn, account)?;
        let mut rows = Self {
            folders: chosen(&folders, query, folder)?,
            unread: None,
            starred: None,
            attachment: None,
            since: i64::MIN,
            until: i64::MAX,
            larger: -1,
            smaller: i64::MAX,
            via: Vec::new(),
        };
        for term in &query.terms {
            rows.add(conn, &term.what, !term.negated)?;
        }
        Ok(rows)
    }

    fn add(&mut self, conn: &Connection, what: &What, so: bool) -> Result<(), StoreError> {
        let octets = |size: &inhaul_types::Octets| i64::try_from(size.count()).unwrap_or(i64::MAX);
        match what {
            What::Text(..) | What::In(_) => {}
            What::Unread => self.want(so, |rows| &mut rows.unread),
            What::Starred => self.want(so, |rows| &mut rows.starred),
            What::Attachment => self.want(so, |rows| &mut rows.attachment),
            What::Before(at) if so => self.until = self.until.min(at.millis()),
            What::Before(at) => self.since = self.since.max(at.millis()),
            What::Since(at) if so => self.since = self.since.max(at.millis()),
            What::Since(at) => self.until = self.until.min(at.millis()),
            What::Larger(size) if so => self.larger = self.larger.max(octets(size)),
            What::Larger(size) => self.smaller = self.smaller.min(octets(size).saturating_add(1)),
            What::Smaller(size) if so => self.smaller = self.smaller.min(octets(size)),
            What::Smaller(size) => self.larger = self.larger.max(octets(size) - 1),
            What::Via(name) => {
                let retrieval = conn
                    .prepare_cached("SELECT id FROM retrieval WHERE name = ?1")
                    .and_then(|mut select| select.query_row([name], |row| row.get(0)).optional())
                    .doing("look for a retrieval")?;
                self.via.push((retrieval, so));
            }
        }
        Ok(())
    }

    /// Wants both where it is wanted so and not so: then nothing is left to look through.
    fn want(&mut self, so: bool, field: impl Fn(&mut Self) -> &mut Option<bool>) {
        let wanted = *field(self);
        if wanted.is_some_and(|wanted| wanted != so) {
            self.folders.clear();
        }
        *field(self) = Some(so);
    }

    /// The narrowest index by date that has all of them.
    pub(super) fn shown(&self) -> Shown {
        match (self.unread, self.starred) {
            (_, Some(true)) => Shown::Flagged,
            (Some(true), _) => Shown::Unseen,
            _ => Shown::All,
        }
    }

    /// If all of them are large and there are `most` of that size: these, in no order.
    pub(super) fn large(
        &self,
        conn: &Connection,
        most: usize,
    ) -> Result<Option<Vec<Light>>, StoreError> {
        if self.larger < LARGE.count().cast_signed() - 1 {
            return Ok(None);
        }
        let mut large = Vec::new();
        for folder in &self.folders {
            let room = (most - large.len()) as i64;
            let key = [*folder, self.larger, self.smaller, room + 1];
            let found: Vec<Light> = conn
                .prepare_cached(&of_size())
                .and_then(|mut select| select.query_map(key, Light::from_row)?.collect())
                .doing("look for large messages")?;
            large.extend(found);
            if large.len() > most {
                return Ok(None);
            }
        }
        Ok(Some(large))
    }

    pub(super) fn admit(&self, row: &Light) -> bool {
        let is = |wanted: Option<bool>, so: bool| wanted.is_none_or(|wanted| wanted == so);
        let (moment, _) = row.at;
        self.folders.contains(&row.folder)
            && is(self.unread, !row.flags.has(Flags::SEEN))
            && is(self.starred, row.flags.has(Flags::FLAGGED))
            && is(self.attachment, row.attachment)
            && (self.since..self.until).contains(&moment)
            && row.size > self.larger
            && row.size < self.smaller
            && self
                .via
                .iter()
                .all(|(retrieval, so)| (retrieval.is_some() && *retrieval == row.retrieval) == *so)
    }
}

/// In the words of the index that holds only large messages.
fn of_size() -> String {
    format!(
        "SELECT {} FROM message m
         WHERE m.folder_id = ?1 AND m.size >= {} AND m.size > ?2 AND m.size < ?3 LIMIT ?4",
        Light::COLUMNS,
        LARGE.count()
    )
}

/// The folders that a query names, or else the given one, or all; without those it excludes.
fn chosen(
    folders: &[Folder],
    query: &Query,
    given: Option<FolderId>,
) -> Result<Vec<i64>, StoreError> {
    let mut chosen: Vec<i64> = folders.iter().map(|folder| folder.id.row()).collect();
    if let Some(given) = given.filter(|_| !query.names_a_folder()) {
        chosen.retain(|folder| *folder == given.row());
        if chosen.is_empty() {
            return Err(missing("folder", given));
        }
    }
    for term in &query.terms {
        let What::In(name) = &term.what else {
            continue;
        };
        let found = folders.iter().find(|folder| folder.name == *name);
        let alike = || {
            folders
                .iter()
                .find(|folder| folder.name.eq_ignore_ascii_case(name))
        };
        match found.or_else(alike) {
            Some(folder) => chosen.retain(|one| (*one == folder.id.row()) != term.negated),
            None if EVERYWHERE
                .iter()
                .any(|word| word.eq_ignore_ascii_case(name)) =>
            {
                if term.negated {
                    chosen.clear();
                }
            }
            None => return Err(missing("folder", name)),
        }
    }
    Ok(chosen)
}

/// Where no folder has such a name, all of them.
const EVERYWHERE: [&str; 2] = ["anywhere", "all"];

impl Word {
    /// The words of a query.
    pub(super) fn of(query: &Query) -> Vec<Self> {
        let words = query.terms.iter().filter_map(|term| match &term.what {
            What::Text(place, text) => Some(Self {
                place: *place,
                text: text.clone(),
                negated: term.negated,
                finder: Finder::new(text).into_owned(),
            }),
            _ => None,
        });
        words.collect()
    }

    pub(super) fn is_in(&self, column: Column, folded: &str) -> bool {
        column.is_in(self.place) && self.finder.find(folded.as_bytes()).is_some()
    }

    /// What the index is to be asked for it; `None` where it cannot be.
    pub(super) fn asked(&self) -> Option<String> {
        let characters: Vec<char> = self.text.chars().collect();
        if self.negated || characters.len() < THREE {
            return None;
        }
        let last = characters.len() - 3;
        let count = last.min(THREES - 1);
        let threes = (0..=count).map(|nth| {
            let at = (nth * last).checked_div(count).unwrap_or(0);
            let three: String = characters[at..at + 3].iter().collect();
            format!("\"{}\"", three.replace('"', "\"\""))
        });
        let threes: Vec<_> = threes.collect();
        let all = format!("({})", threes.join(" AND "));
        Some(match self.column() {
            None => all,
            Some(column) => format!("{} : {all}", column.name()),
        })
    }

    /// What the index can be asked for it if it is too short for that.
    pub(super) fn short(&self) -> Option<Short<'_>> {
        let is_short = !self.negated && self.text.chars().count() < THREE;
        is_short.then(|| Short {
            text: &self.text,
            column: self.column(),
        })
    }

    /// The column in which it must be; `None` for any.
    fn column(&self) -> Option<Column> {
        match self.place {
            Place::Anywhere => None,
            Place::From => Some(Column::From),
            Place::To => Some(Column::To),
            Place::Cc => Some(Column::Cc),
            Place::Subject => Some(Column::Subject),
        }
    }
}

/// Characters of what the index knows.
const THREE: usize = 3;

/// The index is asked for so many of a word's threes; the others are seen in the text.
const THREES: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_messages_are_read_along_their_index() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("../migrations/0001_schema.sql"))
            .unwrap();
        let plan: String = conn
            .query_row(
                &format!("EXPLAIN QUERY PLAN {}", of_size()),
                [1, 100_000, i64::MAX, 1],
                |row| row.get(3),
            )
            .unwrap();
        assert!(
            plan.contains("message_large (folder_id=? AND size>? AND size<?)"),
            "{plan}"
        );
    }
}
