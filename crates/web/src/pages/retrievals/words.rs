//! Words that the pages of retrievals share.

use inhaul_store::Retrieval;
use inhaul_types::{Activation, Card};

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

/// A card for a page: its steps without the commands that do the same in a terminal. What is to be
/// typed there and nowhere else stays.
pub(crate) fn for_a_page(mut card: Card) -> Card {
    for step in &mut card.todo {
        // What a command that failed says of itself.
        *step = step
            .replace(": run this command once more", "")
            .replace("run this command once more", "try again")
            .replace("Run this command once more", "Try again");
        if let Some((before, command)) = step.split_once(": `")
            && let Some((_, behind)) = command.split_once('`')
        {
            *step = format!("{before}{behind}");
        }
    }
    card
}

#[cfg(test)]
mod tests {
    use inhaul_types::card::Occasion;
    use inhaul_types::{ErrorCode, Facts};

    use super::*;

    #[test]
    fn a_test_on_a_page_is_no_command() {
        for code in ErrorCode::ALL {
            let facts = Facts {
                occasion: Occasion::Trial,
                ..Facts::default()
            };
            let card = for_a_page(Card::of(*code, &facts));
            for step in &card.todo {
                assert!(!step.contains("command once more"), "{code}: {step}");
            }
        }
    }

    #[test]
    fn a_step_that_a_page_has_a_button_for_loses_its_command() {
        let facts = Facts {
            server: Some("pop.club.example".into()),
            retrieval: Some("Club".into()),
            ..Facts::default()
        };
        let card = for_a_page(Card::of(ErrorCode::AuthRefused, &facts));
        assert_eq!(
            card.todo.last().map(String::as_str),
            Some("Enter the password here again.")
        );
        for code in ErrorCode::ALL {
            let card = for_a_page(Card::of(*code, &facts));
            for step in &card.todo {
                assert!(step.ends_with('.'), "{code}: {step}");
                assert_eq!(step.matches('`').count() % 2, 0, "{code}: {step}");
            }
        }
    }
}
