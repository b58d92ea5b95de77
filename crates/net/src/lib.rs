#![doc = include_str!("../README.md")]
//!
//! # Inside
//!
//! TLS stands in [`tls`] for lines we make and in [`ServerTls`] for lines made to us, so that the
//! library behind it can change in two places.

mod admission;
mod certificate;
mod der;
mod dial;
mod door;
mod error;
mod line;
mod listener;
#[cfg(feature = "simulation")]
mod network;
pub mod proxy;
mod self_made;
mod server_certificate;
mod server_line;
mod server_tls;
pub mod tls;
mod verifiers;

pub use admission::{Admission, Admitted, ConnectionLimits, Full};
pub use dial::{Dialler, Target};
pub use door::{Accepted, Door, Patience, Refused, Trouble, stopped};
pub use error::{CertificateFault, DialError};
pub use line::{Encryption, Line, LineBinding};
pub use listener::listen;
#[cfg(feature = "simulation")]
pub use network::{Answer, Network, Stream};
pub use proxy::{Origin, ProxyError};
pub use server_certificate::{CertificateProblem, CertificateSource, MinimumTls, OpenKey};
pub use server_line::ServerLine;
pub use server_tls::{Clock, Renewal, ServerTls};
