//! TLS before the first word.

use super::*;

async fn encrypted(client: Client<TcpStream>, dir: &TempDir) -> Client<Line> {
    let target = Target {
        host: "localhost".into(),
        port: 995,
    };
    let trust = Trust::CaFile(dir.path().join("tls/cert.pem"));
    let line = Line::Plain(client.0.into_inner());
    let line = Dialler::new().secure(line, &target, &trust, LONG).await;
    Client(BufReader::new(line.unwrap()))
}

#[tokio::test]
async fn implicit_tls_comes_before_the_first_word() {
    let (tls, dir) = self_made();
    let tls = Some(tls);
    let port = open(Opening {
        tls: tls.clone(),
        ..Opening::default()
    })
    .await;
    let mut client = encrypted(port.connect().await, &dir).await;
    assert_eq!(client.hear().await, "+OK 127.0.0.1 true");
    client.say(b"hello\r\n").await;
    assert_eq!(client.hear().await, "hello");

    // And behind what a proxy says.
    let port = open(Opening {
        tls: tls.clone(),
        ..behind_proxies()
    })
    .await;
    let client = port
        .relay(b"PROXY TCP4 192.0.2.7 192.0.2.1 56324 995\r\n")
        .await;
    let mut client = encrypted(client, &dir).await;
    assert_eq!(client.hear().await, "+OK 192.0.2.7 true");

    // Whom there is no room for can read why.
    let limits = limits(0, 0);
    let port = open(Opening {
        tls,
        limits,
        ..Opening::default()
    })
    .await;
    let mut client = encrypted(port.connect().await, &dir).await;
    assert_eq!(client.hear().await, "-ERR too many connections");
}

#[tokio::test]
async fn a_stalled_handshake_holds_nobody_up() {
    let (tls, dir) = self_made();
    let port = open(Opening {
        tls: Some(tls),
        ..Opening::default()
    })
    .await;
    let mut stalled = port.connect().await;
    stalled.say(b"\x16\x03\x01").await;
    let mut other = encrypted(port.connect().await, &dir).await;
    assert_eq!(other.hear().await, "+OK 127.0.0.1 true");
    assert_eq!(port.admission.connected(), 2);
}

#[tokio::test]
async fn a_stalled_handshake_has_an_end() {
    let (tls, _dir) = self_made();
    let patience = Patience {
        handshake: SHORT,
        ..PATIENT
    };
    let mut port = open(Opening {
        tls: Some(tls),
        patience,
        ..Opening::default()
    })
    .await;
    let mut stalled = port.connect().await;
    assert_eq!(stalled.hear().await, "");
    let trouble = port.troubles.recv().await.unwrap();
    let is_late = matches!(
        &trouble,
        Trouble::Handshake { source, .. } if source.kind() == io::ErrorKind::TimedOut
    );
    assert!(is_late, "{trouble:?}");
    port.connected_are(0).await;
}

#[tokio::test]
async fn what_is_no_tls_is_dropped() {
    let (tls, _dir) = self_made();
    let mut port = open(Opening {
        tls: Some(tls),
        ..Opening::default()
    })
    .await;
    let mut plain = port.connect().await;
    plain.say(b"USER anna\r\nPASS secret\r\n").await;
    let trouble = port.troubles.recv().await.unwrap();
    assert!(matches!(trouble, Trouble::Handshake { .. }), "{trouble:?}");
    port.connected_are(0).await;
}
