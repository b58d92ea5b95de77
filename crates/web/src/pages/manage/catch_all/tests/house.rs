//! A firm with some people, a provider with its mail, and an administrator's browser. The provider
//! is a script; everything else is real.

use std::ops::Deref;
use std::sync::Arc;

use inhaul_store::{Retrieval, Security, Store as _};
use inhaul_types::{RetrievalId, Timestamp};

use crate::runs::{Detection, Origin};
use crate::testing::{self, Scripted, detection};
pub(super) use crate::testing::{Shown, Visitor as Browser};

/// The installation.
pub(super) struct House {
    /// What the provider says, and how often it was asked.
    pub(super) provider: Arc<Scripted>,
    house: testing::House,
}

impl Deref for House {
    type Target = testing::House;

    fn deref(&self) -> &testing::House {
        &self.house
    }
}

impl House {
    /// root manages it; alice, petr and unclaimed have accounts, alice and petr with addresses.
    pub(super) async fn new() -> Self {
        let house = testing::House::at(Timestamp::from_millis(1_790_000_000_000)).await;
        for (name, addresses) in [
            ("root", &[][..]),
            ("alice", &["alice@firm.example", "alice@home.example"]),
            ("petr", &["petr@firm.example"]),
            ("unclaimed", &[]),
        ] {
            house.account_with(name, name == "root", addresses).await;
        }
        let provider = Arc::clone(&house.runs);
        let postmaster = "postmaster@firm.example";
        let guessed = Detection {
            host: "pop.isp.example".into(),
            port: 110,
            security: Security::StartTls,
            origin: Origin::Guess,
            ..detection(postmaster)
        };
        provider.always_finds(postmaster, guessed);
        Self { provider, house }
    }

    /// Their browser, signed in.
    pub(super) async fn browser(&self, name: &str) -> Browser {
        self.visitor(name).await
    }

    /// The audit, oldest first: `ACTION OBJECT`.
    pub(super) async fn audit(&self) -> Vec<String> {
        let lines = self.house.audit().await.into_iter();
        let changes = lines.map(|line| line.split_once(": ").unwrap().1.to_owned());
        changes.collect()
    }

    /// That the engine knows of it, as it does of every saved retrieval.
    pub(super) async fn tell_engine(&self, id: RetrievalId) {
        self.stands(id, |state| state.next = None).await;
    }

    /// The one retrieval there is.
    pub(super) async fn only_retrieval(&self) -> Retrieval {
        let mut all = self.store.retrieval_list().await.unwrap();
        assert_eq!(all.len(), 1);
        all.remove(0)
    }
}
