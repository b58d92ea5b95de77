//! An HTTP server that says exactly what a test wants, octet by octet.

use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;

/// What the server does with one request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    /// Says this and closes.
    Says(&'static str),
    /// Says this, and then goes on with a row of `x` for as long as somebody takes it.
    SaysAndNeverEnds(&'static str),
    /// Says nothing, and keeps the line.
    Hangs,
}

pub(crate) const OK: Answer = Answer::Says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
pub(crate) const BROKEN: Answer =
    Answer::Says("HTTP/1.1 500 Oh\r\nContent-Length: 9\r\n\r\nno space\n");

/// A server and the requests it got, whole.
pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) requests: mpsc::UnboundedReceiver<String>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Answers so, one answer for each line; the last one for all that follow.
    pub(crate) async fn start(answers: &[Answer]) -> Self {
        Self::listen(answers, None).await
    }

    /// The same behind TLS, for `localhost`, with the certificate of an authority in the file that
    /// is made here.
    pub(crate) async fn start_tls(answers: &[Answer], authority: PathBuf) -> Self {
        Self::listen(answers, Some(acceptor(authority))).await
    }

    async fn listen(answers: &[Answer], tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, requests) = mpsc::unbounded_channel();
        let answers = answers.to_vec();
        let task = tokio::spawn(async move {
            for turn in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let answer = answers[turn.min(answers.len() - 1)];
                let (sender, tls) = (sender.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, answer, &sender).await,
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => serve(stream, answer, &sender).await,
                            Err(_) => None,
                        },
                    }
                });
            }
        });
        Self {
            port,
            requests,
            task,
        }
    }
}

/// `None` where the other end went away.
async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    answer: Answer,
    requests: &mpsc::UnboundedSender<String>,
) -> Option<()> {
    let request = read_request(&mut stream).await?;
    requests.send(request).ok()?;
    match answer {
        Answer::Says(said) => {
            stream.write_all(said.as_bytes()).await.ok()?;
            stream.shutdown().await.ok()
        }
        Answer::SaysAndNeverEnds(said) => {
            stream.write_all(said.as_bytes()).await.ok()?;
            loop {
                stream.write_all(&[b'x'; 4096]).await.ok()?;
            }
        }
        Answer::Hangs => {
            // Until the other end closes.
            stream.read(&mut [0; 1]).await.ok().map(drop)
        }
    }
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut read = Vec::new();
    loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(read[..end].to_vec()).unwrap();
            let length = field(&head, "content-length").map_or(0, |text| text.parse().unwrap());
            if read.len() >= end + 4 + length {
                return Some(String::from_utf8(read).unwrap());
            }
        }
        let mut piece = [0; 4096];
        match stream.read(&mut piece).await {
            Ok(count @ 1..) => read.extend_from_slice(&piece[..count]),
            _ => return None,
        }
    }
}

/// The value of a field of a request.
pub(crate) fn field<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = request.lines().skip(1).take_while(|line| !line.is_empty());
    lines.find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

fn acceptor(authority: PathBuf) -> TlsAcceptor {
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    std::fs::write(authority, ca.self_signed(&ca_key).unwrap().pem()).unwrap();
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = certificate.signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}
