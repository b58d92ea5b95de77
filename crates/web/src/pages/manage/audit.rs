//! Who changed what (UX 2.19).

use askama::Template;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use inhaul_manage::audit::sentence;
use inhaul_store::{Audit, AuditFilter, StoreError};
use inhaul_types::AuditId;
use serde::{Deserialize, Serialize};

use super::csv;
use crate::app::App;
use crate::look::time::{When, at};
use crate::request::Administrator;
use crate::response::{Page, Problem, Shell};

/// Which changes; empty is any.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Asked {
    #[serde(skip_serializing_if = "String::is_empty")]
    who: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    what: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    before: String,
}

#[derive(Template)]
#[template(path = "manage/audit.html")]
struct AuditPage {
    shell: Shell,
    title: &'static str,
    asked: Asked,
    rows: Vec<Row>,
    older: Option<String>,
    is_newest: bool,
    file: String,
}

struct Row {
    when: When,
    who: String,
    channel: String,
    what: String,
}

impl Asked {
    fn filter(&self) -> AuditFilter {
        let unless_empty =
            |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        AuditFilter {
            actor: unless_empty(&self.who),
            what: unless_empty(&self.what),
            since: None,
        }
    }

    /// Whether every change is meant.
    fn is_open(&self) -> bool {
        self.who.trim().is_empty() && self.what.trim().is_empty()
    }

    fn before(&self) -> Option<AuditId> {
        self.before.parse().ok().map(AuditId::new)
    }

    /// The query of the same changes, behind this one.
    fn query(&self, before: Option<AuditId>) -> String {
        let asked = Self {
            who: self.who.clone(),
            what: self.what.clone(),
            before: before.map_or_else(String::new, |before| before.to_string()),
        };
        serde_urlencoded::to_string(asked).unwrap_or_default()
    }
}

/// The page, newest first.
pub(crate) async fn page(
    State(app): State<App>,
    Administrator(person): Administrator,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let now = app.now();
    let (mut rows, mut next) = (Vec::new(), asked.before());
    // A rare filter looks through a part of the audit at a time.
    for _ in 0..LOOKS {
        let most = PAGE - u32::try_from(rows.len()).unwrap_or(PAGE);
        let records = app.store().records();
        let page = records.audit_page(asked.filter(), next, most).await?;
        rows.extend(page.rows);
        next = page.next;
        if next.is_none() || rows.len() >= PAGE as usize {
            break;
        }
    }
    let row = |row: Audit| Row {
        when: at(row.change.at, now),
        what: sentence(&row.change),
        who: row.change.actor,
        channel: row.change.channel,
    };
    let page = AuditPage {
        shell: person.shell,
        title: "Audit",
        rows: rows.into_iter().map(row).collect(),
        older: next.map(|next| format!("/manage/audit?{}", asked.query(Some(next)))),
        is_newest: asked.before().is_none(),
        file: format!("/manage/audit.csv?{}", asked.query(None)),
        asked,
    };
    Ok(Page::new(page).into_response())
}

/// All of them as CSV, page by page as it is taken.
pub(crate) async fn file(
    State(app): State<App>,
    Administrator(_): Administrator,
    Query(asked): Query<Asked>,
) -> Response {
    let head = csv::row(["time", "who", "by", "action", "what", "old", "new"]);
    let first = stream::once(async { Ok(Bytes::from(head)) });
    let filter = asked.filter();
    let rest = stream::try_unfold(Some(None), move |at: Option<Option<AuditId>>| {
        let (app, filter) = (app.clone(), filter.clone());
        async move {
            let Some(before) = at else {
                return Ok::<_, StoreError>(None);
            };
            let records = app.store().records();
            let page = records.audit_page(filter, before, CHUNK).await?;
            let text: String = page.rows.iter().map(line).collect();
            Ok(Some((Bytes::from(text), page.next.map(Some))))
        }
    });
    let body = Body::from_stream(futures_util::StreamExt::chain(first, rest));
    let headers = [
        (
            CONTENT_TYPE,
            HeaderValue::from_static("text/csv; charset=utf-8"),
        ),
        (
            CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"audit.csv\""),
        ),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, body).into_response()
}

fn line(row: &Audit) -> String {
    let change = &row.change;
    csv::row([
        change.at.to_string().as_str(),
        &change.actor,
        &change.channel,
        &change.action,
        &change.object,
        change.old.as_deref().unwrap_or(""),
        change.new.as_deref().unwrap_or(""),
    ])
}

/// Changes on a page.
const PAGE: u32 = 50;
/// Changes read at once for a file.
const CHUNK: u32 = 500;
/// Parts of the audit that one page looks through; the next page goes on.
const LOOKS: usize = 20;
