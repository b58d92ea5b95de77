//! `inhaul-scale mail`: what reading mail on the pages costs where a folder holds 100,000 messages.
//!
//! Fills a mailbox and its search index, starts the release program, and asks for pages over one
//! connection. Then people read, each over a connection of their own and with short pauses, while runs
//! bring mail to others. Wall time says something on a quiet machine only.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use inhaul_sample::{SampleConfig, SampleServer};
use inhaul_store::{LocalMessage, NewAccount, SqliteStore, Store, StoreOptions, Summary};
use inhaul_types::{AccountId, Secret, Timestamp};
use serde::Serialize;
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::figures::Spread;
use crate::pages::browser::Browser;
use crate::pages::rest;
use crate::server::{Server, free_ports};

/// `inhaul-scale mail`
#[derive(clap::Args, Debug)]
pub(crate) struct Mail {
    /// The folder that is filled, once
    #[arg(long, value_name = "DIR")]
    field: PathBuf,
    /// The program
    #[arg(
        long,
        env = "INHAUL_BIN",
        value_name = "FILE",
        default_value = "target/release/inhaul"
    )]
    program: PathBuf,
    /// Messages in the folder
    #[arg(long, value_name = "COUNT", default_value_t = 100_000)]
    messages: u32,
    /// Real messages (`*.eml`, in any folder below) that lie among them
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
    /// How often each page is asked for
    #[arg(long, value_name = "TIMES", default_value_t = 40)]
    times: u32,
    /// So many people read
    #[arg(long, value_name = "PEOPLE", default_value_t = 50)]
    people: u32,
    /// For so long
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    seconds: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What one page costs.
#[derive(Debug, Serialize)]
struct Cost {
    page: &'static str,
    cpu_ms: f64,
    wall_ms: Spread,
    /// The most octets that crossed the line.
    octets: usize,
}

#[derive(Debug, Serialize)]
struct Figures {
    pages: Vec<Cost>,
    people: u32,
    /// From a click to the last octet of its page.
    reading_ms: Spread,
    clicks_a_second: f64,
    /// Messages that runs brought meanwhile.
    brought: usize,
}

const READER: &str = "reader";
const PASSWORD: &str = "correct-horse-battery";
/// Runs that go on at any moment, and what each brings.
const RUNS: usize = 5;
const BROUGHT: usize = 500;
/// From a page to the next click, on average.
const PAUSE: Duration = Duration::from_secs(2);
/// Messages that are stored at once.
const PRODUCERS: usize = 64;

impl Mail {
    pub(crate) async fn run(self) -> Result<()> {
        let data = self.field.join("data");
        if !data.exists() {
            self.fill(&data).await?;
        }
        let server = Server::start(&self.program, &data, &free_ports()).await?;
        let measured = self.measure(&server, &data).await;
        server.stop().await?;
        let figures = measured?;
        match self.json {
            true => println!("{}", serde_json::to_string_pretty(&figures)?),
            false => figures.tell(),
        }
        Ok(())
    }

    /// An account with all the messages, and their index.
    async fn fill(&self, data: &Path) -> Result<()> {
        std::fs::create_dir_all(&self.field)?;
        let corpus = match &self.corpus {
            Some(folder) => real_messages(folder)?,
            None => Vec::new(),
        };
        let store = Arc::new(SqliteStore::open(data, StoreOptions::default()).await?);
        let mut accounts = vec![READER.to_owned()];
        accounts.extend((0..RUNS).map(|number| format!("other{number}")));
        let mut reader = None;
        for name in accounts {
            let account = NewAccount {
                addresses: vec![format!("{name}@example.org").parse()?],
                admin: reader.is_none(),
                password: Some(Secret::new(PASSWORD.to_owned())),
                group: None,
                name,
            };
            let made = store.account_create(account).await?;
            reader.get_or_insert(made);
        }
        let reader = reader.context("an account was made")?;
        let mut under_way = JoinSet::new();
        for number in 0..self.messages {
            if under_way.len() >= PRODUCERS {
                under_way
                    .join_next()
                    .await
                    .context("one is under way")???;
            }
            let real = usize::try_from(number)?.checked_rem(corpus.len());
            let octets = match real {
                // One of ten: the same texts again and again are no mailbox.
                Some(place) if number % 10 == 0 => corpus[place].clone(),
                _ => letter(number),
            };
            let (store, message) = (Arc::clone(&store), delivered(reader, number, octets));
            under_way.spawn(async move {
                let delivered = store.records().deliver_local(message).await;
                anyhow::Ok(delivered.map(drop)?)
            });
        }
        while let Some(delivered) = under_way.join_next().await {
            delivered??;
        }
        let begun = Instant::now();
        while store.search().index_some().await?.more {}
        if !self.json {
            println!("indexed in {:.1} s", begun.elapsed().as_secs_f64());
        }
        store.close().await?;
        Ok(())
    }

    async fn measure(&self, server: &Server, data: &Path) -> Result<Figures> {
        let process = server.process();
        let address = server.address("web")?;
        rest(process).await?;
        let mut browser = Browser::open(address).await?;
        browser.sign_in(READER, PASSWORD).await?;
        let mut pages = Vec::new();
        let mut chance = Chance(11);
        for page in &PAGES {
            self.ask(page, &mut browser, &mut chance).await?;
            let (mut octets, mut walls) = (0, Vec::new());
            let before = process.usage()?;
            for _ in 0..self.times {
                let answer = self.ask(page, &mut browser, &mut chance).await?;
                octets = octets.max(answer.1);
                walls.push(answer.0);
            }
            let used = process.usage()?.since(&before);
            pages.push(Cost {
                page: page.name,
                cpu_ms: used.thread_seconds() * 1e3 / f64::from(self.times.max(1)),
                wall_ms: Spread::of(walls),
                octets,
            });
        }
        let (reading, brought) = self.read_together(address, data).await?;
        Ok(Figures {
            pages,
            people: self.people,
            clicks_a_second: reading.len() as f64 / self.seconds as f64,
            reading_ms: Spread::of(reading),
            brought,
        })
    }

    /// Asks for one of the pages; milliseconds and octets.
    async fn ask(
        &self,
        page: &Page,
        browser: &mut Browser,
        chance: &mut Chance,
    ) -> Result<(f64, usize)> {
        let number = 1 + chance.below(u64::from(self.messages));
        let path = page.path.replace("ID", &number.to_string());
        let answer = browser.get(&path).await?;
        if answer.status != 200 {
            let to = answer.location.unwrap_or_default();
            bail!("{path} is answered with {} {to}", answer.status);
        }
        Ok((answer.took.as_secs_f64() * 1e3, answer.octets))
    }

    /// What clicks take while people read and runs go on; and what the runs brought.
    async fn read_together(&self, address: &str, data: &Path) -> Result<(Vec<f64>, usize)> {
        let over = Arc::new(AtomicBool::new(false));
        let remote = SampleServer::start(SampleConfig::default()).await?;
        let program = Arc::new((self.program.clone(), data.to_owned()));
        let mut runs: JoinSet<Result<usize>> = JoinSet::new();
        for number in 0..RUNS {
            let user = format!("u{number}");
            let mailbox = remote.mailbox(&user);
            let name = format!("r{number}-{}", remote.address().port());
            let to = format!("other{number}");
            let at = remote.address().to_string();
            let password = self.field.join("password");
            std::fs::write(&password, "secret")?;
            let added = [
                "retrieval",
                "add",
                "--name",
                &name,
                "--server",
                &at,
                "--security",
                "none",
                "--user",
                &user,
                "--password-file",
                &password.to_string_lossy(),
                "--to",
                &to,
                "--every",
                "never",
                "--no-test",
            ]
            .map(str::to_owned);
            carry_out(&program, &added).await?;
            let (over, program) = (Arc::clone(&over), Arc::clone(&program));
            runs.spawn(async move {
                let mut brought = 0;
                while !over.load(Ordering::Relaxed) {
                    for _ in 0..BROUGHT {
                        mailbox.append_generated(4096);
                    }
                    carry_out(&program, &["pull".to_owned(), name.clone()]).await?;
                    brought += BROUGHT;
                }
                Ok(brought)
            });
        }
        let until = Instant::now() + Duration::from_secs(self.seconds);
        let mut browsers = Vec::new();
        for _ in 0..self.people {
            let mut browser = Browser::open(address).await?;
            browser.sign_in(READER, PASSWORD).await?;
            browsers.push(browser);
        }
        let mut clicks = Vec::new();
        let reading = (1..).zip(browsers).map(|(seed, mut browser)| async move {
            let mut chance = Chance(seed * 0x9E37_79B9);
            let mut clicks = Vec::new();
            sleep(PAUSE.mul_f64(2.0 * chance.part())).await;
            while Instant::now() < until {
                // Who reads opens messages, goes back to the list, and sometimes searches.
                let page = match chance.below(10) {
                    0 => &PAGES[usize::try_from(chance.below(PAGES.len() as u64))?],
                    1..5 => &PAGES[0],
                    _ => &PAGES[OPENED],
                };
                clicks.push(self.ask(page, &mut browser, &mut chance).await?.0);
                sleep(PAUSE.mul_f64(2.0 * chance.part())).await;
            }
            anyhow::Ok(clicks)
        });
        for session in futures_util::future::join_all(reading).await {
            clicks.extend(session?);
        }
        over.store(true, Ordering::Relaxed);
        let mut brought = 0;
        while let Some(run) = runs.join_next().await {
            brought += run??;
        }
        Ok((clicks, brought))
    }
}

/// Runs a command of the program against the server.
async fn carry_out(program: &(PathBuf, PathBuf), words: &[String]) -> Result<()> {
    let (program, data) = program;
    let command = Command::new(program)
        .arg("--data")
        .arg(data)
        .args(words)
        .output();
    let output = command.await?;
    if !output.status.success() {
        bail!("{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

/// A page that is asked for; `ID` is some message.
struct Page {
    name: &'static str,
    path: &'static str,
}

const fn page(name: &'static str, path: &'static str) -> Page {
    Page { name, path }
}

const PAGES: [Page; 10] = [
    page("first page of the Inbox", "/"),
    page("a message", "/message/ID"),
    page("unread", "/?show=unread"),
    page("starred", "/starred"),
    page("word in every message", "/search?q=greetings"),
    page("word in one of 100", "/search?q=seldom"),
    page("word in one of 10,000", "/search?q=marvellous"),
    page("word in none", "/search?q=hippopotamus"),
    page("two letters", "/search?q=qj"),
    page("sender and size", "/search?q=from%3Aperson7%40+larger%3A1K"),
];
const OPENED: usize = 1;

fn real_messages(folder: &Path) -> Result<Vec<Vec<u8>>> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "eml") {
                found.push(path);
            }
        }
    }
    found.sort();
    let read = found.iter().map(std::fs::read);
    let read: Vec<Vec<u8>> = read.collect::<Result<_, _>>()?;
    Ok(read
        .into_iter()
        .filter(|octets| octets.len() < REAL_MOST)
        .collect())
}

/// The few that are larger say nothing of the others.
const REAL_MOST: usize = 300_000;

fn delivered(account: AccountId, number: u32, octets: Vec<u8>) -> LocalMessage {
    let read = inhaul_message::summarize(&octets);
    LocalMessage {
        account,
        folder: "INBOX".into(),
        summary: Summary {
            from: read.from,
            subject: read.subject,
            date: read.date,
            message_id: read.message_id,
            has_attachment: read.has_attachment,
        },
        octets,
        at: Timestamp::from_millis(1_700_000_000_000 + i64::from(number) * 60_000),
        settles: None,
    }
}

/// About 2 KiB of syllables, which are common, in words, which are not.
fn letter(number: u32) -> Vec<u8> {
    const SYLLABLES: [&str; 16] = [
        "en", "ter", "ta", "tion", "re", "al", "in", "ing", "er", "con", "de", "pro", "com", "ly",
        "ment", "ver",
    ];
    let mut chance = Chance(u64::from(number) + 1);
    let mut text = String::from("greetings ");
    while text.len() < 1_800 {
        for _ in 0..=chance.below(4) {
            let place = usize::try_from(chance.below(16)).unwrap_or(0);
            text.push_str(SYLLABLES[place]);
        }
        text.push_str(if chance.below(12) == 0 { "\r\n" } else { " " });
    }
    for (each, word) in [(100, "seldom "), (10_000, "marvellous ")] {
        if number % each == each - 1 {
            text.push_str(word);
        }
    }
    format!(
        "From: Person {0} <person{0}@example.com>\r\nTo: Reader <reader@example.org>\r\n\
         Subject: A letter about {number} and what came of it\r\n\
         Message-ID: <{number}@example.com>\r\n\r\n{text}\r\n",
        number % 50
    )
    .into_bytes()
}

/// The same every time (xorshift64*).
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % most
    }

    /// From nothing to the whole.
    fn part(&mut self) -> f64 {
        self.below(1000) as f64 / 1000.0
    }
}

impl Figures {
    fn tell(&self) {
        println!(
            "{:<28}{:>8}{:>9}{:>9}{:>10}",
            "page", "CPU ms", "wall ms", "p95 ms", "octets"
        );
        for cost in &self.pages {
            let Cost {
                page,
                cpu_ms,
                wall_ms: Spread { median, p95, .. },
                octets,
            } = cost;
            println!("{page:<28}{cpu_ms:>8.1}{median:>9.1}{p95:>9.1}{octets:>10}");
        }
        let Spread { median, p95, .. } = self.reading_ms;
        println!(
            "{} people: {median:.1} ms, 95 of 100 under {p95:.1} ms, {:.0} clicks a second, {} messages brought",
            self.people, self.clicks_a_second, self.brought
        );
    }
}
