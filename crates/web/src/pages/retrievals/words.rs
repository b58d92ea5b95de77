//! Words that the pages of retrievals share.

use inhaul_store::Retrieval;
use inhaul_types::{Activation, Timestamp};

use crate::look::{self, Sentence};
use crate::runs::{Reader, State};

/// The mailbox there, as people say it: its address, or name and server.
pub(crate) fn mailbox(row: &Retrieval) -> String {
    let user = row.remote.user.strip_prefix("recent:");
    let user = user.unwrap_or(&row.remote.user);
    match user.contains('@') {
        true => user.to_owned(),
        false => format!("{user} on {}", row.remote.host),
    }
}

/// A folder's name, as people read it.
pub(crate) fn folder(name: &str) -> &str {
    match name {
        "INBOX" => "Inbox",
        name => name,
    }
}

/// The sentence on its row, with its times in the reader's zone.
pub(crate) fn sentence(state: &State, reader: &Reader<'_>, now: Timestamp) -> Sentence {
    look::sentence(&state.sentence_for(reader, now), state.moments(), now)
}

/// What started a run.
pub(crate) fn started_by(activation: Activation) -> &'static str {
    match activation {
        Activation::Schedule => "schedule",
        Activation::Pop3Login => "sign-in by POP3",
        Activation::ImapLogin => "sign-in by IMAP",
        Activation::WebLogin => "sign-in here",
        Activation::Folder => "folder opened",
        Activation::Button => "Check mail",
        Activation::Waiting => "waiting for a message",
        Activation::Api => "a program",
        Activation::Cli => "command line",
    }
}
