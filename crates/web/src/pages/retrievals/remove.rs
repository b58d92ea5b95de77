//! Removing a retrieval: what goes and what stays is said before (UX 2.8).

use askama::Template;
use axum::extract::{Path, State as Of};
use axum::response::{IntoResponse as _, Response};
use inhaul_types::RetrievalId;

use super::looker::Looks;
use super::words;
use crate::app::App;
use crate::look::number;
use crate::response::{Page, Problem, Shell, see_other};

#[derive(Template)]
#[template(path = "retrievals/remove.html")]
struct Question<'a> {
    shell: Shell,
    title: &'a str,
    base: &'a str,
    id: RetrievalId,
    name: String,
    mailbox: String,
    host: String,
    what_stays: String,
}

/// Asks.
pub(crate) async fn question<L: Looks>(
    Of(app): Of<App>,
    looks: L,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let looker = looks.looker();
    let state = looker.state(&app, &id).await?;
    let row = &state.row;
    let page = Question {
        title: "Remove a mailbox",
        base: looker.base,
        id: row.id,
        name: row.name.clone(),
        mailbox: words::mailbox(row),
        host: row.remote.host.clone(),
        what_stays: what_stays(app.store().views().brought(row.id).await?),
        shell: looker.person.shell,
    };
    Ok(Page::new(page).into_response())
}

/// Removes it.
pub(crate) async fn remove<L: Looks>(
    Of(app): Of<App>,
    looks: L,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let looker = looks.looker();
    let id = looker.state(&app, &id).await?.row.id;
    let removed = app.manage().retrieval_remove(&looker.actor(), id).await;
    removed.map_err(|refused| looker.refused(refused))?;
    Ok(see_other(looker.base))
}

fn what_stays(messages: u64) -> String {
    match messages {
        0 => "No message of it is here.".to_owned(),
        1 => "The 1 message already here stays here.".to_owned(),
        more => format!("The {} messages already here stay here.", number(more)),
    }
}
