//! The answer to "Why this time?", in a sentence.

use super::{Interval, IntervalWhy, Pace, Setback};
use crate::spans::to_wait_briefly as span;

/// Why the next run is when it is: the trouble the last one had, else the interval. `None` for a
/// retrieval that runs only when triggered.
pub fn why_this_time(
    setback: Option<Setback>,
    interval: Option<Interval>,
    pace: &Pace,
) -> Option<String> {
    match setback {
        Some(setback) => Some(why_setback(setback, pace)),
        None => Some(why_interval(interval?)),
    }
}

fn why_interval(interval: Interval) -> String {
    let every = span(interval.length);
    match interval.why {
        IntervalWhy::Fixed => format!("Every {every}, as set."),
        IntervalWhy::Automatic { a_day } => {
            format!("Automatic, now every {every}: about {a_day} messages come in a day.")
        }
        IntervalWhy::Server => {
            format!("Every {every}: the server wants to be asked no more often.")
        }
        IntervalWhy::Floor => format!("Every {every}: no mailbox is visited more often."),
    }
}

fn why_setback(setback: Setback, pace: &Pace) -> String {
    match setback {
        Setback::Busy => {
            "The mailbox was busy: again after 2 min, then 5 min, then as usual.".to_owned()
        }
        Setback::Temporary => format!(
            "Each failure doubles the wait, up to {}. It never stops.",
            span(pace.backoff_max)
        ),
        Setback::SignInRefused => "A refused sign-in is tried again after 15 min, 1 h, 6 h, then \
             once a day, so that the account there is not locked; at once with another password."
            .to_owned(),
        Setback::Unproven => {
            "Tried again after 15 min, 1 h, then every 6 h. No password is sent before the server \
             proves who it is."
                .to_owned()
        }
        Setback::IdsChanged => {
            "The message IDs there changed. The safe choice is taken by itself after a day."
                .to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn trouble_explains_the_next_time_before_the_interval_does() {
        let every = |why| {
            Some(Interval {
                length: Duration::from_secs(300),
                why,
            })
        };
        let pace = Pace::default();
        for (setback, interval, words) in [
            (None, None, None),
            (
                None,
                every(IntervalWhy::Fixed),
                Some("Every 5 min, as set."),
            ),
            (
                None,
                every(IntervalWhy::Automatic { a_day: 140 }),
                Some("Automatic, now every 5 min: about 140 messages come in a day."),
            ),
            (
                Some(Setback::Temporary),
                every(IntervalWhy::Fixed),
                Some("Each failure doubles the wait, up to 1 h. It never stops."),
            ),
            (
                Some(Setback::Busy),
                None,
                Some("The mailbox was busy: again after 2 min, then 5 min, then as usual."),
            ),
        ] {
            let why = why_this_time(setback, interval, &pace);
            assert_eq!(why.as_deref(), words, "{setback:?} {interval:?}");
        }
    }
}
