//! Charts: a retrieval's runs over a day, a week or a month, and what came in each hour of a day.
//!
//! The picture is an SVG that stretches to the page's width; scale and times stand beside it as
//! text, so they stay readable on a phone. The runs table is the same in words.

mod hours;
mod runs;
mod scale;

use std::fmt;
use std::time::Duration;

use inhaul_types::Timestamp;

use super::time::{When, zoned};

pub use hours::{HourChart, hours};
pub use runs::{RunChart, runs};

/// How far back a chart goes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Reach {
    /// 24 hours.
    #[default]
    Day,
    /// 7 days.
    Week,
    /// 30 days.
    Month,
}

impl Reach {
    /// All, shortest first: the choices above a chart.
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// Its word in an address.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
        }
    }

    /// From that word; anything else is a day.
    pub fn parse(word: &str) -> Self {
        let named = Self::ALL.into_iter().find(|reach| reach.as_str() == word);
        named.unwrap_or_default()
    }

    /// Its words on a page.
    pub fn label(self) -> &'static str {
        match self {
            Self::Day => "24 hours",
            Self::Week => "7 days",
            Self::Month => "30 days",
        }
    }

    /// How long that is.
    pub fn span(self) -> Duration {
        let hours = match self {
            Self::Day => 24,
            Self::Week => 7 * 24,
            Self::Month => 30 * 24,
        };
        Duration::from_secs(hours * 60 * 60)
    }

    /// The first moment it shows.
    pub fn since(self, now: Timestamp) -> Timestamp {
        now.minus(self.span())
    }

    /// How many columns it is divided into: a quarter of an hour, two hours, eight hours each.
    fn columns(self) -> usize {
        match self {
            Self::Day => 96,
            Self::Week => 84,
            Self::Month => 90,
        }
    }

    /// How many stretches of time the axis names.
    fn stretches(self) -> u32 {
        match self {
            Self::Day => 4,
            Self::Week => 7,
            Self::Month => 5,
        }
    }

    /// The column of a moment; `None` is before the first. What is later than now is in the last: a
    /// clock was set back.
    fn column(self, at: Timestamp, now: Timestamp) -> Option<usize> {
        let since = self.since(now);
        if at < since {
            return None;
        }
        let column = at.since(since).as_millis() * self.columns() as u128 / self.span().as_millis();
        let last = self.columns() - 1;
        Some(usize::try_from(column).map_or(last, |column| column.min(last)))
    }

    /// Writes the axis: evenly spaced times, the last of which is now.
    fn write_axis(self, now: Timestamp, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<div class=\"axis\" aria-hidden=\"true\">")?;
        let step = self.span() / self.stretches();
        for back in (1..=self.stretches()).rev() {
            let at = now.minus(step * back);
            let (format, kind) = match self {
                Self::Day => ("%H:%M %Z", "clock"),
                Self::Week => ("%a", "weekday"),
                Self::Month => ("%-d %b", "date"),
            };
            let words = zoned(at).map(|at| at.strftime(format).to_string());
            write!(f, "{}", When::new(at, words.unwrap_or_default(), kind))?;
        }
        f.write_str("<span>now</span></div>")
    }
}

/// Writes the opening of a picture that stretches.
fn write_svg(f: &mut fmt::Formatter<'_>, label: &str, width: usize, height: usize) -> fmt::Result {
    write!(
        f,
        "<svg role=\"img\" aria-label=\"{label}\" viewBox=\"0 0 {width} {height}\" \
         preserveAspectRatio=\"none\">"
    )
}

/// Width of a column with its gap, and of the gap.
const COLUMN: usize = 8;
const GAP: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_773_483_726_000);

    #[test]
    fn a_moment_has_a_column_from_the_first_to_now() {
        for reach in Reach::ALL {
            let last = reach.columns() - 1;
            assert_eq!(reach.column(NOW, NOW), Some(last));
            assert_eq!(
                reach.column(NOW.plus(Duration::from_secs(60)), NOW),
                Some(last)
            );
            assert_eq!(reach.column(reach.since(NOW), NOW), Some(0));
            let before = reach.since(NOW).minus(Duration::from_millis(1));
            assert_eq!(reach.column(before, NOW), None);
            assert_eq!(Reach::parse(reach.as_str()), reach);
        }
        assert_eq!(Reach::parse("1y"), Reach::Day);
    }
}
