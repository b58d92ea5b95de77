//! What ended a run early: which stable code stands for it, and what is known about it.

use std::io;
use std::path::PathBuf;

use inhaul_domain::providers;
use inhaul_net::{CertificateFault, DialError};
use inhaul_pop3_proto::ResponseCode;
use inhaul_pop3_proto::client::ClientError;
use inhaul_sasl::BadExchange;
use inhaul_store::StoreError;
use inhaul_types::card::{CertificateFact, Detail, Spoken};
use inhaul_types::{ErrorCode, Facts, KeyPin, Octets};

use crate::observe::FailureReport;
use crate::refusal::{delay_in, refusal_code};

/// Why a run ended before its work was done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    #[error("the line could not be had")]
    Dial(#[from] DialError),
    /// The server said `-ERR` where the run cannot go on without `+OK`.
    #[error("the server refused {doing}")]
    Refused {
        doing: Doing,
        code: Option<ResponseCode>,
        text: String,
    },
    #[error("the server offers no encryption")]
    NoStls,
    #[error("the server made no sense")]
    Client(#[source] ClientError),
    /// The line ended while an answer was due.
    #[error("the line was cut")]
    Cut(#[source] Option<io::Error>),
    #[error("the server said nothing for {0} seconds")]
    Silent(u64),
    #[error("the run took longer than it may")]
    TooLong,
    #[error("the run was told to stop")]
    Stopped,
    #[error("too many runs are waiting")]
    QueueFull,
    /// A mistake of ours: nothing is awaited, and yet the run is not done.
    #[error("the run came to a stand")]
    Stuck,
    /// A panic, caught.
    #[error("the run broke down")]
    BrokeDown,
    /// More messages than a listing may hold.
    #[error("the server lists more messages than can be held")]
    ListingTooLong,
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// Less room than the operator wants to keep.
    #[error("there is too little room in {}", place.display())]
    NoRoom {
        place: PathBuf,
        free: Octets,
        least: Octets,
    },
    /// What waits does not fit the account it is for. The run has ended as it should otherwise.
    #[error("the account is full")]
    MailboxFull { used: Octets, limit: Octets },
    #[error("the spool file could not be written")]
    Spool(#[source] io::Error),
    #[error("the program that gives the password failed: {0}")]
    SecretCommand(String),
    #[error("the program that gives the token failed: {0}")]
    TokenCommand(String),
    /// The file that holds the password.
    #[error("the password's file {} is no good: {why}", path.display())]
    SecretFile { path: PathBuf, why: String },
    /// No mechanism that the server knows is one of ours.
    #[error("no way to sign in is known to both")]
    NoWayIn {
        /// What it offers.
        offered: Vec<String>,
        /// What it said last, if it was asked.
        said: Option<String>,
    },
    /// APOP is asked for and the greeting has no stamp.
    #[error("the greeting has no stamp")]
    NoStamp,
    /// The server does not play the mechanism's part, or not as one that knows the password.
    #[error("the server failed in {0}: {1}")]
    Impostor(&'static str, #[source] BadExchange),
    /// The server offers to be bound to the line and its list, as it came here, does not say so.
    #[error("the server's list of mechanisms was changed on its way")]
    Downgraded,
    /// A name or password that cannot be said on a line.
    #[error("the name or password holds a line end")]
    Unspeakable,
}

/// What the server was asked when it refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Doing {
    Greeting,
    Stls,
    SignIn,
    TokenSignIn,
    Listing,
}

impl std::fmt::Display for Doing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Greeting => "the connection",
            Self::Stls => "encryption",
            Self::SignIn | Self::TokenSignIn => "the sign-in",
            Self::Listing => "to list its messages",
        })
    }
}

impl From<ClientError> for RunError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Closed { .. } => Self::Cut(None),
            other => Self::Client(other),
        }
    }
}

impl RunError {
    /// The stable code, and what is particular about this failure.
    fn fact(&self, host: &str) -> (ErrorCode, Option<Detail>) {
        match self {
            Self::Dial(error) => dial_fact(error),
            Self::Refused {
                doing: Doing::Stls, ..
            } => (ErrorCode::StlsRefused, None),
            Self::Refused { doing, code, text } => {
                let code = refusal_code(*doing, code.as_ref(), text, host);
                (code, refusal_detail(*doing, code, text))
            }
            Self::NoStls => (ErrorCode::NoEncryption, None),
            Self::Client(ClientError::NotPop3 { said }) => {
                let spoken = Spoken::of_greeting(said);
                (ErrorCode::NotPop3, Some(Detail::Speaks(spoken)))
            }
            Self::Client(error) => nonsense(error.to_string()),
            Self::ListingTooLong => nonsense("it lists more messages than can be held".to_owned()),
            Self::QueueFull => (ErrorCode::QueueFull, None),
            Self::Cut(_) => (ErrorCode::CutOff, None),
            Self::Stuck | Self::BrokeDown => (ErrorCode::BrokeDown, None),
            Self::Stopped => (ErrorCode::CutOff, Some(Detail::Stopped)),
            Self::Silent(seconds) => {
                let seconds = *seconds;
                (ErrorCode::NoAnswer, Some(Detail::Silent { seconds }))
            }
            Self::TooLong => (ErrorCode::NoAnswer, Some(Detail::TooSlow)),
            Self::Store(error) => store_fact(error),
            Self::NoRoom { place, free, least } => {
                let detail = Detail::NoRoom {
                    path: place.display().to_string(),
                    free: *free,
                    least: *least,
                };
                (ErrorCode::DiskFull, Some(detail))
            }
            Self::MailboxFull { used, limit } => {
                let (used, limit) = (*used, *limit);
                (ErrorCode::MailboxFull, Some(Detail::Full { used, limit }))
            }
            Self::Spool(error) => spool_fact(error),
            Self::SecretCommand(why) => {
                let why = why.clone();
                (
                    ErrorCode::AuthRefused,
                    Some(Detail::PasswordCommand { why }),
                )
            }
            Self::TokenCommand(why) => {
                let why = why.clone();
                (ErrorCode::AuthRefused, Some(Detail::TokenCommand { why }))
            }
            Self::SecretFile { path, why } => {
                let detail = Detail::PasswordFile {
                    path: path.display().to_string(),
                    why: why.clone(),
                };
                (ErrorCode::AuthRefused, Some(detail))
            }
            Self::NoWayIn { offered, .. } => {
                let offered = offered.clone();
                (
                    ErrorCode::AuthNotPossible,
                    Some(Detail::NoMechanism { offered }),
                )
            }
            Self::NoStamp => (ErrorCode::AuthNotPossible, Some(Detail::NoStamp)),
            Self::Impostor(mechanism, BadExchange::WrongProof | BadExchange::Unproven) => {
                let mechanism = (*mechanism).to_owned();
                (ErrorCode::BadAnswer, Some(Detail::Unproven { mechanism }))
            }
            Self::Impostor(mechanism, why) => {
                nonsense(format!("in the sign-in by {mechanism}, {why}"))
            }
            Self::Downgraded => (ErrorCode::BadAnswer, Some(Detail::Downgraded)),
            Self::Unspeakable => (ErrorCode::AuthRefused, Some(Detail::Unspeakable)),
        }
    }

    /// Whether the server wants no visit now, and will later.
    pub(crate) fn is_a_refusal_for_now(&self, host: &str) -> bool {
        let (code, _) = self.fact(host);
        matches!(
            code,
            ErrorCode::MailboxInUse | ErrorCode::TooOften | ErrorCode::ServerBusy
        )
    }

    /// Whether the server has looked at the password or token and does not take it, whatever is
    /// known of its provider.
    pub(crate) fn refuses_the_secret(&self) -> bool {
        const NO_PROVIDER: &str = "";
        let (code, _) = self.fact(NO_PROVIDER);
        matches!(self, Self::Refused { .. }) && code == ErrorCode::AuthRefused
    }

    /// Whether line or server gave up in the middle of something, for a reason that may lie in what
    /// was on its way.
    pub(crate) fn is_of_the_line(&self) -> bool {
        matches!(
            self,
            Self::Cut(_) | Self::Silent(_) | Self::TooLong | Self::Client(_)
        )
    }

    /// The server's own words, where it said any.
    pub(crate) fn said(&self) -> Option<String> {
        match self {
            Self::Refused { code, text, .. } => {
                let code = code
                    .as_ref()
                    .map(|code| format!("{code} "))
                    .unwrap_or_default();
                Some(format!("-ERR {code}{text}").trim_end().to_owned())
            }
            Self::Client(ClientError::NotPop3 { said }) => Some(said.clone()),
            Self::NoWayIn {
                said: Some(text), ..
            } => Some(format!("-ERR {text}").trim_end().to_owned()),
            _ => None,
        }
    }

    /// What happened, for a person who never heard of POP3.
    pub(crate) fn report(&self, host: &str, port: u16) -> FailureReport {
        let (code, detail) = self.fact(host);
        let facts = Facts {
            server: Some(host.to_owned()),
            provider: providers::for_cards(host),
            port: Some(port),
            detail,
            said: self.said(),
            ..Facts::default()
        };
        FailureReport::new(code, facts)
    }
}

/// What is particular about an `-ERR` that means `code`.
fn refusal_detail(doing: Doing, code: ErrorCode, text: &str) -> Option<Detail> {
    match (code, doing) {
        (ErrorCode::TooOften, _) => delay_in(text).map(|seconds| Detail::LoginDelay { seconds }),
        (ErrorCode::AuthRefused, Doing::TokenSignIn) => Some(Detail::TokenRefused),
        _ => None,
    }
}

fn nonsense(why: String) -> (ErrorCode, Option<Detail>) {
    (ErrorCode::BadAnswer, Some(Detail::Nonsense { why }))
}

/// What a person should know of a line that could not be had.
fn dial_fact(error: &DialError) -> (ErrorCode, Option<Detail>) {
    match error {
        DialError::NameNotFound(_) => (ErrorCode::NameNotFound, None),
        DialError::NotAllowed(_) => (ErrorCode::ServerNotAllowed, None),
        DialError::LookUp { .. } => (ErrorCode::NoAnswer, Some(Detail::LookUpFailed)),
        DialError::Refused { .. } => (ErrorCode::NoAnswer, Some(Detail::ConnectionRefused)),
        // The system gave up before we did.
        DialError::NoAnswer { seconds: 0, .. } => (ErrorCode::NoAnswer, None),
        DialError::NoAnswer { seconds, .. } => {
            let seconds = *seconds;
            (ErrorCode::NoAnswer, Some(Detail::NoReply { seconds }))
        }
        DialError::Unreachable { source, .. } => {
            let why = system_words(source);
            (ErrorCode::NoAnswer, Some(Detail::Unreachable { why }))
        }
        DialError::Certificate { fault, shown, .. } => {
            let fact = Detail::Certificate(certificate_fact(fault, shown.as_deref()));
            (ErrorCode::Certificate, Some(fact))
        }
        DialError::CaFile { path, why } => {
            let (path, why) = (path.clone(), why.clone());
            let fact = CertificateFact::AuthorityFile { path, why };
            (ErrorCode::Certificate, Some(Detail::Certificate(fact)))
        }
        DialError::NotTls { .. } => (ErrorCode::NoEncryption, Some(Detail::NotTls)),
    }
}

fn certificate_fact(fault: &CertificateFault, shown: Option<&KeyPin>) -> CertificateFact {
    let shown = shown.map(KeyPin::to_string);
    match fault {
        CertificateFault::Expired(on) => CertificateFact::Expired { on: *on },
        CertificateFault::NotYetValid(from) => CertificateFact::NotYetValid { from: *from },
        CertificateFault::WrongName(names) => CertificateFact::WrongName {
            names: names.clone(),
            shown,
        },
        CertificateFault::UnknownIssuer => CertificateFact::UnknownIssuer { shown },
        CertificateFault::OwnAuthority => CertificateFact::OwnAuthority { shown },
        CertificateFault::KeyChanged { pinned, shown } => CertificateFact::KeyChanged {
            pinned: pinned.to_string(),
            shown: shown.to_string(),
        },
        CertificateFault::Revoked => CertificateFact::Revoked,
        CertificateFault::Other(why) => {
            let why = why.clone();
            CertificateFact::Other { why, shown }
        }
    }
}

fn store_fact(error: &StoreError) -> (ErrorCode, Option<Detail>) {
    error.code().unwrap_or_else(|| {
        let why = chain(error);
        (ErrorCode::DataDamaged, Some(Detail::Damaged { why }))
    })
}

fn spool_fact(error: &io::Error) -> (ErrorCode, Option<Detail>) {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => (ErrorCode::DiskFull, None),
        _ => {
            let (doing, why) = ("keep a message in the spool".into(), system_words(error));
            (
                ErrorCode::DataDamaged,
                Some(Detail::Unusable { doing, why }),
            )
        }
    }
}

/// The system's words for an error, without its number.
fn system_words(error: &io::Error) -> String {
    let words = error.to_string();
    match words.split_once(" (os error ") {
        Some((words, _)) => words.to_owned(),
        None => words,
    }
}

/// The error and its causes in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
