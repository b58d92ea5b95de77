//! What boards say, event by event.

use std::sync::Arc;
use std::time::Duration;

use inhaul_domain::trigger::{Refusal, RefusalReason};
use inhaul_store::{NewAccount, SqliteStore, Store as _, StoreOptions};
use inhaul_testkit::TestDir;
use inhaul_types::{Activation, ErrorCode, FolderId, MessageId, Timestamp};
use tokio::time::Instant;

use super::board::Board;
use super::log::EventName;
use super::message::NewMessage;
use crate::live::tests::{come, ended, failed, now, state_of};
use crate::runs::{Answer, Ended, Event, EventKind, RunStage, State};

/// A board of these mailboxes, answered so.
async fn board(mailboxes: &[(&str, Answer)]) -> (Board, Vec<State>) {
    let dir = TestDir::new("board").unwrap();
    let store = SqliteStore::open(dir.path(), StoreOptions::default());
    let store = Arc::new(store.await.unwrap());
    let anna = NewAccount {
        name: "anna".into(),
        addresses: Vec::new(),
        group: None,
        admin: false,
        password: None,
    };
    let anna = store.account_create(anna).await.unwrap();
    let mut board = Board::new(Activation::Button, now());
    let mut states = Vec::new();
    for (name, answer) in mailboxes {
        let state = state_of(&*store, name, anna).await;
        board.answered(&state, answer, now());
        states.push(state);
    }
    (board, states)
}

fn event(state: &State, at: Timestamp, kind: EventKind) -> Event {
    Event {
        at,
        retrieval: state.row.id,
        kind,
    }
}

fn end(board: &mut Board, state: &State, ended: Ended, needs_you: bool) {
    let kind = EventKind::Ended {
        activation: Activation::Button,
        ended: Box::new(ended),
    };
    let event = event(state, now(), kind);
    board.hear(&event, needs_you, now(), Instant::now());
    board.settle(now());
}

fn comes(board: &mut Board, state: &State, stage: RunStage, stored: u64, at: Instant) {
    let kind = EventKind::Progress {
        activation: Activation::Button,
        come: come(stage, stored, 12),
    };
    board.hear(&event(state, now(), kind), false, now(), at);
}

fn words(board: &Board) -> Vec<String> {
    let lines = board.lines.values();
    lines.map(|line| line.words(now())).collect()
}

fn summary(board: &Board) -> String {
    board.over.as_ref().unwrap().words.clone()
}

#[tokio::test]
async fn each_stage_has_its_words() {
    let (mut board, states) = board(&[("isp", Answer::Started)]).await;
    for (stage, stored, said) in [
        (RunStage::Finding, 0, "Finding pop.isp.example"),
        (RunStage::Connecting, 0, "Connecting"),
        (RunStage::Securing, 0, "Securing the connection"),
        (RunStage::SigningIn, 0, "Signing in"),
        (RunStage::Looking, 0, "Looking for new messages"),
        (RunStage::Bringing, 3, "3 of 12 messages, 1.5 of 9.6 MB"),
        (
            RunStage::Deleting(1),
            12,
            "Deleting 1 old copy on pop.isp.example",
        ),
        (
            RunStage::Deleting(3),
            12,
            "Deleting 3 old copies on pop.isp.example",
        ),
    ] {
        comes(&mut board, &states[0], stage, stored, Instant::now());
        assert_eq!(words(&board), [said]);
    }
    let mut all_here = come(RunStage::Bringing, 3, 12);
    all_here.octets = all_here.of_octets;
    let kind = EventKind::Progress {
        activation: Activation::Button,
        come: all_here,
    };
    board.hear(
        &event(&states[0], now(), kind),
        false,
        now(),
        Instant::now(),
    );
    assert_eq!(words(&board), ["Saving"]);
}

#[tokio::test]
async fn the_end_of_each_mailbox_has_its_words_and_the_summary_names_who_failed() {
    let four = ["isp", "shop", "work", "club"].map(|name| (name, Answer::Started));
    let (mut board, states) = board(&four).await;
    end(&mut board, &states[0], ended(12), false);
    end(&mut board, &states[1], ended(0), false);
    let busy = failed(ErrorCode::MailboxInUse, "pop.work.example");
    end(&mut board, &states[2], busy, false);
    assert!(board.over.is_none());
    let refused = failed(ErrorCode::AuthRefused, "pop.club.example");
    end(&mut board, &states[3], refused, true);
    assert_eq!(
        words(&board),
        [
            "12 new messages",
            "nothing new",
            "mailbox in use, again in 2 min",
            "refuses the password"
        ]
    );
    let club = board.lines.values().next_back().unwrap();
    assert_eq!(
        club.fix().unwrap(),
        format!("/retrievals/{}", states[3].row.id)
    );
    let data = club.data(now());
    assert_eq!(data["result"], "needs-you");
    assert_eq!(data["code"], "auth-refused");
    assert_eq!(data["next"], "2026-03-08T20:02:00Z");
    assert_eq!(
        summary(&board),
        "12 new messages. 1 mailbox could not be checked: club. 1 mailbox was in use elsewhere: \
         work."
    );
}

#[tokio::test]
async fn a_check_without_new_mail_says_how_many_were_checked() {
    let two = ["isp", "shop"].map(|name| (name, Answer::Joined));
    let (mut board, states) = board(&two).await;
    for state in &states {
        end(&mut board, state, ended(0), false);
    }
    assert_eq!(summary(&board), "No new mail. 2 mailboxes checked.");
}

#[tokio::test]
async fn progress_is_told_four_times_a_second_and_the_last_of_it_later() {
    let (mut board, states) = board(&[("isp", Answer::Started)]).await;
    let begin = Instant::now();
    let at = |millis| begin + Duration::from_millis(millis);
    let told = |board: &Board| board.log.last();
    comes(&mut board, &states[0], RunStage::Bringing, 1, at(0));
    let first = told(&board);
    comes(&mut board, &states[0], RunStage::Bringing, 2, at(10));
    comes(&mut board, &states[0], RunStage::Bringing, 3, at(249));
    assert_eq!(told(&board), first);
    assert_eq!(board.next_flush(), Some(at(250)));
    board.flush(now(), at(250));
    assert_eq!(told(&board), first + 1);
    assert_eq!(board.next_flush(), None);
    let last = board.log.behind(first).next().unwrap();
    assert_eq!(
        (last.event, &last.data["n"]),
        (EventName::Progress, &3.into())
    );
}

#[tokio::test]
async fn an_end_from_before_the_press_is_not_this_checks() {
    let (mut board, states) = board(&[("isp", Answer::Started)]).await;
    let kind = EventKind::Ended {
        activation: Activation::Schedule,
        ended: Box::new(ended(3)),
    };
    let before = now().minus(Duration::from_millis(1));
    let event = event(&states[0], before, kind);
    board.hear(&event, false, now(), Instant::now());
    board.settle(now());
    assert!(board.over.is_none());
}

#[tokio::test]
async fn a_run_that_follows_is_told_of_and_not_waited_for() {
    let behind = Answer::Behind(now().plus(Duration::from_secs(40)));
    let (mut good, states) = board(&[("isp", behind)]).await;
    end(&mut good, &states[0], ended(3), false);
    assert_eq!(words(&good), ["3 new messages, one more look in 40 s"]);
    assert_eq!(
        summary(&good),
        "3 new messages from 1 mailbox. One more look follows in 40 seconds."
    );
}

#[tokio::test]
async fn who_joins_a_run_that_is_not_to_begin_yet_is_told_when() {
    let (mut board, states) = board(&[("isp", Answer::Started)]).await;
    let mut state = State {
        doing: None,
        follows: Some(now().plus(Duration::from_secs(40))),
        ..states[0].clone()
    };
    let row = Arc::make_mut(&mut state.row);
    row.schedule.last_started = Some(now().minus(Duration::from_secs(20)));
    board.lines.clear();
    board.answered(&state, &Answer::Joined, now());
    board.settle(now());
    assert_eq!(
        summary(&board),
        "Checked 20 seconds ago. You can check again in 40 seconds."
    );
}

#[tokio::test]
async fn a_missed_end_is_seen_in_the_second_look() {
    let (mut board, states) = board(&[("isp", Answer::Started)]).await;
    let idle = State {
        doing: None,
        ..states[0].clone()
    };
    let id = idle.row.id;
    board.look(id, Some(&idle), now());
    board.settle(now());
    assert!(board.over.is_none());
    board.look(id, Some(&idle), now());
    board.settle(now());
    assert_eq!(summary(&board), "No new mail. 1 mailbox checked.");
}

#[tokio::test]
async fn a_mailbox_that_is_removed_meanwhile_ends() {
    let (mut board, states) = board(&[("isp", Answer::Started)]).await;
    board.look(states[0].row.id, None, now());
    board.settle(now());
    assert_eq!(words(&board), ["was removed"]);
    assert!(board.over.is_some());
}

#[tokio::test]
async fn the_first_message_ends_the_waiting() {
    let soon = Refusal {
        reason: RefusalReason::TooSoonAfterStart,
        until: Some(now().plus(Duration::from_secs(40))),
    };
    let (mut board, states) = board(&[]).await;
    assert!(states.is_empty());
    board.until = Some(now().plus(Duration::from_secs(300)));
    let (_, states) = self::board(&[("isp", Answer::Started)]).await;
    board.answered(&states[0], &Answer::Refused(soon), now());
    assert_eq!(words(&board), ["Next try in 40 s"]);
    end(&mut board, &states[0], ended(0), false);
    assert!(board.over.is_none());
    let message = NewMessage {
        id: MessageId::new(9),
        retrieval: states[0].row.id,
        folder: FolderId::new(3),
        folder_name: "Inbox".into(),
        from: "shop.example".into(),
        subject: "Your code is 4711".into(),
    };
    board.came(message, now());
    assert_eq!(
        summary(&board),
        "Arrived: 'Your code is 4711' from shop.example."
    );
    let told: Vec<_> = board.log.behind(0).map(|told| told.event).collect();
    assert_eq!(
        told[told.len() - 2..],
        [EventName::Message, EventName::Summary]
    );
}
