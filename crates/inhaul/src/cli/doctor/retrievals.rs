//! The retrievals: how they stand, and which are set up so that mail is lost to one of them or never
//! fetched.

use std::collections::BTreeMap;

use inhaul_domain::Retention;
use inhaul_domain::providers;
use inhaul_domain::schedule::interval;
use inhaul_domain::standing::{Standing, StandingFacts, standing};
use inhaul_store::Retrieval;
use inhaul_types::{Card, Facts};

use super::finding::{Finding, listed, quoted};
use super::server::Running;
use super::site::{Contents, Site};
use crate::cli::output::plain;
use crate::serve::pace::pace;

pub(super) fn check(site: &Site, contents: &Contents, running: Running) -> Vec<Finding> {
    let mut findings = standings(site, contents, running);
    findings.extend(shared(site, contents));
    findings.extend(groups(site, contents));
    findings
}

fn standings(site: &Site, contents: &Contents, running: Running) -> Vec<Finding> {
    let all = contents.retrievals.len();
    if all == 0 {
        return vec![Finding::ok("retrievals", "there are none yet")];
    }
    let standings = contents.retrievals.iter();
    let standings = standings.map(|row| (row, stands(site, row, running)));
    let standings: Vec<(&Retrieval, Standing)> = standings.collect();
    let needy = |standing: &Standing| {
        matches!(
            standing,
            Standing::NeedsYou | Standing::Failing | Standing::Overdue
        )
    };
    let failing = standings.iter().filter(|(_, standing)| needy(standing));
    let failing: Vec<_> = failing.collect();
    let working = standings.iter().filter(|(_, standing)| {
        !needy(standing) && !matches!(standing, Standing::Trying | Standing::Paused)
    });
    let mut findings = vec![Finding::ok(
        "retrievals",
        format!(
            "{} of {all} working ({})",
            working.count(),
            site.command("status")
        ),
    )];
    for (row, standing) in failing.iter().take(TOLD) {
        findings.push(trouble(site, row, *standing));
    }
    if let Some(more) = failing.len().checked_sub(TOLD).filter(|more| *more > 0) {
        let what = format!("{more} more retrievals need attention");
        findings.push(Finding::warn("standing", what, site.command("status")));
    }
    findings
}

fn stands(site: &Site, row: &Retrieval, running: Running) -> Standing {
    let pace = pace(&site.config.checks);
    let normal = interval(row.every, &pace, &row.schedule, site.now);
    // Without a server nothing runs by itself, and nothing is late.
    let normal = normal.filter(|_| running == Running::Yes);
    standing(&StandingFacts {
        now: site.now,
        host: &row.remote.host,
        paused: row.pause(),
        checking: None,
        offline_since: None,
        schedule: &row.schedule,
        interval: normal.map(|normal| normal.length),
        last_good: row.last_good,
        last_error: row.last_error,
        failures: row.failures,
        failing_since: row.failing_since,
        said_auth: row.said_auth,
    })
}

fn trouble(site: &Site, row: &Retrieval, standing: Standing) -> Finding {
    let since = row
        .failing_since
        .map(|since| format!(", since {}", since.in_words()));
    let since = since.unwrap_or_default();
    let Some(code) = row.last_error.filter(|_| standing != Standing::Overdue) else {
        let what = format!("{} should have been checked long ago", plain(&row.name));
        let fix = "see the server's log: journalctl -u inhaul";
        return Finding::warn("standing", what, fix);
    };
    let card = Card::of(
        code,
        &Facts {
            server: Some(row.remote.host.clone()),
            provider: providers::for_cards(&row.remote.host),
            port: Some(row.remote.port),
            user: Some(row.remote.user.clone()),
            retrieval: Some(row.name.clone()),
            ..Facts::default()
        },
    );
    let what = format!(
        "{}: {} ({code}{since})",
        plain(&row.name),
        plain(&card.title)
    );
    let fix = match card.command.as_deref().map(plain) {
        // It is about this installation.
        Some(command) => match command.strip_prefix("inhaul ") {
            Some(words) => site.command(words),
            None => command,
        },
        None => site.command(&format!("explain {code}")),
    };
    match standing {
        Standing::NeedsYou => Finding::fail("standing", what, fix),
        _ => Finding::warn("standing", what, fix),
    }
}

/// Maildrops from which two of them delete: each message waits until both have it.
fn shared(site: &Site, contents: &Contents) -> Vec<Finding> {
    let mut readers: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
    for row in &contents.retrievals {
        if row.paused || row.retention == Retention::Keep {
            continue;
        }
        let (host, user) = (&row.remote.host, &row.remote.user);
        // Gmail's word for another view of the same maildrop.
        let user = user.strip_prefix("recent:").unwrap_or(user);
        let maildrop = (host.to_ascii_lowercase(), user.to_owned());
        readers.entry(maildrop).or_default().push(&row.name);
    }
    let doubled = readers.into_iter().filter(|(_, names)| names.len() > 1);
    let finding = |((host, user), names): ((String, String), Vec<&str>)| {
        Finding::warn(
            "shared-maildrop",
            format!(
                "{} all delete from the mailbox {} at {}: a message goes when each has it",
                listed(names.iter().copied()),
                plain(&user),
                plain(&host)
            ),
            site.of_retrieval("set", names[names.len() - 1], "--after-storing keep"),
        )
    };
    doubled.map(finding).collect()
}

/// Groups in which nothing may start a run.
fn groups(site: &Site, contents: &Contents) -> Vec<Finding> {
    let groups = contents.groups.iter();
    let idle = groups.filter(|group| group.enabled && group.triggers.is_empty());
    let idle = idle.filter(|group| group.retrievals > 0);
    let finding = |group: &inhaul_store::Group| {
        Finding::warn(
            "triggers",
            format!(
                "nothing may start a run in the group {}",
                plain(&group.name)
            ),
            site.command(&format!(
                "group set {} --trigger schedule=on",
                quoted(&group.name)
            )),
        )
    };
    idle.map(finding).collect()
}

/// Retrievals in trouble that are told one by one.
const TOLD: usize = 10;
