//! Takes connections for servers that expect an inetd to do so: each runs the server's command
//! once, with the line as its input and output.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use anyhow::{Context as _, Result};

use super::root::Root;

/// A free port of the loopback and the thread that takes its connections. Dropping it closes the
/// port; sessions end with their root.
#[derive(Debug)]
pub(super) struct Inetd {
    addr: SocketAddr,
    closing: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Inetd {
    pub(super) fn start(root: Arc<Root>, command: &'static [&'static str]) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
        let addr = listener.local_addr()?;
        let closing = Arc::new(AtomicBool::new(false));
        let for_thread = Arc::clone(&closing);
        let accepting = thread::spawn(move || {
            let mut sessions: Vec<Child> = Vec::new();
            for stream in listener.incoming() {
                if for_thread.load(Ordering::SeqCst) {
                    return;
                }
                sessions.retain_mut(|session| matches!(session.try_wait(), Ok(None)));
                match stream
                    .map_err(Into::into)
                    .and_then(|stream| begin(&root, command, stream))
                {
                    Ok(session) => sessions.push(session),
                    Err(error) => eprintln!("no session of {}: {error:#}", command.join(" ")),
                }
            }
        });
        Ok(Self {
            addr,
            closing,
            accepting: Some(accepting),
        })
    }

    pub(super) fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl Drop for Inetd {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        drop(TcpStream::connect(self.addr));
        let panicked = |thread: JoinHandle<()>| thread.join().is_err();
        if self.accepting.take().is_some_and(panicked) {
            eprintln!("a thread of the inetd panicked");
        }
    }
}

fn begin(root: &Root, command: &[&str], stream: TcpStream) -> Result<Child> {
    let stderr = File::options()
        .create(true)
        .append(true)
        .open(root.path(STDERR))?;
    // Servers of one write a line would wait 40 ms for each answer to reach them.
    stream.set_nodelay(true)?;
    let (here, there) = (stream.local_addr()?, stream.peer_addr()?);
    // As tcpserver and Courier's couriertcpd name them.
    root.command(command)
        .env("PROTO", "TCP")
        .env("TCPLOCALIP", here.ip().to_string())
        .env("TCPLOCALPORT", here.port().to_string())
        .env("TCPREMOTEIP", there.ip().to_string())
        .env("TCPREMOTEPORT", there.port().to_string())
        .stdin(Stdio::from(OwnedFd::from(stream.try_clone()?)))
        .stdout(Stdio::from(OwnedFd::from(stream)))
        .stderr(stderr)
        .spawn()
        .context("cannot run the server")
}

/// Where the sessions' complaints are, within the root.
pub(super) const STDERR: &str = "/tmp/stderr";
