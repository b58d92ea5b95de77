//! An account with mail, the service over it, and clients in memory.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use inhaul_access::doorkeeper::Doorkeeper;
use inhaul_access::hook::{NoHook, SignInHook};
use inhaul_access::pop3::{Service, Settings};
use inhaul_net::{Accepted, Admission, ConnectionLimits, ServerLine};
use inhaul_store::{LocalMessage, NewAccount, SqliteStore, Store, StoreOptions, Summary};
use inhaul_testkit::TestDir;
use inhaul_types::{AccountId, Secret, Timestamp};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, ReadHalf, WriteHalf, split};
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub(crate) const PASSWORD: &str = "open sesame";
/// Three messages: 22, 8 and 30 octets.
pub(crate) const MAIL: [&[u8]; 3] = [
    b"Subject: one\r\n\r\n.dot\r\n",
    b"A: b\r\n\r\n",
    b"Subject: three\r\n\r\none\r\ntwo\r\n\r\n",
];

/// A store with anna's mail in it.
pub(crate) struct World {
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) service: Arc<Service>,
    pub(crate) anna: AccountId,
    stop: watch::Sender<bool>,
    _dir: TestDir,
}

impl World {
    /// With the three messages of [`MAIL`].
    pub(crate) async fn with_mail() -> Self {
        Self::with(Arc::new(NoHook), Settings::default(), &MAIL).await
    }

    pub(crate) async fn with(
        hook: Arc<dyn SignInHook>,
        settings: Settings,
        mail: &[&[u8]],
    ) -> Self {
        let dir = TestDir::new("access").unwrap();
        let data = dir.join("data");
        let store = SqliteStore::open(&data, StoreOptions::default()).await;
        let store = Arc::new(store.unwrap());
        let anna = account(&*store, "anna").await;
        let lent: Arc<dyn Store> = Arc::clone(&store) as _;
        let clock = Arc::new(|| Timestamp::from_millis(1_800_000_000_000));
        let doorkeeper = Doorkeeper::new(Arc::clone(&lent), clock).unwrap();
        let service = Service::new(lent, doorkeeper, hook, None, settings);
        let (stop, _) = watch::channel(false);
        let world = Self {
            store,
            service,
            anna,
            stop,
            _dir: dir,
        };
        for octets in mail {
            deliver(&*world.store, world.anna, octets).await;
        }
        world
    }

    /// Somebody on this machine, who has read the greeting.
    pub(crate) async fn client(&self) -> Client {
        self.client_from("127.0.0.1").await
    }

    /// Somebody elsewhere.
    pub(crate) async fn client_from(&self, address: &str) -> Client {
        let (ours, theirs) = tokio::io::duplex(16 << 10);
        let peer = SocketAddr::new(address.parse::<IpAddr>().unwrap(), 40_000);
        let limits = ConnectionLimits {
            in_all: 1,
            per_address: 1,
        };
        let accepted = Accepted {
            line: ServerLine::Simulated(Box::new(theirs)),
            peer,
            encrypted_to_proxy: false,
            admitted: Admission::new(limits).admit(peer.ip()).unwrap(),
            stop: self.stop.subscribe(),
        };
        let session = tokio::spawn(Arc::clone(&self.service).serve(accepted));
        let (read, write) = split(ours);
        let mut client = Client {
            read,
            write,
            unread: Vec::new(),
            session,
        };
        assert_eq!(client.line().await.unwrap(), "+OK inhaul is ready");
        client
    }

    /// Anna, who has signed in.
    pub(crate) async fn anna(&self) -> Client {
        let mut client = self.client().await;
        client.sign_in().await;
        client
    }

    pub(crate) async fn inbox(&self) -> Vec<u32> {
        let maildrop = self.store.maildrop(self.anna).await.unwrap();
        let uids = maildrop.messages.iter().map(|message| message.uid.number());
        uids.collect()
    }

    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }
}

pub(crate) async fn account(store: &dyn Store, name: &str) -> AccountId {
    let new = NewAccount {
        name: name.into(),
        addresses: vec![format!("{name}@example.org").parse().unwrap()],
        group: None,
        admin: false,
        password: Some(Secret::new(PASSWORD.into())),
    };
    store.account_create(new).await.unwrap()
}

pub(crate) async fn deliver(store: &dyn Store, account: AccountId, octets: &[u8]) {
    let message = LocalMessage {
        account,
        folder: "INBOX".into(),
        octets: octets.to_vec(),
        summary: Summary::default(),
        at: Timestamp::from_millis(0),
        settles: None,
    };
    store.records().deliver_local(message).await.unwrap();
}

/// One client.
pub(crate) struct Client {
    read: ReadHalf<DuplexStream>,
    write: WriteHalf<DuplexStream>,
    unread: Vec<u8>,
    session: JoinHandle<()>,
}

impl Client {
    pub(crate) async fn sign_in(&mut self) {
        assert_eq!(self.ask("USER anna").await, "+OK Now the password");
        let answer = self.ask(&format!("PASS {PASSWORD}")).await;
        assert!(answer.starts_with("+OK"), "{answer}");
    }

    /// Says a line and reads one.
    pub(crate) async fn ask(&mut self, command: &str) -> String {
        self.send(format!("{command}\r\n").as_bytes()).await;
        self.line().await.expect("an answer")
    }

    /// Says a line and reads an answer of several: its lines, as they are on the wire.
    pub(crate) async fn ask_lines(&mut self, command: &str) -> Vec<String> {
        let status = self.ask(command).await;
        assert!(status.starts_with("+OK"), "{command}: {status}");
        self.lines().await
    }

    /// The lines until the lone dot.
    pub(crate) async fn lines(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            match self.line().await.expect("a lone dot").as_str() {
                "." => return lines,
                line => lines.push(line.to_owned()),
            }
        }
    }

    pub(crate) async fn send(&mut self, octets: &[u8]) {
        self.write.write_all(octets).await.unwrap();
    }

    /// The next line; `None` when the server has hung up.
    pub(crate) async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(at) = self.unread.windows(2).position(|two| two == b"\r\n") {
                let line: Vec<u8> = self.unread.drain(..at + 2).collect();
                return Some(String::from_utf8_lossy(&line[..at]).into_owned());
            }
            if self.read.read_buf(&mut self.unread).await.unwrap() == 0 {
                assert!(self.unread.is_empty(), "half a line");
                return None;
            }
        }
    }

    /// Hangs up and waits until the server has noticed.
    pub(crate) async fn hang_up(self) {
        drop((self.read, self.write));
        self.session.await.unwrap();
    }

    /// Waits until the server has hung up.
    pub(crate) async fn closed(mut self) {
        assert_eq!(self.line().await, None);
        drop((self.read, self.write));
        self.session.await.unwrap();
    }
}

/// Whether an answer is a refusal for this reason.
#[track_caller]
pub(crate) fn assert_refused(answer: &str, why: &str) {
    assert!(
        answer.starts_with("-ERR ") && answer.contains(why),
        "{answer:?} is no refusal with {why:?}"
    );
}

impl Client {
    /// Says a line and reads an answer of several, octet by octet as it comes, without the status
    /// line and the lone dot.
    pub(crate) async fn ask_octets(&mut self, command: &str) -> Vec<u8> {
        let status = self.ask(command).await;
        assert!(status.starts_with("+OK"), "{command}: {status}");
        let mut seen: usize = 0;
        loop {
            if self.unread.starts_with(b".\r\n") {
                self.unread.drain(..3);
                return Vec::new();
            }
            let from = seen.saturating_sub(5);
            let end = self.unread[from..]
                .windows(5)
                .position(|five| five == b"\r\n.\r\n");
            if let Some(at) = end {
                let mut octets: Vec<u8> = self.unread.drain(..from + at + 5).collect();
                octets.truncate(from + at + 2);
                return octets;
            }
            seen = self.unread.len();
            assert!(self.read.read_buf(&mut self.unread).await.unwrap() > 0);
        }
    }
}
