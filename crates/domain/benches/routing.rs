//! What sharing out one message costs: 10,000 addresses, 500 rules, the corpus' headers.
//!
//! `cargo bench -p inhaul-domain`. Prints microseconds a message (nothing of it without the
//! corpus), then how the time grows with hostile headers and values: a ratio near 2 is linear.

#![expect(clippy::print_stdout, reason = "the measurement is the output")]
#![expect(
    clippy::disallowed_methods,
    reason = "a measurement needs a clock and the corpus' files"
)]

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use inhaul_domain::route::{
    AddressBook, BookEntry, BookName, CatchAll, DEFAULT_MAX_RECIPIENTS, OwnNames, Place,
    RecipientSource, Router, Rule,
};
use inhaul_message::{HeaderBlock, addresses};
use inhaul_types::{AccountId, Address, FolderId};

const ADDRESSES: i64 = 10_000;
const RULES: i64 = 500;
const ROUNDS: u32 = 50;

fn main() {
    let start = Instant::now();
    let router = router(&[]);
    println!(
        "a router of {ADDRESSES} addresses and {RULES} rules: {:?}",
        start.elapsed()
    );
    over_the_corpus();
    growth(&router);
}

fn place(account: i64, shown: String) -> Place {
    Place {
        account: AccountId::new(account),
        folder: FolderId::new(account),
        shown,
    }
}

fn address(text: &str) -> Address {
    text.parse().expect("a good address")
}

/// Half of the rules are wildcards; they match nobody, so every unknown address tries them all.
fn router(domains: &[String]) -> Router {
    let mut book = AddressBook::default();
    for account in 0..ADDRESSES {
        let (name, account_id) = (format!("person{account}"), AccountId::new(account));
        let place = place(account, format!("{name}/INBOX"));
        book.entries.push(BookEntry {
            address: address(&format!("first.last{account}@firm.example")),
            account: account_id,
            place: place.clone(),
            receives: true,
        });
        book.names.push(BookName {
            name,
            account: account_id,
            place,
            receives: true,
        });
    }
    let rules = (0..RULES).map(|at| {
        let text = match at % 4 {
            0 | 2 => format!("rule{at}@firm.example"),
            1 => format!("*+news{at}@*"),
            _ => format!("sales{at}*@*"),
        };
        Rule {
            address: address(&text),
            place: place(at, format!("person{at}/INBOX")),
        }
    });
    let catch_all = CatchAll {
        source: RecipientSource::default(),
        domains: [&["firm.example".to_owned()][..], domains].concat(),
        domain_aliases: vec![("firm.test".to_owned(), "firm.example".to_owned())],
        separators: "+".to_owned(),
        max_recipients: DEFAULT_MAX_RECIPIENTS,
        own_names: OwnNames {
            user: "catchall@isp.example".to_owned(),
            host: "pop.isp.example".to_owned(),
        },
        rules: rules.collect(),
        fallback: place(ADDRESSES, "unclaimed/INBOX".to_owned()),
    };
    Router::new(catch_all, &book)
}

/// Each message once with the domain of its own To accepted, so that something is found, looked up
/// and explained; and once with none of its domains accepted, so that every source is read.
fn over_the_corpus() {
    let folder = std::env::var_os("INHAUL_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"),
        Into::into,
    );
    let messages: Vec<_> = ["ordinary", "odd"]
        .iter()
        .filter_map(|class| std::fs::read_dir(folder.join(class)).ok())
        .flatten()
        .filter_map(|entry| std::fs::read(entry.ok()?.path()).ok())
        .collect();
    if messages.is_empty() {
        return;
    }
    let mut domains: Vec<_> = messages
        .iter()
        .filter_map(|message| {
            let to = HeaderBlock::new(message).first("To")?;
            Some(addresses(to).next()?.domain.into_owned())
        })
        .collect();
    domains.sort();
    domains.dedup();
    domains.retain(|domain| format!("x@{domain}").parse::<Address>().is_ok());
    println!(
        "{} messages, {} domains in their To",
        messages.len(),
        domains.len()
    );
    report("recipients found", &messages, &router(&domains));
    report("nobody found", &messages, &router(&[]));
}

fn report(what: &str, messages: &[Vec<u8>], router: &Router) {
    let mut total = Duration::ZERO;
    let mut best = vec![Duration::MAX; messages.len()];
    for _ in 0..ROUNDS {
        for (message, best) in messages.iter().zip(&mut best) {
            let header = HeaderBlock::new(message);
            let start = Instant::now();
            black_box(router.route(&header));
            let took = start.elapsed();
            total += took;
            *best = took.min(*best);
        }
    }
    let count = u32::try_from(messages.len()).unwrap_or(u32::MAX).max(1) * ROUNDS;
    best.sort_unstable();
    let (median, most) = (best[best.len() / 2], best[best.len() - 1]);
    let late = best[best.len() * 99 / 100];
    println!(
        "{what:18} mean {:?}, median {median:?}, 99 of 100 {late:?}, most {most:?}",
        total / count
    );
}

/// Hostile shapes at 128 KiB and 256 KiB, the longest a header is; and a message of 10 MB that is
/// all header.
fn growth(router: &Router) {
    let shapes = [
        (
            "known people",
            "To: first.last7@firm.example,\r\n ",
            "first.last7@firm.example,\r\n ",
        ),
        ("strangers here", "To: ", "rNr@firm.example,\r\n "),
        ("people elsewhere", "To: ", "x@elsewhere.example,\r\n "),
        ("fields", "", "To:x@firm.example\r\n"),
        ("evidence", "", "Delivered-To:x@elsewhere.example\r\n"),
        (
            "hops",
            "",
            "Received: by mx.isp.example for <x@elsewhere.example>; 13 Mar\r\n",
        ),
        ("one word", "Delivered-To: ", "a"),
        ("open brackets", "Delivered-To: ", "<"),
        ("open comments", "Delivered-To: ", "("),
        ("open quotes", "Delivered-To: ", "\"\\"),
        ("only @", "Delivered-To: ", "@"),
        ("folds", "Delivered-To: ", "\r\n "),
    ];
    for (shape, start, part) in shapes {
        let mut took = [Duration::MAX; 3];
        for (octets, took) in [128 << 10, 256 << 10, 10_000_000]
            .into_iter()
            .zip(&mut took)
        {
            // A number in each: the same address twice would be found once.
            let mut header = start.to_owned();
            let mut at = 0;
            while header.len() < octets {
                header += &part.replace('N', &at.to_string());
                at += 1;
            }
            header.truncate(octets);
            for _ in 0..5 {
                let start = Instant::now();
                black_box(router.route(&HeaderBlock::new(header.as_bytes())));
                *took = start.elapsed().min(*took);
            }
        }
        let [half, whole, ten_mb] = took;
        let ratio = whole.as_secs_f64() / half.as_secs_f64();
        println!(
            "{shape:18} 128 KiB {half:?}, 256 KiB {whole:?}, ratio {ratio:.1}; 10 MB {ten_mb:?}"
        );
    }
}
