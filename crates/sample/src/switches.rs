//! The switches: every way in which a server can misbehave, and the one in which it does not.
//!
//! All of it is plain data with the well-behaved value as the default. [`ServerSwitches`] act
//! before anybody has signed in, [`MailboxSwitches`] after; both can be changed while sessions
//! run, and each takes effect at the next command that it concerns (the listing: at the next
//! sign-in).

use std::num::NonZeroU32;
use std::time::Duration;

use inhaul_types::Mechanism;

/// How the server behaves to anybody who connects.
#[derive(Clone, Debug, Default)]
pub struct ServerSwitches {
    /// The first line.
    pub greeting: Greeting,
    /// `CAPA`.
    pub capa: Capa,
    /// `STLS`.
    pub stls: Stls,
    /// Commands sent before earlier ones are answered.
    pub pipelining: Pipelining,
    /// The certificate that is shown, on the TLS port and after `STLS`.
    pub certificate: Certificate,
    /// Sign-in by `AUTH PLAIN` beside `USER` and `PASS`.
    pub auth_plain: AuthPlain,
    /// The SASL mechanisms that are offered beside PLAIN. A token is right if it is the password.
    pub mechanisms: Vec<Mechanism>,
    /// Those of them that turn out to be unknown when they are asked for.
    pub unknown_mechanisms: Vec<Mechanism>,
    /// Those of them that refuse whatever they are told.
    pub refusing_mechanisms: Vec<Mechanism>,
    /// Whether SCRAM is offered with `-PLUS` on encrypted lines, too (TLS 1.3 only).
    pub scram_plus: ScramPlus,
    /// SCRAM's own faults.
    pub scram: Scram,
    /// How a token is taken.
    pub token_steps: TokenSteps,
    /// `APOP`, where the greeting has a stamp.
    pub apop: Apop,
    /// Announced as `LOGIN-DELAY` to everybody.
    pub login_delay: Option<u32>,
    /// `UTF8` (RFC 6856). Messages go out as they are, with it and without.
    pub utf8: Utf8,
    /// How octets travel.
    pub line: Line,
}

/// The first line of a session.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Greeting {
    /// `+OK` and who we are.
    #[default]
    Banner,
    /// `+OK` and nothing else.
    Bare,
    /// `+OK` with an APOP timestamp.
    Stamped,
    /// `+OK` and what an inhaul says: another installation.
    Inhaul,
    /// The banner, after a while.
    Slow(Duration),
    /// Nothing, and the line stays open.
    Missing,
    /// `-ERR` and this text, and the line is closed.
    Refused(String),
    /// This line, from another protocol: `220 smtp.example.org ESMTP`.
    Other(String),
    /// The line is closed without a word.
    HangUp,
}

/// What `CAPA` gives.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Capa {
    /// The list of what the server can do now.
    #[default]
    Works,
    /// `-ERR`: a server from before 1998.
    Refused,
    /// No answer.
    Hangs,
    /// The line is closed.
    HangsUp,
    /// A list of lines that say nothing known.
    Nonsense,
    /// A line that is no answer: neither `+OK` nor `-ERR`.
    NoAnswer,
    /// Before the sign-in a short list: UIDL, TOP, PIPELINING and more appear behind it.
    MoreAfterSignIn,
}

/// What `STLS` gives.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Stls {
    /// Offered and done, if the server has certificates.
    #[default]
    Works,
    /// Not offered, and `-ERR`.
    Absent,
    /// Offered, and `-ERR` when asked for.
    Refused,
    /// Offered and done, with a line of plain text pushed in behind the `+OK`.
    ExtraPlaintext,
    /// Offered, `+OK`, and the handshake is never answered.
    Hangs,
}

/// What happens to commands that come before earlier ones are answered.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Pipelining {
    /// `PIPELINING` is announced and true.
    #[default]
    Announced,
    /// It works and nobody is told.
    Unannounced,
    /// It is announced, and what comes before the sign-in is answered is lost.
    LosesEarly,
}

/// Whether `AUTH PLAIN` is offered.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum AuthPlain {
    /// Offered, and done.
    #[default]
    Works,
    /// Neither.
    Absent,
    /// Offered, and `-ERR` whatever the password.
    Refused,
}

/// Whether SCRAM can be bound to the line.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ScramPlus {
    /// It cannot.
    #[default]
    Absent,
    /// It can, and whoever could do so and says we do not offer it is refused.
    Offered,
    /// It can, and the list does not say so: somebody has changed it on its way.
    Hidden,
}

/// What is wrong with SCRAM.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Scram {
    /// Nothing.
    #[default]
    Works,
    /// Our proof is another server's.
    WrongProof,
    /// We let the client in without proving anything.
    NoProof,
    /// More iterations than anybody computes.
    TooManyIterations,
}

/// How a token is taken.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum TokenSteps {
    /// Along with the command, or asked for.
    #[default]
    OneOrTwo,
    /// Only when asked for, as Microsoft does: with the command it is a protocol error.
    Two,
}

/// What `APOP` gives.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Apop {
    /// `-ERR`, stamp or no stamp.
    #[default]
    Refused,
    /// The maildrop, for the right digest of the greeting's stamp.
    Works,
}

/// What `UTF8` gives.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Utf8 {
    /// Not offered, and `-ERR`.
    #[default]
    Absent,
    /// Offered, and `+OK`.
    Works,
    /// Offered, and `-ERR` when asked for.
    Refused,
}

/// Which certificate is shown.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Certificate {
    /// Of our authority, for our names.
    #[default]
    Good,
    /// As good, with another key.
    NewKey,
    /// It ended in 2002.
    Expired,
    /// For `other.example.org` only.
    WrongName,
    /// Of an authority nobody knows.
    UnknownCa,
}

/// How octets travel.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// Into how many packets an answer is broken.
    pub packets: Packets,
    /// Waited after every packet: with [`Packets::Octet`] or [`Packets::Line`] a slow loris.
    pub pause: Duration,
    /// The final dot of a multi-line answer in a packet of its own, a moment after the rest.
    pub final_dot: FinalDot,
    /// At most so many octets a second.
    pub rate: Option<NonZeroU32>,
    /// Waited before commands that have come in are looked at: a long way there.
    pub latency: Duration,
    /// The line is closed when a session has sent this many octets.
    pub cut: Option<Cut>,
}

/// The line is closed in the middle of what is said.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cut {
    /// So many octets of a session get through.
    pub after: u64,
    /// Whether the next session is cut as well.
    pub times: Times,
}

/// How often something goes wrong.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Times {
    /// Every time.
    #[default]
    Always,
    /// The next time only.
    Once,
}

/// Into how many packets an answer is broken.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Packets {
    /// As few as can be.
    #[default]
    Whole,
    /// One for every octet.
    Octet,
    /// One for every line.
    Line,
}

/// Where the final dot travels.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum FinalDot {
    /// With what stands before it.
    #[default]
    Together,
    /// Alone.
    Apart,
}

/// How the server behaves to whoever has signed in to one mailbox.
#[derive(Clone, Debug, Default)]
pub struct MailboxSwitches {
    /// What a right password gives.
    pub sign_in: SignIn,
    /// A second session at the same time.
    pub lock: Lock,
    /// `UIDL`.
    pub unique_ids: UniqueIds,
    /// The message numbers that `UIDL` leaves out.
    pub uidl_gaps: Vec<u32>,
    /// The sizes in `LIST` and `STAT`.
    pub sizes: Sizes,
    /// The message numbers that `LIST` leaves out.
    pub list_gaps: Vec<u32>,
    /// Which messages a session sees.
    pub listing: Listing,
    /// `TOP`.
    pub top: Top,
    /// `RETR`.
    pub retr: Retr,
    /// `DELE`.
    pub dele: Dele,
    /// `QUIT`.
    pub quit: Quit,
    /// Announced as `LOGIN-DELAY`.
    pub login_delay: Option<u32>,
    /// Announced as `EXPIRE`, in days.
    pub expire: Option<u32>,
    /// How octets travel once this mailbox is open; the server's way if `None`.
    pub line: Option<Line>,
}

/// What a sign-in with the right password gives.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum SignIn {
    /// The maildrop.
    #[default]
    Works,
    /// A refusal.
    Refused(Refusal),
    /// A refusal every so often, beginning with the attempt of that number.
    EveryNth(NonZeroU32, Refusal),
}

/// How a sign-in is refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// `-ERR [IN-USE]`
    InUse,
    /// `-ERR [LOGIN-DELAY]`
    LoginDelay,
    /// `-ERR [SYS/TEMP]`
    SysTemp,
    /// `-ERR [SYS/PERM]`
    SysPerm,
    /// `-ERR [AUTH]`
    Auth,
    /// `-ERR` and nothing else.
    Bare,
    /// `-ERR` and this text.
    Text(String),
    /// No answer.
    Silence,
    /// The line is closed.
    HangUp,
}

/// Whether two sessions can have one maildrop.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Lock {
    /// The second one gets `[IN-USE]` (RFC 1939 section 4).
    #[default]
    Exclusive,
    /// Both work, each with its own snapshot.
    Shared,
}

/// What the server calls its messages.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum UniqueIds {
    /// One lasting name for each message.
    #[default]
    Stable,
    /// One name for all of them.
    SameForAll,
    /// One name for two neighbours.
    Pairs,
    /// A new message takes over the name of a deleted one.
    Reused,
    /// New names in every session.
    EverySession,
    /// A number and nothing behind it.
    Blank,
    /// `-ERR`, and not announced.
    Absent,
    /// Lasting names of this many characters; RFC 1939 allows 70.
    Long(usize),
}

/// The sizes in `LIST` and `STAT`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Sizes {
    /// What the message has.
    #[default]
    Exact,
    /// Wrong by so much.
    Off(i64),
    /// Larger with every session, as if the server added header fields.
    Growing,
}

/// Which messages a session sees.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Listing {
    /// All.
    #[default]
    All,
    /// The first so many of what is there (250, say).
    First(usize),
    /// As [`Listing::First`], of those nobody has retrieved in a session that ended with `QUIT`,
    /// and no more than whole conversations: messages whose subjects differ by `Re:` only.
    Conversations(usize),
}

/// What `TOP` gives.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Top {
    /// Header and so many lines.
    #[default]
    Works,
    /// `-ERR`, and not announced.
    Absent,
    /// A blank line more than there is.
    ExtraBlankLine,
    /// What it should, and the message counts as retrieved.
    MarksRetrieved,
}

/// What `RETR` gives.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Retr {
    /// The message, unless a [`Fault`] is set for it.
    #[default]
    Works,
    /// In every session the line is closed in the middle of the message that is asked for as the
    /// nth, counted from 1.
    CutAtNth(NonZeroU32),
}

/// What `DELE` does.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Dele {
    /// Marks the message; `QUIT` removes it.
    #[default]
    Works,
    /// `+OK`, and the message stays.
    Ignored,
    /// `-ERR`.
    Refused,
}

/// What `QUIT` does.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Quit {
    /// Removes what is marked, says `+OK`, closes.
    #[default]
    Works,
    /// `-ERR`; nothing is removed.
    Refused,
    /// Says nothing and keeps the line open.
    Unanswered(Removal),
    /// Closes the line without an answer.
    HangsUp(Removal),
    /// The line breaks just before: the server has never seen it.
    CutBefore,
}

/// Whether the marked messages are gone after a `QUIT` that was not answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Removal {
    /// They are gone.
    Done,
    /// They are still there.
    NotDone,
}

/// What goes wrong with one message, at `RETR`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fault {
    /// `-ERR` and this text.
    Refused(String),
    /// `+OK` and a final dot.
    Empty,
    /// The line is closed after so many octets of the body.
    CutAfter(u64),
    /// The body, no final dot, and the line stays open.
    NeverEnds,
    /// The body and its final dot, and the line is closed.
    HangUpBehind,
    /// `-ERR`: somebody else has removed it. It is not there any more.
    Vanished,
}
