//! An installation with two people: alice and bob.

use std::sync::Arc;

use inhaul_domain::{LedgerState, Retention, StartPoint};
use inhaul_manage::{Actor, Authority, Manage, OwnAddresses, Refused};
use inhaul_store::{
    AuditFilter, Batch, Body, CatchAllSettings, Delivery, EVERYONE, Every, GroupChange, IfHeld,
    NewAccount, NewRetrieval, NewRun, Placement, Remote, RemoteSecret, RetrievalLimits, Routing,
    Security, SqliteStore, Store, StoreOptions, Summary,
};
use inhaul_types::{
    AccountId, Activation, Digest, Fingerprint, GroupId, Octets, RetrievalId, Secret, Timestamp,
};
use tempfile::TempDir;

pub(crate) struct House {
    _dir: TempDir,
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) manage: Manage,
    pub(crate) alice: AccountId,
    pub(crate) bob: AccountId,
}

impl House {
    pub(crate) async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(dir.path(), StoreOptions::default());
        let store = Arc::new(store.await.unwrap());
        let own = OwnAddresses::new(
            ["203.0.113.5:995".parse().unwrap()],
            ["mail.example.org".to_owned()],
        );
        let clock = Arc::new(|| Timestamp::from_millis(1_700_000_000_000));
        let manage = Manage::new(Arc::clone(&store) as Arc<dyn Store>, clock, own);
        let [alice, bob] = [new_account("alice"), new_account("bob")];
        Self {
            alice: store.account_create(alice).await.unwrap(),
            bob: store.account_create(bob).await.unwrap(),
            _dir: dir,
            store,
            manage,
        }
    }

    pub(crate) fn alice(&self) -> Actor {
        person("alice", self.alice)
    }

    pub(crate) fn bob(&self) -> Actor {
        person("bob", self.bob)
    }

    /// A retrieval that alice made herself.
    pub(crate) async fn club(&self) -> RetrievalId {
        let club = new_retrieval("Club", self.alice);
        self.manage
            .retrieval_add(&self.alice(), club)
            .await
            .unwrap()
    }

    /// An administrator's retrieval for alice alone.
    pub(crate) async fn work(&self) -> RetrievalId {
        let work = new_retrieval("Work", self.alice);
        self.manage.retrieval_add(&root(), work).await.unwrap()
    }

    /// A catch-all whose fallback is alice's INBOX.
    pub(crate) async fn firm(&self) -> RetrievalId {
        let firm = NewRetrieval {
            routing: Routing::CatchAll(CatchAllSettings::default()),
            ..new_retrieval("Firm", self.alice)
        };
        self.manage.retrieval_add(&root(), firm).await.unwrap()
    }

    pub(crate) async fn everyone(&self) -> GroupId {
        self.store.group_by_name(EVERYONE).await.unwrap().id
    }

    /// Changes the group that alice and bob are in.
    pub(crate) async fn let_everyone(&self, change: GroupChange) {
        let everyone = self.everyone().await;
        self.store.group_change(everyone, change).await.unwrap();
    }

    /// Puts a message of ten octets into a retrieval's folder, which nobody claims for `recipient`.
    pub(crate) async fn bring(&self, retrieval: RetrievalId, recipient: &str) {
        let retrieval = self.store.retrieval_by_id(retrieval).await.unwrap();
        let now = Timestamp::from_millis(1_700_000_000_000);
        let run = NewRun {
            retrieval: retrieval.id,
            activation: Activation::Cli,
            started: now,
            started_by: None,
        };
        let body = b"A: b\r\n\r\nhi".to_vec();
        let delivery = Delivery {
            // Nobody reads it.
            digest: Digest::new([0; 32]),
            header_size: Octets::new(8),
            summary: Summary::default(),
            placements: vec![Placement {
                folder: retrieval.folder,
                why: format!("{recipient}: nobody has it"),
                recipients: vec![recipient.into()],
            }],
            internal_date: now,
            fingerprint: Fingerprint::new([0; 32]),
            unique_id: None,
            listed_size: None,
            state: LedgerState::Stored,
            if_held: IfHeld::Store,
            identity: None,
            unclaimed: vec![recipient.into()],
            body: Body::Memory(body),
        };
        let batch = Batch {
            run: self.store.run_begin(run).await.unwrap(),
            retrieval: retrieval.id,
            maildrop: retrieval.maildrop,
            fallback: Some(retrieval.folder),
            deliveries: vec![delivery],
        };
        self.store.commit_batch(batch).await.unwrap();
    }

    /// The audit, oldest first: `ACTOR CHANNEL: ACTION OBJECT: OLD -> NEW`.
    pub(crate) async fn audit(&self) -> Vec<String> {
        let page = self
            .store
            .records()
            .audit_page(AuditFilter::default(), None, 100);
        let rows = page.await.unwrap().rows.into_iter().rev();
        let line = |audit: inhaul_store::Audit| {
            let change = audit.change;
            let [old, new] = [change.old, change.new].map(Option::unwrap_or_default);
            format!(
                "{} {}: {} {}: {old} -> {new}",
                change.actor, change.channel, change.action, change.object
            )
        };
        rows.map(line).collect()
    }
}

pub(crate) fn root() -> Actor {
    Actor {
        name: "root".into(),
        account: None,
        channel: "web 192.0.2.1".into(),
        authority: Authority::Administrator,
    }
}

pub(crate) fn person(name: &str, account: AccountId) -> Actor {
    Actor {
        name: name.into(),
        account: Some(account),
        channel: "web 192.0.2.7".into(),
        authority: Authority::Person(account),
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

pub(crate) fn remote() -> Remote {
    Remote {
        host: "pop.example.net".into(),
        port: 995,
        security: Security::Tls,
        ca_file: None,
        pin: None,
        user: "me".into(),
        sign_in: None,
    }
}

pub(crate) fn password(text: &str) -> RemoteSecret {
    RemoteSecret::Stored(Secret::new(text.into()))
}

pub(crate) fn new_retrieval(name: &str, account: AccountId) -> NewRetrieval {
    NewRetrieval {
        name: name.into(),
        remote: remote(),
        secret: password("remote secret"),
        account,
        owner: None,
        folder: "INBOX".into(),
        routing: Routing::Single,
        every: Every::Auto,
        retention: Retention::Keep,
        start: StartPoint::Everything,
        paused: false,
        first_run_keeps: false,
        sign_in_memory: None,
        limits: RetrievalLimits::default(),
        confined: false,
        written_at: None,
    }
}

/// How it was refused: a word for the kind, the field, and the words for people.
pub(crate) fn told<T: std::fmt::Debug>(result: Result<T, Refused>) -> String {
    let refused = match result {
        Ok(done) => return format!("done: {done:?}"),
        Err(refused) => refused,
    };
    let kind = match refused {
        Refused::NotFound { .. } => "not found",
        Refused::NotAllowed(_) => "not allowed",
        Refused::NotAllowedIn { .. } => "not allowed in",
        Refused::Invalid { .. } => "invalid",
        Refused::InTheWay(_) => "in the way",
        Refused::Written { .. } => "written",
        Refused::Store(_) => "store",
    };
    match refused.field() {
        Some(field) => format!("{kind} {field}: {refused}"),
        None => format!("{kind}: {refused}"),
    }
}
