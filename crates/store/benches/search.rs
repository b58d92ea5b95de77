//! What searches take, and what indexing takes from deliveries.
//!
//! `cargo bench -p inhaul-store --bench search` fills a mailbox with 100,000 messages of about 2 KiB,
//! indexes it, and prints how long searches take that find many, few, or none; then it stores 10,000
//! messages of 4 KiB from 64 producers again and again, with and without indexing beside it.
#![expect(clippy::print_stdout, reason = "figures are its purpose")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use inhaul_domain::search::Query;
use inhaul_store::{
    LocalMessage, NewAccount, SearchFor, SqliteStore, Store, StoreOptions, Summary,
};
use inhaul_types::{AccountId, Timestamp};
use tokio::task::JoinSet;

const MESSAGES: usize = 100_000;
/// Messages of each round with and without indexing.
const STORED: usize = 10_000;
const PRODUCERS: usize = 64;
const ROUNDS: usize = 8;

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("the runtime starts");
    if std::env::var_os("DELIVERIES_ONLY").is_none() {
        runtime.block_on(searches());
    }
    runtime.block_on(deliveries());
}

async fn searches() {
    let messages = std::env::var("SEARCH_MESSAGES").ok();
    let messages = messages
        .and_then(|count| count.parse().ok())
        .unwrap_or(MESSAGES);
    let (dir, store) = open().await;
    let (alice, bob) = (account(&store, "alice").await, account(&store, "bob").await);
    let mut dice = Dice(1);
    store_all(&store, alice, messages, |number| letter(&mut dice, number)).await;
    let mut dice = Dice(2);
    store_all(&store, bob, messages / 10, |number| {
        letter(&mut dice, number)
    })
    .await;
    println!(
        "{messages} messages of {} octets",
        letter(&mut dice, 0).len()
    );
    index_all(dir.path(), &store).await;
    for (what, typed) in [
        ("nothing typed", ""),
        ("in every message", "greetings"),
        ("in one of 3", "common"),
        ("in one of 100", "seldom"),
        ("in one of 10,000", "marvellous"),
        ("in none", "hippopotamus"),
        ("in none, of usual letters", "entertation"),
        ("two words", "common marvellous"),
        ("side by side", "\"greetings from prague\""),
        ("two letters, many", "xy"),
        ("two letters, none", "qj"),
        ("two letters, few", "sz"),
        ("one letter, none", "q"),
        ("from:, one of 50", "from:person7@"),
        ("from:, none", "from:hippopotamus"),
        ("not", "-greetings"),
        ("old ones", "seldom before:1970-01-03"),
        ("is:unread larger:", "is:unread larger:1M"),
    ] {
        search(&store, alice, what, typed).await;
    }
    let carol = account(&store, "carol").await;
    let mut dice = Dice(3);
    store_all(&store, carol, messages / 100, |number| {
        let mut octets = letter(&mut dice, number);
        // Words that the others have not, behind what the index keeps.
        octets.extend((0..100_u64 << 10).map(|_| b" \r\netaoinshrdlu"[dice.below(14)]));
        octets
    })
    .await;
    println!("{} messages of 100 KiB", messages / 100);
    index_all(dir.path(), &store).await;
    for (what, typed) in [
        ("in every message", "greetings"),
        ("in none", "hippopotamus"),
        ("not", "-greetings"),
        ("larger:", "larger:100K"),
        ("larger:, none", "larger:1M"),
        ("larger: and a word, none", "larger:1K hippopotamus"),
    ] {
        search(&store, carol, what, typed).await;
    }
    store.close().await.expect("closes");
}

async fn index_all(dir: &Path, store: &SqliteStore) {
    let began = Instant::now();
    let mut longest = Duration::ZERO;
    loop {
        let step = Instant::now();
        let done = store.search().index_some().await.expect("it indexes");
        longest = longest.max(step.elapsed());
        if !done.more {
            break;
        }
    }
    let file = std::fs::metadata(dir.join("search.db")).expect("it is there");
    println!(
        "  indexed in {:.1} s, longest step {:.0} ms, {:.0} MB",
        began.elapsed().as_secs_f64(),
        milliseconds(longest),
        file.len() as f64 / 1e6
    );
}

/// Searches five times and prints how long that takes.
async fn search(store: &SqliteStore, account: AccountId, what: &str, typed: &str) {
    let mut took = Vec::new();
    let mut found = 0;
    for _ in 0..5 {
        let wanted = SearchFor {
            query: Query::parse(typed).expect("it is understood"),
            folder: None,
            before: None,
            most: 50,
            patience: Duration::from_secs(20),
        };
        let began = Instant::now();
        let page = store
            .search()
            .find(account, wanted)
            .await
            .expect("it searches");
        took.push(began.elapsed());
        found = page.messages.len();
    }
    let first = took[0];
    took.sort();
    println!(
        "  {what:26} {found:3} found: {:7.1} ms, the first time {:7.1} ms",
        milliseconds(took[2]),
        milliseconds(first),
    );
}

/// Stores 10,000 messages, by turns with and without an indexer that works as in a server.
async fn deliveries() {
    let (_dir, store) = open().await;
    let account = account(&store, "alice").await;
    let mut took = [Vec::new(), Vec::new()];
    let mut number = 0;
    for round in 0..2 * ROUNDS {
        let is_indexed = round % 2 == 1;
        let stop = Arc::new(AtomicBool::new(!is_indexed));
        let indexing = tokio::spawn(index(Arc::clone(&store), Arc::clone(&stop)));
        let mut dice = Dice(round as u64 + 10);
        let began = Instant::now();
        let letter = |_| {
            number += 1;
            let mut octets = letter(&mut dice, number);
            octets.resize(4096, b'x');
            octets
        };
        store_all(&store, account, STORED, letter).await;
        took[usize::from(is_indexed)].push(STORED as f64 / began.elapsed().as_secs_f64());
        stop.store(true, Ordering::Relaxed);
        indexing.await.expect("it ends");
        // What waits is indexed between the rounds.
        while store.search().index_some().await.expect("it indexes").more {}
    }
    for (what, rates) in ["without indexing", "with indexing"].iter().zip(&mut took) {
        rates.sort_by(f64::total_cmp);
        println!(
            "stored {what}: {:.0} messages a second (from {:.0} to {:.0})",
            (rates[ROUNDS / 2 - 1] + rates[ROUNDS / 2]) / 2.0,
            rates[0],
            rates[ROUNDS - 1]
        );
    }
    store.close().await.expect("closes");
}

async fn index(store: Arc<SqliteStore>, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        let began = Instant::now();
        let step = store.search().index_some().await.expect("it indexes");
        let pause = match step.more {
            // So does the server while mail comes in.
            true => began.elapsed() * 19,
            false => Duration::from_millis(100),
        };
        tokio::time::sleep(pause).await;
    }
}

async fn open() -> (tempfile::TempDir, Arc<SqliteStore>) {
    let dir = tempfile::tempdir().expect("a directory");
    let store = SqliteStore::open(dir.path(), StoreOptions::default())
        .await
        .expect("opens");
    (dir, Arc::new(store))
}

async fn account(store: &SqliteStore, name: &str) -> AccountId {
    let account = NewAccount {
        name: name.into(),
        addresses: Vec::new(),
        group: None,
        admin: false,
        password: None,
    };
    store.account_create(account).await.expect("an account")
}

async fn store_all(
    store: &Arc<SqliteStore>,
    account: AccountId,
    messages: usize,
    mut letter: impl FnMut(usize) -> Vec<u8>,
) {
    let mut under_way = JoinSet::new();
    for number in 0..messages {
        if under_way.len() >= PRODUCERS {
            let delivered = under_way.join_next().await.expect("one is under way");
            delivered.expect("the task ends");
        }
        let (store, message) = (Arc::clone(store), message(account, number, letter(number)));
        under_way.spawn(async move {
            let delivered = store.records().deliver_local(message).await;
            delivered.expect("it is stored");
        });
    }
    while let Some(delivered) = under_way.join_next().await {
        delivered.expect("the task ends");
    }
}

fn message(account: AccountId, number: usize, octets: Vec<u8>) -> LocalMessage {
    let read = inhaul_message::summarize(&octets);
    LocalMessage {
        account,
        folder: ["INBOX", "Shop", "Club"][number % 10 / 8 + number % 20 / 19].into(),
        summary: Summary {
            from: read.from,
            subject: read.subject,
            date: read.date,
            message_id: read.message_id,
            has_attachment: false,
        },
        octets,
        // As a first run brings them: not in their order.
        at: Timestamp::from_millis((number * 7919 % 100_003) as i64 * 60_000),
        settles: None,
    }
}

/// About 2 KiB of syllables, which are common, in words, which are not.
fn letter(dice: &mut Dice, number: usize) -> Vec<u8> {
    const SYLLABLES: [&str; 24] = [
        "en", "ter", "ta", "tion", "re", "al", "in", "ing", "er", "con", "de", "pro", "com", "ly",
        "ment", "ver", "sta", "the", "and", "mi", "no", "po", "lu", "ka",
    ];
    let mut text = String::from("greetings ");
    while text.len() < 1_800 {
        for _ in 0..1 + dice.below(4) {
            text.push_str(SYLLABLES[dice.below(SYLLABLES.len())]);
        }
        text.push_str(if dice.below(12) == 0 { "\r\n" } else { " " });
    }
    for (each, word) in [
        (3, "common"),
        (4, "xy"),
        (100, "seldom"),
        (5_000, "szy"),
        (10_000, "marvellous"),
    ] {
        if number % each == each - 1 {
            text.push_str(word);
            text.push(' ');
        }
    }
    if number % 1_000 == 500 {
        text.push_str("Greetings\r\nfrom Prague");
    }
    format!(
        "From: Person {0} <person{0}@example.com>\r\nTo: Alice <alice@example.org>\r\n\
         Subject: about {number}\r\nMessage-ID: <{number}@example.com>\r\n\r\n{text}\r\n",
        number % 50
    )
    .into_bytes()
}

/// Numbers that look like chance, from a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % most
    }
}

fn milliseconds(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}
