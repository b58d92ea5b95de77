//! Networks that lead nowhere, and programs at the other end that are no POP3 server.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use inhaul_sample::switches::Greeting;
use inhaul_sample::{SampleConfig, SampleServer, Tls};
use serde_json::Value;

use crate::installation::{Installation, assert_each_once, document};
use crate::mail::{messages, server_with};
use crate::namespace::{Namespace, Own};

/// A program that says the same to everybody who connects.
struct Peer {
    addr: SocketAddr,
    _lines: Arc<Mutex<Vec<TcpStream>>>,
}

impl Peer {
    /// It says this at once and listens from then on.
    fn saying(words: &'static [u8]) -> Self {
        Self::new(words, true)
    }

    /// It says this and hangs up.
    fn hanging_up_after(words: &'static [u8]) -> Self {
        Self::new(words, false)
    }

    fn new(words: &'static [u8], stays: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let lines = Arc::<Mutex<Vec<TcpStream>>>::default();
        let held = Arc::clone(&lines);
        thread::spawn(move || {
            for mut line in listener.incoming().flatten() {
                // Whoever hangs up does not want to hear it.
                line.write_all(words).ok();
                if stays {
                    held.lock().unwrap().push(line);
                }
            }
        });
        Self {
            addr,
            _lines: lines,
        }
    }
}

/// A retrieval from there.
fn add(home: &Installation, name: &str, server: &str, security: &str, ca: Option<&str>) {
    let mut how = vec!["--server", server, "--security", security, "--no-test"];
    how.extend(["--after-storing", "delete"]);
    how.extend(ca.iter().flat_map(|file| ["--ca-file", file]));
    home.retrieval(name, "u1", "anna", &how);
}

fn hasty(home: Installation) -> Installation {
    let short = |home: Installation, name: &str| home.env(name, "1s");
    let home = short(home, "INHAUL_CHECKS__CONNECT_TIMEOUT");
    short(home, "INHAUL_CHECKS__READ_TIMEOUT").account("anna")
}

/// What `pull --all` says of each.
fn pull_all(home: &Installation) -> (Option<i32>, HashMap<String, Value>) {
    let finished = home.inhaul.run(&["pull", "--all", "--json"]).unwrap();
    assert!(!finished.stderr.contains("panicked"), "{finished:?}");
    let report = document(&finished.stdout);
    let of = |run: &Value| (run["name"].as_str().unwrap().to_owned(), run.clone());
    let runs = report["retrievals"].as_array().unwrap().iter().map(of);
    (finished.code(), runs.collect())
}

#[test]
fn a_program_that_is_no_pop3_server_is_told_by_what_it_says() {
    let peers: &[(&str, &[u8], &str)] = &[
        (
            "smtp",
            b"220 mail.example ESMTP ready\r\n",
            "220 mail.example",
        ),
        (
            "smtp-long",
            b"220-mail.example ESMTP\r\n220 ready\r\n",
            "220-mail.example",
        ),
        ("imap", b"* OK [CAPABILITY IMAP4rev1] ready\r\n", "* OK"),
        ("ssh", b"SSH-2.0-OpenSSH_9.9\r\n", "SSH-2.0"),
        (
            "http",
            b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 400",
        ),
        (
            "mysql",
            b"J\0\0\0\n8.0.36\0\x08\0\0\0ab\x01c\0\xff\xf7",
            "J",
        ),
        ("binary", b"\x16\x03\x01\x00\xa5", "\\u{16}\\u{3}"),
        ("prompt", b"login: ", "login:"),
        ("flood", &[b'x'; 20_000], "xxxx"),
        ("near", b"+OKAY\r\n", "+OKAY"),
    ];
    let home = hasty(Installation::new());
    let mut held = Vec::new();
    for (name, words, _) in peers {
        let peer = Peer::saying(words);
        add(&home, name, &peer.addr.to_string(), "none", None);
        held.push(peer);
    }
    let began = Instant::now();
    let (exit, runs) = pull_all(&home);
    assert_eq!(exit, Some(76));
    for (name, _, said) in peers {
        let run = &runs[*name];
        assert_eq!(run["code"], "not-pop3", "{run}");
        assert!(
            run["title"].as_str().unwrap().contains("127.0.0.1"),
            "{run}"
        );
        assert!(run["said"].as_str().unwrap().contains(said), "{run}");
    }
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn a_line_that_leads_nowhere_is_given_up_in_time_and_the_others_go_on() {
    let mail = messages(3, 2_000);
    let (server, sent) = server_with(&mail);
    let (silent, rude) = (Peer::saying(b""), Peer::hanging_up_after(b""));
    let half = Peer::hanging_up_after(b"+OK hel");
    let smtp = Peer::saying(b"220 mail.example ESMTP\r\n");
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let config = SampleConfig {
        tls: Tls::Offered,
        ..SampleConfig::default()
    };
    let mute = runtime.block_on(SampleServer::start(config)).unwrap();
    mute.set(|switches| switches.greeting = Greeting::Missing);
    let home = hasty(Installation::new());
    let ca = home.beside("ca.pem");
    fs::write(&ca, mute.ca_pem().unwrap()).unwrap();
    let (ca, dovecot_ca) = (ca.to_str().unwrap(), server.ca_file());
    let dovecot_ca = dovecot_ca.to_str().unwrap();
    let (pop3, pop3s) = (server.pop3_addr(), server.pop3s_addr());
    let mute_addr = mute.tls_address().unwrap();
    let wrong: &[(&str, SocketAddr, &str, Option<&str>, &str)] = &[
        ("silent", silent.addr, "none", None, "no-answer"),
        ("silent-tls", silent.addr, "tls", None, "no-answer"),
        ("mute-tls", mute_addr, "tls", Some(ca), "no-answer"),
        ("rude", rude.addr, "none", None, "cut-off"),
        ("half", half.addr, "none", None, "cut-off"),
        ("closed", closed, "none", None, "no-answer"),
        ("plain-to-tls", pop3s, "none", None, "no-answer"),
        (
            "tls-to-plain",
            pop3,
            "tls",
            Some(dovecot_ca),
            "no-encryption",
        ),
        ("tls-to-smtp", smtp.addr, "tls", None, "no-encryption"),
        (
            "imap-for-real",
            server.imap_addr(),
            "none",
            None,
            "not-pop3",
        ),
    ];
    for (name, addr, security, ca, _) in wrong {
        add(&home, name, &addr.to_string(), security, *ca);
    }
    add(&home, "right", &pop3.to_string(), "none", None);
    let began = Instant::now();
    let (exit, runs) = pull_all(&home);
    let took = began.elapsed();
    assert_eq!(exit, Some(76));
    for (name, .., code) in wrong {
        let run = &runs[*name];
        assert_eq!(run["code"], *code, "{run}");
        assert!(
            run["title"].as_str().unwrap().contains("127.0.0.1"),
            "{run}"
        );
        let ms = run["took_ms"].as_u64().unwrap();
        assert!(ms < 4_000, "{run}");
    }
    assert!(took < Duration::from_secs(30), "{took:?}");
    assert_eq!(runs["right"]["new"], 3, "{}", runs["right"]);
    assert_eq!(server.count("u1").unwrap(), 0);
    assert_each_once(&sent, &home.messages("anna"));
    runtime.block_on(mute.stop());
}

#[test]
fn a_name_that_is_nowhere_and_a_name_that_cannot_be_asked_for_are_told_apart() {
    let files = inhaul_testkit::TestDir::new("names").unwrap();
    let bind = |name: &str, text: &str| {
        fs::write(files.join(name), text).unwrap();
        format!("mount --bind {} /etc/{name}\n", files.join(name).display())
    };
    // A name service that knows a few names and is sure that there are no others.
    let sure = bind("nsswitch.conf", "hosts: files\n") + &bind("hosts", "127.0.0.1 localhost\n");
    let sure = Namespace::new(Own::Mounts, &sure);
    // One that would have to ask somebody, and cannot.
    let cut_off = bind("nsswitch.conf", "hosts: files dns\n")
        + &bind("resolv.conf", "nameserver 192.0.2.53\n");
    let cut_off = Namespace::new(Own::Network, &cut_off);
    for (namespace, server, code, exit) in [
        (&sure, "pop.nowhere.invalid:110", "name-not-found", 68),
        (&cut_off, "pop.nowhere.invalid:110", "no-answer", 75),
        (&cut_off, "192.0.2.1:110", "no-answer", 75),
        (&cut_off, "127.0.0.1:110", "no-answer", 75),
    ] {
        let place = inhaul_testkit::TestDir::new("home").unwrap();
        let home = hasty(Installation::through(
            namespace.program(),
            &place.join("data"),
        ));
        add(&home, "isp", server, "none", None);
        let began = Instant::now();
        let finished = home.inhaul.run(&["pull", "isp"]).unwrap();
        assert_eq!(finished.code(), Some(exit), "{server}: {finished:?}");
        let host = server.rsplit_once(':').unwrap().0;
        assert!(
            finished.stderr.contains(code) && finished.stderr.contains(host),
            "{finished:?}"
        );
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "{:?}",
            began.elapsed()
        );
    }
}
