//! What is set of a retrieval and known of its server, in words.

use inhaul_domain::schedule::{Every, interval, why_this_time};
use inhaul_domain::spans::to_wait_briefly;
use inhaul_manage::place_words;
use inhaul_manage::words::{retention_words, retrieval_limits_words, size};
use inhaul_store::{Retrieval, RetrievalLimits, Security, SignInMemory};
use inhaul_types::Timestamp;

use crate::app::App;
use crate::runs::State;

/// Name and value of each fact.
pub(super) fn facts(app: &App, state: &State, now: Timestamp) -> Vec<(&'static str, String)> {
    let row = &state.row;
    let mut facts = vec![
        ("Server", server(row)),
        (
            "Copies there",
            retention_words(row.retention, &row.remote.host),
        ),
        ("Checks", checks(app, state, now)),
    ];
    if let Some(SignInMemory::Worked(mechanism)) = row.sign_in_memory {
        facts.push(("Signs in by", mechanism.to_string()));
    }
    if row.limits != RetrievalLimits::default() {
        facts.push(("Limits", retrieval_limits_words(&row.limits)));
    }
    if let Some(there) = &row.written_at {
        facts.push(("Set in", place_words(&there.at)));
    }
    facts
}

/// Why the next run is when it is; `None` where there is none.
pub(super) fn why(app: &App, state: &State, now: Timestamp) -> Option<String> {
    state.next?;
    let row = &state.row;
    let pace = app.runs().pace();
    let interval = interval(row.every, &pace, &row.schedule, now);
    why_this_time(row.schedule.setback, interval, &pace)
}

fn server(row: &Retrieval) -> String {
    let remote = &row.remote;
    let security = match remote.security {
        Security::Tls => "TLS",
        Security::StartTls => "TLS by STLS",
        Security::None => "without encryption",
    };
    let key = match (&remote.pin, &remote.ca_file) {
        (Some(_), _) => ", one trusted key",
        (None, Some(_)) => ", an authority of its own",
        (None, None) => "",
    };
    format!("{}:{}, {security}{key}", remote.host, remote.port)
}

fn checks(app: &App, state: &State, now: Timestamp) -> String {
    let row = &state.row;
    let pace = app.runs().pace();
    let now_every = interval(row.every, &pace, &row.schedule, now)
        .map(|interval| to_wait_briefly(interval.length))
        .unwrap_or_default();
    let mut words = match row.every {
        Every::Never => "Only when something asks for it".to_owned(),
        Every::Auto => format!("Automatic, now every {now_every}"),
        Every::Seconds(_) => format!("Every {now_every}"),
    };
    if let Some(least) = row.schedule.min_interval {
        let least = to_wait_briefly(least);
        words.push_str(&format!(
            "; the server asks for at least {least} between checks"
        ));
    }
    words
}

/// The size of a run for its own page.
pub(super) fn brought(messages: u64, octets: inhaul_types::Octets) -> String {
    match messages {
        0 => "nothing".to_owned(),
        _ => format!(
            "{}, {}",
            crate::look::many(messages, "message"),
            size(octets)
        ),
    }
}
