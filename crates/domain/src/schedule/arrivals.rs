//! How many messages arrive: the measure of the automatic interval.
//!
//! Holds one count for each of the last 8 days (UTC), so that exactly 7 days end at any moment.

use std::time::Duration;

use inhaul_types::Timestamp;

/// Messages stored in each of the last 8 days.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Arrivals {
    /// Since when there is something to count. What is in a maildrop before that says nothing of
    /// how often mail comes.
    since: Option<Timestamp>,
    /// The day of `counts[0]`, in days since 1970; the others are the days before it.
    day: i64,
    counts: [u32; DAYS],
}

impl Arrivals {
    /// Nothing was counted yet.
    pub const NONE: Self = Self {
        since: None,
        day: 0,
        counts: [0; DAYS],
    };

    /// Counts what a run stored. The first call only begins the counting: what it names had
    /// gathered before anybody looked.
    pub fn record(&mut self, now: Timestamp, messages: u64) {
        let today = day_of(now);
        if self.since.is_none() || today < self.day - AS_DAYS {
            // Not begun, or the clock went back so far that none of the counts are of its past.
            *self = Self {
                since: Some(now),
                day: today,
                counts: [0; DAYS],
            };
            return;
        }
        if today > self.day {
            let gone = usize::try_from(today - self.day).map_or(DAYS, |days| days.min(DAYS));
            self.counts.rotate_right(gone);
            self.counts[..gone].fill(0);
            self.day = today;
        }
        let count = self.age(today).and_then(|age| self.counts.get_mut(age));
        if let Some(count) = count {
            *count = count.saturating_add(u32::try_from(messages).unwrap_or(u32::MAX));
        }
    }

    /// The average time between two messages over the last 7 days, or over the time since counting
    /// began if that is shorter; `None` if none came.
    pub fn average_gap(&self, now: Timestamp) -> Option<Duration> {
        let messages = u32::try_from(self.in_window(now)).unwrap_or(u32::MAX);
        (messages > 0).then(|| self.observed(now) / messages)
    }

    /// How much of the last 7 days was counted.
    pub fn observed(&self, now: Timestamp) -> Duration {
        self.since
            .map_or(Duration::ZERO, |since| now.since(since))
            .min(WINDOW)
    }

    /// About how many messages arrive a day.
    pub fn a_day(&self, now: Timestamp) -> u64 {
        let observed = self.observed(now).as_secs().max(1);
        // A first hour with three messages does not promise seventy.
        let observed = observed.max(DAY_SECONDS);
        (self.in_window(now) * DAY_SECONDS + observed / 2) / observed
    }

    /// Begin, day and counts for a column; [`Arrivals::parse`] reads it. Empty before the first
    /// record.
    pub fn to_text(&self) -> String {
        let Some(since) = self.since else {
            return String::new();
        };
        let last = self.counts.iter().rposition(|count| *count != 0);
        let counts = &self.counts[..last.map_or(0, |last| last + 1)];
        let numbers = [since.millis(), self.day].into_iter();
        let numbers = numbers.chain(counts.iter().map(|count| i64::from(*count)));
        let words: Vec<String> = numbers.map(|number| number.to_string()).collect();
        words.join(" ")
    }

    /// Reads what [`Arrivals::to_text`] wrote; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::default());
        }
        let mut words = text.split(' ');
        let since = Timestamp::from_millis(words.next()?.parse().ok()?);
        let day = words.next()?.parse().ok()?;
        if !(-MOST_DAY..=MOST_DAY).contains(&day) {
            return None;
        }
        let mut counts = [0; DAYS];
        for (place, word) in words.enumerate() {
            *counts.get_mut(place)? = word.parse().ok()?;
        }
        Some(Self {
            since: Some(since),
            day,
            counts,
        })
    }

    /// Messages in the 7 days before now: of the oldest day only the part that is inside.
    fn in_window(&self, now: Timestamp) -> u64 {
        let today = day_of(now);
        let into_day = u64::try_from(now.seconds().rem_euclid(AS_SECONDS)).unwrap_or(0);
        let shares = (0..=AS_DAYS).map(|age| {
            let age_here = self.age(today - age);
            let count = age_here.and_then(|age| self.counts.get(age)).copied();
            let count = u64::from(count.unwrap_or(0));
            match age {
                AS_DAYS => count * (DAY_SECONDS - into_day) / DAY_SECONDS,
                _ => count,
            }
        });
        shares.sum()
    }

    /// The place of a day's count.
    fn age(&self, day: i64) -> Option<usize> {
        usize::try_from(self.day - day).ok()
    }
}

fn day_of(moment: Timestamp) -> i64 {
    moment.seconds().div_euclid(AS_SECONDS)
}

const DAYS: usize = 8;
const AS_DAYS: i64 = 7;
const DAY_SECONDS: u64 = 24 * 60 * 60;
const AS_SECONDS: i64 = 24 * 60 * 60;
const WINDOW: Duration = Duration::from_secs(7 * DAY_SECONDS);
/// More days than any [`Timestamp`] has; sums of a few of them stay in range.
const MOST_DAY: i64 = i64::MAX / 4;

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = AS_SECONDS;
    const HOUR: i64 = 60 * 60;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis((1_000 * DAY + seconds) * 1000)
    }

    fn counted(records: &[(i64, u64)]) -> Arrivals {
        let mut arrivals = Arrivals::default();
        for (seconds, messages) in records {
            arrivals.record(at(*seconds), *messages);
        }
        arrivals
    }

    #[test]
    fn the_gap_is_the_window_over_its_messages() {
        let hours = |n: i64| Some(n * HOUR);
        for (name, records, now, gap) in [
            ("never looked", &[][..], 0, None),
            ("only just begun", &[(0, 2000)], 0, None),
            (
                "what was there first does not count",
                &[(0, 2000)],
                HOUR,
                None,
            ),
            ("a short past", &[(0, 0), (HOUR, 2)], 4 * HOUR, hours(2)),
            ("a week", &[(0, 0), (3 * DAY, 84)], 7 * DAY, hours(2)),
            (
                "older than a week",
                &[(0, 0), (DAY, 500), (9 * DAY, 14)],
                9 * DAY,
                hours(12),
            ),
            (
                "half the oldest day",
                &[(0, 0), (DAY, 14)],
                8 * DAY + DAY / 2,
                hours(24),
            ),
            ("a silent fortnight", &[(0, 0), (DAY, 14)], 15 * DAY, None),
        ] {
            let found = counted(records).average_gap(at(now));
            let found = found.map(|gap| i64::try_from(gap.as_secs()).unwrap());
            assert_eq!(found, gap, "{name}");
        }
    }

    #[test]
    fn a_clock_that_jumps_a_day_keeps_the_counts() {
        let records = [(0, 0), (6 * DAY, 14), (7 * DAY, 14), (6 * DAY, 14)];
        let arrivals = counted(&records);
        assert_eq!(arrivals.a_day(at(7 * DAY)), 6);
        assert_eq!(arrivals.a_day(at(6 * DAY)), 5, "the future is not counted");
    }

    #[test]
    fn a_clock_set_back_beyond_the_window_begins_anew() {
        let arrivals = counted(&[(0, 0), (100 * DAY, 14), (0, 9), (HOUR, 1)]);
        assert_eq!(
            arrivals.average_gap(at(HOUR)),
            Some(Duration::from_secs(3600))
        );
    }

    #[test]
    fn the_text_reads_back() {
        let long = counted(&[(0, 0), (HOUR, 3), (2 * DAY, u64::MAX), (5 * DAY, 1)]);
        for (name, arrivals) in [
            ("nothing", Arrivals::default()),
            ("begun", counted(&[(0, 7)])),
            ("some days", long),
        ] {
            assert_eq!(
                Arrivals::parse(&arrivals.to_text()),
                Some(arrivals),
                "{name}"
            );
        }
        assert_eq!(long.to_text(), "86400000000 1005 1 0 0 4294967295 0 3");
    }

    #[test]
    fn no_other_text_is_read() {
        for text in [" ", "1", "x 1", "1 x", "1 1 -1", "1 1 1 2 3 4 5 6 7 8 9"] {
            assert_eq!(Arrivals::parse(text), None, "{text:?}");
        }
        let far = format!("0 {}", i64::MIN);
        assert_eq!(Arrivals::parse(&far), None, "sums must not overflow");
    }
}
