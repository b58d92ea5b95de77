//! Limits that hold inside a run: how much it brings, how large a message may be, and a mailbox here
//! that is full.

use inhaul_domain::limits::Limits;
use inhaul_domain::{Amount, LedgerState, LeftOutReason, Retention};
use inhaul_engine::{RunOptions, RunReport, Unobserved};
use inhaul_sample::switches::{Cut, Fault, Listing, Pipelining, Sizes, Times};
use inhaul_store::{AccountChange, LedgerChange, RetrievalChange, RetrievalLimits, Store as _};
use inhaul_types::card::Detail;
use inhaul_types::{ErrorCode, LedgerId, Octets};
use tokio::sync::watch;

use crate::harness::{Setup, USER, World, letters};

const KIB: u64 = 1024;

fn kib(kib: u64) -> Octets {
    Octets::new(kib * KIB)
}

fn noted(report: &RunReport, code: ErrorCode) -> Option<u64> {
    let note = report.notes.iter().find(|note| note.code == code);
    note.map(|note| note.messages)
}

async fn limit_account(world: &World, limits: Limits) {
    let change = AccountChange {
        limits: Some(limits),
        ..AccountChange::default()
    };
    let changed = world.store.account_change(world.account, change);
    changed.await.unwrap();
}

async fn limit_mailbox(world: &World, mailbox: Option<Octets>) {
    limit_account(
        world,
        Limits {
            mailbox,
            ..Limits::default()
        },
    )
    .await;
}

async fn limit_retrieval(world: &World, limits: RetrievalLimits) {
    world
        .change(RetrievalChange {
            limits: Some(limits),
            ..RetrievalChange::default()
        })
        .await;
}

fn largest(largest: Octets) -> RetrievalLimits {
    RetrievalLimits {
        largest: Some(largest),
        ..RetrievalLimits::default()
    }
}

/// Octets the account holds.
async fn held(world: &World) -> u64 {
    let allowance = world.store.account_allowance(world.account).await.unwrap();
    allowance.octets.count()
}

#[tokio::test]
async fn a_run_ends_well_at_its_limit_and_the_next_one_goes_on() {
    let own = |max_messages, max_octets| RetrievalLimits {
        max_messages,
        max_octets,
        ..RetrievalLimits::default()
    };
    let account = |messages_per_run, octets_per_run| Limits {
        messages_per_run,
        octets_per_run,
        ..Limits::default()
    };
    let nothing = (RetrievalLimits::default(), Limits::default());
    for (name, (own, account), runs) in [
        (
            "own messages",
            (own(Some(4), None), nothing.1),
            vec![4, 4, 2],
        ),
        // Two letters of some 140 octets, and not a third one.
        (
            "own octets",
            (own(None, Some(Octets::new(300))), nothing.1),
            vec![2; 5],
        ),
        (
            "the account's",
            (nothing.0, account(Some(7), None)),
            vec![7, 3],
        ),
        (
            "the tighter one",
            (own(Some(6), None), account(Some(7), None)),
            vec![6, 4],
        ),
        (
            "less than a message",
            (nothing.0, account(None, Some(Octets::new(1)))),
            vec![1; 10],
        ),
    ] {
        for pipelining in [Pipelining::Announced, Pipelining::Unannounced] {
            let world = Setup::deleting().start().await;
            world
                .server
                .set(|switches| switches.pipelining = pipelining);
            world.send(letters(0..10));
            limit_retrieval(&world, own).await;
            limit_account(&world, account).await;
            let mut left = 10;
            for expected in &runs {
                let sessions = world.mailbox.sessions();
                let report = world.good().await;
                left -= expected;
                assert_eq!(report.stored, *expected, "{name}");
                assert_eq!(
                    report.deleted, *expected,
                    "{name}: what it brought is gone there"
                );
                assert_eq!(report.remaining, left, "{name}");
                assert_eq!(world.mailbox.sessions(), sessions + 1, "{name}");
                assert_eq!(world.mailbox.len() as u64, left, "{name}");
                world.mailbox.idle().await;
            }
            assert_eq!(left, 0, "{name}");
            world.assert_each_once().await;
        }
    }
}

#[tokio::test]
async fn a_retrieval_that_signs_in_again_brings_all_in_one_run() {
    let parted = Amount {
        messages: Some(3),
        octets: None,
    };
    let own = RetrievalLimits {
        max_messages: Some(3),
        reconnect: true,
        ..RetrievalLimits::default()
    };
    for (name, batch, own) in [
        ("reconnect", Amount::UNBOUND, own),
        ("batch", parted, RetrievalLimits::default()),
    ] {
        for retention in [Retention::Keep, Retention::Delete] {
            let setup = Setup {
                retention,
                batch,
                ..Setup::default()
            };
            let world = setup.start().await;
            // More sessions than a server gets that lists in parts.
            world.send(letters(0..70));
            limit_retrieval(&world, own).await;
            let sessions = world.mailbox.sessions();
            let report = world.good().await;
            assert_eq!((report.stored, report.remaining), (70, 0), "{name}");
            world.mailbox.idle().await;
            assert_eq!(world.mailbox.sessions(), sessions + 24, "{name}");
            assert_eq!(world.mailbox.is_empty(), retention == Retention::Delete);
            world.assert_each_once().await;
        }
    }
}

#[tokio::test]
async fn signing_in_again_does_not_lead_round_the_accounts_limit() {
    let world = Setup::default().start().await;
    world.send(letters(0..20));
    let own = RetrievalLimits {
        max_messages: Some(3),
        reconnect: true,
        ..RetrievalLimits::default()
    };
    limit_retrieval(&world, own).await;
    let limits = Limits {
        messages_per_run: Some(8),
        ..Limits::default()
    };
    limit_account(&world, limits).await;
    for (stored, remaining) in [(8, 12), (8, 4), (4, 0)] {
        let report = world.good().await;
        assert_eq!((report.stored, report.remaining), (stored, remaining));
        world.mailbox.idle().await;
    }
    world.assert_each_once().await;
}

#[tokio::test]
async fn a_server_that_wants_a_pause_between_sessions_gets_one_session() {
    let world = Setup::default().start().await;
    world.server.set(|switches| switches.login_delay = Some(60));
    world.send(letters(0..7));
    let own = RetrievalLimits {
        max_messages: Some(3),
        reconnect: true,
        ..RetrievalLimits::default()
    };
    limit_retrieval(&world, own).await;
    for (stored, remaining) in [(3, 4), (3, 1), (1, 0)] {
        let sessions = world.mailbox.sessions();
        let report = world.good().await;
        assert_eq!((report.stored, report.remaining), (stored, remaining));
        assert_eq!(world.mailbox.sessions(), sessions + 1);
        world.mailbox.idle().await;
    }
    world.assert_each_once().await;
}

#[tokio::test]
async fn messages_that_the_server_will_not_hand_over_keep_back_no_others() {
    for (reconnect, max_octets) in [(false, None), (true, None), (false, Some(Octets::new(1)))] {
        for words in ["[SYS/TEMP] later", "damaged"] {
            let world = Setup::default().start().await;
            let ids = world.send(letters(0..5));
            for id in &ids[..2] {
                let refused = Fault::Refused(words.into());
                world.mailbox.fault(*id, refused, Times::Always);
            }
            let own = RetrievalLimits {
                max_messages: Some(1),
                max_octets,
                reconnect,
                ..RetrievalLimits::default()
            };
            limit_retrieval(&world, own).await;
            let runs = if reconnect { 1 } else { 3 };
            for _ in 0..runs {
                let report = world.good().await;
                assert_eq!(report.stored, 3 / runs, "{words}");
                world.mailbox.idle().await;
            }
            // And it is not asked for them without end.
            assert!(world.mailbox.sessions() < 6, "{words}");
            world.mailbox.behave();
            world
                .clock
                .advance(std::time::Duration::from_secs(24 * 3600));
            for _ in 0..2 {
                world.good().await;
                world.mailbox.idle().await;
            }
            world.assert_each_once().await;
        }
    }
}

#[tokio::test]
async fn a_cut_at_the_limit_loses_and_doubles_nothing() {
    for after in (0..).step_by(37) {
        let setup = Setup {
            batch: Amount {
                messages: Some(2),
                octets: None,
            },
            ..Setup::deleting()
        };
        let world = setup.start().await;
        world.send(letters(0..5));
        let times = Times::Once;
        world
            .server
            .set(|switches| switches.line.cut = Some(Cut { after, times }));
        let report = world.run().await;
        world.assert_nothing_lost().await;
        world.behave();
        world.mailbox.idle().await;
        world.good().await;
        assert!(world.mailbox.is_empty(), "after {after}");
        world.assert_each_once().await;
        if report.failure.is_none() && report.stored == 5 && after > 500 {
            return;
        }
    }
}

#[tokio::test]
async fn a_message_that_is_too_large_is_told_once_and_comes_when_the_limit_rises() {
    for of_account in [true, false] {
        let world = Setup::deleting().start().await;
        let limit = async |octets| match of_account {
            false => limit_retrieval(&world, largest(octets)).await,
            true => {
                let limits = Limits {
                    message: Some(octets),
                    ..Limits::default()
                };
                limit_account(&world, limits).await;
            }
        };
        limit(kib(10)).await;
        let large = world.send_large(20 * KIB);
        world.send(letters(0..2));
        let report = world.good().await;
        assert_eq!((report.stored, report.left, report.deleted), (2, 1, 2));
        assert_eq!(noted(&report, ErrorCode::TooLarge), Some(1));
        world.mailbox.idle().await;
        world.mailbox.forget();
        // It is neither told nor asked for again, nor even its size.
        let report = world.good().await;
        assert_eq!((report.stored, report.left, report.notes.len()), (0, 0, 0));
        for verb in ["RETR", "TOP", "LIST", "DELE"] {
            assert_eq!(world.mailbox.count(verb), 0, "{verb}");
        }
        assert_eq!(world.mailbox.retrieved(large), 0);
        limit(kib(30)).await;
        assert_eq!(world.good().await.stored, 1);
        assert!(world.mailbox.is_empty());
        world.assert_each_once().await;
    }
}

/// The row of the one message that was left out.
async fn left_out(world: &World) -> (LedgerId, LeftOutReason) {
    let maildrop = world.retrieval().await.maildrop;
    let ledger = world.store.ledger_load(maildrop).await.unwrap();
    let left = ledger.iter().find_map(|row| match row.state {
        LedgerState::LeftOut(reason) => Some((row.id, reason)),
        _ => None,
    });
    left.unwrap()
}

async fn order(world: &World, row: LedgerId) {
    let maildrop = world.retrieval().await.maildrop;
    let order = vec![LedgerChange::Order(vec![row])];
    world.store.ledger_apply(maildrop, order).await.unwrap();
}

#[tokio::test]
async fn what_was_ordered_comes_once_before_all_others_and_no_other_like_it() {
    let world = Setup::default().start().await;
    limit_retrieval(
        &world,
        RetrievalLimits {
            max_messages: Some(1),
            ..largest(kib(10))
        },
    )
    .await;
    let large = world.send_large(20 * KIB);
    world.good().await;
    let (row, reason) = left_out(&world).await;
    assert_eq!(reason, LeftOutReason::TooLarge);
    world.mailbox.idle().await;
    world.send(letters(0..2));
    world.send_large(21 * KIB);
    order(&world, row).await;
    let report = world.good().await;
    assert_eq!((report.stored, report.remaining, report.left), (1, 2, 1));
    assert_eq!(world.mailbox.retrieved(large), 1);
    world.mailbox.idle().await;
    // It was obeyed, and that was that.
    assert_eq!(world.good().await.stored, 1);
    world.mailbox.idle().await;
    assert_eq!(world.good().await.stored, 1);
    assert_eq!(left_out(&world).await.1, LeftOutReason::TooLarge);
    assert_eq!(world.mailbox.retrieved(large), 1);
    assert_eq!(world.difference(world.account).await, (1, 0));
}

#[tokio::test]
async fn an_order_outlives_a_line_that_was_cut_at_it() {
    let world = Setup::deleting().start().await;
    limit_retrieval(&world, largest(kib(10))).await;
    let large = world.send_large(20 * KIB);
    world.good().await;
    order(&world, left_out(&world).await.0).await;
    world.mailbox.idle().await;
    world
        .mailbox
        .fault(large, Fault::CutAfter(5_000), Times::Once);
    world.fails(ErrorCode::CutOff).await;
    assert_eq!(left_out(&world).await.1, LeftOutReason::Ordered);
    assert_eq!(world.good().await.stored, 1);
    assert!(world.mailbox.is_empty());
    world.assert_each_once().await;
}

#[tokio::test]
async fn a_full_mailbox_brings_nothing_deletes_nothing_unseen_and_still_counts() {
    let world = Setup::deleting().start().await;
    world.send_large(20 * KIB);
    world.good().await;
    limit_mailbox(&world, Some(kib(20))).await;
    world.send(letters(0..3));
    world.mailbox.idle().await;
    world.mailbox.forget();
    for _ in 0..2 {
        let report = world.run().await;
        let failure = report.failure.clone().unwrap();
        assert_eq!(failure.code, ErrorCode::MailboxFull);
        assert!(
            matches!(failure.facts.detail, Some(Detail::Full { limit, used })
                if limit == kib(20) && used >= limit),
            "{failure:?}"
        );
        assert_eq!((report.listed, report.stored, report.remaining), (3, 0, 3));
        assert_eq!(noted(&report, ErrorCode::MailboxFull), Some(3));
        let runs = world.store.run_list(world.retrieval().await.id, 1);
        let recorded = runs.await.unwrap().remove(0);
        assert_eq!((recorded.listed, recorded.stored), (3, 0));
        assert_eq!(recorded.notes, report.notes);
        world.mailbox.idle().await;
    }
    for verb in ["RETR", "DELE"] {
        assert_eq!(world.mailbox.count(verb), 0, "{verb}");
    }
    let card = world.run().await.failure.unwrap().card();
    assert!(card.title.contains("Your mailbox here is full"), "{card:?}");
    // They are not left out for ever.
    limit_mailbox(&world, None).await;
    assert_eq!(world.good().await.stored, 3);
    assert!(world.mailbox.is_empty());
    world.assert_each_once().await;
}

#[tokio::test]
async fn what_is_stored_already_is_deleted_there_while_the_mailbox_is_full_here() {
    let world = Setup::default().start().await;
    world.send(letters(0..2));
    world.good().await;
    world.mailbox.idle().await;
    world.set_retention(Retention::Delete).await;
    limit_mailbox(&world, Some(Octets::new(300))).await;
    world.send(letters(2..4));
    let report = world.run().await;
    assert_eq!((report.stored, report.deleted, report.remaining), (0, 2, 2));
    assert_eq!(world.mailbox.len(), 2);
    world.assert_nothing_lost().await;
}

#[tokio::test]
async fn a_mailbox_fills_up_to_its_limit_and_what_does_not_fit_waits() {
    for pipelining in [Pipelining::Announced, Pipelining::Unannounced] {
        for listing in [Listing::All, Listing::First(4)] {
            let world = Setup::deleting().start().await;
            world
                .server
                .set(|switches| switches.pipelining = pipelining);
            world.mailbox.set(|switches| switches.listing = listing);
            limit_mailbox(&world, Some(kib(100))).await;
            for _ in 0..6 {
                world.send_large(30 * KIB);
            }
            // It fits where a larger one does not.
            world.send(letters(0..1));
            let mut failure = None;
            while failure.is_none() {
                failure = world.run().await.failure;
                world.mailbox.idle().await;
            }
            assert_eq!(failure.unwrap().code, ErrorCode::MailboxFull);
            let held = held(&world).await;
            assert!((90 * KIB..=100 * KIB).contains(&held), "{held}");
            world.assert_nothing_lost().await;
            limit_mailbox(&world, Some(kib(300))).await;
            while !world.mailbox.is_empty() {
                world.good().await;
                world.mailbox.idle().await;
            }
            world.assert_each_once().await;
        }
    }
}

#[tokio::test]
async fn a_message_larger_than_the_whole_mailbox_is_too_large_and_does_not_stop_the_others() {
    let world = Setup::default().start().await;
    limit_mailbox(&world, Some(kib(10))).await;
    world.send_large(20 * KIB);
    world.send(letters(0..2));
    let report = world.good().await;
    assert_eq!((report.stored, report.left, report.remaining), (2, 1, 0));
    assert_eq!(noted(&report, ErrorCode::TooLarge), Some(1));
    // With more space it comes.
    limit_mailbox(&world, Some(kib(50))).await;
    assert_eq!(world.good().await.stored, 1);
    world.assert_each_once().await;
}

#[tokio::test]
async fn a_server_that_lists_sizes_too_small_passes_the_limits_by_what_is_under_way_only() {
    // 100 messages of 4 KiB that the server says are of one octet each.
    const MANY: u64 = 100;
    let world = Setup::default().start().await;
    world
        .server
        .set(|switches| switches.pipelining = Pipelining::Unannounced);
    world
        .mailbox
        .set(|switches| switches.sizes = Sizes::Off(-4095));
    for _ in 0..MANY {
        world.send_large(4 * KIB);
    }
    limit_mailbox(&world, Some(kib(40))).await;
    let report = world.run().await;
    assert_eq!(report.failure.unwrap().code, ErrorCode::MailboxFull);
    assert_eq!(report.stored + report.remaining, MANY);
    let held = held(&world).await;
    assert!((40 * KIB..100 * KIB).contains(&held), "{held}");
    world.assert_nothing_lost().await;
}

#[tokio::test]
async fn two_runs_into_one_mailbox_pass_its_limit_by_what_is_under_way_at_most() {
    const OTHER: &str = "bert";
    const MANY: u64 = 40;
    let world = Setup::default().start().await;
    world.add_retrieval(OTHER, OTHER, world.account).await;
    let other = world.server.mailbox(OTHER);
    for _ in 0..MANY {
        world.mailbox.append_generated(4 * KIB);
        other.append_generated(5 * KIB);
    }
    world
        .server
        .set(|switches| switches.pipelining = Pipelining::Unannounced);
    limit_mailbox(&world, Some(kib(100))).await;
    let options = RunOptions::default();
    let (one, two) = tokio::join!(
        world.run_named(USER, options, &Unobserved),
        world.run_named(OTHER, options, &Unobserved)
    );
    for report in [one, two] {
        let code = report.failure.map(|failure| failure.code);
        assert_eq!(code, Some(ErrorCode::MailboxFull));
    }
    // At most as much again, which both had seen room for.
    let held = held(&world).await;
    assert!((90 * KIB..=200 * KIB).contains(&held), "{held}");
    let mut here = world.stored().await;
    let all = here.len();
    here.sort();
    here.dedup();
    assert_eq!(here.len(), all, "nothing comes twice");
}

#[tokio::test]
async fn a_look_tells_what_a_run_would_bring_and_no_more() {
    let world = Setup::default().start().await;
    world.send(letters(0..5));
    let own = RetrievalLimits {
        max_messages: Some(2),
        ..RetrievalLimits::default()
    };
    limit_retrieval(&world, own).await;
    let look = RunOptions {
        dry_run: true,
        ..RunOptions::default()
    };
    let (_stop, stopping) = watch::channel(false);
    let report = world.run_until(USER, look, &Unobserved, stopping).await;
    assert!(report.failure.is_none(), "{report:?}");
    assert_eq!(report.would_retrieve, 2);
    assert_eq!(report.preview.unwrap().retrieve.len(), 2);
}
