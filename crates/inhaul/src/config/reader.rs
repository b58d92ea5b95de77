//! Reads one table key by key: takes the strongest value, notes its origin, reports what is wrong.
//!
//! Serde would stop at the first fault of a file; an operator wants to see all of them. A reader
//! knows a key because somebody asked for it, so the keys it suggests, the keys `config show`
//! prints and the keys it accepts cannot differ. What nobody asked for is unknown.

use std::fmt;

use super::environment::Environment;
use super::problems::Problem;
use super::show::Line;
use super::suggest::nearest;
use super::tree::{Node, Place, Placed, Table};

/// A type a key may have.
pub(super) trait Setting: Sized {
    /// Whether `…_FILE` means "the secret is in that file" and not "read the value from it".
    const IS_REFERENCE: bool = false;

    /// Reads it, or reports why not.
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self>;

    /// Writes it as TOML; what is secret in it is masked.
    fn show(&self) -> String;
}

/// What all readers of one loading share.
#[derive(Debug, Default)]
pub(super) struct Session {
    pub(super) environment: Environment,
    pub(super) problems: Vec<Problem>,
    pub(super) lines: Vec<Line>,
}

/// The name of a key inside its tables, such as `checks.batch.size`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct KeyPath(String);

/// One table while it is read.
pub(super) struct Reader<'a> {
    session: &'a mut Session,
    path: KeyPath,
    /// The section, where variables may speak too.
    section: Option<&'static str>,
    /// The table itself: where a missing key is reported.
    place: Place,
    table: Table,
    asked: Vec<&'static str>,
    lines: Vec<Line>,
}

impl Session {
    /// Reports a fault.
    pub(super) fn refuse(&mut self, place: &Place, path: &KeyPath, what: String, help: &str) {
        let (key, help) = (path.to_string(), help.to_owned());
        self.problems.push(Problem {
            place: place.clone(),
            key,
            what,
            help,
        });
    }
}

impl KeyPath {
    pub(super) fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The path of a key in the table of this path.
    pub(super) fn join(&self, key: &str) -> Self {
        Self(format!("{}.{key}", self.0))
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'a> Reader<'a> {
    /// Reads a section, where the environment is stronger than the file.
    pub(super) fn section(session: &'a mut Session, name: &'static str, table: Table) -> Self {
        let mut reader = Self::table(session, KeyPath::new(name), Place::Default, table);
        reader.section = Some(name);
        reader
    }

    /// Reads a table inside a section or a list.
    pub(super) fn table(
        session: &'a mut Session,
        path: KeyPath,
        place: Place,
        table: Table,
    ) -> Self {
        let (asked, lines) = (Vec::new(), Vec::new());
        Self {
            session,
            path,
            section: None,
            place,
            table,
            asked,
            lines,
        }
    }

    /// The value of a key, or the built-in one.
    pub(super) fn value<T: Setting>(&mut self, key: &'static str, default: T) -> T {
        let (value, place) = self.read(key).unwrap_or((default, Place::Default));
        self.note(key, value.show(), place);
        value
    }

    /// The value of a key that has no built-in one.
    pub(super) fn optional<T: Setting>(&mut self, key: &'static str) -> Option<T> {
        match self.read::<T>(key) {
            Some((value, place)) => {
                self.note(key, value.show(), place);
                Some(value)
            }
            None => {
                self.lines.push(Line::unset(&self.path.0, key));
                None
            }
        }
    }

    /// The value of a key that must be there.
    pub(super) fn required<T: Setting>(&mut self, key: &'static str, help: &str) -> Option<T> {
        let is_written = self.is_written(key);
        let value = self.optional(key);
        if !is_written {
            let what = format!("`{key}` is missing");
            self.session.refuse(&self.place, &self.path, what, help);
        }
        value
    }

    /// Whether the table has this key and nobody has asked for it yet.
    pub(super) fn is_written(&self, key: &str) -> bool {
        self.table.0.contains_key(key)
    }

    /// Shows a key with this value; a value noted before gives way.
    pub(super) fn note(&mut self, key: &'static str, value: String, origin: Place) {
        self.lines.retain(|line| line.key != key);
        self.lines.push(Line::set(&self.path.0, key, value, origin));
    }

    /// Reports a fault between these keys, at the first of them that somebody wrote.
    pub(super) fn check(&mut self, keys: &[&'static str], holds: bool, what: &str, help: &str) {
        if holds {
            return;
        }
        let written = keys.iter().find(|key| self.origin(key).is_written());
        let (path, place) = match written {
            Some(key) => (self.path.join(key), self.origin(key)),
            None => (self.path.clone(), self.place.clone()),
        };
        self.session.refuse(&place, &path, what.to_owned(), help);
    }

    /// What all readers share, for a value that is read beside the table.
    pub(super) fn session(&mut self) -> &mut Session {
        self.session
    }

    /// Where a key's value comes from.
    pub(super) fn origin(&self, key: &str) -> Place {
        let line = self.lines.iter().find(|line| line.key == key);
        line.map_or(Place::Default, |line| line.origin.clone())
    }

    /// The place of the table itself.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Refuses what nobody asked for, and gives the lines to show.
    pub(super) fn finish(mut self) -> Vec<Line> {
        let in_file = std::mem::take(&mut self.table.0);
        for (key, (place, _)) in in_file {
            self.refuse_unknown(&key, &place);
        }
        if let Some(section) = self.section {
            for (key, name) in self.session.environment.left_of(section) {
                self.refuse_unknown_variable(section, &key, &name);
            }
        }
        self.lines
    }

    fn read<T: Setting>(&mut self, key: &'static str) -> Option<(T, Place)> {
        self.asked.push(key);
        let in_file = self.table.0.remove(key).map(|(_, value)| value);
        let path = self.path.join(key);
        let in_environment = self
            .section
            .and_then(|section| Environment::take(self.session, section, key, T::IS_REFERENCE));
        // The file's value is read even where a variable hides it: what is wrong stays wrong.
        let weaker = in_file
            .and_then(|value| T::read(&value, &path, self.session).map(|read| (read, value.place)));
        match in_environment {
            Some(value) => T::read(&value, &path, self.session).map(|read| (read, value.place)),
            None => weaker,
        }
    }

    fn refuse_unknown(&mut self, key: &str, place: &Place) {
        let what = format!("unknown key `{key}`");
        let help = match nearest(key, self.asked.iter().copied()) {
            Some(known) => format!("Did you mean `{known}`?"),
            None => format!("Known here: {}.", self.asked.join(", ")),
        };
        self.session.refuse(place, &self.path, what, &help);
    }

    fn refuse_unknown_variable(&mut self, section: &str, key: &str, name: &str) {
        let what = format!("[{section}] has no key `{key}`");
        let nested = key.split_once("__").map(|(table, _)| table);
        let help = if let Some(table) = nested.filter(|table| self.asked.contains(table)) {
            let variable = variable_name(section, table);
            format!("Write the whole table in one variable: {variable}='{{ … }}'.")
        } else if let Some(known) = nearest(key, self.asked.iter().copied()) {
            format!("Did you mean {}?", variable_name(section, known))
        } else {
            format!("Known here: {}.", self.asked.join(", "))
        };
        self.session.problems.push(Problem {
            place: Place::Environment(name.into()),
            key: String::new(),
            what,
            help,
        });
    }
}

/// The variable of a key.
pub(super) fn variable_name(section: &str, key: &str) -> String {
    format!(
        "INHAUL_{}__{}",
        section.to_ascii_uppercase(),
        key.to_ascii_uppercase()
    )
}

impl Setting for bool {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        match &from.node {
            Node::Boolean(value) => Some(*value),
            Node::Text(text) if from.is_from_environment() && text == "true" => Some(true),
            Node::Text(text) if from.is_from_environment() && text == "false" => Some(false),
            node => {
                let what = format!("expected true or false, found {}", node.describe());
                session.refuse(
                    &from.place,
                    path,
                    what,
                    "Write true or false, without quotes.",
                );
                None
            }
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

/// A count: from 0 up, as far as 32 bits go.
impl Setting for u32 {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let number = match &from.node {
            Node::Integer(number) => Self::try_from(*number).ok(),
            Node::Text(text) if from.is_from_environment() => text.parse().ok(),
            _ => None,
        };
        if number.is_none() {
            let what = match &from.node {
                Node::Integer(number) => format!("{number} is out of range"),
                node => format!("expected a whole number, found {}", node.describe()),
            };
            let help = format!("Write a number from 0 to {}, without quotes.", Self::MAX);
            session.refuse(&from.place, path, what, &help);
        }
        number
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

/// Any text but the empty one: an empty name or program is a slip.
impl Setting for String {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let text = from.text(path, session, "Put it in quotes.")?;
        if text.trim().is_empty() {
            let help = "Write a value, or remove the line.";
            session.refuse(&from.place, path, "is empty".to_owned(), help);
            return None;
        }
        Some(text.to_owned())
    }

    fn show(&self) -> String {
        super::tree::quoted(self)
    }
}

/// Every part is read, so every wrong part is reported; one wrong part refuses the list.
impl<T: Setting> Setting for Vec<T> {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let parts = from.list(path, session)?;
        let read: Vec<Option<T>> = parts
            .iter()
            .map(|part| T::read(part, path, session))
            .collect();
        read.into_iter().collect()
    }

    fn show(&self) -> String {
        let parts: Vec<String> = self.iter().map(T::show).collect();
        format!("[{}]", parts.join(", "))
    }
}
