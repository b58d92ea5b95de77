//! Parts of the day without automatic checks: `23:00-06:00`, local time.

use std::fmt;

use super::reader::{KeyPath, Session, Setting};
use super::tree::{Placed, quoted};

/// From one minute of the day up to another, which may be tomorrow's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct QuietHours {
    /// Minutes after midnight at which the quiet begins.
    pub(crate) from: u16,
    /// Minutes after midnight at which it is over; earlier than `from` means the next day.
    pub(crate) until: u16,
}

impl Setting for QuietHours {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let help = "Write \"23:00-06:00\": two different times, hours and minutes.";
        let text = from.text(path, session, help)?;
        let hours = parse(text);
        if hours.is_none() {
            session.refuse(
                &from.place,
                path,
                format!("`{text}` is not a part of a day"),
                help,
            );
        }
        hours
    }

    fn show(&self) -> String {
        quoted(&self.to_string())
    }
}

impl fmt::Display for QuietHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, until } = self;
        write!(
            f,
            "{:02}:{:02}-{:02}:{:02}",
            from / 60,
            from % 60,
            until / 60,
            until % 60
        )
    }
}

fn parse(text: &str) -> Option<QuietHours> {
    let (from, until) = text.split_once('-')?;
    let hours = QuietHours {
        from: minute_of_day(from)?,
        until: minute_of_day(until)?,
    };
    // The same minute twice could be all day or never.
    (hours.from != hours.until).then_some(hours)
}

fn minute_of_day(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let is_two_digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    if !is_two_digits(hour) || !is_two_digits(minute) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_day_is_two_times() {
        let rows = [("23:00-06:00", (1380, 360)), ("00:00-23:59", (0, 1439))];
        for (text, (from, until)) in rows {
            let hours = parse(text).unwrap();
            assert_eq!((hours.from, hours.until), (from, until), "{text}");
            assert_eq!(hours.to_string(), text);
        }
        for text in [
            "",
            "23:00",
            "24:00-06:00",
            "23:60-06:00",
            "9:00-10:00",
            "09:00-09:00",
            "+1:00-02:00",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
