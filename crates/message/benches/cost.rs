//! What reading one message costs: header scan, fingerprint and columns over the ordinary corpus.
//!
//! `cargo bench -p inhaul-message`. Prints microseconds a message; nothing without the corpus.

#![expect(
    clippy::disallowed_methods,
    reason = "a measurement needs a clock and the corpus' files"
)]
#![expect(clippy::print_stdout, reason = "the measurement is the output")]

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use inhaul_message::{HeaderBlock, fingerprint, header_end, summarize};

const ROUNDS: u32 = 50;

fn main() {
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
    report("all three", &messages, |message| {
        black_box(header_end(message));
        black_box(fingerprint(&HeaderBlock::new(message)));
        black_box(summarize(message));
    });
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
