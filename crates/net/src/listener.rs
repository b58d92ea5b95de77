//! Accepts connections: counts them, learns whose they are, and hands them to their protocol.
//!
//! Owns the tasks of its sessions. A peer that stalls stalls its own task and nothing else; each of
//! its waits has an end. Knows no protocol: what a session says, and what is said to whom there is
//! no room for, are the caller's.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::net::sockopt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};

use crate::proxy::read_header;
use crate::{Accepted, Admitted, Door, Full, Origin, Refused, ServerLine, Trouble, stopped};

/// What a listener does with connections.
struct Host<S, R, T> {
    door: Door,
    serve: S,
    refuse: R,
    tell: T,
    /// Places for peers there is no room for. More of them are let go without a word.
    refusing: Semaphore,
}

/// Takes connections until the stop, each into a task of its own: `serve` for who may come in,
/// `refuse` for whom there is no room, `tell` for what goes wrong. Then waits for the sessions, and
/// cuts off those that do not end. Returns how many it cut off.
pub async fn listen<S, R, T, Session, Refusal>(
    listener: TcpListener,
    door: Door,
    serve: S,
    refuse: R,
    tell: T,
) -> usize
where
    S: Fn(Accepted) -> Session + Send + Sync + 'static,
    R: Fn(Refused) -> Refusal + Send + Sync + 'static,
    T: Fn(Trouble) + Send + Sync + 'static,
    Session: Future<Output = ()> + Send + 'static,
    Refusal: Future<Output = ()> + Send + 'static,
{
    let host = Host {
        door,
        serve,
        refuse,
        tell,
        refusing: Semaphore::new(REFUSALS_MOST),
    };
    take(listener, Arc::new(host)).await
}

/// Where connections come from.
trait Incoming: Send + Sync {
    /// The next one.
    fn poll_next(&self, context: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>>;
}

impl Incoming for TcpListener {
    fn poll_next(&self, context: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        self.poll_accept(context)
    }
}

async fn take<S, R, T, Session, Refusal>(incoming: impl Incoming, host: Arc<Host<S, R, T>>) -> usize
where
    S: Fn(Accepted) -> Session + Send + Sync + 'static,
    R: Fn(Refused) -> Refusal + Send + Sync + 'static,
    T: Fn(Trouble) + Send + Sync + 'static,
    Session: Future<Output = ()> + Send + 'static,
    Refusal: Future<Output = ()> + Send + 'static,
{
    let mut stop = host.door.stop.clone();
    let mut sessions = JoinSet::new();
    // Those end with the listening: nobody waits for them.
    let mut refusals = JoinSet::new();
    let mut is_refused = false;
    loop {
        let accepted = tokio::select! {
            biased;
            () = stopped(&mut stop) => break,
            Some(ended) = sessions.join_next() => {
                host.ended(ended);
                continue;
            }
            Some(ended) = refusals.join_next() => {
                host.ended(ended);
                continue;
            }
            accepted = poll_fn(|context| incoming.poll_next(context)) => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                is_refused = false;
                host.place(stream, peer, &mut sessions, &mut refusals);
            }
            // The peer gave up before it was its turn.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                // Out of descriptors, most likely: others will give some back.
                if !is_refused {
                    (host.tell)(Trouble::Accept(error));
                    is_refused = true;
                }
                tokio::select! {
                    () = sleep(BREATH) => {}
                    () = stopped(&mut stop) => break,
                }
            }
        }
    }
    // From now on the system says that nobody listens here.
    drop(incoming);
    drop(refusals);
    let drained = async {
        while let Some(ended) = sessions.join_next().await {
            host.ended(ended);
        }
    };
    match timeout(host.door.patience.drain, drained).await {
        Ok(()) => 0,
        Err(_) => {
            let left = sessions.len();
            sessions.shutdown().await;
            left
        }
    }
}

impl<S, R, T, Session, Refusal> Host<S, R, T>
where
    S: Fn(Accepted) -> Session + Send + Sync + 'static,
    R: Fn(Refused) -> Refusal + Send + Sync + 'static,
    T: Fn(Trouble) + Send + Sync + 'static,
    Session: Future<Output = ()> + Send + 'static,
    Refusal: Future<Output = ()> + Send + 'static,
{
    /// Gives a connection its task.
    fn place(
        self: &Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        sessions: &mut JoinSet<()>,
        refusals: &mut JoinSet<()>,
    ) {
        prepare(&stream);
        let peer = canonical(peer);
        let host = Arc::clone(self);
        let is_proxy = host
            .door
            .proxies
            .iter()
            .any(|proxies| proxies.contains(peer.ip()));
        let admitted = match is_proxy {
            true => host.door.admission.admit_unknown(),
            false => host.door.admission.admit(peer.ip()),
        };
        match admitted {
            Ok(admitted) if is_proxy => {
                sessions.spawn(host.welcome_proxy(stream, peer, admitted));
            }
            Ok(admitted) => {
                sessions.spawn(host.welcome(stream, peer, false, admitted));
            }
            Err(full) if is_proxy => {
                refusals.spawn(host.turn_proxy_away(stream, peer, full));
            }
            Err(full) => {
                refusals.spawn(host.turn_away(stream, peer, full));
            }
        }
    }

    /// A proxy's connection: first of all whose it is.
    async fn welcome_proxy(
        self: Arc<Self>,
        mut stream: TcpStream,
        proxy: SocketAddr,
        mut admitted: Admitted,
    ) {
        let Some((peer, encrypted)) = self.named(&mut stream, proxy).await else {
            return;
        };
        match admitted.attribute(peer.ip()) {
            Ok(()) => self.welcome(stream, peer, encrypted, admitted).await,
            Err(full) => {
                // A refusal takes nobody's place.
                drop(admitted);
                self.turn_away(stream, peer, full).await;
            }
        }
    }

    async fn welcome(
        self: Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        encrypted_to_proxy: bool,
        admitted: Admitted,
    ) {
        let limit = self.door.patience.handshake;
        let Some(line) = self.line(stream, peer, limit).await else {
            return;
        };
        let session = (self.serve)(Accepted {
            line,
            peer,
            encrypted_to_proxy,
            admitted,
            stop: self.door.stop.clone(),
        });
        session.await;
    }

    /// The header comes first here too: what is left unread spoils what is said.
    async fn turn_proxy_away(
        self: Arc<Self>,
        mut stream: TcpStream,
        proxy: SocketAddr,
        full: Full,
    ) {
        let Ok(_place) = self.refusing.try_acquire() else {
            return;
        };
        if let Some((peer, _)) = self.named(&mut stream, proxy).await {
            self.say_why(stream, peer, full).await;
        }
    }

    async fn turn_away(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, full: Full) {
        let Ok(_place) = self.refusing.try_acquire() else {
            return;
        };
        self.say_why(stream, peer, full).await;
    }

    async fn say_why(&self, stream: TcpStream, peer: SocketAddr, full: Full) {
        let limit = self.door.patience.refusal;
        let refusal = async {
            if let Some(line) = self.line(stream, peer, limit).await {
                (self.refuse)(Refused { line, peer, full }).await;
            }
        };
        // Who does not listen need not know.
        let told = self.unless_stopped(timeout(limit, refusal)).await;
        told.and_then(Result::ok).unwrap_or_default();
    }

    /// Whom a proxy speaks for, and whether it speaks TLS with them.
    async fn named(&self, stream: &mut TcpStream, proxy: SocketAddr) -> Option<(SocketAddr, bool)> {
        let header = read_header(stream, self.door.patience.proxy_header);
        match self.unless_stopped(header).await? {
            Ok(Origin::Proxy) => Some((proxy, false)),
            Ok(Origin::Client { address, encrypted }) => Some((address, encrypted)),
            Err(source) => {
                (self.tell)(Trouble::Proxy { proxy, source });
                None
            }
        }
    }

    /// The line as the protocol gets it: encrypted where that comes first.
    async fn line(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        limit: Duration,
    ) -> Option<ServerLine> {
        let line = ServerLine::Plain(stream);
        let Some(tls) = &self.door.tls else {
            return Some(line);
        };
        match self.unless_stopped(line.encrypt(tls, limit)).await? {
            Ok(line) => Some(line),
            Err(source) => {
                (self.tell)(Trouble::Handshake { peer, source });
                None
            }
        }
    }

    /// Who has not begun to speak when the port closes is not waited for.
    async fn unless_stopped<O>(&self, step: impl Future<Output = O>) -> Option<O> {
        let mut stop = self.door.stop.clone();
        tokio::select! {
            () = stopped(&mut stop) => None,
            done = step => Some(done),
        }
    }

    fn ended(&self, ended: Result<(), JoinError>) {
        if let Err(error) = ended {
            (self.tell)(Trouble::Session(error));
        }
    }
}

/// IPv4 on a listener for both comes as `::ffff:192.0.2.1`.
fn canonical(peer: SocketAddr) -> SocketAddr {
    SocketAddr::new(peer.ip().to_canonical(), peer.port())
}

/// Nothing depends on these: where one cannot be had, the connection does without.
fn prepare(stream: &TcpStream) {
    // An answer is to leave at once, not when the one before is acknowledged.
    stream.set_nodelay(true).ok();
    // A peer that is gone without a word is noticed before its session's idle time is over, and
    // routers remember one that is there.
    sockopt::set_socket_keepalive(stream, true).ok();
    sockopt::set_tcp_keepidle(stream, KEEP_ALIVE_AFTER).ok();
    sockopt::set_tcp_keepintvl(stream, KEEP_ALIVE_BETWEEN).ok();
    sockopt::set_tcp_keepcnt(stream, KEEP_ALIVE_TRIES).ok();
}

/// How long we wait where no connection can be taken.
const BREATH: Duration = Duration::from_millis(100);

/// Peers that are told at a time why there is no room.
const REFUSALS_MOST: usize = 64;

/// Home routers forget a quiet connection after five minutes at the earliest.
const KEEP_ALIVE_AFTER: Duration = Duration::from_secs(240);

const KEEP_ALIVE_BETWEEN: Duration = Duration::from_secs(30);

const KEEP_ALIVE_TRIES: u32 = 4;

#[cfg(test)]
mod tests;
