//! The system's log: datagrams to `/dev/log`, as the C library's `syslog` sends them.
//!
//! RFC 3164 in the local form (section 4.1, without host name), because that is what every daemon
//! behind `/dev/log` reads; journald and busybox read no RFC 5424 there. Without a time stamp,
//! which all of them then add themselves: ours would have to be in the machine's time zone.
//! Of our own because it is one `format!` and one socket; the crates for it bring more.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::sections::log::{Facility, LogLevel};

/// A line to the system's log.
#[derive(Debug)]
pub(super) struct Syslog {
    path: PathBuf,
    facility: Facility,
    socket: Option<UnixDatagram>,
}

impl Syslog {
    /// To the daemon that listens at `path`. It need not run yet.
    pub(super) fn new(path: &Path, facility: Facility) -> Self {
        Self {
            path: path.to_owned(),
            facility,
            socket: None,
        }
    }

    /// Sends one message. A daemon that was restarted is found again.
    pub(super) fn send(&mut self, level: LogLevel, text: &str) -> io::Result<()> {
        let priority = code(self.facility) * 8 + severity(level);
        let process = std::process::id();
        let message = format!("<{priority}>inhaul[{process}]: {text}");
        if let Some(socket) = &self.socket
            && socket.send(message.as_bytes()).is_ok()
        {
            return Ok(());
        }
        self.socket = None;
        let socket = UnixDatagram::unbound()?;
        socket.connect(&self.path)?;
        socket.set_write_timeout(Some(PATIENCE))?;
        socket.send(message.as_bytes())?;
        self.socket = Some(socket);
        Ok(())
    }
}

/// RFC 5424 section 6.2.1, table 1.
fn code(facility: Facility) -> u8 {
    match facility {
        Facility::User => 1,
        Facility::Mail => 2,
        Facility::Daemon => 3,
        Facility::Local(number) => 16 + number,
    }
}

/// RFC 5424 section 6.2.1, table 2: the number of a level, smaller is worse.
pub(super) fn severity(level: LogLevel) -> u8 {
    match level {
        LogLevel::Error => 3,
        LogLevel::Warn => 4,
        LogLevel::Info => 6,
        LogLevel::Debug | LogLevel::Trace => 7,
    }
}

/// How long a daemon with a full queue is waited for before a line is given up.
const PATIENCE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_carries_facility_level_and_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let daemon = UnixDatagram::bind(&path).unwrap();
        let process = std::process::id();
        for (facility, level, priority) in [
            (Facility::Mail, LogLevel::Info, 22),
            (Facility::Mail, LogLevel::Error, 19),
            (Facility::Daemon, LogLevel::Warn, 28),
            (Facility::User, LogLevel::Debug, 15),
            (Facility::Local(7), LogLevel::Trace, 191),
        ] {
            let mut syslog = Syslog::new(&path, facility);
            syslog.send(level, "run finished").unwrap();
            let mut room = [0; 200];
            let size = daemon.recv(&mut room).unwrap();
            assert_eq!(
                String::from_utf8_lossy(&room[..size]),
                format!("<{priority}>inhaul[{process}]: run finished")
            );
        }
    }

    #[test]
    fn a_daemon_that_comes_back_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut syslog = Syslog::new(&path, Facility::Mail);
        assert!(syslog.send(LogLevel::Info, "nobody").is_err());
        let daemon = UnixDatagram::bind(&path).unwrap();
        syslog.send(LogLevel::Info, "one").unwrap();
        drop(daemon);
        assert!(syslog.send(LogLevel::Info, "lost").is_err());
        std::fs::remove_file(&path).unwrap();
        let daemon = UnixDatagram::bind(&path).unwrap();
        syslog.send(LogLevel::Info, "two").unwrap();
        let mut room = [0; 200];
        let size = daemon.recv(&mut room).unwrap();
        assert!(room[..size].ends_with(b"two"));
    }
}
