//! A retrieval as data: the names are those that `inhaul retrieval show --json` prints.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use inhaul_domain::Retention;
use inhaul_domain::route::RecipientSource;
use inhaul_domain::standing::Standing;
use inhaul_manage::words::{every_word, security_word, sign_in_word};
use inhaul_store::{CatchAllSettings, Retrieval, RetrievalLimits, Run, SignInMemory};
use inhaul_types::{ErrorCode, Mechanism, Octets, RetrievalId, Timestamp};
use serde::Serialize;

use super::card::{CARD, CardDocument};
use super::settings::{after_storing_words, security_words, sign_in_words, ways};
use crate::api::schema::{Kind, Schema, may, must};
use crate::app::App;
use crate::runs::State;

const TEXT_OR_NULL: Kind = Kind::Maybe(&Kind::Text);
const TIME_OR_NULL: Kind = Kind::Maybe(&Kind::Time);
const WHOLE_OR_NULL: Kind = Kind::Maybe(&Kind::Whole);

/// The states, by their words.
pub(in crate::api) fn standing_words() -> Vec<&'static str> {
    Standing::ALL.map(Standing::as_str).into()
}

pub(super) const RETRIEVAL: Schema = Schema {
    name: "Retrieval",
    about: "A remote mailbox, where its mail goes, and how it stands.",
    fields: &[
        must("id", Kind::Whole, "Its number."),
        must("name", Kind::Text, "Its name, unique."),
        must("state", Kind::Word(standing_words), "How it stands."),
        must(
            "account",
            Kind::Text,
            "The account that gets its mail; of a catch-all, the fallback's.",
        ),
        must(
            "owner",
            TEXT_OR_NULL,
            "The account that owns it; null is an administrator's.",
        ),
        must("folder", Kind::Text, "The folder that it fills."),
        must(
            "catch_all",
            Kind::Maybe(&Kind::Of(&CATCH_ALL)),
            "How its mail is shared out; null: all of it goes to that folder.",
        ),
        must("server", Kind::Text, "The remote server."),
        must("port", Kind::Whole, "Its port."),
        must(
            "security",
            Kind::Word(security_words),
            "Protection of the line.",
        ),
        must(
            "ca_file",
            TEXT_OR_NULL,
            "The one certificate authority that is trusted for it.",
        ),
        must("pin", TEXT_OR_NULL, "The one key that is trusted for it."),
        must("user", Kind::Text, "The name to sign in with there."),
        must("sign_in", Kind::Word(sign_in_words), "The way to sign in."),
        must(
            "signed_in_by",
            Kind::Maybe(&Kind::Word(ways)),
            "The way that worked last.",
        ),
        must(
            "every",
            Kind::Text,
            "How often: a time such as `10m`, `auto` or `never`.",
        ),
        must(
            "after_storing",
            Kind::Word(after_storing_words),
            "What happens to a remote copy once it is stored here.",
        ),
        must(
            "days",
            WHOLE_OR_NULL,
            "With `delete`: this many days after a message was stored here; null is at once.",
        ),
        must("limits", Kind::Of(&LIMITS), "Limits of its runs."),
        must("paused", Kind::Flag, "It does not run by itself."),
        must("last_good", TIME_OR_NULL, "The end of the last good run."),
        must("failing_since", TIME_OR_NULL, "Since when it fails."),
        must("failures", Kind::Whole, "How often in a row."),
        must(
            "code",
            TEXT_OR_NULL,
            "The error code of the last run, if it failed.",
        ),
        may(
            "card",
            Kind::Of(&CARD),
            "Why the last run failed and what to do. The server's own words are in it where one retrieval is asked for.",
        ),
        must(
            "written_at",
            TEXT_OR_NULL,
            "The configuration file and line that alone change it.",
        ),
        must("next", TIME_OR_NULL, "When it runs next by its schedule."),
        must("sentence", Kind::Text, "How it stands, for people."),
    ],
};

pub(super) const LIMITS: Schema = Schema {
    name: "RunLimits",
    about: "Limits of the runs of one retrieval.",
    fields: &[
        must(
            "max-messages",
            WHOLE_OR_NULL,
            "Messages that one session brings at most.",
        ),
        must(
            "max-octets",
            WHOLE_OR_NULL,
            "Octets that one session brings at most.",
        ),
        must(
            "largest",
            WHOLE_OR_NULL,
            "Octets; larger messages stay on the server.",
        ),
        must(
            "reconnect",
            Kind::Flag,
            "A session that ended at a limit is followed by another one at once.",
        ),
    ],
};

const CATCH_ALL: Schema = Schema {
    name: "CatchAll",
    about: "How mail is shared out among accounts.",
    fields: &[
        must(
            "header",
            Kind::Text,
            "Where recipients are read: `auto`, `to-cc` or the name of a header.",
        ),
        must(
            "evidence",
            Kind::Maybe(&Kind::List(&Kind::Text)),
            "The headers that `auto` asks, in this order.",
        ),
        must(
            "index",
            WHOLE_OR_NULL,
            "Which of several headers of the name, from the top.",
        ),
        must(
            "strip",
            TEXT_OR_NULL,
            "What is taken off the front of what the header says.",
        ),
        must(
            "domains",
            Kind::List(&Kind::Text),
            "Domains whose addresses are recipients here.",
        ),
        must(
            "domain_aliases",
            Kind::Texts,
            "Domains, each with the one whose addresses theirs are.",
        ),
        must(
            "separators",
            Kind::Text,
            "What may stand between a name and its tag.",
        ),
        must(
            "max_recipients",
            Kind::Whole,
            "Accounts that get one message at most.",
        ),
        must(
            "fallback",
            Kind::Text,
            "Account and folder of what matches nobody.",
        ),
        must(
            "rules",
            Kind::List(&Kind::Of(&RULE)),
            "Which addresses go where, the first rule first.",
        ),
    ],
};

const RULE: Schema = Schema {
    name: "Rule",
    about: "Mail for an address, and where it goes.",
    fields: &[
        must("address", Kind::Text, "The address; `*` is a wildcard."),
        must("to", Kind::Text, "Account and folder, as `petr/Shop`."),
    ],
};

/// A retrieval as data.
#[derive(Serialize)]
pub(in crate::api) struct RetrievalDocument<'a> {
    id: i64,
    name: &'a str,
    state: &'static str,
    account: &'a str,
    owner: Option<&'a str>,
    folder: &'a str,
    catch_all: Option<CatchAllDocument<'a>>,
    server: &'a str,
    port: u16,
    security: &'static str,
    ca_file: Option<String>,
    pin: Option<String>,
    user: &'a str,
    sign_in: &'static str,
    signed_in_by: Option<&'static str>,
    every: String,
    after_storing: &'static str,
    days: Option<u32>,
    limits: LimitsDocument,
    paused: bool,
    last_good: Option<String>,
    failing_since: Option<String>,
    failures: u32,
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<CardDocument>,
    written_at: Option<&'a str>,
    next: Option<String>,
    sentence: String,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct LimitsDocument {
    max_messages: Option<u32>,
    max_octets: Option<u64>,
    largest: Option<u64>,
    reconnect: bool,
}

#[derive(Serialize)]
struct CatchAllDocument<'a> {
    header: &'a str,
    evidence: Option<&'a [String]>,
    index: Option<u32>,
    strip: Option<&'a str>,
    domains: &'a [String],
    domain_aliases: BTreeMap<&'a str, &'a str>,
    separators: &'a str,
    max_recipients: u32,
    fallback: String,
    rules: Vec<RuleDocument<'a>>,
}

#[derive(Serialize)]
struct RuleDocument<'a> {
    address: &'a str,
    to: String,
}

/// How a retrieval stands, with its row as it is in the store.
pub(in crate::api) fn state_of(app: &App, row: Retrieval) -> State {
    let known = app.runs().state(row.id);
    with_row(known, row)
}

/// The same of many.
pub(in crate::api) fn states_of(app: &App, rows: Vec<Retrieval>) -> Vec<State> {
    let known = app.runs().states().into_iter();
    let mut known: HashMap<RetrievalId, State> = known.map(|state| (state.row.id, state)).collect();
    let rows = rows.into_iter();
    rows.map(|row| with_row(known.remove(&row.id), row))
        .collect()
}

fn with_row(known: Option<State>, row: Retrieval) -> State {
    match known {
        Some(state) => State {
            row: Arc::new(row),
            ..state
        },
        None => State::of_new(row),
    }
}

/// As data. Its latest runs, where they have been read, have the server's own words.
pub(in crate::api) fn document<'a>(
    state: &'a State,
    runs: &[Run],
    now: Timestamp,
) -> RetrievalDocument<'a> {
    let row = &*state.row;
    let remote = &row.remote;
    let (after_storing, days) = match row.retention {
        Retention::Keep => ("keep", None),
        Retention::Delete => ("delete", None),
        Retention::DeleteAfter { days } => ("delete", Some(days)),
    };
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
    RetrievalDocument {
        id: row.id.row(),
        name: &row.name,
        state: state.standing(now).as_str(),
        account: &row.account_name,
        // Who owns one gets its mail.
        owner: row.owner.map(|_| row.account_name.as_str()),
        folder: &row.folder_name,
        catch_all: row
            .routing
            .catch_all()
            .map(|settings| catch_all(row, settings)),
        server: &remote.host,
        port: remote.port,
        security: security_word(remote.security),
        ca_file: remote
            .ca_file
            .as_ref()
            .map(|path| path.display().to_string()),
        pin: remote.pin.map(|pin| pin.to_string()),
        user: &remote.user,
        sign_in: sign_in_word(remote.sign_in),
        signed_in_by: worked(row).map(Mechanism::as_str),
        every: every_word(row.every),
        after_storing,
        days,
        limits: limits(&row.limits),
        paused: row.paused,
        last_good: time(row.last_good),
        failing_since: time(row.failing_since),
        failures: row.failures,
        code: row.last_error.map(ErrorCode::as_str),
        card: row.card(runs).map(CardDocument::from),
        written_at: row.written_at.as_ref().map(|there| there.at.as_str()),
        next: time(state.next),
        sentence: state.sentence(now),
    }
}

/// What the last sign-in that worked was done by.
fn worked(row: &Retrieval) -> Option<Mechanism> {
    match row.sign_in_memory {
        Some(SignInMemory::Worked(mechanism)) => Some(mechanism),
        Some(SignInMemory::Refused(_)) | None => None,
    }
}

fn limits(limits: &RetrievalLimits) -> LimitsDocument {
    LimitsDocument {
        max_messages: limits.max_messages,
        max_octets: limits.max_octets.map(Octets::count),
        largest: limits.largest.map(Octets::count),
        reconnect: limits.reconnect,
    }
}

fn catch_all<'a>(row: &'a Retrieval, settings: &'a CatchAllSettings) -> CatchAllDocument<'a> {
    let (header, evidence, index, strip) = match &settings.source {
        RecipientSource::Auto { evidence } => ("auto", Some(evidence.as_slice()), None, None),
        RecipientSource::ToCc => ("to-cc", None, None, None),
        RecipientSource::Header { name, index, strip } => {
            (name.as_str(), None, Some(*index), Some(strip.as_str()))
        }
    };
    let aliases = settings.domain_aliases.iter();
    let rules = settings.rules.iter();
    CatchAllDocument {
        header,
        evidence,
        index,
        strip,
        domains: &settings.domains,
        domain_aliases: aliases
            .map(|(other, domain)| (other.as_str(), domain.as_str()))
            .collect(),
        separators: &settings.separators,
        max_recipients: settings.max_recipients,
        fallback: format!("{}/{}", row.account_name, row.folder_name),
        rules: rules
            .map(|rule| RuleDocument {
                address: rule.address.as_str(),
                to: format!("{}/{}", rule.account_name, rule.folder),
            })
            .collect(),
    }
}
