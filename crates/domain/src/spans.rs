//! Lengths of time in sentences.

use std::time::Duration;

/// A length that has passed: `20 seconds`, `1 minute`, `3 hours`, `2 days`; rounded down.
pub fn passed(span: Duration) -> String {
    let (count, unit) = in_units(span.as_secs());
    many(count, unit)
}

/// A length that is to be waited: the same, rounded up, so that nobody comes too early.
pub fn to_wait(span: Duration) -> String {
    let seconds = whole_seconds(span);
    let (_, unit) = in_units(seconds);
    // What is rounded up may fill the next unit: 59 min 30 s is an hour.
    let rounded = seconds.div_ceil(unit.seconds()) * unit.seconds();
    let (count, unit) = in_units(rounded);
    many(count.max(1), unit)
}

/// [`passed`] as lists show it: `20 s`, `4 min`, `3 h`, `2 d`.
pub fn passed_briefly(span: Duration) -> String {
    let (count, unit) = in_units(span.as_secs());
    format!("{count} {}", unit.symbol())
}

/// A length that is to be waited, as lists show it: `20 s`, `4 min`, rounded up.
pub fn to_wait_briefly(span: Duration) -> String {
    let seconds = whole_seconds(span);
    let (_, unit) = in_units(seconds);
    let rounded = seconds.div_ceil(unit.seconds()) * unit.seconds();
    let (count, unit) = in_units(rounded);
    format!("{} {}", count.max(1), unit.symbol())
}

#[derive(Clone, Copy)]
enum Unit {
    Second,
    Minute,
    Hour,
    Day,
}

impl Unit {
    fn seconds(self) -> u64 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 60 * 60,
            Self::Day => 24 * 60 * 60,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    fn symbol(self) -> &'static str {
        match self {
            Self::Second => "s",
            Self::Minute => "min",
            Self::Hour => "h",
            Self::Day => "d",
        }
    }
}

/// The largest unit that is full, and how often.
fn in_units(seconds: u64) -> (u64, Unit) {
    let units = [Unit::Day, Unit::Hour, Unit::Minute];
    let unit = units.into_iter().find(|unit| seconds >= unit.seconds());
    let unit = unit.unwrap_or(Unit::Second);
    (seconds / unit.seconds(), unit)
}

fn whole_seconds(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}

fn many(count: u64, unit: Unit) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {}{ending}", unit.word())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_passed_is_rounded_down_and_what_is_to_wait_up() {
        for (millis, ago, ahead) in [
            (0, "0 seconds", "1 second"),
            (999, "0 seconds", "1 second"),
            (1_000, "1 second", "1 second"),
            (39_001, "39 seconds", "40 seconds"),
            (59_001, "59 seconds", "1 minute"),
            (61_000, "1 minute", "2 minutes"),
            (3_570_000, "59 minutes", "1 hour"),
            (3_600_000, "1 hour", "1 hour"),
            (86_399_000, "23 hours", "1 day"),
            (200_000_000, "2 days", "3 days"),
        ] {
            let span = Duration::from_millis(millis);
            assert_eq!(
                (&*passed(span), &*to_wait(span)),
                (ago, ahead),
                "{millis} ms"
            );
        }
        let span = Duration::from_millis(119_001);
        assert_eq!(passed_briefly(span), "1 min");
        assert_eq!(to_wait_briefly(span), "2 min");
    }
}
