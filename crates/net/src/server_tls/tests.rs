//! Real files and handshakes over real sockets; the clock is the test's.

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

fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn the_first_start_makes_a_certificate_for_this_machine() {
    let world = World::new();
    let tls = world.open(world.self_made()).unwrap();
    assert_eq!(mode(&world.path("tls")), 0o700);
    assert_eq!(mode(&world.path("tls/key.pem")), 0o600);
    let ca = world.path("tls/cert.pem");
    let connector = connector(&ca, &[&TLS13, &TLS12]);
    let host = host_name().filter(|host| ServerName::try_from(host.as_str()).is_ok());
    for name in ["localhost", "127.0.0.1", "::1"]
        .into_iter()
        .chain(host.as_deref())
    {
        let (client, server) = meet(&tls, &connector, name).await;
        talk(&mut client.unwrap(), &mut server.unwrap()).await;
    }
    let (client, server) = meet(&tls, &connector, "pop.example.org").await;
    assert!(client.is_err() && server.is_err());
}

#[test]
fn the_next_start_shows_the_same_certificate() {
    let world = World::new();
    let first = world.open(world.self_made()).unwrap();
    assert!(first.is_self_made());
    let second = world.open(world.self_made()).unwrap();
    assert_eq!(second.fingerprint(), first.fingerprint());
    assert_eq!(second.not_after(), first.not_after());
    assert!(first.not_after() <= Some(world.now().plus(DAY * 825)));
    assert!(first.not_after() > Some(world.now().plus(DAY * 800)));
}

#[tokio::test]
async fn a_self_made_certificate_is_renewed_before_its_end_and_keeps_its_key() {
    let world = World::new();
    let tls = world.open(world.self_made()).unwrap();
    let (fingerprint, pin, end) = (tls.fingerprint(), tls.key_pin(), tls.not_after().unwrap());
    let (mut client, mut server) = line(&tls, &world.path("tls/cert.pem")).await;

    world.passes(DAY * 793);
    assert!(matches!(tls.look(), Renewal::Unchanged));
    world.passes(DAY);
    assert!(matches!(tls.look(), Renewal::Renewed));
    assert_ne!(tls.fingerprint(), fingerprint);
    assert_eq!(tls.key_pin(), pin);
    assert!(tls.not_after().unwrap() > end.plus(DAY * 700));
    assert!(matches!(tls.look(), Renewal::Unchanged));

    talk(&mut client, &mut server).await;
    let reopened = world.open(world.self_made()).unwrap();
    assert_eq!(reopened.fingerprint(), tls.fingerprint());
}

#[test]
fn two_certificates_of_one_name_never_have_one_number() {
    let world = World::new();
    let mut numbers = Vec::new();
    for _ in 0..2 {
        let tls = world.open(world.self_made()).unwrap();
        let file = world.path("tls/cert.pem");
        let certificate = rustls::pki_types::CertificateDer::from_pem_file(&file).unwrap();
        // Behind two headers and the version: the number, with its own header.
        numbers.push(certificate[8 + 5..][..18].to_vec());
        fs::remove_file(file).unwrap();
        drop(tls);
    }
    assert_eq!(numbers[0][..2], [2, 16]);
    assert_ne!(numbers[0], numbers[1]);
}

#[test]
fn a_self_made_pair_that_is_damaged_is_mended() {
    let world = World::new();
    let first = world.open(world.self_made()).unwrap();
    let (chain, key) = world.self_made().files();
    let other = pair();
    for (what, file, content, keeps_key) in [
        ("no certificate", &chain, None, true),
        ("no PEM", &chain, Some("damaged"), true),
        ("of another key", &chain, Some(&other.chain[..]), true),
        ("another key", &key, Some(&other.key), false),
        ("no key", &key, None, false),
        ("no PEM", &key, Some("damaged"), false),
        (
            "half a key",
            &key,
            Some("-----BEGIN PRIVATE KEY-----\nMIG"),
            false,
        ),
    ] {
        let before = world.open(world.self_made()).unwrap();
        match content {
            Some(content) => fs::write(file, content).unwrap(),
            None => fs::remove_file(file).unwrap(),
        }
        let after = world.open(world.self_made()).unwrap();
        assert_eq!(after.key_pin() == before.key_pin(), keeps_key, "{what}");
        assert_ne!(after.fingerprint(), before.fingerprint(), "{what}");
        assert_eq!(mode(&key), 0o600, "{what}");
    }
    drop(first);
}

#[test]
fn a_certificate_made_under_a_wrong_clock_is_made_anew() {
    let world = World::new();
    let right = world.now();
    for wrong in [right.plus(DAY * 5_000), Timestamp::from_millis(0)] {
        world.now.store(wrong.millis(), Ordering::Relaxed);
        world.open(world.self_made()).unwrap();
        world.now.store(right.millis(), Ordering::Relaxed);
        let tls = world.open(world.self_made()).unwrap();
        assert!(tls.not_after() > Some(right.plus(DAY * 800)), "{wrong}");
        assert!(tls.not_after() < Some(right.plus(DAY * 830)), "{wrong}");
    }
}

#[test]
fn a_clock_out_of_its_mind_makes_a_certificate_all_the_same() {
    for millis in [i64::MIN, i64::MAX] {
        let world = World::new();
        world.now.store(millis, Ordering::Relaxed);
        world.open(world.self_made()).unwrap();
    }
}

#[test]
fn a_self_made_key_is_closed_to_others() {
    let world = World::new();
    world.open(world.self_made()).unwrap();
    let key = world.path("tls/key.pem");
    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    let tls = world.open(world.self_made()).unwrap();
    assert_eq!(mode(&key), 0o600);
    assert_eq!(tls.open_key(), None);
}

#[test]
fn a_folder_that_takes_no_files_is_named() {
    let world = World::new();
    // No folder can be made where a file is, whoever asks.
    fs::write(world.path("tls"), "").unwrap();
    let problem = world.open(world.self_made()).unwrap_err();
    let text = problem.to_string();
    assert!(
        text.contains(&world.path("tls").display().to_string()),
        "{text}"
    );
}

#[test]
fn a_key_file_that_everyone_can_read_is_told_of_and_used() {
    let world = World::new();
    world.put_pair(&pair());
    let key = world.path("key.pem");
    for (permissions, shown) in [
        (0o600, None),
        (0o640, None),
        (0o644, Some("(0644)")),
        (0o604, Some("(0604)")),
    ] {
        fs::set_permissions(&key, Permissions::from_mode(permissions)).unwrap();
        let tls = world.open(world.files()).unwrap();
        let open = tls.open_key();
        match shown {
            None => assert_eq!(open, None),
            Some(shown) => {
                let open = open.unwrap();
                assert!(open.to_string().ends_with(shown), "{open}");
                assert!(open.advice().contains("chmod o= /"), "{}", open.advice());
            }
        }
        assert!(!tls.is_self_made());
    }
}

#[test]
fn a_fingerprint_is_written_as_openssl_does() {
    let world = World::new();
    world.put_pair(&pair());
    let tls = world.open(world.files()).unwrap();
    let shown = tls.fingerprint();
    let octets: Vec<&str> = shown.split(':').collect();
    assert_eq!(octets.len(), 32);
    let is_hex = |octet: &&str| octet.len() == 2 && u8::from_str_radix(octet, 16).is_ok();
    assert!(octets.iter().all(is_hex), "{shown}");
    assert_eq!(shown, shown.to_uppercase());
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

#[test]
fn what_cannot_be_used_leaves_the_old_one_in_force_and_says_why() {
    let world = World::new();
    let (good, other) = (pair(), pair());
    world.put_pair(&good);
    let tls = world.open(world.files()).unwrap();
    let fingerprint = tls.fingerprint();
    let half = &good.chain[..good.chain.len() / 2];
    let locked =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIG=\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let old_locked = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\
                      DEK-Info: AES-128-CBC,00\n\nMIG=\n-----END RSA PRIVATE KEY-----\n";
    let no_key = "-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n";
    let no_chain = "-----BEGIN CERTIFICATE-----\nMIGH\n-----END CERTIFICATE-----\n";
    let spoilt = good.chain.replace("MII", "M!!");
    let endless = "x".repeat((1 << 20) + 1);
    for (chain, key, what, advice) in [
        (
            &other.chain[..],
            &good.key[..],
            "does not belong to the first certificate",
            "together",
        ),
        (
            &good.key,
            &good.key,
            "there is no certificate in",
            "BEGIN CERTIFICATE",
        ),
        (
            "",
            &good.key,
            "there is no certificate in",
            "BEGIN CERTIFICATE",
        ),
        (half, &good.key, "lacks an -----END line", "anew"),
        (&spoilt, &good.key, "base64 is damaged", "anew"),
        (no_chain, &good.key, "chain.pem cannot be used", "anew"),
        (&endless, &good.key, "too long", "anew"),
        (
            &good.chain,
            "",
            "there is no private key in",
            "BEGIN PRIVATE KEY",
        ),
        (
            &good.chain,
            &good.chain,
            "there is no private key in",
            "BEGIN PRIVATE KEY",
        ),
        (&good.chain, no_key, "key.pem cannot be used", "anew"),
        (
            &good.chain,
            locked,
            "locked with a passphrase",
            "openssl pkey",
        ),
        (
            &good.chain,
            old_locked,
            "locked with a passphrase",
            "openssl pkey",
        ),
    ] {
        world.put("chain.pem", chain);
        world.put("key.pem", key);
        let problem = tls.reload().unwrap_err();
        let text = problem.to_string();
        assert!(text.contains(what), "{what}: {text}");
        assert!(
            text.contains(&world.dir.path().display().to_string()),
            "{text}"
        );
        assert!(problem.advice().contains(advice), "{}", problem.advice());
        assert_eq!(tls.fingerprint(), fingerprint, "{what}");
        // What the operator has just been told is not told again.
        assert!(matches!(tls.look(), Renewal::Unchanged), "{what}");
        world.open(world.files()).unwrap_err();
    }
    fs::remove_file(world.path("key.pem")).unwrap();
    let problem = tls.reload().unwrap_err();
    assert!(
        problem.to_string().ends_with("key.pem cannot be read"),
        "{problem}"
    );
    assert!(
        problem.advice().starts_with("Put the file there"),
        "{}",
        problem.advice()
    );
    assert_eq!(tls.fingerprint(), fingerprint);

    world.put_pair(&other);
    assert!(matches!(tls.look(), Renewal::Renewed));
    assert_ne!(tls.fingerprint(), fingerprint);
}

#[test]
fn chain_and_key_may_be_one_file() {
    let world = World::new();
    let pair = pair();
    world.put("both.pem", &(pair.key + &pair.chain));
    let file = world.path("both.pem");
    let source = CertificateSource::Files {
        chain: file.clone(),
        key: file,
    };
    world.open(source).unwrap();
}

#[test]
fn changed_files_are_noticed_without_being_told() {
    let world = World::new();
    world.put_pair(&pair());
    let tls = world.open(world.files()).unwrap();
    assert!(matches!(tls.look(), Renewal::Unchanged));
    let fingerprint = tls.fingerprint();
    world.put_pair(&pair());
    assert!(matches!(tls.look(), Renewal::Renewed));
    assert_ne!(tls.fingerprint(), fingerprint);
    assert!(matches!(tls.look(), Renewal::Unchanged));
}

#[test]
fn a_pair_that_is_half_written_is_no_fault_until_it_stays_so() {
    let world = World::new();
    world.put_pair(&pair());
    let tls = world.open(world.files()).unwrap();
    let new = pair();
    world.put("chain.pem", &new.chain);
    assert!(matches!(tls.look(), Renewal::Unchanged));
    world.put("key.pem", &new.key);
    assert!(matches!(tls.look(), Renewal::Renewed));

    world.put("chain.pem", &pair().chain);
    assert!(matches!(tls.look(), Renewal::Unchanged));
    assert!(matches!(
        tls.look(),
        Renewal::Broken(CertificateProblem::Mismatch { .. })
    ));
    assert!(
        matches!(tls.look(), Renewal::Unchanged),
        "it was told twice"
    );
    // Back to what is in force: nothing is wrong, nothing is new for clients.
    let fingerprint = tls.fingerprint();
    world.put("chain.pem", &new.chain);
    assert!(matches!(tls.look(), Renewal::Renewed));
    assert_eq!(tls.fingerprint(), fingerprint);
}

#[test]
fn a_renewal_that_fails_is_told_of_once_and_tried_until_it_succeeds() {
    let world = World::new();
    let tls = world.open(world.self_made()).unwrap();
    world.passes(DAY * 800);
    // The new file cannot be put beside the old one: something is there that does not go away.
    let beside = world.path("tls/cert.pem.new");
    fs::create_dir(&beside).unwrap();
    let told = (0..5)
        .filter(|_| matches!(tls.look(), Renewal::Broken(_)))
        .count();
    assert_eq!(told, 1);
    fs::remove_dir(&beside).unwrap();
    assert!(matches!(tls.look(), Renewal::Renewed));
    assert!(tls.not_after() > Some(world.now().plus(DAY * 800)));
}

#[tokio::test]
async fn who_watches_is_told() {
    let world = World::new();
    world.put_pair(&pair());
    let tls = world.open(world.files()).unwrap();
    let fingerprint = tls.fingerprint();
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let watching = Arc::clone(&tls).watch_every(Duration::from_millis(1), move |renewal| {
        tell.send(renewal).unwrap();
    });
    let watching = tokio::spawn(watching);
    world.put_pair(&pair());
    let renewal = told.recv().await.unwrap();
    assert!(matches!(renewal, Renewal::Renewed), "{renewal:?}");
    assert_ne!(tls.fingerprint(), fingerprint);
    watching.abort();
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
