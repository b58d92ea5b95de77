//! The fourth step: where the newest messages would go. Nothing is stored and nothing is deleted.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Form};
use inhaul_types::Card;

use super::draft::{Draft, Drafts, TypedRule};
use super::looking::{self, Meant};
use super::places::choices;
use super::save::SaveFields;
use super::sorted::Sorted;
use super::typed::{Typed, Wrong};
use super::{open, step};
use crate::app::App;
use crate::request::{Administrator, Person};
use crate::response::{Page, Problem, Shell, see_other};

#[derive(Template)]
#[template(path = "manage/catch_all/preview.html")]
pub(super) struct PreviewPage {
    shell: Shell,
    title: String,
    id: String,
    /// The messages, if their headers could be read.
    sorted: Option<Sorted>,
    fallback: String,
    /// No file says its rules: it is not saved yet.
    written: Option<String>,
    newest: u32,
    host: String,
    choices: Vec<String>,
    card: Option<Card>,
    pub(super) save: SaveFields,
    pub(super) wrong: Option<Wrong>,
}

/// How it would be.
pub(super) async fn page(
    State(app): State<App>,
    admin: Administrator,
    Extension(drafts): Extension<Drafts>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let draft = open(&app, &drafts, &admin, &id)?;
    Ok(match show(&app, admin.0, &id, &draft).await? {
        Ok(page) => Page::new(page).into_response(),
        Err(to) => to,
    })
}

/// A rule for an address that has none, or another look.
pub(super) async fn change(
    State(app): State<App>,
    admin: Administrator,
    Extension(drafts): Extension<Drafts>,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let mut draft = open(&app, &drafts, &admin, &id)?;
    let (account, now) = (admin.0.id(), app.now());
    if typed.text("do") == "look" {
        draft.newest = newest(&typed);
        draft.survey = looking::look(&app, &admin, &draft.mailbox, draft.newest).await;
        drafts.put(id.clone(), account, now, draft);
        return Ok(see_other(&step(&id, "preview")));
    }
    let before = draft.clone();
    draft.rules.push(TypedRule {
        address: typed.text("address").to_owned(),
        to: typed.text("to").to_owned(),
    });
    let Err(wrong) = Meant::read(&app, &draft).await? else {
        drafts.put(id.clone(), account, now, draft);
        return Ok(see_other(&step(&id, "preview")));
    };
    let shown = show(&app, admin.0, &id, &before).await?;
    Ok(match shown {
        Ok(mut page) => {
            let field = format!("to-{}", typed.text("address"));
            page.wrong = Some(Wrong::at(field, wrong.what).of(typed.text("to")));
            page.refused()
        }
        Err(to) => to,
    })
}

/// The page; or the step that has to be done first.
pub(super) async fn show(
    app: &App,
    person: Person,
    id: &str,
    draft: &Draft,
) -> Result<Result<PreviewPage, Response>, Problem> {
    if draft.source.is_none() {
        return Ok(Err(see_other(&step(id, "header"))));
    }
    let Ok(meant) = Meant::read(app, draft).await? else {
        return Ok(Err(see_other(&step(id, "rules"))));
    };
    let router = meant.router(app, &person, &draft.mailbox).await?;
    let mailbox = &draft.mailbox;
    let survey = draft.survey.as_ref();
    let sorted = survey.map(|survey| Sorted::by(&router, survey, app.now()));
    let page = PreviewPage {
        title: format!("Catch-all for {}", mailbox.domain()),
        sorted: sorted.ok(),
        fallback: meant.fallback.words(),
        written: None,
        newest: draft.newest,
        host: mailbox.remote.host.clone(),
        choices: choices(app.store()).await?,
        card: draft.survey.as_ref().err().cloned(),
        save: SaveFields::of(mailbox),
        shell: person.shell,
        id: id.to_owned(),
        wrong: None,
    };
    Ok(Ok(page))
}

/// How many messages somebody wants to look at.
pub(super) fn newest(typed: &Typed) -> u32 {
    let newest = typed.text("newest").parse().ok();
    newest
        .filter(|newest| NEWEST.contains(newest))
        .unwrap_or(NEWEST[0])
}

impl PreviewPage {
    /// Shown again because of what was typed.
    pub(super) fn refused(self) -> Response {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Page::new(self).with_status(status).into_response()
    }

    fn said(&self, field: &str) -> Option<&str> {
        Wrong::said(&self.wrong, field)
    }

    /// At the field of an address that nobody has.
    fn said_to(&self, address: &str) -> Option<&str> {
        self.said(&format!("to-{address}"))
    }

    fn typed_to(&self, address: &str) -> &str {
        Wrong::typed(&self.wrong, &format!("to-{address}"))
    }

    fn newests(&self) -> [u32; 4] {
        NEWEST
    }

    fn step(&self, name: &str) -> String {
        step(&self.id, name)
    }
}

/// How many messages somebody may look at: the engine reads no more than 200.
pub(super) const NEWEST: [u32; 4] = [20, 50, 100, 200];
