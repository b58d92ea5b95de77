//! What signals ask of a running server.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::caller::{Stop, Stops};

/// What somebody wishes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Wish {
    /// SIGTERM or SIGINT.
    Stop(Stop),
    /// SIGHUP: read the configuration again.
    Reload,
}

/// The signals of a server's process.
#[derive(Debug)]
pub(super) struct Signals {
    stops: Stops,
    hang_up: Signal,
}

impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            stops: Stops::of_process()?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next signal.
    pub(super) async fn next(&mut self) -> Wish {
        tokio::select! {
            how = self.stops.next() => Wish::Stop(how),
            _ = self.hang_up.recv() => Wish::Reload,
        }
    }

    /// Waits for the next signal to stop.
    pub(super) async fn stop(&mut self) -> Stop {
        self.stops.next().await
    }
}
