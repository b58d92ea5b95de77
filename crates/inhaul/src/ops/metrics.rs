//! The numbers a monitoring system reads: gathered as runs end, asked for the rest, and written in
//! Prometheus's text format 0.0.4.
//!
//! Written here and not by a crate: most numbers are read off a snapshot, which crates that keep
//! registries of live counters take in through more code than the format itself needs. `render` is
//! the whole format.
//!
//! Labels are ours and few, except one: `inhaul_last_good_seconds` has a line for a retrieval. Of
//! those the [`RETRIEVALS_MOST`] that waited longest for a good run are told, which are the ones to
//! alert on, and `inhaul_last_good_left_out` says how many are not.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use inhaul_engine::RunReport;
use inhaul_types::Octets;
use inhaul_types::card::Detail;

/// The numbers of a moment, from whoever has them. What is unknown is left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    /// How many retrievals are in each state, by the state's word; all states, also those of none.
    pub(crate) retrievals: Vec<(&'static str, u64)>,
    /// For each retrieval that is meant to run: its name, and how long ago its last good run ended,
    /// or how long it exists if there was none.
    pub(crate) last_good: Vec<(String, Duration)>,
    /// Runs that wait for a place.
    pub(crate) queued: u64,
    /// Runs under way.
    pub(crate) running: u64,
    /// How late the most overdue check is.
    pub(crate) lateness: Duration,
    /// Octets of the database's write-ahead log.
    pub(crate) wal: Option<Octets>,
    /// Octets of messages that wait in files for their commit.
    pub(crate) spool: Option<Octets>,
    /// Octets that are free on the data directory's disk.
    pub(crate) free: Option<Octets>,
}

/// What is counted from the start of the process on.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Runs by result: "good", "stopped" or an error code, which are all ours.
    runs: Mutex<BTreeMap<&'static str, u64>>,
    messages: AtomicU64,
    octets: AtomicU64,
    /// Runs by how long they took: one more bucket than there are bounds.
    took: [AtomicU64; BOUNDS.len() + 1],
    took_ms: AtomicU64,
    notices_failed: AtomicU64,
}

impl Counters {
    /// A run ended.
    pub(crate) fn run_ended(&self, report: &RunReport) {
        let stopped = |facts: &inhaul_types::Facts| facts.detail == Some(Detail::Stopped);
        let result = match &report.failure {
            None => "good",
            Some(failure) if stopped(&failure.facts) => "stopped",
            Some(failure) => failure.code.as_str(),
        };
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        *runs.entry(result).or_default() += 1;
        drop(runs);
        self.messages.fetch_add(report.stored, Ordering::Relaxed);
        self.octets
            .fetch_add(report.octets.count(), Ordering::Relaxed);
        let seconds = report.took.as_secs_f64();
        let bucket = BOUNDS.iter().take_while(|bound| seconds > **bound).count();
        self.took[bucket].fetch_add(1, Ordering::Relaxed);
        let ms = u64::try_from(report.took.as_millis()).unwrap_or(u64::MAX);
        self.took_ms.fetch_add(ms, Ordering::Relaxed);
    }

    /// A notice reached nobody.
    pub(crate) fn notice_failed(&self) {
        self.notices_failed.fetch_add(1, Ordering::Relaxed);
    }
}

/// The page.
pub(crate) fn render(snapshot: &mut Snapshot, counters: &Counters, log_dropped: u64) -> String {
    let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let mut page = Page::default();
    page.head("inhaul_build_info", "gauge", "The version that runs.");
    page.labelled("inhaul_build_info", "version", env!("CARGO_PKG_VERSION"), 1);

    page.head(
        "inhaul_runs_total",
        "counter",
        "Runs that ended, by result.",
    );
    let runs = counters.runs.lock().unwrap_or_else(PoisonError::into_inner);
    let none = ("good", 0);
    let good_is_missing = !runs.contains_key("good");
    let runs_told = runs.iter().map(|(result, count)| (*result, *count));
    for (result, count) in runs_told.chain(good_is_missing.then_some(none)) {
        page.labelled("inhaul_runs_total", "result", result, count);
    }
    drop(runs);
    page.single(
        "inhaul_messages_total",
        "counter",
        "Messages brought.",
        load(&counters.messages),
    );
    page.single(
        "inhaul_octets_total",
        "counter",
        "Octets of those.",
        load(&counters.octets),
    );
    page.histogram(counters);

    page.head("inhaul_retrievals", "gauge", "Retrievals, by state.");
    for (state, count) in &snapshot.retrievals {
        page.labelled("inhaul_retrievals", "state", state, *count);
    }
    page.last_good(&mut snapshot.last_good);
    page.single(
        "inhaul_queue_length",
        "gauge",
        "Runs that wait for a place.",
        snapshot.queued,
    );
    page.single(
        "inhaul_runs_running",
        "gauge",
        "Runs under way.",
        snapshot.running,
    );
    let lateness = snapshot.lateness.as_secs();
    let name = "inhaul_schedule_lateness_seconds";
    page.single(
        name,
        "gauge",
        "How late the most overdue check is.",
        lateness,
    );
    let failed = load(&counters.notices_failed);
    page.single(
        "inhaul_notices_failed_total",
        "counter",
        "Notices that reached nobody.",
        failed,
    );
    let name = "inhaul_log_lines_dropped_total";
    page.single(
        name,
        "counter",
        "Log lines that were not written.",
        log_dropped,
    );
    for (name, what, octets) in [
        (
            "inhaul_wal_bytes",
            "Octets of the write-ahead log.",
            snapshot.wal,
        ),
        (
            "inhaul_spool_octets",
            "Octets of messages in files, not stored yet.",
            snapshot.spool,
        ),
        (
            "inhaul_free_octets",
            "Octets free on the disk of the data.",
            snapshot.free,
        ),
    ] {
        if let Some(octets) = octets {
            page.single(name, "gauge", what, octets.count());
        }
    }
    page.0
}

/// Octets this process may still write in this directory; `None` where the system does not say.
pub(crate) fn free_octets(directory: &Path) -> Option<Octets> {
    let system = rustix::fs::statvfs(directory).ok()?;
    Some(Octets::new(system.f_bavail.saturating_mul(system.f_frsize)))
}

/// Text in Prometheus's format. Writing to a string cannot fail.
#[derive(Default)]
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}").ok();
    }

    fn single(&mut self, name: &str, kind: &str, help: &str, value: u64) {
        self.head(name, kind, help);
        writeln!(self.0, "{name} {value}").ok();
    }

    fn labelled(&mut self, name: &str, label: &str, of: &str, value: u64) {
        writeln!(self.0, "{name}{{{label}=\"{}\"}} {value}", escaped(of)).ok();
    }

    fn histogram(&mut self, counters: &Counters) {
        let name = "inhaul_run_seconds";
        self.head(name, "histogram", "How long runs took.");
        let mut count = 0;
        let bounds = BOUNDS.iter().map(f64::to_string);
        for (bucket, bound) in counters.took.iter().zip(bounds.chain(["+Inf".to_owned()])) {
            count += bucket.load(Ordering::Relaxed);
            writeln!(self.0, "{name}_bucket{{le=\"{bound}\"}} {count}").ok();
        }
        let sum = Duration::from_millis(counters.took_ms.load(Ordering::Relaxed));
        writeln!(
            self.0,
            "{name}_sum {}\n{name}_count {count}",
            sum.as_secs_f64()
        )
        .ok();
    }

    fn last_good(&mut self, all: &mut [(String, Duration)]) {
        let name = "inhaul_last_good_seconds";
        self.head(
            name,
            "gauge",
            "Seconds since the last good run ended, the longest waits.",
        );
        // By name where they are equal, so that two readings tell the same ones.
        all.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        for (retrieval, waited) in all.iter().take(RETRIEVALS_MOST) {
            self.labelled(name, "retrieval", retrieval, waited.as_secs());
        }
        let left_out = all.len().saturating_sub(RETRIEVALS_MOST);
        let help = "Retrievals that inhaul_last_good_seconds leaves out.";
        self.single("inhaul_last_good_left_out", "gauge", help, left_out as u64);
    }
}

/// A label's value: backslash, quote and line end escaped, as the format wants it, and no longer
/// than a name needs to be.
fn escaped(value: &str) -> String {
    let mut escaped = String::new();
    for c in value.chars().take(LABEL_MOST) {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '"' => escaped.push_str("\\\""),
            '\n' => escaped.push_str("\\n"),
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Seconds that part the durations of runs: from a poll next door to `run_timeout`.
const BOUNDS: [f64; 10] = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 1800.0];

/// Retrievals that have a line of their own. Every label value is a series that a monitoring system
/// keeps for months.
const RETRIEVALS_MOST: usize = 200;

/// Characters of a label's value.
const LABEL_MOST: usize = 100;

#[cfg(test)]
mod tests {
    use inhaul_engine::FailureReport;
    use inhaul_types::{ErrorCode, Facts};

    use super::*;

    fn report(failure: Option<FailureReport>, stored: u64, took: Duration) -> RunReport {
        RunReport {
            run: None,
            failure,
            listed: 0,
            stored,
            octets: Octets::new(stored * 1000),
            deleted: 0,
            left: 0,
            remaining: 0,
            notes: Vec::new(),
            over_limit: Vec::new(),
            would_retrieve: 0,
            preview: None,
            took,
        }
    }

    fn failed(code: ErrorCode, detail: Option<Detail>) -> Option<FailureReport> {
        let facts = Facts {
            detail,
            ..Facts::default()
        };
        Some(FailureReport::new(code, facts))
    }

    #[track_caller]
    fn assert_has(page: &str, lines: &[&str]) {
        for line in lines {
            assert!(page.lines().any(|there| there == *line), "{line} in {page}");
        }
    }

    #[test]
    fn runs_are_counted_by_result_and_duration() {
        let counters = Counters::default();
        let ms = Duration::from_millis;
        counters.run_ended(&report(None, 12, ms(250)));
        counters.run_ended(&report(None, 0, ms(100)));
        counters.run_ended(&report(failed(ErrorCode::NoAnswer, None), 0, ms(15_000)));
        let stopped = failed(ErrorCode::CutOff, Some(Detail::Stopped));
        counters.run_ended(&report(stopped, 1, ms(3_000_000)));
        counters.notice_failed();
        let page = render(&mut Snapshot::default(), &counters, 3);
        assert_has(
            &page,
            &[
                "# TYPE inhaul_runs_total counter",
                "inhaul_runs_total{result=\"good\"} 2",
                "inhaul_runs_total{result=\"no-answer\"} 1",
                "inhaul_runs_total{result=\"stopped\"} 1",
                "inhaul_messages_total 13",
                "inhaul_octets_total 13000",
                "# TYPE inhaul_run_seconds histogram",
                "inhaul_run_seconds_bucket{le=\"0.1\"} 1",
                "inhaul_run_seconds_bucket{le=\"0.3\"} 2",
                "inhaul_run_seconds_bucket{le=\"10\"} 2",
                "inhaul_run_seconds_bucket{le=\"30\"} 3",
                "inhaul_run_seconds_bucket{le=\"1800\"} 3",
                "inhaul_run_seconds_bucket{le=\"+Inf\"} 4",
                "inhaul_run_seconds_count 4",
                "inhaul_run_seconds_sum 3015.35",
                "inhaul_notices_failed_total 1",
                "inhaul_log_lines_dropped_total 3",
            ],
        );
    }

    #[test]
    fn a_snapshot_is_told_and_what_is_unknown_is_not() {
        let mut snapshot = Snapshot {
            retrievals: vec![("working", 48), ("failing", 1)],
            last_good: vec![("Old \"ISP\"\\\n".into(), Duration::from_secs(120))],
            queued: 4,
            running: 2,
            lateness: Duration::from_secs(7),
            wal: Some(Octets::new(4096)),
            spool: None,
            free: Some(Octets::new(1 << 40)),
        };
        let page = render(&mut snapshot, &Counters::default(), 0);
        assert_has(
            &page,
            &[
                "inhaul_retrievals{state=\"working\"} 48",
                "inhaul_retrievals{state=\"failing\"} 1",
                r#"inhaul_last_good_seconds{retrieval="Old \"ISP\"\\\n"} 120"#,
                "inhaul_last_good_left_out 0",
                "inhaul_queue_length 4",
                "inhaul_runs_running 2",
                "inhaul_schedule_lateness_seconds 7",
                "inhaul_wal_bytes 4096",
                "inhaul_free_octets 1099511627776",
                "inhaul_runs_total{result=\"good\"} 0",
            ],
        );
        assert!(!page.contains("spool"), "{page}");
    }

    #[test]
    fn the_retrievals_that_wait_longest_are_told_and_the_rest_counted() {
        let all = 0..10_000_u64;
        let mut snapshot = Snapshot {
            last_good: all
                .map(|n| (format!("r{n}"), Duration::from_secs(n)))
                .collect(),
            ..Snapshot::default()
        };
        let page = render(&mut snapshot, &Counters::default(), 0);
        let told: Vec<_> = page
            .lines()
            .filter(|line| line.starts_with("inhaul_last_good_seconds{"))
            .collect();
        assert_eq!(told.len(), RETRIEVALS_MOST);
        assert_eq!(
            told[0],
            "inhaul_last_good_seconds{retrieval=\"r9999\"} 9999"
        );
        assert_has(&page, &["inhaul_last_good_left_out 9800"]);
    }

    #[test]
    fn every_line_is_a_comment_or_a_sample() {
        let counters = Counters::default();
        counters.run_ended(&report(None, 1, Duration::ZERO));
        let mut snapshot = Snapshot {
            retrievals: vec![("new", 1)],
            last_good: vec![("a\r\n# b\u{85} 1".into(), Duration::ZERO)],
            ..Snapshot::default()
        };
        let page = render(&mut snapshot, &counters, 0);
        for line in page.lines().filter(|line| !line.starts_with("# ")) {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert!(name.starts_with("inhaul_"), "{line}");
            assert!(value.parse::<f64>().is_ok(), "{line}");
        }
        assert!(page.ends_with('\n'));
    }
}
