//! API keys, for administrators. A key is shown once, when it is made.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::on;
use inhaul_manage::Refused;
use inhaul_store::ApiKey;
use inhaul_types::ApiKeyId;
use serde::{Deserialize, Serialize};

use super::caller::ApiAdministrator;
use super::document::Document;
use super::problem::ApiProblem;
use super::route::Verb::{Delete, Get, Patch, Post};
use super::route::{Reply, Route, Who};
use super::schema::{Field, Kind, Schema, may, must};
use super::typed::{At, Sent};
use crate::app::App;
use crate::request::Token;

pub(super) const ROUTES: &[Route] = &[
    Route::new(
        Get,
        "/api-keys",
        "All API keys by account and name, without the keys themselves.",
        Reply::Document(&LIST),
        |verb| on(verb, list),
    )
    .of(Who::Administrator),
    Route::new(
        Post,
        "/api-keys",
        "Makes an API key. This answer alone shows it.",
        Reply::Created(&MADE),
        |verb| on(verb, add),
    )
    .of(Who::Administrator)
    .sent::<NewDocument>(&NEW, r#"{"name":"backup script","account":"jane"}"#),
    Route::new(
        Get,
        "/api-keys/{id}",
        "One API key, without the key itself.",
        Reply::Document(&KEY),
        |verb| on(verb, show),
    )
    .of(Who::Administrator),
    Route::new(
        Patch,
        "/api-keys/{id}",
        "Calls an API key something else; it stays the same key.",
        Reply::Document(&KEY),
        |verb| on(verb, change),
    )
    .of(Who::Administrator)
    .sent::<ChangeDocument>(&CHANGE, r#"{"name":"backup script"}"#),
    Route::new(
        Delete,
        "/api-keys/{id}",
        "Takes an API key away: whoever shows it is nobody from now on.",
        Reply::Nothing,
        |verb| on(verb, remove),
    )
    .of(Who::Administrator),
];

const LIST: Schema = Schema {
    name: "ApiKeys",
    about: "API keys by account and name.",
    fields: &[must("api_keys", Kind::List(&Kind::Of(&KEY)), "The keys.")],
};

const ID: Field = must("id", Kind::Whole, "Its number.");
const NAME: Field = must("name", Kind::Text, "What a person calls it.");
const ACCOUNT: Field = must("account", Kind::Text, "The account that acts with it.");
const WHEN: Field = must("made", Kind::Time, "When it was made.");
const USED: Field = must(
    "last_used",
    Kind::Maybe(&Kind::Time),
    "When it was used last, to a minute; null was never.",
);

const KEY: Schema = Schema {
    name: "ApiKey",
    about: "A key with which a program acts for an account.",
    fields: &[ID, NAME, ACCOUNT, WHEN, USED],
};

const MADE: Schema = Schema {
    name: "ApiKeyMade",
    about: "A key that was made just now.",
    fields: &[
        ID,
        NAME,
        ACCOUNT,
        WHEN,
        USED,
        must("key", Kind::Text, "The key. Nothing shows it again."),
    ],
};

const NEW: Schema = Schema {
    name: "NewApiKey",
    about: "An API key to be made.",
    fields: &[
        must("name", Kind::Text, "What to call it."),
        may(
            "account",
            Kind::Text,
            "The account that acts with it, by name; your own by default.",
        ),
    ],
};

const CHANGE: Schema = Schema {
    name: "ApiKeyChange",
    about: "What an API key is to be called.",
    fields: &[NAME],
};

#[derive(Serialize)]
struct ListDocument<'a> {
    api_keys: Vec<KeyDocument<'a>>,
}

#[derive(Serialize)]
struct KeyDocument<'a> {
    id: i64,
    name: &'a str,
    account: &'a str,
    made: String,
    last_used: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
}

impl<'a> From<&'a ApiKey> for KeyDocument<'a> {
    fn from(key: &'a ApiKey) -> Self {
        Self {
            id: key.id.row(),
            name: &key.name,
            account: &key.account.name,
            made: key.made.to_string(),
            last_used: key.last_used.map(|time| time.to_string()),
            key: None,
        }
    }
}

/// A key as asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewDocument {
    name: String,
    account: Option<String>,
}

/// What it is to be called.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeDocument {
    name: String,
}

async fn list(
    State(app): State<App>,
    ApiAdministrator(caller): ApiAdministrator,
) -> Result<Response, ApiProblem> {
    let keys = app.manage().api_key_list(&caller.actor()).await?;
    let api_keys = keys.iter().map(KeyDocument::from).collect();
    Ok(Document(ListDocument { api_keys }).into_response())
}

async fn add(
    State(app): State<App>,
    ApiAdministrator(caller): ApiAdministrator,
    Sent(sent): Sent<NewDocument>,
) -> Result<Response, ApiProblem> {
    let actor = caller.actor();
    let account = match &sent.account {
        None => caller.account.clone(),
        Some(name) => {
            let found = app.store().account_by_name(name).await;
            found.map_err(|error| match Refused::from(error) {
                missing @ Refused::NotFound { .. } => {
                    ApiProblem::invalid("account", missing.to_string())
                }
                refused => refused.into(),
            })?
        }
    };
    let token = Token::new().map_err(ApiProblem::internal)?;
    let hash = token.hash();
    let made = app
        .manage()
        .api_key_add(&actor, account.id, &sent.name, hash);
    let id = made.await?;
    let document = KeyDocument {
        id: id.row(),
        name: &sent.name,
        account: &account.name,
        made: app.now().to_string(),
        last_used: None,
        key: Some(token.reveal()),
    };
    Ok(Document(document).created(&format!("/api-keys/{id}")))
}

async fn show(
    State(app): State<App>,
    ApiAdministrator(caller): ApiAdministrator,
    At(id): At<i64>,
) -> Result<Response, ApiProblem> {
    let key = app
        .manage()
        .api_key(&caller.actor(), ApiKeyId::new(id))
        .await?;
    Ok(Document(KeyDocument::from(&key)).into_response())
}

async fn change(
    State(app): State<App>,
    ApiAdministrator(caller): ApiAdministrator,
    At(id): At<i64>,
    Sent(sent): Sent<ChangeDocument>,
) -> Result<Response, ApiProblem> {
    let (actor, id) = (caller.actor(), ApiKeyId::new(id));
    app.manage().api_key_rename(&actor, id, &sent.name).await?;
    let key = app.manage().api_key(&actor, id).await?;
    Ok(Document(KeyDocument::from(&key)).into_response())
}

async fn remove(
    State(app): State<App>,
    ApiAdministrator(caller): ApiAdministrator,
    At(id): At<i64>,
) -> Result<StatusCode, ApiProblem> {
    let id = ApiKeyId::new(id);
    app.manage().api_key_remove(&caller.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
