//! A moment of the past as typed: `2h` ago, a day, or a date and time.

use inhaul_types::Timestamp;
use jiff::tz::TimeZone;

use crate::config::parse_duration;

/// What may be typed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Since {
    /// So many milliseconds ago.
    Ago(std::time::Duration),
    /// At this moment.
    At(Timestamp),
}

impl Since {
    /// Reads `30m`, `2h`, `14d`, `2026-03-14` (the local day) or `2026-03-14T10:22:00Z`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if let Ok(ago) = parse_duration(text) {
            return Ok(Self::Ago(ago));
        }
        if let Ok(moment) = text.parse::<jiff::Timestamp>() {
            return Ok(Self::At(Timestamp::from_millis(moment.as_millisecond())));
        }
        let day = text.parse::<jiff::civil::Date>();
        let begins = day.and_then(|day| day.to_zoned(TimeZone::system()));
        match begins {
            Ok(begins) => {
                let millis = begins.timestamp().as_millisecond();
                Ok(Self::At(Timestamp::from_millis(millis)))
            }
            Err(_) => {
                Err("write how long ago (2h, 14d), a day (2026-03-14) or a moment (2026-03-14T10:22:00Z)".into())
            }
        }
    }

    /// The moment.
    pub(crate) fn moment(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ago(ago) => now.minus(ago),
            Self::At(moment) => moment,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_length_a_day_or_a_date_with_a_time() {
        let now = Timestamp::from_millis(1_773_483_726_000);
        for (text, moment) in [
            ("2h", Some("2026-03-14T08:22:06Z")),
            ("2026-03-14T10:00:00Z", Some("2026-03-14T10:00:00Z")),
            ("2026-03-14T10:00:00+02:00", Some("2026-03-14T08:00:00Z")),
            ("yesterday", None),
            ("", None),
        ] {
            let found = Since::parse(text).map(|since| since.moment(now).to_string());
            assert_eq!(found.ok().as_deref(), moment, "{text}");
        }
        assert!(Since::parse("2026-03-14").is_ok());
    }
}
