//! Groups, accounts and retrievals written in files: `[[group]]`, `[[account]]`, `[[retrieval]]`.
//!
//! The pages show them read-only, with the file and line they come from.

pub(crate) mod account;
pub(crate) mod catch_all;
pub(crate) mod group;
pub(crate) mod retrieval;

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use inhaul_types::Address;

use crate::config::reader::{KeyPath, Reader, Session, Setting};
use crate::config::tree::{Node, Place, Placed, Table, quoted};

/// An account and a folder of it: `alice` or `alice/Lists/Rust`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Destination {
    /// The account's name.
    pub(crate) account: String,
    /// The folder.
    pub(crate) folder: String,
}

/// Reads every entry of a list. A name used twice is reported at its second use.
pub(super) fn read_all<T>(
    session: &mut Session,
    list: &str,
    entries: Vec<(Place, Table)>,
    read: impl Fn(&mut Reader<'_>) -> Option<T>,
) -> Vec<T> {
    let mut first_uses: HashMap<String, Place> = HashMap::new();
    let mut all = Vec::new();
    for (index, (place, table)) in entries.into_iter().enumerate() {
        let path = match name_in(&table) {
            Some((name, used)) => {
                let path = KeyPath::new(format!("{list} {}", quoted(&name)));
                if let Some(first) = first_uses.get(&name) {
                    let what = format!("the name is taken: {first}");
                    session.refuse(&used, &path, what, "Give each a name of its own.");
                } else {
                    first_uses.insert(name, used);
                }
                path
            }
            None => KeyPath::new(format!("{list} number {}", index + 1)),
        };
        let mut reader = Reader::table(session, path, place, table);
        all.extend(read(&mut reader));
        let lines = reader.finish();
        session
            .lines
            .extend(lines.into_iter().filter(|line| line.value.is_some()));
    }
    all
}

fn name_in(table: &Table) -> Option<(String, Place)> {
    let (_, name) = table.0.get("name")?;
    match &name.node {
        Node::Text(text) => Some((text.clone(), name.place.clone())),
        _ => None,
    }
}

/// The file and line of an entry, for people.
fn whereabouts(reader: &Reader<'_>) -> String {
    reader.place().to_string()
}

impl Setting for Address {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let help = "Write the whole address: \"alice@example.org\".";
        from.text(path, session, help)?
            .parse()
            .map_err(|error: inhaul_types::AddressError| {
                session.refuse(&from.place, path, error.to_string(), help);
            })
            .ok()
    }

    fn show(&self) -> String {
        quoted(self.as_str())
    }
}

impl FromStr for Destination {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (account, folder) = text.split_once('/').unwrap_or((text, INBOX));
        if account.trim().is_empty() || folder.split('/').any(|part| part.trim().is_empty()) {
            return Err(format!("`{text}` leaves the account or the folder empty"));
        }
        Ok(Self {
            account: account.to_owned(),
            folder: folder.to_owned(),
        })
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.folder)
    }
}

impl Setting for Destination {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let help = "Write \"account\" or \"account/Folder\".";
        from.text(path, session, help)?
            .parse()
            .map_err(|why| session.refuse(&from.place, path, why, help))
            .ok()
    }

    fn show(&self) -> String {
        quoted(&self.to_string())
    }
}

/// Where mail goes that names no folder.
const INBOX: &str = "Inbox";
