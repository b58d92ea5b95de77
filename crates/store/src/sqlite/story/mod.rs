//! Finds ledger rows by words and tells their stories, for a person who looks for one message.
//!
//! Walks the whole ledger in pages, each in a read transaction of its own: however large it is, the
//! log can be begun again meanwhile. Only what a person can look through is told. Start at `search`.

mod told;

use std::cmp::Reverse;
use std::iter;
use std::ops::Range;
use std::sync::Arc;

use inhaul_types::{AccountId, LedgerId, Timestamp};
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params, params_from_iter};

use super::errors::Doing;
use super::readers::Readers;
use crate::{LedgerStory, StoreError};

pub(crate) use told::tell;

/// Rows looked at in one read transaction: some 20 ms.
pub(crate) const PAGE: u32 = 2000;
/// Stories a person can look through.
pub(crate) const MOST: usize = 100;
const DOING: &str = "search the ledger";

/// The newest rows with every one of `words` in unique-id, sender, subject or Message-ID, or as the
/// number of their message.
pub(crate) async fn search(
    readers: &Arc<Readers>,
    words: &[String],
    since: Option<Timestamp>,
) -> Result<Vec<LedgerStory>, StoreError> {
    let wanted = Wanted {
        words: words.into(),
        of: None,
        since,
    };
    let mut found = Vec::new();
    let all = iter::once(0..i64::MAX).collect();
    walk(readers, &wanted, all, &mut found).await?;
    tell(readers, found, None).await
}

/// Which rows are wanted.
#[derive(Clone)]
pub(crate) struct Wanted {
    /// All of them are in it.
    pub(crate) words: Arc<[String]>,
    /// What is in the folders of others is neither found nor told.
    pub(crate) of: Option<AccountId>,
    /// Stored or first seen at this time or later.
    pub(crate) since: Option<Timestamp>,
}

/// A row that is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    /// When it was stored, or first seen.
    pub(crate) at: Timestamp,
    pub(crate) id: LedgerId,
    /// Others have it, too: why it was left out of them is not told.
    pub(crate) others_too: bool,
}

/// Adds the wanted ones of these stretches of rows, of all of them the newest stay.
pub(crate) async fn walk(
    readers: &Arc<Readers>,
    wanted: &Wanted,
    mut stretches: Vec<Range<i64>>,
    found: &mut Vec<Found>,
) -> Result<(), StoreError> {
    while !stretches.is_empty() {
        let wanted = wanted.clone();
        let read = move |conn: &_| pages(conn, &wanted, stretches);
        let (here, left) = readers.read(read).await?;
        found.extend(here);
        keep_newest(found);
        stretches = left;
    }
    Ok(())
}

/// What the last stretches hold, as many as one read transaction has time for, and what is left of
/// all of them.
fn pages(
    conn: &Connection,
    wanted: &Wanted,
    mut stretches: Vec<Range<i64>>,
) -> Result<(Vec<Found>, Vec<Range<i64>>), StoreError> {
    let (mut found, mut looked) = (Vec::new(), 0);
    while looked < PAGE
        && let Some(rows) = stretches.pop()
    {
        let page = page(conn, wanted, &rows)?;
        found.extend(page.found);
        keep_newest(&mut found);
        // An empty stretch takes its time, too.
        looked += page.rows + 20;
        if let Some(end) = page.next {
            stretches.push(rows.start..end);
        }
    }
    Ok((found, stretches))
}

/// The end of a stretch.
struct Looked {
    found: Vec<Found>,
    /// Rows that were looked at.
    rows: u32,
    /// Where the page before it ends.
    next: Option<i64>,
}

/// Throws away what a person could not look through.
pub(crate) fn keep_newest(found: &mut Vec<Found>) {
    found.sort_by_key(|found| Reverse((found.at, found.id)));
    found.truncate(MOST);
}

/// The last page of these rows.
fn page(conn: &Connection, wanted: &Wanted, rows: &Range<i64>) -> Result<Looked, StoreError> {
    let (start, count): (Option<i64>, u32) = conn
        .prepare_cached(
            "SELECT min(id), count(*) FROM
                 (SELECT id FROM ledger WHERE id >= ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3)",
        )
        .and_then(|mut select| {
            let key = params![rows.start, rows.end, PAGE];
            select.query_row(key, |row| Ok((row.get(0)?, row.get(1)?)))
        })
        .doing(DOING)?;
    let Some(start) = start else {
        return Ok(Looked {
            found: Vec::new(),
            rows: 0,
            next: None,
        });
    };
    let key = params_from_iter(wanted.params([start, rows.end]));
    let found = conn
        .prepare_cached(&sql(wanted))
        .and_then(|mut select| select.query_map(key, |row| found(row, false))?.collect())
        .doing(DOING)?;
    Ok(Looked {
        found,
        rows: count,
        next: (count == PAGE).then_some(start),
    })
}

/// The number of a ledger row, and when it was stored or first seen.
pub(crate) fn found(row: &Row<'_>, others_too: bool) -> rusqlite::Result<Found> {
    Ok(Found {
        at: Timestamp::from_millis(row.get(1)?),
        id: LedgerId::new(row.get(0)?),
        others_too,
    })
}

impl Wanted {
    /// Two numbers of the statement, then whose and since when, then pattern and number of each word.
    pub(crate) fn params(&self, two: [i64; 2]) -> impl Iterator<Item = Value> {
        let or_null = |number: Option<i64>| number.map_or(Value::Null, Value::Integer);
        let whose = or_null(self.of.map(AccountId::row));
        let since = or_null(self.since.map(Timestamp::millis));
        let words = self.words.iter().flat_map(|word| {
            let number = word.parse().map_or(Value::Null, Value::Integer);
            [Value::Text(like_pattern(word)), number]
        });
        two.map(Value::Integer)
            .into_iter()
            .chain([whose, since])
            .chain(words)
    }

    /// For each word, the places of its pattern and its number.
    pub(crate) fn places(&self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.words.len()).map(|word| (5 + 2 * word, 6 + 2 * word))
    }
}

/// That a message `m` is in a folder of the one who asks. Not by an index: a message is found by its
/// number, its folder may have all the others.
const THEIRS: &str = "+m.folder_id IN (SELECT id FROM folder WHERE account_id = ?3)";

/// The rows of a stretch, for [`found`] to read.
const FROM_TO: &str = "
    SELECT l.id, coalesce(l.stored_at, l.first_seen) FROM ledger l
    WHERE l.id >= ?1 AND l.id < ?2
        AND (?4 IS NULL OR coalesce(l.stored_at, l.first_seen) >= ?4)";

fn sql(wanted: &Wanted) -> String {
    let theirs = wanted.of.map_or("?3 IS NULL", |_| THEIRS);
    let mut sql = FROM_TO.to_owned();
    for (pattern, number) in wanted.places() {
        let is_it = has_message(&format!("{theirs} AND {}", is_in_message(pattern, number)));
        sql += &format!(" AND (CAST(l.unique_id AS TEXT) LIKE ?{pattern} ESCAPE '\\' OR {is_it})");
    }
    if wanted.of.is_some() {
        // A ledger may be taken over from another destination.
        let (any, their_own) = (has_message("1"), has_message(THEIRS));
        sql += &format!(" AND (NOT ({any}) OR {their_own})");
    }
    sql + &format!(" ORDER BY coalesce(l.stored_at, l.first_seen) DESC, l.id DESC LIMIT {MOST}")
}

/// That a word is in a message `m`, or is its number.
pub(crate) fn is_in_message(pattern: usize, number: usize) -> String {
    format!(
        "(m.id = ?{number}
             OR m.sender LIKE ?{pattern} ESCAPE '\\'
             OR m.subject LIKE ?{pattern} ESCAPE '\\'
             OR m.message_id LIKE ?{pattern} ESCAPE '\\')"
    )
}

/// That a row `l` has a message `m` like this.
fn has_message(like: &str) -> String {
    format!(
        "(EXISTS (SELECT 1 FROM message m
              WHERE m.id >= l.message_id AND m.id < l.message_id + l.placements
                  AND m.ledger_id = l.id AND {like})
          OR EXISTS (SELECT 1 FROM claimed c CROSS JOIN message m ON m.id = c.message_id
              WHERE c.ledger_id = l.id AND m.ledger_id = l.id AND {like}))"
    )
}

/// The pattern of a LIKE that finds `word` anywhere, with `\` as its escape.
pub(crate) fn like_pattern(word: &str) -> String {
    let mut pattern = String::from("%");
    for c in word.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_looked_at_without_the_rest_of_its_folder() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("../migrations/0001_schema.sql"))
            .unwrap();
        for of in [None, Some(AccountId::new(1))] {
            let wanted = Wanted {
                words: vec!["words".to_owned(), "7".to_owned()].into(),
                of,
                since: None,
            };
            let explain = format!("EXPLAIN QUERY PLAN {}", sql(&wanted));
            let plan: Vec<String> = conn
                .prepare(&explain)
                .unwrap()
                .query_map(params_from_iter(wanted.params([0, 9])), |row| row.get(3))
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap();
            let looks = plan.iter().filter(|look| look.contains(" m "));
            assert!(looks.clone().count() >= 4, "{plan:?}");
            for look in looks {
                assert!(look.contains("USING INTEGER PRIMARY KEY"), "{plan:?}");
            }
        }
    }
}
