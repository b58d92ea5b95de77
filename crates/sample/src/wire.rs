//! Octets to and from one client, in the packets, at the pace and up to the point switched on.

use std::io;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::switches::{FinalDot, Line, Packets};

/// What a session can be held on: a connection, or two ends of a pipe.
pub trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Socket for S {}

/// One client's line.
pub(crate) struct Wire {
    stream: Stream,
    sent: u64,
    /// When the next octet may go, if there is a rate.
    free_at: Instant,
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    /// The client is gone, or the network is.
    Lost,
    /// The line's switch cut it: [`Cut`](crate::switches::Cut).
    LineCut,
    /// Another switch wants the line to break.
    Broken,
    /// All is said.
    Said,
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        Self::Lost
    }
}

/// Between the packets of an answer that has to come apart.
const MOMENT: Duration = Duration::from_millis(2);

/// More than the clock's ticks delay a packet: the line was idle, and saves nothing up.
const LATE_MOST: Duration = Duration::from_millis(20);

/// Written at once where there is a rate: small, so that it flows.
const SLICE: usize = 2 * 1024;

impl Wire {
    pub(crate) fn new(stream: Box<dyn Socket>) -> Self {
        Self {
            stream: Stream::Plain(stream),
            sent: 0,
            free_at: Instant::now(),
        }
    }

    /// Waits for octets and appends them; 0 at the end.
    pub(crate) async fn receive(&mut self, octets: &mut Vec<u8>) -> Result<usize, End> {
        Ok(self.stream.read_buf(octets).await?)
    }

    /// Drops what has come in and was not read.
    pub(crate) async fn discard(&mut self) {
        let mut octets = vec![0; 4096];
        while let Ok(Ok(1..)) = tokio::time::timeout(MOMENT, self.stream.read(&mut octets)).await {}
    }

    /// Sends octets as the line's switches say.
    pub(crate) async fn send(&mut self, octets: &[u8], line: &Line) -> Result<(), End> {
        let left = line.cut.map(|cut| cut.after.saturating_sub(self.sent));
        let Some(left) = left.and_then(|left| usize::try_from(left).ok()) else {
            return self.send_in_packets(octets, line).await;
        };
        self.send_in_packets(&octets[..octets.len().min(left)], line)
            .await?;
        if octets.len() > left {
            Err(End::LineCut)
        } else {
            Ok(())
        }
    }

    async fn send_in_packets(&mut self, octets: &[u8], line: &Line) -> Result<(), End> {
        let mut rest = octets;
        while !rest.is_empty() {
            let packet = packet_len(rest, line);
            self.send_packet(&rest[..packet], line).await?;
            rest = &rest[packet..];
        }
        Ok(())
    }

    async fn send_packet(&mut self, packet: &[u8], line: &Line) -> Result<(), End> {
        if line.final_dot == FinalDot::Apart && packet == FINAL_DOT {
            self.stream.flush().await?;
            sleep(MOMENT).await;
        }
        if let Some(rate) = line.rate {
            // A timer that was late is made up for, or else the rate would never be reached.
            let now = Instant::now();
            let start = self.free_at.max(now.checked_sub(LATE_MOST).unwrap_or(now));
            let seconds = packet.len() as f64 / f64::from(rate.get());
            self.free_at = start + Duration::from_secs_f64(seconds);
            sleep_until(self.free_at).await;
        }
        self.stream.write_all(packet).await?;
        self.sent += packet.len() as u64;
        if !line.pause.is_zero() {
            self.stream.flush().await?;
            sleep(line.pause).await;
        }
        Ok(())
    }

    /// Hands over what is on its way, here and there.
    pub(crate) async fn flush(&mut self) -> Result<(), End> {
        Ok(self.stream.flush().await?)
    }

    /// Says nothing more until the client gives up.
    pub(crate) async fn hang(&mut self) {
        let mut octets = vec![0; 4096];
        while let Ok(1..) = self.stream.read(&mut octets).await {}
    }

    /// Closes the line behind what is on its way. The client's last words are read, or else the
    /// network would throw away what it has not read of ours.
    pub(crate) async fn close(mut self, end: End) {
        let closed = match (&mut self.stream, end) {
            // A line that breaks says no farewell in TLS either.
            (Stream::Tls(stream), End::LineCut | End::Broken) => {
                stream.get_mut().0.shutdown().await
            }
            (stream, _) => stream.shutdown().await,
        };
        if closed.is_ok() {
            drop(tokio::time::timeout(LAST_WORDS, self.hang()).await);
        }
    }

    /// What both ends know of this line and nobody between them (RFC 9266); TLS 1.3 only.
    pub(crate) fn exporter(&self) -> Option<Vec<u8>> {
        let Stream::Tls(stream) = &self.stream else {
            return None;
        };
        let (_, session) = stream.get_ref();
        if session.protocol_version() != Some(rustls::ProtocolVersion::TLSv1_3) {
            return None;
        }
        session
            .export_keying_material(vec![0; 32], b"EXPORTER-Channel-Binding", Some(&[]))
            .ok()
    }

    /// Does the handshake, and goes on encrypted.
    pub(crate) async fn secure(&mut self, acceptor: &TlsAcceptor) -> Result<(), End> {
        let Stream::Plain(stream) = mem::replace(&mut self.stream, Stream::Gone) else {
            return Err(End::Lost);
        };
        self.stream = Stream::Tls(Box::new(acceptor.accept(stream).await?));
        Ok(())
    }
}

/// How long a client may take to hang up in its turn.
const LAST_WORDS: Duration = Duration::from_secs(5);

const FINAL_DOT: &[u8] = b".\r\n";

/// How much of `rest`, which is not empty, goes into the next packet.
fn packet_len(rest: &[u8], line: &Line) -> usize {
    let line_len = || {
        rest.iter()
            .position(|octet| *octet == b'\n')
            .map_or(rest.len(), |lf| lf + 1)
    };
    let len = match line.packets {
        Packets::Whole => rest.len(),
        Packets::Octet => 1,
        Packets::Line => line_len(),
    };
    let len = if line.rate.is_some() {
        len.min(SLICE)
    } else {
        len
    };
    match line.final_dot {
        FinalDot::Together => len,
        FinalDot::Apart if rest.starts_with(FINAL_DOT) => len.min(FINAL_DOT.len()),
        FinalDot::Apart => len.min(before_final_dot(rest)),
    }
}

fn before_final_dot(rest: &[u8]) -> usize {
    let dot = rest.windows(5).position(|window| window == b"\r\n.\r\n");
    dot.map_or(rest.len(), |at| at + 2)
}

enum Stream {
    Plain(Box<dyn Socket>),
    Tls(Box<TlsStream<Box<dyn Socket>>>),
    /// A handshake took it and failed.
    Gone,
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, octets),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, octets),
            Self::Gone => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, octets),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, octets),
            Self::Gone => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
            Self::Gone => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Gone => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packets<'a>(mut rest: &'a [u8], line: &Line) -> Vec<&'a [u8]> {
        let mut packets = Vec::new();
        while !rest.is_empty() {
            let (packet, behind) = rest.split_at(packet_len(rest, line));
            packets.push(packet);
            rest = behind;
        }
        packets
    }

    #[test]
    fn an_answer_breaks_where_the_switch_says() {
        let answer = b"+OK\r\na\r\n.\r\n+OK";
        let line = |packets, final_dot| Line {
            packets,
            final_dot,
            ..Line::default()
        };
        let whole = line(Packets::Whole, FinalDot::Together);
        assert_eq!(packets(answer, &whole), [answer]);
        let apart = line(Packets::Whole, FinalDot::Apart);
        assert_eq!(
            packets(answer, &apart),
            [&b"+OK\r\na\r\n"[..], b".\r\n", b"+OK"]
        );
        assert_eq!(packets(b".\r\n", &apart), [b".\r\n"]);
        let lines = line(Packets::Line, FinalDot::Together);
        assert_eq!(
            packets(answer, &lines),
            [&b"+OK\r\n"[..], b"a\r\n", b".\r\n", b"+OK"]
        );
        assert_eq!(
            packets(b"ab", &line(Packets::Octet, FinalDot::Apart)),
            [b"a", b"b"]
        );
    }
}
