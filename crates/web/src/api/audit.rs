//! The audit, for administrators: who changed what.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::on;
use inhaul_store::{Audit, AuditFilter};
use inhaul_types::{AccountId, AuditId};
use serde::{Deserialize, Serialize};

use super::caller::ApiAdministrator;
use super::document::Document;
use super::moment::moment;
use super::problem::ApiProblem;
use super::route::Verb::Get;
use super::route::{Reply, Route, Who};
use super::schema::{Kind, Schema, may, must};
use super::typed::Asked;
use crate::app::App;

pub(super) const ROUTES: &[Route] = &[Route::new(
    Get,
    "/audit",
    "Who changed what, the latest first.",
    Reply::Document(&CHANGES),
    |verb| on(verb, list),
)
.of(Who::Administrator)
.asking(&[
    may(
        "who",
        Kind::Text,
        "Only by this account or user of the system.",
    ),
    may(
        "what",
        Kind::Text,
        "Only with this in what was done or to what.",
    ),
    may(
        "since",
        Kind::Text,
        "Only since then: `2h`, `14d` or a moment.",
    ),
    may(
        "limit",
        Kind::Whole,
        "So many at most; 100 by default, 1000 at most.",
    ),
    may(
        "before",
        Kind::Whole,
        "Those behind this one: `next` of the page before.",
    ),
])];

const CHANGES: Schema = Schema {
    name: "Changes",
    about: "A page of changes, the latest first.",
    fields: &[
        must(
            "changes",
            Kind::List(&Kind::Of(&CHANGE)),
            "The changes. Fewer than asked for do not mean the end.",
        ),
        must(
            "next",
            Kind::Maybe(&Kind::Whole),
            "What to give as `before` for the next page; null at the end.",
        ),
    ],
};

const CHANGE: Schema = Schema {
    name: "Change",
    about: "A change that somebody made.",
    fields: &[
        must("id", Kind::Whole, "Its number; ascends."),
        must("time", Kind::Time, "When."),
        must(
            "who",
            Kind::Text,
            "An account's name, or a user of the system.",
        ),
        must(
            "account",
            Kind::Maybe(&Kind::Whole),
            "Their account's number.",
        ),
        must(
            "channel",
            Kind::Text,
            "By which way: `web 192.0.2.7`, `api 192.0.2.7`, `command line`.",
        ),
        must("action", Kind::Text, "What they did."),
        must("object", Kind::Text, "To what."),
        must(
            "old",
            Kind::Maybe(&Kind::Text),
            "What it was before. Never a secret.",
        ),
        must(
            "new",
            Kind::Maybe(&Kind::Text),
            "What it is now. Never a secret.",
        ),
    ],
};

#[derive(Serialize)]
struct ChangesDocument<'a> {
    changes: Vec<ChangeDocument<'a>>,
    next: Option<i64>,
}

#[derive(Serialize)]
struct ChangeDocument<'a> {
    id: i64,
    time: String,
    who: &'a str,
    account: Option<i64>,
    channel: &'a str,
    action: &'a str,
    object: &'a str,
    old: Option<&'a str>,
    new: Option<&'a str>,
}

impl<'a> From<&'a Audit> for ChangeDocument<'a> {
    fn from(row: &'a Audit) -> Self {
        let change = &row.change;
        Self {
            id: row.id.row(),
            time: change.at.to_string(),
            who: &change.actor,
            account: change.account.map(AccountId::row),
            channel: &change.channel,
            action: &change.action,
            object: &change.object,
            old: change.old.as_deref(),
            new: change.new.as_deref(),
        }
    }
}

/// Which page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    who: Option<String>,
    what: Option<String>,
    since: Option<String>,
    limit: Option<u32>,
    before: Option<i64>,
}

async fn list(
    State(app): State<App>,
    _: ApiAdministrator,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, ApiProblem> {
    let now = app.now();
    let since = wanted.since.as_deref();
    let filter = AuditFilter {
        actor: wanted.who,
        what: wanted.what,
        since: since.map(|since| moment("since", since, now)).transpose()?,
    };
    let before = wanted.before.map(AuditId::new);
    let most = wanted.limit.unwrap_or(PAGE).clamp(1, MOST);
    let page = app
        .store()
        .records()
        .audit_page(filter, before, most)
        .await?;
    let document = ChangesDocument {
        changes: page.rows.iter().map(ChangeDocument::from).collect(),
        next: page.next.map(AuditId::row),
    };
    Ok(Document(document).into_response())
}

/// Changes on a page.
const PAGE: u32 = 100;
const MOST: u32 = 1_000;
