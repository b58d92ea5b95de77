//! `[notify]`: who is told that a retrieval fails or works again.

use crate::config::reader::{KeyPath, Reader, Session, Setting};
use crate::config::secrets::{SecretSource, WebAddress};
use crate::config::tree::{Node, Placed};

/// Who is told that a retrieval fails or works again.
#[derive(Debug, PartialEq)]
pub(crate) struct Notify {
    /// Its owner, by a message in their inbox here.
    pub(crate) owner_inbox: bool,
    /// An administrator's account, in the same way.
    pub(crate) admin: Option<String>,
    /// An address that takes JSON.
    pub(crate) webhook: Option<Webhook>,
    /// A program that gets JSON on standard input, and its arguments; empty is none.
    pub(crate) program: Vec<String>,
    /// An address to visit after every minute of healthy work.
    pub(crate) heartbeat: Option<WebAddress>,
}

/// An address that takes JSON.
#[derive(Debug, PartialEq)]
pub(crate) struct Webhook {
    /// The address.
    pub(crate) url: WebAddress,
    /// What signs the JSON, so that the receiver knows who wrote it.
    pub(crate) secret: Option<SecretSource>,
}

impl Notify {
    pub(in crate::config) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            owner_inbox: reader.value("owner_inbox", OWNER_INBOX),
            admin: reader.optional("admin"),
            webhook: reader.optional("webhook"),
            program: reader.value("program", Vec::new()),
            heartbeat: reader.optional("heartbeat"),
        }
    }
}

impl Setting for Webhook {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let help = "Write { url = \"https://host/path\" }, with or without \
                    secret = { file = \"/path\" }.";
        let Node::Table(table) = &from.node else {
            let what = format!("expected a table, found {}", from.node.describe());
            session.refuse(&from.place, path, what, help);
            return None;
        };
        let mut reader = Reader::table(session, path.clone(), from.place.clone(), table.clone());
        let url = reader.required("url", help);
        let secret = reader.optional("secret");
        reader.finish();
        Some(Self { url: url?, secret })
    }

    fn show(&self) -> String {
        let url = self.url.show();
        match &self.secret {
            Some(secret) => format!("{{ url = {url}, secret = {} }}", secret.show()),
            None => format!("{{ url = {url} }}"),
        }
    }
}

/// Needs nothing else to work, and reaches the person whose mail it is.
const OWNER_INBOX: bool = true;
