//! The server: its listeners, its mailboxes, its switches.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::certificates::Certificates;
use crate::mailbox::Mailbox;
use crate::session::{Conversation, Start};
use crate::switches::ServerSwitches;
use crate::watch::Watcher;
use crate::wire::Socket;

/// What a server is made from.
#[derive(Clone, Debug)]
pub struct SampleConfig {
    /// The port for plain text and `STLS`, on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Whether there are certificates, a TLS port, and `STLS`.
    pub tls: Tls,
    /// The names that good certificates are for; the first is the server's own.
    pub names: Vec<String>,
    /// The password of mailboxes that are made by [`SampleServer::mailbox`].
    pub password: String,
}

/// Whether a server can encrypt.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Tls {
    /// Plain text only.
    #[default]
    Absent,
    /// On a port of its own, and by `STLS`.
    Offered,
}

impl Default for SampleConfig {
    /// A free port, no TLS, password `secret`.
    fn default() -> Self {
        Self {
            port: 0,
            tls: Tls::Absent,
            names: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
            password: "secret".to_owned(),
        }
    }
}

/// A running server. Dropping it cuts every line.
#[derive(Debug)]
pub struct SampleServer {
    shared: Arc<Shared>,
    address: SocketAddr,
    tls_address: Option<SocketAddr>,
    listeners: JoinSet<()>,
}

/// What all sessions of a server share.
pub(crate) struct Shared {
    house: Arc<House>,
    switches: Mutex<Arc<ServerSwitches>>,
    /// Changes when all lines are to be cut.
    cuts: watch::Sender<u64>,
    connections: watch::Sender<u64>,
}

/// What all doors to the same mailboxes share.
struct House {
    mailboxes: Mutex<HashMap<String, Mailbox>>,
    password: String,
    certificates: Option<Certificates>,
}

impl House {
    fn of(config: SampleConfig) -> io::Result<Arc<Self>> {
        let certificates = match config.tls {
            Tls::Absent => None,
            Tls::Offered => Some(Certificates::make(&config.names)?),
        };
        Ok(Arc::new(Self {
            mailboxes: Mutex::default(),
            password: config.password,
            certificates,
        }))
    }
}

impl SampleServer {
    /// Binds its ports on 127.0.0.1 and serves them, in tasks of the current runtime.
    pub async fn start(config: SampleConfig) -> io::Result<Self> {
        let port = config.port;
        Self::open(House::of(config)?, port).await
    }

    /// A server without ports: it talks to whoever is given to [`SampleServer::serve`].
    pub fn unbound(config: SampleConfig) -> io::Result<Self> {
        Ok(Self {
            shared: Shared::of(House::of(config)?),
            address: (Ipv4Addr::UNSPECIFIED, 0).into(),
            tls_address: None,
            listeners: JoinSet::new(),
        })
    }

    /// Talks to one client in plain text, over whatever line it came, until one of them closes it.
    /// `watcher` is told of what happens.
    pub fn serve(
        &self,
        socket: Box<dyn Socket>,
        watcher: Watcher,
    ) -> impl Future<Output = ()> + Send + 'static {
        let shared = Arc::clone(&self.shared);
        shared.connections.send_modify(|count| *count += 1);
        Conversation::new(shared, socket, Some(watcher)).hold(Start::Plain)
    }

    /// Opens another door to the same mailboxes: free ports, and switches of its own. So one
    /// server can stand for several providers, of which one misbehaves.
    pub async fn another_door(&self) -> io::Result<Self> {
        Self::open(Arc::clone(&self.shared.house), 0).await
    }

    async fn open(house: Arc<House>, port: u16) -> io::Result<Self> {
        let plain = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let tls = match house.certificates {
            None => None,
            Some(_) => Some(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?),
        };
        let address = plain.local_addr()?;
        let tls_address = tls.as_ref().map(TcpListener::local_addr).transpose()?;
        let shared = Shared::of(house);
        let mut listeners = JoinSet::new();
        listeners.spawn(accept(plain, Start::Plain, Arc::clone(&shared)));
        if let Some(tls) = tls {
            listeners.spawn(accept(tls, Start::Tls, Arc::clone(&shared)));
        }
        Ok(Self {
            shared,
            address,
            tls_address,
            listeners,
        })
    }

    /// Where it speaks plain text, and TLS after `STLS`; port 0 of a server without ports.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it speaks TLS from the start, if it does.
    pub fn tls_address(&self) -> Option<SocketAddr> {
        self.tls_address
    }

    /// The authority behind its good certificates, if it has any.
    pub fn ca_pem(&self) -> Option<&str> {
        self.shared.certificates().map(Certificates::ca_pem)
    }

    /// The mailbox of a user, made with the configured password if it is not there.
    pub fn mailbox(&self, user: &str) -> Mailbox {
        let mut mailboxes = self.shared.mailboxes();
        let mailbox = mailboxes
            .entry(user.to_owned())
            .or_insert_with(|| Mailbox::new(user, &self.shared.house.password));
        mailbox.clone()
    }

    /// Changes the switches.
    pub fn set(&self, change: impl FnOnce(&mut ServerSwitches)) {
        self.shared.change(change);
    }

    /// The switches as they are.
    pub fn switches(&self) -> Arc<ServerSwitches> {
        self.shared.switches()
    }

    /// Puts every switch of this door back; those of mailboxes stay.
    pub fn behave(&self) {
        self.set(|switches| *switches = ServerSwitches::default());
    }

    /// How many connections there have been at this door.
    pub fn connections(&self) -> u64 {
        *self.shared.connections.borrow()
    }

    /// Cuts every line of this door, as a router that is switched off would.
    pub fn cut_all(&self) {
        self.shared.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Closes its ports and cuts every line; nothing of it runs behind this.
    pub async fn stop(mut self) {
        self.listeners.shutdown().await;
    }
}

/// Takes connections until it is aborted. Its sessions end with it: they live in its set.
async fn accept(listener: TcpListener, start: Start, shared: Arc<Shared>) {
    let mut sessions = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // An accept that fails says something of one client, or of too many open files.
                if let Ok((stream, _)) = accepted {
                    shared.connections.send_modify(|count| *count += 1);
                    sessions.spawn(serve(stream, start, Arc::clone(&shared)));
                }
            }
            Some(_) = sessions.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, start: Start, shared: Arc<Shared>) {
    // Packets are to be as the switches say, not as the kernel gathers them. Where it refuses,
    // they are gathered.
    drop(stream.set_nodelay(true));
    let mut cuts = shared.cuts.subscribe();
    tokio::select! {
        () = Conversation::new(shared, Box::new(stream), None).hold(start) => {}
        _ = cuts.changed() => {}
    }
}

impl Shared {
    fn of(house: Arc<House>) -> Arc<Self> {
        Arc::new(Self {
            house,
            switches: Mutex::default(),
            cuts: watch::channel(0).0,
            connections: watch::channel(0).0,
        })
    }

    pub(crate) fn find(&self, user: &str) -> Option<Mailbox> {
        self.mailboxes().get(user).cloned()
    }

    pub(crate) fn switches(&self) -> Arc<ServerSwitches> {
        Arc::clone(&self.locked_switches())
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut ServerSwitches)) {
        change(Arc::make_mut(&mut self.locked_switches()));
    }

    pub(crate) fn certificates(&self) -> Option<&Certificates> {
        self.house.certificates.as_ref()
    }

    fn mailboxes(&self) -> MutexGuard<'_, HashMap<String, Mailbox>> {
        self.house
            .mailboxes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn locked_switches(&self) -> MutexGuard<'_, Arc<ServerSwitches>> {
        self.switches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Shared({} mailboxes)", self.mailboxes().len())
    }
}
