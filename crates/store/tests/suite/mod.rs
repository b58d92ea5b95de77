//! What every store must do, whatever it is made of: run for each implementation by a test file
//! of its own.
//!
//! A test asks its [`Bed`] for a store and shuts it like a program that ends; opening again gives
//! what is on disk.

pub(crate) mod accounts;
pub(crate) mod audit;
pub(crate) mod batches;
pub(crate) mod bodies;
pub(crate) mod catch_alls;
pub(crate) mod claims;
pub(crate) mod folders;
pub(crate) mod groups;
pub(crate) mod ledger;
pub(crate) mod loops;
pub(crate) mod mail;
pub(crate) mod maildrop;
pub(crate) mod news;
pub(crate) mod notices;
pub(crate) mod removal;
pub(crate) mod retrievals;
pub(crate) mod run_pages;
pub(crate) mod runs;
pub(crate) mod schedule;
pub(crate) mod search;
pub(crate) mod sign_in;
pub(crate) mod trash;
pub(crate) mod views;
pub(crate) mod visitors;

use std::fs::File;
use std::io::{Seek, Write};

use inhaul_domain::{LedgerState, Retention, StartPoint};
use inhaul_store::{
    Batch, Body, Committed, Delivery, Every, IfHeld, NewAccount, NewRetrieval, NewRun, Placement,
    Remote, RemoteSecret, Retrieval, RetrievalLimits, Routing, RunEnd, Security, Store, StoreError,
    Summary,
};
use inhaul_types::{
    AccountId, Activation, Digest, Fingerprint, FolderId, MessageId, Octets, RunId, Secret,
    Timestamp, UniqueId,
};
use sha2::{Digest as _, Sha256};

/// Somewhere to keep one store, and a clock that stands still until it is turned.
pub(crate) trait Bed: Sync {
    /// The store under test.
    type Store: Store;
    /// Opens it; the first time it is empty.
    fn open(&self) -> impl Future<Output = Self::Store>;
    /// Turns the clock.
    fn set_now(&self, now: Timestamp);
}

/// Runs every function of the suite on a fresh bed, each as a test of its own.
#[macro_export]
macro_rules! store_suite {
    ($bed:expr => $($module:ident { $($test:ident),* $(,)? })*) => {$(
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    $crate::suite::$module::$test(&$bed).await;
                }
            )*
        }
    )*};
}

/// An account `alice` with one retrieval into its INBOX and a run that has begun.
pub(crate) struct Scene<S> {
    pub(crate) store: S,
    pub(crate) account: AccountId,
    pub(crate) inbox: FolderId,
    pub(crate) retrieval: Retrieval,
    pub(crate) run: RunId,
}

impl<S: Store> Scene<S> {
    pub(crate) async fn set<B: Bed<Store = S>>(bed: &B) -> Self {
        let store = bed.open().await;
        let account = store.account_create(new_account("alice")).await.unwrap();
        let inbox = store.folder_list(account).await.unwrap()[0].id;
        store
            .retrieval_create(new_retrieval("work", account))
            .await
            .unwrap();
        let retrieval = store.retrieval_by_name("work").await.unwrap();
        let run = begin(&store, &retrieval).await;
        Self {
            store,
            account,
            inbox,
            retrieval,
            run,
        }
    }

    /// Closes the store and opens it again.
    pub(crate) async fn reopen<B: Bed<Store = S>>(self, bed: &B) -> Self {
        let Self {
            store,
            account,
            inbox,
            retrieval,
            run,
        } = self;
        store.close().await.unwrap();
        drop(store);
        Self {
            store: bed.open().await,
            account,
            inbox,
            retrieval,
            run,
        }
    }

    pub(crate) fn batch(&self, deliveries: Vec<Delivery>) -> Batch {
        let Self { retrieval, run, .. } = self;
        Batch {
            run: *run,
            retrieval: retrieval.id,
            maildrop: retrieval.maildrop,
            fallback: None,
            deliveries,
        }
    }

    /// A message into INBOX.
    pub(crate) fn delivery(&self, unique_id: &str, body: Vec<u8>) -> Delivery {
        delivery_to(&[self.inbox], unique_id, Octets::of_len(body.len()), body)
    }

    pub(crate) async fn commit(&self, deliveries: Vec<Delivery>) -> Vec<Committed> {
        self.store
            .commit_batch(self.batch(deliveries))
            .await
            .unwrap()
    }

    /// Stores one small message and says which it became.
    pub(crate) async fn commit_one(&self, unique_id: &str, body: &[u8]) -> Committed {
        self.commit(vec![self.delivery(unique_id, body.to_vec())])
            .await
            .remove(0)
    }

    pub(crate) async fn read(&self, id: MessageId) -> Vec<u8> {
        read_body(&self.store, id).await.unwrap()
    }

    /// All messages of INBOX, read in pages of three.
    pub(crate) async fn inbox_messages(&self) -> Vec<inhaul_store::Message> {
        let mut messages: Vec<inhaul_store::Message> = Vec::new();
        loop {
            let after = messages.last().map(|message| message.uid);
            let page = self.store.message_page(self.inbox, after, 3).await.unwrap();
            if page.is_empty() {
                return messages;
            }
            messages.extend(page);
        }
    }
}

pub(crate) fn new_account(name: &str) -> NewAccount {
    NewAccount {
        name: name.into(),
        addresses: vec![format!("{name}@example.org").parse().unwrap()],
        group: None,
        admin: false,
        password: None,
    }
}

pub(crate) fn remote(host: &str, user: &str) -> Remote {
    Remote {
        host: host.into(),
        port: 995,
        security: Security::Tls,
        ca_file: None,
        pin: None,
        user: user.into(),
        sign_in: None,
    }
}

pub(crate) fn new_retrieval(name: &str, account: AccountId) -> NewRetrieval {
    NewRetrieval {
        name: name.into(),
        remote: remote("pop.example.net", "alice"),
        secret: RemoteSecret::Stored(Secret::new("open sesame".into())),
        account,
        owner: None,
        folder: "INBOX".into(),
        routing: Routing::Single,
        every: Every::Seconds(600),
        retention: Retention::Keep,
        first_run_keeps: false,
        start: StartPoint::Everything,
        paused: false,
        sign_in_memory: None,
        limits: RetrievalLimits::default(),
        confined: false,
        written_at: None,
    }
}

pub(crate) async fn begin(store: &impl Store, retrieval: &Retrieval) -> RunId {
    let (retrieval, started) = (retrieval.id, Timestamp::from_millis(1_000));
    store
        .run_begin(NewRun {
            retrieval,
            activation: Activation::Cli,
            started,
            started_by: None,
        })
        .await
        .unwrap()
}

pub(crate) fn run_end(run: RunId) -> RunEnd {
    RunEnd {
        run,
        ended: Timestamp::from_millis(2_000),
        code: None,
        listed: 0,
        stored: 0,
        octets: Octets::ZERO,
        deleted: 0,
        left: 0,
        notes: Vec::new(),
        said: None,
        detail: None,
        conversation: String::new(),
        capabilities: None,
        sign_in_memory: None,
        stopped: false,
        schedule: None,
        due_before: None,
        counts: true,
    }
}

pub(crate) fn unique_id(text: &str) -> UniqueId {
    UniqueId::parse(text.as_bytes()).unwrap()
}

pub(crate) fn sha256(octets: &[u8]) -> Digest {
    Digest::new(Sha256::digest(octets).into())
}

pub(crate) fn delivery_to(
    folders: &[FolderId],
    id: &str,
    listed_size: Octets,
    body: Vec<u8>,
) -> Delivery {
    let header_end = body.windows(4).position(|end| end == b"\r\n\r\n");
    let place = |folder: &FolderId| Placement {
        folder: *folder,
        why: "single".into(),
        recipients: Vec::new(),
    };
    Delivery {
        digest: sha256(&body),
        header_size: Octets::of_len(header_end.map_or(0, |end| end + 4)),
        summary: Summary {
            from: "Bob <bob@example.com>".into(),
            subject: format!("about {id}"),
            date: Some(Timestamp::from_millis(77)),
            message_id: Some(format!("{id}@example.com")),
            has_attachment: false,
        },
        placements: folders.iter().map(place).collect(),
        internal_date: Timestamp::from_millis(88),
        fingerprint: Fingerprint::new(*sha256(id.as_bytes()).as_bytes()),
        unique_id: Some(unique_id(id)),
        listed_size: Some(listed_size),
        state: LedgerState::Stored,
        if_held: IfHeld::Store,
        identity: None,
        unclaimed: Vec::new(),
        body: Body::Memory(body),
    }
}

/// The same message, its octets in an unlinked file.
pub(crate) fn spooled(mut delivery: Delivery) -> Delivery {
    if let Body::Memory(octets) = &delivery.body {
        delivery.body = Body::Spooled {
            file: spool(octets),
            size: Octets::of_len(octets.len()),
        };
    }
    delivery
}

pub(crate) fn spool(octets: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(octets).unwrap();
    file.rewind().unwrap();
    file
}

pub(crate) async fn read_body(store: &impl Store, id: MessageId) -> Result<Vec<u8>, StoreError> {
    let mut reader = store.message_body(id).await?;
    let mut octets = Vec::new();
    loop {
        let chunk = reader.next_chunk().await?;
        assert!(chunk.len() <= 256 << 10, "a chunk of {}", chunk.len());
        if chunk.is_empty() {
            assert!(
                reader.next_chunk().await?.is_empty(),
                "the end stays the end"
            );
            return Ok(octets);
        }
        octets.extend(chunk);
    }
}

/// Octets that repeat nowhere near, from a seed.
pub(crate) fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut octets = Vec::with_capacity(len + 8);
    while octets.len() < len {
        // xorshift64*
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        octets.extend_from_slice(&state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
    }
    octets.truncate(len);
    octets
}
