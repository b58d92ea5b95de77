//! Saving: what is wrong first, then the test, then the change.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use inhaul_domain::Retention;
use inhaul_store::{RemoteSecret, Retrieval, RetrievalChange};
use inhaul_types::RetrievalId;

use super::super::add::copies::TICK;
use super::super::add::trial::Trial;
use super::super::add::wrong::Wrong;
use super::page::show;
use super::typed::{Meant, Typed};
use crate::app::App;
use crate::request::Person;
use crate::response::{Page, Problem, see_other};

/// Saves what differs.
pub(super) async fn save(
    State(app): State<App>,
    person: Person,
    Path(id): Path<i64>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let id = RetrievalId::new(id);
    let actor = person.actor();
    let before = app.manage().retrieval_to_edit(&actor, id).await?;
    let secret = typed.password().map(RemoteSecret::Stored);
    let meant = match typed.read(&before) {
        Ok(meant) => meant,
        Err(wrong) => return refuse(&app, person, &before, typed, Some(wrong), None).await,
    };
    let is_another_way = meant.remote != before.remote;
    if is_another_way || secret.is_some() {
        let checked =
            app.manage()
                .check_other_way(&actor, &before.remote, &meant.remote, secret.as_ref());
        if let Err(refused) = checked.await {
            let wrong = Wrong::of(refused)?;
            return refuse(&app, person, &before, typed, Some(wrong), None).await;
        }
    }
    if needs_the_box(&before, &meant) && !typed.copies().sure {
        let wrong = Wrong::new("sure", TICK);
        return refuse(&app, person, &before, typed, Some(wrong), None).await;
    }
    if (is_another_way || secret.is_some()) && !typed.untested {
        let tried = match &secret {
            Some(secret) => secret.clone(),
            None => app.store().retrieval_secret(id).await?,
        };
        let trial = Trial::run(&app, meant.remote.clone(), tried, actor.person()).await;
        if trial.failure().is_some() {
            return refuse(&app, person, &before, typed, None, Some(&trial)).await;
        }
    }
    let change = RetrievalChange {
        name: Some(meant.name),
        remote: is_another_way.then_some(meant.remote),
        secret,
        destination: Some((before.account, meant.folder)),
        every: Some(meant.every),
        retention: Some(meant.retention),
        ..RetrievalChange::default()
    };
    match app.manage().retrieval_change(&actor, id, change).await {
        Ok(()) => Ok(see_other(&format!("/retrievals/{}", id.row()))),
        Err(refused) => {
            let wrong = Wrong::of(refused)?;
            refuse(&app, person, &before, typed, Some(wrong), None).await
        }
    }
}

/// Whether messages would be deleted that would have stayed, or stayed longer.
fn needs_the_box(before: &Retrieval, meant: &Meant) -> bool {
    let is_another_mailbox = !before.remote.host.eq_ignore_ascii_case(&meant.remote.host)
        || before.remote.user != meant.remote.user;
    meant.retention != Retention::Keep
        && (meant.retention != before.retention || is_another_mailbox)
}

async fn refuse(
    app: &App,
    person: Person,
    before: &Retrieval,
    typed: Typed,
    wrong: Option<Wrong>,
    failed: Option<&Trial>,
) -> Result<Response, Problem> {
    let page = show(app, person, before, typed, wrong, failed).await?;
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(Page::new(page).with_status(status).into_response())
}
