//! Quiet hours: parts of the local day in which the schedule rests. People are not bound by them.

use std::time::Duration;

use super::Pace;

/// A part of the local day, from a minute up to another one, which may be the next day's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct QuietHours {
    /// Minutes after midnight at which the quiet begins.
    pub from_minute: u16,
    /// Minutes after midnight at which it is over; not after `from_minute` means the next day.
    pub to_minute: u16,
}

impl QuietHours {
    /// Minutes of quiet that are left at this minute of the day, if it is inside.
    fn left(self, minute: u16) -> Option<u16> {
        let [from, to, minute] = [self.from_minute, self.to_minute, minute].map(|at| at % DAY);
        let length = (to + DAY - from) % DAY;
        let into = (minute + DAY - from) % DAY;
        (into < length).then(|| length - into)
    }
}

/// How long a run that is due at this local minute of the day has to wait for the end of the quiet
/// hours; `None` outside them. Hours that leave no minute of the day are none: they would switch
/// the schedule off.
pub fn postpone_for_quiet_hours(local_minute: u16, pace: &Pace) -> Option<Duration> {
    let mut waited = 0;
    // One part may end where the next begins.
    while let Some(left) = longest_left(pace, (local_minute % DAY + waited) % DAY) {
        waited += left;
        if waited >= DAY {
            return None;
        }
    }
    (waited > 0).then(|| Duration::from_secs(60 * u64::from(waited)))
}

/// The longest that quiet hours can postpone a run.
pub(super) fn longest_quiet(pace: &Pace) -> Duration {
    if pace.quiet_hours.is_empty() {
        Duration::ZERO
    } else {
        Duration::from_secs(60 * u64::from(DAY))
    }
}

fn longest_left(pace: &Pace, minute: u16) -> Option<u16> {
    let parts = pace.quiet_hours.iter();
    parts.filter_map(|part| part.left(minute)).max()
}

/// Minutes.
const DAY: u16 = 24 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(text: &str) -> u16 {
        let (hour, minute) = text.split_once(':').unwrap();
        hour.parse::<u16>().unwrap() * 60 + minute.parse::<u16>().unwrap()
    }

    fn pace(parts: &[(&str, &str)]) -> Pace {
        let parts = parts.iter().map(|(from, to)| QuietHours {
            from_minute: clock(from),
            to_minute: clock(to),
        });
        Pace {
            quiet_hours: parts.collect(),
            ..Pace::default()
        }
    }

    #[test]
    fn a_run_waits_for_the_end_of_the_quiet() {
        let night = &[("23:00", "06:00")][..];
        let day = &[("12:00", "13:00")][..];
        let chain = &[("22:00", "01:00"), ("01:00", "03:30"), ("12:00", "13:00")][..];
        let nested = &[("22:00", "06:00"), ("23:00", "01:00")][..];
        let always = &[("00:00", "12:00"), ("12:00", "00:00")][..];
        for (name, parts, now, minutes) in [
            ("none", &[][..], "03:00", None),
            ("before", night, "22:59", None),
            ("at its beginning", night, "23:00", Some(420)),
            ("before midnight", night, "23:30", Some(390)),
            ("after midnight", night, "05:59", Some(1)),
            ("at its end", night, "06:00", None),
            ("inside one day", day, "12:30", Some(30)),
            ("one after the other", chain, "22:00", Some(330)),
            ("one inside the other", nested, "23:30", Some(390)),
            ("all day is no quiet", always, "07:00", None),
            (
                "the same minute twice is no quiet",
                &[("07:00", "07:00")],
                "07:00",
                None,
            ),
        ] {
            let found = postpone_for_quiet_hours(clock(now), &pace(parts));
            let expected = minutes.map(|minutes| Duration::from_secs(60 * minutes));
            assert_eq!(found, expected, "{name}");
        }
    }
}
