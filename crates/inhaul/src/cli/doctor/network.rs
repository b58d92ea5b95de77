//! The way to the remote servers: names, ports, certificates. Connects, shakes hands where there is
//! TLS, takes its leave; signs in nowhere.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use inhaul_net::tls::Trust;
use inhaul_net::{CertificateFault, DialError, Dialler, Line, Target};
use inhaul_store::{Remote, Retrieval, Security};
use inhaul_types::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::clock::span;
use super::finding::{ENDS_SOON, Finding, listed};
use super::site::{Contents, Site};
use crate::cli::demo::sample_hosts;
use crate::cli::output::plain;

/// One server as retrievals reach it.
#[derive(Debug)]
struct Place {
    remote: Remote,
    /// The retrievals.
    names: Vec<String>,
}

/// What came of dialling it.
#[derive(Debug)]
struct Dialled {
    place: Place,
    addresses: Vec<SocketAddr>,
    /// Until when its certificate is valid, where it showed one.
    reached: Result<Option<Timestamp>, DialError>,
}

pub(super) async fn check(site: &Site, contents: &Contents) -> Vec<Finding> {
    let active = contents.retrievals.iter();
    let mut places = places(active.filter(|row| !row.paused));
    let all = places.len();
    if all == 0 {
        return vec![Finding::ok("network", "no remote server to reach yet")];
    }
    places.truncate(DIALLED);
    let dialler = Dialler::new();
    dialler.tell_hosts(sample_hosts::read(&site.data));
    let dialled = dial(places, dialler).await;
    let mut findings = reached(&dialled, all);
    match without_line(&dialled) {
        Some(finding) => findings.push(finding),
        None => {
            findings.extend(names(site, &dialled));
            findings.extend(silent_ports(site, &dialled));
            findings.extend(dialled.iter().filter_map(|one| other_failure(site, one)));
        }
    }
    for one in &dialled {
        findings.extend(expiring(site, one));
        findings.extend(itself(site, one));
        findings.extend(readable(site, one));
    }
    findings
}

/// Each server once.
fn places<'a>(retrievals: impl Iterator<Item = &'a Retrieval>) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for row in retrievals {
        let remote = &row.remote;
        let same = |place: &&mut Place| {
            let known = &place.remote;
            known.host.eq_ignore_ascii_case(&remote.host)
                && (known.port, known.security) == (remote.port, remote.security)
                && (&known.ca_file, known.pin) == (&remote.ca_file, remote.pin)
        };
        match places.iter_mut().find(same) {
            Some(place) => place.names.push(row.name.clone()),
            None => places.push(Place {
                remote: remote.clone(),
                names: vec![row.name.clone()],
            }),
        }
    }
    places
}

/// All at the same time.
async fn dial(places: Vec<Place>, dialler: Dialler) -> Vec<Dialled> {
    let (dialler, mut dialling) = (Arc::new(dialler), JoinSet::new());
    for (number, place) in places.into_iter().enumerate() {
        let dialler = Arc::clone(&dialler);
        dialling.spawn(async move { (number, dial_one(place, &dialler).await) });
    }
    let mut dialled = dialling.join_all().await;
    dialled.sort_by_key(|(number, _)| *number);
    dialled.into_iter().map(|(_, one)| one).collect()
}

async fn dial_one(place: Place, dialler: &Dialler) -> Dialled {
    let end = Instant::now() + PATIENCE;
    let left = || end.saturating_duration_since(Instant::now());
    let target = Target {
        host: place.remote.host.clone(),
        port: place.remote.port,
    };
    let mut addresses = Vec::new();
    let reached = async {
        addresses = dialler.look_up(&target, left()).await?;
        let mut line = dialler.connect_to(&target, &addresses, left()).await?;
        if place.remote.security == Security::StartTls
            && !timeout_at(end, ask_for_tls(&mut line))
                .await
                .unwrap_or(false)
        {
            return Err(DialError::NotTls {
                host: target.host.clone(),
                port: target.port,
                source: std::io::Error::other("it does not take STLS"),
            });
        }
        if place.remote.security != Security::None {
            let trust = trust(&place.remote);
            line = dialler.secure(line, &target, &trust, left()).await?;
        }
        let until = line
            .encryption()
            .and_then(|encryption| encryption.valid_until);
        // A server logs who goes without a word. If it does not listen, that is its own affair.
        timeout_at(end, line.write_all(b"QUIT\r\n")).await.ok();
        Ok(until)
    }
    .await;
    Dialled {
        place,
        addresses,
        reached,
    }
}

/// The greeting, and `STLS` (RFC 2595 section 4); whether the handshake may begin.
async fn ask_for_tls(line: &mut Line) -> bool {
    if !said_yes(line).await {
        return false;
    }
    line.write_all(b"STLS\r\n").await.is_ok() && said_yes(line).await
}

/// Reads one line, and not one octet behind it.
async fn said_yes(line: &mut Line) -> bool {
    let mut said = Vec::new();
    while said.len() < LINE_MOST {
        match line.read_u8().await {
            Ok(b'\n') => break,
            Ok(octet) => said.push(octet),
            Err(_) => return false,
        }
    }
    said.starts_with(b"+OK")
}

fn trust(remote: &Remote) -> Trust {
    match (remote.pin, &remote.ca_file) {
        (Some(pin), _) => Trust::Pin(pin),
        (None, Some(file)) => Trust::CaFile(file.clone()),
        (None, None) => Trust::System,
    }
}

/// What works.
fn reached(dialled: &[Dialled], all: usize) -> Vec<Finding> {
    let good = dialled.iter().filter(|one| one.reached.is_ok());
    let ports: BTreeSet<u16> = good.clone().map(|one| one.place.remote.port).collect();
    let Some(first) = good.clone().next() else {
        return Vec::new();
    };
    let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
    let plural = if ports.len() == 1 { "" } else { "s" };
    let tried = match all > dialled.len() {
        true => format!("; {} of {all} servers were tried", dialled.len()),
        false => String::new(),
    };
    vec![Finding::ok(
        "network",
        format!(
            "{} of {} servers reached ({}), outgoing port{plural} {}{tried}",
            good.count(),
            dialled.len(),
            plain(&first.place.remote.host),
            ports.join(", ")
        ),
    )]
}

/// Several servers, and not one can be reached: it is not theirs.
fn without_line(dialled: &[Dialled]) -> Option<Finding> {
    let no_way = |one: &Dialled| {
        matches!(
            one.reached,
            Err(DialError::LookUp { .. }
                | DialError::NoAnswer { .. }
                | DialError::Unreachable { .. })
        )
    };
    let hosts: BTreeSet<&str> = dialled
        .iter()
        .map(|one| one.place.remote.host.as_str())
        .collect();
    (hosts.len() > 1 && dialled.iter().all(no_way)).then(|| {
        Finding::fail(
            "line",
            format!("none of {} servers can be reached", hosts.len()),
            "see whether this machine has a line (ip route) and its firewall lets inhaul out",
        )
    })
}

/// Names that nobody knows, and a name server that does not answer.
fn names(site: &Site, dialled: &[Dialled]) -> Vec<Finding> {
    let mut unknown: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut unanswered: BTreeSet<&str> = BTreeSet::new();
    for one in dialled {
        let host = one.place.remote.host.as_str();
        match &one.reached {
            Err(DialError::NameNotFound(_)) => unknown
                .entry(host)
                .or_default()
                .extend(one.place.names.iter().map(String::as_str)),
            Err(DialError::LookUp { .. }) => {
                unanswered.insert(host);
            }
            _ => {}
        }
    }
    let mut findings: Vec<Finding> = unknown
        .into_iter()
        .map(|(host, names)| {
            let what = format!(
                "there is no server called {}; it is the one of {}",
                plain(host),
                listed(names.iter().copied())
            );
            Finding::fail(
                "name",
                what,
                site.of_retrieval("set", names[0], "--server NAME"),
            )
        })
        .collect();
    if !unanswered.is_empty() {
        findings.push(Finding::fail(
            "dns",
            format!("nobody looks up {}", listed(unanswered)),
            "see which name server is asked and whether it answers: cat /etc/resolv.conf",
        ));
    }
    findings
}

/// Ports from which nobody answers, while others do.
fn silent_ports(site: &Site, dialled: &[Dialled]) -> Vec<Finding> {
    let mut ports: BTreeMap<u16, Vec<&Dialled>> = BTreeMap::new();
    for one in dialled {
        ports.entry(one.place.remote.port).or_default().push(one);
    }
    let mut findings = Vec::new();
    for (port, all) in ports {
        let is_silent = |one: &&&Dialled| {
            matches!(
                one.reached,
                Err(DialError::NoAnswer { .. } | DialError::Unreachable { .. })
            )
        };
        let silent: Vec<&&Dialled> = all.iter().filter(is_silent).collect();
        let Some(first) = silent.first() else {
            continue;
        };
        let names: Vec<&str> = silent
            .iter()
            .flat_map(|one| one.place.names.iter().map(String::as_str))
            .collect();
        let use_it = match names.len() {
            1 => "1 retrieval uses it".to_owned(),
            several => format!("{several} retrievals use it"),
        };
        let used = format!("{use_it}: {}", listed(names.iter().copied()));
        let host = &first.place.remote.host;
        let is_blocked = silent.len() == all.len() && PLAIN_AND_TLS.contains(&port);
        let what = match is_blocked {
            true => format!("outgoing port {port} is blocked; {used}"),
            false => format!("{} does not answer on port {port}; {used}", plain(host)),
        };
        let fix = match port {
            PLAIN_PORT => site.of_retrieval(
                "set",
                names[0],
                &format!("--server {}:{TLS_PORT} --security tls", plain(host)),
            ),
            _ => format!(
                "let port {port} out where a firewall is in the way; else wait, the server may be down"
            ),
        };
        findings.push(Finding::warn("port", what, fix));
    }
    findings
}

/// What is one server's own.
fn other_failure(site: &Site, one: &Dialled) -> Option<Finding> {
    let names = &one.place.names;
    let error = one.reached.as_ref().err()?;
    let used = listed(names.iter().map(String::as_str));
    let what = format!("{}; it is the server of {used}", plain(&error.to_string()));
    let set = |rest: &str| site.of_retrieval("set", &names[0], rest);
    Some(match error {
        DialError::Refused { .. } => Finding::fail("port", what, set("--server HOST:PORT")),
        DialError::NotTls { .. } => Finding::fail(
            "tls",
            what,
            set("--server HOST:PORT --security tls|starttls"),
        ),
        DialError::CaFile { .. } => Finding::fail("ca-file", what, set("--ca-file FILE")),
        DialError::Certificate { fault, .. } => Finding::fail(
            "certificate",
            what,
            match fault {
                CertificateFault::Expired(_) => format!(
                    "ask who runs the server to renew it; to trust its key until then: {}",
                    set("--pin first")
                ),
                CertificateFault::NotYetValid(_) => {
                    "see whether this machine's clock is right: timedatectl".to_owned()
                }
                CertificateFault::WrongName(_) => set("--server NAME"),
                CertificateFault::UnknownIssuer | CertificateFault::OwnAuthority => {
                    format!("{}, or {}", set("--ca-file FILE"), set("--pin first"))
                }
                CertificateFault::KeyChanged { .. } => format!(
                    "ask who runs the server whether the new key is theirs, then: {}",
                    set("--pin first")
                ),
                CertificateFault::Revoked | CertificateFault::Other(_) => {
                    "ask who runs the server".to_owned()
                }
            },
        ),
        _ => return None,
    })
}

/// A certificate that ends soon. A pinned key counts whatever its certificate says.
fn expiring(site: &Site, one: &Dialled) -> Option<Finding> {
    let until = one.reached.as_ref().ok().copied().flatten()?;
    let left = until.since(site.now);
    let remote = &one.place.remote;
    (remote.pin.is_none() && left < ENDS_SOON).then(|| {
        Finding::warn(
            "certificate-ends",
            format!(
                "the certificate of {} ends in {} ({}); used by {}",
                plain(&remote.host),
                span(left),
                until.date_in_words(),
                listed(one.place.names.iter().map(String::as_str))
            ),
            "ask who runs the server to renew it",
        )
    })
}

/// A retrieval that would fetch what this very server holds, and bring it in once more.
fn itself(site: &Site, one: &Dialled) -> Option<Finding> {
    let pop3 = &site.config.pop3;
    let ours: BTreeSet<u16> = pop3
        .listen
        .iter()
        .chain(&pop3.listen_tls)
        .map(SocketAddr::port)
        .collect();
    let is_ours = ours.contains(&one.place.remote.port)
        && one.addresses.iter().any(|address| is_here(address.ip()));
    let name = &one.place.names[0];
    is_ours.then(|| {
        Finding::fail(
            "loop",
            format!(
                "{} fetches from this server itself ({}:{})",
                listed(one.place.names.iter().map(String::as_str)),
                plain(&one.place.remote.host),
                one.place.remote.port
            ),
            site.of_retrieval("remove", name, ""),
        )
    })
}

/// Whether an address is this machine's: only those can be bound to.
fn is_here(address: IpAddr) -> bool {
    address.is_loopback() || UdpSocket::bind((address, 0)).is_ok()
}

/// Passwords that cross a network readable.
fn readable(site: &Site, one: &Dialled) -> Option<Finding> {
    let remote = &one.place.remote;
    let stays_here = match one.addresses.is_empty() {
        true => remote.host == "localhost",
        false => one.addresses.iter().all(|address| is_here(address.ip())),
    };
    if remote.security != Security::None || stays_here {
        return None;
    }
    let name = &one.place.names[0];
    Some(Finding::warn(
        "readable-password",
        format!(
            "the password of {} crosses the network readable (security none)",
            listed(one.place.names.iter().map(String::as_str))
        ),
        site.of_retrieval(
            "set",
            name,
            &format!("--server {}:{TLS_PORT} --security tls", plain(&remote.host)),
        ),
    ))
}

/// How long one server may take for all of it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Servers that are dialled at most.
const DIALLED: usize = 20;

/// POP3's ports (RFC 1939 section 3, RFC 8314 section 7.3).
const PLAIN_PORT: u16 = 110;
const TLS_PORT: u16 = 995;
const PLAIN_AND_TLS: [u16; 2] = [PLAIN_PORT, TLS_PORT];

/// A longer line is no POP3 (RFC 2449 section 4).
const LINE_MOST: usize = 512;
