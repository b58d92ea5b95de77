//! Where a secret is: `{ file = … }`, `{ credential = … }`, `{ command = […] }`; and addresses
//! that are secrets themselves.
//!
//! The secret is never in the configuration, so the configuration can be shown and logged. A
//! mistake that puts it there is reported without repeating it.

use std::fmt;
use std::path::PathBuf;

use super::reader::{KeyPath, Reader, Session, Setting};
use super::tree::{Node, Placed, quoted};

/// Where to read a secret when it is needed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum SecretSource {
    /// A file.
    File(PathBuf),
    /// A file that systemd puts in place for the service (`LoadCredential=`).
    Credential {
        /// Its name there.
        name: String,
        /// Where it is when the service runs.
        path: PathBuf,
    },
    /// What a program prints: the program and its arguments, without a shell.
    Command(Vec<String>),
}

/// An `http` or `https` address. Its path is often the only key to it, so it prints masked.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct WebAddress(pub(crate) String);

impl Setting for SecretSource {
    const IS_REFERENCE: bool = true;

    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let help = "Say where it is: { file = \"/path\" }, { credential = \"name\" } or \
                    { command = [\"program\", \"argument\"] }.";
        let Node::Table(table) = &from.node else {
            let what = "a secret does not stand in the configuration itself".to_owned();
            session.refuse(&from.place, path, what, help);
            return None;
        };
        let problems_before = session.problems.len();
        let mut reader = Reader::table(session, path.clone(), from.place.clone(), table.clone());
        let file = reader.optional::<PathBuf>("file").map(Self::File);
        let credential = reader.optional::<String>("credential");
        let command = reader.optional::<Vec<String>>("command").map(Self::Command);
        reader.finish();
        if session.problems.len() > problems_before {
            return None;
        }
        let credential = credential.map(|name| Self::credential(name, session));
        let mut sources = [file, credential, command].into_iter().flatten();
        let source = sources.next();
        if source.is_none() || sources.next().is_some() {
            let what = "expected exactly one of file, credential and command".to_owned();
            session.refuse(&from.place, path, what, help);
            return None;
        }
        match source {
            Some(Self::Credential { name, .. }) if name.contains('/') => {
                let what = format!("`{name}` is a path, not a credential's name");
                session.refuse(&from.place, path, what, "Write { file = … } for a path.");
                None
            }
            Some(Self::Command(words)) if words.is_empty() => {
                session.refuse(&from.place, path, "the command is empty".to_owned(), help);
                None
            }
            source => source,
        }
    }

    fn show(&self) -> String {
        match self {
            Self::File(file) => format!("{{ file = {} }}", file.show()),
            Self::Credential { name, .. } => format!("{{ credential = {} }}", quoted(name)),
            Self::Command(words) => format!("{{ command = {} }}", words.show()),
        }
    }
}

impl SecretSource {
    /// Outside the service, where its variable is missing, the place is where systemd shows it to
    /// the administrator.
    fn credential(name: String, session: &Session) -> Self {
        let directory = session.environment.credentials.clone();
        let path = directory
            .unwrap_or_else(|| PathBuf::from(CREDENTIALS))
            .join(&name);
        Self::Credential { name, path }
    }
}

impl Setting for WebAddress {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let help = "Write \"https://host/path\".";
        let text = from.text(path, session, help)?;
        let host = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"));
        let is_address = host.is_some_and(|host| !host.is_empty() && !host.starts_with(['/', ':']))
            && !text.contains(|c: char| c.is_whitespace() || c.is_control());
        if !is_address {
            let what = "is not an http or https address".to_owned();
            session.refuse(&from.place, path, what, help);
            return None;
        }
        Some(Self(text.to_owned()))
    }

    fn show(&self) -> String {
        quoted(&self.masked())
    }
}

impl WebAddress {
    /// Scheme and host; what stands before or behind the host may open it.
    fn masked(&self) -> String {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("", &self.0));
        let (authority, behind) = match rest.find(['/', '?', '#']) {
            Some(end) => (&rest[..end], "/***"),
            None => (rest, ""),
        };
        let host = match authority.rsplit_once('@') {
            Some((_, host)) => format!("***@{host}"),
            None => authority.to_owned(),
        };
        format!("{scheme}://{host}{behind}")
    }
}

impl fmt::Debug for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebAddress({})", self.masked())
    }
}

/// Where systemd keeps the credentials of our unit.
const CREDENTIALS: &str = "/run/credentials/inhaul.service";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_shows_scheme_and_host_only() {
        let rows = [
            (
                "https://hc-ping.example/0a1b",
                "https://hc-ping.example/***",
            ),
            ("https://ntfy.example", "https://ntfy.example"),
            (
                "http://user:pass@h.example:8080/x?y#z",
                "http://***@h.example:8080/***",
            ),
            ("https://h.example?token=x", "https://h.example/***"),
        ];
        for (address, shown) in rows {
            let address = WebAddress(address.to_owned());
            assert_eq!(address.show(), quoted(shown));
            assert_eq!(format!("{address:?}"), format!("WebAddress({shown})"));
        }
    }
}
