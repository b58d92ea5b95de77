//! What a run met that a person should know of, although it may have ended well, in a line.

use inhaul_store::{Routing, RunNote};
use inhaul_types::ErrorCode;

use super::counted;

/// One note in a line, with its code for `inhaul explain`. `host` and `routing` are of the retrieval
/// whose run it is.
pub fn note_words(note: &RunNote, host: &str, routing: &Routing) -> String {
    match (note.code, routing) {
        (ErrorCode::MailboxFull, Routing::CatchAll(_)) => over_limit(note),
        _ => at_server(note, host),
    }
}

/// A catch-all's mail does not wait for room.
fn over_limit(note: &RunNote) -> String {
    let messages = counted(note.messages, "message");
    let code = note.code;
    format!("{messages} went into mailboxes here that hold more than they may ({code})")
}

fn at_server(note: &RunNote, host: &str) -> String {
    let messages = counted(note.messages, "message");
    let (stay, they) = match note.messages {
        1 => ("stays", "it"),
        _ => ("stay", "them"),
    };
    let what = match note.code {
        ErrorCode::TooLarge => format!("{messages} {stay} on {host}: larger than the limit"),
        ErrorCode::MessageRefused => {
            format!("{messages} {stay} on {host}: it would not hand {they} over")
        }
        ErrorCode::NotDeleted => {
            let are = if note.messages == 1 {
                "it is"
            } else {
                "they are"
            };
            format!("{messages} {stay} on {host} although it says that {are} deleted")
        }
        ErrorCode::Loop => {
            let are = if note.messages == 1 {
                "it is"
            } else {
                "they are"
            };
            format!(
                "{messages} {stay} on {host}: {are} here already, and {host} is an inhaul too: a loop"
            )
        }
        ErrorCode::IdsChanged => format!(
            "{host} renumbered its mailbox; {messages} recognised, nothing comes twice, and \
             nothing of that is deleted there for 24 hours"
        ),
        ErrorCode::MailboxFull => {
            let wait = if note.messages == 1 { "waits" } else { "wait" };
            format!("{messages} {wait} on {host}: the mailbox here is full")
        }
        code => format!("{messages}: {code}"),
    };
    format!("{what} ({})", note.code)
}

#[cfg(test)]
mod tests {
    use inhaul_store::CatchAllSettings;

    use super::*;

    #[test]
    fn a_note_says_how_many_messages_and_where() {
        for (code, messages, expected) in [
            (
                ErrorCode::MessageRefused,
                1,
                "1 message stays on pop.example.org: it would not hand it over (message-refused)",
            ),
            (
                ErrorCode::NotDeleted,
                2,
                "2 messages stay on pop.example.org although it says that they are deleted (not-deleted)",
            ),
            (
                ErrorCode::Loop,
                1,
                "1 message stays on pop.example.org: it is here already, and pop.example.org is an \
                 inhaul too: a loop (loop)",
            ),
            (
                ErrorCode::TooLarge,
                3,
                "3 messages stay on pop.example.org: larger than the limit (too-large)",
            ),
            (
                ErrorCode::MailboxFull,
                1,
                "1 message waits on pop.example.org: the mailbox here is full (mailbox-full)",
            ),
        ] {
            let note = RunNote { code, messages };
            assert_eq!(
                note_words(&note, "pop.example.org", &Routing::Single),
                expected
            );
        }
    }

    #[test]
    fn what_a_catch_all_put_into_full_mailboxes_does_not_wait() {
        let catch_all = Routing::CatchAll(CatchAllSettings::default());
        let note =
            |code, messages| note_words(&RunNote { code, messages }, "pop.example.org", &catch_all);
        for (messages, expected) in [
            (
                1,
                "1 message went into mailboxes here that hold more than they may (mailbox-full)",
            ),
            (
                3,
                "3 messages went into mailboxes here that hold more than they may (mailbox-full)",
            ),
        ] {
            assert_eq!(note(ErrorCode::MailboxFull, messages), expected);
        }
        assert_eq!(
            note(ErrorCode::TooLarge, 2),
            "2 messages stay on pop.example.org: larger than the limit (too-large)"
        );
    }
}
