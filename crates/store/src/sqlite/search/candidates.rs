//! Which messages the index says may have the words of a search.
//!
//! It says too much at times, never too little. Start at [`ids_of`].

use rusqlite::{Connection, params};

use super::conditions::{Short, Word};
use super::file::{self, State};
use super::grams;

/// Messages that the index says to have what is asked, before it is seen whether most have.
const SAMPLE: usize = 2_048;
/// Places of a short word that are read in the index, whosever they are.
const PLACES: usize = 50_000;
/// So few messages with the longer words are not narrowed down by the short ones.
const FEW: usize = 10_000;

/// Messages of an account that have what is asked.
const HAVE: &str = "SELECT rowid FROM words WHERE rowid BETWEEN ?1 AND ?2 AND words MATCH ?3";
/// How many there are in a stretch, but for those with more text than the index.
const PASSED: &str = "SELECT count(*) FROM doc WHERE cut = 0 AND id BETWEEN ?1 AND ?2";
/// Where three characters from the first up to the second are: a message of anybody, and in what.
const BEGIN: &str = r#"SELECT doc, "col" FROM threes WHERE term BETWEEN ?1 AND ?2"#;
/// Those that have more text than the index, and what is known of it.
const LONGER: &str = "SELECT id, grams FROM longer WHERE id BETWEEN ?1 AND ?2";

/// What may have the words.
pub(super) enum Candidates {
    /// These, sorted by number, and what the index does not cover.
    Some { ids: Vec<u32>, state: State },
    /// Any.
    Any,
}

impl Candidates {
    /// Whether this message may.
    pub(super) fn may_be(&self, message: i64) -> bool {
        match self {
            Self::Any => true,
            Self::Some { ids, state } => {
                !state.covers(message)
                    || u32::try_from(message).is_ok_and(|id| ids.binary_search(&id).is_ok())
            }
        }
    }
}

/// The messages in this range of the index that may have the words, sorted; `None` where it cannot
/// say, or where that is no use.
pub(super) fn ids_of(
    index: &Connection,
    range: (i64, i64),
    words: &[Word],
) -> rusqlite::Result<Option<Vec<u32>>> {
    let asked: Vec<String> = words.iter().filter_map(Word::asked).collect();
    let short: Vec<Short<'_>> = words.iter().filter_map(Word::short).collect();
    let mut ids = match asked.is_empty() {
        true => None,
        false => having(index, range, &asked.join(" AND "))?,
    };
    for word in &short {
        if ids.as_ref().is_some_and(|ids| ids.len() <= FEW) {
            break;
        }
        let Some(begun) = word.places(index, range)? else {
            continue;
        };
        ids = Some(match ids {
            None => begun,
            Some(mut ids) => {
                ids.retain(|id| begun.binary_search(id).is_ok());
                ids
            }
        });
    }
    let Some(mut ids) = ids else {
        return Ok(None);
    };
    ids.append(&mut longer(index, range, words)?);
    ids.sort_unstable();
    ids.dedup();
    Ok(Some(ids))
}

/// The messages in this range of the index that have what is asked; `None` where that is most of
/// them, so that knowing it is no use.
fn having(
    index: &Connection,
    range: (i64, i64),
    asked: &str,
) -> rusqlite::Result<Option<Vec<u32>>> {
    let mut select = index.prepare_cached(HAVE)?;
    let mut rows = select.query(params![range.0, range.1, asked])?;
    let mut numbers = Vec::new();
    while let Some(row) = rows.next()? {
        let key = row.get(0)?;
        numbers.extend(u32::try_from(file::message_at(key)).ok());
        if numbers.len() == SAMPLE {
            let passed: u32 = index
                .prepare_cached(PASSED)?
                .query_row([range.0, key], |row| row.get(0))?;
            if SAMPLE * 2 > passed as usize {
                return Ok(None);
            }
        }
    }
    Ok(Some(numbers))
}

/// The messages in this range whose texts are longer than the index has them, and may have the words.
fn longer(index: &Connection, range: (i64, i64), words: &[Word]) -> rusqlite::Result<Vec<u32>> {
    let mut select = index.prepare_cached(LONGER)?;
    let mut rows = select.query([range.0, range.1])?;
    let mut numbers = Vec::new();
    while let Some(row) = rows.next()? {
        let known = row.get_ref(1)?.as_blob_or_null()?;
        let may_have = |word: &Word| known.is_none_or(|known| grams::may_have(known, &word.text));
        if words.iter().all(|word| word.negated || may_have(word)) {
            numbers.extend(u32::try_from(file::message_at(row.get(0)?)).ok());
        }
    }
    Ok(numbers)
}

impl Short<'_> {
    /// The messages in this range of the index in which three characters begin with it, sorted;
    /// `None` where finding them is no shorter than reading the messages.
    fn places(&self, index: &Connection, range: (i64, i64)) -> rusqlite::Result<Option<Vec<u32>>> {
        let mut select = index.prepare_cached(BEGIN)?;
        let last = format!("{}\u{10ffff}\u{10ffff}\u{10ffff}", self.text);
        let mut rows = select.query([self.text, &last])?;
        let mut numbers = Vec::new();
        for read in 0.. {
            let Some(row) = rows.next()? else {
                break;
            };
            if read >= PLACES {
                return Ok(None);
            }
            let key: i64 = row.get(0)?;
            let is_in = match self.column {
                None => true,
                Some(column) => row.get_ref(1)?.as_str()? == column.name(),
            };
            if is_in && (range.0..=range.1).contains(&key) {
                numbers.extend(u32::try_from(file::message_at(key)).ok());
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        Ok(Some(numbers))
    }
}
