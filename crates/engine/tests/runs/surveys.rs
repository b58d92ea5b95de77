//! Looks at headers alone: nothing is brought, deleted or recorded.

use std::time::Duration;

use inhaul_domain::reach::Reach;
use inhaul_engine::{Survey, SurveyError};
use inhaul_sample::switches::{Pipelining, Refusal, SignIn, Top};
use inhaul_store::{RemoteSecret, Store as _};
use inhaul_types::{ErrorCode, Secret};

use crate::harness::{PASSWORD, Setup, USER, World, letters};

const HOUR: Duration = Duration::from_secs(3600);

async fn survey(world: &World, most: usize) -> Survey {
    let surveyed = world.engine.survey(&world.retrieval().await, most).await;
    Survey::clone(&surveyed.unwrap())
}

async fn fails(world: &World) -> SurveyError {
    let surveyed = world.engine.survey(&world.retrieval().await, 20).await;
    world.mailbox.idle().await;
    surveyed.unwrap_err()
}

fn subjects(survey: &Survey) -> Vec<String> {
    let headers = survey.headers.iter();
    let subject = |header: &[u8]| inhaul_message::summarize(header).subject;
    headers.map(|one| subject(&one.header)).collect()
}

#[tokio::test]
async fn a_survey_reads_the_newest_headers_and_says_nothing_else() {
    for pipelining in [Pipelining::Announced, Pipelining::Unannounced] {
        let world = Setup::deleting().start().await;
        world
            .server
            .set(|switches| switches.pipelining = pipelining);
        world.send(letters(0..50));
        let survey = survey(&world, 20).await;
        assert_eq!((survey.listed, survey.asked), (50, 20));
        let newest: Vec<_> = (30..50).rev().map(|n| format!("letter {n}")).collect();
        assert_eq!(subjects(&survey), newest, "{pipelining:?}");
        for one in &survey.headers {
            assert!(one.unique_id.is_some() && one.size.is_some());
            assert!(one.header.ends_with(b"\r\n\r\n"), "no octet of a body");
        }
        world.mailbox.idle().await;
        assert_eq!(world.mailbox.count("TOP"), 20);
        for verb in ["RETR", "DELE", "LAST", "RSET"] {
            assert_eq!(world.mailbox.count(verb), 0, "{verb}");
        }
        assert_eq!(world.mailbox.commands().last().unwrap(), "QUIT");
    }
}

#[tokio::test]
async fn a_survey_leaves_no_trace_but_a_line_in_the_log() {
    let world = Setup::deleting().start().await;
    world.send(letters(0..5));
    let before = world.retrieval().await;
    survey(&world, 20).await;
    let runs = world.store.run_list(before.id, 10).await.unwrap();
    assert!(runs.is_empty());
    let ledger = world.store.ledger_load(before.maildrop).await.unwrap();
    assert!(ledger.is_empty());
    let after = world.retrieval().await;
    assert_eq!(format!("{after:?}"), format!("{before:?}"));
    assert!(world.stored().await.is_empty());
    let line = format!("survey {USER}: headers of 5 messages\n");
    assert!(world.log().ends_with(&line), "{}", world.log());
    // What a run brings is what it would have brought.
    assert_eq!(world.good().await.stored, 5);
    assert!(world.mailbox.is_empty());
}

#[tokio::test]
async fn a_survey_is_kept_for_an_hour_and_asked_for_by_its_maildrop() {
    let world = Setup::default().start().await;
    world.send(letters(0..5));
    let retrieval = world.retrieval().await;
    assert_eq!(world.engine.surveyed(&retrieval, 3), None);
    let first = survey(&world, 3).await;
    world.mailbox.forget();
    let kept = |most| world.engine.surveyed(&retrieval, most);
    assert_eq!(kept(3).as_deref(), Some(&first));
    assert_eq!(kept(2).as_deref(), Some(&first), "more than is asked for");
    assert_eq!(kept(4), None, "there may be a fourth");
    assert!(world.mailbox.commands().is_empty(), "nobody is asked");
    let mut other = retrieval.clone();
    other.remote.user = "bea".into();
    assert_eq!(world.engine.surveyed(&other, 3), None);

    // A new one takes its place.
    world.send(letters(5..6));
    world.clock.advance(HOUR - Duration::from_millis(1));
    assert!(kept(3).is_some());
    let second = survey(&world, 3).await;
    assert_eq!(subjects(&second)[0], "letter 5");
    world.clock.advance(HOUR - Duration::from_millis(1));
    assert_eq!(kept(3).as_deref(), Some(&second));
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(kept(3), None);
}

#[tokio::test]
async fn eight_surveys_are_kept() {
    let world = Setup::default().start().await;
    let mut retrievals = Vec::new();
    for n in 0..9 {
        let name = format!("user{n}");
        world.server.mailbox(&name).append(letters(0..1).remove(0));
        world.add_retrieval(&name, &name, world.account).await;
        let retrieval = world.store.retrieval_by_name(&name).await.unwrap();
        world.engine.survey(&retrieval, 20).await.unwrap();
        retrievals.push(retrieval);
    }
    let is_kept = |one| world.engine.surveyed(one, 20).is_some();
    let kept: Vec<_> = retrievals.iter().map(is_kept).collect();
    assert_eq!(kept[..2], [false, true]);
    assert_eq!(kept.iter().filter(|kept| **kept).count(), 8);
}

#[tokio::test]
async fn a_server_that_shows_no_headers_is_told_by_its_words() {
    let world = Setup::default().start().await;
    world.send(letters(0..5));
    world.mailbox.set(|switches| switches.top = Top::Absent);
    let error = fails(&world).await;
    let SurveyError::NoHeaders { said, .. } = &error else {
        panic!("{error:?}");
    };
    assert!(said.starts_with("-ERR"), "{said}");
    assert!(error.to_string().contains("(TOP)"), "{error}");
    assert_eq!(world.mailbox.commands().last().unwrap(), "QUIT");
    let retrieval = world.retrieval().await;
    assert_eq!(world.engine.surveyed(&retrieval, 20), None);
}

#[tokio::test]
async fn an_empty_maildrop_is_an_empty_survey() {
    let world = Setup::default().start().await;
    let survey = survey(&world, 20).await;
    assert_eq!((survey.listed, survey.headers.len()), (0, 0));
}

#[tokio::test]
async fn a_survey_that_fails_says_why_and_counts_for_nothing() {
    let world = Setup::default().start().await;
    world
        .mailbox
        .set(|switches| switches.sign_in = SignIn::Refused(Refusal::SysTemp));
    let error = fails(&world).await;
    let SurveyError::Failed(report) = error else {
        panic!("{error:?}");
    };
    assert_eq!(report.code, ErrorCode::ServerBusy);
    let retrieval = world.retrieval().await;
    assert_eq!((retrieval.failures, retrieval.last_error), (0, None));
}

#[tokio::test]
async fn a_header_without_end_is_cut() {
    let world = Setup::default().start().await;
    let filling = "X-Filling: of no interest to anybody\r\n".repeat(10_000);
    let endless = format!("Subject: endless\r\n{filling}\r\nbody\r\n");
    world.send([endless.into_bytes()]);
    let survey = survey(&world, 20).await;
    let header = &survey.headers[0].header;
    assert_eq!(header.len(), inhaul_message::HEADER_MOST);
    assert_eq!(subjects(&survey), ["endless"]);
}

#[tokio::test]
async fn a_maildrop_that_is_not_saved_is_looked_at_the_same_way() {
    let world = Setup::deleting().start().await;
    world.send(letters(0..5));
    world.server.mailbox("bea").append(letters(5..6).remove(0));
    let mut remote = world.retrieval().await.remote;
    remote.user = "bea".into();
    let secret = || RemoteSecret::Stored(Secret::new(PASSWORD.to_owned()));
    let anywhere = Reach::Anywhere;
    let survey = world
        .engine
        .survey_unsaved(&remote, secret(), None, &anywhere, 20);
    let survey = survey.await.unwrap();
    assert_eq!((survey.listed, survey.asked), (1, 20));
    assert_eq!(subjects(&survey), ["letter 5"]);
    let mailbox = world.server.mailbox("bea");
    mailbox.idle().await;
    assert_eq!(mailbox.count("TOP"), 1);
    for verb in ["RETR", "DELE", "LAST", "RSET"] {
        assert_eq!(mailbox.count(verb), 0, "{verb}");
    }
    // A person who may not reach this machine does not by looking at headers.
    let public = world.engine.public_reach();
    let refused = world
        .engine
        .survey_unsaved(&remote, secret(), None, &public, 20);
    let Err(SurveyError::Failed(report)) = refused.await else {
        panic!("looked into");
    };
    assert_eq!(report.code, ErrorCode::ServerNotAllowed);
}
