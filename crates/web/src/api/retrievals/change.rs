//! Changing a retrieval: what is named is changed, the rest stays (RFC 7396).

use axum::extract::State;
use axum::response::Response;
use inhaul_domain::Retention;
use inhaul_store::{Remote, RemoteSecret, Retrieval, RetrievalChange, Routing};
use inhaul_types::RetrievalId;
use serde::Deserialize;

use super::new::{account_named, only_administrators};
use super::settings::{self, LIMITS, LimitsSent};
use super::shown;
use crate::api::caller::ApiCaller;
use crate::api::catch_all::{CatchAllSent, SETTINGS};
use crate::api::problem::ApiProblem;
use crate::api::schema::{Kind, Schema, may};
use crate::api::typed::{At, Sent, given};
use crate::app::App;
use crate::request::Password;
use crate::sharing::Meant;

pub(super) const CHANGE: Schema = Schema {
    name: "RetrievalChange",
    about: "What of a retrieval is to be changed. What is absent stays as it is.",
    fields: &[
        may("name", Kind::Text, "Its name, unique."),
        may(
            "server",
            Kind::Text,
            "The remote server. Another one needs the password again.",
        ),
        may(
            "port",
            Kind::Whole,
            "Its port. Another one needs the password again.",
        ),
        may(
            "security",
            Kind::Word(settings::security_words),
            "Protection of the line. Another one needs the password again.",
        ),
        may(
            "pin",
            Kind::Maybe(&Kind::Text),
            "The one key that is trusted for it; null trusts authorities.",
        ),
        may(
            "user",
            Kind::Text,
            "The name to sign in with there. Another one needs the password again.",
        ),
        may(
            "password",
            Kind::Secret,
            "The password to sign in with there. No answer ever contains it.",
        ),
        may(
            "sign_in",
            Kind::Word(settings::sign_in_words),
            "The way to sign in.",
        ),
        may(
            "account",
            Kind::Text,
            "The account that gets its mail, by name.",
        ),
        may(
            "owner",
            Kind::Maybe(&Kind::Text),
            "The account that owns it, by name; null is an administrator's.",
        ),
        may(
            "folder",
            Kind::Text,
            "The folder that it fills; made if it is not there.",
        ),
        may(
            "every",
            Kind::Text,
            "How often: a time such as `10m`, `auto` or `never`.",
        ),
        may(
            "after_storing",
            Kind::Word(settings::after_storing_words),
            "What happens to a remote copy once it is stored here.",
        ),
        may(
            "days",
            Kind::Maybe(&Kind::Whole),
            "With `delete`: this many days after a message was stored here; null is at once.",
        ),
        may("limits", Kind::Of(&LIMITS), "Limits of its runs."),
        may(
            "catch_all",
            Kind::Of(&SETTINGS),
            "Administrators: how its mail is shared out among accounts. Not together with `account` and `folder`.",
        ),
        may("paused", Kind::Flag, "It does not run by itself."),
    ],
};

pub(super) const EXAMPLE: &str = r#"{"every":"30m","limits":{"largest":26214400}}"#;

/// A change as sent.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ChangeDocument {
    #[serde(deserialize_with = "given")]
    name: Option<String>,
    #[serde(deserialize_with = "given")]
    server: Option<String>,
    #[serde(deserialize_with = "given")]
    port: Option<u16>,
    #[serde(deserialize_with = "given")]
    security: Option<String>,
    #[serde(deserialize_with = "given")]
    pin: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    user: Option<String>,
    #[serde(deserialize_with = "given")]
    password: Option<Password>,
    #[serde(deserialize_with = "given")]
    sign_in: Option<String>,
    #[serde(deserialize_with = "given")]
    account: Option<String>,
    #[serde(deserialize_with = "given")]
    owner: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    folder: Option<String>,
    #[serde(deserialize_with = "given")]
    every: Option<String>,
    #[serde(deserialize_with = "given")]
    after_storing: Option<String>,
    #[serde(deserialize_with = "given")]
    days: Option<Option<u32>>,
    #[serde(deserialize_with = "given")]
    limits: Option<LimitsSent>,
    #[serde(deserialize_with = "given")]
    catch_all: Option<CatchAllSent>,
    #[serde(deserialize_with = "given")]
    paused: Option<bool>,
}

pub(super) async fn change(
    State(app): State<App>,
    caller: ApiCaller,
    At(id): At<i64>,
    Sent(sent): Sent<ChangeDocument>,
) -> Result<Response, ApiProblem> {
    let (actor, id) = (caller.actor(), RetrievalId::new(id));
    let before = app.manage().retrieval(&actor, id).await?;
    let change = sent.read(&app, &caller, &before).await?;
    app.manage().retrieval_change(&actor, id, change).await?;
    shown(&app, &caller, id).await
}

impl ChangeDocument {
    async fn read(
        mut self,
        app: &App,
        caller: &ApiCaller,
        before: &Retrieval,
    ) -> Result<RetrievalChange, ApiProblem> {
        let owner = match &self.owner {
            None => None,
            Some(None) => Some(None),
            Some(Some(name)) => Some(Some(account_named(app, caller, "owner", name).await?)),
        };
        let account = match &self.account {
            Some(name) => Some(account_named(app, caller, "account", name).await?),
            None => None,
        };
        let destination = (account.is_some() || self.folder.is_some()).then(|| {
            let folder = self.folder.clone();
            (
                account.unwrap_or(before.account),
                folder.unwrap_or_else(|| before.folder_name.clone()),
            )
        });
        let (destination, routing) = match self.catch_all.take() {
            None => (destination, None),
            Some(_) if destination.is_some() => {
                let what = "Say in \"fallback\" who gets what matches nobody, and leave out \"account\" and \"folder\".";
                return Err(ApiProblem::invalid("catch_all", what));
            }
            Some(sent) => {
                only_administrators(caller)?;
                let has_fallback = sent.has_fallback();
                let Meant { settings, fallback } = sent.read(app, Some(before)).await?;
                let place = has_fallback.then_some((fallback.account.id, fallback.folder));
                (place, Some(Routing::CatchAll(settings)))
            }
        };
        let remote = self.remote(&before.remote)?;
        Ok(RetrievalChange {
            name: self.name.clone(),
            remote,
            retention: self.retention(before.retention)?,
            every: self.every.as_deref().map(settings::every).transpose()?,
            limits: self.limits.map(|limits| limits.apply(before.limits)),
            secret: self
                .password
                .map(|password| RemoteSecret::Stored(password.0)),
            destination,
            routing,
            owner,
            paused: self.paused,
            ..RetrievalChange::default()
        })
    }

    /// The way to the server, where anything is said of it.
    fn remote(&self, before: &Remote) -> Result<Option<Remote>, ApiProblem> {
        let mut remote = before.clone();
        let security = self
            .security
            .as_deref()
            .map(settings::security)
            .transpose()?;
        if let Some(server) = &self.server {
            let line = (before.port, before.security);
            let (host, port, security) = settings::other_server(server, self.port, security, line)?;
            (remote.host, remote.port, remote.security) = (host, port, security);
        } else {
            remote.port = self.port.unwrap_or(remote.port);
            remote.security = security.unwrap_or(remote.security);
        }
        if let Some(pin) = &self.pin {
            remote.pin = pin.as_deref().map(settings::pin).transpose()?;
        }
        if let Some(user) = &self.user {
            remote.user.clone_from(user);
        }
        if let Some(word) = &self.sign_in {
            remote.sign_in = settings::sign_in(word)?;
        }
        let is_named = self.server.is_some()
            || self.port.is_some()
            || security.is_some()
            || self.pin.is_some()
            || self.user.is_some()
            || self.sign_in.is_some();
        Ok(is_named.then_some(remote))
    }

    fn retention(&self, before: Retention) -> Result<Option<Retention>, ApiProblem> {
        let (word_before, days_before) = match before {
            Retention::Keep => ("keep", None),
            Retention::Delete => ("delete", None),
            Retention::DeleteAfter { days } => ("delete", Some(days)),
        };
        match (&self.after_storing, self.days) {
            (None, None) => Ok(None),
            (None, Some(days)) => settings::retention(word_before, days).map(Some),
            // Whoever keeps copies need not say that no days count any more.
            (Some(word), None) if word == "keep" => Ok(Some(Retention::Keep)),
            (Some(word), days) => settings::retention(word, days.unwrap_or(days_before)).map(Some),
        }
    }
}
