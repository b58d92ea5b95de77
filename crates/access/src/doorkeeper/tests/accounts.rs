//! Accounts in memory: what a store answers, without argon2, and how often it was asked.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use inhaul_store::{Account, Limits, SignIn, StoreError};
use inhaul_types::{AccountId, GroupId, Octets, Secret, Timestamp};
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

use super::super::{Credentials, Denied, Doorkeeper};

/// How long one look takes; two are taken at a time, as the store does.
pub(super) const A_LOOK: Duration = Duration::from_millis(20);

/// Accounts that a test can change.
pub(super) struct Accounts {
    all: Mutex<Vec<Entry>>,
    changes: watch::Sender<u64>,
    looks: AtomicUsize,
    places: Semaphore,
    trouble: Mutex<Trouble>,
    began: Instant,
}

#[derive(Clone)]
pub(super) struct Entry {
    pub(super) account: Account,
    pub(super) password: String,
    pub(super) group_enabled: bool,
}

/// What is wrong with the store.
#[derive(Clone, Copy)]
pub(super) enum Trouble {
    None,
    Fails,
    Panics,
}

/// A door with two accounts: anna (also anna@example.org) and ben; their passwords are
/// `ANNAS` and `BENS`.
pub(super) struct Scene {
    pub(super) accounts: Arc<Accounts>,
    pub(super) door: Arc<Doorkeeper>,
}

pub(super) const ANNAS: &str = "nine-calm-otters";
pub(super) const BENS: &str = "two-red-kites";
pub(super) const HOME: &str = "192.0.2.1";
pub(super) const AWAY: &str = "203.0.113.1";

impl Scene {
    pub(super) fn new() -> Self {
        let accounts = Arc::new(Accounts {
            all: Mutex::new(vec![
                entry(1, "anna", &["anna@example.org", "sales@example.org"], ANNAS),
                entry(2, "ben", &[], BENS),
            ]),
            changes: watch::Sender::new(0),
            looks: AtomicUsize::new(0),
            places: Semaphore::new(2),
            trouble: Mutex::new(Trouble::None),
            began: Instant::now(),
        });
        let clock = Arc::clone(&accounts);
        let door =
            Doorkeeper::with_credentials(Arc::clone(&accounts) as _, Arc::new(move || clock.now()));
        let door = door.unwrap();
        Self { accounts, door }
    }

    /// The account's name, or why not.
    pub(super) async fn admit(
        &self,
        name: &str,
        password: &str,
        from: &str,
    ) -> Result<String, Denied> {
        let (password, from) = (Secret::new(password.to_owned()), from.parse().unwrap());
        let admitted = self.door.admit(name, &password, from).await;
        admitted.map(|account| account.name)
    }

    /// The same, in a word and with the time it took.
    pub(super) async fn timed(&self, name: &str, password: &str, from: &str) -> (Came, Duration) {
        let began = Instant::now();
        let came = Came::of(&self.admit(name, password, from).await);
        (came, began.elapsed())
    }

    pub(super) async fn came(&self, name: &str, password: &str, from: &str) -> Came {
        self.timed(name, password, from).await.0
    }

    pub(super) async fn wrong(&self, name: &str, from: &str, times: usize) {
        for number in 0..times {
            let password = format!("guess {number} from {from}");
            assert_eq!(
                self.came(name, &password, from).await,
                Came::Wrong,
                "{number}"
            );
        }
    }
}

/// What became of a sign-in, in a word.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Came {
    In,
    Wrong,
    TooManyTries,
    SwitchedOff { by_group: bool },
    NotLooked,
}

impl Came {
    fn of(admitted: &Result<String, Denied>) -> Self {
        match admitted {
            Ok(_) => Self::In,
            Err(Denied::Wrong) => Self::Wrong,
            Err(Denied::TooManyTries { .. }) => Self::TooManyTries,
            Err(Denied::SwitchedOff { by_group }) => Self::SwitchedOff {
                by_group: *by_group,
            },
            Err(Denied::Store(_)) => Self::NotLooked,
        }
    }
}

impl Accounts {
    /// How often a password was held against the saved one.
    pub(super) fn looks(&self) -> usize {
        self.looks.load(Ordering::SeqCst)
    }

    /// What the clock shows, which goes as the runtime's does.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_773_483_726_000).plus(self.began.elapsed())
    }

    /// Changes the accounts and saves them.
    pub(super) fn save(&self, change: impl FnOnce(&mut Vec<Entry>)) {
        change(&mut self.all.lock().unwrap());
        self.changes.send_modify(|changes| *changes += 1);
    }

    pub(super) fn has(&self, trouble: Trouble) {
        *self.trouble.lock().unwrap() = trouble;
    }

    fn entry(&self, name: &str) -> Option<Entry> {
        let all = self.all.lock().unwrap();
        let has = |entry: &&Entry| {
            let mut addresses = entry.account.addresses.iter();
            entry.account.name.eq_ignore_ascii_case(name)
                || addresses.any(|address| address.as_str().eq_ignore_ascii_case(name))
        };
        all.iter().find(has).cloned()
    }
}

#[async_trait]
impl Credentials for Accounts {
    async fn account_sign_in(&self, name: &str, password: &Secret) -> Result<SignIn, StoreError> {
        let _place = self.places.acquire().await.unwrap();
        self.looks.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(A_LOOK).await;
        let trouble = *self.trouble.lock().unwrap();
        match trouble {
            Trouble::None => {}
            Trouble::Fails => return Err(StoreError::Closing),
            Trouble::Panics => panic!("the store panics"),
        }
        let found = self.entry(name);
        let Some(entry) = found.filter(|entry| entry.password == password.expose()) else {
            return Ok(SignIn::Refused);
        };
        if entry.account.enabled && entry.group_enabled {
            return Ok(SignIn::Welcome(entry.account));
        }
        Ok(SignIn::SwitchedOff {
            account: entry.account.id,
            by_group: !entry.group_enabled,
        })
    }

    async fn account_named(&self, name: &str) -> Result<Option<String>, StoreError> {
        Ok(self.entry(name).map(|entry| entry.account.name))
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

fn entry(id: i64, name: &str, addresses: &[&str], password: &str) -> Entry {
    Entry {
        account: Account {
            id: AccountId::new(id),
            name: name.into(),
            addresses: addresses.iter().map(|text| text.parse().unwrap()).collect(),
            group_id: GroupId::new(1),
            group: "Everyone".into(),
            admin: false,
            enabled: true,
            limits: Limits::default(),
            messages: 0,
            octets: Octets::new(0),
            retrievals: 0,
            written_at: None,
        },
        password: password.into(),
        group_enabled: true,
    }
}
