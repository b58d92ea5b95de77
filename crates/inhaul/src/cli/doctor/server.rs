//! The running server: whether there is one, whether it answers, is well and has what it needs; and
//! where it is told to listen.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use inhaul_store::is_held;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::finding::{Finding, listed, quoted};
use super::site::Site;
use crate::cli::demo::sample_hosts;
use crate::config::addresses::ListenAddress;
use crate::control::{Looked, look};

/// Whether a server runs, as far as that can be told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Running {
    /// It answers.
    Yes,
    /// It does not.
    No,
}

pub(super) async fn check(site: &Site) -> (Vec<Finding>, Running) {
    let mut findings = Vec::new();
    let looked = look(&site.config.server.control, PATIENCE).await;
    let answered = matches!(looked, Looked::Answered { .. } | Looked::Denied);
    let pid = match &looked {
        Looked::Answered { pid, .. } => *pid,
        _ => None,
    };
    findings.push(socket(site, looked));
    if answered {
        findings.extend(health(site).await);
    }
    findings.extend(descriptors(site, pid));
    findings.extend(listening(site));
    let running = if answered { Running::Yes } else { Running::No };
    (findings, running)
}

fn socket(site: &Site, looked: Looked) -> Finding {
    let path = &site.config.server.control;
    let (shown, pasted) = (path.display(), quoted(&path.to_string_lossy()));
    let start = site.command("serve");
    let own = env!("CARGO_PKG_VERSION");
    match looked {
        Looked::Answered { version, .. } if version != own => Finding::warn(
            "version",
            format!("the running server is inhaul {version}, this program is inhaul {own}"),
            "start the server again with this program, or use the server's own",
        ),
        Looked::Answered { is_full: true, .. } => Finding::warn(
            "control",
            "the running server has as many commands to carry out as it can",
            "end some of them, or wait",
        ),
        Looked::Answered { took, .. } => Finding::ok(
            "control",
            format!("inhaul {own} answers at {shown} in {} ms", took.as_millis()),
        ),
        Looked::Denied => Finding::warn(
            "control",
            format!("the server at {shown} takes no commands from you"),
            format!("sudo {}", site.command("doctor")),
        ),
        Looked::Silent => Finding::fail(
            "control",
            format!(
                "the server at {shown} does not answer within {} s",
                PATIENCE.as_secs()
            ),
            "stop it and start it again: systemctl restart inhaul",
        ),
        Looked::Stranger => Finding::fail(
            "control",
            format!("what listens at {shown} is no inhaul"),
            "stop it, or set another path for [server] control",
        ),
        Looked::NoSocket => Finding::fail(
            "control",
            format!("{shown} is no socket, and the server needs the name"),
            format!("mv {pasted} {pasted}.aside"),
        ),
        Looked::Nothing | Looked::Stale if is_held(&site.data).unwrap_or(false) => Finding::warn(
            "control",
            format!(
                "{} is in use, and no server answers at {shown}",
                site.data.display()
            ),
            format!(
                "wait for the command that has it (fuser {}); if it is a server, see its [server] \
                 control",
                quoted(&site.data.join("lock").to_string_lossy())
            ),
        ),
        Looked::Stale => Finding::warn(
            "stale-socket",
            format!("{shown} is what a killed server left; none runs"),
            format!("the next start takes its place: {start}"),
        ),
        Looked::Nothing => Finding::ok("control", format!("no server runs ({start})")),
    }
}

/// What the server says of itself where monitoring asks it. A demo has no such place.
async fn health(site: &Site) -> Option<Finding> {
    if sample_hosts::is_demo(&site.data) {
        return None;
    }
    let listened = site.config.ops.listen.iter();
    let at = *listened.filter(|address| address.port() != 0).min()?;
    let at = SocketAddr::new(reachable(at.ip()), at.port());
    let began = Instant::now();
    let answer = timeout(PATIENCE, ask(at)).await;
    let took = began.elapsed().as_millis();
    Some(match answer {
        Ok(Ok(answer)) if answer.starts_with("HTTP/1.1 200") => {
            Finding::ok("health", format!("http://{at}/readyz: well, in {took} ms"))
        }
        Ok(Ok(answer)) if answer.starts_with("HTTP/1.1 503") => {
            let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
            let faults = body.lines().filter(|line| !line.ends_with(": ok"));
            let faults: Vec<&str> = faults.filter(|line| !line.is_empty()).collect();
            Finding::fail(
                "health",
                format!("the server is not ready: {}", faults.join("; ")),
                "mend that, or see its log: journalctl -u inhaul",
            )
        }
        Ok(Ok(_)) => Finding::warn(
            "health",
            format!("what answers at http://{at}/readyz is not the running server"),
            "give each its own address: [ops] listen",
        ),
        Ok(Err(_)) | Err(_) => Finding::warn(
            "health",
            format!("the server does not answer at http://{at}/readyz"),
            "start it again, so that it listens where [ops] listen says",
        ),
    })
}

async fn ask(at: SocketAddr) -> std::io::Result<String> {
    let mut line = TcpStream::connect(at).await?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n\r\n");
    line.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    line.take(ANSWER_MOST).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// An address that leads to a listener at any address.
fn reachable(address: IpAddr) -> IpAddr {
    match address.is_unspecified() {
        true => Ipv4Addr::LOCALHOST.into(),
        false => address,
    }
}

/// Open files that may be needed against those that may be had: the server's, where it can be seen.
fn descriptors(site: &Site, pid: Option<i32>) -> Option<Finding> {
    let (limit, whose) = match pid.and_then(limit_of) {
        Some(limit) => (limit, "the server"),
        None => {
            let own = rustix::process::getrlimit(rustix::process::Resource::Nofile);
            (
                own.current.unwrap_or(u64::MAX),
                "a program started from here",
            )
        }
    };
    let runs = site.config.checks.at_once as u64;
    // A run has a line and perhaps a spool file; the rest is the database's and the listeners'.
    let needed = runs.saturating_mul(2).saturating_add(OTHER_FILES);
    if limit >= needed {
        return None;
    }
    Some(Finding::warn(
        "open-files",
        format!(
            "{whose} may open {limit} files; {runs} runs at once ([checks] at_once) may need {needed}"
        ),
        format!(
            "LimitNOFILE={needed} in the service's unit, or before the start: ulimit -n {needed}"
        ),
    ))
}

fn limit_of(pid: i32) -> Option<u64> {
    let limits = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("limits"));
    let limits = limits.ok()?;
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    let soft = line.split_whitespace().next()?;
    Some(soft.parse().unwrap_or(u64::MAX))
}

/// What crosses the network readable, and what does not although it may look so.
fn listening(site: &Site) -> Vec<Finding> {
    let config = &site.config;
    let mut findings = Vec::new();
    let web = config.server.listen.iter().filter_map(|at| match at {
        ListenAddress::Tcp(address) => Some(*address),
        ListenAddress::Unix(_) => None,
    });
    let is_open = |address: &SocketAddr| !address.ip().is_loopback();
    for address in web.filter(is_open) {
        if config.server.certificate.is_none() {
            findings.push(Finding::warn(
                "listen",
                format!("[server] listen {address} is on the network without TLS"),
                "set [server] tls_cert and tls_key, or listen at 127.0.0.1 behind a proxy with TLS",
            ));
        }
    }
    let pop3 = config.pop3.listen.iter().chain(&config.pop3.listen_tls);
    let pop3: Vec<String> = pop3
        .filter(|address| is_open(address))
        .map(SocketAddr::to_string)
        .collect();
    if !pop3.is_empty() {
        let pop3 = listed(pop3.iter().map(String::as_str));
        findings.push(Finding::ok(
            "listen",
            format!("POP3 is open to the network ({pop3}); it takes passwords over TLS only"),
        ));
    }
    for address in config.ops.listen.iter().filter(|address| is_open(address)) {
        findings.push(Finding::warn(
            "listen",
            format!("[ops] listen {address}: health and numbers are open to the network"),
            "set [ops] listen = \"127.0.0.1:8119\"",
        ));
    }
    findings
}

/// How long an answer from this very machine may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Octets of an answer about health.
const ANSWER_MOST: u64 = 16 << 10;

/// Files that are open whatever goes on.
const OTHER_FILES: u64 = 64;
