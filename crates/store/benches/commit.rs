//! How fast batches are committed, and what a message costs.
//!
//! `cargo bench -p inhaul-store` prints one line for each mixture of message size and producers:
//! messages a second, processor time a message (user and system, the producers' hashing not
//! counted: digests are made beforehand), memory at its highest, and the log. The store is in a
//! fresh directory below `TMPDIR`, which should be a disk.
#![expect(clippy::print_stdout, reason = "figures are its purpose")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use inhaul_domain::schedule::ScheduleState;
use inhaul_domain::{LedgerState, Retention, StartPoint};
use inhaul_store::{
    Batch, Body, Delivery, Every, IfHeld, LedgerChange, NewAccount, NewRetrieval, NewRun,
    Placement, Remote, RemoteSecret, RetrievalLimits, RunEnd, Security, SqliteStore, Store,
    StoreOptions, Summary,
};
use inhaul_types::{
    Activation, Digest, Fingerprint, FolderId, LedgerId, MaildropId, Octets, RetrievalId, RunId,
    Secret, Timestamp, UniqueId,
};

const KIB: usize = 1 << 10;

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("the runtime starts");
    for round in 1..=3 {
        println!("round {round}");
        for (size, messages, producers, batch) in [
            (4 * KIB, 20_480, 1, 256),
            (4 * KIB, 20_480, 64, 256),
            (4 * KIB, 20_480, 64, 16),
            (75 * KIB, 4_000, 1, 109),
            (75 * KIB, 4_000, 64, 109),
            (75 * KIB, 4_096, 64, 8),
        ] {
            runtime.block_on(commit(size, messages, producers, batch));
        }
    }
    runtime.block_on(nothing_new());
}

struct Bed {
    dir: tempfile::TempDir,
    store: Arc<SqliteStore>,
    drops: Vec<Drop>,
}

#[derive(Clone, Copy)]
struct Drop {
    folder: FolderId,
    retrieval: RetrievalId,
    maildrop: MaildropId,
    run: RunId,
}

impl Bed {
    async fn new(drops: usize) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let store = SqliteStore::open(dir.path(), StoreOptions::default())
            .await
            .expect("opens");
        let mut made = Vec::new();
        for number in 0..drops {
            made.push(make_drop(&store, number).await);
        }
        Self {
            dir,
            store: Arc::new(store),
            drops: made,
        }
    }
}

async fn make_drop(store: &SqliteStore, number: usize) -> Drop {
    let account = NewAccount {
        name: format!("a{number}"),
        addresses: Vec::new(),
        group: None,
        admin: false,
        password: None,
    };
    let account = store.account_create(account).await.expect("an account");
    let name = format!("r{number}");
    let remote = Remote {
        host: "pop.example.net".into(),
        port: 995,
        security: Security::Tls,
        ca_file: None,
        pin: None,
        sign_in: None,
        user: name.clone(),
    };
    let new = NewRetrieval {
        name: name.clone(),
        remote,
        secret: RemoteSecret::Stored(Secret::new("x".into())),
        account,
        owner: None,
        folder: "INBOX".into(),
        routing: inhaul_store::Routing::Single,
        every: Every::Never,
        retention: Retention::Keep,
        first_run_keeps: false,
        start: StartPoint::Everything,
        paused: false,
        sign_in_memory: None,
        limits: RetrievalLimits::default(),
        confined: false,
        written_at: None,
    };
    store.retrieval_create(new).await.expect("a retrieval");
    let retrieval = store.retrieval_by_name(&name).await.expect("the retrieval");
    let (id, started) = (retrieval.id, Timestamp::from_millis(0));
    let run = NewRun {
        retrieval: id,
        activation: Activation::Cli,
        started,
        started_by: None,
    };
    let run = store.run_begin(run).await.expect("a run");
    Drop {
        folder: retrieval.folder,
        retrieval: id,
        maildrop: retrieval.maildrop,
        run,
    }
}

async fn commit(size: usize, messages: usize, producers: usize, batch: usize) {
    let bed = Bed::new(producers).await;
    let each = messages / producers;
    let (started, cpu) = (Instant::now(), cpu());
    let mut tasks = Vec::new();
    for (producer, drop) in bed.drops.iter().copied().enumerate() {
        let store = Arc::clone(&bed.store);
        tasks.push(tokio::spawn(async move {
            let mut slowest = Duration::ZERO;
            let numbers: Vec<usize> = (0..each).collect();
            for numbers in numbers.chunks(batch) {
                let deliveries = numbers
                    .iter()
                    .map(|n| delivery(drop, producer << 32 | n, size));
                let Drop {
                    run,
                    retrieval,
                    maildrop,
                    ..
                } = drop;
                let batch = Batch {
                    run,
                    retrieval,
                    maildrop,
                    fallback: None,
                    deliveries: deliveries.collect(),
                };
                let sent = Instant::now();
                store
                    .commit_batch(batch)
                    .await
                    .expect("the batch is stored");
                slowest = slowest.max(sent.elapsed());
            }
            slowest
        }));
    }
    let mut slowest = Duration::ZERO;
    for task in tasks {
        slowest = slowest.max(task.await.expect("the producer ends"));
    }
    let (wall, cpu) = (started.elapsed(), self::cpu() - cpu);
    let count = each * producers;
    let closing = Instant::now();
    let log = bed.store.wal_size().await.expect("the log").count();
    bed.store.close().await.expect("closes");
    let closed = closing.elapsed();
    let log_file = std::fs::metadata(bed.dir.path().join("inhaul.db-wal")).map_or(0, |m| m.len());
    let opening = Instant::now();
    let store = SqliteStore::open(bed.dir.path(), StoreOptions::default())
        .await
        .expect("opens");
    let opened = opening.elapsed();
    drop(store);
    println!(
        "{:3} KiB, {producers:2} producers, batches of {batch:3}: {:6.0}/s, {:5.1} us CPU a message, \
         {:4.0} MB/s, slowest batch {:5.1} ms, peak {} MiB, log {:3} MiB waiting {:3} MiB in the file, \
         close {:.1} ms, open {:.1} ms",
        size / KIB,
        count as f64 / wall.as_secs_f64(),
        cpu.as_secs_f64() * 1e6 / count as f64,
        (count * size) as f64 / 1e6 / wall.as_secs_f64(),
        slowest.as_secs_f64() * 1e3,
        peak_memory() >> 20,
        log >> 20,
        log_file >> 20,
        closed.as_secs_f64() * 1e3,
        opened.as_secs_f64() * 1e3,
    );
}

/// A maildrop of 10,000 kept messages: what a poll costs that finds nothing new, and what loading
/// and changing its ledger costs.
async fn nothing_new() {
    let bed = Bed::new(1).await;
    let drop = bed.drops[0];
    let Drop {
        run,
        retrieval,
        maildrop,
        ..
    } = drop;
    let mut rows: Vec<LedgerId> = Vec::new();
    for numbers in (0..10_000).collect::<Vec<usize>>().chunks(250) {
        let deliveries = numbers.iter().map(|n| delivery(drop, *n, 100)).collect();
        let batch = Batch {
            run,
            retrieval,
            maildrop,
            fallback: None,
            deliveries,
        };
        let committed = bed
            .store
            .commit_batch(batch)
            .await
            .expect("the batch is stored");
        rows.extend(committed.iter().map(|committed| committed.ledger));
    }
    let mut loads = Vec::new();
    for _ in 0..5 {
        let started = Instant::now();
        let ledger = bed.store.ledger_load(maildrop).await.expect("the ledger");
        loads.push(format!("{:.1} ms", started.elapsed().as_secs_f64() * 1e3));
        assert_eq!(ledger.len(), 10_000);
    }
    println!("loading a ledger of 10,000: {}", loads.join(", "));
    let (started, before) = (Instant::now(), cpu());
    let polls = 200;
    for _ in 0..polls {
        let started = Timestamp::from_millis(0);
        let run = NewRun {
            retrieval,
            activation: Activation::Cli,
            started,
            started_by: None,
        };
        let run = bed.store.run_begin(run).await.expect("a run");
        bed.store
            .run_finish(maildrop, end(run), Vec::new())
            .await
            .expect("it ends");
    }
    println!(
        "a run with nothing new: {:.2} ms, {:.0} us CPU",
        started.elapsed().as_secs_f64() * 1e3 / polls as f64,
        (cpu() - before).as_secs_f64() * 1e6 / polls as f64
    );
    let started = Instant::now();
    let changes = vec![LedgerChange::State {
        rows,
        state: LedgerState::Deleted,
    }];
    bed.store
        .run_finish(maildrop, end(run), changes)
        .await
        .expect("it ends");
    println!(
        "a run that deleted 10,000: {:.1} ms",
        started.elapsed().as_secs_f64() * 1e3
    );
    bed.store.close().await.expect("closes");
    drop_store(bed).await;
}

/// A command that only opens, asks one thing and closes.
async fn drop_store(bed: Bed) {
    let Bed { dir, store, .. } = bed;
    drop(store);
    let mut spans = Vec::new();
    for _ in 0..5 {
        let started = Instant::now();
        let store = SqliteStore::open(dir.path(), StoreOptions::default())
            .await
            .expect("opens");
        store.account_list().await.expect("lists");
        store.close().await.expect("closes");
        spans.push(format!("{:.1} ms", started.elapsed().as_secs_f64() * 1e3));
    }
    println!("open, list the accounts, close: {}", spans.join(", "));
}

fn end(run: RunId) -> RunEnd {
    let now = Timestamp::from_millis(1);
    let mut schedule = ScheduleState {
        next_due: Some(now),
        last_started: Some(now),
        ..ScheduleState::default()
    };
    schedule.arrivals.record(now, 0);
    RunEnd {
        run,
        ended: Timestamp::from_millis(1),
        code: None,
        listed: 10_000,
        stored: 0,
        octets: Octets::ZERO,
        deleted: 0,
        left: 0,
        notes: Vec::new(),
        said: None,
        detail: None,
        conversation: "S: +OK ready\nC: USER x\n".repeat(20),
        capabilities: Some("TOP\nUIDL\nPIPELINING".into()),
        sign_in_memory: None,
        stopped: false,
        schedule: Some(schedule),
        due_before: None,
        counts: true,
    }
}

/// Octets and digests that repeat nowhere, for next to nothing.
fn delivery(drop: Drop, number: usize, size: usize) -> Delivery {
    let mut body = vec![b'x'; size];
    body[size / 2..size / 2 + 8].copy_from_slice(&number.to_le_bytes());
    let mixed = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut digest = [0; 32];
    for (part, octets) in (0..).zip(digest.chunks_mut(8)) {
        octets.copy_from_slice(&mixed.rotate_left(part * 16).to_be_bytes());
    }
    Delivery {
        body: Body::Memory(body),
        digest: Digest::new(digest),
        header_size: Octets::new(size.min(1500) as u64),
        summary: Summary {
            from: "Somebody With A Name <somebody@mail.example.com>".into(),
            subject: "Something to be talked about at some length".into(),
            date: Some(Timestamp::from_millis(1_700_000_000_000)),
            message_id: Some(format!("{number}.4711.20260101@mail.example.com")),
            has_attachment: false,
        },
        placements: vec![Placement {
            folder: drop.folder,
            why: "single".into(),
            recipients: Vec::new(),
        }],
        internal_date: Timestamp::from_millis(1_700_000_000_000),
        fingerprint: Fingerprint::new(digest),
        unique_id: UniqueId::parse(format!("{number:016x}").as_bytes()).ok(),
        listed_size: Some(Octets::of_len(size)),
        state: LedgerState::Stored,
        if_held: IfHeld::Store,
        identity: None,
        unclaimed: Vec::new(),
    }
}

fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("proc is mounted");
    let fields: Vec<&str> = stat[stat.rfind(')').expect("a name") + 2..]
        .split(' ')
        .collect();
    let ticks = |field: usize| fields[field].parse::<u64>().expect("a number of ticks");
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}

fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("proc is mounted");
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .expect("a peak");
    let kib = line.split_whitespace().nth(1).expect("a number");
    kib.parse::<u64>().expect("a number of KiB") << 10
}
