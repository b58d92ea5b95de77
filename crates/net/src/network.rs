//! A network other than the system's, for simulations.
//!
//! Stands in for name service and sockets only; everything above them, deadlines and order of
//! attempts, is [`Dialler`](crate::Dialler)'s own.

use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite};

/// Names and lines that somebody thought up.
pub trait Network: Debug + Send + Sync {
    /// The addresses of a name, as the system's resolver would answer.
    fn look_up<'a>(&'a self, host: &'a str, port: u16) -> Answer<'a, Vec<SocketAddr>>;

    /// A line to an address, as the system would connect it.
    fn connect(&self, address: SocketAddr) -> Answer<'_, Box<dyn Stream>>;
}

/// What comes in the end.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send + 'a>>;

/// Octets both ways.
pub trait Stream: AsyncRead + AsyncWrite + Debug + Send + Sync + Unpin {}

impl<S: AsyncRead + AsyncWrite + Debug + Send + Sync + Unpin> Stream for S {}
