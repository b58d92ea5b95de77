//! The clock: what is due, what has expired and how old a message is all hang on it.

use std::fs;
use std::time::Duration;

use inhaul_types::Timestamp;

use super::finding::Finding;
use super::site::Site;

/// `newest` is the latest moment that was recorded.
pub(super) fn check(site: &Site, newest: Option<Timestamp>) -> Finding {
    judge(site.now, newest, on_disk(site))
}

/// When the newest file of the data directory was written, by the clock of that moment.
fn on_disk(site: &Site) -> Option<Timestamp> {
    let entries = fs::read_dir(&site.data).ok()?.flatten();
    let times = entries.filter_map(|entry| entry.metadata().ok()?.modified().ok());
    times.max().map(Timestamp::from_system_time)
}

fn judge(now: Timestamp, recorded: Option<Timestamp>, on_disk: Option<Timestamp>) -> Finding {
    let fix = "set the clock, and have it kept right: timedatectl set-ntp true";
    if !(EARLIEST..LATEST).contains(&now) {
        let what = format!("the clock says {}", now.date_in_words());
        return Finding::fail("clock", what, fix);
    }
    let behind = |moment: Option<Timestamp>| {
        let moment = moment?;
        let by = moment.since(now);
        (by > TOLERANCE).then_some((moment, by))
    };
    if let Some((moment, by)) = behind(recorded) {
        let what = format!(
            "the clock is {} behind what inhaul recorded at {}",
            span(by),
            moment.in_words()
        );
        return Finding::fail("clock", what, fix);
    }
    if let Some((moment, by)) = behind(on_disk) {
        let what = format!(
            "the clock is {} behind files in the data directory, written at {}",
            span(by),
            moment.in_words()
        );
        return Finding::fail("clock", what, fix);
    }
    Finding::ok(
        "clock",
        format!("{}, not behind what was recorded", now.in_words()),
    )
}

/// Roughly how long, in the largest unit that fits.
pub(super) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let (number, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7_200 => (seconds / 60, "minute"),
        7_200..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{plural}")
}

/// Clocks that are set right now and then jump by less.
const TOLERANCE: Duration = Duration::from_secs(120);

/// 2026-01-01: no inhaul is older.
const EARLIEST: Timestamp = Timestamp::from_millis(1_767_225_600_000);

/// 2100-01-01.
const LATEST: Timestamp = Timestamp::from_millis(4_102_444_800_000);

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    #[test]
    fn a_clock_behind_its_own_records_is_wrong() {
        let now = Timestamp::from_millis(1_800_000_000_000);
        let later = |seconds| Some(now.plus(Duration::from_secs(seconds)));
        for (now, recorded, on_disk, level) in [
            (now, None, None, Level::Ok),
            (now, later(60), later(60), Level::Ok),
            (now, later(600), None, Level::Fail),
            (now, None, later(600), Level::Fail),
            (Timestamp::from_millis(0), None, None, Level::Fail),
            (LATEST, None, None, Level::Fail),
        ] {
            let found = judge(now, recorded, on_disk);
            assert_eq!(found.level, level, "{found:?}");
        }
    }

    #[test]
    fn a_span_is_rough() {
        for (seconds, text) in [
            (1, "1 second"),
            (119, "119 seconds"),
            (600, "10 minutes"),
            (7_200, "2 hours"),
            (259_200, "3 days"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)), text);
        }
    }
}
