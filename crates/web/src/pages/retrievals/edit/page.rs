//! The page with all the fields.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use inhaul_domain::{LedgerRow, LedgerState, RowEpoch};
use inhaul_store::{RemoteSecret, Retrieval, Routing};
use inhaul_types::{Card, ErrorCode, Octets, RetrievalId};

use super::super::add::copies::Copies;
use super::super::add::place::TypedCheck;
use super::super::add::test::fingerprint;
use super::super::add::trial::{Line, Trial};
use super::super::add::way::TypedWay;
use super::super::add::wrong::Wrong;
use super::typed::Typed;
use crate::app::App;
use crate::request::Person;
use crate::response::{Page, Problem, Shell};

#[derive(Template)]
#[template(path = "retrievals/edit.html")]
pub(super) struct EditPage {
    shell: Shell,
    title: String,
    to: String,
    back: String,
    typed: Typed,
    way: TypedWay,
    names: Vec<String>,
    may_plain: bool,
    /// Where the password is, in words.
    password: &'static str,
    /// The field for another password is open.
    is_password_open: bool,
    /// The key that is trusted now, for comparing.
    pinned: Option<String>,
    /// The key that a failed test was shown: as it is sent, and for comparing.
    key: Option<(String, String)>,
    ca_file: Option<String>,
    folders: Vec<String>,
    is_catch_all: bool,
    check: TypedCheck,
    copies: Copies,
    /// A test that failed.
    lines: Vec<Line>,
    card: Option<Card>,
    error: Option<Wrong>,
}

/// The retrieval as it is set.
pub(super) async fn page(
    State(app): State<App>,
    person: Person,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let id = RetrievalId::new(id);
    let retrieval = app.manage().retrieval_to_edit(&person.actor(), id).await?;
    let typed = Typed::of(&retrieval);
    let page = show(&app, person, &retrieval, typed, None, None).await?;
    Ok(Page::new(page).into_response())
}

/// The page with these fields, what is wrong with them, and the test that failed.
pub(super) async fn show(
    app: &App,
    person: Person,
    retrieval: &Retrieval,
    typed: Typed,
    error: Option<Wrong>,
    failed: Option<&Trial>,
) -> Result<EditPage, Problem> {
    let rights = app.manage().rights(&person.actor()).await?;
    let folders = app.store().folder_list(retrieval.account).await?;
    let secret = app.store().retrieval_secret(retrieval.id).await?;
    let host = typed.way().host.trim().to_owned();
    let is_there = host.eq_ignore_ascii_case(&retrieval.remote.host);
    let there = match is_there {
        true => listed(app, retrieval).await?,
        false => None,
    };
    let failure = failed.and_then(Trial::failure);
    let key = failure.and_then(|failure| failure.shown_key);
    let key = key.filter(|_| rights.may.pin_certificate);
    let is_at_password = error
        .as_ref()
        .is_some_and(|wrong| wrong.field == "password");
    Ok(EditPage {
        shell: person.shell,
        title: format!("Edit {}", retrieval.name),
        to: format!("/retrievals/{}/edit", retrieval.id.row()),
        back: format!("/retrievals/{}", retrieval.id.row()),
        way: typed.way(),
        names: Vec::new(),
        may_plain: rights.may.plain,
        password: match secret {
            RemoteSecret::Stored(_) => "Set.",
            RemoteSecret::Command(_) | RemoteSecret::Token(_) => {
                "A program on this server gives it."
            }
            RemoteSecret::File { .. } => "It is in a file on this server.",
        },
        is_password_open: is_at_password || failed.is_some() || is_refused(retrieval),
        pinned: retrieval.remote.pin.map(|pin| fingerprint(&pin)),
        key: key.map(|key| (key.to_string(), fingerprint(&key))),
        ca_file: retrieval
            .remote
            .ca_file
            .as_ref()
            .filter(|_| person.account.admin)
            .map(|file| file.display().to_string()),
        folders: folders.into_iter().map(|folder| folder.name).collect(),
        is_catch_all: matches!(retrieval.routing, Routing::CatchAll(_)),
        check: typed.check(),
        copies: Copies {
            first: match retrieval.first_run_keeps {
                true => "Nothing is deleted during the first check.",
                false => "What is due is deleted with the next check.",
            },
            ..Copies::new(host, typed.copies(), &rights, there)
        },
        lines: failed.map_or_else(Vec::new, Trial::lines),
        card: failure.map(|failure| failure.card.clone()),
        typed,
        error,
    })
}

/// Messages that the last listing named and that were not deleted since, and their octets; `None` before the first.
async fn listed(app: &App, retrieval: &Retrieval) -> Result<Option<(u64, Octets)>, Problem> {
    if retrieval.last_good.is_none() {
        return Ok(None);
    }
    let ledger = app.store().ledger_load(retrieval.maildrop).await?;
    let rows = ledger.iter();
    let there = rows.filter(is_there);
    let count = there.fold((0, 0), |(messages, octets), row| {
        let size = row.listed_size.map_or(0, Octets::count);
        (messages + 1, octets + size)
    });
    Ok(Some((count.0, Octets::new(count.1))))
}

fn is_there(row: &LedgerRow<'_>) -> bool {
    row.listed_last && row.epoch == RowEpoch::Present && row.state != LedgerState::Deleted
}

/// Whether the server refuses the password that is kept.
fn is_refused(retrieval: &Retrieval) -> bool {
    matches!(
        retrieval.last_error,
        Some(ErrorCode::AuthRefused | ErrorCode::AuthAppPassword)
    )
}
