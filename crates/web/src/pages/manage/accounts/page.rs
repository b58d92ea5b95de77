//! One account: what it says, its limits, its retrievals.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use inhaul_manage::AccountForm;
use inhaul_manage::place_words;
use inhaul_store::{Account, Group};
use inhaul_types::Timestamp;

use super::{account_id, addresses};
use crate::app::App;
use crate::pages::manage::Done;
use crate::pages::manage::limits::{self, LimitField};
use crate::pages::manage::trouble::detail;
use crate::pages::manage::typed::{Typed, Wrong};
use crate::request::{Administrator, Person};
use crate::response::{Page, Problem, Shell, see_other};

#[derive(Template)]
#[template(path = "manage/account.html")]
struct AccountPage {
    shell: Shell,
    title: String,
    done: Option<&'static str>,
    account: Account,
    is_own: bool,
    written: Option<String>,
    groups: Vec<Group>,
    name: String,
    addresses: String,
    group: String,
    admin: bool,
    disabled: bool,
    limits: Vec<LimitField>,
    retrievals: Vec<Row>,
    wrong: Option<Wrong>,
}

struct Row {
    href: String,
    name: String,
    standing: inhaul_domain::standing::Standing,
    sentence: String,
}

/// The page.
pub(crate) async fn page(
    State(app): State<App>,
    Administrator(person): Administrator,
    Path(id): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, Problem> {
    let id = account_id(&id, &person.shell)?;
    let account = app.manage().account(&person.actor(), id).await?;
    show(&app, person, account, done.words(), None, None).await
}

/// Changes what the form says otherwise. What a file says has no fields in it.
pub(crate) async fn change(
    State(app): State<App>,
    Administrator(person): Administrator,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let id = account_id(&id, &person.shell)?;
    let account = app.manage().account(&person.actor(), id).await?;
    let changed = match form(&typed, &account) {
        Err(wrong) => Err(wrong),
        Ok(form) => match app.manage().account_change(&person.actor(), id, form).await {
            Ok(()) => Ok(()),
            Err(refused) => Err(Wrong::of(refused)?),
        },
    };
    match changed {
        Ok(()) => Ok(see_other(&format!("/manage/accounts/{id}?done=saved"))),
        Err(wrong) => show(&app, person, account, None, Some(&typed), Some(wrong)).await,
    }
}

fn form(typed: &Typed, before: &Account) -> Result<AccountForm, Wrong> {
    let unless_written = |name| {
        let is_there = before.written_at.is_none() && typed.is_ticked(name);
        is_there.then(|| typed.text(name).to_owned())
    };
    Ok(AccountForm {
        name: unless_written("name"),
        addresses: unless_written("addresses").map(|text| addresses(&text)),
        group: unless_written("group"),
        admin: Some(typed.is_ticked("admin")),
        enabled: Some(!typed.is_ticked("disabled")),
        limits: Some(limits::read(typed, &before.limits)?),
    })
}

/// The page with what is there, or with what was typed and what is wrong with it.
pub(super) async fn show(
    app: &App,
    person: Person,
    account: Account,
    done: Option<&'static str>,
    typed: Option<&Typed>,
    wrong: Option<Wrong>,
) -> Result<Response, Problem> {
    let now = app.now();
    // A form of another part of the page was refused: this one says what is there.
    let typed = typed.filter(|typed| typed.is_ticked("retrievals"));
    let text = |name, there: String| typed.map_or(there, |typed| typed.text(name).to_owned());
    let lines: Vec<String> = account.addresses.iter().map(ToString::to_string).collect();
    let status = wrong.as_ref().map(Wrong::status).unwrap_or_default();
    let is_written = account.written_at.is_some();
    let unless_written = |name, there: String| match is_written {
        true => there,
        false => text(name, there),
    };
    let page = AccountPage {
        groups: app.manage().group_list(&person.actor()).await?,
        is_own: person.id() == account.id,
        shell: person.shell,
        title: account.name.clone(),
        done,
        written: account.written_at.as_deref().map(place_words),
        name: unless_written("name", account.name.clone()),
        addresses: unless_written("addresses", lines.join("\n")),
        group: unless_written("group", account.group.clone()),
        admin: typed.map_or(account.admin, |typed| typed.is_ticked("admin")),
        disabled: typed.map_or(!account.enabled, |typed| typed.is_ticked("disabled")),
        limits: limits::fields(&account.limits, typed),
        retrievals: retrievals(app, &account, now),
        account,
        wrong,
    };
    Ok(Page::new(page).with_status(status).into_response())
}

/// Those that fill it or are its own.
fn retrievals(app: &App, account: &Account, now: Timestamp) -> Vec<Row> {
    let theirs = app
        .runs()
        .states_where(&|row| row.account == account.id || row.owner == Some(account.id));
    let mut rows: Vec<_> = theirs
        .into_iter()
        .map(|state| Row {
            href: detail(&state),
            name: state.row.name.clone(),
            standing: state.standing(now),
            sentence: state.sentence(now),
        })
        .collect();
    rows.sort_by(|one, other| one.name.cmp(&other.name));
    rows
}
