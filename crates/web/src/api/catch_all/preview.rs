//! Where the newest messages would go.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use inhaul_domain::route::{Counts, FoundBy, Routed, without_rule};
use inhaul_message::summarize;
use inhaul_types::Octets;
use serde::{Deserialize, Serialize};

use super::mailbox::{MAILBOX, NEWEST, Opened, RETRIEVAL};
use super::settings::{CatchAllSent, SETTINGS};
use crate::api::caller::ApiAdministrator;
use crate::api::document::Document;
use crate::api::problem::ApiProblem;
use crate::api::retrievals::RemoteSent;
use crate::api::schema::{Kind, Schema, may, must};
use crate::api::typed::Sent;
use crate::app::App;
use crate::runs::Surveyed;
use crate::sharing;

pub(super) const ASKED: Schema = Schema {
    name: "PreviewAsked",
    about: "Which mailbox's messages are to be shared out, and how.",
    fields: &[
        RETRIEVAL,
        MAILBOX,
        NEWEST,
        may(
            "catch_all",
            Kind::Of(&SETTINGS),
            "How it shares out. Of a catch-all that there is, what is absent stays as it is saved.",
        ),
    ],
};

pub(super) const EXAMPLE: &str = r#"{"mailbox":{"server":"pop.isp.example","user":"firm","password":"a password"},"catch_all":{"header":"Delivered-To","domains":["firm.example"],"fallback":"boss"}}"#;

pub(super) const PREVIEW: Schema = Schema {
    name: "Preview",
    about: "Where messages would go. Nothing was stored or deleted; only headers were read.",
    fields: &[
        must("read_at", Kind::Time, "When the server was asked."),
        must("listed", Kind::Whole, "Messages in the mailbox."),
        must(
            "messages",
            Kind::List(&Kind::Of(&MESSAGE)),
            "Those whose header was read, the newest first.",
        ),
        must(
            "to_one",
            Kind::Whole,
            "Messages that would go to one person,",
        ),
        must("to_two", Kind::Whole, "to two people,"),
        must("to_more", Kind::Whole, "to more,"),
        must("to_fallback", Kind::Whole, "to the fallback alone."),
        must(
            "without_rule",
            Kind::List(&Kind::Of(&UNCLAIMED)),
            "Addresses that nobody has, the most frequent first.",
        ),
    ],
};

const MESSAGE: Schema = Schema {
    name: "PreviewedMessage",
    about: "A message, and where it would go.",
    fields: &[
        must("number", Kind::Whole, "Its number in this session."),
        must("bytes", Kind::Maybe(&Kind::Whole), "Octets."),
        must("date", Kind::Maybe(&Kind::Time), "Its Date field."),
        must("from", Kind::Text, "Its sender."),
        must("subject", Kind::Text, "Its subject."),
        must(
            "by",
            Kind::Text,
            "What decided: a header, `Received`, `To and Cc` or `none`.",
        ),
        must(
            "found",
            Kind::List(&Kind::Of(&FOUND)),
            "The addresses that were found.",
        ),
        must(
            "places",
            Kind::List(&Kind::Of(&PLACE)),
            "Where it would go: once to each.",
        ),
        must(
            "unclaimed",
            Kind::List(&Kind::Text),
            "Addresses that nobody has.",
        ),
    ],
};

const FOUND: Schema = Schema {
    name: "FoundAddress",
    about: "An address that a header names.",
    fields: &[
        must("header", Kind::Text, "Which header."),
        must("number", Kind::Whole, "Which of its name, from the top."),
        must("address", Kind::Text, "The address."),
    ],
};

const PLACE: Schema = Schema {
    name: "PreviewedPlace",
    about: "A folder that a message would go to.",
    fields: &[
        must("to", Kind::Text, "`ACCOUNT/FOLDER`."),
        must("recipients", Kind::List(&Kind::Text), "For whom."),
        must("why", Kind::Text, "Why, in a sentence."),
    ],
};

const UNCLAIMED: Schema = Schema {
    name: "WithoutRule",
    about: "An address that nobody has.",
    fields: &[
        must("address", Kind::Text, "The address."),
        must("messages", Kind::Whole, "Messages for it."),
    ],
};

/// What is asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AskedDocument {
    retrieval: Option<i64>,
    mailbox: Option<RemoteSent>,
    newest: Option<u32>,
    catch_all: Option<CatchAllSent>,
}

#[derive(Serialize)]
struct PreviewDocument<'a> {
    read_at: String,
    listed: u64,
    messages: Vec<MessageDocument<'a>>,
    to_one: u64,
    to_two: u64,
    to_more: u64,
    to_fallback: u64,
    without_rule: Vec<UnclaimedDocument<'a>>,
}

#[derive(Serialize)]
struct MessageDocument<'a> {
    number: u32,
    bytes: Option<u64>,
    date: Option<String>,
    from: String,
    subject: String,
    by: &'a str,
    found: Vec<FoundDocument<'a>>,
    places: Vec<PlaceDocument<'a>>,
    unclaimed: &'a [String],
}

#[derive(Serialize)]
struct FoundDocument<'a> {
    header: &'a str,
    number: u32,
    address: &'a str,
}

#[derive(Serialize)]
struct PlaceDocument<'a> {
    to: &'a str,
    recipients: &'a [String],
    why: &'a str,
}

#[derive(Serialize)]
struct UnclaimedDocument<'a> {
    address: &'a str,
    messages: u64,
}

impl<'a> MessageDocument<'a> {
    fn of(message: &Surveyed, routed: &'a Routed) -> Self {
        let summary = summarize(&message.header);
        let (found, places) = (routed.found.iter(), routed.placements.iter());
        Self {
            number: message.number.number(),
            bytes: message.size.map(Octets::count),
            date: summary.date.map(|date| date.to_string()),
            from: summary.from,
            subject: summary.subject,
            by: match &routed.by {
                FoundBy::Evidence(name) | FoundBy::Header(name) => name,
                FoundBy::Received => "Received",
                FoundBy::Addressees | FoundBy::ToCc => "To and Cc",
                FoundBy::Nothing => "none",
            },
            found: found
                .map(|found| FoundDocument {
                    header: &found.source,
                    number: found.number,
                    address: &found.address,
                })
                .collect(),
            places: places
                .map(|placement| PlaceDocument {
                    to: &placement.place.shown,
                    recipients: &placement.recipients,
                    why: &placement.why,
                })
                .collect(),
            unclaimed: &routed.unclaimed,
        }
    }
}

pub(super) async fn preview(
    State(app): State<App>,
    ApiAdministrator(caller): ApiAdministrator,
    Sent(sent): Sent<AskedDocument>,
) -> Result<Response, ApiProblem> {
    let opened = Opened::of(&app, &caller, sent.retrieval, sent.mailbox).await?;
    // What cannot be meant is refused before a server is asked.
    let wanted = sent.catch_all.unwrap_or_default();
    let meant = wanted.read(&app, opened.retrieval.as_ref()).await?;
    let remote = &opened.maildrop.remote;
    let router = meant.sorter(&app, &caller.actor(), remote).await?;
    let domains = &meant.settings.domains;
    let survey = opened.look(&app, &caller, sent.newest, domains).await?;
    let routed: Vec<Routed> = sharing::blocks(&survey)
        .map(|header| router.route(&header))
        .collect();
    let counts = Counts::of(&routed);
    let messages = survey.headers.iter().zip(&routed);
    let unclaimed = without_rule(&routed).into_iter();
    let document = PreviewDocument {
        read_at: survey.at.to_string(),
        listed: survey.listed,
        messages: messages
            .map(|(message, routed)| MessageDocument::of(message, routed))
            .collect(),
        to_one: counts.one,
        to_two: counts.two,
        to_more: counts.more,
        to_fallback: counts.fallback,
        without_rule: unclaimed
            .map(|(address, messages)| UnclaimedDocument { address, messages })
            .collect(),
    };
    Ok(Document(document).into_response())
}
