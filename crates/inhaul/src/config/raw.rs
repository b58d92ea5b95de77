//! What the operator wrote: the files, in order, merged key by key, every value with its place.
//!
//! The first of the two stages. Knows TOML, sections and lists; nothing of what a key means.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use toml::de::DeTable;

use super::problems::Problem;
use super::reader::Session;
use super::suggest::nearest;
use super::tree::{Node, Place, Placed, SourceFile, Table};

/// The sections, in the order of the documentation.
pub(super) const SECTIONS: [&str; 11] = [
    "server", "storage", "checks", "detect", "tls", "log", "notify", "metrics", "pop3", "imap",
    "ops",
];

/// The lists of tables.
pub(super) const LISTS: [&str; 3] = ["group", "account", "retrieval"];

/// The files' content: later files replace keys and append to lists.
#[derive(Debug, Default)]
pub(super) struct RawConfig {
    sections: BTreeMap<&'static str, Table>,
    lists: BTreeMap<&'static str, Vec<(Place, Table)>>,
}

impl RawConfig {
    /// Reads the files, weakest first. What cannot be read is reported and left out.
    pub(super) fn read(paths: &[PathBuf], session: &mut Session) -> Self {
        let mut raw = Self::default();
        for (order, path) in paths.iter().enumerate() {
            match fs::read_to_string(path) {
                Ok(text) => {
                    let file = SourceFile {
                        order,
                        path: path.clone(),
                        text,
                    };
                    raw.add(Arc::new(file), session);
                }
                Err(error) => session.problems.push(Problem {
                    place: Place::Whole(path.clone()),
                    key: String::new(),
                    what: format!("cannot be read: {error}"),
                    help: "Name a file in UTF-8 that this user may read.".to_owned(),
                }),
            }
        }
        raw
    }

    /// Takes a section out; an absent one is empty.
    pub(super) fn section(&mut self, name: &str) -> Table {
        self.sections.remove(name).unwrap_or_default()
    }

    /// Takes a list out, in the order written.
    pub(super) fn list(&mut self, name: &str) -> Vec<(Place, Table)> {
        self.lists.remove(name).unwrap_or_default()
    }

    fn add(&mut self, file: Arc<SourceFile>, session: &mut Session) {
        let place = |span: Range<usize>| Place::File {
            file: Arc::clone(&file),
            span,
        };
        let (document, errors) = DeTable::parse_recoverable(&file.text);
        if !errors.is_empty() {
            // What stands around a fault of syntax is guesswork: no more is said about this file.
            session.problems.extend(errors.iter().map(|error| Problem {
                place: place(error.span().unwrap_or(0..0)),
                key: String::new(),
                what: error.message().to_owned(),
                help: "Mend this first: nothing else in this file is examined before.".to_owned(),
            }));
            return;
        }
        for (name, (key_place, value)) in Table::from_toml(document.into_inner(), &place).0 {
            if let Some(section) = SECTIONS.into_iter().find(|section| *section == name) {
                self.add_section(section, key_place, value, session);
            } else if let Some(list) = LISTS.into_iter().find(|list| *list == name) {
                self.add_list(list, key_place, value, session);
            } else {
                refuse_unknown(session, &name, &key_place, &value);
            }
        }
    }

    fn add_section(
        &mut self,
        section: &'static str,
        key_place: Place,
        value: Placed,
        session: &mut Session,
    ) {
        match value.node {
            Node::Table(table) => self.sections.entry(section).or_default().0.extend(table.0),
            node => {
                let what = format!("expected a section, found {}", node.describe());
                refuse(
                    session,
                    &key_place,
                    what,
                    format!("Write [{section}] on a line alone."),
                );
            }
        }
    }

    fn add_list(
        &mut self,
        list: &'static str,
        key_place: Place,
        value: Placed,
        session: &mut Session,
    ) {
        let help = format!("Write [[{list}]] above each of them.");
        let Node::List(items) = value.node else {
            let what = format!("expected a list of tables, found {}", value.node.describe());
            refuse(session, &key_place, what, help);
            return;
        };
        for item in items {
            match item.node {
                Node::Table(table) => self
                    .lists
                    .entry(list)
                    .or_default()
                    .push((item.place, table)),
                node => {
                    let what = format!("expected a table, found {}", node.describe());
                    refuse(session, &item.place, what, help.clone());
                }
            }
        }
    }
}

fn refuse_unknown(session: &mut Session, name: &str, place: &Place, value: &Placed) {
    if !matches!(value.node, Node::Table(_) | Node::List(_)) {
        let what = format!("`{name}` stands above every section");
        let help = format!("Put it below its section: {}.", SECTIONS.join(", "));
        refuse(session, place, what, help);
        return;
    }
    let help = match nearest(name, SECTIONS.into_iter().chain(LISTS)) {
        Some(known) if LISTS.contains(&known) => format!("Did you mean [[{known}]]?"),
        Some(known) => format!("Did you mean [{known}]?"),
        None => format!("The sections are {}.", SECTIONS.join(", ")),
    };
    refuse(session, place, format!("unknown section `{name}`"), help);
}

fn refuse(session: &mut Session, place: &Place, what: String, help: String) {
    session.problems.push(Problem {
        place: place.clone(),
        key: String::new(),
        what,
        help,
    });
}
