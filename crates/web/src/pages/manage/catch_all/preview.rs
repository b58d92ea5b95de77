//! The fourth step: where the newest messages would go. Nothing is stored and nothing is deleted.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Form};
use inhaul_domain::route::{Counts, Routed, sender_shown, without_rule};
use inhaul_message::{HeaderBlock, summarize};
use inhaul_types::{Card, Timestamp};

use super::draft::{Draft, Drafts, TypedRule};
use super::looking::{self, Meant};
use super::places::{choices, shown_words};
use super::save::SaveFields;
use super::typed::{Typed, Wrong};
use super::{open, step};
use crate::app::App;
use crate::look::many;
use crate::look::time::{Ago, ago, at};
use crate::request::{Administrator, Person};
use crate::response::{Page, Problem, Shell, see_other};
use crate::runs::Surveyed;

#[derive(Template)]
#[template(path = "manage/catch_all/preview.html")]
pub(super) struct PreviewPage {
    shell: Shell,
    title: String,
    id: String,
    rows: Vec<Row>,
    /// `17 to their person, 1 to two people, 2 to the fallback account`.
    words: String,
    /// `These 20 messages`.
    these: String,
    read_at: Option<Ago>,
    /// The addresses that nobody has, and how many messages are for each.
    unclaimed: Vec<(String, u64)>,
    /// Messages in which no address was found.
    no_address: u64,
    fallback: String,
    newest: u32,
    host: String,
    choices: Vec<String>,
    card: Option<Card>,
    pub(super) save: SaveFields,
    pub(super) wrong: Option<Wrong>,
}

/// A message and where it would go.
struct Row {
    date: Option<Ago>,
    from: String,
    subject: String,
    found: String,
    to: Vec<String>,
    /// Each recipient's explanation.
    why: String,
    has_no_rule: bool,
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
        let newest = typed.text("newest").parse().unwrap_or(draft.newest);
        draft.newest = match NEWEST.contains(&newest) {
            true => newest,
            false => draft.newest,
        };
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
            page.wrong = Some(Wrong::at(
                format!("to-{}", typed.text("address")),
                wrong.what,
            ));
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
    let (mailbox, now) = (&draft.mailbox, app.now());
    let headers = draft.survey.as_ref().map(|survey| &survey.headers[..]);
    let headers = headers.unwrap_or_default();
    let routed: Vec<Routed> = headers
        .iter()
        .map(|surveyed| router.route(&HeaderBlock::new(&surveyed.header)))
        .collect();
    let rows = headers.iter().zip(&routed);
    let unclaimed = without_rule(&routed).into_iter();
    let words = Counts::of(&routed).words();
    let page = PreviewPage {
        title: format!("Catch-all for {}", mailbox.domain()),
        rows: rows
            .map(|(one, routed)| Row::of(one, routed, now))
            .collect(),
        these: these(headers.len() as u64),
        read_at: draft.survey.as_ref().ok().map(|survey| ago(survey.at, now)),
        unclaimed: unclaimed
            .map(|(address, count)| (address.to_owned(), count))
            .collect(),
        no_address: routed.iter().filter(|one| one.found.is_empty()).count() as u64,
        fallback: meant.fallback.words(),
        newest: draft.newest,
        host: mailbox.remote.host.clone(),
        choices: choices(app.store()).await?,
        card: draft.survey.as_ref().err().cloned(),
        save: SaveFields::of(mailbox),
        shell: person.shell,
        id: id.to_owned(),
        wrong: None,
        words,
    };
    Ok(Ok(page))
}

fn these(messages: u64) -> String {
    match messages {
        1 => "This 1 message".to_owned(),
        more => format!("These {}", many(more, "message")),
    }
}

impl Row {
    fn of(surveyed: &Surveyed, routed: &Routed, now: Timestamp) -> Self {
        let summary = summarize(&surveyed.header);
        let placements = routed.placements.iter();
        Self {
            date: summary.date.map(|date| at(date, now)),
            from: sender_shown(&summary.from).to_owned(),
            subject: summary.subject,
            found: routed.found_words(),
            to: placements
                .clone()
                .map(|placement| shown_words(&placement.place.shown))
                .collect(),
            why: placements
                .map(|placement| placement.why.as_str())
                .collect::<Vec<_>>()
                .join("; "),
            has_no_rule: routed.has_no_rule(),
        }
    }
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

    fn newests(&self) -> [u32; 4] {
        NEWEST
    }

    fn step(&self, name: &str) -> String {
        step(&self.id, name)
    }
}

/// How many messages somebody may look at: the engine reads no more than 200.
const NEWEST: [u32; 4] = [20, 50, 100, 200];
