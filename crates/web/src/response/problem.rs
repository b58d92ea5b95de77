//! Why a request is not done, as a page or as data.

use std::fmt::Display;

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use inhaul_manage::Refused;
use inhaul_store::StoreError;
use inhaul_types::{Card, Facts};

use super::{Page, Shell, see_other};

/// Why a request is not done.
#[derive(Debug)]
pub(crate) struct Problem(Box<Kind>);

/// The kinds of it.
#[derive(Debug)]
enum Kind {
    SignIn {
        back: Option<String>,
        why: Why,
    },
    Told {
        status: StatusCode,
        title: String,
        what: String,
        shell: Shell,
    },
    Card {
        card: Card,
        shell: Shell,
    },
}

/// Why somebody is to sign in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Why {
    /// They have not.
    NotYet,
    /// They were away too long.
    Idle,
}

/// A problem without the page around it.
#[derive(Debug)]
pub(crate) enum Reason {
    /// Nobody is signed in.
    SignIn,
    /// In words.
    Told {
        /// How it is answered.
        status: StatusCode,
        /// What happened, in sentences.
        what: String,
    },
    /// An error that has a card.
    Card(Card),
}

#[derive(Template)]
#[template(path = "problem.html")]
struct Told<'a> {
    shell: &'a Shell,
    title: &'a str,
    what: &'a str,
}

#[derive(Template)]
#[template(path = "card_page.html")]
struct CardPage<'a> {
    shell: &'a Shell,
    title: &'a str,
    card: &'a Card,
}

impl Problem {
    /// Nobody is signed in: the page is asked for again afterwards.
    pub(crate) fn sign_in(back: Option<String>, why: Why) -> Self {
        Self(Box::new(Kind::SignIn { back, why }))
    }

    /// It is not there, or is somebody else's.
    pub(crate) fn not_found(shell: &Shell) -> Self {
        let what = "There is nothing at this address. It may have been removed or renamed.";
        Self::told(StatusCode::NOT_FOUND, "Nothing here", what, shell)
    }

    /// They may not.
    pub(crate) fn forbidden(what: &str) -> Self {
        Self::told(
            StatusCode::FORBIDDEN,
            "Not allowed",
            what,
            &Shell::default(),
        )
    }

    /// Something else, in words.
    pub(crate) fn told(status: StatusCode, title: &str, what: &str, shell: &Shell) -> Self {
        Self(Box::new(Kind::Told {
            status,
            title: title.to_owned(),
            what: what.to_owned(),
            shell: shell.clone(),
        }))
    }

    /// An error that has a card.
    pub(crate) fn card(card: Card, shell: &Shell) -> Self {
        let shell = shell.clone();
        Self(Box::new(Kind::Card { card, shell }))
    }

    /// A fault of ours: the log has it, the page does not.
    pub(crate) fn internal(error: impl Display) -> Self {
        tracing::error!(%error, "a page could not be made");
        let what = "This server could not do that. Its log says why. Try again in a minute.";
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self::told(status, "Something went wrong here", what, &Shell::default())
    }

    /// The same for a program, which shows no page.
    pub(crate) fn into_reason(self) -> Reason {
        match *self.0 {
            Kind::SignIn { .. } => Reason::SignIn,
            Kind::Told { status, what, .. } => Reason::Told { status, what },
            Kind::Card { card, .. } => Reason::Card(card),
        }
    }

    /// Where they are sent to sign in.
    fn sign_in_address(back: Option<&str>, why: Why) -> String {
        let mut query = Vec::new();
        match back {
            None | Some("/") => {}
            Some(back) => query.push(("to", back)),
        }
        if why == Why::Idle {
            query.push(("why", "idle"));
        }
        match serde_urlencoded::to_string(query) {
            Ok(query) if !query.is_empty() => format!("/sign-in?{query}"),
            _ => "/sign-in".to_owned(),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Missing { .. } => Self::not_found(&Shell::default()),
            _ => match error.code() {
                Some((code, detail)) => {
                    let facts = Facts {
                        detail,
                        ..Facts::default()
                    };
                    Self::card(Card::of(code, &facts), &Shell::default())
                }
                None => Self::internal(error),
            },
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let what = refused.to_string();
        let told = |status, title| Self::told(status, title, &what, &Shell::default());
        match refused {
            Refused::NotFound { .. } => Self::not_found(&Shell::default()),
            Refused::NotAllowed(_) | Refused::NotAllowedIn { .. } => {
                told(StatusCode::FORBIDDEN, "Not allowed")
            }
            Refused::Invalid { .. } => told(StatusCode::UNPROCESSABLE_ENTITY, "Not understood"),
            Refused::InTheWay(_) => told(StatusCode::CONFLICT, "Not now"),
            Refused::Written { .. } => told(StatusCode::CONFLICT, "Set in a file"),
            Refused::Store(error) => error.into(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        match *self.0 {
            Kind::SignIn { back, why } => see_other(&Self::sign_in_address(back.as_deref(), why)),
            Kind::Told {
                status,
                title,
                what,
                shell,
            } => Page::new(Told {
                shell: &shell,
                title: &title,
                what: &what,
            })
            .with_status(status)
            .into_response(),
            Kind::Card { card, shell } => Page::new(CardPage {
                shell: &shell,
                title: &card.title,
                card: &card,
            })
            .with_status(StatusCode::SERVICE_UNAVAILABLE)
            .into_response(),
        }
    }
}
