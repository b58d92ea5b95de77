//! Values with the place they come from: a file's line and column, or a variable's name.
//!
//! Ours and owned, so that the file's text and the environment end in one shape, and the TOML
//! library stays behind this door.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::reader::{KeyPath, Session};

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Place {
    /// Nobody set it.
    Default,
    /// An option of the command line.
    CommandLine,
    /// The variable of this name.
    Environment(Arc<str>),
    /// These octets of a file.
    File {
        /// The file they stand in.
        file: Arc<SourceFile>,
        /// From where to where.
        span: Range<usize>,
    },
    /// A file or directory as a whole.
    Whole(PathBuf),
}

/// A file that was read.
#[derive(Debug, PartialEq)]
pub(crate) struct SourceFile {
    /// Its place in the order of reading: what comes later is stronger.
    pub(super) order: usize,
    pub(super) path: PathBuf,
    pub(super) text: String,
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) node: Node,
    pub(super) place: Place,
}

/// What TOML knows, as far as this configuration uses it.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Text(String),
    Integer(i64),
    Boolean(bool),
    List(Vec<Placed>),
    Table(Table),
    /// A fraction, a date or a number out of range: no key takes them.
    Other(&'static str),
}

/// Keys and values, each with its place.
#[derive(Clone, Debug, Default)]
pub(super) struct Table(pub(super) BTreeMap<String, (Place, Placed)>);

impl SourceFile {
    /// Line and column of an octet, both from 1; columns count characters.
    pub(super) fn position(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        (line, before[line_start..].chars().count() + 1)
    }
}

impl Place {
    /// Whether somebody put a value here.
    pub(super) fn is_written(&self) -> bool {
        !matches!(self, Self::Default)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::CommandLine => f.write_str("command line"),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::File { file, span } => {
                write!(f, "{}:{}", file.path.display(), file.position(span.start).0)
            }
            Self::Whole(path) => write!(f, "{}", path.display()),
        }
    }
}

impl Placed {
    /// Takes over what the TOML library read.
    pub(super) fn from_toml(
        value: Spanned<DeValue<'_>>,
        place: &impl Fn(Range<usize>) -> Place,
    ) -> Self {
        let here = place(value.span());
        let node = match value.into_inner() {
            DeValue::String(text) => Node::Text(text.into_owned()),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or(Node::Other("a number out of range"), Node::Integer),
            DeValue::Boolean(value) => Node::Boolean(value),
            DeValue::Float(_) => Node::Other("a number with a fraction"),
            DeValue::Datetime(_) => Node::Other("a date"),
            DeValue::Array(items) => Node::List(
                items
                    .into_iter()
                    .map(|item| Self::from_toml(item, place))
                    .collect(),
            ),
            DeValue::Table(table) => Node::Table(Table::from_toml(table, place)),
        };
        Self { node, place: here }
    }

    /// The text in it; anything else is reported.
    pub(super) fn text(&self, path: &KeyPath, session: &mut Session, help: &str) -> Option<&str> {
        match &self.node {
            Node::Text(text) => Some(text),
            node => {
                let what = format!("expected text in quotes, found {}", node.describe());
                session.refuse(&self.place, path, what, help);
                None
            }
        }
    }

    /// The parts of a list; a variable may write them with commas between.
    pub(super) fn list(&self, path: &KeyPath, session: &mut Session) -> Option<Vec<Self>> {
        match &self.node {
            Node::List(items) => Some(items.clone()),
            Node::Text(text) if self.is_from_environment() => Some(self.split(text)),
            node => {
                let what = format!("expected a list, found {}", node.describe());
                let help = "Put it in brackets: [\"one\", \"two\"].";
                session.refuse(&self.place, path, what, help);
                None
            }
        }
    }

    /// The same, where one value may stand for a list of one.
    pub(super) fn one_or_list(&self) -> Vec<Self> {
        match &self.node {
            Node::List(items) => items.clone(),
            Node::Text(text) if self.is_from_environment() => self.split(text),
            _ => vec![self.clone()],
        }
    }

    /// Variables are always text: numbers and switches in them are read by the key's kind.
    pub(super) fn is_from_environment(&self) -> bool {
        matches!(self.place, Place::Environment(_))
    }

    fn split(&self, text: &str) -> Vec<Self> {
        text.split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(|part| Self {
                node: Node::Text(part.to_owned()),
                place: self.place.clone(),
            })
            .collect()
    }
}

impl Node {
    /// What it is, in the words of an error message.
    pub(super) fn describe(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer(_) => "a number",
            Self::Boolean(_) => "true or false",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Other(what) => what,
        }
    }
}

impl Table {
    /// Takes over what the TOML library read.
    pub(super) fn from_toml(table: DeTable<'_>, place: &impl Fn(Range<usize>) -> Place) -> Self {
        let entries = table.into_iter().map(|(key, value)| {
            let key_place = place(key.span());
            (
                key.into_inner().into_owned(),
                (key_place, Placed::from_toml(value, place)),
            )
        });
        Self(entries.collect())
    }
}

/// Text as TOML writes it.
pub(super) fn quoted(text: &str) -> String {
    let plain = !text.contains(|c: char| c.is_control() || c == '"' || c == '\\');
    if plain {
        format!("\"{text}\"")
    } else {
        toml::Value::from(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let file = SourceFile {
            order: 0,
            path: PathBuf::from("x.toml"),
            text: "ab\nčd\n\ne".to_owned(),
        };
        let rows = [
            (0, (1, 1)),
            (2, (1, 3)),
            (3, (2, 1)),
            (5, (2, 2)),
            (8, (4, 1)),
            (99, (4, 2)),
        ];
        for (offset, position) in rows {
            assert_eq!(file.position(offset), position, "octet {offset}");
        }
    }

    #[test]
    fn text_is_quoted_as_toml_reads_it() {
        for text in ["plain", "a\"b", "back\\slash", "line\nbreak", "č"] {
            let document = format!("key = {}", quoted(text));
            let table: toml::Table = document.parse().unwrap();
            assert_eq!(table["key"].as_str(), Some(text), "{document}");
        }
    }
}
