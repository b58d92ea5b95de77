//! Moves octets between a line and the grammar of one session.
//!
//! Every wait has an end: for a command the patience of the session's state, for a client that does
//! not take its answers [`WRITE_MOST`].

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use inhaul_net::{ServerLine, ServerTls};
use inhaul_pop3_proto::server::{Limits, Session};
use tokio::io::{AsyncRead, AsyncWriteExt as _, ReadBuf};
use tokio::time::timeout;

/// One client's line with its grammar on it.
#[derive(Debug)]
pub(super) struct Wire {
    /// `None` after a handshake that failed.
    line: Option<ServerLine>,
    pub(super) grammar: Session,
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum End {
    /// The client is gone, or the network is.
    Lost,
    /// The client said nothing, or took nothing, for too long.
    Silent,
    /// All is said: `QUIT`, or we hang up.
    Said,
    /// The server stops.
    Stopping,
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        Self::Lost
    }
}

/// What waits for the client before more is made of it.
const OUTPUT_MOST: usize = 32 << 10;
/// Taken from the line at once: commands are short. On the stack while a poll runs, so that an idle
/// session holds no buffer.
const READ_AT_ONCE: usize = 4 << 10;
/// How long a client may take none of what waits for it.
const WRITE_MOST: Duration = Duration::from_secs(120);
/// How long a client may take to hang up when we have.
const FAREWELL: Duration = Duration::from_secs(2);

impl Wire {
    pub(super) fn new(line: ServerLine) -> Self {
        Self {
            line: Some(line),
            grammar: Session::new(Limits::default()),
        }
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.line.as_ref().is_some_and(ServerLine::is_encrypted)
    }

    /// Waits for the client to say something.
    pub(super) async fn receive(&mut self, patience: Duration) -> Result<(), End> {
        let read = poll_fn(|context| self.poll_receive(context));
        timeout(patience, read).await.map_err(|_| End::Silent)?
    }

    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Result<(), End>> {
        let line = self.line.as_mut().ok_or(End::Lost)?;
        let mut octets = [const { MaybeUninit::uninit() }; READ_AT_ONCE];
        let mut buffer = ReadBuf::uninit(&mut octets);
        match Pin::new(line).poll_read(context, &mut buffer) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(())) if buffer.filled().is_empty() => Poll::Ready(Err(End::Lost)),
            Poll::Ready(Ok(())) => {
                self.grammar.handle_input(buffer.filled());
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error.into())),
        }
    }

    /// Sends what has gathered, if it is much.
    pub(super) async fn flush_if_much(&mut self) -> Result<(), End> {
        match self.grammar.poll_output().len() {
            ..OUTPUT_MOST => Ok(()),
            _ => self.send().await,
        }
    }

    /// Sends what there is.
    pub(super) async fn flush(&mut self) -> Result<(), End> {
        self.send().await?;
        let line = self.line.as_mut().ok_or(End::Lost)?;
        timeout(WRITE_MOST, line.flush())
            .await
            .map_err(|_| End::Silent)??;
        Ok(())
    }

    async fn send(&mut self) -> Result<(), End> {
        let line = self.line.as_mut().ok_or(End::Lost)?;
        while !self.grammar.poll_output().is_empty() {
            let write = line.write(self.grammar.poll_output());
            let written = timeout(WRITE_MOST, write)
                .await
                .map_err(|_| End::Silent)??;
            if written == 0 {
                return Err(End::Lost);
            }
            self.grammar.output_written(written);
        }
        Ok(())
    }

    /// Encrypts the line: at once, or behind the answer to `STLS`.
    pub(super) async fn encrypt(&mut self, tls: &ServerTls, most: Duration) -> Result<(), End> {
        let line = self.line.take().ok_or(End::Lost)?;
        self.line = Some(line.encrypt(tls, most).await?);
        Ok(())
    }

    /// Closes the line behind what is on its way. What the client still says is read for a moment:
    /// else the network would throw away what it has not taken of ours.
    pub(super) async fn close(mut self) {
        let Some(line) = self.line.as_mut() else {
            return;
        };
        let farewell = async {
            line.shutdown().await?;
            let mut octets = [0; 512];
            while tokio::io::AsyncReadExt::read(line, &mut octets).await? > 0 {}
            io::Result::Ok(())
        };
        drop(timeout(FAREWELL, farewell).await);
    }
}
