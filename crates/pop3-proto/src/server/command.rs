//! Command lines and what they ask for.
//!
//! Owns nothing. A line is read strictly where it names a message (`RETR 1.5` is no 1), and
//! leniently where nothing hangs on it: letter case, blanks at the end.

use inhaul_types::{MessageNumber, Octets, Secret};

use super::{BadCommand, Verb};
use crate::SessionState;

/// What a client asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    /// What we can do.
    Capa,
    /// TLS. No further command comes until it is answered, and if that was `+OK`, until
    /// [`tls_established`](super::Session::tls_established).
    Stls,
    /// Internationalised mail.
    Utf8,
    /// Answers in another language; `None` asks which there are.
    Lang(Option<String>),
    /// The user's name.
    User(String),
    /// The password of the user named before. Whether one was is for the caller to know.
    Pass(Secret),
    /// A sign-in by SASL.
    Auth {
        /// The mechanism, as written.
        mechanism: String,
        /// The first response, if it came along; empty where the client sent `=`.
        initial: Option<Secret>,
    },
    /// The line after [`continuation`](super::Session::continuation), as sent: base64.
    AuthResponse(Secret),
    /// The client gives the SASL exchange up.
    AuthCancelled,
    /// A sign-in by digest.
    Apop {
        /// The user's name.
        user: String,
        /// Of the greeting's stamp and the password.
        digest: Secret,
    },
    /// How many messages, how many octets.
    Stat,
    /// Unique-ids, of one message or all.
    Uidl(Option<MessageNumber>),
    /// Sizes, of one message or all.
    List(Option<MessageNumber>),
    /// A message's header and first lines.
    Top {
        /// Which message.
        number: MessageNumber,
        /// How many lines of the body.
        lines: u32,
    },
    /// A whole message.
    Retr(MessageNumber),
    /// To mark a message.
    Dele(MessageNumber),
    /// Nothing.
    Noop,
    /// To take all marks back.
    Rset,
    /// The highest message number touched.
    Last,
    /// The end. No further command comes.
    Quit,
    /// Something else; this was its first word.
    Unknown(String),
}

impl Command {
    /// Reads a line that has lost its end.
    pub(super) fn parse(line: &[u8], state: SessionState) -> Result<Self, BadCommand> {
        let mut words = line.splitn(2, |octet| *octet == b' ');
        let word = words.next().unwrap_or_default();
        let Some(verb) = Verb::parse(word.trim_ascii_end()) else {
            return Ok(Self::Unknown(String::from_utf8_lossy(word).into_owned()));
        };
        if !verb.belongs_to(state) {
            return Err(BadCommand::WrongState { verb, state });
        }
        let arguments = Arguments {
            verb,
            rest: words.next(),
        };
        match verb {
            Verb::Capa => arguments.none(Self::Capa),
            Verb::Stls => arguments.none(Self::Stls),
            Verb::Utf8 => arguments.none(Self::Utf8),
            Verb::Stat => arguments.none(Self::Stat),
            Verb::Noop => arguments.none(Self::Noop),
            Verb::Rset => arguments.none(Self::Rset),
            Verb::Last => arguments.none(Self::Last),
            Verb::Quit => arguments.none(Self::Quit),
            Verb::Uidl => Ok(Self::Uidl(arguments.optional_number()?)),
            Verb::List => Ok(Self::List(arguments.optional_number()?)),
            Verb::Retr => Ok(Self::Retr(arguments.number()?)),
            Verb::Dele => Ok(Self::Dele(arguments.number()?)),
            Verb::Top => arguments.top(),
            Verb::User => Ok(Self::User(arguments.text()?.trim_end().to_owned())),
            // RFC 1939: everything behind one space, further spaces included.
            Verb::Pass => Ok(Self::Pass(secret(arguments.text()?))),
            Verb::Auth => arguments.auth(),
            Verb::Apop => arguments.apop(),
            Verb::Lang => arguments.lang(),
        }
    }

    /// Reads the line after a continuation.
    pub(super) fn parse_response(line: &[u8]) -> Result<Self, BadCommand> {
        let arguments = Arguments {
            verb: Verb::Auth,
            rest: Some(line),
        };
        match arguments.text()?.trim_end() {
            "*" => Ok(Self::AuthCancelled),
            response => Ok(Self::AuthResponse(secret(response))),
        }
    }
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

/// What stands behind a verb.
struct Arguments<'a> {
    verb: Verb,
    /// `None` without even a space.
    rest: Option<&'a [u8]>,
}

impl<'a> Arguments<'a> {
    fn words(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let rest = self.rest.unwrap_or_default();
        rest.split(|octet| matches!(octet, b' ' | b'\t'))
            .filter(|word| !word.is_empty())
    }

    fn none(&self, command: Command) -> Result<Command, BadCommand> {
        self.end(self.words())?;
        Ok(command)
    }

    fn end(&self, mut rest: impl Iterator<Item = &'a [u8]>) -> Result<(), BadCommand> {
        match rest.next() {
            None => Ok(()),
            Some(_) => Err(BadCommand::ExcessArgument { verb: self.verb }),
        }
    }

    fn number(&self) -> Result<MessageNumber, BadCommand> {
        self.optional_number()?
            .ok_or(BadCommand::MissingArgument { verb: self.verb })
    }

    fn optional_number(&self) -> Result<Option<MessageNumber>, BadCommand> {
        let mut words = self.words();
        let Some(word) = words.next() else {
            return Ok(None);
        };
        let number = MessageNumber::parse(word).ok_or(BadCommand::BadNumber { verb: self.verb })?;
        self.end(words)?;
        Ok(Some(number))
    }

    fn top(&self) -> Result<Command, BadCommand> {
        let missing = BadCommand::MissingArgument { verb: self.verb };
        let bad = BadCommand::BadNumber { verb: self.verb };
        let mut words = self.words();
        let number = MessageNumber::parse(words.next().ok_or(missing)?).ok_or(bad)?;
        let lines = Octets::parse(words.next().ok_or(missing)?).ok_or(bad)?;
        self.end(words)?;
        // More lines than any message has are all lines.
        let lines = u32::try_from(lines.count()).unwrap_or(u32::MAX);
        Ok(Command::Top { number, lines })
    }

    fn text(&self) -> Result<&'a str, BadCommand> {
        let rest = self
            .rest
            .ok_or(BadCommand::MissingArgument { verb: self.verb })?;
        self.text_of(rest)
    }

    fn text_of(&self, octets: &'a [u8]) -> Result<&'a str, BadCommand> {
        if octets.iter().any(|octet| matches!(octet, b'\0' | b'\r')) {
            return Err(BadCommand::ForbiddenOctet { verb: self.verb });
        }
        str::from_utf8(octets).map_err(|_| BadCommand::NotUtf8 { verb: self.verb })
    }

    fn auth(&self) -> Result<Command, BadCommand> {
        let mut words = self.words();
        let mechanism = words
            .next()
            .ok_or(BadCommand::MissingArgument { verb: self.verb })?;
        let mechanism = self.text_of(mechanism)?.to_owned();
        let initial = match words.next() {
            None => None,
            // RFC 5034 section 4: an initial response that is there and empty.
            Some(b"=") => Some(secret("")),
            Some(word) => Some(secret(self.text_of(word)?)),
        };
        self.end(words)?;
        Ok(Command::Auth { mechanism, initial })
    }

    fn apop(&self) -> Result<Command, BadCommand> {
        let missing = BadCommand::MissingArgument { verb: self.verb };
        // The digest is the last word: a name may have spaces in it.
        let (user, digest) = self.text()?.trim_end().rsplit_once(' ').ok_or(missing)?;
        Ok(Command::Apop {
            user: user.to_owned(),
            digest: secret(digest),
        })
    }

    fn lang(&self) -> Result<Command, BadCommand> {
        let mut words = self.words();
        let tag = words.next().map(|word| self.text_of(word)).transpose()?;
        self.end(words)?;
        Ok(Command::Lang(tag.map(str::to_owned)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(number: u32) -> MessageNumber {
        MessageNumber::new(number).unwrap()
    }

    #[test]
    fn a_line_of_the_transaction_is_a_command_or_a_named_fault() {
        let (verb, missing) = (Verb::Retr, |verb| Err(BadCommand::MissingArgument { verb }));
        let bad_number = |verb| Err(BadCommand::BadNumber { verb });
        let excess = |verb| Err(BadCommand::ExcessArgument { verb });
        for (line, command) in [
            ("STAT", Ok(Command::Stat)),
            ("stat ", Ok(Command::Stat)),
            ("STAT 1", excess(Verb::Stat)),
            ("UIDL", Ok(Command::Uidl(None))),
            ("Uidl 3", Ok(Command::Uidl(Some(number(3))))),
            ("UIDL x", bad_number(Verb::Uidl)),
            ("LIST  3 ", Ok(Command::List(Some(number(3))))),
            ("RETR 12", Ok(Command::Retr(number(12)))),
            ("RETR", missing(verb)),
            ("RETR ", missing(verb)),
            ("RETR 0", bad_number(verb)),
            ("RETR 1.5", bad_number(verb)),
            ("RETR 4294967297", bad_number(verb)),
            ("RETR 1 2", excess(verb)),
            (
                "TOP 1 10",
                Ok(Command::Top {
                    number: number(1),
                    lines: 10,
                }),
            ),
            (
                "TOP 1 99999999999",
                Ok(Command::Top {
                    number: number(1),
                    lines: u32::MAX,
                }),
            ),
            ("TOP 1", missing(Verb::Top)),
            ("TOP 1 -1", bad_number(Verb::Top)),
            ("DELE 1", Ok(Command::Dele(number(1)))),
            ("NOOP", Ok(Command::Noop)),
            ("RSET", Ok(Command::Rset)),
            ("LAST", Ok(Command::Last)),
            ("QUIT", Ok(Command::Quit)),
            ("XTND XMIT", Ok(Command::Unknown("XTND".into()))),
            ("", Ok(Command::Unknown(String::new()))),
            (" STAT", Ok(Command::Unknown(String::new()))),
        ] {
            let parsed = Command::parse(line.as_bytes(), SessionState::Transaction);
            assert_eq!(parsed, command, "{line:?}");
        }
    }

    #[test]
    fn a_line_of_the_authorization_is_a_command_or_a_named_fault() {
        let auth = |mechanism: &str, initial: Option<&str>| {
            Ok(Command::Auth {
                mechanism: mechanism.to_owned(),
                initial: initial.map(secret),
            })
        };
        for (line, command) in [
            (&b"CAPA"[..], Ok(Command::Capa)),
            (b"STLS", Ok(Command::Stls)),
            (b"UTF8", Ok(Command::Utf8)),
            (b"USER anna ", Ok(Command::User("anna".into()))),
            ("USER änne".as_bytes(), Ok(Command::User("änne".into()))),
            (b"USER \xe9", Err(BadCommand::NotUtf8 { verb: Verb::User })),
            (
                b"USER",
                Err(BadCommand::MissingArgument { verb: Verb::User }),
            ),
            (
                b"USER a\0b",
                Err(BadCommand::ForbiddenOctet { verb: Verb::User }),
            ),
            (b"PASS  ge heim ", Ok(Command::Pass(secret(" ge heim ")))),
            (b"PASS ", Ok(Command::Pass(secret("")))),
            (
                b"PASS",
                Err(BadCommand::MissingArgument { verb: Verb::Pass }),
            ),
            (b"AUTH PLAIN", auth("PLAIN", None)),
            (b"AUTH plain AGEAYg==", auth("plain", Some("AGEAYg=="))),
            (b"AUTH EXTERNAL =", auth("EXTERNAL", Some(""))),
            (
                b"AUTH PLAIN a b",
                Err(BadCommand::ExcessArgument { verb: Verb::Auth }),
            ),
            (
                b"AUTH",
                Err(BadCommand::MissingArgument { verb: Verb::Auth }),
            ),
            (
                b"APOP anna c4c9334bac560ecc979e58001b3e22fb",
                Ok(Command::Apop {
                    user: "anna".into(),
                    digest: secret("c4c9334bac560ecc979e58001b3e22fb"),
                }),
            ),
            (
                b"APOP anna",
                Err(BadCommand::MissingArgument { verb: Verb::Apop }),
            ),
            (b"LANG", Ok(Command::Lang(None))),
            (b"LANG de", Ok(Command::Lang(Some("de".into())))),
            (b"QUIT", Ok(Command::Quit)),
        ] {
            let parsed = Command::parse(line, SessionState::Authorization);
            assert_eq!(parsed, command, "{}", line.escape_ascii());
        }
    }

    #[test]
    fn a_command_of_another_state_is_refused_whatever_its_arguments() {
        for (line, verb, state) in [
            ("RETR x", Verb::Retr, SessionState::Authorization),
            ("NOOP", Verb::Noop, SessionState::Authorization),
            ("USER anna", Verb::User, SessionState::Transaction),
            ("STLS", Verb::Stls, SessionState::Transaction),
            ("UTF8", Verb::Utf8, SessionState::Transaction),
        ] {
            let parsed = Command::parse(line.as_bytes(), state);
            assert_eq!(
                parsed,
                Err(BadCommand::WrongState { verb, state }),
                "{line}"
            );
        }
    }
}
