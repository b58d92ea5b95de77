//! Installations that read each other, or themselves: nothing goes round.
//!
//! The maildrop that an installation serves is played by a mailbox of the sample server, which greets
//! as inhaul does and is shown what has come into the account since.

use inhaul_domain::limits::Limits;
use inhaul_domain::{LedgerState, LeftOutReason, Retention};
use inhaul_engine::{RunOptions, RunReport, Unobserved};
use inhaul_sample::Mailbox;
use inhaul_sample::switches::{Greeting, UniqueIds};
use inhaul_store::{AccountChange, LedgerChange, RetrievalChange, RetrievalLimits, Store as _};
use inhaul_types::{ErrorCode, LedgerId, Octets};

use crate::harness::{Setup, USER, World, letters};

/// The mailbox and the retrieval by which mail comes from outside.
const OUTSIDE: &str = "outside";

/// An installation, and where it has mail from that has not gone round.
struct Home {
    world: World,
    outside: Mailbox,
    /// How many messages of the account were shown to others.
    shown: usize,
}

impl Home {
    async fn new(setup: Setup) -> Self {
        let world = setup.start().await;
        let outside = world.server.mailbox(OUTSIDE);
        let account = world.account;
        world.add_retrieval(OUTSIDE, OUTSIDE, account).await;
        greet_as_inhaul(&world);
        Self {
            world,
            outside,
            shown: 0,
        }
    }

    /// Has mail come from a server that is no inhaul.
    async fn receive(&self, mail: Vec<Vec<u8>>) {
        let count = mail.len() as u64;
        for message in mail {
            self.outside.append(message);
        }
        self.world
            .server
            .set(|switches| switches.greeting = Greeting::Banner);
        let report = named(&self.world, OUTSIDE).await;
        assert_eq!(report.stored, count);
        greet_as_inhaul(&self.world);
    }

    /// Shows what has come into the account since in the maildrop that others read.
    async fn show_in(&mut self, maildrop: &Mailbox) {
        maildrop.idle().await;
        let here = self.world.stored().await;
        for message in here.iter().skip(self.shown) {
            maildrop.append(message.clone());
        }
        self.shown = here.len();
    }

    async fn show_in_own(&mut self) {
        let own = self.world.mailbox.clone();
        self.show_in(&own).await;
    }
}

fn greet_as_inhaul(world: &World) {
    world
        .server
        .set(|switches| switches.greeting = Greeting::Inhaul);
}

async fn named(world: &World, name: &str) -> RunReport {
    let report = world
        .run_named(name, RunOptions::default(), &Unobserved)
        .await;
    assert!(report.failure.is_none(), "{report:?}");
    report
}

fn told(report: &RunReport) -> Option<u64> {
    let mut notes = report.notes.iter();
    notes
        .find(|note| note.code == ErrorCode::Loop)
        .map(|note| note.messages)
}

/// Rows of messages that went round.
async fn loops(world: &World) -> Vec<LedgerId> {
    let maildrop = world.retrieval().await.maildrop;
    let ledger = world.store.ledger_load(maildrop).await.unwrap();
    let is_loop = LedgerState::LeftOut(LeftOutReason::Loop);
    let rows = ledger.iter().filter(|row| row.state == is_loop);
    rows.map(|row| row.id).collect()
}

fn sorted(mut mail: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    mail.sort();
    mail
}

#[tokio::test]
async fn an_installation_that_reads_itself_multiplies_nothing() {
    for retention in [Retention::Keep, Retention::Delete] {
        let mut home = Home::new(Setup::default()).await;
        home.receive(letters(0..4)).await;
        home.world.set_retention(retention).await;
        home.show_in_own().await;
        let report = home.world.good().await;
        assert_eq!((report.stored, report.deleted, report.left), (0, 0, 4));
        assert_eq!(report.octets, Octets::ZERO);
        assert_eq!(told(&report), Some(4));
        // It is neither told nor asked for again, for ever.
        let world = &home.world;
        for _ in 0..3 {
            world.mailbox.idle().await;
            world.mailbox.forget();
            let report = world.good().await;
            assert_eq!((report.stored, report.left, report.notes.len()), (0, 0, 0));
            for verb in ["RETR", "TOP", "LIST", "DELE"] {
                assert_eq!(world.mailbox.count(verb), 0, "{verb}");
            }
            world.clock.advance(std::time::Duration::from_secs(86_400));
        }
        // What comes later goes round no further either.
        home.receive(letters(4..6)).await;
        home.show_in_own().await;
        let report = home.world.good().await;
        assert_eq!((report.stored, told(&report)), (0, Some(2)));
        assert_eq!(home.world.mailbox.len(), 6);
        assert_eq!(sorted(home.world.stored().await), sorted(letters(0..6)));
    }
}

#[tokio::test]
async fn a_ring_of_two_holds_each_message_once_at_both_ends_for_ever() {
    for retention in [Retention::Keep, Retention::Delete] {
        let (mut a, mut b) = tokio::join!(Home::new(Setup::default()), Home::new(Setup::default()));
        a.world.set_retention(retention).await;
        let (served_by_b, served_by_a) = (a.world.mailbox.clone(), b.world.mailbox.clone());
        for round in 0..20 {
            // Mail comes in at one end, at the other, or nowhere.
            match round % 3 {
                0 => a.receive(letters(round..round + 1)).await,
                1 => b.receive(letters(round..round + 1)).await,
                _ => {}
            }
            a.show_in(&served_by_a).await;
            b.show_in(&served_by_b).await;
            if round % 7 == 5 {
                served_by_a.renumber();
                served_by_b.renumber();
            }
            // One after the other, or both at the same moment.
            if round % 2 == 0 {
                a.world.good().await;
                a.show_in(&served_by_a).await;
                b.world.good().await;
            } else {
                tokio::join!(a.world.good(), b.world.good());
            }
        }
        let sent: Vec<_> = (0..20).filter(|round| round % 3 < 2).collect();
        let sent = sent.into_iter().flat_map(|round| letters(round..round + 1));
        let sent = sorted(sent.collect());
        for (end, home) in [("a", &a), ("b", &b)] {
            let here = sorted(home.world.stored().await);
            assert_eq!(here, sent, "at {end}, {retention:?}");
        }
    }
}

#[tokio::test]
async fn another_server_may_send_what_is_here_already() {
    let mut home = Home::new(Setup::default()).await;
    home.receive(letters(0..3)).await;
    home.show_in_own().await;
    home.world.behave();
    let report = home.world.good().await;
    assert_eq!((report.stored, report.left, told(&report)), (3, 0, None));
}

#[tokio::test]
async fn it_is_here_in_whichever_folder_and_in_this_account_only() {
    let mut home = Home::new(Setup::default()).await;
    home.receive(letters(0..3)).await;
    home.show_in_own().await;
    let world = &home.world;
    let change = RetrievalChange {
        destination: Some((world.account, "Elsewhere".to_owned())),
        ..RetrievalChange::default()
    };
    world.change(change).await;
    let report = world.good().await;
    assert_eq!((report.stored, report.left), (0, 3));
    let other = world.add_account("bert").await;
    world.add_retrieval("bert", USER, other).await;
    world.mailbox.idle().await;
    let report = named(world, "bert").await;
    assert_eq!((report.stored, report.left), (3, 0));
    assert_eq!(sorted(world.stored_for(other).await), letters(0..3));
}

#[tokio::test]
async fn one_installation_empties_another_as_it_would_any_server() {
    let world = Setup::deleting().start().await;
    greet_as_inhaul(&world);
    // More than one batch, with copies beside each other, far from each other and of a large one.
    let mut mail = letters(0..400);
    let copies = [0, 0, 7, 399].map(|number| mail[number].clone());
    drop(mail.splice(5..5, copies));
    mail.extend(letters(0..3));
    let count = mail.len() as u64 + 2;
    world.send(mail);
    let large = world.send_large(3 << 20);
    world.send([world.mailbox.octets(large).unwrap()]);
    let report = world.good().await;
    assert_eq!(
        (report.stored, report.deleted, report.left),
        (count, count, 0)
    );
    assert!(world.mailbox.is_empty());
    world.assert_each_once().await;
    let report = world.good().await;
    assert_eq!((report.listed, report.stored, told(&report)), (0, 0, None));
}

#[tokio::test]
async fn what_is_emptied_in_many_sessions_all_comes() {
    let world = Setup::deleting().start().await;
    greet_as_inhaul(&world);
    let limits = RetrievalLimits {
        max_messages: Some(3),
        reconnect: true,
        ..RetrievalLimits::default()
    };
    let change = RetrievalChange {
        limits: Some(limits),
        ..RetrievalChange::default()
    };
    world.change(change).await;
    world.send(letters(0..10));
    let report = world.good().await;
    assert_eq!((report.stored, report.deleted, report.left), (10, 10, 0));
    assert!(world.mailbox.is_empty());
    world.assert_each_once().await;
}

#[tokio::test]
async fn a_run_of_several_sessions_tells_of_all_that_went_round() {
    let mut home = Home::new(Setup::default()).await;
    home.receive(letters(0..10)).await;
    home.show_in_own().await;
    let world = &home.world;
    let limits = RetrievalLimits {
        max_messages: Some(3),
        reconnect: true,
        ..RetrievalLimits::default()
    };
    let change = RetrievalChange {
        limits: Some(limits),
        ..RetrievalChange::default()
    };
    world.change(change).await;
    let report = world.good().await;
    assert_eq!((report.stored, report.left), (0, 10));
    assert_eq!(told(&report), Some(10));
    assert_eq!(loops(world).await.len(), 10);
}

#[tokio::test]
async fn a_person_may_order_what_went_round_and_it_comes_once_more() {
    for retention in [Retention::Keep, Retention::Delete] {
        let mut home = Home::new(Setup::default()).await;
        home.receive(letters(0..3)).await;
        home.show_in_own().await;
        home.world.set_retention(retention).await;
        home.world.good().await;
        let rows = loops(&home.world).await;
        let maildrop = home.world.retrieval().await.maildrop;
        let order = vec![LedgerChange::Order(vec![rows[1]])];
        home.world
            .store
            .ledger_apply(maildrop, order)
            .await
            .unwrap();
        home.world.mailbox.idle().await;
        let report = home.world.good().await;
        assert_eq!((report.stored, report.left), (1, 0));
        let deletes = u64::from(retention == Retention::Delete);
        assert_eq!(
            report.deleted, deletes,
            "brought by this session, it may go"
        );
        assert_eq!(loops(&home.world).await, [rows[0], rows[2]]);
        // The copy is shown in turn, and goes no further.
        for _ in 0..3 {
            home.show_in_own().await;
            assert_eq!(home.world.good().await.stored, 0);
        }
        let expected = [letters(0..3), letters(1..2)].concat();
        assert_eq!(sorted(home.world.stored().await), sorted(expected));
    }
}

#[tokio::test]
async fn new_names_for_everything_bring_nothing_again() {
    let mut home = Home::new(Setup::default()).await;
    home.receive(letters(0..8)).await;
    home.show_in_own().await;
    home.world.mailbox.append(letters(8..9).remove(0));
    assert_eq!(home.world.good().await.stored, 1);
    for _ in 0..3 {
        home.world.mailbox.renumber();
        let report = home.world.good().await;
        assert_eq!((report.stored, told(&report)), (0, Some(8)));
        let report = home.world.good().await;
        assert_eq!((report.stored, told(&report)), (0, None));
    }
    assert_eq!(sorted(home.world.stored().await), sorted(letters(0..9)));
}

#[tokio::test]
async fn two_runs_at_the_same_moment_store_one_copy() {
    let world = Setup::default().start().await;
    greet_as_inhaul(&world);
    world.add_retrieval("twin", "twin", world.account).await;
    let twin = world.server.mailbox("twin");
    world.send(letters(0..300));
    for message in letters(0..300) {
        twin.append(message);
    }
    let (one, two) = tokio::join!(named(&world, USER), named(&world, "twin"));
    assert_eq!(one.stored + two.stored, 300);
    assert_eq!(one.left + two.left, 300);
    world.assert_each_once().await;
}

#[tokio::test]
async fn what_goes_round_takes_no_room() {
    let mut home = Home::new(Setup::default()).await;
    home.receive(letters(0..6)).await;
    home.show_in_own().await;
    let world = &home.world;
    let new = letters(6..7).remove(0);
    let held = world.stored().await.concat().len() as u64;
    // Room for the new message alone. Each run asks for as much as there is room for; what went round
    // leaves it free, and is not asked for by the next one.
    let limits = Limits {
        mailbox: Some(Octets::new(held + new.len() as u64)),
        ..Limits::default()
    };
    let change = AccountChange {
        limits: Some(limits),
        ..AccountChange::default()
    };
    world
        .store
        .account_change(world.account, change)
        .await
        .unwrap();
    world.mailbox.append(new);
    for _ in 0..6 {
        let report = world.run().await;
        assert_eq!((report.stored, told(&report)), (0, Some(1)));
        world.mailbox.idle().await;
    }
    let report = world.good().await;
    assert_eq!((report.stored, report.left), (1, 0));
    assert_eq!(sorted(world.stored().await), sorted(letters(0..7)));
}

#[tokio::test]
async fn odd_names_on_a_server_that_greets_as_inhaul_lose_and_double_nothing() {
    for unique_ids in [
        UniqueIds::SameForAll,
        UniqueIds::Pairs,
        UniqueIds::Reused,
        UniqueIds::EverySession,
        UniqueIds::Blank,
        UniqueIds::Absent,
    ] {
        for retention in [Retention::Keep, Retention::Delete] {
            let mut home = Home::new(Setup::default()).await;
            home.world.set_retention(retention).await;
            home.world
                .mailbox
                .set(|switches| switches.unique_ids = unique_ids);
            home.receive(letters(0..3)).await;
            home.show_in_own().await;
            let mut expected = letters(0..3);
            for round in 0..4 {
                let new = letters(10 + round * 4..14 + round * 4);
                expected.extend(new.clone());
                for message in new {
                    home.world.mailbox.append(message);
                }
                home.world.good().await;
                let here = sorted(home.world.stored().await);
                let what = format!("{unique_ids:?}, {retention:?}, round {round}");
                assert_eq!(here, sorted(expected.clone()), "{what}");
            }
        }
    }
}
