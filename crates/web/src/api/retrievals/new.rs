//! Adding a retrieval.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use inhaul_domain::Retention;
use inhaul_manage::Refused;
use inhaul_store::{Every, NewRetrieval, RetrievalLimits, Routing};
use inhaul_types::AccountId;
use serde::Deserialize;

use super::remote::{self, RemoteSent};
use super::settings::{self, LIMITS, LimitsSent};
use super::{document, state_of};
use crate::api::caller::ApiCaller;
use crate::api::catch_all::{CatchAllSent, SETTINGS};
use crate::api::document::Document;
use crate::api::problem::ApiProblem;
use crate::api::schema::{Kind, Schema, may, must};
use crate::api::typed::Sent;
use crate::app::App;
use crate::request::Password;
use crate::runs::{Found, Look};
use crate::sharing::{Maildrop, Meant};

pub(super) const NEW: Schema = Schema {
    name: "NewRetrieval",
    about: "A retrieval to be added.",
    fields: &[
        must("name", Kind::Text, "Its name, unique."),
        remote::SERVER,
        remote::PORT,
        remote::SECURITY,
        remote::PIN,
        remote::USER,
        remote::PASSWORD,
        remote::SIGN_IN,
        may(
            "account",
            Kind::Text,
            "The account that gets its mail, by name; your own by default.",
        ),
        may(
            "owner",
            Kind::Text,
            "The account that owns it, by name. What a person adds is theirs.",
        ),
        may(
            "folder",
            Kind::Text,
            "The folder that it fills, `INBOX` by default; made if it is not there.",
        ),
        may(
            "every",
            Kind::Text,
            "How often: a time such as `10m`, `auto` or `never`. By default `10m`; one with an owner runs when triggered unless this is given.",
        ),
        may(
            "after_storing",
            Kind::Word(settings::after_storing_words),
            "What happens to a remote copy once it is stored here; `keep` by default.",
        ),
        may(
            "days",
            Kind::Whole,
            "With `delete`: this many days after a message was stored here.",
        ),
        may(
            "bring",
            Kind::Text,
            "Which of the messages that are there already: `all` (default), `new` or `days=30`.",
        ),
        may("limits", Kind::Of(&LIMITS), "Limits of its runs."),
        may(
            "catch_all",
            Kind::Of(&SETTINGS),
            "Administrators: its mail is shared out among accounts. In place of `account`, `folder` and `owner`.",
        ),
        may("paused", Kind::Flag, "Save, but do not run by itself."),
        may(
            "test",
            Kind::Flag,
            "Sign in once before it is saved; true by default.",
        ),
    ],
};

pub(super) const EXAMPLE: &str = r#"{"name":"Old ISP","server":"pop.old-isp.example","user":"jane","password":"a password","every":"10m","after_storing":"delete","days":14}"#;

/// A retrieval as sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewDocument {
    name: String,
    server: String,
    port: Option<u16>,
    security: Option<String>,
    pin: Option<String>,
    user: String,
    password: Password,
    sign_in: Option<String>,
    account: Option<String>,
    owner: Option<String>,
    folder: Option<String>,
    every: Option<String>,
    after_storing: Option<String>,
    days: Option<u32>,
    bring: Option<String>,
    limits: Option<LimitsSent>,
    catch_all: Option<CatchAllSent>,
    paused: Option<bool>,
    test: Option<bool>,
}

pub(super) async fn add(
    State(app): State<App>,
    caller: ApiCaller,
    Sent(sent): Sent<NewDocument>,
) -> Result<Response, ApiProblem> {
    let actor = caller.actor();
    let is_tested = sent.test.unwrap_or(true);
    let mut new = sent.read(&app, &caller).await?;
    if is_tested {
        let for_person = actor.person();
        app.manage().retrieval_may_be_added(&actor, &new).await?;
        let (remote, secret) = (new.remote.clone(), new.secret.clone());
        let tested = app
            .runs()
            .inspect(remote, secret, for_person, &Unseen)
            .await;
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        let found = tested.map_err(|failed| ApiProblem::of_card(status, failed.card))?;
        new.sign_in_memory = found.sign_in_memory;
    }
    let id = app.manage().retrieval_add(&actor, new).await?;
    let row = app.manage().retrieval(&actor, id).await?;
    let state = state_of(&app, row);
    Ok(Document(document(&state, &[], app.now())).created(&format!("/retrievals/{id}")))
}

impl NewDocument {
    async fn read(mut self, app: &App, caller: &ApiCaller) -> Result<NewRetrieval, ApiProblem> {
        let account = match &self.account {
            Some(name) => account_named(app, caller, "account", name).await?,
            None => match &self.owner {
                Some(owner) => account_named(app, caller, "owner", owner).await?,
                None => caller.id(),
            },
        };
        let owner = match (&self.owner, caller.actor().person()) {
            (Some(owner), _) => Some(account_named(app, caller, "owner", owner).await?),
            (None, person) => person,
        };
        let shared = self.shared(app, caller).await?;
        let Maildrop { remote, secret, .. } = RemoteSent {
            server: self.server,
            port: self.port,
            security: self.security,
            pin: self.pin,
            user: self.user,
            password: self.password,
            sign_in: self.sign_in,
        }
        .read()?;
        let every = self.every.as_deref().map(settings::every).transpose()?;
        let bring = self.bring.as_deref().unwrap_or("all");
        let after_storing = self.after_storing.as_deref();
        let retention = match (after_storing, self.days) {
            (None, None) => Retention::Keep,
            (word, days) => settings::retention(word.unwrap_or("keep"), days)?,
        };
        let limits = self.limits.unwrap_or_default();
        let folder = self.folder.unwrap_or_else(|| "INBOX".to_owned());
        let (account, owner, folder, routing) = match shared {
            Some(Meant { settings, fallback }) => {
                let routing = Routing::CatchAll(settings);
                (fallback.account.id, None, fallback.folder, routing)
            }
            None => (account, owner, folder, Routing::Single),
        };
        Ok(NewRetrieval {
            name: self.name,
            remote,
            secret,
            account,
            owner,
            folder,
            routing,
            every: every.unwrap_or(match owner {
                Some(_) => Every::Never,
                None => Every::Seconds(TEN_MINUTES),
            }),
            retention,
            // A program is taken at its word.
            first_run_keeps: false,
            start: settings::start(bring, app.now())?,
            paused: self.paused.unwrap_or(false),
            sign_in_memory: None,
            limits: limits.apply(RetrievalLimits::default()),
            confined: false,
            written_at: None,
        })
    }

    /// How it shares out, if it does.
    async fn shared(&mut self, app: &App, caller: &ApiCaller) -> Result<Option<Meant>, ApiProblem> {
        let Some(sent) = self.catch_all.take() else {
            return Ok(None);
        };
        only_administrators(caller)?;
        let others = [
            ("account", &self.account),
            ("owner", &self.owner),
            ("folder", &self.folder),
        ];
        if let Some((field, _)) = others.iter().find(|(_, said)| said.is_some()) {
            let what = "A catch-all has none: say in \"fallback\" who gets what matches nobody.";
            return Err(ApiProblem::invalid(*field, what));
        }
        sent.read(app, None).await.map(Some)
    }
}

/// Only they share mail out.
pub(super) fn only_administrators(caller: &ApiCaller) -> Result<(), ApiProblem> {
    match caller.account.admin {
        true => Ok(()),
        false => {
            let what = "Only administrators share a mailbox out among accounts.";
            Err(ApiProblem::forbidden(what).at("catch_all"))
        }
    }
}

/// The account of this name; a person knows their own only.
pub(super) async fn account_named(
    app: &App,
    caller: &ApiCaller,
    field: &'static str,
    name: &str,
) -> Result<AccountId, ApiProblem> {
    if name == caller.account.name {
        return Ok(caller.id());
    }
    let unknown = || {
        let what = format!("There is no account {name:?} that you could name here.");
        ApiProblem::invalid(field, what)
    };
    if caller.actor().person().is_some() {
        return Err(unknown());
    }
    match app
        .store()
        .account_by_name(name)
        .await
        .map_err(Refused::from)
    {
        Ok(account) => Ok(account.id),
        Err(Refused::NotFound { .. }) => Err(unknown()),
        Err(refused) => Err(refused.into()),
    }
}

/// Nobody watches.
pub(super) struct Unseen;

impl Look for Unseen {
    fn begins(&self, _: crate::runs::Stage) {}

    fn found(&self, _: crate::runs::Stage, _: &Found, _: std::time::Duration) {}
}

/// In seconds: what commands and files take where nothing is said.
const TEN_MINUTES: u32 = 10 * 60;
