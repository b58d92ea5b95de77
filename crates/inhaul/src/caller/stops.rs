//! Being asked to stop: by a signal to this process, or by a caller elsewhere.

use std::io;

use serde::{Deserialize, Serialize};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::Asked;
use crate::exit::Exit;

/// How somebody asked to stop.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Stop {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// The server that carries the command out stops.
    Server,
}

impl Stop {
    /// How a program ends that stopped for it.
    pub(crate) fn exit(self) -> Exit {
        match self {
            Self::Interrupt => Exit::INTERRUPTED,
            Self::Terminate | Self::Server => Exit::TERMINATED,
        }
    }
}

/// The caller's wishes to stop, one after the other.
#[derive(Debug)]
pub(crate) struct Stops(Source);

#[derive(Debug)]
enum Source {
    Signals {
        interrupt: Signal,
        terminate: Signal,
    },
    Caller {
        asked: watch::Receiver<Asked>,
        heard: u32,
    },
}

impl Stops {
    /// The signals of this process.
    pub(crate) fn of_process() -> io::Result<Self> {
        Ok(Self(Source::Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        }))
    }

    /// What a caller elsewhere asked, from the first time on.
    pub(super) fn of_caller(asked: watch::Receiver<Asked>) -> Self {
        Self(Source::Caller { asked, heard: 0 })
    }

    /// Waits until somebody asks (again). Loses nothing when it is not waited for to the end.
    pub(crate) async fn next(&mut self) -> Stop {
        match &mut self.0 {
            Source::Signals {
                interrupt,
                terminate,
            } => tokio::select! {
                _ = interrupt.recv() => Stop::Interrupt,
                _ = terminate.recv() => Stop::Terminate,
            },
            Source::Caller { asked, heard } => {
                let before = *heard;
                let Ok(asked) = asked.wait_for(|asked| asked.times > before).await else {
                    // Whoever could ask is gone, and said so before.
                    return std::future::pending().await;
                };
                *heard += 1;
                asked.how
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_wish_is_heard_as_often_as_it_was_said_even_before_anybody_listened() {
        let (say, asked) = watch::channel(Asked::default());
        say.send_modify(|asked| asked.add(Stop::Interrupt));
        say.send_modify(|asked| asked.add(Stop::Terminate));
        let mut stops = Stops::of_caller(asked);
        assert_eq!(stops.next().await, Stop::Terminate);
        assert_eq!(stops.next().await, Stop::Terminate);
        let third = tokio::time::timeout(std::time::Duration::ZERO, stops.next()).await;
        assert!(third.is_err());
    }
}
