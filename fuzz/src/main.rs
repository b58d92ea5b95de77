//! A fuzzer for the stable toolchain: changes good input at random, runs a target, and reports the
//! first input with which it panics, hangs or takes too much memory.
//!
//! `inhaul-fuzz TARGET [--seconds N] [--seed S] [--corpus DIR] [--repeat FILE]`. An input is a
//! function of the seed and its number alone, so a seed and a number repeat it.

mod mutate;
mod seeds;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use inhaul_fuzz::{TARGETS, Target};

use crate::mutate::{Mutator, Random};

const USAGE: &str =
    "usage: inhaul-fuzz TARGET [--seconds N] [--seed S] [--corpus DIR] [--repeat FILE]";

struct Options {
    name: &'static str,
    target: Target,
    time: Duration,
    seed: u64,
    corpus: Option<PathBuf>,
    repeat: Option<PathBuf>,
}

fn main() -> ExitCode {
    let options = match parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(why) => {
            let names = TARGETS.map(|(name, _)| name).join(", ");
            eprintln!("{why}\n{USAGE}\ntargets: {names}");
            return ExitCode::from(64);
        }
    };
    let outcome = match &options.repeat {
        Some(file) => repeat(&options, file),
        None => fuzz(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{}: {why}", options.name);
            ExitCode::FAILURE
        }
    }
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Options, String> {
    let wanted = words.next().ok_or("which target?")?;
    let (name, target) = TARGETS
        .into_iter()
        .find(|(name, _)| *name == wanted)
        .ok_or_else(|| format!("no target is called {wanted:?}"))?;
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let (time, seed) = (Duration::from_secs(10), now.as_secs());
    let mut options = Options {
        name,
        target,
        time,
        seed,
        corpus: None,
        repeat: None,
    };
    while let Some(word) = words.next() {
        let value = words
            .next()
            .ok_or_else(|| format!("{word} needs a value"))?;
        let number = || {
            value
                .parse::<u64>()
                .map_err(|error| format!("{word} {value}: {error}"))
        };
        match word.as_str() {
            "--seconds" => options.time = Duration::from_secs(number()?),
            "--seed" => options.seed = number()?,
            "--corpus" => options.corpus = Some(value.into()),
            "--repeat" => options.repeat = Some(value.into()),
            _ => return Err(format!("{word:?} means nothing here")),
        }
    }
    Ok(options)
}

/// Runs the target with the input in a file.
fn repeat(options: &Options, file: &PathBuf) -> Result<(), String> {
    let input = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    (options.target)(&input);
    Ok(())
}

/// Runs the target with changed input until the time is over.
fn fuzz(options: &Options) -> Result<(), String> {
    let mut seeds = seeds::for_target(options.name);
    if let Some(dir) = &options.corpus {
        let entries = fs::read_dir(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
        seeds.extend(
            entries
                .flatten()
                .filter_map(|entry| fs::read(entry.path()).ok()),
        );
    }
    let mutator = Mutator::new(seeds, seeds::DICTIONARY);
    let Options { name, seed, .. } = options;
    eprintln!(
        "{name}: seed {seed}, {} inputs to start from",
        mutator.seeds()
    );
    let began = Instant::now();
    let current = watch(options, began);
    let memory_before = resident();
    let mut number = 0;
    while began.elapsed() < options.time {
        current.store(number, Ordering::Relaxed);
        let input = input(&mutator, *seed, number);
        if catch_unwind(AssertUnwindSafe(|| (options.target)(&input))).is_err() {
            return Err(report(options, number, &input, "it panicked"));
        }
        if number.is_multiple_of(256) && resident() > memory_before + MEMORY_MOST {
            return Err(report(
                options,
                number,
                &input,
                "it took too much memory by now",
            ));
        }
        number += 1;
    }
    let seconds = began.elapsed().as_secs_f64();
    eprintln!("{name}: {number} inputs in {seconds:.1} s, nothing found");
    Ok(())
}

/// The input of a number. The first ones are the seeds as they are.
fn input(mutator: &Mutator, seed: u64, number: u64) -> Vec<u8> {
    match usize::try_from(number) {
        Ok(number) if number < mutator.seeds() => mutator.seed(number).to_vec(),
        _ => mutator.change(&mut Random::new(seed, number)),
    }
}

/// Ends the process if one input takes too long; returns where the number of the current input
/// is to be written.
fn watch(options: &Options, began: Instant) -> Arc<AtomicU64> {
    let current = Arc::new(AtomicU64::new(0));
    let watched = Arc::clone(&current);
    let (name, seed) = (options.name, options.seed);
    thread::spawn(move || {
        let (mut last, mut since) = (u64::MAX, began);
        loop {
            thread::sleep(Duration::from_millis(200));
            let number = watched.load(Ordering::Relaxed);
            if number != last {
                (last, since) = (number, Instant::now());
            } else if since.elapsed() > INPUT_TIME_MOST {
                eprintln!("{name}: input {number} of seed {seed} hangs");
                std::process::exit(1);
            }
        }
    });
    current
}

/// Prints an input as hex and keeps it in a file; returns what to tell.
fn report(options: &Options, number: u64, input: &[u8], why: &str) -> String {
    let Options { name, seed, .. } = options;
    let hex: String = input.iter().map(|octet| format!("{octet:02x}")).collect();
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("artifacts");
    let file = dir.join(format!("{name}-{seed}-{number}"));
    let kept = fs::create_dir_all(&dir).and_then(|()| fs::write(&file, input));
    let kept = match kept {
        Ok(()) => format!("--repeat {}", file.display()),
        Err(error) => format!("and {} cannot be written: {error}", file.display()),
    };
    format!("{why} with input {number} of seed {seed}; {kept}\n{hex}")
}

/// How many octets of memory this process takes; 0 where /proc does not say.
fn resident() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * PAGE
}

const PAGE: u64 = 4096;
/// Inputs are below a mebibyte, so this is far from anything that a target may hold.
const MEMORY_MOST: u64 = 256 * 1024 * 1024;
const INPUT_TIME_MOST: Duration = Duration::from_secs(10);
