//! Points in time, passed in where a decision needs one.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A moment in milliseconds since 1970-01-01 UTC. Rooms below the shells get it as an argument.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since 1970-01-01 UTC.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From a clock reading; a clock before 1970 reads as 1970.
    pub fn from_system_time(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// Milliseconds since 1970-01-01 UTC.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970-01-01 UTC.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment and `span` more; saturates.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// This moment and `span` less; saturates.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// How long after `earlier` this is; zero if it is not after it (clocks are set back).
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The moment in a sentence, to the minute: `Tue 10 Mar 09:12 UTC`.
    pub fn in_words(self) -> String {
        const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
        let (_, month, day, hour, minute, _) = self.civil();
        // 1970 began on a Thursday.
        let weekday = self.seconds().div_euclid(86_400).rem_euclid(7);
        let weekday = usize::try_from(weekday).map_or("", |day| DAYS[day]);
        let month = &month_name(month)[..3];
        format!("{weekday} {day} {month} {hour:02}:{minute:02} UTC")
    }

    /// The day in a sentence: `2 March 2026`.
    pub fn date_in_words(self) -> String {
        let (year, month, day, ..) = self.civil();
        format!("{day} {} {year}", month_name(month))
    }

    /// Year, month, day, hour, minute, second in UTC.
    fn civil(self) -> (i64, i64, i64, i64, i64, i64) {
        // Days to civil date by counting 400-year eras from 0000-03-01 (the proleptic Gregorian
        // calendar repeats every 146,097 days).
        let seconds = self.seconds();
        let days = seconds.div_euclid(86_400) + 719_468;
        let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let month = if shifted < 10 {
            shifted + 3
        } else {
            shifted - 9
        };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let day = day_of_year - (153 * shifted + 2) / 5 + 1;
        let time = seconds.rem_euclid(86_400);
        (year, month, day, time / 3600, time / 60 % 60, time % 60)
    }
}

/// The English name of a month, counted from 1.
fn month_name(month: i64) -> &'static str {
    match month {
        1 => "January",
        2 => "February",
        3 => "March",
        4 => "April",
        5 => "May",
        6 => "June",
        7 => "July",
        8 => "August",
        9 => "September",
        10 => "October",
        11 => "November",
        _ => "December",
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC, to the second.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day, hour, minute, second) = self.civil();
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_prints_as_rfc_3339() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_773_483_726, "2026-03-14T10:22:06Z"),
            (-1, "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(
                Timestamp::from_millis(seconds * 1000).to_string(),
                text,
                "{seconds}"
            );
        }
    }

    #[test]
    fn a_moment_reads_in_a_sentence() {
        for (seconds, moment, day) in [
            (0, "Thu 1 Jan 00:00 UTC", "1 January 1970"),
            (1_773_483_726, "Sat 14 Mar 10:22 UTC", "14 March 2026"),
            (-1, "Wed 31 Dec 23:59 UTC", "31 December 1969"),
        ] {
            let time = Timestamp::from_millis(seconds * 1000);
            assert_eq!(
                (time.in_words(), time.date_in_words()),
                (moment.into(), day.into())
            );
        }
    }

    #[test]
    fn a_clock_set_back_gives_no_negative_span() {
        let (early, late) = (Timestamp::from_millis(5), Timestamp::from_millis(9));
        assert_eq!(early.since(late), Duration::ZERO);
        assert_eq!(late.since(early), Duration::from_millis(4));
    }
}
