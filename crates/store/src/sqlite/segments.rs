//! Append-only files beside the database, for the octets of larger bodies.
//!
//! Written by the writer thread only. Within a transaction octets are appended and the places they
//! got are recorded in rows; the files are synced before the transaction commits. So a place that
//! a committed row names holds what was written there, and what lies behind the recorded end of a
//! segment belongs to a transaction that never was: the next opening cuts it off. Octets of a
//! discarded body are given back to the file system by a hole, after the transaction that forgot
//! them is durable (`freed_extent` remembers them until then). Start at `Segments::append`.
//!
//! Why not in the database: docs/design/001-segments.md.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, params};
use rustix::fs::FallocateFlags;

use super::errors::{Doing, damaged};
use super::open::sync_directory;
use crate::StoreError;

/// A segment that has grown so far is left, and the next one begun.
const FULL: u64 = 256 << 20;
/// A large body, written slice by slice, is synced as often as this: left to the end, its sync
/// would keep everybody else's small commits waiting.
const UNSYNCED_MOST: u64 = 4 << 20;
/// Segments that readers keep open.
const OPEN_MOST: usize = 64;
/// Holes are made in whole blocks of the file system.
const BLOCK: u64 = 4096;

/// Where some octets are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Place {
    pub(crate) segment: i64,
    pub(crate) start: u64,
    pub(crate) length: u64,
}

/// The segments as the writer sees them.
#[derive(Debug)]
pub(crate) struct Segments {
    files: Arc<SegmentFiles>,
    last: Option<Last>,
    /// What this transaction appended, by segment.
    grown: HashMap<i64, Grown>,
    /// Places wait in `freed_extent` to be given back, once a synced transaction lies behind them.
    has_freed: bool,
    /// A sync failed. What was not on disk then may never get there, whatever later syncs say: the
    /// segments are not written any more until they are opened again.
    is_broken: bool,
    /// Octets that rows name are gone, and nobody has said that this is known. What is there can be
    /// read; no mail is brought, because what is lost here may still be on its server.
    loss: Option<String>,
}

/// What a transaction did to a segment.
#[derive(Clone, Copy, Debug, Default)]
struct Grown {
    octets: u64,
    /// The end behind them.
    end: u64,
}

/// How a transaction ended that was not committed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ended {
    /// It never was.
    Undone,
    /// Its commit failed, and may yet turn out to stand in the log: SQLite takes it back in memory
    /// only, and a process that dies before the next commit leaves it there to be found.
    InDoubt,
}

/// The segment that is being filled.
#[derive(Debug)]
struct Last {
    id: i64,
    file: File,
    /// Where the next octets go.
    end: u64,
    /// Nothing before it is written over: a committed transaction recorded it, or one in doubt.
    kept: u64,
    /// Octets that are not synced yet.
    unsynced: u64,
}

const WRITE: &str = "write to a segment";

impl Segments {
    /// Opens the segments of a data directory, and cuts off what no transaction recorded.
    pub(crate) fn open(conn: &Connection, parent: &Path) -> Result<Self, StoreError> {
        const DOING: &str = "open the segments";
        let dir = parent.join("segments");
        if !dir.is_dir() {
            fs::DirBuilder::new()
                .mode(0o700)
                .create(&dir)
                .doing(DOING)?;
            sync_directory(parent).doing(DOING)?;
        }
        let files = Arc::new(SegmentFiles {
            dir,
            open: Mutex::default(),
            holds: AtomicUsize::new(0),
        });
        let recorded: HashMap<i64, u64> = conn
            .prepare("SELECT id, size FROM segment")
            .and_then(|mut select| {
                let rows = select.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))?;
                rows.map(|row| row.map(|(id, size)| (id, size.cast_unsigned())))
                    .collect()
            })
            .doing(DOING)?;
        files.cut_off(&recorded).doing(DOING)?;
        let (loss, lost) = files.compare(&recorded);
        let last = match recorded.into_iter().max() {
            Some((id, end)) if end < FULL && !lost.contains(&id) => {
                let file = files.open_to_write(id).doing(DOING)?;
                Some(Last {
                    id,
                    file,
                    end,
                    kept: end,
                    unsynced: 0,
                })
            }
            _ => None,
        };
        let has_freed = conn
            .prepare("SELECT 1 FROM freed_extent")
            .and_then(|mut select| select.exists([]))
            .doing(DOING)?;
        Ok(Self {
            files,
            last,
            grown: HashMap::new(),
            has_freed,
            is_broken: false,
            loss,
        })
    }

    pub(crate) fn files(&self) -> Arc<SegmentFiles> {
        Arc::clone(&self.files)
    }

    /// Appends octets. They are durable once the transaction in hand is.
    pub(crate) fn append(&mut self, txn: &Connection, octets: &[u8]) -> Result<Place, StoreError> {
        self.check()?;
        if self.last.as_ref().is_none_or(|last| last.end >= FULL) {
            self.begin_next(txn)?;
        }
        let last = self.last.as_mut().ok_or(StoreError::Closing)?;
        last.file.write_all_at(octets, last.end).doing(WRITE)?;
        last.unsynced += octets.len() as u64;
        let place = Place {
            segment: last.id,
            start: last.end,
            length: octets.len() as u64,
        };
        last.end += place.length;
        let grown = self.grown.entry(last.id).or_default();
        grown.octets += place.length;
        grown.end = last.end;
        Ok(place)
    }

    /// Gives octets back once the transaction in hand, which forgets them, is durable.
    pub(crate) fn free(&mut self, txn: &Connection, place: Place) -> Result<(), StoreError> {
        txn.prepare_cached(
            "INSERT INTO freed_extent (segment_id, start, length) VALUES (?1, ?2, ?3)",
        )
        .and_then(|mut insert| {
            let (start, length) = (place.start.cast_signed(), place.length.cast_signed());
            insert.execute(params![place.segment, start, length])
        })
        .doing("free a place in a segment")?;
        self.has_freed = true;
        Ok(())
    }

    /// To be called at the end of each transaction, before its commit: records how far the
    /// segments reach and, if the transaction is to be durable or much has gathered, syncs them first.
    pub(crate) fn before_commit(
        &mut self,
        txn: &Connection,
        durable: bool,
    ) -> Result<(), StoreError> {
        for (segment, grown) in self.grown.drain() {
            // The row is not there if the transaction that began the segment is in doubt.
            txn.prepare_cached(
                "INSERT INTO segment (id, size, live) VALUES (?1, ?2, ?3)
                 ON CONFLICT (id) DO UPDATE SET size = excluded.size, live = live + excluded.live",
            )
            .and_then(|mut grow| {
                let (end, octets) = (grown.end.cast_signed(), grown.octets.cast_signed());
                grow.execute(params![segment, end, octets])
            })
            .doing(WRITE)?;
        }
        let unsynced = self.last.as_ref().map_or(0, |last| last.unsynced);
        if durable || unsynced >= UNSYNCED_MOST {
            self.sync()?;
        }
        Ok(())
    }

    /// The transaction is committed.
    pub(crate) fn committed(&mut self) {
        if let Some(last) = &mut self.last {
            last.kept = last.end;
        }
    }

    /// The transaction was not committed. Its octets are written over if it never was; if it is in
    /// doubt they stay: should it be found in the log after all, its rows name them.
    pub(crate) fn rolled_back(&mut self, ended: Ended) {
        self.grown.clear();
        match &mut self.last {
            Some(last) if ended == Ended::InDoubt => last.kept = last.end,
            // A segment begun in that transaction has no row. It is begun again when needed.
            Some(last) if last.kept == 0 => self.last = None,
            Some(last) if last.end > last.kept => {
                last.end = last.kept;
                // On a full disk the next, smaller, transaction needs the room.
                if let Err(error) = last.file.set_len(last.kept) {
                    tracing::debug!(%error, segment = last.id, "the tail stays");
                }
            }
            _ => {}
        }
    }

    /// Whether places wait to be given back: to be done behind a synced transaction only.
    pub(crate) fn has_freed(&self) -> bool {
        self.has_freed && !self.files.is_held()
    }

    /// Gives back what was freed in transactions that are durable, and forgets it. Runs in a
    /// transaction of its own, whose loss would only repeat it.
    pub(crate) fn finish_freeing(&mut self, txn: &Connection) -> Result<(), StoreError> {
        const DOING: &str = "free places in segments";
        if self.files.is_held() {
            return Ok(());
        }
        self.has_freed = false;
        let places: Vec<Place> = txn
            .prepare_cached("SELECT segment_id, start, length FROM freed_extent")
            .and_then(|mut select| {
                let places = select.query_map([], |row| {
                    Ok(Place {
                        segment: row.get(0)?,
                        start: row.get::<_, i64>(1)?.cast_unsigned(),
                        length: row.get::<_, i64>(2)?.cast_unsigned(),
                    })
                })?;
                places.collect()
            })
            .doing(DOING)?;
        if places.is_empty() {
            return Ok(());
        }
        for place in &places {
            // A file system without holes keeps the room until the whole segment goes.
            if let Err(error) = self.files.punch(*place) {
                tracing::debug!(%error, segment = place.segment, "no hole was made");
            }
            txn.prepare_cached("UPDATE segment SET live = live - ?2 WHERE id = ?1")
                .and_then(|mut update| {
                    update.execute(params![place.segment, place.length.cast_signed()])
                })
                .doing(DOING)?;
        }
        txn.execute("DELETE FROM freed_extent", []).doing(DOING)?;
        Ok(())
    }

    /// Deletes the files of full segments in which nothing is left. Their rows must go first.
    pub(crate) fn empty(&self, txn: &Connection) -> Result<Vec<i64>, StoreError> {
        if self.files.is_held() {
            return Ok(Vec::new());
        }
        let last = self.last.as_ref().map_or(0, |last| last.id);
        txn.prepare_cached("DELETE FROM segment WHERE live = 0 AND id <> ?1 RETURNING id")
            .and_then(|mut delete| delete.query_map([last], |row| row.get(0))?.collect())
            .doing("forget empty segments")
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        self.check()?;
        let Some(last) = self.last.as_mut().filter(|last| last.unsynced > 0) else {
            return Ok(());
        };
        let synced = last.file.sync_data();
        match synced {
            Ok(()) => last.unsynced = 0,
            Err(_) => self.is_broken = true,
        }
        synced.doing("sync a segment")
    }

    /// Whether mail may be brought in.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        if self.is_broken {
            return Err(damaged(
                "the disk failed to keep a segment; look at its health, then start again",
            ));
        }
        match &self.loss {
            Some(loss) => Err(damaged(loss)),
            None => Ok(()),
        }
    }

    fn begin_next(&mut self, txn: &Connection) -> Result<(), StoreError> {
        // What the full one holds of this transaction is synced now: afterwards it is not looked
        // at again.
        self.sync()?;
        let id: i64 = txn
            .prepare_cached("INSERT INTO segment (size, live) VALUES (0, 0) RETURNING id")
            .and_then(|mut insert| insert.query_row([], |row| row.get(0)))
            .doing(WRITE)?;
        let file = self.files.create(id).doing("make a segment")?;
        self.last = Some(Last {
            id,
            file,
            end: 0,
            kept: 0,
            unsynced: 0,
        });
        Ok(())
    }
}

/// The files themselves; shared with the readers.
#[derive(Debug)]
pub(crate) struct SegmentFiles {
    dir: PathBuf,
    open: Mutex<HashMap<i64, Arc<File>>>,
    /// Those who copy them at present.
    holds: AtomicUsize,
}

/// While it lives, nothing is given back to the disk: what a copy of the database names stays.
#[derive(Debug)]
pub(crate) struct Hold(Arc<SegmentFiles>);

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.holds.fetch_sub(1, Ordering::SeqCst);
    }
}

impl SegmentFiles {
    /// Keeps all that is in them.
    pub(crate) fn hold(self: &Arc<Self>) -> Hold {
        self.holds.fetch_add(1, Ordering::SeqCst);
        Hold(Arc::clone(self))
    }

    fn is_held(&self) -> bool {
        self.holds.load(Ordering::SeqCst) > 0
    }

    /// Appends the octets at a place to `into`.
    pub(crate) fn read(&self, place: Place, into: &mut Vec<u8>) -> Result<(), StoreError> {
        let file = self
            .open_to_read(place.segment)
            .map_err(|error| missing(place, &error))?;
        let start = into.len();
        into.resize(start + usize::try_from(place.length).unwrap_or(0), 0);
        file.read_exact_at(&mut into[start..], place.start)
            .map_err(|error| missing(place, &error))
    }

    /// Deletes segments whose rows are gone.
    pub(crate) fn delete(&self, segments: &[i64]) {
        for segment in segments {
            self.open().remove(segment);
            if let Err(error) = fs::remove_file(self.path(*segment)) {
                tracing::warn!(%error, segment, "an empty segment stays until the next start");
            }
        }
    }

    /// The file of a segment.
    pub(crate) fn path(&self, segment: i64) -> PathBuf {
        self.dir.join(format!("{segment:08}"))
    }

    fn open_to_read(&self, segment: i64) -> io::Result<Arc<File>> {
        let mut open = self.open();
        if let Some(file) = open.get(&segment) {
            return Ok(Arc::clone(file));
        }
        if open.len() >= OPEN_MOST {
            open.clear();
        }
        let file = Arc::new(File::open(self.path(segment))?);
        open.insert(segment, Arc::clone(&file));
        Ok(file)
    }

    fn open_to_write(&self, segment: i64) -> io::Result<File> {
        OpenOptions::new().write(true).open(self.path(segment))
    }

    fn create(&self, segment: i64) -> io::Result<File> {
        // It may be there: of a transaction that came to nothing.
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(self.path(segment))?;
        sync_directory(&self.dir)?;
        Ok(file)
    }

    fn punch(&self, place: Place) -> io::Result<()> {
        let start = place.start.next_multiple_of(BLOCK);
        let end = (place.start + place.length) / BLOCK * BLOCK;
        if end <= start {
            return Ok(());
        }
        let file = self.open_to_write(place.segment)?;
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        Ok(rustix::fs::fallocate(&file, flags, start, end - start)?)
    }

    /// Writes a block and takes it away again, so that the system says why a write fails: of a
    /// quota that is used up SQLite says no more than that it could not write.
    pub(crate) fn try_room(&self) -> io::Result<()> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(self.dir.join("trial"))?;
        let written = file.write_all_at(&[1; 4096], 0);
        fs::remove_file(self.dir.join("trial"))?;
        written
    }

    /// Makes the files what the rows say.
    fn cut_off(&self, recorded: &HashMap<i64, u64>) -> io::Result<()> {
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            let id = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse::<i64>().ok());
            let Some(id) = id else { continue };
            match recorded.get(&id) {
                None => fs::remove_file(entry.path())?,
                Some(size) if entry.metadata()?.len() > *size => {
                    self.open_to_write(id)?.set_len(*size)?;
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Which segments do not hold all that their rows say, and what to tell of it: nothing where
    /// beside each of them a file `NNNNNNNN.lost` says that somebody knows.
    fn compare(&self, recorded: &HashMap<i64, u64>) -> (Option<String>, Vec<i64>) {
        let (mut loss, mut lost) = (None, Vec::new());
        for (id, size) in recorded {
            let path = self.path(*id);
            let found = match fs::metadata(&path).map(|file| file.len()) {
                Ok(there) if there >= *size => continue,
                Ok(there) => format!("has {there} octets where {size} were written"),
                Err(error) => format!("cannot be read: {error}"),
            };
            lost.push(*id);
            let known = path.with_extension("lost");
            if !known.exists() {
                loss = Some(format!(
                    "{} {found}. Put it back from a backup; if there is none, make the empty file \
                     {}, and everything but the messages in it goes on",
                    path.display(),
                    known.display()
                ));
            }
        }
        (loss, lost)
    }

    fn open(&self) -> MutexGuard<'_, HashMap<i64, Arc<File>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn missing(place: Place, error: &io::Error) -> StoreError {
    damaged(format!(
        "segment {} does not give the {} octets at {}: {error}",
        place.segment, place.length, place.start
    ))
}
