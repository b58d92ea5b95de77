//! Sizes: `500KB`, `25MB`, `5GB` (decimal) and `64KiB`, `16MiB`, `1GiB` (binary).
//!
//! `K`, `M` and `G` alone mean one thing to half of the readers and another to the rest, so they
//! are refused.

/// Reads `500KB`, `25MB`, `5GB` or `16MiB`, in either case; the error says what is wrong with it.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let not_a_size = || format!("`{text}` is not a size");
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    if number.is_empty() {
        return Err(not_a_size());
    }
    if unit.is_empty() && number != "0" {
        return Err(format!("`{text}` has no unit"));
    }
    let known = UNITS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(unit));
    let octets = match known {
        Some((_, octets)) => *octets,
        None if unit.is_empty() => 1,
        None if ["k", "m", "g", "t"]
            .iter()
            .any(|short| short.eq_ignore_ascii_case(unit)) =>
        {
            return Err(format!("`{text}` could mean two sizes"));
        }
        None => return Err(not_a_size()),
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(octets))
        .filter(|octets| *octets <= LARGEST)
        .ok_or_else(|| format!("`{text}` is more than any disk holds"))
}

/// Writes it the way [`parse_size`] reads it, in the unit that makes it shortest.
pub fn format_size(octets: u64) -> String {
    UNITS
        .iter()
        .filter(|(_, unit)| octets.is_multiple_of(*unit) && (octets != 0 || *unit == 1))
        .map(|(name, unit)| format!("{}{name}", octets / unit))
        .min_by_key(String::len)
        .unwrap_or_else(|| format!("{octets}B"))
}

/// Bigger than any file system, and what SQLite counts in.
const LARGEST: u64 = i64::MAX.unsigned_abs();

const UNITS: [(&str, u64); 9] = [
    ("B", 1),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_decimal_or_binary_by_its_unit() {
        let rows = [
            ("0", 0),
            ("0B", 0),
            ("17B", 17),
            ("500KB", 500_000),
            ("25MB", 25_000_000),
            ("5GB", 5_000_000_000),
            ("2TB", 2_000_000_000_000),
            ("64KiB", 65_536),
            ("16MiB", 16 << 20),
            ("1GiB", 1 << 30),
            ("25mb", 25_000_000),
            ("16mib", 16 << 20),
        ];
        for (text, octets) in rows {
            assert_eq!(parse_size(text), Ok(octets), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_its_reason() {
        let rows = [
            ("", "not a size"),
            ("MB", "not a size"),
            ("25", "has no unit"),
            ("25M", "two sizes"),
            ("25 MB", "not a size"),
            ("-1MB", "not a size"),
            ("1.5GB", "not a size"),
            ("25Mb/s", "not a size"),
            ("99999999999TB", "any disk"),
            ("99999999999999999999B", "any disk"),
        ];
        for (text, reason) in rows {
            let error = parse_size(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        let rows = [
            (0, "0B"),
            (1, "1B"),
            (500_000, "500KB"),
            (5_000_000_000, "5GB"),
            (16 << 20, "16MiB"),
            (1 << 30, "1GiB"),
            (16_777_217, "16777217B"),
        ];
        for (octets, text) in rows {
            assert_eq!(format_size(octets), text);
            assert_eq!(parse_size(text), Ok(octets), "{text}");
        }
    }
}
