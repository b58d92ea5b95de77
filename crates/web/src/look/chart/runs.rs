//! A retrieval's runs over time (UX 2.16): messages above, seconds per run below.
//!
//! The shapes are those of the strip, as far as a picture that stretches has them: quiet is solid and
//! short, mail solid and tall, failed hollow and full height, busy hollow and short.

use std::fmt;
use std::time::Duration;

use askama::filters::HtmlSafe;
use inhaul_store::{Bar, BarOutcome};
use inhaul_types::Timestamp;

use super::{COLUMN, GAP, Reach, scale, write_svg};
use crate::look::number::number;
use crate::look::strip::Summary;

/// What happened in each stretch of time.
#[derive(Clone, Debug)]
pub struct RunChart {
    columns: Vec<Column>,
    summary: Summary,
    /// How long a run takes usually: the one in the middle.
    usual: Option<Duration>,
    reach: Reach,
    now: Timestamp,
}

/// One stretch.
#[derive(Clone, Copy, Debug, Default)]
struct Column {
    stored: u64,
    good: bool,
    failed: bool,
    busy: bool,
    /// The longest run.
    took: Duration,
}

/// The chart of these runs, in any order; those before its first moment are left out.
pub fn runs(bars: &[Bar], reach: Reach, now: Timestamp) -> RunChart {
    let mut columns = vec![Column::default(); reach.columns()];
    let mut shown = Vec::new();
    for bar in bars {
        let Some(place) = reach.column(bar.started, now) else {
            continue;
        };
        shown.push(*bar);
        let column = &mut columns[place];
        column.stored += bar.stored;
        match bar.outcome {
            BarOutcome::Good => column.good = true,
            BarOutcome::Failed => column.failed = true,
            BarOutcome::Busy => column.busy = true,
            BarOutcome::Stopped => {}
        }
        // One that stands for an hour of runs says nothing of how long each took.
        if bar.folded == 0 {
            column.took = column.took.max(bar.took);
        }
    }
    let mut lengths: Vec<_> = shown
        .iter()
        .filter(|bar| bar.folded == 0)
        .map(|bar| bar.took)
        .collect();
    lengths.sort_unstable();
    RunChart {
        columns,
        summary: Summary::of(&shown),
        usual: lengths.get(lengths.len() / 2).copied(),
        reach,
        now,
    }
}

impl RunChart {
    /// What they come to: the line above the chart.
    pub fn summary(&self) -> Summary {
        self.summary
    }

    fn write_messages(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = self.columns.iter().map(|column| column.stored).max();
        let top = scale::top(most.unwrap_or(0));
        write!(
            f,
            "<div class=\"plot\"><div class=\"scale\" aria-hidden=\"true\"><span>{}</span>\
             <span>{}</span><span>0</span></div>",
            number(top),
            number(top / 2)
        )?;
        let label = format!("Last {}: {}", self.reach.label(), self.summary);
        let width = self.columns.len() * COLUMN;
        write_svg(f, &label, width, HEIGHT)?;
        write!(
            f,
            "<path class=\"grid\" d=\"M0 .5h{width}M0 {}h{width}\"/>",
            HEIGHT / 2
        )?;
        self.write_bars(f, "quiet", |column| {
            (column.good && column.stored == 0).then_some(QUIET)
        })?;
        self.write_bars(f, "busy", |column| {
            (column.busy && !column.good && column.stored == 0).then_some(BUSY)
        })?;
        self.write_bars(f, "mail", |column| {
            (column.stored > 0).then(|| scale::height(column.stored, top, HEIGHT, LEAST_MAIL))
        })?;
        self.write_bars(f, "failed", |column| column.failed.then_some(HEIGHT))?;
        f.write_str("</svg></div>")
    }

    /// One path of all columns that have this height.
    fn write_bars(
        &self,
        f: &mut fmt::Formatter<'_>,
        class: &str,
        height: impl Fn(&Column) -> Option<usize>,
    ) -> fmt::Result {
        let mut begun = false;
        for (place, column) in self.columns.iter().enumerate() {
            let Some(height) = height(column) else {
                continue;
            };
            if !begun {
                write!(f, "<path class=\"bar-{class}\" d=\"")?;
                begun = true;
            }
            let (left, width) = (place * COLUMN, COLUMN - GAP);
            write!(f, "M{left} {}h{width}v{height}h-{width}z", HEIGHT - height)?;
        }
        if begun { f.write_str("\"/>") } else { Ok(()) }
    }

    fn write_seconds(&self, f: &mut fmt::Formatter<'_>, usual: Duration) -> fmt::Result {
        let longest = self.columns.iter().map(|column| column.took).max();
        let longest = longest.unwrap_or_default();
        let (usual, most) = (Seconds(usual), Seconds(longest));
        write!(
            f,
            "<div class=\"plot seconds\"><div class=\"scale\" aria-hidden=\"true\">\
             <span>{most}</span></div>"
        )?;
        let label = format!("Seconds per run: usual {usual}, longest {most}");
        write_svg(f, &label, self.columns.len() * COLUMN, SECONDS_HEIGHT)?;
        f.write_str("<path class=\"line\" d=\"")?;
        let mut is_joined = false;
        for (place, column) in self.columns.iter().enumerate() {
            let took = millis(column.took);
            let height = scale::height(took, millis(longest), SECONDS_HEIGHT - 2, 1);
            if height == 0 {
                is_joined = false;
                continue;
            }
            let (left, top) = (place * COLUMN, SECONDS_HEIGHT - 1 - height);
            let joint = if is_joined { 'L' } else { 'M' };
            write!(f, "{joint}{left} {top}h{}", COLUMN - GAP)?;
            is_joined = true;
        }
        write!(
            f,
            "\"/></svg></div><p class=\"legend\">Seconds per run, usual {usual}</p>"
        )
    }
}

impl HtmlSafe for RunChart {}

impl fmt::Display for RunChart {
    /// Numbers and words of ours only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<div class=\"chart\">")?;
        self.write_messages(f)?;
        self.reach.write_axis(self.now, f)?;
        if let Some(usual) = self.usual {
            self.write_seconds(f, usual)?;
        }
        f.write_str("</div>")
    }
}

/// `0.8 s`, `61 s`.
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_secs() {
            0..10 => write!(f, "{:.1} s", self.0.as_secs_f64()),
            seconds => write!(f, "{seconds} s"),
        }
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

const HEIGHT: usize = 96;
const SECONDS_HEIGHT: usize = 24;
const QUIET: usize = 4;
const BUSY: usize = 10;
/// Higher than a quiet run, however many came at another time.
const LEAST_MAIL: usize = 8;

#[cfg(test)]
mod tests {
    use inhaul_types::RunId;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_773_483_726_000);

    fn bar(minutes_ago: u64, outcome: BarOutcome, stored: u64, millis: u64) -> Bar {
        Bar {
            run: RunId::new(1),
            started: NOW.minus(Duration::from_secs(minutes_ago * 60)),
            outcome,
            stored,
            took: Duration::from_millis(millis),
            folded: 0,
        }
    }

    fn columns(html: &str, class: &str) -> usize {
        let path = html.split(&format!("bar-{class}\" d=\"")).nth(1);
        path.map_or(0, |path| {
            path.split('"')
                .next()
                .map_or(0, |path| path.matches('M').count())
        })
    }

    #[test]
    fn each_stretch_shows_what_happened_in_it() {
        let bars = [
            bar(5, BarOutcome::Good, 12, 8_200),
            bar(6, BarOutcome::Good, 0, 600),
            bar(60, BarOutcome::Good, 0, 800),
            bar(120, BarOutcome::Failed, 0, 15_000),
            bar(180, BarOutcome::Busy, 0, 300),
            bar(25 * 60, BarOutcome::Failed, 0, 1),
        ];
        let chart = runs(&bars, Reach::Day, NOW);
        assert_eq!(
            chart.summary().to_string(),
            "3 good, 1 failed, 1 busy, 12 messages"
        );
        let html = chart.to_string();
        for (class, count) in [("mail", 1), ("quiet", 1), ("failed", 1), ("busy", 1)] {
            assert_eq!(columns(&html, class), count, "{class}: {html}");
        }
        assert!(html.contains("<span>12</span><span>6</span><span>0</span>"));
        assert!(html.contains("usual 0.8 s, longest 15 s"), "{html}");
        assert!(!html.contains("style="), "the policy forbids it");
    }

    #[test]
    fn every_reach_names_its_times_and_ends_now() {
        for (reach, times) in [(Reach::Day, 4), (Reach::Week, 7), (Reach::Month, 5)] {
            let html = runs(&[], reach, NOW).to_string();
            assert_eq!(html.matches("<time").count(), times, "{reach:?}");
            assert!(html.contains("<span>now</span>"));
            assert!(html.contains("0 good, 0 failed, 0 messages"));
        }
    }

    #[test]
    fn an_hour_of_runs_in_one_says_nothing_of_how_long_each_took() {
        let mut folded = bar(30, BarOutcome::Good, 0, 3_000_000);
        folded.folded = 11;
        let html = runs(&[folded], Reach::Week, NOW).to_string();
        assert!(html.contains("12 good"), "{html}");
        assert!(!html.contains("usual"), "{html}");
    }
}
