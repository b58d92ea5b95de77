//! What a client can ask for, and when.

use std::fmt;

use inhaul_types::{MessageNumber, Secret};
use memchr::memmem;

use crate::SessionState;
use crate::output_buffer::OutputBuffer;
use crate::sasl_plain;

/// One command. `LIST` and `UIDL` are asked for whole maildrops only.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    /// What the server can do (RFC 2449).
    Capa,
    /// TLS from here on (RFC 2595).
    Stls,
    /// Internationalised mail as it is, not wrapped (RFC 6856).
    Utf8,
    /// The user's name.
    User(String),
    /// The user's password.
    Pass(Secret),
    /// Name and password in one command (RFC 5034).
    AuthPlain {
        /// The user's name.
        user: String,
        /// The user's password.
        password: Secret,
    },
    /// A sign-in by any SASL mechanism, as a dialogue of challenges and responses (RFC 5034):
    /// each [`Event::Challenge`](super::Event::Challenge) wants a
    /// [`respond`](super::Client::respond) or a [`cancel`](super::Client::cancel).
    Auth {
        /// The mechanism's registered name.
        mechanism: &'static str,
        /// What the client says first, as it is before base64; `None` where the server speaks
        /// first. Sent along where it fits the line, else behind the server's first `+`.
        initial: Option<Secret>,
        /// The password or token, to be blotted out wherever the server repeats it.
        secret: Secret,
    },
    /// A sign-in by a digest of the greeting's stamp and the password (RFC 1939 section 7).
    Apop {
        /// The user's name.
        user: String,
        /// 32 hexadecimal digits.
        digest: Secret,
    },
    /// Texts for people in this language from here on, an RFC 5646 tag (RFC 6856 section 3).
    Lang(String),
    /// How many messages, how many octets.
    Stat,
    /// The unique-ids of all messages.
    Uidl,
    /// The sizes of all messages.
    List,
    /// A message's header and its first lines.
    Top {
        /// Which message.
        number: MessageNumber,
        /// How many lines of the body.
        lines: u32,
    },
    /// A whole message.
    Retr(MessageNumber),
    /// Marks a message: it goes when `QUIT` is answered.
    Dele(MessageNumber),
    /// Nothing.
    Noop,
    /// Takes all marks back.
    Rset,
    /// The end.
    Quit,
}

/// What a reply belongs to: a command without its secrets and texts, or the greeting.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum CommandKind {
    /// No command: what the server says first.
    Greeting,
    /// `CAPA`
    Capa,
    /// `STLS`
    Stls,
    /// `UTF8`
    Utf8,
    /// `USER`
    User,
    /// `PASS`
    Pass,
    /// `AUTH PLAIN`
    AuthPlain,
    /// `AUTH`, with the mechanism.
    Auth(&'static str),
    /// `APOP`
    Apop,
    /// `LANG`
    Lang,
    /// `STAT`
    Stat,
    /// `UIDL`
    Uidl,
    /// `LIST`
    List,
    /// `TOP`
    Top(MessageNumber),
    /// `RETR`
    Retr(MessageNumber),
    /// `DELE`
    Dele(MessageNumber),
    /// `NOOP`
    Noop,
    /// `RSET`
    Rset,
    /// `QUIT`
    Quit,
}

/// Why a command was not queued.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SendError {
    /// The command does not exist in this state (RFC 1939 section 3).
    #[error("{command} cannot be sent in the {state} state")]
    WrongState {
        /// The command.
        command: CommandKind,
        /// Where the session stands.
        state: SessionState,
    },
    /// The answer to an earlier command decides first.
    #[error("{command} cannot be sent before {behind} is answered")]
    Unanswered {
        /// The command.
        command: CommandKind,
        /// What has to be answered.
        behind: CommandKind,
    },
    /// A name or password with CR, LF or NUL would say something else to the server.
    #[error("the name or password of {command} contains CR, LF or NUL")]
    ForbiddenOctet {
        /// The command.
        command: CommandKind,
    },
    /// The server did not ask for a response.
    #[error("no challenge is open")]
    NoChallenge,
}

/// A command line's bound, CRLF included (RFC 2449 section 4).
const LONGEST_LINE: usize = 255;

impl Command {
    /// The kind: the command without its texts.
    pub fn kind(&self) -> CommandKind {
        match self {
            Self::Capa => CommandKind::Capa,
            Self::Stls => CommandKind::Stls,
            Self::Utf8 => CommandKind::Utf8,
            Self::User(_) => CommandKind::User,
            Self::Pass(_) => CommandKind::Pass,
            Self::AuthPlain { .. } => CommandKind::AuthPlain,
            Self::Auth { mechanism, .. } => CommandKind::Auth(mechanism),
            Self::Apop { .. } => CommandKind::Apop,
            Self::Lang(_) => CommandKind::Lang,
            Self::Stat => CommandKind::Stat,
            Self::Uidl => CommandKind::Uidl,
            Self::List => CommandKind::List,
            Self::Top { number, .. } => CommandKind::Top(*number),
            Self::Retr(number) => CommandKind::Retr(*number),
            Self::Dele(number) => CommandKind::Dele(*number),
            Self::Noop => CommandKind::Noop,
            Self::Rset => CommandKind::Rset,
            Self::Quit => CommandKind::Quit,
        }
    }

    /// Refuses texts that would not stay inside their line.
    pub(super) fn check_texts(&self) -> Result<(), SendError> {
        let stays_inside = |text: &str| !text.contains(['\r', '\n', '\0']);
        let good = match self {
            Self::User(user) => stays_inside(user),
            Self::Pass(password) => stays_inside(password.expose()),
            Self::AuthPlain { user, password } => {
                stays_inside(user) && stays_inside(password.expose())
            }
            // What is said in base64 stays on its line whatever it is, but no mechanism bears these.
            Self::Auth { secret, .. } => stays_inside(secret.expose()),
            Self::Apop { user, digest } => stays_inside(user) && stays_inside(digest.expose()),
            Self::Lang(tag) => stays_inside(tag),
            _ => true,
        };
        if good {
            Ok(())
        } else {
            Err(SendError::ForbiddenOctet {
                command: self.kind(),
            })
        }
    }

    /// Writes the command's line. What a sign-in has to keep in mind comes back.
    pub(super) fn write(&self, output: &mut OutputBuffer) -> Option<SignIn> {
        match self {
            Self::User(user) => output.push_text(format_args!("USER {user}\r\n")),
            Self::Pass(password) => {
                output.push(b"PASS ");
                output.push_secret(password.expose().as_bytes());
                output.push(b"\r\n");
                return Some(SignIn::new(password, None));
            }
            Self::AuthPlain { user, password } => {
                let response = sasl_plain::encode(user, password);
                return Some(write_auth("PLAIN", Some(response), password, output));
            }
            Self::Auth {
                mechanism,
                initial,
                secret,
            } => {
                let response = initial.as_ref().map(sasl_plain::to_base64);
                return Some(write_auth(mechanism, response, secret, output));
            }
            Self::Apop { user, digest } => {
                output.push_text(format_args!("APOP {user} "));
                output.push_secret(digest.expose().as_bytes());
                output.push(b"\r\n");
                return Some(SignIn::new(digest, None));
            }
            Self::Lang(tag) => output.push_text(format_args!("LANG {tag}\r\n")),
            Self::Top { number, lines } => {
                output.push_text(format_args!("TOP {number} {lines}\r\n"));
            }
            _ => output.push_text(format_args!("{}\r\n", self.kind())),
        }
        None
    }

    /// Whether a response goes out on the command's own line.
    pub(super) fn carries_response(&self) -> bool {
        match self {
            Self::AuthPlain { user, password } => {
                let octets = "\0\0".len() + user.len() + password.expose().len();
                fits_beside("PLAIN", base64_len(octets))
            }
            Self::Auth {
                mechanism,
                initial: Some(initial),
                ..
            } => fits_beside(mechanism, base64_len(initial.expose().len())),
            _ => false,
        }
    }
}

/// Writes `AUTH`, with the response if it fits (RFC 5034 section 4: `=` is an empty one).
fn write_auth(
    mechanism: &str,
    response: Option<Secret>,
    secret: &Secret,
    output: &mut OutputBuffer,
) -> SignIn {
    output.push_text(format_args!("AUTH {mechanism}"));
    let mut sign_in = SignIn::new(secret, response);
    if let Some(response) = &sign_in.opening
        && fits_beside(mechanism, response.expose().len())
    {
        output.push(b" ");
        match response.expose() {
            "" => output.push(b"="),
            text => output.push_secret(text.as_bytes()),
        }
        sign_in.was_carried = true;
    }
    output.push(b"\r\n");
    sign_in
}

fn fits_beside(mechanism: &str, response: usize) -> bool {
    "AUTH  \r\n".len() + mechanism.len() + response.max(1) <= LONGEST_LINE
}

fn base64_len(octets: usize) -> usize {
    octets.div_ceil(3) * 4
}

impl CommandKind {
    /// Whether the command exists in this state.
    pub(super) fn belongs_to(self, state: SessionState) -> bool {
        match self {
            Self::Greeting => false,
            Self::Capa | Self::Lang | Self::Quit => {
                matches!(
                    state,
                    SessionState::Authorization | SessionState::Transaction
                )
            }
            Self::Stls
            | Self::Utf8
            | Self::User
            | Self::Pass
            | Self::AuthPlain
            | Self::Auth(_)
            | Self::Apop => state == SessionState::Authorization,
            _ => state == SessionState::Transaction,
        }
    }

    /// Whether nothing may be sent before this is answered: it changes what is spoken or with
    /// whom, and several servers lose what comes behind it too early.
    pub(super) fn must_be_answered_first(self) -> bool {
        self.signs_in() || matches!(self, Self::Stls | Self::User | Self::Quit)
    }

    /// Whether its `+OK` opens the maildrop.
    pub(super) fn signs_in(self) -> bool {
        matches!(
            self,
            Self::Pass | Self::AuthPlain | Self::Auth(_) | Self::Apop
        )
    }
}

impl fmt::Display for CommandKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Greeting => f.write_str("the greeting"),
            Self::Capa => f.write_str("CAPA"),
            Self::Stls => f.write_str("STLS"),
            Self::Utf8 => f.write_str("UTF8"),
            Self::User => f.write_str("USER"),
            Self::Pass => f.write_str("PASS"),
            Self::AuthPlain => f.write_str("AUTH PLAIN"),
            Self::Auth(mechanism) => write!(f, "AUTH {mechanism}"),
            Self::Apop => f.write_str("APOP"),
            Self::Lang => f.write_str("LANG"),
            Self::Stat => f.write_str("STAT"),
            Self::Uidl => f.write_str("UIDL"),
            Self::List => f.write_str("LIST"),
            Self::Top(number) => write!(f, "TOP {number}"),
            Self::Retr(number) => write!(f, "RETR {number}"),
            Self::Dele(number) => write!(f, "DELE {number}"),
            Self::Noop => f.write_str("NOOP"),
            Self::Rset => f.write_str("RSET"),
            Self::Quit => f.write_str("QUIT"),
        }
    }
}

/// A sign-in that waits for its answer.
#[derive(Debug)]
pub(super) struct SignIn {
    /// What the server may not be quoted with: the password or token, and all we said in base64.
    secrets: Vec<Secret>,
    /// What the first continuation asks for. Kept although it was sent with the command: some
    /// servers ask for it all the same, with an empty continuation.
    opening: Option<Secret>,
    was_carried: bool,
    /// Whether a challenge waits for its response.
    challenged: bool,
}

impl SignIn {
    fn new(secret: &Secret, opening: Option<Secret>) -> Self {
        let mut secrets = vec![secret.clone()];
        secrets.extend(opening.clone());
        Self {
            secrets,
            opening,
            was_carried: false,
            challenged: false,
        }
    }

    /// Writes the opening response if this continuation, the first, asks for it; `false` if it is
    /// a challenge.
    pub(super) fn write_opening(&mut self, continuation: &[u8], output: &mut OutputBuffer) -> bool {
        let asks = !self.was_carried || continuation.is_empty();
        let Some(response) = self.opening.take().filter(|_| asks) else {
            return false;
        };
        output.push_secret(response.expose().as_bytes());
        output.push(b"\r\n");
        true
    }

    /// Takes note of a challenge.
    pub(super) fn open_challenge(&mut self) {
        self.challenged = true;
    }

    /// Closes the challenge; `false` if none is open.
    pub(super) fn close_challenge(&mut self) -> bool {
        std::mem::take(&mut self.challenged)
    }

    /// The response to a challenge as it is sent.
    pub(super) fn respond(&mut self, message: &Secret) -> Secret {
        let response = sasl_plain::to_base64(message);
        self.secrets.push(response.clone());
        response
    }

    /// Blots the password out of a text: some servers repeat in their answer what they got.
    pub(super) fn blot_out(&self, text: &mut [u8]) {
        for secret in &self.secrets {
            if !secret.expose().is_empty() {
                blot_out(secret.expose().as_bytes(), text);
            }
        }
    }
}

fn blot_out(secret: &[u8], text: &mut [u8]) {
    let mut from = 0;
    while let Some(at) = memmem::find(&text[from..], secret) {
        let found = from + at;
        from = found + secret.len();
        text[found..from].fill(b'*');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_one_line() {
        let seven = MessageNumber::new(7).unwrap();
        let secret = |text: &str| Secret::new(text.to_owned());
        let auth = |mechanism, initial: Option<&str>| Command::Auth {
            mechanism,
            initial: initial.map(secret),
            secret: secret("geheim"),
        };
        let fits = format!("AUTH XOAUTH2 {}\r\n", "eHh4".repeat(60));
        for (command, line) in [
            (Command::Capa, "CAPA\r\n"),
            (Command::Stls, "STLS\r\n"),
            (Command::Utf8, "UTF8\r\n"),
            (Command::User("anna".into()), "USER anna\r\n"),
            (Command::Pass(secret(" ge heim ")), "PASS  ge heim \r\n"),
            (
                Command::AuthPlain {
                    user: "anna".into(),
                    password: secret("geheim"),
                },
                "AUTH PLAIN AGFubmEAZ2VoZWlt\r\n",
            ),
            (
                Command::AuthPlain {
                    user: "anna".into(),
                    password: secret(&"x".repeat(200)),
                },
                "AUTH PLAIN\r\n",
            ),
            (
                auth("SCRAM-SHA-1", Some("n,,n=anna,r=abc")),
                "AUTH SCRAM-SHA-1 biwsbj1hbm5hLHI9YWJj\r\n",
            ),
            (auth("CRAM-MD5", None), "AUTH CRAM-MD5\r\n"),
            (auth("EXTERNAL", Some("")), "AUTH EXTERNAL =\r\n"),
            (auth("XOAUTH2", Some(&"x".repeat(180))), fits.as_str()),
            (auth("XOAUTH2", Some(&"x".repeat(181))), "AUTH XOAUTH2\r\n"),
            (
                Command::Apop {
                    user: "anna".into(),
                    digest: secret("c4c9334bac560ecc979e58001b3e22fb"),
                },
                "APOP anna c4c9334bac560ecc979e58001b3e22fb\r\n",
            ),
            (Command::Lang("en".into()), "LANG en\r\n"),
            (Command::Stat, "STAT\r\n"),
            (Command::Uidl, "UIDL\r\n"),
            (Command::List, "LIST\r\n"),
            (
                Command::Top {
                    number: seven,
                    lines: 0,
                },
                "TOP 7 0\r\n",
            ),
            (Command::Retr(seven), "RETR 7\r\n"),
            (Command::Dele(seven), "DELE 7\r\n"),
            (Command::Noop, "NOOP\r\n"),
            (Command::Rset, "RSET\r\n"),
            (Command::Quit, "QUIT\r\n"),
        ] {
            let mut output = OutputBuffer::new();
            command.write(&mut output);
            assert_eq!(output.unwritten(), line.as_bytes(), "{command:?}");
            assert!(line.len() <= LONGEST_LINE, "{command:?}");
        }
    }

    #[test]
    fn blotting_ends_and_leaves_nothing() {
        for (secret, text, left) in [
            ("aa", "aaa b aa", "**a b **"),
            ("geheim", "no geheim no", "no ****** no"),
            ("*", "a*b", "a*b"),
            ("", "text", "text"),
        ] {
            let sign_in = SignIn::new(&Secret::new(secret.into()), None);
            let mut blotted = text.as_bytes().to_vec();
            sign_in.blot_out(&mut blotted);
            assert_eq!(blotted, left.as_bytes(), "{secret:?}");
        }
    }
}
