//! Retrievals, and which maildrop (with its ledger) each of them reads.

use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use inhaul_domain::schedule::{Saved, ScheduleState};
use inhaul_domain::{LedgerState, LeftOutReason, SessionSize, StartPoint};
use inhaul_types::card::Detail;
use inhaul_types::{
    AccountId, ErrorCode, FolderId, KeyPin, MaildropId, Mechanism, Octets, RetrievalId, Timestamp,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::accounts::{self, folder_or_new, unless_exists};
use super::errors::{Doing, damaged, missing};
use super::removal::retrievals_of;
use super::words::{every, from_word, ledger_state, retention, security, sign_in_memory, start};
use super::writer::Surroundings;
use super::{catch_alls, ledger, schedule};
use crate::seal::SealingKey;
use crate::{
    NewRetrieval, Remote, RemoteSecret, Retrieval, RetrievalChange, RetrievalLimits, StoreError,
    Written,
};

const WRITE: &str = "write a retrieval";
const READ: &str = "read the retrievals";
/// Where in a row of `select` the routing begins.
const ROUTING: usize = 43;

/// Makes a retrieval, its folder if need be, and adopts or makes its maildrop.
pub(crate) fn create(
    txn: &Connection,
    around: &Surroundings,
    key: &SealingKey,
    new: &NewRetrieval,
) -> Result<RetrievalId, StoreError> {
    if let Some(owner) = new.owner {
        check_limit(txn, owner)?;
    }
    let folder = folder_or_new(txn, around, new.account, &new.folder)?;
    let wanted = Wanted::new(&new.remote, folder);
    let maildrop = match wanted.find(txn)? {
        Some(maildrop) => {
            if new.start == StartPoint::Everything {
                want_everything(txn, maildrop)?;
            }
            maildrop
        }
        None => wanted.make(txn)?,
    };
    let made = txn.execute(
        "INSERT INTO retrieval (name, host, port, security, ca_file, user, folder_id, owner_id,
             maildrop_id, every, retention, paused, created, start, pin, sign_in, confined,
             first_run_keeps, paused_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
             iif(?12, ?13, NULL))",
        params![
            new.name,
            new.remote.host,
            new.remote.port,
            security::to_column(new.remote.security),
            new.remote
                .ca_file
                .as_ref()
                .map(|path| path.as_os_str().as_bytes()),
            new.remote.user,
            folder.row(),
            new.owner.map(AccountId::row),
            maildrop.row(),
            every::to_column(new.every),
            retention::to_column(new.retention),
            new.paused,
            (around.clock)().millis(),
            start::to_column(new.start),
            new.remote.pin.as_ref().map(KeyPin::octets),
            new.remote.sign_in.map(Mechanism::as_str),
            new.confined,
            new.first_run_keeps,
        ],
    );
    unless_exists(made, "retrieval", &new.name)?.doing(WRITE)?;
    let id = RetrievalId::new(txn.last_insert_rowid());
    // The seal is bound to the row's number, which is known only now.
    set_secret(txn, key, id, &new.secret)?;
    execute(
        txn,
        "UPDATE retrieval SET mechanism = ?2 WHERE id = ?1",
        (id.row(), new.sign_in_memory.map(sign_in_memory::to_column)),
    )?;
    set_limits(txn, id, &new.limits)?;
    set_written(txn, id, new.written_at.as_ref())?;
    catch_alls::write(txn, around, id, &new.routing)?;
    refuse_owned_catch_all(txn, id)?;
    let (nothing, now) = (ScheduleState::default(), (around.clock)());
    let due = schedule::when_saved(&nothing, new.every, Saved::New, now);
    schedule::write(txn, id, &due)?;
    Ok(id)
}

/// A catch-all is the administrator's: it writes into the folders of others.
fn refuse_owned_catch_all(txn: &Connection, id: RetrievalId) -> Result<(), StoreError> {
    let owned: Option<String> = txn
        .prepare_cached(
            "SELECT name FROM retrieval
             WHERE id = ?1 AND routing = 'catch-all' AND owner_id IS NOT NULL",
        )
        .and_then(|mut select| select.query_row([id.row()], |row| row.get(0)).optional())
        .doing(WRITE)?;
    owned.map_or(Ok(()), |name| Err(StoreError::OwnedCatchAll { name }))
}

/// Refuses a person one retrieval too many. All that deliver to the account count, whoever made
/// them: that is the number which people and administrators see.
fn check_limit(txn: &Connection, owner: AccountId) -> Result<(), StoreError> {
    let Some(most) = accounts::limits_of(txn, owner)?.retrievals else {
        return Ok(());
    };
    if retrievals_of(txn, owner)?.len() < most as usize {
        return Ok(());
    }
    Err(StoreError::LimitReached {
        limit: "retrievals",
        most: most.into(),
        account: accounts::name_of(txn, owner)?,
    })
}

/// Pauses a retrieval, by whom and when, or resumes it. One that is paused already stays paused by
/// whoever did it first.
fn set_paused(
    txn: &Connection,
    id: RetrievalId,
    paused: Option<(Option<&str>, i64)>,
) -> Result<(), StoreError> {
    match paused {
        Some((by, at)) => execute(
            txn,
            "UPDATE retrieval SET paused = 1, paused_by = ?2, paused_at = ?3
             WHERE id = ?1 AND NOT paused",
            params![id.row(), by, at],
        ),
        None => execute(
            txn,
            "UPDATE retrieval SET paused = 0, paused_by = NULL, paused_at = NULL WHERE id = ?1",
            [id.row()],
        ),
    }
}

fn set_limits(
    txn: &Connection,
    id: RetrievalId,
    limits: &RetrievalLimits,
) -> Result<(), StoreError> {
    let octets = |octets: Option<Octets>| octets.map(|octets| octets.count().cast_signed());
    execute(
        txn,
        "UPDATE retrieval SET max_messages = ?2, max_octets = ?3, largest = ?4, reconnect = ?5
         WHERE id = ?1",
        params![
            id.row(),
            limits.max_messages,
            octets(limits.max_octets),
            octets(limits.largest),
            limits.reconnect,
        ],
    )
}

fn set_written(
    txn: &Connection,
    id: RetrievalId,
    written: Option<&Written>,
) -> Result<(), StoreError> {
    execute(
        txn,
        "UPDATE retrieval SET written_at = ?2, written_paused = ?3 WHERE id = ?1",
        params![
            id.row(),
            written.map(|written| &written.at),
            written.is_some_and(|written| written.paused),
        ],
    )
}

/// Messages that an earlier retrieval of this maildrop did not want are as new again.
fn want_everything(txn: &Connection, maildrop: MaildropId) -> Result<(), StoreError> {
    let unwanted = LedgerState::LeftOut(LeftOutReason::Unwanted);
    let rows = ledger::rows_of(maildrop);
    execute(
        txn,
        "DELETE FROM ledger WHERE state = ?1 AND id >= ?2 AND id < ?3",
        (ledger_state::to_column(unwanted), rows.start, rows.end),
    )
}

/// A host and user with a destination: what a ledger belongs to.
struct Wanted {
    host: String,
    user: String,
    folder: FolderId,
}

impl Wanted {
    /// Gmail's `recent:` before the user reads the same maildrop in another way.
    fn new(remote: &Remote, folder: FolderId) -> Self {
        const RECENT: &str = "recent:";
        let user = remote.user.strip_prefix(RECENT).unwrap_or(&remote.user);
        Self {
            host: remote.host.to_lowercase(),
            user: user.to_owned(),
            folder,
        }
    }

    fn find(&self, txn: &Connection) -> Result<Option<MaildropId>, StoreError> {
        let found = txn
            .prepare_cached(
                "SELECT id FROM maildrop WHERE host = ?1 AND user = ?2 AND folder_id = ?3",
            )
            .and_then(|mut select| {
                let key = params![self.host, self.user, self.folder.row()];
                select.query_row(key, |row| row.get(0)).optional()
            })
            .doing(WRITE)?;
        Ok(found.map(MaildropId::new))
    }

    fn make(&self, txn: &Connection) -> Result<MaildropId, StoreError> {
        txn.execute(
            "INSERT INTO maildrop (host, user, folder_id) VALUES (?1, ?2, ?3)",
            params![self.host, self.user, self.folder.row()],
        )
        .doing(WRITE)?;
        Ok(MaildropId::new(txn.last_insert_rowid()))
    }

    /// Turns the maildrop of one retrieval into this one. Another host or user begins an epoch:
    /// the rows stay, but prove nothing by themselves any more. Another destination alone does
    /// not: what was brought there stays brought.
    fn take_over(&self, txn: &Connection, maildrop: MaildropId) -> Result<(), StoreError> {
        txn.execute(
            "UPDATE maildrop SET epoch = epoch + (host <> ?2 OR user <> ?3),
                 host = ?2, user = ?3, folder_id = ?4
             WHERE id = ?1",
            params![maildrop.row(), self.host, self.user, self.folder.row()],
        )
        .doing(WRITE)?;
        Ok(())
    }
}

/// Changes a retrieval.
pub(crate) fn change(
    txn: &Connection,
    around: &Surroundings,
    key: &SealingKey,
    id: RetrievalId,
    change: &RetrievalChange,
) -> Result<(), StoreError> {
    let before = by_id(txn, id)?;
    if let Some(name) = &change.name {
        let made = txn.execute(
            "UPDATE retrieval SET name = ?2 WHERE id = ?1",
            params![id.row(), name],
        );
        unless_exists(made, "retrieval", name)?.doing(WRITE)?;
    }
    if change.remote.is_some() || change.destination.is_some() {
        move_to(txn, around, &before, change)?;
    }
    if let Some(remote) = &change.remote {
        set_remote(txn, id, remote)?;
    }
    if let Some(secret) = &change.secret {
        set_secret(txn, key, id, secret)?;
    }
    if change.remote.is_some() || change.secret.is_some() {
        // Old failures say nothing about the new way in: it is tried at once.
        execute(
            txn,
            "UPDATE retrieval SET failures = 0 WHERE id = ?1",
            [id.row()],
        )?;
    }
    let row = id.row();
    if let Some(new) = change.every {
        let new = every::to_column(new);
        execute(
            txn,
            "UPDATE retrieval SET every = ?2 WHERE id = ?1",
            (row, new),
        )?;
    }
    if let Some(new) = change.retention {
        let new = retention::to_column(new);
        execute(
            txn,
            "UPDATE retrieval SET retention = ?2 WHERE id = ?1",
            (row, new),
        )?;
    }
    if let Some(paused) = change.paused {
        let now = (around.clock)().millis();
        set_paused(
            txn,
            id,
            paused.then_some((change.paused_by.as_deref(), now)),
        )?;
    }
    if let Some(limits) = &change.limits {
        set_limits(txn, id, limits)?;
    }
    if let Some(confined) = change.confined {
        execute(
            txn,
            "UPDATE retrieval SET confined = ?2 WHERE id = ?1",
            (row, confined),
        )?;
    }
    if let Some(owner) = change.owner {
        execute(
            txn,
            "UPDATE retrieval SET owner_id = ?2 WHERE id = ?1",
            (row, owner.map(AccountId::row)),
        )?;
    }
    if let Some(written_at) = &change.written_at {
        set_written(txn, id, written_at.as_ref())?;
    }
    if let Some(routing) = &change.routing {
        catch_alls::write(txn, around, id, routing)?;
    }
    if change.routing.is_some() || change.owner.is_some() {
        refuse_owned_catch_all(txn, id)?;
    }
    if let Some(saved) = saved(change, &before) {
        let (every, now) = (change.every.unwrap_or(before.every), (around.clock)());
        let state = schedule::when_saved(&before.schedule, every, saved, now);
        schedule::write(txn, id, &state)?;
    }
    Ok(())
}

/// What of a change makes the retrieval due, the weightiest of several; `None` where the time it
/// was due at stays.
fn saved(change: &RetrievalChange, before: &Retrieval) -> Option<Saved> {
    if change.remote.is_some() {
        Some(Saved::Remote)
    } else if change.secret.is_some() {
        Some(Saved::Password)
    } else if before.paused && change.paused == Some(false) {
        Some(Saved::Resumed)
    } else if change.due_now || change.every.is_some_and(|every| every != before.every) {
        Some(Saved::Changed)
    } else {
        None
    }
}

/// Finds the maildrop for the new remote side and destination.
fn move_to(
    txn: &Connection,
    around: &Surroundings,
    before: &Retrieval,
    change: &RetrievalChange,
) -> Result<(), StoreError> {
    let folder = match &change.destination {
        Some((account, folder)) => folder_or_new(txn, around, *account, folder)?,
        None => before.folder,
    };
    let wanted = Wanted::new(change.remote.as_ref().unwrap_or(&before.remote), folder);
    let maildrop = match wanted.find(txn)? {
        Some(known) => known,
        // Somebody else's ledger is not ours to carry away.
        None if is_shared(txn, before)? => wanted.make(txn)?,
        None => {
            wanted.take_over(txn, before.maildrop)?;
            before.maildrop
        }
    };
    execute(
        txn,
        "UPDATE retrieval SET folder_id = ?2, maildrop_id = ?3 WHERE id = ?1",
        [before.id.row(), folder.row(), maildrop.row()],
    )
}

fn is_shared(txn: &Connection, retrieval: &Retrieval) -> Result<bool, StoreError> {
    txn.prepare_cached("SELECT 1 FROM retrieval WHERE maildrop_id = ?1 AND id <> ?2")
        .and_then(|mut select| select.exists([retrieval.maildrop.row(), retrieval.id.row()]))
        .doing(WRITE)
}

fn set_remote(txn: &Connection, id: RetrievalId, remote: &Remote) -> Result<(), StoreError> {
    execute(
        txn,
        "UPDATE retrieval SET host = ?2, port = ?3, security = ?4, ca_file = ?5, user = ?6,
             pin = ?7, sign_in = ?8, capabilities = NULL, mechanism = NULL
         WHERE id = ?1",
        params![
            id.row(),
            remote.host,
            remote.port,
            security::to_column(remote.security),
            remote
                .ca_file
                .as_ref()
                .map(|path| path.as_os_str().as_bytes()),
            remote.user,
            remote.pin.as_ref().map(KeyPin::octets),
            remote.sign_in.map(Mechanism::as_str),
        ],
    )
}

fn set_secret(
    txn: &Connection,
    key: &SealingKey,
    id: RetrievalId,
    secret: &RemoteSecret,
) -> Result<(), StoreError> {
    let sealed = key.seal(id, secret)?;
    execute(
        txn,
        "UPDATE retrieval SET secret = ?2, mechanism = NULL WHERE id = ?1",
        params![id.row(), sealed],
    )
}

fn execute(txn: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<(), StoreError> {
    txn.prepare_cached(sql)
        .and_then(|mut statement| statement.execute(params))
        .doing(WRITE)?;
    Ok(())
}

/// Removes a retrieval and nothing else: its maildrop, ledger and runs tell what was brought.
pub(crate) fn remove(txn: &Connection, id: RetrievalId) -> Result<(), StoreError> {
    let removed = txn
        .prepare_cached("DELETE FROM retrieval WHERE id = ?1")
        .and_then(|mut delete| delete.execute([id.row()]))
        .doing("remove a retrieval")?;
    if removed == 0 {
        return Err(missing("retrieval", id));
    }
    Ok(())
}

/// Opens the sealed password.
pub(crate) fn secret(
    conn: &Connection,
    key: &SealingKey,
    id: RetrievalId,
) -> Result<RemoteSecret, StoreError> {
    let sealed: Option<Vec<u8>> = conn
        .prepare_cached("SELECT secret FROM retrieval WHERE id = ?1")
        .and_then(|mut select| select.query_row([id.row()], |row| row.get(0)).optional())
        .doing(READ)?
        .ok_or_else(|| missing("retrieval", id))?;
    key.open(
        id,
        &sealed.ok_or_else(|| damaged(format!("retrieval {id} has no password")))?,
    )
}

fn select() -> String {
    format!(
        "SELECT r.id, r.name, r.host, r.port, r.security, r.ca_file, r.user, f.account_id, a.name,
            r.owner_id, r.folder_id, f.name, r.every, r.retention, r.paused, r.maildrop_id,
            d.held_until, r.capabilities, r.last_good, r.failing_since, r.failures, r.last_error,
            r.start, d.session_messages, d.partial, r.pin, r.sign_in, r.mechanism, r.max_messages,
            r.max_octets, r.largest, r.reconnect, r.confined, r.written_at,
            r.written_paused, r.paused_by, r.paused_at, {schedule}, {routing}, r.first_run_keeps, r.said_auth,
            r.last_detail
        FROM retrieval r JOIN folder f ON f.id = r.folder_id JOIN account a ON a.id = f.account_id
            JOIN maildrop d ON d.id = r.maildrop_id",
        schedule = schedule::COLUMNS,
        routing = catch_alls::COLUMNS,
    )
}

/// All retrievals by name.
pub(crate) fn list(conn: &Connection) -> Result<Vec<Retrieval>, StoreError> {
    many(conn, "", [])
}

/// Those of an account: it owns them, or their destination is its own.
pub(crate) fn of_account(
    conn: &Connection,
    account: AccountId,
) -> Result<Vec<Retrieval>, StoreError> {
    many(conn, OF_ACCOUNT, [account.row()])
}

const OF_ACCOUNT: &str = "
    WHERE r.id IN (SELECT id FROM retrieval WHERE owner_id = ?1
        UNION ALL SELECT o.id FROM folder h CROSS JOIN retrieval o ON o.folder_id = h.id
            WHERE h.account_id = ?1)";

fn many(
    conn: &Connection,
    which: &str,
    key: impl rusqlite::Params,
) -> Result<Vec<Retrieval>, StoreError> {
    let mut select = conn
        .prepare_cached(&format!("{}{which} ORDER BY r.name", select()))
        .doing(READ)?;
    let mut rows = select.query(key).doing(READ)?;
    let mut retrievals = Vec::new();
    while let Some(row) = rows.next().doing(READ)? {
        retrievals.push(retrieval(conn, row)?);
    }
    Ok(retrievals)
}

/// One retrieval.
pub(crate) fn by_name(conn: &Connection, name: &str) -> Result<Retrieval, StoreError> {
    one(conn, &format!("{} WHERE r.name = ?1", select()), name)?
        .ok_or_else(|| missing("retrieval", name))
}

/// One retrieval by its number.
pub(crate) fn by_id(conn: &Connection, id: RetrievalId) -> Result<Retrieval, StoreError> {
    one(conn, &format!("{} WHERE r.id = ?1", select()), id.row())?
        .ok_or_else(|| missing("retrieval", id))
}

fn one(
    conn: &Connection,
    sql: &str,
    key: impl rusqlite::ToSql,
) -> Result<Option<Retrieval>, StoreError> {
    let mut select = conn.prepare_cached(sql).doing(READ)?;
    let mut rows = select.query([key]).doing(READ)?;
    let row = rows.next().doing(READ)?;
    row.map(|row| retrieval(conn, row)).transpose()
}

fn retrieval(conn: &Connection, row: &Row<'_>) -> Result<Retrieval, StoreError> {
    let text = |column: usize| row.get::<_, String>(column).doing(READ);
    let number = |column: usize| row.get::<_, Option<i64>>(column).doing(READ);
    let small = |column: usize| row.get::<_, Option<u32>>(column).doing(READ);
    let time = |column: usize| Ok(number(column)?.map(Timestamp::from_millis));
    let octets = |column: usize| Ok(number(column)?.map(|n| Octets::new(n.cast_unsigned())));
    let required = |column: usize| row.get::<_, i64>(column).doing(READ);
    let ca_file: Option<Vec<u8>> = row.get(5).doing(READ)?;
    let last_error: Option<String> = row.get(21).doing(READ)?;
    let pin: Option<[u8; KeyPin::LEN]> = row.get(25).doing(READ)?;
    let sign_in: Option<String> = row.get(26).doing(READ)?;
    let memory: Option<String> = row.get(27).doing(READ)?;
    let written_at: Option<String> = row.get(33).doing(READ)?;
    let paused_there = row.get(34).doing(READ)?;
    let id = RetrievalId::new(required(0)?);
    Ok(Retrieval {
        id,
        name: text(1)?,
        remote: Remote {
            host: text(2)?,
            port: row.get(3).doing(READ)?,
            security: security::from_column(&text(4)?)?,
            ca_file: ca_file.map(|path| PathBuf::from(std::ffi::OsString::from_vec(path))),
            pin: pin.map(KeyPin::new),
            user: text(6)?,
            sign_in: sign_in.as_deref().map(from_word::<Mechanism>).transpose()?,
        },
        account: AccountId::new(required(7)?),
        account_name: text(8)?,
        owner: number(9)?.map(AccountId::new),
        folder: FolderId::new(required(10)?),
        folder_name: text(11)?,
        every: every::from_column(small(12)?),
        retention: retention::from_column(small(13)?),
        first_run_keeps: row.get("first_run_keeps").doing(READ)?,
        paused: row.get(14).doing(READ)?,
        paused_by: row.get(35).doing(READ)?,
        paused_at: time(36)?,
        limits: RetrievalLimits {
            max_messages: small(28)?,
            max_octets: octets(29)?,
            largest: octets(30)?,
            reconnect: row.get(31).doing(READ)?,
        },
        confined: row.get(32).doing(READ)?,
        written_at: written_at.map(|at| Written {
            at,
            paused: paused_there,
        }),
        schedule: schedule::read(row, 37)?,
        routing: catch_alls::read(conn, id, row, ROUTING)?,
        maildrop: MaildropId::new(required(15)?),
        relinked_deletion_held_until: time(16)?,
        start: start::from_column(number(22)?),
        session_size: SessionSize::at_most(small(23)?),
        lists_in_parts: row.get(24).doing(READ)?,
        capabilities: row.get(17).doing(READ)?,
        sign_in_memory: memory.as_deref().and_then(sign_in_memory::from_column),
        last_good: time(18)?,
        failing_since: time(19)?,
        failures: row.get(20).doing(READ)?,
        last_error: last_error
            .as_deref()
            .map(from_word::<ErrorCode>)
            .transpose()?,
        last_detail: row
            .get::<_, Option<String>>("last_detail")
            .doing(READ)?
            .as_deref()
            .and_then(Detail::from_record),
        said_auth: row.get("said_auth").doing(READ)?,
    })
}
