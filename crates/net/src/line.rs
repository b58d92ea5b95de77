//! One connection, plain or encrypted.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use inhaul_types::Timestamp;
use rustls::ProtocolVersion;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::certificate::{end_point, not_after};

/// A line to a remote server.
#[derive(Debug)]
pub enum Line {
    /// Readable by whoever carries it.
    Plain(TcpStream),
    /// Encrypted, and the server has proven its name.
    Tls(Box<TlsStream<TcpStream>>),
    /// Of a network in memory, readable.
    #[cfg(feature = "simulation")]
    Simulated(Box<dyn crate::Stream>),
}

impl Line {
    /// Whether what is said on it is encrypted.
    pub fn is_encrypted(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// How it is encrypted; `None` of a plain line.
    pub fn encryption(&self) -> Option<Encryption> {
        let Self::Tls(stream) = self else { return None };
        let (_, session) = stream.get_ref();
        let certificate = session.peer_certificates().and_then(<[_]>::first);
        Some(Encryption {
            version: match session.protocol_version() {
                Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
                Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
                _ => "TLS",
            },
            valid_until: certificate.and_then(|certificate| not_after(certificate)),
        })
    }

    /// What both ends know of this encrypted line and nobody who stands between them: with TLS 1.3
    /// `tls-exporter` (RFC 9266), before that `tls-server-end-point` (RFC 5929), because the
    /// library does not tell what `tls-unique` needs.
    pub fn binding(&self) -> Option<LineBinding> {
        let Self::Tls(stream) = self else { return None };
        let (_, session) = stream.get_ref();
        if session.protocol_version() == Some(ProtocolVersion::TLSv1_3) {
            let octets = session
                .export_keying_material(vec![0; 32], EXPORTER_LABEL, Some(&[]))
                .ok()?;
            return Some(LineBinding {
                kind: "tls-exporter",
                octets,
            });
        }
        let shown = session.peer_certificates()?.first()?;
        Some(LineBinding {
            kind: "tls-server-end-point",
            octets: end_point(shown)?,
        })
    }

    /// The address at its other end, where the system knows it.
    pub fn peer(&self) -> Option<SocketAddr> {
        let stream = match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => stream.get_ref().0,
            #[cfg(feature = "simulation")]
            Self::Simulated(_) => return None,
        };
        stream.peer_addr().ok()
    }
}

/// How a line is encrypted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Encryption {
    /// `TLS 1.2` or `TLS 1.3`.
    pub version: &'static str,
    /// Until when the server's certificate is valid, if that can be read from it.
    pub valid_until: Option<Timestamp>,
}

const EXPORTER_LABEL: &[u8] = b"EXPORTER-Channel-Binding";

/// What an encrypted line can be told from all others by.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LineBinding {
    /// Its registered name.
    pub kind: &'static str,
    /// The same octets at both ends.
    pub octets: Vec<u8>,
}

impl AsyncRead for Line {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
            #[cfg(feature = "simulation")]
            Self::Simulated(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, octets),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, octets),
            #[cfg(feature = "simulation")]
            Self::Simulated(stream) => Pin::new(stream).poll_write(context, octets),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
            #[cfg(feature = "simulation")]
            Self::Simulated(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
            #[cfg(feature = "simulation")]
            Self::Simulated(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
