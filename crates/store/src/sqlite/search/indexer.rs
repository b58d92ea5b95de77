//! Brings the index up to date, a step at a time, on a thread of its own.
//!
//! Reads messages by number: new ones first, from the newest on upwards; then, where the index is
//! younger than the mail, older ones downwards. What went is found by counting, and then by looking.
//! The thread is nicer than all others and shares no lock with the writer of inhaul.db: a step reads
//! there in short transactions and writes one of its own. Start at [`Indexer::step`].

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use inhaul_domain::search::SEPARATOR;
use inhaul_types::{AccountId, MessageId};
use rusqlite::{Connection, OptionalExtension, params};

use super::file::{self, State};
use super::texts::{self, Bodies, Column, Gathered, Read, SOURCE, Source, Taker};
use crate::StoreError;
use crate::search::Indexed;
use crate::sqlite::catch_alls;
use crate::sqlite::errors::Doing;
use crate::sqlite::open::connect_reader;
use crate::sqlite::readers::BodiesInUse;
use crate::sqlite::segments::SegmentFiles;

/// Messages that one step reads at most.
const BATCH: u32 = 256;
/// Octets of text after which a step ends.
const BATCH_OCTETS: usize = 2 << 20;
/// Time after which a step begins no other message.
const STEP: Duration = Duration::from_millis(150);
/// Messages of the index that are looked for in one step.
const LOOK: u32 = 1000;
/// How long nothing was written before all of it is synced. Where mail comes all the time that is
/// never, and after a power cut the index is made anew: in less than a minute for 100,000 messages.
const QUIET: Duration = Duration::from_secs(5 * 60);

/// Octets of text whose sync a closing store waits for.
const CHEAP: usize = 4 << 20;

const DOING: &str = "index messages";

/// What the indexer works on.
#[derive(Clone, Debug)]
pub(super) struct Site {
    pub(super) dir: PathBuf,
    pub(super) database: PathBuf,
    pub(super) files: Arc<SegmentFiles>,
    pub(super) in_use: Arc<BodiesInUse>,
    pub(super) boot: Arc<str>,
}

/// The one who writes the index.
pub(super) struct Indexer {
    site: Site,
    main: Option<Connection>,
    index: Option<(Connection, State)>,
    /// The index is looked through for what went; up to this place.
    looking: Option<Look>,
    last_written: Instant,
    /// Octets of text written since all of it was synced.
    unsynced: usize,
    stopping: Arc<AtomicBool>,
}

/// How far a look for what went has come.
#[derive(Clone, Copy, Debug)]
struct Look {
    /// 0, then 1: so the index lies.
    cut: i64,
    behind: i64,
    /// As it was when the look began.
    claims: i64,
}

/// What inhaul.db says at a moment.
struct Standing {
    instance: String,
    newest: i64,
    live: i64,
    claims: i64,
}

/// What failed.
enum Fault {
    /// The index.
    Index(rusqlite::Error),
    /// Something else.
    Other(StoreError),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Other(error)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Index(error)
    }
}

/// A message's place in the index and its texts.
type Doc = (i64, Gathered);

impl Indexer {
    pub(super) fn new(site: Site, stopping: Arc<AtomicBool>) -> Self {
        Self {
            site,
            main: None,
            index: None,
            looking: None,
            last_written: Instant::now(),
            unsynced: 0,
            stopping,
        }
    }

    /// The next step. An index that turns out to be of no use is thrown away.
    pub(super) fn step(&mut self) -> Result<Indexed, StoreError> {
        let fault = match self.try_step() {
            Ok(done) => return Ok(done),
            Err(fault) => fault,
        };
        // Whatever it was: the next step begins with what is on disk.
        (self.main, self.index) = (None, None);
        match fault {
            Fault::Index(error) if is_useless(&error) => {
                tracing::warn!(%error, "the search index is of no use; it is made anew");
                self.forget()?;
                Ok(Indexed {
                    messages: 0,
                    more: true,
                })
            }
            Fault::Index(error) => Err(error).doing(DOING),
            Fault::Other(error) => Err(error),
        }
    }

    /// Throws the index away.
    pub(super) fn forget(&mut self) -> Result<(), StoreError> {
        (self.index, self.looking) = (None, None);
        file::remove(&self.site.dir).doing("remove the search index")
    }

    /// Gets what was written to the disk if that is quick.
    pub(super) fn close(&mut self) {
        if let Some((conn, state)) = &mut self.index
            && !state.settled
            && self.unsynced <= CHEAP
            && let Err(error) = file::settle(&self.site.dir, conn, state)
        {
            tracing::debug!(%error, "the search index was not synced");
        }
        self.index = None;
    }

    fn try_step(&mut self) -> Result<Indexed, Fault> {
        let main = match self.main.take() {
            Some(main) => main,
            None => connect_reader(&self.site.database)?,
        };
        let done = self.step_from(&main);
        self.main = Some(main);
        done
    }

    fn step_from(&mut self, main: &Connection) -> Result<Indexed, Fault> {
        let standing = Standing::read(main)?;
        self.open(&standing)?;
        let Some((conn, mut state)) = self.index.take() else {
            return Err(StoreError::Closing.into());
        };
        let done = self.work(main, &conn, &mut state, &standing);
        self.index = Some((conn, state));
        done
    }

    fn open(&mut self, standing: &Standing) -> Result<(), Fault> {
        if self.index.is_some() {
            return Ok(());
        }
        let Site { dir, boot, .. } = &self.site;
        let found = file::open_writer(dir, &standing.instance, boot)?;
        // Numbers are never given twice; a database that was put back has given fewer.
        let found = found.filter(|(_, state)| state.high <= standing.newest);
        self.index = Some(match found {
            Some(found) => found,
            None => file::begin_anew(dir, &standing.instance, boot, standing.newest)?,
        });
        self.looking = None;
        Ok(())
    }

    fn work(
        &mut self,
        main: &Connection,
        conn: &Connection,
        state: &mut State,
        standing: &Standing,
    ) -> Result<Indexed, Fault> {
        if standing.newest > state.high {
            return self.index_up(main, conn, state, standing);
        }
        if state.low > 0 {
            return self.index_down(main, conn, state);
        }
        let is_same = state.docs == standing.live
            || (state.docs, standing.live) == (state.looked_docs, state.looked_live);
        if self.looking.is_some() || !is_same || state.claims != standing.claims {
            return self.look(main, conn, state, standing);
        }
        if !state.settled && self.last_written.elapsed() >= QUIET {
            file::settle(&self.site.dir, conn, state)?;
            self.unsynced = 0;
        }
        Ok(Indexed {
            messages: 0,
            more: false,
        })
    }

    /// Messages that are newer than the index.
    fn index_up(
        &mut self,
        main: &Connection,
        conn: &Connection,
        state: &mut State,
        standing: &Standing,
    ) -> Result<Indexed, Fault> {
        let sources = select(main, "m.id > ?1 ORDER BY m.id", state.high)?;
        let is_last = sources.len() < BATCH as usize;
        let (docs, read) = self.gather(main, &sources)?;
        let last = sources[..read].last().map_or(state.high, |(id, _)| *id);
        // Behind the last of them there is none, unless one came since.
        let all = is_last && read == sources.len();
        let after = State {
            high: last.max(if all { standing.newest } else { 0 }),
            ..state.clone()
        };
        self.store(conn, state, after, &docs, &[])?;
        Ok(Indexed {
            messages: docs.len() as u64,
            more: true,
        })
    }

    /// Messages that are older than the index.
    fn index_down(
        &mut self,
        main: &Connection,
        conn: &Connection,
        state: &mut State,
    ) -> Result<Indexed, Fault> {
        let sources = select(main, "m.id <= ?1 ORDER BY m.id DESC", state.low)?;
        let is_last = sources.len() < BATCH as usize;
        let (docs, read) = self.gather(main, &sources)?;
        let low = match sources[..read].last() {
            _ if is_last && read == sources.len() => 0,
            Some((id, _)) => *id - 1,
            None => state.low,
        };
        let after = State {
            low,
            ..state.clone()
        };
        self.store(conn, state, after, &docs, &[])?;
        Ok(Indexed {
            messages: docs.len() as u64,
            more: true,
        })
    }

    /// Reads texts, and says of how many of the messages.
    fn gather(
        &self,
        main: &Connection,
        sources: &[(i64, Source)],
    ) -> Result<(Vec<Doc>, usize), StoreError> {
        let (began, mut octets) = (Instant::now(), 0);
        let mut docs = Vec::new();
        for (done, (id, source)) in sources.iter().enumerate() {
            if done > 0 && (began.elapsed() >= STEP || octets >= BATCH_OCTETS) {
                return Ok((docs, done));
            }
            if let Some(doc) = self.read(main, *id, source)? {
                octets += doc.1.octets();
                docs.push(doc);
            }
        }
        Ok((docs, sources.len()))
    }

    /// The texts of a message; `None` if it has no place in the index.
    fn read(&self, main: &Connection, id: i64, source: &Source) -> Result<Option<Doc>, StoreError> {
        let Some(key) = file::key(AccountId::new(source.account), MessageId::new(id)) else {
            return Ok(None);
        };
        let mut gathering = Gathering {
            gathered: Gathered::default(),
            stopping: &self.stopping,
        };
        let bodies = Bodies {
            conn: main,
            files: &self.site.files,
            in_use: &self.site.in_use,
        };
        match texts::read(&bodies, source, &mut gathering)? {
            Read::Enough => Ok(Some((key, gathering.gathered))),
            Read::Late => Err(StoreError::Closing),
        }
    }

    /// Looks for messages that went, or went to another account.
    fn look(
        &mut self,
        main: &Connection,
        conn: &Connection,
        state: &mut State,
        standing: &Standing,
    ) -> Result<Indexed, Fault> {
        let mut look = self.looking.unwrap_or(Look {
            cut: 0,
            behind: i64::MIN,
            claims: standing.claims,
        });
        let keys: Vec<i64> = conn
            .prepare_cached("SELECT id FROM doc WHERE cut = ?1 AND id > ?2 ORDER BY id LIMIT ?3")
            .and_then(|mut select| {
                let key = params![look.cut, look.behind, LOOK];
                select.query_map(key, |row| row.get(0))?.collect()
            })?;
        let (mut gone, mut docs) = (Vec::new(), Vec::new());
        for key in &keys {
            let account = account_of(main, file::message_at(*key))?;
            if account == Some(file::account_at(*key)) {
                continue;
            }
            gone.push(*key);
            if account.is_some()
                && let Some(source) = Source::find(main, file::message_at(*key))?
            {
                docs.extend(self.read(main, file::message_at(*key), &source)?);
            }
        }
        let mut after = state.clone();
        let is_last = keys.len() < LOOK as usize;
        match keys.last() {
            Some(last) if !is_last => look.behind = *last,
            _ => (look.cut, look.behind) = (look.cut + 1, i64::MIN),
        }
        let is_done = look.cut > 1;
        if is_done {
            after.claims = look.claims;
            after.looked_docs = state.docs - gone.len() as i64 + docs.len() as i64;
            after.looked_live = standing.live;
        }
        self.looking = (!is_done).then_some(look);
        if is_done || !gone.is_empty() {
            self.store(conn, state, after, &docs, &gone)?;
        }
        Ok(Indexed {
            messages: gone.len() as u64,
            more: true,
        })
    }

    /// Writes a step in one transaction.
    fn store(
        &mut self,
        conn: &Connection,
        state: &mut State,
        mut after: State,
        docs: &[Doc],
        gone: &[i64],
    ) -> Result<(), Fault> {
        if state.settled {
            file::unsettle(conn, state)?;
            after.settled = false;
        }
        // The index takes a larger number behind a smaller one in one go; otherwise it begins anew.
        let mut docs: Vec<&Doc> = docs.iter().collect();
        docs.sort_by_key(|(key, _)| *key);
        self.unsynced += docs.iter().map(|doc| doc.1.octets()).sum::<usize>();
        after.docs += docs.len() as i64 - gone.len() as i64;
        let write = || -> rusqlite::Result<()> {
            let txn = conn.unchecked_transaction()?;
            for key in gone {
                txn.prepare_cached("DELETE FROM doc WHERE id = ?1")?
                    .execute([key])?;
                txn.prepare_cached("DELETE FROM words WHERE rowid = ?1")?
                    .execute([key])?;
                txn.prepare_cached("DELETE FROM longer WHERE id = ?1")?
                    .execute([key])?;
            }
            for (key, gathered) in docs {
                insert(&txn, *key, gathered)?;
            }
            after.write(&txn)?;
            txn.commit()
        };
        write()?;
        *state = after;
        self.last_written = Instant::now();
        Ok(())
    }
}

fn insert(txn: &Connection, key: i64, gathered: &Gathered) -> rusqlite::Result<()> {
    let [sender, recipient, copy, subject, text] =
        Column::ALL.map(|column| gathered.column(column));
    txn.prepare_cached(
        "INSERT INTO doc (id, cut, sender, recipient, copy, subject, text)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        key,
        gathered.cut,
        sender,
        recipient,
        copy,
        subject,
        text
    ])?;
    if gathered.cut {
        txn.prepare_cached("INSERT INTO longer (id, grams) VALUES (?1, ?2)")?
            .execute(params![key, gathered.grams()])?;
    }
    let [sender, recipient, copy, subject, text] =
        [sender, recipient, copy, subject, text].map(well_ended);
    txn.prepare_cached(
        "INSERT INTO words (rowid, sender, recipient, copy, subject, text)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![key, sender, recipient, copy, subject, text])?;
    Ok(())
}

/// A text with so much behind it that its last character begins three, too.
fn well_ended(text: &str) -> Cow<'_, str> {
    match text.trim_end_matches(SEPARATOR) {
        "" => text.into(),
        last => format!("{last}{SEPARATOR}{SEPARATOR}").into(),
    }
}

fn select(main: &Connection, which: &str, from: i64) -> Result<Vec<(i64, Source)>, StoreError> {
    main.prepare_cached(&format!("{SOURCE} WHERE {which} LIMIT ?2"))
        .and_then(|mut select| {
            select
                .query_map(params![from, BATCH], Source::from_row)?
                .collect()
        })
        .doing(DOING)
}

/// Whose message it is; `None` if it is nobody's any more.
fn account_of(main: &Connection, message: i64) -> Result<Option<i64>, StoreError> {
    main.prepare_cached(
        "SELECT f.account_id FROM message m JOIN folder f ON f.id = m.folder_id WHERE m.id = ?1",
    )
    .and_then(|mut select| select.query_row([message], |row| row.get(0)).optional())
    .doing(DOING)
}

impl Standing {
    fn read(main: &Connection) -> Result<Self, StoreError> {
        let txn = main.unchecked_transaction().doing(DOING)?;
        let instance = catch_alls::instance(&txn)?;
        let number = |sql: &str| -> Result<i64, StoreError> {
            txn.prepare_cached(sql)
                .and_then(|mut select| select.query_row([], |row| row.get(0)))
                .doing(DOING)
        };
        Ok(Self {
            instance,
            newest: number(NEWEST)?,
            live: number("SELECT coalesce(sum(messages), 0) FROM folder")?,
            claims: number(CLAIMS)?,
        })
    }
}

/// The number that was given last.
pub(super) const NEWEST: &str =
    "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'message'), 0)";
/// How often messages went from one account to another.
pub(super) const CLAIMS: &str =
    "SELECT coalesce((SELECT CAST(value AS INTEGER) FROM setting WHERE name = 'claims'), 0)";

/// Whether the file cannot be what this program wrote: damaged, or of another kind. A full disk or
/// somebody who holds it says nothing of that.
pub(super) fn is_useless(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode;
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => matches!(
            failure.code,
            ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::ConstraintViolation
                | ErrorCode::Unknown
        ),
        _ => true,
    }
}

/// Gathers until the store closes.
struct Gathering<'a> {
    gathered: Gathered,
    stopping: &'a AtomicBool,
}

impl Taker for Gathering<'_> {
    fn take(&mut self, column: Column, piece: &str) -> bool {
        self.gathered.take(column, piece)
    }

    fn end(&mut self, column: Column) {
        self.gathered.end(column);
    }

    fn is_late(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}
