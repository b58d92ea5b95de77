//! Buttons of a retrieval: check, try again, pause, resume.

use axum::Form;
use axum::extract::{Path, State as Of};
use axum::response::Response;
use inhaul_types::{Activation, RetrievalId};
use serde::{Deserialize, Serialize};

use super::looker::{Looker, Looks};
use super::{detail, list};
use crate::app::App;
use crate::response::{Problem, see_other};
use crate::runs::{Answer, Force, Start, What};

/// From where a button was pressed.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Back {
    /// `list`, or nothing: the retrieval's own page.
    #[serde(default)]
    back: String,
}

/// Checks it now.
pub(crate) async fn check<L: Looks>(
    Of(app): Of<App>,
    looks: L,
    Path(id): Path<String>,
    Form(back): Form<Back>,
) -> Result<Response, Problem> {
    let looker = looks.looker();
    let force = looker.force();
    start(&app, looker, &id, &back, force).await
}

/// Checks it now, although its server refused the sign-in.
pub(crate) async fn try_again<L: Looks>(
    Of(app): Of<App>,
    looks: L,
    Path(id): Path<String>,
    Form(back): Form<Back>,
) -> Result<Response, Problem> {
    let looker = looks.looker();
    let force = match looker.force() {
        Force::No => Force::TryAgain,
        force => force,
    };
    start(&app, looker, &id, &back, force).await
}

async fn start(
    app: &App,
    looker: Looker,
    id: &str,
    back: &Back,
    force: Force,
) -> Result<Response, Problem> {
    let state = looker.state(app, id).await?;
    let id = state.row.id;
    let start = Start {
        what: What::Retrievals(vec![id]),
        activation: Activation::Button,
        by: looker.started_by(),
        force,
    };
    let answers = app.runs().start(start).await?;
    let refusal = answers.into_iter().find_map(|(_, answer)| match answer {
        Answer::Refused(refusal) => Some(refusal),
        _ => None,
    });
    match refusal {
        None => Ok(see_other(&place(&looker, id, back))),
        Some(refusal) => {
            let notice = Some(refusal.text(app.now()));
            match is_list(&looker, back) {
                true => list::show(app, looker, notice).await,
                false => detail::show(app, looker, state, &detail::Wanted::default(), notice).await,
            }
        }
    }
}

/// Stops it from running by itself.
pub(crate) async fn pause<L: Looks>(
    Of(app): Of<App>,
    looks: L,
    Path(id): Path<String>,
    Form(back): Form<Back>,
) -> Result<Response, Problem> {
    let looker = looks.looker();
    let id = looker.state(&app, &id).await?.row.id;
    let paused = app.manage().pause(&looker.actor(), id).await;
    paused.map_err(|refused| looker.refused(refused))?;
    Ok(see_other(&place(&looker, id, &back)))
}

/// Lets it run by itself again.
pub(crate) async fn resume<L: Looks>(
    Of(app): Of<App>,
    looks: L,
    Path(id): Path<String>,
    Form(back): Form<Back>,
) -> Result<Response, Problem> {
    let looker = looks.looker();
    let id = looker.state(&app, &id).await?.row.id;
    let resumed = app.manage().resume(&looker.actor(), id).await;
    resumed.map_err(|refused| looker.refused(refused))?;
    Ok(see_other(&place(&looker, id, &back)))
}

/// A message to be brought, and the search that found it.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Ordered {
    #[serde(skip_serializing)]
    number: u32,
    #[serde(default)]
    words: String,
    #[serde(default)]
    days: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    all: Option<String>,
}

/// Brings a message that was left there, whatever its size: with a run of its own, if one may begin.
pub(crate) async fn bring<L: Looks>(
    Of(app): Of<App>,
    looks: L,
    Path(id): Path<String>,
    Form(ordered): Form<Ordered>,
) -> Result<Response, Problem> {
    let looker = looks.looker();
    let id = looker.state(&app, &id).await?.row.id;
    let actor = looker.actor();
    let done = app.manage().bring_once(&actor, id, ordered.number).await;
    done.map_err(|refused| looker.refused(refused))?;
    let start = Start {
        what: What::Retrievals(vec![id]),
        activation: Activation::Button,
        by: looker.started_by(),
        force: looker.force(),
    };
    // Where none may begin now, the next one brings it.
    app.runs().start(start).await?;
    let asked = serde_urlencoded::to_string(&ordered).map_err(Problem::internal)?;
    Ok(see_other(&format!("/where?{asked}")))
}

/// Lets what was recognised after a renumbering be deleted there now, without waiting longer.
pub(crate) async fn let_delete<L: Looks>(
    Of(app): Of<App>,
    looks: L,
    Path(id): Path<String>,
    Form(back): Form<Back>,
) -> Result<Response, Problem> {
    let looker = looks.looker();
    let id = looker.state(&app, &id).await?.row.id;
    let done = app.manage().let_delete(&looker.actor(), id).await;
    done.map_err(|refused| looker.refused(refused))?;
    Ok(see_other(&place(&looker, id, &back)))
}

/// Only a person's own list is shown here again; the manager has another one.
fn is_list(looker: &Looker, back: &Back) -> bool {
    back.back == "list" && looker.of.is_some()
}

fn place(looker: &Looker, id: RetrievalId, back: &Back) -> String {
    match is_list(looker, back) {
        true => looker.base.to_owned(),
        false => format!("{}/{id}", looker.base),
    }
}
