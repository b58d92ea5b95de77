//! The server's end: listens, takes clients, stops.
//!
//! A client's command costs nobody but itself: it has a thread and a connection of its own, and
//! what it holds is bounded. Start at [`Control::start`].

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use super::connection::Connection;
use super::greeting::State;
use super::socket::{self, Access};
use crate::cli::Context;
use crate::exit::Failure;

/// Commands carried out at once; each has a thread. What is more hears that it is.
const MOST_AT_ONCE: usize = 200;

/// What commands that were told to end at once get for it.
const AT_ONCE: Duration = Duration::from_secs(2);

/// The control socket of a running server.
#[derive(Debug)]
pub(crate) struct Control {
    path: PathBuf,
    phase: watch::Sender<Phase>,
    accepting: JoinHandle<()>,
}

/// How far the server's stop has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Phase {
    /// It does not stop.
    Open,
    /// Commands are asked to stop; runs finish the message under way.
    Stopping,
    /// They have had their time.
    AtOnce,
}

/// Whether all commands ended by themselves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Stopped {
    /// They did.
    InTime,
    /// Some were cut off.
    CutOff,
}

/// What all connections share.
#[derive(Debug)]
struct Shared {
    access: Access,
    places: Arc<Semaphore>,
    context: watch::Receiver<Context>,
}

impl Control {
    /// Listens at `path`. Each command works on the `context` that is there when it comes.
    pub(crate) fn start(path: &Path, context: watch::Receiver<Context>) -> Result<Self, Failure> {
        let access = Access::to(path, &context.borrow().config.data);
        let listener = socket::listen(path, access)?;
        let (phase, phases) = watch::channel(Phase::Open);
        let shared = Shared {
            access,
            places: Arc::new(Semaphore::new(MOST_AT_ONCE)),
            context,
        };
        Ok(Self {
            path: path.to_owned(),
            phase,
            accepting: tokio::spawn(shared.accept(listener, phases)),
        })
    }

    /// Where it listens.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes no more commands, asks those under way to stop and waits for them, so long at most.
    pub(crate) async fn stop(mut self, limit: Duration) -> Stopped {
        // Whoever comes now finds no server; the lock tells them why they cannot go on alone.
        std::fs::remove_file(&self.path).ok();
        self.phase.send_replace(Phase::Stopping);
        let asked = timeout(limit.saturating_sub(AT_ONCE), &mut self.accepting).await;
        if asked.is_ok() {
            return Stopped::InTime;
        }
        self.phase.send_replace(Phase::AtOnce);
        if timeout(AT_ONCE, &mut self.accepting).await.is_err() {
            self.accepting.abort();
        }
        Stopped::CutOff
    }
}

impl Shared {
    async fn accept(self, listener: UnixListener, mut phases: watch::Receiver<Phase>) {
        let mut connections = JoinSet::new();
        let for_clients = phases.clone();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        let connection = self.connection(stream, for_clients.clone());
                        connections.spawn(connection.converse());
                    }
                    Err(error) => {
                        // Out of files, most likely: those of others come back.
                        tracing::warn!(%error, "the control socket takes no client");
                        tokio::time::sleep(AFTER_FAILURE).await;
                    }
                },
                Some(ended) = connections.join_next() => tell(ended),
                () = stopping(&mut phases) => break,
            }
        }
        drop(listener);
        while let Some(ended) = connections.join_next().await {
            tell(ended);
        }
    }

    fn connection(&self, stream: UnixStream, phases: watch::Receiver<Phase>) -> Connection {
        let place = Arc::clone(&self.places).try_acquire_owned().ok();
        let peer = stream.peer_cred().ok();
        let state = match (&peer, &place) {
            (Some(peer), _) if !self.takes(peer.uid()) => State::Denied,
            (None, _) => State::Denied,
            (_, None) => State::Full,
            (_, Some(_)) => State::Ready,
        };
        Connection {
            stream,
            state,
            uid: peer.map_or(u32::MAX, |peer| peer.uid()),
            _place: place,
            context: self.context.clone(),
            phases,
        }
    }

    /// The socket's mode lets nobody else in; this is the second lock on the same door. Which
    /// groups a peer is in only the system knows, and it has looked.
    fn takes(&self, uid: u32) -> bool {
        let own = rustix::process::geteuid().as_raw();
        self.access == Access::Group || uid == own || uid == 0
    }
}

/// Waits until the server stops.
pub(super) async fn stopping(phases: &mut watch::Receiver<Phase>) {
    phases.wait_for(|phase| *phase != Phase::Open).await.ok();
}

/// A connection looks after its command's panics; one of its own is a mistake to be heard of.
fn tell(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a control connection broke down");
    }
}

const AFTER_FAILURE: Duration = Duration::from_millis(100);
