//! The pages over a real store, for tests: people who sign in, click and fill in forms as browsers
//! do without script, and a scripted stand-in for whoever runs retrievals.

mod runs;
mod visitor;

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use inhaul_manage::{Manage, OwnAddresses};
use inhaul_store::{
    Account, Clock, EVERYONE, GroupChange, NewAccount, NewSession, SqliteStore, Store,
    StoreOptions, UsersMay,
};
use inhaul_testkit::ManualClock;
use inhaul_types::{Secret, Timestamp};
use tempfile::TempDir;

use crate::app::App;
use crate::door::{Denied, Door};
use crate::request::Token;
use crate::router::router;
use crate::settings::Settings;

pub(crate) use runs::{Scripted, card, detection};
pub(crate) use visitor::{Shown, Visitor};

/// An installation with the administrator root and the people alice and bob.
pub(crate) struct House {
    _dir: TempDir,
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) runs: Arc<Scripted>,
    pub(crate) clock: ManualClock,
    router: Router,
}

impl House {
    pub(crate) async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let manual = ManualClock::at(Timestamp::from_millis(1_790_000_000_000));
        let shown = manual.clone();
        let clock: Clock = Arc::new(move || shown.now());
        let options = StoreOptions {
            clock: Arc::clone(&clock),
            ..StoreOptions::default()
        };
        let store = Arc::new(SqliteStore::open(dir.path(), options).await.unwrap());
        for (name, admin) in [("root", true), ("alice", false), ("bob", false)] {
            let account = NewAccount {
                name: name.into(),
                addresses: Vec::new(),
                group: None,
                admin,
                password: None,
            };
            store.account_create(account).await.unwrap();
        }
        let shared: Arc<dyn Store> = Arc::clone(&store) as _;
        let own = OwnAddresses::new(["203.0.113.5:995".parse().unwrap()], []);
        let runs = Arc::new(Scripted::new(Arc::clone(&store)));
        let app = App::new(
            Arc::clone(&shared),
            Manage::new(shared, Arc::clone(&clock), own),
            Arc::clone(&runs) as _,
            Arc::new(Locked),
            clock,
            Settings::default(),
        );
        Self {
            _dir: dir,
            router: router(app),
            store,
            runs,
            clock: manual,
        }
    }

    /// Somebody who is signed in here.
    pub(crate) async fn visitor(&self, name: &str) -> Visitor {
        let token = Token::new().unwrap();
        let session = NewSession {
            token: token.hash(),
            account: self.store.account_by_name(name).await.unwrap().id,
            at: self.clock.now(),
            kept: false,
            address: None,
            agent: "test".into(),
        };
        let visitors = self.store.visitors();
        visitors.session_begin(session).await.unwrap();
        Visitor::new(self.router.clone(), Some(token))
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
