//! Tables, sizes and JSON documents on the caller's standard output, and what goes to its standard
//! error.

use inhaul_types::Octets;
use serde::Serialize;

use crate::caller;
use crate::exit::Failure;

/// Writes text to standard output. A reader that went away (`| head`) is no error.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    print_octets(text.as_bytes())
}

/// Writes octets to standard output as they are.
pub(crate) fn print_octets(octets: &[u8]) -> Result<(), Failure> {
    caller::current().print(octets)
}

/// Writes text to standard error.
pub(crate) fn complain(text: &str) {
    caller::current().complain(text);
}

/// Writes one JSON document and a line end. Every document carries `"v": 1`.
pub(crate) fn print_json(document: &impl Serialize) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Versioned<'a, T> {
        v: u8,
        #[serde(flatten)]
        document: &'a T,
    }
    let text = serde_json::to_string(&Versioned { v: 1, document })
        .expect("documents are made of texts and numbers");
    print(&(text + "\n"))
}

/// Columns under headings, two spaces between them.
pub(crate) fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = headings
        .iter()
        .map(|heading| heading.chars().count())
        .collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let headings: Vec<String> = headings
        .iter()
        .map(|heading| (*heading).to_owned())
        .collect();
    let mut text = String::new();
    for row in std::iter::once(&headings).chain(rows) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:<width$}  "));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A size for people: octets below 1,000, then KB, MB or GB with one decimal.
pub(crate) fn size(octets: Octets) -> String {
    let count = octets.count();
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let of = |unit: f64, name: &str| format!("{:.1} {name}", count as f64 / unit);
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => of(1e3, "KB"),
        1_000_000..1_000_000_000 => of(1e6, "MB"),
        _ => of(1e9, "GB"),
    }
}

/// A count for people: `4,310`.
pub(crate) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 message`, `4,310 messages`.
pub(crate) fn counted(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", count(number))
}

/// Makes a text that came from a stranger harmless for a terminal.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// At most so many characters, an ellipsis at the cut.
pub(crate) fn shorten(text: &str, most: usize) -> String {
    let text = plain(text);
    if text.chars().count() <= most {
        return text;
    }
    text.chars()
        .take(most.saturating_sub(1))
        .chain(['…'])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_one_decimal() {
        for (octets, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (42_000, "42.0 KB"),
            (9_840_000, "9.8 MB"),
            (1_300_000_000, "1.3 GB"),
        ] {
            assert_eq!(size(Octets::new(octets)), text);
        }
    }

    #[test]
    fn counts_are_read_in_threes() {
        for (number, text) in [
            (0, "0 messages"),
            (1, "1 message"),
            (999, "999 messages"),
            (4_310, "4,310 messages"),
            (1_000_000, "1,000,000 messages"),
        ] {
            assert_eq!(counted(number, "message"), text);
        }
    }

    #[test]
    fn a_table_lines_its_columns_up() {
        let rows = [
            vec!["a".into(), "bb".into()],
            vec!["ccc".into(), String::new()],
        ];
        assert_eq!(table(&["X", "Y"], &rows), "X    Y\na    bb\nccc\n");
    }

    #[test]
    fn a_stranger_cannot_steer_the_terminal() {
        assert_eq!(shorten("a\x1b[2Jb", 10), "a [2Jb");
        assert_eq!(shorten("abcdef", 4), "abc…");
    }
}
