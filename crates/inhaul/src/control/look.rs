//! Whether a server answers, for whoever wants nothing of it: hears its greeting and hangs up.

use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::net::UnixStream;
use tokio::time::timeout;

use super::greeting::{Heard, State, hear_with_version};

/// What is at a control socket.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Looked {
    /// No file of that name, or none that can be seen.
    Nothing,
    /// A file that is no socket.
    NoSocket,
    /// A socket that nobody listens at.
    Stale,
    /// A socket that whoever asks may not use.
    Denied,
    /// Somebody who says nothing.
    Silent,
    /// Somebody who is no inhaul.
    Stranger,
    /// A server.
    Answered {
        /// Of its program.
        version: String,
        /// How long its greeting took.
        took: Duration,
        /// Its process, where the system tells.
        pid: Option<i32>,
        /// It has as many commands to carry out as it can.
        is_full: bool,
    },
}

/// Looks at the socket, for `patience` at most.
pub(crate) async fn look(path: &Path, patience: Duration) -> Looked {
    match std::fs::metadata(path) {
        Err(_) => return Looked::Nothing,
        Ok(file) if !file.file_type().is_socket() => return Looked::NoSocket,
        Ok(_) => {}
    }
    let began = Instant::now();
    let mut pid = None;
    let heard = timeout(patience, async {
        let mut line = UnixStream::connect(path).await?;
        pid = line.peer_cred().ok().and_then(|peer| peer.pid());
        hear_with_version(&mut line).await
    });
    match heard.await {
        Err(_) => Looked::Silent,
        Ok(Err(error)) if error.kind() == io::ErrorKind::PermissionDenied => Looked::Denied,
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => Looked::Stale,
        // It went away meanwhile.
        Ok(Err(_) | Ok((Heard::Nothing, _))) => Looked::Nothing,
        Ok(Ok((Heard::Understood(State::Denied), _))) => Looked::Denied,
        Ok(Ok((Heard::Stranger, _))) => Looked::Stranger,
        Ok(Ok((heard @ (Heard::Understood(_) | Heard::Other { .. }), version))) => {
            Looked::Answered {
                version: version.unwrap_or_default(),
                took: began.elapsed(),
                pid,
                is_full: heard == Heard::Understood(State::Full),
            }
        }
    }
}
