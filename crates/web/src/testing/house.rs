//! An installation: a real store, a clock that tests turn, and a script for whoever runs retrievals.

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use inhaul_domain::{Retention, StartPoint};
use inhaul_manage::{Manage, OwnAddresses};
use inhaul_store::{
    Account, AuditFilter, Clock, EVERYONE, Every, GroupChange, NewAccount, NewRetrieval,
    NewSession, Remote, RemoteSecret, Retrieval, RetrievalLimits, Routing, Security, SqliteStore,
    Store, StoreOptions, UsersMay,
};
use inhaul_testkit::{ManualClock, TestDir};
use inhaul_types::{AccountId, RetrievalId, Secret, Timestamp};

use super::browser::Browser;
use super::runs::Scripted;
use super::visitor::Visitor;
use crate::app::App;
use crate::door::{Denied, Door};
use crate::request::Token;
use crate::router::router;
use crate::runs::State;
use crate::settings::Settings;

/// An installation.
pub(crate) struct House {
    pub(crate) store: Arc<SqliteStore>,
    /// Whoever runs retrievals.
    pub(crate) runs: Arc<Scripted>,
    pub(crate) clock: ManualClock,
    pub(crate) app: App,
    /// All there is in it, by the pages' addresses and the API's.
    pub(crate) router: Router,
    _dir: TestDir,
}

impl House {
    /// One without accounts, at this moment.
    pub(crate) async fn at(now: Timestamp) -> Self {
        let dir = TestDir::new("house").unwrap();
        let manual = ManualClock::at(now);
        let shown = manual.clone();
        let clock: Clock = Arc::new(move || shown.now());
        let options = StoreOptions {
            clock: Arc::clone(&clock),
            ..StoreOptions::default()
        };
        let store = Arc::new(SqliteStore::open(dir.path(), options).await.unwrap());
        let shared: Arc<dyn Store> = Arc::clone(&store) as _;
        let own = OwnAddresses::new(["203.0.113.5:995".parse().unwrap()], []);
        let runs = Arc::new(Scripted::new(manual.clone()));
        let app = App::new(
            Arc::clone(&shared),
            Manage::new(shared, Arc::clone(&clock), own),
            Arc::clone(&runs) as _,
            Arc::new(Locked),
            clock,
            Settings::default(),
        );
        Self {
            store,
            runs,
            clock: manual,
            router: router(app.clone()),
            app,
            _dir: dir,
        }
    }

    /// One with the administrator root and the people alice and bob.
    pub(crate) async fn new() -> Self {
        let house = Self::at(Timestamp::from_millis(1_790_000_000_000)).await;
        for (name, admin) in [("root", true), ("alice", false), ("bob", false)] {
            house.account(name, admin).await;
        }
        house
    }

    /// Adds an account without addresses.
    pub(crate) async fn account(&self, name: &str, admin: bool) -> AccountId {
        self.account_with(name, admin, &[]).await
    }

    pub(crate) async fn account_with(
        &self,
        name: &str,
        admin: bool,
        addresses: &[&str],
    ) -> AccountId {
        let account = NewAccount {
            name: name.into(),
            addresses: addresses.iter().map(|one| one.parse().unwrap()).collect(),
            group: None,
            admin,
            password: None,
        };
        self.store.account_create(account).await.unwrap()
    }

    pub(crate) async fn named(&self, name: &str) -> Account {
        self.store.account_by_name(name).await.unwrap()
    }

    /// A browser in which they are signed in.
    pub(crate) async fn browser(&self, name: &str) -> Browser {
        let account = self.named(name).await.id;
        self.signed_in(account).await
    }

    /// The same, by number.
    pub(crate) async fn signed_in(&self, account: AccountId) -> Browser {
        let token = Token::new().unwrap();
        let session = NewSession {
            token: token.hash(),
            account,
            at: self.clock.now(),
            kept: true,
            address: None,
            agent: "test".into(),
        };
        self.store.visitors().session_begin(session).await.unwrap();
        Browser::new(self.router.clone(), Some(token))
    }

    /// A browser in which nobody is.
    pub(crate) fn stranger(&self) -> Browser {
        Browser::new(self.router.clone(), None)
    }

    /// A browser in which they are signed in, that follows redirections.
    pub(crate) async fn visitor(&self, name: &str) -> Visitor {
        Visitor::new(self.browser(name).await)
    }

    pub(crate) async fn row(&self, id: RetrievalId) -> Retrieval {
        self.store.retrieval_by_id(id).await.unwrap()
    }

    /// Whoever runs retrievals knows of it, as it is kept; `change` is what they know beside that.
    pub(crate) async fn stands(&self, id: RetrievalId, change: impl FnOnce(&mut State)) {
        let mut state = State::of_new(self.row(id).await);
        change(&mut state);
        self.runs.states.lock().unwrap().insert(id, state);
    }

    /// What people of the one group may do from now on.
    pub(crate) async fn let_everyone(&self, may: UsersMay) {
        let group = self.store.group_by_name(EVERYONE).await.unwrap();
        let change = GroupChange {
            users_may: Some(may),
            ..GroupChange::default()
        };
        self.store.group_change(group.id, change).await.unwrap();
    }

    /// The newest changes in the audit, oldest first: `ACTOR: ACTION OBJECT`.
    pub(crate) async fn audit(&self) -> Vec<String> {
        let records = self.store.records();
        let page = records.audit_page(AuditFilter::default(), None, 100);
        let rows = page.await.unwrap().rows.into_iter().rev();
        rows.map(|row| {
            let change = row.change;
            format!("{}: {} {}", change.actor, change.action, change.object)
        })
        .collect()
    }
}

/// A mailbox `alice@club.example` of somebody's own, that is checked every ten minutes.
pub(crate) fn new_retrieval(name: &str, owner: AccountId) -> NewRetrieval {
    NewRetrieval {
        name: name.into(),
        remote: Remote {
            host: "pop.club.example".into(),
            port: 995,
            security: Security::Tls,
            ca_file: None,
            pin: None,
            sign_in: None,
            user: "alice@club.example".into(),
        },
        secret: RemoteSecret::Stored(Secret::new("seven".to_owned())),
        account: owner,
        owner: Some(owner),
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

/// Everything that a group can let people do.
pub(crate) const EVERYTHING: UsersMay = UsersMay {
    edit: true,
    delete_remote: true,
    plain: true,
    pin_certificate: true,
    private_networks: true,
};

/// Nobody comes in by a password: tests begin their sessions themselves.
struct Locked;

#[async_trait]
impl Door for Locked {
    async fn admit(&self, _: &str, _: &Secret, _: IpAddr) -> Result<Account, Denied> {
        Err(Denied::Wrong)
    }
}
