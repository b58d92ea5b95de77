//! Peers that speak for others, and those who only say so.

use super::*;
use crate::ProxyError;

#[tokio::test]
async fn whom_a_proxy_names_is_served_as_who_they_are() {
    let port = open(behind_proxies()).await;
    for (header, greeting) in [
        (
            &b"PROXY TCP4 192.0.2.7 192.0.2.1 56324 995\r\n"[..],
            "+OK 192.0.2.7 false",
        ),
        (
            b"PROXY TCP6 2001:db8::7 2001:db8::1 56324 995\r\n",
            "+OK 2001:db8::7 false",
        ),
        (b"PROXY UNKNOWN\r\n", "+OK 127.0.0.1 false"),
        (b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", "+OK 127.0.0.1 false"),
        (
            b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\xc0\0\x02\x01\xdc\x04\x03\xe3",
            "+OK 192.0.2.7 false",
        ),
        (
            b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x14\xc0\0\x02\x07\xc0\0\x02\x01\xdc\x04\x03\xe3\
              \x20\0\x05\x01\0\0\0\0",
            "+OK 192.0.2.7 true",
        ),
    ] {
        let mut client = port.relay(header).await;
        assert_eq!(client.hear().await, greeting, "{}", header.escape_ascii());
        client.say(b"hello\r\n").await;
        assert_eq!(client.hear().await, "hello");
    }
}

#[tokio::test]
async fn what_comes_right_behind_a_header_is_the_clients() {
    let port = open(behind_proxies()).await;
    let mut client = port
        .relay(b"PROXY TCP4 192.0.2.7 192.0.2.1 56324 995\r\nhello\r\n")
        .await;
    assert_eq!(client.hear().await, "+OK 192.0.2.7 false");
    assert_eq!(client.hear().await, "hello");
}

#[tokio::test]
async fn clients_behind_one_proxy_count_as_themselves() {
    let limits = limits(10, 1);
    let port = open(Opening {
        limits,
        ..behind_proxies()
    })
    .await;
    let header = |last| format!("PROXY TCP4 192.0.2.{last} 192.0.2.1 56324 995\r\n");
    let mut first = port.relay(header(7).as_bytes()).await;
    assert_eq!(first.hear().await, "+OK 192.0.2.7 false");
    let mut second = port.relay(header(8).as_bytes()).await;
    assert_eq!(second.hear().await, "+OK 192.0.2.8 false");
    let mut third = port.relay(header(7).as_bytes()).await;
    assert_eq!(
        third.hear().await,
        "-ERR too many connections from your address"
    );
}

#[tokio::test]
async fn a_client_behind_a_proxy_hears_why_there_is_no_room() {
    let limits = limits(0, 1);
    let port = open(Opening {
        limits,
        ..behind_proxies()
    })
    .await;
    let mut client = port
        .relay(b"PROXY TCP4 192.0.2.7 192.0.2.1 56324 995\r\n")
        .await;
    assert_eq!(client.hear().await, "-ERR too many connections");
    assert_eq!(client.hear().await, "");
}

#[tokio::test]
async fn a_header_of_somebody_else_is_a_bad_command_and_nothing_more() {
    let proxies = vec![
        "192.0.2.0/24".parse().unwrap(),
        "127.0.0.9".parse().unwrap(),
    ];
    let port = open(Opening {
        proxies,
        ..Opening::default()
    })
    .await;
    let header = b"PROXY TCP4 192.0.2.7 192.0.2.1 56324 995\r\n";
    let mut client = port.relay(header).await;
    assert_eq!(client.hear().await, "+OK 127.0.0.1 false");
    assert_eq!(
        client.hear().await,
        "PROXY TCP4 192.0.2.7 192.0.2.1 56324 995"
    );
}

#[tokio::test]
async fn a_proxy_that_names_nobody_is_not_served() {
    let mut port = open(behind_proxies()).await;
    for said in ["CAPA\r\n", "PROXY TCP4 somebody\r\n"] {
        let mut client = port.relay(said.as_bytes()).await;
        assert_eq!(client.hear().await, "", "{said:?}");
        let trouble = port.troubles.recv().await.unwrap();
        assert!(matches!(trouble, Trouble::Proxy { .. }), "{trouble}");
    }
    port.connected_are(0).await;
}

#[tokio::test]
async fn a_stalled_header_holds_nobody_up() {
    let port = open(behind_proxies()).await;
    let _stalled = port.relay(b"PROXY TCP4 ").await;
    let mut other = port.relay(b"PROXY UNKNOWN\r\n").await;
    assert_eq!(other.hear().await, "+OK 127.0.0.1 false");
    assert_eq!(port.admission.connected(), 2);
}

#[tokio::test]
async fn a_stalled_header_has_an_end() {
    let patience = Patience {
        proxy_header: SHORT,
        ..PATIENT
    };
    let mut port = open(Opening {
        patience,
        ..behind_proxies()
    })
    .await;
    let mut stalled = port.relay(b"PROXY TCP4 ").await;
    assert_eq!(stalled.hear().await, "");
    let trouble = port.troubles.recv().await.unwrap();
    let is_late = matches!(
        trouble,
        Trouble::Proxy {
            source: ProxyError::Late,
            ..
        }
    );
    assert!(is_late, "{trouble:?}");
    port.connected_are(0).await;
}

#[tokio::test]
async fn a_refused_client_behind_a_proxy_takes_nobodys_place() {
    let limits = limits(2, 1);
    let port = open(Opening {
        limits,
        ..behind_proxies()
    })
    .await;
    let header = |last| format!("PROXY TCP4 192.0.2.{last} 192.0.2.1 56324 995\r\n");
    let mut first = port.relay(header(7).as_bytes()).await;
    assert_eq!(first.hear().await, "+OK 192.0.2.7 false");
    let mut second = port.relay(header(7).as_bytes()).await;
    let refusal = "-ERR too many connections from your address";
    assert_eq!(second.hear().await, refusal);
    let mut third = port.relay(header(8).as_bytes()).await;
    assert_eq!(third.hear().await, "+OK 192.0.2.8 false");
    assert_eq!(port.close().await, 0);
}
