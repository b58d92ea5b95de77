//! Who came when: counts, and the time between two visits to each maildrop.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::session::Step;
use crate::farm_line::{Gaps, Standing};
use crate::field::Field;
use crate::figures::Spread;

/// Gaps kept; an hour of a thousand visits a second.
const GAPS_MOST: usize = 3_600_000;

/// What the farm has seen.
#[derive(Debug)]
pub(super) struct Record {
    began: Instant,
    counts: Counts,
    at_hosts: Vec<AtHost>,
    /// When somebody last signed in to each maildrop.
    visited: Vec<Option<Instant>>,
    /// Milliseconds between two visits to the same maildrop.
    gaps: Vec<u32>,
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Counts {
    connections: u64,
    now: u32,
    most: u32,
    most_per_host: u32,
    commands: u64,
    sign_ins: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct AtHost {
    now: u32,
    last_came: u64,
}

impl Record {
    pub(super) fn new(field: &Field) -> Self {
        Self {
            began: Instant::now(),
            counts: Counts::default(),
            at_hosts: vec![AtHost::default(); field.hosts.into()],
            visited: vec![None; field.maildrops as usize],
            gaps: Vec::new(),
        }
    }

    /// A connection to this host was taken.
    pub(super) fn came(&mut self, host: u8) {
        let at_host = &mut self.at_hosts[usize::from(host)];
        at_host.now += 1;
        at_host.last_came = micros();
        let counts = &mut self.counts;
        counts.connections += 1;
        counts.now += 1;
        counts.most = counts.most.max(counts.now);
        counts.most_per_host = counts.most_per_host.max(at_host.now);
    }

    /// It is over.
    pub(super) fn went(&mut self, host: u8) {
        self.at_hosts[usize::from(host)].now -= 1;
        self.counts.now -= 1;
    }

    /// A session went one step on.
    pub(super) fn said(&mut self, step: &Step) {
        if *step != Step::Waits {
            self.counts.commands += 1;
        }
        if let Step::SignedIn(maildrop) = *step {
            self.counts.sign_ins += 1;
            let now = Instant::now();
            if let Some(before) = self.visited[maildrop as usize].replace(now)
                && self.gaps.len() < GAPS_MOST
            {
                let gap = now.duration_since(before).as_millis();
                self.gaps.push(u32::try_from(gap).unwrap_or(u32::MAX));
            }
        }
    }

    /// Counts from here on; a gap that began before is none. Sessions that are open stay counted.
    pub(super) fn begin_again(&mut self) {
        let now = self.counts.now;
        let most_per_host = self.at_hosts.iter().map(|host| host.now).max();
        self.counts = Counts {
            now,
            most: now,
            most_per_host: most_per_host.unwrap_or_default(),
            ..Counts::default()
        };
        self.gaps.clear();
        self.visited.fill(None);
        self.began = Instant::now();
    }

    /// The counts.
    pub(super) fn standing(&self) -> Standing {
        let Counts {
            connections,
            now,
            most,
            most_per_host,
            commands,
            sign_ins,
        } = self.counts;
        Standing {
            seconds: self.began.elapsed().as_secs_f64(),
            connections,
            now,
            most,
            most_per_host,
            commands,
            sign_ins,
            unvisited: self.visited.iter().filter(|last| last.is_none()).count(),
        }
    }

    /// How far the gaps were from this interval, in milliseconds.
    pub(super) fn gaps(&self, interval_ms: u32) -> Gaps {
        let beyond = |gap: &u32| f64::from(*gap) - f64::from(interval_ms);
        Gaps {
            beyond_ms: Spread::of(self.gaps.iter().map(beyond)),
            shortest_ms: self.gaps.iter().copied().min().unwrap_or_default(),
        }
    }

    /// When somebody last came to this host, in microseconds of the system's clock.
    pub(super) fn last_came(&self, host: u8) -> u64 {
        let at_host = self.at_hosts.get(usize::from(host));
        at_host.map_or(0, |at_host| at_host.last_came)
    }
}

/// The system's clock, which all processes share.
fn micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record::new(&Field {
            hosts: 2,
            maildrops: 2,
            kept: 0,
            accounts: 1,
            port: 1,
        })
    }

    #[test]
    fn the_most_at_once_is_counted_in_all_and_for_each_host() {
        let mut record = record();
        record.came(0);
        record.came(0);
        record.went(0);
        record.came(1);
        record.came(1);
        record.came(1);
        let standing = record.standing();
        assert_eq!(
            (standing.now, standing.most, standing.most_per_host),
            (4, 4, 3)
        );
        record.begin_again();
        assert_eq!(record.standing().most, 4);
        assert_eq!(record.standing().connections, 0);
    }

    #[test]
    fn the_first_visit_has_no_gap() {
        let mut record = record();
        record.said(&Step::SignedIn(1));
        assert_eq!(record.gaps(0).beyond_ms.count, 0);
        record.said(&Step::SignedIn(1));
        assert_eq!(record.gaps(0).beyond_ms.count, 1);
        assert_eq!(record.standing().unvisited, 1);
    }
}
