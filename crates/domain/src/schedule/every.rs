//! The normal interval of a retrieval, and why it is that long.

use std::time::Duration;

use inhaul_types::Timestamp;

use super::{Pace, ScheduleState};

/// How often a retrieval runs by itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Every {
    /// At this interval, in seconds.
    Seconds(u32),
    /// Half the average gap between messages.
    Auto,
    /// Only when triggered.
    Never,
}

impl Every {
    /// The same, or shorter where a server deletes mail after this many days (EXPIRE, RFC 2449
    /// section 6.7) and the interval could miss some. `None` is a server that deletes nothing by
    /// age; so is 0, which speaks of mail that was retrieved.
    #[must_use]
    pub fn within_expiry(self, pace: &Pace, days: Option<u32>) -> Self {
        let Some(days) = days.filter(|days| *days > 0) else {
            return self;
        };
        // Half the days: one visit may fail and the next still comes in time.
        let most = days.saturating_mul(HALF_A_DAY);
        match self {
            Self::Seconds(seconds) => Self::Seconds(seconds.min(most)),
            Self::Auto if pace.every_max > Duration::from_secs(most.into()) => Self::Seconds(most),
            Self::Auto | Self::Never => self,
        }
    }
}

/// The time from one good run to the next, before jitter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Interval {
    /// How long.
    pub length: Duration,
    /// What made it so long.
    pub why: IntervalWhy,
}

/// What decided an interval: the answer to "Why this time?".
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum IntervalWhy {
    /// The retrieval says so.
    Fixed,
    /// Chosen by the mail that arrives.
    Automatic {
        /// About so many messages a day.
        a_day: u64,
    },
    /// The server wants to be asked no more often.
    Server,
    /// The installation's floor.
    Floor,
}

/// The normal interval; `None` for a retrieval that runs only when triggered.
pub fn interval(
    every: Every,
    pace: &Pace,
    state: &ScheduleState,
    now: Timestamp,
) -> Option<Interval> {
    let wanted = match every {
        Every::Never => return None,
        Every::Seconds(seconds) => Interval {
            length: Duration::from_secs(seconds.into()),
            why: IntervalWhy::Fixed,
        },
        Every::Auto => automatic(pace, state, now),
    };
    let at_least = |interval: Interval, length: Option<Duration>, why| match length {
        Some(length) if length > interval.length => Interval { length, why },
        _ => interval,
    };
    let raised = at_least(wanted, Some(pace.floor), IntervalWhy::Floor);
    Some(at_least(raised, state.min_interval, IntervalWhy::Server))
}

fn automatic(pace: &Pace, state: &ScheduleState, now: Timestamp) -> Interval {
    let arrivals = &state.arrivals;
    // Nothing came while we looked: the gap is at least as long as we looked. So a new retrieval
    // begins at the short end, and a silent one is at the long end soon.
    let gap = arrivals
        .average_gap(now)
        .unwrap_or_else(|| arrivals.observed(now));
    Interval {
        length: (gap / 2).min(pace.every_max).max(pace.every_min),
        why: IntervalWhy::Automatic {
            a_day: arrivals.a_day(now),
        },
    }
}

const HALF_A_DAY: u32 = 12 * 60 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn an_interval_is_what_was_chosen_raised_by_floor_and_server() {
        let minutes = |n: u64| Some(Duration::from_secs(n * MINUTE));
        let automatic = IntervalWhy::Automatic { a_day: 0 };
        for (name, every, min_interval, expected) in [
            (
                "ten minutes",
                Every::Seconds(600),
                None,
                Some((600, IntervalWhy::Fixed)),
            ),
            (
                "a day",
                Every::Seconds(86_400),
                None,
                Some((86_400, IntervalWhy::Fixed)),
            ),
            (
                "below the floor",
                Every::Seconds(5),
                None,
                Some((60, IntervalWhy::Floor)),
            ),
            (
                "nothing at all",
                Every::Seconds(0),
                None,
                Some((60, IntervalWhy::Floor)),
            ),
            (
                "server slower",
                Every::Seconds(600),
                minutes(15),
                Some((900, IntervalWhy::Server)),
            ),
            (
                "server as fast",
                Every::Seconds(600),
                minutes(10),
                Some((600, IntervalWhy::Fixed)),
            ),
            (
                "server faster",
                Every::Seconds(600),
                minutes(1),
                Some((600, IntervalWhy::Fixed)),
            ),
            (
                "both",
                Every::Seconds(5),
                minutes(2),
                Some((120, IntervalWhy::Server)),
            ),
            (
                "new and automatic",
                Every::Auto,
                None,
                Some((300, automatic)),
            ),
            (
                "automatic, slow server",
                Every::Auto,
                minutes(40),
                Some((2400, IntervalWhy::Server)),
            ),
            ("never", Every::Never, minutes(15), None),
        ] {
            let state = ScheduleState {
                min_interval,
                ..ScheduleState::default()
            };
            let found = interval(every, &Pace::default(), &state, at(0));
            let found = found.map(|found| (found.length.as_secs(), found.why));
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn automatic_is_half_the_average_gap_between_its_bounds() {
        let day = 86_400;
        for (name, a_day, seconds) in [
            ("one in twelve minutes", 120, 360),
            ("one in eighty minutes", 18, 1800),
            ("one in half an hour", 48, 900),
            ("one a minute", 1440, 300),
            ("none", 0, 1800),
        ] {
            let mut state = ScheduleState::default();
            state.arrivals.record(at(0), 0);
            for n in 1..=7 {
                state.arrivals.record(at(n * day - 1), a_day);
            }
            let found = interval(Every::Auto, &Pace::default(), &state, at(7 * day)).unwrap();
            assert_eq!(found.length.as_secs(), seconds, "{name}");
            assert_eq!(found.why, IntervalWhy::Automatic { a_day }, "{name}");
        }
    }

    #[test]
    fn an_interval_that_would_miss_expiring_mail_is_shortened() {
        let week = Every::Seconds(7 * 86_400);
        let slow = Pace {
            every_max: Duration::from_secs(30 * 86_400),
            ..Pace::default()
        };
        for (name, every, pace, days, expected) in [
            ("kept for ever", week, Pace::default(), None, week),
            ("gone once retrieved", week, Pace::default(), Some(0), week),
            (
                "a day",
                week,
                Pace::default(),
                Some(1),
                Every::Seconds(43_200),
            ),
            (
                "three days",
                week,
                Pace::default(),
                Some(3),
                Every::Seconds(129_600),
            ),
            ("soon enough", week, Pace::default(), Some(30), week),
            (
                "no number too large",
                week,
                Pace::default(),
                Some(u32::MAX),
                week,
            ),
            (
                "automatic",
                Every::Auto,
                Pace::default(),
                Some(1),
                Every::Auto,
            ),
            (
                "slow automatic",
                Every::Auto,
                slow,
                Some(1),
                Every::Seconds(43_200),
            ),
            (
                "never",
                Every::Never,
                Pace::default(),
                Some(1),
                Every::Never,
            ),
        ] {
            assert_eq!(every.within_expiry(&pace, days), expected, "{name}");
        }
    }
}
