//! Why a line to a remote server could not be had.

use std::fmt;
use std::io;

use inhaul_types::{KeyPin, Timestamp};

/// What is wrong with a server's certificate, as far as a person needs to know.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CertificateFault {
    /// Its time is over, since then if it says so.
    Expired(Option<Timestamp>),
    /// Its time has not come, but then: often a wrong clock here.
    NotYetValid(Option<Timestamp>),
    /// It is for these names, not for the one we dialled.
    WrongName(Vec<String>),
    /// Nobody we trust signed it.
    UnknownIssuer,
    /// Its issuer took it back.
    Revoked,
    /// It is an authority's own, shown by a server: what self-signed certificates often are.
    OwnAuthority,
    /// Its key is another one than the pinned one: a new key, or another server.
    KeyChanged {
        /// The key that is trusted.
        pinned: KeyPin,
        /// The key that was shown.
        shown: KeyPin,
    },
    /// Something else, in words.
    Other(String),
}

impl fmt::Display for CertificateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired(_) => f.write_str("has expired"),
            Self::NotYetValid(_) => f.write_str("is not valid yet"),
            Self::WrongName(names) if names.is_empty() => f.write_str("is for another name"),
            Self::WrongName(names) => write!(f, "is for {}", names.join(", ")),
            Self::UnknownIssuer => f.write_str("is signed by nobody this server knows"),
            Self::Revoked => f.write_str("was revoked by its issuer"),
            Self::OwnAuthority => {
                f.write_str("is an authority's own, where one signed by it is needed")
            }
            Self::KeyChanged { pinned, shown } => write!(
                f,
                "has another key than the pinned one: pinned is {pinned}, shown was {shown}"
            ),
            Self::Other(said) => write!(f, "cannot be used ({said})"),
        }
    }
}

/// Why a line could not be had.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// DNS knows no such name.
    #[error("there is no server called {0}")]
    NameNotFound(String),
    /// An address of it is none that the caller may dial. It was not dialled.
    #[error("{0} is no server that may be used here")]
    NotAllowed(String),
    /// DNS did not answer.
    #[error("the name {name} could not be looked up")]
    LookUp {
        /// The name.
        name: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Something at the address refuses the connection.
    #[error("{host} refuses the connection on port {port}")]
    Refused {
        /// Host as configured.
        host: String,
        /// Port.
        port: u16,
    },
    /// Nothing answered in time.
    #[error("no reply from {host} on port {port} within {seconds} seconds")]
    NoAnswer {
        /// Host as configured.
        host: String,
        /// Port.
        port: u16,
        /// The deadline.
        seconds: u64,
    },
    /// There is no way to it.
    #[error("{host} cannot be reached on port {port}")]
    Unreachable {
        /// Host as configured.
        host: String,
        /// Port.
        port: u16,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The certificate proves nothing.
    #[error("the certificate of {host} {fault}")]
    Certificate {
        /// Host as configured.
        host: String,
        /// What is wrong.
        fault: CertificateFault,
        /// The key it showed, if it could be read.
        shown: Option<Box<KeyPin>>,
    },
    /// What answers does not speak TLS there.
    #[error("{host} does not speak TLS on port {port}")]
    NotTls {
        /// Host as configured.
        host: String,
        /// Port.
        port: u16,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file of trusted certificates cannot be used.
    #[error("the certificate file {path} cannot be used: {why}")]
    CaFile {
        /// The file.
        path: String,
        /// Why.
        why: String,
    },
}
