//! Groups, for administrators.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::on;
use inhaul_store::{Group, GroupChange, Limits, Triggers, UsersMay, built_in_triggers};
use inhaul_types::{Activation, GroupId};
use serde::{Deserialize, Serialize};

use super::caller::ApiAdministrator;
use super::document::Document;
use super::limits;
use super::problem::ApiProblem;
use super::retrievals::activations;
use super::route::Verb::{Delete, Get, Patch, Post};
use super::route::{Reply, Route, Who};
use super::schema::{Kind, Schema, may, must};
use super::typed::{At, Sent, given};
use crate::app::App;

pub(super) const ROUTES: &[Route] = &[
    Route::new(
        Get,
        "/groups",
        "All groups by name.",
        Reply::Document(&LIST),
        |verb| on(verb, list),
    )
    .of(Who::Administrator),
    Route::new(
        Post,
        "/groups",
        "Adds a group.",
        Reply::Created(&GROUP),
        |verb| on(verb, add),
    )
    .of(Who::Administrator)
    .sent::<NewDocument>(
        &NEW,
        r#"{"name":"Staff","triggers":{"schedule":300,"api":null}}"#,
    ),
    Route::new(
        Get,
        "/groups/{id}",
        "One group.",
        Reply::Document(&GROUP),
        |verb| on(verb, show),
    )
    .of(Who::Administrator),
    Route::new(
        Patch,
        "/groups/{id}",
        "Changes what is named and leaves the rest as it is.",
        Reply::Document(&GROUP),
        |verb| on(verb, change),
    )
    .of(Who::Administrator)
    .sent::<ChangeDocument>(
        &CHANGE,
        r#"{"limits":{"mailbox":5000000000},"users_may":["edit"]}"#,
    ),
    Route::new(
        Delete,
        "/groups/{id}",
        "Removes a group that nobody is in.",
        Reply::Nothing,
        |verb| on(verb, remove),
    )
    .of(Who::Administrator),
];

/// What may start a check, with the seconds that lie at least between two; null is off.
const TRIGGERS: Kind = Kind::Map(activations, &Kind::Maybe(&Kind::Whole));
const USERS_MAY: Kind = Kind::List(&Kind::Word(rights));

fn rights() -> Vec<&'static str> {
    UsersMay::WORDS.into()
}

const LIST: Schema = Schema {
    name: "Groups",
    about: "Groups by name.",
    fields: &[must("groups", Kind::List(&Kind::Of(&GROUP)), "The groups.")],
};

const GROUP: Schema = Schema {
    name: "Group",
    about: "Accounts with the same switches and limits.",
    fields: &[
        must("id", Kind::Whole, "Its number."),
        must("name", Kind::Text, "Its name, unique."),
        must(
            "enabled",
            Kind::Flag,
            "Its accounts may sign in, and anything may start checks for them.",
        ),
        must(
            "triggers",
            TRIGGERS,
            "What may start a check, with the seconds that lie at least between two; null is off.",
        ),
        must(
            "users_may",
            USERS_MAY,
            "What people may decide for themselves.",
        ),
        must(
            "limits",
            limits::KIND,
            "Limits of each of its accounts; null is none.",
        ),
        must("accounts", Kind::Whole, "Accounts in it."),
        must(
            "retrievals",
            Kind::Whole,
            "Retrievals that deliver to them.",
        ),
        must(
            "written_at",
            Kind::Maybe(&Kind::Text),
            "The configuration file and line that alone change it.",
        ),
    ],
};

const NEW: Schema = Schema {
    name: "NewGroup",
    about: "A group to be added.",
    fields: &[
        must("name", Kind::Text, "Its name, unique."),
        may(
            "enabled",
            Kind::Flag,
            "Its accounts may sign in, and anything may start checks for them; true by default.",
        ),
        may(
            "triggers",
            TRIGGERS,
            "What is not named is as it is built in; null is off.",
        ),
        may(
            "users_may",
            USERS_MAY,
            "What people may decide for themselves.",
        ),
        may("limits", limits::KIND, "Limits of each of its accounts."),
    ],
};

const CHANGE: Schema = Schema {
    name: "GroupChange",
    about: "What of a group is to be changed. What is absent stays as it is.",
    fields: &[
        may("name", Kind::Text, "Its name, unique."),
        may(
            "enabled",
            Kind::Flag,
            "Its accounts may sign in, and anything may start checks for them.",
        ),
        may(
            "triggers",
            TRIGGERS,
            "Those that are to be other than they are; null is off.",
        ),
        may(
            "users_may",
            USERS_MAY,
            "All that people may decide for themselves from now on.",
        ),
        may(
            "limits",
            limits::KIND,
            "Limits of each of its accounts; null lifts one.",
        ),
    ],
};

#[derive(Serialize)]
struct ListDocument<'a> {
    groups: Vec<GroupDocument<'a>>,
}

#[derive(Serialize)]
struct GroupDocument<'a> {
    id: i64,
    name: &'a str,
    enabled: bool,
    triggers: BTreeMap<&'static str, Option<u32>>,
    users_may: Vec<&'static str>,
    limits: BTreeMap<&'static str, Option<u64>>,
    accounts: u64,
    retrievals: u64,
    written_at: Option<&'a str>,
}

impl<'a> From<&'a Group> for GroupDocument<'a> {
    fn from(group: &'a Group) -> Self {
        let trigger = |activation: Activation| {
            let seconds = group.triggers.get(&activation).copied();
            (activation.as_str(), seconds)
        };
        Self {
            id: group.id.row(),
            name: &group.name,
            enabled: group.enabled,
            triggers: Activation::ALL.into_iter().map(trigger).collect(),
            users_may: group.users_may.words().collect(),
            limits: limits::document(&group.limits),
            accounts: group.accounts,
            retrievals: group.retrievals,
            written_at: group.written_at.as_deref(),
        }
    }
}

/// A group as sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewDocument {
    name: String,
    enabled: Option<bool>,
    triggers: Option<BTreeMap<String, Option<u32>>>,
    users_may: Option<Vec<String>>,
    limits: Option<BTreeMap<String, Option<u64>>>,
}

/// A change as sent.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ChangeDocument {
    #[serde(deserialize_with = "given")]
    name: Option<String>,
    #[serde(deserialize_with = "given")]
    enabled: Option<bool>,
    #[serde(deserialize_with = "given")]
    triggers: Option<BTreeMap<String, Option<u32>>>,
    #[serde(deserialize_with = "given")]
    users_may: Option<Vec<String>>,
    #[serde(deserialize_with = "given")]
    limits: Option<BTreeMap<String, Option<u64>>>,
}

impl ChangeDocument {
    /// The change of a group that has these now.
    fn read(self, triggers: Triggers, limits: Limits) -> Result<GroupChange, ApiProblem> {
        let users_may = self.users_may.as_deref().map(read_rights).transpose()?;
        let triggers = self.triggers.map(|sent| read_triggers(&sent, triggers));
        let limits = self.limits.map(|sent| limits::changed(&sent, limits));
        Ok(GroupChange {
            name: self.name,
            enabled: self.enabled,
            triggers: triggers.transpose()?,
            users_may,
            limits: limits.transpose()?,
            written_at: None,
        })
    }
}

fn read_triggers(
    sent: &BTreeMap<String, Option<u32>>,
    now: Triggers,
) -> Result<Triggers, ApiProblem> {
    let mut triggers = now;
    for (word, seconds) in sent {
        let activation: Activation = word.parse().map_err(|_| {
            let what = format!("There are these: {}.", activations().join(", "));
            ApiProblem::invalid("triggers", what)
        })?;
        match seconds {
            None => drop(triggers.remove(&activation)),
            Some(0) => {
                let what = "Write at least one second between two checks, or null for off.";
                return Err(ApiProblem::invalid("triggers", what));
            }
            Some(seconds) => drop(triggers.insert(activation, *seconds)),
        }
    }
    Ok(triggers)
}

fn read_rights(words: &[String]) -> Result<UsersMay, ApiProblem> {
    UsersMay::from_words(words.iter().map(String::as_str)).map_err(|_| {
        let what = format!("There are these: {}.", UsersMay::WORDS.join(", "));
        ApiProblem::invalid("users_may", what)
    })
}

async fn list(
    State(app): State<App>,
    ApiAdministrator(caller): ApiAdministrator,
) -> Result<Response, ApiProblem> {
    let groups = app.manage().group_list(&caller.actor()).await?;
    let groups = groups.iter().map(GroupDocument::from).collect();
    Ok(Document(ListDocument { groups }).into_response())
}

async fn add(
    State(app): State<App>,
    ApiAdministrator(caller): ApiAdministrator,
    Sent(sent): Sent<NewDocument>,
) -> Result<Response, ApiProblem> {
    let change = ChangeDocument {
        name: None,
        enabled: sent.enabled,
        triggers: sent.triggers,
        users_may: sent.users_may,
        limits: sent.limits,
    };
    let change = change.read(built_in_triggers(), Limits::default())?;
    let actor = caller.actor();
    let id = app.manage().group_add(&actor, &sent.name, change).await?;
    let group = app.manage().group(&actor, id).await?;
    let document = Document(GroupDocument::from(&group));
    Ok(document.created(&format!("/groups/{id}")))
}

async fn show(
    State(app): State<App>,
    ApiAdministrator(caller): ApiAdministrator,
    At(id): At<i64>,
) -> Result<Response, ApiProblem> {
    let id = GroupId::new(id);
    let group = app.manage().group(&caller.actor(), id).await?;
    Ok(Document(GroupDocument::from(&group)).into_response())
}

async fn change(
    State(app): State<App>,
    ApiAdministrator(caller): ApiAdministrator,
    At(id): At<i64>,
    Sent(sent): Sent<ChangeDocument>,
) -> Result<Response, ApiProblem> {
    let (actor, id) = (caller.actor(), GroupId::new(id));
    let before = app.manage().group(&actor, id).await?;
    let change = sent.read(before.triggers, before.limits)?;
    app.manage().group_change(&actor, id, change).await?;
    let group = app.manage().group(&actor, id).await?;
    Ok(Document(GroupDocument::from(&group)).into_response())
}

async fn remove(
    State(app): State<App>,
    ApiAdministrator(caller): ApiAdministrator,
    At(id): At<i64>,
) -> Result<StatusCode, ApiProblem> {
    let id = GroupId::new(id);
    app.manage().group_remove(&caller.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
