//! The mailbox whose headers are looked at: a saved retrieval's, or one that is described.

use axum::http::StatusCode;
use inhaul_domain::schedule::sign_in_block;
use inhaul_domain::trigger::{Refusal, RefusalReason};
use inhaul_store::Retrieval;
use inhaul_types::RetrievalId;

use crate::api::caller::ApiCaller;
use crate::api::problem::ApiProblem;
use crate::api::retrievals::{RemoteSent, refused, remote};
use crate::api::schema::{Field, Kind, Schema, may};
use crate::app::App;
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
        remote::SERVER,
        remote::PORT,
        remote::SECURITY,
        remote::PIN,
        remote::USER,
        remote::PASSWORD,
        remote::SIGN_IN,
    ],
};

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
        mailbox: Option<RemoteSent>,
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
