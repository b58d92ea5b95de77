//! The health strip: one bar per run, newest at the right (UX 2.2).
//!
//! Every outcome has a shape of its own, so it reads in greyscale: quiet is solid and short, mail
//! solid and tall, failed hollow and full height, busy a small ring, not run a dot. The server draws
//! 40 bars; on a phone the style sheet shows the newest 24 of them.

use std::fmt;

use askama::filters::HtmlSafe;
use inhaul_store::{Bar, BarOutcome};
use inhaul_types::Timestamp;

use super::time::{When, ago};

/// A strip with the times of its first and last bar below.
#[derive(Clone, Debug)]
pub struct Strip {
    /// Outlines by class, in the order of [`CLASSES`].
    outlines: [String; 5],
    label: String,
    /// First of the 40, first of the 24, last.
    ends: Option<[When; 3]>,
    bars: usize,
    paused: bool,
}

/// The newest 40 of `bars`, which are oldest first. Where there are fewer, dots stand for the rest.
pub fn strip(bars: &[Bar], now: Timestamp, paused: bool) -> Strip {
    let bars = &bars[bars.len().saturating_sub(WIDE)..];
    let mut outlines: [String; 5] = Default::default();
    for place in 0..WIDE {
        let bar = (place + bars.len()).checked_sub(WIDE);
        let shape = bar.map_or(Shape::NotRun, |bar| Shape::of(&bars[bar]));
        shape.draw(place * (BAR + GAP), &mut outlines);
    }
    let narrow = &bars[bars.len().saturating_sub(NARROW)..];
    let ends = match (bars, narrow, bars.last()) {
        ([first, ..], [first_narrow, ..], Some(last)) => Some([
            ago(first.started, now),
            ago(first_narrow.started, now),
            ago(last.started, now),
        ]),
        _ => None,
    };
    Strip {
        outlines,
        label: match bars {
            [] => "Not checked yet".to_owned(),
            bars => {
                let summary = Summary::of(bars);
                let checks = match summary.checks {
                    1 => "Last check".to_owned(),
                    checks => format!("Last {checks} checks"),
                };
                format!("{checks}: {summary}")
            }
        },
        ends,
        bars: bars.len(),
        paused,
    }
}

/// What some runs come to: `38 good, 2 failed, 117 messages`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Summary {
    /// Runs, with those that a bar stands for.
    pub checks: u64,
    /// Good ones.
    pub good: u64,
    /// Failed ones.
    pub failed: u64,
    /// Those that found the mailbox in use.
    pub busy: u64,
    /// Those that were stopped.
    pub stopped: u64,
    /// Messages stored.
    pub messages: u64,
}

impl Summary {
    /// Of these.
    pub fn of(bars: &[Bar]) -> Self {
        let mut summary = Self::default();
        for bar in bars {
            let runs = bar.folded.saturating_add(1);
            summary.checks += runs;
            summary.messages += bar.stored;
            match bar.outcome {
                BarOutcome::Good => summary.good += runs,
                BarOutcome::Failed => summary.failed += runs,
                BarOutcome::Busy => summary.busy += runs,
                BarOutcome::Stopped => summary.stopped += runs,
            }
        }
        summary
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} good, {} failed", self.good, self.failed)?;
        if self.busy > 0 {
            write!(f, ", {} busy", self.busy)?;
        }
        if self.stopped > 0 {
            write!(f, ", {} stopped", self.stopped)?;
        }
        let ending = if self.messages == 1 { "" } else { "s" };
        write!(f, ", {} message{ending}", self.messages)
    }
}

/// What a bar looks like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Shape {
    /// Solid and short.
    Quiet,
    /// Solid, this high.
    Mail(usize),
    /// Hollow, full height.
    Failed,
    /// A small ring.
    Busy,
    /// A dot.
    NotRun,
}

impl Shape {
    /// A failed run that stored something first is a failed run: the failure is the news.
    fn of(bar: &Bar) -> Self {
        match bar.outcome {
            BarOutcome::Failed => Self::Failed,
            BarOutcome::Busy => Self::Busy,
            _ if bar.stored > 0 => Self::Mail(mail_height(bar.stored)),
            BarOutcome::Good => Self::Quiet,
            BarOutcome::Stopped => Self::NotRun,
        }
    }

    /// Adds its outline at `x`.
    fn draw(self, x: usize, outlines: &mut [String; 5]) {
        let (class, outline) = match self {
            Self::Quiet => (0, format!("M{x} {}h{BAR}v{QUIET}h-{BAR}z", HEIGHT - QUIET)),
            Self::Mail(height) => (
                1,
                format!("M{x} {}h{BAR}v{height}h-{BAR}z", HEIGHT - height),
            ),
            // Half a stroke inside, so that the outside is as wide and high as the others.
            Self::Failed => (
                2,
                format!("M{x}.75 .75h{}.5v{}.5h-{}.5z", BAR - 2, HEIGHT - 2, BAR - 2),
            ),
            Self::Busy => (
                3,
                format!(
                    "M{x}.75 {}a2.25 2.25 0 1 1 4.5 0a2.25 2.25 0 1 1-4.5 0z",
                    HEIGHT - 3
                ),
            ),
            Self::NotRun => (4, format!("M{} {}h2v2h-2z", x + 2, HEIGHT - 2)),
        };
        outlines[class].push_str(&outline);
    }
}

/// From 8 for one message to the full height for a thousand and more, by powers.
fn mail_height(messages: u64) -> usize {
    let powers = messages.max(1).ilog2().min(10);
    LEAST_MAIL + (HEIGHT - LEAST_MAIL) * powers as usize / 10
}

impl HtmlSafe for Strip {}

impl fmt::Display for Strip {
    /// Numbers and words of ours only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paused = if self.paused { " paused" } else { "" };
        let width = WIDE * (BAR + GAP) - GAP;
        write!(
            f,
            "<span class=\"strip{paused}\"><span class=\"bars\"><svg role=\"img\" \
             aria-label=\"{}\" viewBox=\"0 0 {width} {HEIGHT}\" width=\"{width}\" \
             height=\"{HEIGHT}\">",
            self.label
        )?;
        for (class, outline) in CLASSES.iter().zip(&self.outlines) {
            if !outline.is_empty() {
                write!(f, "<path class=\"bar-{class}\" d=\"{outline}\"/>")?;
            }
        }
        f.write_str("</svg></span>")?;
        if let Some([first, first_narrow, last]) = &self.ends {
            // Where the bars do not fill the strip, both times stand at the right, below them.
            let few = match self.bars {
                ..NARROW => " few fewest",
                NARROW..WIDE => " few",
                _ => "",
            };
            write!(f, "<span class=\"ends{few}\">")?;
            if self.bars > NARROW {
                write!(
                    f,
                    "<span class=\"when-wide\">{first}</span>\
                     <span class=\"when-narrow\">{first_narrow}</span>"
                )?;
            } else if self.bars > 1 {
                write!(f, "<span>{first}</span>")?;
            }
            write!(f, "{last}</span>")?;
        }
        f.write_str("</span>")
    }
}

/// Of the outlines, as `bar-...`.
const CLASSES: [&str; 5] = ["quiet", "mail", "failed", "busy", "none"];
/// Bars on a wide screen.
const WIDE: usize = 40;
/// Bars on a phone: the style sheet cuts the rest off.
const NARROW: usize = 24;
/// Width of a bar, and what is between two.
const BAR: usize = 6;
const GAP: usize = 2;
/// Height of all.
const HEIGHT: usize = 24;
/// Height of a run that found nothing.
const QUIET: usize = 4;
/// Height of a run that brought one message.
const LEAST_MAIL: usize = 9;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use inhaul_types::RunId;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_773_483_726_000);

    pub(crate) fn bars(outcomes: &[(BarOutcome, u64)]) -> Vec<Bar> {
        let runs = outcomes.iter().rev().zip(1_u64..);
        let mut bars: Vec<Bar> = runs
            .map(|((outcome, stored), back)| Bar {
                run: RunId::new(1),
                started: NOW.minus(Duration::from_secs(back * 300)),
                outcome: *outcome,
                stored: *stored,
                took: Duration::from_millis(800),
                folded: 0,
            })
            .collect();
        bars.reverse();
        bars
    }

    #[test]
    fn every_outcome_has_a_shape_of_its_own() {
        let shape = |outcome, stored| Shape::of(&bars(&[(outcome, stored)])[0]);
        assert_eq!(shape(BarOutcome::Good, 0), Shape::Quiet);
        assert_eq!(shape(BarOutcome::Good, 1), Shape::Mail(LEAST_MAIL));
        assert_eq!(shape(BarOutcome::Failed, 0), Shape::Failed);
        assert_eq!(shape(BarOutcome::Failed, 6), Shape::Failed);
        assert_eq!(shape(BarOutcome::Busy, 0), Shape::Busy);
        assert_eq!(shape(BarOutcome::Stopped, 0), Shape::NotRun);
        assert_eq!(shape(BarOutcome::Stopped, 7), Shape::Mail(mail_height(7)));
    }

    #[test]
    fn mail_is_taller_the_more_there_is_and_never_higher_than_the_strip() {
        let heights: Vec<_> = [1, 2, 12, 117, 1_000, 1_024, u64::MAX]
            .map(mail_height)
            .to_vec();
        assert!(heights.is_sorted(), "{heights:?}");
        assert_eq!((heights[0], heights[6]), (LEAST_MAIL, HEIGHT));
        assert!(heights[0] > QUIET + 3);
    }

    #[test]
    fn a_strip_has_forty_places_and_says_in_words_what_it_shows() {
        let mut outcomes = vec![(BarOutcome::Good, 0); 36];
        outcomes.extend([(BarOutcome::Good, 100), (BarOutcome::Good, 17)]);
        outcomes.extend([(BarOutcome::Failed, 0); 2]);
        let html = strip(&bars(&outcomes), NOW, false).to_string();
        assert!(html.contains("aria-label=\"Last 40 checks: 38 good, 2 failed, 117 messages\""));
        assert!(html.contains("role=\"img\""));
        for (class, count) in [("quiet", 36), ("mail", 2), ("failed", 2)] {
            let path = html.split(&format!("bar-{class}\" d=\"")).nth(1).unwrap();
            let path = path.split('"').next().unwrap();
            assert_eq!(path.matches('M').count(), count, "{class}");
        }
        assert!(!html.contains("bar-busy") && !html.contains("bar-none"));
        // The first of all, the first a phone shows, the last.
        for words in [">3 h ago<", ">2 h ago<", ">5 min ago<"] {
            assert!(html.contains(words), "{words} in {html}");
        }
        assert!(!html.contains("style="), "the policy forbids it");
    }

    #[test]
    fn only_the_newest_forty_are_shown() {
        let mut outcomes = vec![(BarOutcome::Failed, 0); 10];
        outcomes.extend([(BarOutcome::Good, 0); 40]);
        let html = strip(&bars(&outcomes), NOW, false).to_string();
        assert!(html.contains("40 good, 0 failed, 0 messages"), "{html}");
    }

    #[test]
    fn what_has_not_run_is_dots_and_no_strip_is_empty() {
        let html = strip(&[], NOW, false).to_string();
        assert!(html.contains("aria-label=\"Not checked yet\""));
        assert_eq!(html.matches("v2h-2z").count(), 40);
        assert!(!html.contains("<time"));
        let one = strip(&bars(&[(BarOutcome::Busy, 0)]), NOW, false).to_string();
        assert!(one.contains("Last check: 0 good, 0 failed, 1 busy, 0 messages"));
        assert_eq!(one.matches("<time").count(), 1, "first and last are one");
        assert_eq!(one.matches("v2h-2z").count(), 39);
    }

    #[test]
    fn runs_that_a_bar_stands_for_are_counted() {
        let mut bars = bars(&[(BarOutcome::Good, 0), (BarOutcome::Good, 1)]);
        bars[0].folded = 5;
        let summary = Summary::of(&bars);
        assert_eq!((summary.checks, summary.good), (7, 7));
        assert_eq!(summary.to_string(), "7 good, 0 failed, 1 message");
    }

    #[test]
    fn a_paused_strip_is_faint() {
        let paused = strip(&[], NOW, true).to_string();
        assert!(paused.starts_with("<span class=\"strip paused\">"));
    }
}
