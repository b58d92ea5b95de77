//! What time leaves in a seeded field: the runs of a season, a year of counts and changes, mail in
//! inboxes, catch-alls with rules.
//!
//! The store has no door for runs of the past, so they are written into its tables, in the order in
//! which they would have come, and folded as `store/src/sqlite/folding.rs` folds them: every run of
//! the last 48 hours has a row, before that what found nothing has one an hour. Numbers ascend with
//! time and lie as far apart on disk as in life, as runs of all retrievals take turns.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use inhaul_domain::{Retention, StartPoint};
use inhaul_store::{
    AccountChange, CatchAllSettings, Every, NewAccount, NewRetrieval, Remote, RemoteSecret,
    Routing, RuleSetting, Security, SqliteStore, Store, StoreOptions,
};
use inhaul_types::{AccountId, Secret};
use rusqlite::{Connection, params};

use crate::field::{self, Field};

/// Who manages the installation.
pub(super) const ADMINISTRATOR: &str = "boss";
/// Everybody's password.
pub(super) const PASSWORD: &str = "four words of nobody";
/// The first catch-all.
pub(super) const CATCH_ALL: &str = "catch-all-0";
const CATCH_ALLS: u32 = 5;
const RULES: u32 = 40;
/// Messages in the administrator's INBOX, where the first catch-all puts what has no rule.
const UNCLAIMED: u32 = 5_000;
const CHANGES: u32 = 20_000;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// The interval that the field was seeded with.
const STEP: i64 = 5 * MINUTE;
/// Every run has a row for so long.
const UNFOLDED: i64 = 48 * HOUR;
/// Runs of a retrieval whose conversations are kept.
const CONVERSATIONS: i64 = 20;

/// Lets time pass over a field, once.
pub(super) async fn pass(folder: &Path, days: u16) -> Result<()> {
    let done = folder.join("year");
    if done.exists() {
        return Ok(());
    }
    let shape = Field::read(folder)?;
    let data = field::data(folder);
    people(&data, &shape).await?;
    let mut tables = Tables::open(&data, days)?;
    tables.runs()?;
    tables.retrievals()?;
    tables.messages()?;
    tables.unclaimed()?;
    tables.changes()?;
    tables.close()?;
    std::fs::write(done, "")?;
    Ok(())
}

/// Whoever signs in, and catch-alls.
async fn people(data: &Path, shape: &Field) -> Result<()> {
    let store = SqliteStore::open(data, StoreOptions::default()).await?;
    let password = || Some(Secret::new(PASSWORD.to_owned()));
    let accounts = store.account_list().await?;
    for account in &accounts {
        let change = AccountChange {
            password: password(),
            ..AccountChange::default()
        };
        store.account_change(account.id, change).await?;
    }
    let boss = NewAccount {
        name: ADMINISTRATOR.to_owned(),
        addresses: vec![format!("{ADMINISTRATOR}@example.org").parse()?],
        group: None,
        admin: true,
        password: password(),
    };
    let boss = store.account_create(boss).await?;
    for number in 0..CATCH_ALLS {
        let rules = (0..RULES).zip(accounts.iter().cycle()).map(|(rule, to)| {
            Ok(RuleSetting {
                address: format!("rule{rule}@firm{number}.example").parse()?,
                account: to.id,
                account_name: to.name.clone(),
                folder: "INBOX".to_owned(),
            })
        });
        let rules = rules.collect::<Result<_>>()?;
        store
            .retrieval_create(catch_all(number, rules, boss, shape))
            .await?;
    }
    store.close().await?;
    Ok(())
}

fn catch_all(number: u32, rules: Vec<RuleSetting>, to: AccountId, shape: &Field) -> NewRetrieval {
    let address = shape.host(0);
    NewRetrieval {
        name: format!("catch-all-{number}"),
        remote: Remote {
            host: address.ip().to_string(),
            port: address.port(),
            security: Security::None,
            ca_file: None,
            pin: None,
            user: format!("all{number}"),
            sign_in: None,
        },
        secret: RemoteSecret::Stored(Secret::new("secret".to_owned())),
        account: to,
        owner: None,
        folder: "INBOX".into(),
        routing: Routing::CatchAll(CatchAllSettings {
            domains: vec![format!("firm{number}.example")],
            rules,
            ..CatchAllSettings::default()
        }),
        every: Every::Seconds(300),
        retention: Retention::Keep,
        start: StartPoint::Everything,
        paused: false,
        first_run_keeps: false,
        sign_in_memory: None,
        limits: inhaul_store::RetrievalLimits::default(),
        confined: false,
        written_at: None,
    }
}

/// The database of a store that is closed.
struct Tables {
    conn: Connection,
    now: i64,
    first: i64,
}

impl Tables {
    fn open(data: &Path, days: u16) -> Result<Self> {
        let conn = Connection::open(data.join("inhaul.db"))?;
        // What breaks here is seeded again.
        conn.pragma_update_and_check(None, "journal_mode", "OFF", |_| Ok(()))?;
        conn.pragma_update(None, "synchronous", "OFF")?;
        conn.pragma_update(None, "cache_size", -(256_i64 << 10))?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
        // Whole hours: a folded row is of one.
        let now = i64::try_from(now)? / HOUR * HOUR;
        // What is older than that would be forgotten while the pages are measured.
        let first = now - i64::from(days) * DAY + 6 * HOUR;
        Ok(Self { conn, now, first })
    }

    fn close(self) -> Result<()> {
        self.conn
            .pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        Ok(())
    }

    fn runs(&mut self) -> Result<()> {
        let retrievals = self.numbers("SELECT id FROM retrieval ORDER BY id")?;
        let indices: Vec<(String, String)> = self
            .conn
            .prepare(
                "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'run'",
            )?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        for (name, _) in &indices {
            self.conn.execute_batch(&format!("DROP INDEX {name}"))?;
        }
        let (first, now) = (self.first, self.now);
        self.conn.execute_batch("BEGIN")?;
        // The runs that seeded the field were the first ones.
        self.conn.execute(
            "UPDATE run SET started = ?1, ended = ?1 + 900",
            params![first],
        )?;
        let mut run = self.conn.prepare(
            "INSERT INTO run (retrieval_id, activation, started, ended, code, listed, stored,
                 octets, folded) VALUES (?1, 'schedule', ?2, ?3, ?4, 20, ?5, ?6, ?7)",
        )?;
        let mut add = |retrieval: i64, at: i64, kind: Kind| {
            let (took, code, stored, folded) = match kind {
                Kind::Hour(folded) => (folded * STEP + 700, None, 0, folded),
                Kind::Nothing => (700, None, 0, 0),
                Kind::Mail(stored) => (900, None, stored, 0),
                Kind::Failed(code) => (4_000, Some(code), 0, 0),
            };
            let at = at + retrieval * 29 % STEP;
            let key = params![
                retrieval,
                at,
                at + took,
                code,
                stored,
                stored * 4_096,
                folded
            ];
            run.execute(key)
        };
        let unfolded = now - UNFOLDED;
        for hour in (first + HOUR..unfolded).step_by(usize::try_from(HOUR)?) {
            for &retrieval in &retrievals {
                match failing(retrieval) {
                    Some(code) if hour > now - 5 * DAY => {
                        add(retrieval, hour, Kind::Failed(code))?;
                    }
                    _ if brings(retrieval, hour / HOUR) => {
                        add(retrieval, hour, Kind::Hour(10))?;
                        add(retrieval, hour + 11 * STEP, Kind::Mail(1 + hour / HOUR % 3))?;
                    }
                    _ => {
                        add(retrieval, hour, Kind::Hour(11))?;
                    }
                }
            }
        }
        let folded_to: i64 = self
            .conn
            .query_row("SELECT max(id) + 1 FROM run", [], |row| row.get(0))?;
        for at in (unfolded..now).step_by(usize::try_from(STEP)?) {
            for &retrieval in &retrievals {
                let is_whole = at % HOUR == 0;
                match failing(retrieval) {
                    Some(code) if is_whole => add(retrieval, at, Kind::Failed(code))?,
                    Some(_) => 0,
                    None if is_whole && brings(retrieval, at / HOUR) => {
                        add(retrieval, at, Kind::Mail(1))?
                    }
                    None => add(retrieval, at, Kind::Nothing)?,
                };
            }
        }
        drop(run);
        for (_, sql) in &indices {
            self.conn.execute_batch(sql)?;
        }
        let said = "+OK ready\nC: CAPA\nS: +OK\nS: UIDL\nS: .\nC: USER u\nS: +OK\nC: PASS ***\n\
                    S: +OK 20 messages\nC: STAT\nC: UIDL\nS: +OK 20 10240\nS: +OK\nC: QUIT\nS: +OK\n";
        self.conn.execute(
            "INSERT OR REPLACE INTO conversation (run_id, text) SELECT id, ?1 FROM run WHERE id > ?2",
            params![
                said.repeat(3),
                self.conn.last_insert_rowid() - CONVERSATIONS * retrievals.len() as i64
            ],
        )?;
        // Housekeeping has come so far.
        self.set("folding", &format!("{folded_to} {folded_to} 0"))?;
        for pass in ["conversation_pass", "ledger_pass", "unclaimed_pass"] {
            let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
            self.set(pass, &format!("{now} end"))?;
        }
        self.conn.execute_batch("COMMIT")?;
        Ok(())
    }

    /// They belong to whom they fill, have run lately and are due tomorrow: so that what is
    /// measured is the pages. Some fail.
    fn retrievals(&self) -> Result<()> {
        self.conn.execute(
            "UPDATE retrieval SET next_due = ?1 + id % 3600 * 1000, last_started = ?2 - 60000,
                 last_good = ?2 - 60000,
                 owner_id = CASE routing WHEN 'single' THEN
                     (SELECT account_id FROM folder WHERE folder.id = folder_id) END",
            params![self.now + DAY, self.now],
        )?;
        for retrieval in self.numbers("SELECT id FROM retrieval WHERE routing = 'single'")? {
            let Some(code) = failing(retrieval) else {
                continue;
            };
            let setback = match code {
                "auth-refused" => "sign-in-refused",
                _ => "temporary",
            };
            self.conn.execute(
                "UPDATE retrieval SET last_error = ?2, setback = ?3, setbacks = 7, failures = 40,
                     failing_since = ?4, last_good = ?4 WHERE id = ?1",
                params![retrieval, code, setback, self.now - 5 * DAY],
            )?;
        }
        // Opening a folder or signing in asks for checks, and is refused: there was one lately.
        self.conn.execute(
            "UPDATE account_group SET switches = 'schedule=60 pop3-login=60 web-login=86400
                 folder=86400 button=60 waiting=60 api=60 cli=60'",
            [],
        )?;
        Ok(())
    }

    /// The messages came over the year, those of a week ago are found by "Where is my message?".
    fn messages(&self) -> Result<()> {
        let span = self.now - self.first;
        for sql in [
            "UPDATE message SET internal_date = ?1 + id * 7919 % ?2, date = ?1 + id * 7919 % ?2",
            "UPDATE ledger SET first_seen = ?1 + id % 4294967296 * 104729 % ?2,
                 stored_at = ?1 + id % 4294967296 * 104729 % ?2",
        ] {
            self.conn.execute(sql, params![self.first, span])?;
        }
        Ok(())
    }

    /// What the first catch-all had no rule for: in the INBOX of whoever manages.
    fn unclaimed(&self) -> Result<()> {
        let (retrieval, maildrop, folder): (i64, i64, i64) = self.conn.query_row(
            "SELECT id, maildrop_id, folder_id FROM retrieval WHERE name = ?1",
            [CATCH_ALL],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        let before: i64 = self
            .conn
            .query_row("SELECT max(id) FROM message", [], |row| row.get(0))?;
        self.conn.execute(
            "INSERT INTO message (folder_id, uid, body_id, size, internal_date, mod_seq, uidl,
                 retrieval_id, date, sender, subject, message_id, why)
             SELECT ?1, row_number() OVER (ORDER BY id), body_id, size, internal_date, 1,
                 randomblob(12), ?2, date, sender, subject, message_id, 'nobody has it'
             FROM message ORDER BY id LIMIT ?3",
            params![folder, retrieval, UNCLAIMED],
        )?;
        self.conn.execute(
            "UPDATE body SET refs = refs + 1 WHERE id IN
                 (SELECT body_id FROM message WHERE folder_id = ?1)",
            [folder],
        )?;
        self.conn.execute(
            "UPDATE folder SET messages = ?2, octets = ?2 * 512, uid_next = ?2 + 1 WHERE id = ?1",
            params![folder, UNCLAIMED],
        )?;
        self.conn.execute(
            "INSERT INTO unclaimed (message_id, maildrop_id, address)
             SELECT id, ?1, 'nobody' || (id * id % 300) || '@firm0.example'
             FROM message WHERE id > ?2",
            params![maildrop, before],
        )?;
        Ok(())
    }

    /// A year of changes and counts.
    fn changes(&self) -> Result<()> {
        self.conn.execute_batch("BEGIN")?;
        let mut change = self.conn.prepare(
            "INSERT INTO audit (at, actor, channel, action, object, old_value, new_value)
             VALUES (?1, ?2, 'web 192.0.2.7', 'changed', ?3, '5 min', '10 min')",
        )?;
        let year = 364 * DAY;
        for number in 0..CHANGES {
            let at = self.now - year + i64::from(number) * (year / i64::from(CHANGES));
            let object = format!("interval of retrieval {}", field::retrieval(number % 9_973));
            change.execute(params![at, format!("a{:03}", number % 100), object])?;
        }
        drop(change);
        let mut count = self.conn.prepare(
            "INSERT OR REPLACE INTO tally (hour, runs, messages, octets)
             VALUES (?1, 120000, 3300, 13516800)",
        )?;
        for hour in (self.now - year) / HOUR..=self.now / HOUR {
            count.execute([hour])?;
        }
        drop(count);
        self.conn.execute_batch("COMMIT")?;
        Ok(())
    }

    fn numbers(&self, sql: &str) -> Result<Vec<i64>> {
        let mut select = self.conn.prepare(sql)?;
        let rows = select.query_map([], |row| row.get(0))?;
        rows.collect::<Result<_, _>>().context("numbers")
    }

    fn set(&self, name: &str, value: &str) -> Result<()> {
        let sql = "INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)";
        self.conn.execute(sql, [name, value])?;
        Ok(())
    }
}

/// What a row of `run` stands for.
enum Kind {
    /// This and so many others that found nothing.
    Hour(i64),
    Nothing,
    /// It brought so many messages.
    Mail(i64),
    Failed(&'static str),
}

/// One of 50 fails since five days, every fourth of these needs its owner.
fn failing(retrieval: i64) -> Option<&'static str> {
    match retrieval % 200 {
        7 => Some("auth-refused"),
        57 | 107 | 157 => Some("no-answer"),
        _ => None,
    }
}

/// Mail comes every third hour.
fn brings(retrieval: i64, hour: i64) -> bool {
    (retrieval * 7 + hour) % 3 == 0
}
