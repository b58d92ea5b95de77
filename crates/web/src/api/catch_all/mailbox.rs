//! The mailbox whose headers are looked at: a saved retrieval's, or one that is described.

use axum::http::StatusCode;
use inhaul_domain::schedule::sign_in_block;
use inhaul_domain::trigger::{Refusal, RefusalReason};
use inhaul_store::{Remote, RemoteSecret, Retrieval};
use inhaul_types::RetrievalId;
use serde::Deserialize;

use crate::api::caller::ApiCaller;
use crate::api::problem::ApiProblem;
use crate::api::retrievals::{refused, settings};
use crate::api::schema::{Field, Kind, Schema, may, must};
use crate::app::App;
use crate::request::Password;
use crate::runs::Survey;
use crate::sharing::{self, Maildrop, NEWEST_MOST};

/// What says which mailbox, and how much of it.
pub(super) const RETRIEVAL: Field = may(
    "retrieval",
    Kind::Whole,
    "A retrieval that there is; it need not be a catch-all yet.",
);
pub(super) const MAILBOX: Field = may(
    "mailbox",
    Kind::Of(&MAILBOX_SENT),
    "In its place: a mailbox that is not saved.",
);
pub(super) const NEWEST: Field = may(
    "newest",
    Kind::Whole,
    "So many of the newest messages; 20 by default, 200 at most.",
);

const MAILBOX_SENT: Schema = Schema {
    name: "Mailbox",
    about: "A mailbox that is not saved.",
    fields: &[
        must(
            "server",
            Kind::Text,
            "The remote server: its name, or `HOST:PORT`, or `HOST 995s`.",
        ),
        may(
            "port",
            Kind::Whole,
            "Its port; by default the usual one of the protection.",
        ),
        may(
            "security",
            Kind::Word(settings::security_words),
            "Protection of the line; by default TLS, on port 110 STLS.",
        ),
        may(
            "pin",
            Kind::Text,
            "Trust this key of the server (`sha256//...`) and no authority.",
        ),
        must("user", Kind::Text, "The name to sign in with there."),
        must(
            "password",
            Kind::Secret,
            "The password to sign in with there. No answer ever contains it.",
        ),
        may(
            "sign_in",
            Kind::Word(settings::sign_in_words),
            "The way to sign in; `auto` by default.",
        ),
    ],
};

/// A mailbox as sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MailboxSent {
    server: String,
    port: Option<u16>,
    security: Option<String>,
    pin: Option<String>,
    user: String,
    password: Password,
    sign_in: Option<String>,
}

/// A mailbox that may be looked into.
pub(super) struct Opened {
    /// The way to it.
    pub(super) maildrop: Maildrop,
    /// The retrieval, if it is one's.
    pub(super) retrieval: Option<Retrieval>,
}

impl Opened {
    /// One of the two must be sent. What is saved is not asked while its server refuses the password.
    pub(super) async fn of(
        app: &App,
        caller: &ApiCaller,
        retrieval: Option<i64>,
        mailbox: Option<MailboxSent>,
    ) -> Result<Self, ApiProblem> {
        match (retrieval, mailbox) {
            (Some(id), None) => Self::saved(app, caller, RetrievalId::new(id)).await,
            (None, Some(sent)) => Ok(Self {
                maildrop: sent.read()?,
                retrieval: None,
            }),
            (Some(_), Some(_)) => {
                let what = "Say which retrieval, or describe a mailbox, but not both.";
                Err(ApiProblem::invalid("mailbox", what))
            }
            (None, None) => {
                let what = "Say which retrieval, or describe a mailbox in \"mailbox\".";
                Err(ApiProblem::invalid("retrieval", what))
            }
        }
    }

    async fn saved(app: &App, caller: &ApiCaller, id: RetrievalId) -> Result<Self, ApiProblem> {
        let row = app.manage().retrieval(&caller.actor(), id).await?;
        let now = app.now();
        if let Some(until) = sign_in_block(&row.schedule, now) {
            let reason = RefusalReason::SignInRefused;
            let until = Some(until);
            return Err(refused(&Refusal { reason, until }, now));
        }
        let maildrop = Maildrop {
            remote: row.remote.clone(),
            secret: app.store().retrieval_secret(id).await?,
            memory: row.sign_in_memory,
        };
        Ok(Self {
            maildrop,
            retrieval: Some(row),
        })
    }

    /// Asks the server; `domain` is whose mail it is.
    pub(super) async fn look(
        &self,
        app: &App,
        caller: &ApiCaller,
        newest: Option<u32>,
        domains: &[String],
    ) -> Result<Survey, ApiProblem> {
        let newest = newest.unwrap_or(20).clamp(1, NEWEST_MOST);
        let name = self.retrieval.as_ref().map(|row| row.name.as_str());
        let host = self.maildrop.remote.host.as_str();
        let of = domains.first().map(String::as_str).or(name).unwrap_or(host);
        let maildrop = self.maildrop.clone();
        let survey = sharing::look(app, &caller.actor(), maildrop, newest, of).await;
        survey.map_err(|card| ApiProblem::of_card(StatusCode::UNPROCESSABLE_ENTITY, card))
    }
}

impl MailboxSent {
    fn read(self) -> Result<Maildrop, ApiProblem> {
        let security = self.security.as_deref();
        let security = security.map(settings::security).transpose()?;
        let (host, port, security) = settings::server(&self.server, self.port, security)?;
        let sign_in = self.sign_in.as_deref().map(settings::sign_in).transpose()?;
        Ok(Maildrop {
            remote: Remote {
                host,
                port,
                security,
                ca_file: None,
                pin: self.pin.as_deref().map(settings::pin).transpose()?,
                user: self.user,
                sign_in: sign_in.flatten(),
            },
            secret: RemoteSecret::Stored(self.password.0),
            memory: None,
        })
    }
}
