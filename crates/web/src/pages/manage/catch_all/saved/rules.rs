//! The rules of a catch-all that exists, and what its fallback holds for addresses that have none.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use inhaul_domain::route::{Hindrance, Router};
use inhaul_manage::words::{domains_words, source_words};
use inhaul_manage::{Claim, NewRule, Refused};
use inhaul_store::{CatchAllSettings, Unclaimed};
use inhaul_types::RetrievalId;

use super::super::places::{Place, choices, place_words};
use super::super::rules::{Own, own};
use super::super::typed::{Typed, Wrong};
use super::{Done, Opened};
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
    name: String,
    /// What was just done, in a sentence.
    done: Option<String>,
    /// The file that says its rules, where one does.
    written: Option<String>,
    source: String,
    domains: String,
    fallback: String,
    own: Vec<Own>,
    /// Addresses of accounts beyond those that are shown.
    more_own: usize,
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
    /// What keeps it from deciding.
    hindrance: Option<Hindrance>,
}

/// The table.
pub(in super::super) async fn page(
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
pub(in super::super) async fn change(
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
        "remove" => manage.rule_remove(&actor, id, number).await,
        "up" => {
            let to = number.saturating_sub(1);
            manage.rule_move(&actor, id, number, to).await
        }
        "down" => {
            let to = number.saturating_add(1);
            manage.rule_move(&actor, id, number, to).await
        }
        _ => {
            return match add(&app, &person, id, &typed).await? {
                Ok(None) => Ok(see_other(&(back + "#rules"))),
                Ok(Some(moved)) => Ok(see_other(&format!("{back}?moved={moved}"))),
                Err(wrong) => refuse(&app, person, id, &typed, wrong).await,
            };
        }
    };
    done?;
    Ok(see_other(&(back + "#rules")))
}

/// Saves the rule that was typed. Says how many messages moved along, where they were to; what is
/// wrong is said at its field.
pub(super) async fn add(
    app: &App,
    person: &Person,
    id: RetrievalId,
    typed: &Typed,
) -> Result<Result<Option<u64>, Wrong>, Problem> {
    let place = match Place::find(app.store(), typed.text("to")).await? {
        Ok(place) => place,
        Err(what) => {
            let wrong = Wrong::at(typed_field("to", typed), what);
            return Ok(Err(wrong.of(typed.text("to"))));
        }
    };
    let rule = NewRule {
        address: typed.text("address").to_owned(),
        account: place.account.id,
        folder: place.folder,
        at: None,
    };
    let claim = match typed.button().0 == "move" || typed.is_ticked("move") {
        true => Claim::Move,
        false => Claim::Leave,
    };
    let added = app
        .manage()
        .rule_add(&person.actor(), id, rule, claim)
        .await;
    // What is in the fallback may have changed, also where it was refused half-way.
    app.unclaimed().forget(id);
    match added {
        Ok(added) => Ok(Ok((claim == Claim::Move).then_some(added.moved))),
        Err(Refused::Invalid { field, what }) => {
            let field = match field {
                "address" => "address",
                _ => "to",
            };
            let wrong = Wrong::at(typed_field(field, typed), what);
            Ok(Err(wrong.of(typed.text("to"))))
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
    let opened = Opened::find(app, &person, id).await?;
    let router = opened.router(app, &person).await?;
    let settings = &opened.settings;
    let book = app.store().address_book().await?;
    let mut own = own(&book, &settings.domains);
    let more_own = own.len().saturating_sub(OWN_MOST);
    own.truncate(OWN_MOST);
    let mut unclaimed = app.store().unclaimed(id).await?;
    let without = unclaimed.iter().map(|one| one.messages).sum();
    let more = unclaimed.len().saturating_sub(UNCLAIMED_MOST);
    unclaimed.truncate(UNCLAIMED_MOST);
    Ok(SavedPage {
        title: format!("Rules of {}", opened.retrieval.name),
        name: opened.retrieval.name.clone(),
        written: opened.written(),
        source: source_words(&settings.source),
        domains: domains_words(settings),
        fallback: opened.fallback(),
        rules: rows(settings, &router),
        typed: (String::new(), String::new()),
        choices: choices(app.store()).await?,
        shell: person.shell,
        wrong: None,
        done: None,
        own,
        more_own,
        without,
        unclaimed,
        more,
        id,
    })
}

fn rows(settings: &CatchAllSettings, router: &Router) -> Vec<Row> {
    let addresses = settings.rules.iter().map(|rule| &rule.address);
    let hindrances = router.hindrances(addresses);
    let rules = settings.rules.iter().zip(hindrances);
    let row = rules.map(|(rule, hindrance)| Row {
        address: rule.address.to_string(),
        to: place_words(&rule.account_name, &rule.folder),
        hindrance,
    });
    row.collect()
}

impl SavedPage {
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

    /// How many messages had no rule, in words.
    fn without_words(&self) -> String {
        many(self.without, "message")
    }
}

/// Accounts' addresses that are shown; a firm has hundreds.
const OWN_MOST: usize = 100;
/// Addresses without a rule that are shown; those of most messages come first.
const UNCLAIMED_MOST: usize = 50;
