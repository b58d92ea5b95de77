//! Finds ledger rows by words and tells their stories, for a person who looks for one message.
//!
//! Walks the whole ledger in pages, each in a read transaction of its own: however large it is, the
//! log can be begun again meanwhile. Start at `search`.

use std::cmp::Reverse;
use std::sync::Arc;

use inhaul_types::{Activation, LedgerId, MessageId, RunId, Timestamp, UniqueId};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

use super::errors::Doing;
use super::ledger::octets;
use super::readers::Readers;
use super::words::{from_word, ledger_state};
use crate::{LedgerStory, StoreError, StoryPlacement, StoryRun, Summary};

/// Rows looked at in one read transaction: some 20 ms.
const PAGE: u32 = 2000;
/// Stories a person can look through.
const MOST: usize = 100;
/// Runs of a retrieval that are looked through for the one that left a message out.
const RUNS_MOST: u32 = 10_000;

const DOING: &str = "search the ledger";

/// The newest rows with every one of `words` in unique-id, sender, subject or Message-ID, or as the
/// number of their message.
pub(crate) async fn search(
    readers: &Arc<Readers>,
    words: &[String],
) -> Result<Vec<LedgerStory>, StoreError> {
    let words: Arc<[String]> = words.into();
    let mut stories = Vec::new();
    let mut below = Some(i64::MAX);
    while let Some(end) = below {
        let words = Arc::clone(&words);
        let (found, next) = readers.read(move |conn| page(conn, &words, end)).await?;
        stories.extend(found);
        keep_newest(&mut stories);
        below = next;
    }
    for story in stories.iter_mut().filter(|story| story.run.is_none()) {
        let (id, time) = (story.id, story.stored_at.unwrap_or(story.first_seen));
        let found = readers.read(move |conn| run_at(conn, id, time)).await?;
        if let Some((retrieval, run)) = found {
            story.retrieval.get_or_insert(retrieval);
            story.run = run;
        }
    }
    Ok(stories)
}

fn keep_newest(stories: &mut Vec<LedgerStory>) {
    stories.sort_by_key(|story| Reverse((story.stored_at.unwrap_or(story.first_seen), story.id)));
    stories.truncate(MOST);
}

/// What one page below `end` holds, and where the next one ends.
fn page(
    conn: &Connection,
    words: &[String],
    end: i64,
) -> Result<(Vec<LedgerStory>, Option<i64>), StoreError> {
    let start: Option<i64> = conn
        .prepare_cached(
            "SELECT min(id) FROM (SELECT id FROM ledger WHERE id < ?1 ORDER BY id DESC LIMIT ?2)",
        )
        .and_then(|mut select| select.query_row(params![end, PAGE], |row| row.get(0)))
        .doing(DOING)?;
    let Some(start) = start else {
        return Ok((Vec::new(), None));
    };
    let mut select = conn.prepare_cached(&sql(words.len())).doing(DOING)?;
    let range = [Value::Integer(start), Value::Integer(end)];
    let patterns = words.iter().flat_map(|word| {
        let number = word.parse().map_or(Value::Null, Value::Integer);
        [Value::Text(like_pattern(word)), number]
    });
    let mut rows = select
        .query(params_from_iter(range.into_iter().chain(patterns)))
        .doing(DOING)?;
    let mut stories = Vec::new();
    while let Some(row) = rows.next().doing(DOING)? {
        stories.push(story(conn, row)?);
    }
    Ok((stories, Some(start)))
}

fn sql(words: usize) -> String {
    let mut sql = String::from(
        "SELECT l.id, d.host, d.user, l.unique_id, l.listed_size, l.size, l.state, l.first_seen,
             l.stored_at, l.asked_at, l.deleted_at, l.reason, l.message_id, l.placements
         FROM ledger l JOIN maildrop d ON d.id = l.id >> 32 WHERE l.id >= ?1 AND l.id < ?2",
    );
    for word in 0..words {
        let (pattern, number) = (3 + 2 * word, 4 + 2 * word);
        let is_it = format!(
            "m.ledger_id = l.id AND (m.id = ?{number}
                 OR m.sender LIKE ?{pattern} ESCAPE '\\'
                 OR m.subject LIKE ?{pattern} ESCAPE '\\'
                 OR m.message_id LIKE ?{pattern} ESCAPE '\\')"
        );
        sql += &format!(
            " AND (CAST(l.unique_id AS TEXT) LIKE ?{pattern} ESCAPE '\\'
                OR EXISTS (SELECT 1 FROM message m
                    WHERE m.id >= l.message_id AND m.id < l.message_id + l.placements AND {is_it})
                OR EXISTS (SELECT 1 FROM claimed c CROSS JOIN message m ON m.id = c.message_id
                    WHERE c.ledger_id = l.id AND {is_it}))"
        );
    }
    sql + &format!(" ORDER BY coalesce(l.stored_at, l.first_seen) DESC, l.id DESC LIMIT {MOST}")
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

fn story(conn: &Connection, row: &Row<'_>) -> Result<LedgerStory, StoreError> {
    let time = |column: usize| -> Result<Option<Timestamp>, StoreError> {
        Ok(row
            .get::<_, Option<i64>>(column)
            .doing(DOING)?
            .map(Timestamp::from_millis))
    };
    let unique_id: Option<Vec<u8>> = row.get(3).doing(DOING)?;
    let id = LedgerId::new(row.get(0).doing(DOING)?);
    let first: Option<i64> = row.get(12).doing(DOING)?;
    let placed = match first {
        Some(first) => placed(conn, id, first, row.get(13).doing(DOING)?)?,
        None => Placed::default(),
    };
    Ok(LedgerStory {
        id,
        host: row.get(1).doing(DOING)?,
        user: row.get(2).doing(DOING)?,
        unique_id: unique_id.as_deref().and_then(|id| UniqueId::parse(id).ok()),
        listed_size: octets(row, 4)?,
        size: octets(row, 5)?,
        state: ledger_state::from_column(row.get(6).doing(DOING)?)?,
        first_seen: Timestamp::from_millis(row.get(7).doing(DOING)?),
        stored_at: time(8)?,
        asked_at: time(9)?,
        deleted_at: time(10)?,
        reason: row.get(11).doing(DOING)?,
        placements: placed.placements,
        retrieval: placed.retrieval,
        run: placed.run,
        summary: placed.summary,
    })
}

/// What a row's placements tell.
#[derive(Default)]
struct Placed {
    placements: Vec<StoryPlacement>,
    retrieval: Option<String>,
    run: Option<StoryRun>,
    summary: Option<Summary>,
}

/// Where a row's placements are now, what the first of them looks like in a list, and who brought
/// it.
fn placed(
    conn: &Connection,
    ledger: LedgerId,
    first: i64,
    placements: i64,
) -> Result<Placed, StoreError> {
    let mut select = conn
        .prepare_cached(
            "SELECT m.id, a.name, f.name, m.why, r.name, u.id, u.started, u.activation,
                 m.sender, m.subject, m.date, m.message_id, m.has_attachment
             FROM message m JOIN folder f ON f.id = m.folder_id JOIN account a ON a.id = f.account_id
                 LEFT JOIN retrieval r ON r.id = m.retrieval_id LEFT JOIN run u ON u.id = m.run_id
             WHERE m.id IN (SELECT id FROM message WHERE id >= ?1 AND id < ?1 + ?2
                     UNION ALL SELECT message_id FROM claimed WHERE ledger_id = ?3)
                 AND m.ledger_id = ?3
             ORDER BY m.id",
        )
        .doing(DOING)?;
    let mut rows = select
        .query(params![first, placements, ledger.row()])
        .doing(DOING)?;
    let mut placed = Placed::default();
    while let Some(row) = rows.next().doing(DOING)? {
        placed.placements.push(StoryPlacement {
            message: MessageId::new(row.get(0).doing(DOING)?),
            account: row.get(1).doing(DOING)?,
            folder: row.get(2).doing(DOING)?,
            why: row.get(3).doing(DOING)?,
        });
        if placed.summary.is_none() {
            placed.retrieval = row.get(4).doing(DOING)?;
            placed.run = run(row, 5)?;
            placed.summary = Some(super::messages::summary(row, 8).doing(DOING)?);
        }
    }
    Ok(placed)
}

/// The retrieval of a row's maildrop, and its run that was going on then.
fn run_at(
    conn: &Connection,
    ledger: LedgerId,
    time: Timestamp,
) -> Result<Option<(String, Option<StoryRun>)>, StoreError> {
    let retrieval: Option<(i64, String)> = conn
        .prepare_cached("SELECT id, name FROM retrieval WHERE maildrop_id = ?1 ORDER BY id LIMIT 1")
        .and_then(|mut select| {
            select
                .query_row([ledger.row() >> 32], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()
        })
        .doing(DOING)?;
    let Some((retrieval, name)) = retrieval else {
        return Ok(None);
    };
    let mut select = conn
        .prepare_cached(
            "SELECT id, started, activation FROM
                 (SELECT * FROM run WHERE retrieval_id = ?1 ORDER BY id DESC LIMIT ?3)
             WHERE started <= ?2 AND coalesce(ended, ?2) >= ?2 ORDER BY id DESC LIMIT 1",
        )
        .doing(DOING)?;
    let mut rows = select
        .query(params![retrieval, time.millis(), RUNS_MOST])
        .doing(DOING)?;
    let run = match rows.next().doing(DOING)? {
        Some(row) => run(row, 0)?,
        None => None,
    };
    Ok(Some((name, run)))
}

/// A run's id, start and activation from `first` on; `None` where there is none.
fn run(row: &Row<'_>, first: usize) -> Result<Option<StoryRun>, StoreError> {
    let Some(id) = row.get::<_, Option<i64>>(first).doing(DOING)? else {
        return Ok(None);
    };
    let activation: String = row.get(first + 2).doing(DOING)?;
    Ok(Some(StoryRun {
        id: RunId::new(id),
        started: Timestamp::from_millis(row.get(first + 1).doing(DOING)?),
        activation: from_word::<Activation>(&activation)?,
    }))
}
