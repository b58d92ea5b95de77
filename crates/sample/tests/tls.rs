//! TLS on its own port and by STLS, with good certificates and bad ones.

#![expect(clippy::unwrap_used, reason = "a test may panic: that is its report")]

mod client;

use client::{Client, USER};
use inhaul_sample::switches::{Certificate, Stls};
use inhaul_sample::{SampleConfig, SampleServer, Tls};

async fn server() -> SampleServer {
    let config = SampleConfig {
        tls: Tls::Offered,
        ..SampleConfig::default()
    };
    let server = SampleServer::start(config).await.unwrap();
    server.mailbox(USER).append(inhaul_sample::messages()[0]);
    server
}

#[tokio::test]
async fn the_tls_port_speaks_tls_at_once() {
    let server = server().await;
    let client = Client::dial(server.tls_address().unwrap()).await;
    let mut client = client.secure(server.ca_pem().unwrap()).await.unwrap();
    assert!(client.line().await.starts_with("+OK"));
    assert!(!client.lines("CAPA").await.contains(&"STLS".to_owned()));
    assert!(client.sign_in("secret").await.starts_with("+OK"));
    assert_eq!(client.retr(1).await.unwrap(), inhaul_sample::messages()[0]);
    client.quit().await;
}

#[tokio::test]
async fn stls_encrypts_what_follows() {
    let server = server().await;
    let mut client = Client::greeted(&server).await;
    assert!(client.lines("CAPA").await.contains(&"STLS".to_owned()));
    client.say(&format!("USER {USER}")).await;
    assert!(client.say("STLS").await.starts_with("+OK"));
    let mut client = client.secure(server.ca_pem().unwrap()).await.unwrap();
    assert!(
        client.say("PASS secret").await.starts_with("-ERR"),
        "the name is forgotten"
    );
    assert!(client.say("STLS").await.starts_with("-ERR"));
    assert!(client.sign_in("secret").await.starts_with("+OK"));
    client.quit().await;
}

#[tokio::test]
async fn stls_goes_wrong() {
    let server = server().await;
    server.set(|switches| switches.stls = Stls::Refused);
    let mut client = Client::greeted(&server).await;
    assert!(client.lines("CAPA").await.contains(&"STLS".to_owned()));
    assert!(client.say("STLS").await.starts_with("-ERR"));
    assert!(client.sign_in("secret").await.starts_with("+OK"));
    client.quit().await;

    server.set(|switches| switches.stls = Stls::Absent);
    let mut client = Client::greeted(&server).await;
    assert!(!client.lines("CAPA").await.contains(&"STLS".to_owned()));
    assert!(client.say("STLS").await.starts_with("-ERR"));

    server.set(|switches| switches.stls = Stls::ExtraPlaintext);
    let mut client = Client::greeted(&server).await;
    assert!(client.say("STLS").await.starts_with("+OK"));
    assert!(client.line().await.starts_with("+OK nobody"));
    // A client that throws the extra line away can go on.
    let mut client = client.secure(server.ca_pem().unwrap()).await.unwrap();
    assert!(client.sign_in("secret").await.starts_with("+OK"));
    client.quit().await;

    server.set(|switches| switches.stls = Stls::Hangs);
    let mut client = Client::greeted(&server).await;
    assert!(client.say("STLS").await.starts_with("+OK"));
    assert!(client.hears_nothing().await);
}

#[tokio::test]
async fn bad_certificates_are_bad() {
    let server = server().await;
    for (certificate, complaint) in [
        (Certificate::Good, None),
        (Certificate::NewKey, None),
        (Certificate::Expired, Some("expired")),
        (Certificate::WrongName, Some("not valid for name")),
        (Certificate::UnknownCa, Some("UnknownIssuer")),
    ] {
        server.set(|switches| switches.certificate = certificate);
        let client = Client::dial(server.tls_address().unwrap()).await;
        let secured = client.secure(server.ca_pem().unwrap()).await;
        let said = secured.err().map(|error| error.to_string());
        match complaint {
            None => assert_eq!(said, None, "{certificate:?}"),
            Some(complaint) => {
                let said = said.unwrap_or_default();
                assert!(said.contains(complaint), "{certificate:?}: {said}");
            }
        }
    }
}
