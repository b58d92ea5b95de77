//! A client that says what it is told and trusts the server's framing: enough to see switches act.

#![allow(dead_code, reason = "each test file uses its part of it")]

use std::net::SocketAddr;
use std::sync::Arc;

use inhaul_sample::SampleServer;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::BufReader;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub(crate) const USER: &str = "you@old-isp.example";

pub(crate) struct Client<S> {
    stream: BufReader<S>,
}

impl Client<TcpStream> {
    /// Connects and reads nothing.
    pub(crate) async fn dial(address: SocketAddr) -> Self {
        Self {
            stream: BufReader::new(TcpStream::connect(address).await.unwrap()),
        }
    }

    /// Connects and reads the greeting.
    pub(crate) async fn greeted(server: &SampleServer) -> Self {
        let mut client = Self::dial(server.address()).await;
        assert!(client.line().await.starts_with("+OK"));
        client
    }

    /// Connects and signs in; makes the mailbox if need be.
    pub(crate) async fn signed_in(server: &SampleServer) -> Self {
        server.mailbox(USER);
        let mut client = Self::greeted(server).await;
        assert!(client.sign_in("secret").await.starts_with("+OK"));
        client
    }

    /// Does a handshake for `localhost`, trusting `ca_pem` alone.
    pub(crate) async fn secure(
        self,
        ca_pem: &str,
    ) -> std::io::Result<Client<TlsStream<TcpStream>>> {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = self.stream.into_inner();
        let stream = TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await?;
        Ok(Client {
            stream: BufReader::new(stream),
        })
    }

    /// What one read gives: a packet, as long as nobody hurries.
    pub(crate) async fn packet(&mut self) -> Vec<u8> {
        let octets = self.stream.fill_buf().await.unwrap().to_vec();
        self.stream.consume(octets.len());
        octets
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    /// The next line without its end; empty if the line is closed.
    pub(crate) async fn line(&mut self) -> String {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line).await.unwrap();
        String::from_utf8_lossy(&line)
            .trim_end_matches(['\r', '\n'])
            .to_owned()
    }

    pub(crate) async fn send(&mut self, octets: &str) {
        self.stream.write_all(octets.as_bytes()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// Says a command and gives the first line of the answer.
    pub(crate) async fn say(&mut self, command: &str) -> String {
        self.send(&format!("{command}\r\n")).await;
        self.line().await
    }

    pub(crate) async fn sign_in(&mut self, password: &str) -> String {
        assert_eq!(self.say(&format!("USER {USER}")).await, "+OK");
        self.say(&format!("PASS {password}")).await
    }

    /// The lines of a multi-line answer up to its final dot, un-stuffed; `None` if it has none.
    pub(crate) async fn body(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let start = body.len();
            self.stream.read_until(b'\n', &mut body).await.ok()?;
            match &body[start..] {
                b"" => return None,
                b".\r\n" => {
                    body.truncate(start);
                    return Some(body);
                }
                [b'.', ..] => drop(body.remove(start)),
                _ => {}
            }
        }
    }

    /// Says a command whose answer is `+OK` and many lines, and gives those.
    pub(crate) async fn lines(&mut self, command: &str) -> Vec<String> {
        let first = self.say(command).await;
        assert!(first.starts_with("+OK"), "{command}: {first}");
        let body = String::from_utf8(self.body().await.unwrap()).unwrap();
        body.lines().map(str::to_owned).collect()
    }

    pub(crate) async fn retr(&mut self, number: usize) -> Option<Vec<u8>> {
        let first = self.say(&format!("RETR {number}")).await;
        assert!(first.starts_with("+OK"), "RETR {number}: {first}");
        self.body().await
    }

    /// Everything up to the closed line.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        let mut octets = Vec::new();
        // A line that breaks is closed as well.
        drop(self.stream.read_to_end(&mut octets).await);
        octets
    }

    /// Whether the server says nothing for a while and keeps the line open.
    pub(crate) async fn hears_nothing(&mut self) -> bool {
        let wait = std::time::Duration::from_millis(50);
        tokio::time::timeout(wait, self.stream.fill_buf())
            .await
            .is_err()
    }

    pub(crate) async fn quit(mut self) {
        assert!(self.say("QUIT").await.starts_with("+OK"));
        assert_eq!(self.rest().await, b"");
    }
}
