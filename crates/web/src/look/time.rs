//! Times: relative words, with the full time behind them.
//!
//! What the server writes is in the zone that its reader has chosen, else UTC, and says which. The
//! script reads `datetime` and `data-time`, keeps relative words counting, and says days and hours in
//! that zone, or in the browser's own where none was chosen.

use std::fmt;

use askama::filters::HtmlSafe;
use inhaul_domain::spans;
use inhaul_types::Timestamp;
use jiff::{Zoned, civil};

use super::zone;

/// A time element: `<time datetime="..." title="full time">4 min ago</time>`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct When {
    at: Timestamp,
    words: String,
    /// How the script says it, as `data-time`.
    kind: &'static str,
}

/// What [`ago`] gives.
pub type Ago = When;

/// How long ago: `4 min ago`; after 30 days the day.
pub fn ago(at: Timestamp, now: Timestamp) -> When {
    let passed = now.since(at);
    let words = match passed.as_secs() {
        0..5 => "now".to_owned(),
        5..LONG_AGO => format!("{} ago", spans::passed_briefly(passed)),
        _ => short_day(at, now),
    };
    When::new(at, words, "ago")
}

/// How long until then: `in 3 min`; what is due is `now`.
pub fn until(at: Timestamp, now: Timestamp) -> When {
    let words = match at > now {
        true => format!("in {}", spans::to_wait_briefly(at.since(now))),
        false => "now".to_owned(),
    };
    When::new(at, words, "until")
}

/// The time of a row: `10:22 UTC` today, `Tue 09:12 UTC` in the week around, else the day.
pub fn at(at: Timestamp, now: Timestamp) -> When {
    let words = match (zoned(at), zoned(now)) {
        (Some(there), Some(here)) if there.date() == here.date() => {
            there.strftime("%H:%M %Z").to_string()
        }
        (Some(there), Some(here)) if days_between(there.date(), here.date()) < 7 => {
            there.strftime("%a %H:%M %Z").to_string()
        }
        _ => short_day(at, now),
    };
    When::new(at, words, "at")
}

/// The time in a record: `10:22:04 UTC` today, `Tue 09:12 UTC` in the week around, else `3 Mar 09:12 UTC`.
pub fn moment(at: Timestamp, now: Timestamp) -> When {
    let Some(there) = zoned(at) else {
        return When::new(at, at.in_words(), "moment");
    };
    let format = match zoned(now) {
        Some(here) if there.date() == here.date() => "%H:%M:%S %Z",
        Some(here) if days_between(there.date(), here.date()) < 7 => "%a %H:%M %Z",
        Some(here) if there.year() == here.year() => "%-d %b %H:%M %Z",
        _ => "%-d %b %Y %H:%M %Z",
    };
    When::new(at, there.strftime(format).to_string(), "moment")
}

/// The day: `3 March`, with the year if it is another one.
pub fn day(at: Timestamp, now: Timestamp) -> When {
    let words = format_day(at, now, "%-d %B", "%-d %B %Y");
    When::new(at, words, "day")
}

/// To the second: `2026-03-14 10:22:06 UTC`, for tables that are read closely.
pub fn exact(at: Timestamp) -> When {
    let words = match zoned(at) {
        Some(there) => there.strftime("%F %T %Z").to_string(),
        None => at.in_words(),
    };
    When::new(at, words, "exact")
}

impl When {
    pub(super) fn new(at: Timestamp, words: String, kind: &'static str) -> Self {
        Self { at, words, kind }
    }

    /// The words alone, for where no element can stand.
    pub fn words(&self) -> &str {
        &self.words
    }
}

impl HtmlSafe for When {}

impl fmt::Display for When {
    /// Nothing of it comes from outside.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, words, kind } = self;
        let title = match zoned(*at) {
            Some(there) => there.strftime("%a %-d %b %Y, %T %Z").to_string(),
            None => at.in_words(),
        };
        write!(
            f,
            r#"<time datetime="{at}" title="{title}" data-time="{kind}">{words}</time>"#
        )
    }
}

/// `3 Mar`, or `3 Mar 2025`.
fn short_day(at: Timestamp, now: Timestamp) -> String {
    format_day(at, now, "%-d %b", "%-d %b %Y")
}

fn format_day(at: Timestamp, now: Timestamp, this_year: &str, other_year: &str) -> String {
    let (Some(there), here) = (zoned(at), zoned(now)) else {
        return at.date_in_words();
    };
    let is_this_year = here.is_some_and(|here| here.year() == there.year());
    let format = if is_this_year { this_year } else { other_year };
    there.strftime(format).to_string()
}

/// What the times of a page are in now: `UTC`, `CEST`.
pub(crate) fn zone_name(now: Timestamp) -> String {
    let now = zoned(now).map(|now| now.strftime("%Z").to_string());
    now.unwrap_or_else(|| "UTC".to_owned())
}

/// In the reader's zone. `None` is a time no calendar has.
pub(super) fn zoned(at: Timestamp) -> Option<Zoned> {
    let at = jiff::Timestamp::from_millisecond(at.millis()).ok()?;
    Some(at.to_zoned(zone::reader()))
}

fn days_between(one: civil::Date, other: civil::Date) -> i32 {
    one.duration_until(other)
        .as_hours()
        .unsigned_abs()
        .try_into()
        .map_or(i32::MAX, |hours: i32| hours / 24)
}

/// Seconds after which a length says less than a day does.
const LONG_AGO: u64 = 30 * 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Sat 14 Mar 2026, 10:22:06 UTC.
    const NOW: Timestamp = Timestamp::from_millis(1_773_483_726_000);

    fn before(seconds: u64) -> Timestamp {
        NOW.minus(Duration::from_secs(seconds))
    }

    #[test]
    fn what_passed_is_said_briefly_and_long_ago_is_a_day() {
        for (seconds, words) in [
            (0, "now"),
            (20, "20 s ago"),
            (250, "4 min ago"),
            (8 * 86_400, "8 d ago"),
            (31 * 86_400, "11 Feb"),
            (100 * 86_400, "4 Dec 2025"),
        ] {
            assert_eq!(ago(before(seconds), NOW).words(), words, "{seconds} s");
        }
        let later = NOW.plus(Duration::from_secs(90));
        assert_eq!(ago(later, NOW).words(), "now", "a clock that was set back");
    }

    #[test]
    fn what_is_to_come_is_rounded_up_and_what_is_due_is_now() {
        for (seconds, words) in [(0, "now"), (12, "in 12 s"), (170, "in 3 min")] {
            let at = NOW.plus(Duration::from_secs(seconds));
            assert_eq!(until(at, NOW).words(), words, "{seconds} s");
        }
        assert_eq!(until(before(60), NOW).words(), "now");
    }

    #[test]
    fn a_rows_time_is_as_short_as_its_distance_allows() {
        for (seconds, words) in [
            (600, "10:12 UTC"),
            (4 * 86_400, "Tue 10:22 UTC"),
            (8 * 86_400, "6 Mar"),
            (400 * 86_400, "7 Feb 2025"),
        ] {
            assert_eq!(at(before(seconds), NOW).words(), words, "{seconds} s");
        }
        assert_eq!(day(before(11 * 86_400), NOW).words(), "3 March");
        assert_eq!(day(before(400 * 86_400), NOW).words(), "7 February 2025");
        assert_eq!(exact(NOW).words(), "2026-03-14 10:22:06 UTC");
        for (seconds, words) in [
            (600, "10:12:06 UTC"),
            (4 * 86_400, "Tue 10:22 UTC"),
            (8 * 86_400, "6 Mar 10:22 UTC"),
            (400 * 86_400, "7 Feb 2025 10:22 UTC"),
        ] {
            assert_eq!(moment(before(seconds), NOW).words(), words, "{seconds} s");
        }
    }

    #[test]
    fn times_are_said_in_the_readers_zone() {
        // 23:22 of a day before in Prague is another day there than in Tokyo.
        let late = NOW.minus(Duration::from_secs(12 * 3600));
        for (name, words) in [
            (
                "UTC",
                ["Fri 22:22 UTC", "Fri 22:22 UTC", "2026-03-13 22:22:06 UTC"],
            ),
            (
                "Europe/Prague",
                ["Fri 23:22 CET", "Fri 23:22 CET", "2026-03-13 23:22:06 CET"],
            ),
            (
                "Asia/Tokyo",
                ["07:22 JST", "07:22:06 JST", "2026-03-14 07:22:06 JST"],
            ),
            (
                "Asia/Kolkata",
                ["03:52 IST", "03:52:06 IST", "2026-03-14 03:52:06 IST"],
            ),
        ] {
            let told = zone::told_in(name, || {
                let said = [at(late, NOW), moment(late, NOW), exact(late)];
                (said.map(|when| when.words), at(late, NOW).to_string())
            });
            assert_eq!(told.0, words, "{name}");
            // The script reads the moment itself.
            assert!(told.1.contains("datetime=\"2026-03-13T22:22:06Z\""));
        }
        let summer = NOW.plus(Duration::from_secs(60 * 86_400));
        let names = zone::told_in("Europe/Prague", || [NOW, summer].map(zone_name));
        assert_eq!(names, ["CET", "CEST"]);
        assert_eq!(zone_name(NOW), "UTC");
    }

    #[test]
    fn the_full_time_stands_behind_the_words() {
        assert_eq!(
            ago(before(240), NOW).to_string(),
            "<time datetime=\"2026-03-14T10:18:06Z\" title=\"Sat 14 Mar 2026, 10:18:06 UTC\" \
             data-time=\"ago\">4 min ago</time>"
        );
    }

    #[test]
    fn a_time_no_calendar_has_is_said_too() {
        for at in [i64::MIN, i64::MAX] {
            let at = Timestamp::from_millis(at);
            for when in [
                ago(at, NOW),
                until(at, NOW),
                super::at(at, NOW),
                day(at, NOW),
                exact(at),
                moment(at, NOW),
            ] {
                assert!(!when.to_string().is_empty());
            }
        }
    }
}
