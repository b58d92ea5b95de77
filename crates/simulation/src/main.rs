//! `inhaul-simulation [--seeds N] [--seed S] [--days N] [--aloud]`: simulates, and says which seeds
//! break a promise.

#![expect(clippy::print_stdout, reason = "this is what it is for")]

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use inhaul_simulation::{Options, simulate};

const USAGE: &str = "usage: inhaul-simulation [--seeds N] [--seed S] [--days N] [--aloud]";

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("inhaul-simulation: {error:#}");
            ExitCode::from(64)
        }
    }
}

/// Whether every seed kept every promise.
fn run() -> Result<bool> {
    let (mut first, mut seeds, mut days, mut aloud) = (1, 20, 7, false);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || -> Result<u64> {
            let value = words.next().context(USAGE)?;
            value
                .parse()
                .with_context(|| format!("{value:?} is no number"))
        };
        match word.as_str() {
            "--seeds" => seeds = number()?,
            "--seed" => (first, seeds) = (number()?, 1),
            "--days" => days = u32::try_from(number()?)?,
            "--aloud" => aloud = true,
            _ => bail!("{USAGE}"),
        }
    }
    let next = AtomicU64::new(first);
    let failed = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads.min(usize::try_from(seeds).unwrap_or(1)) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + seeds {
                        return;
                    }
                    if !one(Options {
                        seed,
                        days,
                        sabotage: None,
                        aloud,
                    }) {
                        failed.lock().expect("nobody panics with it").push(seed);
                    }
                }
            });
        }
    });
    let mut failed = failed.into_inner()?;
    failed.sort_unstable();
    match failed.as_slice() {
        [] => println!("{seeds} seeds kept every promise."),
        failed => println!("Seeds that broke a promise: {failed:?}"),
    }
    Ok(failed.is_empty())
}

fn one(options: Options) -> bool {
    let Options { seed, days, .. } = options;
    let began = Instant::now();
    let outcome = match simulate(options) {
        Ok(outcome) => outcome,
        Err(error) => {
            println!("seed {seed} could not be simulated: {error:#}");
            return false;
        }
    };
    let counts = outcome.counts;
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "seed {seed}: {} runs ({} failed), {} messages sent, {} stored, {} removed, \
         {} processes, {} events {:016x}, {seconds:.1} s, {:.0} runs a second",
        counts.runs,
        counts.failed,
        counts.sent,
        counts.stored,
        counts.removed,
        counts.restarts,
        outcome.events.0,
        outcome.events.1,
        counts.runs as f64 / seconds,
    );
    let Some(breach) = outcome.breach else {
        return true;
    };
    for line in &breach.story {
        println!("    {line}");
    }
    println!(
        "seed {seed} broke promise {}: {}",
        breach.promise, breach.what
    );
    println!("Again: cargo xtask simulate --seed {seed} --days {days}");
    false
}
