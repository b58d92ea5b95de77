//! Files brought into a store, and brought in again.

use std::fs;

use inhaul_domain as domain;
use inhaul_store::{
    Account, AccountChange, Group, RemoteSecret, Retrieval, RetrievalChange, SqliteStore, Store,
    StoreOptions,
};
use inhaul_types::Secret;
use tempfile::TempDir;

use super::*;
use crate::config::Sources;

const STAFF: &str = "[[group]]\nname = \"Staff\"\nlimits = { retrievals = 3 }\n";
const ALICE: &str = "[[account]]\nname = \"alice\"\naddresses = [\"a@x.example\"]\n";
const BOB: &str = "[[account]]\nname = \"bob\"\naddresses = [\"b@x.example\"]\n";
const ISP: &str = "[[retrieval]]\nname = \"isp\"\nto = \"alice\"\nserver = \"pop.example.org\"\n\
                   user = \"alice\"\npassword = { file = \"pw\" }\n";

/// A store, and a folder with a configuration beside it.
struct Bed {
    dir: TempDir,
    store: SqliteStore,
}

impl Bed {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("pw"), "secret\n").unwrap();
        let data = dir.path().join("data");
        let store = SqliteStore::open(&data, StoreOptions::default()).await;
        let store = store.unwrap();
        Self { dir, store }
    }

    fn config(&self, name: &str, parts: &[&str]) -> Config {
        let file = self.dir.path().join(name);
        fs::write(&file, parts.concat()).unwrap();
        let sources = Sources {
            file: Some(file),
            ..Sources::default()
        };
        Config::load(&sources).unwrap_or_else(|problems| panic!("{problems}"))
    }

    /// What is told of these parts of a file, one line each.
    async fn apply(&self, parts: &[&str]) -> Vec<String> {
        self.apply_as(Authority::Server, "inhaul.toml", parts).await
    }

    async fn apply_as(&self, authority: Authority, name: &str, parts: &[&str]) -> Vec<String> {
        let config = self.config(name, parts);
        let told = apply(&self.store, &config, authority).await;
        let lines = told.iter();
        lines
            .map(|told| format!("{:?} {}", told.weight, told.text))
            .collect()
    }

    fn at(&self, line: u32) -> String {
        format!("{}:{line}", self.dir.path().join("inhaul.toml").display())
    }

    async fn group(&self) -> Group {
        self.store.group_by_name("Staff").await.unwrap()
    }

    async fn account(&self, name: &str) -> Account {
        self.store.account_by_name(name).await.unwrap()
    }

    async fn isp(&self) -> Retrieval {
        self.store.retrieval_by_name("isp").await.unwrap()
    }

    async fn change(&self, change: RetrievalChange) {
        let id = self.isp().await.id;
        self.store.retrieval_change(id, change).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_declared_is_made_with_its_place() {
    let bed = Bed::new().await;
    let told = bed.apply(&[STAFF, ALICE, "group = \"staff\"\n", ISP]).await;
    let added = [
        "Done group \"Staff\" added",
        "Done account \"alice\" added",
        "Done retrieval \"isp\" added",
    ];
    assert_eq!(told, added);
    let group = bed.group().await;
    assert_eq!(group.limits.retrievals, Some(3));
    assert_eq!(group.users_may, inhaul_store::UsersMay::default());
    assert_eq!(group.written_at, Some(bed.at(1)));
    let alice = bed.account("alice").await;
    assert_eq!((alice.group.as_str(), alice.addresses.len()), ("Staff", 1));
    assert_eq!(alice.written_at, Some(bed.at(4)));
    let isp = bed.isp().await;
    assert_eq!((isp.remote.port, isp.account), (995, alice.id));
    assert_eq!(isp.written_at.unwrap().at, bed.at(8));
    let secret = bed.store.retrieval_secret(isp.id).await.unwrap();
    let file = bed.dir.path().join("pw");
    assert!(matches!(secret, RemoteSecret::File { path, seen: Some(_) } if path == file));
}

#[tokio::test]
async fn what_is_in_force_is_not_written_again() {
    let bed = Bed::new().await;
    let sign_in = "sign_in = \"plain\"\nowner = \"alice\"\nafter_storing = \"delete\"\n";
    let parts = [STAFF, ALICE, BOB, ISP, sign_in];
    assert_eq!(bed.apply(&parts).await.len(), 4);
    let changes = bed.store.changes();
    let before = *changes.borrow();
    assert!(bed.apply(&parts).await.is_empty());
    assert_eq!(*changes.borrow(), before);
    // A line further down is a place of its own, and nothing else.
    let due = bed.isp().await.schedule.next_due;
    let moved = [&["\n"], &parts[..]].concat();
    assert_eq!(bed.apply(&moved).await.len(), 4);
    let isp = bed.isp().await;
    assert_eq!(isp.written_at.unwrap().at, bed.at(11));
    assert_eq!(isp.schedule.next_due, due);
}

#[tokio::test]
async fn what_differs_is_changed_and_nothing_else() {
    let bed = Bed::new().await;
    bed.apply(&[ALICE, ISP, "every = \"10m\"\n"]).await;
    let maildrop = bed.isp().await.maildrop;
    let told = bed
        .apply(&[
            ALICE,
            ISP,
            "every = \"20m\"\nafter_storing = \"delete\"\ndays = 3\n",
        ])
        .await;
    assert_eq!(told, ["Done retrieval \"isp\" changed"]);
    let isp = bed.isp().await;
    assert_eq!(isp.every, inhaul_store::Every::Seconds(1200));
    let three_days = domain::Retention::DeleteAfter { days: 3 };
    assert_eq!((isp.retention, isp.maildrop), (three_days, maildrop));
}

#[tokio::test]
async fn an_entry_takes_over_what_a_command_made() {
    let bed = Bed::new().await;
    bed.apply(&[ALICE, ISP]).await;
    let free = || RetrievalChange {
        written_at: Some(None),
        paused: Some(true),
        ..RetrievalChange::default()
    };
    bed.change(free()).await;
    assert_eq!(bed.apply(&[ALICE, ISP]).await.len(), 1);
    let isp = bed.isp().await;
    assert!(isp.written_at.is_some());
    assert!(isp.paused, "a person's pause stays");
}

#[tokio::test]
async fn a_fault_of_one_entry_is_told_and_the_others_go_on() {
    let bed = Bed::new().await;
    let taken = "[[account]]\nname = \"eve\"\naddresses = [\"a@x.example\"]\n";
    let odd = "[[account]]\nname = \"a/b\"\n";
    let stray = ISP
        .replace("isp", "stray")
        .replace("\"alice\"\ns", "\"nobody\"\ns");
    let not_hers = ISP.replace("isp", "hers") + "owner = \"bob\"\n";
    let away = "[[account]]\nname = \"carl\"\ngroup = \"Away\"\n";
    let told = bed
        .apply(&[ALICE, taken, odd, away, BOB, &stray, &not_hers, ISP])
        .await;
    let expected = [
        "Done account \"alice\" added",
        "Fault account \"eve\" is not in force: one of its addresses belongs to the account \"alice\"",
        "Fault account \"a/b\" is not in force: \"a/b\" cannot be an account's name",
        "Fault account \"carl\" is not in force: there is no group \"Away\"",
        "Done account \"bob\" added",
        "Fault retrieval \"stray\" is not in force: there is no account \"nobody\"",
        "Fault retrieval \"hers\" is not in force: a user retrieval delivers to its owner only",
        "Done retrieval \"isp\" added",
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn an_address_may_go_from_one_account_to_another() {
    let bed = Bed::new().await;
    bed.apply(&[ALICE, BOB]).await;
    let swap = |text: &str, to: &str| text.replace(if to == "b@x" { "a@x" } else { "b@x" }, to);
    let (alice, bob) = (swap(ALICE, "b@x"), swap(BOB, "a@x"));
    bed.apply(&[&alice, &bob]).await;
    let address = async |name: &str| bed.account(name).await.addresses[0].to_string();
    assert_eq!(address("alice").await, "b@x.example");
    assert_eq!(address("bob").await, "a@x.example");
    assert!(bed.apply(&[&alice, &bob]).await.is_empty());
}

/// `ISP` as a catch-all with these rules.
fn shared_out(catch_all: &str, rules: &str) -> String {
    let to = format!("catch_all = {{ {catch_all} }}");
    ISP.replace("to = \"alice\"", &to) + &format!("rules = [ {rules} ]\n")
}

#[tokio::test]
async fn a_catch_all_is_made_with_its_rules_and_not_written_again() {
    let bed = Bed::new().await;
    let catch_all = "header = \"Delivered-To\", domains = [\"x.example\"], \
                     domain_aliases = { \"x.net\" = \"x.example\" }, fallback = \"bob/New\"";
    let rule = "{ address = \"info@x.example\", to = \"alice/Shop\" }";
    let to_inbox = "{ address = \"*@x.example\", to = \"alice\" }";
    let parts = [
        ALICE,
        BOB,
        &shared_out(catch_all, &format!("{rule}, {to_inbox}")),
    ];
    assert_eq!(bed.apply(&parts).await.len(), 3);
    let isp = bed.isp().await;
    assert_eq!(
        (isp.account_name.as_str(), isp.folder_name.as_str()),
        ("bob", "New")
    );
    let settings = isp.routing.catch_all().unwrap();
    let rules = settings.rules.iter();
    let rules: Vec<_> = rules
        .map(|rule| (rule.address.as_str(), rule.folder.as_str()))
        .collect();
    assert_eq!(
        rules,
        [("info@x.example", "Shop"), ("*@x.example", "INBOX")]
    );
    let changes = bed.store.changes();
    let before = *changes.borrow();
    assert!(bed.apply(&parts).await.is_empty());
    assert_eq!(*changes.borrow(), before);
}

#[tokio::test]
async fn what_differs_in_a_catch_all_is_changed_and_it_may_become_a_single_one() {
    let bed = Bed::new().await;
    let usual = "fallback = \"bob\"";
    let rule = "{ address = \"info@x.example\", to = \"alice/Shop\" }";
    bed.apply(&[ALICE, BOB, &shared_out(usual, rule)]).await;
    for (catch_all, rules) in [
        ("fallback = \"bob\", separators = \"-\"", rule),
        ("fallback = \"bob\", max_recipients = 3", rule),
        ("fallback = \"bob\", evidence = [\"X-To\"]", rule),
        ("fallback = \"bob\", header = \"X-To\", index = 2", rule),
        ("fallback = \"alice\"", rule),
        (
            usual,
            "{ address = \"info@x.example\", to = \"alice/shop\" }",
        ),
        (usual, "{ address = \"info@x.example\", to = \"bob/Shop\" }"),
        (usual, ""),
    ] {
        let told = bed
            .apply(&[ALICE, BOB, &shared_out(catch_all, rules)])
            .await;
        assert_eq!(
            told,
            ["Done retrieval \"isp\" changed"],
            "{catch_all} {rules}"
        );
    }
    bed.apply(&[ALICE, BOB, ISP]).await;
    assert_eq!(bed.isp().await.routing, inhaul_store::Routing::Single);
}

#[tokio::test]
async fn a_rule_that_leads_to_nobody_is_told() {
    let bed = Bed::new().await;
    let rule = "{ address = \"info@x.example\", to = \"carl\" }";
    let told = bed
        .apply(&[ALICE, &shared_out("fallback = \"alice\"", rule)])
        .await;
    assert_eq!(
        told[1],
        "Fault retrieval \"isp\" is not in force: there is no account \"carl\""
    );
    assert!(bed.store.retrieval_list().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_written_no_longer_goes_but_no_mail_does() {
    let bed = Bed::new().await;
    bed.apply(&[STAFF, ALICE, "group = \"Staff\"\n", ISP]).await;
    let maildrop = bed.isp().await.maildrop;
    let told = bed.apply(&[]).await;
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(
        told.iter().all(|told| told.starts_with("Warning")),
        "{told:?}"
    );
    assert!(bed.store.retrieval_list().await.unwrap().is_empty());
    assert_eq!(bed.account("alice").await.written_at, None);
    // Somebody is in it.
    assert_eq!(bed.group().await.written_at, None);
    assert!(bed.apply(&[]).await.is_empty());

    bed.apply(&[STAFF, ALICE, ISP]).await;
    assert_eq!(bed.isp().await.maildrop, maildrop, "its ledger is adopted");
    assert_eq!(bed.group().await.accounts, 0);
    let told = bed.apply(&[ALICE, ISP]).await;
    assert!(
        told.iter().any(|told| told.contains("was removed")),
        "{told:?}"
    );
    assert_eq!(bed.store.group_list().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_command_lets_go_only_of_what_was_in_a_file_it_has_read() {
    let bed = Bed::new().await;
    bed.apply(&[ALICE, ISP]).await;
    let command = Authority::Command;
    assert!(bed.apply_as(command, "other.toml", &[]).await.is_empty());
    bed.apply_as(command, "other.toml", &[BOB]).await;
    assert!(bed.isp().await.written_at.is_some());
    bed.apply_as(command, "inhaul.toml", &[ALICE]).await;
    assert!(bed.store.retrieval_list().await.unwrap().is_empty());
}

#[tokio::test]
async fn another_password_in_a_file_is_tried_at_once() {
    let bed = Bed::new().await;
    bed.apply(&[ALICE, ISP]).await;
    let later = domain::schedule::ScheduleState::default();
    let id = bed.isp().await.id;
    bed.store.retrieval_schedule(&[(id, later)]).await.unwrap();
    assert!(bed.apply(&[ALICE, ISP]).await.is_empty());
    assert_eq!(bed.isp().await.schedule.next_due, None);
    fs::write(bed.dir.path().join("pw"), "another\n").unwrap();
    assert_eq!(bed.apply(&[ALICE, ISP]).await.len(), 1);
    assert!(bed.isp().await.schedule.next_due.is_some());
    // A file that is gone for a while is told, and is no other password.
    let changes = bed.store.changes();
    let before = *changes.borrow();
    fs::remove_file(bed.dir.path().join("pw")).unwrap();
    let told = bed.apply(&[ALICE, ISP]).await;
    assert!(told[0].contains("is not to be had"), "{told:?}");
    assert_eq!((told.len(), *changes.borrow()), (1, before));
}

#[tokio::test]
async fn a_pause_in_the_file_comes_and_goes_with_it_and_any_other_stays() {
    let bed = Bed::new().await;
    let pause = |paused| RetrievalChange {
        paused: Some(paused),
        ..RetrievalChange::default()
    };
    bed.apply(&[ALICE, ISP]).await;
    bed.change(pause(true)).await;
    assert!(bed.apply(&[ALICE, ISP]).await.is_empty());
    assert!(bed.isp().await.paused);
    bed.change(pause(false)).await;
    bed.apply(&[ALICE, ISP, "paused = true\n"]).await;
    assert!(bed.isp().await.paused);
    bed.apply(&[ALICE, ISP]).await;
    assert!(!bed.isp().await.paused);
}

#[tokio::test]
async fn what_no_file_says_stays_with_the_commands() {
    let bed = Bed::new().await;
    bed.apply(&[ALICE]).await;
    let change = AccountChange {
        admin: Some(true),
        password: Some(Secret::new("x".into())),
        ..AccountChange::default()
    };
    let id = bed.account("alice").await.id;
    bed.store.account_change(id, change).await.unwrap();
    assert!(bed.apply(&[ALICE]).await.is_empty());
    assert!(bed.account("alice").await.admin);
}

#[test]
fn a_refusal_says_where_to_change_it() {
    assert!(refuse_written("group", "Staff", None).is_ok());
    let failure = refuse_written("group", "Staff", Some("/etc/inhaul.toml:12")).unwrap_err();
    assert_eq!(
        failure.what,
        "the group \"Staff\" is set in /etc/inhaul.toml, line 12"
    );
}
