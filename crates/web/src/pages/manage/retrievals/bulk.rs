//! Many retrievals checked, paused or resumed at a time.

use axum::Form;
use axum::extract::State;
use axum::response::Response;
use inhaul_manage::Refused;
use inhaul_types::RetrievalId;

use super::filter::Filter;
use super::told::Told;
use crate::app::App;
use crate::pages::manage::asked::Asked;
use crate::pages::manage::typed::Typed;
use crate::request::{Administrator, Person};
use crate::response::{Problem, see_other};

/// Does it, and goes back to the list as it was. What went away meanwhile is passed over.
pub(crate) async fn bulk(
    State(app): State<App>,
    Administrator(person): Administrator,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let ids = typed.all("id").filter_map(|id| id.parse().ok());
    let ids: Vec<_> = ids.map(RetrievalId::new).take(MOST).collect();
    let told = match (typed.text("do"), ids.is_empty()) {
        (_, true) => in_address(Told {
            none: 1,
            ..Told::default()
        }),
        ("check", _) => in_address(Asked::run(&app, ids).await?),
        (verb @ ("pause" | "resume"), _) => {
            in_address(let_run(&app, &person, &ids, verb == "resume").await?)
        }
        _ => String::new(),
    };
    // Read and written again: it leads nowhere else.
    let back: Filter = serde_urlencoded::from_str(typed.text("back")).unwrap_or_default();
    Ok(see_other(&back.address(&told)))
}

async fn let_run(
    app: &App,
    person: &Person,
    ids: &[RetrievalId],
    resume: bool,
) -> Result<Told, Problem> {
    let (manage, actor) = (app.manage(), person.actor());
    let mut told = Told::default();
    for id in ids {
        let done = match resume {
            true => manage.resume(&actor, *id).await,
            false => manage.pause(&actor, *id).await,
        };
        match done {
            Ok(()) if resume => told.resumed += 1,
            Ok(()) => told.paused += 1,
            Err(Refused::Written { .. }) => told.written += 1,
            Err(Refused::NotFound { .. }) => {}
            Err(refused) => return Err(refused.into()),
        }
    }
    Ok(told)
}

fn in_address(told: impl serde::Serialize) -> String {
    serde_urlencoded::to_string(told).unwrap_or_default()
}

/// Ticks in one form: twenty pages of the list.
const MOST: usize = 1_000;
