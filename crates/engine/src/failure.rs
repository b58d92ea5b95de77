//! What ended a run early, and which stable code stands for it.

use std::io;

use inhaul_net::{CertificateFault, DialError};
use inhaul_pop3_proto::ResponseCode;
use inhaul_pop3_proto::client::ClientError;
use inhaul_sasl::BadExchange;
use inhaul_store::StoreError;
use inhaul_types::{ErrorCode, KeyPin};

use crate::observe::FailureReport;

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
    /// A mistake of ours: nothing is awaited, and yet the run is not done.
    #[error("the run came to a stand")]
    Stuck,
    /// More messages than a listing may hold.
    #[error("the server lists more messages than can be held")]
    ListingTooLong,
    #[error("the store failed")]
    Store(#[from] StoreError),
    #[error("the spool file could not be written")]
    Spool(#[source] io::Error),
    #[error("the program that gives the password failed: {0}")]
    SecretCommand(String),
    #[error("the program that gives the token failed: {0}")]
    TokenCommand(String),
    /// No mechanism that the server knows is one of ours; what it said last.
    #[error("no way to sign in is known to both")]
    NoWayIn(Option<String>),
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
    /// The stable code.
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::Dial(error) => dial_code(error),
            Self::Refused {
                doing: Doing::Stls, ..
            } => ErrorCode::StlsRefused,
            Self::Refused { doing, code, text } => refusal_code(*doing, code.as_ref(), text),
            Self::NoStls => ErrorCode::NoEncryption,
            Self::Client(ClientError::NotPop3 { .. }) => ErrorCode::NotPop3,
            Self::Client(_) | Self::ListingTooLong => ErrorCode::BadAnswer,
            Self::Cut(_) | Self::Stuck | Self::Stopped => ErrorCode::CutOff,
            Self::Silent(_) | Self::TooLong => ErrorCode::NoAnswer,
            Self::Store(error) => store_code(error),
            Self::Spool(error) if error.kind() == io::ErrorKind::StorageFull => ErrorCode::DiskFull,
            Self::Spool(_) => ErrorCode::DiskFull,
            Self::SecretCommand(_) | Self::TokenCommand(_) | Self::Unspeakable => {
                ErrorCode::AuthRefused
            }
            Self::NoWayIn(_) | Self::NoStamp => ErrorCode::AuthNotPossible,
            Self::Impostor(..) | Self::Downgraded => ErrorCode::BadAnswer,
        }
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
            Self::NoWayIn(Some(text)) => Some(format!("-ERR {text}").trim_end().to_owned()),
            _ => None,
        }
    }

    /// What happened, for a person who never heard of POP3.
    pub(crate) fn report(&self, host: &str, port: u16) -> FailureReport {
        let code = self.code();
        let what = match self {
            Self::Dial(error) => dial_text(error),
            Self::Store(error) => chain(error),
            Self::Spool(error) => format!("a message could not be kept in the spool: {error}"),
            Self::SecretCommand(why) => {
                format!("the program that gives the password for {host} failed: {why}")
            }
            Self::TokenCommand(why) => {
                format!("the program that gives the token for {host} failed: {why}")
            }
            Self::NoWayIn(_) => {
                format!("{host} knows none of the ways in which inhaul could sign in here")
            }
            Self::NoStamp => format!(
                "{host} has no APOP: its greeting lacks the stamp for it; choose another --sign-in"
            ),
            Self::Impostor(mechanism, BadExchange::WrongProof | BadExchange::Unproven) => format!(
                "{host} did not prove by {mechanism} that it knows the password: it may be \
                 another server in its place. Nothing was read or deleted there"
            ),
            Self::Impostor(mechanism, why) => {
                format!("the sign-in to {host} by {mechanism} makes no sense: {why}")
            }
            Self::Downgraded => format!(
                "{host} offers a safer sign-in than its list says: somebody may have changed the \
                 list on its way here"
            ),
            Self::Unspeakable => format!("the name or password for {host} holds a line end"),
            Self::Silent(seconds) => format!("{host} said nothing for {seconds} seconds"),
            Self::TooLong => format!("{host} was so slow that the check ran out of time"),
            Self::ListingTooLong => format!("{host} lists more messages than can be held"),
            Self::Stopped => {
                format!("the check of {host} was stopped before it had begun to bring mail")
            }
            Self::Cut(_) | Self::Stuck => format!("the line to {host} was cut"),
            Self::NoStls => format!("{host} offers no encryption on port {port}"),
            Self::Client(ClientError::NotPop3 { .. }) => {
                format!("the program at {host}:{port} does not speak POP3")
            }
            Self::Client(error) => format!("the answer of {host} makes no sense: {error}"),
            Self::Refused {
                doing: Doing::TokenSignIn,
                ..
            } if code == ErrorCode::AuthRefused => format!("{host} refuses the token"),
            Self::Refused { doing, .. } => refusal_text(code, *doing, host),
        };
        FailureReport {
            code,
            what,
            said: self.said(),
        }
    }
}

fn refusal_text(code: ErrorCode, doing: Doing, host: &str) -> String {
    match code {
        ErrorCode::AuthRefused => format!("{host} refuses the password"),
        ErrorCode::AuthAppPassword => format!("{host} wants an app password"),
        ErrorCode::AuthNotPossible => format!("{host} does not allow passwords"),
        ErrorCode::PopSwitchedOff => format!("POP is switched off for this mailbox on {host}"),
        ErrorCode::MailboxInUse => format!("someone else is reading this mailbox on {host}"),
        ErrorCode::TooOften => format!("{host} asks us to check less often"),
        ErrorCode::StlsRefused => format!("{host} offered encryption and then refused it"),
        ErrorCode::ServerBusy => format!("{host} has a trouble of its own that will pass"),
        _ => format!("{host} refused {doing}"),
    }
}

/// What is wrong, and what can be done about a certificate.
fn dial_text(error: &DialError) -> String {
    let DialError::Certificate { host, fault, shown } = error else {
        return error.to_string();
    };
    match (fault, shown) {
        (CertificateFault::KeyChanged { pinned, shown }, _) => format!(
            "the key of {host} has changed, and no password was sent: pinned is {pinned}, shown \
             was {shown}. Ask whoever runs {host} whether the key was renewed. If so, pin the new \
             one: --pin {shown}; if not, somebody stands between you and {host}"
        ),
        (
            CertificateFault::UnknownIssuer
            | CertificateFault::OwnAuthority
            | CertificateFault::WrongName(_)
            | CertificateFault::Other(_),
            Some(shown),
        ) => format!("{error}. {}", own_server(host, shown)),
        _ => error.to_string(),
    }
}

fn own_server(host: &str, shown: &KeyPin) -> String {
    format!("If {host} is your own server, trust exactly its key: --pin {shown}")
}

fn dial_code(error: &DialError) -> ErrorCode {
    match error {
        DialError::NameNotFound(_) => ErrorCode::NameNotFound,
        DialError::LookUp { .. }
        | DialError::Refused { .. }
        | DialError::NoAnswer { .. }
        | DialError::Unreachable { .. } => ErrorCode::NoAnswer,
        DialError::Certificate { .. } | DialError::CaFile { .. } => ErrorCode::Certificate,
        DialError::NotTls { .. } => ErrorCode::NoEncryption,
    }
}

fn store_code(error: &StoreError) -> ErrorCode {
    match error {
        StoreError::InUse(_) => ErrorCode::DataInUse,
        StoreError::TooNew { .. } => ErrorCode::DataTooNew,
        StoreError::Damaged(_) => ErrorCode::DataDamaged,
        StoreError::DiskFull(_) => ErrorCode::DiskFull,
        StoreError::Seal(_) => ErrorCode::AuthRefused,
        _ => ErrorCode::DataDamaged,
    }
}

/// What an `-ERR` means: its response code (RFC 2449, RFC 3206) if it has one, else its words, as
/// far as providers are known to use them; without either, a refused sign-in is a wrong password.
fn refusal_code(doing: Doing, code: Option<&ResponseCode>, text: &str) -> ErrorCode {
    match code {
        Some(ResponseCode::InUse) => return ErrorCode::MailboxInUse,
        Some(ResponseCode::LoginDelay) => return ErrorCode::TooOften,
        Some(ResponseCode::SysTemp) => return ErrorCode::ServerBusy,
        Some(ResponseCode::SysPerm) => return ErrorCode::ServerRefuses,
        Some(ResponseCode::Auth) => return auth_code(text),
        _ => {}
    }
    let text = text.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if says(&[
        "in use",
        "locked",
        "is busy",
        "another session",
        "already open",
    ]) {
        return ErrorCode::MailboxInUse;
    }
    if says(&[
        "too many",
        "too often",
        "too frequent",
        "login rate",
        "login delay",
    ]) {
        return ErrorCode::TooOften;
    }
    match doing {
        Doing::SignIn | Doing::TokenSignIn => auth_code(&text),
        Doing::Greeting => ErrorCode::ServerBusy,
        Doing::Stls => ErrorCode::StlsRefused,
        Doing::Listing => ErrorCode::ServerRefuses,
    }
}

fn auth_code(text: &str) -> ErrorCode {
    let text = text.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if says(&[
        "application-specific",
        "app password",
        "app-password",
        "web login required",
    ]) {
        return ErrorCode::AuthAppPassword;
    }
    if text.contains("pop") && says(&["not enabled", "disabled", "not allowed", "switched off"]) {
        return ErrorCode::PopSwitchedOff;
    }
    ErrorCode::AuthRefused
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_sign_in_is_told_by_its_code_then_by_its_words() {
        use ErrorCode::*;
        for (code, text, expected) in [
            (Some(ResponseCode::InUse), "", MailboxInUse),
            (Some(ResponseCode::LoginDelay), "", TooOften),
            (Some(ResponseCode::SysTemp), "", ServerBusy),
            (Some(ResponseCode::SysPerm), "", ServerRefuses),
            (
                Some(ResponseCode::Auth),
                "Invalid login or password",
                AuthRefused,
            ),
            (
                Some(ResponseCode::Auth),
                "Application-specific password required",
                AuthAppPassword,
            ),
            (
                None,
                "Your account is not enabled for POP access",
                PopSwitchedOff,
            ),
            (None, "Maildrop is locked by another client", MailboxInUse),
            (None, "Too many logins, wait a little", TooOften),
            (None, "Authentication failed.", AuthRefused),
            (None, "", AuthRefused),
        ] {
            assert_eq!(
                refusal_code(Doing::SignIn, code.as_ref(), text),
                expected,
                "{text:?}"
            );
        }
    }
}
