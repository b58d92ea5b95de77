//! What the system says of a process: processor time, memory, threads, open files.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::Serialize;

/// `/proc` counts processor time in hundredths of a second on every Linux.
const TICKS_PER_SECOND: u64 = 100;

/// A process that is watched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process(pub(crate) u32);

/// Processor time used up to a moment.
#[derive(Clone, Debug)]
pub(crate) struct Usage {
    at: Instant,
    user: Duration,
    system: Duration,
    switches: u64,
    threads: BTreeMap<String, Duration>,
}

/// Processor time between two moments.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Used {
    /// Wall time between them.
    pub(crate) seconds: f64,
    /// In the program.
    pub(crate) user_seconds: f64,
    /// In the kernel for it.
    pub(crate) system_seconds: f64,
    /// Both, of one core.
    pub(crate) core_percent: f64,
    /// How often one of its threads gave up its core or lost it.
    pub(crate) switches: u64,
    /// Both, by the name of the thread; what ended meanwhile is missing.
    pub(crate) threads: BTreeMap<String, f64>,
}

/// What a process holds now.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Holding {
    /// Resident memory.
    pub(crate) rss_kib: u64,
    /// The same at its highest.
    pub(crate) rss_most_kib: u64,
    /// Its share of memory that others use as well.
    pub(crate) pss_kib: u64,
    /// Memory of its own that no file is behind.
    pub(crate) anonymous_kib: u64,
    /// Threads.
    pub(crate) threads: u64,
    /// Open files and sockets.
    pub(crate) files: usize,
}

impl Process {
    /// This one.
    pub(crate) fn own() -> Self {
        Self(std::process::id())
    }

    pub(crate) fn usage(self) -> Result<Usage> {
        let (user, system) = self.ticks(&format!("/proc/{}/stat", self.0))?;
        let mut usage = Usage {
            at: Instant::now(),
            user,
            system,
            switches: 0,
            threads: BTreeMap::new(),
        };
        for thread in fs::read_dir(format!("/proc/{}/task", self.0))? {
            let folder = thread?.path();
            let file = |name| fs::read_to_string(folder.join(name));
            // A thread may end while it is looked at.
            let (Ok(name), Ok(scheduled), Ok(status)) =
                (file("comm"), file("schedstat"), file("status"))
            else {
                continue;
            };
            let nanos = scheduled.split(' ').next().and_then(|ran| ran.parse().ok());
            *usage.threads.entry(name.trim().to_owned()).or_default() +=
                Duration::from_nanos(nanos.unwrap_or_default());
            usage.switches += number(&status, "voluntary_ctxt_switches:")
                + number(&status, "nonvoluntary_ctxt_switches:");
        }
        Ok(usage)
    }

    fn ticks(self, file: &str) -> Result<(Duration, Duration)> {
        let stat = fs::read_to_string(file)
            .with_context(|| format!("the process {} has ended", self.0))?;
        // The name may hold anything; behind its last bracket come numbers.
        let numbers = stat.rsplit(')').next().unwrap_or_default();
        let mut ticks = numbers.split_whitespace().skip(11).map(|ticks| {
            let ticks: u64 = ticks.parse().unwrap_or_default();
            Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND)
        });
        let mut next = || ticks.next().unwrap_or_default();
        Ok((next(), next()))
    }

    pub(crate) fn holding(self) -> Result<Holding> {
        let file = |name| fs::read_to_string(format!("/proc/{}/{name}", self.0));
        let status = file("status")?;
        let rollup = file("smaps_rollup")?;
        Ok(Holding {
            rss_kib: number(&status, "VmRSS:"),
            rss_most_kib: number(&status, "VmHWM:"),
            pss_kib: number(&rollup, "Pss:"),
            anonymous_kib: number(&rollup, "Anonymous:"),
            threads: number(&status, "Threads:"),
            files: fs::read_dir(format!("/proc/{}/fd", self.0))?.count(),
        })
    }
}

impl Usage {
    /// What was used since `earlier`.
    pub(crate) fn since(&self, earlier: &Self) -> Used {
        let seconds = self.at.duration_since(earlier.at).as_secs_f64();
        let user_seconds = self.user.saturating_sub(earlier.user).as_secs_f64();
        let system_seconds = self.system.saturating_sub(earlier.system).as_secs_f64();
        let threads = self.threads.iter().map(|(name, used)| {
            let before = earlier.threads.get(name).copied().unwrap_or_default();
            (name.clone(), used.saturating_sub(before).as_secs_f64())
        });
        Used {
            seconds,
            user_seconds,
            system_seconds,
            core_percent: 100.0 * (user_seconds + system_seconds) / seconds,
            switches: self.switches.saturating_sub(earlier.switches),
            threads: threads.collect(),
        }
    }
}

impl Used {
    /// Processor time by the threads' own clocks: fine enough for a few milliseconds, as long as no
    /// thread ends.
    pub(crate) fn thread_seconds(&self) -> f64 {
        self.threads.values().sum()
    }

    /// Processor time of both kinds.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        self.user_seconds + self.system_seconds
    }
}

impl Holding {
    /// The higher of each figure.
    pub(crate) fn most(self, other: Self) -> Self {
        Self {
            rss_kib: self.rss_kib.max(other.rss_kib),
            rss_most_kib: self.rss_most_kib.max(other.rss_most_kib),
            pss_kib: self.pss_kib.max(other.pss_kib),
            anonymous_kib: self.anonymous_kib.max(other.anonymous_kib),
            threads: self.threads.max(other.threads),
            files: self.files.max(other.files),
        }
    }
}

/// The number behind this word at the beginning of a line.
fn number(text: &str, word: &str) -> u64 {
    text.lines()
        .find_map(|line| line.strip_prefix(word))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|number| number.parse().ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_seen() {
        let process = Process::own();
        let before = process.usage().unwrap();
        let holding = process.holding().unwrap();
        assert!(holding.rss_kib > 0 && holding.pss_kib > 0 && holding.files > 0);
        assert!(process.usage().unwrap().since(&before).cpu_seconds() >= 0.0);
    }
}
