//! Accounts, for administrators.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::on;
use inhaul_manage::{AccountForm, NewAccountForm, check_password};
use inhaul_store::Account;
use inhaul_types::{AccountId, Address};
use serde::{Deserialize, Serialize};

use super::caller::ApiAdministrator;
use super::document::Document;
use super::limits;
use super::problem::ApiProblem;
use super::route::Verb::{Delete, Get, Patch, Post};
use super::route::{Reply, Route, Who};
use super::schema::{Kind, Schema, may, must};
use super::typed::{Asked, At, Sent, given};
use crate::app::App;
use crate::request::Password;

pub(super) const ROUTES: &[Route] = &[
    Route::new(
        Get,
        "/accounts",
        "Accounts by name, page by page.",
        Reply::Document(&LIST),
        |verb| on(verb, list),
    )
    .of(Who::Administrator)
    .asking(&[
        may(
            "find",
            Kind::Text,
            "Only those with this in their name or one of their addresses.",
        ),
        may(
            "after",
            Kind::Text,
            "Those behind this name: `next` of the page before.",
        ),
        may(
            "limit",
            Kind::Whole,
            "So many at most; 100 by default, 1000 at most.",
        ),
    ]),
    Route::new(
        Post,
        "/accounts",
        "Adds an account.",
        Reply::Created(&ACCOUNT),
        |verb| on(verb, add),
    )
    .of(Who::Administrator)
    .sent::<NewDocument>(
        &NEW,
        r#"{"name":"jane","addresses":["jane@firm.example"],"password":"a password that is long"}"#,
    ),
    Route::new(
        Get,
        "/accounts/{id}",
        "One account.",
        Reply::Document(&ACCOUNT),
        |verb| on(verb, show),
    )
    .of(Who::Administrator),
    Route::new(
        Patch,
        "/accounts/{id}",
        "Changes what is named and leaves the rest as it is.",
        Reply::Document(&ACCOUNT),
        |verb| on(verb, change),
    )
    .of(Who::Administrator)
    .sent::<ChangeDocument>(
        &CHANGE,
        r#"{"group":"Everyone","limits":{"retrievals":10}}"#,
    ),
    Route::new(
        Delete,
        "/accounts/{id}",
        "Removes an account with all its mail here.",
        Reply::Nothing,
        |verb| on(verb, remove),
    )
    .of(Who::Administrator),
];

const LIST: Schema = Schema {
    name: "Accounts",
    about: "A page of accounts by name.",
    fields: &[
        must("accounts", Kind::List(&Kind::Of(&ACCOUNT)), "The accounts."),
        must(
            "next",
            Kind::Maybe(&Kind::Text),
            "What to give as `after` for the next page; null at the end.",
        ),
    ],
};

const ACCOUNT: Schema = Schema {
    name: "Account",
    about: "A person or role that mail is brought to.",
    fields: &[
        must("id", Kind::Whole, "Its number."),
        must("name", Kind::Text, "The name to sign in with."),
        must("addresses", Kind::List(&Kind::Text), "Its addresses."),
        must("group", Kind::Text, "Its group."),
        must("admin", Kind::Flag, "It may manage the installation."),
        must("enabled", Kind::Flag, "It may sign in and receive."),
        must(
            "limits",
            limits::KIND,
            "Limits of its own, beside its group's; null is none.",
        ),
        must("messages", Kind::Whole, "Messages in all its folders."),
        must("bytes", Kind::Whole, "Octets in all its folders."),
        must("retrievals", Kind::Whole, "Retrievals that deliver to it."),
        must(
            "written_at",
            Kind::Maybe(&Kind::Text),
            "The configuration file and line that alone change its name, addresses and group.",
        ),
    ],
};

const NEW: Schema = Schema {
    name: "NewAccount",
    about: "An account to be added.",
    fields: &[
        must("name", Kind::Text, "The name to sign in with."),
        may(
            "addresses",
            Kind::List(&Kind::Text),
            "Its addresses; `*@firm.example` is every address there that is nobody else's.",
        ),
        may("group", Kind::Text, "Its group, `Everyone` by default."),
        may("admin", Kind::Flag, "It may manage the installation."),
        may(
            "password",
            Kind::Secret,
            "Nobody signs in before it has one. No answer ever contains it.",
        ),
    ],
};

const CHANGE: Schema = Schema {
    name: "AccountChange",
    about: "What of an account is to be changed. What is absent stays as it is.",
    fields: &[
        may("name", Kind::Text, "The name to sign in with."),
        may(
            "addresses",
            Kind::List(&Kind::Text),
            "All addresses that it has from now on.",
        ),
        may("group", Kind::Text, "Its group."),
        may("admin", Kind::Flag, "It may manage the installation."),
        may("enabled", Kind::Flag, "It may sign in and receive."),
        may("limits", limits::KIND, "Limits of its own; null lifts one."),
        may(
            "password",
            Kind::Secret,
            "A new one ends its sessions. No answer ever contains it.",
        ),
    ],
};

#[derive(Serialize)]
struct ListDocument<'a> {
    accounts: Vec<AccountDocument<'a>>,
    next: Option<&'a str>,
}

#[derive(Serialize)]
struct AccountDocument<'a> {
    id: i64,
    name: &'a str,
    addresses: Vec<&'a str>,
    group: &'a str,
    admin: bool,
    enabled: bool,
    limits: BTreeMap<&'static str, Option<u64>>,
    messages: u64,
    bytes: u64,
    retrievals: u64,
    written_at: Option<&'a str>,
}

impl<'a> From<&'a Account> for AccountDocument<'a> {
    fn from(account: &'a Account) -> Self {
        Self {
            id: account.id.row(),
            name: &account.name,
            addresses: account.addresses.iter().map(Address::as_str).collect(),
            group: &account.group,
            admin: account.admin,
            enabled: account.enabled,
            limits: limits::document(&account.limits),
            messages: account.messages,
            bytes: account.octets.count(),
            retrievals: account.retrievals,
            written_at: account.written_at.as_deref(),
        }
    }
}

/// Which page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(default)]
    find: String,
    after: Option<String>,
    limit: Option<u32>,
}

/// An account as sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewDocument {
    name: String,
    #[serde(default)]
    addresses: Vec<String>,
    group: Option<String>,
    #[serde(default)]
    admin: bool,
    password: Option<Password>,
}

/// A change as sent.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ChangeDocument {
    #[serde(deserialize_with = "given")]
    name: Option<String>,
    #[serde(deserialize_with = "given")]
    addresses: Option<Vec<String>>,
    #[serde(deserialize_with = "given")]
    group: Option<String>,
    #[serde(deserialize_with = "given")]
    admin: Option<bool>,
    #[serde(deserialize_with = "given")]
    enabled: Option<bool>,
    #[serde(deserialize_with = "given")]
    limits: Option<BTreeMap<String, Option<u64>>>,
    #[serde(deserialize_with = "given")]
    password: Option<Password>,
}

async fn list(
    State(app): State<App>,
    _: ApiAdministrator,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, ApiProblem> {
    let most = wanted.limit.unwrap_or(PAGE).clamp(1, MOST);
    let views = app.store().views();
    let mut rows = views
        .accounts_page(&wanted.find, wanted.after, most + 1)
        .await?;
    let has_more = rows.len() > most as usize;
    rows.truncate(most as usize);
    let last = rows.last().filter(|_| has_more);
    let document = ListDocument {
        next: last.map(|row| row.account.name.as_str()),
        accounts: rows.iter().map(|row| (&row.account).into()).collect(),
    };
    Ok(Document(document).into_response())
}

async fn add(
    State(app): State<App>,
    ApiAdministrator(caller): ApiAdministrator,
    Sent(sent): Sent<NewDocument>,
) -> Result<Response, ApiProblem> {
    let form = NewAccountForm {
        name: sent.name,
        addresses: sent.addresses,
        group: sent.group,
        admin: sent.admin,
        password: sent.password.map(|password| password.0),
    };
    let actor = caller.actor();
    let id = app.manage().account_add(&actor, form).await?;
    let account = app.manage().account(&actor, id).await?;
    let document = Document(AccountDocument::from(&account));
    Ok(document.created(&format!("/accounts/{id}")))
}

async fn show(
    State(app): State<App>,
    ApiAdministrator(caller): ApiAdministrator,
    At(id): At<i64>,
) -> Result<Response, ApiProblem> {
    let id = AccountId::new(id);
    let account = app.manage().account(&caller.actor(), id).await?;
    Ok(Document(AccountDocument::from(&account)).into_response())
}

async fn change(
    State(app): State<App>,
    ApiAdministrator(caller): ApiAdministrator,
    At(id): At<i64>,
    Sent(sent): Sent<ChangeDocument>,
) -> Result<Response, ApiProblem> {
    let (actor, id) = (caller.actor(), AccountId::new(id));
    let before = app.manage().account(&actor, id).await?;
    // The password is set behind all else, and by then nothing may speak against it.
    if let Some(password) = &sent.password {
        check_password(&password.0)?;
    }
    let limits = sent.limits.as_ref();
    let form = AccountForm {
        name: sent.name,
        addresses: sent.addresses,
        group: sent.group,
        admin: sent.admin,
        enabled: sent.enabled,
        limits: limits
            .map(|sent| limits::changed(sent, before.limits))
            .transpose()?,
    };
    app.manage().account_change(&actor, id, form).await?;
    if let Some(password) = sent.password {
        app.manage().set_password(&actor, id, password.0).await?;
    }
    let account = app.manage().account(&actor, id).await?;
    Ok(Document(AccountDocument::from(&account)).into_response())
}

async fn remove(
    State(app): State<App>,
    ApiAdministrator(caller): ApiAdministrator,
    At(id): At<i64>,
) -> Result<StatusCode, ApiProblem> {
    let id = AccountId::new(id);
    app.manage().account_remove(&caller.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Accounts on a page.
const PAGE: u32 = 100;
const MOST: u32 = 1_000;
