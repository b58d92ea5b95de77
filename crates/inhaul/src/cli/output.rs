//! Tables, sizes and JSON documents on the caller's standard output, and what goes to its standard
//! error.

use serde::Serialize;

use crate::caller;
use crate::exit::Failure;

pub(crate) use inhaul_manage::words::{count, counted, size};

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
