//! What came in each of the last 24 hours (UX 2.12).

use std::fmt;

use askama::filters::HtmlSafe;
use inhaul_types::Timestamp;

use super::{COLUMN, GAP, Reach, scale, write_svg};
use crate::look::number::number;

/// One column an hour.
#[derive(Clone, Debug)]
pub struct HourChart {
    counts: [u64; 24],
    now: Timestamp,
}

/// Messages of the last 24 hours, the oldest hour first.
pub fn hours(counts: [u64; 24], now: Timestamp) -> HourChart {
    HourChart { counts, now }
}

impl HourChart {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }
}

impl HtmlSafe for HourChart {}

impl fmt::Display for HourChart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let top = scale::top(self.counts.into_iter().max().unwrap_or(0));
        let label = format!(
            "Messages of the last 24 hours: {}, most in one hour {}",
            number(self.total()),
            number(self.counts.into_iter().max().unwrap_or(0)),
        );
        write!(
            f,
            "<div class=\"chart\"><div class=\"plot\"><div class=\"scale\" aria-hidden=\"true\">\
             <span>{}</span><span>0</span></div>",
            number(top)
        )?;
        write_svg(f, &label, self.counts.len() * COLUMN, HEIGHT)?;
        f.write_str("<path class=\"bar-mail\" d=\"")?;
        for (column, count) in self.counts.into_iter().enumerate() {
            // An hour without mail has a line, so that the day is seen to be there.
            let height = scale::height(count, top, HEIGHT, 3).max(1);
            let (left, width) = (column * COLUMN, COLUMN - GAP);
            write!(f, "M{left} {}h{width}v{height}h-{width}z", HEIGHT - height)?;
        }
        f.write_str("\"/></svg></div>")?;
        Reach::Day.write_axis(self.now, f)?;
        f.write_str("</div>")
    }
}

const HEIGHT: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_twenty_four_columns_and_says_its_sum() {
        let mut counts = [0; 24];
        counts[9] = 1_000;
        counts[23] = 318;
        let chart = hours(counts, Timestamp::from_millis(1_773_483_726_000));
        assert_eq!(chart.total(), 1_318);
        let html = chart.to_string();
        assert!(html.contains("of the last 24 hours: 1,318, most in one hour 1,000"));
        assert_eq!(html.matches("h-6z").count(), 24);
        assert!(!html.contains("style="));
    }
}
