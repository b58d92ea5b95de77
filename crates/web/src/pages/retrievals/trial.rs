//! "Test": signs in to a mailbox, says of each stage how it went, brings nothing (UX 2.16).

use askama::Template;
use axum::extract::{Path, State as Of};
use axum::response::{IntoResponse as _, Response};
use inhaul_types::{Card, RetrievalId};

use super::add::trial::{Line, Trial};
use super::looker::Looks;
use crate::app::App;
use crate::response::{Page, Problem, Shell};

#[derive(Template)]
#[template(path = "retrievals/trial.html")]
struct TrialPage {
    shell: Shell,
    title: String,
    base: &'static str,
    id: RetrievalId,
    name: String,
    lines: Vec<Line>,
    card: Option<Card>,
}

/// Tests it, and shows how that went.
pub(crate) async fn page<L: Looks>(
    Of(app): Of<App>,
    looks: L,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let looker = looks.looker();
    let state = looker.state(&app, &id).await?;
    let row = &state.row;
    let secret = app.store().retrieval_secret(row.id).await?;
    // What a person saved reaches what a person may, whoever tests it.
    let for_person = row.confined.then_some(row.account);
    let trial = Trial::run(&app, row.remote.clone(), secret, for_person).await;
    let page = TrialPage {
        title: format!("Test of {}", row.name),
        base: looker.base,
        id: row.id,
        name: row.name.clone(),
        lines: trial.lines(),
        card: trial.failure().map(|failure| failure.card.clone()),
        shell: looker.person.shell,
    };
    Ok(Page::new(page).into_response())
}
