//! What a client has said, fit to be shown: passwords and digests are stars.

use inhaul_pop3_proto::server::Command;

use crate::mailbox::Mailbox;

/// What was said before it was clear to which mailbox.
#[derive(Default)]
pub(super) struct Journal {
    lines: Vec<String>,
}

/// A client that never signs in cannot make us remember more.
const LINES_MOST: usize = 100;

impl Journal {
    pub(super) fn note(&mut self, line: String) {
        if self.lines.len() < LINES_MOST {
            self.lines.push(line);
        }
    }

    pub(super) fn hand_over(&mut self, mailbox: &Mailbox) {
        self.lines
            .drain(..)
            .for_each(|line| mailbox.note_command(line));
    }
}

/// A command as a line without secrets.
pub(super) fn shown(command: &Command, user: Option<&str>) -> String {
    let with = |verb: &str, number: Option<inhaul_types::MessageNumber>| match number {
        Some(number) => format!("{verb} {number}"),
        None => verb.to_owned(),
    };
    match command {
        Command::Capa => "CAPA".into(),
        Command::Stls => "STLS".into(),
        Command::Utf8 => "UTF8".into(),
        Command::Lang(_) => "LANG".into(),
        Command::User(user) => format!("USER {user}"),
        Command::Pass(_) => "PASS ****".into(),
        Command::Auth { mechanism, initial } => {
            let initial = if initial.is_some() { " ****" } else { "" };
            format!("AUTH {mechanism}{initial}")
        }
        Command::AuthResponse(_) => "****".into(),
        Command::AuthCancelled => "*".into(),
        Command::Apop { user, .. } => format!("APOP {user} ****"),
        Command::Stat => "STAT".into(),
        Command::Uidl(number) => with("UIDL", *number),
        Command::List(number) => with("LIST", *number),
        Command::Top { number, lines } => format!("TOP {number} {lines}"),
        Command::Retr(number) => format!("RETR {number}"),
        Command::Dele(number) => format!("DELE {number}"),
        Command::Noop => "NOOP".into(),
        Command::Rset => "RSET".into(),
        Command::Last => "LAST".into(),
        Command::Quit => "QUIT".into(),
        // Behind USER it may be a password in the wrong place.
        Command::Unknown(_) if user.is_some() => "? ****".into(),
        Command::Unknown(word) => format!("? {}", word.escape_debug()),
    }
}
