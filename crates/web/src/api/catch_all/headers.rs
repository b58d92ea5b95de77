//! Which header says whom a message was for.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use inhaul_domain::route::{
    AddressesEach, ONLY_TO_CC, Reliability, SurveyedSource, best, is_only_to_cc,
};
use serde::{Deserialize, Serialize};

use super::mailbox::{MAILBOX, NEWEST, Opened, RETRIEVAL};
use super::settings::domains;
use crate::api::caller::ApiAdministrator;
use crate::api::document::Document;
use crate::api::problem::ApiProblem;
use crate::api::retrievals::RemoteSent;
use crate::api::schema::{Kind, Schema, may, must};
use crate::api::typed::Sent;
use crate::app::App;
use crate::sharing;

pub(super) const ASKED: Schema = Schema {
    name: "HeadersAsked",
    about: "Which mailbox's headers are to be measured.",
    fields: &[
        RETRIEVAL,
        MAILBOX,
        NEWEST,
        may(
            "domains",
            Kind::List(&Kind::Text),
            "Domains whose addresses are recipients; by default those of the catch-all, or those in which accounts have addresses.",
        ),
    ],
};

pub(super) const EXAMPLE: &str = r#"{"mailbox":{"server":"pop.isp.example","user":"firm","password":"a password"},"domains":["firm.example"]}"#;

pub(super) const HEADERS: Schema = Schema {
    name: "Headers",
    about: "What the headers of a mailbox's newest messages say of recipients.",
    fields: &[
        must("read_at", Kind::Time, "When the server was asked."),
        must("listed", Kind::Whole, "Messages in the mailbox."),
        must("messages", Kind::Whole, "Those whose header was read."),
        must(
            "sources",
            Kind::List(&Kind::Of(&SOURCE)),
            "What may say it, as it is asked in turn.",
        ),
        must(
            "best",
            Kind::Maybe(&Kind::Text),
            "The best of them; null is none.",
        ),
        must(
            "warning",
            Kind::Maybe(&Kind::Text),
            "What to know where only To and Cc say it.",
        ),
    ],
};

const SOURCE: Schema = Schema {
    name: "RecipientSource",
    about: "A header that may say whom a message was for.",
    fields: &[
        must(
            "header",
            Kind::Text,
            "Its name; `Received ... for` and `To and Cc` are more than one.",
        ),
        must("present", Kind::Whole, "In so many messages it is there,"),
        must("of", Kind::Whole, "of so many."),
        must(
            "accepted",
            Kind::Whole,
            "In so many messages it names an address in the domains.",
        ),
        must(
            "distinct",
            Kind::Whole,
            "So many different addresses over all messages.",
        ),
        must(
            "addresses",
            Kind::Word(addresses),
            "How many addresses it names in a message.",
        ),
        must("verdict", Kind::Word(verdicts), "What to think of it."),
    ],
};

fn addresses() -> Vec<&'static str> {
    vec!["none", "one", "several"]
}

fn verdicts() -> Vec<&'static str> {
    vec!["reliable", "mostly", "not-reliable", "none"]
}

/// What is asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AskedDocument {
    retrieval: Option<i64>,
    mailbox: Option<RemoteSent>,
    newest: Option<u32>,
    domains: Option<Vec<String>>,
}

#[derive(Serialize)]
struct HeadersDocument {
    read_at: String,
    listed: u64,
    messages: usize,
    sources: Vec<SourceDocument>,
    best: Option<String>,
    warning: Option<&'static str>,
}

#[derive(Serialize)]
struct SourceDocument {
    header: String,
    present: u32,
    of: u32,
    accepted: u32,
    distinct: usize,
    addresses: &'static str,
    verdict: &'static str,
}

impl SourceDocument {
    fn of(source: &SurveyedSource) -> Self {
        Self {
            header: source.source.to_string(),
            present: source.present,
            of: source.of,
            accepted: source.accepted,
            distinct: source.distinct,
            addresses: match source.addresses {
                AddressesEach::None => "none",
                AddressesEach::AlwaysOne => "one",
                AddressesEach::Several => "several",
            },
            verdict: match source.reliability {
                Reliability::Reliable => "reliable",
                Reliability::Mostly => "mostly",
                Reliability::NotReliable => "not-reliable",
                Reliability::None => "none",
            },
        }
    }
}

pub(super) async fn measure(
    State(app): State<App>,
    ApiAdministrator(caller): ApiAdministrator,
    Sent(sent): Sent<AskedDocument>,
) -> Result<Response, ApiProblem> {
    let opened = Opened::of(&app, &caller, sent.retrieval, sent.mailbox).await?;
    let kept = opened.retrieval.as_ref();
    let kept = kept.and_then(|row| row.routing.catch_all());
    let domains = match sent.domains {
        Some(words) => domains(&words)?,
        None => kept.map_or_else(Vec::new, |kept| kept.domains.clone()),
    };
    let survey = opened.look(&app, &caller, sent.newest, &domains).await?;
    let remote = &opened.maildrop.remote;
    let (actor, account) = (caller.actor(), &caller.account);
    let router = sharing::measuring(&app, &actor, account, remote, &domains).await?;
    let sources = router.survey(sharing::blocks(&survey));
    let document = HeadersDocument {
        read_at: survey.at.to_string(),
        listed: survey.listed,
        messages: survey.headers.len(),
        best: best(&sources).map(|best| best.source.to_string()),
        warning: is_only_to_cc(&sources).then_some(ONLY_TO_CC),
        sources: sources.iter().map(SourceDocument::of).collect(),
    };
    Ok(Document(document).into_response())
}
