//! What the shells share of the network: names, dialling, TLS, deadlines.
//!
//! Knows sockets and certificates, no protocol. Every wait has a deadline that the caller gives.
//! TLS stands in [`tls`] alone, so that the library behind it can change in one place.

mod certificate;
mod der;
mod dial;
mod error;
mod line;
#[cfg(feature = "simulation")]
mod network;
pub mod tls;
mod verifiers;

pub use dial::{Dialler, Target};
pub use error::{CertificateFault, DialError};
pub use line::{Encryption, Line, LineBinding};
#[cfg(feature = "simulation")]
pub use network::{Answer, Network, Stream};
