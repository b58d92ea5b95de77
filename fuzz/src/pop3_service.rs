//! The POP3 service over a store in memory, against a client that says anything, in any pieces.

use std::cell::OnceCell;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use inhaul_access::doorkeeper::Doorkeeper;
use inhaul_access::hook::NoHook;
use inhaul_access::pop3::{Service, Settings};
use inhaul_net::{Accepted, Admission, ConnectionLimits, ServerLine};
use inhaul_store::{LocalMessage, NewAccount, SqliteStore, Store, StoreOptions, Summary, Threads};
use inhaul_types::{AccountId, Secret, Timestamp};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, split};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use crate::choices::{Choices, pieces};

/// No panic and no end but the session's; every answer is one; the maildrop is free behind every
/// session; nothing is removed but by `QUIT`, which says how much.
pub fn pop3_service(data: &[u8]) {
    thread_local! {
        static WORLD: OnceCell<World> = const { OnceCell::new() };
    }
    WORLD.with(|world| world.get_or_init(World::new).session(data));
}

struct World {
    runtime: Runtime,
    store: Arc<SqliteStore>,
    service: Arc<Service>,
    account: AccountId,
    _dir: tempfile::TempDir,
}

/// What lies in the maildrop before each session.
const MAIL: [&[u8]; 3] = [
    b"Subject: one\r\n\r\n.dot\r\n",
    b"A: b\n\nbare\r\n.\r\n..\r\n",
    b"",
];
const SIGN_IN: &[u8] = b"USER anna\r\nPASS sesame\r\n";

impl World {
    fn new() -> Self {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .expect("a runtime takes little");
        let shared = PathBuf::from("/dev/shm");
        let base = if shared.is_dir() {
            shared
        } else {
            std::env::temp_dir()
        };
        let dir = tempfile::Builder::new()
            .prefix("inhaul-fuzz-")
            .tempdir_in(base)
            .expect("a directory can be made");
        let (store, account) = runtime.block_on(furnish(dir.path().join("data")));
        let lent: Arc<dyn Store> = Arc::clone(&store) as _;
        let doorkeeper = Doorkeeper::new(Arc::clone(&lent), Arc::new(now));
        let doorkeeper = doorkeeper.expect("the system has random octets");
        let hook = Arc::new(NoHook);
        let service = Service::new(lent, doorkeeper, hook, None, Settings::default());
        Self {
            runtime,
            store,
            service,
            account,
            _dir: dir,
        }
    }

    fn session(&self, data: &[u8]) {
        let mut choices = Choices::new(data);
        let signs_in = !choices.next().is_multiple_of(4);
        let pattern_length = usize::from(choices.next() % 8);
        let pattern = choices.take(pattern_length);
        let said = choices.rest();
        self.runtime.block_on(async {
            self.fill().await;
            let answered = self.talk(signs_in, said, pattern).await;
            assert!(answered.starts_with(b"+OK inhaul is ready\r\n"));
            assert!(answered.ends_with(b"\r\n"), "half a line");
            let left = self.messages().await;
            let removed = MAIL.len() - left;
            if removed > 0 {
                let end = format!("+OK {removed} removed\r\n");
                let shown = answered.escape_ascii();
                assert!(
                    answered.ends_with(end.as_bytes()),
                    "{removed} gone: {shown}"
                );
            }
            // Nobody holds the maildrop.
            let next = self.talk(true, b"QUIT\r\n", &[]).await;
            let expected = format!("+OK {left} messages, ");
            let shown = next.escape_ascii();
            assert!(
                next.windows(expected.len())
                    .any(|part| part == expected.as_bytes()),
                "{shown}"
            );
        });
    }

    /// One session; what the client saw of it.
    async fn talk(&self, signs_in: bool, said: &[u8], pattern: &[u8]) -> Vec<u8> {
        let (ours, theirs) = tokio::io::duplex(4 << 10);
        let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        let (_stop, stopping) = watch::channel(false);
        let limits = ConnectionLimits {
            in_all: 1,
            per_address: 1,
        };
        let admitted = Admission::new(limits).admit(peer.ip());
        let accepted = Accepted {
            line: ServerLine::Simulated(Box::new(theirs)),
            peer,
            encrypted_to_proxy: false,
            admitted: admitted.expect("there is room for one"),
            stop: stopping,
        };
        let session = Arc::clone(&self.service).serve(accepted);
        let (mut read, mut write) = split(ours);
        let mut answered = Vec::new();
        let talk = async {
            let first = if signs_in { SIGN_IN } else { &[] };
            for piece in std::iter::once(first).chain(pieces(said, pattern)) {
                // The server may have hung up.
                if write.write_all(piece).await.is_err() {
                    break;
                }
            }
            drop(write.shutdown().await);
        };
        let listen = async {
            drop(read.read_to_end(&mut answered).await);
        };
        tokio::join!(session, talk, listen);
        answered
    }

    async fn messages(&self) -> usize {
        let maildrop = self.store.maildrop(self.account).await;
        maildrop.expect("the store answers").messages.len()
    }

    async fn fill(&self) {
        if self.messages().await == MAIL.len() {
            return;
        }
        let maildrop = self
            .store
            .maildrop(self.account)
            .await
            .expect("the store answers");
        let all: Vec<_> = maildrop
            .messages
            .iter()
            .map(|message| message.uid)
            .collect();
        let removed = self.store.message_remove(maildrop.folder, &all).await;
        removed.expect("the store removes");
        for octets in MAIL {
            deliver(&self.store, self.account, octets).await;
        }
    }
}

async fn furnish(dir: PathBuf) -> (Arc<SqliteStore>, AccountId) {
    let options = StoreOptions {
        clock: Arc::new(now),
        threads: Threads::Inline,
        ..StoreOptions::default()
    };
    let store = SqliteStore::open(&dir, options).await.expect("it opens");
    let anna = NewAccount {
        name: "anna".into(),
        addresses: Vec::new(),
        group: None,
        admin: false,
        password: Some(Secret::new("sesame".into())),
    };
    let account = store.account_create(anna).await.expect("it is new");
    (Arc::new(store), account)
}

async fn deliver(store: &SqliteStore, account: AccountId, octets: &[u8]) {
    let message = LocalMessage {
        account,
        folder: "INBOX".into(),
        octets: octets.to_vec(),
        summary: Summary::default(),
        at: now(),
        settles: None,
    };
    let delivered = store.records().deliver_local(message).await;
    delivered.expect("the store takes it");
}

fn now() -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000)
}
