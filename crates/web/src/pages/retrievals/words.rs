//! Words that the pages of retrievals share.

use inhaul_store::Retrieval;
use inhaul_types::Activation;

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
