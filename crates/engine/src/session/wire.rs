//! Moves octets between a line and the client machine.
//!
//! Reads while it writes: a server that is sent 2,000 commands at once stops reading them until
//! its answers are taken. Every wait ends after the read timeout.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use inhaul_net::{Encryption, Line, LineBinding};
use inhaul_pop3_proto::client::{Client, Command, Event, SendError};
use inhaul_types::Secret;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::timeout;

use crate::failure::RunError;
use crate::overheard::Overheard;

/// A line with a client machine on it.
#[derive(Debug)]
pub(crate) struct Wire {
    line: Option<Line>,
    pub(crate) client: Client,
    read_timeout: Duration,
    unflushed: bool,
    /// Where whoever reads along hears what is said.
    overheard: Option<Arc<Overheard>>,
}

/// Octets taken from the line at once. On the stack while a poll runs, so that a thousand idle
/// sessions hold no read buffers.
const READ_AT_ONCE: usize = 64 << 10;

impl Wire {
    pub(crate) fn new(line: Line, read_timeout: Duration) -> Self {
        Self {
            line: Some(line),
            client: Client::new(),
            read_timeout,
            unflushed: false,
            overheard: None,
        }
    }

    /// The same, with somebody who may read along.
    pub(crate) fn overheard_by(self, overheard: Option<&Arc<Overheard>>) -> Self {
        Self {
            overheard: overheard.cloned(),
            ..self
        }
    }

    /// Queues a command; it leaves with the next [`Wire::pump`].
    pub(crate) fn send(&mut self, command: Command) -> Result<(), RunError> {
        self.client.send(command).map_err(|error| match error {
            SendError::ForbiddenOctet { .. } => RunError::Unspeakable,
            error => unreachable_order(&error),
        })
    }

    /// Takes the line out, for a TLS handshake on it.
    pub(crate) fn take_line(&mut self) -> Line {
        self.line
            .take()
            .expect("a wire lends its line to one handshake at a time")
    }

    /// Puts the encrypted line in; what the server said before the handshake is forgotten.
    pub(crate) fn put_encrypted(&mut self, line: Line) {
        self.line = Some(line);
        self.client.tls_established();
    }

    /// Answers the open challenge. There is one: nobody else answers it.
    pub(crate) fn respond(&mut self, response: &Secret) {
        if let Err(error) = self.client.respond(response) {
            debug_assert!(false, "a response was given unasked: {error}");
        }
    }

    /// Gives the open challenge up, for the server's sake: nobody waits for its answer.
    pub(crate) async fn give_up_sign_in(&mut self) {
        if self.client.cancel().is_ok() {
            // The session ends here however that goes.
            drop(self.flush().await);
        }
    }

    /// What a sign-in can be bound to.
    pub(crate) fn binding(&self) -> Option<LineBinding> {
        self.line.as_ref().and_then(Line::binding)
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.line.as_ref().is_some_and(Line::is_encrypted)
    }

    /// How the line is encrypted; `None` of a plain one.
    pub(crate) fn encryption(&self) -> Option<Encryption> {
        self.line.as_ref().and_then(Line::encryption)
    }

    /// Pumps until `take` makes something of an event.
    pub(crate) async fn until<T>(
        &mut self,
        mut take: impl FnMut(Event<'_>) -> Option<T>,
    ) -> Result<T, RunError> {
        loop {
            while let Some(event) = self.client.poll_event()? {
                if let Some(made) = take(event) {
                    return Ok(made);
                }
            }
            self.pump().await?;
        }
    }

    /// Writes what is queued and waits for the server to say something. May be dropped while it
    /// waits: nothing that was read is lost.
    pub(crate) async fn pump(&mut self) -> Result<(), RunError> {
        let limit = self.read_timeout;
        match timeout(limit, poll_fn(|context| self.poll_pump(context))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(RunError::Cut(Some(error))),
            Err(_) => Err(RunError::Silent(limit.as_secs())),
        }
    }

    /// Writes what is queued and waits for nothing but the line to take it.
    pub(crate) async fn flush(&mut self) -> Result<(), RunError> {
        let limit = self.read_timeout;
        match timeout(limit, poll_fn(|context| self.poll_write_queued(context))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(RunError::Cut(Some(error))),
            Err(_) => Err(RunError::Silent(limit.as_secs())),
        }
    }

    fn poll_pump(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(overheard) = &self.overheard {
            overheard.tell(context, || self.client.transcript().render());
        }
        if let Poll::Ready(Err(error)) = self.poll_write_queued(context) {
            // A server that hangs up may have said why before: what it said is read first.
            return match self.poll_read_some(context) {
                Poll::Pending => Poll::Ready(Err(error)),
                read => read,
            };
        }
        self.poll_read_some(context)
    }

    fn poll_read_some(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let line = self
            .line
            .as_mut()
            .expect("nothing is pumped during a handshake");
        let mut octets = [const { MaybeUninit::uninit() }; READ_AT_ONCE];
        let mut buffer = ReadBuf::uninit(&mut octets);
        match Pin::new(line).poll_read(context, &mut buffer) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(())) if buffer.filled().is_empty() => {
                self.client.handle_eof();
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Ok(())) => {
                self.client.handle_input(buffer.filled());
                Poll::Ready(Ok(()))
            }
            // Many servers end a TLS session without saying so.
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.client.handle_eof();
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
        }
    }

    fn poll_write_queued(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let line = self
            .line
            .as_mut()
            .expect("nothing is pumped during a handshake");
        while !self.client.poll_output().is_empty() {
            match Pin::new(&mut *line).poll_write(context, self.client.poll_output()) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(written)) => {
                    self.client.output_written(written);
                    self.unflushed = true;
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
        if self.unflushed {
            match Pin::new(line).poll_flush(context) {
                Poll::Ready(Ok(())) => self.unflushed = false,
                other => return other,
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// The engine asks in an order the machine allows; an error here is a mistake of ours.
fn unreachable_order(error: &SendError) -> RunError {
    debug_assert!(false, "a command was sent out of order: {error}");
    RunError::Cut(None)
}

#[cfg(all(test, feature = "simulation"))]
mod tests {
    use super::*;

    /// A line that fails both ways, however often it is tried.
    #[derive(Debug)]
    struct Broken;

    impl AsyncRead for Broken {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
        }
    }

    impl AsyncWrite for Broken {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn a_line_that_fails_both_ways_ends_the_session() {
        let mut wire = Wire::new(Line::Simulated(Box::new(Broken)), Duration::from_secs(60));
        wire.client.handle_input(b"+OK hello\r\n");
        let greeting = |event: Event<'_>| matches!(event, Event::Greeting { .. }).then_some(());
        wire.until(greeting).await.unwrap();
        wire.send(Command::Quit).unwrap();
        // Twice: what failed once is not asked for ever.
        for _ in 0..2 {
            let error = wire.until(|_| None::<()>).await.unwrap_err();
            assert!(matches!(error, RunError::Cut(_)), "{error:?}");
        }
    }
}
