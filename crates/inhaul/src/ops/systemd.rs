//! The service manager: it is told when we are ready, reloading, stopping and alive, and may hand
//! us sockets that it has opened.
//!
//! Everything here does nothing where no service manager asks for it, so callers need not know
//! whether there is one. A message it does not take is no reason to stop: it has its own deadlines.

use std::collections::HashMap;
use std::io;
use std::net;
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::time::Duration;

use listenfd::ListenFd;
use sd_notify::NotifyState;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::health::Source;

/// Whether what is printed goes to the service manager's journal, where it stays.
pub(crate) fn keeps_a_journal() -> bool {
    std::env::var_os("JOURNAL_STREAM").is_some()
}

/// Everything is open and people are served; also at the end of a reload.
pub(crate) fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(&one_line(status))]);
}

/// The configuration is being read again. [`ready`] ends it.
pub(crate) fn reloading() {
    let now = NotifyState::monotonic_usec_now();
    let states = [Some(NotifyState::Reloading), now.ok()];
    tell(&states.into_iter().flatten().collect::<Vec<_>>());
}

/// The last runs end.
pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// What `systemctl status` shows: counts, never names of people.
pub(crate) fn status(text: &str) {
    tell(&[NotifyState::Status(&one_line(text))]);
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "the service manager was not reached");
    }
}

/// A message is a list of lines: a status that held one more could say anything.
fn one_line(text: &str) -> String {
    text.replace(|c: char| c.is_control(), " ")
}

/// While `source` is well, says so twice as often as the service manager wants to hear it
/// (`WatchdogSec=`). One that is not well is started anew by it, and the log says why. Ends when
/// `stop` turns true, or at once if nobody wants to hear.
pub(crate) async fn watchdog(source: Arc<dyn Source>, mut stop: watch::Receiver<bool>) {
    let Some(patience) = sd_notify::watchdog_enabled() else {
        return;
    };
    let half = patience / 2;
    let mut ticks = interval(half.max(Duration::from_millis(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            _ = ticks.tick() => {}
        }
        match timeout(half, source.alive()).await {
            Ok(checks) if checks.all_good() => tell(&[NotifyState::Watchdog]),
            Ok(checks) => tracing::error!(faults = checks.faults(), "not well"),
            Err(_) => tracing::error!(faults = "no answer", "not well"),
        }
    }
}

/// The sockets that were opened for us, by the name in their unit (`FileDescriptorName=`): "web",
/// "pop3", "pop3s", "imap", "imaps", "ops". Where a name has sockets, they take the place of the
/// addresses configured for it.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    by_name: HashMap<String, Vec<OpenedSocket>>,
}

/// One of them.
#[derive(Debug)]
pub(crate) enum OpenedSocket {
    /// On the network.
    Tcp(net::TcpListener),
    /// A file, for a proxy.
    Unix(UnixListener),
}

impl Opened {
    /// Takes the sockets of this name; each can be taken once.
    pub(crate) fn take(&mut self, name: &str) -> Vec<OpenedSocket> {
        self.by_name.remove(name).unwrap_or_default()
    }

    /// Names that nobody took: a socket that nobody serves is a mistake in a unit.
    pub(crate) fn left(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.by_name.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }
}

/// What the service manager opened (sd_listen_fds(3)); nothing where there is none. To be called
/// once, before anything else opens files: the numbers are ours only then.
pub(crate) fn listeners_from_systemd() -> io::Result<Opened> {
    let variable = |name| std::env::var(name).unwrap_or_default();
    // Meant for another process, of which we are a child.
    if variable("LISTEN_PID") != std::process::id().to_string() {
        return Ok(Opened::default());
    }
    let names = variable("LISTEN_FDNAMES");
    let mut sockets = ListenFd::from_env();
    let names = names_of(sockets.len(), &names)?;
    let mut opened = Opened::default();
    for (number, name) in names.into_iter().enumerate() {
        let socket = take(&mut sockets, number)
            .map_err(|error| io::Error::new(error.kind(), format!("socket {name}: {error}")))?;
        opened.by_name.entry(name).or_default().push(socket);
    }
    Ok(opened)
}

/// The socket as what it is; tokio wants it not to block.
fn take(sockets: &mut ListenFd, number: usize) -> io::Result<OpenedSocket> {
    if let Ok(Some(socket)) = sockets.take_unix_listener(number) {
        socket.set_nonblocking(true)?;
        return Ok(OpenedSocket::Unix(socket));
    }
    match sockets.take_tcp_listener(number)? {
        Some(socket) => {
            socket.set_nonblocking(true)?;
            Ok(OpenedSocket::Tcp(socket))
        }
        None => Err(io::ErrorKind::NotFound.into()),
    }
}

/// One name for each socket.
fn names_of(sockets: usize, text: &str) -> io::Result<Vec<String>> {
    let names: Vec<_> = text.split(':').map(str::to_owned).collect();
    if sockets == 0 {
        return Ok(Vec::new());
    }
    if names.len() == sockets && names.iter().all(|name| !name.is_empty()) {
        return Ok(names);
    }
    let what = format!(
        "{sockets} sockets with the names {text:?}: each needs FileDescriptorName= in its unit"
    );
    Err(io::Error::new(io::ErrorKind::InvalidInput, what))
}

#[cfg(test)]
mod tests;
