//! A line that ends when its other side does not read.
//!
//! A peer that acknowledges and never reads keeps a line open for ever: nothing in TCP ends it. A
//! write that gets nowhere for [`READ_PATIENCE`] fails here, and with it the connection.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// What was seen of a line; asked when it is over.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Octets came to which nothing was answered.
    unanswered: AtomicBool,
    /// It was given up because nothing was read.
    unread: AtomicBool,
}

impl Seen {
    /// Whether octets came to which nothing was answered.
    pub(super) fn is_unanswered(&self) -> bool {
        self.unanswered.load(Ordering::Relaxed)
    }

    /// Whether it was given up because nothing was read.
    pub(super) fn is_unread(&self) -> bool {
        self.unread.load(Ordering::Relaxed)
    }
}

/// The line.
#[derive(Debug)]
pub(super) struct Watched<L> {
    line: L,
    seen: Arc<Seen>,
    /// Until when what is to be written now has time; `None` while writing gets on.
    patience: Option<Pin<Box<Sleep>>>,
}

impl<L> Watched<L> {
    pub(super) fn new(line: L) -> (Self, Arc<Seen>) {
        let seen = Arc::new(Seen::default());
        let watched = Self {
            line,
            seen: Arc::clone(&seen),
            patience: None,
        };
        (watched, seen)
    }

    /// What a step of writing came to, or that it takes too long.
    fn in_time<T>(
        &mut self,
        step: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if step.is_ready() {
            self.patience = None;
            self.seen.unanswered.store(false, Ordering::Relaxed);
            return step;
        }
        let patience = self
            .patience
            .get_or_insert_with(|| Box::pin(sleep(READ_PATIENCE)));
        ready!(patience.as_mut().poll(context));
        self.seen.unread.store(true, Ordering::Relaxed);
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<L: AsyncRead + Unpin> AsyncRead for Watched<L> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = octets.filled().len();
        let read = Pin::new(&mut this.line).poll_read(context, octets);
        if octets.filled().len() > before {
            this.seen.unanswered.store(true, Ordering::Relaxed);
        }
        read
    }
}

impl<L: AsyncWrite + Unpin> AsyncWrite for Watched<L> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let step = Pin::new(&mut this.line).poll_write(context, octets);
        this.in_time(step, context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let step = Pin::new(&mut this.line).poll_write_vectored(context, octets);
        this.in_time(step, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.line.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match Pin::new(&mut this.line).poll_flush(context) {
            // Nothing was to be written: that is no answer.
            Poll::Ready(flushed) if this.patience.is_none() => Poll::Ready(flushed),
            step => this.in_time(step, context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let step = Pin::new(&mut this.line).poll_shutdown(context);
        match this.in_time(step, context) {
            // The line is closed under it, which is all that was wanted.
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::TimedOut => {
                Poll::Ready(Ok(()))
            }
            step => step,
        }
    }
}

/// For some octets of an answer to be taken. Mobile networks are away for half a minute.
pub(super) const READ_PATIENCE: Duration = Duration::from_secs(60);
