//! What is kept stays bounded, however long the store is used: by the clock, with years in seconds.
//!
//! Rows are written behind the traits, a day at a time, as runs would leave them.

use std::collections::HashMap;
use std::time::Duration;

use inhaul_store::{
    Chore, HourCounts, LedgerChange, NewAudit, NewNotice, RunEnd, RunFilter, SqliteStore, Store,
};
use inhaul_types::{AccountId, ErrorCode, Timestamp};
use rusqlite::{Connection, params};

use crate::SqliteBed;
use crate::suite::{Bed, Scene, begin, run_end};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// A Monday's midnight.
const START: i64 = 1_700_438_400_000;

const KEPT: Duration = Duration::from_secs(10 * 24 * 3600);

/// The database behind an open store. Its writer waits for ours.
fn behind(bed: &SqliteBed) -> Connection {
    let database = Connection::open(bed.dir.path().join("inhaul.db")).unwrap();
    database.busy_timeout(Duration::from_secs(60)).unwrap();
    database.pragma_update(None, "synchronous", "OFF").unwrap();
    database
}

/// Keeps house until nothing is left to do; says what was done.
async fn keep_house(store: &SqliteStore, now: i64) -> HashMap<Chore, u64> {
    let mut done = HashMap::new();
    loop {
        let now = Timestamp::from_millis(now);
        let kept = store.records().housekeep(now, KEPT).await.unwrap();
        match kept.done {
            Some((chore, rows)) => *done.entry(chore).or_default() += rows,
            None => assert!(!kept.more),
        }
        if !kept.more {
            return done;
        }
    }
}

fn number(database: &Connection, sql: &str) -> i64 {
    database.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// A day of runs every five minutes: nothing new, but for one with mail at noon and one that fails
/// in the evening, of each retrieval. Returns how many there were.
fn a_day_of_runs(database: &Connection, day: i64, retrievals: i64) -> i64 {
    database
        .execute(
            "WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 287)
             INSERT INTO run (retrieval_id, activation, started, ended, code, stored)
             SELECT r.r, 'schedule', ?1 + n * 300000 + r.r, ?1 + n * 300000 + r.r + 900,
                 CASE n WHEN 250 THEN 'cut-off' END, n = 144
             FROM n, (WITH RECURSIVE r(r) AS (SELECT 1 UNION ALL SELECT r + 1 FROM r WHERE r < ?2)
                      SELECT r FROM r) r
             ORDER BY n, r.r",
            params![START + day * DAY, retrievals],
        )
        .unwrap();
    database
        .execute(
            "INSERT INTO conversation SELECT id, 'S: +OK' FROM run
             WHERE id > coalesce((SELECT max(run_id) FROM conversation), 0)",
            [],
        )
        .unwrap();
    288 * retrievals
}

#[tokio::test]
async fn runs_stay_bounded_and_what_is_folded_adds_up() {
    const RETRIEVALS: i64 = 40;
    const DAYS: i64 = 20;
    let bed = SqliteBed::new();
    let store = bed.open().await;
    let database = behind(&bed);
    let (mut ran, mut forgotten) = (0, 0);
    for day in 0..DAYS {
        ran += a_day_of_runs(&database, day, RETRIEVALS);
        let runs = || -> i64 { number(&database, "SELECT coalesce(sum(1 + folded), 0) FROM run") };
        let before = runs();
        keep_house(&store, START + (day + 1) * DAY).await;
        forgotten += before - runs();
        assert_eq!(runs() + forgotten, ran, "day {day}");
        // 48 hours as they ran; of a day before that 24 hours, one with mail and one that failed.
        let days_folded = (day + 1).clamp(2, 10) - 2;
        let bound = RETRIEVALS * (2 * 288 + days_folded * (24 + 2));
        let rows = number(&database, "SELECT count(*) FROM run");
        assert!(rows <= bound, "day {day}: {rows} rows, {bound} at most");
    }
    assert_eq!(
        forgotten,
        (DAYS - 10) * 288 * RETRIEVALS,
        "what is older than ten days"
    );
    for (what, sql) in [
        (
            "a run with mail or an error was folded",
            "SELECT count(*) FROM run WHERE folded > 0 AND (stored > 0 OR code IS NOT NULL)",
        ),
        (
            "more than an hour in a row",
            "SELECT count(*) FROM run WHERE ended - started > 3600000 OR folded > 11",
        ),
        (
            "an hour with two rows",
            "SELECT count(*) FROM (SELECT 1 FROM run
             WHERE code IS NULL AND stored = 0 AND started < (SELECT max(started) FROM run) - 49 * 3600000
             GROUP BY retrieval_id, started / 3600000 HAVING count(*) > 1)",
        ),
        (
            "a conversation of no run",
            "SELECT count(*) FROM conversation WHERE run_id NOT IN (SELECT id FROM run)",
        ),
    ] {
        assert_eq!(number(&database, sql), 0, "{what}");
    }
    let conversations = number(&database, "SELECT count(*) FROM conversation");
    // The last 20 runs, one of which failed, and the failed ones of the days before.
    assert_eq!(conversations, RETRIEVALS * (20 + 10));
    // What was folded is read as one run that stands for others.
    let page = store
        .records()
        .run_page(
            RunFilter::default(),
            Some(inhaul_types::RunId::new(i64::MAX)),
            1,
        )
        .await
        .unwrap();
    assert_eq!(page.rows[0].folded, 0);
    let oldest = number(&database, "SELECT min(id) FROM run");
    let oldest = store
        .run_by_id(inhaul_types::RunId::new(oldest))
        .await
        .unwrap();
    assert_eq!(oldest.folded, 11);
    assert!(
        keep_house(&store, START + DAYS * DAY).await.is_empty(),
        "nothing is left"
    );
}

#[tokio::test]
async fn a_clock_that_was_wrong_holds_nothing_up() {
    let bed = SqliteBed::new();
    let store = bed.open().await;
    let database = behind(&bed);
    // Years ahead for a day, then set back.
    let mut ran = a_day_of_runs(&database, 4000, 2);
    for day in 0..12 {
        ran += a_day_of_runs(&database, day, 2);
    }
    let now = START + 12 * DAY;
    let done = keep_house(&store, now).await;
    assert_eq!(
        done[&Chore::ForgetRuns],
        3 * 288 * 2,
        "two old days and the wrong one before them"
    );
    let rows = number(&database, "SELECT count(*) FROM run");
    assert_eq!(rows, 2 * (2 * 288 + 8 * 26));
    let runs = number(&database, "SELECT sum(1 + folded) FROM run");
    assert_eq!(runs, ran - 3 * 288 * 2);
}

#[tokio::test]
async fn housekeeping_goes_on_where_it_was_when_the_store_was_closed() {
    let bed = SqliteBed::new();
    let mut store = bed.open().await;
    let database = behind(&bed);
    for day in 0..4 {
        a_day_of_runs(&database, day, 5);
    }
    let now = Timestamp::from_millis(START + 4 * DAY);
    let mut folded = 0;
    loop {
        let kept = store.records().housekeep(now, KEPT).await.unwrap();
        store.close().await.unwrap();
        drop(store);
        store = bed.open().await;
        match kept.done {
            Some((Chore::FoldRuns, rows)) => folded += rows,
            Some(_) => {}
            None => break,
        }
    }
    assert_eq!(folded, 5 * 2 * (286 - 24));
    assert_eq!(
        number(&database, "SELECT sum(1 + folded) FROM run"),
        5 * 4 * 288
    );
}

#[tokio::test]
async fn the_conversations_of_the_last_twenty_runs_are_kept_and_failed_ones_for_a_month() {
    let bed = SqliteBed::new();
    let scene = Scene::set(&bed).await;
    let database = behind(&bed);
    for number in 0..60 {
        let run = begin(&scene.store, &scene.retrieval).await;
        let end = RunEnd {
            code: (number % 10 == 0).then_some(ErrorCode::NoAnswer),
            conversation: "S: +OK".into(),
            ..run_end(run)
        };
        let finish = scene
            .store
            .run_finish(scene.retrieval.maildrop, end, Vec::new());
        finish.await.unwrap();
    }
    // The last twenty, two of which failed, and four failed ones before them, without any pass.
    let kept = || number(&database, "SELECT count(*) FROM conversation");
    assert_eq!(kept(), 24);
    database
        .execute(
            "UPDATE run SET started = ?1 + id * 3600000, ended = started",
            [START],
        )
        .unwrap();
    keep_house(&scene.store, START + 9 * DAY).await;
    assert_eq!(kept(), 24);
    let long = Duration::from_secs(1000 * 24 * 3600);
    let later = Timestamp::from_millis(START + 34 * DAY);
    while scene
        .store
        .records()
        .housekeep(later, long)
        .await
        .unwrap()
        .more
    {}
    assert_eq!(kept(), 20, "of which nobody has run for a month");
}

#[tokio::test]
async fn a_ledger_row_goes_400_days_after_a_confirmed_deletion_was_seen() {
    let bed = SqliteBed::new();
    bed.set_now(Timestamp::from_millis(START));
    let scene = Scene::set(&bed).await;
    let (store, maildrop) = (&scene.store, scene.retrieval.maildrop);
    let names = [
        "stored", "asked", "deleted", "listed", "young", "gone", "last",
    ];
    let deliveries = names.map(|name| scene.delivery(name, name.into()));
    let rows = scene.commit(deliveries.into()).await;
    let row = |name: &str| {
        let position = names.iter().position(|one| *one == name).unwrap();
        rows[position].ledger
    };
    let state = |names: &[&str], state| LedgerChange::State {
        rows: names.iter().map(|name| row(name)).collect(),
        state,
    };
    let vanished =
        |names: &[&str]| LedgerChange::Vanished(names.iter().map(|name| row(name)).collect());
    use inhaul_domain::LedgerState::{Asked, Deleted};
    let deleted = state(&["deleted", "listed", "young", "gone", "last"], Deleted);
    let changes = vec![
        state(&["asked"], Asked),
        deleted,
        vanished(&["stored", "asked", "deleted", "gone", "last"]),
    ];
    store.ledger_apply(maildrop, changes).await.unwrap();
    bed.set_now(Timestamp::from_millis(START + 2 * DAY));
    store
        .ledger_apply(maildrop, vec![vanished(&["young"])])
        .await
        .unwrap();
    let left = async || {
        let ledger = store.ledger_load(maildrop).await.unwrap();
        let id = |id: &[u8]| String::from_utf8(id.to_vec()).unwrap();
        ledger
            .iter()
            .map(|row| id(row.unique_id.unwrap()))
            .collect::<Vec<_>>()
    };
    keep_house(store, START + 400 * DAY).await;
    assert_eq!(left().await, names);
    let done = keep_house(store, START + 401 * DAY + 1).await;
    assert_eq!(done[&Chore::ForgetLedgerRows], 2);
    // The last one of the maildrop stays: its number would be given to another message.
    assert_eq!(left().await, ["stored", "asked", "listed", "young", "last"]);
    let next = scene.commit_one("next", b"next").await;
    assert!(next.ledger > row("last"));
    keep_house(store, START + 403 * DAY).await;
    assert_eq!(left().await, ["stored", "asked", "listed", "next"]);
}

#[tokio::test]
async fn a_long_ledger_is_looked_through_page_by_page() {
    let bed = SqliteBed::new();
    let scene = Scene::set(&bed).await;
    let database = behind(&bed);
    database
        .execute(
            "WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 19999)
             INSERT INTO ledger (id, state, epoch, first_seen, last_listed)
                 SELECT (?1 << 32) + n, CASE n % 3 WHEN 0 THEN 1 ELSE 3 END, 1, 0, 0 FROM n",
            [scene.retrieval.maildrop.row()],
        )
        .unwrap();
    let done = keep_house(&scene.store, START).await;
    assert_eq!(
        done[&Chore::ForgetLedgerRows],
        13_333 - u64::from(19_999 % 3 != 0)
    );
    let left = number(&database, "SELECT count(*) FROM ledger WHERE state = 1");
    assert_eq!(left, 6_667);
}

#[tokio::test]
async fn audit_goes_after_a_year_notices_after_a_month_and_counts_after_400_days() {
    let bed = SqliteBed::new();
    let scene = Scene::set(&bed).await;
    let (records, database) = (scene.store.records(), behind(&bed));
    for day in [0, 10, 380] {
        let at = Timestamp::from_millis(START + day * DAY);
        let audit = NewAudit {
            at,
            actor: "root".into(),
            account: None::<AccountId>,
            channel: "command line".into(),
            action: "changed".into(),
            object: format!("day {day}"),
            old: None,
            new: None,
        };
        records.audit_add(audit).await.unwrap();
        let notice = NewNotice {
            created: at,
            channel: "inbox".into(),
            payload: day.to_string(),
        };
        records
            .notice_record(Vec::new(), vec![notice])
            .await
            .unwrap();
        let run = begin(&scene.store, &scene.retrieval).await;
        let end = RunEnd {
            ended: at,
            stored: 1,
            ..run_end(run)
        };
        let finish = scene
            .store
            .run_finish(scene.retrieval.maildrop, end, Vec::new());
        finish.await.unwrap();
    }
    let look = async || {
        let audit = records
            .audit_page(Default::default(), None, 9)
            .await
            .unwrap();
        let notices = records.notice_list(9).await.unwrap();
        let counts: Vec<HourCounts> = records
            .counts_since(Timestamp::from_millis(0))
            .await
            .unwrap();
        let given_up = notices.iter().filter(|notice| notice.given_up.is_some());
        (
            audit.rows.len(),
            notices.len(),
            given_up.count(),
            counts.len(),
        )
    };
    for (day, expected) in [
        (3, (3, 3, 0, 3)),
        (4, (3, 3, 1, 3)),
        (20, (3, 3, 2, 3)),
        (35, (3, 2, 1, 3)),
        (366, (2, 1, 0, 3)),
        (376, (1, 1, 0, 3)),
        (405, (1, 1, 1, 2)),
        (780, (0, 0, 0, 1)),
    ] {
        keep_house(&scene.store, START + day * DAY).await;
        assert_eq!(look().await, expected, "day {day}");
    }
    let changed = database.execute("UPDATE audit SET actor = 'nobody'", []);
    changed.expect("there is none left");
}

#[tokio::test]
async fn a_row_of_the_audit_never_changes() {
    let bed = SqliteBed::new();
    let store = bed.open().await;
    let audit = NewAudit {
        at: Timestamp::from_millis(START),
        actor: "root".into(),
        account: None,
        channel: "command line".into(),
        action: "changed".into(),
        object: "group Staff".into(),
        old: None,
        new: None,
    };
    store.records().audit_add(audit).await.unwrap();
    let changed = behind(&bed).execute("UPDATE audit SET actor = 'nobody'", []);
    assert!(changed.is_err());
}

#[tokio::test]
async fn counts_of_started_runs_go_after_two_days() {
    let bed = SqliteBed::new();
    let store = bed.open().await;
    let database = behind(&bed);
    let counts = "
        CREATE TABLE IF NOT EXISTS started (
          day INTEGER NOT NULL, who TEXT NOT NULL, runs INTEGER NOT NULL, PRIMARY KEY (day, who)
        ) STRICT, WITHOUT ROWID;";
    database.execute_batch(counts).unwrap();
    let today = START / DAY;
    for day in today - 700..=today {
        let sql = "INSERT INTO started (day, who, runs) VALUES (?1, 'account 7', 3)";
        database.execute(sql, [day]).unwrap();
    }
    let done = keep_house(&store, START + HOUR).await;
    assert_eq!(done[&Chore::ForgetStarted], 699);
    assert_eq!(number(&database, "SELECT min(day) FROM started"), today - 1);
}

#[tokio::test]
async fn what_was_shared_out_is_forgotten_after_400_days() {
    let bed = SqliteBed::new();
    let store = bed.open().await;
    let database = behind(&bed);
    for day in 0..1_300 {
        let sql = "INSERT INTO shared_out (folder_id, identity, message_id, ledger_id, at)
             VALUES (1, randomblob(32), 1, 1, ?1)";
        database.execute(sql, [START - day * DAY]).unwrap();
    }
    let done = keep_house(&store, START + HOUR).await;
    assert_eq!(done[&Chore::ForgetSharedOut], 900);
    assert_eq!(
        number(&database, "SELECT min(at) FROM shared_out"),
        START - 399 * DAY
    );
    assert_eq!(number(&database, "SELECT count(*) FROM shared_out"), 400);
}

#[tokio::test]
async fn addresses_without_a_rule_go_with_their_messages() {
    let bed = SqliteBed::new();
    let scene = Scene::set(&bed).await;
    let message = scene.commit_one("a", b"one").await.messages[0];
    let database = behind(&bed);
    for gone in 0..1_200 {
        let sql = "INSERT INTO unclaimed (message_id, maildrop_id, address) VALUES (?1, 1, 'x@y')";
        database.execute(sql, [message.row() + gone]).unwrap();
    }
    let done = keep_house(&scene.store, START + HOUR).await;
    assert_eq!(done[&Chore::ForgetUnclaimed], 1_199);
    assert_eq!(
        number(&database, "SELECT min(message_id) FROM unclaimed"),
        message.row()
    );
    assert_eq!(number(&database, "SELECT count(*) FROM unclaimed"), 1);
    // Once a day is enough.
    database
        .execute("UPDATE unclaimed SET message_id = 4711", [])
        .unwrap();
    assert!(
        !keep_house(&scene.store, START + 2 * HOUR)
            .await
            .contains_key(&Chore::ForgetUnclaimed)
    );
    let done = keep_house(&scene.store, START + 26 * HOUR).await;
    assert_eq!(done[&Chore::ForgetUnclaimed], 1);
}
