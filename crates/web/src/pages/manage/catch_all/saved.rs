//! The rules of a catch-all that exists, and what its fallback holds for addresses that have none.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use inhaul_manage::words::{domains_words, source_words};
use inhaul_manage::{Claim, NewRule, Refused, place_words as written_words};
use inhaul_store::{CatchAllSettings, Retrieval, RuleSetting, Unclaimed};
use inhaul_types::RetrievalId;
use serde::Deserialize;

use super::places::{Place, choices, place_words};
use super::rules::{Own, own};
use super::typed::{Typed, Wrong};
use crate::app::App;
use crate::look::many;
use crate::request::{Administrator, Person};
use crate::response::{Page, Problem, Shell, see_other};

#[derive(Template)]
#[template(path = "manage/catch_all/saved.html")]
struct SavedPage {
    shell: Shell,
    title: String,
    id: RetrievalId,
    /// What was just done, in a sentence.
    done: Option<String>,
    /// The file that says its rules, where one does.
    written: Option<String>,
    source: String,
    domains: String,
    fallback: String,
    own: Vec<Own>,
    rules: Vec<Row>,
    /// Messages of the fallback that had no rule.
    without: u64,
    unclaimed: Vec<Unclaimed>,
    /// Addresses beyond those that are shown.
    more: usize,
    /// What stands in the fields of a new rule.
    typed: (String, String),
    choices: Vec<String>,
    wrong: Option<Wrong>,
}

struct Row {
    address: String,
    to: String,
}

/// What was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Done {
    /// It was saved: `paused` or `started`.
    saved: String,
    /// Messages that moved with a rule.
    moved: Option<u64>,
}

/// The table.
pub(super) async fn page(
    State(app): State<App>,
    Administrator(person): Administrator,
    Path(id): Path<i64>,
    Query(done): Query<Done>,
) -> Result<Response, Problem> {
    let mut page = show(&app, person, RetrievalId::new(id)).await?;
    page.done = done.words();
    Ok(Page::new(page).into_response())
}

/// A button of it.
pub(super) async fn change(
    State(app): State<App>,
    Administrator(person): Administrator,
    Path(id): Path<i64>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let id = RetrievalId::new(id);
    let (manage, actor) = (app.manage(), person.actor());
    let (button, number) = typed.button();
    let back = format!("/manage/retrievals/{id}/rules");
    let done = match button {
        "remove" => manage.rule_remove(&actor, id, number).await.map(|()| None),
        "up" => {
            let to = number.saturating_sub(1);
            manage
                .rule_move(&actor, id, number, to)
                .await
                .map(|()| None)
        }
        "down" => {
            let to = number.saturating_add(1);
            manage
                .rule_move(&actor, id, number, to)
                .await
                .map(|()| None)
        }
        _ => {
            let place = match Place::find(app.store(), typed.text("to")).await? {
                Ok(place) => place,
                Err(what) => {
                    let wrong = Wrong::at(typed_field("to", &typed), what);
                    return refuse(&app, person, id, &typed, wrong).await;
                }
            };
            let rule = NewRule {
                address: typed.text("address").to_owned(),
                account: place.account.id,
                folder: place.folder,
                at: None,
            };
            let claim = match button == "move" || typed.is_ticked("move") {
                true => Claim::Move,
                false => Claim::Leave,
            };
            let added = manage.rule_add(&actor, id, rule, claim).await;
            added.map(|added| (claim == Claim::Move).then_some(added.moved))
        }
    };
    match done {
        Ok(None) => Ok(see_other(&(back + "#rules"))),
        Ok(Some(moved)) => Ok(see_other(&format!("{back}?moved={moved}"))),
        Err(Refused::Invalid { field, what }) => {
            let field = match field {
                "address" => "address",
                _ => "to",
            };
            let wrong = Wrong::at(typed_field(field, &typed), what);
            refuse(&app, person, id, &typed, wrong).await
        }
        Err(other) => Err(other.into()),
    }
}

/// The field of the form that was sent: each address without a rule has one of its own.
fn typed_field(field: &str, typed: &Typed) -> String {
    match typed.button().0 {
        "move" => format!("to-{}", typed.text("address")),
        _ => field.to_owned(),
    }
}

async fn refuse(
    app: &App,
    person: Person,
    id: RetrievalId,
    typed: &Typed,
    wrong: Wrong,
) -> Result<Response, Problem> {
    let mut page = show(app, person, id).await?;
    if typed.button().0 != "move" {
        let text = |name| typed.text(name).to_owned();
        page.typed = (text("address"), text("to"));
    }
    page.wrong = Some(wrong);
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(Page::new(page).with_status(status).into_response())
}

async fn show(app: &App, person: Person, id: RetrievalId) -> Result<SavedPage, Problem> {
    let retrieval = app.manage().retrieval(&person.actor(), id).await?;
    let Some(settings) = retrieval.routing.catch_all() else {
        return Err(Problem::not_found(&person.shell));
    };
    let book = app.store().address_book().await?;
    let mut unclaimed = app.store().unclaimed(id).await?;
    let without = unclaimed.iter().map(|one| one.messages).sum();
    let more = unclaimed.len().saturating_sub(UNCLAIMED_MOST);
    unclaimed.truncate(UNCLAIMED_MOST);
    Ok(SavedPage {
        title: format!("Rules of {}", retrieval.name),
        written: written(&retrieval),
        source: source_words(&settings.source),
        domains: domains_words(settings),
        fallback: place_words(&retrieval.account_name, &retrieval.folder_name),
        own: own(&book, &settings.domains),
        rules: rows(settings),
        typed: (String::new(), String::new()),
        choices: choices(app.store()).await?,
        shell: person.shell,
        wrong: None,
        done: None,
        without,
        unclaimed,
        more,
        id,
    })
}

fn rows(settings: &CatchAllSettings) -> Vec<Row> {
    let row = |rule: &RuleSetting| Row {
        address: rule.address.to_string(),
        to: place_words(&rule.account_name, &rule.folder),
    };
    settings.rules.iter().map(row).collect()
}

fn written(retrieval: &Retrieval) -> Option<String> {
    let there = retrieval.written_at.as_ref()?;
    Some(written_words(&there.at))
}

impl Done {
    fn words(&self) -> Option<String> {
        match (self.saved.as_str(), self.moved) {
            ("paused", _) => {
                Some("It is saved and paused. Nothing is brought before you resume it.".into())
            }
            ("started", _) => Some("It is saved, and its first check begins now.".into()),
            (_, Some(0)) => Some("The rule is there. No message had to move.".into()),
            (_, Some(moved)) => Some(format!(
                "The rule is there, and {} moved.",
                many(moved, "message")
            )),
            _ => None,
        }
    }
}

impl SavedPage {
    fn said(&self, field: &str) -> Option<&str> {
        Wrong::said(&self.wrong, field)
    }

    /// At the field of an address that nobody has.
    fn said_to(&self, address: &str) -> Option<&str> {
        self.said(&format!("to-{address}"))
    }

    /// How many messages had no rule, in words.
    fn without_words(&self) -> String {
        many(self.without, "message")
    }
}

/// Addresses without a rule that are shown; those of most messages come first.
const UNCLAIMED_MOST: usize = 50;
