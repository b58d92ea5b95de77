//! Real files and handshakes over real sockets; the clock is the test's.

mod files;
mod self_made;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject as _;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::*;

const LONG: Duration = Duration::from_secs(600);

const DAY: Duration = Duration::from_secs(86_400);

/// Two files and a clock.
struct World {
    dir: TempDir,
    now: Arc<AtomicI64>,
}

impl World {
    fn new() -> Self {
        let now = Timestamp::from_system_time(std::time::SystemTime::now());
        Self {
            dir: TempDir::new().unwrap(),
            now: Arc::new(AtomicI64::new(now.millis())),
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.load(Ordering::Relaxed))
    }

    fn passes(&self, span: Duration) {
        let now = self.now().plus(span);
        self.now.store(now.millis(), Ordering::Relaxed);
    }

    fn clock(&self) -> Clock {
        let now = Arc::clone(&self.now);
        Arc::new(move || Timestamp::from_millis(now.load(Ordering::Relaxed)))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn files(&self) -> CertificateSource {
        CertificateSource::Files {
            chain: self.path("chain.pem"),
            key: self.path("key.pem"),
        }
    }

    fn self_made(&self) -> CertificateSource {
        let dir = self.dir.path().to_owned();
        CertificateSource::SelfMade { dir }
    }

    fn open(&self, source: CertificateSource) -> Result<Arc<ServerTls>, CertificateProblem> {
        ServerTls::open(source, MinimumTls::Tls12, self.clock())
    }

    /// Puts these in place as careful programs do.
    fn put(&self, name: &str, content: &str) {
        fs::write(self.path("beside"), content).unwrap();
        let mode = Permissions::from_mode(0o600);
        fs::set_permissions(self.path("beside"), mode).unwrap();
        fs::rename(self.path("beside"), self.path(name)).unwrap();
    }

    fn put_pair(&self, pair: &Pair) {
        self.put("chain.pem", &pair.chain);
        self.put("key.pem", &pair.key);
    }
}

struct Pair {
    chain: String,
    key: String,
}

fn pair() -> Pair {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    Pair {
        chain: params.self_signed(&key).unwrap().pem(),
        key: key.serialize_pem(),
    }
}

/// A client that trusts the authority in this file.
fn connector(ca: &Path, versions: &[&'static SupportedProtocolVersion]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    let certificate = rustls::pki_types::CertificateDer::from_pem_file(ca).unwrap();
    roots.add(certificate).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let configuration = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(configuration))
}

async fn connection() -> (TcpStream, ServerLine) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await;
    let (server, _) = listener.accept().await.unwrap();
    (client.unwrap(), ServerLine::Plain(server))
}

async fn meet(
    tls: &ServerTls,
    connector: &TlsConnector,
    name: &str,
) -> (io::Result<TlsStream<TcpStream>>, io::Result<ServerLine>) {
    let (client, server) = connection().await;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    tokio::join!(connector.connect(name, client), server.encrypt(tls, LONG))
}

/// Both ends of a line to `localhost`.
async fn line(tls: &ServerTls, ca: &Path) -> (TlsStream<TcpStream>, ServerLine) {
    let connector = connector(ca, &[&TLS13, &TLS12]);
    let (client, server) = meet(tls, &connector, "localhost").await;
    (client.unwrap(), server.unwrap())
}

async fn talk(client: &mut TlsStream<TcpStream>, server: &mut ServerLine) {
    client.write_all(b"NOOP").await.unwrap();
    let mut heard = [0; 4];
    server.read_exact(&mut heard).await.unwrap();
    server.write_all(&heard).await.unwrap();
    server.flush().await.unwrap();
    client.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"NOOP");
}

#[tokio::test]
async fn a_new_certificate_is_for_new_lines_and_old_ones_go_on() {
    let world = World::new();
    let (old, new) = (pair(), pair());
    world.put_pair(&old);
    let tls = world.open(world.files()).unwrap();
    let ca = world.path("ca.pem");
    fs::write(&ca, &old.chain).unwrap();
    let (mut client, mut server) = line(&tls, &ca).await;
    let fingerprint = tls.fingerprint();

    world.put_pair(&new);
    tls.reload().unwrap();
    assert_ne!(tls.fingerprint(), fingerprint);
    talk(&mut client, &mut server).await;
    let connector = connector(&ca, &[&TLS13, &TLS12]);
    let (refused, _) = meet(&tls, &connector, "localhost").await;
    assert!(refused.is_err());
    fs::write(&ca, &new.chain).unwrap();
    let (mut client, mut server) = line(&tls, &ca).await;
    talk(&mut client, &mut server).await;
}

#[tokio::test]
async fn a_session_is_never_resumed_past_a_new_certificate() {
    let world = World::new();
    let old = pair();
    world.put_pair(&old);
    let tls = world.open(world.files()).unwrap();
    let connector = connector(&world.path("chain.pem"), &[&TLS13]);
    let (mut client, mut server) = line_with(&tls, &connector).await;
    talk(&mut client, &mut server).await;
    let (mut client, mut server) = line_with(&tls, &connector).await;
    talk(&mut client, &mut server).await;
    let kind = client.get_ref().1.handshake_kind();
    assert_eq!(kind, Some(rustls::HandshakeKind::Resumed));

    world.put_pair(&pair());
    tls.reload().unwrap();
    let (refused, _) = meet(&tls, &connector, "localhost").await;
    assert!(refused.is_err());
}

async fn line_with(
    tls: &ServerTls,
    connector: &TlsConnector,
) -> (TlsStream<TcpStream>, ServerLine) {
    let (client, server) = meet(tls, connector, "localhost").await;
    (client.unwrap(), server.unwrap())
}

#[tokio::test]
async fn the_minimum_is_kept() {
    let world = World::new();
    world.put_pair(&pair());
    let ca = world.path("chain.pem");
    for (minimum, versions, spoken) in [
        (MinimumTls::Tls12, &[&TLS12][..], Some("TLS 1.2")),
        (MinimumTls::Tls12, &[&TLS13], Some("TLS 1.3")),
        (MinimumTls::Tls12, &[&TLS12, &TLS13], Some("TLS 1.3")),
        (MinimumTls::Tls13, &[&TLS12, &TLS13], Some("TLS 1.3")),
        (MinimumTls::Tls13, &[&TLS12], None),
    ] {
        let tls = ServerTls::open(world.files(), minimum, world.clock()).unwrap();
        let connector = connector(&ca, versions);
        let (client, server) = meet(&tls, &connector, "localhost").await;
        let server = server.ok();
        let version = server.as_ref().and_then(ServerLine::tls_version);
        assert_eq!(version, spoken, "{minimum:?}");
        assert_eq!(client.is_ok(), spoken.is_some());
        assert!(server.is_none_or(|server| server.is_encrypted()));
    }
}

#[tokio::test]
async fn a_handshake_that_stalls_ends_in_time() {
    let world = World::new();
    let tls = world.open(world.self_made()).unwrap();
    let (mut client, server) = connection().await;
    client.write_all(b"\x16\x03\x01").await.unwrap();
    let error = server
        .encrypt(&tls, Duration::from_millis(5))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn tls_inside_tls_is_an_error() {
    let world = World::new();
    let tls = world.open(world.self_made()).unwrap();
    let (_client, server) = line(&tls, &world.path("tls/cert.pem")).await;
    let error = server.encrypt(&tls, LONG).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
}

#[tokio::test]
async fn what_does_not_fit_waits_and_comes_whole() {
    let world = World::new();
    let tls = world.open(world.self_made()).unwrap();
    let (mut client, mut server) = line(&tls, &world.path("tls/cert.pem")).await;
    // More than the system takes at a time.
    let octets: Vec<u8> = (0..16_000_000u32).map(|n| n.to_le_bytes()[0]).collect();
    let mut heard = Vec::new();
    let sending = async {
        server.write_all(&octets).await.unwrap();
        server.shutdown().await.unwrap();
    };
    let (_, hearing) = tokio::join!(sending, client.read_to_end(&mut heard));
    hearing.unwrap();
    assert!(heard == octets);
}

/// A line is held by each of hundreds of sessions, and so is the future of its handshake.
#[test]
fn a_line_is_small() {
    assert!(size_of::<ServerLine>() <= 40, "{}", size_of::<ServerLine>());
    let world = World::new();
    let tls = world.open(world.self_made()).unwrap();
    let handshake = |line: ServerLine| line.encrypt(&tls, LONG);
    fn future_size<A, F>(_: &impl Fn(A) -> F) -> usize {
        size_of::<F>()
    }
    assert!(
        future_size(&handshake) <= 512,
        "{}",
        future_size(&handshake)
    );
}
