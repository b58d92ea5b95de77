//! What the API can do, as a table: the router, the OpenAPI document and `docs/api.md` are made of it,
//! so none of them says what another does not.

use axum::Router;
use axum::routing::{MethodFilter, MethodRouter};
use serde::de::DeserializeOwned;

use super::schema::{Field, Kind, Schema};
use crate::app::App;

/// A method at an address.
#[derive(Debug)]
pub(super) struct Route {
    /// The method.
    pub(super) verb: Verb,
    /// The address below `/api/v1`.
    pub(super) path: &'static str,
    /// Who may.
    pub(super) who: Who,
    /// What it does, in a line.
    pub(super) about: &'static str,
    /// What stands in place of the names in the address.
    pub(super) named_by: Kind,
    /// What may stand behind `?`.
    pub(super) asks: &'static [Field],
    /// What is to be sent.
    pub(super) body: Option<Body>,
    /// What is answered.
    pub(super) reply: Reply,
    handler: Handler,
}

/// Makes the handler for the method.
type Handler = fn(MethodFilter) -> MethodRouter<App>;

/// A method.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verb {
    Get,
    Post,
    Patch,
    Delete,
}

/// Who may.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Who {
    /// Anybody, without a key.
    Anybody,
    /// Whoever is signed in; each sees what is theirs.
    Person,
    /// Administrators; for others there is nothing.
    Administrator,
}

/// What is to be sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body {
    /// How it looks.
    pub(super) schema: &'static Schema,
    /// One of it.
    pub(super) example: &'static str,
    /// Reads one as a request is read; says what is wrong.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "tests hold the table against the code")
    )]
    pub(super) read: fn(&str) -> Result<(), String>,
}

/// What is answered.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reply {
    /// A document (200).
    Document(&'static Schema),
    /// What was made (201).
    Created(&'static Schema),
    /// It is accepted and goes on (202).
    Accepted(&'static Schema),
    /// Nothing, it is done (204).
    Nothing,
    /// The octets of a message.
    Message,
    /// Server-sent events, as long as something happens.
    Events,
    /// An OpenAPI document.
    OpenApi,
}

impl Route {
    /// What a person may do.
    pub(super) const fn new(
        verb: Verb,
        path: &'static str,
        about: &'static str,
        reply: Reply,
        handler: Handler,
    ) -> Self {
        Self {
            verb,
            path,
            who: Who::Person,
            about,
            named_by: Kind::Whole,
            asks: &[],
            body: None,
            reply,
            handler,
        }
    }

    pub(super) const fn of(mut self, who: Who) -> Self {
        self.who = who;
        self
    }

    pub(super) const fn named_by(mut self, kind: Kind) -> Self {
        self.named_by = kind;
        self
    }

    pub(super) const fn asking(mut self, asks: &'static [Field]) -> Self {
        self.asks = asks;
        self
    }

    pub(super) const fn sent<T: DeserializeOwned>(
        mut self,
        schema: &'static Schema,
        example: &'static str,
    ) -> Self {
        self.body = Some(Body {
            schema,
            example,
            read: read::<T>,
        });
        self
    }

    /// The whole address.
    pub(super) fn address(&self) -> String {
        format!("{BASE}{}", self.path)
    }

    /// Adds it to a router.
    pub(super) fn add_to(&self, router: Router<App>) -> Router<App> {
        router.route(&self.address(), (self.handler)(self.verb.filter()))
    }
}

fn read<T: DeserializeOwned>(text: &str) -> Result<(), String> {
    let read = serde_json::from_str::<T>(text);
    read.map(drop).map_err(|error| error.to_string())
}

impl Verb {
    /// The word of HTTP.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Post => MethodFilter::POST,
            Self::Patch => MethodFilter::PATCH,
            Self::Delete => MethodFilter::DELETE,
        }
    }
}

/// What stands in front of every address.
pub(super) const BASE: &str = "/api/v1";
