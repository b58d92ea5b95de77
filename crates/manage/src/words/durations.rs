//! Lengths of time: `30s`, `5m`, `2h`, `14d`.
//!
//! One number, one unit: what an operator writes is what an operator reads back.

use std::time::Duration;

/// Reads `30s`, `5m`, `2h` or `14d`; the error says what is wrong with it.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let not_a_time = || format!("`{text}` is not a length of time");
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    if number.is_empty() {
        return Err(not_a_time());
    }
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => DAY,
        "" => return Err(format!("`{text}` has no unit")),
        _ => return Err(not_a_time()),
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(seconds))
        .filter(|seconds| *seconds <= LONGEST)
        .map(Duration::from_secs)
        .ok_or_else(|| format!("`{text}` is longer than ten years"))
}

/// Writes it the way [`parse_duration`] reads it, in the largest unit that leaves no rest.
pub fn format_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [(DAY, 'd'), (60 * 60, 'h'), (60, 'm')];
    let whole = units
        .into_iter()
        .find(|(unit, _)| seconds != 0 && seconds.is_multiple_of(*unit));
    let (unit, letter) = whole.unwrap_or((1, 's'));
    format!("{}{letter}", seconds / unit)
}

const DAY: u64 = 24 * 60 * 60;
/// More is a slip of the pen, and below it a sum with any clock stays in range.
const LONGEST: u64 = 3660 * DAY;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_one_number_and_one_unit() {
        let rows = [
            ("30s", 30),
            ("0s", 0),
            ("5m", 300),
            ("2h", 7200),
            ("14d", 14 * 86400),
            ("007m", 420),
            ("3660d", 3660 * 86400),
        ];
        for (text, seconds) in rows {
            assert_eq!(
                parse_duration(text),
                Ok(Duration::from_secs(seconds)),
                "{text}"
            );
        }
    }

    #[test]
    fn anything_else_is_refused_with_its_reason() {
        let rows = [
            ("", "not a length"),
            ("m", "not a length"),
            ("10", "has no unit"),
            ("10 m", "not a length"),
            ("10M", "not a length"),
            ("5min", "not a length"),
            ("-5m", "not a length"),
            ("1.5h", "not a length"),
            ("1h30m", "not a length"),
            ("3661d", "ten years"),
            ("99999999999999999999s", "ten years"),
            ("٣m", "not a length"),
        ];
        for (text, reason) in rows {
            let error = parse_duration(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        let rows = [
            (0, "0s"),
            (30, "30s"),
            (60, "1m"),
            (90, "90s"),
            (3600, "1h"),
            (86400 * 90, "90d"),
        ];
        for (seconds, text) in rows {
            let duration = Duration::from_secs(seconds);
            assert_eq!(format_duration(duration), text);
            assert_eq!(parse_duration(text), Ok(duration), "{text}");
        }
    }
}
