//! Catch-alls: what comes into one maildrop goes to whoever it was for, once, whatever happens.

use std::collections::BTreeMap;
use std::sync::Arc;

use inhaul_domain::limits::Limits;
use inhaul_domain::route::RecipientSource;
use inhaul_domain::{LedgerState, LeftOutReason, Retention};
use inhaul_engine::{Engine, RunOptions, RunReport, Unobserved};
use inhaul_sample::switches::Greeting;
use inhaul_store::{
    AccountChange, CatchAllSettings, NewAccount, RetrievalChange, RetrievalLimits, Routing,
    RuleSetting, Store,
};
use inhaul_types::{AccountId, Activation, ErrorCode, Octets};
use tokio::sync::watch;

use crate::crashes::{Crash, Mortal};
use crate::harness::{Setup, World};

const NAMES: [&str; 3] = ["alice", "petr", "zoe"];

/// An installation whose one retrieval is a catch-all: alice, petr and zoe have an address each, and
/// the account that owned it is the fallback.
struct Firm {
    world: World,
    accounts: BTreeMap<&'static str, AccountId>,
}

impl Firm {
    async fn new(setup: Setup) -> Self {
        Self::with(setup, settings()).await
    }

    async fn with(setup: Setup, settings: CatchAllSettings) -> Self {
        let world = setup.start().await;
        let mut accounts = BTreeMap::from([("fallback", world.account)]);
        for name in NAMES {
            let account = NewAccount {
                name: name.into(),
                addresses: vec![format!("{name}@firm.example").parse().unwrap()],
                group: None,
                admin: false,
                password: None,
            };
            let account = world.store.account_create(account).await.unwrap();
            accounts.insert(name, account);
        }
        let firm = Self { world, accounts };
        firm.share_out_by(settings).await;
        firm
    }

    async fn share_out_by(&self, settings: CatchAllSettings) {
        let routing = Some(Routing::CatchAll(settings));
        let change = RetrievalChange {
            routing,
            ..RetrievalChange::default()
        };
        self.world.change(change).await;
    }

    async fn limit(&self, name: &str, limits: Limits) {
        let limits = Some(limits);
        let change = AccountChange {
            limits,
            ..AccountChange::default()
        };
        let changed = self
            .world
            .store
            .account_change(self.accounts[name], change)
            .await;
        changed.unwrap();
    }

    fn send(&self, mail: impl IntoIterator<Item = Vec<u8>>) {
        self.world.send(mail);
    }

    /// The numbers of the letters that somebody has, in all folders.
    async fn has(&self, name: &str) -> Vec<u32> {
        let store = &*self.world.store;
        let mut letters: Vec<u32> = Vec::new();
        for folder in store.folder_list(self.accounts[name]).await.unwrap() {
            let page = store.message_page(folder.id, None, 1000).await.unwrap();
            let number = |subject: &str| -> u32 {
                subject.strip_prefix("letter ").unwrap().parse().unwrap()
            };
            letters.extend(page.iter().map(|message| number(&message.summary.subject)));
        }
        letters.sort_unstable();
        letters
    }

    #[track_caller]
    fn assert_has<const N: usize>(
        &self,
        expected: [(&'static str, &[u32]); N],
    ) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        let expected = expected.map(|(name, letters)| (name, letters.to_vec()));
        async move {
            for (name, letters) in expected {
                assert_eq!(self.has(name).await, letters, "{caller}: {name}");
            }
        }
    }

    /// Why a letter is in somebody's INBOX.
    async fn why(&self, name: &str, letter: u32) -> String {
        let store = &*self.world.store;
        let folders = store.folder_list(self.accounts[name]).await.unwrap();
        let page = store.message_page(folders[0].id, None, 1000).await.unwrap();
        let subject = format!("letter {letter}");
        let message = page
            .iter()
            .find(|message| message.summary.subject == subject);
        message.unwrap().why.clone()
    }

    async fn run_over(&self, engine: &Arc<Engine>) -> RunReport {
        let (_stop, stopping) = watch::channel(false);
        let retrieval = self.world.retrieval().await;
        let (cli, options) = (Activation::Cli, RunOptions::default());
        let report = engine.run(&retrieval, cli, options, &Unobserved, stopping);
        report.await
    }
}

fn settings() -> CatchAllSettings {
    CatchAllSettings {
        domains: vec!["firm.example".into()],
        ..CatchAllSettings::default()
    }
}

/// A letter whose header begins with these lines.
fn letter(number: u32, lines: &[&str]) -> Vec<u8> {
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    format!(
        "{lines}From: Jana <jana@elsewhere.example>\r\nSubject: letter {number}\r\n\
         Date: Tue, 10 Mar 2026 10:22:00 +0000\r\nMessage-ID: <{number}@elsewhere.example>\r\n\r\n\
         This is letter {number}.\r\n"
    )
    .into_bytes()
}

/// A letter that the server had noted the recipient of.
fn delivered(number: u32, to: &str) -> Vec<u8> {
    letter(number, &[&format!("Delivered-To: {to}@firm.example")])
}

/// The `copy`-th copy of a letter of which only the addressees are known.
fn copy(number: u32, copy: u32, to: &[&str]) -> Vec<u8> {
    let to: Vec<_> = to.iter().map(|to| format!("{to}@firm.example")).collect();
    let received = format!("Received: from mx.elsewhere.example; copy {copy}");
    letter(number, &[&received, &format!("To: {}", to.join(", "))])
}

fn noted(report: &RunReport, code: ErrorCode) -> Option<u64> {
    let note = report.notes.iter().find(|note| note.code == code);
    note.map(|note| note.messages)
}

#[tokio::test]
async fn everybody_gets_theirs_and_the_fallback_the_rest() {
    let firm = Firm::new(Setup::deleting()).await;
    firm.send([
        delivered(1, "alice"),
        delivered(2, "petr"),
        delivered(3, "nobody"),
        letter(4, &["To: undisclosed-recipients:;"]),
        letter(
            5,
            &[
                "To: alice@firm.example",
                "Cc: petr@firm.example, x@y.example",
            ],
        ),
        delivered(6, "Alice+news"),
    ]);
    let report = firm.world.good().await;
    assert_eq!((report.stored, report.deleted, report.left), (6, 6, 0));
    firm.assert_has([
        ("alice", &[1, 5, 6]),
        ("petr", &[2, 5]),
        ("zoe", &[]),
        ("fallback", &[3, 4]),
    ])
    .await;
    assert!(firm.world.mailbox.is_empty());
    let why = firm.why("alice", 1).await;
    assert!(
        why.contains("Delivered-To") && why.contains("alice@firm.example"),
        "{why}"
    );
    let why = firm.why("fallback", 3).await;
    assert!(
        why.contains("nobody@firm.example") && why.contains("fallback"),
        "{why}"
    );
}

#[tokio::test]
async fn copies_that_only_name_addressees_come_once_to_each_and_are_deleted_there_all_the_same() {
    for retention in [Retention::Keep, Retention::Delete] {
        let firm = Firm::new(Setup::default()).await;
        firm.world.set_retention(retention).await;
        // Three in one run, one of them in a run behind it, and one whose addressees were written
        // anew for each.
        firm.send([1, 2, 3].map(|n| copy(1, n, &["alice", "petr", "stranger"])));
        firm.send([copy(2, 1, &["alice"])]);
        let report = firm.world.good().await;
        assert_eq!((report.listed, report.stored, report.left), (4, 2, 0));
        firm.world.mailbox.idle().await;
        firm.send([copy(1, 4, &["alice", "petr"]), copy(2, 2, &["petr"])]);
        let report = firm.world.good().await;
        assert_eq!((report.stored, report.left), (1, 0), "petr's of letter 2");
        firm.assert_has([
            ("alice", &[1, 2]),
            ("petr", &[1, 2]),
            ("zoe", &[]),
            ("fallback", &[1]),
        ])
        .await;
        firm.world.mailbox.idle().await;
        let left = firm.world.mailbox.len();
        assert_eq!(left, if retention == Retention::Keep { 6 } else { 0 });
        // Nothing of it is asked for again.
        firm.world.mailbox.forget();
        assert_eq!(firm.world.good().await.stored, 0);
        assert_eq!(firm.world.mailbox.count("RETR"), 0);
    }
}

#[tokio::test]
async fn a_copy_that_names_one_recipient_goes_to_nobody_else() {
    let firm = Firm::new(Setup::deleting()).await;
    let to = "To: alice@firm.example, petr@firm.example, zoe@firm.example";
    for name in ["alice", "petr"] {
        let evidence = format!("Delivered-To: {name}@firm.example");
        firm.send([letter(1, &[&evidence, to])]);
    }
    assert_eq!(firm.world.good().await.stored, 2);
    firm.send([letter(1, &["Delivered-To: zoe@firm.example", to])]);
    assert_eq!(firm.world.good().await.stored, 1);
    firm.assert_has([
        ("alice", &[1]),
        ("petr", &[1]),
        ("zoe", &[1]),
        ("fallback", &[]),
    ])
    .await;
    assert!(firm.world.mailbox.is_empty());
}

#[tokio::test]
async fn messages_without_a_message_id_are_never_taken_for_copies() {
    let firm = Firm::new(Setup::default()).await;
    let plain = |n: u32| {
        format!("Delivered-To: alice@firm.example\r\nSubject: letter {n}\r\n\r\nthe same\r\n")
            .into_bytes()
    };
    firm.send([plain(1), plain(1)]);
    assert_eq!(firm.world.good().await.stored, 2);
    firm.assert_has([("alice", &[1, 1])]).await;
}

#[tokio::test]
async fn limits_of_a_session_count_copies_too() {
    let firm = Firm::new(Setup::deleting()).await;
    let limits = RetrievalLimits {
        max_messages: Some(2),
        reconnect: true,
        ..RetrievalLimits::default()
    };
    firm.world
        .change(RetrievalChange {
            limits: Some(limits),
            ..RetrievalChange::default()
        })
        .await;
    // More sessions than a run has where no limit parts them.
    firm.send((0..46).map(|n| copy(1, n, &["alice"])));
    let report = firm.world.good().await;
    assert_eq!(
        (report.stored, report.deleted, report.remaining),
        (1, 46, 0)
    );
    firm.assert_has([("alice", &[1])]).await;
    assert!(firm.world.mailbox.is_empty());
}

#[tokio::test]
async fn a_crash_loses_nobodys_mail_and_doubles_none() {
    for crash in [Crash::Before, Crash::Behind] {
        for writes in 1.. {
            let firm = Firm::new(Setup::deleting()).await;
            firm.send([delivered(1, "alice"), delivered(2, "nobody")]);
            firm.send([1, 2].map(|n| copy(3, n, &["alice", "petr"])));
            let mortal = Mortal::new(&firm.world.store, crash, writes);
            let engine = firm
                .world
                .engine_over(Arc::clone(&mortal) as Arc<dyn Store>);
            let report = firm.run_over(&engine).await;
            firm.world.mailbox.idle().await;
            let why = format!("{crash:?} write {writes}: {report:?}");
            assert_eq!(report.failure.is_some(), mortal.is_dead(), "{why}");
            if mortal.is_dead() {
                firm.send([copy(3, 3, &["alice", "petr"])]);
                firm.world.good().await;
            }
            firm.assert_has([("alice", &[1, 3]), ("petr", &[3]), ("fallback", &[2])])
                .await;
            assert!(firm.world.mailbox.is_empty(), "{why}");
            if !mortal.is_dead() {
                assert!(writes > 3, "{why}");
                break;
            }
        }
    }
}

fn over_limit(report: &RunReport) -> Vec<AccountId> {
    report.over_limit.iter().map(|over| over.account).collect()
}

#[tokio::test]
async fn nobodys_mail_waits_because_somebodys_mailbox_is_full() {
    let firm = Firm::new(Setup::deleting()).await;
    let tight = Limits {
        mailbox: Some(Octets::new(10)),
        message: Some(Octets::new(10)),
        ..Limits::default()
    };
    firm.limit("alice", tight).await;
    // Nor because the fallback is.
    firm.limit("fallback", tight).await;
    firm.send([delivered(1, "alice"), delivered(2, "petr")]);
    let report = firm.world.good().await;
    assert_eq!((report.stored, report.deleted, report.left), (2, 2, 0));
    assert_eq!(noted(&report, ErrorCode::MailboxFull), Some(1));
    assert_eq!(over_limit(&report), [firm.accounts["alice"]]);
    let (over, store) = (report.over_limit[0], &firm.world.store);
    let allowance = store.account_allowance(over.account).await.unwrap();
    assert_eq!((over.used, over.limit), (allowance.octets, Octets::new(10)));
    firm.send([delivered(3, "petr")]);
    let report = firm.world.good().await;
    assert_eq!(noted(&report, ErrorCode::MailboxFull), None, "petr is not");
    assert_eq!(over_limit(&report), []);
    firm.send([delivered(4, "nobody"), delivered(5, "alice")]);
    let report = firm.world.good().await;
    assert_eq!(noted(&report, ErrorCode::MailboxFull), Some(2));
    let mut both = ["alice", "fallback"].map(|name| firm.accounts[name]);
    both.sort();
    assert_eq!(over_limit(&report), both);
    firm.assert_has([("alice", &[1, 5]), ("petr", &[2, 3]), ("fallback", &[4])])
        .await;
}

#[tokio::test]
async fn the_retrievals_own_limit_holds_a_large_message_back() {
    let firm = Firm::new(Setup::deleting()).await;
    let limits = RetrievalLimits {
        largest: Some(Octets::new(1000)),
        ..RetrievalLimits::default()
    };
    firm.world
        .change(RetrievalChange {
            limits: Some(limits),
            ..RetrievalChange::default()
        })
        .await;
    let mut large = delivered(1, "alice");
    large.extend(b"It is a long one.\r\n".repeat(100));
    firm.send([large, delivered(2, "alice")]);
    let report = firm.world.good().await;
    assert_eq!((report.stored, report.left), (1, 1));
    assert_eq!(noted(&report, ErrorCode::TooLarge), Some(1));
    firm.assert_has([("alice", &[2])]).await;
    assert_eq!(firm.world.mailbox.len(), 1);
}

#[tokio::test]
async fn the_tightest_limit_of_recipients_holds_and_the_fallback_gets_the_rest() {
    for (own, accounts, expected) in [(50, Some(1), 1), (2, None, 2), (2, Some(50), 2)] {
        let settings = CatchAllSettings {
            max_recipients: own,
            ..settings()
        };
        let firm = Firm::with(Setup::default(), settings).await;
        let limits = Limits {
            recipients: accounts,
            ..Limits::default()
        };
        firm.limit("fallback", limits).await;
        firm.send([copy(1, 1, &NAMES)]);
        firm.world.good().await;
        let mut got = 0;
        for name in NAMES {
            got += firm.has(name).await.len();
        }
        assert_eq!(got, expected, "own {own}, account's {accounts:?}");
        firm.assert_has([("fallback", &[1])]).await;
        let why = firm.why("fallback", 1).await;
        assert!(why.contains("zoe"), "{why}");
    }
}

#[tokio::test]
async fn a_message_with_our_own_trace_is_a_loop_and_stays_there() {
    let firm = Firm::new(Setup::deleting()).await;
    let instance = firm.world.store.instance().await.unwrap();
    let evidence = "Delivered-To: alice@firm.example";
    let own = format!("X-Inhaul-Instance: {instance}");
    firm.send([
        letter(1, &[&own, evidence]),
        letter(2, &["X-Inhaul-Instance: another", evidence]),
    ]);
    let report = firm.world.good().await;
    assert_eq!((report.stored, report.deleted, report.left), (1, 1, 1));
    assert_eq!(noted(&report, ErrorCode::Loop), Some(1));
    firm.assert_has([("alice", &[2]), ("fallback", &[])]).await;
    let maildrop = firm.world.retrieval().await.maildrop;
    let ledger = firm.world.store.ledger_load(maildrop).await.unwrap();
    let states: Vec<_> = ledger.iter().map(|row| row.state).collect();
    assert!(
        states.contains(&LedgerState::LeftOut(LeftOutReason::Loop)),
        "{states:?}"
    );
    // It is neither brought nor told again.
    firm.world.mailbox.idle().await;
    firm.world.mailbox.forget();
    let report = firm.world.good().await;
    assert_eq!((report.stored, report.deleted, report.left), (0, 0, 0));
    assert_eq!(firm.world.mailbox.count("RETR"), 0);
    assert_eq!(firm.world.mailbox.len(), 1);
}

#[tokio::test]
async fn of_another_inhaul_only_what_everybody_has_is_a_loop() {
    let firm = Firm::new(Setup::default()).await;
    let both = |number| {
        let to = "To: alice@firm.example, petr@firm.example";
        // Without a Message-ID nothing else could tell that it is here.
        let text = format!("{to}\r\nSubject: letter {number}\r\n\r\nletter {number}\r\n");
        text.into_bytes()
    };
    firm.send([both(1)]);
    firm.world.good().await;
    firm.world.mailbox.idle().await;
    firm.world
        .server
        .set(|switches| switches.greeting = Greeting::Inhaul);
    firm.world.mailbox.append(both(1));
    let report = firm.world.good().await;
    assert_eq!((report.stored, report.left), (0, 1));
    assert_eq!(noted(&report, ErrorCode::Loop), Some(1));
    firm.assert_has([("alice", &[1]), ("petr", &[1])]).await;
    // Petr loses his: then the same octets are no loop, but mail that somebody misses.
    let folders = firm.world.store.folder_list(firm.accounts["petr"]);
    let folder = folders.await.unwrap().remove(0);
    let page = firm.world.store.message_page(folder.id, None, 10).await;
    let uid = page.unwrap()[0].uid;
    let removed = firm.world.store.message_remove(folder.id, &[uid]).await;
    assert_eq!(removed.unwrap(), 1);
    firm.world.mailbox.idle().await;
    firm.world.mailbox.append(both(1));
    assert_eq!(firm.world.good().await.stored, 1);
    firm.assert_has([("alice", &[1, 1]), ("petr", &[1])]).await;
}

#[tokio::test]
async fn a_changed_rule_counts_from_the_next_run_on() {
    let firm = Firm::new(Setup::default()).await;
    firm.send([delivered(1, "sales")]);
    firm.world.good().await;
    let rule = RuleSetting {
        address: "sales@firm.example".parse().unwrap(),
        account: firm.accounts["petr"],
        account_name: "petr".into(),
        folder: "Shop".into(),
    };
    firm.share_out_by(CatchAllSettings {
        rules: vec![rule],
        ..settings()
    })
    .await;
    firm.world.mailbox.idle().await;
    firm.send([delivered(2, "sales")]);
    firm.world.good().await;
    firm.assert_has([("fallback", &[1]), ("petr", &[2])]).await;
    let folders = firm.world.store.folder_list(firm.accounts["petr"]);
    let shop = folders.await.unwrap();
    let shop = shop.iter().find(|folder| folder.name == "Shop").unwrap();
    assert_eq!(shop.messages, 1);
    // So does another source.
    firm.share_out_by(CatchAllSettings {
        source: RecipientSource::ToCc,
        ..settings()
    })
    .await;
    firm.world.mailbox.idle().await;
    let lines = ["Delivered-To: petr@firm.example", "To: zoe@firm.example"];
    firm.send([letter(3, &lines)]);
    firm.world.good().await;
    firm.assert_has([("zoe", &[3]), ("petr", &[2])]).await;
}

#[tokio::test]
async fn addresses_are_read_when_something_is_shared_out_and_again_when_they_changed() {
    let firm = Firm::new(Setup::default()).await;
    let store = Mortal::immortal(&firm.world.store);
    let engine = firm.world.engine_over(Arc::clone(&store) as Arc<dyn Store>);
    let read_after = async |expected: u64, why: &str| {
        let report = firm.run_over(&engine).await;
        assert!(report.failure.is_none(), "{why}: {report:?}");
        firm.world.mailbox.idle().await;
        assert_eq!(store.books(), expected, "{why}");
    };
    read_after(0, "nothing is there").await;
    firm.send([delivered(1, "alice")]);
    read_after(1, "the first message").await;
    read_after(1, "nothing is new").await;
    firm.send([delivered(2, "new")]);
    read_after(1, "nothing has changed").await;
    let account = NewAccount {
        name: "new".into(),
        addresses: vec!["new@firm.example".parse().unwrap()],
        group: None,
        admin: false,
        password: None,
    };
    let new = firm.world.store.account_create(account).await.unwrap();
    read_after(1, "nothing is new for anybody").await;
    firm.send([delivered(3, "new")]);
    read_after(2, "there is somebody new").await;
    firm.assert_has([("alice", &[1]), ("fallback", &[2])]).await;
    assert_eq!(firm.world.stored_for(new).await.len(), 1);
}

#[tokio::test]
async fn what_is_for_somebody_who_left_in_between_goes_to_the_fallback() {
    let firm = Firm::new(Setup::deleting()).await;
    let store = Mortal::immortal(&firm.world.store);
    let engine = firm.world.engine_over(Arc::clone(&store) as Arc<dyn Store>);
    firm.send([delivered(1, "zoe"), copy(2, 1, &["alice", "zoe"])]);
    store.remove_in_between(firm.accounts["zoe"]);
    let report = firm.run_over(&engine).await;
    assert!(report.failure.is_none(), "{report:?}");
    firm.assert_has([("alice", &[2]), ("fallback", &[1, 2])])
        .await;
    assert!(firm.world.mailbox.is_empty());
    let why = firm.why("fallback", 1).await;
    assert!(why.contains("zoe@firm.example"), "{why}");
}

#[tokio::test]
async fn a_look_at_a_catch_all_says_what_would_come_and_leaves_no_trace() {
    let firm = Firm::new(Setup::deleting()).await;
    firm.send([delivered(1, "alice"), delivered(2, "nobody")]);
    let options = RunOptions {
        dry_run: true,
        headers: true,
        ..RunOptions::default()
    };
    let report = firm.world.run_with(options).await;
    assert!(report.failure.is_none(), "{report:?}");
    let preview = report.preview.unwrap();
    let subjects: Vec<_> = preview
        .retrieve
        .iter()
        .map(|message| message.heading.clone().unwrap().subject)
        .collect();
    assert_eq!(subjects, ["letter 1", "letter 2"]);
    assert_eq!(preview.delete_fetched, 2);
    firm.assert_has([("alice", &[]), ("fallback", &[])]).await;
    firm.world.mailbox.idle().await;
    assert_eq!(firm.world.mailbox.count("RETR"), 0);
    // The fallback's room bounds nobody's mail, neither here nor in a run.
    let tight = Limits {
        mailbox: Some(Octets::new(10)),
        ..Limits::default()
    };
    firm.limit("fallback", tight).await;
    let report = firm.world.run_with(options).await;
    assert_eq!(report.would_retrieve, 2, "{report:?}");
}
