//! Whose server is found, what is dialled on the way, and how long it may take.
//!
//! Names are the test's own; lines are real ones to this machine, or none at all where the clock is
//! ours.

use std::collections::HashMap;
use std::future::{pending, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::task::Poll;

use inhaul_domain::providers::TABLE_DATE;
use inhaul_net::{Answer, Network, Stream};
use inhaul_sample::switches::{Certificate, Greeting};
use inhaul_sample::{SampleConfig, SampleServer, Tls};
use inhaul_testkit::TestDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};

use super::*;

/// What a name service says of a name.
#[derive(Clone, Copy, Debug)]
enum Says {
    /// Port 995 and port 110 of the name lead here.
    Leads(Option<SocketAddr>, Option<SocketAddr>),
    /// That it cannot say.
    NoIdea,
    /// Nothing, ever.
    Nothing,
}

/// A name service, in a network in which no connection comes about.
#[derive(Debug, Default)]
struct Names {
    names: HashMap<String, Says>,
    slow: Duration,
    asked: Mutex<Vec<String>>,
}

impl Network for Names {
    fn look_up<'a>(&'a self, host: &'a str, port: u16) -> Answer<'a, Vec<SocketAddr>> {
        Box::pin(async move {
            self.asked.lock().unwrap().push(host.to_owned());
            if !self.slow.is_zero() {
                sleep(self.slow).await;
            }
            match self.names.get(host) {
                Some(Says::Leads(tls, plain)) => {
                    let address = if port == 995 { tls } else { plain };
                    Ok(vec![address.unwrap_or_else(closed)])
                }
                Some(Says::NoIdea) => Err(io::Error::other("Temporary failure in name resolution")),
                Some(Says::Nothing) => pending().await,
                None => Err(io::Error::other("Name or service not known")),
            }
        })
    }

    fn connect(&self, _: SocketAddr) -> Answer<'_, Box<dyn Stream>> {
        Box::pin(pending())
    }
}

/// An address at which nobody listens: port 0 cannot be dialled.
fn closed() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

const DOMAIN: &str = "old-isp.example";
const ADDRESS: &str = "alice@old-isp.example";

/// A server that is good for all usual names, and its authority.
struct Isp {
    server: SampleServer,
    authority: TestDir,
}

impl Isp {
    async fn start() -> Self {
        let config = SampleConfig {
            tls: Tls::Offered,
            names: guess::usual_names(DOMAIN).into(),
            ..SampleConfig::default()
        };
        let server = SampleServer::start(config).await.unwrap();
        let authority = TestDir::new("detect").unwrap();
        std::fs::write(authority.join("ca.pem"), server.ca_pem().unwrap()).unwrap();
        Self { server, authority }
    }

    fn trust(&self) -> Trust {
        Trust::CaFile(self.authority.join("ca.pem"))
    }

    fn with_tls(&self) -> Says {
        Says::Leads(self.server.tls_address(), Some(self.server.address()))
    }

    fn with_stls(&self) -> Says {
        Says::Leads(None, Some(self.server.address()))
    }
}

/// Remembers what it is told.
#[derive(Default)]
struct Watcher {
    begun: Mutex<Vec<Source>>,
    steps: Mutex<Vec<Step>>,
}

impl DetectionObserver for Watcher {
    fn begins(&self, source: Source) {
        self.begun.lock().unwrap().push(source);
    }

    fn step(&self, step: &Step) {
        self.steps.lock().unwrap().push(step.clone());
    }
}

fn names<'a>(of: impl IntoIterator<Item = (&'a str, Says)>) -> Arc<Names> {
    let names = of.into_iter().map(|(name, says)| (name.to_owned(), says));
    Arc::new(Names {
        names: names.collect(),
        ..Names::default()
    })
}

async fn search(
    dialler: Dialler,
    trust: Trust,
    told: &[ToldProvider],
    reach: &Reach,
    address: &str,
) -> Detection {
    let detector = Detector {
        dialler: &dialler,
        checks: &Checks::with_spool("/nonexistent".into()),
        trust,
        told,
        reach,
    };
    let watcher = Watcher::default();
    let detection = detector.detect(address, &watcher).await.unwrap();
    assert_eq!(*watcher.steps.lock().unwrap(), detection.steps);
    assert_eq!(watcher.begun.lock().unwrap()[0], Source::KnownProviders);
    detection
}

/// Searches among these names, whose servers have this trust.
async fn among<'a>(trust: Trust, of: impl IntoIterator<Item = (&'a str, Says)>) -> Detection {
    let dialler = Dialler::with_names_of(names(of));
    search(dialler, trust, &[], &Reach::Anywhere, ADDRESS).await
}

/// Searches where nobody may be asked.
async fn offline(told: &[ToldProvider], address: &str) -> Detection {
    let nobody = names([]);
    let dialler = Dialler::within(Arc::clone(&nobody) as Arc<dyn Network>);
    let reach = Reach::Public { ports: Vec::new() };
    let detection = search(dialler, Trust::System, told, &reach, address).await;
    assert_eq!(*nobody.asked.lock().unwrap(), [""; 0]);
    detection
}

fn lines(detection: &Detection) -> Vec<String> {
    let steps = detection.steps.iter();
    steps
        .map(|step| format!("{} | {}", step.source.label(), step.words()))
        .collect()
}

fn server(detection: &Detection) -> Option<(&str, u16, Security)> {
    let found = detection.found.as_ref()?;
    Some((found.host.as_str(), found.port, found.security))
}

fn misses(detection: &Detection) -> Vec<(&str, u16, Miss)> {
    let steps = detection.steps.iter();
    let missed = steps.filter_map(|step| match &step.outcome {
        Outcome::Tried(Attempt {
            host,
            port,
            missed: Some(miss),
        }) => Some((host.as_str(), *port, *miss)),
        _ => None,
    });
    missed.collect()
}

#[tokio::test]
async fn a_known_provider_is_found_without_asking_anybody() {
    let detection = offline(&[], " Alice@GMail.com ").await;
    assert_eq!(
        server(&detection),
        Some(("pop.gmail.com", 995, Security::Tls))
    );
    let found = detection.found.clone().unwrap();
    assert_eq!(found.user, "Alice@GMail.com");
    assert_eq!(found.notes.len(), 2);
    assert_eq!(found.origin.words(), "the list of known providers: Gmail");
    assert_eq!(
        lines(&detection),
        [
            "Known providers | Gmail",
            "Provider's DNS records | not needed",
            "Provider's settings file | not needed",
            "Mozilla's public list | not needed",
            "Usual names | not needed",
        ]
    );
    assert!(!TABLE_DATE.is_empty());
}

#[tokio::test]
async fn the_name_to_sign_in_with_is_the_one_that_the_provider_takes() {
    let detection = offline(&[], "alice@web.de").await;
    let found = detection.found.unwrap();
    assert_eq!(
        (found.user.as_str(), found.host.as_str()),
        ("alice", "pop3.web.de")
    );
}

#[tokio::test]
async fn a_provider_without_pop3_is_named_and_nothing_is_tried_there() {
    let detection = offline(&[], "alice@icloud.com").await;
    assert_eq!(detection.found, None);
    assert_eq!(detection.provider.unwrap().notes, [Note::Pop3NotOffered]);
    assert_eq!(
        lines(&detection)[0],
        "Known providers | iCloud Mail, which does not offer POP3"
    );
}

#[tokio::test]
async fn what_the_installation_was_told_comes_first() {
    let told = ToldProvider {
        name: "Old ISP".into(),
        domain: "gmail.com".into(),
        host: "127.0.0.1".into(),
        address: None,
        port: 1995,
        security: Security::StartTls,
        ca_file: Some("/tmp/ca.pem".into()),
    };
    let detection = offline(&[told], "you@gmail.com").await;
    assert_eq!(
        server(&detection),
        Some(("127.0.0.1", 1995, Security::StartTls))
    );
    let found = detection.found.clone().unwrap();
    assert_eq!(found.origin, Origin::Told("Old ISP".into()));
    assert_eq!(found.ca_file, Some("/tmp/ca.pem".into()));
    assert_eq!(lines(&detection)[0], "Known providers | Old ISP");
}

#[tokio::test]
async fn a_usual_name_is_found_where_pop3_answers_on_a_good_line() {
    let isp = Isp::start().await;
    let detection = among(isp.trust(), [("pop.old-isp.example", isp.with_tls())]).await;
    assert_eq!(
        server(&detection),
        Some(("pop.old-isp.example", 995, Security::Tls))
    );
    let found = detection.found.clone().unwrap();
    assert_eq!(
        (found.user.as_str(), found.origin),
        (ADDRESS, Origin::Guess)
    );
    let lines = lines(&detection);
    assert_eq!(
        lines[..4],
        [
            "Known providers | not in the list",
            "Provider's DNS records | not asked yet",
            "Provider's settings file | not asked yet",
            "Mozilla's public list | not asked yet",
        ]
    );
    let there = "Usual names | pop.old-isp.example, port 995".to_owned();
    assert!(lines[4..].contains(&there), "{lines:?}");
    assert_eq!(lines.last(), Some(&there));
}

#[tokio::test]
async fn earlier_names_and_tls_count_more() {
    let isp = Isp::start().await;
    let (tls, stls) = (isp.with_tls(), isp.with_stls());
    let nowhere = Says::Leads(None, None);
    for (of, expected) in [
        (vec![("pop.", tls), ("mail.", tls)], ("pop.", 995)),
        (vec![("pop.", stls), ("mail.", tls)], ("pop.", 110)),
        (vec![("pop.", nowhere), ("pop3.", stls)], ("pop3.", 110)),
        (vec![("mail.", stls), ("", tls)], ("mail.", 110)),
        (vec![("pop.", Says::NoIdea), ("", tls)], ("", 995)),
        // Who comes behind the one that is found is not waited for.
        (vec![("pop.", tls), ("mail.", Says::Nothing)], ("pop.", 995)),
    ] {
        let of: Vec<_> = of
            .into_iter()
            .map(|(name, says)| (format!("{name}{DOMAIN}"), says))
            .collect();
        let of = of.iter().map(|(name, says)| (name.as_str(), *says));
        let detection = among(isp.trust(), of).await;
        let (name, port) = expected;
        let (host, found, _) = server(&detection).unwrap();
        assert_eq!((host, found), (format!("{name}{DOMAIN}").as_str(), port));
    }
}

#[tokio::test]
async fn a_certificate_that_does_not_prove_the_name_is_no_find() {
    let isp = Isp::start().await;
    for certificate in [
        Certificate::WrongName,
        Certificate::Expired,
        Certificate::UnknownCa,
    ] {
        isp.server
            .set(|switches| switches.certificate = certificate);
        let detection = among(isp.trust(), [("pop.old-isp.example", isp.with_tls())]).await;
        assert_eq!(server(&detection), None, "{certificate:?}");
        let missed = misses(&detection);
        for port in [995, 110] {
            let miss = ("pop.old-isp.example", port, Miss::Certificate);
            assert!(missed.contains(&miss), "{certificate:?}: {missed:?}");
        }
        assert_eq!(detection.steps.last().unwrap().outcome, Outcome::Nothing);
    }
}

#[tokio::test]
async fn who_greets_with_a_refusal_is_no_find() {
    let isp = Isp::start().await;
    isp.server
        .set(|switches| switches.greeting = Greeting::Refused("not today".into()));
    let detection = among(isp.trust(), [("pop.old-isp.example", isp.with_tls())]).await;
    assert_eq!(server(&detection), None);
}

/// A server that says these lines, one for each that it hears, and what it hears.
async fn scripted(says: &'static [&'static str]) -> (SocketAddr, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heard = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        let mut heard = String::new();
        for line in says {
            stream.write_all(line.as_bytes()).await.unwrap();
            if stream.read_line(&mut heard).await.unwrap() == 0 {
                break;
            }
        }
        heard
    });
    (address, heard)
}

#[tokio::test]
async fn a_server_without_encryption_is_no_find_and_hears_no_more_than_capa() {
    let (address, heard) = scripted(&["+OK hello\r\n", "+OK\r\nUSER\r\n.\r\n"]).await;
    let says = Says::Leads(None, Some(address));
    let detection = among(Trust::System, [("mail.old-isp.example", says)]).await;
    assert_eq!(server(&detection), None);
    let miss = ("mail.old-isp.example", 110, Miss::NoEncryption);
    assert!(misses(&detection).contains(&miss), "{detection:?}");
    assert_eq!(heard.await.unwrap(), "CAPA\r\n");
}

#[tokio::test]
async fn another_protocol_is_no_find() {
    let (address, heard) = scripted(&["220 mail.old-isp.example ESMTP\r\n"]).await;
    let says = Says::Leads(None, Some(address));
    let detection = among(Trust::System, [("mail.old-isp.example", says)]).await;
    assert_eq!(server(&detection), None);
    let miss = ("mail.old-isp.example", 110, Miss::NotPop3);
    assert!(misses(&detection).contains(&miss), "{detection:?}");
    assert_eq!(heard.await.unwrap(), "");
}

#[tokio::test]
async fn nobody_inside_the_network_is_dialled_for_a_person() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let inside = listener.local_addr().ok();
    let of = names([("pop.old-isp.example", Says::Leads(inside, inside))]);
    let asked = Arc::clone(&of);
    let reach = Reach::Public {
        ports: vec![inside.unwrap().port()],
    };
    let dialler = Dialler::with_names_of(of);
    let detection = search(dialler, Trust::System, &[], &reach, ADDRESS).await;
    assert_eq!(server(&detection), None);
    let miss = ("pop.old-isp.example", 995, Miss::NotAllowed);
    assert!(misses(&detection).contains(&miss), "{detection:?}");
    assert!(!asked.asked.lock().unwrap().is_empty());
    let knocked = poll_fn(|context| Poll::Ready(listener.poll_accept(context).is_ready()));
    assert!(!knocked.await, "it knocked");
}

#[tokio::test]
async fn a_name_service_that_does_not_know_is_told_from_a_name_that_is_not_there() {
    let of = [("pop.old-isp.example", Says::NoIdea)];
    let detection = among(Trust::System, of).await;
    let mut missed = misses(&detection);
    missed.sort_unstable_by_key(|(host, ..)| host.len());
    assert_eq!(
        missed,
        [
            ("old-isp.example", 995, Miss::NoSuchName),
            ("pop.old-isp.example", 995, Miss::NotLookedUp),
            ("pop3.old-isp.example", 995, Miss::NoSuchName),
            ("mail.old-isp.example", 995, Miss::NoSuchName),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_search_ends_in_time_whoever_is_silent() {
    let silent = Says::Leads(Some(closed()), Some(closed()));
    for (says, slow) in [
        (Says::Nothing, 0),
        (silent, 0),
        // The slowest of all: each look-up ends just before it is given up.
        (silent, 1700),
    ] {
        let every = guess::usual_names(DOMAIN);
        let names = Arc::new(Names {
            names: every.into_iter().map(|name| (name, says)).collect(),
            slow: Duration::from_millis(slow),
            asked: Mutex::default(),
        });
        let begun = Instant::now();
        let dialler = Dialler::within(names);
        let detection = search(dialler, Trust::System, &[], &Reach::Anywhere, ADDRESS).await;
        assert_eq!(server(&detection), None);
        assert!(
            begun.elapsed() <= DETECT_LIMIT,
            "{says:?}: {:?}",
            begun.elapsed()
        );
        assert!(!misses(&detection).is_empty());
    }
}

#[tokio::test]
async fn what_is_no_address_is_refused_with_words() {
    let told = Detector {
        dialler: &Dialler::new(),
        checks: &Checks::with_spool("/nonexistent".into()),
        trust: Trust::System,
        told: &[],
        reach: &Reach::Anywhere,
    };
    for (address, why) in [
        ("", BadAddress::NoAddress),
        ("alice", BadAddress::NoAddress),
        ("@example.org", BadAddress::NoAddress),
        ("two words@example.org", BadAddress::NoAddress),
        ("alice@", BadAddress::Domain(BadDomain::Missing)),
        ("alice@localhost", BadAddress::Domain(BadDomain::NoDot)),
        ("alice@[192.0.2.1]", BadAddress::Domain(BadDomain::Address)),
        ("alice@no where.invalid", BadAddress::Domain(BadDomain::Odd)),
    ] {
        let refused = told.detect(address, &Watcher::default()).await.unwrap_err();
        assert_eq!(refused, why, "{address:?}");
        assert!(refused.to_string().ends_with('.'), "{refused}");
    }
}
