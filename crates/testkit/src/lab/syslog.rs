//! A syslog of the server's own: gathers what is written to `/dev/log` within its root.

use std::fs;
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use anyhow::{Context as _, Result};

use super::root::Root;

/// What a server has logged so far.
#[derive(Debug)]
pub(crate) struct Syslog {
    lines: Arc<Mutex<Vec<String>>>,
    socket: UnixDatagram,
    closing: Arc<AtomicBool>,
    gathering: Option<JoinHandle<()>>,
}

impl Syslog {
    pub(crate) fn listen(root: &Root) -> Result<Self> {
        let path = root.path("/dev/log");
        let socket = UnixDatagram::bind(&path).context("no syslog for the server")?;
        // Servers log under all kinds of names.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666))?;
        let lines = Arc::new(Mutex::new(Vec::new()));
        let closing = Arc::new(AtomicBool::new(false));
        let gathering = thread::spawn({
            let (socket, lines, closing) = (
                socket.try_clone()?,
                Arc::clone(&lines),
                Arc::clone(&closing),
            );
            move || gather(&socket, &lines, &closing)
        });
        Ok(Self {
            lines,
            socket,
            closing,
            gathering: Some(gathering),
        })
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let lines = self.lines.lock();
        lines.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Syslog {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::SeqCst);
        drop(self.socket.shutdown(Shutdown::Both));
        let panicked = |thread: JoinHandle<()>| thread.join().is_err();
        if self.gathering.take().is_some_and(panicked) {
            eprintln!("the thread of the syslog panicked");
        }
    }
}

fn gather(socket: &UnixDatagram, lines: &Mutex<Vec<String>>, closing: &AtomicBool) {
    let mut datagram = vec![0; LONGEST];
    while let Ok(length) = socket.recv(&mut datagram) {
        if closing.load(Ordering::SeqCst) {
            return;
        }
        let text = String::from_utf8_lossy(&datagram[..length]);
        let text = text.trim_end_matches(['\n', '\0']).to_string();
        lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(text);
    }
}

/// Longer than any line syslog(3) writes.
const LONGEST: usize = 16 * 1024;
