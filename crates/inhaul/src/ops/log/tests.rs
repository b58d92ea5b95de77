//! From an event to what is written.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use inhaul_types::Timestamp;
use tracing::subscriber::with_default;

use super::ring::Filter;
use super::*;
use crate::config::sections::log::Facility;

fn log_to(file: &Path, level: LogLevel, format: LogFormat) -> Log {
    let log = Log::start(
        LogLevel::Error,
        Arc::new(|| Timestamp::from_millis(1_772_360_532_000)),
    );
    log.configure(&section::Log {
        level,
        format,
        output: LogOutput::File(file.to_owned()),
        facility: Facility::Mail,
    });
    log
}

/// What `tell` leaves in a file at this level.
fn written(level: LogLevel, format: LogFormat, tell: impl FnOnce()) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("inhaul.log");
    let log = log_to(&file, level, format);
    with_default(log.subscriber(), tell);
    log.flush();
    fs::read_to_string(&file).unwrap()
}

fn a_run() {
    let retrieval = "old-isp";
    tracing::info!(
        retrieval,
        run = 4711_i64,
        new = 12_u64,
        bytes = 10_276_044_u64,
        "run finished"
    );
}

#[test]
fn a_run_is_one_line_of_text_or_json() {
    assert_eq!(
        written(LogLevel::Info, LogFormat::Text, a_run),
        "2026-03-01T10:22:12Z INFO  run finished   old-isp   run=4711 new=12 bytes=10276044\n"
    );
    let json = written(LogLevel::Info, LogFormat::Json, a_run);
    let read: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(read["run"], 4711);
    assert_eq!(read["retrieval"], "old-isp");
    assert_eq!(read["message"], "run finished");
    assert_eq!(json.lines().count(), 1);
}

#[test]
fn the_level_decides_and_libraries_are_heard_from_a_warning_on() {
    let tell = || {
        tracing::error!("e");
        tracing::warn!("w");
        tracing::info!("i");
        tracing::debug!("d");
        tracing::trace!("t");
        tracing::info!(target: "hyper::proto", "what a peer sent");
        tracing::warn!(target: "hyper::proto", "library");
    };
    for (level, words) in [
        (LogLevel::Error, &["e"][..]),
        (LogLevel::Warn, &["e", "w", "library"]),
        (LogLevel::Info, &["e", "w", "i", "library"]),
        (LogLevel::Debug, &["e", "w", "i", "d", "library"]),
        (LogLevel::Trace, &["e", "w", "i", "d", "t", "library"]),
    ] {
        let text = written(level, LogFormat::Text, tell);
        let told: Vec<_> = text
            .lines()
            .map(|line| line.rsplit(' ').next().unwrap())
            .collect();
        assert_eq!(told, words, "{level:?}");
    }
}

#[test]
fn a_line_is_bounded_and_one_whatever_it_is_told() {
    let long = "\u{1b}[2J\r\n\"=\\".repeat(100_000);
    let tell = || {
        let retrieval = &*long;
        tracing::info!(
            retrieval,
            run = 1_i64,
            error = %long,
            debugged = ?long,
            said = &*long,
            more = %long,
            "{long}"
        );
    };
    for format in [LogFormat::Text, LogFormat::Json] {
        let text = written(LogLevel::Info, format, tell);
        assert_eq!(text.lines().count(), 1, "{format:?}");
        assert!(text.len() < 3_000, "{format:?}: {}", text.len());
        assert!(!text.contains('\u{1b}'), "{format:?}");
        assert!(text.contains("run"), "{format:?}");
        if format == LogFormat::Json {
            serde_json::from_str::<serde_json::Value>(&text).unwrap();
        }
    }
}

#[test]
fn a_moved_file_is_opened_anew_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("inhaul.log");
    let moved = folder.path().join("inhaul.log.1");
    let log = log_to(&file, LogLevel::Info, LogFormat::Text);
    let tell = |what: &str| with_default(log.subscriber(), || tracing::info!("{what}"));
    tell("one");
    log.flush();
    fs::rename(&file, &moved).unwrap();
    tell("two");
    log.reopen();
    tell("three");
    log.flush();
    let words = |file| {
        let text = fs::read_to_string(file).unwrap();
        text.lines()
            .map(|line| line.rsplit(' ').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(words(&moved), ["one", "two"]);
    assert_eq!(words(&file), ["three"]);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o007, 0);
}

#[test]
fn a_log_that_cannot_be_written_stops_nobody_and_is_counted() {
    let log = log_to(Path::new("/dev/full"), LogLevel::Info, LogFormat::Text);
    with_default(log.subscriber(), || {
        for _ in 0..10 {
            a_run();
        }
    });
    log.flush();
    assert_eq!(log.dropped(), 10);
    assert_eq!(
        log.ring().page(&Filter::default(), None, 100).lines.len(),
        10
    );
    // Somewhere else it works again, and tells what is missing.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("inhaul.log");
    log.write_to(
        LogFormat::Text,
        LogOutput::File(file.clone()),
        Facility::Mail,
    );
    with_default(log.subscriber(), a_run);
    log.flush();
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains("run finished"), "{text}");
    assert!(text.contains("log lines dropped lines=10"), "{text}");
}

#[test]
fn a_writer_that_hangs_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    rustix::fs::mkfifoat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::Mode::from_bits_retain(0o600),
    )
    .unwrap();
    // Opening a pipe that nobody reads hangs.
    let log = log_to(&pipe, LogLevel::Info, LogFormat::Text);
    with_default(log.subscriber(), || {
        for _ in 0..3 * WAITING_MOST {
            a_run();
        }
    });
    assert!(log.dropped() >= WAITING_MOST as u64);
    // Then somebody reads.
    let reader = std::thread::spawn(move || {
        let file = fs::File::open(pipe).unwrap();
        std::io::BufRead::lines(std::io::BufReader::new(file)).count()
    });
    log.flush();
    let dropped = log.dropped();
    log.write_to(LogFormat::Text, LogOutput::Stderr, Facility::Mail);
    // The writer closes the pipe, and the count of dropped lines went there.
    let lines = reader.join().unwrap() as u64;
    assert_eq!(lines, 3 * WAITING_MOST as u64 - dropped + 1);
}
