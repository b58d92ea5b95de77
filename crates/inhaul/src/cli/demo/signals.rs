//! Signals that end a demo: it has a directory to clear away.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::Exit;

/// What ends the demo from outside.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// The terminal was closed.
    hang_up: Signal,
}

impl Signals {
    /// From here on they no longer simply end the process.
    pub(super) fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// The exit that the next one asks for.
    pub(super) async fn next(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::INTERRUPTED,
            _ = self.terminate.recv() => Exit::TERMINATED,
            _ = self.hang_up.recv() => Exit::TERMINATED,
        }
    }
}
