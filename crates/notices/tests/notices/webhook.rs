//! The web address: a server that takes, fails, hangs, points elsewhere, talks without end.

use std::sync::Arc;
use std::time::Duration;

use inhaul_net::Dialler;
use inhaul_net::tls::Trust;
use inhaul_notices::{
    Channel, Courier, Heartbeat, Memory as _, NewLetter, Outcome, Poster, Way, Webhook,
    WebhookSettings, signature,
};
use inhaul_types::{Secret, Timestamp};
use tempfile::tempdir;

use crate::desk::NOW;
use crate::memory::TestMemory;
use crate::server::{Answer, BROKEN, OK, Server, field};

const JSON: &str = "{\"v\":1,\"event\":\"test\"}";
/// Longer than any test waits for an answer that comes.
const PATIENT: Duration = Duration::from_secs(600);
/// For an answer that never comes.
const IMPATIENT: Duration = Duration::from_millis(300);

fn poster(trust: Trust, limit: Duration) -> Poster {
    Poster::new(Arc::new(Dialler::new()), trust, limit)
}

fn webhook(address: &str, limit: Duration) -> Webhook {
    let settings = WebhookSettings {
        url: address.parse().unwrap(),
        secret: Some(Secret::new("hunter2".into())),
    };
    Webhook::new(settings, poster(Trust::System, limit))
}

fn at(server: &Server) -> String {
    format!("http://127.0.0.1:{}/hook?key=1", server.port)
}

/// Why it is to be tried later.
fn later(outcome: Outcome) -> String {
    match outcome {
        Outcome::Later { why, .. } => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_document_arrives_signed() {
    let mut server = Server::start(&[OK]).await;
    let outcome = webhook(&at(&server), PATIENT).deliver(JSON.into()).await;
    assert_eq!(outcome, Outcome::Delivered);
    let request = server.requests.recv().await.unwrap();
    assert!(
        request.starts_with("POST /hook?key=1 HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(request.ends_with(&format!("\r\n\r\n{JSON}")), "{request}");
    let host = format!("127.0.0.1:{}", server.port);
    let signed = signature(&Secret::new("hunter2".into()), JSON.as_bytes());
    for (name, value) in [
        ("host", host.as_str()),
        ("content-type", "application/json"),
        ("x-inhaul-signature", &signed),
    ] {
        assert_eq!(field(&request, name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn without_a_secret_nothing_is_signed() {
    let mut server = Server::start(&[OK]).await;
    let settings = WebhookSettings {
        url: format!("http://al:ice@127.0.0.1:{}", server.port)
            .parse()
            .unwrap(),
        secret: None,
    };
    let webhook = Webhook::new(settings, poster(Trust::System, PATIENT));
    assert_eq!(webhook.deliver(JSON.into()).await, Outcome::Delivered);
    let request = server.requests.recv().await.unwrap();
    assert_eq!(field(&request, "x-inhaul-signature"), None);
    assert_eq!(field(&request, "authorization"), Some("Basic YWw6aWNl"));
}

/// A courier with one letter to a server that answers so.
async fn courier(answers: &[Answer]) -> (Courier, Arc<TestMemory>, Server) {
    let server = Server::start(answers).await;
    let memory = Arc::new(TestMemory::default());
    post(&memory, 1).await;
    let way = Way::Webhook(webhook(&at(&server), PATIENT));
    (Courier::new(way, memory.clone()), memory, server)
}

async fn post(memory: &TestMemory, count: usize) {
    let letter = NewLetter {
        channel: Channel::Webhook,
        written: NOW,
        text: JSON.into(),
    };
    memory
        .record(Vec::new(), vec![letter; count])
        .await
        .unwrap();
}

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn what_fails_is_tried_again_and_arrives() {
    let (courier, memory, mut server) = courier(&[BROKEN, OK]).await;
    let round = courier.round(NOW).await.unwrap();
    assert_eq!((round.waiting, round.next), (1, Some(NOW.plus(MINUTE))));
    assert_eq!(round.trouble.unwrap(), "127.0.0.1 answered 500: no space");
    // Not before it is due.
    assert_eq!(courier.round(NOW).await.unwrap().delivered, 0);
    let round = courier.round(NOW.plus(MINUTE)).await.unwrap();
    assert_eq!((round.delivered, round.waiting, round.next), (1, 0, None));
    assert_eq!(memory.count(), 0);
    let first = server.requests.recv().await.unwrap();
    assert_eq!(server.requests.recv().await.unwrap(), first);
}

#[tokio::test]
async fn a_letter_is_given_up_after_three_days_and_stays_visible() {
    let (courier, memory, _server) = courier(&[BROKEN]).await;
    let mut now = NOW;
    let mut tries = 0;
    loop {
        tries += 1;
        match courier.round(now).await.unwrap().next {
            Some(next) => now = next,
            None => break,
        }
    }
    let lasted = now.since(NOW);
    assert!(
        lasted > MINUTE * 60 * 70 && lasted <= MINUTE * 60 * 72,
        "{lasted:?}"
    );
    assert!(tries < 90, "{tries}");
    let kept = &memory.letters(Channel::Webhook)[0];
    assert_eq!(
        kept.given_up.as_deref(),
        Some("127.0.0.1 answered 500: no space")
    );
}

#[tokio::test]
async fn a_refusal_is_given_up_at_once() {
    let gone = Answer::Says("HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n");
    let (courier, memory, _server) = courier(&[gone]).await;
    let round = courier.round(NOW).await.unwrap();
    assert_eq!((round.given_up, round.waiting), (1, 0));
    assert_eq!(
        memory.letters(Channel::Webhook)[0].given_up.as_deref(),
        Some("127.0.0.1 answered 404")
    );
}

#[tokio::test]
async fn one_letter_a_round_is_enough_for_a_server_that_fails() {
    let (courier, memory, mut server) = courier(&[BROKEN]).await;
    post(&memory, 3).await;
    let round = courier.round(NOW).await.unwrap();
    assert_eq!((round.waiting, round.next), (4, Some(NOW.plus(MINUTE))));
    assert!(server.requests.try_recv().is_ok() && server.requests.try_recv().is_err());
}

#[tokio::test]
async fn the_outbox_is_bounded_and_says_what_it_gave_up() {
    let (courier, memory, _server) = courier(&[BROKEN]).await;
    post(&memory, 1004).await;
    let round = courier.round(NOW).await.unwrap();
    assert_eq!((round.given_up, round.waiting), (5, 1000));
    let given_up = memory.letters(Channel::Webhook)[4]
        .given_up
        .clone()
        .unwrap();
    assert!(given_up.starts_with("too many newer notices"), "{given_up}");
}

#[tokio::test]
async fn a_server_that_hangs_is_left() {
    let server = Server::start(&[Answer::Hangs]).await;
    let why = later(webhook(&at(&server), IMPATIENT).deliver(JSON.into()).await);
    assert!(why.starts_with("127.0.0.1 did not answer within"), "{why}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let answer = Answer::Says(
        "HTTP/1.1 307 There\r\nLocation: http://127.0.0.1/stolen\r\nContent-Length: 0\r\n\r\n",
    );
    let mut server = Server::start(&[answer]).await;
    let outcome = webhook(&at(&server), PATIENT).deliver(JSON.into()).await;
    let Outcome::Never { why } = outcome else {
        panic!("{outcome:?}");
    };
    assert!(
        why.contains("answered 307") && why.contains("not followed"),
        "{why}"
    );
    assert!(server.requests.try_recv().is_ok() && server.requests.try_recv().is_err());
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    // Each of them would never return if it were.
    let rows = [
        ("HTTP/1.1 200 OK\r\n\r\n", "delivered"),
        ("HTTP/1.1 500 Oh\r\n\r\n", "127.0.0.1 answered 500"),
        (
            "HTTP/1.1 200 OK\r\nX-Long: ",
            "127.0.0.1 gave no answer of HTTP",
        ),
    ];
    for (said, expected) in rows {
        let server = Server::start(&[Answer::SaysAndNeverEnds(said)]).await;
        let outcome = webhook(&at(&server), PATIENT).deliver(JSON.into()).await;
        let found = match outcome {
            Outcome::Delivered => "delivered".to_owned(),
            other => later(other),
        };
        assert!(found.starts_with(expected), "{found}");
    }
}

#[tokio::test]
async fn what_is_no_http_is_no_answer() {
    for said in ["", "220 mail.example ESMTP\r\n", "HTTP/1.1 2"] {
        let server = Server::start(&[Answer::Says(said)]).await;
        let text = said.to_owned();
        let why = later(webhook(&at(&server), PATIENT).deliver(JSON.into()).await);
        assert!(
            why.starts_with("127.0.0.1 gave no answer of HTTP: "),
            "{text:?}: {why}"
        );
        assert!(!why.contains("hook"), "{why}");
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_knows_is_refused() {
    let dir = tempdir().unwrap();
    let authority = dir.path().join("ca.pem");
    let mut server = Server::start_tls(&[OK], authority.clone()).await;
    let settings = WebhookSettings {
        url: format!("https://localhost:{}/hook", server.port)
            .parse()
            .unwrap(),
        secret: None,
    };
    let unknown = Webhook::new(settings.clone(), poster(Trust::System, PATIENT));
    let why = later(unknown.deliver(JSON.into()).await);
    assert!(why.starts_with("the certificate of localhost "), "{why}");
    assert!(server.requests.try_recv().is_err());
    let known = Webhook::new(settings, poster(Trust::CaFile(authority), PATIENT));
    assert_eq!(known.deliver(JSON.into()).await, Outcome::Delivered);
    assert!(server.requests.recv().await.unwrap().ends_with(JSON));
}

#[tokio::test]
async fn the_heartbeat_visits_its_address() {
    let mut server = Server::start(&[OK, BROKEN]).await;
    let url = format!("http://127.0.0.1:{}/uuid", server.port)
        .parse()
        .unwrap();
    let heartbeat = Heartbeat::new(url, poster(Trust::System, PATIENT));
    assert_eq!(heartbeat.beat().await, Ok(()));
    assert!(
        server
            .requests
            .recv()
            .await
            .unwrap()
            .starts_with("GET /uuid HTTP/1.1\r\n")
    );
    assert_eq!(heartbeat.beat().await, Err("127.0.0.1 answered 500".into()));
}

#[tokio::test]
async fn a_busy_receiver_is_left_alone_for_as_long_as_it_asks() {
    let busy = Answer::Says("HTTP/1.1 429 Slow\r\nRetry-After: 600\r\nContent-Length: 0\r\n\r\n");
    let (courier, _memory, _server) = courier(&[busy]).await;
    let next: Option<Timestamp> = courier.round(NOW).await.unwrap().next;
    assert_eq!(next, Some(NOW.plus(MINUTE * 10)));
}
