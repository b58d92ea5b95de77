//! What reading one message costs: header scan, fingerprint, columns and recipients over the
//! ordinary corpus; and what an address field of a stranger costs that is one megabyte, and ten.
//!
//! `cargo bench -p inhaul-message`. Prints microseconds a message; the first part is empty without
//! the corpus.

#![expect(
    clippy::disallowed_methods,
    reason = "a measurement needs a clock and the corpus' files"
)]
#![expect(clippy::print_stdout, reason = "the measurement is the output")]

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use inhaul_message::{HeaderBlock, addresses, fingerprint, header_end, received, summarize};

const ROUNDS: u32 = 50;

/// Fields that name recipients.
const RECIPIENT_FIELDS: [&str; 12] = [
    "To",
    "Cc",
    "Bcc",
    "Resent-To",
    "Resent-Cc",
    "Resent-Bcc",
    "Apparently-To",
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "X-Envelope-To",
    "X-RCPT-TO",
];

fn main() {
    whatever_a_stranger_writes();
    the_corpus();
}

fn the_corpus() {
    let folder = std::env::var_os("INHAUL_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"),
        Into::into,
    );
    let Ok(entries) = std::fs::read_dir(folder.join("ordinary")) else {
        return;
    };
    let messages: Vec<_> = entries
        .filter_map(|entry| std::fs::read(entry.ok()?.path()).ok())
        .collect();
    let octets: usize = messages.iter().map(Vec::len).sum();
    println!(
        "{} messages, {} octets on average",
        messages.len(),
        octets / messages.len().max(1)
    );

    report("header_end", &messages, |message| {
        black_box(header_end(message));
    });
    report("fingerprint", &messages, |message| {
        black_box(fingerprint(&HeaderBlock::new(message)));
    });
    report("summarize", &messages, |message| {
        black_box(summarize(message));
    });
    report("fields", &messages, |message| {
        black_box(HeaderBlock::new(message).fields().count());
    });
    report("recipients", &messages, |message| {
        black_box(recipients(message));
    });
    report("all three", &messages, |message| {
        black_box(header_end(message));
        black_box(fingerprint(&HeaderBlock::new(message)));
        black_box(summarize(message));
    });
}

/// Walks the header once and reads every field that names recipients.
fn recipients(message: &[u8]) -> usize {
    let of_field = |field: inhaul_message::Field<'_>| {
        if field.is("Received") {
            received(field.value).recipients.len()
        } else if RECIPIENT_FIELDS.iter().any(|name| field.is(name)) {
            addresses(field.value).count()
        } else {
            0
        }
    };
    HeaderBlock::new(message).fields().map(of_field).sum()
}

/// Time for each octet of a field: the same for one megabyte and for ten, or the time is not linear.
fn whatever_a_stranger_writes() {
    const MEGABYTE: usize = 1024 * 1024;
    for piece in [
        "(",
        "<",
        "\"",
        ",",
        "@",
        "[",
        "\\",
        ".",
        "a.",
        "(<\",@",
        "\"(",
        "<@,",
        "=?a?q?",
        "a@b,",
        " \"a",
        "\u{f8}@\u{f8},",
        "for a@b ",
    ] {
        let times = [1, 10].map(|megabytes| {
            let value = piece.repeat(megabytes * MEGABYTE / piece.len());
            let start = Instant::now();
            black_box(addresses(value.as_bytes()).count());
            black_box(received(value.as_bytes()));
            start.elapsed()
        });
        println!(
            "{:12} 1 MB {:?}, 10 MB {:?}, ratio {:.1}",
            format!("{piece:?}"),
            times[0],
            times[1],
            times[1].as_secs_f64() / times[0].as_secs_f64()
        );
    }
}

/// The mean over all messages and rounds, and the message that cost most in the best of its rounds.
fn report(what: &str, messages: &[Vec<u8>], measured: impl Fn(&[u8])) {
    let mut total = Duration::ZERO;
    let mut best = vec![Duration::MAX; messages.len()];
    for _ in 0..ROUNDS {
        for (message, best) in messages.iter().zip(&mut best) {
            let start = Instant::now();
            measured(message);
            let took = start.elapsed();
            total += took;
            *best = took.min(*best);
        }
    }
    let count = u32::try_from(messages.len()).unwrap_or(u32::MAX).max(1) * ROUNDS;
    best.sort_unstable();
    let (median, most) = (best[best.len() / 2], best[best.len() - 1]);
    println!(
        "{what:12} mean {:?}, median {median:?}, most {most:?}",
        total / count
    );
}
