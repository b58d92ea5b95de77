//! An engine over a store and a server with one mailbox: what was sent there must be here, once.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use inhaul_domain::{Amount, Retention, StartPoint};
use inhaul_engine::{
    Checks, Clock, Engine, FailureReport, Observer, Pop3Log, RunOptions, RunReport, Unobserved,
};
use inhaul_sample::{Mailbox, SampleConfig, SampleId, SampleServer, Tls};
use inhaul_store::{
    Every, Folder, NewAccount, NewRetrieval, Remote, RemoteSecret, Retrieval, RetrievalChange,
    RetrievalLimits, Security, SqliteStore, Store, StoreOptions,
};
use inhaul_testkit::{ManualClock, TestDir};
use inhaul_types::{AccountId, Activation, ErrorCode, Octets, Secret};
use tokio::sync::watch;

/// The mailbox's password. Nothing else in these tests reads like it.
pub(crate) const PASSWORD: &str = "five-loud-herons-2093";

/// The remote user, the local account and the retrieval between them.
pub(crate) const USER: &str = "anna";

/// How an installation is to be.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) retention: Retention,
    pub(crate) first_run_keeps: bool,
    pub(crate) start: StartPoint,
    pub(crate) security: Security,
    pub(crate) read_timeout: Duration,
    pub(crate) run_timeout: Duration,
    pub(crate) size_limit: Option<Octets>,
    pub(crate) batch: Amount,
    pub(crate) user_ports: Vec<u16>,
}

impl Default for Setup {
    /// Keeps, without TLS, and has the patience of a test on a busy machine.
    fn default() -> Self {
        Self {
            retention: Retention::Keep,
            first_run_keeps: false,
            start: StartPoint::Everything,
            security: Security::None,
            read_timeout: Duration::from_secs(20),
            run_timeout: Duration::from_secs(300),
            size_limit: None,
            batch: Amount::UNBOUND,
            user_ports: Vec::new(),
        }
    }
}

impl Setup {
    /// Everything is deleted there once it is here.
    pub(crate) fn deleting() -> Self {
        Self {
            retention: Retention::Delete,
            ..Self::default()
        }
    }

    /// For servers that fall silent: the test should not wait as long as a person would.
    pub(crate) fn impatient(self) -> Self {
        Self {
            read_timeout: Duration::from_millis(400),
            ..self
        }
    }

    pub(crate) async fn start(self) -> World {
        World::start(self).await
    }
}

/// An installation, the server it reads and the one retrieval between them.
pub(crate) struct World {
    pub(crate) server: SampleServer,
    pub(crate) mailbox: Mailbox,
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) engine: Arc<Engine>,
    pub(crate) clock: ManualClock,
    pub(crate) account: AccountId,
    setup: Setup,
    dir: TestDir,
    /// Everything that ever lay in the mailbox.
    sent: Mutex<Vec<Vec<u8>>>,
}

impl World {
    pub(crate) async fn start(setup: Setup) -> Self {
        let dir = TestDir::new("engine").unwrap();
        std::fs::create_dir(dir.join("spool")).unwrap();
        let clock = ManualClock::default();
        let tls = if setup.security == Security::None {
            Tls::Absent
        } else {
            Tls::Offered
        };
        let config = SampleConfig {
            tls,
            password: PASSWORD.into(),
            ..SampleConfig::default()
        };
        let server = SampleServer::start(config).await.unwrap();
        if let Some(pem) = server.ca_pem() {
            std::fs::write(dir.join("ca.pem"), pem).unwrap();
        }
        let store = open_store(&dir, &clock, setup.size_limit).await;
        let engine = engine(Arc::clone(&store) as Arc<dyn Store>, &setup, &dir, &clock);
        let account = add_account(&*store, USER).await;
        let mailbox = server.mailbox(USER);
        let sent = Mutex::default();
        let world = Self {
            server,
            mailbox,
            store,
            engine,
            clock,
            account,
            setup,
            dir,
            sent,
        };
        world.add_retrieval(USER, USER, account).await;
        world
    }

    /// Puts messages into the mailbox.
    pub(crate) fn send(&self, messages: impl IntoIterator<Item = Vec<u8>>) -> Vec<SampleId> {
        let mut sent = self.sent.lock().unwrap();
        let append = |message: Vec<u8>| {
            sent.push(message.clone());
            self.mailbox.append(message)
        };
        messages.into_iter().map(append).collect()
    }

    /// Puts a message into the mailbox before the one at `place`, counted from 0.
    pub(crate) fn slip_in(&self, place: usize, message: Vec<u8>) -> SampleId {
        self.sent.lock().unwrap().push(message.clone());
        self.mailbox.insert(place, message)
    }

    /// Puts a message of this size into the mailbox.
    pub(crate) fn send_large(&self, size: u64) -> SampleId {
        let id = self.mailbox.append_generated(size);
        self.sent
            .lock()
            .unwrap()
            .push(self.mailbox.octets(id).unwrap());
        id
    }

    /// Takes it back from what is expected to come: it is lost there, not here.
    pub(crate) fn give_up(&self, message: &[u8]) {
        let mut sent = self.sent.lock().unwrap();
        let place = sent.iter().position(|other| other == message).unwrap();
        sent.swap_remove(place);
    }

    pub(crate) async fn add_retrieval(&self, name: &str, user: &str, account: AccountId) {
        let secret = RemoteSecret::Stored(Secret::new(PASSWORD.to_owned()));
        let new = NewRetrieval {
            name: name.into(),
            remote: self.remote(user),
            secret,
            account,
            owner: None,
            folder: "INBOX".into(),
            routing: inhaul_store::Routing::Single,
            every: Every::Never,
            retention: self.setup.retention,
            first_run_keeps: self.setup.first_run_keeps,
            start: self.setup.start,
            paused: false,
            sign_in_memory: None,
            limits: RetrievalLimits::default(),
            confined: false,
            written_at: None,
        };
        self.store.retrieval_create(new).await.unwrap();
    }

    pub(crate) async fn add_account(&self, name: &str) -> AccountId {
        add_account(&*self.store, name).await
    }

    fn remote(&self, user: &str) -> Remote {
        let security = self.setup.security;
        let tls = self
            .server
            .tls_address()
            .filter(|_| security == Security::Tls);
        let address = tls.unwrap_or_else(|| self.server.address());
        Remote {
            ca_file: (security != Security::None).then(|| self.dir.join("ca.pem")),
            security,
            user: user.into(),
            ..remote_at(address)
        }
    }

    /// Sends the retrieval by way of another address.
    pub(crate) async fn redirect(&self, address: SocketAddr) {
        let at = remote_at(address);
        let remote = Remote {
            host: at.host,
            port: at.port,
            ..self.remote(USER)
        };
        self.change(RetrievalChange {
            remote: Some(remote),
            ..RetrievalChange::default()
        })
        .await;
    }

    pub(crate) async fn set_retention(&self, retention: Retention) {
        let retention = Some(retention);
        self.change(RetrievalChange {
            retention,
            ..RetrievalChange::default()
        })
        .await;
    }

    /// Changes the remote side.
    pub(crate) async fn set_remote(&self, change: impl FnOnce(&mut Remote)) {
        let mut remote = self.retrieval().await.remote;
        change(&mut remote);
        self.change(RetrievalChange {
            remote: Some(remote),
            ..RetrievalChange::default()
        })
        .await;
    }

    pub(crate) async fn set_secret(&self, secret: RemoteSecret) {
        self.change(RetrievalChange {
            secret: Some(secret),
            ..RetrievalChange::default()
        })
        .await;
    }

    /// A file of this world's own.
    pub(crate) fn file(&self, name: &str) -> std::path::PathBuf {
        self.dir.join(name)
    }

    pub(crate) async fn change(&self, change: RetrievalChange) {
        let id = self.retrieval().await.id;
        self.store.retrieval_change(id, change).await.unwrap();
    }

    pub(crate) async fn retrieval(&self) -> Retrieval {
        self.store.retrieval_by_name(USER).await.unwrap()
    }

    /// One run, however it ends.
    pub(crate) async fn run(&self) -> RunReport {
        self.run_with(RunOptions::default()).await
    }

    pub(crate) async fn run_with(&self, options: RunOptions) -> RunReport {
        self.run_named(USER, options, &Unobserved).await
    }

    pub(crate) async fn run_named(
        &self,
        name: &str,
        options: RunOptions,
        observer: &dyn Observer,
    ) -> RunReport {
        let (_stop, stopping) = watch::channel(false);
        self.run_until(name, options, observer, stopping).await
    }

    /// One run that ends early when `stop` turns true.
    pub(crate) async fn run_until(
        &self,
        name: &str,
        options: RunOptions,
        observer: &dyn Observer,
        stop: watch::Receiver<bool>,
    ) -> RunReport {
        let retrieval = self.store.retrieval_by_name(name).await.unwrap();
        self.engine
            .run(&retrieval, Activation::Cli, options, observer, stop)
            .await
    }

    /// One run that must end well.
    #[track_caller]
    pub(crate) fn good(&self) -> impl Future<Output = RunReport> {
        let caller = std::panic::Location::caller();
        async move {
            let report = self.run().await;
            assert!(report.failure.is_none(), "{caller}: {report:?}");
            report
        }
    }

    /// One run that must fail with this code, and be recorded so.
    pub(crate) async fn fails(&self, code: ErrorCode) -> FailureReport {
        let report = self.run().await;
        let failure = report
            .failure
            .unwrap_or_else(|| panic!("{code} did not come"));
        assert_eq!(failure.code, code, "{failure:?}");
        let retrieval = self.retrieval().await;
        assert_eq!(retrieval.last_error, Some(code), "as recorded");
        // A server whose client has given up may not have noticed yet.
        self.mailbox.idle().await;
        failure
    }

    /// Lets the server behave again.
    pub(crate) fn behave(&self) {
        self.server.behave();
        self.mailbox.behave();
    }

    /// The folder's messages.
    pub(crate) async fn stored(&self) -> Vec<Vec<u8>> {
        self.stored_for(self.account).await
    }

    pub(crate) async fn stored_for(&self, account: AccountId) -> Vec<Vec<u8>> {
        let folders = self.store.folder_list(account).await.unwrap();
        read_folder(&*self.store, &folders[0]).await
    }

    /// Everything that was ever sent is here once, octet for octet.
    #[track_caller]
    pub(crate) fn assert_each_once(&self) -> impl Future<Output = ()> {
        self.assert_each_once_for(self.account)
    }

    #[track_caller]
    pub(crate) fn assert_each_once_for(&self, account: AccountId) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let (lost, doubled) = self.difference(account).await;
            assert_eq!((lost, doubled), (0, 0), "{caller}: lost and doubled");
        }
    }

    /// How many messages are missing, and how many are too many.
    pub(crate) async fn difference(&self, account: AccountId) -> (usize, usize) {
        let sent = self.sent.lock().unwrap().clone();
        difference(&sent, &self.stored_for(account).await)
    }

    /// Everything is still there or here: what a run may leave that did not end well.
    pub(crate) async fn assert_nothing_lost(&self) {
        let here = self.stored().await;
        let (_, doubled) = difference(&self.sent.lock().unwrap().clone(), &here);
        let everywhere = [here, self.mailbox.contents()].concat();
        let (lost, _) = difference(&self.sent.lock().unwrap().clone(), &everywhere);
        assert_eq!((lost, doubled), (0, 0), "lost and doubled");
    }

    /// What the last run said and heard.
    pub(crate) async fn conversation(&self) -> String {
        let runs = self
            .store
            .run_list(self.retrieval().await.id, 1)
            .await
            .unwrap();
        self.store
            .run_conversation(runs[0].id)
            .await
            .unwrap()
            .unwrap()
    }

    /// What `pop3.log` tells.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.dir.join("pop3.log")).unwrap()
    }

    /// An engine like this one's over another store.
    pub(crate) fn engine_over(&self, store: Arc<dyn Store>) -> Arc<Engine> {
        engine(store, &self.setup, &self.dir, &self.clock)
    }

    /// Goes on with what a backup holds, in another data directory.
    pub(crate) async fn restore(self, backup: &std::path::Path) -> Self {
        self.store.close().await.unwrap();
        let dir = TestDir::new("restored").unwrap();
        let options = inhaul_store::RestoreOptions {
            key_file: None,
            clock: reads(&self.clock),
        };
        SqliteStore::restore(backup, dir.path(), options)
            .await
            .unwrap();
        std::fs::create_dir_all(dir.join("spool")).unwrap();
        let store = open_store(&dir, &self.clock, None).await;
        let engine = engine(
            Arc::clone(&store) as Arc<dyn Store>,
            &self.setup,
            &dir,
            &self.clock,
        );
        Self {
            store,
            engine,
            dir,
            ..self
        }
    }

    /// Closes the store and opens it again, as another process would.
    pub(crate) async fn reopen(self, size_limit: Option<Octets>) -> Self {
        self.store.close().await.unwrap();
        let Self {
            server,
            mailbox,
            clock,
            account,
            setup,
            dir,
            sent,
            ..
        } = self;
        let store = open_store(&dir, &clock, size_limit).await;
        let engine = engine(Arc::clone(&store) as Arc<dyn Store>, &setup, &dir, &clock);
        Self {
            server,
            mailbox,
            store,
            engine,
            clock,
            account,
            setup,
            dir,
            sent,
        }
    }
}

async fn open_store(
    dir: &TestDir,
    clock: &ManualClock,
    size_limit: Option<Octets>,
) -> Arc<SqliteStore> {
    let options = StoreOptions {
        clock: reads(clock),
        size_limit,
        ..StoreOptions::default()
    };
    Arc::new(SqliteStore::open(dir.path(), options).await.unwrap())
}

fn engine(store: Arc<dyn Store>, setup: &Setup, dir: &TestDir, clock: &ManualClock) -> Arc<Engine> {
    let checks = Checks {
        connect_timeout: setup.read_timeout,
        read_timeout: setup.read_timeout,
        run_timeout: setup.run_timeout,
        batch: setup.batch,
        user_ports: setup.user_ports.clone(),
        ..Checks::with_spool(dir.join("spool"))
    };
    let log = Pop3Log::open(dir.path()).unwrap();
    Engine::new(store, checks, Some(log), reads(clock))
}

fn reads(clock: &ManualClock) -> Clock {
    let clock = clock.clone();
    Arc::new(move || clock.now())
}

fn remote_at(address: SocketAddr) -> Remote {
    Remote {
        host: address.ip().to_string(),
        port: address.port(),
        security: Security::None,
        ca_file: None,
        pin: None,
        sign_in: None,
        user: USER.into(),
    }
}

async fn add_account(store: &dyn Store, name: &str) -> AccountId {
    let account = NewAccount {
        name: name.into(),
        addresses: Vec::new(),
        group: None,
        admin: false,
        password: None,
    };
    store.account_create(account).await.unwrap()
}

async fn read_folder(store: &dyn Store, folder: &Folder) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    let mut behind = None;
    loop {
        let page = store.message_page(folder.id, behind, 100).await.unwrap();
        let Some(last) = page.last() else {
            return messages;
        };
        behind = Some(last.uid);
        for message in &page {
            messages.push(read_body(store, message.id).await);
        }
    }
}

async fn read_body(store: &dyn Store, id: inhaul_types::MessageId) -> Vec<u8> {
    let mut reader = store.message_body(id).await.unwrap();
    let mut octets = Vec::new();
    loop {
        let chunk = reader.next_chunk().await.unwrap();
        if chunk.is_empty() {
            return octets;
        }
        octets.extend(chunk);
    }
}

/// How many messages of `there` are not `here`, and how many are here that are not there, or
/// once too often. Copies count.
fn difference(there: &[Vec<u8>], here: &[Vec<u8>]) -> (usize, usize) {
    let mut balance: HashMap<&[u8], isize> = HashMap::new();
    there
        .iter()
        .for_each(|message| *balance.entry(message).or_default() += 1);
    here.iter()
        .for_each(|message| *balance.entry(message).or_default() -= 1);
    let lost: usize = balance
        .values()
        .map(|count| (*count).max(0).unsigned_abs())
        .sum();
    let doubled = balance
        .values()
        .map(|count| (*count).min(0).unsigned_abs())
        .sum();
    (lost, doubled)
}

/// Letters, each with its number in it.
pub(crate) fn letters(numbers: std::ops::Range<u32>) -> Vec<Vec<u8>> {
    let letter = |n| {
        format!(
            "From: ann@example.org\r\nTo: bob@example.org\r\nSubject: letter {n}\r\n\
             Message-ID: <letter-{n}@example.org>\r\n\r\n.dot\r\nThis is letter {n}.\r\n"
        )
    };
    numbers.map(|n| letter(n).into_bytes()).collect()
}
