//! One line of the log, and how it reads as text and as JSON.
//!
//! A line is made once, bounded and harmless, and is then what file, syslog, memory and page show.

use std::fmt::{self, Write as _};

use inhaul_types::Timestamp;
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

use super::bounded::Bounded;
use crate::config::sections::log::LogLevel;

/// One line.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// Its place among all lines of this process, from 1.
    pub(crate) seq: u64,
    /// When it happened.
    pub(crate) at: Timestamp,
    /// How important it is.
    pub(crate) level: LogLevel,
    /// The part of the program that speaks.
    pub(crate) target: &'static str,
    /// What happened.
    pub(crate) message: String,
    /// The retrieval's name, if it is about one.
    pub(crate) retrieval: Option<String>,
    /// The run's number, if it is about one.
    pub(crate) run: Option<i64>,
    /// What else is known, in the order told.
    pub(crate) fields: Vec<(&'static str, Value)>,
}

/// What a field says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Value {
    /// A count.
    Unsigned(u64),
    /// A number that may be below zero.
    Signed(i64),
    /// A measure.
    Float(f64),
    /// Yes or no.
    Bool(bool),
    /// Words.
    Text(String),
}

/// Whether a line says when it was written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Stamp {
    /// In front, RFC 3339 in UTC.
    Time,
    /// No: whoever takes it in stamps it.
    Absent,
}

impl Line {
    /// For people: `2026-03-01T10:22:12Z INFO  run finished   old-isp   run=4711 new=12`.
    pub(crate) fn text(&self, stamp: Stamp) -> String {
        let mut text = String::new();
        self.write_text(&mut text, stamp)
            .expect("a string takes any text");
        text
    }

    fn write_text(&self, out: &mut String, stamp: Stamp) -> fmt::Result {
        if stamp == Stamp::Time {
            write!(out, "{} ", self.at)?;
        }
        write!(out, "{:<5} {:<14} ", word(self.level), self.message)?;
        if let Some(retrieval) = &self.retrieval {
            write!(out, "{:<9} ", quoted_if_needed(retrieval))?;
        }
        if let Some(run) = self.run {
            write!(out, "run={run} ")?;
        }
        for (name, value) in &self.fields {
            write!(out, "{name}={value} ")?;
        }
        out.truncate(out.trim_end().len());
        Ok(())
    }

    /// For programs: one JSON object, without a line end.
    pub(crate) fn json(&self, stamp: Stamp) -> String {
        let document = Document { line: self, stamp };
        serde_json::to_string(&document).expect("texts and numbers are JSON")
    }
}

struct Document<'a> {
    line: &'a Line,
    stamp: Stamp,
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let line = self.line;
        let mut map = serializer.serialize_map(None)?;
        if self.stamp == Stamp::Time {
            map.serialize_entry("time", &line.at.to_string())?;
        }
        map.serialize_entry("level", &word(line.level).to_ascii_lowercase())?;
        map.serialize_entry("message", &line.message)?;
        map.serialize_entry("target", line.target)?;
        if let Some(retrieval) = &line.retrieval {
            map.serialize_entry("retrieval", retrieval)?;
        }
        if let Some(run) = line.run {
            map.serialize_entry("run", &run)?;
        }
        for (name, value) in &line.fields {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned(number) => number.fmt(f),
            Self::Signed(number) => number.fmt(f),
            Self::Float(number) => write!(f, "{number:.3}"),
            Self::Bool(is) => is.fmt(f),
            Self::Text(text) => quoted_if_needed(text).fmt(f),
        }
    }
}

/// A text that could be read as more than one value stands in quotes: a name somebody chose must
/// not read as a field.
fn quoted_if_needed(text: &str) -> String {
    let is_plain = !text.is_empty() && !text.contains([' ', '=', '"', '\\']);
    if is_plain {
        text.to_owned()
    } else {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

/// The level's word in a line.
pub(super) fn word(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Error => "ERROR",
        LogLevel::Warn => "WARN",
        LogLevel::Info => "INFO",
        LogLevel::Debug => "DEBUG",
        LogLevel::Trace => "TRACE",
    }
}

/// A line while its parts are gathered. Together they are bounded, whatever is told.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) message: String,
    pub(super) retrieval: Option<String>,
    pub(super) run: Option<i64>,
    pub(super) fields: Vec<(&'static str, Value)>,
    octets: usize,
}

impl Draft {
    /// Takes one field. One too many is left out, and the line says so.
    pub(super) fn take(&mut self, name: &'static str, value: Value) {
        match (name, value) {
            ("message", Value::Text(text)) => self.message = Bounded::of(MESSAGE_MOST, &text),
            ("retrieval", Value::Text(text)) => self.retrieval = Some(name_in_line(&text)),
            ("run", Value::Signed(run)) => self.run = Some(run),
            (name, value) => self.take_field(name, value),
        }
    }

    fn take_field(&mut self, name: &'static str, value: Value) {
        let size = name.len()
            + match &value {
                Value::Text(text) => text.len(),
                _ => NUMBER_MOST,
            };
        if self.octets + size <= FIELDS_MOST {
            self.octets += size;
            self.fields.push((name, value));
        } else if self
            .fields
            .last()
            .is_none_or(|(name, _)| *name != CUT_FIELD)
        {
            self.octets = FIELDS_MOST;
            self.fields.push((CUT_FIELD, Value::Bool(true)));
        }
    }
}

/// A retrieval's name as lines show it.
pub(super) fn name_in_line(name: &str) -> String {
    Bounded::of(NAME_MOST, &name)
}

/// Octets of a message: a sentence of ours.
pub(super) const MESSAGE_MOST: usize = 160;
/// Octets of a retrieval's name.
const NAME_MOST: usize = 100;
/// Octets of one field: an error with its cause.
pub(super) const VALUE_MOST: usize = 240;
/// Octets of all fields: with the rest a line keeps within what any syslog takes.
const FIELDS_MOST: usize = 600;
/// Octets of any number as text.
const NUMBER_MOST: usize = 24;
/// Stands for the fields that found no room.
const CUT_FIELD: &str = "cut";

#[cfg(test)]
mod tests {
    use super::*;

    fn line(level: LogLevel, message: &str, retrieval: Option<&str>) -> Line {
        Line {
            seq: 1,
            at: Timestamp::from_millis(1_772_360_532_000),
            level,
            target: "inhaul_engine",
            message: message.into(),
            retrieval: retrieval.map(str::to_owned),
            run: retrieval.map(|_| 4711),
            fields: Vec::new(),
        }
    }

    #[test]
    fn a_line_reads_in_columns_and_fields() {
        let mut finished = line(LogLevel::Info, "run finished", Some("old-isp"));
        finished.fields = vec![
            ("new", Value::Unsigned(12)),
            ("bytes", Value::Unsigned(10_276_044)),
        ];
        assert_eq!(
            finished.text(Stamp::Absent),
            "INFO  run finished   old-isp   run=4711 new=12 bytes=10276044"
        );
        assert_eq!(
            finished.text(Stamp::Time),
            "2026-03-01T10:22:12Z INFO  run finished   old-isp   run=4711 new=12 bytes=10276044"
        );
        assert_eq!(
            line(LogLevel::Warn, "no sealing key", None).text(Stamp::Absent),
            "WARN  no sealing key"
        );
    }

    #[test]
    fn json_has_the_same_in_the_same_order() {
        let mut finished = line(LogLevel::Info, "run finished", Some("old \"isp\""));
        finished.fields = vec![("new", Value::Unsigned(12)), ("ok", Value::Bool(true))];
        assert_eq!(
            finished.json(Stamp::Time),
            r#"{"time":"2026-03-01T10:22:12Z","level":"info","message":"run finished","target":"inhaul_engine","retrieval":"old \"isp\"","run":4711,"new":12,"ok":true}"#
        );
        assert!(finished.json(Stamp::Absent).starts_with(r#"{"level""#));
    }

    #[test]
    fn a_name_cannot_read_as_a_field() {
        let mut line = line(LogLevel::Info, "run finished", Some("x run=9 code=\"y\""));
        line.fields = vec![
            ("said", Value::Text("a=b".into())),
            ("e", Value::Text(String::new())),
        ];
        assert_eq!(
            line.text(Stamp::Absent),
            r#"INFO  run finished   "x run=9 code=\"y\"" run=4711 said="a=b" e="""#
        );
    }

    #[test]
    fn fields_that_find_no_room_are_left_out_and_told() {
        let mut draft = Draft::default();
        for name in ["a", "b", "c", "d", "e"] {
            draft.take(name, Value::Text("x".repeat(VALUE_MOST)));
        }
        let names: Vec<_> = draft.fields.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["a", "b", "cut"]);
    }
}
