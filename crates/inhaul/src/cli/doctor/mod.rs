//! `inhaul doctor`: looks at an installation and says what to fix.
//!
//! Carried out by whoever typed it, not by a running server: it has to see what they see, and to
//! work where no server does. It changes nothing, signs in nowhere and ends by itself: what takes
//! too long is a finding. Each group of checks is a file; `site` is what they look at, `finding`
//! what they give. Start at [`Doctor::run`].

mod certificate;
mod clock;
mod database;
mod files;
mod finding;
mod network;
mod retrievals;
mod server;
mod site;
mod storage;

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use tokio::time::timeout;

use super::Globals;
use super::output::{counted, plain, print, print_json};
use crate::exit::{Exit, Failure};
use site::Site;

pub(crate) use finding::{Finding, Group, Level};

#[derive(Args, Debug)]
pub(crate) struct Doctor {}

#[derive(Serialize)]
struct Document<'a> {
    ok: bool,
    version: &'static str,
    data: String,
    problems: usize,
    warnings: usize,
    findings: Vec<FindingDocument<'a>>,
}

#[derive(Serialize)]
struct FindingDocument<'a> {
    group: &'static str,
    check: &'static str,
    level: Level,
    what: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<&'a str>,
}

impl Doctor {
    pub(crate) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        let site = Arc::new(Site::of(globals)?);
        let findings = examine(&site).await;
        let count = |level| {
            let findings = findings.iter();
            findings.filter(|(_, found)| found.level == level).count()
        };
        let (problems, warnings) = (count(Level::Fail), count(Level::Warn));
        if globals.json {
            let findings = findings.iter().map(|(group, found)| FindingDocument {
                group: group.label(),
                check: found.check,
                level: found.level,
                what: &found.what,
                fix: found.fix.as_deref(),
            });
            print_json(&Document {
                ok: problems == 0,
                version: env!("CARGO_PKG_VERSION"),
                data: site.data.display().to_string(),
                problems,
                warnings,
                findings: findings.collect(),
            })?;
        } else {
            print(&text(&site, &findings, globals))?;
        }
        Ok(match problems {
            0 => Exit::OK,
            _ => Exit::PROBLEMS,
        })
    }
}

/// What is found at the installation that these options lead to.
pub(crate) async fn look(globals: &Globals) -> Result<Vec<(Group, Finding)>, Failure> {
    Ok(examine(&Arc::new(Site::of(globals)?)).await)
}

/// All checks, those that wait for different things at the same time.
async fn examine(site: &Arc<Site>) -> Vec<(Group, Finding)> {
    let here = |check: fn(&Site) -> Vec<Finding>| {
        let site = Arc::clone(site);
        in_time(tokio::task::spawn_blocking(move || check(&site)))
    };
    let stored = {
        let site = Arc::clone(site);
        in_time(tokio::task::spawn_blocking(move || database::check(&site)))
    };
    let (files, storage, stored, certificate, (mut server, running)) = tokio::join!(
        here(files::check),
        here(storage::check),
        stored,
        here(certificate::check),
        server::check(site)
    );
    let (database, contents) = match stored {
        Ok((findings, contents)) => (Ok(findings), contents),
        Err(late) => (Err(late), None),
    };
    let mut files = files.unwrap_or_else(|late| vec![late]);
    server.extend(certificate.unwrap_or_else(|late| vec![late]));
    let newest = contents.as_ref().and_then(|contents| contents.newest);
    let (mut network, mut retrievals) = (Vec::new(), Vec::new());
    if let Some(contents) = &contents {
        files.extend(files::printed(contents));
        network = network::check(site, contents).await;
        retrievals = retrievals::check(site, contents, running);
    }
    let groups = [
        (Group::Files, files),
        (Group::Storage, storage.unwrap_or_else(|late| vec![late])),
        (Group::Database, database.unwrap_or_else(|late| vec![late])),
        (Group::Network, network),
        (Group::Server, server),
        (Group::Clock, vec![clock::check(site, newest)]),
        (Group::Retrievals, retrievals),
    ];
    let paired = groups
        .into_iter()
        .flat_map(|(group, findings)| findings.into_iter().map(move |finding| (group, finding)));
    paired.collect()
}

/// What comes of a look at the disk, or that the disk does not answer.
async fn in_time<T>(look: tokio::task::JoinHandle<T>) -> Result<T, Finding> {
    match timeout(PATIENCE, look).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => Err(Finding::fail(
            "look",
            format!("a check broke off: {error}"),
            "report it: this is a mistake in inhaul",
        )),
        Err(_) => Err(Finding::fail(
            "look",
            format!("the disk does not answer within {} s", PATIENCE.as_secs()),
            "see what is wrong with it: dmesg",
        )),
    }
}

/// As people read it: what is asked first, and with `--quiet` only what is wrong.
fn text(site: &Site, findings: &[(Group, Finding)], globals: &Globals) -> String {
    let mut text = String::new();
    if !globals.quiet {
        text.push_str(&format!(
            "inhaul {}{}, data {}\n\n",
            env!("CARGO_PKG_VERSION"),
            system(),
            site.data.display()
        ));
    }
    let told = |found: &Finding| !globals.quiet || found.level != Level::Ok;
    let mut before = None;
    for (group, found) in findings.iter().filter(|(_, found)| told(found)) {
        let label = match before.replace(*group) == Some(*group) {
            true => "",
            false => group.label(),
        };
        let what = plain(&found.what);
        text.push_str(&format!("{label:<11}{:<6}{what}\n", found.level.word()));
        if let Some(fix) = &found.fix {
            text.push_str(&format!("{:17}fix: {}\n", "", plain(fix)));
        }
    }
    if !globals.quiet {
        text.push_str(&format!("\n{}\n", sum(findings)));
    }
    text
}

fn sum(findings: &[(Group, Finding)]) -> String {
    let count = |level| {
        let findings = findings.iter();
        findings.filter(|(_, found)| found.level == level).count() as u64
    };
    match (count(Level::Fail), count(Level::Warn)) {
        (0, 0) => "No problems.".to_owned(),
        (0, warnings) => format!("No problems, {}.", counted(warnings, "warning")),
        (problems, 0) => format!("{}.", counted(problems, "problem")),
        (problems, warnings) => format!(
            "{}, {}.",
            counted(problems, "problem"),
            counted(warnings, "warning")
        ),
    }
}

/// ` on Debian GNU/Linux 12 (bookworm)`, where the system says what it is.
fn system() -> String {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="));
    name.map_or_else(String::new, |name| {
        format!(" on {}", plain(name.trim_matches('"')))
    })
}

/// How long the disk may take: longer than the database is read.
const PATIENCE: Duration = Duration::from_secs(10);
