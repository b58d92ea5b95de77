//! What happens in a session, as the client's owner hears of it.

use std::borrow::Cow;

use inhaul_types::{MessageNumber, Octets};

use super::{Capabilities, CommandKind};
use crate::ResponseCode;

/// The next thing that happened. Texts are the server's: shown to people, never relied on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event<'a> {
    /// The server is there.
    Greeting {
        /// What it said behind `+OK`.
        text: Cow<'a, str>,
        /// The `<...@...>` that an APOP sign-in would be computed from.
        apop_stamp: Option<&'a str>,
    },
    /// The whole answer to `CAPA`.
    Capabilities(Capabilities),
    /// `STLS` was accepted: do the handshake, then call
    /// [`tls_established`](super::Client::tls_established).
    StlsReady,
    /// `UTF8` was accepted.
    Utf8On,
    /// `USER` was accepted: the password comes next.
    UserAccepted,
    /// The server wants to hear more before it lets us in: answer with
    /// [`respond`](super::Client::respond) or [`cancel`](super::Client::cancel). What it said, out
    /// of its base64.
    Challenge(Vec<u8>),
    /// The maildrop is open.
    SignedIn,
    /// `LANG` was accepted.
    LangSet,
    /// The answer to `STAT`. `None` stands for what was no number.
    Stat {
        /// How many messages.
        count: Option<u64>,
        /// How many octets they have together.
        octets: Option<Octets>,
    },
    /// One line of `UIDL`.
    UidlLine {
        /// Which message.
        number: MessageNumber,
        /// Everything behind the number, without the blanks around it. Not checked: may be empty,
        /// too long or full of spaces ([`UniqueId::check`](inhaul_types::UniqueId::check)).
        unique_id: &'a [u8],
    },
    /// `UIDL` is complete.
    UidlEnd,
    /// One line of `LIST`.
    ListLine {
        /// Which message.
        number: MessageNumber,
        /// Its size, as the server counts.
        size: Octets,
    },
    /// `LIST` is complete.
    ListEnd,
    /// A line of `UIDL` or `LIST` that is none. The listing goes on.
    BadListingLine {
        /// Which listing.
        kind: CommandKind,
        /// The line, without its end.
        line: &'a [u8],
    },
    /// A message comes.
    BodyStart {
        /// Which.
        number: MessageNumber,
        /// How much of it.
        kind: BodyKind,
    },
    /// The next octets of the message, un-stuffed. Never empty.
    BodyChunk(&'a [u8]),
    /// The message is complete.
    BodyEnd {
        /// Which.
        number: MessageNumber,
    },
    /// A message is marked; it is gone when `QUIT` is answered.
    Deleted(MessageNumber),
    /// `NOOP` was answered.
    NoopOk,
    /// No message is marked any more.
    ResetOk,
    /// `QUIT` was accepted: what was marked is gone.
    Bye,
    /// `-ERR`. After that to the greeting or to `QUIT` the session is closed.
    Refused {
        /// What was refused.
        command: CommandKind,
        /// Why, for programs.
        code: Option<ResponseCode>,
        /// Why, for people: what stands behind the response code.
        text: Cow<'a, str>,
    },
}

/// How much of a message comes.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum BodyKind {
    /// All of it: the answer to `RETR`.
    Whole,
    /// The header and as many lines as `TOP` asked for.
    Top,
}
