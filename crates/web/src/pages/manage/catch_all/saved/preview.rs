//! Where the newest messages of a catch-all that exists would go. Nothing is stored and nothing is
//! deleted; the headers are read on the press of a button, and sorted again whenever it is opened.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Form};
use inhaul_types::{Card, RetrievalId};

use super::super::kept::{Kept, Looked};
use super::super::places::choices;
use super::super::preview::{NEWEST, newest};
use super::super::sorted::Sorted;
use super::super::typed::{Typed, Wrong};
use super::{Done, Opened, rules};
use crate::app::App;
use crate::request::{Administrator, Person};
use crate::response::{Page, Problem, Shell, see_other};
use crate::sharing::{self, Maildrop};

#[derive(Template)]
#[template(path = "manage/catch_all/saved_preview.html")]
struct PreviewPage {
    shell: Shell,
    title: String,
    id: RetrievalId,
    name: String,
    /// What was just done, in a sentence.
    done: Option<String>,
    /// The file that says its rules, where one does.
    written: Option<String>,
    host: String,
    fallback: String,
    /// Its newest messages, if somebody has looked within the hour.
    sorted: Option<Sorted>,
    newest: u32,
    choices: Vec<String>,
    card: Option<Card>,
    wrong: Option<Wrong>,
}

/// How it would be. Asks no server anything.
pub(in super::super) async fn page(
    State(app): State<App>,
    Administrator(person): Administrator,
    Extension(kept): Extension<Kept>,
    Path(id): Path<i64>,
    Query(done): Query<Done>,
) -> Result<Response, Problem> {
    let mut page = show(&app, person, &kept, RetrievalId::new(id)).await?;
    page.done = done.words();
    Ok(Page::new(page).into_response())
}

/// A look at the server, or a rule for an address that has none.
pub(in super::super) async fn change(
    State(app): State<App>,
    Administrator(person): Administrator,
    Extension(kept): Extension<Kept>,
    Path(id): Path<i64>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let id = RetrievalId::new(id);
    let back = format!("/manage/retrievals/{id}/preview");
    if typed.text("do") == "look" {
        look(&app, &person, &kept, id, newest(&typed)).await?;
        return Ok(see_other(&back));
    }
    match rules::add(&app, &person, id, &typed).await? {
        Ok(moved) => Ok(see_other(&format!("{back}?moved={}", moved.unwrap_or(0)))),
        Err(wrong) => {
            let mut page = show(&app, person, &kept, id).await?;
            page.wrong = Some(wrong);
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(Page::new(page).with_status(status).into_response())
        }
    }
}

/// Reads the headers of its newest messages; the audit says who looked at how many.
async fn look(
    app: &App,
    person: &Person,
    kept: &Kept,
    id: RetrievalId,
    newest: u32,
) -> Result<(), Problem> {
    let Opened {
        retrieval,
        settings,
    } = Opened::find(app, person, id).await?;
    let secret = app.store().retrieval_secret(id).await?;
    let maildrop = Maildrop {
        remote: retrieval.remote.clone(),
        secret,
        memory: retrieval.sign_in_memory,
    };
    let of = settings.domains.first().unwrap_or(&retrieval.name);
    let survey = sharing::look(app, &person.actor(), maildrop, newest, of).await;
    let looked = Looked {
        survey: survey.map(Arc::new),
        newest,
    };
    kept.put(&retrieval, app.now(), looked);
    Ok(())
}

async fn show(
    app: &App,
    person: Person,
    kept: &Kept,
    id: RetrievalId,
) -> Result<PreviewPage, Problem> {
    let opened = Opened::find(app, &person, id).await?;
    let now = app.now();
    let looked = kept.find(&opened.retrieval, now);
    let newest = looked.as_ref().map_or(NEWEST[0], |looked| looked.newest);
    let (sorted, card) = match looked {
        Some(Looked {
            survey: Ok(survey), ..
        }) => {
            let router = opened.router(app, &person).await?;
            (Some(Sorted::by(&router, &survey, now)), None)
        }
        Some(Looked {
            survey: Err(card), ..
        }) => (None, Some(card)),
        None => (None, None),
    };
    let needs_choices = sorted.as_ref().is_some_and(Sorted::has_some_without);
    Ok(PreviewPage {
        title: format!("Preview of {}", opened.retrieval.name),
        name: opened.retrieval.name.clone(),
        written: opened.written(),
        host: opened.retrieval.remote.host.clone(),
        fallback: opened.fallback(),
        choices: match needs_choices {
            true => choices(app.store()).await?,
            false => Vec::new(),
        },
        shell: person.shell,
        done: None,
        wrong: None,
        sorted,
        newest,
        card,
        id,
    })
}

impl PreviewPage {
    /// At the field of an address that nobody has.
    fn said_to(&self, address: &str) -> Option<&str> {
        Wrong::said(&self.wrong, &format!("to-{address}"))
    }

    fn typed_to(&self, address: &str) -> &str {
        Wrong::typed(&self.wrong, &format!("to-{address}"))
    }

    fn action(&self) -> String {
        format!("/manage/retrievals/{}/preview", self.id)
    }

    fn newests(&self) -> [u32; 4] {
        NEWEST
    }
}
