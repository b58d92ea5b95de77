//! Backups: everything as it is at one moment, in one file, while the store is used.
//!
//! The writer's thread copies the database, a step between any two transactions (`copy`): SQLite
//! brings what is written meanwhile into the copy, and no read transaction outlives a step. When it
//! is whole, it names what was in the segments at that moment; they only grow, and nothing in them
//! is given back while a backup holds them, so they are copied at leisure, each up to the length
//! that the copy records. All of it goes into a tar file with a digest of each member at its end
//! (`manifest`), under another name until it is synced. Start at `make`; the way back is `restore`.

mod copy;
mod manifest;
mod restore;

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use inhaul_types::{Digest, Octets};
use rusqlite::{Connection, OpenFlags};
use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;

use super::Place;
use super::errors::{Doing, damaged};
use super::open::{PAGE_SIZE, sync_directory};
use super::segments::{Hold, SegmentFiles};
use super::writer::Writer;
use crate::StoreError;
use crate::records::{Backup, BackupReport, KeyInBackup, Progress};

use copy::Copied;
pub(crate) use copy::CopyOrder;
use manifest::{FIRST, LAST, Manifest, Member};
pub(crate) use restore::{UNPACKED, clear_up, restore};

/// Octets read at once.
const PIECE: usize = 256 << 10;
/// What stays free on the data directory's disk beside the copy of the database.
const ROOM: u64 = 64 << 20;
/// Names in the file.
pub(crate) const DATABASE: &str = "inhaul.db";
const KEY: &str = "secret.key";
pub(crate) const SEGMENTS: &str = "segments";

const DOING: &str = "make a backup";
/// Since when remote deletion waits for an administrator.
const PAUSED: &str = "deletion_paused";

/// Makes a backup.
pub(crate) async fn make(
    place: &Place,
    writer: &Writer,
    files: &Arc<SegmentFiles>,
    backup: Backup,
) -> Result<BackupReport, StoreError> {
    let turn = Arc::clone(&place.backup).lock_owned().await;
    let hold = files.hold();
    let scratch = Scratch(place.dir.join(SCRATCH));
    check_room(&place.dir)?;
    let (reply, answer) = oneshot::channel();
    writer.copy(CopyOrder {
        scratch,
        clock: Arc::clone(&place.clock),
        progress: backup.progress.clone(),
        reply,
    })?;
    let copied = answer.await.map_err(|_| StoreError::Closing)??;
    let (place, files) = (place.clone(), Arc::clone(files));
    let write = move || {
        // They go with the work: a caller that went away does not give anything free early.
        let _turn = turn;
        write(&place, &files, hold, copied, &backup)
    };
    let join = tokio::task::spawn_blocking(write).await;
    join.map_err(|error| StoreError::Io {
        doing: DOING,
        source: error.into(),
    })?
}

/// Whether remote copies may be deleted.
pub(crate) fn deletion_confirmed(conn: &Connection) -> Result<bool, StoreError> {
    let paused = conn
        .prepare_cached("SELECT 1 FROM setting WHERE name = ?1")
        .and_then(|mut select| select.exists([PAUSED]))
        .doing("read whether remote copies may be deleted")?;
    Ok(!paused)
}

/// They may.
pub(crate) fn confirm_deletion(txn: &Connection) -> Result<(), StoreError> {
    txn.execute("DELETE FROM setting WHERE name = ?1", [PAUSED])
        .doing("allow the deletion of remote copies")?;
    Ok(())
}

/// The database's copy in the data directory.
pub(crate) const SCRATCH: &str = "backup.db";

/// A file that goes when it is not needed any more.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, path = %self.0.display(), "a file stays that is not needed");
            }
            _ => {}
        }
    }
}

/// The copy must not take the room that mail needs.
fn check_room(dir: &Path) -> Result<(), StoreError> {
    let database = fs::metadata(dir.join(DATABASE)).doing(DOING)?.len();
    let disk = rustix::fs::statvfs(dir).doing(DOING)?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free < database.saturating_add(ROOM) {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        return Err(full).doing(DOING);
    }
    Ok(())
}

/// Writes the file.
fn write(
    place: &Place,
    files: &SegmentFiles,
    hold: Hold,
    copied: Copied,
    backup: &Backup,
) -> Result<BackupReport, StoreError> {
    let contents = Contents::read(&copied.scratch.0)?;
    let partial = Scratch(backup.to.with_added_extension("partial"));
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&partial.0)
        .doing(DOING)?;
    let mut archive = Archive {
        tar: tar::Builder::new(BufWriter::with_capacity(PIECE, file)),
        manifest: Manifest {
            taken: copied.taken,
            messages: contents.messages,
            members: Vec::new(),
        },
        meter: Meter {
            done: copied.octets,
            all: contents.octets + 2 * copied.octets,
            progress: backup.progress.clone(),
        },
    };
    archive.add_text(FIRST, manifest::first().as_bytes())?;
    archive.add_file(DATABASE, &copied.scratch.0, None)?;
    for (segment, size) in contents.segments {
        archive.add_segment(&files.path(segment), size)?;
    }
    let key = match backup.key {
        KeyInBackup::Included if place.key_file.exists() => {
            archive.add_file(KEY, &place.key_file, None)?;
            KeyInBackup::Included
        }
        _ => KeyInBackup::LeftOut,
    };
    drop(hold);
    let octets = archive.finish()?;
    fs::rename(&partial.0, &backup.to).doing(DOING)?;
    sync_parent(&backup.to).doing(DOING)?;
    Ok(BackupReport {
        octets,
        messages: contents.messages,
        taken: copied.taken,
        key,
    })
}

fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => sync_directory(dir),
        _ => sync_directory(Path::new(".")),
    }
}

/// What a copy of the database says.
struct Contents {
    messages: u64,
    segments: Vec<(i64, u64)>,
    octets: u64,
}

impl Contents {
    fn read(database: &Path) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(database, flags).doing(DOING)?;
        let messages: i64 = conn
            .query_row("SELECT coalesce(sum(messages), 0) FROM folder", [], |row| {
                row.get(0)
            })
            .doing(DOING)?;
        let segments: Vec<(i64, u64)> = conn
            .prepare("SELECT id, size FROM segment ORDER BY id")
            .and_then(|mut select| {
                let rows = select.query_map([], |row| {
                    Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned()))
                })?;
                rows.collect()
            })
            .doing(DOING)?;
        Ok(Self {
            messages: messages.cast_unsigned(),
            octets: segments.iter().map(|(_, size)| size).sum(),
            segments,
        })
    }
}

/// The file that is being written.
struct Archive {
    tar: tar::Builder<BufWriter<File>>,
    manifest: Manifest,
    meter: Meter,
}

impl Archive {
    fn add_text(&mut self, name: &str, text: &[u8]) -> Result<(), StoreError> {
        self.tar
            .append(&header(name, text.len() as u64)?, text)
            .doing(DOING)
    }

    /// Adds a file up to `size`, or all of it.
    fn add_file(&mut self, name: &str, path: &Path, size: Option<u64>) -> Result<(), StoreError> {
        let file = File::open(path).doing(DOING)?;
        let size = match size {
            Some(size) => size,
            None => file.metadata().doing(DOING)?.len(),
        };
        let mut told = Told {
            inner: file.take(size),
            digest: Sha256::new(),
            octets: 0,
            meter: &mut self.meter,
        };
        self.tar
            .append(&header(name, size)?, &mut told)
            .doing(DOING)?;
        let (octets, digest) = (told.octets, Digest::new(told.digest.finalize().into()));
        if octets != size {
            return Err(damaged(format!(
                "{} has {octets} octets where {size} were written",
                path.display()
            )));
        }
        self.manifest.members.push(Member {
            name: name.to_owned(),
            size,
            digest,
        });
        Ok(())
    }

    /// Adds a segment; of one whose loss somebody knows of, that.
    fn add_segment(&mut self, path: &Path, size: u64) -> Result<(), StoreError> {
        let known = path.with_extension("lost");
        let there = fs::metadata(path).map_or(0, |file| file.len());
        let source = if there < size && known.exists() {
            known
        } else {
            path.to_owned()
        };
        let name = source.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| damaged("a segment has a name of its own"))?;
        let size = (source == path).then_some(size);
        self.add_file(&format!("{SEGMENTS}/{name}"), &source, size)
    }

    /// Ends the file and syncs it; says how long it is.
    fn finish(mut self) -> Result<Octets, StoreError> {
        let text = self.manifest.to_text();
        self.add_text(LAST, text.as_bytes())?;
        let file = self.tar.into_inner().doing(DOING)?;
        let file = file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)
            .doing(DOING)?;
        file.sync_all().doing(DOING)?;
        Ok(Octets::new(file.metadata().doing(DOING)?.len()))
    }
}

fn header(name: &str, size: u64) -> Result<tar::Header, StoreError> {
    let mut header = tar::Header::new_gnu();
    header.set_path(name).doing(DOING)?;
    header.set_size(size);
    header.set_mode(0o600);
    header.set_cksum();
    Ok(header)
}

/// How far it is.
struct Meter {
    done: u64,
    all: u64,
    progress: Option<Progress>,
}

impl Meter {
    fn add(&mut self, octets: u64) {
        self.done += octets;
        if let Some(progress) = &self.progress {
            progress(Octets::new(self.done), Octets::new(self.all.max(self.done)));
        }
    }
}

/// What is read through it is counted and has its digest taken.
struct Told<'a, R> {
    inner: R,
    digest: Sha256,
    octets: u64,
    meter: &'a mut Meter,
}

impl<R: Read> Read for Told<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.digest.update(&buffer[..read]);
        self.octets += read as u64;
        self.meter.add(read as u64);
        Ok(read)
    }
}
